"""Documents and the passages they are cut into."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from knowledge.database import CleanText, Json, Moment

revision = "k0003"
down_revision = "k0002"


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("source", CleanText, nullable=False),
        sa.Column("title", CleanText, nullable=False),
        sa.Column("provider", CleanText, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("added_at", Moment, nullable=False),
    )
    op.create_table(
        "passages",
        sa.Column("document_id", sa.Text, sa.ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("headings", Json, nullable=False),
        sa.Column("blocks", Json, nullable=False),
    )
