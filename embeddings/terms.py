"""What a feature of a text weighs: TF-IDF with logarithmic counts, rows of unit length."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Floats = NDArray[np.float32]
Longs = NDArray[np.int64]
_NONE: Mapping[str, int] = {}


class Terms:
    """The columns of features and their weights (f,), counted over `texts` texts.

    `further` holds the columns of features that came later; they follow those in `column`.
    """

    def __init__(self, column: dict[str, int], idf: Floats, texts: int, further: Mapping[str, int] = _NONE) -> None:
        self.column = column
        self.idf = idf
        self.texts = texts
        self.further = further

    @classmethod
    def of(cls, rows: Sequence[Iterable[str]]) -> Terms:
        """The features of these texts."""
        counts = Counter(feature for row in rows for feature in set(row))
        column = {feature: number for number, feature in enumerate(counts)}
        return cls(column, _idf(np.array(list(counts.values())), len(rows)), len(rows))

    def beside(self, rows: Sequence[Iterable[str]]) -> Terms:
        """These, and the features of further texts that are not among them; what is known weighs as before."""
        counts = Counter(f for row in rows for f in set(row) if f not in self.column and f not in self.further)
        fresh = {feature: len(self.idf) + number for number, feature in enumerate(counts)}
        idf = np.append(self.idf, _idf(np.array(list(counts.values())), self.texts))
        return Terms(self.column, idf, self.texts, {**self.further, **fresh})

    def weigh(self, features: Iterable[str]) -> tuple[Longs, Floats]:
        """(columns, weights) of the features that are known, of unit length together."""
        counted = Counter(features)
        pairs = [
            (column, 1 + math.log(count))
            for feature, count in counted.items()
            if (column := self.column.get(feature, self.further.get(feature, -1))) >= 0
        ]
        if not pairs:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        columns = np.array([column for column, _ in pairs], dtype=np.int64)
        weights = np.array([weight for _, weight in pairs], dtype=np.float32) * self.idf[columns]
        return columns, weights / np.linalg.norm(weights)

    def matrix(self, rows: Iterable[Iterable[str]]) -> csr_matrix:
        """(n, f) the weights of many texts."""
        weighed = [self.weigh(row) for row in rows]
        return csr_matrix(
            (
                np.concatenate([weights for _, weights in weighed]),
                np.concatenate([columns for columns, _ in weighed]),
                np.cumsum([0, *(len(columns) for columns, _ in weighed)]),
            ),
            shape=(len(weighed), len(self.idf)),
        )


def counted(rows: Iterable[Iterable[str]], least: int) -> tuple[Terms, csr_matrix]:
    """Terms of very many texts and their (n, f) matrix, without holding their features as strings.

    Features that fewer than `least` texts have are left out: no judge learns from them, and they are most of all.
    """
    column: dict[str, int] = {}
    flat, ends = array("i"), array("q", [0])
    for row in rows:
        flat.extend([column.setdefault(feature, len(column)) for feature in row])
        ends.append(len(flat))
    starts = np.array(ends, np.int64)
    found = csr_matrix(
        (np.ones(len(flat), np.float32), np.array(flat, np.int32), starts), shape=(len(starts) - 1, len(column))
    )
    del flat
    found.sum_duplicates()
    held = np.bincount(found.indices, minlength=len(column))
    kept = held >= least
    place = np.where(kept, np.cumsum(kept) - 1, -1).astype(np.int32)
    column = {feature: int(place[number]) for feature, number in column.items() if kept[number]}
    idf = _idf(held[kept], len(starts) - 1)
    stay = kept[found.indices]
    ends_kept = np.concatenate([[0], np.cumsum(stay)])[found.indptr]
    columns = place[found.indices[stay]]
    weights = (1 + np.log(found.data[stay])) * idf[columns]
    del found
    squares = np.concatenate([[0.0], np.cumsum(weights.astype(np.float64) ** 2)])
    long = np.sqrt(np.maximum(squares[ends_kept[1:]] - squares[ends_kept[:-1]], 1e-12))
    weights = (weights / np.repeat(long, np.diff(ends_kept))).astype(np.float32)
    return Terms(column, idf, len(starts) - 1), csr_matrix(
        (weights, columns, ends_kept), shape=(len(starts) - 1, len(idf))
    )


def _idf(counts: NDArray[np.int64], texts: int) -> Floats:
    return np.asarray(np.log((1 + texts) / (1 + counts)) + 1, np.float32)
