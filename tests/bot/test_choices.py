"""Which of the open choices a message means."""

from __future__ import annotations

import pytest

from bot.conversation.choices import counted, out_of_range, pick, position
from bot.conversation.model import Choice

LATE = Choice("1", "退款多久到账？", "refund-late")
HOW = Choice("2", "怎么给顾客退款？", "refund-how")
FEE = Choice("3", "退款手续费退不退？", "refund-fee")
NONE = Choice("none", "都不是")
PERSON = Choice("person", "转人工")
CHOICES = (LATE, HOW, FEE, NONE, PERSON)


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "１",
        "①",
        "一",
        "第一个",
        "第1个",
        "选1",
        "我选第一个",
        "就第一个吧",
        "1.",
        " 1 。",
        "头一个",
        "first",
        "第一项",
        "1号",
    ],
)
def test_the_first_is_named_in_many_ways(text: str) -> None:
    assert pick(CHOICES, text) == LATE


@pytest.mark.parametrize("text", ["最后一个", "最后那个", "最末一个", "选最下面那个", "末尾的", "最下边一个吧"])
def test_the_last_is_the_last_that_is_counted(text: str) -> None:
    assert pick(CHOICES, text) == FEE


@pytest.mark.parametrize(
    ("text", "choice"),
    [("2", HOW), ("二", HOW), ("两", HOW), ("第三個", FEE), ("third", FEE), ("要第三条", FEE), ("②", HOW)],
)
def test_the_others_by_their_number(text: str, choice: Choice) -> None:
    assert pick(CHOICES, text) == choice


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("退款多久到账", LATE),
        ("多久到账", LATE),
        ("手续费", FEE),
        ("怎麼給顧客退款", HOW),
        ("都不是", NONE),
        ("转人工", PERSON),
    ],
)
def test_a_part_of_a_label_that_only_one_has_means_it(text: str, choice: Choice) -> None:
    assert pick(CHOICES, text) == choice


@pytest.mark.parametrize(
    "text",
    ["退款", "退", "", "？", "发票怎么开", "4", "5", "0", "99", "退款多久到账，还有手续费退不退，怎么给顾客退款"],
)
def test_what_fits_several_or_none_means_none(text: str) -> None:
    assert pick(CHOICES, text) is None


def test_a_press_stands_above_the_text() -> None:
    assert pick(CHOICES, "1", pressed="3") == FEE
    assert pick(CHOICES, "都不是", pressed="person") == PERSON


def test_a_press_on_what_is_no_longer_there_leaves_the_text() -> None:
    assert pick(CHOICES, "第二个", pressed="guide:9") == HOW


def test_a_whole_label_counts_though_it_is_part_of_another() -> None:
    choices = (Choice("1", "失败"), Choice("2", "失败了两次"))
    assert pick(choices, "失败") == choices[0]


def test_a_label_that_is_a_number_is_still_named_by_its_place() -> None:
    choices = (Choice("1", "3 天以上"), Choice("2", "1 天"))
    assert pick(choices, "1") == choices[0]


def test_choices_shown_apart_are_not_counted() -> None:
    assert counted(CHOICES) == [LATE, HOW, FEE]
    assert counted((Choice("1", "是"), Choice("2", "不知道"), Choice("3", "返回"))) == [Choice("1", "是")]


@pytest.mark.parametrize(
    ("text", "place"),
    [("第三个", 3), ("7", 7), ("12", 12), ("最后一个", 5), ("怎么退款", None), ("三个问题", None), ("", None)],
)
def test_a_place_is_read_even_where_there_is_none(text: str, place: int | None) -> None:
    assert position(text, 5) == place


@pytest.mark.parametrize("text", ["4", "第五个", "0", "99"])
def test_a_place_that_is_not_there_is_out_of_range(text: str) -> None:
    assert out_of_range(CHOICES, text)


@pytest.mark.parametrize("text", ["1", "第三个", "最后一个", "怎么退款", "都不是"])
def test_any_other_message_is_not(text: str) -> None:
    assert not out_of_range(CHOICES, text)


def test_without_choices_nothing_is_meant_and_nothing_is_out_of_range() -> None:
    assert pick((), "1") is None
    assert not out_of_range((), "1")
    assert not out_of_range((NONE, PERSON), "3")
    assert pick((NONE, PERSON), "最后一个") is None
