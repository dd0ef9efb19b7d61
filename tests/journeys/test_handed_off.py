"""A person is asked for: a ticket, a queue, and then the bot keeps quiet but for the little it must say."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from bot.conversation.model import Holder
from bot.tables import conversations
from bot.tickets.model import Priority, TicketState
from bot.tickets.store import TicketStore
from knowledge.database import transaction
from tests.journeys.shop import Merchant, Shop, rows

NUMBER = "TK20261122-0001"


def test_in_hours_asking_for_a_person_opens_a_ticket_and_puts_the_conversation_in_the_queue(
    stored_shop: Shop,
) -> None:
    merchant = stored_shop.merchant()
    heard = merchant.say("转人工")
    assert (heard.kind, heard.rule, heard.holder, heard.number) == ("handoff", "person", "queue", NUMBER)
    assert NUMBER in heard.text
    assert "今天 14:00" in heard.text
    [ticket] = merchant.tickets()
    assert (ticket["number"], ticket["state"]) == (NUMBER, "open")
    assert "14:00" in ticket["promise"]
    kept = stored_shop.ticket(NUMBER)
    assert (kept.queue, kept.priority, kept.state) == ("merchant_service", Priority.NORMAL, TicketState.OPEN)
    assert stored_shop.conversation.holder is Holder.QUEUE


@pytest.mark.parametrize(
    ("asked", "queue"),
    [("帮我转技术支持", "tech_support"), ("转跨境专员", "cross_border"), ("转人工", "merchant_service")],
)
def test_a_desk_asked_for_by_name_gets_the_ticket(shop: Shop, merchant: Merchant, asked: str, queue: str) -> None:
    assert shop.ticket(merchant.say(asked).number).queue == queue


def test_the_desk_of_the_matter_gets_the_ticket_where_none_was_named(shop: Shop, merchant: Merchant) -> None:
    merchant.say("ACQ.SYSTEM_ERROR")
    ticket = shop.ticket(merchant.say("转人工").number)
    assert ticket.queue == "tech_support"
    assert "ACQ.SYSTEM_ERROR" in ticket.summary


def test_while_in_the_queue_the_bot_is_silent_but_for_one_note_in_ten_minutes(shop: Shop, merchant: Merchant) -> None:
    merchant.say("转人工")
    for text in ("怎么设置分账比例", "在吗", "没用", "转人工", "退款"):
        heard = merchant.say(text)
        assert (heard.replies, heard.holder, heard.said) == ([], "queue", text)
    shop.clock.advance(minutes=10)
    assert NUMBER in merchant.say("在吗").text
    assert merchant.say("在吗").replies == []
    shop.clock.advance(minutes=9, seconds=59)
    assert merchant.say("在吗").replies == []
    shop.clock.advance(seconds=1)
    assert len(merchant.say("在吗").replies) == 1
    assert len(rows(shop.engine, "tickets")) == 1


@pytest.mark.parametrize(
    "asked",
    [
        "查进度",
        "TK20261122-0001",
        "tk20261122-0001 怎么样了",
        "tk202611220001",
        "ＴＫ２０２６１１２２－０００１",
        "TK 20261122 0001",
        "工单TK20261122-1到哪了",
    ],
)
def test_the_ticket_can_be_asked_after_at_any_time_however_its_number_is_written(
    merchant: Merchant, asked: str
) -> None:
    merchant.say("转人工")
    heard = merchant.say(asked)
    assert (heard.rule, heard.holder, heard.number) == ("ticket", "queue", NUMBER)
    assert NUMBER in heard.text
    assert "待处理" in heard.text
    assert "14:00" in heard.text


def test_the_hours_are_told_while_a_person_is_waited_for(merchant: Merchant) -> None:
    merchant.say("转人工")
    heard = merchant.say("人工客服几点下班")
    assert (heard.kind, heard.entry, heard.holder) == ("answer", "service-hours", "queue")


def test_the_conversation_can_be_given_back_to_the_bot_while_the_ticket_waits(shop: Shop, merchant: Merchant) -> None:
    merchant.say("转人工")
    merchant.say("人工客服几点下班")
    back = merchant.say("继续问机器人")
    assert (back.rule, back.holder) == ("resume-bot", "bot")
    assert merchant.say("怎么设置分账比例").entry == "split-ratio-set"
    again = merchant.say("转人工")
    assert (again.number, again.holder) == (NUMBER, "queue")
    assert len(rows(shop.engine, "tickets")) == 1


def test_while_one_of_the_staff_holds_the_conversation_it_is_not_given_back_and_nothing_is_noted(
    shop: Shop, merchant: Merchant
) -> None:
    merchant.say("转人工")
    with transaction(shop.engine) as connection:
        connection.execute(update(conversations).values(holder=Holder.STAFF.value))
    shop.clock.advance(hours=1)
    for text in ("继续问机器人", "在吗", "怎么设置分账比例"):
        heard = merchant.say(text)
        assert (heard.replies, heard.holder) == ([], "staff")
    assert merchant.say("查进度").number == NUMBER


def test_anothers_ticket_reads_exactly_like_one_that_does_not_exist(shop: Shop, merchant: Merchant) -> None:
    merchant.say("转人工")
    stranger = shop.merchant()
    for asker in (stranger, merchant):
        assert asker.say("TK20261122-0777").number is None
    assert stranger.say(NUMBER).text == stranger.say("TK20261122-0777").text
    assert stranger.say("查进度").text == shop.merchant().say("查进度").text
    taken, missing = (
        stranger.http.get(f"/api/tickets/{number}", headers=stranger.headers) for number in (NUMBER, "TK20261122-0777")
    )
    assert (taken.status_code, taken.json()) == (missing.status_code, missing.json()) == (404, taken.json())
    urged = stranger.http.post(f"/api/tickets/{NUMBER}/urge", headers=stranger.headers)
    assert (urged.status_code, urged.json()) == (404, taken.json())
    assert stranger.tickets() == []
    assert [event.kind for event in TicketStore(shop.engine).events(NUMBER)] == ["created"]


def test_urging_is_kept_on_the_ticket_and_an_overdue_one_becomes_more_urgent(shop: Shop, merchant: Merchant) -> None:
    merchant.say("转人工")
    assert merchant.say("催一下").number == NUMBER
    assert shop.ticket(NUMBER).priority is Priority.NORMAL
    shop.clock.advance(hours=5)
    merchant.say("催一下")
    assert shop.ticket(NUMBER).priority is Priority.HIGH
    assert "超过" in merchant.say("查进度").text
    assert [event.kind for event in TicketStore(shop.engine).events(NUMBER)] == ["created", "urged", "urged"]


def test_urging_over_http_does_the_same(shop: Shop, merchant: Merchant) -> None:
    merchant.say("转人工")
    urged = merchant.http.post("/api/tickets/tk202611220001/urge", headers=merchant.headers)
    assert (urged.status_code, urged.json()["number"]) == (200, NUMBER)
    assert [event.kind for event in TicketStore(shop.engine).events(NUMBER)] == ["created", "urged"]


@pytest.mark.parametrize("said", ["我要投诉你们", "我要去银保监投诉"])
def test_a_complaint_goes_to_its_own_desk_with_high_priority(shop: Shop, merchant: Merchant, said: str) -> None:
    heard = merchant.say(said)
    ticket = shop.ticket(heard.number)
    assert (ticket.queue, ticket.priority, heard.holder) == ("complaints", Priority.HIGH, "queue")


def test_anger_without_a_question_goes_to_a_person(merchant: Merchant) -> None:
    heard = merchant.say("垃圾系统！！！")
    assert (heard.kind, heard.rule, heard.holder) == ("handoff", "anger", "queue")


def test_a_hand_off_carries_the_facts_that_were_mentioned_on_the_way(shop: Shop, merchant: Merchant) -> None:
    merchant.say("ACQ.SYSTEM_ERROR")
    merchant.say("金额 128.50 元，昨天下午的")
    facts = {fact.name: fact for fact in shop.ticket(merchant.say("转人工").number).facts}
    assert float(facts["amount"].value) == 128.5
    assert "128.5" in facts["amount"].said


def test_a_resolved_ticket_is_not_raised_again_a_new_one_is_opened(shop: Shop, merchant: Merchant) -> None:
    merchant.say("转人工")
    merchant.say("继续问机器人")
    TicketStore(shop.engine).set_state(NUMBER, TicketState.RESOLVED, "lin", shop.clock())
    assert merchant.say("转人工").number == "TK20261122-0002"
    assert "已解决" in merchant.say("TK20261122-0001").text
