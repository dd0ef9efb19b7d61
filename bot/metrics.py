"""What is counted: turns by what was decided, how long thinking took, requests refused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """One registry a service, so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._turns = Counter("shangda_turns", "Turns decided", ["kind", "channel"], registry=self.registry)
        self._thought = Histogram(
            "shangda_thought_seconds", "Time to a decision", buckets=_BUCKETS, registry=self.registry
        )

    def turn(self, channel: str, decision: Mapping[str, Any], ms: float) -> None:
        self._turns.labels(decision.get("kind") or "none", channel).inc()
        self._thought.observe(ms / 1000)
