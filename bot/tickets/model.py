"""A ticket: a matter a person must settle, its number, its promise, and everything that happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot.conversation.model import Fact

NUMBER_MARK = "{ticket}"
"""Stands in texts for a number that does not exist before the outcome is written."""


class Priority(StrEnum):
    NORMAL = "normal"
    HIGH = "high"
    RED = "red"


class TicketState(StrEnum):
    """`waiting` waits for the merchant. A resolved or closed ticket can only be opened again."""

    OPEN = "open"
    ASSIGNED = "assigned"
    WAITING = "waiting"
    RESOLVED = "resolved"
    CLOSED = "closed"


class TicketMissing(Exception):
    """There is no such ticket, or it is another's: from outside the two must look the same."""

    def __init__(self, number: str) -> None:
        super().__init__(f"no ticket {number}")
        self.number = number


class StepRefused(Exception):
    """A ticket cannot go from its state to the wanted one."""

    def __init__(self, number: str, state: TicketState, wanted: TicketState) -> None:
        super().__init__(f"ticket {number} is {state} and cannot become {wanted}")
        self.number = number
        self.state = state
        self.wanted = wanted


class Owner(NamedTuple):
    """Whose a ticket is: the one who wrote, on the channel they wrote on."""

    channel: str
    external_user: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """`due_at` is when a first answer is due now, `promised_at` what the merchant was told first; it never changes."""

    number: str
    conversation: str
    channel: str
    external_user: str
    queue: str
    priority: Priority
    state: TicketState
    due_at: datetime | None
    promised_at: datetime | None
    facts: tuple[Fact, ...]
    summary: str
    created_at: datetime
    updated_at: datetime

    @property
    def owner(self) -> Owner:
        return Owner(self.channel, self.external_user)


@dataclass(frozen=True, slots=True)
class TicketEvent:
    """What happened to a ticket: created, raised, urged, noted, state, … `author` is one of the staff or a role."""

    kind: str
    detail: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TicketChange:
    """What an outcome does to a ticket: opens one (`number` is None) or raises the one with that number.

    Raising adds facts by name (a later value replaces an earlier one), never lowers the priority and never makes the
    due time later; an empty summary keeps the old one. A resolved or closed ticket is open again.
    """

    queue: str
    priority: Priority
    summary: str
    event: TicketEvent
    facts: tuple[Fact, ...] = ()
    due_at: datetime | None = None
    number: str | None = None


_STEPS: dict[TicketState, frozenset[TicketState]] = {
    TicketState.OPEN: frozenset(TicketState),
    TicketState.ASSIGNED: frozenset(TicketState),
    TicketState.WAITING: frozenset(TicketState),
    TicketState.RESOLVED: frozenset({TicketState.OPEN, TicketState.CLOSED}),
    TicketState.CLOSED: frozenset({TicketState.OPEN}),
}


def may_become(state: TicketState, wanted: TicketState) -> bool:
    """Whether a ticket may go from one state to another; staying where it is always may."""
    return wanted == state or wanted in _STEPS[state]


def raised(before: Ticket, change: TicketChange, now: datetime) -> Ticket:
    """The ticket after a worse or fuller message about the same matter."""
    ranks = list(Priority)
    dues = [due for due in (before.due_at, change.due_at) if due is not None]
    facts = {fact.name: fact for fact in (*before.facts, *change.facts)}
    settled = before.state in (TicketState.RESOLVED, TicketState.CLOSED)
    return Ticket(
        number=before.number,
        conversation=before.conversation,
        channel=before.channel,
        external_user=before.external_user,
        queue=change.queue,
        priority=max(before.priority, change.priority, key=ranks.index),
        state=TicketState.OPEN if settled else before.state,
        due_at=min(dues) if dues else None,
        promised_at=before.promised_at if before.promised_at is not None else change.due_at,
        facts=tuple(facts.values()),
        summary=change.summary or before.summary,
        created_at=before.created_at,
        updated_at=now,
    )


def opened(number: str, conversation: str, owner: Owner, change: TicketChange, now: datetime) -> Ticket:
    """The ticket a change opens."""
    return Ticket(
        number=number,
        conversation=conversation,
        channel=owner.channel,
        external_user=owner.external_user,
        queue=change.queue,
        priority=change.priority,
        state=TicketState.OPEN,
        due_at=change.due_at,
        promised_at=change.due_at,
        facts=change.facts,
        summary=change.summary,
        created_at=now,
        updated_at=now,
    )


def ticket_day(now: datetime) -> str:
    """The day a number is counted under, as people in China read it: `20261122`."""
    return now.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%Y%m%d")


def ticket_number(day: str, running: int) -> str:
    return f"TK{day}-{running:04d}"
