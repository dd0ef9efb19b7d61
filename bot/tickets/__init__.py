"""Matters a person must settle: numbers, promises, events."""
