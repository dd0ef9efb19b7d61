"""Measure the library on labelled questions, and fit the calibration and its threshold on them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from embeddings.measure import brier, calibration_error, mean_reciprocal_rank, recall_at
from knowledge.bound import Threshold, interval, threshold_for
from knowledge.confidence import Calibration, Example, Floats, fit
from knowledge.errors import FileUnreadable
from knowledge.library import Library

GOLDEN = Path(__file__).parent / "questions" / "golden.jsonl"
FOLDS = 10
WRONG_RATE = 0.03
DECLINE_AT = 0.5
"""Even odds: choices are offered while some entry is likelier to fit than none; a calibrated probability needs no other
threshold."""
LIFE = {"answer": 0.82, "clarify": 0.06, "none": 0.12}
"""Assumed shares of kinds of questions in real life. The golden set holds more of those that are to be asked back or
declined, to measure them well, so they count for less when weights and thresholds are fitted."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question and what a person says of it: `expect` is answer, clarify or none; `wanted` the fitting entries."""

    question: str
    expect: str
    wanted: frozenset[str]
    style: str = ""

    def loss(self, entry: str) -> float:
        """The chance that answering with `entry` is wrong: of several that fit, one is meant, and nobody said which."""
        if self.expect == "none" or entry not in self.wanted:
            return 1.0
        return 1.0 - 1.0 / len(self.wanted) if self.expect == "clarify" else 0.0


def read_questions(path: Path) -> list[Labelled]:
    """Read labelled questions, one JSON object a line: q, entry or entry_any (or both), expect, style.

    Lines that are to get something else than a search (small talk, a person) are left out.
    """
    found, problems = [], []
    for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
            wanted = frozenset([raw["entry"]] if raw.get("entry") else []) | frozenset(raw.get("entry_any") or [])
            expect = {"answer_or_handoff": "answer"}.get(raw.get("expect", "answer"), raw.get("expect", "answer"))
            if expect in LIFE:
                found.append(Labelled(raw["q"], expect, wanted, raw.get("style", "")))
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            problems.append(f"{path.name}:{number}: {error!r}")
    if problems:
        raise FileUnreadable(problems)
    return found


def hash_of(questions: Iterable[Labelled]) -> str:
    """Identity of a set of labelled questions, in whatever order."""
    rows = sorted(f"{one.question}\0{one.expect}\0{' '.join(sorted(one.wanted))}" for one in questions)
    return hashlib.sha256("\1".join(rows).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Seen:
    """A labelled question with the numbers the library sees for it, entries first, then uncovered matters."""

    labelled: Labelled
    ids: tuple[str, ...]
    inside: int
    features: Floats
    looks: Floats

    def example(self, weight: float = 1.0) -> Example | None:
        """As a training example; None where a wanted entry is not even a candidate."""
        target = np.zeros(len(self.ids) + 2)
        hits = [place for place, id_ in enumerate(self.ids) if id_ in self.labelled.wanted]
        if self.labelled.expect == "none":
            outside = list(range(self.inside, len(self.ids)))
            target[-2] = 0.5 if outside else 1.0
            if outside:
                heads = self.features[outside, 0]
                shares = np.exp(3 * (heads - heads.max()))
                target[outside] = 0.5 * shares / shares.sum()
        elif self.labelled.expect == "clarify":
            target[-1] = 1.0
        elif hits:
            target[hits] = 1 / len(hits)
        else:
            return None
        return Example(self.features, self.looks, target, weight)


def look(library: Library, questions: Sequence[Labelled], progress: Progress = lambda *_: None) -> list[Seen]:
    """Every question with the numbers the library sees for it; `progress(done, of)` is called along the way."""
    seen = []
    for number, labelled in enumerate(questions, 1):
        seen.append(Seen(labelled, *library.numbers(library.language.read(labelled.question))))
        progress(number, len(questions))
    return seen


@dataclass(frozen=True, slots=True)
class Judged:
    """One question under a calibration: entries best first, probabilities of the first, of none, of unclear."""

    labelled: Labelled
    ranking: tuple[str, ...]
    probability: float
    none: float
    unclear: float = 0.0

    @property
    def loss(self) -> float:
        """The chance that answering outright with the first entry is wrong."""
        return self.labelled.loss(self.ranking[0]) if self.ranking else 1.0

    @property
    def right(self) -> bool:
        """Whether the first entry is a wanted one."""
        return self.labelled.expect == "answer" and self.loss == 0.0


def judge(seen: Sequence[Seen], calibration: Calibration) -> list[Judged]:
    """Every question under a calibration."""
    judged = []
    for one in seen:
        shares = calibration.probabilities(one.features, one.looks).settled(one.inside)
        order = np.argsort(-shares.candidates[: one.inside], kind="stable")
        best = float(shares.candidates[order[0]]) if len(order) else 0.0
        ranking = tuple(one.ids[i] for i in order.tolist())
        none = shares.none + float(shares.candidates[one.inside :].sum())
        judged.append(Judged(one.labelled, ranking, best, none, shares.unclear))
    return judged


def figures(judged: Sequence[Judged], answer_at: float) -> dict[str, float]:
    """Retrieval, abstention and calibration figures in [0, 1].

    `coverage` is the share of answerable questions answered outright, `wrong_rate` the mean chance of a wrong answer
    over all questions, with its exact 95 % interval; `wrong_rate_in_life` weighs the kinds of questions as in `LIFE`.
    """
    kinds = {kind: [one for one in judged if one.labelled.expect == kind] for kind in LIFE}
    rankings = [one.ranking for one in kinds["answer"]]
    wanted = [one.labelled.wanted for one in kinds["answer"]]
    losses = [one.loss if one.probability >= answer_at else 0.0 for one in judged]
    low, high = interval(sum(losses), len(losses))
    certain = [one.probability for one in judged]
    weights = weights_of([one.labelled for one in judged])
    return {
        "questions": float(len(judged)),
        "right_at_1": recall_at(rankings, wanted, 1),
        "right_at_3": recall_at(rankings, wanted, 3),
        "reciprocal_rank": mean_reciprocal_rank(rankings, wanted),
        "coverage": _share(one.probability >= answer_at for one in kinds["answer"]),
        "wrong_rate": float(np.mean(losses)) if losses else 0.0,
        "wrong_rate_low": low,
        "wrong_rate_high": high,
        "wrong_rate_in_life": float(np.average(losses, weights=weights)) if losses else 0.0,
        "none_not_answered": _share(one.probability < answer_at for one in kinds["none"]),
        "asked_back": _share(one.probability < answer_at and one.none <= DECLINE_AT for one in kinds["clarify"]),
        "brier": brier(certain, [1.0 - one.loss for one in judged]),
        "calibration_error": calibration_error(certain, [1.0 - one.loss for one in judged]),
    }


def grouped(judged: Iterable[Judged], key: Callable[[Judged], str]) -> dict[str, list[Judged]]:
    """The questions by what `key` says of them, the largest group first."""
    found: dict[str, list[Judged]] = {}
    for one in judged:
        found.setdefault(key(one), []).append(one)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def confusions(judged: Iterable[Judged]) -> list[tuple[str, str, list[str]]]:
    """(wanted, ranked first, the questions): which entries are taken for which others, the most frequent first."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in judged:
        if one.labelled.expect == "answer" and one.loss and one.ranking:
            found.setdefault((min(one.labelled.wanted), one.ranking[0]), []).append(one.labelled.question)
    ranked = sorted(found.items(), key=lambda pair: -len(pair[1]))
    return [(wanted, given, questions) for (wanted, given), questions in ranked]


def unseen(seen: Sequence[Seen], encoder: str = "") -> list[Judged]:
    """Every question judged by weights that were fitted on the other folds."""
    found: dict[int, Judged] = {}
    for fold in range(FOLDS):
        rest = [one for place, one in enumerate(seen) if place % FOLDS != fold]
        held = range(fold, len(seen), FOLDS)
        found.update(zip(held, judge([seen[place] for place in held], _fitted(rest, encoder)), strict=True))
    return [found[place] for place in range(len(seen))]


def calibrate(seen: Sequence[Seen], wrong_rate: float, encoder: str, release: str = "") -> Calibration:
    """Fit on all questions; the threshold and the figures come from questions that the weights had not seen."""
    judged = unseen(seen, encoder)
    questions = [one.labelled for one in judged]
    found = bounded(judged, wrong_rate)
    final = _fitted(seen, encoder)
    measured = figures(judged, found.answer_at) | {"bound": found.bound, "wrong_rate_wanted": wrong_rate}
    return Calibration(
        final.weights,
        final.none_weights,
        final.unclear_weights,
        found.answer_at,
        DECLINE_AT,
        encoder,
        hash_of(questions),
        release,
        wrong_rate,
        measured,
    )


def bounded(judged: Sequence[Judged], wrong_rate: float) -> Threshold:
    """The least threshold that keeps two promises on questions that the weights had not seen.

    Of all questions at most `wrong_rate` get a wrong answer (bounded, see `knowledge.bound`), and of those that no
    entry answers at most `wrong_rate` are answered (as measured: they are too few for a bound)."""
    questions = [one.labelled for one in judged]
    found = threshold_for(
        [one.probability for one in judged], [one.loss for one in judged], weights_of(questions), wrong_rate
    )
    outside = sorted((one.probability for one in judged if one.labelled.expect == "none"), reverse=True)
    allowed = int(wrong_rate * len(outside))
    least = math.nextafter(outside[allowed], 1.0) if allowed < len(outside) else 0.0
    return replace(found, answer_at=max(found.answer_at, least))


def weights_of(questions: Sequence[Labelled]) -> list[float]:
    """What each question counts for, so that each kind has its assumed share of real life; 1 on the average."""
    counts = {kind: sum(one.expect == kind for one in questions) for kind in LIFE}
    present = sum(share for kind, share in LIFE.items() if counts[kind])
    return [LIFE[one.expect] / present * len(questions) / counts[one.expect] for one in questions]


def _fitted(seen: Sequence[Seen], encoder: str) -> Calibration:
    counts = weights_of([one.labelled for one in seen])
    weighed = (one.example(count) for one, count in zip(seen, counts, strict=True))
    weights, none, unclear = (tuple(map(float, part)) for part in fit([one for one in weighed if one is not None]))
    return Calibration(weights, none, unclear, 1.0, 0.0, encoder)


def _share(claims: Iterable[bool]) -> float:
    held = list(claims)
    return sum(held) / len(held) if held else 0.0
