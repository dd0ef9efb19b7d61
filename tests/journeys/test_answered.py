"""A question that has a vetted answer gets it, with a link to its page, and follow-ups live from it."""

from __future__ import annotations

import re

import pytest

from bot.conversation.progress import FOCUS_SECONDS
from knowledge.entry import parse_answer
from tests.journeys.shop import Merchant, Shop, rows


def test_the_split_ratio_question_is_answered_with_its_entry_a_link_and_no_percentage(merchant: Merchant) -> None:
    heard = merchant.say("怎么设置分账比例？")
    assert (heard.kind, heard.entry, heard.rule) == ("answer", "split-ratio-set", "retrieval")
    assert "分账" in heard.text
    assert not re.search(r"[0-9０-９]\s*[%％]", heard.text)
    assert heard.links == [{"id": "split-ratio-set", "title": heard.links[0]["title"], "url": "/help/split-ratio-set"}]
    assert merchant.http.get("/help/split-ratio-set").status_code == 200


def test_an_answer_is_the_published_entrys_own_text_with_every_setting_filled_in(
    shop: Shop, merchant: Merchant
) -> None:
    shop.parts.profile.set("分账上限", "按合同第九条", "lin", shop.clock())
    heard = merchant.say("怎么设置分账比例？")
    entry = parse_answer(shop.parts.library.entry("split-ratio-set").answer)
    assert heard.text.startswith(entry.conclusion)
    assert all(f"\n{place}. " in heard.text for place in range(1, len(entry.steps) + 1))
    assert "按合同第九条" in heard.text
    assert "{{" not in heard.text


@pytest.mark.parametrize(
    "asked", ["ACQ.SYSTEM_ERROR", "acq system error", "ＡＣＱ．ＳＹＳＴＥＭ＿ＥＲＲＯＲ", "acq.systemerror 报这个"]
)
def test_an_error_code_is_known_however_it_is_typed_and_an_unknown_result_is_first_looked_up(
    merchant: Merchant, asked: str
) -> None:
    heard = merchant.say(asked)
    assert (heard.kind, heard.rule, heard.entry) == ("answer", "code", "ali-system-error")
    assert heard.text.startswith("先查单")


def test_a_short_follow_up_lives_from_what_was_talked_about_for_ten_minutes(shop: Shop, merchant: Merchant) -> None:
    merchant.say("ACQ.SYSTEM_ERROR")
    assert merchant.say("怎么办").entry == "ali-system-error"
    shop.clock.advance(FOCUS_SECONDS + 1)
    assert merchant.say("怎么办").entry != "ali-system-error"


@pytest.mark.parametrize("asked", ["今天天气怎么样", "帮我写首诗"])
def test_what_is_no_matter_of_merchants_is_declined_without_a_ticket(
    shop: Shop, merchant: Merchant, asked: str
) -> None:
    for _ in range(3):
        assert merchant.say(asked).kind == "say"
    assert rows(shop.engine, "tickets") == []


def test_what_no_entry_covers_is_said_honestly_kept_as_a_gap_and_the_second_time_handed_over(
    shop: Shop, merchant: Merchant
) -> None:
    first = merchant.say("怎么给宠物办保险")
    assert (first.kind, first.rule, first.entry) == ("say", "low-confidence", None)
    assert first.labels == ["转人工"]
    second = merchant.say("宠物保险在哪里买")
    assert (second.kind, second.rule) == ("handoff", "second-failure")
    assert shop.ticket(second.number).facts == ()
    assert {row["question"] for row in rows(shop.engine, "gaps")} == {"怎么给宠物办保险", "宠物保险在哪里买"}


def test_an_english_question_without_an_entry_is_declined_in_english(merchant: Merchant) -> None:
    heard = merchant.say("my cat is sick what should i do")
    assert heard.kind == "say"
    assert "Sorry" in heard.text


def test_anger_with_a_real_question_is_answered_and_a_person_offered(merchant: Merchant) -> None:
    heard = merchant.say("什么破系统！！！怎么设置分账比例")
    assert (heard.kind, heard.entry) == ("answer", "split-ratio-set")
    assert "转人工" in heard.labels
    assert merchant.press("转人工", heard).kind == "handoff"


@pytest.mark.parametrize("talk", ["你好", "谢谢", "？？？", "你是谁"])
def test_small_talk_is_answered_and_ends_nothing(merchant: Merchant, talk: str) -> None:
    merchant.say("支付成功但没收到通知")
    assert merchant.say(talk).kind == "say"
    assert merchant.say("地址没问题，外网能打开").rule == "guide:callback-not-received:logs"


def test_text_that_begins_with_a_slash_is_plain_text(merchant: Merchant) -> None:
    assert merchant.say("/怎么设置分账比例").entry == "split-ratio-set"


def test_what_was_said_can_be_read_again_with_its_links_and_choices(merchant: Merchant) -> None:
    answered, asked = merchant.say("怎么设置分账比例"), merchant.say("退款")
    page = merchant.read()
    assert page["messages"] == answered.body["messages"] + asked.body["messages"]
    assert merchant.read(page["cursor"])["messages"] == []
