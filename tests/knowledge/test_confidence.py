"""Scores become probabilities that mean what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge.confidence import (
    CALIBRATION_FILE,
    FEATURES,
    LOOKS,
    Calibration,
    Confidence,
    Example,
    fit,
)

WEIGHTS = tuple(float(name == "head") * 2 for name in FEATURES)
NONE = tuple(float(name == "one") for name in LOOKS)
UNCLEAR = tuple(-float(name == "one") for name in LOOKS)
CALIBRATION = Calibration(WEIGHTS, NONE, UNCLEAR, 0.7, 0.4, "hash-256", "q1", "r1", 0.03, {"questions": 3.0})


def candidates(*heads: float) -> np.ndarray:
    features = np.zeros((len(heads), len(FEATURES)))
    features[:, FEATURES.index("head")] = heads
    return features


def none(one: float = 1.0) -> np.ndarray:
    return np.array([one, *[0.0] * (len(LOOKS) - 1)])


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
def test_a_confidence_is_a_probability(value: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        Confidence(value)


def test_the_ends_are_probabilities_too() -> None:
    assert (Confidence(0.0).value, Confidence(1.0).value) == (0.0, 1.0)


def test_probabilities_of_all_and_of_none_sum_to_one_and_keep_the_order() -> None:
    found = CALIBRATION.probabilities(candidates(1.0, 0.2, -1.0), none())
    assert found.candidates.sum() + found.none + found.unclear == pytest.approx(1.0)
    assert list(found.candidates) == sorted(found.candidates, reverse=True)


def test_without_candidates_nothing_fits_or_it_is_unclear() -> None:
    found = CALIBRATION.probabilities(candidates(), none())
    assert len(found.candidates) == 0
    assert found.none + found.unclear == pytest.approx(1.0)


def test_huge_utilities_do_not_overflow() -> None:
    found = CALIBRATION.probabilities(candidates(1e4, -1e4), none())
    assert found.candidates.tolist() == pytest.approx([1.0, 0.0])
    assert found.none == pytest.approx(0.0)


def test_before_anything_was_fitted_the_judges_rank_and_nothing_is_sure() -> None:
    calibration = Calibration.none()
    shares = calibration.probabilities(candidates(0.2, 0.9), none()).candidates
    assert int(shares.argmax()) == 1
    assert shares.max() < calibration.answer_at


def test_a_calibration_that_was_written_reads_the_same_and_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    CALIBRATION.write(path)
    assert Calibration.read(path) == CALIBRATION
    assert [file.name for file in tmp_path.iterdir()] == ["calibration.json"]


def test_the_calibration_that_comes_along_has_every_weight_and_sensible_thresholds() -> None:
    calibration = Calibration.read(CALIBRATION_FILE)
    assert calibration.fits
    assert 0 < calibration.answer_at < 1
    assert 0 < calibration.decline_at < 1


def examples(count: int, seed: int = 0) -> list[Example]:
    """Questions drawn from known weights: 2 for the judge, 0.5 for none, -0.5 for unclear."""
    order = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        features = candidates(*order.normal(size=4))
        every = np.append(features @ np.array(WEIGHTS), (0.5, -0.5))
        shares = np.exp(every) / np.exp(every).sum()
        target = np.zeros(6)
        target[order.choice(6, p=shares)] = 1.0
        found.append(Example(features, none(), target))
    return found


def test_fitting_finds_the_weights_that_questions_were_drawn_from() -> None:
    weights, none_weights, unclear_weights = fit(examples(3000))
    assert weights[FEATURES.index("head")] == pytest.approx(2.0, abs=0.2)
    assert none_weights[LOOKS.index("one")] == pytest.approx(0.5, abs=0.2)
    assert unclear_weights[LOOKS.index("one")] == pytest.approx(-0.5, abs=0.2)


def test_fitted_probabilities_are_right_as_often_as_they_say() -> None:
    weights, none_weights, unclear_weights = fit(examples(2000))
    fitted = Calibration(tuple(weights), tuple(none_weights), tuple(unclear_weights), 0.0, 0.0)
    said, right = [], []
    for example in examples(2000, seed=1):
        shares = fitted.probabilities(example.features, example.looks).candidates
        said.append(float(shares.max()))
        right.append(float(example.target[int(shares.argmax())]))
    assert np.mean(said) == pytest.approx(np.mean(right), abs=0.03)


def test_a_heavier_example_pulls_harder() -> None:
    yes = Example(candidates(1.0), none(), np.array([1.0, 0.0, 0.0]))
    no = Example(candidates(1.0), none(), np.array([0.0, 1.0, 0.0]))
    light, *_ = fit([yes, no])
    heavy, *_ = fit([Example(yes.features, yes.looks, yes.target, weight=9.0), no])
    assert heavy[0] > light[0]


def test_a_calibration_belongs_to_its_encoder_its_entries_and_its_rate_alone() -> None:
    assert CALIBRATION.belongs_to("hash-256", "r1", 0.03)
    for other in (("hash-128", "r1", 0.03), ("hash-256", "r2", 0.03), ("hash-256", "r1", 0.05)):
        assert not CALIBRATION.belongs_to(*other)
