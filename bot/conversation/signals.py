"""What fixed rules see in one message: money being lost, a person wanted, a complaint, a reaction, small talk.

These stand above any classifier. They are patterns over the folded text (half width, simplified, lower case); the
patterns themselves are data in lexicon/signals.yml.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.conversation.model import Complaint, Signals, SmallTalk
from embeddings.normalise import fold

_LEXICON = Path(__file__).parent / "lexicon" / "signals.yml"
_SPACE = re.compile(r"\s+")
_TICKET = re.compile(r"tk[\s\-_—–]*(\d{8})[\s\-_—–]*(\d{1,6})", re.IGNORECASE)
_REACTION_CHARS = 14
_TALK_CHARS = 24
_MATTER_CHARS = 4
_CLAUSES = re.compile(r"[，,。.!！？?；;、\s~～…]+")
_QUESTION = re.compile(r"[?？]\s*$")
_LETTERS = re.compile(r"[a-z]+")
_VOWELS = re.compile(r"[aeiou]")


@dataclass(frozen=True, slots=True)
class _Patterns:
    """Compiled groups by name; `english` groups match text with its spaces, the rest text without."""

    funds_lost: re.Pattern[str]
    funds_lost_english: re.Pattern[str]
    exempt: re.Pattern[str]
    exempt_hard: re.Pattern[str]
    wants_human: re.Pattern[str]
    wants_human_english: re.Pattern[str]
    not_human: re.Pattern[str]
    wants_ticket: re.Pattern[str]
    not_ticket: re.Pattern[str]
    polite: re.Pattern[str]
    queues: Sequence[tuple[str, re.Pattern[str]]]
    complaints: Sequence[tuple[Complaint, re.Pattern[str]]]
    not_complaint: re.Pattern[str]
    talk: Sequence[tuple[SmallTalk, re.Pattern[str]]]
    meaningful_letters: re.Pattern[str]
    english_only: re.Pattern[str]
    english_words: re.Pattern[str]
    plain: dict[str, re.Pattern[str]]


_PLAIN = (
    "despair",
    "police",
    "suspicious_contact",
    "handed",
    "anger",
    "solved",
    "none_of_these",
    "unknown_answer",
    "back",
    "restart",
    "resume_bot",
    "resume_guide",
    "resume_look",
    "corrects",
    "agrees",
    "asks",
    "asks_number",
    "same_matter",
    "pays_again",
    "vague",
    "thanks_too",
    "follow_up",
    "asks_progress",
    "urges",
)


@cache
def _patterns() -> _Patterns:
    kept: dict[str, Any] = yaml.safe_load(_LEXICON.read_text(encoding="utf8"))
    pieces: dict[str, str] = kept["pieces"]

    def join(patterns: Iterable[str]) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{_put(pieces, pattern)})" for pattern in patterns))

    lost = kept["funds_lost"]
    losses = ("tricked", "stolen", "swapped_code", "intruded", "leaked", "given", "stop_it")
    complaint, talk = kept["complaint"], kept["small_talk"]
    return _Patterns(
        funds_lost=join(p for name in losses for p in lost[name]),
        funds_lost_english=join(lost["english"]),
        exempt=join(lost["exempt"]),
        exempt_hard=join(lost["exempt_hard"]),
        wants_human=join(kept["wants_human"]["ask"]),
        wants_human_english=join(kept["wants_human"]["english"]),
        not_human=join(kept["wants_human"]["not"]),
        wants_ticket=join(kept["wants_ticket"]["ask"]),
        not_ticket=join(kept["wants_ticket"]["not"]),
        polite=re.compile(kept["wants_ticket"]["polite"]),
        queues=[(name, re.compile(pattern)) for name, pattern in kept["human_queue"].items()],
        complaints=[(kind, join(complaint[kind.value])) for kind in Complaint],
        not_complaint=join(complaint["not"]),
        talk=[(kind, join(talk[kind.value])) for kind in SmallTalk],
        meaningful_letters=re.compile(talk["letters_that_mean_something"]),
        english_only=re.compile(kept["english_only"]),
        english_words=re.compile(kept["english_words"]),
        plain={name: join(kept[name]) for name in (*_PLAIN, *_BY_CLAUSE)}
        | {"unhelpful": join(kept["unhelpful"]["short"])},
    )


_BY_CLAUSE = ("says_unknown", "says_solved", "says_works", "did_something", "doubts", "says_enough", "gives_up")
"""Patterns for one clause of a message."""
_REACTIONS = ("unhelpful", "solved", "none_of_these", "unknown_answer", "agrees")
"""Patterns for a whole short message; a long one is no reaction, and would take them an age."""


def _put(pieces: dict[str, str], pattern: str) -> str:
    """Replace `{name}` by the piece of that name; counts such as `{0,8}` stay."""
    found = re.sub(r"\{([a-z]+)\}", lambda m: f"(?:{pieces[m.group(1)]})", pattern)
    return _put(pieces, found) if re.search(r"\{[a-z]+\}", found) else found


def ticket_number(text: str) -> str | None:
    """A ticket number in `text`, normalised (`TK20261122-0042`), whatever its case, spaces, dashes or width."""
    found = _TICKET.search(fold(text))
    return f"TK{found.group(1)}-{int(found.group(2)):04d}" if found else None


def recognise(text: str) -> Signals:
    """Recognise everything in one message; never raises."""
    spaced = fold(text)
    folded = _SPACE.sub("", spaced)
    held = _patterns()
    short = len(folded) <= _REACTION_CHARS
    plain = {
        name: (short or name not in _REACTIONS) and bool(pattern.search(folded))
        for name, pattern in held.plain.items()
        if name not in _BY_CLAUSE
    }
    clauses = [clause for clause in _CLAUSES.split(spaced) if clause]
    said = {name: any(held.plain[name].search(clause) for clause in clauses) for name in _BY_CLAUSE}
    works = said["says_works"] and said["did_something"]
    wants = _wants_human(held, spaced, folded)
    talk = _small_talk(held, folded)
    ticket = bool(held.wants_ticket.search(held.not_ticket.sub("，", folded)))
    return Signals(
        funds_lost=_funds_lost(held, spaced, folded) or (plain["suspicious_contact"] and plain["handed"]),
        despair=plain["despair"],
        suspicious_contact=plain["suspicious_contact"],
        police=plain["police"],
        wants_human=wants,
        human_queue=next((name for name, pattern in held.queues if pattern.search(folded)), None) if wants else None,
        complaint=_complaint(held, folded),
        anger=plain["anger"] and talk not in (SmallTalk.GREETING, SmallTalk.THANKS),  # “谢谢！！！”
        unhelpful=short and any(held.plain["unhelpful"].search(clause) for clause in (folded, *clauses)),
        solved=plain["solved"],
        none_of_these=plain["none_of_these"],
        unknown_answer=plain["unknown_answer"],
        back=plain["back"],
        restart=plain["restart"],
        resume_bot=plain["resume_bot"],
        resume_guide=plain["resume_guide"],
        resume_look=plain["resume_look"],
        wants_ticket=ticket,
        tells_matter=ticket and _tells_matter(held, folded),
        corrects=plain["corrects"],
        agrees=plain["agrees"],
        gives_up=short and said["gives_up"],
        asks_number=plain["asks_number"],
        same_matter=plain["same_matter"],
        pays_again=plain["pays_again"],
        vague=plain["vague"],
        thanks_too=plain["thanks_too"],
        asks=plain["asks"] or bool(_QUESTION.search(spaced)),
        says_unknown=said["says_unknown"],
        says_solved=(said["says_solved"] or works) and not said["doubts"],
        says_enough=said["says_enough"],
        follow_up=plain["follow_up"],
        small_talk=talk,
        asks_progress=plain["asks_progress"] or plain["asks_number"],
        urges=plain["urges"],
        ticket_number=ticket_number(text),
        english=bool(held.english_only.search(spaced) and held.english_words.search(spaced)),
    )


def _funds_lost(held: _Patterns, spaced: str, folded: str) -> bool:
    if held.exempt_hard.search(folded):
        return False
    if held.funds_lost_english.search(spaced):
        return True
    rest = held.exempt.sub("，", folded)
    return bool(held.funds_lost.search(rest))


def _wants_human(held: _Patterns, spaced: str, folded: str) -> bool:
    if held.wants_human_english.search(spaced):
        return True
    rest = held.not_human.sub("，", folded)
    return bool(held.wants_human.search(rest))


def _tells_matter(held: _Patterns, folded: str) -> bool:
    """Whether a message that asks for a ticket says more than that."""
    rest = held.polite.sub("", held.wants_ticket.sub("", folded))
    return len(rest) >= _MATTER_CHARS


def _complaint(held: _Patterns, folded: str) -> Complaint | None:
    rest = held.not_complaint.sub("，", folded)
    found = {kind for kind, pattern in held.complaints if pattern.search(rest)}
    order = (Complaint.REGULATOR, Complaint.SERVICE, Complaint.ESCALATE)
    return next((kind for kind in order if kind in found), None)


def _small_talk(held: _Patterns, folded: str) -> SmallTalk | None:
    """Small talk only if the message is nothing else."""
    if len(folded) > _TALK_CHARS:
        return None
    for kind, pattern in held.talk:
        if kind is SmallTalk.NOISE and _LETTERS.fullmatch(folded) and not _is_mash(held, folded):
            continue
        if pattern.search(folded):
            return kind
    return None


def _is_mash(held: _Patterns, letters: str) -> bool:
    """Letters nobody would mean: no known word or pinyin at the start, and few vowels or a keyboard row."""
    if held.meaningful_letters.match(letters):
        return False
    vowels = len(_VOWELS.findall(letters))
    rows = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    along = any(letters[i : i + 4] in row for row in rows for i in range(len(letters) - 3))
    return along or vowels * 4 < len(letters) or len(set(letters)) <= 2
