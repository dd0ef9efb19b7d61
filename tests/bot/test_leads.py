"""What is done while a guide or the intake of a ticket leads, and with the tickets a conversation has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.leads import asked_again, facts_alone, guide, ticket_facts, ticket_matter, ticket_wanted
from bot.conversation.model import (
    Choice,
    Decision,
    Fact,
    Focus,
    GuidePlace,
    Heard,
    IntakePlace,
    Signals,
    State,
    Step,
    Turn,
)
from bot.conversation.policy import RED_QUEUE
from bot.dialogue.guides import read_guides
from bot.dialogue.leading import Leading
from knowledge.library import Ranking
from tests.bot.cases import NOTHING, QUESTION, SURE, case
from tests.builders import NOON, a_ranking

NUMBER = "TK20261123-0001"
AMOUNT = Fact("amount", "298元", "298")
ASKED = Step("ticket-create", "time", "什么时候？", intake=IntakePlace("time", "退款不成", "refund_how"))
OTHER = a_ranking(("split-how", 0.9))
LEADING = Leading(read_guides())
GUIDED = GuidePlace("refund-failed", "state")
TAKEN = IntakePlace("amount", "退款不成")


def told(text: str, *facts: Fact, signals: Signals | None = None) -> Heard:
    return Heard(text, (), signals or Signals(), facts)


def given(heard: Heard, ranking: Ranking = NOTHING, turn: Turn | None = None, **state: object) -> object:
    return replace(case(ranking=ranking, turn=turn, **state), heard=heard)  # type: ignore[arg-type]


def rule_of(decision: Decision | None) -> str | None:
    return decision.rule if decision else None


# Tickets


def test_the_number_of_ones_ticket_needs_a_ticket() -> None:
    asks = Signals(asks_number=True)
    assert ticket_matter(case(ranking=OTHER, signals=asks)) is None
    found = ticket_matter(case(ranking=OTHER, signals=asks, ticket=NUMBER))
    assert found is not None
    assert (found.rule, found.phrase, found.intent) == ("ticket", "progress", "ticket_status_query")


def test_who_hurries_and_asks_at_once_is_told_how_it_stands() -> None:
    found = ticket_matter(case(ranking=NOTHING, signals=Signals(urges=True, asks_progress=True), ticket=NUMBER))
    assert found is not None
    assert found.phrase == "progress"


def test_what_is_talked_about_anyway_keeps_nobody_from_asking_after_a_ticket() -> None:
    focus = Focus("refund-how", "refund", "怎么退款", NOON)
    asks = Signals(asks_progress=True)
    assert rule_of(ticket_matter(case(ranking=SURE, signals=asks, focus=focus))) == "ticket"
    assert ticket_matter(case(ranking=SURE, signals=asks)) is None


def test_a_ticket_is_wanted_in_words_or_as_the_engine_understands_it_but_not_twice() -> None:
    wants = Signals(wants_ticket=True)
    assert rule_of(ticket_wanted(case(signals=wants))) == "intake:begin"
    assert ticket_wanted(case(signals=wants, turn=Turn(asked=ASKED))) is None
    assert ticket_wanted(case(signals=wants, turn=Turn(step=ASKED))) is None
    assert rule_of(ticket_wanted(case(signals=wants, turn=Turn(step=QUESTION)))) == "intake:begin"


@pytest.mark.parametrize(
    ("ranking", "confidence", "begins"), [(NOTHING, 0.6, True), (NOTHING, 0.59, False), (SURE, 0.99, False)]
)
def test_the_engine_must_be_sure_and_the_library_must_not(ranking: Ranking, confidence: float, begins: bool) -> None:
    turn = Turn("ticket_create", confidence)
    assert (ticket_wanted(case(ranking=ranking, turn=turn, signals=Signals())) is not None) is begins


def test_a_fact_for_an_open_ticket_is_kept_there() -> None:
    found = ticket_facts(given(told("金额298元", AMOUNT), ticket=NUMBER))  # type: ignore[arg-type]
    assert found is not None
    assert (found.rule, found.phrase) == ("ticket-facts", "facts_kept")


@pytest.mark.parametrize(
    ("heard", "ranking", "state"),
    [
        (told("298元", AMOUNT), NOTHING, {}),
        (told("微信", Fact("channel", "微信", "wechat")), NOTHING, {"ticket": NUMBER}),
        (told("298元", AMOUNT), NOTHING, {"ticket": NUMBER, "choices": (Choice("1", "退款", "refund-how"),)}),
        (told("298元怎么退款", AMOUNT), SURE, {"ticket": NUMBER}),
    ],
)
def test_it_needs_a_ticket_a_fact_of_its_own_and_no_question(
    heard: Heard, ranking: Ranking, state: dict[str, object]
) -> None:
    assert ticket_facts(given(heard, ranking, **state)) is None  # type: ignore[arg-type]


def test_what_is_put_right_is_kept_however_sure_the_library_is() -> None:
    heard = told("不对，退款是298元", AMOUNT, signals=Signals(corrects=True))
    assert rule_of(ticket_facts(given(heard, SURE, ticket=NUMBER))) == "ticket-facts"  # type: ignore[arg-type]


def test_facts_alone_are_noted_and_facts_with_a_question_are_not() -> None:
    assert rule_of(facts_alone(given(told("金额298元", AMOUNT)))) == "facts"  # type: ignore[arg-type]
    assert facts_alone(given(told("金额298元怎么退", AMOUNT))) is None  # type: ignore[arg-type]
    asks = told("金额298元", AMOUNT, signals=Signals(asks=True))
    assert facts_alone(given(asks)) is None  # type: ignore[arg-type]


# What leads


@pytest.mark.parametrize(
    ("ends", "kind", "rule", "phrase"),
    [
        (None, "form", "intake:time", None),
        ("left", "say", "intake:time", "left"),
        ("ticket", "handoff", "intake:submitted", "registered"),
    ],
)
def test_an_intake_asks_on_is_left_or_registered(ends: str | None, kind: str, rule: str, phrase: str | None) -> None:
    found = guide(case(ranking=NOTHING, turn=Turn(step=replace(ASKED, ends=ends))))
    assert found is not None
    assert (found.kind, found.rule, found.phrase, found.intent) == (kind, rule, phrase, "ticket_create")


def test_a_step_that_took_any_text_gives_way_to_a_question_about_something_else() -> None:
    took = Turn(step=replace(ASKED, took_anything=True))
    asks = Signals(asks=True)
    assert guide(case(ranking=OTHER, turn=took, signals=asks)) is None
    assert guide(case(ranking=OTHER, turn=Turn(step=ASKED), signals=asks)) is not None
    assert guide(case(ranking=SURE, turn=took, signals=asks)) is not None, "it is what the ticket is about"


def test_a_guide_that_ends_in_a_red_ticket_is_red_and_one_that_solves_asks_for_a_mark() -> None:
    red = guide(case(turn=Turn(step=replace(QUESTION, ends="ticket", queue=RED_QUEUE)), signals=Signals()))
    done = guide(case(turn=Turn(step=replace(QUESTION, ends="solved")), signals=Signals()))
    assert red is not None
    assert done is not None
    assert (red.priority, red.queue, done.choices) == ("red", RED_QUEUE, ("rate",))


@pytest.mark.parametrize(
    ("heard", "phrase"),
    [
        (told("呃呃这个"), "not_understood"),
        (told("298元", AMOUNT), "facts_asked"),
        (told("能再付一次吗", signals=Signals(pays_again=True, asks=True)), "look_first"),
    ],
)
def test_what_fits_no_answer_is_asked_again_in_words_that_fit(heard: Heard, phrase: str) -> None:
    found = asked_again(given(heard, turn=Turn(asked=QUESTION)))  # type: ignore[arg-type]
    assert found is not None
    assert (found.kind, found.rule, found.phrase) == ("form", "guide:refund-failed:state", phrase)


def test_what_is_only_told_must_be_surer_to_change_the_topic_than_what_is_asked() -> None:
    asked, sure = Turn(asked=QUESTION), a_ranking(("split-how", 0.7))
    assert asked_again(case("分账的事", sure, turn=asked, signals=Signals())) is not None
    assert asked_again(case("分账的事", sure, turn=asked, signals=Signals(asks=True))) is None
    assert asked_again(case("分账的事", OTHER, turn=asked, signals=Signals())) is None


# Which of two leads


def place(state: State, text: str, *facts: Fact, **signals: bool) -> object:
    return LEADING.place(state, told(text, *facts, signals=Signals(**signals)))  # type: ignore[arg-type]


def test_an_intake_leads_before_a_guide_and_a_paused_one_waits() -> None:
    paused = replace(TAKEN, paused=True)
    assert place(State(guide=GUIDED, intake=TAKEN), "好") == TAKEN
    assert place(State(guide=GUIDED, intake=paused), "好") == GUIDED
    assert place(State(guide=replace(GUIDED, paused=True), intake=paused), "好") is None


def test_a_paused_intake_goes_on_by_the_words_or_by_the_fact_it_asked_for() -> None:
    paused = replace(TAKEN, paused=True)
    assert place(State(intake=paused), "继续登记工单", resume_guide=True) == paused
    assert place(State(intake=paused), "298元", AMOUNT) == TAKEN
    assert place(State(intake=paused), "微信", Fact("channel", "微信", "wechat")) is None


def test_a_fact_for_a_running_guide_is_not_taken_by_a_paused_intake() -> None:
    assert place(State(guide=GUIDED, intake=replace(TAKEN, paused=True)), "298元", AMOUNT) == GUIDED


@pytest.mark.parametrize("state", [State(guide=GuidePlace("gone", "x")), State(intake=IntakePlace("gone"))])
def test_a_place_that_no_version_knows_any_more_leads_nowhere(state: State) -> None:
    assert place(state, "好") is None
