"""Other ways to find the entry that is meant, measured beside ours on the same questions in one run."""
