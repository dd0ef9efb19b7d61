"""The sentences of a passage that answer: a few that follow each other, word for word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from knowledge.documents.model import CODE, Unit

MOST_CHARACTERS = 200
_MOST_SENTENCES = 3
_MOST_ITEMS = 8
_LENGTH_COSTS = 0.12
"""Of two quotations that say as much of a question, the shorter; this share of the score for one of full length."""
_PIECE = re.compile(r".+?(?:[；;]|[，,](?=.{12})|$)", re.DOTALL)
_LEADS_IN = ("：", ":")


@dataclass(frozen=True, slots=True)
class Quote:
    """`text` is a part of the passage's text, from `start`; `said` is it as it is searched for."""

    text: str
    start: int
    said: str


@dataclass(frozen=True, slots=True)
class Term:
    """A word of a question, with the words that mean the same, and what it weighs: a rare one more."""

    forms: tuple[str, ...]
    weight: float


def share_of(terms: Sequence[Term], text: str) -> float:
    """The share of the terms that a text holds, by weight; 0 where there are none."""
    total = sum(term.weight for term in terms)
    return sum(term.weight for term in terms if any(form in text for form in term.forms)) / total if total else 0.0


def best_quote(text: str, lines: Sequence[str], units: tuple[Unit, ...], terms: Sequence[Term]) -> Quote | None:
    """The quotation that holds most of the question; None where a passage has nothing to quote, as where it is code.

    `lines` are the units as they are searched for; `terms` what is looked for.
    """
    best: tuple[float, Quote] | None = None
    held = [[any(form in line for form in term.forms) for term in terms] for line in lines]
    total = sum(term.weight for term in terms) or 1.0
    for first, last in _windows(units):
        start, end = units[first].start, units[last].end
        found = sum(term.weight for n, term in enumerate(terms) if any(row[n] for row in held[first : last + 1]))
        score = found / total - _LENGTH_COSTS * (end - start) / MOST_CHARACTERS
        if _leads_in(text[start:end]):
            score -= 0.5  # it promises an answer, and gives none
        if best is None or score > best[0]:
            best = (score, Quote(text[start:end].strip(), start, " ".join(lines[first : last + 1])))
    return None if best is None else _shortened(best[1])


def _leads_in(quoted: str) -> bool:
    return quoted.rstrip().endswith(_LEADS_IN)


def _windows(units: tuple[Unit, ...]) -> Iterator[tuple[int, int]]:
    """Units that may be quoted together: sentences of a section, or what leads in to a list and its items."""
    for first, one in enumerate(units):
        if one.kind == CODE:
            continue
        yield first, first
        for last in range(first + 1, min(first + _MOST_ITEMS, len(units))):
            other = units[last]
            if other.kind == CODE or other.end - one.start > MOST_CHARACTERS:
                break
            many = last - first >= _MOST_SENTENCES
            if many and other.kind != "list":
                break
            yield first, last


def _shortened(quote: Quote) -> Quote:
    """A unit that alone is too long, cut where a clause ends."""
    if len(quote.text) <= MOST_CHARACTERS:
        return quote
    kept = ""
    for found in _PIECE.finditer(quote.text):
        if kept and len(kept) + len(found.group(0)) > MOST_CHARACTERS:
            break
        kept += found.group(0)
    return Quote(kept[: MOST_CHARACTERS * 2].rstrip("，,；; "), quote.start, quote.said)
