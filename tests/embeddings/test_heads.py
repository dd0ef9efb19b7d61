"""One judge an id, from the words of its texts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.heads import LinearHeads

TEXTS = [["退款", "失败"], ["退款", "不了"], ["分账", "失败"], ["分账", "不了"], ["开票", "抬头"], ["开票", "税号"]]
OWNERS = [0, 0, 1, 1, 2, 2]


@pytest.fixture(scope="module")
def heads() -> LinearHeads:
    return LinearHeads(TEXTS, OWNERS, 3)


@pytest.mark.parametrize(("words", "owner"), [(["退款"], 0), (["分账", "失败"], 1), (["税号"], 2)])
def test_the_judge_of_the_right_id_is_the_surest(heads: LinearHeads, words: list[str], owner: int) -> None:
    assert int(heads.scores(words).argmax()) == owner


def test_words_nobody_wrote_say_nothing(heads: LinearHeads) -> None:
    np.testing.assert_array_equal(heads.scores(["火星"]), heads.scores([]))


def test_of_two_ids_one_judge_says_the_opposite_of_the_other() -> None:
    scores = LinearHeads([["退款"], ["分账"]], [0, 1], 2).scores(["分账"])
    assert scores[1] == pytest.approx(-scores[0])
    assert scores[1] > 0


def test_an_id_that_is_alone_is_never_preferred() -> None:
    assert LinearHeads([["退款"], ["退款", "失败"]], [0, 0], 1).scores(["退款"]).tolist() == [-1.0]


def test_an_id_without_texts_is_never_preferred() -> None:
    scores = LinearHeads(TEXTS[:4], OWNERS[:4], 3).scores(["退款"])
    assert int(scores.argmax()) == 0
    assert scores[2] == -1.0


def test_the_same_texts_give_the_same_judges(heads: LinearHeads) -> None:
    np.testing.assert_array_equal(LinearHeads(TEXTS, OWNERS, 3).scores(["退款"]), heads.scores(["退款"]))


def test_what_was_saved_judges_the_same(heads: LinearHeads, tmp_path: Path) -> None:
    heads.save(tmp_path / "heads.npz")
    np.testing.assert_array_equal(LinearHeads.load(tmp_path / "heads.npz").scores(["分账"]), heads.scores(["分账"]))
