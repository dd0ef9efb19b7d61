"""Questions that had no answer, counted; the list curators work from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import case, select

from knowledge.database import Connection, insert_or
from knowledge.tables import KEY_MAX_CHARS, gaps


class GapState(StrEnum):
    """What curators made of a gap."""

    OPEN = "open"
    DISMISSED = "dismissed"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Gap:
    """A question that could not be answered: `reason` is the rule that gave up, `nearest` the closest entries' ids."""

    question: str
    normalised: str
    reason: str
    nearest: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CountedGap:
    """A gap as it stands: how often it was asked, when first and last."""

    id: int
    gap: Gap
    count: int
    first_at: datetime
    last_at: datetime
    state: GapState


def note_gap(
    connection: Connection, question: str, normalised: str, reason: str, nearest: Sequence[str], now: datetime
) -> None:
    """Count a gap. One that was answered and is asked again is open again; a dismissed one stays dismissed."""
    row = insert_or(connection, gaps).values(
        question=question,
        normalised=normalised[:KEY_MAX_CHARS],
        reason=reason,
        count=1,
        first_at=now,
        last_at=now,
        nearest=list(nearest),
        state=GapState.OPEN.value,
    )
    reopened = case((gaps.c.state == GapState.ANSWERED.value, GapState.OPEN.value), else_=gaps.c.state)
    connection.execute(
        row.on_conflict_do_update(
            index_elements=[gaps.c.normalised],
            set_={
                "count": gaps.c["count"] + 1,
                "last_at": row.excluded.last_at,
                "reason": row.excluded.reason,
                "nearest": row.excluded.nearest,
                "state": reopened,
            },
        )
    )


def counted_gaps(connection: Connection, state: GapState = GapState.OPEN, limit: int = 200) -> list[CountedGap]:
    """Gaps of one state, most asked first."""
    wanted = select(gaps).where(gaps.c.state == state.value).order_by(gaps.c["count"].desc(), gaps.c.id).limit(limit)
    return [
        CountedGap(
            row.id,
            Gap(row.question, row.normalised, row.reason, tuple(row.nearest)),
            row._mapping["count"],
            row.first_at,
            row.last_at,
            GapState(row.state),
        )
        for row in connection.execute(wanted)
    ]


def settle_gap(connection: Connection, gap_id: int, state: GapState) -> None:
    """Dismiss a gap, call it answered, or open it again."""
    connection.execute(gaps.update().where(gaps.c.id == gap_id).values(state=state.value))
