"""A few changes laid over a large snapshot: only what changed is read, encoded and judged anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np
from scipy.sparse import csr_matrix, vstack

from embeddings.cache import VectorCache
from embeddings.dense import DenseIndex
from embeddings.encoder import Encoder, Vectors
from embeddings.lexical import LexicalIndex
from embeddings.sampled import NEAR_IDS, Judge, SampledHeads, fit_one
from embeddings.segment import Segmenter
from embeddings.snapshot import Part, Snapshot
from embeddings.terms import Terms
from embeddings.texts import Text, Texts, fingerprint_of_digests

_PROBES = 40
_NEIGHBOURS = 40
_NEAR_TEXTS = 80
_FAR_TEXTS = 800
"""More than the judges of a large base see: an overlay holds few ids, and may take a second."""


def renew(
    old: Snapshot,
    changed: Sequence[Text],
    gone: Collection[str],
    encoder: Encoder,
    segmenter: Segmenter,
    cache: VectorCache,
) -> Snapshot:
    """The snapshot of `old` where the texts of some ids are `changed` ones and the ids in `gone` are no more.

    `changed` holds every text of an id that is new or changed. The base stays as it is; what it says of these ids is
    hidden, and an overlay over their texts answers beside it, with the base's weights of words.
    """
    touched = {text.id for text in changed} | set(gone)
    kept = [] if old.over is None else [text for text in old.over.texts if text.id not in touched]
    texts = Texts([*kept, *changed])
    same = {id_ for id_, digest in zip(texts.ids, texts.digests, strict=True) if _as_in_base(old, id_, digest)}
    if same:  # changed, and changed back
        texts = Texts([text for text in texts if text.id not in same])
    places = (old.base.texts.find(id_) for id_ in touched | set(texts.ids))
    hidden = old.hidden | {place for place in places if place is not None}
    hidden -= {place for id_ in same if (place := old.base.texts.find(id_)) is not None}
    over, encoded = None, 0
    if len(texts):
        vectors, encoded = cache.encode(encoder, list(texts.normalised()))
        over = _overlay(old, texts, vectors, frozenset(hidden), segmenter)
    draft = Snapshot("", old.base, over, frozenset(hidden), encoded)
    return Snapshot(fingerprint_of_digests(draft.digests, encoder), old.base, over, frozenset(hidden), encoded)


def _as_in_base(snapshot: Snapshot, id_: str, digest: str) -> bool:
    place = snapshot.base.texts.find(id_)
    return place is not None and snapshot.base.texts.digests[place] == digest


def _overlay(old: Snapshot, texts: Texts, vectors: Vectors, hidden: frozenset[int], segmenter: Segmenter) -> Part:
    lexical = LexicalIndex((segmenter.tokens(text) for text in texts.normalised()), old.base.lexical)
    known = _judges(old)
    terms, heads = old.base.heads.terms, []
    if old.over is not None:
        terms = old.over.heads.terms
    features = [segmenter.features(text) for text in texts.normalised()]
    terms = terms.beside(features)
    against = _Against(old, hidden, segmenter, terms)
    rows = terms.matrix(features)
    for position, (id_, digest) in enumerate(zip(texts.ids, texts.digests, strict=True)):
        judge = known.get((id_, digest))
        if judge is None:
            first, end = int(texts.bounds[position]), int(texts.bounds[position + 1])
            others = np.r_[0:first, end : len(texts)][:_FAR_TEXTS]
            judge = fit_one(rows[first:end], vstack([against.rows(vectors[first:end]), rows[others]], format="csr"))
        heads.append(judge)
    return Part(texts, DenseIndex(vectors, exact_up_to=len(vectors)), lexical, SampledHeads(terms, heads))


def _judges(old: Snapshot) -> dict[tuple[str, str], Judge]:
    """Judges of the overlay so far, by id and digest of the texts they were fitted on."""
    if old.over is None or not isinstance(old.over.heads, SampledHeads):
        return {}
    held = old.over.texts
    return dict(zip(zip(held.ids, held.digests, strict=True), old.over.heads.judges, strict=True))


class _Against:
    """Texts of the base that a new judge is fitted against: those of the ids nearest to its own, and a fixed sample."""

    def __init__(self, old: Snapshot, hidden: frozenset[int], segmenter: Segmenter, terms: Terms) -> None:
        self._base = old.base
        self._hidden = hidden
        self._segmenter = segmenter
        self._terms = terms
        self._pick = np.random.default_rng(0)
        size = len(old.base.texts)
        far = range(size) if size <= _FAR_TEXTS else self._pick.choice(size, _FAR_TEXTS, replace=False).tolist()
        self._far = [row for row in far if int(old.base.owners[row]) not in hidden]
        self._far_rows: csr_matrix | None = None

    def rows(self, vectors: Vectors) -> csr_matrix:
        """The weighed texts a judge of texts with these (n, d) vectors learns to say no to."""
        if self._far_rows is None:
            self._far_rows = self._read(self._far)
        near = [row for place in self._near(vectors) for row in self._some(place)]
        if not near:
            return self._far_rows
        return vstack([self._read(near), self._far_rows], format="csr")

    def _near(self, vectors: Vectors) -> list[int]:
        """The ids of the base whose texts come nearest most often."""
        votes: Counter[int] = Counter()
        for vector in vectors[:: max(1, len(vectors) // _PROBES)]:
            found, _ = self._base.dense.nearest(vector, _NEIGHBOURS)
            votes.update(set(self._base.owners[found].tolist()) - self._hidden)
        return [place for place, _ in votes.most_common(NEAR_IDS)]

    def _some(self, place: int) -> list[int]:
        first, end = (int(bound) for bound in self._base.texts.bounds[place : place + 2])
        if end - first <= _NEAR_TEXTS:
            return list(range(first, end))
        return [first + int(one) for one in self._pick.choice(end - first, _NEAR_TEXTS, replace=False)]

    def _read(self, rows: Sequence[int]) -> csr_matrix:
        if not rows:
            return csr_matrix((0, len(self._terms.idf)), dtype=np.float32)
        return self._terms.matrix(self._segmenter.features(self._base.texts[row].normalised) for row in rows)
