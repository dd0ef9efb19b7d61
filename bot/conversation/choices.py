"""Which of the open choices a message means: pressed, numbered, counted (“第二个”), or a part of its text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import yaml

from bot.conversation.model import Choice
from embeddings.normalise import fold

_LEXICON = Path(__file__).parent / "lexicon" / "choices.yml"
_SPACE = re.compile(r"[\s，。,.!！?？~、:：]+")
_LEAST_PART_CHARS = 2
_LONGEST_PART_CHARS = 24


@cache
def _words() -> tuple[dict[str, int], re.Pattern[str], re.Pattern[str], frozenset[str]]:
    kept = yaml.safe_load(_LEXICON.read_text(encoding="utf8"))
    return (
        {str(word): int(number) for word, number in kept["numbers"].items()},
        re.compile(kept["ordinal"]),
        re.compile(kept["last"]),
        frozenset(kept["uncounted"]),
    )


def counted(choices: Sequence[Choice]) -> list[Choice]:
    """The choices that numbers and ordinals name: all but those shown apart, such as “都不是”."""
    *_, uncounted = _words()
    return [choice for choice in choices if choice.label not in uncounted]


def pick(choices: Sequence[Choice], text: str, pressed: str | None = None) -> Choice | None:
    """The choice meant, or None where none, or more than one, is."""
    for choice in choices:
        if pressed is not None and choice.id == pressed:
            return choice
    said = _SPACE.sub("", fold(text))
    numbered = counted(choices)
    number = position(text, len(numbered))
    if number is not None:
        return numbered[number - 1] if 1 <= number <= len(numbered) else None
    exact = [choice for choice in choices if _SPACE.sub("", fold(choice.label)) == said]
    if exact:
        return exact[0]
    if not _LEAST_PART_CHARS <= len(said) <= _LONGEST_PART_CHARS:
        return None
    parts = [choice for choice in choices if said in _SPACE.sub("", fold(choice.label))]
    return parts[0] if len(parts) == 1 else None


def position(text: str, count: int) -> int | None:
    """The place a message names, counted from 1, which may lie beyond `count`; None where it names none."""
    numbers, ordinal, last, _ = _words()
    said = _SPACE.sub("", fold(text))
    if last.fullmatch(said):
        return count
    found = ordinal.fullmatch(said)
    if not found:
        return None
    word = found.group("number")
    return int(word) if word.isdigit() else numbers.get(word)


def out_of_range(choices: Sequence[Choice], text: str) -> bool:
    """Whether a message names a place that is not there, such as 5 of three."""
    choices = counted(choices)
    number = position(text, len(choices))
    return bool(choices) and number is not None and not 1 <= number <= len(choices)
