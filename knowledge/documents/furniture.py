"""What stands in a file without being what it says: menus, recommendations, read counts, unknown contacts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import yaml

from knowledge.documents.model import CODE, TABLE, Block, Document, Dropped

_RULES = Path(__file__).parent / "furniture.yml"
_REPEATED = "repeated"
_ENDS = tuple("。！？；!?;：:")
_ITEM_MARK = re.compile(r"^(?:[-•·●▪*]|\d{1,2}[.、．)）])\s*")
_STRANGER_LINES = 8
"""As many lines at a document's end are asked whether they belong to it."""
_STRANGER_SHARE = 0.2
_SENTENCE = re.compile(r"[^。！？!?\n]*[。！？!?]+[”’」』）)\"]*|[^。！？!?\n]+")

Words = Callable[[str], Iterable[str]]


@cache
def _rules() -> dict[str, tuple[re.Pattern[str], ...]]:
    kept = yaml.safe_load(_RULES.read_text(encoding="utf8"))
    return {name: tuple(re.compile(one, re.IGNORECASE) for one in sources) for name, sources in kept.items()}


def is_furniture(line: str) -> bool:
    """Whether a line alone is a piece of a page rather than of what it says."""
    bare = _ITEM_MARK.sub("", line.strip()).strip(" |·—-*_~")
    return not bare or any(rule.fullmatch(bare) for rule in _rules()["furniture"])


def recommends(line: str) -> bool:
    """Whether what follows a line recommends other things to read."""
    bare = line.strip().strip("【】[]《》<>|·—-*_~ ")
    return any(rule.fullmatch(bare) for rule in _rules()["related"])


def contacts(text: str) -> list[str]:
    """Telephone numbers, addresses of mail and the like in a text, as they are written."""
    return [found.group(0) for rule in _rules()["contact"] for found in rule.finditer(text)]


def vouched(text: str, allowed: Iterable[str]) -> bool:
    """Whether every contact in a text is one of those allowed, however either is spelt."""
    plain = [_plain(one) for one in allowed if _plain(one)]
    return all(any(one in _plain(found) for one in plain) for found in contacts(text))


def allowed_only(text: str, allowed: Iterable[str]) -> str:
    """The text without its sentences that hold a contact which is not allowed."""
    held = tuple(allowed)
    return "\n".join("".join(one for one in _SENTENCE.findall(line) if vouched(one, held)) for line in text.split("\n"))


def _plain(text: str) -> str:
    return re.sub(r"[\s\-()（）]", "", text.lower())


def clean(document: Document, words: Words, allowed: Iterable[str] = ()) -> tuple[Document, list[Dropped]]:
    """The document without what is no part of it, and every line that was dropped.

    `words` gives the words of a text that tell what it is about; `allowed` are contacts somebody vouches for.
    """
    dropped: list[Dropped] = []
    held = tuple(allowed)
    kept = [cut for block in _own(document.blocks, dropped) for cut in _trimmed(block, held, dropped)]
    kept = _without_strangers(kept, words, dropped)
    return replace(document, blocks=tuple(kept)), dropped


def _own(blocks: Iterable[Block], dropped: list[Dropped]) -> Iterator[Block]:
    """Blocks that are not recommendations, menus or the heads and feet of pages."""
    below: tuple[str, ...] | None = None
    for block in blocks:
        if block.kind == _REPEATED:
            dropped += [Dropped(line, "repeated") for line in block.lines]
            continue
        if below is not None and block.headings != below and block.headings[: len(below) + 1] != (*below, ""):
            below = None
        under = next((n for n, heading in enumerate(block.headings) if recommends(heading)), None)
        alone = len(block.lines) == 1 and recommends(block.lines[0])
        if alone:
            below = block.headings
        if under is not None or alone or below is not None:
            dropped += [Dropped(line, "related") for line in _shown(block)]
        elif block.navigation:
            dropped += [Dropped(line, "navigation") for line in block.lines]
        else:
            yield block


def _shown(block: Block) -> list[str]:
    return list(block.lines) or [" | ".join(row) for row in block.rows]


def _trimmed(block: Block, allowed: tuple[str, ...], dropped: list[Dropped]) -> Iterator[Block]:
    """The block without furniture and contacts, if anything is left of it."""
    if block.kind == TABLE:
        rows = []
        for row in block.rows:
            if vouched(" ".join(row), allowed):
                rows.append(row)
            else:
                dropped.append(Dropped(" | ".join(row), "contact"))
        if rows:
            yield replace(block, rows=tuple(rows))
        return
    lines = []
    for line in block.lines:
        if block.kind != CODE and is_furniture(line):
            dropped.append(Dropped(line, "furniture"))
            continue
        left = line if vouched(line, allowed) else "" if block.kind == CODE else allowed_only(line, allowed)
        if left != line:
            dropped.append(Dropped(line, "contact"))
        if _ITEM_MARK.sub("", left).strip() or (block.kind == CODE and left == line):
            lines.append(left)
    if any(lines):
        yield replace(block, lines=tuple(lines))


def _without_strangers(blocks: list[Block], words: Words, dropped: list[Dropped]) -> list[Block]:
    """Cut teasers from the end: short lines that end no sentence and share no word with what stands before them."""
    tail = len(blocks)
    while tail and len(blocks) - tail < _STRANGER_LINES and _teaser(blocks[tail - 1]):
        tail -= 1
    if tail < 3:  # then these lines are the document
        return blocks
    known = {word for block in blocks[:tail] for line in _shown(block) for word in words(line)}
    known |= {word for block in blocks[:tail] for heading in block.headings for word in words(heading)}
    kept = blocks[:tail]
    for block in blocks[tail:]:
        own = set(words(block.lines[0]))
        if own and len(own & known) / len(own) < _STRANGER_SHARE:
            dropped.append(Dropped(block.lines[0], "stranger"))
        else:
            kept.append(block)
    return kept


def _teaser(block: Block) -> bool:
    return block.kind == "text" and len(block.lines[0]) <= 40 and not block.lines[0].endswith(_ENDS)
