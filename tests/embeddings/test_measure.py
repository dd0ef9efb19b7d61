"""Figures, checked on rankings small enough to count by hand."""

from __future__ import annotations

import pytest

from embeddings.measure import brier, calibration_error, mean_reciprocal_rank, recall_at

RANKINGS = [["a", "b", "c"], ["b", "a", "c"], ["c", "b", "d"], []]
WANTED = [frozenset("a"), frozenset("a"), frozenset("a"), frozenset("a")]


def test_recall_counts_the_questions_with_a_wanted_id_in_the_first_k() -> None:
    assert [recall_at(RANKINGS, WANTED, k) for k in (1, 2, 3)] == [0.25, 0.5, 0.5]


def test_several_wanted_ids_count_once() -> None:
    assert recall_at([["a", "b"]], [frozenset("ab")], 2) == 1.0


def test_the_reciprocal_rank_is_of_the_first_wanted_id() -> None:
    assert mean_reciprocal_rank(RANKINGS, WANTED) == pytest.approx((1 + 1 / 2 + 0 + 0) / 4)
    assert mean_reciprocal_rank([["c", "b", "a"]], [frozenset("ab")]) == 0.5


def test_brier_is_nothing_for_a_prophet_and_a_quarter_for_a_coin() -> None:
    assert brier([1.0, 0.0], [True, False]) == 0.0
    assert brier([0.5, 0.5], [True, False]) == 0.25
    assert brier([1.0], [False]) == 1.0


def test_the_calibration_error_is_the_distance_of_what_was_said_from_what_was_so() -> None:
    assert calibration_error([0.75] * 4, [True, True, True, False]) == pytest.approx(0.0)
    assert calibration_error([0.95] * 2 + [0.15] * 2, [True, False, False, False]) == pytest.approx(0.3)


def test_a_certainty_falls_in_the_last_bin() -> None:
    assert calibration_error([1.0, 0.0], [False, True]) == 1.0


def test_nothing_measured_is_nothing() -> None:
    assert recall_at([], [], 1) == mean_reciprocal_rank([], []) == brier([], []) == calibration_error([], []) == 0.0


def test_figures_of_lists_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        brier([0.5], [])
