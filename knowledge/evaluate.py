"""Measure the library on labelled questions, and fit the calibration on them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.measure import brier, calibration_error, mean_reciprocal_rank, recall_at
from knowledge.confidence import FEATURES, NONE_FEATURES, Calibration, Example, Floats, fit, threshold_for
from knowledge.errors import FileUnreadable
from knowledge.library import Library

GOLDEN = Path(__file__).parent / "questions" / "golden.jsonl"
FOLDS = 5
DECLINE_AT = 0.5
"""Even odds: choices are offered while some entry is likelier to fit than none; a calibrated probability needs no other
threshold."""
UNCOVERED_SHARE = 0.12
"""Assumed share of questions in real life that no entry answers; the golden set holds more of them, to measure them
well, so they count for less when thresholds are fitted."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question and what a person says of it: `expect` is answer, clarify or none; `wanted` the fitting entries."""

    question: str
    expect: str
    wanted: frozenset[str]
    style: str = ""


def read_questions(path: Path) -> list[Labelled]:
    """Read labelled questions, one JSON object a line: q, entry or entry_any, expect, style."""
    found, problems = [], []
    for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
            wanted = frozenset([raw["entry"]] if raw.get("entry") else raw.get("entry_any") or [])
            found.append(Labelled(raw["q"], raw.get("expect", "answer"), wanted, raw.get("style", "")))
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            problems.append(f"{path.name}:{number}: {error!r}")
    if problems:
        raise FileUnreadable(problems)
    return found


@dataclass(frozen=True, slots=True)
class Seen:
    """A labelled question with the numbers the library sees for it, entries first, then uncovered matters."""

    labelled: Labelled
    ids: tuple[str, ...]
    inside: int
    features: Floats
    none: Floats

    def example(self, weight: float = 1.0) -> Example | None:
        """As a training example; None where a wanted entry is not even a candidate."""
        target = np.zeros(len(self.ids) + 1)
        hits = [place for place, id_ in enumerate(self.ids) if id_ in self.labelled.wanted]
        if self.labelled.expect == "none":
            outside = list(range(self.inside, len(self.ids)))
            target[-1] = 0.5 if outside else 1.0
            if outside:
                heads = self.features[outside, 0]
                shares = np.exp(3 * (heads - heads.max()))
                target[outside] = 0.5 * shares / shares.sum()
        elif hits:
            target[hits] = 1 / len(hits)
        else:
            return None
        return Example(self.features, self.none, target, weight)


def look(library: Library, questions: Sequence[Labelled], progress: Progress = lambda *_: None) -> list[Seen]:
    """Every question with the numbers the library sees for it; `progress(done, of)` is called along the way."""
    seen = []
    for number, labelled in enumerate(questions, 1):
        ids, inside, features, none = library.numbers(library.language.read(labelled.question))
        seen.append(Seen(labelled, ids, inside, features, none))
        progress(number, len(questions))
    return seen


@dataclass(frozen=True, slots=True)
class Judged:
    """One question under a calibration: entries best first with probabilities, and whether answering would be right."""

    labelled: Labelled
    ranking: tuple[str, ...]
    probability: float
    none: float

    @property
    def right(self) -> bool:
        """Whether the first entry is a wanted one."""
        return self.labelled.expect == "answer" and bool(self.ranking) and self.ranking[0] in self.labelled.wanted


def judge(seen: Sequence[Seen], calibration: Calibration) -> list[Judged]:
    """Every question under a calibration."""
    judged = []
    for one in seen:
        shares, nothing = calibration.probabilities(one.features, one.none)
        order = np.argsort(-shares[: one.inside], kind="stable")
        best = float(shares[order[0]]) if len(order) else 0.0
        ranking = tuple(one.ids[i] for i in order.tolist())
        judged.append(Judged(one.labelled, ranking, best, nothing + float(shares[one.inside :].sum())))
    return judged


def figures(judged: Sequence[Judged], answer_at: float) -> dict[str, float]:
    """Retrieval, abstention and calibration figures in [0, 1]; `wrong_of_answered` is the wrong-answer rate."""
    positive = [one for one in judged if one.labelled.expect == "answer"]
    negative = [one for one in judged if one.labelled.expect == "none"]
    rankings, wanted = [one.ranking for one in positive], [one.labelled.wanted for one in positive]
    answered = [one for one in judged if one.probability >= answer_at]
    certain = [one.probability for one in judged]
    truths = [one.right for one in judged]
    return {
        "questions": float(len(judged)),
        "right_at_1": recall_at(rankings, wanted, 1),
        "right_at_3": recall_at(rankings, wanted, 3),
        "reciprocal_rank": mean_reciprocal_rank(rankings, wanted),
        "answered": _share(one.probability >= answer_at for one in positive),
        "wrong_of_answered": _share(not one.right for one in answered),
        "none_not_answered": _share(one.probability < answer_at for one in negative),
        "brier": brier(certain, truths),
        "calibration_error": calibration_error(certain, truths),
    }


def calibrate(seen: Sequence[Seen], wrong_rate: float, encoder: str) -> Calibration:
    """Fit on all questions; thresholds and figures come from questions each fold had not seen."""
    light = none_weight([one.labelled for one in seen])
    unseen: list[Judged] = []
    for fold in range(FOLDS):
        held = [one for place, one in enumerate(seen) if place % FOLDS == fold]
        rest = [one for place, one in enumerate(seen) if place % FOLDS != fold]
        unseen += judge(held, _fitted(rest, encoder, light))
    weights = [light if one.labelled.expect == "none" else 1.0 for one in unseen]
    answer_at = threshold_for([one.probability for one in unseen], [one.right for one in unseen], weights, wrong_rate)
    final = _fitted(seen, encoder, light)
    return Calibration(final.weights, final.none_weights, answer_at, DECLINE_AT, encoder, figures(unseen, answer_at))


def none_weight(questions: Sequence[Labelled]) -> float:
    """What a question without an entry counts, so that together they have their assumed share of real life."""
    outside = sum(one.expect == "none" for one in questions)
    inside = len(questions) - outside
    return UNCOVERED_SHARE / (1 - UNCOVERED_SHARE) * inside / outside if outside else 1.0


def _fitted(seen: Sequence[Seen], encoder: str, light: float) -> Calibration:
    weighed = (one.example(light if one.labelled.expect == "none" else 1.0) for one in seen)
    examples = [example for example in weighed if example is not None]
    weights, none = fit(examples)
    return Calibration(tuple(map(float, weights)), tuple(map(float, none)), 1.0, 0.0, encoder)


def _share(claims: Iterable[bool]) -> float:
    held = list(claims)
    return sum(held) / len(held) if held else 0.0


def shape_of(calibration: Calibration) -> bool:
    """Whether a stored calibration has the weights this version needs."""
    return len(calibration.weights) == len(FEATURES) and len(calibration.none_weights) == len(NONE_FEATURES)
