"""A short message read together with what was asked before: “那支付宝呢”, “多久”, “在哪里点”."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from bot.conversation.facts import alternatives
from bot.conversation.model import Heard, State
from bot.conversation.policy import EMERGENCY_ENTRIES
from knowledge.confidence import Confidence
from knowledge.library import Candidate, Library, Ranking

_LEXICON = Path(__file__).parent / "lexicon" / "context.yml"
_SHORT_CHARS = 12
_LOOKED_AT = 24
_LEAST_PART_CHARS = 4
_BEFORE = 0.5
_SAME_CATEGORY = 2.0
_UNSEEN = 0.001
_NONE = ""
"""The message counts in full, the question before half, and an entry of the category that is talked about is e² times
likelier. Chosen on 75 pairs of questions, where it ranked the right entry first for 68, the message alone for 46 and
both as one text for 43; tests/quality/follow_ups.yml holds other pairs."""
_EVEN = 0.5
"""A product of two probabilities is no calibrated one: likelier than all else together is enough there."""
_LEAD, _LEAD_TIMES = 0.4, 3.0
"""So likely, and so much likelier than the next, an entry of that category is meant whatever was asked before."""


def search(library: Library, state: State, heard: Heard, answer_at: float) -> tuple[Ranking, bool]:
    """Search a message alone; a short one that says little by itself also with what was asked before.

    The second is whether it was read alone: then its own intent tells something too.
    """
    bare = not any(choice.entry for choice in state.choices)
    question = library.language.read(heard.text)
    alone = library.search(question, _LOOKED_AT, bare_numbers=bare)
    focus, follows = state.focus, heard.signals.follow_up
    sure = alone.confidence.value >= answer_at
    if focus is None or len(question.normalised) > _SHORT_CHARS or alone.codes or (sure and not follows):
        return alone, True
    text, swapped = together(focus.chosen or focus.question, heard.text)
    joined = library.search(library.language.read(text), _LOOKED_AT, bare_numbers=bare)
    if swapped:
        return joined, False
    if _leads(alone, focus.category):
        return _at_least(alone, answer_at), False
    weighed = in_context(alone, joined, focus.category, focus.entry)
    if follows and weighed.confidence.value < answer_at <= joined.confidence.value:
        return joined, False
    likeliest = weighed.candidates[0].entry if weighed.candidates else None
    if weighed.confidence.value >= _EVEN or (follows and likeliest == focus.entry and not sure):  # “那现在怎么办”
        weighed = _at_least(weighed, answer_at)
    return weighed, False


def _at_least(ranking: Ranking, probability: float) -> Ranking:
    """The ranking with its first candidate at least so likely."""
    first, *others = ranking.candidates
    first = replace(first, probability=max(first.probability, probability))
    return replace(ranking, candidates=(first, *others), confidence=Confidence(first.probability))


def _leads(alone: Ranking, category: str) -> bool:
    """Whether a message says by itself which entry of the category that is talked about it means."""
    first, *others = alone.candidates or (None,)
    if first is None or first.category != category or first.probability * _cleared(alone) < _LEAD:
        return False
    return not others or first.probability >= _LEAD_TIMES * others[0].probability


def in_context(alone: Ranking, joined: Ranking, category: str, about: str) -> Ranking:
    """The candidates of a message and of message and question before as one ranking: a product of the two."""
    both = {candidate.entry: candidate for candidate in (*joined.candidates, *alone.candidates)}
    now, then = _resolved(alone), _resolved(joined)

    def weight(candidate: Candidate) -> float:
        mine, theirs = now.get(candidate.entry, 0.0), then.get(candidate.entry, 0.0)
        alarms = candidate.entry in EMERGENCY_ENTRIES and candidate.entry != about  # a risk makes no emergency of it
        near = math.exp(_SAME_CATEGORY) if candidate.category == category and not alarms else 1.0
        return float((mine + _UNSEEN) * (theirs + _UNSEEN) ** _BEFORE * near)

    weights = {entry: weight(candidate) for entry, candidate in both.items()}
    nothing = (now[_NONE] + _UNSEEN) * (then[_NONE] + _UNSEEN) ** _BEFORE
    total = sum(weights.values()) + nothing
    ranked = sorted(both.values(), key=lambda candidate: -weights[candidate.entry])
    candidates = tuple(replace(one, probability=weights[one.entry] / total) for one in ranked)
    best = Confidence(min(1.0, candidates[0].probability)) if candidates else Confidence(0.0)
    return replace(alone, candidates=candidates, confidence=best, none=nothing / total, unclear=0.0)


def _resolved(ranking: Ranking) -> dict[str, float]:
    """Probabilities by entry, and of none. That several fit is shared among them: which, the context tells."""
    more = _cleared(ranking)
    return {candidate.entry: candidate.probability * more for candidate in ranking.candidates} | {_NONE: ranking.none}


def _cleared(ranking: Ranking) -> float:
    """How many times likelier each entry is once it is clear that one is meant."""
    inside = sum(candidate.probability for candidate in ranking.candidates)
    return 1.0 + ranking.unclear / inside if inside else 1.0


def together(before: str, text: str) -> tuple[str, bool]:
    """One question out of the question before and a follow-up to it, and whether it is that question with a swap.

    What stands in the place of another (a channel, a currency, who scans whom) takes that place; the rest is added.
    """
    swapped = False
    for table in _words()["swapped"]:
        named, meant = alternatives(table, text), alternatives(table, before)
        if not named or not meant or {name for name, *_ in named} & {name for name, *_ in meant}:
            continue
        _, start, end = named[0]
        for _, old_start, old_end in reversed(meant):
            before = before[:old_start] + text[start:end] + before[old_end:]
        text, swapped = text[:start] + text[end:], True
    rest = re.sub(_words()["empty"], "", text).strip()
    return f"{before} {rest}".strip(), swapped and not rest


def second_part(text: str) -> str:
    """What a message adds to its first matter (“……，另外……”); empty where it adds nothing of its own."""
    parts = re.split(_words()["second"], text)
    rest = parts[-1].strip() if len(parts) > 1 else ""
    return rest if len(rest) >= _LEAST_PART_CHARS else ""


@cache
def _words() -> dict[str, Any]:
    kept: dict[str, Any] = yaml.safe_load(_LEXICON.read_text(encoding="utf8"))
    return kept
