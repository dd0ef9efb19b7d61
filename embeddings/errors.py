"""What can go wrong between a text and its ranking."""


class EmbeddingsError(Exception):
    """Base of this package's errors."""


class EncoderMissing(EmbeddingsError):
    """No encoder could be loaded from the named folder or hub."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"cannot load encoder {name!r}: {reason}")
        self.name = name
        self.reason = reason


class SnapshotUnreadable(EmbeddingsError):
    """A stored snapshot is incomplete, or was made by another encoder; it is to be built anew."""
