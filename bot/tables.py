"""The tables of the service, and how their rows become its words."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Row,
    Table,
    Text,
    UniqueConstraint,
    select,
    text,
)

from bot.conversation.model import (
    Attachment,
    Author,
    Choice,
    Conversation,
    EntryLink,
    Holder,
    Kind,
    Message,
    State,
    TicketCard,
)
from knowledge.database import CleanText, Connection, Json, Migrations, Moment, from_json, insert_or

MIGRATIONS = Migrations("bot", Path(__file__).parent / "migrations")

_SETTINGS_VERSION = "#version"  # a row of `settings` no setting can be named like

metadata = MetaData()
BigId = BigInteger().with_variant(Integer(), "sqlite")  # SQLite counts up only columns that are called INTEGER

conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("external_user", CleanText, nullable=False),
    Column("holder", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    # Whoever writes has one conversation at most that is not closed, however many messages arrive at once.
    Index(
        "conversations_one_open",
        "channel",
        "external_user",
        unique=True,
        sqlite_where=text("holder <> 'closed'"),
        postgresql_where=text("holder <> 'closed'"),
    ),
    Index("conversations_by_holder", "holder", "updated_at"),
)

# `awaiting`: a merchant's message the bot held when it came and has not answered yet.
messages = Table(
    "messages",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("author", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("payload", Json, nullable=False),
    Column("channel", Text, nullable=False),
    Column("external_user", CleanText, nullable=False),
    Column("external_id", CleanText),
    Column("reply_to", BigId, ForeignKey("messages.id", ondelete="CASCADE")),
    Column("awaiting", Boolean, nullable=False),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("channel", "external_user", "external_id", name="messages_once"),
    Index("messages_by_conversation", "conversation_id", "id"),
    Index("messages_by_reply", "reply_to"),
    Index("messages_awaiting", "id", sqlite_where=text("awaiting"), postgresql_where=text("awaiting")),
    sqlite_autoincrement=True,
)

turns = Table(
    "turns",
    metadata,
    Column("inbound_id", BigId, ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("decision", Json, nullable=False),
    Column("ms", Float, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("turns_by_conversation", "conversation_id", "inbound_id"),
    Index("turns_by_time", "created_at"),
)

tickets = Table(
    "tickets",
    metadata,
    Column("number", Text, primary_key=True),
    Column("conversation_id", Text, ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("external_user", CleanText, nullable=False),
    Column("queue", Text, nullable=False),
    Column("priority", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", Moment),
    Column("promised_at", Moment),
    Column("facts", Json, nullable=False),
    Column("summary", CleanText, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("tickets_by_owner", "channel", "external_user"),
    Index("tickets_by_state", "state", "queue", "due_at"),
    Index("tickets_by_conversation", "conversation_id"),
)

ticket_events = Table(
    "ticket_events",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("number", Text, ForeignKey("tickets.number", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", CleanText, nullable=False),
    Column("author", CleanText, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ticket_events_by_number", "number", "id"),
)

ticket_counters = Table(
    "ticket_counters",
    metadata,
    Column("day", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("message_id", BigId, ForeignKey("messages.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("channel", Text, nullable=False),
    Column("external_user", CleanText, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("reason", CleanText, nullable=False),
    Column("sent_at", Moment),
    Index("outbox_due", "state", "next_at"),
    Index("outbox_by_recipient", "channel", "external_user", "state"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("external_user", CleanText, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("last_seen_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index("sessions_by_user", "external_user"),
    Index("sessions_by_expiry", "expires_at"),
)

settings = Table(
    "settings",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("value", Json),
    Column("updated_at", Moment, nullable=False),
    Column("updated_by", CleanText, nullable=False),
)

feedback = Table(
    "feedback",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", Text),
    Column("problem", CleanText, nullable=False),
    Column("expectation", CleanText, nullable=False),
    Column("external_user", CleanText, nullable=False),
    Column("at", Moment, nullable=False),
)

announcements = Table(
    "announcements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("text", CleanText, nullable=False),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment),
    Column("kind", Text, nullable=False),
    Index("announcements_by_time", "starts_at"),
)


def conversation_of(row: Row[Any]) -> Conversation:
    """A row of `conversations`."""
    return Conversation(
        row.id,
        row.channel,
        row.external_user,
        Holder(row.holder),
        row.version,
        from_json(State, row.state),
        row.created_at,
        row.updated_at,
    )


def message_of(row: Row[Any]) -> Message:
    """A row of `messages`. A merchant's own message carries the choice that was pressed as its only choice."""
    payload: dict[str, Any] = row.payload
    return Message(
        id=row.id,
        conversation=row.conversation_id,
        author=Author(row.author),
        kind=Kind(row.kind),
        text=row.text,
        created_at=row.created_at,
        entry=from_json(EntryLink, payload.get("entry")),
        choices=from_json(tuple[Choice, ...], payload.get("choices", ())),
        ticket=from_json(TicketCard, payload.get("ticket")),
        client_id=row.external_id,
        attachments=from_json(tuple[Attachment, ...], payload.get("attachments", ())),
    )


def messages_of(
    connection: Connection, conversation_id: str, after: int = 0, limit: int | None = None
) -> list[Message]:
    """A conversation's messages with an id above `after`, oldest first."""
    wanted = select(messages).where(messages.c.conversation_id == conversation_id, messages.c.id > after)
    return [message_of(row) for row in connection.execute(wanted.order_by(messages.c.id).limit(limit))]


def current_announcements(connection: Connection, now: datetime) -> list[Row[Any]]:
    """Announcements to be shown at a moment, newest first."""
    open_ended = announcements.c.ends_at.is_(None) | (announcements.c.ends_at > now)
    shown = select(announcements).where(announcements.c.starts_at <= now, open_ended)
    return list(connection.execute(shown.order_by(announcements.c.starts_at.desc(), announcements.c.id.desc())))


def add_announcement(
    connection: Connection, words: str, starts_at: datetime, ends_at: datetime | None, kind: str
) -> int:
    row = announcements.insert().values(text=words, starts_at=starts_at, ends_at=ends_at, kind=kind)
    return int(connection.execute(row.returning(announcements.c.id)).scalar_one())


def end_announcement(connection: Connection, announcement_id: int, now: datetime) -> None:
    connection.execute(announcements.update().where(announcements.c.id == announcement_id).values(ends_at=now))


def settings_version(connection: Connection) -> str | None:
    """A value that changes with every setting that is written."""
    row = connection.execute(select(settings.c.value).where(settings.c.name == _SETTINGS_VERSION)).one_or_none()
    return None if row is None else str(row.value)


def read_settings(connection: Connection) -> dict[str, Any]:
    rows = connection.execute(select(settings.c.name, settings.c.value).where(settings.c.name != _SETTINGS_VERSION))
    return {row.name: row.value for row in rows if row.value is not None}


def write_setting(connection: Connection, name: str, value: Any, by: str, now: datetime) -> None:
    """Set a value, None to unset it (who did so stays), and move the version on."""
    for key, written in ((name, value), (_SETTINGS_VERSION, uuid.uuid4().hex)):
        row = insert_or(connection, settings).values(name=key, value=written, updated_at=now, updated_by=by)
        changes = {column: row.excluded[column] for column in ("value", "updated_at", "updated_by")}
        connection.execute(row.on_conflict_do_update(index_elements=[settings.c.name], set_=changes))
