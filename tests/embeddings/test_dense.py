"""The nearest vectors, exactly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import faiss
import numpy as np
import pytest

from embeddings.dense import DenseIndex

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
