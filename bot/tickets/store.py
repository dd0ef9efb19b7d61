"""Tickets as they stand in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.conversation.model import Fact, Message
from bot.tables import messages_of, ticket_counters, ticket_events, tickets
from bot.tickets.model import (
    NUMBER_MARK,
    Owner,
    Priority,
    StepRefused,
    Ticket,
    TicketChange,
    TicketEvent,
    TicketMissing,
    TicketState,
    may_become,
    opened,
    raised,
    ticket_day,
    ticket_number,
)
from knowledge.database import Connection, Engine, as_json, from_json, insert_or, reading, transaction


class TicketStore:
    """Reads and changes tickets. What a merchant asks for goes through `get_owned`, `of_owner` and `urge`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, number: str) -> Ticket:
        """For staff. Raises `TicketMissing`."""
        with reading(self._engine) as connection:
            return _load(connection, number)

    def get_owned(self, number: str, owner: Owner) -> Ticket:
        """For the merchant. Another's number raises the same `TicketMissing` as one that does not exist."""
        with reading(self._engine) as connection:
            return _load(connection, number, owner)

    def of_owner(self, channel: str, external_user: str) -> list[Ticket]:
        """A merchant's tickets, newest first."""
        theirs = select(tickets).where(tickets.c.channel == channel, tickets.c.external_user == external_user)
        with reading(self._engine) as connection:
            found = connection.execute(theirs.order_by(tickets.c.created_at.desc(), tickets.c.number.desc()))
            return [_ticket_of(row) for row in found]

    def events(self, number: str) -> list[TicketEvent]:
        """What happened, oldest first. Raises `TicketMissing`."""
        with reading(self._engine) as connection:
            _load(connection, number)
            happened = select(ticket_events).where(ticket_events.c.number == number).order_by(ticket_events.c.id)
            return [TicketEvent(row.kind, row.detail, row.author, row.at) for row in connection.execute(happened)]

    def transcript(self, number: str) -> list[Message]:
        """Every message of the ticket's conversation, oldest first. Raises `TicketMissing`."""
        with reading(self._engine) as connection:
            return messages_of(connection, _load(connection, number).conversation)

    def urge(self, number: str, owner: Owner, now: datetime) -> Ticket:
        """The merchant asks to hurry: kept as an event; a ticket that is overdue gets high priority."""
        with transaction(self._engine) as connection:
            ticket = _load(connection, number, owner, lock=True)
            overdue = ticket.due_at is not None and ticket.due_at < now
            promote = overdue and ticket.priority == Priority.NORMAL
            changes: dict[str, Any] = {"priority": Priority.HIGH.value} if promote else {}
            _change(connection, number, TicketEvent("urged", "", "merchant", now), changes)
            return _load(connection, number)

    def add_note(self, number: str, author: str, text: str, now: datetime, kind: str = "noted") -> None:
        """Keep something that was said or done about a ticket; merchants do not see it. Raises `TicketMissing`."""
        with transaction(self._engine) as connection:
            _load(connection, number, lock=True)
            _change(connection, number, TicketEvent(kind, text, author, now), {})

    def set_state(self, number: str, state: TicketState, author: str, now: datetime) -> Ticket:
        """Move a ticket; to stay where it is leaves no event. Raises `StepRefused`, `TicketMissing`."""
        with transaction(self._engine) as connection:
            before = _load(connection, number, lock=True)
            if not may_become(before.state, state):
                raise StepRefused(number, before.state, state)
            if state != before.state:
                event = TicketEvent("state", f"{before.state} {state}", author, now)
                _change(connection, number, event, {"state": state.value})
            return _load(connection, number)


def write_ticket(
    connection: Connection, conversation_id: str, owner: Owner, change: TicketChange, now: datetime
) -> Ticket:
    """Open or raise a ticket inside the caller's transaction.

    A new number is the next of its day in Shanghai. The counter's row stays locked until the transaction ends, so an
    undone one gives its number back and there are no holes. Raises `TicketMissing`.
    """
    if change.number is None:
        ticket = opened(_next_number(connection, now), conversation_id, owner, change, now)
        connection.execute(tickets.insert().values(**_columns(ticket)))
    else:
        ticket = raised(_load(connection, change.number, owner, lock=True), change, now)
        connection.execute(tickets.update().where(tickets.c.number == ticket.number).values(**_columns(ticket)))
    _append_event(connection, ticket.number, change.event)
    return ticket


def _next_number(connection: Connection, now: datetime) -> str:
    day = ticket_day(now)
    first = insert_or(connection, ticket_counters).values(day=day, last=1)
    counted = first.on_conflict_do_update(
        index_elements=[ticket_counters.c.day], set_={"last": ticket_counters.c.last + 1}
    )
    return ticket_number(day, connection.execute(counted.returning(ticket_counters.c.last)).scalar_one())


def _load(connection: Connection, number: str, owner: Owner | None = None, *, lock: bool = False) -> Ticket:
    wanted = select(tickets).where(tickets.c.number == number)
    if owner is not None:
        wanted = wanted.where(tickets.c.channel == owner.channel, tickets.c.external_user == owner.external_user)
    row = connection.execute(wanted.with_for_update() if lock else wanted).one_or_none()
    if row is None:
        raise TicketMissing(number)
    return _ticket_of(row)


def _change(connection: Connection, number: str, event: TicketEvent, changes: dict[str, Any]) -> None:
    connection.execute(tickets.update().where(tickets.c.number == number).values(updated_at=event.at, **changes))
    _append_event(connection, number, event)


def _append_event(connection: Connection, number: str, event: TicketEvent) -> None:
    detail = event.detail.replace(NUMBER_MARK, number)
    connection.execute(
        ticket_events.insert().values(number=number, kind=event.kind, detail=detail, author=event.author, at=event.at)
    )


def _columns(ticket: Ticket) -> dict[str, Any]:
    return {
        "number": ticket.number,
        "conversation_id": ticket.conversation,
        "channel": ticket.channel,
        "external_user": ticket.external_user,
        "queue": ticket.queue,
        "priority": ticket.priority.value,
        "state": ticket.state.value,
        "due_at": ticket.due_at,
        "promised_at": ticket.promised_at,
        "facts": as_json(ticket.facts),
        "summary": ticket.summary,
        "created_at": ticket.created_at,
        "updated_at": ticket.updated_at,
    }


def _ticket_of(row: Row[Any]) -> Ticket:
    return Ticket(
        number=row.number,
        conversation=row.conversation_id,
        channel=row.channel,
        external_user=row.external_user,
        queue=row.queue,
        priority=Priority(row.priority),
        state=TicketState(row.state),
        due_at=row.due_at,
        promised_at=row.promised_at,
        facts=from_json(tuple[Fact, ...], row.facts),
        summary=row.summary,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
