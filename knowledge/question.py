"""The language of the domain: how a question is read before it is searched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from embeddings.normalise import Normaliser
from embeddings.segment import Segmenter

LEXICON = Path(__file__).parent / "lexicon"


@dataclass(frozen=True, slots=True)
class Question:
    """A question as asked, and as it is searched for."""

    text: str
    normalised: str


class Language:
    """Normalises and segments with the domain's lexicon."""

    def __init__(self, folder: Path = LEXICON, cache_folder: Path | None = None) -> None:
        terms = _lines(folder / "terms.txt")
        self._kept = frozenset(_lines(folder / "kept.txt"))  # runs of words that only sound like a term
        pairs = yaml.safe_load((folder / "pairs.yml").read_text(encoding="utf8"))
        self.segmenter = Segmenter(terms, _lines(folder / "stop.txt"), cache_folder)
        spellings = {str(wrong): str(right) for wrong, right in pairs.items()}
        words = {word: int(count) for word, count in map(str.split, _lines(folder / "words.txt"))}
        self._normaliser = Normaliser(terms, spellings, self._is_word, self.segmenter.cut, words)

    def _is_word(self, text: str) -> bool:
        return text in self._kept or self.segmenter.is_word(text)

    def read(self, text: str) -> Question:
        """A question with its normalised form."""
        return Question(text, self._normaliser(text))

    def normalise(self, text: str) -> str:
        """Text as it is searched for."""
        return self._normaliser(text)


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf8").splitlines() if line.strip()]


@cache
def categories() -> dict[str, str]:
    """Category id -> name, in the order people see them."""
    kept = yaml.safe_load((LEXICON / "categories.yml").read_text(encoding="utf8"))
    return {str(id_): str(name) for id_, name in kept.items()}
