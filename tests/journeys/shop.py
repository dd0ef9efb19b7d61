"""The real service over a test's own database, and merchants who talk to it through HTTP."""

from __future__ import annotations

import atexit
import itertools
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.testclient import TestClient
from limits import parse
from sqlalchemy import Engine, MetaData, select
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.channels.widget.routes import Limits
from bot.conversation.ledger import SqlLedger, append_drafts
from bot.conversation.model import Author, Conversation, Draft, Kind, Message
from bot.dialogue.turn import Dialogue
from bot.metrics import Metrics
from bot.organisation.profile import Profile
from bot.parts import Parts, open_parts
from bot.settings import read_settings
from bot.tables import conversations
from bot.tickets.model import Ticket
from bot.tickets.store import TicketStore
from knowledge.database import transaction
from knowledge.store import EntryStore
from knowledge.tables import generations
from tests.doubles import Clock

INDEX = Path(__file__).parents[2] / ".pytest_cache" / "index"
"""Vectors of the seed's texts, kept by their fingerprint from one run to the next."""
MORNING = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
"""10:00 in Shanghai: people are there until 22:00."""
NIGHT = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)
"""23:30 in Shanghai: nobody is there until 08:00."""
UNLIMITED = parse("1000000/minute")


@cache
def prepared() -> Parts:
    """The parts as they are after the first start: the seed's entries served from the built-in encoder's index."""
    home = Path(tempfile.mkdtemp(prefix="shangda-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    INDEX.mkdir(parents=True, exist_ok=True)
    (home / "index").symlink_to(INDEX)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # zhconv leaves its dictionary open
        parts = open_parts(read_settings({"BOT_HOME": str(home)}))
        parts.prepare()
    parts.close()
    return parts


def parts_over(engine: Engine, clock: Clock) -> Parts:
    """Those parts over another database, which is told that its entries are the ones served."""
    ready = prepared()
    with transaction(engine) as connection:
        connection.execute(generations.update().values(value=ready.library.generation))
    return replace(
        ready, engine=engine, store=EntryStore(engine), profile=Profile(engine), metrics=Metrics(), now=clock
    )


@dataclass
class Heard:
    """What came back for one message."""

    body: dict[str, Any]

    @property
    def replies(self) -> list[dict[str, Any]]:
        return [one for one in self.body["messages"] if one["author"] != "merchant"]

    @property
    def said(self) -> str:
        """The merchant's own message as it stands now."""
        return str(self.body["messages"][0]["text"])

    @property
    def text(self) -> str:
        return "\n".join(one["text"] for one in self.replies)

    @property
    def decision(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body.get("decision", {})
        return found

    @property
    def kind(self) -> str | None:
        return self.decision.get("kind")

    @property
    def rule(self) -> str | None:
        return self.decision.get("rule")

    @property
    def entry(self) -> str | None:
        return self.decision.get("entry")

    @property
    def holder(self) -> str:
        return str(self.body["holder"])

    @property
    def choices(self) -> list[dict[str, str]]:
        return [choice for one in self.replies for choice in one.get("choices", ())]

    @property
    def labels(self) -> list[str]:
        return [choice["label"] for choice in self.choices]

    @property
    def links(self) -> list[dict[str, str]]:
        return [one["entry"] for one in self.replies if "entry" in one]

    @property
    def number(self) -> str | None:
        """The ticket's number, if a reply carries a ticket."""
        return next((one["ticket"]["number"] for one in self.replies if "ticket" in one), None)


@dataclass
class Merchant:
    """Somebody with the widget open."""

    http: TestClient
    token: str
    _ids: Iterator[int] = field(default_factory=itertools.count)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def send(self, text: str, choice: str | None = None, client_id: str | None = None) -> httpx.Response:
        body = {"text": text, "client_id": client_id or f"m{next(self._ids)}"}
        body |= {"choice": choice} if choice is not None else {}
        return self.http.post("/api/messages", json=body, headers=self.headers)

    def say(self, text: str, choice: str | None = None, client_id: str | None = None) -> Heard:
        response = self.send(text, choice, client_id)
        assert response.status_code == 200, response.text
        return Heard(response.json())

    def press(self, label: str, heard: Heard) -> Heard:
        """Press one of the choices that were offered."""
        choice = next(one for one in heard.choices if one["label"] == label)
        return self.say(choice["label"], choice["id"])

    def read(self, after: str = "0") -> dict[str, Any]:
        response = self.http.get("/api/messages", params={"after": after}, headers=self.headers)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def tickets(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/api/tickets", headers=self.headers).json()
        return found


@dataclass
class Shop:
    """The service. Its worker stands still unless `working`; its clock until it is moved."""

    parts: Parts
    clock: Clock
    app: FastAPI
    http: TestClient

    def merchant(self) -> Merchant:
        return Merchant(self.http, self.http.post("/api/sessions", json={}).json()["token"])

    @property
    def engine(self) -> Engine:
        return self.parts.engine

    @property
    def person(self) -> str:
        """Who stands behind the newest conversation."""
        return self.conversation.external_user

    @property
    def conversation(self) -> Conversation:
        newest = max(rows(self.engine, "conversations"), key=lambda row: row["created_at"])
        return SqlLedger(self.engine).conversation(str(newest["id"]))

    def ticket(self, number: str | None) -> Ticket:
        assert number is not None
        return TicketStore(self.engine).get(number)

    def staff_say(self, *texts: str, conversation: Conversation | None = None) -> tuple[Message, ...]:
        """What a colleague writes, as the console writes it: with a place in the outbox."""
        with transaction(self.engine) as connection:
            drafts = [Draft(Author.STAFF, Kind.TEXT, text) for text in texts]
            now, theirs = self.clock(), conversation or self.conversation
            locked = select(conversations).where(conversations.c.id == theirs.id).with_for_update()
            connection.execute(locked)  # ids are given out under the conversation's lock
            return append_drafts(connection, theirs, drafts, now, now)


@contextmanager
def open_shop(
    engine: Engine, clock: Clock, *, limited: bool = False, dialogue: Dialogue | None = None
) -> Iterator[Shop]:
    """The service over a database, led by the plain engine or this `dialogue`.

    Unless `limited`, anybody may ask as fast as they like.
    """
    parts = parts_over(engine, clock)
    parts = parts if dialogue is None else replace(parts, dialogue=dialogue)
    app = parts.app()
    if not limited:
        object.__setattr__(app.state.widget, "limits", Limits(UNLIMITED, UNLIMITED, UNLIMITED))
    with TestClient(_without_worker(app), raise_server_exceptions=False, follow_redirects=False) as http:
        yield Shop(parts, clock, app, http)


def _without_worker(app: ASGIApp) -> ASGIApp:
    """The application with its life left out, so that nothing happens in a test but what it asks for."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            return await app(scope, receive, send)
        for event in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{event}.complete"})
        return None

    return served


@contextmanager
def working(shop: Shop) -> Iterator[TestClient]:
    """The service with its worker running."""
    with TestClient(shop.app) as http:
        yield http


def rows(engine: Engine, table: str) -> list[dict[str, Any]]:
    """Everything in a table."""
    kept = MetaData()
    kept.reflect(engine, only=[table])
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(select(kept.tables[table]))]


def everything(engine: Engine) -> str:
    """Every row of every table as one text."""
    kept = MetaData()
    kept.reflect(engine)
    with engine.connect() as connection:
        found = [connection.execute(select(table)).all() for table in kept.tables.values()]
    return "\n".join(str(tuple(row)) for table in found for row in table)
