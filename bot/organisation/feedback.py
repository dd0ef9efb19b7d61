"""Suggestions of merchants: kept with a number, and counted."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import insert, update

from bot.tables import feedback
from knowledge.database import Engine, transaction


class FeedbackBox:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, problem: str, expectation: str, person: str, now: datetime) -> str:
        """Keep one suggestion and return its number, `FB` + date + running number."""
        day = now.astimezone(ZoneInfo("Asia/Shanghai"))
        kept = insert(feedback).values(problem=problem, expectation=expectation, external_user=person, at=now)
        with transaction(self._engine) as connection:
            running = connection.execute(kept.returning(feedback.c.id)).scalar_one()
            number = f"FB{day:%Y%m%d}-{running:04d}"
            connection.execute(update(feedback).where(feedback.c.id == running).values(number=number))
        return number
