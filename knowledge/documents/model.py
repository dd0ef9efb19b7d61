"""What a document is here: blocks under headings as they were read, and the passages they are cut into."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from knowledge.errors import KnowledgeError

TEXT, ITEMS, TABLE, CODE = "text", "list", "table", "code"


class DocumentUnreadable(KnowledgeError):
    """A file cannot become a document; `reason` is a key of `phrases.REASONS`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason = reason
        self.detail = detail


class DocumentMissing(KnowledgeError):
    """There is no such document."""

    def __init__(self, document: str) -> None:
        super().__init__(f"no document {document!r}")
        self.document = document


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a document under its headings, outermost first.

    `kind` is text (one line), list (one line an item, with its mark), code (its lines) or table (`header` and `rows`;
    the header may be empty). `navigation` says that it consists of nothing but links.
    """

    kind: str
    headings: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    header: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    navigation: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """A file as it was read. `title` is its first heading, else its name."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """A line that was not taken in, and why: a key of `phrases.WHY_DROPPED`."""

    line: str
    why: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document that is searched and quoted; `number` counts from 1 within its document."""

    number: int
    headings: tuple[str, ...]
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A document as it is stored. `source` is the name it was added under; `provider` "" fits any."""

    source: str
    title: str
    provider: str
    digest: str
    passages: tuple[Passage, ...]

    @property
    def id(self) -> str:
        """The same for the same source of the same provider."""
        return hashlib.sha256(f"{self.provider}\0{self.source}".encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Unit:
    """What a quotation is made of: a sentence, an item, a row. `start` and `end` are places in the passage's text."""

    start: int
    end: int
    kind: str
    block: int


def under(block: Block, headings: tuple[str, ...]) -> Block:
    """The block under these headings."""
    return replace(block, headings=headings)


def row_text(header: tuple[str, ...], row: tuple[str, ...]) -> str:
    """A table's row in words: each cell after the name of its column."""
    cells = []
    for place, cell in enumerate(row):
        name = header[place] if place < len(header) else ""
        if not cell or (name.strip("#. ") == "" and cell.strip("#.").isdigit() and len(row) > 1):
            continue
        cells.append(f"{name}：{cell}" if name and name != cell else cell)
    return "；".join(cells)


def lines_of(block: Block) -> tuple[str, ...]:
    """The lines a block is searched and quoted by."""
    if block.kind != TABLE:
        return block.lines
    return tuple(text for text in (row_text(block.header, row) for row in block.rows) if text)


def text_of(passage: Passage) -> str:
    """The text of a passage: the lines of its blocks."""
    return "\n".join(line for block in passage.blocks for line in lines_of(block))
