"""Texts that share words: BM25 (Lucene variant) over words and character pairs."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import bm25s
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_K1, _B = 1.2, 0.4
"""B is low: phrasings are short and of one kind, so length says little."""


class LexicalIndex:
    """BM25 over token lists; row numbers are the texts' positions."""

    def __init__(self, tokens: Sequence[list[str]]) -> None:
        logging.getLogger("bm25s").setLevel(logging.WARNING)  # it reports every index it builds
        self._bm25 = bm25s.BM25(k1=_K1, b=_B)
        self._bm25.index([row or [""] for row in tokens], show_progress=False)
        seen = Counter(token for row in tokens for token in set(row))
        count = len(tokens)
        self._ceiling = {t: float((_K1 + 1) * np.log(1 + (count - n + 0.5) / (n + 0.5))) for t, n in seen.items()}
        self._unknown = float((_K1 + 1) * np.log(1 + (count + 0.5) / 0.5))

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Read an index back."""
        index = cls.__new__(cls)
        index._bm25 = bm25s.BM25.load(str(folder))
        with (folder / "ceiling.npz").open("rb") as file, np.load(file, allow_pickle=False) as kept:
            index._ceiling = dict(zip(kept["tokens"].tolist(), kept["values"].tolist(), strict=True))
            index._unknown = float(kept["unknown"])
        return index

    def save(self, folder: Path) -> None:
        """Write the index into a folder."""
        self._bm25.save(str(folder), show_progress=False)
        np.savez(
            folder / "ceiling.npz",
            tokens=np.array(list(self._ceiling), dtype=np.str_),
            values=np.array(list(self._ceiling.values()), dtype=np.float32),
            unknown=np.float32(self._unknown),
        )

    def scores(self, tokens: list[str]) -> Floats:
        """(n,) how much of the question each text covers, weighted by rarity: 0 nothing, near 1 all of it."""
        known = [token for token in dict.fromkeys(tokens) if token in self._ceiling]
        if not known:
            return np.zeros(self._bm25.scores["num_docs"], np.float32)
        highest = sum(self._ceiling.get(token, self._unknown) for token in dict.fromkeys(tokens))
        return np.asarray(self._bm25.get_scores(known), np.float32) / np.float32(highest)
