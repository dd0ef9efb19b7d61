"""What goes before questions and passages, from the environment."""

from __future__ import annotations

import pytest

from bot.settings import EnvironmentRefused, read_settings


def prefixes(**environment: str) -> tuple[str | None, str | None]:
    read = read_settings(environment)
    return read.encoder_query_prefix, read.encoder_passage_prefix


def test_without_a_wish_the_model_decides() -> None:
    assert prefixes() == (None, None)
    assert prefixes(BOT_ENCODER_QUERY_PREFIX="  ", BOT_ENCODER_PASSAGE_PREFIX="") == (None, None)


def test_the_spaces_of_a_prefix_are_part_of_it() -> None:
    assert prefixes(BOT_ENCODER_QUERY_PREFIX="query: ", BOT_ENCODER_PASSAGE_PREFIX=" 答:") == ("query: ", " 答:")


@pytest.mark.parametrize("off", ["off", "OFF", " off "])
def test_off_is_the_wish_for_none(off: str) -> None:
    assert prefixes(BOT_ENCODER_QUERY_PREFIX=off) == ("", None)


@pytest.mark.parametrize("text", ["two\nlines", "x" * 201])
def test_what_is_no_short_line_is_refused(text: str) -> None:
    with pytest.raises(EnvironmentRefused, match="BOT_ENCODER_PASSAGE_PREFIX"):
        prefixes(BOT_ENCODER_PASSAGE_PREFIX=text)
