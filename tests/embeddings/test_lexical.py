"""How much of a question a text covers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.lexical import LexicalIndex

TEXTS = [["退款", "失败"], ["退款", "到账", "时间"], ["分账", "比例"], ["分账", "失败"], []]


@pytest.fixture(scope="module")
def index() -> LexicalIndex:
    return LexicalIndex(TEXTS)


def test_the_text_with_all_the_words_scores_highest_and_one_without_any_nothing(index: LexicalIndex) -> None:
    scores = index.scores(["退款", "失败"])
    assert int(scores.argmax()) == 0
    assert scores[2] == scores[4] == 0.0


def test_a_rare_word_counts_more_than_a_common_one(index: LexicalIndex) -> None:
    scores = index.scores(["失败", "比例"])
    assert scores[2] > scores[3]


def test_scores_lie_between_nothing_and_all(index: LexicalIndex) -> None:
    scores = index.scores(["退款", "到账", "时间"])
    assert scores.min() >= 0.0
    assert 0.0 < scores.max() <= 1.0


def test_words_nobody_wrote_take_from_every_score(index: LexicalIndex) -> None:
    assert index.scores(["退款", "火星"]).max() < index.scores(["退款"]).max()


@pytest.mark.parametrize("tokens", [[], ["火星"]])
def test_a_question_without_a_known_word_is_covered_by_nothing(index: LexicalIndex, tokens: list[str]) -> None:
    assert index.scores(tokens).tolist() == [0.0] * len(TEXTS)


def test_saying_a_word_twice_changes_nothing(index: LexicalIndex) -> None:
    np.testing.assert_array_equal(index.scores(["退款", "退款"]), index.scores(["退款"]))


def test_what_was_saved_answers_the_same(index: LexicalIndex, tmp_path: Path) -> None:
    index.save(tmp_path)
    again = LexicalIndex.load(tmp_path)
    np.testing.assert_allclose(again.scores(["退款", "火星"]), index.scores(["退款", "火星"]), rtol=1e-5)
