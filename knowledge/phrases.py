"""The words that an answer's text is marked up with."""

PERSON_MARK = "找人工："
"""Begins the last line of an answer: when to call a person."""
