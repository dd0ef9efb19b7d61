"""Entries and uncovered matters as they stand in the database, with every revision an entry ever had."""

from __future__ import annotations

import unicodedata
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from knowledge import tables
from knowledge.database import Connection, Engine, as_json, from_json, insert_or, reading, transaction
from knowledge.entry import Entry, EntryState
from knowledge.errors import EntryMissing
from knowledge.tables import KEY_MAX_CHARS, entries, evaluations, generations, phrasings, revisions
from knowledge.uncovered import Uncovered

_PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Revision:
    """An entry as somebody left it."""

    entry: Entry
    author: str
    at: datetime


def plain_normalise(text: str) -> str:
    """Width, case and white space made alike: enough to see that two phrasings are the same one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class EntryStore:
    """`normalise` tells which phrasings of an entry are the same; of those the first is kept."""

    def __init__(self, engine: Engine, normalise: Callable[[str], str] = plain_normalise) -> None:
        self._engine = engine
        self._normalise = normalise

    def all(self, state: EntryState | None = EntryState.PUBLISHED) -> list[Entry]:
        """Entries of a state (None: of every state), by id."""
        with reading(self._engine) as connection:
            return list(_load(connection, state=state).values())

    def get(self, entry_id: str) -> Entry:
        """Raises `EntryMissing`."""
        with reading(self._engine) as connection:
            found = _load(connection, ids=[entry_id])
        if entry_id not in found:
            raise EntryMissing(entry_id)
        return found[entry_id]

    def put(self, entry: Entry, author: str, now: datetime) -> Entry:
        """Write an entry; the entry as it stands.

        A new one is revision 1, a changed one the next revision, and each is kept; one that did not change is not
        written. The given revision is not looked at.
        """
        with transaction(self._engine) as connection:
            [stored] = self._put(connection, [entry], author, now)
        return stored

    def put_many(self, several: Iterable[Entry], author: str, now: datetime) -> list[Entry]:
        """`put` for several, all or none."""
        with transaction(self._engine) as connection:
            return self._put(connection, list(several), author, now)

    def retire(self, entry_id: str, author: str, now: datetime) -> Entry:
        """Take an entry out of service; it is never deleted. Raises `EntryMissing`."""
        with transaction(self._engine) as connection:
            _stand_in_line(connection)
            found = _load(connection, ids=[entry_id])
            if entry_id not in found:
                raise EntryMissing(entry_id)
            [stored] = self._put(connection, [replace(found[entry_id], state=EntryState.RETIRED)], author, now)
        return stored

    def revisions(self, entry_id: str) -> list[Revision]:
        """Every revision, oldest first; none for an unknown entry."""
        kept = select(revisions).where(revisions.c.entry_id == entry_id).order_by(revisions.c.revision)
        with reading(self._engine) as connection:
            return [Revision(from_json(Entry, row.snapshot), row.author, row.at) for row in connection.execute(kept)]

    def generation(self) -> str:
        """A value that changes whenever a published entry or an uncovered matter does; one row is read."""
        with reading(self._engine) as connection:
            return _generation(connection)

    def uncovered(self) -> list[Uncovered]:
        """Every matter we knowingly do not cover, by id."""
        with reading(self._engine) as connection:
            return list(_load_uncovered(connection).values())

    def put_uncovered(self, matters: Iterable[Uncovered]) -> None:
        """Write matters, new ones and changed ones; those not mentioned stay."""
        with transaction(self._engine) as connection:
            _stand_in_line(connection)
            before = _load_uncovered(connection)
            changed = [matter for matter in matters if before.get(matter.id) != matter]
            for matter in changed:
                row = insert_or(connection, tables.uncovered).values(**as_json(matter))
                columns = {name: row.excluded[name] for name in ("name", "near", "queue", "phrasings")}
                connection.execute(row.on_conflict_do_update(index_elements=[tables.uncovered.c.id], set_=columns))
            if changed:
                _move_on(connection)

    def note_evaluation(self, kind: str, figures: Mapping[str, Any], now: datetime) -> None:
        """Keep the figures of a measurement or calibration."""
        with transaction(self._engine) as connection:
            connection.execute(evaluations.insert().values(kind=kind, at=now, figures=as_json(figures)))

    def last_evaluation(self, kind: str) -> dict[str, Any] | None:
        """The newest figures of a kind, with the moment they were taken as `at`."""
        newest = select(evaluations).where(evaluations.c.kind == kind).order_by(evaluations.c.id.desc()).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(newest).one_or_none()
        return None if row is None else {**row.figures, "at": row.at}

    def _put(self, connection: Connection, several: list[Entry], author: str, now: datetime) -> list[Entry]:
        _stand_in_line(connection)
        before = _load(connection, ids=[entry.id for entry in several])
        published = False
        stored = []
        for wanted in several:
            keyed = self._distinct(wanted.phrasings)
            old = before.get(wanted.id)
            entry = replace(wanted, phrasings=tuple(keyed.values()), revision=old.revision if old else 0)
            if entry != old:
                entry = replace(entry, revision=entry.revision + 1)
                _write(connection, entry, keyed, author, now, new=old is None)
                published |= EntryState.PUBLISHED in (entry.state, old.state if old else None)
            before[entry.id] = entry
            stored.append(entry)
        if published:
            _move_on(connection)
        return stored

    def _distinct(self, texts: Iterable[str]) -> dict[str, str]:
        """Phrasings by their normalised form, in order, the first of each."""
        keyed: dict[str, str] = {}
        for text in texts:
            keyed.setdefault(self._normalise(text)[:KEY_MAX_CHARS], text)
        return keyed


def _stand_in_line(connection: Connection) -> None:
    """Wait until nobody else writes entries, so that what is read now is what will be changed."""
    connection.execute(select(generations).where(generations.c.name == _PUBLISHED).with_for_update())


def _move_on(connection: Connection) -> None:
    """A new generation. It is random, not counted: a restored backup must not meet a later number again."""
    published = generations.c.name == _PUBLISHED
    connection.execute(generations.update().where(published).values(value=uuid.uuid4().hex))


def _generation(connection: Connection) -> str:
    published = generations.c.name == _PUBLISHED
    return str(connection.execute(select(generations.c.value).where(published)).scalar_one())


def _load(connection: Connection, *, ids: list[str] | None = None, state: EntryState | None = None) -> dict[str, Entry]:
    """Entries by id, in order of id; `ids` None is all of them, `state` None any."""
    wanted = select(entries).order_by(entries.c.id)
    said = select(phrasings.c.entry_id, phrasings.c.text).order_by(phrasings.c.entry_id, phrasings.c.position)
    if ids is not None:
        wanted, said = wanted.where(entries.c.id.in_(ids)), said.where(phrasings.c.entry_id.in_(ids))
    if state is not None:
        wanted = wanted.where(entries.c.state == state.value)
    texts: defaultdict[str, list[str]] = defaultdict(list)
    for entry_id, text in connection.execute(said):
        texts[entry_id].append(text)
    return {row.id: _entry_of(row, tuple(texts[row.id])) for row in connection.execute(wanted)}


def _load_uncovered(connection: Connection) -> dict[str, Uncovered]:
    rows = connection.execute(select(tables.uncovered).order_by(tables.uncovered.c.id))
    return {row.id: Uncovered(row.id, row.name, row.near, row.queue, tuple(row.phrasings)) for row in rows}


def _write(
    connection: Connection, entry: Entry, keyed: Mapping[str, str], author: str, now: datetime, *, new: bool
) -> None:
    columns = _columns(entry) | {"updated_at": now}
    if new:
        connection.execute(entries.insert().values(**columns, created_at=now))
    else:
        connection.execute(entries.update().where(entries.c.id == entry.id).values(**columns))
        connection.execute(phrasings.delete().where(phrasings.c.entry_id == entry.id))
    rows = [
        {"entry_id": entry.id, "text": text, "normalised": normalised, "position": place}
        for place, (normalised, text) in enumerate(keyed.items())
    ]
    if rows:
        connection.execute(phrasings.insert(), rows)
    kept = {"entry_id": entry.id, "revision": entry.revision, "snapshot": as_json(entry), "author": author, "at": now}
    connection.execute(revisions.insert().values(**kept))


def _columns(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "title": entry.title,
        "answer": entry.answer,
        "category": entry.category,
        "kind": entry.kind,
        "intent": entry.intent,
        "source": entry.source,
        "review_by": entry.review_by,
        "related": as_json(entry.related),
        "codes": as_json(entry.codes),
        "aliases": as_json(entry.aliases),
        "state": entry.state.value,
        "valid_from": entry.valid_from,
        "valid_until": entry.valid_until,
        "audience": entry.audience,
        "revision": entry.revision,
        "negatives": as_json(entry.negatives),
        "provider": entry.provider,
    }


def _entry_of(row: Row[Any], texts: tuple[str, ...]) -> Entry:
    return Entry(
        id=row.id,
        title=row.title,
        answer=row.answer,
        phrasings=texts,
        category=row.category,
        kind=row.kind,
        intent=row.intent,
        source=row.source,
        review_by=row.review_by,
        related=tuple(row.related),
        codes=tuple(row.codes),
        aliases=tuple(row.aliases),
        state=EntryState(row.state),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        audience=row.audience,
        revision=row.revision,
        negatives=tuple(row.negatives),
        provider=row.provider,
    )
