"""How likely a quotation answers: two small logits, one that ranks passages, one that judges the best of them.

Both rest on words alone and on no encoder's cosine, so they hold whichever encoder is served: it only helps to find
candidates. Weights, threshold and figures stand in `weights.json`; `calibrate.py` makes it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from knowledge.documents.shelf import FEATURES, Evidence

Floats = NDArray[np.float64]
WEIGHTS = Path(__file__).parent / "weights.json"
OWN_WEIGHTS = "documents.json"
"""Weights fitted in an installation, in its home."""
JUDGED = (*FEATURES, "ahead")
"""`ahead`: how much the best passage's utility lies above that of the best one that says something else, 0 to 3."""
_MOST_AHEAD = 3.0


@dataclass(frozen=True, slots=True)
class Judge:
    """Fitted weights: `rank` and `judge` begin with the constant. From `answer_at` on, a quotation is given."""

    rank: tuple[float, ...]
    judge: tuple[float, ...]
    answer_at: float
    figures: dict[str, float] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path = WEIGHTS) -> Judge:
        """Read stored weights; raises `OSError`, `ValueError`, `KeyError`, `TypeError`."""
        kept = json.loads(path.read_text(encoding="utf8"))
        judge = cls(tuple(kept["rank"]), tuple(kept["judge"]), kept["answer_at"], kept.get("figures", {}))
        if (len(judge.rank), len(judge.judge)) != (len(FEATURES) + 1, len(JUDGED) + 1):
            raise ValueError(f"{path.name} has weights for other features")
        return judge

    def write(self, path: Path = WEIGHTS) -> None:
        """Write the weights, whole or not at all."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf8")
        draft.replace(path)

    def ranked(self, evidence: Sequence[Evidence]) -> list[tuple[Evidence, float]]:
        """The passages with their utilities, best first."""
        if not evidence:
            return []
        features = np.array([one.features for one in evidence])
        utilities = self.rank[0] + features @ np.array(self.rank[1:])
        order = np.argsort(-utilities, kind="stable").tolist()
        return [(evidence[place], float(utilities[place])) for place in order]

    def ranked_only(self, evidence: Sequence[Evidence], most: int) -> list[Evidence]:
        """The first passages without their utilities."""
        return [one for one, _ in self.ranked(evidence)[:most]]

    def probability(self, ranked: Sequence[tuple[Evidence, float]]) -> float:
        """Probability in [0, 1] that the first one's quotation answers."""
        if not ranked:
            return 0.0
        return _share(self.judge[0] + float(np.dot(self.judge[1:], judged(ranked))))


def judged(ranked: Sequence[tuple[Evidence, float]]) -> tuple[float, ...]:
    """The numbers of `JUDGED` for the first of some ranked passages."""
    best, utility = ranked[0]
    other = next((u for one, u in ranked[1:] if _says(one) != _says(best)), utility - _MOST_AHEAD)
    return (*best.features, min(max(utility - other, 0.0), _MOST_AHEAD))


def _says(evidence: Evidence) -> str:
    """What is the same for passages that say the same: twins stand in several documents."""
    return "".join(evidence.quote.text.split())


def _share(utility: float) -> float:
    return 1 / (1 + math.exp(-utility))


def judge_of(home: Path) -> Judge:
    """The weights fitted in this installation, else those that come with the software."""
    try:
        return Judge.read(home / OWN_WEIGHTS)
    except (OSError, ValueError, KeyError, TypeError):
        return Judge.read(WEIGHTS)


def fit(features: Floats, truths: Sequence[bool], ridge: float) -> tuple[float, ...]:
    """Constant and weights of a logit, shrunk to 0 by `ridge`; `features` is (n, f)."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1 / ridge, max_iter=2000).fit(features, np.asarray(truths))
    return (float(model.intercept_[0]), *map(float, model.coef_[0]))
