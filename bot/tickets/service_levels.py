"""What is promised for a ticket's first answer: pure, from the settings and the hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from bot.tickets.model import Priority

GENERAL = "general"


class Settings(Protocol):
    def get(self, name: str) -> Any: ...


class Hours(Protocol):
    def after(self, at: datetime, minutes: int) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Promise:
    """A first answer by `due_at`: `minutes` from now, of service time only if `in_service_hours`."""

    due_at: datetime
    minutes: int
    in_service_hours: bool


def promise(queue: str, priority: Priority, now: datetime, settings: Settings, hours: Hours) -> Promise:
    """The promise of a ticket's level: that of its priority, else of its queue, else the general one.

    Minutes of service time run only while people are there, so what is promised at night is due in the morning. Where
    no service time is set at all, they run by the clock.
    """
    levels: Mapping[str, Mapping[str, Any]] = settings.get("first_answer")
    name = next((name for name in (priority.value, queue) if name in levels), GENERAL)
    minutes = int(levels[name]["minutes"])
    in_service_hours = bool(levels[name]["in_service_hours"])
    due_at = hours.after(now, minutes) if in_service_hours else None
    if due_at is None:
        return Promise(now + timedelta(minutes=minutes), minutes, in_service_hours=False)
    return Promise(due_at, minutes, in_service_hours=True)
