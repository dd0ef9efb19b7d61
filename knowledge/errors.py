"""Facts about knowledge that callers must handle."""


class KnowledgeError(Exception):
    """Base of this package's errors."""


class EntryMissing(KnowledgeError):
    """There is no such entry."""

    def __init__(self, entry: str) -> None:
        super().__init__(f"no entry {entry!r}")
        self.entry = entry


class LibraryEmpty(KnowledgeError):
    """Nothing is published, so nothing can be searched."""


class FileUnreadable(KnowledgeError):
    """A file to be imported is not what it should be; `problems` name the places."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems[:3]))
        self.problems = problems
