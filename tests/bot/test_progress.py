"""What a conversation remembers after a turn, and what it forgets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conversation.model import Choice, Decision, Fact, Focus, GuidePlace, State, Step
from bot.conversation.progress import FOCUS_SECONDS, fresh, merged, moved
from tests.builders import NOON, an_entry

ENTRY = an_entry("refund-how-to", category="refund")
OLD = Focus("split-failed", "split", "分账失败", NOON - timedelta(seconds=60))
CHOICES = (Choice("1", "怎么退款", "refund-how-to"),)
PLACE = GuidePlace("refund-failed", "state", (("first", "是"),))
ANSWER = Decision("answer", "retrieval", entry=ENTRY.id)
CLARIFY = Decision("clarify", "close", choices=("a", "b"))
SMALL_TALK = Decision("say", "small-talk:greeting")
DECLINE = Decision("say", "low-confidence")
HAND_OFF = Decision("handoff", "person")


def after(decision: Decision, state: State | None = None, *, choices: tuple[Choice, ...] = (), **more: object) -> State:
    entry = ENTRY if decision.entry else None
    return moved(state or State(), decision, more.get("facts", ()), choices, entry, "怎么退款", NOON)


def test_the_focus_is_kept_for_ten_minutes() -> None:
    assert fresh(OLD, OLD.at + timedelta(seconds=FOCUS_SECONDS)) == OLD
    assert fresh(OLD, OLD.at + timedelta(seconds=FOCUS_SECONDS + 1)) is None
    assert fresh(None, NOON) is None


@pytest.mark.parametrize("kind", ["answer", "form"])
def test_what_was_answered_is_what_the_conversation_is_about(kind: str) -> None:
    focus = after(Decision(kind, "retrieval", entry=ENTRY.id), State(focus=OLD)).focus
    assert focus == Focus("refund-how-to", "refund", "怎么退款", NOON)


@pytest.mark.parametrize("decision", [CLARIFY, SMALL_TALK, DECLINE, HAND_OFF])
def test_anything_else_leaves_the_focus_unless_it_is_old(decision: Decision) -> None:
    assert after(decision, State(focus=OLD)).focus == OLD
    stale = Focus("split-failed", "split", "分账失败", NOON - timedelta(minutes=11))
    assert after(decision, State(focus=stale)).focus is None


def test_a_choice_is_no_question_of_its_own_nor_is_an_answer_to_a_guide() -> None:
    chosen = after(Decision("answer", "choice", entry=ENTRY.id), State(choices=CHOICES, choice_question="钱怎么退"))
    assert chosen.focus is not None
    assert chosen.focus.question == "钱怎么退"
    walked = after(Decision("form", "guide:refund-failed:state", entry=ENTRY.id), State(focus=OLD))
    assert walked.focus is not None
    assert (walked.focus.entry, walked.focus.question) == (ENTRY.id, OLD.question)


def test_without_a_question_behind_it_a_text_is_its_own() -> None:
    for rule in ("choice", "guide:refund-failed:state"):
        focus = after(Decision("answer", rule, entry=ENTRY.id)).focus
        assert focus is not None
        assert focus.question == "怎么退款"


def test_of_a_fact_the_latest_word_counts() -> None:
    held = (Fact("amount", "100块", "100"), Fact("channel", "微信", "wechat"))
    assert merged(held, (Fact("amount", "一百二", "120"),)) == (Fact("amount", "一百二", "120"), held[1])


def test_only_the_latest_facts_are_kept() -> None:
    many = tuple(Fact(f"f{number}", "x", "x") for number in range(40))
    assert [fact.name for fact in merged((), many)] == [f"f{number}" for number in range(10, 40)]


def test_facts_of_the_turn_are_remembered() -> None:
    assert after(SMALL_TALK, facts=(Fact("channel", "微信", "wechat"),)).facts[0].value == "wechat"


def test_choices_that_were_offered_are_open_with_the_question_they_answer() -> None:
    state = after(CLARIFY, choices=CHOICES)
    assert (state.choices, state.choice_question) == (CHOICES, "怎么退款")


@pytest.mark.parametrize("decision", [ANSWER, SMALL_TALK, HAND_OFF])
def test_a_turn_that_offers_none_closes_them(decision: Decision) -> None:
    state = after(decision, State(choices=CHOICES, choice_question="退款"))
    assert (state.choices, state.choice_question) == ((), "")


@pytest.mark.parametrize("rule", ["choice-out-of-range", "ticket"])
def test_a_slip_or_a_look_at_a_ticket_leaves_them_open(rule: str) -> None:
    state = after(Decision("say", rule), State(choices=CHOICES, choice_question="退款"))
    assert (state.choices, state.choice_question) == (CHOICES, "退款")


def test_a_slip_is_remembered_until_the_next_turn() -> None:
    slipped = after(Decision("clarify", "choice-out-of-range"), State(choices=CHOICES))
    assert slipped.out_of_range == 1
    assert after(SMALL_TALK, slipped).out_of_range == 0


def test_a_guide_moves_with_its_steps_and_ends_with_its_end() -> None:
    step = Step("refund-failed", "state", "状态是什么？", place=PLACE)
    assert after(Decision("form", "guide", entry=ENTRY.id, step=step)).guide == PLACE
    ended = Step("refund-failed", "state", "", place=PLACE, ends="solved")
    assert after(Decision("say", "guide", step=ended), State(guide=PLACE)).guide is None


@pytest.mark.parametrize("decision", [ANSWER, CLARIFY, Decision("form", "retrieval", entry=ENTRY.id), DECLINE])
def test_another_matter_pauses_a_guide(decision: Decision) -> None:
    guide = after(decision, State(guide=PLACE)).guide
    assert guide is not None
    assert guide.paused
    assert (guide.step, guide.trail) == (PLACE.step, PLACE.trail)


def test_small_talk_leaves_a_guide_running_and_a_hand_off_ends_it() -> None:
    assert after(SMALL_TALK, State(guide=PLACE)).guide == PLACE
    assert after(HAND_OFF, State(guide=PLACE)).guide is None
    assert after(ANSWER).guide is None


@pytest.mark.parametrize("rule", ["low-confidence", "first-failure"])
def test_a_failure_counts(rule: str) -> None:
    assert after(Decision("say", rule), State(failures=1)).failures == 2


@pytest.mark.parametrize(
    "decision",
    [
        ANSWER,
        HAND_OFF,
        Decision("form", "retrieval", entry=ENTRY.id),
        Decision("say", "small-talk:thanks"),
        Decision("say", "solved"),
    ],
)
def test_an_answer_thanks_or_a_hand_off_wipes_failures_out(decision: Decision) -> None:
    assert after(decision, State(failures=1)).failures == 0


@pytest.mark.parametrize("decision", [CLARIFY, SMALL_TALK, Decision("say", "out-of-scope"), Decision("say", "ticket")])
def test_what_is_neither_success_nor_failure_leaves_their_count(decision: Decision) -> None:
    assert after(decision, State(failures=1)).failures == 1


def test_when_a_person_was_called_is_noted() -> None:
    assert after(HAND_OFF).transfer_noted_at == NOON
    earlier = NOON - timedelta(minutes=3)
    assert after(SMALL_TALK, State(transfer_noted_at=earlier)).transfer_noted_at == earlier


def test_the_ticket_stays() -> None:
    assert after(ANSWER, State(ticket="TK20261123-0001")).ticket == "TK20261123-0001"
