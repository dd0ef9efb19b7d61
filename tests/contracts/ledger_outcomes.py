"""Messages and outcomes to try a ledger with."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.conversation.ledger import Ledger, Outcome
from bot.conversation.model import Author, Draft, Holder, Inbound, Kind, State, TicketCard
from bot.tickets.model import Priority, TicketChange, TicketEvent

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
SAID = Draft(Author.BOT, Kind.TEXT, "请先查单，再决定是否重新支付。")
CARDED = Draft(
    Author.BOT,
    Kind.TICKET,
    "已为您登记，工单号 {ticket}。",
    ticket=TicketCard("", "open", "merchant_service", "今天 14:00 前", NOW + timedelta(hours=4)),
)


def wrote(text: str = "退款多久到账", id: str = "", user: str = "merchant-1", **more: Any) -> Inbound:
    return Inbound("widget", user, id, text, more.pop("received_at", NOW), **more)


def outcome(*drafts: Draft, **more: Any) -> Outcome:
    given: dict[str, Any] = {
        "decision": {"kind": "say", "rule": "test", "confidence": 0.5},
        "drafts": drafts,
        "state": State(),
        "holder": Holder.BOT,
        "ticket": None,
        "gap": None,
        "ms": 12.5,
    }
    return Outcome(**(given | more))


def a_ticket(number: str | None = None, **more: Any) -> TicketChange:
    given: dict[str, Any] = {
        "queue": "merchant_service",
        "priority": Priority.NORMAL,
        "summary": "退款没到账",
        "event": TicketEvent("created", "{ticket}", "bot", NOW),
        "due_at": NOW + timedelta(hours=4),
        "number": number,
    }
    return TicketChange(**(given | more))


def converse(ledger: Ledger, result: Outcome, **inbound: Any) -> tuple[Any, ...]:
    recorded = ledger.record(wrote(**inbound))
    return ledger.conclude(recorded.conversation, recorded.inbound, result, NOW)


def at_once(times: int, act: Callable[[int], Any]) -> list[Any]:
    """Results of one act done by several threads that begin together."""
    gate = threading.Barrier(times)

    def wait_and_act(place: int) -> Any:
        gate.wait()
        return act(place)

    with ThreadPoolExecutor(times) as threads:
        return list(threads.map(wait_and_act, range(times)))
