"""The one path of a message: record, think, record."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from bot.conversation.case import Case
from bot.conversation.context import search, second_part, together
from bot.conversation.decide import decide, urgent
from bot.conversation.handoff import Counter, facts_known, facts_told
from bot.conversation.hearing import hear
from bot.conversation.held import while_held
from bot.conversation.joint import has_say, weigh
from bot.conversation.leads import INTAKE_BEGINS
from bot.conversation.ledger import Ledger, Outcome, Stale
from bot.conversation.model import Conversation, Decision, Fact, Heard, Holder, Inbound, Message, Turn
from bot.conversation.policy import HANDED, Policy
from bot.conversation.progress import fresh, merged, moved
from bot.conversation.quoting import DOCUMENT
from bot.conversation.replies import Replies
from bot.dialogue.guides import begin
from bot.dialogue.intake import again as ask_again
from bot.dialogue.intake import begin as begin_intake
from bot.dialogue.leading import Leading
from bot.dialogue.turn import Dialogue
from knowledge.confidence import Confidence
from knowledge.documents.library import Found
from knowledge.gaps import Gap
from knowledge.library import Library, Ranking

_THOUGHTS = 3
_QUESTION_CHARS = 80
"""Kept of a chain of follow-ups: the latest count."""
_LOCKS = 64
_NOTHING = Ranking((), Confidence(0.0), 1.0, None, (), ())
_GAP_RULES = frozenset({"low-confidence", "second-failure", "first-failure", "trouble", DOCUMENT})
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a channel needs: the merchant's message as stored, the replies, who holds it now, and why."""

    inbound: Message
    messages: tuple[Message, ...]
    holder: Holder
    decision: Mapping[str, Any]


class Desk:
    """Answers messages. Everything it needs is given; it starts no transaction and speaks to no channel."""

    def __init__(
        self,
        ledger: Ledger,
        library: Library,
        dialogue: Dialogue,
        leading: Leading,
        replies: Replies,
        counter: Counter,
        policy: Callable[[], Policy],
        now: Callable[[], datetime],
        count: Callable[[str, Mapping[str, Any], float], None] = lambda *_: None,
        documents: Callable[[str], Found | None] = lambda _: None,
    ) -> None:
        self._ledger = ledger
        self._library = library
        self._dialogue = dialogue
        self._guides, self._intake = leading.guides, leading.intake
        self._replies = replies
        self._counter = counter
        self._policy = policy
        self._now = now
        self._count = count
        self._documents = documents
        self._locks = tuple(threading.Lock() for _ in range(_LOCKS))

    def receive(self, inbound: Inbound) -> Reply:
        """Take one message; the same again gets the same reply. Raises `TextBlank`, `TextTooLong` before recording."""
        heard = hear(inbound.text, inbound.received_at)
        recorded = self._ledger.record(replace(inbound, text=heard.text))
        if recorded.replies is not None:
            return self._told(recorded.conversation, recorded.inbound, recorded.replies)
        pressed = inbound.choice
        return self._answer(recorded.conversation, recorded.inbound, heard, pressed)

    def resume(self, message: Message) -> Reply:
        """Think again about a message that was recorded and never answered, as after a crash."""
        conversation = self._ledger.conversation(message.conversation)
        pressed = message.choices[0].id if message.choices else None
        return self._answer(conversation, message, hear(message.text, message.created_at), pressed)

    def recover(self, older_than: datetime) -> int:
        """Answer every message that was left without one; returns how many there were."""
        waiting = self._ledger.unconcluded(older_than)
        for message in waiting:
            self.resume(message)
        return len(waiting)

    def think(self, conversation: Conversation, heard: Heard, pressed: str | None = None) -> tuple[Case, Decision]:
        """Understand, search, decide: no transaction is open and nothing is written."""
        state = replace(conversation.state, focus=fresh(conversation.state.focus, self._now()))
        conversation = replace(conversation, state=state)
        policy = self._policy()
        ranking, alone = search(self._library, state, heard, policy.answer_at)
        heard = replace(heard, codes=ranking.codes, matter=self._matter(ranking, policy))
        turn = self._dialogue.turn(conversation.id, heard, state, pressed)
        if alone and policy.joint is not None and has_say(ranking, turn.intents):
            ranking = weigh(ranking, turn.intents, policy.joint)
            policy = replace(policy, answer_at=policy.joint.answer_at)
        case = Case(conversation, heard, turn, ranking, policy, pressed, alone, self._documents)
        decision = decide(case)
        if turn.step is not None and decision.step is not turn.step:  # the message was no answer, so it gave no fact
            case = replace(case, turn=replace(turn, step=None, facts=heard.facts))
        return case, self._second(case, self._begun(case, decision))

    def _matter(self, ranking: Ranking, policy: Policy) -> str | None:
        """The intent of what a message is likeliest about, where that is likely enough to be offered."""
        best = ranking.candidates[0] if ranking.candidates else None
        return best.intent if best is not None and best.probability >= policy.named_at else None

    def _second(self, case: Case, decision: Decision) -> Decision:
        """A hand-off with the second matter of the message to go on with, where there is one that can be answered."""
        rest = second_part(case.heard.text) if decision.kind == "handoff" and decision.step is None else ""
        if not rest:
            return decision
        ranking = self._library.search(self._library.language.read(rest))
        best = ranking.candidates[0] if ranking.candidates else None
        if best is None or best.probability < case.policy.answer_at or best.entry in (*HANDED, decision.entry):
            return decision
        return replace(decision, choices=(best.entry,))

    def _carried(self, case: Case) -> tuple[Fact, ...]:
        """The facts an intake begins with; for a second ticket only those that are not of the first one's matter."""
        known = facts_known(case, self._guides)
        if case.state.ticket is None or not case.heard.signals.tells_matter:
            return known
        told = {fact.name for fact in facts_told(case)}
        return tuple(fact for fact in known if fact.name in told or fact.name in self._intake.words["kept"])

    def _begun(self, case: Case, decision: Decision) -> Decision:
        """A decision to lead, with the first question."""
        open_ = case.state.intake
        if decision.rule == INTAKE_BEGINS and open_ is not None and not case.heard.signals.tells_matter:
            step = ask_again(self._intake, open_, case.state.facts)
            return replace(decision, rule=f"intake:{step.step}", step=step)
        if decision.rule == INTAKE_BEGINS:
            focus = case.state.focus
            about = focus.question if focus else ""
            matter = case.policy.intent_of(focus.entry) if focus else None
            step = begin_intake(self._intake, case.heard, self._carried(case), about, matter)
            return replace(decision, rule=f"intake:{step.step}", step=step)
        if decision.kind == "form" and decision.step is None and decision.entry:
            heard = case.heard if decision.rule != "choice" else None
            return replace(decision, step=begin(self._guides[decision.entry], heard))
        return decision

    def _answer(self, conversation: Conversation, inbound: Message, heard: Heard, pressed: str | None) -> Reply:
        """One thought at a time for a conversation in this process; across processes the version decides."""
        lock = self._locks[hash(conversation.id) % _LOCKS]
        if not lock.acquire(blocking=False):
            lock.acquire()
            conversation = self._ledger.conversation(conversation.id)
        try:
            return self._concluded(conversation, inbound, heard, pressed)
        finally:
            lock.release()

    def _concluded(self, conversation: Conversation, inbound: Message, heard: Heard, pressed: str | None) -> Reply:
        for _ in range(_THOUGHTS):
            outcome = self._outcome(conversation, heard, pressed)
            try:
                messages = self._ledger.conclude(conversation, inbound, outcome, self._now())
            except Stale:
                conversation = self._ledger.conversation(conversation.id)
                continue
            self._count(conversation.channel, outcome.decision, outcome.ms)
            return self._told(self._ledger.conversation(conversation.id), inbound, messages, outcome.decision)
        log.warning("a message in conversation %s waits for its recovery", conversation.id)
        return Reply(inbound, (), conversation.holder, {})

    def _outcome(self, conversation: Conversation, heard: Heard, pressed: str | None) -> Outcome:
        started = time.perf_counter()
        try:
            case, decision = self.think(replace(conversation, holder=Holder.BOT), heard, pressed)
            if conversation.holder is not Holder.BOT:
                return self._held(replace(case, conversation=conversation), decision, started)
            return self._concluding(case, decision, started)
        except Exception:  # one of the three edges: whatever fails here, the merchant gets a sentence and a ticket
            log.exception("thinking failed in conversation %s", conversation.id)
        case = Case(conversation, heard, Turn(), _NOTHING, self._policy(), pressed)
        if conversation.holder is not Holder.BOT:
            return self._held(
                case, decide(replace(case, conversation=replace(conversation, holder=Holder.BOT))), started
            )
        trouble = Decision("handoff", "trouble", phrase="trouble", queue="tech_support", secrets=heard.secrets)
        return self._concluding(case, urgent(case) or trouble, started)

    def _held(self, case: Case, would: Decision, started: float) -> Outcome:
        conversation = case.conversation
        decision = while_held(case, would, self._now())
        if decision is None:
            nothing = Decision("say", f"held-by-{conversation.holder.value}")
            change = self._counter.told(case, self._now())
            state = replace(conversation.state, facts=merged(conversation.state.facts, facts_told(case)))
            return self._written(case, nothing, (), state, conversation.holder, change, started)
        return self._concluding(case, decision, started)

    def _concluding(self, case: Case, decision: Decision, started: float) -> Outcome:
        now = self._now()
        told, change = self._counter.open(case, decision, now) if decision.kind == "handoff" else (None, None)
        again = case.state.choices if "again" in decision.choices else ()
        choices = again or self._replies.choices_of(decision)
        if decision.rule == "ticket":
            status, change = self._counter.status(case, decision, now)
            drafts = (*self._replies.warnings(decision), *status)
        else:
            if change is None and (decision.rule == "ticket-facts" or case.conversation.holder is not Holder.BOT):
                change = self._counter.told(case, now)
                if change is None and decision.rule == "ticket-facts":  # it is settled, or they stand there already
                    decision = replace(decision, phrase="facts_noted")
            drafts = tuple(self._replies.drafts(case, decision, choices, told))
        about = decision.choices[0] if decision.kind == "clarify" and decision.choices[0] != "again" else decision.entry
        entry = self._library.entry(about) if about and case.policy.intent_of(about) is not None else None
        focus, question = case.state.focus, case.heard.text
        if focus is not None and not case.alone:
            question = together(focus.chosen or focus.question, question)[0][-_QUESTION_CHARS:]
        before, facts = case.state, facts_told(case)
        if decision.step is not None and decision.step.intake is not None and before.intake is None:
            before, facts = replace(before, facts=()), self._carried(case)
        if decision.rule == DOCUMENT:  # another matter than what was talked about
            before = replace(before, focus=None)
        state = moved(before, decision, facts, choices, entry, question, now)
        if decision.phrase == "waiting":
            state = replace(state, transfer_noted_at=now)
        holder = case.conversation.holder
        if decision.rule == "resume-bot":
            holder = Holder.BOT
        elif told is not None and holder is Holder.BOT and told.in_hours:
            holder = Holder.QUEUE
        return self._written(case, decision, drafts, state, holder, change, started)

    def _written(
        self, case: Case, decision: Decision, drafts: Any, state: Any, holder: Holder, change: Any, started: float
    ) -> Outcome:
        ms = (time.perf_counter() - started) * 1000
        gap = None
        if decision.rule in _GAP_RULES:
            normalised = case.heard.text.lower()
            nearest = tuple(candidate.entry for candidate in case.ranking.candidates[:3])
            gap = Gap(case.heard.text, normalised, decision.rule, nearest)
        facts = {fact.name: fact.value for fact in facts_known(case, self._guides)}
        return Outcome(explained(case, decision, ms, facts), tuple(drafts), state, holder, change, gap, ms)

    def _told(
        self,
        conversation: Conversation,
        inbound: Message,
        messages: tuple[Message, ...],
        decision: Mapping[str, Any] | None = None,
    ) -> Reply:
        if decision is None:
            turn = self._ledger.last_turn(conversation.id)
            decision = turn.decision if turn is not None and turn.inbound == inbound.id else {}
        return Reply(inbound, messages, conversation.holder, decision)


def explained(case: Case, decision: Decision, ms: float, facts: Mapping[str, str]) -> dict[str, Any]:
    """The decision as it is kept and shown: what, why, the facts known, and the candidates with their probabilities."""
    confidence = decision.confidence
    return {
        "kind": decision.kind,
        "entry": decision.entry,
        "confidence": None if confidence is None else round(confidence, 4),
        "intent": decision.intent,
        "queue": decision.queue,
        "rule": decision.rule,
        "document": None if decision.document is None else asdict(decision.document),
        "facts": dict(facts),
        "candidates": [
            {"entry": candidate.entry, "score": round(candidate.probability, 4)}
            for candidate in case.ranking.candidates[:5]
        ],
        "choices": [choice for choice in decision.choices if choice not in ("again", "person", "rate")],
        "secrets": [secret.value for secret in decision.secrets],
        "because": decision.because,
        "ms": round(ms, 2),
    }
