"""An immutable index over texts of ids. Built beside the one in use, written down whole, and swapped by reference."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from embeddings.cache import VectorCache
from embeddings.dense import DenseIndex
from embeddings.encoder import Encoder
from embeddings.errors import SnapshotUnreadable
from embeddings.heads import LinearHeads
from embeddings.lexical import LexicalIndex
from embeddings.segment import Segmenter

_FORMAT = 1
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Text:
    """One normalised text an id can be found by, and how it reads to people."""

    id: str
    normalised: str
    shown: str


@dataclass(frozen=True)
class Snapshot:
    """Everything one search needs. `ids` in a fixed order; `owners[row]` is the position in `ids` of that row's id."""

    fingerprint: str
    texts: tuple[Text, ...]
    ids: tuple[str, ...]
    owners: np.ndarray[tuple[int], np.dtype[np.int64]]
    dense: DenseIndex
    lexical: LexicalIndex
    heads: LinearHeads
    encoded: int = 0


def fingerprint_of(texts: Sequence[Text], encoder: Encoder) -> str:
    """Identity of a snapshot: of its texts, its encoder and its format."""
    digest = hashlib.sha256(f"{_FORMAT} {encoder.fingerprint}".encode())
    for text in texts:
        digest.update(f"\0{text.id}\0{text.normalised}\0{text.shown}".encode())
    return digest.hexdigest()[:20]


def build(
    texts: Sequence[Text],
    encoder: Encoder,
    segmenter: Segmenter,
    cache: VectorCache,
    progress: Progress = lambda _: None,
) -> Snapshot:
    """Build a snapshot; vectors of texts seen before come from `cache`. `progress` hears the name of each part."""
    if not texts:
        raise ValueError("a snapshot needs at least one text")
    texts = tuple(sorted(texts, key=lambda text: text.id))
    ids = tuple(dict.fromkeys(text.id for text in texts))
    position = {id_: number for number, id_ in enumerate(ids)}
    owners = np.array([position[text.id] for text in texts], dtype=np.int64)
    progress("vectors")
    vectors, encoded = cache.encode(encoder, [text.normalised for text in texts])
    progress("words")
    lexical = LexicalIndex([segmenter.tokens(text.normalised) for text in texts])
    progress("judges")
    heads = LinearHeads([segmenter.features(text.normalised) for text in texts], owners.tolist(), len(ids))
    return Snapshot(fingerprint_of(texts, encoder), texts, ids, owners, DenseIndex(vectors), lexical, heads, encoded)


def save(snapshot: Snapshot, folder: Path) -> Path:
    """Write the snapshot under `folder`/<fingerprint>, whole or not at all; older ones there are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / snapshot.fingerprint
    draft = Path(tempfile.mkdtemp(dir=folder, prefix="draft-"))
    snapshot.dense.save(draft / "dense.faiss")
    (draft / "lexical").mkdir()
    snapshot.lexical.save(draft / "lexical")
    snapshot.heads.save(draft / "heads.npz")
    rows = [[text.id, text.normalised, text.shown] for text in snapshot.texts]
    (draft / "texts.json").write_text(json.dumps({"format": _FORMAT, "texts": rows}, ensure_ascii=False), "utf8")
    if not target.exists():
        draft.replace(target)
    for other in folder.iterdir():
        if other != target:
            shutil.rmtree(other, ignore_errors=True)
    return target


def load(folder: Path, fingerprint: str) -> Snapshot:
    """Read a snapshot back; `SnapshotUnreadable` where it is missing, incomplete or of another format."""
    source = folder / fingerprint
    try:
        kept = json.loads((source / "texts.json").read_text("utf8"))
        if kept["format"] != _FORMAT:
            raise SnapshotUnreadable(fingerprint)
        texts = tuple(Text(*row) for row in kept["texts"])
        ids = tuple(dict.fromkeys(text.id for text in texts))
        position = {id_: number for number, id_ in enumerate(ids)}
        return Snapshot(
            fingerprint,
            texts,
            ids,
            np.array([position[text.id] for text in texts], dtype=np.int64),
            DenseIndex.load(source / "dense.faiss"),
            LexicalIndex.load(source / "lexical"),
            LinearHeads.load(source / "heads.npz"),
        )
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, BadZipFile) as error:
        raise SnapshotUnreadable(fingerprint) from error
