"""Texts that share words: BM25 (Lucene variant) over words and character pairs."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Iterable
from pathlib import Path

import bm25s
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Longs = NDArray[np.int64]
_K1, _B = 1.2, 0.4
"""B is low: phrasings are short and of one kind, so length says little."""
POSTINGS = 400_000
"""Postings added up for every text they name; what further, more frequent words add is asked of the leading alone.
The seed has fewer in all, so there every word counts everywhere."""
_LEADING_IDS = 100
_LEADING_TEXTS = 3000


class LexicalIndex:
    """BM25 over token lists; row numbers are the texts' positions.

    With `base`, words and lengths are weighed as that index does, so that the scores of both can be compared.
    """

    def __init__(self, tokens: Iterable[list[str]], base: LexicalIndex | None = None) -> None:
        vocabulary: dict[str, int] = {}
        rows = [[vocabulary.setdefault(token, len(vocabulary)) for token in row or ("",)] for row in tokens]
        self._vocabulary = vocabulary
        self._texts = len(rows)
        self._idf: Floats
        self._unknown: float
        if base is None:
            self._mean = sum(map(len, rows)) / max(len(rows), 1)
            self._data, self._rows, self._starts = _indexed(rows, vocabulary)
            self._settle()
            return
        self._mean, self._unknown = base._mean, base._unknown
        known = [base._vocabulary.get(token, -1) for token in vocabulary]
        self._idf = np.append(base._idf, np.float32(base._unknown))[known]
        self._data, self._rows, self._starts = _weighed(rows, self._idf, self._mean)

    def _settle(self) -> None:
        held = np.diff(self._starts)
        self._idf = np.log(1 + (self._texts - held + 0.5) / (held + 0.5)).astype(np.float32)
        self._unknown = float(np.log(1 + (self._texts + 0.5) / 0.5))

    @classmethod
    def load(cls, folder: Path) -> LexicalIndex:
        """Read an index back."""
        index = cls.__new__(cls)
        with (folder / "postings.npz").open("rb") as file, np.load(file, allow_pickle=False) as kept:
            index._data, index._rows, index._starts = kept["data"], kept["rows"], kept["starts"]
            index._mean, index._texts = float(kept["mean"]), int(kept["texts"])
        words = (folder / "words.txt").read_text("utf8").split("\n")
        index._vocabulary = {word: number for number, word in enumerate(words)}
        if len(words) != len(index._starts) - 1:
            raise ValueError("words and postings do not match")
        index._settle()
        return index

    def save(self, folder: Path) -> None:
        """Write the index into a folder."""
        np.savez(
            folder / "postings.npz",
            data=self._data,
            rows=self._rows,
            starts=self._starts,
            mean=self._mean,
            texts=self._texts,
        )
        (folder / "words.txt").write_text("\n".join(self._vocabulary), "utf8")

    def __len__(self) -> int:
        return self._texts

    def scores(self, tokens: list[str]) -> Floats:
        """(n,) how much of the question each text covers, weighted by rarity: 0 nothing, near 1 all of it."""
        numbers, ceiling = self._asked(tokens)
        found = np.zeros(self._texts, np.float32)
        for number in numbers:
            self._add(found, number)
        return found / np.float32(ceiling)

    def best(self, tokens: list[str], bounds: Longs, most: int = POSTINGS) -> Floats:
        """(k,) the greatest score among the rows `bounds[i]` to `bounds[i + 1]` of each id; no id is without a row.

        Rare words are added up first. Once `most` postings are, further words count only for the texts that lead by
        then, so that a question costs time by what is rare in it and not by all texts.
        """
        numbers, ceiling = self._asked(tokens)
        sizes = {number: int(self._starts[number + 1] - self._starts[number]) for number in numbers}
        spent, late = 0, []
        found = np.zeros(self._texts, np.float32)
        for number in numbers if sum(sizes.values()) <= most else sorted(numbers, key=sizes.__getitem__):
            if spent and spent + sizes[number] > most:
                late.append(number)
                continue
            spent += sizes[number]
            self._add(found, number)
        if late:
            self._add_late(found, late, np.maximum.reduceat(found, bounds[:-1]))
        return np.asarray(np.maximum.reduceat(found, bounds[:-1]) / np.float32(ceiling), np.float32)

    def _add_late(self, found: Floats, late: list[int], best: Floats) -> None:
        """Add the words in `late` to the texts that lead: those as good as the best of the `_LEADING_IDS` best ids."""
        least = np.partition(best, -min(_LEADING_IDS, len(best)))[-min(_LEADING_IDS, len(best))]
        leading = np.flatnonzero(found >= max(least, np.float32(1e-6)))
        if len(leading) > _LEADING_TEXTS:
            leading = np.sort(leading[np.argpartition(-found[leading], _LEADING_TEXTS)[:_LEADING_TEXTS]])
        for number in late:
            start, end = self._starts[number], self._starts[number + 1]
            rows = self._rows[start:end]
            at = np.minimum(np.searchsorted(rows, leading), len(rows) - 1)
            there = rows[at] == leading
            found[leading[there]] += self._data[start:end][at[there]]

    def _asked(self, tokens: list[str]) -> tuple[list[int], float]:
        """The numbers of the known words, and the most a text could score (1 where no word is known)."""
        asked = list(dict.fromkeys(tokens))
        numbers = [self._vocabulary[token] for token in asked if token in self._vocabulary]
        ceiling = float(self._idf[numbers].sum()) + self._unknown * (len(asked) - len(numbers))
        return numbers, (_K1 + 1) * ceiling if numbers else 1.0

    def _add(self, found: Floats, number: int) -> None:
        start, end = self._starts[number], self._starts[number + 1]
        found[self._rows[start:end]] += self._data[start:end]  # a text stands once among the postings of a word


def _indexed(rows: list[list[int]], vocabulary: dict[str, int]) -> tuple[Floats, NDArray[np.int32], Longs]:
    """(scores, rows, where each word's begin) of all words' postings, rows rising."""
    logging.getLogger("bm25s").setLevel(logging.WARNING)  # it reports every index it builds
    found = bm25s.BM25(k1=_K1, b=_B)
    found.index((rows, dict(vocabulary)), create_empty_token=False, show_progress=False)
    return found.scores["data"], found.scores["indices"], np.asarray(found.scores["indptr"], np.int64)


def _weighed(rows: list[list[int]], idf: Floats, mean: float) -> tuple[Floats, NDArray[np.int32], Longs]:
    """The same with given weights of words and a given mean length; what bm25s gives for its own."""
    long = np.array([len(row) for row in rows], np.int64)
    words = np.frombuffer(array("i", [word for row in rows for word in row]), np.int32)
    pairs, counts = np.unique(
        np.stack([words, np.repeat(np.arange(len(rows), dtype=np.int32), long)]), axis=1, return_counts=True
    )
    share = counts / (_K1 * (1 - _B + _B * long[pairs[1]] / mean) + counts)
    starts = np.searchsorted(pairs[0], np.arange(len(idf) + 1))
    return (idf[pairs[0]] * share).astype(np.float32), pairs[1], np.asarray(starts, np.int64)
