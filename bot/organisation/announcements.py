"""What all merchants are told for a while: maintenance, outages, holidays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.tables import add_announcement, current_announcements, end_announcement
from knowledge.database import Engine, reading, transaction


@dataclass(frozen=True, slots=True)
class Announcement:
    """`kind` is a word of the console's: notice, maintenance, outage. Without an end it is shown until it is ended."""

    id: int
    text: str
    starts_at: datetime
    ends_at: datetime | None
    kind: str


class Announcements:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def current(self, now: datetime) -> list[Announcement]:
        """What is to be shown now, newest first."""
        with reading(self._engine) as connection:
            rows = current_announcements(connection, now)
        return [Announcement(row.id, row.text, row.starts_at, row.ends_at, row.kind) for row in rows]

    def announce(self, text: str, starts_at: datetime, ends_at: datetime | None = None, kind: str = "notice") -> int:
        """Its id. An end that is not after the start is a `ValueError`."""
        if ends_at is not None and ends_at <= starts_at:
            raise ValueError("an announcement ends after it starts")
        with transaction(self._engine) as connection:
            return add_announcement(connection, text, starts_at, ends_at, kind)

    def end(self, announcement_id: int, now: datetime) -> None:
        """Show it no longer."""
        with transaction(self._engine) as connection:
            end_announcement(connection, announcement_id, now)
