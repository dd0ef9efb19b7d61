"""Widget sessions."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from bot.channels.widget.sessions import LIFE_SECONDS, Sessions
from tests.doubles import Clock
from tests.journeys.shop import everything

LIFE = timedelta(seconds=LIFE_SECONDS)


def test_a_token_stands_for_the_person_it_was_given_to(database: Engine, clock: Clock) -> None:
    sessions = Sessions(database)
    opened = [sessions.open(clock()) for _ in range(3)]
    assert [sessions.person(token, clock()) for token, _ in opened] == [person for _, person in opened]
    assert len({person for _, person in opened}) == len({token for token, _ in opened}) == 3


def test_an_unknown_token_stands_for_nobody(database: Engine, clock: Clock) -> None:
    sessions = Sessions(database)
    token, _ = sessions.open(clock())
    for wrong in ("", token[:-1], token + "x", token.swapcase(), "密" * 40):
        assert sessions.person(wrong, clock()) is None


def test_the_database_never_holds_a_token(database: Engine, clock: Clock) -> None:
    token, person = Sessions(database).open(clock())
    kept = everything(database)
    assert token not in kept
    assert person in kept


def test_a_token_ends_after_its_life_and_lives_on_while_it_is_used(database: Engine, clock: Clock) -> None:
    sessions = Sessions(database)
    (used, person), (unused, _) = sessions.open(clock()), sessions.open(clock())
    clock.advance(LIFE_SECONDS - 1)
    assert sessions.person(used, clock()) == person
    clock.advance(1)
    assert sessions.person(unused, clock()) is None
    assert sessions.person(used, clock()) == person
    clock.set(clock() + LIFE)
    assert sessions.person(used, clock()) is None


def test_sessions_that_ended_are_forgotten_and_others_stay(database: Engine, clock: Clock) -> None:
    sessions = Sessions(database)
    sessions.open(clock())
    clock.advance(hours=2)
    token, person = sessions.open(clock())
    clock.set(clock() + LIFE - timedelta(hours=1))
    assert sessions.forget_expired(clock()) == 1
    assert sessions.person(token, clock()) == person
