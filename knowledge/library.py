"""The published entries, searchable: a question in, a ranking with calibrated confidence out."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from embeddings.encoder import Encoder, Vectors
from embeddings.fuse import Weights
from embeddings.hybrid import Hit, Hybrid
from embeddings.snapshot import Progress, Snapshot, Text
from embeddings.texts import bare
from knowledge import clauses
from knowledge.codes import CodeBook
from knowledge.confidence import CANDIDATES, FEATURES, Calibration, Confidence, Floats
from knowledge.entry import Entry
from knowledge.errors import EntryMissing, LibraryEmpty
from knowledge.index import Index
from knowledge.question import Language, Question
from knowledge.uncovered import PREFIX, Uncovered

DENIED = "!"
"""Before an entry's id: what stands for its negative phrasings in the index."""
_SHORT_CHARS = 6
_LONG_CHARS = 40
_BOTH_SIDES = CANDIDATES * 2
_FIRST_CUT = Weights(head=1.0, nearest=0.3, neighbours=0.3, lexical=1.0)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry that may be meant, the probability that it is, and the phrasing that came nearest to the question."""

    entry: str
    title: str
    probability: float
    matched: str
    score: float
    category: str = ""
    intent: str = ""
    kind: str = "faq"


@dataclass(frozen=True, slots=True)
class Ranking:
    """Candidates best first. `confidence` is the first one's; `none` the probability that no entry fits, `unclear` that
    several fit and one must ask back.

    `written` says that a curator wrote down just these words. `uncovered` is the known matter outside the knowledge
    base that came nearest, if one outranks every entry. `codes` are the error codes read in the question, `code_entry`
    the entry of the most specific."""

    candidates: tuple[Candidate, ...]
    confidence: Confidence
    none: float
    uncovered: Uncovered | None
    codes: tuple[str, ...]
    code_entries: tuple[str, ...]
    unclear: float = 0.0
    written: bool = False


@dataclass(frozen=True)
class _Shelf:
    """One generation of the library; replaced as a whole."""

    generation: str
    entries: Mapping[str, Entry]
    uncovered: Mapping[str, Uncovered]
    codes: CodeBook
    hybrid: Hybrid

    def written(self, normalised: str) -> tuple[str, ...]:
        """The ids that were written down with just these words, whatever stands between them."""
        return self.hybrid.snapshot.written(bare(normalised))


class Library:
    """Searches the latest published entries. `refresh` builds beside what is served and swaps one reference."""

    def __init__(self, language: Language, encoder: Encoder, calibration: Calibration, folder: Path) -> None:
        self.language = language
        self.encoder = encoder
        self.calibration = calibration
        self._index = Index(language, encoder, folder, self._swap)
        self._lock = threading.RLock()
        self._shelf: _Shelf | None = None

    @property
    def generation(self) -> str | None:
        """The generation served now; None before the first."""
        return self._shelf.generation if self._shelf else None

    @property
    def release(self) -> str:
        """Identity of all texts that are searched now; the same wherever the same is published. Empty before that."""
        return self._shelf.hybrid.snapshot.fingerprint if self._shelf else ""

    def refresh(
        self,
        entries: Iterable[Entry],
        uncovered: Iterable[Uncovered] = (),
        generation: str = "",
        progress: Progress = lambda _: None,
    ) -> Snapshot:
        """Serve these entries from now on. Questions asked meanwhile are answered from the old ones."""
        held = {entry.id: entry for entry in entries}
        outside = {matter.id: matter for matter in uncovered}
        with self._lock:
            snapshot = self._index.follow(_said(held.values(), outside.values()), progress)
            if snapshot is None:
                raise LibraryEmpty
            self._shelf = _Shelf(generation, held, outside, CodeBook(held.values()), self._over(snapshot))
        return snapshot

    def _over(self, snapshot: Snapshot) -> Hybrid:
        return Hybrid(snapshot, self.encoder, self.language.segmenter, _FIRST_CUT)

    def _swap(self, snapshot: Snapshot) -> None:
        """Serve the same texts from an index that was built in the background."""
        with self._lock:
            self._shelf = replace(self._held(), hybrid=self._over(self._index.caught_up(snapshot)))

    def trial(self, entry: Entry) -> Library:
        """A library that serves the same, but for this entry; nothing here changes with it. Raises `LibraryEmpty`."""
        with self._lock:
            shelf, snapshot = self._held(), self._index.tried(_said([entry], []))
        if snapshot is None:
            raise LibraryEmpty
        entries = {**shelf.entries, entry.id: entry}
        trial = copy(self)
        trial._shelf = replace(shelf, entries=entries, codes=CodeBook(entries.values()), hybrid=self._over(snapshot))
        return trial

    def vectors(self, texts: Sequence[str]) -> Vectors:
        """(n, d) unit vectors of texts as people wrote them."""
        return self._index.vectors([self.language.normalise(text) for text in texts])

    def written_down(self, text: str) -> tuple[str, ...]:
        """The entries, and uncovered matters, that hold just these words."""
        return self._held().written(self.language.normalise(text))

    def settle(self, seconds: float | None = None) -> None:
        """Wait until no index is built in the background."""
        self._index.wait(seconds)

    def texts(self, entries: Iterable[Entry], uncovered: Iterable[Uncovered]) -> list[Text]:
        """What each entry can be found by: title, phrasings, codes and screen texts."""
        return self._index.read(_said(entries, uncovered))

    def entry(self, entry: str) -> Entry:
        """A published entry; `EntryMissing` where there is none."""
        try:
            return self._held().entries[entry]
        except KeyError:
            raise EntryMissing(entry) from None

    def entries(self) -> Sequence[Entry]:
        """Every published entry."""
        return tuple(self._held().entries.values())

    def search(self, question: Question, limit: int = 10, bare_numbers: bool = True) -> Ranking:
        """Rank the entries. With `bare_numbers` off, a number alone is never read as an error code."""
        shelf = self._held()
        codes = shelf.codes.find(question.text, bare_numbers)
        owners = shelf.codes.owners(codes)
        inside, outside = self._considered(shelf, question.normalised, owners)
        features, looks = numbers(inside, outside, owners, question.normalised)
        found = self.calibration.probabilities(features, looks).settled(len(inside))
        shares, nothing, unclear = found.candidates, found.none, found.unclear
        written = [hit.id in shelf.written(question.normalised) for hit in (*inside, *outside)]
        if any(written):  # somebody wrote down just this: what they said of it stands above every score
            shares, nothing, unclear = np.array(written) / sum(written), 0.0, 0.0
        utilities = self.calibration.utilities(features)
        order = np.argsort(-shares[: len(inside)], kind="stable")
        candidates = tuple(
            _candidate(shelf.entries[inside[i].id], float(shares[i]), inside[i].matched, float(utilities[i]))
            for i in order.tolist()[:limit]
        )
        nothing += float(shares[len(inside) :].sum())
        best = candidates[0].probability if candidates else 0.0
        beyond = self._beyond(shelf, outside, shares[len(inside) :], best)
        return Ranking(candidates, Confidence(min(best, 1.0)), nothing, beyond, codes, owners, unclear, any(written))

    def numbers(self, question: Question) -> tuple[tuple[str, ...], int, Floats, Floats]:
        """For evaluation: candidate ids (entries, then uncovered matters), how many are entries, and their numbers."""
        shelf = self._held()
        owners = shelf.codes.owners(shelf.codes.find(question.text))
        inside, outside = self._considered(shelf, question.normalised, owners)
        features, looks = numbers(inside, outside, owners, question.normalised)
        return tuple(hit.id for hit in (*inside, *outside)), len(inside), features, looks

    def _held(self) -> _Shelf:
        if self._shelf is None:
            raise LibraryEmpty
        return self._shelf

    def _considered(self, shelf: _Shelf, normalised: str, owners: tuple[str, ...]) -> tuple[list[Hit], list[Hit]]:
        """Entries and uncovered matters of the first cut, by a fixed mixture.

        Entries that own a code, or were written down with just these words, are always among them; those whose
        negative phrasings speak louder than their own are not.
        """
        core = clauses.core(normalised, shelf.hybrid.tells)
        hits = shelf.hybrid.search(normalised, _BOTH_SIDES, (*owners, *shelf.written(normalised)), core)
        inside = [hit for hit in hits if not hit.id.startswith((PREFIX, DENIED))]
        outside = [hit for hit in hits if hit.id.startswith(PREFIX)]
        denied = [hit for hit in hits if hit.id.startswith(DENIED)]
        if denied:
            loud = self._loudness(inside, owners, normalised)
            against = self._loudness(denied, owners, normalised)
            against |= dict.fromkeys(shelf.written(normalised), np.inf)
            inside = [hit for hit in inside if loud[hit.id] > against.get(DENIED + hit.id, -np.inf)]
        return inside[:CANDIDATES], outside[:CANDIDATES]

    def _loudness(self, hits: Sequence[Hit], owners: Sequence[str], normalised: str) -> dict[str, float]:
        """How much speaks for each id."""
        features, _ = numbers(hits, (), owners, normalised)
        return dict(zip((hit.id for hit in hits), self.calibration.utilities(features).tolist(), strict=True))

    @staticmethod
    def _beyond(shelf: _Shelf, outside: Sequence[Hit], shares: Floats, best: float) -> Uncovered | None:
        if not outside or float(shares.max(initial=0.0)) <= best:
            return None
        return shelf.uncovered[outside[int(np.argmax(shares))].id]


def _said(entries: Iterable[Entry], uncovered: Iterable[Uncovered]) -> dict[str, tuple[str, ...]]:
    """What each id can be found by, as people wrote it; the negative phrasings of an entry stand for themselves."""
    said = {}
    for entry in entries:
        said[entry.id] = tuple(dict.fromkeys((entry.title, *entry.phrasings, *entry.codes, *entry.aliases)))
        if entry.negatives:
            said[DENIED + entry.id] = entry.negatives
    return said | {matter.id: matter.phrasings for matter in uncovered}


def _candidate(entry: Entry, probability: float, matched: str, score: float) -> Candidate:
    return Candidate(entry.id, entry.title, probability, matched, score, entry.category, entry.intent, entry.kind)


def numbers(
    inside: Sequence[Hit], outside: Sequence[Hit], owners: Sequence[str], normalised: str
) -> tuple[Floats, Floats]:
    """Candidates' features, entries first then uncovered matters, and the looks of the question; see `confidence`."""
    hits = (*inside, *outside)
    long = min(len(normalised), _LONG_CHARS) / _LONG_CHARS
    features = np.array(
        [(*hit.parts, float(hit.id in owners), hit.parts[0] * long, hit.parts[2] * long) for hit in hits],
        dtype=np.float64,
    ).reshape(-1, len(FEATURES))
    heads, nearest, lexical = (sorted((hit.parts[part] for hit in hits), reverse=True) for part in (0, 1, 3))
    best = [ranked[0] if ranked else 0.0 for ranked in (nearest, lexical, heads)]
    gaps = [ranked[0] - ranked[1] if len(ranked) > 1 else 1.0 for ranked in (heads, nearest)]
    short = float(len(normalised) <= _SHORT_CHARS)
    return features, np.array([1.0, best[0], best[1], short, best[2], *gaps, long])
