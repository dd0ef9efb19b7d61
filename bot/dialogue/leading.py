"""What may lead a conversation, behind one door: a guide, or the taking in of a ticket."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bot.conversation.model import Fact, GuidePlace, Heard, IntakePlace, Signals, State, Step
from bot.dialogue import guides as guided
from bot.dialogue import intake as taken
from bot.dialogue.guides import Guide, Means
from bot.dialogue.intake import Intake, read_intake

Place = GuidePlace | IntakePlace


@dataclass(frozen=True)
class Leading:
    """The guides and the intake; `means` reads whole sentences as answers to a guide's questions (see `answers`)."""

    guides: Mapping[str, Guide]
    intake: Intake = field(default_factory=read_intake)
    means: Means | None = None

    def place(self, state: State, heard: Heard) -> Place | None:
        """Where what leads now stands: what runs, or what was paused and is to go on."""
        held = [place for place in (state.intake, state.guide) if place is not None and self._knows(place)]
        running = next((place for place in held if not place.paused), None)
        if running is not None or not held:
            return running
        if heard.signals.resume_guide:
            return held[-1] if heard.signals.resume_look else held[0]
        first = held[0]
        if isinstance(first, IntakePlace) and taken.answers(first, heard):
            return replace(first, paused=False)
        return None

    def take(
        self, place: Place, heard: Heard, pressed: str | None, facts: Sequence[Fact]
    ) -> tuple[Step | None, Step | None]:
        """The step a message leads to, else None and the question that stays open."""
        if place.paused:
            return self.again(place, facts), None
        found = None if interrupts(heard.signals) else self._advance(place, heard, pressed, facts)
        return (found, None) if found is not None else (None, self.again(place, facts))

    def again(self, place: Place, facts: Sequence[Fact]) -> Step:
        """The open question once more."""
        if isinstance(place, IntakePlace):
            return taken.again(self.intake, replace(place, paused=False), facts)
        return guided.again(self.guides[place.guide], place)

    def _advance(self, place: Place, heard: Heard, pressed: str | None, facts: Sequence[Fact]) -> Step | None:
        if isinstance(place, IntakePlace):
            return taken.advance(self.intake, place, heard, pressed, facts)
        return guided.advance(self.guides[place.guide], place, heard, pressed, self.means)

    def _knows(self, place: Place) -> bool:
        if isinstance(place, IntakePlace):
            return place.step in (taken.DETAIL, taken.CONFIRM, *self.intake.wanted)
        return place.guide in self.guides and place.step in self.guides[place.guide].steps


def interrupts(signals: Signals) -> bool:
    """Whether the message is about more than the question: money, a person, a complaint stand above whatever leads."""
    above = (signals.funds_lost, signals.despair, signals.police, signals.wants_human)
    return any(above) or signals.complaint is not None
