"""What comes in before anything else sees it: cleaned, measured, and rid of what must never be kept.

All words and expressions stand in `lexicon/secrets.yml`. They are matched on a folded copy (half width, simplified,
plain digits) that has exactly the length of the text, so a place found in one is the same place in the other.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from bot.conversation.model import Secret

LEXICON = Path(__file__).parent / "lexicon"
LIMIT_CHARS = 2000
_OPAQUE, _CARD = "\ue000", "\ue001"
"""Stand in the folded copy for what is hidden already (`_CARD` for a card); no label and no value can contain them."""
_LOOK_AROUND_CHARS = 30
_PUBLIC = "public"
"""Shown for certificates and public keys: hidden because nobody reads them, but no secret and no alarm."""
_HIDDEN = ("Cc", "Cf", "Cs")
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0\ufe00\ufe01")


class TextTooLong(ValueError):
    """More than `limit` characters."""

    def __init__(self, limit: int = LIMIT_CHARS) -> None:
        super().__init__(f"a text has at most {limit} characters")
        self.limit = limit


class TextBlank(ValueError):
    """Nothing a person could read."""


@dataclass(frozen=True, slots=True)
class Masked:
    """A text that may be kept, and the kinds of secrets that stood in it, each once, in order."""

    text: str
    secrets: tuple[Secret, ...] = ()


class _Span(NamedTuple):
    start: int
    end: int
    shown: str


_Judge = Callable[[re.Match[str]], str | None]
"""What a match is shown as (a key of `shown`), or None when it is no secret after all."""


class Patterns:
    """A lexicon file: `patterns` compiled on first use, everything else as it stands."""

    def __init__(self, name: str) -> None:
        self.words: dict[str, Any] = yaml.safe_load((LEXICON / f"{name}.yml").read_text(encoding="utf8"))
        self._compiled: dict[str, re.Pattern[str]] = {}

    def __getitem__(self, name: str) -> re.Pattern[str]:
        found = self._compiled.get(name)
        if found is None:
            source = self.fill(self.words["patterns"][name])
            found = self._compiled[name] = re.compile(source, re.IGNORECASE | re.VERBOSE | re.DOTALL)
        return found

    def fill(self, source: str) -> str:
        """`source` with every %part% put in."""
        return re.sub(r"%([a-z0-9_]+)%", lambda m: f"(?:{self.fill(self.words['parts'][m[1]])})", source)


@cache
def patterns(name: str) -> Patterns:
    """The lexicon `name`.yml; the same object each time."""
    return Patterns(name)


class _Folding(dict[int, str]):
    """For str.translate: one character to one character."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        digit = unicodedata.digit(char, None)
        if digit is not None:
            char = str(digit)
        elif 0xFF01 <= code <= 0xFF5E:
            char = chr(code - 0xFEE0)
        elif char in (_OPAQUE, _CARD) or code in (0xFE0F, 0x20E3) or unicodedata.category(char) in ("Zs", "Cf", "Cc"):
            char = char if char == "\n" else " "
        elif unicodedata.category(char) == "Pd" or code == 0x2212:
            char = "-"
        if code <= 0xFFFF:
            self[code] = char
        return char


@cache
def _folding() -> _Folding:
    pairs = patterns("secrets").words["traditional"]
    return _Folding({ord(old): new for old, new in zip(pairs[::2], pairs[1::2], strict=True)})


def fold(text: str) -> str:
    """Half width, plain digits and dashes, the label words simplified; exactly as long as `text`."""
    return text.translate(_folding())


def clean(text: str) -> str:
    """Without control, bidi and zero-width characters; tabs become spaces, line ends newlines; NFC."""
    lines = text.replace("\r\n", "\n").translate({0x0D: "\n", 0x09: " ", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"})
    return unicodedata.normalize("NFC", "".join(filter(_visible, lines)))


def _visible(char: str) -> bool:
    return char == "\n" or (char not in _BLANK and unicodedata.category(char) not in _HIDDEN)


def check(text: str) -> None:
    """Raises TextTooLong beyond 2,000 characters, TextBlank when nothing in it can be seen."""
    if len(text) > LIMIT_CHARS:
        raise TextTooLong(LIMIT_CHARS)
    if not clean(text).strip():
        raise TextBlank


def mask(text: str) -> Masked:
    """`text` with every secret replaced by a word for it. Masking what was masked changes nothing."""
    kinds: list[Secret] = []
    while True:
        masked, found = _mask_once(text)
        kinds += found
        if masked == text:
            return Masked(text, tuple(dict.fromkeys(kinds)))
        text = masked


def mask_contacts(text: str) -> str:
    """Phone numbers and e-mail addresses shortened, for logs and reports."""
    known = patterns("secrets")
    folded = fold(text)
    spans = [
        _Span(m.start("mid"), m.end("tail"), "****" + m["tail"].lstrip(" -"))
        for m in known["phone_number"].finditer(folded)
    ]
    spans += [_Span(m.start("mid"), m.end("mid"), "****") for m in known["landline"].finditer(folded)]
    if "@" in folded:
        spans += [_Span(m.start("name"), m.end("name"), m["name"][0] + "***") for m in known["email"].finditer(folded)]
    return _rendered(text, spans)


def _mask_once(text: str) -> tuple[str, list[Secret]]:
    known = patterns("secrets")
    folded = _readable(text)
    if not known["hint"].search(folded):
        return text, []
    spans: list[_Span] = []
    lowered = folded.lower()
    for rule, judge in _RULES:
        if judge is not None and not any(word in lowered for word in known.words["when"][rule.partition("_")[0]]):
            continue
        for span in _numbers(folded) if judge is None else list(_found(rule, judge, folded)):
            spans.append(span)
            folded = _hidden(folded, span)
    kinds = [Secret(span.shown) for span in sorted(spans) if span.shown != _PUBLIC]
    shown = known.words["shown"]
    return _rendered(text, [_Span(s.start, s.end, _words_for(shown, s, text)) for s in spans]), kinds


def _words_for(shown: dict[str, str], span: _Span, text: str) -> str:
    tail = re.sub(r"\D", "", fold(text[span.start : span.end]))[-4:]
    return shown[span.shown].format(tail=tail)


def _rendered(text: str, spans: list[_Span]) -> str:
    for span in sorted(spans, reverse=True):
        text = text[: span.start] + span.shown + text[span.end :]
    return text


@cache
def _shown_words() -> re.Pattern[str]:
    shown = patterns("secrets").words["shown"].values()
    return re.compile("|".join(re.escape(words).replace(r"\{tail\}", r"\d{0,4}") for words in shown))


def without_masked(text: str) -> str:
    """The text with our own replacement words blanked out, so that nobody reads a channel or a number from them."""
    if "[" not in text:
        return text
    return _shown_words().sub(lambda m: _OPAQUE * len(m[0]), text)


def _hidden(folded: str, span: _Span) -> str:
    opaque = _CARD if span.shown == Secret.CARD else _OPAQUE
    return folded[: span.start] + opaque * (span.end - span.start) + folded[span.end :]


def _readable(text: str) -> str:
    folded = fold(text)
    if "[" in text:
        card = patterns("secrets").words["shown"][Secret.CARD]
        for m in _shown_words().finditer(text):
            folded = _hidden(folded, _Span(m.start(), m.end(), Secret.CARD if m[0] == card else _PUBLIC))
    return patterns("secrets")["chinese_run"].sub(lambda m: m[0].translate(_chinese_digits()), folded)


@cache
def _chinese_digits() -> dict[int, str]:
    pairs = patterns("secrets").words["chinese_digits"]
    return {ord(word): digit for word, digit in zip(pairs[::2], pairs[1::2], strict=True)}


def _found(rule: str, judge: _Judge, folded: str) -> Iterator[_Span]:
    """What one rule finds. A match that is refused is looked into again from a little after its start."""
    pattern, at = patterns("secrets")[rule], 0
    while m := pattern.search(folded, at):
        shown = judge(m)
        if shown:
            yield _Span(m.start("value"), m.end("value"), shown)
        at = m.end("value") if shown else max(m.start("value"), m.start() + 1)


# -- blocks, keys and tokens


def _block(m: re.Match[str]) -> str | None:
    if not patterns("secrets")["pem_meat"].search(m["body"]):
        return None
    return _PUBLIC if m["private"] is None else Secret.PRIVATE_KEY


def _key(m: re.Match[str]) -> str | None:
    """Whether a value beside a key's label looks drawn by chance rather than written by a person."""
    known = patterns("secrets")
    value = m["value"].rstrip(".:?!`")
    if known["key_public"].search(m["label"]) or known["key_empty"].search(value):
        return None
    strong = bool(known["strong"].search(m["join"])) or "earer" in m["label"]
    digits = sum(char.isdigit() for char in value)
    if len(value) < (8 if strong else 16):
        drawn = False
    elif digits == len(value):
        drawn = digits == 32 or (strong and digits >= 16 and not known["order_like"].search(value))
    elif digits:
        drawn = digits > 1 or len(value) >= 16
    else:
        drawn = len(value) >= 16 and not known["key_words"].search(value)
    if not drawn:
        return None
    return Secret.PRIVATE_KEY if known["key_private"].search(m["label"]) else Secret.API_KEY


# -- long numbers: cards, identity numbers, payment codes


def _numbers(folded: str) -> list[_Span]:
    spans: list[_Span] = []
    kept_to = -1
    for run in patterns("secrets")["digit_run"].finditer(folded):
        before = folded[max(0, run.start() - 1) : run.start()]
        if before.isascii() and before.isalpha() and not _label_before(folded, run.start(), -1):
            continue
        kept_to = _numbers_of(folded, run.start(), run.end(), spans, kept_to)
    return spans


def _numbers_of(folded: str, start: int, end: int, spans: list[_Span], kept_to: int) -> int:
    """Splits a run of digit groups into numbers; returns where the last number that stays ended."""
    known = patterns("secrets")
    groups = [m.span() for m in known["digit_group"].finditer(folded, start, end)]
    at = 0
    while at < len(groups):
        first = groups[at][0]
        label = _label_before(folded, first, kept_to)
        last = at
        while last + 1 < len(groups) and groups[last + 1][1] - first <= 40 and _short(groups[at : last + 2]):
            last += 1
        if label == "keep" or known["transaction"].search(_digits(folded, first, groups[last][1])):
            kept_to, at = groups[last][1], last + 1
            continue
        for upto in range(min(len(groups), at + 9) - 1, at - 1, -1):
            stop = groups[upto][1]
            after = known["after"].search(folded[stop : stop + _LOOK_AROUND_CHARS])
            named = label or (after.lastgroup if after else None)
            kind = _kind(_digits(folded, first, stop), named, groups[at : upto + 1])
            if kind is not None:
                spans.append(_Span(first, first + len(folded[first:stop].rstrip()), kind.value))
                at = upto
                break
        at += 1
    return kept_to


def _digits(folded: str, start: int, end: int) -> str:
    return re.sub(r"[^0-9X]", "", folded[start:end].upper())


def _short(groups: list[tuple[int, int]]) -> bool:
    """Groups as people write one long number: none longer than eight digits."""
    return all(end - start <= 8 for start, end in groups)


def _label_before(folded: str, at: int, kept_to: int) -> str | None:
    """The kind of the nearest label that belongs to the number at `at`; `keep` also goes on along a list."""
    known = patterns("secrets")
    start = max(0, at - _LOOK_AROUND_CHARS)
    if 0 <= kept_to < at and known["list_gap"].search(folded[kept_to:at]) and not folded[kept_to:at].isspace():
        return "keep"
    nearest = max(known["labels"].finditer(folded, start, at), key=re.Match.end, default=None)
    return nearest.lastgroup if nearest and known["gap"].search(folded[nearest.end() : at]) else None


def _kind(digits: str, label: str | None, groups: list[tuple[int, int]]) -> Secret | None:
    """What a number of 12 or more digits is; None when it may stay."""
    known, size = patterns("secrets"), len(digits)
    if label == "keep" or not 12 <= size <= 24 or _phones(digits, groups):
        return None
    card = bool(known["issued"].search(digits)) and luhn(digits)
    if len(groups) > 1 and not _short(groups) and not (label == "strict" or (card and len(groups) <= 3)):
        return None
    if (label == "identity" and 15 <= size <= 18) or (size == 18 and known["birth"].search(digits)):
        return Secret.IDENTITY
    if not digits.isdigit():
        return None
    if label == "payment" and size >= 16:
        return Secret.PAYMENT_CODE
    if card or label == "strict":
        return Secret.CARD
    if known["scan_code"].search(digits):
        return Secret.PAYMENT_CODE
    if label == "card" and size <= 19 and known["card_like"].search(digits):
        return Secret.CARD
    return None


def _phones(digits: str, groups: list[tuple[int, int]]) -> bool:
    """Whether a phone number and something else merely stand side by side."""
    sizes = [end - start for start, end in groups]
    return len(sizes) > 1 and bool(
        (sizes[0] == 11 or (sizes[:3] == [3, 4, 4] and len(digits) > 16 and sizes[3:] != [4, 3]))
        and patterns("secrets")["phone"].search(digits[:11])
    )


def luhn(digits: str) -> bool:
    """ISO/IEC 7812 check digit."""
    odd, even = digits[-1::-2], digits[-2::-2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(d), 10)) for d in even)) % 10 == 0


# -- short secrets: only their surroundings tell


def _cvv(m: re.Match[str]) -> str | None:
    return None if m["after"] else Secret.CVV


def _code(m: re.Match[str]) -> str | None:
    if m["after"] or _label_before(m.string, m.start("value"), -1) == "keep":
        return None
    return Secret.SMS_CODE


def _password(m: re.Match[str]) -> str | None:
    known = patterns("secrets")
    value = m["value"].rstrip(".:?!")
    if len(value) < 4 or m["after"] or known["password_empty"].search(value):
        return None
    strong = bool(known["strong"].search(m["join"]))
    if value.isdigit():
        told = strong or (6 <= len(value) <= 12 and not known["not_password"].search(value))
    elif any(char.isdigit() for char in value):
        told = strong or len(value) >= 5
    else:
        told = strong and len(value) >= 6 and not known["password_words"].search(value)
    return Secret.PASSWORD if told else None


_RULES: tuple[tuple[str, _Judge | None], ...] = (
    *((f"pem_{name}", _block) for name in ("whole", "cut", "tail", "bare")),
    *((f"key_{name}", _key) for name in ("bearer", "named", "called", "after")),
    ("shape", lambda _: Secret.API_KEY),
    ("numbers", None),
    *((name, _cvv) for name in ("cvv", "cvv_after", "beside")),
    *((name, _code) for name in ("code", "code_after", "code_plain", "code_text", "code_told", "code_gave")),
    ("paper", lambda _: Secret.IDENTITY),
    *((f"password{part}", _password) for part in ("", "_second", "_pair", "_after", "_next")),
)
"""In this order: what one rule has found is out of sight for the next."""
