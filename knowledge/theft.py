"""What a new phrasing would take from other entries, told before it is saved.

A phrasing is tried on a copy of what is served: nothing is written and nobody is answered from it. Two things are
looked at: labelled and lately asked questions whose first entry would change, and phrasings of other entries that come
nearer to the new one than to anything else of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from embeddings.encoder import Vectors
from knowledge.entry import Entry
from knowledge.library import Library, Ranking

_NEAREST = 40
"""Questions looked at: those nearest to the new phrasing; farther ones keep their entry."""
_PHRASINGS = 20
_LIKE = 0.5
"""Cosine from which two texts may ask the same thing; what is farther is not told."""


@dataclass(frozen=True, slots=True)
class Stolen:
    """A question that would go elsewhere: which entry ranks first now and which then, and how sure each is.

    `wanted` are the entries a person labelled it with; empty for a question nobody labelled.
    """

    question: str
    before: str
    after: str
    sure_before: float
    sure_after: float
    wanted: frozenset[str] = frozenset()

    @property
    def worse(self) -> bool:
        """Whether a right first entry is lost; without a label every change is for a person to judge."""
        return not self.wanted or (self.before in self.wanted and self.after not in self.wanted)


@dataclass(frozen=True, slots=True)
class Nearer:
    """A phrasing of another entry that is nearer (cosine) to the new phrasing than to any other of its own."""

    entry: str
    phrasing: str
    to_new: float
    to_own: float


@dataclass(frozen=True, slots=True)
class Theft:
    """What adding a phrasing would do. `already` are the entries that hold it word for word."""

    phrasing: str
    entry: str
    already: tuple[str, ...]
    stolen: tuple[Stolen, ...]
    nearer: tuple[Nearer, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to look at, with the entries it was labelled with, if any."""

    question: str
    wanted: frozenset[str] = frozenset()


class Watch:
    """Looks after what is served and the questions known: made once, asked for every phrasing that is typed.

    `questions` are what is looked at, labelled or not. Raises `LibraryEmpty` at the first use.
    """

    def __init__(self, library: Library, questions: Sequence[Asked]) -> None:
        self._library = library
        self._questions = questions

    @cached_property
    def _asked(self) -> Vectors:
        return self._library.vectors([one.question for one in self._questions])

    @cached_property
    def _said(self) -> tuple[list[tuple[str, str]], Vectors]:
        """(entry, phrasing) of every entry, and their vectors."""
        texts = [(one.id, text) for one in self._library.entries() for text in (one.title, *one.phrasings)]
        return texts, self._library.vectors([text for _, text in texts])

    def steals(self, entry: Entry, phrasing: str) -> Theft:
        """What `phrasing` would take from others if it were a phrasing of `entry`."""
        library = self._library
        new = library.vectors([phrasing])[0]
        already = tuple(id_ for id_ in library.written_down(phrasing) if id_ != entry.id)
        return Theft(phrasing, entry.id, already, self._stolen(entry, phrasing, new), self._nearer(entry, new))

    def _stolen(self, entry: Entry, phrasing: str, new: Vectors) -> tuple[Stolen, ...]:
        if not self._questions:
            return ()
        served = self._library.trial(entry)
        trial = self._library.trial(replace(entry, phrasings=(*entry.phrasings, phrasing)))
        found = []
        for place in np.argsort(-(self._asked @ new), kind="stable")[:_NEAREST]:
            one = self._questions[place]
            question = self._library.language.read(one.question)
            before, after = served.search(question), trial.search(question)
            if _first(after) == entry.id != _first(before):
                sure = before.confidence.value, after.confidence.value
                found.append(Stolen(one.question, _first(before), entry.id, *sure, one.wanted))
        return tuple(sorted(found, key=lambda one: (not one.worse, -one.sure_before)))

    def _nearer(self, entry: Entry, new: Vectors) -> tuple[Nearer, ...]:
        """Phrasings of others for which the new one would be the nearest text of all but themselves."""
        texts, vectors = self._said
        owners = np.array([id_ for id_, _ in texts])
        to_new = vectors @ new
        found = []
        for place in np.flatnonzero((to_new > _LIKE) & (owners != entry.id)):
            own = vectors[owners == owners[place]] @ vectors[place]
            to_own = float(np.sort(own)[-2]) if len(own) > 1 else -1.0  # the greatest is the phrasing itself
            if to_new[place] > to_own:
                found.append(Nearer(str(owners[place]), texts[place][1], float(to_new[place]), to_own))
        return tuple(sorted(found, key=lambda one: one.to_own - one.to_new)[:_PHRASINGS])


def _first(ranking: Ranking) -> str:
    return ranking.candidates[0].entry if ranking.candidates else ""
