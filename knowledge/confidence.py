"""Scores into probabilities: a conditional logit over the candidates and “none of them”.

Each candidate has a utility that is linear in what the rankers say of it; the alternative “no entry fits” has its own.
Probability is the share of the exponentials. One fit on labelled questions gives both the fusion of the rankers and
the calibration (McFadden 1974), so a stated 0.9 is to be right nine times in ten on questions like those.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEATURES = ("head", "nearest", "neighbours", "lexical", "code", "head_long", "neighbours_long")
NONE_FEATURES = ("one", "best_nearest", "best_lexical", "short")
CANDIDATES = 12
"""Utilities are compared among this many best candidates; further ones have no measurable share."""
CALIBRATION_FILE = Path(__file__).parent / "calibration.json"


@dataclass(frozen=True, slots=True)
class Confidence:
    """A probability in [0, 1] that the candidate is the entry a person would have chosen."""

    value: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.value <= 1.0:
            raise ValueError(f"a confidence lies in [0, 1], not {self.value}")


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted weights and thresholds, with the figures they were fitted and measured on.

    `answer_at` is the least probability that is answered outright: the threshold that keeps the chosen wrong-answer
    rate on the labelled questions. Under `decline_at` probability mass on all entries together nothing is offered.
    """

    weights: tuple[float, ...]
    none_weights: tuple[float, ...]
    answer_at: float
    decline_at: float
    encoder: str = ""
    figures: dict[str, float] | None = None

    @classmethod
    def read(cls, path: Path = CALIBRATION_FILE) -> Calibration:
        """Read a stored calibration; raises `OSError`, `ValueError`, `KeyError`, `TypeError`."""
        kept = json.loads(path.read_text(encoding="utf8"))
        kept["weights"] = tuple(kept["weights"])
        kept["none_weights"] = tuple(kept["none_weights"])
        return cls(**kept)

    @classmethod
    def none(cls) -> Calibration:
        """Before anything was fitted: ranks by the linear judges alone and is never sure of anything."""
        head = tuple(float(name == "head") for name in FEATURES)
        return cls(head, tuple(0.0 for _ in NONE_FEATURES), answer_at=1.0, decline_at=0.0)

    def write(self, path: Path = CALIBRATION_FILE) -> None:
        """Write the calibration, whole or not at all."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf8")
        draft.replace(path)

    def utilities(self, features: Floats) -> Floats:
        """(c,) utilities of candidates from their (c, len(FEATURES)) features."""
        return np.asarray(features @ np.asarray(self.weights))

    def probabilities(self, features: Floats, none: Floats) -> tuple[Floats, float]:
        """((c,) probabilities of the candidates, probability that none fits); together they sum to 1."""
        utilities = self.utilities(features)
        every = np.append(utilities, none @ np.asarray(self.none_weights))
        shares = np.exp(every - every.max())
        shares /= shares.sum()
        return shares[:-1], float(shares[-1])


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled question as numbers: (c, F) candidate features, (N,) none features, and the (c+1,) target shares.

    The last target is “none”; several right entries share the mass.
    """

    features: Floats
    none: Floats
    target: Floats
    weight: float = 1.0


def fit(examples: Sequence[Example], ridge: float = 0.0002, rounds: int = 400) -> tuple[Floats, Floats]:
    """Weights of candidates and of “none” that maximise the likelihood of the targets, lightly shrunk to 0."""
    from scipy.optimize import minimize

    wide, deep = len(FEATURES), len(NONE_FEATURES)

    def loss(point: Floats) -> tuple[float, Floats]:
        weights, none = point[:wide], point[wide:]
        total, slope = 0.0, np.zeros_like(point)
        for example in examples:
            every = np.append(example.features @ weights, example.none @ none)
            shares = np.exp(every - every.max())
            shares /= shares.sum()
            total -= example.weight * float(example.target @ np.log(shares + 1e-12))
            error = example.weight * (shares - example.target)
            slope[:wide] += error[:-1] @ example.features
            slope[wide:] += error[-1] * example.none
        count = sum(example.weight for example in examples)
        return total / count + ridge * float(point @ point) / 2, slope / count + ridge * point

    start = np.zeros(wide + deep)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": rounds})
    return found.x[:wide], found.x[wide:]


def threshold_for(
    probabilities: Sequence[float], right: Sequence[bool], weights: Sequence[float], wrong_rate: float
) -> float:
    """The least threshold at which answers given above it are wrong at most at `wrong_rate`; 1.0 where none is."""
    order = np.argsort(-np.asarray(probabilities), kind="stable")
    wrong = given = 0.0
    best = 1.0
    for place in order.tolist():
        given += weights[place]
        wrong += weights[place] * (not right[place])
        if wrong / given <= wrong_rate:
            best = float(probabilities[place])
    return best
