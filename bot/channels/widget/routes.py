"""The widget's HTTP routes: parse, hand over to the desk, render."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response, WebSocket, WebSocketDisconnect
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter

from bot.channels import phrases
from bot.channels.widget.live import NAME, Hints
from bot.channels.widget.sessions import Sessions
from bot.channels.widget.wire import (
    AnnouncementOut,
    FeedbackIn,
    FeedbackOut,
    MessageIn,
    ReplyOut,
    SessionIn,
    SessionOut,
    TicketOut,
    decision_out,
    message_out,
    ticket_out,
)
from bot.conversation.desk import Desk
from bot.conversation.guard import TextBlank, TextTooLong, clean, mask
from bot.conversation.handoff import card_of
from bot.conversation.ledger import Ledger
from bot.conversation.model import Holder, Inbound, Message
from bot.conversation.signals import ticket_number
from bot.errors import Problem
from bot.organisation.announcements import Announcements
from bot.organisation.feedback import FeedbackBox
from bot.tickets.model import Owner, Ticket, TicketMissing
from bot.tickets.store import TicketStore

HINT_EVERY_SECONDS = 25.0
LIVE_SECONDS = 600.0
FIRST_FRAME_SECONDS = 10.0
MOST_CURSOR = 2**63 - 1  # what a database can count to


@dataclass(frozen=True)
class Limits:
    """Requests a minute: sessions an address, messages a session, messages an address (a shop behind one NAT).

    None where there is no limit.
    """

    sessions: RateLimitItem | None = RateLimitItemPerMinute(30)
    messages: RateLimitItem | None = RateLimitItemPerMinute(40)
    address: RateLimitItem | None = RateLimitItemPerMinute(300)

    @classmethod
    def of(cls, *rates: int) -> Limits:
        """From numbers in the order above; 0 is no limit."""
        return cls(*(RateLimitItemPerMinute(rate) if rate else None for rate in rates))


@dataclass(frozen=True)
class WidgetParts:
    """Everything the routes hand over to."""

    desk: Desk
    ledger: Ledger
    tickets: TicketStore
    sessions: Sessions
    hints: Hints
    announcements: Announcements
    feedback: FeedbackBox
    limiter: FixedWindowRateLimiter
    limits: Limits
    greeting: Callable[[], str]
    now: Callable[[], datetime]


async def _bearer(authorization: Annotated[str, Header()] = "") -> str:
    """Looks nothing up, so it needs no thread of its own."""
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else ""


Bearer = Annotated[str, Depends(_bearer)]
"""The session token the request carries; empty without one."""


def _known(parts: WidgetParts, token: str) -> str:
    """Whose session token it is; 401 where it is nobody's."""
    known = parts.sessions.person(token, parts.now()) if token else None
    if known is None:
        raise Problem("session_unknown", phrases.NO_SESSION, 401)
    return known


def _person(request: Request, token: Bearer) -> str:
    return _known(request.app.state.widget, token)


Person = Annotated[str, Depends(_person)]
"""Whose session token the request carries; 401 without one."""


def add_widget_routes(app: FastAPI, parts: WidgetParts) -> None:
    """All routes under /api that the widget uses."""
    app.state.widget = parts
    router = APIRouter(prefix="/api")
    _session_routes(router, parts)
    _message_routes(router, parts)
    _ticket_routes(router, parts)
    _live_route(router, parts)
    app.include_router(router)


def _allow(parts: WidgetParts, item: RateLimitItem | None, *names: str) -> None:
    if item is not None and not parts.limiter.hit(item, *names):
        raise Problem("too_fast", phrases.TOO_FAST, 429)


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def _session_routes(router: APIRouter, parts: WidgetParts) -> None:
    @router.post("/sessions")
    def open_session(wanted: SessionIn, request: Request) -> SessionOut:
        _allow(parts, parts.limits.sessions, "sessions", _address(request))
        now = parts.now()
        token, _ = parts.sessions.open(now)
        current = [AnnouncementOut(id=str(one.id), text=one.text) for one in parts.announcements.current(now)]
        return SessionOut(
            token=token,
            conversation=None,
            greeting=parts.greeting(),
            suggestions=list(phrases.SUGGESTIONS),
            announcements=current,
        )


def _message_routes(router: APIRouter, parts: WidgetParts) -> None:
    @router.post("/messages", response_model=ReplyOut)
    def send(message: MessageIn, request: Request, token: Bearer) -> Response:
        """Everything on one thread, the session and the JSON too: each change of threads waits behind who is thinking."""
        person = _known(parts, token)
        _allow(parts, parts.limits.messages, "messages", person)
        _allow(parts, parts.limits.address, "address", _address(request))
        inbound = Inbound(NAME, person, message.client_id, message.text, parts.now(), message.choice)
        try:
            reply = parts.desk.receive(inbound)
        except TextBlank:
            raise Problem("text_blank", phrases.BLANK, 422) from None
        except TextTooLong as error:
            raise Problem("text_too_long", phrases.too_long(error.limit), 422) from None
        parts.hints.wake(person)
        shown = (reply.inbound, *reply.messages)
        out = ReplyOut(
            messages=[message_out(one) for one in shown],
            cursor=_cursor(shown, 0),
            holder=reply.holder.value,
            decision=decision_out(reply.decision),
        )
        return Response(out.model_dump_json(exclude_none=True), media_type="application/json")

    @router.get("/messages", response_model_exclude_none=True)
    def read(person: Person, after: Annotated[int, Query(ge=0, le=MOST_CURSOR)] = 0) -> ReplyOut:
        conversation = parts.ledger.find_conversation(NAME, person)
        if conversation is None:
            return ReplyOut(messages=[], cursor=str(after), holder=Holder.BOT.value)
        found = parts.ledger.messages_after(conversation.id, after)
        return ReplyOut(
            messages=[message_out(one) for one in found],
            cursor=_cursor(found, after),
            holder=conversation.holder.value,
        )

    @router.post("/feedback")
    def suggest(feedback: FeedbackIn, person: Person) -> FeedbackOut:
        _allow(parts, parts.limits.messages, "messages", person)
        problem, wish = (mask(clean(text)).text.strip() for text in (feedback.problem, feedback.expectation))
        if not problem:
            raise Problem("text_blank", phrases.BLANK, 422)
        return FeedbackOut(number=parts.feedback.put(problem, wish, person, parts.now()))


def _cursor(messages: tuple[Message, ...] | list[Message], before: int) -> str:
    return str(max((message.id for message in messages), default=before))


def _ticket_routes(router: APIRouter, parts: WidgetParts) -> None:
    @router.get("/tickets")
    def mine(person: Person) -> list[TicketOut]:
        return [ticket_out(card_of(ticket, parts.now())) for ticket in parts.tickets.of_owner(NAME, person)]

    def shown(find: Callable[[str, Owner], Ticket], number: str, person: str) -> TicketOut:
        try:
            return ticket_out(card_of(find(ticket_number(number) or number, Owner(NAME, person)), parts.now()))
        except TicketMissing:
            raise Problem("ticket_missing", phrases.NO_TICKET, 404) from None

    @router.get("/tickets/{number}")
    def one(number: str, person: Person) -> TicketOut:
        return shown(parts.tickets.get_owned, number, person)

    @router.post("/tickets/{number}/urge")
    def urge(number: str, person: Person) -> TicketOut:
        _allow(parts, parts.limits.messages, "messages", person)
        return shown(lambda wanted, owner: parts.tickets.urge(wanted, owner, parts.now()), number, person)


def _live_route(router: APIRouter, parts: WidgetParts) -> None:
    @router.websocket("/live")
    async def live(socket: WebSocket) -> None:
        """First frame `{"token"}`; then `{"type":"new"}` whenever there may be something to read. Ten minutes at most."""
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
            token = _token_in(await asyncio.wait_for(socket.receive(), FIRST_FRAME_SECONDS))
            person = await asyncio.to_thread(parts.sessions.person, token, parts.now())
            if person is None:
                await socket.close(4401)
                return
            await _hint(socket, parts.hints, person)
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await socket.close()


def _token_in(event: Mapping[str, Any]) -> str:
    """The token in a first frame; empty where it holds none, whatever else it may be."""
    try:
        frame = json.loads(event.get("text") or "null")
    except ValueError:
        return ""
    return str(frame.get("token", "")) if isinstance(frame, dict) else ""


async def _hint(socket: WebSocket, hints: Hints, person: str) -> None:
    event = hints.listen(person)
    loop = asyncio.get_running_loop()
    ends = loop.time() + LIVE_SECONDS
    gone = asyncio.create_task(_until_gone(socket))
    try:
        await socket.send_json({"type": "ready"})
        while loop.time() < ends and not gone.done():
            woken = asyncio.create_task(event.wait())
            await asyncio.wait({woken, gone}, timeout=HINT_EVERY_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            woken.cancel()
            if event.is_set():
                event.clear()
                await socket.send_json({"type": "new"})
    finally:
        gone.cancel()
        hints.leave(person, event)


async def _until_gone(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()
