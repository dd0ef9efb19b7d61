"""Cut a document into passages: along its headings, then between sentences, items and rows, never inside one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from knowledge.documents.model import CODE, ITEMS, TABLE, Block, Document, Passage, Unit, lines_of

MOST_CHARACTERS = 500
"""A passage ends before it grows beyond; only a sentence, row or piece of code that is longer alone may exceed it."""
MOST_CODE_CHARACTERS = 2000
MOST_PASSAGES = 20_000
_SENTENCE = re.compile(r".*?(?:[。！？]+[”’」』）)]*|[!?]+(?=\s|$)|(?<=[a-z)])\.(?=\s+[A-Z])|$)", re.DOTALL)
_LEADS_IN = ("：", ":")


def cut(document: Document) -> tuple[Passage, ...]:
    """The passages of a document, in its order."""
    passages: list[Passage] = []
    for headings, blocks in groupby(document.blocks, key=lambda block: block.headings):
        for part in _parts(list(blocks)):
            passages.append(Passage(len(passages) + 1, headings, tuple(part)))
    return tuple(passages[:MOST_PASSAGES])


def _parts(blocks: list[Block]) -> Iterator[list[Block]]:
    """Blocks of one section in parts of at most `MOST_CHARACTERS`; a line that leads in stays with what it leads to."""
    part: list[Block] = []
    size = 0
    for block in _small(blocks):
        long = _length(block)
        if part and size + long > MOST_CHARACTERS:
            lead = [part.pop()] if len(part) > 1 and _leads_in(part[-1]) else []
            yield part
            part, size = lead, sum(map(_length, lead))
        part.append(block)
        size += long
    if part:
        yield part


def _length(block: Block) -> int:
    return sum(map(len, lines_of(block)))


def _leads_in(block: Block) -> bool:
    return block.kind == "text" and block.lines[0].endswith(_LEADS_IN)


def _small(blocks: list[Block]) -> Iterator[Block]:
    """Blocks no longer than a passage, cut where one may be."""
    for block in blocks:
        if _length(block) <= MOST_CHARACTERS:
            yield block
        elif block.kind == TABLE:
            yield from (replace(block, rows=rows) for rows in _groups(block.rows, MOST_CHARACTERS, block))
        elif block.kind == CODE:
            yield from (replace(block, lines=lines) for lines in _groups(block.lines, MOST_CODE_CHARACTERS, block))
        elif block.kind == ITEMS:
            yield from (replace(block, lines=lines) for lines in _groups(block.lines, MOST_CHARACTERS, block))
        else:
            sentences = tuple(found.group(0) for found in _SENTENCE.finditer(block.lines[0]) if found.group(0))
            for some in _groups(sentences, MOST_CHARACTERS, block):
                yield replace(block, lines=("".join(some).strip(),))


def _groups(members: tuple, most: int, block: Block) -> Iterator[tuple]:  # type: ignore[type-arg]
    """Consecutive members that together stay under `most` characters; one that does not stands alone."""
    group: list = []  # type: ignore[type-arg]
    size = 0
    for member in members:
        long = len(member) if isinstance(member, str) else _length(replace(block, rows=(member,)))
        if group and size + long > most:
            yield tuple(group)
            group, size = [], 0
        group.append(member)
        size += long
    if group:
        yield tuple(group)


def units_of(passage: Passage) -> tuple[Unit, ...]:
    """Sentences, items and rows of a passage, as places in `text_of(passage)`; code is one unit a block."""
    units: list[Unit] = []
    at = 0
    for number, block in enumerate(passage.blocks):
        lines = lines_of(block)
        if block.kind == CODE:
            size = sum(map(len, lines)) + len(lines)
            units.append(Unit(at, at + size - 1, CODE, number))
            at += size
            continue
        for line in lines:
            pieces = _SENTENCE.finditer(line) if block.kind == "text" else [re.match(r".*", line, re.DOTALL)]
            for found in pieces:
                if found is not None and found.group(0).strip():
                    units.append(Unit(at + found.start(), at + found.end(), block.kind, number))
            at += len(line) + 1
    return tuple(units)
