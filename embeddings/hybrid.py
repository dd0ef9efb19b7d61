"""One search over a snapshot: encode, ask each ranker, fuse, and return at most one hit an id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embeddings.encoder import Encoder, Vectors
from embeddings.fuse import Evidence, Weights, best_of, fuse, mean_of_best
from embeddings.segment import Segmenter
from embeddings.snapshot import Snapshot

Floats = NDArray[np.float32]
Longs = NDArray[np.int64]
_NEIGHBOURS = 300
_FLOOR = 0.0
_CORE = 1 / 2
"""What the core of a story counts for against the whole of it; the mean of linear evidence is a pool of opinions."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An id found. `matched` is the text of it that came nearest, as people wrote it; ranks count from 1.

    `parts` are the rankers' own numbers: head, nearest, neighbours, lexical.
    """

    id: str
    score: float
    dense_rank: int
    lexical_rank: int
    matched: str
    parts: tuple[float, float, float, float]


class Hybrid:
    """Searches a snapshot that never changes; swap the whole object to swap the index."""

    def __init__(self, snapshot: Snapshot, encoder: Encoder, segmenter: Segmenter, weights: Weights) -> None:
        self.snapshot = snapshot
        self._encoder = encoder
        self._segmenter = segmenter
        self._weights = weights

    def evidence(self, normalised: str) -> tuple[Evidence, Longs]:
        """What each ranker says of every position, and the row of each that came nearest (-1 where none did)."""
        held = self.snapshot
        count = len(held.ids)
        rows, owners, cosines = self._nearest(self._encoder.encode_questions([normalised])[0])
        tokens = self._segmenter.tokens(normalised)
        features = self._segmenter.features(normalised)
        head = np.concatenate([part.heads.scores(features) for part in held.parts])
        lexical = np.concatenate([part.lexical.best(tokens, part.texts.bounds) for part in held.parts])
        head[held.hidden_ids], lexical[held.hidden_ids] = -np.inf, 0.0
        closest = np.full(count, -1, np.int64)
        closest[owners[::-1]] = rows[::-1]
        return (
            Evidence(
                head=head,
                nearest=best_of(owners, cosines, count, _FLOOR),
                neighbours=mean_of_best(owners, cosines, count, 3, _FLOOR),
                lexical=lexical,
            ),
            closest,
        )

    def _pooled(self, normalised: str, core: str | None) -> tuple[Evidence, Longs]:
        """What is said of a text and of its core, in one; the nearest rows are those of the core."""
        whole, closest = self.evidence(normalised)
        if not core:
            return whole, closest
        inner, closest = self.evidence(core)
        pairs = ((getattr(whole, name), getattr(inner, name)) for name in ("head", "nearest", "neighbours", "lexical"))
        return Evidence(*(np.asarray((1 - _CORE) * one + _CORE * other, np.float32) for one, other in pairs)), closest

    def tells(self, normalised: str) -> float:
        """How far apart the judges are about a text, as a multiple of how far they are about no words at all."""
        heads = self.snapshot.base.heads
        nothing = float(heads.scores([]).std())
        return float(heads.scores(self._segmenter.features(normalised)).std()) / nothing if nothing else 1.0

    def _nearest(self, vector: Vectors) -> tuple[Longs, Longs, Floats]:
        """(rows, their positions, cosines) of the nearest texts, best first; rows of the overlay follow the base's."""
        base, over = self.snapshot.base, self.snapshot.over
        rows, cosines = base.dense.nearest(vector, _NEIGHBOURS, self.snapshot.hidden_rows)
        owners = base.owners[rows]
        if over is None:
            return rows, owners, cosines
        further, as_near = over.dense.nearest(vector, _NEIGHBOURS)
        rows = np.concatenate([rows, further + len(base.texts)])
        owners = np.concatenate([owners, over.owners[further] + len(base.texts.ids)])
        cosines = np.concatenate([cosines, as_near])
        order = np.argsort(-cosines, kind="stable")[:_NEIGHBOURS]
        return rows[order], owners[order], cosines[order]

    def search(
        self, normalised: str, limit: int = 10, always: Sequence[str] = (), core: str | None = None
    ) -> list[Hit]:
        """The `limit` best ids, best first; ids in `always` are among them whatever their score. `core` is what is left
        of a story without its small talk."""
        evidence, closest = self._pooled(normalised, core)
        scores = fuse(evidence, self._weights)
        scores[self.snapshot.hidden_ids] = -np.inf
        wanted = {place for id_ in always if (place := self.snapshot.position.get(id_)) is not None}
        kept = wanted | {place for place in _greatest(scores, limit) if place not in self.snapshot.hidden}
        return [
            Hit(
                self.snapshot.ids[i],
                float(scores[i]),
                _rank(evidence.nearest, i),
                _rank(evidence.lexical, i),
                self.snapshot.text(int(closest[i])).shown if closest[i] >= 0 else "",
                (
                    float(evidence.head[i]),
                    float(evidence.nearest[i]),
                    float(evidence.neighbours[i]),
                    float(evidence.lexical[i]),
                ),
            )
            for i in sorted(kept, key=lambda i: -scores[i])
        ]


def _greatest(values: Floats, limit: int) -> list[int]:
    """The positions of the `limit` greatest, best first, of equal ones the earlier first; costs no full sorting."""
    if not 0 < limit < len(values):
        return list(map(int, np.argsort(-values, kind="stable")[:limit]))
    least = np.partition(values, len(values) - limit)[len(values) - limit]
    among = np.flatnonzero(values >= least)
    return list(map(int, among[np.argsort(-values[among], kind="stable")][:limit]))


def _rank(values: Floats, place: int) -> int:
    """The place of one value among all, from 1; of equal ones the earlier comes first."""
    return 1 + int((values > values[place]).sum() + (values[:place] == values[place]).sum())
