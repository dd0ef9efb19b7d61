"""How sure one must be before answering, so that wrong answers stay below a rate: a bound that assumes no distribution.

The loss of a question under a threshold is the chance that it gets a wrong answer: 0 where it is not answered outright.
It can only fall as the threshold rises, so thresholds are tried from 1 downwards, each with a Hoeffding-Bentkus test of
“the mean loss is above the rate”, and the last one at which the test still refuses that is taken (risk-controlling
prediction sets, Bates et al. 2021; Learn-then-Test, Angelopoulos et al. 2021).

The guarantee: with probability at least 1 - `RISK_OF_BOUND` over the drawing of the labelled questions, the mean loss
on further questions like them is at most the rate. It holds for any model and any finite number of questions; what it
needs is that the questions are independent and like those to come, and that the model was not fitted on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom, binomtest

RISK_OF_BOUND = 0.1
"""How often, over all sets of labelled questions one might have drawn, the guarantee may fail."""
NEVER = 1.0
"""A threshold that only words written down by a curator reach."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Answer from `answer_at` on. `risk` is the mean loss measured there, `bound` what it is guaranteed to stay
    under."""

    answer_at: float
    risk: float
    bound: float


def p_value(risk: float, count: int, rate: float) -> float:
    """At most how probable a mean loss as low as `risk` of `count` losses in [0, 1] is, were the true mean above
    `rate`.

    The smaller of Hoeffding's and Bentkus' bounds; valid for losses that are not 0 or 1 too.
    """
    if risk >= rate:
        return 1.0
    if rate >= 1.0:
        return 0.0
    entropy = (1 - risk) * math.log((1 - risk) / (1 - rate)) + (risk * math.log(risk / rate) if risk > 0 else 0.0)
    bentkus = math.e * float(binom.cdf(math.ceil(count * risk - 1e-9), count, rate))
    return min(1.0, math.exp(-count * entropy), bentkus)


def upper_bound(risk: float, count: int, chance: float = RISK_OF_BOUND) -> float:
    """The least rate that a mean loss of `risk` in `count` refuses; 1 for no questions at all."""
    low, high = risk, 1.0
    if count == 0:
        return high
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if p_value(risk, count, middle) <= chance else (middle, high)
    return high


def threshold_for(
    probabilities: Sequence[float], losses: Sequence[float], weights: Sequence[float], rate: float
) -> Threshold:
    """The least threshold under which the mean loss stays below `rate`, see above; `NEVER` where none does.

    `losses` in [0, 1] are those of answering outright. `weights` are what each question counts for, where kinds of
    questions are rarer or more frequent in the set than in life.
    """
    count = len(probabilities)
    if count == 0:
        return Threshold(NEVER, 0.0, 1.0)
    weight = np.asarray(weights, float)
    weight = weight / weight.mean()
    most = float(weight.max())
    scaled = weight * np.asarray(losses, float) / most  # losses must lie in [0, 1]; the rate is scaled alike
    order = np.argsort(-np.asarray(probabilities, float), kind="stable")
    risks = np.cumsum(scaled[order]) / count
    ordered = np.asarray(probabilities, float)[order]
    answer_at, taken = NEVER, 0.0
    for place in range(count):
        if place + 1 < count and ordered[place + 1] == ordered[place]:
            continue  # all that are equally sure are answered together
        risk = float(risks[place])
        if p_value(risk, count, rate / most) > RISK_OF_BOUND:
            break
        answer_at, taken = float(ordered[place]), risk
    return Threshold(answer_at, taken * most, upper_bound(taken, count) * most)


def interval(wrong: float, count: int) -> tuple[float, float]:
    """The 95 % confidence interval of a share, exact (Clopper and Pearson 1934); (0, 1) where nothing was counted."""
    if count == 0:
        return 0.0, 1.0
    found = binomtest(round(wrong), count).proportion_ci(0.95, method="exact")
    return float(found.low), float(found.high)
