"""A hand-off whose message holds a second matter: the first is acted on, the second is offered, taken up or let be."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import fresh_database
from tests.doubles import Clock
from tests.journeys.shop import MORNING, NIGHT, Merchant, Shop, open_shop

SPLIT = "分账比例怎么设置？"


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with fresh_database("sqlite", request) as engine, open_shop(engine, Clock(MORNING)) as shop:
        yield shop


@pytest.fixture
def merchant(shop: Shop) -> Merchant:
    return shop.merchant()


@pytest.mark.parametrize(
    ("text", "rule", "queue", "title"),
    [
        ("转人工，另外怎么设置分账比例", "person", "merchant_service", SPLIT),
        ("我要投诉你们，还有怎么给顾客退款", "complaint:service", "complaints", "怎么给顾客退款？"),
        ("我的钱被人转走了，另外怎么开手续费发票", "funds-lost", "risk_red", "手续费发票怎么开？"),
    ],
)
def test_the_first_rule_acts_and_the_second_matter_is_offered(
    merchant: Merchant, text: str, rule: str, queue: str, title: str
) -> None:
    heard = merchant.say(text)
    assert (heard.kind, heard.rule, heard.decision["queue"]) == ("handoff", rule, queue)
    assert [reply["kind"] for reply in heard.replies] == ["ticket", "choices"]
    assert title in heard.replies[-1]["text"]
    assert heard.labels == [title]


@pytest.mark.parametrize(
    "text",
    ["转人工", "转人工，对了", "转人工，另外你好啊朋友", "转人工，另外我要投诉你们", "转人工，另外今天天气怎么样"],
)
def test_without_a_second_matter_that_can_be_answered_nothing_is_offered(merchant: Merchant, text: str) -> None:
    heard = merchant.say(text)
    assert heard.kind == "handoff"
    assert [reply["kind"] for reply in heard.replies] == ["ticket"]


@pytest.mark.parametrize("text", ["要", "好的", "继续", "1", "分账比例"])
@pytest.mark.parametrize("at", [MORNING, NIGHT])
def test_a_yes_has_it_answered_by_day_and_by_night(shop: Shop, merchant: Merchant, at: object, text: str) -> None:
    shop.clock.set(at)  # type: ignore[arg-type]
    holder = merchant.say("转人工，另外怎么设置分账比例").holder
    heard = merchant.say(text)
    assert (heard.kind, heard.entry, heard.holder) == ("answer", "split-ratio-set", holder)
    assert len(merchant.tickets()) == 1


def test_by_day_anything_else_is_left_to_the_person_who_comes(merchant: Merchant) -> None:
    merchant.say("转人工，另外怎么设置分账比例")
    assert merchant.say("不用了").replies == []


def test_a_second_matter_with_a_guide_begins_it_while_the_ticket_waits(merchant: Merchant) -> None:
    merchant.say("转人工，另外退款失败了怎么办")
    first = merchant.say("要")
    assert (first.kind, first.entry, first.holder) == ("form", "refund-failed", "queue")
    second = merchant.say(first.labels[0])
    assert (second.kind, second.rule) == ("form", "guide:refund-failed:reason")


@pytest.mark.parametrize("text", ["返回", "解决了"])
def test_a_guide_that_was_begun_in_the_queue_can_be_ended_there(shop: Shop, merchant: Merchant, text: str) -> None:
    merchant.say("转人工，另外退款失败了怎么办")
    merchant.say("要")
    assert merchant.say(text).replies
    assert shop.conversation.state.guide is None


def test_the_ticket_holds_both_matters_in_the_merchants_words(shop: Shop, merchant: Merchant) -> None:
    heard = merchant.say("转人工，另外怎么设置分账比例")
    assert shop.ticket(heard.number).summary == "转人工，另外怎么设置分账比例"
