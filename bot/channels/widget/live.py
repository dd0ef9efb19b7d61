"""Hints that something new can be read. The database is the truth; a lost hint costs a few seconds."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from threading import Lock

from bot.channels.channel import Later, Refused, Sent
from bot.conversation.model import Message

NAME = "widget"


class Hints:
    """Wakes the sockets of one person. Safe to call from any thread."""

    def __init__(self) -> None:
        self._waiting: dict[str, set[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = defaultdict(set)
        self._lock = Lock()

    def listen(self, person: str) -> asyncio.Event:
        event = asyncio.Event()
        with self._lock:
            self._waiting[person].add((asyncio.get_running_loop(), event))
        return event

    def leave(self, person: str, event: asyncio.Event) -> None:
        with self._lock:
            kept = {pair for pair in self._waiting[person] if pair[1] is not event}
            if kept:
                self._waiting[person] = kept
            else:
                self._waiting.pop(person, None)

    def wake(self, person: str) -> None:
        with self._lock:
            waiting = tuple(self._waiting.get(person, ()))
        for loop, event in waiting:
            if not loop.is_closed():
                loop.call_soon_threadsafe(event.set)


class WidgetChannel:
    """A message in the ledger is already where the widget reads it: delivering is waking its sockets."""

    name = NAME

    def __init__(self, hints: Hints) -> None:
        self._hints = hints

    def deliver(self, to: str, message: Message) -> Sent | Later | Refused:
        self._hints.wake(to)
        return Sent()
