"""An entry: one question merchants ask, its vetted answer, and the phrasings they ask it in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from knowledge.phrases import PERSON_MARK

CONCLUSION_MAX_CHARS = 60
_STEP = re.compile(r"^(\d{1,2})[.、．](?!\d)\s*(.+)$")
_PLACEHOLDER = re.compile(r"\{\{\s*(.+?)\s*\}\}")


class EntryState(StrEnum):
    """Where an entry stands in its life."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class AnswerText:
    """An answer taken apart: the conclusion, the steps in order, and when to call a person (may be empty)."""

    conclusion: str
    steps: tuple[str, ...]
    person: str


@dataclass(frozen=True, slots=True)
class Entry:
    """`answer` is text as staff wrote it, placeholders (`{{结算周期}}`) unfilled; `related` are entry ids.

    `codes` are canonical error codes, `aliases` other spellings and the texts shown on screens. `negatives` are
    questions that sound like this entry and are not it. `provider` names the one institution it holds for; empty: any.
    `valid_from` and `valid_until` are the first and the last day on which it is served.
    """

    id: str
    title: str
    answer: str
    phrasings: tuple[str, ...]
    category: str
    kind: str = "faq"
    intent: str = ""
    source: str = ""
    review_by: date | None = None
    related: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    state: EntryState = EntryState.PUBLISHED
    valid_from: date | None = None
    valid_until: date | None = None
    audience: str = ""
    revision: int = 1
    negatives: tuple[str, ...] = ()
    provider: str = ""

    def serves(self, day: date, provider: str) -> bool:
        """Whether it may be found on `day` by merchants of `provider`."""
        begun = self.valid_from is None or self.valid_from <= day
        ended = self.valid_until is not None and self.valid_until < day
        return begun and not ended and self.provider in ("", provider)


def parse_answer(text: str) -> AnswerText:
    """Take an answer apart: first line the conclusion, numbered lines the steps, 找人工： the last part.

    Lines that are none of these belong to the step before them, or to the conclusion where no step has begun.
    """
    conclusion, person = "", ""
    steps: list[str] = []
    for line in (raw.strip() for raw in text.strip().splitlines()):
        if not line:
            continue
        step = _STEP.match(line)
        if line.startswith(PERSON_MARK):
            person = line.removeprefix(PERSON_MARK).strip()
        elif step:
            steps.append(step.group(2).strip())
        elif steps:
            steps[-1] += line
        else:
            conclusion += line
    return AnswerText(conclusion, tuple(steps), person)


def placeholders(text: str) -> tuple[str, ...]:
    """Names of the settings a text refers to, in order of first use."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(text)))


def fill(text: str, values: dict[str, str]) -> str:
    """Replace each `{{name}}` by its value; a name without a value is a `KeyError`."""
    return _PLACEHOLDER.sub(lambda found: values[found.group(1)], text)
