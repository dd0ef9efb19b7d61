"""The worker: delivers what is due, answers what a crash left unanswered, and keeps the library current."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bot.channels.channel import Channel, Later, Refused, Sent
from bot.channels.outbox import Delivery, Outbox

EVERY_SECONDS = 1.0
RECOVER_AFTER_SECONDS = 15.0
_MOST_ATTEMPTS = 8
_AFTER_FAILURE_SECONDS = 60.0
log = logging.getLogger(__name__)


class Worker:
    """Runs `tick` again and again on a thread of its own until stopped. One tick never raises."""

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        recover: Callable[[datetime], int],
        refresh: Callable[[], bool],
        now: Callable[[], datetime],
    ) -> None:
        self._outbox = outbox
        self._channels = channels
        self._recover = recover
        self._refresh = refresh
        self._now = now
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._thread.start()

    def stop(self, seconds: float = 4.0) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.tick()
            self._stopping.wait(EVERY_SECONDS)

    def tick(self) -> None:
        """Each part on its own, so that one that fails does not keep the others from working."""
        for part in (self.drain, self.recover, self._refresh):
            try:
                part()
            except Exception:  # one of the three edges: the worker outlives whatever its tasks meet
                log.exception("the worker's task failed")

    def recover(self) -> int:
        return self._recover(self._now() - timedelta(seconds=RECOVER_AFTER_SECONDS))

    def drain(self) -> int:
        """Deliver everything that is due; returns how many were tried."""
        tried = 0
        while due := self._outbox.claim(self._now()):
            for delivery in due:
                self._deliver(delivery)
            tried += len(due)
        return tried

    def _deliver(self, delivery: Delivery) -> None:
        channel = self._channels.get(delivery.channel)
        if channel is None:
            self._outbox.refused(delivery.id, "no such channel")
            return
        try:
            result = channel.deliver(delivery.external_user, delivery.message)
        except Exception:  # what bursts one delivery must not hold up the others
            log.exception("delivery %s failed", delivery.id)
            result = Later(_AFTER_FAILURE_SECONDS)
        match result:
            case Sent():
                self._outbox.sent(delivery.id, self._now())
            case Later(seconds) if delivery.attempts < _MOST_ATTEMPTS:
                self._outbox.later(delivery.id, seconds, "later", self._now())
            case Later():
                self._outbox.refused(delivery.id, "too many attempts")
            case Refused(reason):
                self._outbox.refused(delivery.id, reason)
