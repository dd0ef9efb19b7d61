"""What every test may ask for: a database, a clock; and what none gets: the network."""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from bot.tables import MIGRATIONS
from bot.tables import metadata as bot_tables
from knowledge.database import migrate, open_database, transaction
from knowledge.tables import metadata as knowledge_tables
from tests.doubles import Clock

NO_POSTGRES = pytest.StashKey[str]()
KINDS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The browser comes last: its driver keeps an event loop running in this thread, which asyncio.run cannot bear."""
    items.sort(key=lambda item: "browser" in item.path.parts)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if (why := config.stash.get(NO_POSTGRES, None)) is not None:
        line = f"WARNING: PostgreSQL could not start, so nothing marked postgres was tested: {why}"
        terminalreporter.write_line(line, red=True, bold=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[str | None]:
    """The address of a real PostgreSQL, without a database's name; None if it cannot start."""
    os.environ.setdefault("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))  # pgserver's lock lies there
    try:
        from pgserver.postgres_server import get_server

        server = get_server(tmp_path_factory.mktemp("postgres") / "data")
    except Exception as error:
        pytestconfig.stash[NO_POSTGRES] = repr(error)
        yield None
        return
    address = server.get_uri("{database}").replace("postgresql://", "postgresql+psycopg://")
    for statement in ("ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()"):  # no test pulls this server's plug
        _on_postgres(address, statement)
    yield address
    server.cleanup()


@pytest.fixture(scope="session")
def postgres_address(postgres_server: str | None) -> str | None:
    """A migrated database that tests take over from each other, emptied: a new one would cost each a quarter second."""
    if postgres_server is None:
        return None
    _on_postgres(postgres_server, "CREATE DATABASE shangda")
    address = postgres_server.format(database="shangda")
    engine = open_database(address)
    migrate(engine, MIGRATIONS)
    engine.dispose()
    return address


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = open_database(f"sqlite:///{path}")
    migrate(engine, MIGRATIONS)
    engine.dispose()
    return path


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A fresh migrated database of each kind."""
    with fresh_database(request.param, request) as engine:
        yield engine


@pytest.fixture(params=KINDS)
def empty_database(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database of each kind with nothing in it, not even tables."""
    with fresh_database(request.param, request, migrated=False) as engine:
        yield engine


@contextmanager
def fresh_database(kind: str, request: pytest.FixtureRequest, *, migrated: bool = True) -> Iterator[Engine]:
    """A database of a kind for one test; skips where PostgreSQL could not start."""
    if kind == "sqlite":
        folder: Path = request.getfixturevalue("tmp_path")
        if migrated:
            shutil.copyfile(request.getfixturevalue("sqlite_template"), folder / "shangda.db")
        engine = open_database(f"sqlite:///{folder / 'shangda.db'}")
        yield engine
        engine.dispose()
        return
    server: str | None = request.getfixturevalue("postgres_server")
    if server is None:
        pytest.skip("PostgreSQL could not start: this is NOT TESTED on it")
    if migrated:
        engine = open_database(request.getfixturevalue("postgres_address"))
        _empty(engine)
        yield engine
        engine.dispose()
        return
    name = f"empty_{uuid.uuid4().hex}"
    _on_postgres(server, f"CREATE DATABASE {name}")
    engine = open_database(server.format(database=name))
    yield engine
    engine.dispose()
    _on_postgres(server, f"DROP DATABASE {name} WITH (FORCE)")


def _empty(engine: Engine) -> None:
    """As it was after migrating; what an earlier test's killed process may still be doing is ended first."""
    others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
    with transaction(engine) as connection:
        connection.execute(text(f"{others} AND datname = current_database()"))
        for tables in (bot_tables, knowledge_tables):  # DELETE: of tables this small, TRUNCATE takes ten times longer
            for table in reversed(tables.sorted_tables):
                connection.execute(table.delete())
        connection.execute(text("SELECT setval(format('%I', sequencename)::regclass, 1, false) FROM pg_sequences"))
        connection.execute(text("INSERT INTO generations (name, value) VALUES ('published', 'empty')"))


def _on_postgres(server: str, statement: str) -> None:
    engine = open_database(server.format(database="postgres"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only loopback and unix sockets; anything else fails with the address it was after."""
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, _only_here(getattr(socket.socket, name)))
    look_up = socket.getaddrinfo

    def look_up_here(host: Any, *more: Any, **named: Any) -> Any:
        if host is not None and not _is_here(host):
            raise RuntimeError(f"the test was about to look up {host!r}")
        return look_up(host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up_here)


def _only_here(reach: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_here(address[0]):
            raise RuntimeError(f"the test was about to reach {address!r}")
        return reach(self, *arguments)

    return guarded


def _is_here(host: str | bytes) -> bool:
    name = host.decode() if isinstance(host, bytes) else host
    if name in ("localhost", "", socket.gethostname()):
        return True
    try:
        return ipaddress.ip_address(name.partition("%")[0]).is_loopback
    except ValueError:
        return False
