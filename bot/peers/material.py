"""What every system is given: the same texts of the same entries, read from the same file, and the same words."""

from __future__ import annotations

import json
import unicodedata
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from knowledge.entry import Entry
from knowledge.exchange import Collection
from knowledge.question import LEXICON
from knowledge.uncovered import Uncovered

KNOWLEDGE, CACHE = "knowledge.json", "cache"
_DAYS = ("review_by", "valid_from", "valid_until")
RETRIEVAL_INTENT = "faq"


@dataclass(frozen=True, slots=True)
class Texts:
    """Each text with the entry or the uncovered matter it belongs to; those of one stand together."""

    owners: tuple[str, ...]
    texts: tuple[str, ...]


def put(collection: Collection, folder: Path) -> None:
    """Write what all systems are to know."""
    content = {name: [asdict(one) for one in getattr(collection, name)] for name in ("entries", "uncovered")}
    (folder / KNOWLEDGE).write_text(json.dumps(content, ensure_ascii=False, default=str), encoding="utf8")


def taken(folder: Path) -> Collection:
    """Read it back."""
    content = json.loads((folder / KNOWLEDGE).read_text(encoding="utf8"))
    entries = tuple(Entry(**_typed(raw)) for raw in content["entries"])
    return Collection(entries, tuple(Uncovered(**_typed(raw)) for raw in content["uncovered"]), {})


def _typed(raw: dict[str, Any]) -> dict[str, Any]:
    days = {name: date.fromisoformat(raw[name]) for name in _DAYS if raw.get(name)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in raw.items()} | days


def texts_of(collection: Collection) -> Texts:
    """Title, phrasings, codes and aliases of each entry, then the phrasings of each uncovered matter, cleaned."""
    said = {one.id: (one.title, *one.phrasings, *one.codes, *one.aliases) for one in collection.entries}
    said |= {one.id: one.phrasings for one in collection.uncovered}
    pairs = [(id_, text) for id_, several in said.items() for text in dict.fromkeys(map(clean, several)) if text]
    return Texts(tuple(id_ for id_, _ in pairs), tuple(text for _, text in pairs))


def clean(text: str) -> str:
    """What anybody does first: one width, one case, no line breaks."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def lexicon(name: str) -> list[str]:
    """The lines of a word list of ours."""
    return [line for line in (LEXICON / name).read_text(encoding="utf8").splitlines() if line.strip()]


class Words:
    """Jieba's words, with the domain's terms among them."""

    def __init__(self, cache: Path) -> None:
        from embeddings.segment import Segmenter

        self._segmenter = Segmenter(lexicon("terms.txt"), (), cache)

    def cut(self, text: str) -> list[str]:
        """Words in a row; signs and spaces are none."""
        return [word for word in self._segmenter.cut(text) if any(map(str.isalnum, word))]

    def features(self, text: str, longest: int) -> list[str]:
        """Runs of up to `longest` characters, and words, long ones by their parts too (marked `w:`)."""
        grams = [text[place : place + size] for size in range(1, longest + 1) for place in range(len(text) - size + 1)]
        return grams + [f"w:{word}" for word in self._segmenter.words(text)]
