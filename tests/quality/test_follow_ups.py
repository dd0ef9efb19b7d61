"""How often a short message is read rightly from what was asked before it: `follow_ups.yml`, through HTTP."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from bot.conversation.context import _SHORT_CHARS
from tests.conftest import fresh_database
from tests.doubles import Clock
from tests.journeys.shop import MORNING, Heard, Shop, open_shop

PAIRS = Path(__file__).parent / "follow_ups.yml"
FOLLOW_UPS, TOPICS = 48, 12
LEAST_RIGHT, LEAST_RIGHT_OR_OFFERED = 0.77, 0.83
LEAST_TOPICS_RIGHT = 0.83


@dataclass(frozen=True)
class Pair:
    """What was asked, what was then said, and the entries that are right."""

    first: str
    then: str
    right: frozenset[str]


def read_pairs(name: str) -> list[Pair]:
    """Raises `ValueError` where a line has not three parts."""
    pairs = []
    for line in yaml.safe_load(PAIRS.read_text(encoding="utf8"))[name]:
        first, then, right = (part.strip() for part in line.split("|"))
        pairs.append(Pair(first, then, frozenset(one.strip() for one in right.split(","))))
    return pairs


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    with fresh_database("sqlite", request) as engine, open_shop(engine, Clock(MORNING)) as shop:
        yield shop


def verdict(pair: Pair, heard: Heard, shop: Shop) -> str:
    """`right`, `offered` among choices, `wrong` entry, or `open`: no entry at all."""
    if heard.kind in ("answer", "form"):
        return "right" if heard.entry in pair.right else "wrong"
    titles = {shop.parts.library.entry(one).title for one in pair.right}
    return "offered" if heard.kind == "clarify" and titles & set(heard.labels) else "open"


def judged(shop: Shop, name: str) -> list[str]:
    """The verdict on every pair, each by a merchant of its own; what is not right is written out."""
    found = []
    for pair in read_pairs(name):
        merchant = shop.merchant()
        before = merchant.say(pair.first)
        heard = merchant.say(pair.then)
        how = verdict(pair, heard, shop)
        if how != "right":
            sys.stdout.write(f"{how}: {pair.first} ({before.entry}) | {pair.then} -> {heard.kind} {heard.entry}\n")
        found.append(how)
    sys.stdout.write(f"{name}: " + ", ".join(f"{one} {found.count(one)}" for one in sorted(set(found))) + "\n")
    return found


def test_the_pairs_are_short_and_name_entries_that_there_are(shop: Shop) -> None:
    follow_ups, topics = read_pairs("follow_ups"), read_pairs("topics")
    assert (len(follow_ups), len(topics)) == (FOLLOW_UPS, TOPICS)
    assert [pair.then for pair in (*follow_ups, *topics) if len(pair.then) > _SHORT_CHARS] == []
    known = {entry.id for entry in shop.parts.library.entries()}
    assert {one for pair in (*follow_ups, *topics) for one in pair.right} <= known
    assert len({(pair.first, pair.then) for pair in (*follow_ups, *topics)}) == FOLLOW_UPS + TOPICS


def test_most_follow_ups_are_read_from_what_was_asked_before(shop: Shop) -> None:
    found = judged(shop, "follow_ups")
    right, offered = found.count("right"), found.count("offered")
    assert right / len(found) >= LEAST_RIGHT
    assert (right + offered) / len(found) >= LEAST_RIGHT_OR_OFFERED


def test_a_short_change_of_topic_is_not_pulled_back(shop: Shop) -> None:
    found = judged(shop, "topics")
    assert found.count("right") / len(found) >= LEAST_TOPICS_RIGHT
    assert "wrong" not in found
