"""Remember vectors by text and encoder, so that only changed texts are encoded again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from embeddings.encoder import Encoder, Vectors


class VectorCache:
    """Vectors of texts already encoded, kept in one file per encoder; losing the file loses only time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def encode(self, encoder: Encoder, texts: Sequence[str]) -> tuple[Vectors, int]:
        """(n, d) vectors for `texts`, and how many of them had to be encoded now."""
        known = self._load(encoder.fingerprint)
        fresh = [text for text in dict.fromkeys(texts) if text not in known]
        for start in range(0, len(fresh), 4096):
            batch = fresh[start : start + 4096]
            known.update(zip(batch, encoder.encode(batch), strict=True))
        rows = np.stack([known[text] for text in texts]) if texts else np.zeros((0, 1), np.float32)
        if fresh:
            self._save(encoder.fingerprint, {text: known[text] for text in dict.fromkeys(texts)})
        return rows.astype(np.float32), len(fresh)

    def _path(self, fingerprint: str) -> Path:
        return self._folder / f"vectors-{fingerprint}.npz"

    def _load(self, fingerprint: str) -> dict[str, Vectors]:
        try:
            with self._path(fingerprint).open("rb") as file, np.load(file, allow_pickle=False) as kept:
                return dict(zip(kept["texts"].tolist(), kept["vectors"], strict=True))
        except (OSError, ValueError, KeyError, EOFError, BadZipFile):
            return {}

    def _save(self, fingerprint: str, known: dict[str, Vectors]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".npz")
        with os.fdopen(handle, "wb") as file:
            np.savez(file, texts=np.array(list(known), dtype=np.str_), vectors=np.stack(list(known.values())))
        Path(name).replace(self._path(fingerprint))
