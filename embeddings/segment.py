"""Cut text into what search counts: words for the lexical index, character and word features for the encoder."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import jieba

_RUN = re.compile(r"[\u4e00-\u9fff]+|[a-z0-9]+(?:[._\-][a-z0-9]+)*")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_PART = re.compile(r"[a-z]+|[0-9]+")
_TERM_FREQUENCY = 100_000


class Segmenter:
    """Cuts normalised text. `terms` are domain words that must never be split.

    Loading the general dictionary takes about half a second; it happens on first use and is cached in `cache_folder`.
    """

    def __init__(self, terms: Iterable[str], stop: Iterable[str] = (), cache_folder: Path | None = None) -> None:
        self._terms = tuple(dict.fromkeys(terms))
        self._stop = frozenset(stop)
        self._cache_folder = cache_folder

    @cached_property
    def _jieba(self) -> jieba.Tokenizer:
        tokenizer = jieba.Tokenizer()
        jieba.setLogLevel(60)
        if self._cache_folder:
            self._cache_folder.mkdir(parents=True, exist_ok=True)
            tokenizer.tmp_dir = str(self._cache_folder)
        tokenizer.initialize()
        for term in self._terms:
            tokenizer.add_word(term.lower(), freq=_TERM_FREQUENCY)
        return tokenizer

    def is_word(self, text: str) -> bool:
        """Whether the dictionary knows `text` as a word of its own."""
        return bool(self._jieba.FREQ.get(text, 0))

    def is_stop(self, text: str) -> bool:
        """Whether search leaves `text` out because everybody says it."""
        return text in self._stop

    def frequency(self, text: str) -> int:
        """How often the dictionary has counted a word; 0 where it is none."""
        return int(self._jieba.FREQ.get(text, 0) or 0)

    def characters(self, most: int) -> list[str]:
        """The Chinese characters that stand in the words of the dictionary, the `most` frequent, those first."""
        return self._characters[:most]

    @cached_property
    def _characters(self) -> list[str]:
        terms = frozenset(self._terms)
        counts: defaultdict[str, int] = defaultdict(int)
        for word, count in self._jieba.FREQ.items():
            if count and word not in terms:
                for character in word:
                    counts[character] += count
        return sorted(filter(_HAN.match, counts), key=counts.__getitem__, reverse=True)

    def cut(self, text: str) -> list[str]:
        """`text` in consecutive pieces, none left out."""
        return list(self._jieba.cut(text, HMM=False))

    def words(self, text: str) -> list[str]:
        """Words of normalised text, long words also by their parts, without stop words."""
        out: list[str] = []
        for run in _RUN.findall(text):
            if _HAN.match(run):
                out += [w for w in self._jieba.cut_for_search(run, HMM=False) if w not in self._stop]
            else:
                out += identifiers(run)
        return out

    def tokens(self, text: str) -> list[str]:
        """What the lexical index counts: words and pairs of neighbouring characters."""
        return self.words(text) + [g for g in _grams(text, 2) if g]

    def features(self, text: str) -> list[str]:
        """What the built-in encoder sums: characters, their pairs and triples, and words (marked `w:`)."""
        out = [f"w:{word}" for word in self.words(text)]
        for size in (1, 2, 3):
            out += _grams(text, size)
        return out


def identifiers(run: str) -> list[str]:
    """A code or identifier, whole and in its parts: `auth_code_error` -> itself joined, auth, code, error."""
    parts = _PART.findall(run)
    joined = "".join(parts)
    return [joined, *parts] if len(parts) > 1 else [joined]


def _grams(text: str, size: int) -> list[str]:
    out = []
    for run in _RUN.findall(text):
        if _HAN.match(run):
            out += [run[i : i + size] for i in range(len(run) - size + 1)]
    return out
