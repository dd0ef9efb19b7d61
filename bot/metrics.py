"""What is counted: turns by what was decided, how long thinking took; and whether Rasa leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Metrics:
    """One registry a service, so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._turns = Counter("shangda_turns", "Turns decided", ["kind", "channel"], registry=self.registry)
        self._thought = Histogram(
            "shangda_thought_seconds", "Time to a decision", buckets=_BUCKETS, registry=self.registry
        )

        self._rasa = Gauge("shangda_rasa_ready", "1 while Rasa answers, else 0", registry=self.registry)

    def watch_rasa(self, ready: Callable[[], bool]) -> None:
        """Ask this whenever somebody looks."""
        self._rasa.set_function(lambda: float(ready()))

    def turn(self, channel: str, decision: Mapping[str, Any], ms: float) -> None:
        self._turns.labels(decision.get("kind") or "none", channel).inc()
        self._thought.observe(ms / 1000)
