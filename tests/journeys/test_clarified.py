"""A question that may mean several things is asked back, and the merchant may answer as people do."""

from __future__ import annotations

import pytest

from tests.journeys.shop import Heard, Merchant, Shop, rows

VAGUE = "退款"


def offered(heard: Heard) -> list[str]:
    """The labels without “都不是”."""
    assert heard.kind == "clarify"
    assert heard.labels[-1] == "都不是"
    assert 2 <= len(heard.labels) - 1 <= 3
    return heard.labels[:-1]


@pytest.mark.parametrize(
    ("said", "place"),
    [("1", 0), ("2", 1), ("２", 1), ("第二个", 1), ("选第一个吧", 0), ("二", 1), ("最后一个", -1), ("最后那个", -1)],
)
def test_a_choice_can_be_named_by_its_place(merchant: Merchant, said: str, place: int) -> None:
    wanted = offered(merchant.say(VAGUE))[place]
    heard = merchant.say(said)
    assert heard.rule == "choice"
    assert heard.kind in ("answer", "form")  # an entry with a guide begins with its first question
    assert heard.links[0]["title"] == wanted


def test_a_choice_can_be_pressed(merchant: Merchant) -> None:
    asked = merchant.say(VAGUE)
    heard = merchant.press(offered(asked)[1], asked)
    assert heard.links[0]["title"] == asked.labels[1]


def test_a_choice_can_be_named_by_its_text_or_a_part_that_only_it_has(shop: Shop) -> None:
    one, other = shop.merchant(), shop.merchant()
    first, wanted, *others = offered(one.say(VAGUE))
    assert one.say(wanted).links[0]["title"] == wanted
    parts = (wanted[at : at + 4] for at in range(len(wanted) - 3))
    part = next(part for part in parts if not any(part in label for label in (first, *others)))
    assert offered(other.say(VAGUE)) == [first, wanted, *others]
    assert other.say(part).links[0]["title"] == wanted


def test_a_place_that_is_not_there_is_asked_once_more_with_how_many_there_are(merchant: Merchant) -> None:
    count = len(offered(merchant.say(VAGUE)))
    again = merchant.say(str(count + 1))
    assert (again.kind, again.rule) == ("clarify", "choice-out-of-range")
    assert f"1 到 {count}" in again.text
    assert merchant.say("1").rule == "choice"


def test_a_place_that_is_not_there_twice_closes_the_choices(merchant: Merchant) -> None:
    offered(merchant.say(VAGUE))
    merchant.say("9")
    assert merchant.say("9").rule != "choice-out-of-range"
    assert merchant.say("1").rule != "choice"


def test_another_question_closes_the_choices(merchant: Merchant) -> None:
    merchant.say(VAGUE)
    assert merchant.say("怎么设置分账比例").entry == "split-ratio-set"
    assert merchant.say("2").rule != "choice"


def test_the_choices_stay_open_while_a_ticket_is_asked_after(merchant: Merchant) -> None:
    merchant.say(VAGUE)
    merchant.say("查进度")
    assert merchant.say("2").rule == "choice"


@pytest.mark.parametrize("pressed", [True, False])
def test_none_of_these_twice_is_a_hand_off_with_a_ticket(shop: Shop, merchant: Merchant, pressed: bool) -> None:
    asked = merchant.say(VAGUE)
    first = merchant.press("都不是", asked) if pressed else merchant.say("都不是")
    assert (first.kind, first.rule) == ("say", "first-failure")
    asked = merchant.say(VAGUE)
    second = merchant.press("都不是", asked) if pressed else merchant.say("都不是")
    assert (second.kind, second.rule, second.holder) == ("handoff", "second-failure", "queue")
    assert second.number == "TK20261122-0001"
    assert VAGUE in shop.ticket(second.number).summary or "都不是" in shop.ticket(second.number).summary


@pytest.mark.parametrize("between", ["谢谢", "怎么设置分账比例"])
def test_thanks_or_a_confident_answer_starts_the_count_of_failures_anew(merchant: Merchant, between: str) -> None:
    merchant.say(VAGUE)
    assert merchant.say("都不是").rule == "first-failure"
    merchant.say(between)
    assert merchant.say("没用").rule == "first-failure"


def test_that_did_not_help_twice_is_a_hand_off_that_carries_the_question(shop: Shop, merchant: Merchant) -> None:
    merchant.say("怎么设置分账比例")
    assert merchant.say("没用").rule == "first-failure"
    second = merchant.say("还是不行")
    assert (second.rule, second.holder) == ("second-failure", "queue")
    assert "分账比例" in shop.ticket(second.number).summary
    assert len(rows(shop.engine, "tickets")) == 1


def test_after_a_failure_a_person_is_one_press_away(merchant: Merchant) -> None:
    merchant.say("怎么设置分账比例")
    heard = merchant.press("转人工", merchant.say("没用"))
    assert (heard.kind, heard.rule) == ("handoff", "person")


def test_a_bare_number_is_no_code_while_choices_are_open(merchant: Merchant) -> None:
    offered(merchant.say(VAGUE))
    assert merchant.say("报错 20000").rule != "code"


def test_a_number_said_as_a_code_is_one_right_after_a_decline(merchant: Merchant) -> None:
    assert merchant.say("怎么给宠物办保险").labels == ["转人工"]
    heard = merchant.say("报错 20000")
    assert (heard.rule, heard.kind) == ("code", "answer")
