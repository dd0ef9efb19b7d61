"""What stands above every score: money being lost, a stranger who wants codes, a person wanted, a complaint."""

from __future__ import annotations

import pytest

from bot.conversation.alarms import complaint, emergency, person, suspicious
from bot.conversation.case import PERSON
from bot.conversation.model import Complaint, Focus, GuidePlace, IntakePlace, Signals, Turn
from bot.conversation.policy import (
    COMPLAINTS_QUEUE,
    DEFAULT_QUEUE,
    EMERGENCY_ENTRIES,
    RED_QUEUE,
    SUSPICIOUS_ENTRY,
    Policy,
)
from tests.bot.cases import NOTHING, POLICY, QUEUES, SURE, case
from tests.builders import NOON, a_ranking

KNOWN = Policy(
    answer_at=0.6,
    decline_at=0.5,
    queue_of=lambda intent: QUEUES.get(intent or "", DEFAULT_QUEUE),
    intent_of=lambda entry: {"api-error": "api_error", SUSPICIOUS_ENTRY: "fraud_report"}.get(entry),
)
FOCUS = Focus("api-error", "api", "接口报错", NOON)


# Emergency


@pytest.mark.parametrize(
    ("signals", "rule", "phrase", "intent"),
    [
        (Signals(funds_lost=True), "funds-lost", "emergency", "fund_loss_emergency"),
        (Signals(despair=True), "despair", "despair", "fund_loss_emergency"),
        (Signals(police=True), "police", "emergency", "fraud_report"),
        (Signals(police=True, funds_lost=True), "funds-lost", "emergency", "fund_loss_emergency"),
        (Signals(despair=True, funds_lost=True), "funds-lost", "despair", "fund_loss_emergency"),
    ],
)
def test_each_alarm_is_red_and_says_what_helps(signals: Signals, rule: str, phrase: str, intent: str) -> None:
    decision = emergency(case(signals=signals))
    assert decision is not None
    assert (decision.rule, decision.phrase, decision.intent) == (rule, phrase, intent)
    assert (decision.queue, decision.priority, decision.confidence) == (RED_QUEUE, "red", 1.0)


@pytest.mark.parametrize(("share", "fires"), [(POLICY.emergency_at, True), (POLICY.emergency_at - 0.01, False)])
def test_a_ranking_alone_raises_it_from_its_threshold_on(share: float, fires: bool) -> None:
    seen = case(ranking=a_ranking((EMERGENCY_ENTRIES[1], share)), signals=Signals())
    assert (emergency(seen) is not None) is fires


def test_the_emergency_named_is_the_likeliest_of_those_found_else_the_first() -> None:
    ranking = a_ranking(("refund-how", 0.5), (EMERGENCY_ENTRIES[2], 0.2), (EMERGENCY_ENTRIES[1], 0.1))
    named, unnamed = (emergency(case(ranking=one, signals=Signals(funds_lost=True))) for one in (ranking, SURE))
    assert named is not None
    assert unnamed is not None
    assert (named.entry, unnamed.entry) == (EMERGENCY_ENTRIES[2], EMERGENCY_ENTRIES[0])


# A stranger


def test_who_was_asked_for_codes_is_warned_offered_a_person_and_marked_for_the_red_desk() -> None:
    decision = suspicious(case(signals=Signals(suspicious_contact=True), policy=KNOWN))
    assert decision is not None
    assert (decision.kind, decision.entry, decision.also) == ("answer", SUSPICIOUS_ENTRY, "offer_person")
    assert (decision.intent, decision.queue) == ("fraud_report", RED_QUEUE)


def test_who_only_asks_how_to_tell_is_answered_without_a_desk() -> None:
    decision = suspicious(case(signals=Signals(suspicious_contact=True, asks=True), policy=KNOWN))
    assert decision is not None
    assert decision.queue is None


def test_without_its_entry_or_without_a_stranger_nothing_is_said() -> None:
    assert suspicious(case(signals=Signals(suspicious_contact=True), policy=POLICY)) is None
    assert suspicious(case(signals=Signals(), policy=KNOWN)) is None


# A person


@pytest.mark.parametrize(
    "named", [{"signals": Signals(wants_human=True)}, {"turn": Turn(wants_human=True)}, {"pressed": PERSON}]
)
def test_a_person_is_called_however_they_are_asked_for(named: dict[str, object]) -> None:
    found = person(case("你好", NOTHING, **named))  # type: ignore[arg-type]
    assert found is not None
    assert (found.kind, found.rule, found.intent) == ("handoff", "person", "human_agent_request")


@pytest.mark.parametrize("kind", [Complaint.SERVICE, Complaint.REGULATOR])
def test_a_person_wanted_for_a_complaint_is_left_to_the_complaint(kind: Complaint) -> None:
    wanted = case(signals=Signals(wants_human=True, complaint=kind))
    assert person(wanted) is None
    assert complaint(wanted) is not None


def test_nobody_is_called_unasked() -> None:
    assert person(case(signals=Signals())) is None


@pytest.mark.parametrize(
    ("state", "queue"),
    [
        ({}, DEFAULT_QUEUE),
        ({"focus": FOCUS}, "tech_support"),
        ({"guide": GuidePlace("api-error", "first")}, "tech_support"),
        ({"intake": IntakePlace("time", "报关不过", "cross_border"), "focus": FOCUS}, "cross_border"),
        ({"intake": IntakePlace("time", "不清楚")}, DEFAULT_QUEUE),
    ],
)
def test_the_desk_is_that_of_what_leads_else_of_what_was_talked_about(state: dict[str, object], queue: str) -> None:
    found = person(case("转人工", NOTHING, policy=KNOWN, **state))  # type: ignore[arg-type]
    assert found is not None
    assert found.queue == queue


def test_the_desk_named_by_the_merchant_comes_first() -> None:
    signals = Signals(wants_human=True, human_queue="enterprise")
    found = person(case(signals=signals, policy=KNOWN, focus=FOCUS))
    assert found is not None
    assert found.queue == "enterprise"


# A complaint


@pytest.mark.parametrize(
    ("kind", "entry", "intent"),
    [
        (Complaint.SERVICE, "complaint-file", "complaint_file"),
        (Complaint.REGULATOR, "complaint-regulator", "complaint_escalate_regulator"),
        (Complaint.ESCALATE, "complaint-escalate-internal", "complaint_escalate_regulator"),
    ],
)
def test_every_complaint_is_for_its_desk_with_priority(kind: Complaint, entry: str, intent: str) -> None:
    found = complaint(case(signals=Signals(complaint=kind)))
    assert found is not None
    assert (found.queue, found.priority, found.entry, found.intent) == (COMPLAINTS_QUEUE, "high", entry, intent)


def test_without_a_complaint_nothing_is_filed() -> None:
    assert complaint(case(signals=Signals())) is None
