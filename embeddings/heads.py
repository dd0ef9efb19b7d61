"""One linear judge an id: what in the words of a question speaks for this id against all the others.

Nearest neighbours and a linear classifier err differently; on few phrasings an id the classifier is the better of
the two, so it is fitted anew with every snapshot (0.4 s for 3,400 texts).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

Floats = NDArray[np.float32]
_C = 1.0


class LinearHeads:
    """Linear support-vector scores per id over TF-IDF features (logarithmic counts, unit rows)."""

    def __init__(self, features: Sequence[list[str]], owners: Sequence[int], ids: int) -> None:
        counts = Counter(f for row in features for f in set(row))
        self._column = {feature: number for number, feature in enumerate(counts)}
        self._idf = np.array(
            [math.log((1 + len(features)) / (1 + counts[f])) + 1 for f in self._column], dtype=np.float32
        )
        rows = [self._weigh(row) for row in features]
        matrix = csr_matrix(
            (
                np.concatenate([w for _, w in rows]),
                np.concatenate([c for c, _ in rows]),
                np.cumsum([0, *(len(c) for c, _ in rows)]),
            ),
            shape=(len(rows), len(self._column)),
        )
        self._weights, self._bias = _fit(matrix, np.asarray(owners), ids)

    def _weigh(self, features: list[str]) -> tuple[NDArray[np.int64], Floats]:
        counted = Counter(features)
        pairs = [(self._column[f], 1 + math.log(n)) for f, n in counted.items() if f in self._column]
        if not pairs:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        columns = np.array([c for c, _ in pairs], dtype=np.int64)
        weights = np.array([w for _, w in pairs], dtype=np.float32) * self._idf[columns]
        return columns, weights / np.linalg.norm(weights)

    def scores(self, features: list[str]) -> Floats:
        """(ids,) signed distance from each judge's boundary; above 0 the judge says yes."""
        columns, weights = self._weigh(features)
        return np.asarray(weights @ self._weights[columns].astype(np.float32) + self._bias, np.float32)

    def save(self, path: Path) -> None:
        """Write the judges to one file."""
        np.savez(
            path,
            features=np.array(list(self._column), dtype=np.str_),
            idf=self._idf,
            weights=self._weights,
            bias=self._bias,
        )

    @classmethod
    def load(cls, path: Path) -> LinearHeads:
        """Read judges back."""
        heads = cls.__new__(cls)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            heads._column = {feature: number for number, feature in enumerate(kept["features"].tolist())}
            heads._idf, heads._weights, heads._bias = kept["idf"], kept["weights"], kept["bias"]
        return heads


def _fit(matrix: csr_matrix, owners: NDArray[np.int64], ids: int) -> tuple[NDArray[np.float16], Floats]:
    """(features, ids) weights and (ids,) biases; an id that is alone, or missing, is never preferred."""
    weights = np.zeros((matrix.shape[1], ids), np.float16)
    bias = np.full(ids, -1.0, np.float32)
    present = np.unique(owners)
    if len(present) < 2:
        return weights, bias
    judge = LinearSVC(C=_C, random_state=0).fit(matrix, owners)
    if len(present) == 2:
        weights[:, present] = np.stack([-judge.coef_[0], judge.coef_[0]], axis=1)
        bias[present] = [-judge.intercept_[0], judge.intercept_[0]]
    else:
        weights[:, present] = judge.coef_.T
        bias[present] = judge.intercept_
    return weights, bias
