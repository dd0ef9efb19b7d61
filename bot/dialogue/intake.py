"""The taking in of a ticket: asks for what is missing, one fact a turn, and has it confirmed. Pure functions.

Only a description is needed. Every other fact is asked for once at most; one message may bring several, and the latest
word on a fact counts. What is asked, and how, stands in `intake.yml`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.conversation.choices import pick
from bot.conversation.model import Choice, Fact, Heard, IntakePlace, SmallTalk, Step

FILE = Path(__file__).parent / "intake.yml"
DETAIL, CONFIRM = "detail", "confirm"
_CONTACTS = ("contact", "contact_phone", "contact_email")
_LEAST_DETAIL_CHARS = 4
_DENIAL_CHARS = 8
_MOST_DETAIL_CHARS = 1500
_MOST_FACT_CHARS = 200
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]{3,63}")
_CONTACT = re.compile(r"[A-Za-z0-9_\-]{5}")
_AMOUNT = re.compile(r"\d+(?:\.\d{1,2})?")
Known = Mapping[str, Fact]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A fact that may be asked for; `choices` are (value, label) pairs."""

    label: str
    kind: str
    ask: str
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Intake:
    """What is asked for, in which words. `looks_right` says whether a merchant number has the usual form."""

    wanted: Mapping[str, Wanted]
    needs: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Any]
    looks_right: Callable[[str], bool] = lambda _: True

    @property
    def name(self) -> str:
        """What the intake is called where guides have their ids."""
        return str(self.words["ticket"])

    def asked_for(self, matter: str | None) -> tuple[str, ...]:
        """The facts of a matter in the order of asking, at most `most` of them and the contact."""
        theirs = (*self.words["first_facts"], *self.needs.get(matter or "", ()))
        return (*theirs[: self.words["most"]], *self.words["last_facts"])


@cache
def read_intake() -> Intake:
    """The intake of `intake.yml`; a `ValueError` names what does not fit."""
    kept = yaml.safe_load(FILE.read_text(encoding="utf8"))
    wanted = {
        name: Wanted(one["label"], one["kind"], one.get("ask", ""), tuple((one.get("choices") or {}).items()))
        for name, one in kept["facts"].items()
    }
    needs = {intent: tuple(names) for intent, names in kept["needs"].items()}
    asked = {name for names in (*needs.values(), kept["first_facts"], kept["last_facts"]) for name in names}
    mute = sorted(name for name in asked if name not in wanted or not wanted[name].ask)
    if mute:
        raise ValueError(f"{FILE.name}: there is no question for {mute}")
    return Intake(wanted, needs, kept)


def begin(intake: Intake, heard: Heard, facts: Sequence[Fact], about: str = "", matter: str | None = None) -> Step:
    """The first question. `about` is what the conversation was about before, `matter` its intent."""
    own = heard.signals.tells_matter or not about
    told = heard.text if heard.signals.tells_matter else about
    place = IntakePlace(DETAIL, told[:_MOST_DETAIL_CHARS], heard.matter if own else matter, own=own)
    step = _next(intake, place, known(facts, heard.facts)) if told else _at(intake, place, {})
    return replace(step, text=f"{intake.words['first']}\n{step.text}")


def again(intake: Intake, place: IntakePlace, facts: Sequence[Fact]) -> Step:
    """The open question once more, as when a paused intake goes on."""
    return _at(intake, replace(place, paused=False), known(facts))


def answers(place: IntakePlace, heard: Heard) -> bool:
    """Whether a message plainly goes on with an intake that was paused: it brings the fact asked for, or ends it."""
    names = _CONTACTS if place.step == "contact" else (place.step,)
    return heard.signals.says_enough or any(fact.name in names for fact in heard.facts)


def known(*facts: Sequence[Fact]) -> dict[str, Fact]:
    """Facts by name, the latest word counting."""
    return {fact.name: fact for several in facts for fact in several}


def advance(
    intake: Intake, place: IntakePlace, heard: Heard, pressed: str | None, facts: Sequence[Fact]
) -> Step | None:
    """The next step for an answer; None where it says nothing that could be kept.

    “返回” goes back (and leaves at the first question), “重来” starts over, “没有” and “不知道” leave a fact out.
    """
    signals = heard.signals
    if signals.back:
        return _back(intake, place, known(facts))
    if signals.restart:
        return _at(intake, IntakePlace(DETAIL, own=True), known(facts))
    if signals.gives_up or (place.step == CONFIRM and pressed == "3"):
        return _ended(intake, place, "left")
    take = {DETAIL: _detailed, CONFIRM: _confirmed}.get(place.step, _answered)
    return take(_Answer(intake, place, heard, pressed, known(facts)))


@dataclass(frozen=True)
class _Answer:
    """A message while a question is open. `held` are the facts known before it."""

    intake: Intake
    place: IntakePlace
    heard: Heard
    pressed: str | None
    held: dict[str, Fact]

    @property
    def brought(self) -> dict[str, Fact]:
        """The facts of the message that a ticket keeps."""
        found = {fact.name: fact for fact in self.heard.facts if fact.name in self.intake.wanted}
        if self.heard.codes:
            found.setdefault("error_code", Fact("error_code", self.heard.codes[0], self.heard.codes[0]))
        return found

    def on(self, place: IntakePlace, facts: Mapping[str, Fact], *, swallowed: bool = False) -> Step:
        step = _next(self.intake, place, {**self.held, **facts})
        return replace(step, facts=tuple(facts.values()), took_anything=swallowed)


def _detailed(answer: _Answer) -> Step | None:
    place, heard = answer.place, answer.heard
    text = heard.text.strip()
    says_nothing = heard.signals.unknown_answer or heard.signals.small_talk is not None
    if (says_nothing or len(text) < _LEAST_DETAIL_CHARS) and not place.doubted and not answer.brought:
        return _at(answer.intake, replace(place, doubted=True), answer.held)
    told = replace(_described(place, text), matter=heard.matter or place.matter, doubted=False)
    told = replace(told, asked=(*place.asked, DETAIL))
    return answer.on(told, answer.brought)


def _answered(answer: _Answer) -> Step | None:
    place, signals, brought = answer.place, answer.heard.signals, answer.brought
    name = place.step
    asked = replace(place, asked=(*(one for one in place.asked if one != name), name), doubted=False)
    if signals.says_enough:
        return _confirming(answer, asked, brought)
    given = _given(answer)
    if given is not None:
        return answer.on(asked, {**brought, given.name: given}, swallowed=given.value == answer.heard.text.strip())
    confirmed = name in answer.held and signals.agrees
    denied = signals.unknown_answer or signals.says_unknown or _denied(answer)
    if confirmed or denied or answer.pressed == "none":
        return answer.on(asked, brought)
    if brought or signals.corrects:
        if place.doubted:
            return answer.on(asked, brought)
        return replace(
            _at(answer.intake, replace(place, doubted=True), {**answer.held, **brought}), facts=tuple(brought.values())
        )
    if signals.small_talk is not None or len(answer.heard.text.strip()) < _LEAST_DETAIL_CHARS:
        return None
    return answer.on(_described(asked, answer.heard.text), {}, swallowed=True)


def _confirmed(answer: _Answer) -> Step | None:
    place, heard, brought = answer.place, answer.heard, answer.brought
    choices = tuple(Choice(str(n), label) for n, label in enumerate(answer.intake.words["confirm"]["choices"], 1))
    picked = pick(choices, heard.text, answer.pressed)
    if picked is not None and picked.id == "3":
        return _ended(answer.intake, place, "left")
    if picked is not None and picked.id == "2":
        return _at(answer.intake, replace(place, doubted=True), answer.held)
    if brought:
        return answer.on(replace(place, doubted=False), brought)
    if picked is not None or heard.signals.agrees or heard.signals.says_enough:
        return _ended(answer.intake, place, "ticket")
    if heard.signals.corrects:
        return _at(answer.intake, replace(place, doubted=True), answer.held)
    if heard.signals.small_talk is not None or len(heard.text.strip()) < _LEAST_DETAIL_CHARS:
        return None
    return answer.on(_described(replace(place, doubted=False), heard.text), {}, swallowed=True)


def _denied(answer: _Answer) -> bool:
    """“流水号没有”: there is none of what was asked for."""
    said = answer.heard.text.strip()
    return len(said) <= _DENIAL_CHARS and said.endswith(tuple(answer.intake.words["denials"]))


def _confirming(answer: _Answer, place: IntakePlace, facts: Mapping[str, Fact]) -> Step:
    """Enough has been said: everything is shown, whatever is missing."""
    step = _at(answer.intake, replace(place, step=CONFIRM), {**answer.held, **facts})
    return replace(step, facts=tuple(facts.values()))


def _given(answer: _Answer) -> Fact | None:
    """The fact that was asked for, as far as the message gives it."""
    name, text = answer.place.step, answer.heard.text.strip()
    wanted = answer.intake.wanted[name]
    names = _CONTACTS if name == "contact" else (name,)
    found = next((answer.brought[one] for one in names if one in answer.brought), None)
    if found is not None or answer.heard.signals.unknown_answer:
        return found
    times = [fact for fact in answer.heard.facts if fact.name == "time"]
    if wanted.kind == "time" and times:
        return replace(times[0], name=name)
    options = tuple(Choice(str(n), label) for n, (_, label) in enumerate(wanted.choices, 1))
    picked = pick(options, text, answer.pressed) if options else None
    if picked is not None:
        return Fact(name, picked.label, wanted.choices[options.index(picked)][0])
    if _says_no_fact(answer, wanted.kind):
        return None
    rest = _unread(answer, wanted.kind)
    return _as_said(answer.intake, name, text, rest) if not options and len(text) <= _MOST_FACT_CHARS else None


def _says_no_fact(answer: _Answer, kind: str) -> bool:
    """Small talk and corrections are no fact; a few digits alone (“298”), elsewhere noise, may be one."""
    signals, talk = answer.heard.signals, answer.heard.signals.small_talk
    if signals.agrees or signals.says_unknown:
        return True
    if kind == "text":
        return talk is not None or signals.corrects or signals.asks
    return talk not in (None, SmallTalk.NOISE)


def _unread(answer: _Answer, kind: str) -> str:
    """The message without the words of other facts, which are no second one; a number may be of the kind asked for."""
    rest = answer.heard.text
    for fact in answer.heard.facts:
        if kind != "id" or fact.name != "serial_no" or answer.heard.signals.corrects:
            rest = rest.replace(fact.said, " ")
    return rest


def _as_said(intake: Intake, name: str, text: str, rest: str) -> Fact | None:
    """What can be taken for the fact asked for though nothing recognised it; `rest` is what nothing was read in."""
    kind = intake.wanted[name].kind
    if kind == "id":
        found = [one for one in _NUMBER.findall(rest) if any(char.isdigit() for char in one)]
        return Fact(name, found[0], found[0]) if found else None
    if kind == "amount":
        number = _AMOUNT.search(rest)
        return Fact(name, number[0], number[0]) if number else None
    if kind == "time" and not set(rest) & set(intake.words["moment"]):
        return None
    if kind == "contact" and not _CONTACT.search(rest):
        return None
    return Fact(name, text, text)


def _described(place: IntakePlace, text: str) -> IntakePlace:
    told = "\n".join(filter(None, (place.detail, text.strip())))
    return replace(place, detail=told[:_MOST_DETAIL_CHARS])


def _next(intake: Intake, place: IntakePlace, held: Known) -> Step:
    """The merchant number once more if it looks wrong, what is still missing, or all of it to be confirmed."""
    number = held.get("merchant_no")
    if number is not None and not place.questioned and not intake.looks_right(number.value):
        return _at(intake, replace(place, step="merchant_no", questioned=True), held)
    missing = (name for name in intake.asked_for(place.matter) if name not in place.asked and not _has(held, name))
    return _at(intake, replace(place, step=next(missing, CONFIRM)), held)


def _has(held: Known, name: str) -> bool:
    return any(one in held for one in (_CONTACTS if name == "contact" else (name,)))


def _back(intake: Intake, place: IntakePlace, held: Known) -> Step:
    if not place.asked:
        return _ended(intake, place, "left")
    return _at(intake, replace(place, step=place.asked[-1], asked=place.asked[:-1], doubted=False), held)


def _ended(intake: Intake, place: IntakePlace, how: str) -> Step:
    return Step(intake.name, place.step, "", ends=how, intake=place)


def _at(intake: Intake, place: IntakePlace, held: Known) -> Step:
    return Step(intake.name, place.step, _text(intake, place, held), _choices(intake, place), intake=place)


def _choices(intake: Intake, place: IntakePlace) -> tuple[Choice, ...]:
    if place.step == DETAIL:
        return ()
    if place.step == CONFIRM:
        return tuple(Choice(str(n), label) for n, label in enumerate(intake.words["confirm"]["choices"], 1))
    options = (Choice(str(n), label) for n, (_, label) in enumerate(intake.wanted[place.step].choices, 1))
    return (*options, Choice("none", intake.words["unknown"]))


def _text(intake: Intake, place: IntakePlace, held: Known) -> str:
    words = intake.words
    if place.step == DETAIL:
        return str(words["detail"]["again" if place.doubted else "ask"])
    if place.step == CONFIRM:
        return str(words["wrong"]) if place.doubted else "\n".join(_summary(intake, place, held))
    fact, ask = held.get(place.step), intake.wanted[place.step].ask
    if fact is None:
        return ask
    doubted = place.step == "merchant_no" and not intake.looks_right(fact.value)
    return str(words["doubt"].format(said=fact.said)) if doubted else f"{words['held'].format(said=fact.said)}{ask}"


def _summary(intake: Intake, place: IntakePlace, held: Known) -> Iterator[str]:
    words = intake.words["confirm"]
    yield words["ask"]
    yield words["line"].format(label=intake.words["detail"]["label"], said=place.detail)
    for name, wanted in intake.wanted.items():
        fact = held.get(name)
        if fact is not None:
            yield words["line"].format(label=wanted.label, said=_meant(words["meant"], wanted, fact))
    yield words["after"]


def _meant(words: str, wanted: Wanted, fact: Fact) -> str:
    """A fact in the merchant's words; times and amounts also as they were understood."""
    if wanted.kind not in ("time", "amount") or fact.said == fact.value:
        return fact.said
    try:
        value = f"{datetime.fromisoformat(fact.value):%Y-%m-%d %H:%M}" if wanted.kind == "time" else fact.value
    except ValueError:
        value = fact.value
    return words.format(said=fact.said, value=value)
