"""The same service the journeys go through."""

from __future__ import annotations

from tests.journeys.conftest import clock, merchant, shop, stored_shop

__all__ = ["clock", "merchant", "shop", "stored_shop"]
