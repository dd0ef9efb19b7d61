"""What a channel is: it renders and delivers. No words, no policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.conversation.model import Message


@dataclass(frozen=True, slots=True)
class Sent:
    """Delivered, as far as the channel can know."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not now; worth another try in `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Refused:
    """Never; `reason` is kept with the message."""

    reason: str


class Channel(Protocol):
    name: str

    def deliver(self, to: str, message: Message) -> Sent | Later | Refused:
        """Deliver one message to one person; it may be called again for a message that already went out."""
        ...
