"""A short message read together with what was asked before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from bot.conversation.context import in_context, search, second_part, together
from bot.conversation.model import Choice, Focus, Heard, State
from bot.conversation.policy import EMERGENCY_ENTRIES
from knowledge.library import Ranking
from knowledge.question import Question
from tests.builders import NOON, a_ranking, heard

ANSWER_AT = 0.6
BEFORE = "微信付的单多久内可以退款"
FOCUS = Focus("refund-limit", "refund", BEFORE, NOON)
UNCLEAR = a_ranking(("fee-rate", 0.3), ("refund-limit", 0.2), none=0.4)


class Shelf:
    """A library that finds what it is told to, and keeps what it was asked; any other text finds nothing clear."""

    def __init__(self, found: Mapping[str, Ranking]) -> None:
        self._found = found
        self.asked: list[str] = []
        self.bare: list[bool] = []
        self.language = self

    def read(self, text: str) -> Question:
        return Question(text, text)

    def search(self, question: Question, limit: int, bare_numbers: bool) -> Ranking:
        self.asked.append(question.text)
        self.bare.append(bare_numbers)
        return self._found.get(question.text, UNCLEAR)


def found(
    text: str, state: State, rankings: Mapping[str, Ranking], said: Heard | None = None
) -> tuple[Ranking, list[str]]:
    """What a message finds, and the texts that were searched for it."""
    shelf: Any = Shelf(rankings)
    ranking, _ = search(shelf, state, said or heard(text), ANSWER_AT)
    return ranking, shelf.asked


def best(ranking: Ranking) -> str:
    return ranking.candidates[0].entry


# Two questions as one


@pytest.mark.parametrize(
    ("before", "text", "whole"),
    [
        (BEFORE, "那支付宝呢", ("支付宝付的单多久内可以退款", True)),
        ("汇率按美元哪天的算", "欧元呢", ("汇率按欧元哪天的算", True)),
        ("顾客扫我付不了怎么办", "我扫顾客呢", ("我扫顾客付不了怎么办", True)),
        (BEFORE, "那微信呢", (f"{BEFORE} 微信", False)),
        (BEFORE, "支付宝付的要手续费吗", ("支付宝付的单多久内可以退款 付的要手续费吗", False)),
        (BEFORE, "多久", (f"{BEFORE} 多久", False)),
        ("微信和微信都试了", "支付宝呢", ("支付宝和支付宝都试了", True)),
    ],
)
def test_what_can_take_the_place_of_another_takes_it_and_the_rest_is_added(
    before: str, text: str, whole: tuple[str, bool]
) -> None:
    assert together(before, text) == whole


@pytest.mark.parametrize("text", ["呢", "那呢？", "还有", "的话"])
def test_what_says_nothing_adds_nothing(text: str) -> None:
    assert together(BEFORE, text) == (BEFORE, False)


# What is searched


def test_with_nothing_before_it_a_message_is_searched_alone() -> None:
    ranking, asked = found("多久", State(), {})
    assert (ranking, asked) == (UNCLEAR, ["多久"])


@pytest.mark.parametrize("text", ["微信支付的订单要怎么才能退回给顾客", "我想再问一下别的事情可以吗"])
def test_a_long_message_is_searched_alone(text: str) -> None:
    assert found(text, State(focus=FOCUS), {})[1] == [text]


def test_a_message_with_a_code_is_searched_alone() -> None:
    coded = a_ranking(("code", 0.4), codes=["40047"], code_entries=["code"])
    assert found("报40047", State(focus=FOCUS), {"报40047": coded}) == (coded, ["报40047"])


def test_a_sure_new_question_replaces_what_was_talked_about() -> None:
    sure = a_ranking(("login", ANSWER_AT), none=0.1)
    assert found("忘记密码", State(focus=FOCUS), {"忘记密码": sure}) == (sure, ["忘记密码"])


def test_a_follow_up_is_read_with_the_question_before_however_sure_it_is_alone() -> None:
    sure, meant = a_ranking(("alipay-open", 0.9)), a_ranking(("refund-limit", 0.8))
    whole = "支付宝付的单多久内可以退款"
    ranking, asked = found("那支付宝呢", State(focus=FOCUS), {"那支付宝呢": sure, whole: meant})
    assert asked == ["那支付宝呢", whole]
    assert ranking == meant


def test_the_title_that_was_chosen_stands_for_a_question_that_was_vague() -> None:
    chosen = Focus("refund-late", "refund", "退款", NOON, "退款多久到账？")
    assert found("花呗多久", State(focus=chosen), {})[1] == ["花呗多久", "退款多久到账？ 花呗多久"]


def test_where_only_both_together_are_sure_they_count() -> None:
    both = a_ranking(("refund-limit", 0.7), none=0.1)
    alone = a_ranking(("fee-rate", 0.5), none=0.5)
    elsewhere = replace(alone, candidates=(replace(alone.candidates[0], category="fee-invoice"),))
    ranking, _ = found("那现在怎么办", State(focus=FOCUS), {"那现在怎么办": elsewhere, f"{BEFORE} 现在怎么办": both})
    assert best(ranking) == "refund-limit"
    assert ranking.confidence.value >= ANSWER_AT


def test_a_follow_up_that_leads_back_to_the_same_entry_is_answered_with_it() -> None:
    low = a_ranking(("refund-limit", 0.2), ("fee-rate", 0.18), none=0.5)
    ranking, _ = found("那现在怎么办", State(focus=FOCUS), {"那现在怎么办": low, f"{BEFORE} 现在怎么办": low})
    assert best(ranking) == "refund-limit"
    assert ranking.confidence.value == ranking.candidates[0].probability == ANSWER_AT


def test_a_remark_that_is_no_follow_up_is_not_lifted_to_an_answer() -> None:
    low = a_ranking(("refund-limit", 0.2), ("fee-rate", 0.18), none=0.6)
    ranking, _ = found("店里人多", State(focus=FOCUS), {"店里人多": low, f"{BEFORE} 店里人多": low})
    assert ranking.confidence.value < ANSWER_AT


@pytest.mark.parametrize(("choices", "bare"), [((Choice("1", "退款", "refund-how"),), False), ((), True)])
def test_a_bare_number_is_a_code_only_while_no_entries_are_offered(choices: tuple[Choice, ...], bare: bool) -> None:
    shelf: Any = Shelf({})
    search(shelf, State(focus=FOCUS, choices=choices), heard("2"), ANSWER_AT)
    assert shelf.bare == [bare, bare]


# The two rankings as one


def test_an_entry_of_the_category_that_is_talked_about_is_likelier() -> None:
    even = a_ranking(("refund-limit", 0.3), ("other", 0.3), none=0.4)
    assert best(in_context(even, even, "refund", "refund-limit")) == "refund-limit"
    near = in_context(even, even, "refund", "x").candidates[0].probability
    far = in_context(even, even, "settlement", "x").candidates[0].probability
    assert near > far


def test_the_shares_and_what_is_left_for_nothing_make_one() -> None:
    ranking = in_context(UNCLEAR, a_ranking(("refund-limit", 0.8), ("late", 0.1)), "refund", "refund-limit")
    assert sum(one.probability for one in ranking.candidates) + ranking.none == pytest.approx(1.0)
    assert {one.entry for one in ranking.candidates} == {"fee-rate", "refund-limit", "late"}
    assert ranking.confidence.value == ranking.candidates[0].probability


def test_talk_about_risks_makes_no_emergency_of_a_short_question() -> None:
    alarm = EMERGENCY_ENTRIES[0]
    even = a_ranking((alarm, 0.3), ("refund-limit", 0.3), none=0.4)
    assert best(in_context(even, even, "refund", "refund-limit")) == "refund-limit"
    assert best(in_context(even, even, "refund", alarm)) == alarm


def test_where_nothing_was_found_nothing_is_sure() -> None:
    ranking = in_context(a_ranking(), a_ranking(), "refund", "refund-limit")
    assert (ranking.candidates, ranking.confidence.value) == ((), 0.0)
    assert ranking.none == pytest.approx(1.0)


# What a message adds to its first matter


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("转人工，另外怎么设置分账比例", "怎么设置分账比例"),
        ("我要投诉你们，还有，想问一下怎么开发票", "怎么开发票"),
        ("转人工。顺便问下对账单在哪下", "对账单在哪下"),
        ("转人工，对了，另外说下退款没到账", "退款没到账"),
        ("转人工", ""),
        ("转人工，另外", ""),
        ("转人工，另外你好", ""),
        ("还有人在吗，转人工", ""),
        ("还有没有人工客服", ""),
    ],
)
def test_the_last_matter_is_what_follows_the_words_that_lead_over(text: str, rest: str) -> None:
    assert second_part(text) == rest


@pytest.mark.parametrize("piece", ["另外", "的话", "呢", "那", "还有 ", "？", "也一样吗", "微信", "美元换成"])
def test_a_hostile_text_is_read_to_its_end(piece: str) -> None:
    text = f"{(piece * 2000)[:1999]}囧"
    assert second_part(text) in ("", "囧") or text.endswith(second_part(text))
    assert together(BEFORE, text)[0].endswith("囧")
