"""The first tables of knowledge. Forward only: going back means restoring a backup."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from knowledge.database import CleanText, Json, Moment

revision = "k0001"
down_revision = None


def upgrade() -> None:
    _entries()
    _phrasings_and_revisions()
    _gaps_and_the_rest()
    generations = op.create_table(
        "generations",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.bulk_insert(generations, [{"name": "published", "value": "empty"}])


def _entries() -> None:
    op.create_table(
        "entries",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("title", CleanText, nullable=False),
        sa.Column("answer", CleanText, nullable=False),
        sa.Column("category", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("intent", sa.Text, nullable=False),
        sa.Column("source", CleanText, nullable=False),
        sa.Column("review_by", sa.Date),
        sa.Column("related", Json, nullable=False),
        sa.Column("codes", Json, nullable=False),
        sa.Column("aliases", Json, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("valid_from", sa.Date),
        sa.Column("valid_until", sa.Date),
        sa.Column("audience", CleanText, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("created_at", Moment, nullable=False),
        sa.Column("updated_at", Moment, nullable=False),
    )
    op.create_index("entries_by_state", "entries", ["state"])


def _phrasings_and_revisions() -> None:
    op.create_table(
        "phrasings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("entry_id", sa.Text, sa.ForeignKey("entries.id", ondelete="CASCADE"), nullable=False),
        sa.Column("text", CleanText, nullable=False),
        sa.Column("normalised", CleanText, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.UniqueConstraint("entry_id", "normalised", name="phrasings_once"),
    )
    op.create_table(
        "revisions",
        sa.Column("entry_id", sa.Text, sa.ForeignKey("entries.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("snapshot", Json, nullable=False),
        sa.Column("author", CleanText, nullable=False),
        sa.Column("at", Moment, nullable=False),
    )


def _gaps_and_the_rest() -> None:
    op.create_table(
        "uncovered",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", CleanText, nullable=False),
        sa.Column("near", sa.Boolean, nullable=False),
        sa.Column("queue", sa.Text),
        sa.Column("phrasings", Json, nullable=False),
    )
    op.create_table(
        "gaps",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("question", CleanText, nullable=False),
        sa.Column("normalised", CleanText, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("first_at", Moment, nullable=False),
        sa.Column("last_at", Moment, nullable=False),
        sa.Column("nearest", Json, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.UniqueConstraint("normalised", name="gaps_once"),
    )
    op.create_index("gaps_by_state", "gaps", ["state", "count"])
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", Moment, nullable=False),
        sa.Column("figures", Json, nullable=False),
    )
    op.create_index("evaluations_by_kind", "evaluations", ["kind", "id"])
