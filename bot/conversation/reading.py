"""How facts are read: a text of which what has been read is struck out, the words of `lexicon/facts.yml`, numbers."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.conversation.guard import Patterns, fold, patterns, without_masked
from bot.conversation.model import Fact

TAKEN = "\ue000"


class Found(NamedTuple):
    """A fact, and where it begins."""

    start: int
    fact: Fact


class Reader:
    """A text, and a folded copy of it from which what has been read is struck out."""

    def __init__(self, text: str, now: datetime) -> None:
        self.text = text
        self.folded = fold(without_masked(text))
        self.now = (now if now.tzinfo else now.replace(tzinfo=UTC)).astimezone(shanghai()).replace(microsecond=0)
        self.found: list[Found] = []

    def take(self, name: str, value: str, start: int, end: int) -> None:
        """Keep a fact and strike its words out."""
        said = self.text[start:end].strip()
        self.found.append(Found(start, Fact(name, said, value)))
        self.folded = self.folded[:start] + TAKEN * (end - start) + self.folded[end:]

    def take_all(self, name: str, rule: str, value: str | int = "value") -> None:
        """Every match of a rule; the fact is its group `value`, without spaces and dashes."""
        for m in list(known()[rule].finditer(self.folded)):
            self.take(name, re.sub(r"[\s-]", "", m[value]), m.start(value), m.end(value))


@cache
def shanghai() -> ZoneInfo:
    """The zone of what merchants say."""
    return ZoneInfo("Asia/Shanghai")


def known() -> Patterns:
    """The patterns of `lexicon/facts.yml`."""
    return patterns("facts")


@cache
def table(name: str) -> dict[str, Any]:
    """A table of words there."""
    return {str(word): value for word, value in known().words[name].items()}


@cache
def choices(name: str) -> re.Pattern[str]:
    """One expression for a table of expressions; `lastgroup` tells which it was."""
    rows = (f"(?P<{key}>{known().fill(source)})" for key, source in table(name).items())
    return re.compile("|".join(rows), re.IGNORECASE | re.VERBOSE)


def number_of(said: str) -> int:
    """A whole number in digits or in words."""
    return int(value_of(said))


def value_of(said: str) -> Decimal:
    """A number in digits or in words; words may leave the last place unsaid, as in three hundred and six(ty)."""
    plain = said.replace(",", "")
    if plain.isascii():
        return Decimal(plain)
    numerals, scales = table("numerals"), table("scales")
    whole, _, tenths = plain.partition(known().words["point"])
    decimals = "".join(str(numerals[word]) for word in tenths)
    if len(whole) > 1 and not any(word in scales for word in whole):
        return Decimal("".join(str(numerals.get(word, word)) for word in whole) + "." + (decimals or "0"))
    total, section, digit, before = 0, 0, Decimal(0), 1
    for word in whole:
        scale = scales.get(word)
        if scale is None:
            digit = Decimal(str(numerals.get(word, word)))
            before = before if digit else 1
        elif scale >= 10_000:
            total, section, digit, before = int((total + section + digit) * scale), 0, Decimal(0), scale
        else:
            section, digit, before = section + int((digit or 1) * scale), Decimal(0), scale
    return total + section + digit * (before // 10 if before >= 100 else 1) + Decimal("0." + (decimals or "0"))
