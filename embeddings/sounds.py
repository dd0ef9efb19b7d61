"""What sounds like what: characters and words that an input method, or a voice, gives for one another."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property

from pypinyin import Style, lazy_pinyin

from embeddings.segment import Segmenter

_CHARACTERS = 4500
"""Characters that input methods offer: the most frequent ones of the dictionary."""
_WIDEST = 24
_TAILS = (("ing", "in"), ("eng", "en"), ("ang", "an"))
_HEADS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("l", "n"), ("h", "f"))


def said(text: str) -> list[str]:
    """The syllable of each Chinese character, without tones; Latin runs stay whole."""
    return list(lazy_pinyin(text, style=Style.NORMAL))


def blurred(syllable: str) -> str:
    """A syllable with what many people mix up fallen together: zh/z, ch/c, sh/s, l/n, h/f, -ng/-n."""
    for full, plain in _HEADS:
        if syllable.startswith(full):
            syllable = plain + syllable[len(full) :]
            break
    for full, plain in _TAILS:
        if syllable.endswith(full):
            return syllable[: -len(full)] + plain
    return syllable


class Sounds:
    """Finds what sounds alike in the dictionary of a segmenter, the most frequent first."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter

    @cached_property
    def _heard(self) -> list[tuple[str, str]]:
        """(character, syllable), the most frequent first."""
        characters = self._segmenter.characters(_CHARACTERS)
        return [(character, said(character)[0]) for character in characters]

    @cached_property
    def _by_syllable(self) -> dict[str, list[str]]:
        return _grouped((syllable, character) for character, syllable in self._heard)

    @cached_property
    def _by_blur(self) -> dict[str, list[str]]:
        return _grouped((blurred(syllable), character) for character, syllable in self._heard)

    def near(self, character: str) -> Sequence[str]:
        """Other characters of the same or a nearly same syllable."""
        return [other for other in self._by_blur.get(blurred(said(character)[0]), ()) if other != character]

    def words(self, word: str) -> list[str]:
        """Other words of the dictionary that sound just like `word`, whatever the tones."""
        heard = [self._by_syllable.get(syllable, [])[:_WIDEST] for syllable in said(word)]
        if len(heard) != len(word) or len(word) > 3:
            return []
        made = ("".join(characters) for characters in itertools.product(*heard))
        found = [other for other in made if other != word and self._segmenter.is_word(other)]
        return sorted(found, key=self._segmenter.frequency, reverse=True)

    def spelt(self, word: str) -> str | None:
        """`word` in other frequent characters of the same sound, as fast typing leaves it; None without any."""
        heard = [
            next((other for other in self._by_syllable.get(syllable, []) if other != own), own)
            for own, syllable in zip(word, said(word), strict=True)
        ]
        return made if (made := "".join(heard)) != word else None


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for key, character in pairs:
        found[key].append(character)
    return dict(found)
