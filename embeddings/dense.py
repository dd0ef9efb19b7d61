"""Nearest texts by meaning: FAISS over unit vectors, where the inner product is the cosine."""

from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Vectors

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


class DenseIndex:
    """An exact inner-product index over (n, d) unit vectors; row numbers are the texts' positions."""

    def __init__(self, vectors: Vectors) -> None:
        self._index: faiss.Index = faiss.IndexFlatIP(vectors.shape[1])
        self._index.add(np.ascontiguousarray(vectors, dtype=np.float32))

    @classmethod
    def load(cls, path: Path) -> DenseIndex:
        """Read an index back."""
        index = cls.__new__(cls)
        index._index = faiss.read_index(str(path))
        return index

    def save(self, path: Path) -> None:
        """Write the index to one file."""
        faiss.write_index(self._index, str(path))

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def nearest(self, vector: Vectors, limit: int) -> tuple[Rows, Floats]:
        """Up to `limit` rows and their cosines, best first. `vector` is (d,)."""
        # One thread a question: on a busy machine, waiting for a second one costs more than it gives (50 ms against 2).
        faiss.omp_set_num_threads(1)  # it counts for the calling thread alone
        cosines, rows = self._index.search(vector.reshape(1, -1), min(limit, len(self)))
        found = rows[0] >= 0
        return rows[0][found], cosines[0][found]
