"""The tables of knowledge: entries and their phrasings, revisions, uncovered matters, gaps, evaluations, documents."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from knowledge.database import CleanText, Json, Moment

KEY_MAX_CHARS = 500
"""A normalised text is a unique key, and PostgreSQL indexes at most about 2,700 bytes: three to a Chinese character."""

metadata = MetaData()

entries = Table(
    "entries",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", CleanText, nullable=False),
    Column("answer", CleanText, nullable=False),
    Column("category", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("intent", Text, nullable=False),
    Column("source", CleanText, nullable=False),
    Column("review_by", Date),
    Column("related", Json, nullable=False),
    Column("codes", Json, nullable=False),
    Column("aliases", Json, nullable=False),
    Column("state", Text, nullable=False),
    Column("valid_from", Date),
    Column("valid_until", Date),
    Column("audience", CleanText, nullable=False),
    Column("negatives", Json, nullable=False, server_default="[]"),
    Column("provider", CleanText, nullable=False, server_default=""),
    Column("revision", Integer, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Index("entries_by_state", "state"),
)

phrasings = Table(
    "phrasings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("entry_id", Text, ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
    Column("text", CleanText, nullable=False),
    Column("normalised", CleanText, nullable=False),
    Column("position", Integer, nullable=False),
    UniqueConstraint("entry_id", "normalised", name="phrasings_once"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("entry_id", Text, ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("snapshot", Json, nullable=False),
    Column("author", CleanText, nullable=False),
    Column("at", Moment, nullable=False),
)

uncovered = Table(
    "uncovered",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", CleanText, nullable=False),
    Column("near", Boolean, nullable=False),
    Column("queue", Text),
    Column("phrasings", Json, nullable=False),
)

gaps = Table(
    "gaps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("question", CleanText, nullable=False),
    Column("normalised", CleanText, nullable=False),
    Column("reason", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("first_at", Moment, nullable=False),
    Column("last_at", Moment, nullable=False),
    Column("nearest", Json, nullable=False),
    Column("state", Text, nullable=False),
    UniqueConstraint("normalised", name="gaps_once"),
    Index("gaps_by_state", "state", "count"),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("figures", Json, nullable=False),
    Index("evaluations_by_kind", "kind", "id"),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source", CleanText, nullable=False),
    Column("title", CleanText, nullable=False),
    Column("provider", CleanText, nullable=False),
    Column("digest", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
)

passages = Table(
    "passages",
    metadata,
    Column("document_id", Text, ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("headings", Json, nullable=False),
    Column("blocks", Json, nullable=False),
)

# One row, `published`: a random value that changes with every change a snapshot must follow. Its lock also puts
# those who write entries in a line.
generations = Table(
    "generations",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
