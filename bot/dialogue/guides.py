"""Step-by-step guides: read from YAML, walked one question a turn, as pure functions of a place and an answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from bot.conversation.choices import pick
from bot.conversation.facts import ONE_OF, alternatives, only_facts
from bot.conversation.model import Choice, GuidePlace, Heard, Step
from embeddings.normalise import fold

FOLDER = Path(__file__).parent / "guides"
_UNKNOWNS_BEFORE_BRANCH = 2
_ANSWER_CHARS = 20
"""Longer messages are read as questions or descriptions, not as the answer to a choice."""
_SPACE = re.compile(r"\s+")


Means = Callable[["Guide", str, str], "Branch | None"]
"""The branch of a guide's step that a text means, if it means one; see `answers`."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A choice of a step: where it leads, short words that mean it, and whole answers people give for it."""

    label: str
    next: str
    words: tuple[str, ...]
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """One question. `unknown` is the likeliest branch; `free` takes any other text, kept as the fact."""

    text: str
    branches: tuple[Branch, ...]
    unknown: str
    fact: str | None = None
    free: str | None = None


@dataclass(frozen=True, slots=True)
class End:
    """How a guide ends: solved, with an entry, or with a ticket."""

    kind: str
    text: str
    entry: str | None = None
    queue: str | None = None


@dataclass(frozen=True, slots=True)
class Guide:
    id: str
    title: str
    queue: str
    start: str
    steps: Mapping[str, Ask]
    ends: Mapping[str, End]


def read_guides(folder: Path = FOLDER) -> dict[str, Guide]:
    """Guides by the id of the entry they belong to; a `ValueError` names the file and what does not fit."""
    guides = {}
    for path in sorted(folder.glob("*.yml")):
        try:
            guide = _guide(yaml.safe_load(path.read_text(encoding="utf8")))
        except (KeyError, TypeError, yaml.YAMLError) as error:
            raise ValueError(f"{path.name}: {error!r}") from error
        if guide.start not in guide.steps:
            raise ValueError(f"{path.name}: it starts with {guide.start}, which does not exist")
        places = {*guide.steps, *guide.ends}
        for name, ask in guide.steps.items():
            leads = {*(branch.next for branch in ask.branches), ask.unknown, *([ask.free] if ask.free else [])}
            if leads - places:
                raise ValueError(f"{path.name}: step {name} leads to {sorted(leads - places)}, which does not exist")
        guides[guide.id] = guide
    return guides


def begin(guide: Guide, heard: Heard | None = None) -> Step:
    """The first question, or the next where the message that began it has answered it already."""
    place = GuidePlace(guide.id, guide.start)
    said = _by_fact(guide.steps[guide.start], heard) if heard else None
    if said is not None and said.next in guide.steps:
        return _on(guide, place, said.label, said.next)
    return _at(guide, guide.start, place)


def again(guide: Guide, place: GuidePlace) -> Step:
    """The question of `place` once more, as when a paused guide goes on."""
    return _at(guide, place.step, replace(place, paused=False, unknowns=0))


def advance(
    guide: Guide, place: GuidePlace, heard: Heard, choice: str | None, means: Means | None = None
) -> Step | None:
    """The next step for an answer; None where the answer fits no branch.

    “返回” goes back (and leaves the guide at its first step), “重来” starts over, “不知道” twice at one step takes the
    likeliest branch, “解决了” ends it. `means` reads whole sentences.
    """
    ask, signals = guide.steps[place.step], heard.signals
    if signals.back:
        return _back(guide, place)
    if signals.restart:
        return begin(guide)
    if signals.gives_up and choice is None:
        return _ended(guide, place, "left")
    branch = _picked(ask, heard, choice)
    if branch is None and signals.says_unknown:
        return _unknown(guide, place, None, heard.text)
    if branch is None and (signals.solved or signals.says_solved):
        return _ended(guide, place, "solved")
    branch = branch or _by_fact(ask, heard)
    if branch is None and not signals.asks:
        branch = _worded(ask, heard)
    if branch is None and means is not None and not signals.asks and not only_facts(heard):
        branch = means(guide, place.step, heard.text)
    if branch is not None and not _says_unknown(branch, heard):
        return _on(guide, place, branch.label, branch.next)
    if signals.unknown_answer or branch is not None:
        return _unknown(guide, place, branch, heard.text)
    if ask.free and not signals.asks:
        return replace(_on(guide, place, heard.text, ask.free), took_anything=True)
    return None


def _says_unknown(branch: Branch, heard: Heard) -> bool:
    return heard.signals.unknown_answer and branch.label == heard.text.strip()


def _unknown(guide: Guide, place: GuidePlace, branch: Branch | None, said: str) -> Step:
    ask = guide.steps[place.step]
    target = branch.next if branch else ask.unknown
    if branch or place.unknowns + 1 >= _UNKNOWNS_BEFORE_BRANCH:
        return _on(guide, place, said, target)
    return _at(guide, place.step, replace(place, unknowns=place.unknowns + 1))


def _picked(ask: Ask, heard: Heard, choice: str | None) -> Branch | None:
    options = tuple(Choice(str(n), b.label) for n, b in enumerate(ask.branches, 1))
    picked = pick(options, heard.text, choice)
    return ask.branches[options.index(picked)] if picked is not None else None


def _by_fact(ask: Ask, heard: Heard) -> Branch | None:
    """The branch that names the fact a message holds, where the question asks for that fact."""
    table = ONE_OF.get(ask.fact or "")
    said = {fact.value for fact in heard.facts if fact.name == ask.fact}
    if table is None or len(said) != 1:
        return None
    found = [branch for branch in ask.branches if said & {name for name, *_ in alternatives(table, branch.label)}]
    return found[0] if len(found) == 1 else None


def _worded(ask: Ask, heard: Heard) -> Branch | None:
    """The branch that a short answer names by one of its words."""
    said = _SPACE.sub("", fold(heard.text))
    if len(said) > _ANSWER_CHARS:
        return None
    fitting = [
        (max(len(word) for word in branch.words if fold(word) in said), branch)
        for branch in ask.branches
        if any(fold(word) in said for word in branch.words)
    ]
    if not fitting:
        return None
    longest = max(size for size, _ in fitting)
    best = [branch for size, branch in fitting if size == longest]
    return best[0] if len(best) == 1 else None


def _on(guide: Guide, place: GuidePlace, answer: str, target: str) -> Step:
    trail = (*place.trail, (place.step, answer))
    return _at(guide, target, GuidePlace(guide.id, target, trail))


def _back(guide: Guide, place: GuidePlace) -> Step:
    if not place.trail:
        return _ended(guide, place, "left")
    before, _ = place.trail[-1]
    return _at(guide, before, GuidePlace(guide.id, before, place.trail[:-1]))


def _ended(guide: Guide, place: GuidePlace, how: str) -> Step:
    return Step(guide.id, place.step, "", (), place, ends=how)


def _at(guide: Guide, name: str, place: GuidePlace) -> Step:
    end = guide.ends.get(name)
    if end is not None:
        return Step(guide.id, name, end.text, (), place, ends=end.kind, entry=end.entry, queue=end.queue or guide.queue)
    ask = guide.steps[name]
    choices = tuple(Choice(str(n), branch.label) for n, branch in enumerate(ask.branches, 1))
    return Step(guide.id, name, ask.text, choices, place)


def facts_of(guide: Guide, place: GuidePlace) -> dict[str, str]:
    """What the answers so far establish: name of the fact (or the question) -> the answer as given."""
    found = {}
    for step, answer in place.trail:
        ask = guide.steps.get(step)
        if ask is not None:
            found[ask.fact or ask.text] = answer
    return found


def _guide(raw: Mapping[str, Any]) -> Guide:
    steps = {
        name: Ask(
            text=step["ask"],
            branches=tuple(
                Branch(
                    str(c["label"]),
                    c["next"],
                    tuple(str(word) for word in c.get("words") or ()),
                    tuple(str(answer) for answer in c.get("says") or ()),
                )
                for c in step["choices"]
            ),
            unknown=step["unknown"],
            fact=step.get("fact"),
            free=step.get("free"),
        )
        for name, step in raw["steps"].items()
    }
    ends = {name: End(e["end"], e["say"], e.get("entry"), e.get("queue")) for name, e in raw["ends"].items()}
    return Guide(raw["guide"], raw["title"], raw["queue"], raw["start"], steps, ends)
