"""Environment variables: what they may be, and what is said of those that may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import terminal
from bot.settings import BUILT_IN, ROOT, EnvironmentRefused, read_settings
from embeddings import encoder

REFUSED = [
    ("BOT_PORT", "abc"),
    ("BOT_PORT", "-1"),
    ("BOT_PORT", "65536"),
    ("BOT_PORT", "８０８０"),
    ("DATABASE_URL", "mysql://host/name"),
    ("DATABASE_URL", "sqlite://"),
    ("BOT_HOST", "two words"),
    ("BOT_ENCODER", "./no/such/folder"),
    ("BOT_ENCODER", "a/b/c"),
    ("BOT_PUBLIC_URL", "support.example.com"),
    ("BOT_PUBLIC_URL", "https://support.example.com/?a=1"),
    ("BOT_LOG_LEVEL", "LOUD"),
    ("BOT_HOME", __file__),
]


def test_without_any_variable_everything_lies_under_var_and_listens_on_this_machine_only() -> None:
    settings = read_settings({})
    assert settings.home == ROOT / "var"
    assert settings.database_url == f"sqlite:///{ROOT / 'var' / 'shangda.db'}"
    assert (settings.host, settings.port, settings.encoder) == ("127.0.0.1", 8080, BUILT_IN)
    assert (settings.public_url, settings.log_level) == ("", "INFO")


def test_an_empty_variable_counts_as_absent() -> None:
    assert read_settings({"BOT_PORT": "", "BOT_HOME": "  ", "DATABASE_URL": ""}) == read_settings({})


def test_the_database_lies_in_the_home_that_was_chosen(tmp_path: Path) -> None:
    settings = read_settings({"BOT_HOME": str(tmp_path / "not" / "yet")})
    assert settings.database_url == f"sqlite:///{tmp_path}/not/yet/shangda.db"
    assert not (tmp_path / "not").exists()


def test_each_variable_is_taken(tmp_path: Path) -> None:
    settings = read_settings(
        {
            "DATABASE_URL": "postgresql+psycopg://u:p@db/shangda",
            "BOT_HOST": "::1",
            "BOT_PORT": "0",
            "BOT_ENCODER": str(tmp_path),
            "BOT_PUBLIC_URL": "https://support.example.com/bot/",
            "BOT_LOG_LEVEL": "debug",
        }
    )
    assert settings.database_url == "postgresql+psycopg://u:p@db/shangda"
    assert (settings.host, settings.port, settings.encoder) == ("::1", 0, str(tmp_path))
    assert (settings.public_url, settings.log_level) == ("https://support.example.com/bot", "DEBUG")


def test_an_encoder_may_be_a_name_on_a_hub() -> None:
    assert read_settings({"BOT_ENCODER": "someone/some-model.v2"}).encoder == "someone/some-model.v2"


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_value_that_cannot_be_used_is_refused_by_name_and_there_is_a_line_on_what_is_allowed(
    name: str, value: str
) -> None:
    with pytest.raises(EnvironmentRefused) as refused:
        read_settings({name: value})
    assert (refused.value.name, refused.value.shown) == (name, value)
    assert terminal.ALLOWED[name]


def test_a_password_is_not_repeated_in_an_error() -> None:
    with pytest.raises(EnvironmentRefused) as refused:
        read_settings({"DATABASE_URL": "oracle://me:hunter2@db/x"})
    assert refused.value.shown == "oracle://me:***@db/x"
    assert "hunter2" not in str(refused.value)


def test_the_built_in_encoder_has_one_name() -> None:
    assert encoder.BUILT_IN == BUILT_IN
