"""Text in, ranked ids out: strings, vectors and scores; nothing of merchants or entries."""
