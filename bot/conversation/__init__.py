"""The conversation: recorded, thought about, decided, recorded."""
