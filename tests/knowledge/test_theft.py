"""What a new phrasing would take from other entries is told, and nothing is changed by asking."""

from __future__ import annotations

from pathlib import Path

import pytest

from knowledge.confidence import FEATURES, LOOKS, Calibration
from knowledge.library import Library
from knowledge.question import Language
from knowledge.theft import Asked, Watch
from tests.builders import an_entry
from tests.doubles import HashEncoder

REFUND = an_entry("refund", "怎么退款", "钱怎么退给顾客", "退款在哪点", title="怎么给顾客退款？")
LATE = an_entry("late", "退款多久到账", "顾客说退款没收到", "退款几天能到", title="退款多久到账？")
SPLIT = an_entry("split", "分账失败", "分账报错怎么办", "分不了账", title="分账失败怎么办？")
NEAREST = Calibration(
    tuple({"nearest": 6.0, "lexical": 2.0}.get(name, 0.0) for name in FEATURES),
    tuple(-9.0 if name == "one" else 0.0 for name in LOOKS),
    tuple(-9.0 if name == "one" else 0.0 for name in LOOKS),
    answer_at=0.5,
    decline_at=0.5,
)
QUESTIONS = (
    Asked("客户的退款几天能收到", frozenset({"late"})),
    Asked("分账怎么报错了", frozenset({"split"})),
    Asked("客户退款几天收到呀"),
)


@pytest.fixture
def library(language: Language, tmp_path: Path) -> Library:
    library = Library(language, HashEncoder(), NEAREST, tmp_path)
    library.refresh((REFUND, LATE, SPLIT), generation="g1")
    return library


@pytest.fixture
def watch(library: Library) -> Watch:
    return Watch(library, QUESTIONS)


def test_questions_that_would_go_to_the_entry_are_told_with_those_it_takes_them_from(watch: Watch) -> None:
    theft = watch.steals(REFUND, "客户的退款几天能收到款")
    assert {(one.question, one.before, one.after) for one in theft.stolen} == {
        ("客户的退款几天能收到", "late", "refund"),
        ("客户退款几天收到呀", "late", "refund"),
    }
    assert all(one.worse for one in theft.stolen)


def test_a_question_that_was_labelled_with_the_entry_is_no_loss(library: Library) -> None:
    watch = Watch(library, [Asked("客户的退款几天能收到", frozenset({"refund"}))])
    [one] = watch.steals(REFUND, "客户的退款几天能收到款").stolen
    assert not one.worse


def test_a_phrasing_of_its_own_matter_takes_nothing(watch: Watch) -> None:
    theft = watch.steals(SPLIT, "分账报错了咋办")
    assert (theft.already, theft.stolen, theft.nearer) == ((), (), ())


def test_phrasings_of_others_that_come_nearer_to_the_new_one_than_to_their_own_are_told(watch: Watch) -> None:
    theft = watch.steals(SPLIT, "顾客说退款没收到呢")
    assert [(one.entry, one.phrasing) for one in theft.nearer] == [("late", "顾客说退款没收到")]
    assert theft.nearer[0].to_new > theft.nearer[0].to_own


def test_words_that_another_entry_holds_already_are_told(watch: Watch) -> None:
    assert watch.steals(REFUND, "退款，几天能到？").already == ("late",)


def test_trying_changes_nothing_that_is_served(library: Library, watch: Watch) -> None:
    question = library.language.read("客户的退款几天能收到")
    before = library.search(question)
    watch.steals(REFUND, "客户的退款几天能收到款")
    assert library.search(question) == before
    assert library.entry("refund") == REFUND
    assert library.generation == "g1"


def test_a_trial_finds_the_new_words_at_once(library: Library) -> None:
    trial = library.trial(an_entry("refund", "把押金还给租客"))
    assert trial.search(library.language.read("把押金还给租客")).candidates[0].entry == "refund"
    assert library.search(library.language.read("把押金还给租客")).confidence.value < 1.0


def test_without_questions_only_phrasings_are_looked_at(library: Library) -> None:
    assert Watch(library, ()).steals(REFUND, "客户的退款几天能收到款").stolen == ()
