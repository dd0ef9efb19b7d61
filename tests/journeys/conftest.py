"""The service as merchants meet it: on SQLite, or on each kind of database where what is stored matters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from tests.conftest import fresh_database
from tests.doubles import Clock
from tests.journeys.shop import MORNING, Merchant, Shop, open_shop


@pytest.fixture
def clock() -> Clock:
    return Clock(MORNING)


@pytest.fixture
def shop(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Shop]:
    with fresh_database("sqlite", request) as engine, open_shop(engine, clock) as shop:
        yield shop


@pytest.fixture
def stored_shop(database: Engine, clock: Clock) -> Iterator[Shop]:
    """The service on each kind of database."""
    with open_shop(database, clock) as shop:
        yield shop


@pytest.fixture
def merchant(shop: Shop) -> Merchant:
    return shop.merchant()
