"""Documents become passages that are searched, and quoted where no entry answers."""
