"""Everything an organisation sets for itself: texts that answers refer to, and what the service runs by."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import yaml

from bot.organisation.hours import WEEKDAYS, parse_date, parse_day
from bot.tables import read_settings, settings_version, write_setting
from bot.tickets.service_levels import GENERAL
from knowledge.database import Engine, reading, transaction

SETTINGS_FILE = Path(__file__).parent / "settings.yml"
TEXT_MAX_CHARS = 2000
LINE_MAX_CHARS = 200
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|\{\{|\}\}")


class SettingUnknown(Exception):
    """There is no setting of this name."""


class SettingRefused(Exception):
    """A value does not fit its setting; `reason` says in English what is wrong with it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


@dataclass(frozen=True, slots=True)
class SettingDefinition:
    """A setting as the console shows it.

    `kind` is text (answers refer to it by name; `default` is the honest stand-in while it is unset) or one of line,
    week, dates, peaks, levels, pattern, rate, fixed. An unset text takes the value of the setting it `follows`.
    """

    name: str
    label: str
    group: str
    hint: str
    kind: str
    default: Any
    follows: str | None = None


@lru_cache(maxsize=1)
def definitions() -> dict[str, SettingDefinition]:
    """Every setting by name, in the order people read them."""
    data = yaml.safe_load(SETTINGS_FILE.read_text(encoding="utf8"))
    found = [
        SettingDefinition(name, name, group, one["hint"], "text", one["unset"], one.get("follows"))
        for group, members in data["texts"].items()
        for name, one in members.items()
    ]
    found += [
        SettingDefinition(name, one["label"], group, one["hint"], one["kind"], one["default"])
        for group, members in data["operation"].items()
        for name, one in members.items()
    ]
    return {one.name: one for one in found}


class Profile:
    """The settings as they are now, whichever process changed them; unchanged ones are read from memory."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = Lock()
        self._version: str | None = None
        self._values: dict[str, Any] = {}

    def defined(self) -> list[SettingDefinition]:
        return list(definitions().values())

    def get(self, name: str) -> Any:
        """The value that was set, else the default. Raises `SettingUnknown`."""
        return _value(_definition(name), self._current())

    def values(self) -> dict[str, str]:
        """Every text that answers may refer to; where none was set, the honest stand-in."""
        current = self._current()
        return {one.name: str(_value(one, current)) for one in definitions().values() if one.kind == "text"}

    def unset(self) -> list[str]:
        """Names of texts that nobody has filled in."""
        current = self._current()
        return [one.name for one in definitions().values() if one.kind == "text" and one.name not in current]

    def set(self, name: str, value: Any, by: str, now: datetime) -> None:
        """Set a value; None unsets it. Raises `SettingUnknown`, `SettingRefused`."""
        definition = _definition(name)
        if definition.kind == "fixed":
            raise SettingRefused(name, "it is fixed")
        if value is not None:
            value = value.strip() if isinstance(value, str) else value
            try:
                _CHECKS[definition.kind](value)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise SettingRefused(name, str(error)) from error
        with transaction(self._engine) as connection:
            write_setting(connection, name, value, by, now)

    def _current(self) -> dict[str, Any]:
        with reading(self._engine) as connection:
            version = settings_version(connection)
            with self._lock:
                if version == self._version:
                    return self._values
            values = read_settings(connection)  # perhaps newer than `version`: then the next look reads once more
        with self._lock:
            self._version, self._values = version, values
        return values


def _definition(name: str) -> SettingDefinition:
    try:
        return definitions()[name]
    except KeyError:
        raise SettingUnknown(name) from None


def _value(definition: SettingDefinition, current: dict[str, Any]) -> Any:
    if definition.name in current:
        return copy.deepcopy(current[definition.name])
    if definition.follows is not None:
        return _value(_definition(definition.follows), current)
    return copy.deepcopy(definition.default)


def _check_text(value: Any, limit: int = TEXT_MAX_CHARS) -> None:
    if not isinstance(value, str) or not value:
        raise ValueError("it must be a text that is not blank")
    if len(value) > limit:
        raise ValueError(f"it is longer than {limit} characters")
    if _FORBIDDEN.search(value):
        raise ValueError("it holds control characters or braces that mean another setting")


def _check_line(value: Any) -> None:
    _check_text(value, LINE_MAX_CHARS)
    if "\n" in value:
        raise ValueError("it must be one line")


def _check_week(value: Any) -> None:
    if set(value) != set(WEEKDAYS):
        raise ValueError(f"it needs exactly {', '.join(WEEKDAYS)}")
    for day in value.values():
        parse_day(day)


def _check_dates(value: Any) -> None:
    for day, hours in value.items():
        parse_date(day)
        parse_day(hours)


def _check_peaks(value: Any) -> None:
    if not isinstance(value, list):
        raise TypeError("it must be a list")
    for peak in value:
        if parse_date(peak["until"]) < parse_date(peak["from"]):
            raise ValueError("it ends before it begins")
        parse_day(peak["hours"])


def _check_levels(value: Any) -> None:
    if GENERAL not in value:
        raise ValueError(f"it needs the level {GENERAL}")
    for level in value.values():
        minutes = level["minutes"]
        if not isinstance(minutes, int) or isinstance(minutes, bool) or not 0 < minutes <= 30 * 24 * 60:
            raise ValueError("minutes must be a whole number, at most thirty days")
        if not isinstance(level["in_service_hours"], bool):
            raise TypeError("in_service_hours must be true or false")


def _check_pattern(value: Any) -> None:
    _check_line(value)
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"it is no regular expression: {error}") from error


def _check_rate(value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 < value <= 0.5:
        raise ValueError("it must be above 0 and at most 0.5")


_CHECKS: dict[str, Callable[[Any], None]] = {
    "text": _check_text,
    "line": _check_line,
    "week": _check_week,
    "dates": _check_dates,
    "peaks": _check_peaks,
    "levels": _check_levels,
    "pattern": _check_pattern,
    "rate": _check_rate,
}
