"""The widget's JSON."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.channels.widget.wire import decision_out, message_out, ticket_out
from bot.conversation.model import Author, Choice, EntryLink, Kind, Message, TicketCard
from bot.conversation.phrases import QUEUES, STATES
from bot.tickets.model import TicketState
from bot.tickets.routing import queue_names

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)


def a_message(author: Author, **more: object) -> Message:
    return Message(7, "c", author, more.pop("kind", Kind.TEXT), "退款", NOW, **more)  # type: ignore[arg-type]


def test_a_merchants_message_shows_its_own_id_and_not_the_choice_that_was_pressed() -> None:
    shown = message_out(a_message(Author.MERCHANT, client_id="a1", choices=(Choice("2", "退款"),)))
    assert (shown.id, shown.author, shown.client_id, shown.choices) == ("7", "merchant", "a1", None)


def test_a_reply_shows_its_choices_its_entry_and_its_ticket_but_no_entry_ids_behind_choices() -> None:
    link = EntryLink("refund-how-to", "怎么给顾客退款？", "/help/refund-how-to")
    card = TicketCard("TK20261122-0001", "open", "tech_support", "今天 14:00 前")
    choices = (Choice("1", "甲", "refund-how-to"), Choice("none", "都不是"))
    shown = message_out(a_message(Author.BOT, entry=link, choices=choices, ticket=card, client_id="a1")).model_dump()
    assert shown["client_id"] is None
    assert shown["choices"] == [{"id": "1", "label": "甲"}, {"id": "none", "label": "都不是"}]
    assert shown["entry"] == {"id": link.id, "title": link.title, "url": link.url}
    assert shown["ticket"]["number"] == "TK20261122-0001"
    assert shown["ticket"]["state_text"] == "待处理"


@pytest.mark.parametrize("state", list(TicketState))
@pytest.mark.parametrize("queue", sorted(queue_names()))
def test_every_state_and_every_desk_has_words(state: TicketState, queue: str) -> None:
    shown = ticket_out(TicketCard("TK20261122-0001", state.value, queue, ""))
    assert (shown.state_text, shown.queue_text) == (STATES[state.value], QUEUES[queue])


def test_a_decision_shows_what_was_decided_and_keeps_its_reasons_to_itself() -> None:
    decided = {"kind": "answer", "entry": "a", "rule": "code", "facts": {"amount": "298"}}
    shown = decision_out({**decided, "because": {"gap": 1}, "candidates": []})
    assert shown is not None
    assert set(shown.model_dump()) == {"kind", "entry", "confidence", "intent", "queue", "rule", "facts"}
    assert shown.facts == {"amount": "298"}
    assert decision_out({}) is None
