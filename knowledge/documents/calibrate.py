"""The recipe behind `weights.json`: ask labelled questions of a folder of documents, fit, and measure on unseen ones.

A question that the documents answer says so by `holds`: expressions, one of which must be found in a right quotation
or passage, white space aside. One without `holds` is not answered by them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.documents.judge import Judge, fit, judged
from knowledge.documents.shelf import Evidence, Shelf
from knowledge.errors import FileUnreadable
from knowledge.question import Language

QUESTIONS = Path(__file__).parent / "questions.jsonl"
WRONG_RATE = 0.03
"""Of the questions that documents do not answer, at most this share may be answered: the bound, not the count."""
LEAST_RIGHT = 0.9
"""Of all answers given, at least this share must quote what answers."""
HELD_OUT = 3
"""Every third question is never fitted on."""
_RANK_RIDGE, _JUDGE_RIDGE = 1.0, 2.0
_START = Judge((0.0, 2.0, 2.0, 1.0, 0.0, 2.0, 0.5, 0.0, 2.0, 0.5), (0.0,) * 11, 1.0)
_PROBABLY = 1.6449
"""Standard deviations of a one-sided bound of 95 %."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A question; `holds` is what a right quotation holds, none where the documents do not answer."""

    question: str
    holds: re.Pattern[str] | None

    def right(self, evidence: Evidence) -> bool:
        """Whether a quotation answers; text that the quotation was taken from may name the matter."""
        return self.holds is not None and self.holds.search(_bare(evidence.quote.text)) is not None

    def near(self, evidence: Evidence) -> bool:
        """Whether the passage answers, quoted or not."""
        return self.holds is not None and self.holds.search(_bare(evidence.text)) is not None


@dataclass(frozen=True, slots=True)
class Seen:
    """A labelled question and what the shelf finds for it."""

    labelled: Labelled
    evidence: list[Evidence]


def read_labelled(*paths: Path) -> list[Labelled]:
    """Questions, one JSON object a line: `q`, and `holds` or, as in the golden set, `expect: none`.

    Lines of the golden set that entries answer are passed over: documents may answer them or not.
    """
    found, problems = [], []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf8").splitlines(), 1):
            try:
                raw = json.loads(line)
                if raw.get("expect", "none") == "none":
                    holds = raw.get("holds")
                    found.append(Labelled(raw["q"], re.compile(holds, re.IGNORECASE | re.DOTALL) if holds else None))
            except (ValueError, KeyError, TypeError, re.error) as error:
                problems.append(f"{path.name}:{number}: {error!r}")
    if problems:
        raise FileUnreadable(problems)
    return found


def look(shelf: Shelf, language: Language, questions: Sequence[Labelled], progress: Progress) -> list[Seen]:
    """Every question with what the shelf finds for it."""
    seen = []
    for number, labelled in enumerate(questions, 1):
        seen.append(Seen(labelled, shelf.evidence(language.read(labelled.question))))
        progress(number, len(questions))
    return seen


def calibrate(seen: Sequence[Seen]) -> Judge:
    """Fit on two thirds, set the threshold on them and measure on the rest; the figures stand in the result."""
    ordered = split(seen)
    held = [one for place, one in enumerate(ordered) if place % HELD_OUT == 0]
    rest = [one for place, one in enumerate(ordered) if place % HELD_OUT]
    unseen: list[tuple[Seen, float, bool]] = []
    for fold in range(5):
        part = [one for place, one in enumerate(rest) if place % 5 == fold]
        unseen += verdicts(_fitted([one for place, one in enumerate(rest) if place % 5 != fold]), part)
    threshold = _threshold(unseen)
    fitted = _fitted(rest)
    found = figures(verdicts(fitted, held), threshold)
    return Judge(fitted.rank, fitted.judge, threshold, found)


def split(seen: Sequence[Seen]) -> list[Seen]:
    """Answerable ones first, so that every third of them and of the others is held out."""
    return [one for one in seen if one.labelled.holds] + [one for one in seen if not one.labelled.holds]


def verdicts(judge: Judge, seen: Sequence[Seen]) -> list[tuple[Seen, float, bool]]:
    """Each question with the probability stated and whether the quotation is right."""
    out = []
    for one in seen:
        ranked = judge.ranked(one.evidence)
        out.append((one, judge.probability(ranked), bool(ranked) and one.labelled.right(ranked[0][0])))
    return out


def _fitted(seen: Sequence[Seen]) -> Judge:
    """The ranker is fitted on all passages of answerable questions, the judge on the first of every question."""
    answerable = [one for one in seen if one.labelled.holds]
    pairs = [(e.features, one.labelled.right(e)) for one in answerable for e in _START.ranked_only(one.evidence, 15)]
    rank = fit(np.array([f for f, _ in pairs]), [right for _, right in pairs], _RANK_RIDGE)
    ranker = Judge(rank, _START.judge, 1.0)
    firsts = [(ranker.ranked(one.evidence), one) for one in seen if one.evidence]
    truths = [one.labelled.right(ranked[0][0]) for ranked, one in firsts]
    judge = fit(np.array([judged(ranked) for ranked, _ in firsts]), truths, _JUDGE_RIDGE)
    return Judge(rank, judge, 1.0)


def _threshold(unseen: Sequence[tuple[Seen, float, bool]]) -> float:
    """The least probability that keeps `WRONG_RATE` and `LEAST_RIGHT`; 1.0 where none does."""
    outside = sum(not one.labelled.holds for one, *_ in unseen)
    best, wrong, given, right = 1.0, 0, 0, 0
    for one, probability, is_right in sorted(unseen, key=lambda row: -row[1]):
        wrong += not one.labelled.holds
        given += one.labelled.holds is not None
        right += is_right
        if _bound(wrong, outside) <= WRONG_RATE and right >= LEAST_RIGHT * (given + wrong):
            best = probability
    return best


def figures(verdicts_: Sequence[tuple[Seen, float, bool]], answer_at: float) -> dict[str, float]:
    """What was measured; `wrong_at_most` is the one-sided 95 % bound (Wilson) of `answered_outside`."""
    inside = [one for one in verdicts_ if one[0].labelled.holds]
    outside = [one for one in verdicts_ if not one[0].labelled.holds]
    given = [one for one in inside if one[1] >= answer_at]
    wrong = [one for one in outside if one[1] >= answer_at]
    right = sum(right for *_, right in given)
    return {
        "answerable": float(len(inside)),
        "outside": float(len(outside)),
        "right_at_1": sum(right for *_, right in inside) / max(len(inside), 1),
        "answered": len(given) / max(len(inside), 1),
        "right_of_answered": right / max(len(given), 1),
        "answered_outside": len(wrong) / max(len(outside), 1),
        "wrong_at_most": _bound(len(wrong), len(outside)),
    }


def _bound(count: int, of: int) -> float:
    """The upper bound of a share, one-sided 95 % (Wilson)."""
    if not of:
        return 1.0
    share, z = count / of, _PROBABLY
    middle = share + z * z / (2 * of)
    wide = z * ((share * (1 - share) + z * z / (4 * of)) / of) ** 0.5
    return float(min((middle + wide) / (1 + z * z / of), 1.0))


def _bare(text: str) -> str:
    return "".join(text.split())
