"""A document as a page: its passages in order, without contacts that no setting names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from knowledge.documents.furniture import allowed_only, contacts, vouched
from knowledge.documents.model import TABLE, Block, Kept


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading that stands for the first time; `level` counts from 2, the title being 1."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A passage on the page: its anchor, the headings that are new with it, its blocks."""

    anchor: str
    headings: tuple[Heading, ...]
    blocks: tuple[Block, ...]


def vouched_for(values: Mapping[str, str]) -> tuple[str, ...]:
    """The contacts that the organisation's settings name."""
    return tuple(one for value in values.values() for one in contacts(value))


def sections(document: Kept, allowed: Iterable[str]) -> list[Section]:
    """The passages of a document as they are shown."""
    held, found = tuple(allowed), []
    before: tuple[str, ...] = ()
    for passage in document.passages:
        same = next((n for n, (a, b) in enumerate(zip(before, passage.headings, strict=False)) if a != b), None)
        known = min(len(before), len(passage.headings)) if same is None else same
        fresh = tuple(Heading(min(n + 2, 6), text) for n, text in enumerate(passage.headings) if n >= known)
        found.append(Section(f"p{passage.number}", fresh, tuple(_shown(block, held) for block in passage.blocks)))
        before = passage.headings
    return found


def _shown(block: Block, allowed: tuple[str, ...]) -> Block:
    if block.kind == TABLE:
        return replace(block, rows=tuple(row for row in block.rows if vouched(" ".join(row), allowed)))
    return replace(block, lines=tuple(left for line in block.lines if (left := allowed_only(line, allowed))))
