"""The facts a merchant gave in one text, each in their words and normalised.

Numbers with a name first, so that a ticket or an order is not read again as a time or an amount; then times, channel,
direction and money. All words stand in `lexicon/facts.yml`. Error codes are read elsewhere (knowledge/codes.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.conversation.guard import Patterns, fold, patterns, without_masked
from bot.conversation.model import Fact

_TAKEN = "\ue000"
_AFTERNOON_HOURS = range(1, 6)
"""Said with no part of the day, these are hours of the afternoon: shops are asleep at the other three o'clock."""
_AFTER_MIDNIGHT_HOURS = range(5)
"""“Two o'clock yesterday night” is two in the morning of today."""


class _Found(NamedTuple):
    start: int
    fact: Fact


class _Reader:
    """A text, and a folded copy of it from which what has been read is struck out."""

    def __init__(self, text: str, now: datetime) -> None:
        self.text = text
        self.folded = fold(without_masked(text))
        self.now = (now if now.tzinfo else now.replace(tzinfo=UTC)).astimezone(_shanghai()).replace(microsecond=0)
        self.found: list[_Found] = []

    def take(self, name: str, value: str, start: int, end: int) -> None:
        said = self.text[start:end].strip()
        self.found.append(_Found(start, Fact(name, said, value)))
        self.folded = self.folded[:start] + _TAKEN * (end - start) + self.folded[end:]

    def take_all(self, name: str, rule: str, value: str | int = "value") -> None:
        """Every match of a rule; the fact is its group `value`, without spaces and dashes."""
        for m in list(_known()[rule].finditer(self.folded)):
            self.take(name, re.sub(r"[\s-]", "", m[value]), m.start(value), m.end(value))


def extract(text: str, now: datetime) -> tuple[Fact, ...]:
    """Facts in the order they stand in the text, none twice. Relative times are counted from `now` (naive: UTC)."""
    reader = _Reader(text, now)
    if re.search(r"[\d@]", reader.folded):
        for read in (_tickets, _merchants, _serials, _contacts):
            read(reader)
    _times(reader)
    _channels(reader)
    _money(reader)
    once: dict[tuple[str, str], Fact] = {}
    for _, fact in sorted(reader.found, key=lambda found: found.start):
        once.setdefault((fact.name, fact.value), fact)
    return tuple(once.values())


@cache
def _shanghai() -> ZoneInfo:
    return ZoneInfo("Asia/Shanghai")


def _known() -> Patterns:
    return patterns("facts")


@cache
def _table(name: str) -> dict[str, Any]:
    return {str(word): value for word, value in _known().words[name].items()}


@cache
def _choices(name: str) -> re.Pattern[str]:
    """One expression for a table of expressions; `lastgroup` tells which it was."""
    rows = (f"(?P<{key}>{_known().fill(source)})" for key, source in _table(name).items())
    return re.compile("|".join(rows), re.IGNORECASE | re.VERBOSE)


# -- numbers with a name


def _tickets(reader: _Reader) -> None:
    for rule in ("ticket", "ticket_bare"):
        for m in list(_known()[rule].finditer(reader.folded)):
            day = re.sub(r"\D", "", m["day"])
            start = m.start() if rule == "ticket" else m.start("day")
            reader.take("ticket_no", f"TK{day}-{m['count']}", start, m.end())


def _merchants(reader: _Reader) -> None:
    reader.take_all("merchant_no", "merchant")
    if reader.found:
        reader.take_all("merchant_no", "merchant_list")
    reader.take_all("merchant_no", "merchant_after")


def _serials(reader: _Reader) -> None:
    known = _known()
    for rule in ("serial", "serial_loose", "serial_after"):
        for m in list(known[rule].finditer(reader.folded)):
            value = re.sub(r"\s", "", m["value"]).strip("-_")
            if sum(char.isdigit() for char in value) >= 4 and not known["serial_not"].search(value):
                reader.take("serial_no", value, m.start("value"), m.end("value"))
    reader.take_all("serial_no", "serial_bare", 0)


def _contacts(reader: _Reader) -> None:
    for m in list(_known()["email"].finditer(reader.folded)):
        reader.take("contact_email", m[0].lower(), *m.span())
    reader.take_all("contact_phone", "phone")
    for m in list(_known()["phone_other"].finditer(reader.folded)):
        value = m["value"] if m["value"][0] == "0" else re.sub(r"[\s-]", "", m["value"])
        reader.take("contact_phone", re.sub(r"\s", "-", value), *m.span("value"))
    reader.take_all("merchant_no", "merchant_bare", 0)


# -- time


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


def _times(reader: _Reader) -> None:
    known = _known()
    if not known["date_hint"].search(reader.folded):
        return
    for m in list(known["stamp"].finditer(reader.folded)):
        parts = [int(m[part]) for part in ("y", "m", "d", "h", "mi", "s")]
        if on := _date(*parts[:3]):
            moment = datetime.combine(on, time(parts[3], parts[4], parts[5]), _shanghai())
            reader.take("time", moment.isoformat(), *m.span())
    _moments(reader)
    clocks = [clock for m in known["clock"].finditer(reader.folded) if (clock := _clock(m))]
    for day in _days(reader):
        clock = next((c for c in clocks if c.end > day.end and _meets(reader, day.end, c.start)), None)
        if clock is None:
            reader.take("time", day.day.isoformat(), day.start, day.end)
            continue
        clocks.remove(clock)
        _take_clock(reader, clock, day)
        clocks = _take_range(reader, clocks, clock, day)
    for clock in clocks:
        if clock.sure and _TAKEN not in reader.folded[clock.start : clock.end]:
            _take_clock(reader, clock, None)


def _meets(reader: _Reader, end: int, start: int) -> bool:
    return start <= end or (start - end <= 8 and bool(_known()["between"].search(reader.folded[end:start])))


def _take_range(reader: _Reader, clocks: list[_Clock], first: _Clock, day: _Day) -> list[_Clock]:
    """From 10:05 to 10:20 yesterday: the second time is of the same day."""
    for clock in clocks:
        if clock.start >= first.end and _known()["range"].search(reader.folded[first.end : clock.start]):
            _take_clock(reader, clock, _Day(clock.start, clock.start, day.day, day.period or first.period))
            return [c for c in clocks if c is not clock]
    return clocks


def _take_clock(reader: _Reader, clock: _Clock, day: _Day | None) -> None:
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
    moment = datetime.combine(base, clock.at.replace(hour=hour), _shanghai()) + timedelta(days=shift)
    if clock.zone:
        zone = "+00:00" if clock.zone in "zZ" else clock.zone
        return datetime.fromisoformat(moment.replace(tzinfo=None).isoformat() + zone).astimezone(_shanghai())
    if moment > now and guessed and day and base == now.date():
        moment -= timedelta(hours=12)
    if moment > now and day is None:
        moment -= timedelta(days=1)
    return moment


def _clock(m: re.Match[str]) -> _Clock | None:
    said = m["h"] or m["hh"] or m["ah"]
    hour, minute, second = _number(said), _number(m["mi"] or m["hm"] or "0"), _number(m["s"] or m["hs"] or "0")
    if m["half"]:
        minute = 30
    elif m["quarter"]:
        minute = 15 * _number(m["quarter"])
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
    m = _choices("periods").match(word)
    return m.lastgroup if m else None


def _moments(reader: _Reader) -> None:
    for m in list(_known()["moment_now"].finditer(reader.folded)):
        reader.take("time", reader.now.isoformat(), *m.span())
    for m in list(_known()["moment_ago"].finditer(reader.folded)):
        count = _value(m["n"]) + (Decimal("0.5") if m["more"] else 0)
        ago = timedelta(seconds=float(count * _table("seconds")[m["unit"]]))
        reader.take("time", (reader.now - ago).isoformat(), *m.span())


def _days(reader: _Reader) -> Iterator[_Day]:
    for m in list(_known()["date"].finditer(reader.folded)):
        day = _day(m, reader.now.date())
        if day is None:
            continue
        tail = _known()["date_tail"].match(reader.folded, m.end())
        yield _Day(m.start(), tail.end() if tail else m.end(), day, _period(tail["period"]) if tail else None)


def _day(m: re.Match[str], today: date) -> date | None:
    if m["y"]:
        return _date(int(m["y"]) % 2000 + 2000, int(m["m"]), int(m["d"]))
    if m["y8"]:
        return _date(int(m["y8"]), int(m["m8"]), int(m["d8"]))
    month, number = m["mm"] or m["sm"] or m["pm"], m["md"] or m["sd"] or m["pd"]
    if month:
        if m["year"]:
            return _date(today.year + _table("years")[m["year"]], _number(month), _number(number))
        day = _date(today.year, _number(month), _number(number))
        return day if day and day <= today else _date(today.year - 1, _number(month), _number(number))
    if m["day"]:
        return today + timedelta(days=_table("days")[m["day"].lower()])
    if m["wd"]:
        monday = today - timedelta(days=today.weekday())
        day = monday + timedelta(
            days=_table("weekdays")[m["wd"]] + _table("weeks")[m["week"] or _known().words["this_week"]]
        )
        return day - timedelta(days=7) if day > today and not m["week"] else day
    if m["ago"]:
        return _ago(m["ago"], m["ago_unit"], today)
    return _day_of_month(_number(m["dom"]), m["month"], today)


def _ago(said: str, unit: str, today: date) -> date | None:
    count = _value(said)
    months = count * _table("months").get(unit, 0)
    if months >= 1:
        return _months_before(today, int(months), today.day)
    return today - timedelta(days=int(count * _table("spans_days")[unit]))


def _months_before(today: date, months: int, day: int) -> date | None:
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    return next((found for d in range(day, day - 4, -1) if (found := _date(year, month + 1, d))), None)


def _day_of_month(number: int, month: str | None, today: date) -> date | None:
    """Of the month named, else the latest day of that number that is not in the future."""
    back = month.count(_known().words["month_back"]) if month else 0
    day = _months_before(today, back, number) if number else None
    if day and day.day != number:
        return None
    return _months_before(today, 1, number) if day and day > today and not month else day


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


# -- money


def _money(reader: _Reader) -> None:
    for m in _choices("currencies").finditer(reader.folded):
        fact = Fact("currency", reader.text[m.start() : m.end()], str(m.lastgroup))
        reader.found.append(_Found(m.start(), fact))
    for m in list(_known()["money"].finditer(reader.folded)):
        if _is_money(m, reader.folded):
            reader.take("amount", f"{_amount(m).normalize():f}", *m.span())


def _is_money(m: re.Match[str], folded: str) -> bool:
    known = _known()
    if (m["counted"] is not None and not m["head"]) or known["some"].search(m["about"] or ""):
        return False
    if known["lump"].search(m[0]):
        return bool(known["paid"].search(folded[max(0, m.start() - 4) : m.start()]))
    return bool(m["head"] or m["unit"] or m["small"] or m["scale"] or known["money_scaled"].search(m["n"]))


def _amount(m: re.Match[str]) -> Decimal:
    total = _value(m["n"])
    if m["scale"]:
        scale = _table("scales")[m["scale"].strip().lower()]
        total *= scale
        if m["rest_scale"]:
            total += _value(m["rest"] or "0") * _table("scales")[m["rest_scale"].lower()]
        elif m["rest"]:
            total += _rest(m["rest"], scale)
    if m["jiao"]:
        jiao = _value(m["jiao"])
        cents = m["mao"] not in _table("tenths") if m["mao"] else len(m["jiao"]) == 2
        total += jiao if jiao < 1 else jiao / (100 if cents else 10)
        total += _value(m["fen"] or "0") / 100
    if m["small"]:
        total /= 10 if m["small"] in _table("tenths") else 100
        total += _value(m["small_fen"] or "0") / 100
    return total


def _rest(said: str, scale: int) -> Decimal:
    """Two after twelve thousand's one: `1w2` is 12000, `1w25` 12500, `1w2345` 12345."""
    value = _value(said)
    if len(said) > 2 or value < 10 ** (len(said) - 1) or value >= 10 ** len(said):
        return value
    return value * scale / Decimal(10 ** len(said))


def _number(said: str) -> int:
    return int(_value(said))


def _value(said: str) -> Decimal:
    """A number in digits or in words; words may leave the last place unsaid, as in three hundred and six(ty)."""
    plain = said.replace(",", "")
    if plain.isascii():
        return Decimal(plain)
    numerals, scales = _table("numerals"), _table("scales")
    whole, _, tenths = plain.partition(_known().words["point"])
    decimals = "".join(str(numerals[word]) for word in tenths)
    if len(whole) > 1 and not any(word in scales for word in whole):
        return Decimal("".join(str(numerals.get(word, word)) for word in whole) + "." + (decimals or "0"))
    total, section, digit, before = 0, 0, Decimal(0), 1
    for word in whole:
        scale = scales.get(word)
        if scale is None:
            digit = Decimal(str(numerals.get(word, word)))
            before = before if digit else 1
        elif scale >= 10_000:
            total, section, digit, before = int((total + section + digit) * scale), 0, Decimal(0), scale
        else:
            section, digit, before = section + int((digit or 1) * scale), Decimal(0), scale
    return total + section + digit * (before // 10 if before >= 100 else 1) + Decimal("0." + (decimals or "0"))


# -- how it was paid


def _channels(reader: _Reader) -> None:
    for name, table in (("channel", "channels"), ("pay_direction", "directions")):
        for m in list(_choices(table).finditer(reader.folded)):
            fact = Fact(name, reader.text[m.start() : m.end()], str(m.lastgroup))
            reader.found.append(_Found(m.start(), fact))
            if m.lastgroup == "ecny":
                reader.folded = reader.folded[: m.start()] + _TAKEN * len(m[0]) + reader.folded[m.end() :]
