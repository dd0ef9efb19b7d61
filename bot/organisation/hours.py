"""When people are there: weekdays, holidays, longer days at peak times; always as clocks in Shanghai show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
CLOSED = "closed"
_LOOK_AHEAD_DAYS = 60
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")


class Settings(Protocol):
    def get(self, name: str) -> Any: ...


def parse_day(value: Any) -> list[tuple[timedelta, timedelta]]:
    """A day's hours from `[["08:00", "22:00"], …]` or `closed`, as spans from its midnight.

    An end that is not after its start is on the next day: `["08:00", "02:00"]`. `["00:00", "24:00"]` is all day.
    Raises `ValueError`, or `TypeError` where the shape is another.
    """
    if value == CLOSED:
        return []
    if not isinstance(value, list):
        raise TypeError(f"hours are a list of spans or {CLOSED!r}, not {value!r}")
    spans = []
    for span in value:
        if not isinstance(span, list) or len(span) != 2:
            raise ValueError(f"a span is a start and an end, not {span!r}")
        start, end = (_since_midnight(clock) for clock in span)
        spans.append((start, end if end > start else end + timedelta(days=1)))
    return spans


def parse_date(value: Any) -> date:
    """A date from `2026-10-01`. Raises `ValueError`, `TypeError`."""
    if not isinstance(value, str):
        raise TypeError(f"a date is written 2026-10-01, not {value!r}")
    return date.fromisoformat(value)


class Hours:
    """Service hours by the settings `service_hours`, `peak_hours`, `holidays`; the last that names a day decides."""

    def __init__(self, settings: Settings, zone: str = "Asia/Shanghai") -> None:
        self._settings = settings
        self._zone = ZoneInfo(zone)

    def is_open(self, at: datetime) -> bool:
        return any(start <= at < end for start, end in self._spans(at))

    def next_opening(self, at: datetime) -> datetime | None:
        """The first open moment from `at` on (`at` itself if it is), in UTC; None if there is none in sixty days."""
        return next((max(at, start) for start, end in self._spans(at) if end > at), None)

    def after(self, at: datetime, minutes: int) -> datetime | None:
        """When `minutes` of service time will have passed since `at`, in UTC; None if that is past sixty days."""
        left, reached = timedelta(minutes=minutes), at
        for start, end in self._spans(at):
            begin = max(start, reached)
            if end <= begin:
                continue
            if end - begin >= left:
                return begin + left
            left -= end - begin
            reached = end
        return None

    def _spans(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open spans in UTC, in order, from the one that may have begun on the day before."""
        weekdays: Mapping[str, Any] = self._settings.get("service_hours")
        holidays: Mapping[str, Any] = self._settings.get("holidays")
        peaks: list[Mapping[str, Any]] = self._settings.get("peak_hours")
        today = at.astimezone(self._zone).date()
        for days in range(-1, _LOOK_AHEAD_DAYS + 1):
            day = today + timedelta(days=days)
            value = weekdays.get(WEEKDAYS[day.weekday()], CLOSED)
            for peak in peaks:
                if parse_date(peak["from"]) <= day <= parse_date(peak["until"]):
                    value = peak["hours"]
            midnight = datetime.combine(day, time(), self._zone)
            for start, end in sorted(parse_day(holidays.get(day.isoformat(), value))):
                yield (midnight + start).astimezone(UTC), (midnight + end).astimezone(UTC)


def _since_midnight(clock: Any) -> timedelta:
    if not isinstance(clock, str) or not _CLOCK.fullmatch(clock):
        raise ValueError(f"a time of day is written 08:00, not {clock!r}")
    hours, minutes = clock.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
