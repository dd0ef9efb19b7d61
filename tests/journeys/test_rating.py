"""What is solved is rated from 1 to 5, by a press or in words; nobody has to."""

from __future__ import annotations

import pytest

from tests.journeys.shop import Heard, Merchant, Shop, rows

MARKS = ["1 分", "2 分", "3 分", "4 分", "5 分"]


@pytest.fixture
def solved(merchant: Merchant) -> Heard:
    """A guide that ended well."""
    merchant.say("退款失败了怎么办")
    return merchant.say("解决了")


def rating(shop: Shop) -> object:
    """The mark as the newest turn keeps it."""
    newest = max(rows(shop.engine, "turns"), key=lambda row: row["inbound_id"])
    return newest["decision"]["because"].get("rating")


def test_a_guide_that_helped_asks_for_a_mark(shop: Shop, solved: Heard) -> None:
    assert (solved.kind, solved.entry, solved.labels) == ("say", "refund-failed", MARKS)
    assert "几分" in solved.text
    assert shop.conversation.state.guide is None


def test_what_was_answered_and_helped_asks_for_a_mark_too(merchant: Merchant) -> None:
    merchant.say("怎么设置分账比例")
    assert merchant.say("按您说的改完比例，现在好了").labels == MARKS


@pytest.mark.parametrize("place", range(5))
def test_a_mark_is_pressed_thanked_for_and_kept(shop: Shop, merchant: Merchant, solved: Heard, place: int) -> None:
    heard = merchant.press(MARKS[place], solved)
    assert (heard.kind, heard.rule, heard.labels) == ("say", "rating", [])
    assert rating(shop) == place + 1


@pytest.mark.parametrize(
    ("text", "mark"), [("5", 5), ("４", 4), ("3分", 3), ("2 分", 2), ("第一个", 1), ("最后一个", 5), ("5 分。", 5)]
)
def test_a_mark_is_said_as_people_say_it(shop: Shop, merchant: Merchant, solved: Heard, text: str, mark: int) -> None:
    assert merchant.say(text).rule == "rating"
    assert rating(shop) == mark


@pytest.mark.parametrize("text", ["五分", "给5分", "打5分"])
def test_a_mark_in_words_is_a_mark_too(merchant: Merchant, solved: Heard, text: str) -> None:
    assert merchant.say(text).rule == "rating"


def test_a_mark_that_there_is_not_is_asked_for_once_more(shop: Shop, merchant: Merchant, solved: Heard) -> None:
    again = merchant.say("6")
    assert (again.rule, "1 到 5" in again.text) == ("choice-out-of-range", True)
    assert merchant.say("4").rule == "rating"
    assert rating(shop) == 4


def test_a_question_instead_of_a_mark_is_answered_and_the_mark_let_be(merchant: Merchant, solved: Heard) -> None:
    assert merchant.say("怎么设置分账比例").entry == "split-ratio-set"
    assert merchant.say("5").rule != "rating"


def test_a_mark_is_given_once(merchant: Merchant, solved: Heard) -> None:
    merchant.press("4 分", solved)
    assert merchant.say("4").rule != "rating"


def test_a_person_can_be_asked_for_instead(merchant: Merchant, solved: Heard) -> None:
    assert merchant.say("转人工").kind == "handoff"


@pytest.mark.parametrize("text", ["好的，谢谢", "在吗"])
def test_small_talk_is_no_mark_and_no_failure(shop: Shop, merchant: Merchant, solved: Heard, text: str) -> None:
    assert merchant.say(text).kind == "say"
    assert rating(shop) is None
    assert shop.conversation.state.failures == 0
