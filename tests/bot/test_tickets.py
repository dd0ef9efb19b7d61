"""Tickets: whose they are, how they move, what is promised; and the outbox their news goes through."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.channels.outbox import DeliveryState, Outbox
from bot.conversation.ledger import Outcome, SqlLedger
from bot.conversation.model import Author, Draft, Fact, Holder, Inbound, Kind, Message, State
from bot.organisation.hours import Hours
from bot.tickets.model import (
    Owner,
    Priority,
    StepRefused,
    TicketChange,
    TicketEvent,
    TicketMissing,
    TicketState,
    may_become,
)
from bot.tickets.routing import queue_for, queue_names
from bot.tickets.service_levels import Promise, promise
from bot.tickets.store import TicketStore
from tests.doubles import Clock

OWNER = Owner("widget", "merchant-1")
NUMBER = "TK20261122-0001"
Converse = Callable[..., tuple[Message, ...]]


@pytest.fixture
def converse(database: Engine, clock: Clock) -> Converse:
    """Say something as a merchant, and have it concluded with some replies and a change to a ticket."""
    ledger = SqlLedger(database)
    ids = itertools.count()

    def act(change: TicketChange | None = None, replies: int = 1, user: str = "merchant-1") -> tuple[Message, ...]:
        recorded = ledger.record(Inbound("widget", user, str(next(ids)), "退款没到账", clock()))
        drafts = tuple(Draft(Author.BOT, Kind.TEXT, f"第 {place} 句") for place in range(replies))
        result = Outcome({}, drafts, State(), Holder.BOT, change, None, 1.0)
        return ledger.conclude(ledger.conversation(recorded.conversation.id), recorded.inbound, result, clock())

    return act


@pytest.fixture
def tickets(database: Engine) -> TicketStore:
    return TicketStore(database)


def a_change(clock: Clock, **more: Any) -> TicketChange:
    given: dict[str, Any] = {
        "queue": "merchant_service",
        "priority": Priority.NORMAL,
        "summary": "退款没到账",
        "event": TicketEvent("created", "工单 {ticket}", "bot", clock()),
        "facts": (Fact("amount", "298块", "298.00"), Fact("time", "昨晚", "2026-11-21T20:00:00+08:00")),
        "due_at": clock() + timedelta(hours=4),
    }
    return TicketChange(**(given | more))


def test_a_new_ticket_is_all_that_was_known(tickets: TicketStore, converse: Converse, clock: Clock) -> None:
    change = a_change(clock)
    [reply] = converse(change)
    ticket = tickets.get(NUMBER)
    assert (ticket.queue, ticket.priority, ticket.state) == ("merchant_service", Priority.NORMAL, TicketState.OPEN)
    assert (ticket.facts, ticket.summary, ticket.owner) == (change.facts, "退款没到账", OWNER)
    assert ticket.due_at == ticket.promised_at == change.due_at
    assert ticket.conversation == reply.conversation
    assert tickets.events(NUMBER) == [TicketEvent("created", f"工单 {NUMBER}", "bot", clock.now)]


def test_raising_adds_facts_and_never_lowers_or_delays(tickets: TicketStore, converse: Converse, clock: Clock) -> None:
    converse(a_change(clock))
    first_due = tickets.get(NUMBER).due_at
    worse = a_change(clock, number=NUMBER, queue="risk_red", priority=Priority.RED, summary="", facts=())
    converse(replace(worse, due_at=clock() + timedelta(minutes=30), event=TicketEvent("raised", "", "bot", clock())))
    fuller = a_change(clock, number=NUMBER, queue="risk_red", facts=(Fact("amount", "398块", "398.00"),))
    converse(replace(fuller, due_at=clock() + timedelta(days=3)))
    ticket = tickets.get(NUMBER)
    assert (ticket.queue, ticket.priority) == ("risk_red", Priority.RED)
    assert (ticket.due_at, ticket.promised_at) == (clock() + timedelta(minutes=30), first_due)
    assert [fact.value for fact in ticket.facts] == ["398.00", "2026-11-21T20:00:00+08:00"]
    assert ticket.summary == "退款没到账"
    assert [event.kind for event in tickets.events(NUMBER)] == ["created", "raised", "created"]


def test_raising_a_resolved_ticket_opens_it_again(tickets: TicketStore, converse: Converse, clock: Clock) -> None:
    converse(a_change(clock))
    tickets.set_state(NUMBER, TicketState.RESOLVED, "ana", clock())
    converse(a_change(clock, number=NUMBER))
    assert tickets.get(NUMBER).state == TicketState.OPEN


def test_anothers_number_reads_exactly_like_one_that_does_not_exist(
    tickets: TicketStore, converse: Converse, clock: Clock
) -> None:
    converse(a_change(clock), user="somebody-else")
    said = set()
    for number in (NUMBER, "TK20261122-0404"):
        with pytest.raises(TicketMissing) as reading:
            tickets.get_owned(number, OWNER)
        with pytest.raises(TicketMissing) as urging:
            tickets.urge(number, OWNER, clock())
        said |= {str(caught.value).replace(number, "#") for caught in (reading, urging)}
    assert len(said) == 1
    assert [event.kind for event in tickets.events(NUMBER)] == ["created"]
    for staff_ask in (tickets.get, tickets.events, tickets.transcript):
        with pytest.raises(TicketMissing):
            staff_ask("TK20261122-0404")


def test_a_merchant_sees_their_own_tickets_newest_first(tickets: TicketStore, converse: Converse, clock: Clock) -> None:
    converse(a_change(clock))
    clock.advance(60)
    converse(a_change(clock))
    converse(a_change(clock), user="somebody-else")
    assert [ticket.number for ticket in tickets.of_owner(*OWNER)] == ["TK20261122-0002", NUMBER]
    assert tickets.get_owned(NUMBER, OWNER) == tickets.get(NUMBER)
    assert tickets.of_owner("wechat", "merchant-1") == []


def test_urging_is_kept_and_an_overdue_ticket_moves_up(tickets: TicketStore, converse: Converse, clock: Clock) -> None:
    converse(a_change(clock))
    assert tickets.urge(NUMBER, OWNER, clock.advance(hours=1)).priority == Priority.NORMAL
    assert tickets.urge(NUMBER, OWNER, clock.advance(hours=4)).priority == Priority.HIGH
    assert [event.kind for event in tickets.events(NUMBER)] == ["created", "urged", "urged"]
    assert tickets.get(NUMBER).updated_at == clock.now


def test_notes_are_events_with_their_author(tickets: TicketStore, converse: Converse, clock: Clock) -> None:
    converse(a_change(clock))
    tickets.add_note(NUMBER, "ana", "已联系银行", clock())
    tickets.add_note(NUMBER, "merchant", "5", clock(), kind="rated")
    assert tickets.events(NUMBER)[1:] == [
        TicketEvent("noted", "已联系银行", "ana", clock.now),
        TicketEvent("rated", "5", "merchant", clock.now),
    ]


def test_a_ticket_moves_and_staying_leaves_no_event(tickets: TicketStore, converse: Converse, clock: Clock) -> None:
    converse(a_change(clock))
    assert tickets.set_state(NUMBER, TicketState.ASSIGNED, "ana", clock()).state == TicketState.ASSIGNED
    tickets.set_state(NUMBER, TicketState.ASSIGNED, "ana", clock())
    tickets.set_state(NUMBER, TicketState.CLOSED, "ana", clock())
    with pytest.raises(StepRefused):
        tickets.set_state(NUMBER, TicketState.WAITING, "ana", clock())
    assert [event.detail for event in tickets.events(NUMBER)[1:]] == ["open assigned", "assigned closed"]


def test_settled_tickets_can_only_be_closed_or_opened_again() -> None:
    live = (TicketState.OPEN, TicketState.ASSIGNED, TicketState.WAITING)
    assert all(may_become(state, wanted) for state in live for wanted in TicketState)
    steps = {state: {wanted for wanted in TicketState if may_become(state, wanted)} for state in TicketState}
    assert steps[TicketState.RESOLVED] == {TicketState.OPEN, TicketState.RESOLVED, TicketState.CLOSED}
    assert steps[TicketState.CLOSED] == {TicketState.OPEN, TicketState.CLOSED}


def test_the_transcript_is_the_whole_conversation(tickets: TicketStore, converse: Converse, clock: Clock) -> None:
    converse(replies=2)
    converse(a_change(clock), replies=1)
    said = ["退款没到账", "第 0 句", "第 1 句", "退款没到账", "第 0 句"]
    assert [message.text for message in tickets.transcript(NUMBER)] == said


def test_every_intent_has_the_queue_the_research_gave_it() -> None:
    names = {
        "refund_failed_delay": "merchant_service",
        "signature_error": "tech_support",
        "fund_loss_emergency": "risk_red",
        "complaint_file": "complaints",
        "customs_declaration": "cross_border",
        "enterprise_manager": "enterprise",
    }
    assert {intent: queue_for(intent) for intent in names} == names
    assert set(names.values()) == set(queue_names())


@pytest.mark.parametrize(
    ("intent", "queue"),
    [
        ("fund_loss_emergency", "risk_red"),
        ("signature_error", "tech_support"),
        ("complaint_file", "complaints"),
        ("customs_declaration", "cross_border"),
        ("fee_rule_change_request", "enterprise"),
        ("refund_failed_delay", "merchant_service"),
    ],
)
def test_an_intent_goes_to_its_desk(intent: str, queue: str) -> None:
    assert queue in queue_names()
    assert queue_for(intent, "the default") == queue


@pytest.mark.parametrize("intent", [None, "greeting", "ticket_create", "ticket_urge", "nonsense"])
def test_what_has_no_desk_of_its_own_goes_where_its_matter_belongs(intent: str | None) -> None:
    assert queue_for(intent, "tech_support") == "tech_support"


class Given:
    """Settings for a promise: a day from 8 to 22, and three levels."""

    def get(self, name: str) -> Any:
        days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
        return {
            "service_hours": {day: [["08:00", "22:00"]] for day in days},
            "holidays": {"2026-11-24": "closed"},
            "peak_hours": [],
            "first_answer": {
                "general": {"minutes": 240, "in_service_hours": True},
                "complaints": {"minutes": 1440, "in_service_hours": False},
                "red": {"minutes": 30, "in_service_hours": True},
            },
        }[name]


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


@pytest.mark.parametrize(
    ("queue", "priority", "now", "due", "in_hours"),
    [
        ("tech_support", Priority.NORMAL, shanghai(22, 10), shanghai(22, 14), True),
        ("tech_support", Priority.HIGH, shanghai(22, 20), shanghai(23, 10), True),
        ("tech_support", Priority.NORMAL, shanghai(22, 23), shanghai(23, 12), True),
        ("tech_support", Priority.NORMAL, shanghai(23, 20), shanghai(25, 10), True),
        ("complaints", Priority.NORMAL, shanghai(22, 23), shanghai(23, 23), False),
        ("complaints", Priority.RED, shanghai(22, 10), shanghai(22, 10, 30), True),
        ("risk_red", Priority.RED, shanghai(22, 3), shanghai(22, 8, 30), True),
    ],
)
def test_a_promise_counts_the_time_people_are_there(
    queue: str, priority: Priority, now: datetime, due: datetime, in_hours: bool
) -> None:
    made = promise(queue, priority, now, Given(), Hours(Given()))
    assert (made.due_at, made.in_service_hours) == (due, in_hours)


def test_where_nobody_is_ever_there_a_promise_runs_by_the_clock() -> None:
    class Never:
        def after(self, at: datetime, minutes: int) -> None:
            return None

    due = shanghai(22, 14)
    assert promise("tech_support", Priority.NORMAL, shanghai(22, 10), Given(), Never()) == Promise(due, 240, False)


def test_the_outbox_gives_what_is_due_in_order_and_only_once(
    database: Engine, converse: Converse, clock: Clock
) -> None:
    outbox = Outbox(database)
    replies = converse(replies=3)
    first = outbox.claim(clock(), limit=2)
    assert [delivery.message for delivery in first] == list(replies[:2])
    assert [delivery.attempts for delivery in first] == [1, 1]
    assert outbox.claim(clock()) == []  # the third waits behind the two that are on their way
    for delivery in first:
        outbox.sent(delivery.id, clock())
    [third] = outbox.claim(clock())
    outbox.refused(third.id, "window closed")
    assert outbox.claim(clock.advance(days=1)) == []
    assert outbox.counts() == {DeliveryState.PENDING: 0, DeliveryState.SENT: 2, DeliveryState.REFUSED: 1}


def test_a_delivery_for_later_holds_up_its_recipient_and_nobody_else(
    database: Engine, converse: Converse, clock: Clock
) -> None:
    outbox = Outbox(database)
    [reply] = converse()
    [delivery] = outbox.claim(clock())
    outbox.later(delivery.id, 30, "busy", clock())
    converse()
    [other] = converse(user="somebody-else")
    assert [claimed.message for claimed in outbox.claim(clock())] == [other]
    assert outbox.claim(clock.advance(31))[0].message == reply


def test_a_worker_that_died_gives_back_what_it_had_claimed(database: Engine, converse: Converse, clock: Clock) -> None:
    outbox = Outbox(database)
    converse()
    assert len(outbox.claim(clock(), lease_seconds=60)) == 1
    assert [delivery.attempts for delivery in outbox.claim(clock.advance(61))] == [2]


def test_a_reply_delivered_in_the_answer_to_its_request_is_not_delivered_again(
    database: Engine, converse: Converse, clock: Clock
) -> None:
    outbox = Outbox(database)
    first, second = converse(replies=2)
    assert len(outbox.claim(clock(), limit=1)) == 1
    assert outbox.take([first.id, second.id], clock()) == {second.id}
    assert outbox.take([second.id], clock()) == set()


def test_workers_who_claim_at_once_share_the_work(database: Engine, converse: Converse, clock: Clock) -> None:
    for place in range(12):
        converse(user=f"merchant-{place}")
    with ThreadPoolExecutor(4) as threads:
        claims = list(threads.map(lambda _: Outbox(database).claim(clock(), limit=5), range(4)))
    ids = [delivery.id for claim in claims for delivery in claim]
    assert len(ids) == len(set(ids)) == 12
