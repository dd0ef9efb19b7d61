"""Widget sessions: a random token in the browser, its hash in the database."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from bot.tables import sessions
from knowledge.database import Engine, reading, transaction

LIFE_SECONDS = 90 * 24 * 3600.0
_TOKEN_BYTES = 32
_SEEN_EVERY_SECONDS = 3600.0


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


class Sessions:
    """Issues and recognises tokens. A token is 256 random bits, so comparing its hash by index leaks nothing usable."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def open(self, now: datetime) -> tuple[str, str]:
        """(token for the browser, the person it stands for)."""
        token, person = secrets.token_urlsafe(_TOKEN_BYTES), secrets.token_hex(16)
        with transaction(self._engine) as connection:
            connection.execute(
                insert(sessions).values(
                    token_hash=_hash(token),
                    external_user=person,
                    created_at=now,
                    last_seen_at=now,
                    expires_at=now + timedelta(seconds=LIFE_SECONDS),
                )
            )
        return token, person

    def person(self, token: str, now: datetime) -> str | None:
        """Whose token this is; None for one that is unknown or expired. Using it keeps it alive."""
        key = _hash(token)
        wanted = select(sessions.c.external_user, sessions.c.last_seen_at, sessions.c.expires_at)
        with reading(self._engine) as connection:
            row = connection.execute(wanted.where(sessions.c.token_hash == key)).one_or_none()
        if row is None or row.expires_at <= now:
            return None
        if now - row.last_seen_at > timedelta(seconds=_SEEN_EVERY_SECONDS):
            with transaction(self._engine) as connection:
                connection.execute(
                    update(sessions)
                    .where(sessions.c.token_hash == key)
                    .values(last_seen_at=now, expires_at=now + timedelta(seconds=LIFE_SECONDS))
                )
        return str(row.external_user)

    def forget_expired(self, now: datetime) -> int:
        with transaction(self._engine) as connection:
            return connection.execute(delete(sessions).where(sessions.c.expires_at <= now)).rowcount
