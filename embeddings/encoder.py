"""Texts to unit vectors: one protocol, sentence-transformers behind it, and a built-in model that needs no download."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import EncoderMissing
from embeddings.segment import Segmenter

Vectors = NDArray[np.float32]
BUILT_IN = "built-in"
BUILT_IN_FOLDER = Path(__file__).parent / "model"
_FEATURES_FILE = "features.json"


class Encoder(Protocol):
    """Turns normalised texts into vectors. `fingerprint` changes whenever the vectors would."""

    fingerprint: str

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32, rows of unit length (or zero where a text holds nothing known)."""
        ...


class SentenceEncoder:
    """Any sentence-transformers model: the built-in folder, another local folder, or a hub name.

    A folder that holds `features.json` was trained on our own features, so texts are cut into them first; any other
    model gets the text as it is.
    """

    def __init__(self, name: str, segmenter: Segmenter) -> None:
        import torch
        from sentence_transformers import SentenceTransformer

        self._segmenter = segmenter
        folder = BUILT_IN_FOLDER if name == BUILT_IN else Path(name)
        self._cut = (folder / _FEATURES_FILE).is_file()
        if self._cut:
            torch.set_num_threads(1)  # summing a few rows: a second thread only waits
        try:
            self._model = SentenceTransformer(str(folder) if folder.is_dir() else name, device="cpu")
        except (OSError, ValueError) as error:
            raise EncoderMissing(name, str(error).splitlines()[0]) from error
        self.fingerprint = fingerprint_of(folder) if folder.is_dir() else hashlib.sha256(name.encode()).hexdigest()[:16]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder`."""
        if self._cut:
            texts = [" ".join(self._segmenter.features(text)) for text in texts]
        found = self._model.encode(
            list(texts), batch_size=256, normalize_embeddings=True, show_progress_bar=False, convert_to_numpy=True
        )
        return np.nan_to_num(np.asarray(found, dtype=np.float32))


def fingerprint_of(folder: Path) -> str:
    """Identity of a model folder: the hash of its files' names and contents."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".md"):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def feature_settings(folder: Path = BUILT_IN_FOLDER) -> dict[str, object]:
    """What the built-in model was trained on and how it measured, as written by its training."""
    return dict(json.loads((folder / _FEATURES_FILE).read_text(encoding="utf8")))
