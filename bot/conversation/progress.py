"""What a conversation remembers after a turn. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.conversation.model import Choice, Decision, Fact, Focus, GuidePlace, IntakePlace, SmallTalk, State
from bot.conversation.policy import FAILURES_BEFORE_HAND_OFF
from knowledge.entry import Entry

FOCUS_SECONDS = 600.0
_MOST_FACTS = 30
_KEEPS_CHOICES = ("choice-out-of-range", "ticket", "facts-choices")


def fresh(focus: Focus | None, now: datetime) -> Focus | None:
    """The focus, unless ten minutes have passed since it was set."""
    if focus is None or now - focus.at > timedelta(seconds=FOCUS_SECONDS):
        return None
    return focus


def merged(held: tuple[Fact, ...], heard: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Facts by name, the latest word counting."""
    facts = {fact.name: fact for fact in (*held, *heard)}
    return tuple(facts.values())[-_MOST_FACTS:]


def moved(
    state: State,
    decision: Decision,
    facts: tuple[Fact, ...],
    choices: tuple[Choice, ...],
    entry: Entry | None,
    question: str,
    now: datetime,
) -> State:
    """The state after `decision`. `choices` are those now open; `entry` is what was answered, if an entry was."""
    keeps = decision.rule in _KEEPS_CHOICES or (decision.rule == "choice" and decision.kind == "answer")
    focus = None if decision.rule == "intake:submitted" else fresh(state.focus, now)
    if entry is not None and (decision.kind in ("answer", "form", "clarify", "handoff") or decision.rule == "ticket"):
        chosen = entry.title if decision.rule == "choice" else ""
        focus = Focus(entry.id, entry.category, _asked(state, decision, question), now, chosen)
    return replace(
        state,
        focus=focus,
        facts=merged(state.facts, facts),
        choices=state.choices if keeps else choices,
        choice_question=state.choice_question if keeps else question if choices else "",
        out_of_range=1 if decision.rule == "choice-out-of-range" else 0,
        guide=_guide(state.guide, decision),
        intake=_intake(state.intake, decision),
        failures=_failures(state.failures, decision),
        transfer_noted_at=now if decision.kind == "handoff" else state.transfer_noted_at,
    )


def _asked(state: State, decision: Decision, text: str) -> str:
    """The question behind a text: answers to a guide's steps and to choices are not what was asked."""
    if decision.rule == "choice":
        return state.choice_question or text
    if decision.rule.startswith("guide:") and state.focus is not None:
        return state.focus.question
    return text


def _guide(place: GuidePlace | None, decision: Decision) -> GuidePlace | None:
    """A guide waits while a ticket is taken in, and ends with what is handed over."""
    step = decision.step
    if step is not None and step.intake is None:
        return step.place if step.ends is None else None
    if decision.kind == "handoff" or place is None:
        return None
    return replace(place, paused=True) if _turns_away(decision) else place


def _intake(place: IntakePlace | None, decision: Decision) -> IntakePlace | None:
    step = decision.step
    if step is not None and step.intake is not None:
        return step.intake if step.ends is None else None
    if decision.kind == "handoff" or place is None:
        return None
    return replace(place, paused=True) if _turns_away(decision) else place


def _turns_away(decision: Decision) -> bool:
    """Whether something else was talked about than what leads."""
    return decision.kind in ("answer", "clarify", "form") or decision.rule == "low-confidence"


def _failures(before: int, decision: Decision) -> int:
    if decision.rule in ("low-confidence", "first-failure"):
        return before + 1
    talk = f"small-talk:{SmallTalk.THANKS.value}"
    if decision.kind in ("answer", "form", "handoff") or decision.rule in (talk, "solved"):
        return 0
    return min(before, FAILURES_BEFORE_HAND_OFF)
