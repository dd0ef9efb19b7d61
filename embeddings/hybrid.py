"""One search over a snapshot: encode, ask each ranker, fuse, and return at most one hit an id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.encoder import Encoder
from embeddings.fuse import Evidence, Weights, best_of, fuse, mean_of_best
from embeddings.segment import Segmenter
from embeddings.snapshot import Snapshot

_NEIGHBOURS = 300
_FLOOR = 0.0


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
        self._position = {id_: number for number, id_ in enumerate(snapshot.ids)}

    def evidence(self, normalised: str) -> tuple[Evidence, np.ndarray[tuple[int], np.dtype[np.int64]]]:
        """What each ranker says of every id, and the row of each id that came nearest (-1 where none did)."""
        held = self.snapshot
        count = len(held.ids)
        rows, cosines = held.dense.nearest(self._encoder.encode([normalised])[0], _NEIGHBOURS)
        owners = held.owners[rows]
        covered = held.lexical.scores(self._segmenter.tokens(normalised))
        closest = np.full(count, -1, np.int64)
        closest[owners[::-1]] = rows[::-1]
        return (
            Evidence(
                head=held.heads.scores(self._segmenter.features(normalised)),
                nearest=best_of(owners, cosines, count, _FLOOR),
                neighbours=mean_of_best(owners, cosines, count, 3, _FLOOR),
                lexical=best_of(held.owners, covered, count, 0.0),
            ),
            closest,
        )

    def search(self, normalised: str, limit: int = 10, always: Sequence[str] = ()) -> list[Hit]:
        """The `limit` best ids, best first; ids in `always` are among them whatever their score."""
        evidence, closest = self.evidence(normalised)
        scores = fuse(evidence, self._weights)
        wanted = {self._position[id_] for id_ in always if id_ in self._position}
        kept = wanted | set(np.argsort(-scores, kind="stable")[:limit].tolist())
        order = sorted(kept, key=lambda i: -scores[i])
        dense_rank = _ranks(evidence.nearest)
        lexical_rank = _ranks(evidence.lexical)
        return [
            Hit(
                self.snapshot.ids[i],
                float(scores[i]),
                int(dense_rank[i]),
                int(lexical_rank[i]),
                self.snapshot.texts[closest[i]].shown if closest[i] >= 0 else "",
                (
                    float(evidence.head[i]),
                    float(evidence.nearest[i]),
                    float(evidence.neighbours[i]),
                    float(evidence.lexical[i]),
                ),
            )
            for i in order
        ]


def _ranks(values: np.ndarray[tuple[int], np.dtype[np.float32]]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    ranks = np.empty(len(values), np.int64)
    ranks[np.argsort(-values, kind="stable")] = np.arange(1, len(values) + 1)
    return ranks
