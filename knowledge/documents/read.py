"""A file to a document. Which reader is asked follows from the name; what the file holds must agree."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from knowledge.documents.model import Block, Document, DocumentUnreadable

MOST_BYTES = 30 * 1024 * 1024
MOST_CHARACTERS = 3_000_000
_MOST_UNPACKED_BYTES = 300 * 1024 * 1024
_MOST_MEMBERS = 20_000
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PDF, _ZIP = b"%PDF-", b"PK\x03\x04"

Blocks = tuple[str, list[Block]]
"""The title a reader found, "" where there is none, and the blocks."""


def read(path: Path) -> Document:
    """Read a file; `DocumentUnreadable` where it cannot be."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DocumentUnreadable("large", f"{MOST_BYTES // 1024 // 1024} MB")
        data = path.read_bytes()
    except OSError as error:
        raise DocumentUnreadable("missing") from error
    return read_bytes(data, path.name)


def read_bytes(data: bytes, name: str) -> Document:
    """Read what a file of this name holds."""
    reader = _READERS.get(Path(name).suffix.lower())
    if reader is None:
        raise DocumentUnreadable("kind")
    if len(data) > MOST_BYTES:
        raise DocumentUnreadable("large", f"{MOST_BYTES // 1024 // 1024} MB")
    if not data.strip():
        raise DocumentUnreadable("empty")
    try:
        title, blocks = reader(data)
    except DocumentUnreadable:
        raise
    except (MemoryError, RecursionError) as error:
        raise DocumentUnreadable("large", f"{MOST_BYTES // 1024 // 1024} MB") from error
    except Exception as error:  # what broken files make of the libraries that read them is no list one could finish
        raise DocumentUnreadable("broken", type(error).__name__) from error
    if not any(block.lines or block.rows for block in blocks):
        raise DocumentUnreadable("empty")
    if sum(_size(block) for block in blocks) > MOST_CHARACTERS:
        raise DocumentUnreadable("large", f"{MOST_CHARACTERS // 10_000} 0000")
    return Document(title or Path(name).stem, tuple(blocks))


def _size(block: Block) -> int:
    return sum(map(len, block.lines)) + sum(len(cell) for row in block.rows for cell in row)


def decoded(data: bytes) -> str:
    """Text of a file: UTF-8, else GB18030, the two that Chinese files come in."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    raise DocumentUnreadable("encoding")


def unpacked(data: bytes) -> BytesIO:
    """An Office file, once it is known to hold no bomb and no entity; `DocumentUnreadable` otherwise.

    Office never declares entities, so one that does wants to read other files, or to grow without end.
    """
    if data.startswith(_OLD_OFFICE):
        raise DocumentUnreadable("old")
    if not data.startswith(_ZIP):
        raise DocumentUnreadable("broken")
    with zipfile.ZipFile(BytesIO(data)) as packed:
        members = packed.infolist()
        if len(members) > _MOST_MEMBERS or sum(one.file_size for one in members) > _MOST_UNPACKED_BYTES:
            raise DocumentUnreadable("bomb")
        if any(one.flag_bits & 1 for one in members):
            raise DocumentUnreadable("encrypted")
        left = _MOST_UNPACKED_BYTES  # sizes in the directory may lie
        for member in members:
            left -= _looked_through(packed, member, left)
    return BytesIO(data)


def _looked_through(packed: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> int:
    """Bytes in a member; refuses more than `left`, and declarations in XML."""
    is_xml = member.filename.lower().endswith((".xml", ".rels", ".vml"))
    size, before = 0, b""
    with packed.open(member) as file:
        while part := file.read(1 << 20):
            size += len(part)
            plain = (before + part).replace(b"\0", b"")  # UTF-16 too
            if size > left or (is_xml and (b"<!DOCTYPE" in plain or b"<!ENTITY" in plain)):
                raise DocumentUnreadable("bomb")
            before = part[-32:]
    return size


def _markdown(data: bytes) -> Blocks:
    from knowledge.documents.markdown import blocks_of

    return blocks_of(decoded(data))


def _web_page(data: bytes) -> Blocks:
    from knowledge.documents.web_page import blocks_of

    return blocks_of(data)


def _word(data: bytes) -> Blocks:
    from knowledge.documents.word import blocks_of

    return blocks_of(unpacked(data))


def _sheet(data: bytes) -> Blocks:
    from knowledge.documents.sheet import blocks_of

    return blocks_of(unpacked(data))


def _pdf(data: bytes) -> Blocks:
    from knowledge.documents.pdf import blocks_of

    if _PDF not in data[:1024]:
        raise DocumentUnreadable("broken")
    return blocks_of(data)


_READERS: dict[str, Callable[[bytes], Blocks]] = {
    ".md": _markdown,
    ".markdown": _markdown,
    ".txt": _markdown,
    ".html": _web_page,
    ".htm": _web_page,
    ".docx": _word,
    ".xlsx": _sheet,
    ".pdf": _pdf,
}
SUFFIXES = frozenset(_READERS)


class Outline:
    """Collects blocks under the headings that stand above them."""

    def __init__(self) -> None:
        self.title = ""
        self.blocks: list[Block] = []
        self._path: list[tuple[int, str]] = []

    def heading(self, level: int, text: str) -> None:
        """A heading of a level, 1 the highest. The first of level 1 is the title, and stands in no path."""
        text = " ".join(text.split())
        if not text:
            return
        self._path = [(deep, words) for deep, words in self._path if deep < level]
        if not self.title and level == 1:
            self.title = text
            self._path = []
            return
        self._path.append((level, text))

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings that stand above what comes next, outermost first."""
        return tuple(words for _, words in self._path)

    def add(self, kind: str, *lines: str, navigation: bool = False) -> None:
        """Lines of text, of a list or of code; blank ones are left out, save in code."""
        kept = [line.rstrip() if kind == "code" else " ".join(line.split()) for line in lines]
        kept = kept if kind == "code" else [line for line in kept if line]
        before = self.blocks[-1] if self.blocks else None
        if not any(kept):
            return
        if before is not None and kind == before.kind == "list" and before.headings == self.headings:
            navigation = navigation and before.navigation
            self.blocks[-1] = replace(before, lines=(*before.lines, *kept), navigation=navigation)
        else:
            self.blocks.append(Block(kind, self.headings, tuple(kept), navigation=navigation))

    def table(self, rows: list[list[str]], with_header: bool = True) -> None:
        """A table, its first row the header; rows without a word are left out."""
        clean = [tuple(" ".join(cell.split()) for cell in row) for row in rows]
        clean = [row for row in clean if any(row)]
        if not clean:
            return
        header, body = (clean[0], clean[1:]) if with_header and len(clean) > 1 else ((), clean)
        self.blocks.append(Block("table", self.headings, header=header, rows=tuple(body)))
