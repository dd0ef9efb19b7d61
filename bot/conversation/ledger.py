"""Record, think, record: the one place where what was said and what was decided is written down.

Order of locks, everywhere: conversation, ticket, ticket counter, gap. Ids within a conversation are given out under the
conversation's lock, so a client that reads by cursor never passes over a message that is committed late.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import Row, bindparam, select

from bot.conversation.model import (
    Author,
    Choice,
    Conversation,
    Draft,
    Holder,
    Inbound,
    Kind,
    Message,
    State,
    TicketCard,
)
from bot.tables import conversation_of, conversations, message_of, messages, messages_of, outbox, turns
from bot.tickets.model import NUMBER_MARK, Owner, TicketChange
from bot.tickets.store import write_ticket
from knowledge.database import Connection, Engine, as_json, insert_or, reading, transaction
from knowledge.gaps import Gap, note_gap

# What each turn runs, built once: putting a statement together costs more than SQLite needs to run it.
_SEEN = select(messages).where(
    messages.c.channel == bindparam("of_channel"),
    messages.c.external_user == bindparam("of_user"),
    messages.c.external_id == bindparam("of_message"),
)
_OPEN = select(conversations).where(
    conversations.c.channel == bindparam("of_channel"),
    conversations.c.external_user == bindparam("of_user"),
    conversations.c.holder != Holder.CLOSED.value,
)
_ONE = select(conversations).where(conversations.c.id == bindparam("of_id"))
_OPEN_LOCKED, _ONE_LOCKED = _OPEN.with_for_update(), _ONE.with_for_update()
_CONCLUDED = select(turns.c.inbound_id).where(turns.c.inbound_id == bindparam("of_message"))
_ANSWERS = select(messages).where(messages.c.reply_to == bindparam("of_message")).order_by(messages.c.id)
_APPEND = messages.insert().returning(messages)
_SETTLE = messages.update().where(messages.c.id == bindparam("of_message"), messages.c.awaiting).values(awaiting=False)
_SETTLE_ALL = (
    messages.update()
    .where(messages.c.conversation_id == bindparam("of_id"), messages.c.awaiting)
    .values(awaiting=False)
)
_MOVE = conversations.update().where(
    conversations.c.id == bindparam("of_id"), conversations.c.version == bindparam("from_version")
)


class ConversationMissing(Exception):
    """There is no conversation with this id."""


class Stale(Exception):
    """The conversation moved on while we were thinking: think again about what it is now."""

    def __init__(self, conversation: str, expected: int, found: int) -> None:
        super().__init__(f"conversation {conversation} is at version {found}, not {expected}")
        self.conversation = conversation
        self.expected = expected
        self.found = found


@dataclass(frozen=True, slots=True)
class Recorded:
    """A message that is written down. `replies` is not None if it was seen before and has been concluded."""

    conversation: Conversation
    inbound: Message
    replies: tuple[Message, ...] | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """All that a thought changes. `ms` is how long it took.

    With a ticket, `{ticket}` in the drafts' texts and an empty number on their cards become its number; one that is
    newly opened also becomes the state's `ticket`.
    """

    decision: Mapping[str, Any]
    drafts: tuple[Draft, ...]
    state: State
    holder: Holder
    ticket: TicketChange | None
    gap: Gap | None
    ms: float


@dataclass(frozen=True, slots=True)
class ConcludedTurn:
    """Why a message was answered as it was."""

    inbound: int
    conversation: str
    decision: Mapping[str, Any]
    ms: float
    created_at: datetime


class Ledger(Protocol):
    """Where conversations are kept; `SqlLedger` and a fake in the tests pass one suite."""

    def record(self, inbound: Inbound) -> Recorded:
        """Write a message down in the sender's open conversation, opening one if there is none.

        A message with an `external_id` that was seen before from this sender changes nothing and returns what is there.
        """

    def conclude(
        self, conversation: Conversation, inbound: Message, outcome: Outcome, now: datetime
    ) -> tuple[Message, ...]:
        """Write the outcome down, all or nothing; the replies as they stand.

        If a twin concluded this inbound already, its replies. Raises `Stale`, `ConversationMissing`, `TicketMissing`.
        """

    def messages_after(self, conversation_id: str, cursor: int, limit: int = 200) -> list[Message]:
        """Messages with an id above the cursor, oldest first."""

    def unconcluded(self, older_than: datetime) -> list[Message]:
        """Messages recorded before a moment that the bot held and still holds, and never answered; oldest first."""

    def conversation(self, conversation_id: str) -> Conversation:
        """Raises `ConversationMissing`."""

    def find_conversation(self, channel: str, external_user: str) -> Conversation | None:
        """The sender's conversation that is not closed."""

    def last_turn(self, conversation_id: str) -> ConcludedTurn | None:
        """The newest concluded turn."""


def fill_number(draft: Draft, number: str | None) -> Draft:
    """The draft with the ticket's number in it. A card that would stay without one is a `ValueError`."""
    if number is None:
        if draft.ticket is not None and not draft.ticket.number:
            raise ValueError("a card was drafted for a ticket that the outcome neither opens nor raises")
        return draft
    card: TicketCard | None = draft.ticket
    if card is not None and not card.number:
        card = replace(card, number=number)
    return replace(draft, text=draft.text.replace(NUMBER_MARK, number), ticket=card)


class SqlLedger:
    """The ledger on SQLite or PostgreSQL.

    `hold_back_seconds`, by channel: how long the outbox leaves a new reply alone, where the channel may still
    deliver it in its answer to the request.
    """

    def __init__(self, engine: Engine, hold_back_seconds: Mapping[str, float] = MappingProxyType({})) -> None:
        self._engine = engine
        self._hold_back_seconds = hold_back_seconds

    def record(self, inbound: Inbound) -> Recorded:
        """A unique constraint tells twins apart, and another lets a sender have one open conversation.

        It waits for no disk: nobody is told anything before the outcome is written, and that makes both last.
        """
        with transaction(self._engine, lasting=False) as connection:
            seen = _find_seen(connection, inbound)
            if seen is None:
                conversation = _open_conversation(connection, inbound)
                message = _append_inbound(connection, conversation, inbound)
                if message is not None:
                    return Recorded(conversation, message, None)
                seen = _find_seen(connection, inbound)  # its twin came between our look and our lock
            if seen is None:
                raise RuntimeError("a message is neither new nor known")
            return Recorded(_load(connection, seen.conversation), seen, _replies(connection, seen.id))

    def conclude(
        self, conversation: Conversation, inbound: Message, outcome: Outcome, now: datetime
    ) -> tuple[Message, ...]:
        """One transaction, under the conversation's lock."""
        with transaction(self._engine) as connection:
            current = _load(connection, conversation.id, lock=True)
            earlier = _replies(connection, inbound.id)
            if earlier is not None:
                return earlier
            if current.version != conversation.version:
                raise Stale(conversation.id, conversation.version, current.version)
            state, number = outcome.state, None
            if outcome.ticket is not None:
                owner = Owner(current.channel, current.external_user)
                number = write_ticket(connection, current.id, owner, outcome.ticket, now).number
                state = state if outcome.ticket.number else replace(state, ticket=number)
            drafts = [fill_number(draft, number) for draft in outcome.drafts]
            deliver_at = now + timedelta(seconds=self._hold_back_seconds.get(current.channel, 0.0))
            replies = append_drafts(connection, current, drafts, now, deliver_at, reply_to=inbound.id)
            _move(connection, current, replace(current, holder=outcome.holder, state=state, updated_at=now))
            _settle(connection, current.id, None if outcome.holder != Holder.BOT else inbound.id)
            told = {"inbound_id": inbound.id, "conversation_id": current.id, "decision": as_json(outcome.decision)}
            connection.execute(turns.insert(), {**told, "ms": outcome.ms, "created_at": now})
            if (gap := outcome.gap) is not None:
                note_gap(connection, gap.question, gap.normalised, gap.reason, gap.nearest, now)
            return replies

    def messages_after(self, conversation_id: str, cursor: int, limit: int = 200) -> list[Message]:
        """Read by the conversation's index."""
        with reading(self._engine) as connection:
            return messages_of(connection, conversation_id, cursor, limit)

    def unconcluded(self, older_than: datetime) -> list[Message]:
        """Read by an index of what awaits an answer, which is nearly empty."""
        waiting = (
            select(messages)
            .join(conversations, conversations.c.id == messages.c.conversation_id)
            .where(messages.c.awaiting, messages.c.created_at < older_than)
            .where(conversations.c.holder == Holder.BOT.value)
            .order_by(messages.c.id)
        )
        with reading(self._engine) as connection:
            return [message_of(row) for row in connection.execute(waiting)]

    def conversation(self, conversation_id: str) -> Conversation:
        """As it was last committed."""
        with reading(self._engine) as connection:
            return _load(connection, conversation_id)

    def find_conversation(self, channel: str, external_user: str) -> Conversation | None:
        """As it was last committed."""
        with reading(self._engine) as connection:
            return _find_open(connection, channel, external_user)

    def last_turn(self, conversation_id: str) -> ConcludedTurn | None:
        """The turn of the newest message that has one."""
        newest = select(turns).where(turns.c.conversation_id == conversation_id).order_by(turns.c.inbound_id.desc())
        with reading(self._engine) as connection:
            row = connection.execute(newest.limit(1)).one_or_none()
        if row is None:
            return None
        return ConcludedTurn(row.inbound_id, row.conversation_id, row.decision, row.ms, row.created_at)


def append_drafts(
    connection: Connection,
    conversation: Conversation,
    drafts: Iterable[Draft],
    now: datetime,
    deliver_at: datetime,
    reply_to: int | None = None,
) -> tuple[Message, ...]:
    """Write messages to the merchant and their places in the outbox; the caller holds the conversation's lock."""
    written: list[Message] = []
    for draft in drafts:
        row = {
            "conversation_id": conversation.id,
            "author": draft.author.value,
            "kind": draft.kind.value,
            "text": draft.text,
            "payload": as_json({"entry": draft.entry, "choices": draft.choices, "ticket": draft.ticket}),
            "channel": conversation.channel,
            "external_user": conversation.external_user,
            "reply_to": reply_to,
            "awaiting": False,
            "created_at": now,
        }
        message = message_of(connection.execute(_APPEND, row).one())
        place = {
            "message_id": message.id,
            "channel": conversation.channel,
            "external_user": conversation.external_user,
            "state": "pending",
            "attempts": 0,
            "next_at": deliver_at,
            "reason": "",
        }
        connection.execute(outbox.insert(), place)
        written.append(message)
    return tuple(written)


def _find_seen(connection: Connection, inbound: Inbound) -> Message | None:
    if not inbound.external_id:
        return None
    same = {"of_channel": inbound.channel, "of_user": inbound.external_user, "of_message": inbound.external_id}
    row = connection.execute(_SEEN, same).one_or_none()
    return None if row is None else message_of(row)


def _find_open(connection: Connection, channel: str, external_user: str, *, lock: bool = False) -> Conversation | None:
    theirs = {"of_channel": channel, "of_user": external_user}
    row = connection.execute(_OPEN_LOCKED if lock else _OPEN, theirs).one_or_none()
    return None if row is None else conversation_of(row)


def _open_conversation(connection: Connection, inbound: Inbound) -> Conversation:
    """The sender's open conversation, locked. Another process may open or close it at any moment until then."""
    while (found := _find_open(connection, inbound.channel, inbound.external_user, lock=True)) is None:
        fresh = insert_or(connection, conversations).values(
            id=uuid.uuid4().hex,
            channel=inbound.channel,
            external_user=inbound.external_user,
            holder=Holder.BOT.value,
            version=0,
            state=as_json(State()),
            created_at=inbound.received_at,
            updated_at=inbound.received_at,
        )
        connection.execute(fresh.on_conflict_do_nothing())
    return found


def _append_inbound(connection: Connection, conversation: Conversation, inbound: Inbound) -> Message | None:
    """The message as it stands now; None if one with its external id stands there already."""
    pressed = (Choice(inbound.choice, inbound.text),) if inbound.choice is not None else ()
    row = insert_or(connection, messages).values(
        conversation_id=conversation.id,
        author=Author.MERCHANT.value,
        kind=Kind.TEXT.value,
        text=inbound.text,
        payload=as_json({"choices": pressed, "attachments": inbound.attachments}),
        channel=inbound.channel,
        external_user=inbound.external_user,
        external_id=inbound.external_id or None,
        awaiting=conversation.holder == Holder.BOT,
        created_at=inbound.received_at,
    )
    written: Row[Any] | None = connection.execute(row.on_conflict_do_nothing().returning(messages)).one_or_none()
    if written is None:
        return None
    touched = conversations.update().where(conversations.c.id == conversation.id)
    connection.execute(touched, {"updated_at": inbound.received_at})
    return message_of(written)


def _load(connection: Connection, conversation_id: str, *, lock: bool = False) -> Conversation:
    row = connection.execute(_ONE_LOCKED if lock else _ONE, {"of_id": conversation_id}).one_or_none()
    if row is None:
        raise ConversationMissing(conversation_id)
    return conversation_of(row)


def _replies(connection: Connection, inbound_id: int) -> tuple[Message, ...] | None:
    """The replies to a message that was concluded (perhaps none); None for one that was not."""
    if connection.execute(_CONCLUDED, {"of_message": inbound_id}).one_or_none() is None:
        return None
    return tuple(message_of(row) for row in connection.execute(_ANSWERS, {"of_message": inbound_id}))


def _move(connection: Connection, before: Conversation, after: Conversation) -> None:
    """Compare and set: the version moves on by one."""
    changed = {
        "of_id": before.id,
        "from_version": before.version,
        "version": before.version + 1,
        "holder": after.holder.value,
        "state": as_json(after.state),
        "updated_at": after.updated_at,
    }
    if connection.execute(_MOVE, changed).rowcount != 1:
        raise Stale(before.id, before.version, _load(connection, before.id).version)


def _settle(connection: Connection, conversation_id: str, inbound_id: int | None) -> None:
    """This message waits no longer; without one, none of the conversation does: a person has it from here."""
    if inbound_id is None:
        connection.execute(_SETTLE_ALL, {"of_id": conversation_id})
    else:
        connection.execute(_SETTLE, {"of_message": inbound_id})
