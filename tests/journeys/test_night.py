"""Outside service hours: a ticket with its promise, and a bot that goes on answering."""

from __future__ import annotations

import pytest

from bot.tickets.model import Priority
from tests.doubles import Clock
from tests.journeys.shop import NIGHT, Merchant, Shop, rows

NUMBER = "TK20261122-0001"


@pytest.fixture
def clock() -> Clock:
    return Clock(NIGHT)


def test_at_night_a_ticket_waits_with_its_promised_time_and_the_bot_goes_on(shop: Shop, merchant: Merchant) -> None:
    heard = merchant.say("转人工")
    assert (heard.kind, heard.holder, heard.number) == ("handoff", "bot", NUMBER)
    assert "不在人工服务时间" in heard.text
    assert "11月23日 12:00" in heard.text
    assert merchant.say("怎么设置分账比例").entry == "split-ratio-set"
    assert merchant.say("支付成功但没收到通知").kind == "form"


def test_at_night_asking_twice_is_one_ticket(shop: Shop, merchant: Merchant) -> None:
    assert merchant.say("转人工").number == merchant.say("转人工").number == NUMBER
    assert len(rows(shop.engine, "tickets")) == 1


def test_at_night_another_matter_opens_a_second_ticket(merchant: Merchant) -> None:
    merchant.say("转人工")
    assert merchant.say("我要投诉你们").number == "TK20261122-0002"
    assert [ticket["number"] for ticket in merchant.tickets()] == ["TK20261122-0002", NUMBER]
    heard = merchant.say("查进度")
    assert [reply["ticket"]["number"] for reply in heard.replies] == ["TK20261122-0002", NUMBER]


def test_at_night_a_later_request_for_a_person_leaves_the_red_ticket_where_it_is(
    shop: Shop, merchant: Merchant
) -> None:
    merchant.say("转人工")
    merchant.say("我的钱被人转走了")
    again = merchant.say("转人工")
    ticket = shop.ticket(NUMBER)
    assert again.number == NUMBER
    assert (ticket.queue, ticket.priority) == ("risk_red", Priority.RED)
    assert "11月23日 08:30" in again.text


def test_in_the_morning_the_same_request_puts_the_conversation_in_the_queue(shop: Shop, merchant: Merchant) -> None:
    merchant.say("转人工")
    shop.clock.advance(hours=9)
    assert merchant.say("转人工").holder == "queue"


def test_the_day_of_a_number_and_the_hours_are_those_of_shanghai(shop: Shop, merchant: Merchant) -> None:
    shop.clock.advance(hours=1)
    assert merchant.say("转人工").number == "TK20261123-0001"


def test_hours_that_were_set_are_the_hours_that_count(shop: Shop, merchant: Merchant) -> None:
    always = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
    shop.parts.profile.set("service_hours", always, "lin", shop.clock())
    assert merchant.say("转人工").holder == "queue"
