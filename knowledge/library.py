"""The published entries, searchable: a question in, a ranking with calibrated confidence out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.cache import VectorCache
from embeddings.encoder import Encoder
from embeddings.errors import SnapshotUnreadable
from embeddings.fuse import Weights
from embeddings.hybrid import Hit, Hybrid
from embeddings.snapshot import Progress, Snapshot, Text, build, fingerprint_of, load, save
from knowledge.codes import CodeBook
from knowledge.confidence import CANDIDATES, FEATURES, Calibration, Confidence, Floats
from knowledge.entry import Entry
from knowledge.errors import EntryMissing, LibraryEmpty
from knowledge.question import Language, Question
from knowledge.uncovered import PREFIX, Uncovered

DENIED = "!"
"""Before an entry's id: what stands for its negative phrasings in the index."""
_BETWEEN = re.compile(r"[\W_]+")
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
    """Candidates best first. `confidence` is the first one's; `none` the probability that no entry fits.

    `uncovered` is the known matter outside the knowledge base that came nearest, if one outranks every entry.
    `codes` are the error codes read in the question, `code_entry` the entry of the most specific.
    """

    candidates: tuple[Candidate, ...]
    confidence: Confidence
    none: float
    uncovered: Uncovered | None
    codes: tuple[str, ...]
    code_entries: tuple[str, ...]


@dataclass(frozen=True)
class _Shelf:
    """One generation of the library; replaced as a whole."""

    generation: str
    entries: Mapping[str, Entry]
    uncovered: Mapping[str, Uncovered]
    codes: CodeBook
    hybrid: Hybrid
    exact: Mapping[str, tuple[str, ...]]


class Library:
    """Searches the latest published entries. `refresh` builds beside what is served and swaps one reference."""

    def __init__(self, language: Language, encoder: Encoder, calibration: Calibration, folder: Path) -> None:
        self.language = language
        self.encoder = encoder
        self.calibration = calibration
        self._folder = folder
        self._shelf: _Shelf | None = None

    @property
    def generation(self) -> str | None:
        """The generation served now; None before the first."""
        return self._shelf.generation if self._shelf else None

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
        texts = self.texts(held.values(), outside.values())
        if not texts:
            raise LibraryEmpty
        texts = sorted(texts, key=lambda text: text.id)
        try:
            snapshot = load(self._folder / "snapshots", fingerprint_of(texts, self.encoder))
        except SnapshotUnreadable:
            cache = VectorCache(self._folder / "vectors")
            snapshot = build(texts, self.encoder, self.language.segmenter, cache, progress)
            save(snapshot, self._folder / "snapshots")
        hybrid = Hybrid(snapshot, self.encoder, self.language.segmenter, _FIRST_CUT)
        self._shelf = _Shelf(generation, held, outside, CodeBook(held.values()), hybrid, _owners_of(texts))
        return snapshot

    def texts(self, entries: Iterable[Entry], uncovered: Iterable[Uncovered]) -> list[Text]:
        """What each entry can be found by: title, phrasings, codes and screen texts."""
        found = []
        for entry in entries:
            for shown in dict.fromkeys((entry.title, *entry.phrasings, *entry.codes, *entry.aliases)):
                found.append(Text(entry.id, self.language.normalise(shown), shown))
            for shown in entry.negatives:
                found.append(Text(DENIED + entry.id, self.language.normalise(shown), shown))
        for matter in uncovered:
            found += [Text(matter.id, self.language.normalise(shown), shown) for shown in matter.phrasings]
        return [text for text in found if text.normalised]

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
        features, none = numbers(inside, outside, owners, question.normalised)
        shares, nothing = self.calibration.probabilities(features, none)
        written = [hit.id in shelf.exact.get(_bare(question.normalised), ()) for hit in (*inside, *outside)]
        if any(written):  # somebody wrote down just this: what they said of it stands above every score
            shares, nothing = np.array(written) / sum(written), 0.0
        utilities = self.calibration.utilities(features)
        order = np.argsort(-shares[: len(inside)], kind="stable")
        candidates = tuple(
            _candidate(shelf.entries[inside[i].id], float(shares[i]), inside[i].matched, float(utilities[i]))
            for i in order.tolist()[:limit]
        )
        nothing += float(shares[len(inside) :].sum())
        best = candidates[0].probability if candidates else 0.0
        beyond = self._beyond(shelf, outside, shares[len(inside) :], best)
        return Ranking(candidates, Confidence(min(best, 1.0)), nothing, beyond, codes, owners)

    def numbers(self, question: Question) -> tuple[tuple[str, ...], int, Floats, Floats]:
        """For evaluation: candidate ids (entries, then uncovered matters), how many are entries, and their numbers."""
        shelf = self._held()
        owners = shelf.codes.owners(shelf.codes.find(question.text))
        inside, outside = self._considered(shelf, question.normalised, owners)
        features, none = numbers(inside, outside, owners, question.normalised)
        return tuple(hit.id for hit in (*inside, *outside)), len(inside), features, none

    def _held(self) -> _Shelf:
        if self._shelf is None:
            raise LibraryEmpty
        return self._shelf

    def _considered(self, shelf: _Shelf, normalised: str, owners: tuple[str, ...]) -> tuple[list[Hit], list[Hit]]:
        """Entries and uncovered matters of the first cut, by a fixed mixture.

        Entries that own a code, or were written down with just these words, are always among them; those whose
        negative phrasings speak louder than their own are not.
        """
        hits = shelf.hybrid.search(normalised, _BOTH_SIDES, always=(*owners, *shelf.exact.get(_bare(normalised), ())))
        inside = [hit for hit in hits if not hit.id.startswith((PREFIX, DENIED))]
        outside = [hit for hit in hits if hit.id.startswith(PREFIX)]
        denied = [hit for hit in hits if hit.id.startswith(DENIED)]
        if denied:
            loud = self._loudness(inside, owners, normalised)
            against = self._loudness(denied, owners, normalised)
            against |= dict.fromkeys(shelf.exact.get(_bare(normalised), ()), np.inf)
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


def _bare(normalised: str) -> str:
    """A normalised text without what stands between its words."""
    return _BETWEEN.sub("", normalised)


def _owners_of(texts: Iterable[Text]) -> dict[str, tuple[str, ...]]:
    """Who was written down with just these words: bare text -> ids."""
    found: dict[str, tuple[str, ...]] = {}
    for text in texts:
        bare = _bare(text.normalised)
        before = found.get(bare, ())
        if bare and text.id not in before:
            found[bare] = (*before, text.id)
    return found


def _candidate(entry: Entry, probability: float, matched: str, score: float) -> Candidate:
    return Candidate(entry.id, entry.title, probability, matched, score, entry.category, entry.intent, entry.kind)


def numbers(
    inside: Sequence[Hit], outside: Sequence[Hit], owners: Sequence[str], normalised: str
) -> tuple[Floats, Floats]:
    """Candidates' features, entries first then uncovered matters, and those of “none”; see `confidence`."""
    hits = (*inside, *outside)
    long = min(len(normalised), _LONG_CHARS) / _LONG_CHARS
    features = np.array(
        [(*hit.parts, float(hit.id in owners), hit.parts[0] * long, hit.parts[2] * long) for hit in hits],
        dtype=np.float64,
    ).reshape(-1, len(FEATURES))
    nearest = max((hit.parts[1] for hit in hits), default=0.0)
    lexical = max((hit.parts[3] for hit in hits), default=0.0)
    return features, np.array([1.0, nearest, lexical, float(len(normalised) <= _SHORT_CHARS)])
