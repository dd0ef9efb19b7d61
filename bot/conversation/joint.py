"""Two minds, one probability: the library's ranking weighed with the intents that the dialogue engine names.

A conditional logit over the candidates and “no entry fits”, fitted on the golden questions (`python3 -m
bot.weigh`): an entry whose intent is named gains, one whose intent is not loses, so that agreement raises the
calibrated probability and conflict lowers it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from knowledge.confidence import Confidence, Floats
from knowledge.library import Ranking

FILE = Path(__file__).parent / "joint.json"
_OUT_OF_SCOPE = "out_of_scope"
_LEAST_SHARE = 0.0001
_LEAST_INTENT = 0.01
_LIKELY = 0.5
_OTHER_INTENTS = 60
"""Rasa names the ten likeliest of 67 intents; what is left is shared by the others."""
Intents = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Joint:
    """The weights: of the logarithm of a candidate's probability and of that of its intent; of those of “none” and of
    “out of scope”; of the probability of intents that no candidate has; and a constant for “none”.
    """

    candidate: float
    intent: float
    none: float
    out_of_scope: float
    elsewhere: float
    constant: float

    def write(self, path: Path = FILE) -> None:
        """Write the weights, whole or not at all."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf8")
        draft.replace(path)


@cache
def read_joint(path: Path = FILE) -> Joint:
    """The fitted weights. Raises `OSError`, `ValueError`, `TypeError`."""
    return Joint(**json.loads(path.read_text(encoding="utf8")))


def features(ranking: Ranking, intents: Intents) -> tuple[Floats, Floats]:
    """(candidates, 2) and (4,): what the first two and the last four weights are of."""
    named = dict(intents)
    other = max(0.0, 1.0 - sum(named.values())) / _OTHER_INTENTS
    inside = np.array(
        [
            (np.log(one.probability + _LEAST_SHARE), np.log(named.get(one.intent, other) + _LEAST_INTENT))
            for one in ranking.candidates
        ],
        dtype=np.float64,
    ).reshape(-1, 2)
    theirs = {one.intent for one in ranking.candidates} | {_OUT_OF_SCOPE}
    elsewhere = sum(share for intent, share in named.items() if intent not in theirs)
    nothing = np.log(named.get(_OUT_OF_SCOPE, 0.0) + _LEAST_INTENT)
    return inside, np.array([np.log(ranking.none + _LEAST_SHARE), nothing, elsewhere, 1.0])


def shares(inside: Floats, nothing: Floats, weights: Floats) -> Floats:
    """(candidates + 1,) probabilities, “none” last, for the six weights."""
    utilities = np.append(inside @ weights[:2], nothing @ weights[2:])
    found = np.exp(utilities - utilities.max())
    return np.asarray(found / found.sum())


def weigh(ranking: Ranking, intents: Intents, joint: Joint) -> Ranking:
    """The ranking in the light of the intents; unchanged where none is named, or an error code says more than any."""
    if not intents or not ranking.candidates or ranking.codes:
        return ranking
    found = shares(*features(ranking, intents), np.array(tuple(asdict(joint).values())))
    if ranking.none <= _LIKELY < found[-1]:  # only one of the two says that nothing fits: that is to be asked
        found = np.append(found[:-1] * (1 - _LIKELY) / found[:-1].sum(), _LIKELY)
    weighed = [replace(one, probability=float(share)) for one, share in zip(ranking.candidates, found, strict=False)]
    weighed.sort(key=lambda one: -one.probability)
    best = Confidence(min(1.0, weighed[0].probability))
    return replace(ranking, candidates=tuple(weighed), confidence=best, none=float(found[-1]))
