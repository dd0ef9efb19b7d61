"""The nearest vectors, exactly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import numpy as np
import pytest

from embeddings.dense import DenseIndex
from embeddings.encoder import Vectors

VECTORS = np.array([[1, 0], [0, 1], [0.6, 0.8], [-1, 0]], np.float32)


@pytest.fixture(scope="module")
def index() -> DenseIndex:
    return DenseIndex(VECTORS)


def test_rows_come_best_first_with_their_cosines(index: DenseIndex) -> None:
    rows, cosines = index.nearest(np.array([0, 1], np.float32), 3)
    assert rows[:2].tolist() == [1, 2]
    assert cosines.tolist() == pytest.approx([1.0, 0.8, 0.0])


def test_no_more_rows_come_back_than_there_are(index: DenseIndex) -> None:
    rows, _ = index.nearest(np.array([1, 0], np.float32), 50)
    assert sorted(rows.tolist()) == [0, 1, 2, 3]
    assert len(index) == 4


def test_a_question_that_holds_nothing_known_is_as_near_to_all(index: DenseIndex) -> None:
    _, cosines = index.nearest(np.zeros(2, np.float32), 4)
    assert cosines.tolist() == [0, 0, 0, 0]


def test_what_was_saved_answers_the_same(index: DenseIndex, tmp_path: Path) -> None:
    index.save(tmp_path / "dense.faiss")
    again = DenseIndex.load(tmp_path / "dense.faiss")
    question = np.array([0.8, 0.6], np.float32)
    np.testing.assert_array_equal(again.nearest(question, 4)[0], index.nearest(question, 4)[0])


def test_whichever_thread_asks_takes_no_second_one(index: DenseIndex) -> None:
    def ask() -> int:
        index.nearest(np.array([0, 1], np.float32), 3)
        return int(faiss.omp_get_max_threads())

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(ask).result() == 1


def unit(rows: int, wide: int, seed: int) -> Vectors:
    found = np.random.default_rng(seed).normal(size=(rows, wide)).astype(np.float32)
    return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def cells() -> DenseIndex:
    return DenseIndex(unit(3000, 16, 0), exact_up_to=1000)


def test_up_to_a_size_every_text_is_compared_and_beyond_it_only_some(index: DenseIndex, cells: DenseIndex) -> None:
    assert (index.exact, index.recall) == (True, 1.0)
    assert not cells.exact


def test_beyond_that_size_nearly_all_of_the_nearest_are_found(cells: DenseIndex) -> None:
    vectors, questions = unit(3000, 16, 0), unit(100, 16, 1)
    exact = DenseIndex(vectors)
    found = [len({*cells.nearest(one, 10)[0]} & {*exact.nearest(one, 10)[0]}) for one in questions]
    assert cells.recall >= 0.97
    assert sum(found) >= 950


def test_fewer_cells_are_read_where_the_nearest_are_near(cells: DenseIndex) -> None:
    vectors = unit(3000, 16, 0)
    assert DenseIndex(vectors, vectors[:50], exact_up_to=1000).recall >= 0.98


def test_what_was_saved_in_cells_answers_the_same(cells: DenseIndex, tmp_path: Path) -> None:
    cells.save(tmp_path / "dense.faiss")
    again = DenseIndex.load(tmp_path / "dense.faiss")
    question = unit(1, 16, 2)[0]
    np.testing.assert_array_equal(again.nearest(question, 20)[0], cells.nearest(question, 20)[0])
    assert again.recall == cells.recall


@pytest.mark.parametrize("kind", ["index", "cells"])
def test_hidden_rows_are_passed_over_and_others_come_instead(kind: str, request: pytest.FixtureRequest) -> None:
    held: DenseIndex = request.getfixturevalue(kind)
    question = np.ones(2 if kind == "index" else 16, np.float32)
    before = held.nearest(question, 2)[0]
    after = held.nearest(question, 2, before[:1])[0]
    assert before[0] not in after
    assert after[0] == before[1]
    assert len(after) == 2
