"""Figures for rankings and probabilities: plain lists in, named numbers out."""

from __future__ import annotations

from collections.abc import Sequence


def recall_at(rankings: Sequence[Sequence[str]], wanted: Sequence[frozenset[str]], k: int) -> float:
    """Share of questions with a wanted id among the first k. `rankings[i]` is best first; empty input gives 0."""
    hits = sum(bool(want & set(ranking[:k])) for ranking, want in zip(rankings, wanted, strict=True))
    return hits / len(wanted) if wanted else 0.0


def mean_reciprocal_rank(rankings: Sequence[Sequence[str]], wanted: Sequence[frozenset[str]]) -> float:
    """Mean of 1/rank of the first wanted id, 0 where none is found."""
    total = 0.0
    for ranking, want in zip(rankings, wanted, strict=True):
        total += next((1 / place for place, id_ in enumerate(ranking, 1) if id_ in want), 0.0)
    return total / len(wanted) if wanted else 0.0


def brier(probabilities: Sequence[float], truths: Sequence[float]) -> float:
    """Mean squared distance between a stated probability and what was true; 0 is perfect, 0.25 is a coin."""
    pairs = list(zip(probabilities, truths, strict=True))
    return sum((p - t) ** 2 for p, t in pairs) / len(pairs) if pairs else 0.0


def calibration_error(probabilities: Sequence[float], truths: Sequence[float], bins: int = 10) -> float:
    """Expected calibration error: mean distance, over equal-width bins weighted by size, of stated from true share."""
    pairs = list(zip(probabilities, truths, strict=True))
    total = 0.0
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [(p, t) for p, t in pairs if low <= p < high or (number == bins - 1 and p == 1)]
        if inside:
            total += abs(sum(p for p, _ in inside) - sum(t for _, t in inside))
    return total / len(pairs) if pairs else 0.0
