"""What a conversation has established stands in every decision on the wire, and goes along to the ticket."""

from __future__ import annotations

import pytest

from tests.journeys.shop import Merchant, Shop

STUCK = "昨晚9点有一笔微信的560块卡在支付中"
FIRST = {"time": "2026-11-21T21:00:00+08:00", "channel": "wechat", "amount": "560"}
NUMBER = {"merchant_no": "8812345678"}


def test_facts_are_read_from_the_first_message_and_kept_in_normalised_form(merchant: Merchant) -> None:
    assert merchant.say(STUCK).decision["facts"] == FIRST


def test_a_conversation_begins_with_none(merchant: Merchant) -> None:
    assert merchant.say("你好").decision["facts"] == {}


def test_each_message_adds_its_own_and_the_latest_word_on_one_counts(merchant: Merchant) -> None:
    merchant.say(STUCK)
    assert merchant.say("商户号8812345678").decision["facts"] == FIRST | NUMBER
    assert merchant.say("不对，是568块").decision["facts"] == FIRST | NUMBER | {"amount": "568"}
    assert merchant.say("怎么开手续费发票").decision["facts"] == FIRST | NUMBER | {"amount": "568"}


def test_they_go_along_to_the_person_with_the_merchants_words(shop: Shop, merchant: Merchant) -> None:
    merchant.say(STUCK)
    heard = merchant.say("转人工")
    assert heard.decision["facts"] == FIRST
    facts = {fact.name: fact for fact in shop.ticket(heard.number).facts}
    assert {name: fact.value for name, fact in facts.items()} == FIRST
    assert (facts["channel"].said, facts["amount"].said) == ("微信", "560块")


def test_the_answers_to_a_guide_are_facts_of_their_own_values(merchant: Merchant) -> None:
    first = merchant.say("扫码收款失败了")
    assert "顾客扫我" in " ".join(first.labels)
    label = next(one for one in first.labels if "顾客扫我" in one)
    assert merchant.press(label, first).decision["facts"]["pay_direction"] == "customer_scans"


def test_two_channels_in_one_message_decide_nothing(merchant: Merchant) -> None:
    facts = merchant.say("微信和支付宝都扫不了，金额30元").decision["facts"]
    assert "channel" not in facts
    assert facts["amount"] == "30"


def test_a_known_error_code_is_a_fact(merchant: Merchant) -> None:
    assert merchant.say("接口一直报 NOT_SHARE_ORDER").decision["facts"] == {"error_code": "NOT_SHARE_ORDER"}


@pytest.mark.parametrize("text", ["卡号6222021234567890128", "密码是abc12345", "验证码是 482913"])
def test_no_secret_ever_becomes_a_fact(merchant: Merchant, text: str) -> None:
    merchant.say(STUCK)
    assert merchant.say(text).decision["facts"] == FIRST


def test_they_stay_while_a_person_holds_the_conversation(merchant: Merchant) -> None:
    merchant.say("转人工")
    heard = merchant.say("商户号8812345678")
    assert (heard.replies, heard.decision["facts"]) == ([], NUMBER)
    assert merchant.say("金额560块").decision["facts"] == NUMBER | {"amount": "560"}


def test_they_are_each_merchants_own(shop: Shop, merchant: Merchant) -> None:
    merchant.say(STUCK)
    assert shop.merchant().say("怎么开手续费发票").decision["facts"] == {}


def test_the_same_message_again_tells_the_same_facts(merchant: Merchant) -> None:
    first = merchant.say(STUCK, client_id="a")
    merchant.say("商户号8812345678")
    assert merchant.say(STUCK, client_id="a").body["messages"] == first.body["messages"]
