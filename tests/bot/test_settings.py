"""Environment variables: what they may be, and what is said of those that may not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot import terminal
from bot.channels.widget.routes import Limits
from bot.settings import BUILT_IN, ROOT, EnvironmentRefused, read_settings
from bot.tables import MIGRATIONS
from embeddings import encoder
from knowledge.database import migrate, open_database
from tests.doubles import Clock
from tests.journeys.shop import parts_over

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
    ("BOT_RATE_LIMITS", "40"),
    ("BOT_RATE_LIMITS", "30,40,-1"),
    ("BOT_RATE_LIMITS", "30,40,300,5"),
    ("BOT_RATE_LIMITS", "３０,40,300"),
    ("BOT_RATE_LIMITS", "30,40,1e3"),
    ("BOT_HOME", __file__),
]


def test_without_any_variable_everything_lies_under_var_and_listens_on_this_machine_only() -> None:
    settings = read_settings({})
    assert settings.home == ROOT / "var"
    assert settings.database_url == f"sqlite:///{ROOT / 'var' / 'shangda.db'}"
    assert (settings.host, settings.port, settings.encoder) == ("127.0.0.1", 8080, BUILT_IN)
    assert (settings.public_url, settings.log_level, settings.rate_limits) == ("", "INFO", None)


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
            "BOT_RATE_LIMITS": "10, 20,0",
        }
    )
    assert settings.database_url == "postgresql+psycopg://u:p@db/shangda"
    assert (settings.host, settings.port, settings.encoder) == ("::1", 0, str(tmp_path))
    assert (settings.public_url, settings.log_level) == ("https://support.example.com/bot", "DEBUG")
    assert settings.rate_limits == (10, 20, 0)


def test_rate_limits_may_be_off() -> None:
    assert read_settings({"BOT_RATE_LIMITS": "OFF"}).rate_limits == (0, 0, 0)


@pytest.mark.parametrize(
    ("given", "limits"),
    [("", Limits()), ("10,20,0", Limits.of(10, 20, 0)), ("off", Limits(None, None, None))],
)
def test_the_service_keeps_to_the_rate_limits_that_were_set(given: str, limits: Limits, tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'x.db'}")
    migrate(engine, MIGRATIONS)
    parts = replace(parts_over(engine, Clock()), environment=read_settings({"BOT_RATE_LIMITS": given}))
    assert parts.app().state.widget.limits == limits
    engine.dispose()


def test_the_limits_that_are_documented_are_those_of_the_service() -> None:
    assert Limits.of(30, 40, 300) == Limits()


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
