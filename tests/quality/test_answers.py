"""How often a guide takes a typed answer for the choice that was meant: `answers.yml`, written without its words.

The questions, facts and remarks among them fit no choice; a step that takes any text may keep them as its fact.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml

from bot.conversation.hearing import hear
from bot.conversation.model import GuidePlace
from bot.dialogue.answers import reader
from bot.dialogue.guides import Guide, advance, read_guides
from bot.dialogue.leading import interrupts
from knowledge.question import Language

ANSWERS = Path(__file__).parent / "answers.yml"
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
GUIDES = read_guides()
MEANS = reader(GUIDES, Language())
NOT_KNOWN = "不知道"
UNKNOWN, SOLVED, KEPT, LEFT = "unknown", "solved", "kept as text", "left"
LEAST_RIGHT, MOST_WRONG, MOST_TAKEN = 0.80, 0.06, 0.15
FEWEST, FEWEST_A_STEP = 700, 4


@dataclass(frozen=True)
class Answer:
    """What is said at a step; `means` is a label, `unknown`, `solved`, or None where it fits no choice."""

    guide: str
    step: str
    said: str
    means: str | None

    @property
    def kind(self) -> str:
        return "null" if self.means is None else self.means if self.means in (UNKNOWN, SOLVED) else "label"


@dataclass(frozen=True)
class Taken:
    """What an answer was taken for: a label, `unknown`, `solved`, `kept as text`, `left`, or None; and how it ended."""

    as_what: str | None
    ends: str | None = None


def read_answers(path: Path = ANSWERS) -> Iterator[Answer]:
    for at in yaml.safe_load(path.read_text(encoding="utf8")):
        for one in at["answers"]:
            yield Answer(at["guide"], at["step"], one["said"], one["means"])


READ = tuple(read_answers())


def labels(guide: Guide, step: str) -> list[str]:
    return [branch.label for branch in guide.steps[step].branches]


def taken(answer: Answer) -> Taken:
    """What a guide that stands at the step, and was not asked it before, makes of the answer."""
    guide = GUIDES[answer.guide]
    heard = hear(answer.said, NOW)
    step = None if interrupts(heard.signals) else advance(guide, GuidePlace(guide.id, answer.step), heard, None, MEANS)
    if step is None:
        return Taken(None)
    assert step.place is not None
    if step.place.trail:
        _, label = step.place.trail[-1]
        free = step.took_anything or label not in labels(guide, answer.step)
        return Taken(KEPT if free else UNKNOWN if label == NOT_KNOWN else label, step.ends)
    if step.place.unknowns:
        return Taken(UNKNOWN)
    return Taken(SOLVED if step.ends == SOLVED else LEFT, step.ends)


def verdict(answer: Answer, got: Taken) -> str:
    """`right`, `wrong`, `not understood` or `kept as text`; of what fits no choice, `right` or `wrong`.

    “弄好了” and a choice that ends the guide as solved come to the same.
    """
    if answer.means is None:
        return "right" if got.as_what in (None, KEPT) else "wrong"
    if got.as_what == answer.means or (got.ends == SOLVED and _solves(answer)):
        return "right"
    return {None: "not understood", KEPT: KEPT}.get(got.as_what, "wrong")


def _solves(answer: Answer) -> bool:
    """Whether what is meant ends the guide as solved."""
    guide = GUIDES[answer.guide]
    leads = {branch.label: branch.next for branch in guide.steps[answer.step].branches}
    end = guide.ends.get(leads.get(answer.means or "", ""))
    return answer.means == SOLVED or (end is not None and end.kind == SOLVED)


def test_answers_stand_at_every_step_and_mean_a_choice_of_it() -> None:
    per_step = Counter((one.guide, one.step) for one in READ)
    assert set(per_step) == {(guide.id, step) for guide in GUIDES.values() for step in guide.steps}
    assert min(per_step.values()) >= FEWEST_A_STEP
    assert len(READ) >= FEWEST
    astray = [one for one in READ if one.kind == "label" and one.means not in labels(GUIDES[one.guide], one.step)]
    assert astray == []
    assert not [one for one in READ if one.means == NOT_KNOWN], "this is `unknown`"
    assert len({(one.guide, one.step, one.said) for one in READ}) == len(READ)


def report(judged: Sequence[tuple[Answer, Taken, str]]) -> str:
    """What every kind of answer was taken for, and each answer that was not taken right."""
    count = Counter((one.kind, how) for one, _, how in judged)
    figures = [
        f"{kind}: " + ", ".join(f"{how} {n}" for (which, how), n in sorted(count.items()) if which == kind)
        for kind in ("label", UNKNOWN, SOLVED, "null")
    ]
    missed = [
        f"{how}: {one.guide} {one.step} “{one.said}” means {one.means}, taken for {got.as_what}"
        for one, got, how in judged
        if how != "right"
    ]
    return "\n".join([*missed, *figures, ""])


def test_most_typed_answers_are_taken_for_the_choice_that_was_meant() -> None:
    judged = [(one, got, verdict(one, got)) for one in READ for got in (taken(one),)]
    meant = [how for one, _, how in judged if one.means is not None]
    none = [how for one, _, how in judged if one.means is None]
    right, wrong = meant.count("right") / len(meant), meant.count("wrong") / len(meant)
    mistaken = none.count("wrong") / len(none)
    sys.stdout.write(report(judged))
    sys.stdout.write(f"right {right:.3f}, wrong {wrong:.3f} of {len(meant)}; fits none, yet taken {mistaken:.3f}\n")
    assert right >= LEAST_RIGHT
    assert wrong <= MOST_WRONG
    assert mistaken <= MOST_TAKEN
