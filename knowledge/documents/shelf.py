"""The passages, searchable: an immutable snapshot of dense and lexical indexes, and what speaks for each passage."""

from __future__ import annotations

import hashlib
import json
import math
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from embeddings.cache import VectorCache
from embeddings.dense import DenseIndex
from embeddings.encoder import Encoder
from embeddings.lexical import LexicalIndex
from embeddings.segment import identifiers
from knowledge.documents.model import Kept, Passage, Unit, text_of
from knowledge.documents.passages import units_of
from knowledge.documents.phrases import ASKS_AND_GIVES
from knowledge.documents.quote import Quote, Term, best_quote, share_of
from knowledge.question import LEXICON, Language, Question

FEATURES = ("cover", "quoted", "heading", "unknown", "lexical", "rarest", "words", "alike", "fits")
_FORMAT = 1
_CANDIDATES = 40
_ASKING = Path(__file__).parent / "asking.txt"
_SYNONYMS = Path(__file__).parent / "synonyms.txt"
_RUN = re.compile(r"[a-z0-9]+(?:[._\-][a-z0-9]+)+")
_CLAUSE = re.compile(r"[；;。？！?!]")
_ASKED = re.compile(r"[，。？！；：、,?!;:\"“”（）()\s]+")
_HAN = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class Spot:
    """A passage in its document."""

    document: Kept
    passage: Passage


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage that may answer, its quotation, and `FEATURES`, each in [0, 1] save `words`, a logarithm of 0 to 3.

    cover, quoted, heading: the share of the question's terms, weighed by rarity, in the passage with its headings, in
    the quotation with them, in the headings alone. unknown: the share that no passage holds. lexical: the share by
    BM25. rarest: 1 where the passage holds the rarest term. words: how much the question says. alike: how many pairs
    of characters the question and the nearest unit of the quotation share. fits: 1 where a number, a place or a yes or
    no is asked for and the quotation gives one, 0 where it does not, else a half. `cosine` is the encoder's; no
    feature, for encoders differ.
    """

    spot: Spot
    text: str
    quote: Quote
    features: tuple[float, ...]
    cosine: float


@dataclass(frozen=True)
class _Row:
    """A passage with its units and headings as they are searched for; `whole` is both."""

    spot: Spot
    text: str
    units: tuple[Unit, ...]
    lines: tuple[str, ...]
    heads: str
    whole: str


@cache
def asking() -> frozenset[str]:
    """Words that ask and tell nothing of what is asked about."""
    return frozenset(_ASKING.read_text(encoding="utf8").split())


@cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """Each word that has others of its meaning, with all of them; the first line that holds it counts."""
    found: dict[str, tuple[str, ...]] = {}
    for line in _SYNONYMS.read_text(encoding="utf8").splitlines():
        forms = tuple(line.split())
        for form in forms:
            found.setdefault(form, (form, *(other for other in forms if other != form)))
    return found


class Shelf:
    """Passages that never change; swap the whole object to change them."""

    def __init__(self, kept: Sequence[Kept], language: Language, encoder: Encoder, folder: Path) -> None:
        self._language, self._encoder = language, encoder
        spots = [Spot(document, passage) for document in kept for passage in document.passages]
        mark = _fingerprint(spots, encoder)
        self.fingerprint = mark
        self._rows: list[_Row] = []
        if not spots:
            return
        loaded = _load(folder / "snapshots" / mark)
        if loaded is None:
            _save(folder / "snapshots", mark, self._built(spots, folder))
            loaded = _load(folder / "snapshots" / mark)
        if loaded is None:
            raise OSError(f"the snapshot {mark} cannot be read back")
        self._dense, self._lexical, texts, counts = loaded
        self._rows = [self._row(spot, *pair) for spot, pair in zip(spots, texts, strict=True)]
        self._counts: dict[str, int] = counts

    def __len__(self) -> int:
        return len(self._rows)

    @staticmethod
    def _row(spot: Spot, heads: str, lines: Sequence[str]) -> _Row:
        whole = "\n".join((heads, *lines))
        return _Row(spot, text_of(spot.passage), units_of(spot.passage), tuple(lines), heads, whole)

    def _built(self, spots: Sequence[Spot], folder: Path) -> _Parts:
        texts = [self._searched(spot) for spot in spots]
        whole = [" ".join((heads, *lines)) for heads, lines in texts]
        vectors, _ = VectorCache(folder / "vectors").encode(self._encoder, whole)
        segmenter = self._language.segmenter
        tokens = [segmenter.tokens(text) for text in whole]
        counts = Counter(token for row in tokens for token in set(row))
        return _Parts(DenseIndex(vectors), LexicalIndex(tokens), texts, counts)

    def _searched(self, spot: Spot) -> tuple[str, list[str]]:
        """Title and headings, and the units, as they are searched for: identifiers also without what joins them."""
        text = text_of(spot.passage)
        heads = self._plain(" ".join((spot.document.title, *spot.passage.headings)))
        return heads, [self._plain(text[unit.start : unit.end]) for unit in units_of(spot.passage)]

    def _plain(self, text: str) -> str:
        text = self._language.normalise(text)
        joined = [token for run in _RUN.findall(text) for token in identifiers(run)[:1] if token != run]
        return " ".join((text, *joined))

    def terms(self, question: Question) -> list[Term]:
        """The words of a question that tell what it is about, with their weights."""
        segmenter, words = self._language.segmenter, list[str]()
        for piece in _ASKED.sub(" ", question.normalised).split():
            words += [word for word in segmenter.words(piece) if len(word) > (1 if _HAN.match(word) else 2)]
            words += _unknown_words(segmenter.cut(piece))
        found: dict[str, Term] = {}
        for word in words:
            if word in asking() or (word.isdigit() and len(word) < 3):
                continue
            forms = synonyms().get(word, (word,))
            weight = min(self._weight(form) for form in forms)
            found.setdefault(forms[0], Term(forms, weight))
        return list(found.values())

    def _weight(self, word: str) -> float:
        """How rare a word is among the passages, in (0, 1]; 1 where none holds it, however many there are."""
        count, rows = self._counts.get(word, 0), len(self._rows)
        return math.log(1 + (rows - count + 0.5) / (count + 0.5)) / math.log(1 + (rows + 0.5) / 0.5)

    def evidence(self, question: Question) -> list[Evidence]:
        """What speaks for each passage that may answer, in no order."""
        terms = self.terms(question) if self._rows else []
        if not terms:
            return []
        covered = self._lexical.scores(self._language.segmenter.tokens(question.normalised))
        near, cosines = self._dense.nearest(self._encoder.encode_questions([question.normalised])[0], _CANDIDATES)
        cosine = dict(zip(near.tolist(), cosines.tolist(), strict=True))
        best = np.argsort(-covered, kind="stable")[:_CANDIDATES].tolist()
        asked = Asked(question.normalised, terms, max(term.weight for term in terms), self._unknown(terms))
        found = []
        for place in dict.fromkeys((*best, *near.tolist())):
            one = _seen(self._rows[place], asked, float(covered[place]), cosine.get(place, 0.0))
            if one is not None:
                found.append(one)
        return found

    def _unknown(self, terms: Sequence[Term]) -> float:
        total = sum(term.weight for term in terms)
        lost = (term.weight for term in terms if not any(self._counts.get(form) for form in term.forms))
        return sum(lost) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Asked:
    """A question taken apart: its terms, what the rarest weighs, and the share that no passage holds."""

    text: str
    terms: list[Term]
    rarest: float
    unknown: float


def _seen(row: _Row, asked: Asked, lexical: float, cosine: float) -> Evidence | None:
    """What speaks for one passage; None where it has nothing to quote."""
    left = [term for term in asked.terms if not any(form in row.heads for form in term.forms)]
    quote = best_quote(row.text, row.lines, row.units, left or asked.terms)
    if quote is None:
        return None
    rare = [term for term in asked.terms if term.weight == asked.rarest]
    features = (
        share_of(asked.terms, row.whole),
        share_of(asked.terms, f"{row.heads}\n{quote.said}"),
        share_of(asked.terms, row.heads),
        asked.unknown,
        lexical,
        share_of(rare, row.whole),
        math.log1p(sum(term.weight for term in asked.terms)),
        _alike(asked.text, quote.said),
        _fits(asked.text, quote.said),
    )
    return Evidence(row.spot, row.text, quote, features, cosine)


def _fits(asked: str, said: str) -> float:
    """Whether a quotation gives the kind of thing that is asked for."""
    for asks, gives in ASKS_AND_GIVES:
        if asks.search(asked):
            return float(gives.search(said) is not None)
    return 0.5


def _alike(asked: str, said: str) -> float:
    """The share of pairs of characters that a question has in common with the nearest clause of a quotation (Dice)."""
    mine = _pairs(asked)
    theirs = [_pairs(clause) for clause in _CLAUSE.split(said)]
    return max((2 * len(mine & one) / (len(mine) + len(one)) for one in theirs if one), default=0.0) if mine else 0.0


def _pairs(text: str) -> frozenset[str]:
    return frozenset(text[n : n + 2] for n in range(len(text) - 1) if text[n] != " " != text[n + 1])


def _unknown_words(pieces: Sequence[str]) -> list[str]:
    """Pairs of characters that the dictionary leaves alone beside each other: words it does not know."""
    return [a + b for a, b in pairwise(pieces) if len(a) == len(b) == 1 and _HAN.match(a) and _HAN.match(b)]


@dataclass(frozen=True)
class _Parts:
    dense: DenseIndex
    lexical: LexicalIndex
    texts: list[tuple[str, list[str]]]
    counts: Counter[str]


def _fingerprint(spots: Sequence[Spot], encoder: Encoder) -> str:
    digest = hashlib.sha256(f"{_FORMAT} {encoder.fingerprint}".encode())
    for path in sorted(LEXICON.iterdir()):  # what texts are read by
        digest.update(path.read_bytes())
    for spot in spots:
        head = "\0".join((spot.document.id, spot.document.title, *spot.passage.headings))
        digest.update(f"\1{head}\0{text_of(spot.passage)}".encode())
    return digest.hexdigest()[:20]


def _save(folder: Path, mark: str, parts: _Parts) -> None:
    """Write a snapshot, whole or not at all; older ones are removed."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=folder, prefix="draft-"))
    parts.dense.save(draft / "dense.faiss")
    (draft / "lexical").mkdir()
    parts.lexical.save(draft / "lexical")
    held = {"format": _FORMAT, "texts": parts.texts, "counts": parts.counts}
    (draft / "passages.json").write_text(json.dumps(held, ensure_ascii=False), "utf8")
    target = folder / mark
    if target.exists():
        shutil.rmtree(target)
    draft.replace(target)
    for other in folder.iterdir():
        if other != target:
            shutil.rmtree(other, ignore_errors=True)


def _load(
    source: Path,
) -> tuple[DenseIndex, LexicalIndex, list[tuple[str, list[str]]], dict[str, int]] | None:
    """A snapshot read back; None where it is missing, incomplete or of another format."""
    try:
        kept = json.loads((source / "passages.json").read_text("utf8"))
        if kept["format"] != _FORMAT:
            return None
        dense, lexical = DenseIndex.load(source / "dense.faiss"), LexicalIndex.load(source / "lexical")
        return dense, lexical, [(heads, lines) for heads, lines in kept["texts"]], kept["counts"]
    except (OSError, ValueError, KeyError, EOFError, RuntimeError, TypeError, BadZipFile):
        return None
