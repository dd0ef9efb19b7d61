"""The first tables of the service. Forward only: going back means restoring a backup."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from knowledge.database import CleanText, Json, Moment

revision = "b0001"
down_revision = None

_BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _conversations()
    _messages()
    _turns_and_outbox()
    _tickets()
    _ticket_events()
    _people()
    _organisation()


def _needed(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _of(name: str, target: str, kind: Any, **more: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, sa.ForeignKey(target, ondelete="CASCADE"), **more)


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Text, primary_key=True),
        _needed("channel", sa.Text),
        _needed("external_user", CleanText),
        _needed("holder", sa.Text),
        _needed("version", sa.Integer),
        _needed("state", Json),
        _needed("created_at", Moment),
        _needed("updated_at", Moment),
    )
    open_ones = sa.text("holder <> 'closed'")
    op.create_index(
        "conversations_one_open",
        "conversations",
        ["channel", "external_user"],
        unique=True,
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
    op.create_index("conversations_by_holder", "conversations", ["holder", "updated_at"])


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", _BIG_ID, primary_key=True, autoincrement=True),
        _of("conversation_id", "conversations.id", sa.Text, nullable=False),
        _needed("author", sa.Text),
        _needed("kind", sa.Text),
        _needed("text", CleanText),
        _needed("payload", Json),
        _needed("channel", sa.Text),
        _needed("external_user", CleanText),
        sa.Column("external_id", CleanText),
        _of("reply_to", "messages.id", _BIG_ID),
        _needed("awaiting", sa.Boolean),
        _needed("created_at", Moment),
        sa.UniqueConstraint("channel", "external_user", "external_id", name="messages_once"),
        sqlite_autoincrement=True,
    )
    awaiting = sa.text("awaiting")
    op.create_index("messages_by_conversation", "messages", ["conversation_id", "id"])
    op.create_index("messages_by_reply", "messages", ["reply_to"])
    op.create_index("messages_awaiting", "messages", ["id"], sqlite_where=awaiting, postgresql_where=awaiting)


def _turns_and_outbox() -> None:
    op.create_table(
        "turns",
        _of("inbound_id", "messages.id", _BIG_ID, primary_key=True, autoincrement=False),
        _of("conversation_id", "conversations.id", sa.Text, nullable=False),
        _needed("decision", Json),
        _needed("ms", sa.Float),
        _needed("created_at", Moment),
    )
    op.create_index("turns_by_conversation", "turns", ["conversation_id", "inbound_id"])
    op.create_index("turns_by_time", "turns", ["created_at"])
    op.create_table(
        "outbox",
        sa.Column("id", _BIG_ID, primary_key=True, autoincrement=True),
        _of("message_id", "messages.id", _BIG_ID, nullable=False, unique=True),
        _needed("channel", sa.Text),
        _needed("external_user", CleanText),
        _needed("state", sa.Text),
        _needed("attempts", sa.Integer),
        _needed("next_at", Moment),
        _needed("reason", CleanText),
        sa.Column("sent_at", Moment),
    )
    op.create_index("outbox_due", "outbox", ["state", "next_at"])
    op.create_index("outbox_by_recipient", "outbox", ["channel", "external_user", "state"])


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("number", sa.Text, primary_key=True),
        _of("conversation_id", "conversations.id", sa.Text, nullable=False),
        _needed("channel", sa.Text),
        _needed("external_user", CleanText),
        _needed("queue", sa.Text),
        _needed("priority", sa.Text),
        _needed("state", sa.Text),
        sa.Column("due_at", Moment),
        sa.Column("promised_at", Moment),
        _needed("facts", Json),
        _needed("summary", CleanText),
        _needed("created_at", Moment),
        _needed("updated_at", Moment),
    )
    op.create_index("tickets_by_owner", "tickets", ["channel", "external_user"])
    op.create_index("tickets_by_state", "tickets", ["state", "queue", "due_at"])
    op.create_index("tickets_by_conversation", "tickets", ["conversation_id"])


def _ticket_events() -> None:
    op.create_table(
        "ticket_events",
        sa.Column("id", _BIG_ID, primary_key=True, autoincrement=True),
        _of("number", "tickets.number", sa.Text, nullable=False),
        _needed("kind", sa.Text),
        _needed("detail", CleanText),
        _needed("author", CleanText),
        _needed("at", Moment),
    )
    op.create_index("ticket_events_by_number", "ticket_events", ["number", "id"])
    op.create_table(
        "ticket_counters",
        sa.Column("day", sa.Text, primary_key=True),
        _needed("last", sa.Integer),
    )


def _people() -> None:
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text, primary_key=True),
        _needed("external_user", CleanText),
        _needed("created_at", Moment),
        _needed("last_seen_at", Moment),
        _needed("expires_at", Moment),
    )
    op.create_index("sessions_by_user", "sessions", ["external_user"])
    op.create_index("sessions_by_expiry", "sessions", ["expires_at"])
    op.create_table(
        "feedback",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.Text),
        _needed("problem", CleanText),
        _needed("expectation", CleanText),
        _needed("external_user", CleanText),
        _needed("at", Moment),
    )


def _organisation() -> None:
    op.create_table(
        "settings",
        sa.Column("name", CleanText, primary_key=True),
        sa.Column("value", Json),
        _needed("updated_at", Moment),
        _needed("updated_by", CleanText),
    )
    op.create_table(
        "announcements",
        sa.Column("id", sa.Integer, primary_key=True),
        _needed("text", CleanText),
        _needed("starts_at", Moment),
        sa.Column("ends_at", Moment),
        _needed("kind", sa.Text),
    )
    op.create_index("announcements_by_time", "announcements", ["starts_at"])
