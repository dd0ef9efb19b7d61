"""Scores into probabilities: a conditional logit over the candidates, “none of them”, and “too little was said”.

Each candidate has a utility that is linear in what the rankers say of it; “no entry fits” and “several fit, one must
ask back” have utilities linear in what the question looks like as a whole. Probability is the share of the
exponentials. One fit on labelled questions gives both the fusion of the rankers and the calibration (McFadden 1974), so
a stated 0.9 is to be right nine times in ten on questions like those."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEATURES = ("head", "nearest", "neighbours", "lexical", "code", "head_long", "neighbours_long")
LOOKS = ("one", "best_nearest", "best_lexical", "short", "best_head", "head_gap", "nearest_gap", "length")
"""What a question looks like as a whole: a constant, the best figures among the candidates, how far the first two are
apart, and how much was said."""
RIVAL_SHARE = 0.05
"""Of what speaks for any entry: with less a second one is no rival, and there is nothing to ask back about. Of golden
questions, from 0 to 0.2, the share answered rises from 94.0 to 94.8 %, that asked back falls from 87 to 68 %."""
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
class Shares:
    """(c,) probabilities of the candidates, that none fits, and that one must ask back; they sum to 1."""

    candidates: Floats
    none: float
    unclear: float

    def settled(self, entries: int) -> Shares:
        """The same where there is something to ask back about: a second of the first `entries` candidates that speaks
        loud enough. Else what that took is shared among the rest."""
        inside = np.sort(self.candidates[:entries])[::-1]
        if len(inside) > 1 and inside[1] >= RIVAL_SHARE * inside.sum():
            return self
        rest = max(1.0 - self.unclear, np.finfo(float).tiny)
        return Shares(self.candidates / rest, self.none / rest, 0.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted weights and thresholds, with what they were fitted and measured on.

    `answer_at` is the least probability that is answered outright: the threshold of `bound.threshold_for` for
    `wrong_rate`. Under `decline_at` probability mass on all entries together nothing is offered. `questions` is the
    hash of the labelled questions, `release` the identity of all texts that were searched, `encoder` the encoder's
    fingerprint."""

    weights: tuple[float, ...]
    none_weights: tuple[float, ...]
    unclear_weights: tuple[float, ...]
    answer_at: float
    decline_at: float
    encoder: str = ""
    questions: str = ""
    release: str = ""
    wrong_rate: float = 0.0
    figures: dict[str, float] | None = None

    @classmethod
    def read(cls, path: Path = CALIBRATION_FILE) -> Calibration:
        """Read a stored calibration; raises `OSError`, `ValueError`, `KeyError`, `TypeError`."""
        kept = json.loads(path.read_text(encoding="utf8"))
        for name in ("weights", "none_weights", "unclear_weights"):
            kept[name] = tuple(kept[name])
        return cls(**kept)

    @classmethod
    def none(cls) -> Calibration:
        """Before anything was fitted: ranks by the linear judges alone and is never sure of anything."""
        head = tuple(float(name == "head") for name in FEATURES)
        nothing = tuple(0.0 for _ in LOOKS)
        return cls(head, nothing, nothing, answer_at=1.0, decline_at=0.0)

    def write(self, path: Path = CALIBRATION_FILE) -> None:
        """Write the calibration, whole or not at all."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf8")
        draft.replace(path)

    def belongs_to(self, encoder: str, release: str, wrong_rate: float) -> bool:
        """Whether it was fitted for just this."""
        return (self.encoder, self.release, self.wrong_rate) == (encoder, release, wrong_rate)

    @property
    def fits(self) -> bool:
        """Whether it has the weights this version needs."""
        sizes = len(self.weights), len(self.none_weights), len(self.unclear_weights)
        return sizes == (len(FEATURES), len(LOOKS), len(LOOKS))

    def utilities(self, features: Floats) -> Floats:
        """(c,) utilities of candidates from their (c, len(FEATURES)) features."""
        return np.asarray(features @ np.asarray(self.weights))

    def probabilities(self, features: Floats, looks: Floats) -> Shares:
        """Shares of the candidates from their (c, len(FEATURES)) features and the question's (len(LOOKS),) looks."""
        beside = looks @ np.asarray([self.none_weights, self.unclear_weights]).T
        every = np.append(self.utilities(features), beside)
        shares = np.exp(every - every.max())
        shares /= shares.sum()
        return Shares(shares[:-2], float(shares[-2]), float(shares[-1]))


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled question as numbers: (c, F) candidate features, (L,) looks, and the (c + 2,) target shares.

    The last two targets are “none” and “unclear”; several right entries share the mass.
    """

    features: Floats
    looks: Floats
    target: Floats
    weight: float = 1.0


def fit(examples: Sequence[Example], ridge: float = 0.0002, rounds: int = 400) -> tuple[Floats, Floats, Floats]:
    """Weights of candidates, of “none” and of “unclear” that maximise the likelihood of the targets, lightly shrunk to
    0."""
    from scipy.optimize import minimize

    wide, deep = len(FEATURES), len(LOOKS)
    features, looks, target, absent = _stacked(examples)
    weight = np.array([example.weight for example in examples])
    weight = weight / weight.sum()

    def loss(point: Floats) -> tuple[float, Floats]:
        inside = np.where(absent, -np.inf, features @ point[:wide])
        every = np.hstack([inside, looks @ point[wide:].reshape(2, deep).T])
        every -= every.max(axis=1, keepdims=True)
        shares = np.exp(every)
        shares /= shares.sum(axis=1, keepdims=True)
        likely = -(weight @ (target * np.log(shares + 1e-12)).sum(axis=1))
        error = weight[:, None] * (shares - target)
        slope = np.concatenate([np.einsum("nc,ncf->f", error[:, :-2], features), (error[:, -2:].T @ looks).ravel()])
        return float(likely) + ridge * float(point @ point) / 2, slope + ridge * point

    found = minimize(loss, np.zeros(wide + 2 * deep), jac=True, method="L-BFGS-B", options={"maxiter": rounds})
    return found.x[:wide], found.x[wide : wide + deep], found.x[wide + deep :]


def _stacked(examples: Sequence[Example]) -> tuple[Floats, Floats, Floats, NDArray[np.bool_]]:
    """(n, C, F) features, (n, L) looks, (n, C + 2) targets of questions with different numbers of candidates, and which
    of the (n, C) places are empty."""
    most = max(len(example.features) for example in examples)
    features = np.zeros((len(examples), most, len(FEATURES)))
    target = np.zeros((len(examples), most + 2))
    absent = np.ones((len(examples), most), bool)
    for row, example in enumerate(examples):
        count = len(example.features)
        features[row, :count], absent[row, :count] = example.features, False
        target[row, :count], target[row, -2:] = example.target[:-2], example.target[-2:]
    return features, np.stack([example.looks for example in examples]), target, absent
