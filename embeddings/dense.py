"""Nearest texts by meaning: FAISS over unit vectors, where the inner product is the cosine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]
EXACT_UP_TO = 50_000
"""Texts compared one by one, which takes 3 ms for 50,000. Beyond, only the likeliest cells are read."""
RECALL = 0.98
"""Share of the ten nearest that must be found among the cells read; the number of cells follows from it."""
_TRIALS = 400
_NEAREST = 10
_CHUNK = 100_000
_ROUNDS = 8
_PER_CELL = 64
"""Training vectors a cell and rounds of k-means: more of either did not change the recall on a million texts."""


class DenseIndex:
    """An inner-product index over (n, d) unit vectors; row numbers are the texts' positions.

    Exact up to `EXACT_UP_TO` rows. Beyond, an inverted file of half-precision vectors whose number of cells read a
    question is the least that finds `RECALL` of the ten nearest of `trials`: (t, d) vectors that are not in the index,
    by default vectors of it with noise. `recall` is the share then found; 1 where the search is exact.
    """

    def __init__(self, vectors: Vectors, trials: Vectors | None = None, exact_up_to: int = EXACT_UP_TO) -> None:
        self.recall = 1.0
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        if len(vectors) <= exact_up_to:
            self._index: Any = faiss.IndexFlatIP(vectors.shape[1])
            self._index.add(vectors)
            return
        self._index = _cells(vectors)
        self._settle(vectors, _noisy(vectors) if trials is None else np.ascontiguousarray(trials, dtype=np.float32))

    def _settle(self, vectors: Vectors, trials: Vectors) -> None:
        """Read as few cells a question as find enough of what an exact search finds."""
        floor = _least_of_nearest(vectors, trials)
        self._index.nprobe = 1
        while True:
            cosines, _ = self._index.search(trials, _NEAREST)
            self.recall = float((cosines >= floor[:, None] - 2e-4).mean())  # half precision keeps three digits
            if self.recall >= RECALL or self._index.nprobe >= self._index.nlist:
                return
            self._index.nprobe = min(self._index.nprobe * 2, self._index.nlist)

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Read an index back."""
        index = cls.__new__(cls)
        index._index = faiss.read_index(str(path))
        index.recall = float(json.loads(path.with_suffix(".json").read_text("utf8"))["recall"])
        return index

    def save(self, path: Path) -> None:
        """Write the index to one file, and beside it (.json) the recall it was settled for."""
        faiss.write_index(self._index, str(path))
        path.with_suffix(".json").write_text(json.dumps({"recall": self.recall}), "utf8")

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def exact(self) -> bool:
        """Whether every text is compared."""
        return isinstance(self._index, faiss.IndexFlat)

    def nearest(self, vector: Vectors, limit: int, hidden: Rows | None = None) -> tuple[Rows, Floats]:
        """Up to `limit` rows and their cosines, best first. `vector` is (d,); rows in `hidden` are passed over."""
        # One thread a question: on a busy machine, waiting for a second one costs more than it gives (50 ms against 2).
        faiss.omp_set_num_threads(1)  # it counts for the calling thread alone
        cosines, rows = self._index.search(vector.reshape(1, -1), min(limit, len(self)), params=self._without(hidden))
        found = rows[0] >= 0
        return rows[0][found], cosines[0][found]

    def _without(self, hidden: Rows | None) -> Any:
        if hidden is None or not len(hidden):
            return None
        parameters: Any = faiss  # its stubs know no keywords
        kept = faiss.IDSelectorNot(faiss.IDSelectorBatch(hidden))
        if self.exact:
            return parameters.SearchParameters(sel=kept)
        return parameters.SearchParametersIVF(sel=kept, nprobe=self._index.nprobe)


def _cells(vectors: Vectors) -> Any:
    wide = vectors.shape[1]
    cells = int(2 * np.sqrt(len(vectors)))
    middle = faiss.IndexFlatIP(wide)
    index = faiss.IndexIVFScalarQuantizer(
        middle, wide, cells, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, False
    )
    index.cp.niter, index.cp.max_points_per_centroid = _ROUNDS, _PER_CELL
    index.train(vectors)
    for start in range(0, len(vectors), _CHUNK):
        index.add(vectors[start : start + _CHUNK])
    return index


def _noisy(vectors: Vectors) -> Vectors:
    """Vectors at a cosine of about 0.85 from some of the index."""
    pick = np.random.default_rng(0)
    near = vectors[pick.choice(len(vectors), min(_TRIALS, len(vectors)), replace=False)]
    near = near + pick.normal(0, 0.6 / np.sqrt(near.shape[1]), near.shape).astype(np.float32)
    return np.ascontiguousarray(near / np.maximum(np.linalg.norm(near, axis=1, keepdims=True), 1e-9))


def _least_of_nearest(vectors: Vectors, trials: Vectors) -> Floats:
    """(t,) the tenth greatest cosine of each trial, by an exact search in parts."""
    best = np.full((len(trials), _NEAREST), -2.0, np.float32)
    for start in range(0, len(vectors), _CHUNK):
        part = trials @ vectors[start : start + _CHUNK].T
        top = np.partition(part, part.shape[1] - min(_NEAREST, part.shape[1]), axis=1)[:, -_NEAREST:]
        best = np.sort(np.concatenate([best, top], axis=1), axis=1)[:, -_NEAREST:]
    return np.asarray(best[:, 0], np.float32)
