"""What is still to be delivered; the table's door, without any channel's manners.

A row is claimed by moving its `next_at` a lease ahead, so a worker that dies gives it back by itself. What becomes of a
delivery waits for no disk: a power cut right after it may have a message delivered once more, as one before it would.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select

from bot.conversation.model import Message
from bot.tables import message_of, messages, outbox
from knowledge.database import Engine, reading, transaction


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message to deliver. `attempts` counts this one too."""

    id: int
    message: Message
    channel: str
    external_user: str
    attempts: int


class Outbox:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def claim(self, now: datetime, limit: int = 20, lease_seconds: float = 60.0) -> list[Delivery]:
        """Due deliveries, in the order they were written; no one else is given them while the lease lasts.

        A recipient with an earlier message that waits for its next attempt is left out: messages arrive in order.
        """
        earlier = outbox.alias("earlier")
        held_up = select(earlier.c.id).where(
            earlier.c.channel == outbox.c.channel,
            earlier.c.external_user == outbox.c.external_user,
            earlier.c.state == DeliveryState.PENDING.value,
            earlier.c.id < outbox.c.id,
            earlier.c.next_at > now,
        )
        due = (
            select(outbox.c.id)
            .where(outbox.c.state == DeliveryState.PENDING.value, outbox.c.next_at <= now, ~held_up.exists())
            .order_by(outbox.c.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with transaction(self._engine, lasting=False) as connection:
            claimed = list(connection.scalars(due))
            connection.execute(
                outbox.update()
                .where(outbox.c.id.in_(claimed))
                .values(attempts=outbox.c.attempts + 1, next_at=now + timedelta(seconds=lease_seconds))
            )
            rows = connection.execute(
                select(messages, outbox.c.id.label("delivery"), outbox.c.attempts)
                .join(outbox, outbox.c.message_id == messages.c.id)
                .where(outbox.c.id.in_(claimed))
                .order_by(outbox.c.id)
            )
            return [
                Delivery(row.delivery, message_of(row), row.channel, row.external_user, row.attempts) for row in rows
            ]

    def take(self, message_ids: Iterable[int], now: datetime) -> set[int]:
        """Before a channel delivers in its answer to the request: mark these messages sent, and say which of them are
        its to deliver. One that a worker claimed already is not."""
        with transaction(self._engine) as connection:
            taken = connection.execute(
                outbox.update()
                .where(
                    outbox.c.message_id.in_(list(message_ids)),
                    outbox.c.state == DeliveryState.PENDING.value,
                    outbox.c.attempts == 0,
                )
                .values(state=DeliveryState.SENT.value, attempts=1, sent_at=now)
                .returning(outbox.c.message_id)
            )
            return set(taken.scalars())

    def sent(self, delivery_id: int, now: datetime) -> None:
        self._set(delivery_id, state=DeliveryState.SENT.value, sent_at=now, reason="")

    def later(self, delivery_id: int, seconds: float, reason: str, now: datetime) -> None:
        """Try again in `seconds`."""
        self._set(delivery_id, next_at=now + timedelta(seconds=seconds), reason=reason)

    def refused(self, delivery_id: int, reason: str) -> None:
        """It will never be delivered."""
        self._set(delivery_id, state=DeliveryState.REFUSED.value, reason=reason)

    def counts(self) -> dict[DeliveryState, int]:
        """How many deliveries there are of each state."""
        by_state = select(outbox.c.state, func.count()).group_by(outbox.c.state)
        with reading(self._engine) as connection:
            found = {DeliveryState(state): int(count) for state, count in connection.execute(by_state)}
        return {state: found.get(state, 0) for state in DeliveryState}

    def _set(self, delivery_id: int, **values: Any) -> None:
        with transaction(self._engine, lasting=False) as connection:
            connection.execute(outbox.update().where(outbox.c.id == delivery_id).values(**values))
