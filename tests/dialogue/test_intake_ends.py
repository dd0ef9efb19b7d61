"""Whatever is said while a ticket is taken in: it comes to an end, and no fact is lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.dialogue.intake import CONFIRM, DETAIL, begin
from tests.dialogue.taking_in import INTAKE, TOLD, Talk, said

MATTERS = (None, *INTAKE.needs)


@pytest.mark.parametrize("matter", MATTERS)
@pytest.mark.parametrize("told", ["", TOLD])
@pytest.mark.parametrize("text", ["没有", "不知道"])
def test_eight_times_no_comes_to_be_confirmed(matter: str | None, told: str, text: str) -> None:
    one = Talk(begin(INTAKE, said("我要提工单"), (), told, matter))
    asked = [one.step.step]
    while one.step.step != CONFIRM:
        asked.append(one.all(text))
        assert len(asked) <= 9
    assert {name: asked.count(name) for name in asked if asked.count(name) > 1} in ({}, {DETAIL: 2})
    one.all("提交")
    assert one.step.ends == "ticket"


MESSAGES = """
没有 不知道 返回 重来 对 不对 提交 1 2 谢谢 呃 微信 顾客扫我 298 继续登记工单 昨晚十点半 有地方要改 SYSTEM_ERROR
13800138000 商户号8812345678 商户号是880011223344 880011223344 金额是299元 不对，金额是300元 A20261121998877
店里其他人都下班啦 订单号：A20261121998877，昨天，298元 电话13900139000，邮箱pay@example.com
"""
WORDS = some.sampled_from(MESSAGES.split())


@settings(deadline=None, max_examples=200)
@given(some.lists(WORDS, max_size=25), some.sampled_from(MATTERS), some.booleans())
def test_whatever_is_said_no_fact_is_lost_and_only_a_confirmed_ticket_is_submitted(
    texts: list[str], matter: str | None, told: bool
) -> None:
    one = Talk(begin(INTAKE, said("我要提工单"), (), TOLD if told else "", matter))
    latest: dict[str, str] = {}
    for text in texts:
        before, confirming = one.place, one.step.step == CONFIRM
        step = one.say(text)
        latest |= {fact.name: fact.value for fact in said(text).facts}
        latest |= {fact.name: fact.value for fact in step.facts} if step else {}
        assert one.values == latest
        if step is None:
            continue
        if step.ends is not None:
            assert step.ends == "left" or (confirming and one.place == before)
            return
        assert step.step in (DETAIL, CONFIRM, *INTAKE.wanted)
        if step.step == CONFIRM and not one.place.doubted:
            shown = [fact.said for fact in one.facts if fact.name in INTAKE.wanted]
            assert all(words in step.text for words in (*shown, one.place.detail))


@settings(deadline=None, max_examples=200)
@given(some.lists(WORDS, max_size=25), some.sampled_from(MATTERS))
def test_from_wherever_it_was_brought_eight_times_no_and_a_submission_end_it(
    texts: list[str], matter: str | None
) -> None:
    one = Talk(begin(INTAKE, said("我要提工单"), (), TOLD, matter))
    for text in texts:
        one.say(text)
        if one.step.ends is not None:
            return
    for _ in range(8):
        one.say("没有")
    assert (one.step.step, one.step.ends) == (CONFIRM, None)
    one.all("提交")
    assert one.step.ends == "ticket"
