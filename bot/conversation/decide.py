"""The one decision: what is done with a turn. Pure; every channel, page and command goes through it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.conversation.choices import out_of_range, pick
from bot.conversation.model import (
    Complaint,
    Conversation,
    Decision,
    Heard,
    SmallTalk,
    State,
    Turn,
)
from bot.conversation.policy import (
    COMPLAINTS_QUEUE,
    DEFAULT_QUEUE,
    EMERGENCY_ENTRIES,
    FAILURES_BEFORE_HAND_OFF,
    MAX_CHOICES,
    RED_QUEUE,
    Policy,
)
from knowledge.library import Candidate, Ranking

NONE_OF_THESE = "none"
PERSON = "person"
_ABOUT_PEOPLE = ("human_agent_request", "service_hours_contact")


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one decision rests on."""

    conversation: Conversation
    heard: Heard
    turn: Turn
    ranking: Ranking
    policy: Policy
    pressed: str | None = None

    @property
    def state(self) -> State:
        """What the conversation remembers."""
        return self.conversation.state

    @property
    def best(self) -> Candidate | None:
        """The likeliest entry; None where nothing was found."""
        return self.ranking.candidates[0] if self.ranking.candidates else None

    @property
    def sure(self) -> bool:
        """Whether the likeliest entry may be answered outright."""
        return self.best is not None and self.best.probability >= self.policy.answer_at


def decide(case: Case) -> Decision:
    """The first rule that fires, in the fixed order: money, person, complaint, what is running, code, retrieval."""
    for rule in _RULES:
        decision = rule(case)
        if decision is not None:
            return _explained(case, decision)
    raise AssertionError("the last rule always decides")


def urgent(case: Case) -> Decision | None:
    """What the fixed rules say where nothing can be searched: money at stake, a person wanted, a complaint."""
    found = next(filter(None, (rule(case) for rule in (_emergency, _person, _complaint))), None)
    return None if found is None else _explained(case, found)


def _explained(case: Case, decision: Decision) -> Decision:
    """The decision with its reasons, and the warning for secrets, which is said whatever else is."""
    top = case.ranking.candidates[:2]
    gap = top[0].probability - top[1].probability if len(top) == 2 else None
    because = {
        "none": round(case.ranking.none, 4),
        "gap": None if gap is None else round(gap, 4),
        "answer_at": round(case.policy.answer_at, 4),
        "codes": list(case.ranking.codes),
        "matched": top[0].matched if top else None,
        **decision.because,
    }
    intent = decision.intent or case.turn.intent or (case.best.intent if case.best and case.sure else None)
    return replace(decision, secrets=case.heard.secrets, because=because, intent=intent)


def _emergency(case: Case) -> Decision | None:
    """Funds being lost: the red channel at once, whatever any classifier thinks. Rather one too many."""
    signals = case.heard.signals
    best = case.best
    seen = best is not None and best.entry in EMERGENCY_ENTRIES and best.probability >= case.policy.emergency_at
    if not (signals.funds_lost or signals.despair or signals.police or seen):
        return None
    meant = next((c.entry for c in case.ranking.candidates[:5] if c.entry in EMERGENCY_ENTRIES), EMERGENCY_ENTRIES[0])
    phrase = "despair" if signals.despair else "emergency"
    rule = "funds-lost" if signals.funds_lost or seen else "despair" if signals.despair else "police"
    intent = "fraud_report" if signals.police and not signals.funds_lost else "fund_loss_emergency"
    return Decision(
        "handoff", rule, entry=meant, queue=RED_QUEUE, priority="red", phrase=phrase, intent=intent, confidence=1.0
    )


def _ticket_matter(case: Case) -> Decision | None:
    """A ticket asked for by number, or “查进度”, or to be hurried."""
    signals = case.heard.signals
    if signals.ticket_number or (signals.asks_progress and not _about_other(case, "ticket-status")):
        urged = signals.urges and not signals.asks_progress
        phrase, intent = ("urged", "ticket_urge") if urged else ("progress", "ticket_status_query")
        return Decision("say", "ticket", phrase=phrase, intent=intent, entry="ticket-status")
    if signals.urges and case.state.ticket and not _about_other(case, "ticket-urge"):
        return Decision("say", "ticket", phrase="urged", intent="ticket_urge", entry="ticket-urge")
    return None


def _about_other(case: Case, entry: str) -> bool:
    """Whether the message is surely about something else; what is talked about anyway does not count."""
    known = (entry, "ticket-status", "ticket-urge", _about(case))
    return case.sure and case.best is not None and case.best.entry not in known


def _about(case: Case) -> str | None:
    """The entry the conversation is about: that of its guide, else its focus."""
    guide, focus = case.state.guide, case.state.focus
    return guide.guide if guide else focus.entry if focus else None


def _person(case: Case) -> Decision | None:
    signals = case.heard.signals
    wanted = signals.wants_human or case.turn.wants_human or case.pressed == PERSON
    if not wanted or signals.complaint in (Complaint.SERVICE, Complaint.REGULATOR):
        return None
    queue = signals.human_queue or _queue_of_matter(case)
    return Decision("handoff", "person", queue=queue, phrase="handed_over", intent="human_agent_request")


def _queue_of_matter(case: Case) -> str:
    """The desk for what the conversation is about: this message's entry if sure, else the focus, else the default."""
    best, about = case.best, _about(case)
    if best is not None and case.sure and best.intent not in _ABOUT_PEOPLE:
        return case.policy.queue_of(best.intent)
    known = next((c.intent for c in case.ranking.candidates if c.entry == about), None)
    return case.policy.queue_of(known or (case.policy.intent_of(about) if about else None))


def _complaint(case: Case) -> Decision | None:
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


def _failed(case: Case) -> Decision | None:
    """“没用”, “都不是”: the second in a row goes to a person; the first gets an apology and ways on."""
    signals = case.heard.signals
    none = signals.none_of_these or case.pressed == NONE_OF_THESE
    if not (signals.unhelpful or none) or (case.state.guide and not case.state.guide.paused):
        return None
    if case.state.failures + 1 >= FAILURES_BEFORE_HAND_OFF:
        return Decision("handoff", "second-failure", queue=_queue_of_matter(case), phrase="second_failure")
    return Decision("say", "first-failure", phrase="rephrase", choices=(PERSON,))


def _anger(case: Case) -> Decision | None:
    """Anger with a real question is answered first; without one it goes to a person."""
    if not case.heard.signals.anger or case.ranking.none < 0.5 or case.ranking.codes:
        return None
    return Decision("handoff", "anger", queue=_queue_of_matter(case), phrase="calm", priority="high")


def _choice(case: Case) -> Decision | None:
    """An answer to open choices; what fits none closes them."""
    state = case.state
    if not state.choices:
        return None
    picked = pick(state.choices, case.heard.text, case.pressed)
    if picked is None:
        if out_of_range(state.choices, case.heard.text) and not state.out_of_range:
            return Decision("clarify", "choice-out-of-range", phrase="out_of_range", choices=("again",))
        return None
    if picked.id == PERSON:
        return Decision("handoff", "person", queue=_queue_of_matter(case), phrase="handed_over")
    if picked.entry is None:
        return None
    kind = "form" if picked.entry in case.policy.guides else "answer"
    return Decision(kind, "choice", entry=picked.entry, confidence=1.0)


def _guide(case: Case) -> Decision | None:
    """A running guide leads, unless the message is clearly about something else."""
    step = case.turn.step
    if step is None or (step.took_anything and case.sure and case.best and case.best.entry != step.guide):
        return None
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
        return Decision("say", rule, entry=step.guide, step=step, phrase=step.ends, confidence=1.0)
    return Decision("form", rule, entry=step.guide, step=step, confidence=1.0)


def _asked_again(case: Case) -> Decision | None:
    """A guide is running and the message fits neither its question nor, clearly, anything else: ask once more."""
    asked = case.turn.asked
    if asked is None or (case.sure and case.best is not None and case.best.entry != asked.guide):
        return None
    rule = f"guide:{asked.guide}:{asked.step}"
    return Decision("form", rule, entry=asked.guide, step=asked, phrase="not_understood", confidence=1.0)


def _small_talk(case: Case) -> Decision | None:
    talk = case.heard.signals.small_talk
    if talk is None:
        return (
            Decision("say", "solved", phrase="thanks", intent="goodbye_thanks") if case.heard.signals.solved else None
        )
    if talk is SmallTalk.NOISE and case.ranking.codes:  # “40047” alone
        return None
    intent = {SmallTalk.GREETING: "greeting", SmallTalk.THANKS: "goodbye_thanks", SmallTalk.CAPABILITY: "greeting"}
    return Decision("say", f"small-talk:{talk.value}", phrase=talk.value, intent=intent.get(talk, "out_of_scope"))


def _code(case: Case) -> Decision | None:
    """A recognised error code whose entry leads the ranking; two equally specific ones are asked about."""
    owners = case.ranking.code_entries
    best = case.best
    if not owners or best is None:
        return None
    if best.entry in owners and (len(owners) == 1 or case.sure):
        return _answer(case, best, "code")
    if len(owners) > 1 and best.entry in owners:
        return Decision("clarify", "codes", choices=owners[:MAX_CHOICES], phrase="which", confidence=best.probability)
    return None


def _retrieval(case: Case) -> Decision:
    best, ranking, policy = case.best, case.ranking, case.policy
    if best is None:
        return _decline(case)
    if case.sure:
        return _answer(case, best, "retrieval")
    if ranking.none > 1 - policy.decline_at:
        return _decline(case)
    near = [c for c in ranking.candidates if c.probability >= policy.choice_at][:MAX_CHOICES]
    if not near:
        return _decline(case)
    return Decision(
        "clarify",
        "close" if len(near) > 1 else "unsure",
        choices=tuple(c.entry for c in near),
        phrase="which",
        confidence=best.probability,
        intent=best.intent,
    )


def _answer(case: Case, candidate: Candidate, rule: str) -> Decision:
    kind = "form" if candidate.entry in case.policy.guides else "answer"
    also = "offer_person" if case.heard.signals.anger else None
    return Decision(
        kind, rule, entry=candidate.entry, intent=candidate.intent, confidence=candidate.probability, also=also
    )


def _decline(case: Case) -> Decision:
    """Nothing vetted fits: say so, offer a person; the second time in a row a person is called."""
    matter = case.ranking.uncovered
    confidence = case.best.probability if case.best else 0.0
    if case.state.failures + 1 >= FAILURES_BEFORE_HAND_OFF and (matter is None or matter.near):
        return Decision("handoff", "second-failure", queue=_queue_of_matter(case), phrase="second_failure")
    far = matter is not None and not matter.near
    phrase = "english" if case.heard.signals.english else "out_of_scope" if far else "decline"
    return Decision(
        "say",
        "out-of-scope" if far else "low-confidence",
        phrase=phrase,
        intent="out_of_scope",
        queue=None if far else (matter.queue if matter else None),
        choices=() if far else (PERSON,),
        confidence=confidence,
        because={"uncovered": matter.id if matter else None},
    )


_RULES: tuple[Callable[[Case], Decision | None], ...] = (
    _emergency,
    _person,
    _complaint,
    _ticket_matter,
    _guide,
    _choice,
    _failed,
    _anger,
    _small_talk,
    _code,
    _asked_again,
    _retrieval,
)
