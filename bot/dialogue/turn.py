"""The dialogue protocol, and the plain engine that needs no other process: guides and follow-ups by fixed rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bot.conversation.model import Heard, State, Turn
from bot.dialogue.guides import Guide, advance, again


class Dialogue(Protocol):
    """Understands a turn and leads guides; `ready` says whether it works now (for /readyz)."""

    def turn(self, conversation: str, heard: Heard, state: State, pressed: str | None) -> Turn:
        """What this message means here; never raises for what a merchant wrote, never writes."""
        ...

    def ready(self) -> bool: ...


class PlainDialogue:
    """Leads the guides by their own data; leaves intents to the library's ranking."""

    def __init__(self, guides: Mapping[str, Guide]) -> None:
        self._guides = guides

    def turn(self, conversation: str, heard: Heard, state: State, pressed: str | None) -> Turn:
        place = state.guide
        if place is None or place.guide not in self._guides:
            return Turn(facts=heard.facts)
        guide = self._guides[place.guide]
        if place.step not in guide.steps:
            return Turn(facts=heard.facts)
        if place.paused:
            step = again(guide, place) if heard.signals.resume_guide else None
            return Turn(facts=heard.facts, step=step)
        step = advance(guide, place, heard, pressed)
        return Turn(facts=heard.facts, step=step, asked=None if step else again(guide, place))

    def ready(self) -> bool:
        return True
