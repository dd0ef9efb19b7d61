"""When a document is quoted instead of declining, and when never."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.conversation.case import PERSON, Case
from bot.conversation.decide import decide
from bot.conversation.model import Decision, Fact, Signals
from bot.conversation.policy import EMERGENCY_ENTRIES
from knowledge.confidence import Confidence
from knowledge.documents.library import Found
from knowledge.uncovered import Uncovered
from tests.bot.cases import NOTHING, SURE, UNSURE, case
from tests.builders import a_ranking

FOUND = Found("d1", "手册", ("保修",), 3, "保修两年。", Confidence(0.8), True, "保修两年。错误码 E77 请返修。")


def quoted(made: Case, found: Found | None = FOUND) -> Decision:
    return decide(replace(made, documents=lambda _: found))


def test_a_decline_becomes_a_quotation_with_the_way_to_it_and_a_person() -> None:
    decision = quoted(case("保修多久", NOTHING))
    assert (decision.kind, decision.rule, decision.entry) == ("answer", "document", None)
    assert decision.document is not None
    assert (decision.document.quote, decision.document.address) == ("保修两年。", "documents/d1#p3")
    assert decision.choices == (PERSON,)
    assert decision.because["instead"] == "low-confidence"


def test_the_second_decline_is_a_quotation_too() -> None:
    assert quoted(case("保修多久", NOTHING, failures=1)).rule == "document"


def test_choices_nobody_is_sure_of_stay_beside_a_quotation() -> None:
    decision = quoted(case("保修多久", UNSURE))
    assert decision.rule == "document"
    assert decision.choices == ("refund-how", "refund-late", "refund-fee", PERSON)


def _far(made: Case) -> Case:
    return replace(made, ranking=replace(made.ranking, uncovered=Uncovered("none-weather", "天气", False, None, ())))


def _code(made: Case) -> Case:
    return replace(made, ranking=replace(made.ranking, codes=("40029",), code_entries=("no-such-entry",)))


def _unknown_code(made: Case) -> Case:
    return replace(made, heard=replace(made.heard, facts=(Fact("error_code", "E99", "E99"),)))


def _emergency(made: Case) -> Case:
    return replace(made, ranking=a_ranking((EMERGENCY_ENTRIES[0], 0.3), ("refund-how", 0.1), none=0.6))


@pytest.mark.parametrize("change", [_far, _code, _unknown_code, _emergency])
def test_never_over_what_is_not_ours_a_code_or_an_emergency(change: Callable[[Case], Case]) -> None:
    assert quoted(change(case("保修多久", NOTHING))).rule != "document"


def test_a_code_that_the_passage_names_may_be_quoted() -> None:
    made = case("报 E77", NOTHING)
    known = replace(made, heard=replace(made.heard, facts=(Fact("error_code", "e77", "E77"),)))
    assert quoted(known).rule == "document"


def test_an_unsure_passage_a_sure_entry_a_follow_up_and_thanks_are_not_quoted_over() -> None:
    assert quoted(case("保修多久", NOTHING), replace(FOUND, sure=False)).rule == "low-confidence"
    assert quoted(case("保修多久", NOTHING), None).rule == "low-confidence"
    assert quoted(case("怎么退款", SURE)).entry == "refund-how"
    assert quoted(replace(case("保修多久", NOTHING), alone=False)).rule == "low-confidence"
    assert quoted(case("哦谢谢", NOTHING, signals=Signals(thanks_too=True))).rule == "small-talk:thanks"


def test_documents_are_not_searched_where_an_entry_answers() -> None:
    def search(_: str) -> Found:
        raise AssertionError("it was searched")

    assert decide(replace(case("怎么退款", SURE), documents=search)).entry == "refund-how"
