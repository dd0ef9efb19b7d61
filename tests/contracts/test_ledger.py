"""One suite for every ledger: in memory, on SQLite, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.conversation.ledger import ConversationMissing, Ledger, SqlLedger, Stale
from bot.conversation.model import (
    Attachment,
    Author,
    Choice,
    Draft,
    EntryLink,
    Fact,
    Focus,
    GuidePlace,
    Holder,
    Inbound,
    Kind,
    State,
)
from bot.tickets.model import Priority, TicketMissing
from tests.conftest import fresh_database
from tests.contracts.ledger_outcomes import CARDED, NOW, SAID, a_ticket, at_once, converse, outcome, wrote
from tests.doubles import Clock, MemoryLedger


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    with fresh_database(request.param, request) as engine:
        yield SqlLedger(engine)


def test_a_first_message_opens_a_conversation_that_the_bot_holds(ledger: Ledger) -> None:
    recorded = ledger.record(wrote("你好", "m1"))
    assert recorded.conversation.holder == Holder.BOT
    assert recorded.conversation.state == State()
    assert len(recorded.conversation.id) == 32
    assert (recorded.inbound.text, recorded.inbound.author, recorded.inbound.client_id) == (
        "你好",
        Author.MERCHANT,
        "m1",
    )
    assert recorded.inbound.created_at == NOW
    assert recorded.replies is None
    assert ledger.messages_after(recorded.conversation.id, 0) == [recorded.inbound]


def test_the_next_message_joins_the_conversation_and_leaves_its_version_alone(ledger: Ledger) -> None:
    first, second = ledger.record(wrote(id="1")), ledger.record(wrote(id="2"))
    assert first.conversation.id == second.conversation.id
    assert first.conversation.version == second.conversation.version
    assert first.inbound.id < second.inbound.id


def test_messages_without_an_id_of_their_own_are_never_taken_for_each_other(ledger: Ledger) -> None:
    first, second = ledger.record(wrote()), ledger.record(wrote())
    assert first.inbound.id != second.inbound.id
    assert second.inbound.client_id is None


def test_the_same_id_from_two_senders_or_two_channels_is_two_messages(ledger: Ledger) -> None:
    ids = {
        ledger.record(inbound).inbound.id
        for inbound in (
            wrote(id="1"),
            wrote(id="1", user="merchant-2"),
            Inbound("wechat", "merchant-1", "1", "退款多久到账", NOW),
        )
    }
    assert len(ids) == 3


def test_a_choice_that_was_pressed_and_attachments_are_kept(ledger: Ledger) -> None:
    picture = Attachment("a1", "截图.png", "image/png", 2048)
    recorded = ledger.record(wrote("第二个", "1", choice="c2", attachments=(picture,)))
    [kept] = ledger.messages_after(recorded.conversation.id, 0)
    assert kept.choices == (Choice("c2", "第二个"),)
    assert kept.attachments == (picture,)


def test_a_retry_before_the_conclusion_finds_its_message_and_no_replies(ledger: Ledger) -> None:
    first, again = ledger.record(wrote(id="1")), ledger.record(wrote("别的话", "1"))
    assert again.inbound == first.inbound
    assert again.replies is None
    assert len(ledger.messages_after(first.conversation.id, 0)) == 1


def test_a_retry_after_the_conclusion_gets_the_same_replies(ledger: Ledger) -> None:
    replies = converse(ledger, outcome(SAID, SAID), id="1")
    assert ledger.record(wrote(id="1")).replies == replies


def test_a_retry_after_a_silent_conclusion_gets_no_replies_rather_than_none_yet(ledger: Ledger) -> None:
    converse(ledger, outcome(), id="1")
    assert ledger.record(wrote(id="1")).replies == ()


def test_twins_recorded_at_once_are_one_message(ledger: Ledger) -> None:
    seen = at_once(8, lambda _: ledger.record(wrote(id="1")))
    assert len({recorded.inbound.id for recorded in seen}) == 1
    assert len(ledger.messages_after(seen[0].conversation.id, 0)) == 1


def test_strangers_first_messages_at_once_open_one_conversation(ledger: Ledger) -> None:
    seen = at_once(8, lambda place: ledger.record(wrote(id=str(place))))
    assert len({recorded.conversation.id for recorded in seen}) == 1
    assert len(ledger.messages_after(seen[0].conversation.id, 0)) == 8


def test_a_conclusion_writes_replies_state_holder_and_turn(ledger: Ledger) -> None:
    recorded = ledger.record(wrote(id="1"))
    entry = EntryLink("refund-time", "退款多久到账?", "/help/refund-time")
    answer = Draft(Author.BOT, Kind.CHOICES, "您想问哪一个？", entry, (Choice("1", "原路退回", "refund-time"),))
    state = State(
        focus=Focus("refund-time", "refund", "退款多久到账", NOW),
        facts=(Fact("amount", "298块", "298.00"),),
        choices=answer.choices,
        guide=GuidePlace("refund", "step-2", (("step-1", "yes"),)),
        failures=1,
        transfer_noted_at=NOW,
    )
    replies = ledger.conclude(
        recorded.conversation, recorded.inbound, outcome(answer, SAID, state=state, holder=Holder.QUEUE), NOW
    )
    after = ledger.conversation(recorded.conversation.id)
    assert [reply.text for reply in replies] == [answer.text, SAID.text]
    assert (replies[0].entry, replies[0].choices, replies[0].kind) == (entry, answer.choices, Kind.CHOICES)
    assert ledger.messages_after(after.id, recorded.inbound.id) == list(replies)
    assert (after.state, after.holder, after.version) == (state, Holder.QUEUE, recorded.conversation.version + 1)
    turn = ledger.last_turn(after.id)
    assert turn is not None
    assert (turn.inbound, turn.decision["confidence"], turn.ms) == (recorded.inbound.id, 0.5, 12.5)


def test_a_conversation_that_moved_on_is_stale_and_nothing_of_the_outcome_stays(ledger: Ledger) -> None:
    first, second = ledger.record(wrote(id="1")), ledger.record(wrote(id="2"))
    ledger.conclude(first.conversation, first.inbound, outcome(SAID), NOW)
    with pytest.raises(Stale) as caught:
        ledger.conclude(second.conversation, second.inbound, outcome(SAID, CARDED, ticket=a_ticket()), NOW)
    assert (caught.value.expected, caught.value.found) == (0, 1)
    assert len(ledger.messages_after(first.conversation.id, 0)) == 3
    assert ledger.record(wrote(id="2")).replies is None
    current = ledger.conversation(first.conversation.id)
    [reply] = ledger.conclude(current, second.inbound, outcome(CARDED, ticket=a_ticket()), NOW)
    assert reply.ticket is not None
    assert reply.ticket.number.endswith("-0001")


def test_a_twins_conclusion_is_returned_instead_of_a_second_one(ledger: Ledger) -> None:
    recorded = ledger.record(wrote(id="1"))
    first = ledger.conclude(recorded.conversation, recorded.inbound, outcome(SAID), NOW)
    second = ledger.conclude(recorded.conversation, recorded.inbound, outcome(SAID, SAID), NOW)
    assert second == first
    assert ledger.conversation(recorded.conversation.id).version == recorded.conversation.version + 1


def test_twins_concluding_at_once_leave_one_conclusion(ledger: Ledger) -> None:
    recorded = ledger.record(wrote(id="1"))
    result = outcome(CARDED, ticket=a_ticket())
    every = at_once(8, lambda _: ledger.conclude(recorded.conversation, recorded.inbound, result, NOW))
    assert all(replies == every[0] for replies in every)
    assert len(ledger.messages_after(recorded.conversation.id, 0)) == 2


def test_a_new_tickets_number_stands_in_its_card_its_text_and_the_state(ledger: Ledger) -> None:
    [reply] = converse(ledger, outcome(CARDED, ticket=a_ticket(), holder=Holder.QUEUE), id="1")
    assert reply.text == "已为您登记，工单号 TK20261122-0001。"
    assert reply.ticket is not None
    assert CARDED.ticket is not None
    assert (reply.ticket.number, reply.ticket.due_at) == ("TK20261122-0001", CARDED.ticket.due_at)
    assert ledger.conversation(reply.conversation).state.ticket == "TK20261122-0001"


def test_numbers_begin_again_each_day_in_shanghai(ledger: Ledger) -> None:
    before_midnight = datetime(2026, 11, 22, 15, 59, tzinfo=UTC)
    numbers = []
    for place, at in enumerate((before_midnight, before_midnight, before_midnight + timedelta(minutes=2))):
        recorded = ledger.record(wrote(id=str(place)))
        [reply] = ledger.conclude(recorded.conversation, recorded.inbound, outcome(CARDED, ticket=a_ticket()), at)
        numbers.append(reply.ticket.number if reply.ticket else "")
    assert numbers == ["TK20261122-0001", "TK20261122-0002", "TK20261123-0001"]


def test_numbers_asked_for_at_once_are_all_different_and_in_a_row(ledger: Ledger) -> None:
    def open_one(place: int) -> str:
        [reply] = converse(ledger, outcome(CARDED, ticket=a_ticket()), id="1", user=f"merchant-{place}")
        return str(reply.ticket.number)

    assert sorted(at_once(12, open_one)) == [f"TK20261122-{running:04d}" for running in range(1, 13)]


def test_raising_a_ticket_keeps_its_number(ledger: Ledger) -> None:
    converse(ledger, outcome(CARDED, ticket=a_ticket()), id="1")
    worse = a_ticket("TK20261122-0001", queue="risk_red", priority=Priority.RED)
    current = ledger.find_conversation("widget", "merchant-1")
    assert current is not None
    recorded = ledger.record(wrote("钱被转走了", "2"))
    kept = outcome(CARDED, ticket=worse, state=current.state)
    [reply] = ledger.conclude(recorded.conversation, recorded.inbound, kept, NOW)
    assert reply.ticket is not None
    assert reply.ticket.number == "TK20261122-0001"
    assert ledger.conversation(recorded.conversation.id).state.ticket == "TK20261122-0001"


def test_anothers_ticket_cannot_be_raised_and_looks_missing(ledger: Ledger) -> None:
    converse(ledger, outcome(CARDED, ticket=a_ticket()), id="1")
    recorded = ledger.record(wrote(id="1", user="merchant-2"))
    for number in ("TK20261122-0001", "TK20261122-0404"):
        with pytest.raises(TicketMissing):
            ledger.conclude(recorded.conversation, recorded.inbound, outcome(SAID, ticket=a_ticket(number)), NOW)
    assert ledger.messages_after(recorded.conversation.id, 0) == [recorded.inbound]


def test_a_card_without_a_ticket_is_refused_before_anyone_reads_it(ledger: Ledger) -> None:
    recorded = ledger.record(wrote(id="1"))
    with pytest.raises(ValueError, match="neither opens nor raises"):
        ledger.conclude(recorded.conversation, recorded.inbound, outcome(CARDED), NOW)
    assert ledger.messages_after(recorded.conversation.id, 0) == [recorded.inbound]


def test_a_closed_conversation_is_left_and_a_new_one_opened(ledger: Ledger) -> None:
    recorded = ledger.record(wrote(id="1"))
    ledger.conclude(recorded.conversation, recorded.inbound, outcome(SAID, holder=Holder.CLOSED), NOW)
    assert ledger.find_conversation("widget", "merchant-1") is None
    later = ledger.record(wrote(id="2"))
    assert later.conversation.id != recorded.conversation.id
    found = ledger.find_conversation("widget", "merchant-1")
    assert found is not None
    assert found.id == later.conversation.id


def test_readers_follow_by_cursor_in_pages(ledger: Ledger) -> None:
    for place in range(3):
        replies = converse(ledger, outcome(SAID), id=str(place))
    conversation = replies[0].conversation
    everything = ledger.messages_after(conversation, 0)
    assert [message.id for message in everything] == sorted(message.id for message in everything)
    page = ledger.messages_after(conversation, 0, limit=4)
    assert page + ledger.messages_after(conversation, page[-1].id) == everything


def test_a_message_whose_thinking_died_is_found_again_until_it_is_concluded(ledger: Ledger, clock: Clock) -> None:
    recorded = ledger.record(wrote(id="1"))
    assert ledger.unconcluded(NOW) == []
    assert ledger.unconcluded(clock.advance(60)) == [recorded.inbound]
    ledger.conclude(recorded.conversation, recorded.inbound, outcome(SAID), NOW)
    assert ledger.unconcluded(clock.now) == []


def test_what_is_said_while_a_person_holds_is_not_the_bots_to_answer_then_or_later(ledger: Ledger) -> None:
    died = ledger.record(wrote("这句没人想完", "0"))
    handed = ledger.record(wrote("转人工", "1"))
    ledger.conclude(handed.conversation, handed.inbound, outcome(SAID, holder=Holder.QUEUE), NOW)
    to_staff = ledger.record(wrote("在吗", "2"))
    assert to_staff.conversation.holder == Holder.QUEUE
    assert ledger.unconcluded(NOW + timedelta(hours=1)) == []
    back = ledger.record(wrote("继续问机器人", "3"))
    ledger.conclude(back.conversation, back.inbound, outcome(SAID, holder=Holder.BOT), NOW)
    assert ledger.unconcluded(NOW + timedelta(hours=1)) == []
    assert len({died.conversation.id, to_staff.conversation.id}) == 1


def test_unknown_conversations_are_missing(ledger: Ledger) -> None:
    with pytest.raises(ConversationMissing):
        ledger.conversation("none")
    recorded = ledger.record(wrote(id="1"))
    assert ledger.last_turn(recorded.conversation.id) is None
    assert ledger.messages_after("none", 0) == []
    assert ledger.find_conversation("widget", "nobody") is None
