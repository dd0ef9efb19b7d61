"""The dialogue protocol, and the plain engine that needs no other process: guides and intake by fixed rules."""

from __future__ import annotations

from typing import Protocol

from bot.conversation.model import Heard, State, Turn
from bot.dialogue.leading import Leading


class Dialogue(Protocol):
    """Understands a turn and leads guides; `ready` says whether it works now (for /readyz)."""

    def turn(self, conversation: str, heard: Heard, state: State, pressed: str | None) -> Turn:
        """What this message means here; never raises for what a merchant wrote, never writes."""
        ...

    def ready(self) -> bool: ...


class PlainDialogue:
    """Leads the guides and the intake by their own data; leaves intents to the library's ranking."""

    def __init__(self, leading: Leading) -> None:
        self._leading = leading

    def turn(self, conversation: str, heard: Heard, state: State, pressed: str | None) -> Turn:
        place = self._leading.place(state, heard)
        if place is None:
            return Turn(facts=heard.facts)
        step, asked = self._leading.take(place, heard, pressed, state.facts)
        return Turn(facts=(*heard.facts, *(step.facts if step else ())), step=step, asked=asked)

    def ready(self) -> bool:
        return True
