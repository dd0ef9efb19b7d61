"""Error codes in a question, read exactly but tolerantly: any case, spaces, width, separators, one slipped letter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

import yaml

from knowledge.entry import Entry
from knowledge.question import LEXICON

_WORDS = re.compile(r"[A-Z0-9]+")
_RUN = re.compile(r"[A-Z0-9]+(?:[ \t._\-:/]{1,3}[A-Z0-9]+)*")
_SEPARATORS = re.compile(r"[\W_]+")
_ASCII_CODE = re.compile(r"[\x21-\x7e ]*[A-Za-z0-9][\x21-\x7e ]*")
_LONGEST_WORDS = 9
_TYPO_FROM_CHARS = 9
_SHORTEST_NAME_CHARS = 5
_CONTEXT_CHARS = 8


def fold_code(text: str) -> str:
    """`acq．system error` -> `ACQSYSTEMERROR`."""
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()


class CodeBook:
    """Knows the codes of all entries and which entries explain each."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._canonical: dict[str, str] = {}
        self._owners: dict[str, list[str]] = {}
        held = tuple(entries)
        for entry in held:
            for code in entry.codes:
                self._learn(code, entry.id)
        for entry in held:
            for alias in entry.aliases:
                if _ASCII_CODE.fullmatch(alias) and len(alias.split()) <= _LONGEST_WORDS:
                    self._learn(alias, entry.id)
        self._slips = _slips(self._canonical)

    def _learn(self, code: str, entry: str) -> None:
        folded = fold_code(code)
        if len(folded) < _SHORTEST_NAME_CHARS and not folded.isdigit():
            return
        canonical = self._canonical.setdefault(folded, code)
        owners = self._owners.setdefault(canonical, [])
        if entry not in owners:
            owners.append(entry)

    def find(self, text: str, bare_numbers: bool = True) -> tuple[str, ...]:
        """Canonical codes in `text`, the most specific first: names before numbers, then in the order of the text.

        A bare number counts only if said as a code.
        """
        text = unicodedata.normalize("NFKC", text).upper()
        found: dict[str, None] = {}
        for run in _RUN.finditer(text):
            words = [
                (m.group(0), run.start() + m.start(), run.start() + m.end()) for m in _WORDS.finditer(run.group(0))
            ]
            for code, start, end in self._in_run(words):
                if not code.isdigit() or (bare_numbers and _said_as_code(text, start, end)):
                    found[code] = None
        return tuple(sorted(found, key=_is_number))

    def _in_run(self, words: Sequence[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
        at = 0
        while at < len(words):
            for size in range(min(_LONGEST_WORDS, len(words) - at), 0, -1):
                joined = "".join(word for word, _, _ in words[at : at + size])
                code = self._canonical.get(joined)
                if code is None and len(joined) >= _TYPO_FROM_CHARS and not joined.isdigit():
                    code = self._mend(joined)
                if code is not None:
                    yield code, words[at][1], words[at + size - 1][2]
                    at += size
                    break
            else:
                at += 1

    def _mend(self, joined: str) -> str | None:
        """The one known code that differs by a single letter, or None where none or several do."""
        near = set()
        for variant in (joined, *_without_one(joined)):
            near |= self._slips.get(variant, set())
            if variant in self._canonical:
                near.add(self._canonical[variant])
        return near.pop() if len(near) == 1 else None

    def owners(self, codes: Sequence[str]) -> tuple[str, ...]:
        """Entries that explain the most specific of `codes`; several where codes are equally specific or shared."""
        if not codes:
            return ()
        first = [code for code in codes if _is_number(code) == _is_number(codes[0])]
        return tuple(dict.fromkeys(owner for code in first for owner in self._owners[code]))


def _is_number(code: str) -> bool:
    """Whether a code is a bare number: those say where something failed, names say what."""
    return fold_code(code).isdigit()


def _without_one(word: str) -> Iterator[str]:
    for place in range(len(word)):
        yield word[:place] + word[place + 1 :]


def _slips(known: Mapping[str, str]) -> dict[str, set[str]]:
    """Every known code with one character left out -> the codes it may have been."""
    slips: dict[str, set[str]] = {}
    for folded, code in known.items():
        if len(folded) >= _TYPO_FROM_CHARS and not folded.isdigit():
            for variant in _without_one(folded):
                slips.setdefault(variant, set()).add(code)
    return slips


@cache
def _cues() -> tuple[re.Pattern[str], re.Pattern[str]]:
    kept = yaml.safe_load((LEXICON / "code_cues.yml").read_text(encoding="utf8"))
    before = re.compile(f"(?:{'|'.join(kept['before'])})[^0-9]{{0,{_CONTEXT_CHARS}}}$")
    after = re.compile(f"^[^0-9]{{0,{_CONTEXT_CHARS}}}?(?:{'|'.join(kept['after'])})")
    return before, after


def _said_as_code(text: str, start: int, end: int) -> bool:
    """Whether the number stands alone, follows words like 报错 or precedes words like 错误."""
    before, after = _cues()
    if len(_SEPARATORS.sub("", text[:start] + text[end:])) <= 1:
        return True
    return bool(before.search(text[:start]) or after.search(text[end:]))
