"""The texts of a snapshot: one block of bytes and where each text begins, so that a million of them stay small."""

from __future__ import annotations

import hashlib
import json
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder

FORMAT = 2
Longs = NDArray[np.int64]
_BETWEEN = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Text:
    """One normalised text an id can be found by, and how it reads to people."""

    id: str
    normalised: str
    shown: str


class Texts(Sequence[Text]):
    """Texts in the order of their ids; those of one id stand together, in the order given.

    `ids` (k,) are sorted; the texts of `ids[i]` are the rows `bounds[i]` to `bounds[i + 1]` of (k + 1,) `bounds`.
    """

    def __init__(self, texts: Iterable[Text]) -> None:
        ids: list[str] = []
        bounds: list[int] = []
        pieces: list[bytes] = []
        digests: list[str] = []
        rows = sorted(texts, key=lambda text: text.id)
        for row, text in enumerate(rows):
            if not ids or ids[-1] != text.id:
                ids.append(text.id)
                bounds.append(row)
            pieces += (text.normalised.encode(), text.shown.encode())
        for at, start in enumerate(bounds):
            digests.append(digest_of(rows[start : bounds[at + 1] if at + 1 < len(bounds) else None]))
        self.ids = tuple(ids)
        self.digests = tuple(digests)
        self.bounds: Longs = np.array([*bounds, len(rows)], np.int64)
        self._starts: Longs = np.cumsum([0, *map(len, pieces)], dtype=np.int64)
        self._bytes = np.frombuffer(b"".join(pieces), np.uint8)
        keys = np.array([_key(bare(text.normalised)) for text in rows], np.uint64)
        self._order: Longs = np.argsort(keys, kind="stable")
        self._keys = keys[self._order]

    @property
    def owners(self) -> Longs:
        """(n,) the position in `ids` of each row's id."""
        return np.repeat(np.arange(len(self.ids), dtype=np.int64), np.diff(self.bounds))

    def __len__(self) -> int:
        return int(self.bounds[-1])

    @overload
    def __getitem__(self, row: int) -> Text: ...
    @overload
    def __getitem__(self, row: slice) -> list[Text]: ...
    def __getitem__(self, row: int | slice) -> Text | list[Text]:
        if isinstance(row, slice):
            return [self[one] for one in range(*row.indices(len(self)))]
        if not 0 <= row < len(self):
            raise IndexError(row)
        owner = int(np.searchsorted(self.bounds, row, side="right")) - 1
        return Text(self.ids[owner], self._piece(2 * row), self._piece(2 * row + 1))

    def _piece(self, number: int) -> str:
        return self._bytes[self._starts[number] : self._starts[number + 1]].tobytes().decode()

    def of(self, position: int) -> list[Text]:
        """The texts of `ids[position]`."""
        return [
            Text(self.ids[position], self._piece(2 * row), self._piece(2 * row + 1))
            for row in range(int(self.bounds[position]), int(self.bounds[position + 1]))
        ]

    def find(self, id_: str) -> int | None:
        """The position of an id; None where it is not among these."""
        place = bisect_left(self.ids, id_)
        return place if place < len(self.ids) and self.ids[place] == id_ else None

    def written(self, words: str) -> list[str]:
        """The ids with a text of just these `bare` words, in order."""
        key = np.uint64(_key(words))
        first, end = np.searchsorted(self._keys, key), np.searchsorted(self._keys, key, side="right")
        found = (self[int(row)] for row in self._order[first:end])
        return list(dict.fromkeys(text.id for text in found if bare(text.normalised) == words))

    def normalised(self) -> Iterable[str]:
        """Every text as it is searched for, in order; decoded as it is asked for."""
        return (self._piece(2 * row) for row in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Texts) and self.ids == other.ids and self.digests == other.digests

    __hash__ = Sequence.__hash__

    def save(self, folder: Path) -> None:
        """Write `texts.json` and `texts.npz` into a folder."""
        np.savez(
            folder / "texts.npz",
            bytes=self._bytes,
            starts=self._starts,
            bounds=self.bounds,
            keys=self._keys,
            order=self._order,
        )
        kept = {"format": FORMAT, "ids": self.ids, "digests": self.digests}
        (folder / "texts.json").write_text(json.dumps(kept, ensure_ascii=False), "utf8")

    @classmethod
    def load(cls, folder: Path) -> Texts:
        """Read texts back; `ValueError` where they are of another format or do not fit together."""
        texts = cls.__new__(cls)
        kept = json.loads((folder / "texts.json").read_text("utf8"))
        if kept["format"] != FORMAT:
            raise ValueError(kept["format"])
        texts.ids, texts.digests = tuple(kept["ids"]), tuple(kept["digests"])
        with (folder / "texts.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            texts._bytes, texts._starts, texts.bounds = arrays["bytes"], arrays["starts"], arrays["bounds"]
            texts._keys, texts._order = arrays["keys"], arrays["order"]
        if not len(texts.ids) == len(texts.digests) == len(texts.bounds) - 1:
            raise ValueError("ids and bounds do not match")
        return texts


def bare(normalised: str) -> str:
    """A normalised text without what stands between its words."""
    return _BETWEEN.sub("", normalised)


def _key(words: str) -> int:
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=8).digest(), "little")


def digest_of(texts: Sequence[Text]) -> str:
    """Identity of the texts of one id: any change of one, or of their order, is another."""
    digest = hashlib.blake2b(digest_size=12)
    for text in texts:
        digest.update(f"\0{text.id}\0{text.normalised}\0{text.shown}".encode())
    return digest.hexdigest()


def fingerprint_of(texts: Iterable[Text], encoder: Encoder) -> str:
    """Identity of a snapshot: of its texts, its encoder and its format."""
    held = texts if isinstance(texts, Texts) else Texts(texts)
    return fingerprint_of_digests(dict(zip(held.ids, held.digests, strict=True)), encoder)


def fingerprint_of_digests(digests: Mapping[str, str], encoder: Encoder) -> str:
    """The same from the digest of each id's texts."""
    digest = hashlib.sha256(f"{FORMAT} {encoder.fingerprint}".encode())
    for id_ in sorted(digests):
        digest.update(digests[id_].encode())
    return digest.hexdigest()[:20]
