"""The one path of a message: record, think, record."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.conversation.decide import Case, decide, urgent
from bot.conversation.handoff import Counter
from bot.conversation.hearing import hear
from bot.conversation.held import while_held
from bot.conversation.ledger import Ledger, Outcome, Stale
from bot.conversation.model import Conversation, Decision, Heard, Holder, Inbound, Message, Turn
from bot.conversation.policy import Policy
from bot.conversation.progress import fresh, moved
from bot.conversation.replies import Replies
from bot.dialogue.guides import Guide, begin
from bot.dialogue.turn import Dialogue
from knowledge.confidence import Confidence
from knowledge.gaps import Gap
from knowledge.library import Library, Ranking

_THOUGHTS = 3
_FOLLOW_UP_CHARS = 10
_LOCKS = 64
_NOTHING = Ranking((), Confidence(0.0), 1.0, None, (), ())
_GAP_RULES = frozenset({"low-confidence", "second-failure", "first-failure", "trouble"})
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
        guides: Mapping[str, Guide],
        replies: Replies,
        counter: Counter,
        policy: Callable[[], Policy],
        now: Callable[[], datetime],
        count: Callable[[str, Mapping[str, Any], float], None] = lambda *_: None,
    ) -> None:
        self._ledger = ledger
        self._library = library
        self._dialogue = dialogue
        self._guides = guides
        self._replies = replies
        self._counter = counter
        self._policy = policy
        self._now = now
        self._count = count
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
        turn = self._dialogue.turn(conversation.id, heard, state, pressed)
        ranking = self._search(conversation, heard)
        case = Case(conversation, heard, turn, ranking, self._policy(), pressed)
        decision = decide(case)
        if decision.kind == "form" and decision.step is None and decision.entry:
            decision = replace(decision, step=begin(self._guides[decision.entry]))
        return case, decision

    def _search(self, conversation: Conversation, heard: Heard) -> Ranking:
        """Search the message alone; a short one that says little by itself also together with what it is about."""
        state = conversation.state
        bare = not any(choice.entry for choice in state.choices)
        question = self._library.language.read(heard.text)
        ranking = self._library.search(question, bare_numbers=bare)
        short = len(question.normalised) <= _FOLLOW_UP_CHARS
        sure = ranking.confidence.value >= self._policy().answer_at
        if state.focus is None or sure or not (short and heard.signals.follow_up):
            return ranking
        joined = self._library.language.read(f"{state.focus.question} {heard.text}")
        together = self._library.search(joined, bare_numbers=bare)
        return together if together.confidence.value > ranking.confidence.value else ranking

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
                return self._held(replace(case, conversation=conversation), started)
            return self._concluding(case, decision, started)
        except Exception:  # one of the three edges: whatever fails here, the merchant gets a sentence and a ticket
            log.exception("thinking failed in conversation %s", conversation.id)
        case = Case(conversation, heard, Turn(), _NOTHING, self._policy(), pressed)
        if conversation.holder is not Holder.BOT:
            return self._held(case, started)
        trouble = Decision("handoff", "trouble", phrase="trouble", queue="tech_support", secrets=heard.secrets)
        return self._concluding(case, urgent(case) or trouble, started)

    def _held(self, case: Case, started: float) -> Outcome:
        conversation = case.conversation
        decision = while_held(case, self._now())
        if decision is None:
            nothing = Decision("say", f"held-by-{conversation.holder.value}")
            return self._written(case, nothing, (), conversation.state, conversation.holder, None, started)
        return self._concluding(case, decision, started)

    def _concluding(self, case: Case, decision: Decision, started: float) -> Outcome:
        now = self._now()
        told, change = self._counter.open(case, decision, now) if decision.kind == "handoff" else (None, None)
        choices = self._replies.choices_of(decision)
        if decision.rule == "ticket":
            status, change = self._counter.status(case, decision, now)
            drafts = (*self._replies.warnings(decision), *status)
        else:
            drafts = tuple(self._replies.drafts(case, decision, choices, told))
        entry = self._library.entry(decision.entry) if decision.entry and decision.kind in ("answer", "form") else None
        question = case.heard.text
        state = moved(case.state, decision, case.heard.facts, choices, entry, question, now)
        if decision.phrase == "waiting":
            state = replace(state, transfer_noted_at=now)
        holder = case.conversation.holder
        if decision.rule == "resume-bot":
            holder = Holder.BOT
        elif told is not None and holder is Holder.BOT and told.in_hours:
            holder = Holder.QUEUE
        return self._written(case, decision, drafts, state, holder, change, started)

    @staticmethod
    def _written(
        case: Case, decision: Decision, drafts: Any, state: Any, holder: Holder, change: Any, started: float
    ) -> Outcome:
        ms = (time.perf_counter() - started) * 1000
        gap = None
        if decision.rule in _GAP_RULES:
            normalised = case.heard.text.lower()
            nearest = tuple(candidate.entry for candidate in case.ranking.candidates[:3])
            gap = Gap(case.heard.text, normalised, decision.rule, nearest)
        return Outcome(explained(case, decision, ms), tuple(drafts), state, holder, change, gap, ms)

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


def explained(case: Case, decision: Decision, ms: float) -> dict[str, Any]:
    """The decision as it is kept and shown: what, why, and the candidates with their probabilities."""
    confidence = decision.confidence
    return {
        "kind": decision.kind,
        "entry": decision.entry,
        "confidence": None if confidence is None else round(confidence, 4),
        "intent": decision.intent,
        "queue": decision.queue,
        "rule": decision.rule,
        "candidates": [
            {"entry": candidate.entry, "score": round(candidate.probability, 4)}
            for candidate in case.ranking.candidates[:5]
        ],
        "choices": [choice for choice in decision.choices if choice not in ("again", "person")],
        "secrets": [secret.value for secret in decision.secrets],
        "because": decision.because,
        "ms": round(ms, 2),
    }
