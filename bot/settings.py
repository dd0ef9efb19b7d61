"""Settings of the process, from environment variables. What an organisation sets for itself is in `organisation`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.bootstrap import ROOT

T = TypeVar("T")

BUILT_IN = "built-in"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
NO_LIMITS = (0, 0, 0)
OFF = "off"
_MOST_PREFIX_CHARS = 200
_DATABASE = re.compile(r"(sqlite:///.+|postgresql(\+psycopg)?://.+)", re.DOTALL)
_HOST = re.compile(r"[\w.:%-]+")
_HUB_NAME = re.compile(r"[\w-][\w.-]*(/[\w.-]+)?")
_RATES = re.compile(r"([0-9]{1,6}) *, *([0-9]{1,6}) *, *([0-9]{1,6})")
_URL = re.compile(r"https?://[^\s/?#]+(/[^\s?#]*)?")
_PASSWORD = re.compile(r"(?<=:)[^:@/]*(?=@)")


class EnvironmentRefused(Exception):
    """An environment variable has a value that cannot be used. `shown` is the value with any password taken out."""

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self.shown = _PASSWORD.sub("***", value)
        super().__init__(f"{name}={self.shown}")


@dataclass(frozen=True, slots=True)
class Settings:
    """How this process runs.

    `home` holds everything the software writes. `encoder` is `built-in`, a folder, or a name on a model hub. The
    prefixes go before every question and every text that is searched, spaces included; None: what the model expects.
    `public_url` is how merchants reach the service, without a slash at its end; empty if that is host and port.
    `rate_limits` are requests a minute, as in `bot.channels.widget.routes.Limits`: sessions an address, messages a
    session, messages an address; 0 where there is none. None: those that `Limits` has.
    """

    home: Path
    database_url: str
    host: str
    port: int
    encoder: str
    encoder_query_prefix: str | None
    encoder_passage_prefix: str | None
    public_url: str
    log_level: str
    rate_limits: tuple[int, int, int] | None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings in these environment variables; an empty one counts as absent. Raises `EnvironmentRefused`."""

    def read(field: str, reader: Callable[[str], T], default: T, *, exact: bool = False) -> T:
        name = variable_of(field)
        given = environment.get(name, "")
        given = given if exact and given.strip() else given.strip()
        try:
            return reader(given) if given else default
        except (ValueError, OSError, RuntimeError) as error:
            raise EnvironmentRefused(name, given) from error

    home = read("home", _home, ROOT / "var")
    return Settings(
        home=home,
        database_url=read("database_url", _matching(_DATABASE), f"sqlite:///{home / 'shangda.db'}"),
        host=read("host", _matching(_HOST), "127.0.0.1"),
        port=read("port", _port, 8080),
        encoder=read("encoder", _encoder, BUILT_IN),
        encoder_query_prefix=read("encoder_query_prefix", _prefix, None, exact=True),
        encoder_passage_prefix=read("encoder_passage_prefix", _prefix, None, exact=True),
        public_url=read("public_url", _public_url, ""),
        log_level=read("log_level", _log_level, "INFO"),
        rate_limits=read("rate_limits", _rate_limits, None),
    )


def variable_of(field: str) -> str:
    """The environment variable that a field of `Settings` is read from."""
    return "DATABASE_URL" if field == "database_url" else f"BOT_{field.upper()}"


def _home(text: str) -> Path:
    folder = Path(text).expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        raise ValueError("not a folder")
    return folder


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        raise ValueError("not a port")
    return int(text)


def _encoder(text: str) -> str:
    if text == BUILT_IN or Path(text).expanduser().is_dir():
        return text if text == BUILT_IN else str(Path(text).expanduser().absolute())
    return _matching(_HUB_NAME)(text)


def _prefix(text: str) -> str | None:
    if len(text) > _MOST_PREFIX_CHARS or not text.isprintable():
        raise ValueError("not one short line")
    return "" if text.strip().lower() == OFF else text


def _log_level(text: str) -> str:
    if text.upper() not in LOG_LEVELS:
        raise ValueError("not a level")
    return text.upper()


def _rate_limits(text: str) -> tuple[int, int, int] | None:
    if text.lower() == OFF:
        return NO_LIMITS
    found = _RATES.fullmatch(text)
    if found is None:
        raise ValueError("not three whole numbers")
    sessions, messages, address = map(int, found.groups())
    return sessions, messages, address


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError("it does not look like one")
        return text

    return read


def _public_url(text: str) -> str:
    return _matching(_URL)(text).rstrip("/")
