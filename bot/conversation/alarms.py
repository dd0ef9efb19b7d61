"""What stands above every score: money being lost, a stranger who wants codes, a person wanted, a complaint."""

from __future__ import annotations

from bot.conversation.case import PERSON, Case
from bot.conversation.model import Complaint, Decision
from bot.conversation.policy import COMPLAINTS_QUEUE, EMERGENCY_ENTRIES, RED_QUEUE, SUSPICIOUS_ENTRY


def emergency(case: Case) -> Decision | None:
    """Funds being lost: the red channel at once, whatever any classifier thinks. Rather one too many."""
    signals = case.heard.signals
    best = case.best
    seen = best is not None and best.entry in EMERGENCY_ENTRIES and best.probability >= case.policy.emergency_at
    if case.pressed and case.turn.step is not None:  # what a guide asks says itself what is an emergency
        seen = False
    if not (signals.funds_lost or signals.despair or signals.police or seen):
        return None
    meant = next((c.entry for c in case.ranking.candidates[:5] if c.entry in EMERGENCY_ENTRIES), EMERGENCY_ENTRIES[0])
    phrase = "despair" if signals.despair else "emergency"
    rule = "funds-lost" if signals.funds_lost or seen else "despair" if signals.despair else "police"
    intent = "fraud_report" if signals.police and not signals.funds_lost else "fund_loss_emergency"
    return Decision(
        "handoff", rule, entry=meant, queue=RED_QUEUE, priority="red", phrase=phrase, intent=intent, confidence=1.0
    )


def suspicious(case: Case) -> Decision | None:
    """Somebody calls or writes and wants codes, or may be no one of ours: never to be answered as anything else."""
    intent = case.policy.intent_of(SUSPICIOUS_ENTRY)
    if not case.heard.signals.suspicious_contact or intent is None:
        return None
    queue = None if case.heard.signals.asks else RED_QUEUE  # “怎么识别假冒的客服” only asks
    return Decision(
        "answer",
        "suspicious",
        entry=SUSPICIOUS_ENTRY,
        intent=intent,
        queue=queue,
        confidence=1.0,
        also="offer_person",
    )


def person(case: Case) -> Decision | None:
    """A person is asked for; what is a complaint goes to its own desk."""
    signals = case.heard.signals
    wanted = signals.wants_human or case.turn.wants_human or case.pressed == PERSON
    if not wanted or signals.complaint in (Complaint.SERVICE, Complaint.REGULATOR):
        return None
    queue = signals.human_queue or case.queue_of_matter()
    return Decision("handoff", "person", queue=queue, phrase="handed_over", intent="human_agent_request")


def complaint(case: Case) -> Decision | None:
    """A complaint goes to its desk at once, with no attempt to talk anybody out of it."""
    kind = case.heard.signals.complaint
    if kind is None:
        return None
    intent = "complaint_file" if kind is Complaint.SERVICE else "complaint_escalate_regulator"
    entry = {
        Complaint.SERVICE: "complaint-file",
        Complaint.REGULATOR: "complaint-regulator",
        Complaint.ESCALATE: "complaint-escalate-internal",
    }[kind]
    return Decision(
        "handoff",
        f"complaint:{kind.value}",
        queue=COMPLAINTS_QUEUE,
        priority="high",
        phrase="complaint",
        intent=intent,
        entry=entry,
    )
