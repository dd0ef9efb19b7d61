"""The counter: which ticket a hand-off opens or raises, with what in it, and what is promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.conversation.handoff import card_of, status_line
from bot.conversation.handoff import clock as clock_words
from bot.conversation.model import Fact
from bot.tickets.model import Owner, Priority, Ticket, TicketChange, TicketEvent, TicketState, opened
from tests.conftest import fresh_database
from tests.doubles import Clock
from tests.journeys.shop import MORNING, NIGHT, Merchant, Shop, open_shop

NUMBER = "TK20261122-0001"


@pytest.fixture
def clock() -> Clock:
    return Clock(NIGHT)


@pytest.fixture
def shop(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Shop]:
    """At night, when the bot keeps the conversation and tickets pile up."""
    with fresh_database("sqlite", request) as engine, open_shop(engine, clock) as shop:
        yield shop


@pytest.fixture
def merchant(shop: Shop) -> Merchant:
    return shop.merchant()


def a_ticket(state: TicketState = TicketState.OPEN, due_at: datetime | None = MORNING + timedelta(hours=4)) -> Ticket:
    event = TicketEvent("created", "", "bot", MORNING)
    change = TicketChange("tech_support", Priority.NORMAL, "退款", event, due_at=due_at)
    return replace(opened(NUMBER, "c", Owner("widget", "m"), change, MORNING), state=state)


@pytest.mark.parametrize(
    ("at", "now", "said"),
    [
        (datetime(2026, 11, 22, 10, 30, tzinfo=UTC), MORNING, "今天 18:30"),
        (datetime(2026, 11, 22, 16, 0, tzinfo=UTC), MORNING, "11月23日 00:00"),
        (datetime(2026, 11, 22, 15, 59, tzinfo=UTC), MORNING, "今天 23:59"),
    ],
)
def test_moments_are_said_as_clocks_in_shanghai_show_them(at: datetime, now: datetime, said: str) -> None:
    assert clock_words(at, now) == said


def test_a_cards_promise_is_the_time_then_an_apology_then_nothing() -> None:
    assert "14:00" in card_of(a_ticket(), MORNING).promise
    assert "超过" in card_of(a_ticket(), MORNING + timedelta(hours=5)).promise
    for state in (TicketState.RESOLVED, TicketState.CLOSED):
        assert card_of(a_ticket(state), MORNING).promise == ""
    assert card_of(a_ticket(due_at=None), MORNING).promise == ""


def test_a_status_line_tells_number_state_and_desk() -> None:
    line = status_line(a_ticket(TicketState.ASSIGNED), MORNING)
    assert NUMBER in line
    assert "处理中" in line
    assert "技术支持" in line


@pytest.mark.parametrize(
    ("first", "then", "same"),
    [
        ("转人工", "转人工", True),
        ("转人工", "垃圾系统！！！", True),
        ("转人工", "我的钱被人转走了", True),
        ("转人工", "我要投诉你们", False),
        ("我要投诉你们", "我要投诉业务员", True),
        ("我要投诉你们", "转人工", True),
        ("我的钱被人转走了", "转人工", True),
    ],
)
def test_a_worse_word_on_the_same_matter_raises_the_ticket_and_another_matter_opens_one(
    merchant: Merchant, first: str, then: str, same: bool
) -> None:
    before, after = merchant.say(first).number, merchant.say(then).number
    assert (before == after) is same
    assert before == NUMBER


@pytest.mark.parametrize(("first", "queue"), [("我要投诉你们", "complaints"), ("我的钱被人转走了", "risk_red")])
@pytest.mark.parametrize("then", ["转人工", "转技术支持", "垃圾系统！！！"])
def test_nothing_said_later_takes_a_ticket_away_from_complaints_or_the_red_channel(
    shop: Shop, merchant: Merchant, first: str, queue: str, then: str
) -> None:
    before = shop.ticket(merchant.say(first).number)
    shop.clock.advance(minutes=20)
    merchant.say(then)
    after = shop.ticket(NUMBER)
    assert after.queue == queue
    assert after.priority == before.priority
    assert after.due_at == before.due_at


def test_another_desk_asked_for_by_name_takes_an_ordinary_ticket_over(shop: Shop, merchant: Merchant) -> None:
    merchant.say("转人工")
    merchant.say("帮我转技术支持")
    assert shop.ticket(NUMBER).queue == "tech_support"


def test_what_is_said_is_never_later_than_what_was_promised_before(shop: Shop, merchant: Merchant) -> None:
    first = merchant.say("转人工")
    shop.clock.advance(hours=10)
    again = merchant.say("转人工")
    assert "11月23日 12:00" in first.text
    assert "今天 12:00" in again.text
    assert again.replies[0]["ticket"]["promise"] == merchant.tickets()[0]["promise"]


def test_a_ticket_holds_the_question_before_the_word_that_opened_it(shop: Shop, merchant: Merchant) -> None:
    merchant.say("怎么设置分账比例")
    ticket = shop.ticket(merchant.say("转人工").number)
    assert ticket.summary == "怎么设置分账比例 / 转人工"


def test_a_choice_that_was_made_does_not_hide_what_was_asked(shop: Shop, merchant: Merchant) -> None:
    merchant.say("退款")
    merchant.say("2")
    assert shop.ticket(merchant.say("转人工").number).summary == "退款 / 转人工"


def test_a_later_word_corrects_a_fact_and_the_ticket_keeps_the_latest(shop: Shop, merchant: Merchant) -> None:
    merchant.say("转人工，金额 100 元")
    merchant.say("转人工，说错了，金额 250 元")
    [amount] = [fact for fact in shop.ticket(NUMBER).facts if fact.name == "amount"]
    assert isinstance(amount, Fact)
    assert float(amount.value) == 250


def test_a_code_becomes_a_fact_of_the_ticket(shop: Shop, merchant: Merchant) -> None:
    heard = merchant.say("一直报 ACQ.SYSTEM_ERROR，转人工")
    facts = {fact.name: fact.value for fact in shop.ticket(heard.number).facts}
    assert "SYSTEM_ERROR" in facts["error_code"]
