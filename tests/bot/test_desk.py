"""The desk over a ledger in memory: record, think, record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.conversation.desk import Desk
from bot.conversation.guard import TextBlank, TextTooLong
from bot.conversation.handoff import Counter
from bot.conversation.hearing import hear
from bot.conversation.ledger import Outcome, Stale
from bot.conversation.model import Conversation, Holder, Inbound, Message, Turn
from bot.conversation.replies import Replies
from bot.dialogue.turn import PlainDialogue
from bot.organisation.hours import Hours
from bot.organisation.profile import definitions
from bot.tickets.model import Ticket, TicketMissing
from tests.doubles import Clock, MemoryLedger
from tests.journeys.shop import MORNING, prepared


class Defaults:
    """Settings nobody has changed."""

    def get(self, name: str) -> Any:
        return definitions()[name].default

    def values(self) -> dict[str, str]:
        found = definitions()
        texts = (one for one in found.values() if one.kind == "text")
        return {one.name: str(found[one.follows].default if one.follows else one.default) for one in texts}


class MemoryTickets:
    """The ledger's tickets as the store shows them."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    def get(self, number: str) -> Ticket:
        if number not in self._ledger.tickets:
            raise TicketMissing(number)
        return self._ledger.tickets[number]

    def of_owner(self, channel: str, external_user: str) -> list[Ticket]:
        theirs = [one for one in self._ledger.tickets.values() if one.owner == (channel, external_user)]
        return sorted(theirs, key=lambda ticket: ticket.number, reverse=True)


class Counted:
    """What the desk counted."""

    def __init__(self) -> None:
        self.kinds: list[str] = []

    def __call__(self, channel: str, decision: Mapping[str, Any], ms: float) -> None:
        assert ms >= 0
        self.kinds.append(decision["kind"])


@pytest.fixture
def clock() -> Clock:
    return Clock(MORNING)


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()


@pytest.fixture
def counted() -> Counted:
    return Counted()


def a_desk(ledger: MemoryLedger, clock: Clock, counted: Counted, dialogue: Any = None) -> Desk:
    parts, settings = prepared(), Defaults()
    replies = Replies(parts.library, settings.values, lambda: "", lambda entry: f"/help/{entry}")
    tickets: Any = MemoryTickets(ledger)
    counter = Counter(tickets, settings, Hours(settings), parts.guides)
    talk = dialogue or PlainDialogue(parts.leading)
    return Desk(ledger, parts.library, talk, parts.leading, replies, counter, parts.policy, clock, counted)


@pytest.fixture
def desk(ledger: MemoryLedger, clock: Clock, counted: Counted) -> Desk:
    return a_desk(ledger, clock, counted)


def said(text: str, id: str = "1", choice: str | None = None) -> Inbound:
    return Inbound("widget", "merchant", id, text, MORNING, choice)


def test_a_message_is_recorded_thought_about_and_concluded_with_its_reasons(
    desk: Desk, ledger: MemoryLedger, counted: Counted
) -> None:
    reply = desk.receive(said("怎么设置分账比例"))
    turn = ledger.last_turn(reply.inbound.conversation)
    assert turn is not None
    assert turn.decision == reply.decision
    assert reply.decision["entry"] == "split-ratio-set"
    assert len(reply.decision["candidates"]) == 5
    assert set(reply.decision["because"]) >= {"none", "gap", "answer_at", "codes", "matched"}
    assert counted.kinds == ["answer"]


def test_the_same_message_again_is_not_thought_about_again(desk: Desk, counted: Counted) -> None:
    assert desk.receive(said("你好")).messages == desk.receive(said("你好")).messages
    assert counted.kinds == ["say"]


@pytest.mark.parametrize(("text", "error"), [(" \u200b", TextBlank), ("退" * 2001, TextTooLong)])
def test_what_cannot_be_kept_is_refused_before_it_is_recorded(
    desk: Desk, ledger: MemoryLedger, text: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        desk.receive(said(text))
    assert ledger.find_conversation("widget", "merchant") is None


class Hasty(MemoryLedger):
    """A ledger in which somebody else gets in between, a number of times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def conclude(self, conversation: Conversation, inbound: Message, outcome: Outcome, now: Any) -> tuple[Message, ...]:
        if self.times:
            self.times -= 1
            raise Stale(conversation.id, conversation.version, conversation.version + 1)
        return super().conclude(conversation, inbound, outcome, now)


def test_a_conversation_that_moved_on_is_thought_about_again(clock: Clock, counted: Counted) -> None:
    reply = a_desk(Hasty(2), clock, counted).receive(said("怎么设置分账比例"))
    assert reply.decision["entry"] == "split-ratio-set"
    assert counted.kinds == ["answer"]


def test_one_that_never_stands_still_is_left_to_recovery_and_is_no_error(clock: Clock, counted: Counted) -> None:
    ledger = Hasty(3)
    desk = a_desk(ledger, clock, counted)
    reply = desk.receive(said("怎么设置分账比例"))
    assert (reply.messages, reply.decision, counted.kinds) == ((), {}, [])
    assert desk.recover(MORNING + timedelta(seconds=1)) == 1
    assert desk.recover(MORNING + timedelta(seconds=1)) == 0
    assert len(desk.receive(said("怎么设置分账比例")).messages) == 1


def test_recovery_answers_in_the_order_of_writing_with_the_choice_that_was_pressed(
    desk: Desk, ledger: MemoryLedger
) -> None:
    asked = desk.receive(said("退款", "1")).messages[0]
    wanted = asked.choices[1]
    ledger.record(said(wanted.label, "2", wanted.id))
    ledger.record(said("你好", "3"))
    assert desk.recover(MORNING + timedelta(seconds=1)) == 2
    written = ledger.messages_after(asked.conversation, asked.id)
    assert [one.author.value for one in written] == ["merchant", "merchant", "bot", "bot"]
    assert written[2].entry is not None
    assert written[2].entry.id == wanted.entry


class Dumb:
    """A dialogue engine that fails."""

    def turn(self, *_: object) -> Turn:
        raise TimeoutError("no answer")

    def ready(self) -> bool:
        return False


def test_a_dialogue_engine_that_fails_ends_in_a_sentence_and_a_ticket(
    ledger: MemoryLedger, clock: Clock, counted: Counted
) -> None:
    reply = a_desk(ledger, clock, counted, Dumb()).receive(said("怎么设置分账比例"))
    assert (reply.decision["rule"], reply.holder) == ("trouble", Holder.QUEUE)
    assert [gap.reason for gap in ledger.gaps] == ["trouble"]
    assert list(ledger.tickets) == ["TK20261122-0001"]


def test_a_gap_is_noted_for_what_was_not_answered_and_for_nothing_else(desk: Desk, ledger: MemoryLedger) -> None:
    for place, text in enumerate(("怎么设置分账比例", "你好", "退款", "怎么给宠物办保险")):
        desk.receive(said(text, str(place)))
    assert [(gap.question, gap.reason) for gap in ledger.gaps] == [("怎么给宠物办保险", "low-confidence")]
    assert len(ledger.gaps[0].nearest) == 3


def test_thinking_writes_nothing(desk: Desk, ledger: MemoryLedger, counted: Counted) -> None:
    recorded = ledger.record(said("你好"))
    case, decision = desk.think(recorded.conversation, hear("转人工", MORNING))
    assert decision.kind == "handoff"
    assert case.conversation.id == recorded.conversation.id
    assert (ledger.tickets, counted.kinds) == ({}, [])
    assert ledger.last_turn(recorded.conversation.id) is None
    assert ledger.conversation(recorded.conversation.id) == replace(recorded.conversation, updated_at=MORNING)
