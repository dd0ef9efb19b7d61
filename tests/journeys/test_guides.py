"""Guides: one question at a time, back and forth, until an entry, a ticket, or “好了”."""

from __future__ import annotations

import pytest

from tests.journeys.shop import Merchant, Shop

CALLBACK = "支付成功但没收到通知"


def test_the_scan_question_first_asks_who_scans_whom(merchant: Merchant) -> None:
    heard = merchant.say("微信扫码支付失败怎么办？")
    assert (heard.kind, heard.entry) == ("form", "scan-failed-direction-unknown")
    assert "扫顾客" in heard.text
    assert any(label.startswith("我扫") for label in heard.labels)
    assert any(label.startswith("顾客扫") for label in heard.labels)
    assert merchant.say("顾客扫我").rule == "guide:scan-failed-direction-unknown:code-kind"
    end = merchant.say("台卡")
    assert (end.kind, end.entry) == ("answer", "qr-static-code-unusable")
    assert end.links[0]["url"].endswith("/help/qr-static-code-unusable")


def test_a_missing_notification_is_followed_from_the_address_to_the_log_to_the_return_code(merchant: Merchant) -> None:
    first = merchant.say(CALLBACK)
    assert (first.kind, first.entry) == ("form", "callback-not-received")
    assert "回调地址" in first.text
    assert "查单" in first.text
    logs = merchant.press(first.labels[0], first)
    assert "日志" in logs.text
    code = merchant.say("有，收到了")
    assert "状态码" in code.text
    end = merchant.say("返回的是 500")
    assert (end.kind, end.entry) == ("answer", "callback-ack-format")
    assert end.links


def test_a_guide_that_ends_in_a_ticket_hands_over_everything_that_was_found_out(shop: Shop, merchant: Merchant) -> None:
    merchant.say(CALLBACK)
    merchant.say("地址没问题，外网能打开")
    merchant.say("没有任何请求")
    end = merchant.say("已经放行")
    assert (end.kind, end.rule, end.holder) == ("handoff", "guide:callback-not-received:end-ticket", "queue")
    ticket = shop.ticket(end.number)
    facts = {fact.name: fact.value for fact in ticket.facts}
    assert ticket.queue == "tech_support"
    assert facts["notify_url"] == "地址没问题，外网能打开"
    assert facts["has_server_log"] == "没有任何请求"
    assert "已经放行" in facts.values()
    assert CALLBACK in ticket.summary


def test_another_topic_pauses_the_guide_answers_and_offers_to_go_on_at_the_same_step(merchant: Merchant) -> None:
    merchant.say(CALLBACK)
    at = merchant.say("能打开")
    aside = merchant.say("怎么设置分账比例？")
    assert (aside.kind, aside.entry) == ("answer", "split-ratio-set")
    assert aside.labels == ["继续刚才的排查"]
    again = merchant.press("继续刚才的排查", aside)
    assert (again.kind, again.rule, again.text) == ("form", at.rule, at.text)
    assert merchant.say("没有任何请求").rule == "guide:callback-not-received:firewall"


def test_going_on_may_also_be_typed_after_several_other_answers(merchant: Merchant) -> None:
    at = merchant.say(CALLBACK)
    merchant.say("怎么设置分账比例？")
    merchant.say("ACQ.SYSTEM_ERROR")
    assert merchant.say("继续刚才的排查").labels == at.labels


def test_back_goes_one_question_back_and_leaves_at_the_first(merchant: Merchant) -> None:
    first = merchant.say(CALLBACK)
    merchant.say("能打开")
    merchant.say("有")
    assert merchant.say("返回").rule == "guide:callback-not-received:logs"
    assert merchant.say("返回").labels == first.labels
    left = merchant.say("返回")
    assert left.kind == "say"
    assert merchant.say("能打开").rule != "guide:callback-not-received:logs"


def test_not_knowing_is_asked_once_more_and_the_second_time_the_likeliest_way_is_taken(merchant: Merchant) -> None:
    first = merchant.say(CALLBACK)
    assert merchant.say("不清楚").labels == first.labels
    assert merchant.say("不清楚").rule == "guide:callback-not-received:check-address"


def test_not_knowing_may_be_pressed(merchant: Merchant) -> None:
    first = merchant.say(CALLBACK)
    assert merchant.press("不知道", first).rule == "guide:callback-not-received:check-address"


def test_starting_over_begins_at_the_first_question(merchant: Merchant) -> None:
    first = merchant.say(CALLBACK)
    merchant.say("能打开")
    merchant.say("有")
    assert merchant.say("重来").labels == first.labels


@pytest.mark.parametrize("said", ["好了", "解决了，谢谢"])
def test_solved_ends_the_guide_without_a_ticket(shop: Shop, merchant: Merchant, said: str) -> None:
    merchant.say(CALLBACK)
    merchant.say("能打开")
    assert merchant.say(said).kind == "say"
    assert shop.conversation.state.guide is None
    assert shop.conversation.state.ticket is None


def test_an_answer_that_fits_no_choice_is_asked_about_once_more_in_place(merchant: Merchant) -> None:
    first = merchant.say(CALLBACK)
    heard = merchant.say("紫色的")
    assert (heard.kind, heard.labels) == ("form", first.labels)
    assert merchant.say("能打开").rule == "guide:callback-not-received:logs"


def test_the_last_choice_of_a_guide_is_the_last_that_says_something(merchant: Merchant) -> None:
    merchant.say(CALLBACK)
    assert merchant.say("最后一个").entry == "callback-url-config"


def test_a_person_can_be_called_in_the_middle_and_gets_what_is_known(shop: Shop, merchant: Merchant) -> None:
    merchant.say(CALLBACK)
    merchant.say("能打开")
    heard = merchant.say("转人工")
    assert (heard.kind, heard.holder) == ("handoff", "queue")
    ticket = shop.ticket(heard.number)
    assert ticket.queue == "tech_support"
    assert "notify_url" in [fact.name for fact in ticket.facts]
    assert CALLBACK in ticket.summary


def test_a_ticket_can_be_asked_after_in_the_middle_and_the_guide_goes_on(merchant: Merchant) -> None:
    merchant.say(CALLBACK)
    assert merchant.say("查进度").rule == "ticket"
    assert merchant.say("能打开").rule == "guide:callback-not-received:logs"
