"""Migrating: from nothing to what the code expects, by however many processes at once."""

from __future__ import annotations

import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, MetaData, inspect, text

from bot.tables import MIGRATIONS
from bot.tables import metadata as bot_tables
from knowledge.database import DatabaseNewer, migrate, transaction
from knowledge.tables import metadata as knowledge_tables


def test_a_migrated_database_has_exactly_the_tables_the_code_describes(empty_database: Engine) -> None:
    migrate(empty_database, MIGRATIONS)
    everything = MetaData()
    for metadata in (knowledge_tables, bot_tables):
        for table in metadata.sorted_tables:
            table.to_metadata(everything)
    ours = set(everything.tables)
    with empty_database.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"compare_type": True, "include_name": lambda name, kind, _: kind != "table" or name in ours},
        )
        assert compare_metadata(context, everything) == []
        names = set(inspect(connection).get_table_names())
    assert names - ours == {"alembic_version_knowledge", "alembic_version_bot"}


def test_migrating_again_changes_nothing(empty_database: Engine) -> None:
    migrate(empty_database, MIGRATIONS)
    with transaction(empty_database) as connection:
        connection.execute(text("UPDATE generations SET value = 'kept'"))
    migrate(empty_database, MIGRATIONS)
    with empty_database.connect() as connection:
        assert connection.execute(text("SELECT value FROM generations")).scalar_one() == "kept"


def test_knowledge_migrates_without_the_bot(empty_database: Engine) -> None:
    migrate(empty_database)
    names = inspect(empty_database).get_table_names()
    assert "entries" in names
    assert "conversations" not in names


def test_processes_that_migrate_at_once_wait_for_each_other(empty_database: Engine) -> None:
    url = empty_database.url.render_as_string(hide_password=False)
    script = (
        "import sys; from knowledge.database import migrate, open_database; from bot.tables import MIGRATIONS;"
        "sys.stdin.readline(); migrate(open_database(sys.argv[1]), MIGRATIONS)"
    )
    starters = [
        subprocess.Popen([sys.executable, "-c", script, url], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for starter in starters:
        assert starter.stdin is not None
        starter.stdin.write("go\n")
        starter.stdin.flush()
    for starter in starters:
        _, complaint = starter.communicate(timeout=30)
        assert (starter.returncode, complaint) == (0, "")
    with empty_database.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version_bot")).scalar_one() == 1


def test_a_migration_that_fails_leaves_nothing_behind(empty_database: Engine) -> None:
    with transaction(empty_database) as connection:
        connection.execute(text("CREATE TABLE announcements (in_the_way INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        migrate(empty_database, MIGRATIONS)
    assert inspect(empty_database).get_table_names() == ["announcements"]


def test_a_database_of_a_later_version_is_refused(empty_database: Engine) -> None:
    migrate(empty_database, MIGRATIONS)
    with transaction(empty_database) as connection:
        connection.execute(text("UPDATE alembic_version_bot SET version_num = 'b9999'"))
    with pytest.raises(DatabaseNewer, match="b9999"):
        migrate(empty_database, MIGRATIONS)
