"""Every guide of the library walked along every way to each of its ends; the quickest way to each also through HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from bot.conversation.model import GuidePlace, Step
from bot.conversation.policy import RED_QUEUE
from bot.dialogue.guides import Ask, Guide, advance, begin, facts_of, read_guides
from bot.tickets.model import Priority
from bot.tickets.routing import queue_names
from knowledge.entry import Entry, EntryState
from knowledge.exchange import SEED, read_folder
from tests import builders
from tests.conftest import fresh_database
from tests.doubles import Clock
from tests.journeys.shop import MORNING, Heard, Merchant, Shop, open_shop

MOST_QUESTIONS = 6
UNKNOWN = "不知道"
FREE = "单号 N20261122004"
GUIDES = read_guides()
TOLD_AS_LOST = {("login-failed", "end-red")}
"""Its last choice is itself a report of lost funds, which stands above any guide and goes to the same desk."""
KINDS = {"entry": "answer", "ticket": "handoff", "solved": "say"}


heard = cache(builders.heard)


@dataclass(frozen=True)
class Way:
    """The answers that lead from a guide's first question to an end."""

    answers: tuple[str, ...]
    end: str


def answers(ask: Ask) -> Iterator[tuple[str, str]]:
    """What a question may be answered with, and where that is to lead."""
    for branch in ask.branches:
        yield branch.label, branch.next
    if ask.free:
        yield FREE, ask.free


@cache
def ways(guide_id: str) -> tuple[Way, ...]:
    """Every way through a guide, as its data has it, the shortest first. Raises `ValueError` where one goes round."""
    guide = GUIDES[guide_id]

    def onward(step: str, said: tuple[str, ...], seen: tuple[str, ...]) -> Iterator[Way]:
        if step in guide.ends:
            yield Way(said, step)
            return
        if step in seen:
            raise ValueError(f"{guide.id}: {step} comes again after {seen}")
        for answer, following in answers(guide.steps[step]):
            yield from onward(following, (*said, answer), (*seen, step))

    return tuple(sorted(onward(guide.start, (), ()), key=lambda way: len(way.answers)))


def quickest(guide_id: str) -> dict[str, Way]:
    """The shortest way to each end; among those, one by choices rather than by words of one's own."""
    found: dict[str, Way] = {}
    for way in sorted(ways(guide_id), key=lambda way: (len(way.answers), FREE in way.answers, UNKNOWN in way.answers)):
        found.setdefault(way.end, way)
    return found


def walked(guide: Guide, way: Way, *, pressing: bool) -> Step:
    """The step at the end of a way, its answers pressed or typed."""
    step = begin(guide)
    for answer in way.answers:
        assert step.place is not None
        pressed = next((choice.id for choice in step.choices if choice.label == answer), None)
        following = advance(guide, step.place, heard(answer), pressed if pressing else None)
        assert following is not None, (step.step, answer)
        step = following
    return step


@pytest.mark.parametrize("guide_id", GUIDES)
def test_every_way_comes_to_an_end_after_six_questions_at_most(guide_id: str) -> None:
    assert max(len(way.answers) for way in ways(guide_id)) <= MOST_QUESTIONS


@pytest.mark.parametrize("guide_id", GUIDES)
def test_every_question_is_asked_on_some_way_and_every_end_is_reached(guide_id: str) -> None:
    guide = GUIDES[guide_id]
    asked = {step for way in ways(guide_id) for step, _ in place_at_end(guide, way).trail}
    assert asked == set(guide.steps)
    assert {way.end for way in ways(guide_id)} == set(guide.ends)


def place_at_end(guide: Guide, way: Way) -> GuidePlace:
    place = walked(guide, way, pressing=True).place
    assert place is not None
    return place


@pytest.mark.parametrize("pressing", [True, False], ids=["pressed", "typed"])
@pytest.mark.parametrize("guide_id", GUIDES)
def test_every_way_leads_where_its_choices_say_whether_they_are_pressed_or_typed(guide_id: str, pressing: bool) -> None:
    guide = GUIDES[guide_id]
    for way in ways(guide_id):
        step, end = walked(guide, way, pressing=pressing), guide.ends[way.end]
        assert (step.step, step.ends, step.entry, step.text) == (way.end, end.kind, end.entry, end.text), way
        assert step.queue == (end.queue or guide.queue)
        assert step.place is not None
        assert [answer for _, answer in step.place.trail] == list(way.answers)


@pytest.mark.parametrize("guide_id", GUIDES)
def test_what_was_answered_is_known_at_the_end(guide_id: str) -> None:
    guide = GUIDES[guide_id]
    for way in ways(guide_id):
        place = place_at_end(guide, way)
        known = facts_of(guide, place)
        assert set(known) == {guide.steps[step].fact or guide.steps[step].text for step, _ in place.trail}


@pytest.mark.parametrize("guide_id", GUIDES)
def test_who_never_knows_comes_to_an_end_too(guide_id: str) -> None:
    guide = GUIDES[guide_id]
    for name in guide.steps:
        step, asked = begin(guide), 0
        place: GuidePlace | None = GuidePlace(guide_id, name)
        while step.ends is None and place is not None:
            found = advance(guide, place, heard(UNKNOWN), None)
            assert found is not None, name
            step, place, asked = found, found.place, asked + 1
            assert asked <= 2 * MOST_QUESTIONS
        assert step.step in guide.ends


@pytest.mark.parametrize("guide_id", GUIDES)
def test_every_question_offers_not_knowing(guide_id: str) -> None:
    mute = [name for name, ask in GUIDES[guide_id].steps.items() if UNKNOWN not in {b.label for b in ask.branches}]
    assert mute == []


@cache
def entries() -> dict[str, Entry]:
    return {entry.id: entry for entry in read_folder(SEED).entries}


@pytest.mark.parametrize("guide_id", GUIDES)
def test_every_end_leads_to_a_published_entry_a_desk_or_a_word_of_its_own(guide_id: str) -> None:
    guide = GUIDES[guide_id]
    assert entries()[guide_id].state is EntryState.PUBLISHED
    assert guide.queue in queue_names()
    for name, end in guide.ends.items():
        assert end.kind in KINDS, name
        assert (end.entry is not None) == (end.kind == "entry"), name
        assert end.entry is None or entries()[end.entry].state is EntryState.PUBLISHED, name
        assert end.queue is None or (end.kind == "ticket" and end.queue in queue_names()), name
        assert end.text, name


# Through HTTP


@pytest.fixture
def shop(request: pytest.FixtureRequest) -> Iterator[Shop]:
    clock = Clock(MORNING)
    with fresh_database("sqlite", request) as engine, open_shop(engine, clock) as shop:
        yield shop


def started(merchant: Merchant, guide_id: str) -> Heard:
    """The first question of a guide, by the title of its entry or, where several are close, by its choice."""
    title = entries()[guide_id].title
    heard = merchant.say(title)
    if heard.kind == "clarify":
        heard = merchant.press(title, heard)
    assert (heard.kind, heard.entry) == ("form", guide_id)
    return heard


@pytest.mark.slow
@pytest.mark.parametrize("guide_id", GUIDES)
def test_through_http_each_end_of_a_guide_is_reached_by_pressing(shop: Shop, guide_id: str) -> None:
    guide = GUIDES[guide_id]
    for name, way in quickest(guide_id).items():
        shop.clock.advance(1)  # the newest conversation is this one
        merchant, end = shop.merchant(), guide.ends[name]
        reply = started(merchant, guide_id)
        for answer in way.answers:
            reply = merchant.press(answer, reply) if answer in reply.labels else merchant.say(answer)
        assert reply.kind == KINDS[end.kind], way
        if (guide_id, name) not in TOLD_AS_LOST:
            assert reply.rule == f"guide:{guide_id}:{name}"
            assert end.text in reply.text
        assert shop.conversation.state.guide is None
        if end.kind == "entry":
            assert reply.entry == end.entry
            assert [link["id"] for link in reply.links] == [end.entry]
        if end.kind == "ticket":
            ticket, queue = shop.ticket(reply.number), end.queue or guide.queue
            assert (ticket.queue, reply.decision["queue"]) == (queue, queue)
            assert (ticket.priority is Priority.RED) == (queue == RED_QUEUE)
            known = {fact.name: fact.said for fact in ticket.facts}
            told = facts_of(guide, place_at_end(guide, way))
            if (guide_id, name) not in TOLD_AS_LOST:
                assert {fact: known.get(fact) for fact in told} == told
        else:
            assert shop.conversation.state.ticket is None
