"""Judges of many ids: each fitted against the texts of the ids nearest to it and a sample of all others.

At 10,000 ids and a million texts one judge an id against everything would take days and 40 GB. On the 386 ids of the
seed the judges alone put 98.1 % of the labelled questions first this way, and 99.1 % fitted against everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.svm import LinearSVC

from embeddings.encoder import Vectors
from embeddings.terms import Terms, counted

Floats = NDArray[np.float32]
Longs = NDArray[np.int64]
_C = 1.0
NEAR_IDS = 10
NEAR_TEXTS = 40
FAR_TEXTS = 400
_KEPT_WEIGHTS = 1024
_LEAST_TEXTS = 3
_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Judge:
    """The columns that speak for or against one id, what each weighs, and the bias."""

    columns: Longs
    weights: Floats
    bias: float


class SampledHeads:
    """Judges kept as postings: for each feature the ids whose judges look at it, and the weight there."""

    def __init__(self, terms: Terms, judges: Sequence[Judge]) -> None:
        self.terms = terms
        self.judges: Sequence[Judge] = judges
        columns = np.concatenate([judge.columns for judge in judges]) if judges else np.zeros(0, np.int64)
        order = np.argsort(columns, kind="stable")
        long = [len(judge.columns) for judge in judges]
        self._ids = np.repeat(np.arange(len(judges), dtype=np.int32), long)[order]
        self._weights = np.concatenate([np.zeros(0, np.float32), *(judge.weights for judge in judges)])[order]
        self._starts = np.concatenate([[0], np.cumsum(np.bincount(columns, minlength=len(terms.idf)))])
        self._bias = np.array([judge.bias for judge in judges], np.float32)

    def scores(self, features: list[str]) -> Floats:
        """(ids,) signed distance from each judge's boundary; above 0 the judge says yes."""
        found = self._bias.copy()
        columns, weights = self.terms.weigh(features)
        for column, weight in zip(columns.tolist(), weights.tolist(), strict=True):
            start, end = self._starts[column], self._starts[column + 1]
            found[self._ids[start:end]] += np.float32(weight) * self._weights[start:end]
        return found

    def save(self, path: Path) -> None:
        """Write the judges to one file."""
        names = "\n".join(self.terms.column).encode()
        np.savez(
            path,
            names=np.frombuffer(names, np.uint8),
            idf=self.terms.idf,
            texts=self.terms.texts,
            ids=self._ids,
            judged=self._weights,
            starts=self._starts,
            bias=self._bias,
        )

    @classmethod
    def load(cls, path: Path) -> SampledHeads:
        """Read judges back."""
        heads = cls.__new__(cls)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            names = kept["names"].tobytes().decode().split("\n")
            heads.terms = Terms({name: number for number, name in enumerate(names)}, kept["idf"], int(kept["texts"]))
            heads._ids, heads._weights = kept["ids"], kept["judged"]
            heads._starts, heads._bias = kept["starts"], kept["bias"]
        heads.judges = ()
        return heads


def fit_all(features: Iterable[list[str]], bounds: Longs, vectors: Vectors) -> SampledHeads:
    """A judge for every id; its texts are the rows `bounds[i]` to `bounds[i + 1]`."""
    terms, matrix = counted(features, _LEAST_TEXTS)
    pick = np.random.default_rng(0)
    judges = []
    for position, near in enumerate(_nearest_ids(vectors, bounds)):
        own = np.arange(bounds[position], bounds[position + 1])
        hard = [_some(pick, int(bounds[one]), int(bounds[one + 1]), NEAR_TEXTS) for one in near.tolist()]
        far = pick.integers(0, len(vectors), FAR_TEXTS)
        against = np.unique(np.concatenate([*hard, far]))
        against = against[(against < own[0]) | (against > own[-1])]
        judges.append(fit_one(matrix[own], matrix[against], _KEPT_WEIGHTS))
    heads = SampledHeads(terms, judges)
    heads.judges = ()  # they stand in the postings
    return heads


def _some(pick: np.random.Generator, first: int, end: int, most: int) -> Longs:
    if end - first <= most:
        return np.arange(first, end)
    return first + pick.choice(end - first, most, replace=False)


def _nearest_ids(vectors: Vectors, bounds: Longs) -> Iterable[Longs]:
    """For each id the ids whose texts are on average most like its own."""
    middle = np.add.reduceat(vectors, bounds[:-1], axis=0)
    middle /= np.maximum(np.linalg.norm(middle, axis=1, keepdims=True), 1e-9)
    most = min(NEAR_IDS, len(middle) - 1)
    for start in range(0, len(middle), _BLOCK):
        alike = middle[start : start + _BLOCK] @ middle.T
        alike[np.arange(len(alike)), start + np.arange(len(alike))] = -2
        yield from np.argsort(-alike, axis=1)[:, :most]


def fit_one(own: csr_matrix, against: csr_matrix, kept: int | None = None) -> Judge:
    """One judge from weighed texts for and against; of its weights the `kept` greatest. Alone, it prefers nothing."""
    if not own.shape[0] or not against.shape[0]:
        return Judge(np.zeros(0, np.int64), np.zeros(0, np.float32), -1.0)
    columns, places = np.unique(np.concatenate([own.indices, against.indices]), return_inverse=True)
    matrix = csr_matrix(
        (
            np.concatenate([own.data, against.data]),
            places.astype(np.int32),
            np.concatenate([own.indptr, own.indptr[-1] + against.indptr[1:]]),
        ),
        shape=(own.shape[0] + against.shape[0], len(columns)),
    )
    meant = np.arange(matrix.shape[0]) < own.shape[0]
    found = LinearSVC(C=_C, random_state=0).fit(matrix, meant)
    weights = np.asarray(found.coef_[0], np.float32)
    strong = np.flatnonzero(weights)
    if kept is not None and len(strong) > kept:
        strong = strong[np.argpartition(-np.abs(weights[strong]), kept)[:kept]]
    return Judge(columns[strong].astype(np.int64), weights[strong], float(found.intercept_[0]))
