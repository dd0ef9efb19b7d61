"""What a long story is about, without its small talk."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.clauses import BESIDE, LONG_CHARS, TELLING, core, parts

TALK = "今天早上下了好大的雨,我骑车过来的时候鞋子都湿了,"
MATTER = "收银台的打印机不出纸,"
MORE = "隔壁的大姐还笑话我,说我每次都赶上下雨天出门,真是没办法"


def telling(text: str) -> float:
    return TELLING if "打印机" in text else 1.0


@given(st.text(max_size=300))
def test_the_parts_of_any_text_are_the_whole_text(text: str) -> None:
    assert "".join(parts(text)) == text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("没纸了,怎么换", ["没纸了,", "怎么换"]),
        ("没纸了。怎么换?急", ["没纸了。", "怎么换?", "急"]),
        ("没纸了 怎么换", ["没纸了 ", "怎么换"]),
        ("报 ERR.PAPER_OUT 了,急", ["报 ERR.PAPER_OUT 了,", "急"]),
        ("差0.01元,一共1,200元", ["差0.01元,", "一共1,200元"]),
        ("填 https://a.example/b?c=1;d", ["填 https://a.example/b?c=1;d"]),
        ("", []),
    ],
)
def test_clauses_end_where_one_pauses_and_never_within_a_code_or_a_number(text: str, found: list[str]) -> None:
    assert parts(text) == found


def test_of_a_story_the_clauses_remain_that_say_something() -> None:
    story = TALK + MATTER + MORE
    assert len(story) > LONG_CHARS
    assert core(story, telling) == MATTER


def test_clauses_that_say_something_remain_in_their_order() -> None:
    found = core(f"{TALK}屏幕显示ERR.PAPER_OUT,{MORE},{MATTER}", telling)
    assert found == f"屏幕显示ERR.PAPER_OUT,{MATTER}"


def test_beside_a_clause_that_says_much_one_remains_that_says_a_little() -> None:
    def little(text: str) -> float:
        return BESIDE if "换过" in text else telling(text)

    assert core(f"{TALK}{MATTER}刚换过纸,{MORE}", little) == f"{MATTER}刚换过纸,"
    assert core(f"刚换过纸,{TALK}{MATTER}{MORE}", little) == MATTER


@pytest.mark.parametrize("text", ["", MATTER, TALK[: LONG_CHARS - len(MATTER)] + MATTER])
def test_a_question_that_is_no_story_has_no_core(text: str) -> None:
    assert core(text, telling) is None


@pytest.mark.parametrize("named", ["显示 paper_out", "屏幕上是4031", "弹了个E12_9"])
def test_a_clause_that_names_a_code_or_a_number_is_never_small_talk(named: str) -> None:
    assert core(f"{TALK}{named},{MORE}", lambda _: 0.0) == f"{named},"


def test_a_story_that_says_nothing_or_all_of_it_is_left_whole() -> None:
    assert core(TALK + MORE, telling) is None
    assert core(TALK + MORE, lambda _: TELLING) is None


def test_a_long_text_without_a_pause_is_left_whole() -> None:
    assert core("雨" * 200, lambda _: 0.0) is None
