"""A typed answer is read as a choice of its step by the answers that the choice lists."""

from __future__ import annotations

import pytest

from bot.conversation.hearing import hear
from bot.conversation.model import GuidePlace, Step
from bot.dialogue.answers import reader
from bot.dialogue.guides import Ask, Branch, End, Guide, Means, advance
from knowledge.question import Language
from tests.dialogue.taking_in import NOW

FAILED = Branch("失败", "failed", (), ("后台写着退款失败", "显示失败两个字", "状态是失败的"))
WAITING = Branch("处理中", "waiting", (), ("一直在转圈没结果", "还在处理里", "显示处理中的状态"))
MUTE = Branch("不知道", "waiting", ("不清楚",))
GUIDE = Guide(
    "shown",
    "退款",
    "merchant_service",
    "state",
    {
        "state": Ask("显示什么？", (FAILED, WAITING, MUTE), "waiting"),
        "other": Ask(
            "有没有分账？", (Branch("有", "failed", ("有",)), Branch("没有", "waiting", ("没有",))), "waiting"
        ),
    },
    {"failed": End("ticket", "转人工。"), "waiting": End("solved", "等一等。")},
)


@pytest.fixture(scope="module")
def means() -> Means:
    return reader({GUIDE.id: GUIDE}, Language())


def taken(text: str, step: str, means: Means | None) -> Step | None:
    return advance(GUIDE, GuidePlace(GUIDE.id, step), hear(text, NOW), None, means)


@pytest.mark.parametrize(
    ("text", "branch"), [("后台那边写着退款失败了", FAILED), ("还一直在转圈呢没结果", WAITING), ("失败", FAILED)]
)
def test_a_sentence_means_the_choice_whose_answers_it_is_like(means: Means, text: str, branch: Branch) -> None:
    assert means(GUIDE, "state", text) == branch


@pytest.mark.parametrize("text", ["今天天气不错", "发票抬头怎么改", ""])
def test_a_sentence_like_none_means_none(means: Means, text: str) -> None:
    assert means(GUIDE, "state", text) is None


def test_a_step_whose_choices_list_no_answers_is_read_by_its_words_alone(means: Means) -> None:
    assert means(GUIDE, "other", "我们店确实是没有的") is None
    step = taken("没有", "other", means)
    assert step is not None
    assert step.ends == "solved"


def test_a_choice_that_lists_no_answers_is_never_read_into_a_sentence(means: Means) -> None:
    assert means(GUIDE, "state", "不清楚不清楚") is not MUTE


def test_the_guide_takes_the_sentence_for_the_choice_and_without_a_reader_asks_again(means: Means) -> None:
    text = "后台那边写着退款失败了哦"
    step = taken(text, "state", means)
    assert step is not None
    assert step.place is not None
    assert (step.ends, step.place.trail) == ("ticket", (("state", "失败"),))
    assert taken(text, "state", None) is None


@pytest.mark.parametrize("text", ["后台写着退款失败怎么办", "商户号8812345678"])
def test_a_question_and_bare_facts_are_no_answer(means: Means, text: str) -> None:
    assert taken(text, "state", means) is None
