"""The moments that merchants name: clocks, days, “last night at half past ten”, “two hours ago”; Asia/Shanghai."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple

from bot.conversation.reading import TAKEN, Reader, choices, known, number_of, shanghai, table, value_of

_AFTERNOON_HOURS = range(1, 6)
"""Said with no part of the day, these are hours of the afternoon: shops are asleep at the other three o'clock."""
_AFTER_MIDNIGHT_HOURS = range(5)
"""“Two o'clock yesterday night” is two in the morning of today."""


class _Day(NamedTuple):
    start: int
    end: int
    day: date
    period: str | None


class _Clock(NamedTuple):
    start: int
    end: int
    period: str | None
    at: time
    said_as_hour: bool
    """Not written as 15:00: which half of the day is open."""
    sure: bool
    """Whether it is a time even without a date beside it."""
    zone: str | None


def read_times(reader: Reader) -> None:
    """Read every moment of the text and strike it out."""
    rules = known()
    if not rules["date_hint"].search(reader.folded):
        return
    for m in list(rules["stamp"].finditer(reader.folded)):
        parts = [int(m[part]) for part in ("y", "m", "d", "h", "mi", "s")]
        if on := _date(*parts[:3]):
            moment = datetime.combine(on, time(parts[3], parts[4], parts[5]), shanghai())
            reader.take("time", moment.isoformat(), *m.span())
    _moments(reader)
    clocks = [clock for m in rules["clock"].finditer(reader.folded) if (clock := _clock(m))]
    for day in _days(reader):
        clock = next((c for c in clocks if c.end > day.end and _meets(reader, day.end, c.start)), None)
        if clock is None:
            reader.take("time", day.day.isoformat(), day.start, day.end)
            continue
        clocks.remove(clock)
        _take_clock(reader, clock, day)
        clocks = _take_range(reader, clocks, clock, day)
    for clock in clocks:
        if clock.sure and TAKEN not in reader.folded[clock.start : clock.end]:
            _take_clock(reader, clock, None)


def _meets(reader: Reader, end: int, start: int) -> bool:
    return start <= end or (start - end <= 8 and bool(known()["between"].search(reader.folded[end:start])))


def _take_range(reader: Reader, clocks: list[_Clock], first: _Clock, day: _Day) -> list[_Clock]:
    """From 10:05 to 10:20 yesterday: the second time is of the same day."""
    for clock in clocks:
        if clock.start >= first.end and known()["range"].search(reader.folded[first.end : clock.start]):
            _take_clock(reader, clock, _Day(clock.start, clock.start, day.day, day.period or first.period))
            return [c for c in clocks if c is not clock]
    return clocks


def _take_clock(reader: Reader, clock: _Clock, day: _Day | None) -> None:
    moment = _moment(clock, day, reader.now)
    reader.take("time", moment.isoformat(), min(day.start, clock.start) if day else clock.start, clock.end)


def _moment(clock: _Clock, day: _Day | None, now: datetime) -> datetime:
    period = clock.period or (day.period if day else None)
    hour, shift = clock.at.hour, 0
    guessed = False
    if period in ("afternoon", "night") and 1 <= hour < 12:
        if period == "night" and hour in _AFTER_MIDNIGHT_HOURS:
            shift = 1
        else:
            hour += 12
    elif period == "night" and hour in (0, 12):
        hour, shift = 0, 1
    elif period == "noon" and hour in (1, 2):
        hour += 12
    elif period == "dawn" and hour == 12:
        hour = 0
    elif period is None and clock.said_as_hour and hour in _AFTERNOON_HOURS:
        hour, guessed = hour + 12, True
    base = day.day if day else now.date()
    moment = datetime.combine(base, clock.at.replace(hour=hour), shanghai()) + timedelta(days=shift)
    if clock.zone:
        zone = "+00:00" if clock.zone in "zZ" else clock.zone
        return datetime.fromisoformat(moment.replace(tzinfo=None).isoformat() + zone).astimezone(shanghai())
    if moment > now and guessed and day and base == now.date():
        moment -= timedelta(hours=12)
    if moment > now and day is None:
        moment -= timedelta(days=1)
    return moment


def _clock(m: re.Match[str]) -> _Clock | None:
    said = m["h"] or m["hh"] or m["ah"]
    hour, minute, second = number_of(said), number_of(m["mi"] or m["hm"] or "0"), number_of(m["s"] or m["hs"] or "0")
    if m["half"]:
        minute = 30
    elif m["quarter"]:
        minute = 15 * number_of(m["quarter"])
    if minute > 59 or second > 59 or hour > 24:
        return None
    period = _period(m["ampm"] or m["period"])
    exact = m["half"] or m["quarter"] or m["sharp"] or m["hm"]
    sure = bool(period or m["h"] or m["ah"] or exact or said.isdigit())
    start = m.start() + len(m[0]) - len(m[0].lstrip())
    return _Clock(start, m.end(), period, time(hour % 24, minute, second), bool(m["hh"]), sure, m["zone"])


def _period(word: str | None) -> str | None:
    if not word:
        return None
    m = choices("periods").match(word)
    return m.lastgroup if m else None


def _moments(reader: Reader) -> None:
    for m in list(known()["moment_now"].finditer(reader.folded)):
        reader.take("time", reader.now.isoformat(), *m.span())
    for m in list(known()["moment_ago"].finditer(reader.folded)):
        count = value_of(m["n"]) + (Decimal("0.5") if m["more"] else 0)
        ago = timedelta(seconds=float(count * table("seconds")[m["unit"]]))
        reader.take("time", (reader.now - ago).isoformat(), *m.span())


def _days(reader: Reader) -> Iterator[_Day]:
    for m in list(known()["date"].finditer(reader.folded)):
        day = _day(m, reader.now.date())
        if day is None:
            continue
        tail = known()["date_tail"].match(reader.folded, m.end())
        yield _Day(m.start(), tail.end() if tail else m.end(), day, _period(tail["period"]) if tail else None)


def _day(m: re.Match[str], today: date) -> date | None:
    if m["y"]:
        return _date(int(m["y"]) % 2000 + 2000, int(m["m"]), int(m["d"]))
    if m["y8"]:
        return _date(int(m["y8"]), int(m["m8"]), int(m["d8"]))
    month, number = m["mm"] or m["sm"] or m["pm"], m["md"] or m["sd"] or m["pd"]
    if month:
        if m["year"]:
            return _date(today.year + table("years")[m["year"]], number_of(month), number_of(number))
        day = _date(today.year, number_of(month), number_of(number))
        return day if day and day <= today else _date(today.year - 1, number_of(month), number_of(number))
    if m["day"]:
        return today + timedelta(days=table("days")[m["day"].lower()])
    if m["wd"]:
        monday = today - timedelta(days=today.weekday())
        day = monday + timedelta(
            days=table("weekdays")[m["wd"]] + table("weeks")[m["week"] or known().words["this_week"]]
        )
        return day - timedelta(days=7) if day > today and not m["week"] else day
    if m["ago"]:
        return _ago(m["ago"], m["ago_unit"], today)
    return _day_of_month(number_of(m["dom"]), m["month"], today)


def _ago(said: str, unit: str, today: date) -> date | None:
    count = value_of(said)
    months = count * table("months").get(unit, 0)
    if months >= 1:
        return _months_before(today, int(months), today.day)
    return today - timedelta(days=int(count * table("spans_days")[unit]))


def _months_before(today: date, months: int, day: int) -> date | None:
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return next((found for d in range(day, day - 4, -1) if (found := _date(year, month + 1, d))), None)


def _day_of_month(number: int, month: str | None, today: date) -> date | None:
    """Of the month named, else the latest day of that number that is not in the future."""
    back = month.count(known().words["month_back"]) if month else 0
    day = _months_before(today, back, number) if number else None
    if day and day.day != number:
        return None
    return _months_before(today, 1, number) if day and day > today and not month else day


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
