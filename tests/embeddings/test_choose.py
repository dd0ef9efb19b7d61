"""Which of a few options a text means, and that what is not clear is left open."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from embeddings.choose import Chooser

QUESTIONS: Mapping[str, Sequence[Sequence[str]]] = {
    "state": [
        ("refund failed", "it says failed", "refund was rejected"),
        ("still processing", "processing for hours", "no result yet"),
        ("refund succeeded", "it was successful", "success on screen"),
    ],
    "yes": [("yes we did", "yes of course"), ("no never", "no not yet")],
    "gaps": [("never seen",), (), ("seen often",)],
    "one": [("only this one",)],
    "none": [(), ()],
}


def words(text: str) -> list[str]:
    return text.split()


@pytest.fixture(scope="module")
def chooser() -> Chooser:
    return Chooser(QUESTIONS, words)


@pytest.mark.parametrize(
    ("question", "text", "option"),
    [
        ("state", "it says failed", 0),
        ("state", "processing for two hours", 1),
        ("state", "success on the screen", 2),
        ("yes", "yes of course we did", 0),
        ("yes", "no not yet", 1),
        ("gaps", "seen often", 2),
    ],
)
def test_a_text_means_the_option_whose_texts_it_is_like(
    chooser: Chooser, question: str, text: str, option: int
) -> None:
    assert chooser.choose(question, text) == option


@pytest.mark.parametrize("text", ["", "what time do you close", "failed processing"])
def test_what_speaks_for_no_option_clearly_is_left_open(chooser: Chooser, text: str) -> None:
    assert chooser.choose("state", text) is None


@pytest.mark.parametrize("question", ["one", "none"])
def test_a_question_with_fewer_than_two_options_that_have_texts_is_left_open(chooser: Chooser, question: str) -> None:
    assert chooser.scores(question, "only this one") is None
    assert chooser.choose(question, "only this one") is None


def test_an_option_without_texts_is_never_meant(chooser: Chooser) -> None:
    scores = chooser.scores("gaps", "seen")
    assert scores is not None
    assert scores.shape == (3,)
    assert scores[1] == -np.inf
    assert np.isfinite(scores[[0, 2]]).all()


def test_of_two_options_what_speaks_for_one_speaks_against_the_other(chooser: Chooser) -> None:
    yes, no = (chooser.scores("yes", text) for text in ("yes of course", "no not yet"))
    assert yes is not None
    assert no is not None
    assert yes[0] > yes[1]
    assert no[1] > no[0]


def test_a_question_that_there_is_not_is_an_error(chooser: Chooser) -> None:
    with pytest.raises(KeyError):
        chooser.choose("no such question", "yes")


def test_the_order_in_which_questions_are_first_asked_changes_nothing() -> None:
    forwards, backwards = Chooser(QUESTIONS, words), Chooser(QUESTIONS, words)
    asked = ["state", "yes", "gaps"]
    here = {name: forwards.scores(name, "yes it failed") for name in asked}
    there = {name: backwards.scores(name, "yes it failed") for name in reversed(asked)}
    for name in asked:
        np.testing.assert_array_equal(here[name], there[name])


def test_four_threads_that_ask_first_at_once_learn_the_same() -> None:
    chooser, found = Chooser(QUESTIONS, words), []

    def ask() -> None:
        found.append(chooser.choose("state", "it says failed"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [0, 0, 0, 0]
