"""Two minds, one probability: the library's ranking weighed with the intents that the dialogue engine names.

A conditional logit over the candidates, “no entry fits” and “one must ask back”, fitted on the golden questions
(`python3 -m bot.weigh`): an entry whose intent is named gains, one whose intent is not loses, so that agreement raises
the calibrated probability and conflict lowers it. It has a threshold of its own, bounded like that of the library.
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
WEIGHTS = ("candidate", "intent", "none", "out_of_scope", "elsewhere", "constant", "unclear", "unclear_constant")
Intents = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Joint:
    """The weights: of the logarithm of a candidate's probability and of that of its intent; of those of “none” and of
    “out of scope”; of the probability of intents that no candidate has; and a constant for “none”; of the logarithm of
    the probability that one must ask back, and a constant for it.

    `answer_at` is the least weighed probability that is answered outright (`knowledge.bound`). The others tell what it
    was fitted for, as in `knowledge.confidence.Calibration`; `model` names the dialogue engine's.
    """

    candidate: float
    intent: float
    none: float
    out_of_scope: float
    elsewhere: float
    constant: float
    unclear: float
    unclear_constant: float
    answer_at: float = 1.0
    encoder: str = ""
    questions: str = ""
    release: str = ""
    wrong_rate: float = 0.0
    model: str = ""

    def belongs_to(self, encoder: str, release: str, wrong_rate: float, model: str) -> bool:
        """Whether it was fitted for just this."""
        return (self.encoder, self.release, self.wrong_rate, self.model) == (encoder, release, wrong_rate, model)

    @property
    def weights(self) -> Floats:
        """(8,) the fitted weights."""
        return np.array([getattr(self, name) for name in WEIGHTS])

    @classmethod
    def read(cls, path: Path) -> Joint:
        """Read stored weights. Raises `OSError`, `ValueError`, `TypeError`."""
        return cls(**json.loads(path.read_text(encoding="utf8")))

    def write(self, path: Path = FILE) -> None:
        """Write the weights, whole or not at all."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf8")
        draft.replace(path)


@cache
def read_joint() -> Joint:
    """The weights that come with the software. Raises `OSError`, `ValueError`, `TypeError`."""
    return Joint.read(FILE)


def features(ranking: Ranking, intents: Intents) -> tuple[Floats, Floats]:
    """(candidates, 2) and (6,): what the first two and the other six weights are of."""
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
    none, unclear = np.log(ranking.none + _LEAST_SHARE), np.log(ranking.unclear + _LEAST_SHARE)
    return inside, np.array([none, nothing, elsewhere, 1.0, unclear, 1.0])


def shares(inside: Floats, beside: Floats, weights: Floats) -> Floats:
    """(candidates + 2,) probabilities, the last two “none” and “ask back”, for the eight weights."""
    others = (beside[:4] @ weights[2:6], beside[4:] @ weights[6:])
    utilities = np.append(inside @ weights[:2], others)
    found = np.exp(utilities - utilities.max())
    return np.asarray(found / found.sum())


def has_say(ranking: Ranking, intents: Intents) -> bool:
    """Whether intents are named, and neither an error code nor a curator's own words say more than any."""
    return bool(intents and ranking.candidates) and not ranking.codes and not ranking.written


def weigh(ranking: Ranking, intents: Intents, joint: Joint) -> Ranking:
    """The ranking in the light of the intents; unchanged where they have no say, see `has_say`."""
    if not has_say(ranking, intents):
        return ranking
    found = shares(*features(ranking, intents), joint.weights)
    if ranking.none <= _LIKELY < found[-2]:  # only one of the two says that nothing fits: that is to be asked
        others = np.delete(found, -2)
        found = np.insert(others * (1 - _LIKELY) / others.sum(), -1, _LIKELY)
    weighed = [replace(one, probability=float(share)) for one, share in zip(ranking.candidates, found, strict=False)]
    weighed.sort(key=lambda one: -one.probability)
    best = Confidence(min(1.0, weighed[0].probability))
    return replace(ranking, candidates=tuple(weighed), confidence=best, none=float(found[-2]), unclear=float(found[-1]))
