"""Remember vectors by text and encoder, so that only changed texts are encoded again."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder, Vectors

Keys = NDArray[np.bytes_]

_BATCH = 4096
_STALE_SECONDS = 3600
_MOST_PIECES = 16
_LARGE = 100_000
"""Pieces of fewer vectors are joined once there are many; larger ones stay, so that no vector is rewritten often."""


class VectorCache:
    """Vectors of texts already encoded; losing them loses only time.

    New vectors are written as a further piece in the encoder's folder, whole or not at all; what is there stays as it
    is. Small pieces are joined now and then. Texts that are gone are forgotten once they are most of what is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def encode(self, encoder: Encoder, texts: Sequence[str], whole: bool = False) -> tuple[Vectors, int]:
        """(n, d) vectors for `texts`, and how many of them had to be encoded now.

        With `whole`, these are all texts there are, and what no longer belongs to any may be forgotten.
        """
        if not texts:
            return np.zeros((0, 1), np.float32), 0
        folder = self._folder / f"vectors-{encoder.fingerprint}"
        keys, first, places = np.unique(_keys(texts), return_index=True, return_inverse=True)
        found: Vectors | None = None
        missing = np.ones(len(keys), bool)
        kept = 0
        for held, vectors in _pieces(folder):
            kept += len(held)
            found = np.zeros((len(keys), vectors.shape[1]), np.float32) if found is None else found
            at = np.minimum(np.searchsorted(held, keys), len(held) - 1)
            here = held[at] == keys
            found[here] = vectors[at[here]]
            missing &= ~here
        if missing.any():
            fresh = _encoded(encoder, [texts[row] for row in first[missing].tolist()])
            found = np.zeros((len(keys), fresh.shape[1]), np.float32) if found is None else found
            found[missing] = fresh
            _write(folder, keys[missing], fresh)
        assert found is not None  # noqa: S101 - either a piece or an encoding gave its width
        if whole and kept > 2 * len(keys):
            _replace(folder, list(folder.iterdir()), keys, found)
        elif missing.any():
            _join(folder)
        return found[places], int(missing.sum())


def _keys(texts: Sequence[str]) -> Keys:
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts)
    return np.frombuffer(digests, "S16")


def _encoded(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    parts = [encoder.encode(texts[start : start + _BATCH]) for start in range(0, len(texts), _BATCH)]
    return np.concatenate(parts).astype(np.float32)


def _pieces(folder: Path) -> Iterable[tuple[Keys, Vectors]]:
    """The (sorted keys, vectors) of every piece that can be read; the vectors are read as they are asked for."""
    for path in sorted(folder.glob("piece-*")) if folder.is_dir() else ():
        try:
            keys = np.load(path / "keys.npy")
            vectors = np.load(path / "vectors.npy", mmap_mode="r")
        except (OSError, ValueError, EOFError):
            shutil.rmtree(path, ignore_errors=True)
            continue
        if len(keys) and len(keys) == len(vectors):
            yield keys, vectors


def _write(folder: Path, keys: Keys, vectors: Vectors) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder, prefix="draft-"))
    np.save(draft / "keys.npy", keys)
    np.save(draft / "vectors.npy", vectors)
    draft.replace(folder / draft.name.replace("draft-", "piece-"))


def _replace(folder: Path, old: Iterable[Path], keys: Keys, vectors: Vectors) -> None:
    """Write one piece, then remove others; cut off in between, some vectors are kept twice, which harms nothing."""
    _write(folder, keys, vectors)
    for path in old:
        shutil.rmtree(path, ignore_errors=True)


def _join(folder: Path) -> None:
    """Make one piece of the small ones once there are many."""
    paths = sorted(folder.glob("piece-*"))
    if len(paths) <= _MOST_PIECES:
        return
    for path in folder.glob("draft-*"):
        if time.time() - path.stat().st_mtime > _STALE_SECONDS:  # a younger one may be being written
            shutil.rmtree(path, ignore_errors=True)
    try:
        held = [(path, np.load(path / "keys.npy"), np.load(path / "vectors.npy", mmap_mode="r")) for path in paths]
    except (OSError, ValueError, EOFError):
        return  # another process has joined them
    small = [piece for piece in held if len(piece[1]) < _LARGE]
    keys, first = np.unique(np.concatenate([piece[1] for piece in small]), return_index=True)
    _replace(folder, [piece[0] for piece in small], keys, np.concatenate([piece[2] for piece in small])[first])
