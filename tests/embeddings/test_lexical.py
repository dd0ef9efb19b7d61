"""How much of a question a text covers."""

from __future__ import annotations

import random
from pathlib import Path

import bm25s
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


BOUNDS = np.array([0, 2, 4, 5])


def test_the_best_of_an_id_is_the_greatest_score_of_its_texts(index: LexicalIndex) -> None:
    for tokens in (["退款", "失败"], ["失败", "比例"], ["火星"], []):
        scores = index.scores(tokens)
        assert index.best(tokens, BOUNDS).tolist() == [scores[:2].max(), scores[2:4].max(), scores[4]]


def many(count: int) -> list[list[str]]:
    pick = random.Random(3)
    return [[f"字{min(pick.randrange(40), pick.randrange(40))}" for _ in range(6)] for _ in range(count)]


def test_words_that_come_late_change_nothing_where_all_who_lead_are_asked() -> None:
    texts = many(400)
    index, bounds = LexicalIndex(texts), np.arange(0, 401, 4)
    for question in many(30):
        whole, thrifty = index.best(question, bounds), index.best(question, bounds, most=60)
        assert thrifty.max() == pytest.approx(whole.max())
        assert int(thrifty.argmax()) == int(whole.argmax())
        assert (thrifty <= whole + 1e-6).all()


def test_scores_are_those_of_the_library_made_for_it() -> None:
    texts = many(50)
    plain = bm25s.BM25(k1=1.2, b=0.4)
    plain.index(texts, show_progress=False)
    for question in (list(dict.fromkeys(one)) for one in many(10)):
        ours, theirs = LexicalIndex(texts).scores(question), plain.get_scores(question)
        np.testing.assert_allclose(ours * theirs.max(), theirs * ours.max(), rtol=1e-4)


def test_beside_another_index_words_weigh_as_they_do_there() -> None:
    texts = many(60)
    base = LexicalIndex(texts)
    beside = LexicalIndex(texts[:7], base)
    for question in (*many(5), ["火星", *texts[0]]):
        np.testing.assert_allclose(beside.scores(question), base.scores(question)[:7], rtol=1e-5)


def test_a_word_only_the_further_texts_have_is_as_rare_as_can_be(index: LexicalIndex) -> None:
    beside = LexicalIndex([["火星", "退款"]], index)
    assert beside.scores(["火星"])[0] > beside.scores(["退款"])[0] * 0.99
    assert beside.scores(["火星", "退款"])[0] <= 1.0
