"""What several rankers say, joined."""

from __future__ import annotations

import numpy as np
import pytest

from embeddings.fuse import Evidence, Weights, best_of, fuse, mean_of_best


def evidence(**parts: list[float]) -> Evidence:
    nothing = [0.0, 0.0]
    return Evidence(*(np.array(parts.get(name, nothing), np.float32) for name in Evidence.__slots__))


@pytest.mark.parametrize("ranker", ["head", "nearest", "neighbours", "lexical"])
def test_each_ranker_counts_by_its_own_weight_alone(ranker: str) -> None:
    alone = Weights(**{name: float(name == ranker) * 2 for name in Weights.__slots__})
    assert fuse(evidence(**{ranker: [0.25, 0.5]}), alone).tolist() == [0.5, 1.0]


def test_a_judge_beyond_measure_counts_no_more_than_a_sure_one() -> None:
    assert fuse(evidence(head=[9.0, -9.0]), Weights(head=1.0)).tolist() == [1.5, -1.5]


def test_agreement_beats_one_loud_ranker() -> None:
    said = evidence(head=[0.6, 0.0], nearest=[0.5, 0.9], neighbours=[0.5, 0.3], lexical=[0.5, 0.0])
    assert fuse(said, Weights()).argmax() == 0


def test_the_best_of_an_id_is_its_greatest_value_and_the_floor_where_it_has_none() -> None:
    owners, values = np.array([0, 2, 0, 2]), np.array([0.2, 0.9, 0.7, 0.1], np.float32)
    assert best_of(owners, values, 3, 0.0).tolist() == pytest.approx([0.7, 0.0, 0.9])
    assert best_of(owners, -values, 3, 0.0).tolist() == [0.0, 0.0, 0.0]


def test_the_mean_of_the_best_takes_no_more_than_it_is_told_and_the_floor_for_what_is_missing() -> None:
    owners, values = np.array([0, 0, 1, 0]), np.array([0.9, 0.6, 0.5, 0.1], np.float32)
    assert mean_of_best(owners, values, 3, 2, 0.0).tolist() == pytest.approx([0.75, 0.25, 0.0])
    assert mean_of_best(owners, values, 3, 2, 0.3).tolist() == pytest.approx([0.75, 0.4, 0.3])


def test_owners_and_values_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="zip"):
        mean_of_best(np.array([0, 1]), np.array([0.5], np.float32), 2, 3, 0.0)
