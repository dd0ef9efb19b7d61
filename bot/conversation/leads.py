"""What is done while a guide or the intake of a ticket leads, and with the tickets a conversation has."""

from __future__ import annotations

from bot.conversation.case import RATE, Case
from bot.conversation.facts import SAID_IN_PASSING, only_facts
from bot.conversation.model import Decision, Step
from bot.conversation.policy import DEFAULT_QUEUE, KEY_LOST_ENTRY, RED_QUEUE

INTAKE_BEGINS = "intake:begin"
_NO_STEP = Step("", "", "")


def ticket_matter(case: Case) -> Decision | None:
    """A ticket asked for by number, or “查进度”, or to be hurried."""
    signals = case.heard.signals
    named = signals.ticket_number or (signals.asks_number and case.state.ticket)
    if named or (signals.asks_progress and not _about_other(case, "ticket-status")):
        urged = signals.urges and not signals.asks_progress
        phrase, intent = ("urged", "ticket_urge") if urged else ("progress", "ticket_status_query")
        return Decision("say", "ticket", phrase=phrase, intent=intent, entry="ticket-status")
    if signals.urges and case.state.ticket and not _about_other(case, "ticket-urge"):
        return Decision("say", "ticket", phrase="urged", intent="ticket_urge", entry="ticket-urge")
    return None


def _about_other(case: Case, entry: str) -> bool:
    """Whether the message is surely about something else; what is talked about anyway does not count."""
    known = (entry, "ticket-status", "ticket-urge", case.about)
    return case.alone and case.sure and case.best is not None and case.best.entry not in known


def ticket_wanted(case: Case) -> Decision | None:
    """Somebody wants a matter put down: what it is about, then what is missing, is asked for."""
    turn = case.turn
    understood = turn.intent == "ticket_create" and turn.confidence >= case.policy.intent_at and not case.sure
    if not (case.heard.signals.wants_ticket or understood) or (turn.step or turn.asked or _NO_STEP).intake is not None:
        return None
    return Decision("form", INTAKE_BEGINS, intent="ticket_create", confidence=1.0)


def ticket_facts(case: Case) -> Decision | None:
    """A fact for a ticket that is open, or one put right: it is kept there."""
    told = [fact for fact in case.heard.facts if fact.name not in SAID_IN_PASSING]
    corrects = case.heard.signals.corrects
    if case.state.ticket is None or not told or case.state.choices or (case.sure and not corrects):
        return None
    if case.heard.signals.asks or case.heard.signals.follow_up:
        return None
    return Decision("say", "ticket-facts", phrase="facts_kept", intent="ticket_create", confidence=1.0)


def facts_alone(case: Case) -> Decision | None:
    """Nothing but facts (“商户号8812345678”): they are kept, and what is the matter is asked."""
    signals = case.heard.signals
    if not only_facts(case.heard) or case.ranking.codes or signals.asks or signals.follow_up:
        return None
    if any(choice.entry for choice in case.state.choices):
        return Decision("clarify", "facts-choices", phrase="facts_choose", choices=("again",))
    return Decision("say", "facts", phrase="facts_noted", confidence=1.0)


def guide(case: Case) -> Decision | None:
    """A running guide leads, unless the message is clearly about something else."""
    step = case.turn.step
    if step is None or (step.took_anything and _changes_topic(case, step)):
        return None
    if step.intake is not None:
        return _taken_in(case, step)
    rule = f"guide:{step.guide}:{step.step}"
    if step.ends == "ticket":
        queue = step.queue or DEFAULT_QUEUE
        priority = "red" if queue == RED_QUEUE else "normal"
        return Decision(
            "handoff", rule, entry=step.guide, step=step, queue=queue, phrase="guide_ticket", priority=priority
        )
    if step.ends == "entry":
        return Decision("answer", rule, entry=step.entry, step=step, confidence=1.0)
    if step.ends is not None:
        rates = (RATE,) if step.ends == "solved" else ()
        return Decision("say", rule, entry=step.guide, step=step, phrase=step.ends, choices=rates, confidence=1.0)
    return Decision("form", rule, entry=step.guide, step=step, confidence=1.0)


def _changes_topic(case: Case, step: Step) -> bool:
    """Whether a message is surely about something else than what leads.

    A question may be; what only tells something must be of another category and surer still, for most that is told
    while a guide leads belongs to its matter.
    """
    best, focus = case.best, case.state.focus
    if best is None or best.entry in (step.guide, KEY_LOST_ENTRY) or only_facts(case.heard):
        return False
    if step.intake is not None and best.intent == step.intake.matter:
        return False
    if best.entry in case.ranking.code_entries or case.heard.signals.asks:
        return case.sure
    elsewhere = focus is None or best.category != focus.category
    return elsewhere and best.probability >= case.policy.topic_at


def _taken_in(case: Case, step: Step) -> Decision:
    """The intake of a ticket asks on, has it registered, or is left."""
    rule, matter = f"intake:{step.step}", step.intake.matter if step.intake else None
    if step.ends == "ticket":
        queue = case.policy.queue_of(matter)
        return Decision(
            "handoff", "intake:submitted", step=step, queue=queue, phrase="registered", intent="ticket_create"
        )
    if step.ends is not None:
        return Decision("say", rule, step=step, phrase=step.ends, intent="ticket_create", confidence=1.0)
    return Decision("form", rule, step=step, intent="ticket_create", confidence=1.0)


def asked_again(case: Case) -> Decision | None:
    """Something leads and the message fits neither its question nor, clearly, anything else: ask once more."""
    asked = case.turn.asked
    if asked is None or _changes_topic(case, asked):
        return None
    if asked.intake is not None:
        rule, entry = f"intake:{asked.step}", None
    else:
        rule, entry = f"guide:{asked.guide}:{asked.step}", asked.guide
    signals = case.heard.signals
    phrase = "facts_asked" if case.heard.facts else "not_understood"
    phrase = "look_first" if signals.pays_again and signals.asks else phrase
    return Decision("form", rule, entry=entry, step=asked, phrase=phrase, confidence=1.0)
