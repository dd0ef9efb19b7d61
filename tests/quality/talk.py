"""Labelled dialogues: `dialogues/*.yml`, one document a file, each a list of talks; and what a turn of one is held to.

    - name: what is shown, a short sentence in English
      short: why the bot is known to fall short of it, where it does; such a dialogue must fail without Rasa
      short_with_rasa: why it does with Rasa alone
      at: morning | night      # 10:00 or 23:30 in Shanghai on Sunday 2026-11-22; people are there 08:00-22:00
      turns:
        - say: what the merchant types; `{ticket}`, `{ticket_loose}`, `{ticket_wide}`: the number of the last ticket
          press: a part of the label of a choice that was offered last, instead of `say`
          wait: minutes that pass before this turn, instead of the usual twenty seconds
          expect: none or more of the fields of `Expected`

What a turn does not name is not certain from the specification and is not looked at, but for what holds in every turn
(`_always`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import yaml

from tests.doubles import Clock
from tests.journeys.shop import MORNING, NIGHT, Heard, Merchant, Shop

FOLDER = Path(__file__).parent / "dialogues"
STARTS = {"morning": MORNING, "night": NIGHT}
NUMBER = re.compile(r"TK\d{8}-\d{4}")
NONE_OF_THESE = "都不是"
_BETWEEN_TURNS_SECONDS = 20
_MOST_CHOICES = 3
_FOREIGN_NUMBERS = ("400-800-9000", "4008009000", "400-810-8888", "010-88888888", "95188")
"""Telephone numbers of third parties' pages about others: never said by the bot."""


@dataclass(frozen=True)
class Expected:
    """What one turn must have brought; an empty field asks for nothing."""

    kind: Sequence[str] = ()
    not_kind: Sequence[str] = ()
    entry: Sequence[str] = ()
    """Of an answer or a form; of a clarification: one of these is among the choices; otherwise not looked at."""
    not_entry: Sequence[str] = ()
    queue: Sequence[str] = ()
    """Of the hand-off, or of the newest ticket where this turn was none."""
    holder: Sequence[str] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    no_facts: Sequence[str] = ()
    contains: Sequence[str] = ()
    not_contains: Sequence[str] = ()
    matches: Sequence[str] = ()
    """Regular expressions, found somewhere in what is said or offered."""
    tickets: int | None = None
    """How many the merchant sees now."""
    hides: Sequence[str] = ()
    """Stands nowhere in the conversation as it is stored."""
    keeps: Sequence[str] = ()
    """Stands in the merchant's own message as it is stored."""
    silent: bool = False
    moves: bool = False
    """The question that was open is answered: the same choices are not offered again."""


@dataclass(frozen=True)
class Said:
    """One message of the merchant and what must come back."""

    say: str
    press: str
    wait_minutes: float | None
    expected: Expected


@dataclass(frozen=True)
class Talk:
    """One labelled dialogue."""

    name: str
    theme: str
    start: datetime
    turns: tuple[Said, ...]
    short: str = ""
    """Why the bot is known to fall short of it; empty where it does not."""
    short_with_rasa: str = ""
    """The same, where only both minds together do."""


def read_talks(folder: Path = FOLDER) -> list[Talk]:
    """All dialogues, by file. Raises `ValueError` where a field or a start is not known."""
    return [
        _talk(raw, path.stem)
        for path in sorted(folder.glob("*.yml"))
        for raw in yaml.safe_load(path.read_text(encoding="utf8"))
    ]


def _talk(raw: Mapping[str, Any], theme: str) -> Talk:
    turns = tuple(_turn(one) for one in raw["turns"])
    if unknown := set(raw) - {"name", "at", "turns", "short", "short_with_rasa"}:
        raise ValueError(f"{raw['name']}: {sorted(unknown)}")
    return Talk(raw["name"], theme, STARTS[raw["at"]], turns, raw.get("short", ""), raw.get("short_with_rasa", ""))


def _turn(raw: Mapping[str, Any]) -> Said:
    expect = raw.get("expect", {})
    known = {one.name for one in fields(Expected)}
    if unknown := (set(raw) - {"say", "press", "wait", "expect"}) | (set(expect) - known):
        raise ValueError(f"{sorted(unknown)} in {raw}")
    if ("say" in raw) == ("press" in raw):
        raise ValueError(f"either say or press: {raw}")
    listed: dict[str, Any] = {key: [value] if isinstance(value, str) else value for key, value in expect.items()}
    return Said(raw.get("say", ""), raw.get("press", ""), raw.get("wait"), Expected(**listed))


def hold(talk: Talk, shop: Shop, merchant: Merchant, clock: Clock) -> tuple[list[str], list[str]]:
    """Hold a dialogue; what went wrong, one line each, and the whole talk for a person to read."""
    clock.set(talk.start)
    wrong: list[str] = []
    transcript: list[str] = []
    before: Heard | None = None
    number = ""
    for place, turn in enumerate(talk.turns, 1):
        clock.advance(_BETWEEN_TURNS_SECONDS if turn.wait_minutes is None else turn.wait_minutes * 60)
        heard = _heard(turn, before, merchant, number)
        if heard is None:
            wrong.append(f"turn {place}: no choice to press says {turn.press!r}")
            transcript.append(f"{place} > [{turn.press}] (not offered)")
            continue
        found = NUMBER.findall(heard.text)
        number = found[-1] if found else number
        wrong += [f"turn {place}: {one}" for one in _wrong(turn.expected, heard, shop, merchant)]
        if turn.expected.moves and before is not None and heard.labels == before.labels:
            wrong.append(f"turn {place}: the same question is asked again")
        transcript += _lines(place, turn, heard)
        before = heard
    return wrong, transcript


def _heard(turn: Said, before: Heard | None, merchant: Merchant, number: str) -> Heard | None:
    """What comes back; None where the choice to press was not offered."""
    if not turn.press:
        return merchant.say(_filled(turn.say, number))
    label = next((one for one in (before.labels if before else []) if turn.press in one), None)
    return None if before is None or label is None else merchant.press(label, before)


def _filled(text: str, number: str) -> str:
    wide = "".join(chr(ord(c) + 0xFEE0) for c in number)
    loose = number.lower().replace("-", " ")
    return text.replace("{ticket_loose}", loose).replace("{ticket_wide}", wide).replace("{ticket}", number)


def _lines(place: int, turn: Said, heard: Heard) -> Iterator[str]:
    yield f"{place} > {turn.say or f'[{turn.press}]'}"
    decision = heard.decision
    yield f"  {heard.kind} {heard.entry} rule={heard.rule} queue={decision.get('queue')} holder={heard.holder}"
    if decision.get("facts"):
        yield f"  facts={decision['facts']}"
    text = heard.text.replace("\n", " / ")
    yield f"  < {text[:300]}{'…' if len(text) > 300 else ''} {heard.labels or ''}"


def _wrong(expected: Expected, heard: Heard, shop: Shop, merchant: Merchant) -> Iterator[str]:
    yield from _always(heard)
    yield from _decided(expected, heard, shop)
    yield from _known(expected, heard)
    said = "\n".join([heard.text, *heard.labels])
    yield from (f"{one!r} is not said" for one in expected.contains if one not in said)
    yield from (f"{one!r} is said" for one in expected.not_contains if one in said)
    yield from (f"nothing said fits {one!r}" for one in expected.matches if not re.search(one, said))
    if expected.silent and heard.replies:
        yield "the bot was not silent"
    if expected.holder and heard.holder not in expected.holder:
        yield f"holder is {heard.holder}, not {_either(expected.holder)}"
    yield from _stored(expected, heard, merchant)
    yield from _ticketed(expected, heard, shop, merchant)


def _always(heard: Heard) -> Iterator[str]:
    """What the specification says of every turn, whatever it is about."""
    if not heard.replies and heard.holder == "bot":
        yield "nothing was said, and the bot holds the conversation"
    if heard.kind == "handoff" and not NUMBER.search(heard.text):
        yield "a hand-off shows no ticket number"
    yield from (f"the number {one} of somebody else is said" for one in _FOREIGN_NUMBERS if one in heard.text)
    if heard.kind == "clarify":
        real = [label for label in heard.labels if label != NONE_OF_THESE]
        if len(real) > _MOST_CHOICES:
            yield f"{len(real)} choices"
    if heard.kind == "answer" and not heard.entry:
        yield "an answer without an entry"


def _decided(expected: Expected, heard: Heard, shop: Shop) -> Iterator[str]:
    kind, entry = heard.kind, heard.entry
    if expected.kind and kind not in expected.kind:
        yield f"kind is {kind} ({heard.entry}), not {_either(expected.kind)}"
    if kind in expected.not_kind:
        yield f"kind is {kind} ({heard.entry})"
    if kind in ("answer", "form") and entry in expected.not_entry:
        yield f"entry is {entry}"
    if not expected.entry:
        return
    if kind in ("answer", "form") and entry not in expected.entry:
        yield f"entry of {kind} is {entry}, not {_either(expected.entry)}"
    if kind == "clarify":
        titles = {shop.parts.library.entry(one).title for one in expected.entry}
        if not titles & set(heard.labels):
            yield f"{_either(expected.entry)} is not among the choices {heard.labels}"


def _known(expected: Expected, heard: Heard) -> Iterator[str]:
    facts = heard.decision.get("facts", {})
    for name, value in expected.facts.items():
        if not _same(name, facts.get(name), value):
            yield f"fact {name} is {facts.get(name)!r}, not {value!r}"
    yield from (f"fact {name} is {facts[name]!r}, though nobody said it" for name in expected.no_facts if name in facts)


def _same(name: str, known: str | None, value: str) -> bool:
    if known is None:
        return False
    try:
        if name == "amount":
            return Decimal(known) == Decimal(value)
        if name == "time":
            return datetime.fromisoformat(known) == datetime.fromisoformat(value)
    except (InvalidOperation, ValueError, TypeError):
        return False
    return known == value


def _stored(expected: Expected, heard: Heard, merchant: Merchant) -> Iterator[str]:
    yield from (f"{one!r} is gone from the merchant's message" for one in expected.keeps if one not in heard.said)
    if expected.hides:
        kept = "\n".join(str(message) for message in merchant.read()["messages"])
        yield from (f"{one!r} is stored" for one in expected.hides if one in kept)


def _ticketed(expected: Expected, heard: Heard, shop: Shop, merchant: Merchant) -> Iterator[str]:
    if expected.tickets is None and not expected.queue:
        return
    tickets = merchant.tickets()
    if expected.tickets is not None and len(tickets) != expected.tickets:
        yield f"{len(tickets)} tickets, not {expected.tickets}"
    if not expected.queue or (heard.kind in ("answer", "form", "clarify", "say") and not tickets):
        return
    queue = shop.ticket(tickets[0]["number"]).queue if tickets else None
    if queue not in expected.queue:
        yield f"the ticket is for {queue}, not {_either(expected.queue)}"


def _either(several: Sequence[str]) -> str:
    return " or ".join(several)
