"""Fakes that keep the promises of the real things; each passes the same contract suite as its twin."""

from __future__ import annotations

import threading
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np

from bot.conversation.ledger import (
    ConcludedTurn,
    ConversationMissing,
    Outcome,
    Recorded,
    Stale,
    fill_number,
)
from bot.conversation.model import Author, Choice, Conversation, Holder, Inbound, Kind, Message, State
from bot.tickets.model import (
    Owner,
    Ticket,
    TicketChange,
    TicketMissing,
    opened,
    raised,
    ticket_day,
    ticket_number,
)
from embeddings.encoder import Vectors
from knowledge.gaps import Gap


class Clock:
    """A clock that stands still until it is told otherwise. Call it for the time."""

    def __init__(self, now: datetime = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def set(self, now: datetime) -> None:
        self.now = now

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0) -> datetime:
        self.now += timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days)
        return self.now


class MemoryLedger:
    """The ledger in lists and dictionaries; `tickets` and `gaps` may be looked at."""

    def __init__(self) -> None:
        self.tickets: dict[str, Ticket] = {}
        self.gaps: list[Gap] = []
        self._lock = threading.RLock()
        self._conversations: dict[str, Conversation] = {}
        self._messages: list[Message] = []
        self._seen: dict[tuple[str, str, str], int] = {}
        self._turns: dict[int, ConcludedTurn] = {}
        self._replies: dict[int, tuple[Message, ...]] = {}
        self._awaiting: set[int] = set()
        self._counters: dict[str, int] = {}

    def record(self, inbound: Inbound) -> Recorded:
        key = (inbound.channel, inbound.external_user, inbound.external_id)
        with self._lock:
            if inbound.external_id and key in self._seen:
                seen = self._messages[self._seen[key] - 1]
                return Recorded(self._conversations[seen.conversation], seen, self._replies.get(seen.id))
            conversation = self._open(inbound)
            message = Message(
                id=len(self._messages) + 1,
                conversation=conversation.id,
                author=Author.MERCHANT,
                kind=Kind.TEXT,
                text=inbound.text,
                created_at=inbound.received_at,
                choices=(Choice(inbound.choice, inbound.text),) if inbound.choice is not None else (),
                client_id=inbound.external_id or None,
                attachments=inbound.attachments,
            )
            self._messages.append(message)
            if inbound.external_id:
                self._seen[key] = message.id
            if conversation.holder == Holder.BOT:
                self._awaiting.add(message.id)
            return Recorded(conversation, message, None)

    def conclude(
        self, conversation: Conversation, inbound: Message, outcome: Outcome, now: datetime
    ) -> tuple[Message, ...]:
        with self._lock:
            current = self.conversation(conversation.id)
            if inbound.id in self._replies:
                return self._replies[inbound.id]
            if current.version != conversation.version:
                raise Stale(conversation.id, conversation.version, current.version)
            ticket = self._ticket(current, outcome.ticket, now) if outcome.ticket is not None else None
            number = ticket.number if ticket is not None else None
            drafts = [fill_number(draft, number) for draft in outcome.drafts]
            # Nothing below can fail: from here on it is all, up to here it was nothing.
            state = outcome.state
            if ticket is not None and outcome.ticket is not None:
                self._keep(ticket, opened_now=outcome.ticket.number is None)
                state = state if outcome.ticket.number else replace(state, ticket=number)
            replies = tuple(
                Message(
                    id=len(self._messages) + place,
                    conversation=current.id,
                    author=draft.author,
                    kind=draft.kind,
                    text=draft.text,
                    created_at=now,
                    entry=draft.entry,
                    choices=draft.choices,
                    ticket=draft.ticket,
                )
                for place, draft in enumerate(drafts, 1)
            )
            self._messages.extend(replies)
            self._conversations[current.id] = replace(
                current, version=current.version + 1, holder=outcome.holder, state=state, updated_at=now
            )
            self._settle(current.id, inbound.id, outcome.holder)
            self._turns[inbound.id] = ConcludedTurn(inbound.id, current.id, dict(outcome.decision), outcome.ms, now)
            self._replies[inbound.id] = replies
            if outcome.gap is not None:
                self.gaps.append(outcome.gap)
            return replies

    def messages_after(self, conversation_id: str, cursor: int, limit: int = 200) -> list[Message]:
        with self._lock:
            theirs = [one for one in self._messages if one.conversation == conversation_id and one.id > cursor]
            return theirs[:limit]

    def unconcluded(self, older_than: datetime) -> list[Message]:
        with self._lock:
            return [
                one
                for one in self._messages
                if one.id in self._awaiting
                and one.created_at < older_than
                and self._conversations[one.conversation].holder == Holder.BOT
            ]

    def conversation(self, conversation_id: str) -> Conversation:
        with self._lock:
            if conversation_id not in self._conversations:
                raise ConversationMissing(conversation_id)
            return self._conversations[conversation_id]

    def find_conversation(self, channel: str, external_user: str) -> Conversation | None:
        with self._lock:
            theirs = (one for one in self._conversations.values() if one.holder != Holder.CLOSED)
            return next((one for one in theirs if (one.channel, one.external_user) == (channel, external_user)), None)

    def last_turn(self, conversation_id: str) -> ConcludedTurn | None:
        with self._lock:
            theirs = [turn for turn in self._turns.values() if turn.conversation == conversation_id]
            return max(theirs, key=lambda turn: turn.inbound, default=None)

    def _open(self, inbound: Inbound) -> Conversation:
        found = self.find_conversation(inbound.channel, inbound.external_user)
        at = inbound.received_at
        if found is None:
            found = Conversation(
                uuid.uuid4().hex, inbound.channel, inbound.external_user, Holder.BOT, 0, State(), at, at
            )
        self._conversations[found.id] = replace(found, updated_at=at)
        return found

    def _ticket(self, conversation: Conversation, change: TicketChange, now: datetime) -> Ticket:
        owner = Owner(conversation.channel, conversation.external_user)
        if change.number is None:
            day = ticket_day(now)
            number = ticket_number(day, self._counters.get(day, 0) + 1)
            return opened(number, conversation.id, owner, change, now)
        before = self.tickets.get(change.number)
        if before is None or before.owner != owner:
            raise TicketMissing(change.number)
        return raised(before, change, now)

    def _keep(self, ticket: Ticket, *, opened_now: bool) -> None:
        self.tickets[ticket.number] = ticket
        if opened_now:
            day = ticket_day(ticket.created_at)
            self._counters[day] = self._counters.get(day, 0) + 1

    def _settle(self, conversation_id: str, inbound_id: int, holder: Holder) -> None:
        self._awaiting.discard(inbound_id)
        if holder != Holder.BOT:
            self._awaiting -= {one.id for one in self._messages if one.conversation == conversation_id}


class HashEncoder:
    """Texts that share pairs of characters are near each other; no model is read and nothing is learnt.

    `encoded` counts the texts it was given, for those who want to know whether a cache was used.
    """

    def __init__(self, dimensions: int = 256) -> None:
        self.fingerprint = f"hash-{dimensions}"
        self.encoded = 0
        self._dimensions = dimensions

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.encoded += len(texts)
        rows = np.zeros((len(texts), self._dimensions), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for first, second in pairwise(f" {' '.join(text.split())} " if text.strip() else ""):
                row[zlib.crc32(f"{first}{second}".encode()) % self._dimensions] += 1
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.divide(rows, lengths, out=rows, where=lengths > 0)

    encode_questions = encode
