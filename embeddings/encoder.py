"""Texts to unit vectors: one protocol, sentence-transformers behind it, and a built-in model that needs no download."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from embeddings.errors import EncoderMissing
from embeddings.prefixes import Prefixes, full_name, of_family, stated
from embeddings.segment import Segmenter

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Vectors = NDArray[np.float32]
BUILT_IN = "built-in"
BUILT_IN_FOLDER = Path(__file__).parent / "model"
MOST_TOKENS = 512
"""Longer texts are cut, also where a model would read more: time grows with the square, and a question is short."""
_FEATURES_FILE = "features.json"
_TORCH, _ONNX = "torch", "onnx"
_ONNX_PACKAGES = ("onnxruntime", "optimum.onnxruntime")
_log = logging.getLogger(__name__)


class Encoder(Protocol):
    """Turns normalised texts into vectors. `fingerprint` changes whenever the vectors would."""

    fingerprint: str

    def encode(self, texts: Sequence[str]) -> Vectors:
        """(n, d) float32 of texts to be found, rows of unit length (or zero where a text holds nothing known)."""
        ...

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """As `encode`, of texts that are looked for: some models want them marked."""
        ...


class SentenceEncoder:
    """Any sentence-transformers model: the built-in folder, another local folder, or a hub name.

    A folder that holds `features.json` was trained on our own features, so texts are cut into them first; any other
    model gets the text as it is, behind the prefix it expects: `wished`, else as the model states, else as its family
    is known to. ONNX files in a local folder are used where the packages for them are installed. Raises
    `EncoderMissing`.
    """

    def __init__(self, name: str, segmenter: Segmenter, wished: Prefixes | None = None) -> None:
        self._segmenter = segmenter
        place = BUILT_IN_FOLDER if name == BUILT_IN else Path(name)
        self._cut = (place / _FEATURES_FILE).is_file()
        onnx = None if self._cut or not place.is_dir() else onnx_file(place)
        self.backend = _ONNX if onnx is not None and _has_onnx() else _TORCH
        if onnx is not None and self.backend == _TORCH:
            _log.warning(
                "%s has ONNX files, but %s are not installed: it runs on torch", name, ", ".join(_ONNX_PACKAGES)
            )
        self._model = _load(name, place, onnx if self.backend == _ONNX else None)
        folder = place if place.is_dir() else downloaded(name)
        own = stated(self._model.prompts) or of_family(full_name(name, folder))
        self.prefixes = Prefixes("", "") if self._cut else (wished or Prefixes()).over(own)
        self.fingerprint = _mark(fingerprint_of(folder), self.prefixes, self.backend)
        if self._cut:
            import torch

            torch.set_num_threads(1)  # summing a few rows: a second thread only waits
            self._model.float()  # kept in half precision, summed in single
        else:
            _bound(self._model)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder`."""
        return self._encode(texts, self.prefixes.passage or "")

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """See `Encoder`."""
        return self._encode(texts, self.prefixes.query or "")

    def _encode(self, texts: Sequence[str], prefix: str) -> Vectors:
        if self._cut:
            texts = [" ".join(self._segmenter.features(text)) for text in texts]
        found = self._model.encode(
            list(texts),
            prompt=prefix,
            batch_size=256 if self._cut else 32,
            normalize_embeddings=True,
            show_progress_bar=False,
            convert_to_numpy=True,
        )
        return np.nan_to_num(np.asarray(found, dtype=np.float32))


def _load(name: str, place: Path, onnx: str | None) -> SentenceTransformer:
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer

    chosen: dict[str, Any] = {}
    if onnx is not None:
        chosen = {"backend": _ONNX, "model_kwargs": {"file_name": onnx, "provider": "CPUExecutionProvider"}}
    try:
        return SentenceTransformer(str(place) if place.is_dir() else name, device="cpu", **chosen)
    except (OSError, ValueError, RuntimeError, ImportError, LookupError, SafetensorError) as error:
        raise EncoderMissing(name, (str(error).splitlines() or [repr(error)])[0]) from error


def _bound(model: SentenceTransformer) -> None:
    """Let a transformer read no more than `MOST_TOKENS`; a model that only sums vectors may read everything."""
    from sentence_transformers.sentence_transformer.modules import Transformer

    if isinstance(model[0], Transformer) and (model.max_seq_length or MOST_TOKENS + 1) > MOST_TOKENS:
        model.max_seq_length = MOST_TOKENS


def onnx_file(folder: Path) -> str | None:
    """The ONNX model of a folder, as a path within it: the plain one before any that was made smaller; None without."""
    found = sorted(path.name for path in (folder / "onnx").glob("model*.onnx"))
    return f"onnx/{min(found, key=len)}" if found else None


def _has_onnx() -> bool:
    try:
        return all(find_spec(package) is not None for package in _ONNX_PACKAGES)
    except ModuleNotFoundError:
        return False


def downloaded(name: str) -> Path:
    """Where the hub's cache keeps the revision of a model that was just loaded by its hub name."""
    from huggingface_hub import try_to_load_from_cache

    cache = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
    for repository in (name, f"sentence-transformers/{name}") if "/" not in name else (name,):
        for file in ("modules.json", "config.json"):
            found = try_to_load_from_cache(repository, file, cache_dir=cache)
            if isinstance(found, str):
                return Path(found).parent
    raise EncoderMissing(
        name, "it was loaded, but is not in the hub's cache, so that a change of it would go unnoticed"
    )


def fingerprint_of(folder: Path) -> str:
    """Identity of a model folder: the hash of its files' names and contents."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".md"):
        digest.update(path.name.encode())
        with path.open("rb") as file:
            while part := file.read(1 << 20):
                digest.update(part)
    return digest.hexdigest()[:16]


def _mark(content: str, prefixes: Prefixes, backend: str) -> str:
    """The content's fingerprint; another one where anything but the content decides the vectors too."""
    beside = (prefixes.query or "", prefixes.passage or "", "" if backend == _TORCH else backend)
    return hashlib.sha256("\0".join((content, *beside)).encode()).hexdigest()[:16] if any(beside) else content


def feature_settings(folder: Path = BUILT_IN_FOLDER) -> dict[str, object]:
    """What the built-in model was trained on and how it measured, as written by its training."""
    return dict(json.loads((folder / _FEATURES_FILE).read_text(encoding="utf8")))
