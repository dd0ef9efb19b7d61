"""Talks in which a ticket is taken in by the pure engine, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.conversation.hearing import hear
from bot.conversation.model import Fact, Heard, IntakePlace, Step
from bot.conversation.progress import merged
from bot.dialogue.intake import CONFIRM, advance, again, read_intake

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
MATTER = "refund_failed_delay"
TOLD = "退款点了三次都报系统繁忙"
NUMBER, ODD, OTHER_ODD = "8812345678", "880011223344", "880055667788"
INTAKE = replace(read_intake(), looks_right=lambda number: len(number) == len(NUMBER))


def said(text: str, *, matter: str | None = None, codes: Sequence[str] = ()) -> Heard:
    return replace(hear(text, NOW), matter=matter, codes=tuple(codes))


@dataclass
class Talk:
    """A conversation that keeps its facts as the desk does; `step` is the open question."""

    step: Step
    facts: tuple[Fact, ...] = ()

    @property
    def place(self) -> IntakePlace:
        assert self.step.intake is not None
        return self.step.intake

    @property
    def values(self) -> dict[str, str]:
        return {fact.name: fact.value for fact in self.facts}

    def say(self, text: str, pressed: str | None = None, codes: Sequence[str] = ()) -> Step | None:
        heard = said(text, codes=codes)
        step = advance(INTAKE, self.place, heard, pressed, self.facts)
        self.facts = merged(self.facts, (*heard.facts, *(step.facts if step else ())))
        self.step = step or self.step
        return step

    def all(self, *texts: str) -> str:
        """Say all of these, each of which must be taken; the step that then is open."""
        for text in texts:
            assert self.say(text) is not None, text
        return self.step.step


def talk(step: str, *facts: Fact, matter: str | None = MATTER, **place: object) -> Talk:
    """A talk that stands at a step."""
    at = replace(IntakePlace(step, TOLD, matter), **place)  # type: ignore[arg-type]
    return Talk(again(INTAKE, at, facts), facts)


def confirming(*facts: Fact) -> Talk:
    """A talk in which all that a ticket needs has been asked for."""
    return talk(CONFIRM, *facts, asked=INTAKE.asked_for(MATTER))


def fact(name: str, value: str) -> Fact:
    return Fact(name, value, value)
