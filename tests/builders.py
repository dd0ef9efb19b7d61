"""The plainest thing of each kind; a test names only what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from bot.conversation.model import Conversation, Heard, Holder, Secret, Signals, State
from bot.conversation.signals import recognise
from knowledge.confidence import Confidence
from knowledge.entry import Entry
from knowledge.library import Candidate, Ranking
from knowledge.uncovered import Uncovered

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""A Monday, twelve o'clock in Shanghai."""
ANSWER = "先在后台按单号查。\n1. 打开交易查询。\n2. 输入单号。\n找人工：查不到时带单号转人工。"


def an_entry(id_: str = "refund-how-to", *phrasings: str, **fields: Any) -> Entry:
    """An entry that may be published; with no phrasings given it has twelve that say nothing."""
    said = phrasings or tuple(f"{id_} 的第{number}种问法" for number in "一二三四五六七八九十百千")
    given = {"title": f"{id_}？", "answer": ANSWER, "category": "refund", "intent": "refund_how"}
    return Entry(id=id_, phrasings=said, **{**given, **fields})


def a_conversation(*, holder: Holder = Holder.BOT, **state: Any) -> Conversation:
    """A conversation in the widget; further names are fields of its state."""
    return Conversation("c1", "widget", "visitor", holder, 1, State(**state), NOON, NOON)


def a_ranking(
    *shares: tuple[str, float],
    none: float | None = None,
    uncovered: Uncovered | None = None,
    codes: Sequence[str] = (),
    code_entries: Sequence[str] = (),
) -> Ranking:
    """(entry, probability) pairs, best first; the intent of an entry is its id with underscores."""
    candidates = tuple(
        Candidate(entry, f"{entry}？", share, f"{entry} 的问法", 0.0, "refund", entry.replace("-", "_"))
        for entry, share in shares
    )
    left = max(0.0, 1 - sum(share for _, share in shares)) if none is None else none
    best = Confidence(candidates[0].probability if candidates else 0.0)
    return Ranking(candidates, best, left, uncovered, tuple(codes), tuple(code_entries))


def heard(text: str, *, secrets: tuple[Secret, ...] = (), signals: Signals | None = None) -> Heard:
    """A message as the desk hears it, its signals read by the real rules unless they are given."""
    return Heard(text, secrets, recognise(text) if signals is None else signals)
