"""One linear judge an id: what in the words of a question speaks for this id against all the others.

Nearest neighbours and a linear classifier err differently; on few phrasings an id the classifier is the better of
the two, so it is fitted anew with every snapshot (14 s for 12,500 texts of 386 ids; `sampled` is for more).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from embeddings.terms import Terms

Floats = NDArray[np.float32]
_C = 1.0


class LinearHeads:
    """Linear support-vector scores per id over TF-IDF features (logarithmic counts, unit rows)."""

    def __init__(self, features: Sequence[list[str]], owners: Sequence[int], ids: int) -> None:
        self.terms = Terms.of(features)
        self._weights, self._bias = _fit(self.terms.matrix(features), np.asarray(owners), ids)

    def scores(self, features: list[str]) -> Floats:
        """(ids,) signed distance from each judge's boundary; above 0 the judge says yes."""
        columns, weights = self.terms.weigh(features)
        return np.asarray(weights @ self._weights[columns].astype(np.float32) + self._bias, np.float32)

    def save(self, path: Path) -> None:
        """Write the judges to one file."""
        np.savez(
            path,
            features=np.array(list(self.terms.column), dtype=np.str_),
            idf=self.terms.idf,
            texts=self.terms.texts,
            weights=self._weights,
            bias=self._bias,
        )

    @classmethod
    def load(cls, path: Path) -> LinearHeads:
        """Read judges back."""
        heads = cls.__new__(cls)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            column = {feature: number for number, feature in enumerate(kept["features"].tolist())}
            heads.terms = Terms(column, kept["idf"], int(kept["texts"]))
            heads._weights, heads._bias = kept["weights"], kept["bias"]
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
