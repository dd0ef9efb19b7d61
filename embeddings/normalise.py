"""Bring the many spellings of one question together: width, script, case, pinyin, homophones.

Only understanding uses the normalised text; what people see is always their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate

import zhconv
from pypinyin import Style, lazy_pinyin

_LATIN_RUN = re.compile(r"[a-z]+")
_CJK = re.compile(r"[\u4e00-\u9fff]")
_HAN_RUN = re.compile(r"[\u4e00-\u9fff]+")
_SPACES = re.compile(r"\s+")
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
_INITIALS = ("zh", "ch", "sh", *list("bpmfdtnlgkhjqxrzcsyw"))
_ALONE = frozenset(("a", "o", "e", "ai", "ei", "ao", "ou", "er", "an", "en", "ang", "eng"))
"""Finals that are syllables by themselves."""
_NONE: Mapping[str, int] = {}
_SURE = 0.5
_FINALS = _ALONE.union(
    ("i", "u", "v", "ui", "iu", "ie", "ve", "ue", "in", "un", "vn", "ing", "ong"),
    ("ia", "iao", "ian", "iang", "iong", "ua", "uo", "uai", "uan", "uang"),
)


def fold(text: str) -> str:
    """Half width, simplified script, lower case, visible characters only, single spaces."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return _SPACES.sub(" ", zhconv.convert(text, "zh-hans").lower()).strip()


def sound(syllable: str) -> str:
    """A syllable as many people say it: zh/z, ch/c, sh/s and -ng/-n after i and e fall together."""
    for curled, flat in (("zh", "z"), ("ch", "c"), ("sh", "s")):
        if syllable.startswith(curled):
            syllable = flat + syllable[2:]
    return syllable[:-1] if syllable.endswith(("ing", "eng")) else syllable


def syllables(run: str) -> list[str] | None:
    """Split a run of Latin letters into pinyin syllables, long ones first, or None where that cannot be done."""
    sizes: list[int | None] = [None] * len(run) + [0]  # of the syllable at each place, where the rest can be split too
    for at in reversed(range(len(run))):
        fitting = (n for n in range(min(6, len(run) - at), 0, -1) if sizes[at + n] is not None)
        sizes[at] = next((n for n in fitting if _is_syllable(run[at : at + n])), None)
    out = []
    at = 0
    while size := sizes[at]:
        out.append(run[at : at + size])
        at += size
    return out if at == len(run) else None


def _is_syllable(part: str) -> bool:
    initial = next((i for i in _INITIALS if part.startswith(i)), "")
    return part[len(initial) :] in (_FINALS if initial else _ALONE)


class Letters:
    """Reads Latin letters among Chinese ones as the word meant: its pinyin, or the initials of a term.

    `words` says how often each is said, Latin ones among them. Of what is spelt alike a term counts first, then the
    most frequent word; initials are read as a term that is said more often than `_SURE` of all words that share them.
    Letters that are said as they stand (app), those `is_word` knows, and a single syllable (yuan) are left alone.
    """

    def __init__(self, terms: Iterable[str], words: Mapping[str, int], is_word: Callable[[str], bool]) -> None:
        self._spelt: dict[str, str] = {}
        self._initials: dict[str, str] = {}
        shared: Counter[str] = Counter()
        chinese = dict.fromkeys((*terms, *filter(_HAN_RUN.fullmatch, sorted(words, key=lambda one: -words[one]))))
        held = frozenset(terms)
        for word in chinese if words else ():
            heard = lazy_pinyin(word, style=Style.NORMAL)
            self._spelt.setdefault("".join(heard), word)
            initials = "".join(syllable[0] for syllable in heard)
            shared[initials] += words.get(word, 0)
            most = self._initials.get(initials, "")
            if word in held and words.get(word, 0) > words.get(most, 0):
                self._initials[initials] = word
        self._initials = {
            initials: word
            for initials, word in self._initials.items()
            if words[word] > _SURE * shared[initials] and initials not in words and not is_word(initials)
        }
        for letters, word in tuple(self._spelt.items()):
            if words.get(letters, 0) >= max(1, words.get(word, 0)):
                del self._spelt[letters]

    def __call__(self, text: str) -> str:
        """`text` with what can be read in it; as it is where nothing Chinese stands beside."""
        if not self._spelt or not _CJK.search(text):
            return text
        return _LATIN_RUN.sub(lambda run: self._read(text, run), text)

    def _read(self, text: str, run: re.Match[str]) -> str:
        letters = run.group(0)
        if len(letters) < 2 or _is_syllable(letters) or not _stands_alone(text, run):
            return letters
        if (word := self._spelt.get(letters)) is not None:
            return word
        beside = text[: run.start()].rstrip()[-1:] + text[run.end() :].lstrip()[:1]
        return self._initials.get(letters, letters) if _CJK.search(beside) else letters


class Normaliser:
    """Folds text, applies spelling pairs, mends homophones and pinyin of known terms, and reads pinyin and initials.

    `pairs` maps a wrong or foreign spelling to the term meant; `terms` are the words worth recognising by sound;
    `is_word` tells ordinary words, which stay as they are although they sound like a term; `cut` cuts a text into
    words, and only whole words are ever mended (自动|结算 holds no 冻结). Of terms that sound alike the first counts.
    `words` are further words with how often they are said: Latin letters among Chinese are read as one of them.
    """

    def __init__(
        self,
        terms: Iterable[str],
        pairs: Mapping[str, str],
        is_word: Callable[[str], bool] = lambda _: False,
        cut: Callable[[str], Iterable[str]] = list,
        words: Mapping[str, int] = _NONE,
    ) -> None:
        self._terms = dict.fromkeys(term for term in terms if len(term) >= 2 and all(map(_CJK.match, term)))
        self._is_word = is_word
        self._cut = cut
        self._syllable: dict[str, str] = {}
        self._by_sound: dict[tuple[str, ...], str] = {}
        self._sizes: dict[str, set[int]] = {}
        for term in sorted(self._terms, key=len):
            said = tuple(sound(s) for s in lazy_pinyin(term, style=Style.NORMAL))
            self._by_sound.setdefault(said, term)
            self._sizes.setdefault(said[0], set()).add(len(said))
        self._letters = Letters(self._terms, words, is_word)
        self._pairs = {fold(wrong): right for wrong, right in pairs.items()}
        spelt = sorted(self._pairs, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_bounded, spelt))) if spelt else None

    def __call__(self, text: str) -> str:
        """`text` as it is searched for."""
        text = fold(text)
        if self._pattern:
            text = self._pattern.sub(lambda found: self._pairs[found.group(0)], text)
        return self._mend(self._letters(text))

    def _say(self, character: str) -> str:
        if character not in self._syllable:
            self._syllable[character] = sound(lazy_pinyin(character, style=Style.NORMAL)[0])
        return self._syllable[character]

    def _units(self, text: str) -> list[tuple[str, str | None]]:
        """(as written, as said) for each Chinese character and each pinyin syllable; None where nothing is said."""
        units: list[tuple[str, str | None]] = []
        at = 0
        while at < len(text):
            run = _LATIN_RUN.match(text, at)
            if run:
                parts = syllables(run.group(0)) if _stands_alone(text, run) else None
                units += [(p, sound(p)) for p in parts] if parts else [(run.group(0), None)]
                at = run.end()
            else:
                units.append((text[at], self._say(text[at]) if _CJK.match(text[at]) else None))
                at += 1
        return units

    def _mend(self, text: str) -> str:
        units = self._units(text)
        places = list(accumulate((len(shape) for shape, _ in units), initial=0))
        edges = set(accumulate(map(len, self._cut(text)), initial=0))
        edges.update(place for run in _LATIN_RUN.finditer(text) for place in range(run.start(), run.end() + 1))
        whole = [place in edges for place in places]
        out: list[str] = []
        at = 0
        while at < len(units):
            size, term = self._term_at(units, whole, at) if whole[at] else (1, None)
            out.append(term or units[at][0])
            at += size if term else 1
        return "".join(out)

    def _term_at(self, units: list[tuple[str, str | None]], whole: list[bool], at: int) -> tuple[int, str | None]:
        first = units[at][1]
        for size in sorted(self._sizes.get(first or "", ()), reverse=True):
            window = units[at : at + size]
            said = tuple(spoken for _, spoken in window if spoken is not None)
            if len(window) < size or len(said) < size or not whole[at + size]:
                continue
            term = self._by_sound.get(said)
            written = "".join(shape for shape, _ in window)
            if term and (written == term or (not self._is_word(written) and self._close(written, term))):
                return size, term
        return 1, None

    @staticmethod
    def _close(written: str, term: str) -> bool:
        """Two characters are a term only if they sound exactly like it; more, or pinyin, may differ a little."""
        if len(written) > 2 or not all(map(_CJK.match, written)):
            return True
        return lazy_pinyin(written, style=Style.NORMAL) == lazy_pinyin(term, style=Style.NORMAL)


def _bounded(spelling: str) -> str:
    edge = "[a-z0-9_]"
    head = f"(?<!{edge})" if re.match(edge, spelling) else ""
    tail = f"(?!{edge})" if re.search(f"{edge}$", spelling) else ""
    return head + re.escape(spelling) + tail


def _stands_alone(text: str, run: re.Match[str]) -> bool:
    """Whether a Latin run may be pinyin: not part of an identifier such as `notify_url` or `v3`."""
    before, after = text[run.start() - 1 : run.start()], text[run.end() : run.end() + 1]
    return not re.match(r"[\w.\-/=:]", before, re.ASCII) and not re.match(r"[\w.\-/=:(]", after, re.ASCII)
