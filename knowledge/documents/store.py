"""Documents as they stand in the database: added, replaced and removed whole."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from knowledge.database import Connection, Engine, as_json, from_json, reading, transaction
from knowledge.documents.model import Block, DocumentMissing, Kept, Passage
from knowledge.tables import documents, generations, passages

_LINE = "published"


@dataclass(frozen=True, slots=True)
class Listed:
    """A document in a list."""

    id: str
    source: str
    title: str
    provider: str
    digest: str
    passages: int
    added_at: datetime


class DocumentStore:
    """A document is known by its provider and the name it was added under; adding it again replaces it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def put(self, document: Kept, now: datetime) -> bool:
        """Write a document with all its passages, or nothing; whether it differs from the one of its name."""
        with transaction(self._engine) as connection:
            _stand_in_line(connection)
            before = _load(connection, document.id)
            if before == [document]:
                return False
            connection.execute(documents.delete().where(documents.c.id == document.id))
            columns = {name: getattr(document, name) for name in ("id", "source", "title", "provider", "digest")}
            connection.execute(documents.insert().values(**columns, added_at=now))
            rows = [
                {"document_id": document.id, "number": one.number, "headings": list(one.headings), "blocks": blocks}
                for one in document.passages
                if (blocks := as_json(one.blocks))
            ]
            connection.execute(passages.insert(), rows)
        return True

    def remove(self, document: str) -> None:
        """Take a document out with its passages; `DocumentMissing`."""
        with transaction(self._engine) as connection:
            _stand_in_line(connection)
            if connection.execute(documents.delete().where(documents.c.id == document)).rowcount == 0:
                raise DocumentMissing(document)

    def all(self) -> list[Kept]:
        """Every document with its passages, by id."""
        with reading(self._engine) as connection:
            return _load(connection)

    def listed(self) -> list[Listed]:
        """Every document without its passages, by provider and source."""
        counted = (
            select(passages.c.document_id, func.count().label("passages")).group_by(passages.c.document_id).subquery()
        )
        wanted = (
            select(documents, func.coalesce(counted.c.passages, 0).label("passages"))
            .outerjoin(counted, counted.c.document_id == documents.c.id)
            .order_by(documents.c.provider, documents.c.source)
        )
        with reading(self._engine) as connection:
            return [
                Listed(row.id, row.source, row.title, row.provider, row.digest, row.passages, row.added_at)
                for row in connection.execute(wanted)
            ]

    def generation(self) -> str:
        """A value that changes whenever a document does; a short row a document is read."""
        wanted = select(documents.c.id, documents.c.digest, documents.c.added_at).order_by(documents.c.id)
        mark = hashlib.sha256()
        with reading(self._engine) as connection:
            for row in connection.execute(wanted):
                mark.update(f"{row.id} {row.digest} {row.added_at.isoformat()}\n".encode())
        return mark.hexdigest()[:20]


def _stand_in_line(connection: Connection) -> None:
    """Wait until nobody else writes entries or documents."""
    connection.execute(select(generations).where(generations.c.name == _LINE).with_for_update())


def _load(connection: Connection, document: str | None = None) -> list[Kept]:
    wanted = select(documents).order_by(documents.c.id)
    parts = select(passages).order_by(passages.c.document_id, passages.c.number)
    if document is not None:
        wanted = wanted.where(documents.c.id == document)
        parts = parts.where(passages.c.document_id == document)
    held: defaultdict[str, list[Passage]] = defaultdict(list)
    for row in connection.execute(parts):
        blocks = tuple(_block(data) for data in row.blocks)
        held[row.document_id].append(Passage(row.number, tuple(row.headings), blocks))
    return [
        Kept(row.source, row.title, row.provider, row.digest, tuple(held[row.id])) for row in connection.execute(wanted)
    ]


def _block(data: object) -> Block:
    return from_json(Block, data)
