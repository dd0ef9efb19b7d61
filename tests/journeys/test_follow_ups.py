"""Short questions that live from what was asked before, through HTTP: swapped, added to, forgotten, replaced."""

from __future__ import annotations

import pytest

from bot.conversation.progress import FOCUS_SECONDS
from tests.journeys.shop import Merchant, Shop

LIMIT = "微信付的单子多久以内能退款"
CARD = "结算卡想换成对公账户怎么弄"


@pytest.mark.parametrize("text", ["支付宝呢", "那支付宝呢？", "换成支付宝呢"])
def test_another_channel_is_the_same_question_about_it(merchant: Merchant, text: str) -> None:
    assert merchant.say(LIMIT).entry == "refund-time-limit"
    assert merchant.say(text).entry == "refund-time-limit"


@pytest.mark.parametrize("text", ["多久生效", "在哪里点"])
def test_a_question_without_its_matter_is_about_the_one_before(merchant: Merchant, text: str) -> None:
    assert merchant.say(CARD).entry == "settle-card-change"
    assert merchant.say(text).entry == "settle-card-change"


def test_several_in_a_row_stay_with_the_matter(merchant: Merchant) -> None:
    merchant.say(CARD)
    assert [merchant.say(text).entry for text in ("多久生效", "在哪里点")] == ["settle-card-change"] * 2


def test_after_ten_minutes_what_was_asked_is_forgotten(shop: Shop, merchant: Merchant) -> None:
    merchant.say(CARD)
    shop.clock.advance(FOCUS_SECONDS + 1)
    heard = merchant.say("在哪里点")
    assert heard.kind != "answer"


def test_a_sure_new_question_takes_its_place_and_is_what_the_next_is_about(merchant: Merchant) -> None:
    merchant.say(CARD)
    assert merchant.say("登录密码忘了怎么找回").entry == "login-forgot-password"
    assert merchant.say("在哪里点").entry == "login-forgot-password"


def test_what_was_chosen_from_several_is_what_the_next_is_about(merchant: Merchant) -> None:
    asked = merchant.say("退款")
    chosen = merchant.press(asked.labels[2], asked)
    assert merchant.say("那现在怎么办").entry == chosen.entry


def test_with_nothing_before_it_a_short_question_is_asked_back_and_not_guessed_at(merchant: Merchant) -> None:
    assert merchant.say("在哪里点").kind in ("clarify", "say")


def test_two_merchants_have_each_their_own_matter(shop: Shop) -> None:
    one, other = shop.merchant(), shop.merchant()
    one.say(CARD)
    other.say(LIMIT)
    assert one.say("多久生效").entry == "settle-card-change"
    assert other.say("支付宝呢").entry == "refund-time-limit"


def test_thanks_between_two_questions_keeps_the_matter(merchant: Merchant) -> None:
    merchant.say(CARD)
    merchant.say("谢谢")
    assert merchant.say("多久生效").entry == "settle-card-change"


def test_an_emergency_is_no_follow_up_however_short(merchant: Merchant) -> None:
    merchant.say(CARD)
    assert merchant.say("钱被骗走了").decision["queue"] == "risk_red"
