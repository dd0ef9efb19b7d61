"""How people's typing goes wrong: one slip a question, always the same one for the same question.

A slip changes Chinese characters only. Error codes, Latin identifiers, numbers and what stands among them stay as they
are: those have rules of their own (`knowledge.codes`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random
from typing import Any

import yaml
import zhconv

from embeddings.sounds import Sounds, said
from knowledge.question import LEXICON, Language

_HAN = re.compile(r"[\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z0-9_]")
_PAUSE = re.compile(r"(?<![A-Za-z0-9_])[^\w\s](?![A-Za-z0-9_])")
_WORD = re.compile(r"[\u4e00-\u9fff]{2,4}")
_OFFERED = 10
"""An input method shows about so many candidates at once; a slip takes one of them."""
_LIKELY = 4


@dataclass(frozen=True, slots=True)
class Slip:
    """One way to mistype. `apply` gives the text with the slip in it, or None where the text holds no place for it."""

    name: str
    apply: Callable[[str, Random], str | None]

    def of(self, text: str) -> str | None:
        """`text` with this slip; the same every time. None where nothing can be changed."""
        seed = hashlib.sha256(f"{self.name}\0{text}".encode()).digest()
        slipped = self.apply(text, Random(seed))
        return None if slipped == text else slipped


@dataclass(frozen=True, slots=True)
class _Piece:
    """A word of a text and where it begins."""

    word: str
    at: int

    def replaced(self, text: str, by: str) -> str:
        return text[: self.at] + by + text[self.at + len(self.word) :]


class Slips:
    """The slips there are, over the dictionary of a language."""

    def __init__(self, language: Language) -> None:
        self._segmenter = language.segmenter
        self._sounds = Sounds(language.segmenter)

    def all(self) -> tuple[Slip, ...]:
        """Every slip, in the order they are reported."""
        return (
            Slip("typo", self.typo),
            Slip("homophone", self.homophone),
            Slip("pinyin", self.pinyin),
            Slip("initials", self.initials),
            Slip("missing", self.missing),
            Slip("doubled", self.doubled),
            Slip("traditional", self.traditional),
            Slip("fillers", self.fillers),
            Slip("story", self.story),
            Slip("voice", self.voice),
        )

    def typo(self, text: str, rng: Random) -> str | None:
        """One character becomes another that sounds or looks like it."""
        for place in self._characters(text, rng):
            own = text[place]
            near = [*self._sounds.near(own)[:_OFFERED], *_look_alikes().get(own, ())]
            if near:
                return text[:place] + rng.choice(near) + text[place + 1 :]
        return None

    def homophone(self, text: str, rng: Random) -> str | None:
        """One word becomes another of the same sound, else characters of the same sound, as voice input writes them."""
        for piece in self._words(text, rng):
            heard = self._sounds.words(piece.word)[:_LIKELY]
            other = rng.choice(heard) if heard else self._sounds.spelt(piece.word)
            if other:
                return piece.replaced(text, other)
        return None

    def pinyin(self, text: str, rng: Random) -> str | None:
        """One word stands in pinyin."""
        return next((one.replaced(text, "".join(said(one.word))) for one in self._words(text, rng, alone=True)), None)

    def initials(self, text: str, rng: Random) -> str | None:
        """One word stands by the first letters of its syllables."""
        words = self._words(text, rng, alone=True)
        return next((one.replaced(text, "".join(s[0] for s in said(one.word))) for one in words), None)

    def missing(self, text: str, rng: Random) -> str | None:
        """One character is left out."""
        places = self._characters(text, rng)
        return text[: places[0]] + text[places[0] + 1 :] if len(places) > 1 else None

    def doubled(self, text: str, rng: Random) -> str | None:
        """One character is typed twice."""
        return next((text[:place] + text[place] + text[place:] for place in self._characters(text, rng)), None)

    @staticmethod
    def traditional(text: str, _: Random) -> str | None:
        """The whole text in traditional characters."""
        return str(zhconv.convert(text, "zh-hant"))

    def fillers(self, text: str, rng: Random) -> str | None:
        """Two or three words that say nothing: before, within, after."""
        said_at = _data()["fillers"]
        gaps = self._gaps(text)
        places = rng.sample(["front", "within", "end"] if gaps else ["front", "end"], rng.choice([2, 3]) if gaps else 2)
        if "within" in places:
            at = rng.choice(gaps)
            text = text[:at] + rng.choice(said_at["within"]) + text[at:]
        if "front" in places:
            text = rng.choice(said_at["front"]) + rng.choice(_data()["joins"]) + text
        if "end" in places:
            text += rng.choice(_data()["joins"]) + rng.choice(said_at["end"])
        return text

    @staticmethod
    def story(text: str, rng: Random) -> str | None:
        """The question in the middle of a long story that is about nothing."""
        before, after = (rng.choice(_data()[name]).strip() for name in ("before", "after"))
        return "".join((before[:-1], rng.choice(_data()["joins"]), text, rng.choice(_data()["joins"]), after))

    def voice(self, text: str, rng: Random) -> str | None:
        """As dictated: no punctuation, a word said twice, particles."""
        for piece in self._words(text, rng):
            text = piece.replaced(text, piece.word * 2)
            break
        text = _PAUSE.sub("", text)
        within = _data()["fillers"]["within"]
        for at in sorted(rng.sample(gaps := self._gaps(text), min(2, len(gaps))), reverse=True):
            text = text[:at] + rng.choice(within) + text[at:]
        return text

    def _pieces(self, text: str) -> list[_Piece]:
        words = self._segmenter.cut(text)
        return [_Piece(word, at) for word, at in zip(words, accumulate(map(len, words), initial=0), strict=False)]

    def _words(self, text: str, rng: Random, *, alone: bool = False) -> list[_Piece]:
        """Chinese words of two to four characters that say something, in random order; with `alone`, none that touches
        Latin letters or digits, which would run into it."""
        found = [
            one
            for one in self._pieces(text)
            if _WORD.fullmatch(one.word)
            and not self._segmenter.is_stop(one.word)
            and not (alone and _LATIN.search(text[max(0, one.at - 1) : one.at] + text[one.at + len(one.word) :][:1]))
        ]
        rng.shuffle(found)
        return found

    def _characters(self, text: str, rng: Random) -> list[int]:
        """Where Chinese characters stand in words that say something, in random order."""
        found = [
            one.at + place
            for one in self._pieces(text)
            if not self._segmenter.is_stop(one.word)
            for place, character in enumerate(one.word)
            if _HAN.match(character)
        ]
        rng.shuffle(found)
        return found

    def _gaps(self, text: str) -> list[int]:
        """Between two words where both neighbours are Chinese characters."""
        return [
            one.at for one in self._pieces(text) if one.at and _HAN.match(text[one.at]) and _HAN.match(text[one.at - 1])
        ]


@cache
def _data() -> Mapping[str, Any]:
    """Fillers, stories and look-alikes, as they stand in the lexicon."""
    return dict(yaml.safe_load((LEXICON / "slips.yml").read_text(encoding="utf8")))


@cache
def _look_alikes() -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for group in _data()["look_alikes"]:
        for own in group:
            found.setdefault(own, []).extend(other for other in group if other != own)
    return found
