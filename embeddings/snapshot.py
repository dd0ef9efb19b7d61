"""An immutable index over texts of ids. Built beside the one in use, written down whole, and swapped by reference.

A snapshot is a base and, after small changes, an overlay: a second, small index of the ids that changed since the base
was built. What the base says of those ids is hidden. Only the base is written down; the overlay follows from the texts.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from embeddings.cache import VectorCache
from embeddings.dense import DenseIndex
from embeddings.encoder import Encoder, Vectors
from embeddings.errors import SnapshotUnreadable
from embeddings.heads import LinearHeads
from embeddings.lexical import LexicalIndex
from embeddings.sampled import SampledHeads, fit_all
from embeddings.segment import Segmenter
from embeddings.texts import FORMAT, Text, Texts, fingerprint_of, fingerprint_of_digests

__all__ = [
    "Part",
    "Progress",
    "Snapshot",
    "Text",
    "Texts",
    "assemble",
    "build",
    "fingerprint_of",
    "latest",
    "load",
    "save",
]

EXACT_TEXTS = 30_000
EXACT_IDS = 1_000
"""Up to here every judge is fitted against all texts; that takes a minute at most. Beyond, against a sample."""
Progress = Callable[[str], None]
Longs = NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """Texts and the three rankers over them; rows and ids are numbered as in `texts`."""

    texts: Texts
    dense: DenseIndex
    lexical: LexicalIndex
    heads: LinearHeads | SampledHeads

    @cached_property
    def owners(self) -> Longs:
        """(n,) the position of each row's id."""
        return self.texts.owners


@dataclass(frozen=True)
class Snapshot:
    """Everything one search needs. Positions count the ids of the base, then those of the overlay.

    `hidden` are the positions in the base of ids that changed since, or are gone.
    """

    fingerprint: str
    base: Part
    over: Part | None = None
    hidden: frozenset[int] = frozenset()
    encoded: int = 0

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """The base, and the overlay if there is one."""
        return (self.base,) if self.over is None else (self.base, self.over)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """The id at each position, hidden ones too."""
        return tuple(id_ for part in self.parts for id_ in part.texts.ids)

    @cached_property
    def hidden_ids(self) -> Longs:
        """The hidden positions."""
        return np.array(sorted(self.hidden), np.int64)

    @cached_property
    def hidden_rows(self) -> Longs:
        """The rows of the base that belong to hidden ids."""
        bounds = self.base.texts.bounds
        found = [np.arange(bounds[one], bounds[one + 1]) for one in sorted(self.hidden)]
        return np.concatenate([np.zeros(0, np.int64), *found])

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each id is that can be found."""
        return {id_: place for place, id_ in enumerate(self.ids) if place not in self.hidden}

    @cached_property
    def digests(self) -> dict[str, str]:
        """The digest of each findable id's texts."""
        every = [digest for part in self.parts for digest in part.texts.digests]
        return {id_: every[place] for id_, place in self.position.items()}

    def __len__(self) -> int:
        return sum(len(part.texts) for part in self.parts) - len(self.hidden_rows)

    def text(self, row: int) -> Text:
        """The text of a row, those of the overlay counted after those of the base."""
        size = len(self.base.texts)
        if row < size or self.over is None:
            return self.base.texts[row]
        return self.over.texts[row - size]

    def of(self, id_: str) -> list[Text]:
        """The texts an id can be found by; none where it is not here."""
        place = self.position.get(id_)
        if place is None:
            return []
        size = len(self.base.texts.ids)
        if place < size or self.over is None:
            return self.base.texts.of(place)
        return self.over.texts.of(place - size)

    def written(self, words: str) -> tuple[str, ...]:
        """The ids that have a text of just these `bare` words."""
        if not words:
            return ()
        found = {
            id_
            for place, part in enumerate(self.parts)
            for id_ in part.texts.written(words)
            if place or self.base.texts.find(id_) not in self.hidden
        }
        return tuple(sorted(found))

    def held(self) -> Iterator[Text]:
        """Every text that can be found."""
        for id_ in self.position:
            yield from self.of(id_)


def assemble(texts: Texts, vectors: Vectors, segmenter: Segmenter, progress: Progress = lambda _: None) -> Part:
    """The rankers over texts whose (n, d) vectors are known. `progress` hears the name of each ranker."""
    progress("words")
    lexical = LexicalIndex(segmenter.tokens(text) for text in texts.normalised())
    progress("judges")
    features = (segmenter.features(text) for text in texts.normalised())
    heads: LinearHeads | SampledHeads
    if len(texts) <= EXACT_TEXTS and len(texts.ids) <= EXACT_IDS:
        heads = LinearHeads(list(features), texts.owners.tolist(), len(texts.ids))
    else:
        heads = fit_all(features, texts.bounds, vectors)
    if len(texts) > EXACT_TEXTS:
        progress("neighbours")
    return Part(texts, DenseIndex(vectors), lexical, heads)


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
    held = Texts(texts)
    del texts
    progress("vectors")
    vectors, encoded = cache.encode(encoder, list(held.normalised()), whole=True)
    part = assemble(held, vectors, segmenter, progress)
    return Snapshot(fingerprint_of(held, encoder), part, encoded=encoded)


def save(snapshot: Snapshot, folder: Path, encoder: Encoder, mark: str = "") -> Path:
    """Write the base under `folder`/<fingerprint>, whole or not at all; older ones there are removed.

    `mark` says how the texts were read; `latest` asks for the same.
    """
    digests = dict(zip(snapshot.base.texts.ids, snapshot.base.texts.digests, strict=True))
    return save_part(snapshot.base, folder, fingerprint_of_digests(digests, encoder), encoder.fingerprint, mark)


def save_part(part: Part, folder: Path, fingerprint: str, encoder: str, mark: str) -> Path:
    """Write one part as a base; see `save`."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / fingerprint
    draft = Path(tempfile.mkdtemp(dir=folder, prefix="draft-"))
    part.dense.save(draft / "dense.faiss")
    (draft / "lexical").mkdir()
    part.lexical.save(draft / "lexical")
    part.heads.save(draft / "heads.npz")
    part.texts.save(draft)
    about = {"format": FORMAT, "encoder": encoder, "mark": mark, "sampled": isinstance(part.heads, SampledHeads)}
    (draft / "about.json").write_text(json.dumps(about), "utf8")
    if target.exists():
        target.replace(draft / "old")
    draft.replace(target)
    shutil.rmtree(target / "old", ignore_errors=True)
    for other in folder.iterdir():
        if other != target:
            shutil.rmtree(other, ignore_errors=True)
    return target


def load(folder: Path, fingerprint: str) -> Snapshot:
    """Read a base back; `SnapshotUnreadable` where it is missing, incomplete or of another format."""
    source = folder / fingerprint
    try:
        about = json.loads((source / "about.json").read_text("utf8"))
        texts = Texts.load(source)
        heads = (SampledHeads if about["sampled"] else LinearHeads).load(source / "heads.npz")
        lexical = LexicalIndex.load(source / "lexical")
        part = Part(texts, DenseIndex.load(source / "dense.faiss"), lexical, heads)
        if about["format"] != FORMAT or not len(part.dense) == len(lexical) == len(texts):
            raise SnapshotUnreadable(fingerprint)
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, BadZipFile) as error:
        raise SnapshotUnreadable(fingerprint) from error
    return Snapshot(fingerprint, part)


def latest(folder: Path, encoder: Encoder, mark: str = "", fingerprint: str = "*") -> Snapshot | None:
    """The newest base of this encoder whose texts were read in the same way; None where none can be read."""
    found = [path for path in folder.glob(fingerprint) if not path.name.startswith("draft-")]
    for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True):
        try:
            about = json.loads((path / "about.json").read_text("utf8"))
            if (about["encoder"], about["mark"]) == (encoder.fingerprint, mark):
                return load(folder, path.name)
        except (OSError, ValueError, KeyError, SnapshotUnreadable):
            continue
    return None
