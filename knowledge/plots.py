"""Two pictures of an evaluation: how much can be answered at which risk, and whether stated probabilities come true."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from knowledge.confidence import Calibration
from knowledge.evaluate import Judged, figures, weights_of

BINS = 10
_DOTS = 150


def draw(judged: Sequence[Judged], calibration: Calibration, folder: Path) -> list[Path]:
    """Write risk-coverage.png and reliability.png into `folder`; returns where they are."""
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for name, picture in (("risk-coverage.png", _risk_coverage), ("reliability.png", _reliability)):
        figure = Figure(figsize=(7, 5), dpi=_DOTS, layout="constrained")
        picture(figure.subplots(), judged, calibration)
        figure.savefig(folder / name)
        found.append(folder / name)
    return found


def risk_coverage(judged: Sequence[Judged]) -> tuple[list[float], list[float]]:
    """At every possible threshold, from the highest: share of answerable questions answered, wrong share of all.

    Kinds of questions count as often as they are assumed to come in life.
    """
    order = sorted(judged, key=lambda one: -one.probability)
    weights = np.array(weights_of([one.labelled for one in order]))
    asked = np.array([one.labelled.expect == "answer" for one in order])
    losses = np.array([one.loss for one in order])
    coverage = np.cumsum(asked) / max(1, asked.sum())
    return coverage.tolist(), (np.cumsum(weights * losses) / weights.sum()).tolist()


def reliability(judged: Sequence[Judged]) -> list[tuple[float, float, int]]:
    """For each tenth of stated probability that occurs: its mean, the share that was right, how many questions."""
    found = []
    for number in range(BINS):
        low, high = number / BINS, (number + 1) / BINS
        inside = [one for one in judged if low <= one.probability < high or one.probability == high == 1.0]
        if inside:
            stated = float(np.mean([one.probability for one in inside]))
            found.append((stated, 1.0 - float(np.mean([one.loss for one in inside])), len(inside)))
    return found


def _risk_coverage(axes: Any, judged: Sequence[Judged], calibration: Calibration) -> None:
    coverage, risk = risk_coverage(judged)
    axes.plot(coverage, risk, label="this library")
    now = figures(judged, calibration.answer_at)
    axes.plot([now["coverage"]], [now["wrong_rate_in_life"]], "o", label=f"threshold {calibration.answer_at:.2f}")
    if calibration.wrong_rate:
        axes.axhline(calibration.wrong_rate, linestyle="--", color="grey", label="wrong answers allowed")
    axes.set(xlabel="answerable questions answered outright", ylabel="all questions answered wrongly", xlim=(0, 1))
    axes.set_title(f"Risk and coverage, {len(judged)} questions")
    axes.legend()


def _reliability(axes: Any, judged: Sequence[Judged], _: Calibration) -> None:
    bins = reliability(judged)
    axes.plot([0, 1], [0, 1], linestyle="--", color="grey", label="perfect")
    axes.scatter(*zip(*[(stated, right) for stated, right, _ in bins], strict=True), s=[10 + n / 2 for *_, n in bins])
    for stated, right, count in bins:
        axes.annotate(str(count), (stated, right), textcoords="offset points", xytext=(6, -10), fontsize=8)
    error = figures(judged, 1.0)["calibration_error"]
    axes.set(xlabel="stated probability", ylabel="share that was right", xlim=(0, 1), ylim=(0, 1))
    axes.set_title(f"Reliability, calibration error {error:.3f}")
    axes.legend()
