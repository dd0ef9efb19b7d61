"""The worker: delivers, recovers, refreshes; whatever fails, it goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from bot.channels.channel import Later, Refused, Sent
from bot.channels.outbox import DeliveryState, Outbox
from bot.conversation.ledger import SqlLedger
from bot.conversation.model import Message
from bot.jobs import worker as jobs
from bot.jobs.worker import RECOVER_AFTER_SECONDS, Worker
from tests.contracts.ledger_outcomes import NOW, SAID, outcome, wrote
from tests.doubles import Clock


class Told:
    """A channel that remembers what it was given and answers as it was told to."""

    name = "widget"

    def __init__(self, *answers: Sent | Later | Refused) -> None:
        self.given: list[tuple[str, str]] = []
        self._answers = list(answers)

    def deliver(self, to: str, message: Message) -> Sent | Later | Refused:
        self.given.append((to, message.text))
        return self._answers.pop(0) if self._answers else Sent()


@pytest.fixture
def outbox(database: Engine) -> Outbox:
    return Outbox(database)


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


def a_worker(
    outbox: Outbox,
    channel: Told,
    clock: Clock,
    recover: Callable[[datetime], int] = lambda _: 0,
    refresh: Callable[[], bool] = lambda: False,
) -> Worker:
    return Worker(outbox, {channel.name: channel}, recover, refresh, clock)


def replied(database: Engine, count: int = 1, user: str = "merchant-1") -> None:
    ledger = SqlLedger(database)
    recorded = ledger.record(wrote(user=user))
    ledger.conclude(recorded.conversation, recorded.inbound, outcome(*[SAID] * count), NOW)


def test_everything_that_is_due_is_delivered_once(database: Engine, outbox: Outbox, clock: Clock) -> None:
    replied(database, 45)
    channel = Told()
    worker = a_worker(outbox, channel, clock)
    assert worker.drain() == 45
    assert worker.drain() == 0
    assert channel.given == [("merchant-1", SAID.text)] * 45
    assert outbox.counts()[DeliveryState.SENT] == 45


def test_what_cannot_go_out_now_is_tried_again_when_its_time_has_come(
    database: Engine, outbox: Outbox, clock: Clock
) -> None:
    replied(database)
    channel = Told(Later(30), Sent())
    worker = a_worker(outbox, channel, clock)
    worker.drain()
    clock.advance(29)
    assert worker.drain() == 0
    clock.advance(1)
    assert worker.drain() == 1
    assert outbox.counts()[DeliveryState.SENT] == 1


def test_what_never_goes_out_is_given_up_after_eight_attempts(database: Engine, outbox: Outbox, clock: Clock) -> None:
    replied(database)
    channel = Told(*[Later(1)] * 20)
    worker = a_worker(outbox, channel, clock)
    for _ in range(20):
        worker.drain()
        clock.advance(2)
    assert len(channel.given) == 8
    assert outbox.counts()[DeliveryState.REFUSED] == 1


def test_what_a_channel_refuses_and_what_has_no_channel_is_not_tried_again(
    database: Engine, outbox: Outbox, clock: Clock
) -> None:
    replied(database)
    channel = Told(Refused("blocked"))
    a_worker(outbox, channel, clock).drain()
    replied(database, user="merchant-2")
    Worker(outbox, {}, lambda _: 0, lambda: False, clock).drain()
    assert outbox.counts()[DeliveryState.REFUSED] == 2
    assert len(channel.given) == 1


def test_only_messages_that_waited_long_enough_are_recovered(outbox: Outbox, clock: Clock) -> None:
    asked: list[datetime] = []
    worker = a_worker(outbox, Told(), clock, recover=lambda before: asked.append(before) or 0)
    worker.recover()
    assert asked == [NOW - timedelta(seconds=RECOVER_AFTER_SECONDS)]


class Bursting(Told):
    """A channel that fails."""

    def deliver(self, to: str, message: Message) -> Sent | Later | Refused:
        raise RuntimeError("the line is dead")


def test_one_part_that_fails_does_not_keep_the_others_from_working(
    database: Engine, outbox: Outbox, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    replied(database)
    done: list[str] = []

    def recover(_: datetime) -> int:
        done.append("recover")
        raise RuntimeError("no")

    def refresh() -> bool:
        done.append("refresh")
        return True

    a_worker(outbox, Bursting(), clock, recover, refresh).tick()
    assert done == ["recover", "refresh"]
    assert caplog.text.count("the worker's task failed") == caplog.text.count("the line is dead\n") == 1
    assert SAID.text not in caplog.text


def test_one_message_that_bursts_its_channel_does_not_hold_up_another_merchants(
    database: Engine, outbox: Outbox, clock: Clock
) -> None:
    replied(database, user="merchant-1")
    replied(database, user="merchant-2")
    given: list[str] = []

    class Picky(Told):
        def deliver(self, to: str, message: Message) -> Sent | Later | Refused:
            if to == "merchant-1":
                raise RuntimeError("the line is dead")
            given.append(to)
            return Sent()

    worker = a_worker(outbox, Picky(), clock)
    worker.tick()
    assert given == ["merchant-2"]
    for _ in range(20):
        clock.advance(minutes=2)
        worker.tick()
    assert outbox.counts() == {DeliveryState.PENDING: 0, DeliveryState.SENT: 1, DeliveryState.REFUSED: 1}


def test_it_ticks_until_it_is_stopped(outbox: Outbox, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "EVERY_SECONDS", 0.005)
    ticks, enough = [], threading.Event()

    def refresh() -> bool:
        ticks.append(1)
        if len(ticks) == 3:
            enough.set()
        raise RuntimeError("never mind")

    logging.getLogger(jobs.__name__).disabled = True
    try:
        worker = a_worker(outbox, Told(), clock, refresh=refresh)
        worker.start()
        assert enough.wait(10)
        worker.stop()
    finally:
        logging.getLogger(jobs.__name__).disabled = False
    seen = len(ticks)
    threading.Event().wait(0.03)
    assert len(ticks) == seen
    assert all(thread.name != "worker" for thread in threading.enumerate())


def test_stopping_one_that_never_started_is_nothing(outbox: Outbox, clock: Clock) -> None:
    a_worker(outbox, Told(), clock).stop()
