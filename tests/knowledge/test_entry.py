"""An answer is taken apart, and its placeholders are filled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from knowledge.entry import AnswerText, fill, parse_answer, placeholders
from tests.builders import an_entry

WHOLE = """
先查单，不要重扫。
1. 在后台按单号查。
   查不到就等一分钟。
2、确认失败后换新单号。
10．仍然不行就关单。

找人工：一小时后还没有结果。
"""


def test_an_answer_has_a_conclusion_steps_and_when_to_call_a_person() -> None:
    assert parse_answer(WHOLE) == AnswerText(
        "先查单，不要重扫。",
        ("在后台按单号查。查不到就等一分钟。", "确认失败后换新单号。", "仍然不行就关单。"),
        "一小时后还没有结果。",
    )


def test_a_conclusion_may_take_several_lines() -> None:
    assert parse_answer("先查单。\n不要重扫。\n1. 查。").conclusion == "先查单。不要重扫。"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", AnswerText("", (), "")),
        ("只有一句", AnswerText("只有一句", (), "")),
        ("1. 没有结论", AnswerText("", ("没有结论",), "")),
        ("结论\n找人工：", AnswerText("结论", (), "")),
    ],
)
def test_parts_that_are_not_there_are_empty(text: str, parts: AnswerText) -> None:
    assert parse_answer(text) == parts


def test_an_amount_at_the_start_of_a_line_is_no_step() -> None:
    assert parse_answer("费率如下\n0.38% 是标准费率").steps == ()


def test_placeholders_are_named_once_in_the_order_of_their_use() -> None:
    assert placeholders("{{结算周期}}到，见{{ 后台路径 }}，{{结算周期}}") == ("结算周期", "后台路径")


def test_filling_puts_every_value_in_its_place_and_reads_none_of_them_again() -> None:
    assert fill("{{a}}，{{ b }}，{{a}}", {"a": "{{b}}", "b": r"\1"}) == r"{{b}}，\1，{{b}}"


def test_a_placeholder_without_a_value_is_refused() -> None:
    with pytest.raises(KeyError, match="结算周期"):
        fill("{{结算周期}}", {})


def test_a_text_without_placeholders_stays() -> None:
    assert (fill("{单括号}", {}), placeholders("{单括号}")) == ("{单括号}", ())


@pytest.mark.parametrize(
    ("day", "served"),
    [(date(2026, 9, 30), False), (date(2026, 10, 1), True), (date(2026, 10, 7), True), (date(2026, 10, 8), False)],
)
def test_an_entry_is_served_from_its_first_day_to_its_last(day: date, served: bool) -> None:
    holiday = replace(an_entry("holiday"), valid_from=date(2026, 10, 1), valid_until=date(2026, 10, 7))
    assert holiday.serves(day, "通用") is served


def test_an_entry_without_days_is_always_served() -> None:
    assert an_entry("any").serves(date(2000, 1, 1), "通用")


def test_an_entry_of_one_provider_is_never_served_for_another() -> None:
    ours = replace(an_entry("ours"), provider="甲支付")
    assert ours.serves(date(2026, 1, 1), "甲支付")
    assert not ours.serves(date(2026, 1, 1), "乙支付")
    assert an_entry("any").serves(date(2026, 1, 1), "乙支付")
