"""Entries in the database: kept with every revision, told apart by what changed."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from knowledge.database import DatabaseUnsupported, as_json, from_json, open_database, reading, transaction
from knowledge.entry import Entry, EntryState
from knowledge.errors import EntryMissing
from knowledge.gaps import GapState, counted_gaps, note_gap, settle_gap
from knowledge.store import EntryStore
from knowledge.uncovered import Uncovered
from tests.doubles import Clock

ENTRY = Entry(
    id="refund-time",
    title="退款多久到账?",
    answer="按原路退回。\n1. 查退款状态。到账时长：{{退款到账时间}}。",
    phrasings=("退款多久到账", "钱退了怎么还没收到"),
    category="refund",
    intent="refund_failed_delay",
    source="[Y]",
    review_by=date(2027, 1, 31),
    related=("refund-how",),
    codes=("NOTENOUGH",),
    aliases=("余额不足",),
    valid_from=date(2026, 1, 1),
    audience="all",
)


@pytest.fixture
def store(database: Engine) -> EntryStore:
    return EntryStore(database)


def test_an_entry_comes_back_as_it_was_put(store: EntryStore, clock: Clock) -> None:
    assert store.put(ENTRY, "ana", clock()) == ENTRY
    assert store.get("refund-time") == ENTRY
    assert store.all() == [ENTRY]


def test_a_missing_entry_is_missing(store: EntryStore, clock: Clock) -> None:
    with pytest.raises(EntryMissing):
        store.get("none")
    with pytest.raises(EntryMissing):
        store.retire("none", "ana", clock())


def test_each_change_is_a_revision_that_is_kept_with_its_author(store: EntryStore, clock: Clock) -> None:
    store.put(ENTRY, "ana", clock())
    changed = store.put(replace(ENTRY, answer="新答案", phrasings=("退款时间",)), "bo", clock.advance(60))
    assert changed.revision == 2
    assert store.get(ENTRY.id) == changed
    assert [(kept.entry, kept.author) for kept in store.revisions(ENTRY.id)] == [(ENTRY, "ana"), (changed, "bo")]
    assert store.revisions(ENTRY.id)[1].at == clock.now


def test_putting_the_same_again_writes_nothing(store: EntryStore, clock: Clock) -> None:
    store.put(ENTRY, "ana", clock())
    before = store.generation()
    assert store.put(replace(ENTRY, revision=7), "bo", clock()) == ENTRY
    assert len(store.revisions(ENTRY.id)) == 1
    assert store.generation() == before


def test_of_phrasings_that_say_the_same_the_first_is_kept(store: EntryStore, clock: Clock) -> None:
    stored = store.put(replace(ENTRY, phrasings=("API 报错", "ａｐｉ  报错", "别的")), "ana", clock())
    assert stored.phrasings == ("API 报错", "别的")
    assert store.get(ENTRY.id) == stored


def test_several_entries_are_put_all_or_none(store: EntryStore, clock: Clock) -> None:
    broken = replace(ENTRY, id="broken", title=None)  # type: ignore[arg-type]
    with pytest.raises(Exception, match=r"(?i)null"):
        store.put_many([ENTRY, broken], "seed", clock())
    assert store.all(None) == []
    many = [replace(ENTRY, id=f"entry-{place}") for place in range(3)]
    assert store.put_many(many, "seed", clock()) == many
    assert [entry.id for entry in store.all()] == ["entry-0", "entry-1", "entry-2"]


def test_one_entry_named_twice_in_a_list_ends_as_the_later(store: EntryStore, clock: Clock) -> None:
    store.put_many([ENTRY, replace(ENTRY, title="后写的")], "seed", clock())
    assert (store.get(ENTRY.id).title, store.get(ENTRY.id).revision) == ("后写的", 2)


def test_a_retired_entry_is_kept_but_no_longer_published(store: EntryStore, clock: Clock) -> None:
    store.put(ENTRY, "ana", clock())
    assert store.retire(ENTRY.id, "bo", clock()).state == EntryState.RETIRED
    assert store.all() == []
    assert [entry.id for entry in store.all(EntryState.RETIRED)] == [ENTRY.id]
    assert store.get(ENTRY.id).revision == 2


def test_the_generation_changes_with_what_is_published_and_with_nothing_else(store: EntryStore, clock: Clock) -> None:
    draft = replace(ENTRY, state=EntryState.DRAFT)
    seen = [store.generation()]
    store.put(draft, "ana", clock())
    assert store.generation() == seen[-1]
    for change in (
        lambda: store.put(ENTRY, "ana", clock()),
        lambda: store.put(replace(ENTRY, title="新标题"), "ana", clock()),
        lambda: store.put_uncovered([Uncovered("none-loan", "贷款", True, "merchant_service", ("能贷款吗",))]),
        lambda: store.retire(ENTRY.id, "ana", clock()),
    ):
        change()
        assert store.generation() not in seen
        seen.append(store.generation())
    store.put_uncovered(store.uncovered())
    assert store.generation() == seen[-1]


def test_uncovered_matters_are_added_and_changed_and_stay(store: EntryStore) -> None:
    loan = Uncovered("none-loan", "贷款", True, "merchant_service", ("能贷款吗",))
    weather = Uncovered("none-weather", "天气", False, None, ("今天下雨吗",))
    store.put_uncovered([loan, weather])
    more = replace(loan, phrasings=("能贷款吗", "借点钱周转"))
    store.put_uncovered([more])
    assert store.uncovered() == [more, weather]


def test_curators_who_write_one_entry_at_once_each_leave_a_revision(store: EntryStore, clock: Clock) -> None:
    with ThreadPoolExecutor(6) as threads:
        list(threads.map(lambda place: store.put(replace(ENTRY, title=f"标题 {place}"), "ana", clock()), range(6)))
    assert [kept.entry.revision for kept in store.revisions(ENTRY.id)] == [1, 2, 3, 4, 5, 6]


def test_the_newest_figures_of_each_kind_are_found(store: EntryStore, clock: Clock) -> None:
    assert store.last_evaluation("calibration") is None
    store.note_evaluation("calibration", {"threshold": 0.7}, clock())
    store.note_evaluation("calibration", {"threshold": 0.8, "lost": float("nan")}, clock.advance(1))
    store.note_evaluation("recall", {"at_1": 0.9}, clock())
    assert store.last_evaluation("calibration") == {"threshold": 0.8, "lost": None, "at": clock.now}


def test_a_gap_is_counted_and_its_nearest_entries_are_the_latest(database: Engine, clock: Clock) -> None:
    first = clock.now
    with transaction(database) as connection:
        note_gap(connection, "能贷款吗？", "能 贷款", "low", ["a"], first)
    with transaction(database) as connection:
        note_gap(connection, "贷款能办吗", "能 贷款", "near", ["b", "a"], clock.advance(60))
        note_gap(connection, "长" * 2000, "长" * 2000, "low", [], clock.now)
    with reading(database) as connection:
        [loan, long] = counted_gaps(connection)
    assert (loan.gap.question, loan.gap.reason, loan.gap.nearest) == ("能贷款吗？", "near", ("b", "a"))
    assert (loan.count, loan.first_at, loan.last_at) == (2, first, clock.now)
    assert len(long.gap.question) == 2000


@pytest.mark.parametrize(("settled", "asked_again"), [("answered", "open"), ("dismissed", "dismissed")])
def test_an_answered_gap_asked_again_is_open_and_a_dismissed_one_is_not(
    database: Engine, clock: Clock, settled: str, asked_again: str
) -> None:
    with transaction(database) as connection:
        note_gap(connection, "问", "问", "low", [], clock())
        [gap] = counted_gaps(connection)
        settle_gap(connection, gap.id, GapState(settled))
        note_gap(connection, "问", "问", "low", [], clock())
        assert [one.count for one in counted_gaps(connection, GapState(asked_again))] == [2]


def test_sqlite_is_opened_so_that_a_commit_survives_the_power(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/deep/er/x.db")
    with reading(engine) as connection:
        found = [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")]
        found += [connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("foreign_keys", "busy_timeout")]
    engine.dispose()
    assert found == ["wal", 2, 1, 10_000]


def test_only_a_transaction_that_need_not_last_by_itself_waits_for_no_disk(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/x.db")
    waits = []
    for lasting in (True, False, True):
        with transaction(engine, lasting=lasting) as connection:
            waits.append(connection.execute(text("PRAGMA synchronous")).scalar() == 2)
    engine.dispose()
    assert waits == [True, False, True]


def test_writers_of_one_process_come_one_after_the_other_and_none_is_refused(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path}/x.db")
    with transaction(engine) as connection:
        connection.execute(text("CREATE TABLE counted (number INTEGER)"))
        connection.execute(text("INSERT INTO counted VALUES (0)"))

    def count(_: int) -> None:
        with transaction(engine, lasting=False) as connection:
            number = connection.execute(text("SELECT number FROM counted")).scalar_one()
            time.sleep(0.001)
            connection.execute(text("UPDATE counted SET number = :next"), {"next": number + 1})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(200)))
    with reading(engine) as connection:
        assert connection.execute(text("SELECT number FROM counted")).scalar_one() == 200
    engine.dispose()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://root:secret@localhost/x"])
def test_a_database_that_would_forget_or_is_unknown_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnsupported) as caught:
        open_database(url)
    assert "secret" not in str(caught.value)


def test_json_of_another_version_can_be_read() -> None:
    data = as_json(ENTRY)
    del data["audience"]
    assert from_json(Entry, {**data, "from_the_future": 1}) == replace(ENTRY, audience="")


def test_a_moment_without_a_time_zone_is_refused(database: Engine, clock: Clock) -> None:
    with pytest.raises(Exception, match="time zone"), transaction(database) as connection:
        note_gap(connection, "问", "问", "low", [], clock().replace(tzinfo=None))
