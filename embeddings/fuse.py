"""Join what several rankers say into one score an id. Pure functions of their numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each ranker counts. Chosen on labelled questions (`python3 -m knowledge calibrate`), not by hand."""

    head: float = 1.0
    nearest: float = 0.6
    neighbours: float = 0.6
    lexical: float = 0.4


@dataclass(frozen=True, slots=True)
class Evidence:
    """(ids,) numbers per id: `head` the linear judge's distance, `nearest` the best cosine of its texts, `neighbours`
    the mean of its best three, `lexical` the best share of the question's words found in one of its texts."""

    head: Floats
    nearest: Floats
    neighbours: Floats
    lexical: Floats


def fuse(evidence: Evidence, weights: Weights) -> Floats:
    """(ids,) one score an id; only the order and the differences mean anything."""
    return np.asarray(
        weights.head * np.clip(evidence.head, -1.5, 1.5)
        + weights.nearest * evidence.nearest
        + weights.neighbours * evidence.neighbours
        + weights.lexical * evidence.lexical,
        np.float32,
    )


def best_of(owners: NDArray[np.int64], values: Floats, ids: int, floor: float) -> Floats:
    """(ids,) the greatest value among the rows each id owns; `floor` where it owns none."""
    out = np.full(ids, floor, np.float32)
    np.maximum.at(out, owners, values)
    return out


def mean_of_best(owners: NDArray[np.int64], values: Floats, ids: int, count: int, floor: float) -> Floats:
    """(ids,) the mean of each id's `count` greatest values; missing ones count as `floor`.

    `values` come best first, as an index returns them.
    """
    sums = np.zeros(ids, np.float32)
    taken = np.zeros(ids, np.int64)
    for owner, value in zip(owners.tolist(), values.tolist(), strict=True):
        if taken[owner] < count:
            sums[owner] += value
            taken[owner] += 1
    return np.asarray((sums + (count - taken) * floor) / count, np.float32)
