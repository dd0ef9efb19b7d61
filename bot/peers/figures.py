"""What is compared: wrong answers where all answer equally much, and which errors of another are gone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from knowledge.evaluate import Labelled

COVERAGES = (0.8, 0.9)
"""Shares of the answerable questions that each system is made to answer, by a threshold on its own score."""
_BELOW_ALL = -1e12


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system made of a question: its first entries, how sure it was on its own scale, milliseconds taken."""

    labelled: Labelled
    entries: tuple[str, ...]
    certainty: float
    milliseconds: float

    @property
    def loss(self) -> float:
        """The chance that answering with the first entry is wrong."""
        return self.labelled.loss(self.entries[0]) if self.entries else 1.0

    @property
    def answerable(self) -> bool:
        return self.labelled.expect == "answer"

    def found_within(self, places: int) -> bool:
        """Whether a wanted entry is among the first."""
        return bool(self.labelled.wanted & set(self.entries[:places]))


def certainty_of(score: float | None, declined: bool) -> float:
    """A score on one scale with declining: whoever found an uncovered matter first answers only after all others."""
    if score is None:
        return 2 * _BELOW_ALL
    return score + _BELOW_ALL if declined else score


@dataclass(frozen=True)
class Measured:
    """A system on one file of questions. `seconds` are those of building or training, `resident` bytes."""

    system: str
    answers: tuple[Answer, ...]
    seconds: float
    resident: float

    @property
    def answerable(self) -> list[Answer]:
        return [one for one in self.answers if one.answerable]

    def right(self, places: int) -> float:
        """Share of the answerable questions with a wanted entry among the first."""
        held = self.answerable
        return sum(one.found_within(places) for one in held) / len(held) if held else math.nan

    def misses(self) -> list[float]:
        """For each answerable question 1 where its entry does not come first."""
        return [float(not one.found_within(1)) for one in self.answerable]

    def losses(self, coverage: float) -> list[float]:
        """For each question the chance of a wrong answer where this share of the answerable ones is answered."""
        least = threshold(self.answers, coverage)
        return [one.loss if one.certainty >= least else 0.0 for one in self.answers]

    def milliseconds(self, share: float) -> float:
        """The least time that this share of the questions did not exceed."""
        return float(np.quantile([one.milliseconds for one in self.answers], share, method="inverted_cdf"))


def threshold(answers: Sequence[Answer], coverage: float) -> float:
    """The greatest certainty from which on at least this share of the answerable questions is answered."""
    sure = sorted((one.certainty for one in answers if one.answerable), reverse=True)
    return sure[max(1, math.ceil(coverage * len(sure) - 1e-9)) - 1] if sure else math.inf


@dataclass(frozen=True, slots=True)
class Gone:
    """Errors of one system against those of another, question by question. Errors are sums of chances."""

    theirs: float
    ours: float
    mended: int
    broken: int

    @property
    def share(self) -> float:
        """The share of their errors that is gone; below 0 where there are more."""
        return 1.0 - self.ours / self.theirs if self.theirs else 0.0


def gone(theirs: Sequence[float], ours: Sequence[float]) -> Gone:
    """Paired: on how many questions ours errs less, and on how many more."""
    pairs = list(zip(theirs, ours, strict=True))
    return Gone(sum(theirs), sum(ours), sum(b < a for a, b in pairs), sum(b > a for a, b in pairs))


@dataclass(frozen=True, slots=True)
class Measure:
    """A way to count errors. `name` is the head of its column."""

    name: str
    coverage: float | None = None

    def errors(self, measured: Measured) -> list[float]:
        """One for each question that counts."""
        return measured.misses() if self.coverage is None else measured.losses(self.coverage)


MEASURES = (Measure("rank 1"), *(Measure(f"wrong at {100 * share:.0f} %", share) for share in COVERAGES))


def best(several: Iterable[Measured], measure: Measure) -> Measured:
    """The one with the fewest errors; of equals, the faster."""
    return min(several, key=lambda one: (sum(measure.errors(one)), one.milliseconds(0.5)))


def curve(answers: Sequence[Answer]) -> tuple[list[float], list[float]]:
    """At every threshold, from the highest: share of the answerable questions answered, wrong share of all."""
    order = sorted(answers, key=lambda one: -one.certainty)
    asked = np.cumsum([one.answerable for one in order])
    wrong = np.cumsum([one.loss for one in order]) / max(1, len(order))
    last = [place for place, one in enumerate(order[1:]) if one.certainty != order[place].certainty]
    last += [len(order) - 1] if order else []
    return [float(asked[place] / max(1, asked[-1])) for place in last], [float(wrong[place]) for place in last]


def table(several: Sequence[Measured]) -> str:
    """Markdown, a row a system. Shares are percentages; memory is what the process grew by."""
    shares = [f"wrong at {100 * share:.0f} %" for share in COVERAGES]
    heads = ["system", "rank 1", "first 3", *shares, "median ms", "p95 ms", "build s", "memory MB"]
    rows = [
        [
            one.system,
            f"{100 * one.right(1):.1f}",
            f"{100 * one.right(3):.1f}",
            *(f"{100 * sum(one.losses(share)) / max(1, len(one.answers)):.1f}" for share in COVERAGES),
            f"{one.milliseconds(0.5):.1f}",
            f"{one.milliseconds(0.95):.1f}",
            f"{one.seconds:.0f}",
            f"{one.resident / 1e6:.0f}",
        ]
        for one in several
    ]
    return _markdown(heads, rows)


def against(ours: Measured, peers: Sequence[Measured]) -> str:
    """Markdown: what is gone of each peer's errors, and our time as a multiple of its; the best of each column bold."""
    first = {measure.name: best(peers, measure).system for measure in MEASURES}
    heads = ["errors gone against", *(measure.name for measure in MEASURES), "time"]
    rows = []
    for peer in peers:
        row = [peer.system]
        for measure in MEASURES:
            told = _told(gone(measure.errors(peer), measure.errors(ours)))
            row.append(f"**{told}**" if first[measure.name] == peer.system else told)
        rows.append([*row, f"x {ours.milliseconds(0.5) / max(1e-9, peer.milliseconds(0.5)):.1f}"])
    return _markdown(heads, rows)


def _told(found: Gone) -> str:
    return f"{100 * found.share:.0f} % ({found.theirs:.1f} to {found.ours:.1f}; +{found.mended} -{found.broken})"


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))


def draw(several: Mapping[str, Sequence[Measured]], path: Path) -> None:
    """Risk and coverage of every system, a panel a file of questions; the format is that of the file's name."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7 * len(several), 5), dpi=150, layout="constrained")
    panels = figure.subplots(1, len(several), squeeze=False)[0]
    for axes, (name, systems) in zip(panels, several.items(), strict=True):
        for one in systems:
            axes.plot(*curve(one.answers), label=one.system, linewidth=2.5 if one is systems[-1] else 1.2)
        axes.set(xlabel="answerable questions answered", ylabel="all questions answered wrongly", xlim=(0, 1))
        axes.set_ylim(bottom=0)
        axes.set_title(f"{name}: {len(systems[0].answers)} questions" if systems else name)
        axes.legend()
    figure.savefig(path)
