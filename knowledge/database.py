"""The database door: how it is opened, written and migrated, and columns that mean the same everywhere.

SQLite and PostgreSQL are told apart here and nowhere else, save where a table asks for a partial index.
"""

from __future__ import annotations

import json
import math
import numbers
import sqlite3
import threading
import time
import types
import typing
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, date, datetime
from enum import Enum
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import JSON, Connection, DateTime, Dialect, Engine, Table, Text, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator

from knowledge.errors import KnowledgeError

__all__ = ["Connection", "Engine"]

T = TypeVar("T")

BUSY_SECONDS = 10.0
_MIGRATION_LOCK = 0x5348414E474441  # any constant: the name of the advisory lock all our processes agree on
_WRITES, _LASTING = "shangda_writes", "shangda_lasting"
_turns: WeakKeyDictionary[Engine, threading.Lock] = WeakKeyDictionary()
"""Of SQLite's engines. Who waits for SQLite's own lock looks for it every few to 100 ms; here the next one is woken."""


class DatabaseUnsupported(KnowledgeError):
    """The address names neither a SQLite file nor PostgreSQL."""


class DatabaseNewer(KnowledgeError):
    """The database was migrated by a later version of the software than this one."""


@dataclass(frozen=True, slots=True)
class Migrations:
    """Where a package keeps its migrations; its state is kept in the table `alembic_version_<package>`."""

    package: str
    folder: Path


KNOWLEDGE_MIGRATIONS = Migrations("knowledge", Path(__file__).parent / "migrations")


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment, to the microsecond; a naive one is a `ValueError`."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone, and {value!r} has none")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class CleanText(TypeDecorator[str]):
    """Text without what a database refuses (NUL, half a surrogate pair): a message can always be written down."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else _clean(value)


Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def open_database(url: str) -> Engine:
    """An engine for a SQLite file or PostgreSQL (psycopg 3). Nothing is opened before it is used.

    Raises `DatabaseUnsupported`. A SQLite database in memory is refused: it would not outlive a thread.
    """
    address = make_url(url)
    serialise = partial(json.dumps, ensure_ascii=False, allow_nan=False)
    if address.get_backend_name() == "postgresql":
        return create_engine(
            address.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            hide_parameters=True,  # what merchants wrote must not reach a log through an error
            json_serializer=serialise,
            connect_args={"connect_timeout": int(BUSY_SECONDS)},
        )
    if address.get_backend_name() != "sqlite" or not address.database or address.database == ":memory:":
        raise DatabaseUnsupported(address.render_as_string(hide_password=True))
    Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        address, json_serializer=serialise, hide_parameters=True, connect_args={"timeout": BUSY_SECONDS}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    _turns[engine] = threading.Lock()
    return engine


@contextmanager
def transaction(engine: Engine, *, lasting: bool = True) -> Iterator[Connection]:
    """One transaction that writes: committed at the end, undone by any exception.

    On SQLite it takes the write lock at once, so that what it reads cannot change before it writes. One that need not
    be `lasting` by itself waits for no disk there: it outlives this process, but a power cut only together with the
    next one that is lasting (the log of both is one file, and is synced as a whole).
    """
    with _turn(engine), engine.connect() as connection:
        connection.execution_options(**{_WRITES: True, _LASTING: lasting})
        with connection.begin():
            yield connection


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """Threads of this process write to SQLite one after the other; one that waits too long leaves it to SQLite."""
    lock = _turns.get(engine)
    mine = lock is not None and lock.acquire(timeout=BUSY_SECONDS)
    try:
        yield
    finally:
        if lock is not None and mine:
            lock.release()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection to read with; it waits for no writer and none waits for it."""
    with engine.connect() as connection:
        yield connection


def insert_or(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT, in the dialect at hand."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def migrate(engine: Engine, *others: Migrations) -> None:
    """Bring the tables of knowledge, then of each of the others, to their newest form; all of it or none.

    Safe when several processes start at once: the first does it, the rest wait and find it done.
    Raises `DatabaseNewer`.
    """
    with transaction(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        for migrations in (KNOWLEDGE_MIGRATIONS, *others):
            _upgrade(connection, migrations)


def as_json(value: Any) -> Any:
    """A value of dataclasses, enums, dates and numbers as plain JSON; numbers that are not finite become null."""
    kind: Any = type(value)
    if kind is str:  # by far the most values are one of these
        return _clean(value)
    if value is None or kind is bool or kind is int:
        return value
    if names := _fields(kind):
        return {name: as_json(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {_clean(str(key)): as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(item) for item in value]
    if isinstance(value, Enum):
        return as_json(value.value)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone, and {value!r} has none")
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return _clean(value)
    return _number(value) if isinstance(value, numbers.Real) else value


def _number(value: Any) -> float | None:
    if isinstance(value, numbers.Integral):
        return int(value)
    return float(value) if math.isfinite(value) else None


def from_json(kind: type[T], data: Any) -> T:
    """The dataclass that `as_json` took apart. Unknown fields are ignored and missing ones take their default,
    so that what an older or newer version wrote can be read."""
    return cast(T, _restore(kind, data))


def _restore(kind: Any, data: Any) -> Any:
    return None if data is None else _reader(kind)(data)


@lru_cache(maxsize=256)
def _reader(kind: Any) -> Callable[[Any], Any]:
    """What makes a value of a kind from its JSON, which is not null."""
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _reader(next(kind for kind in inner if kind is not types.NoneType))
    if origin is tuple and inner[-1] is Ellipsis:
        return lambda data: tuple([_restore(inner[0], item) for item in data])
    if origin is tuple:
        return lambda data: tuple([_restore(*pair) for pair in zip(inner, data, strict=True)])
    if is_dataclass(kind):
        return partial(_remade, kind)
    if isinstance(kind, type) and issubclass(kind, date):
        return kind.fromisoformat
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    return lambda data: data


def _remade(kind: Any, data: Any) -> Any:
    return kind(**{name: _restore(hint, data[name]) for name, hint in _hints(kind).items() if name in data})


@lru_cache(maxsize=64)
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


@lru_cache(maxsize=256)
def _fields(kind: type) -> tuple[str, ...]:
    """The names of a dataclass's fields; none of any other type."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


def _clean(text: str) -> str:
    return text.replace("\0", "").encode("utf8", "replace").decode("utf8")


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # sqlite3 must not begin transactions of its own; `_begin_sqlite` does
    _use_wal(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")  # in WAL, NORMAL would lose the last commits with the power


def _use_wal(connection: Any) -> None:
    """Switch to WAL; the switch itself does not wait its turn as other statements do, so two first openers retry."""
    give_up_at = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchone()
            return
        except sqlite3.OperationalError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    if writes:
        lasting = connection.get_execution_options().get(_LASTING, True)
        connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _upgrade(connection: Connection, migrations: Migrations) -> None:
    script = ScriptDirectory(str(migrations.folder))

    def to_head(revision: Any, _context: Any) -> Any:
        return script._upgrade_revs("head", revision)  # what alembic.command.upgrade hands to an env.py

    with EnvironmentContext(Config(), script) as environment:
        environment.configure(connection=connection, version_table=f"alembic_version_{migrations.package}", fn=to_head)
        try:
            environment.run_migrations()
        except CommandError as error:
            raise DatabaseNewer(f"{migrations.package}: {error}") from error
