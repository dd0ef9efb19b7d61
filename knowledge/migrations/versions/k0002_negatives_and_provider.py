"""Entries may say what they are not, and whose they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from knowledge.database import CleanText, Json

revision = "k0002"
down_revision = "k0001"


def upgrade() -> None:
    op.add_column("entries", sa.Column("negatives", Json, nullable=False, server_default="[]"))
    op.add_column("entries", sa.Column("provider", CleanText, nullable=False, server_default=""))
