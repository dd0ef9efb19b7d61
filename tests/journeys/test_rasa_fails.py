"""Rasa dies, hangs or talks nonsense in the middle of a conversation: the merchant notices nothing of it."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from bot.dialogue.actions import act
from bot.dialogue.rasa import PATIENCE_SECONDS, RasaDialogue
from bot.dialogue.sidecar import Sidecar
from bot.dialogue.turn import Dialogue
from tests.conftest import fresh_database
from tests.dialogue.stand_in import UNDERSTANDING, StandIn, Ticks
from tests.doubles import Clock
from tests.journeys.shop import Heard, Shop, open_shop, prepared
from tests.small_rasa import small_rasa

GUIDE = ("商户号8812345678，支付成功但没收到通知", "地址没问题，外网能打开", "没有任何请求", "已经放行")
GUIDE_FACTS = {
    "merchant_no": "8812345678",
    "notify_url": "地址没问题，外网能打开",
    "has_server_log": "没有任何请求",
}
INTAKE = (
    "帮我登记个工单",
    "打印的小票少了最下面一行，金额是56块",
    "商户号8812345678",
    "手机13800138000",
    "没有别的了，提交",
)
INTAKE_FACTS = {"merchant_no": "8812345678", "amount": "56", "contact_phone": "13800138000"}
CONVERSATIONS = {"a guide": (GUIDE, GUIDE_FACTS), "an intake": (INTAKE, INTAKE_FACTS)}
BACK_SECONDS = 30.0
NORMAL_SECONDS = 3.0
"""What an answer may take on a busy machine without Rasa."""
NO_INTENT = {"intent": {"name": None, "confidence": 0.0}, "intent_ranking": []}


def well(rasa: StandIn) -> Callable[[str], Any]:
    """Says what Rasa would: its form asks our own actions, in the place where its tracker was put."""

    def say(_: str) -> Any:
        _, path, body = rasa.asked[-1]
        if path.startswith(UNDERSTANDING):
            return NO_INTENT
        events = rasa.trackers()[-1][1]
        form = next(one["name"] for one in events if one["event"] == "active_loop")
        slots = {one["name"]: one["value"] for one in events if one["event"] == "slot"}
        tracker = {"slots": slots, "latest_message": {"metadata": body["metadata"], **NO_INTENT}}
        leading = prepared().leading
        for event in act(leading, {"next_action": f"validate_{form}", "tracker": tracker})["events"]:
            if event["event"] == "slot":
                slots[event["name"]] = event["value"]
        return act(leading, {"next_action": f"action_ask_{form}_answer", "tracker": tracker})["responses"]

    return say


def is_slow(rasa: StandIn) -> None:
    rasa.slow_seconds = 20.0


def is_gone(rasa: StandIn) -> None:
    rasa.down = True


def refuses(rasa: StandIn) -> None:
    rasa.status = 500


def saying(what: Any) -> Callable[[StandIn], None]:
    def fail(rasa: StandIn) -> None:
        rasa.say = lambda _: what

    return fail


FAILURES: dict[str, Callable[[StandIn], None]] = {
    "is slow": is_slow,
    "is gone": is_gone,
    "refuses": refuses,
    "says nothing": saying([]),
    "talks nonsense": saying(b"<html>"),
    "answers somebody else": saying([{"recipient_id": "c1", "custom": {"id": "other", "step": None}}]),
}


def mend(rasa: StandIn) -> None:
    rasa.slow_seconds, rasa.down, rasa.status, rasa.say = 0.0, False, 200, well(rasa)


@pytest.fixture
def rasa() -> Iterator[StandIn]:
    with closing(StandIn()) as standing_in:
        mend(standing_in)
        yield standing_in


@contextmanager
def shop_led_by(dialogue: Dialogue, request: pytest.FixtureRequest, clock: Clock) -> Iterator[Shop]:
    with fresh_database("sqlite", request) as engine, open_shop(engine, clock, dialogue=dialogue) as shop:
        yield shop


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def shop(rasa: StandIn, ticks: Ticks, request: pytest.FixtureRequest, clock: Clock) -> Iterator[Shop]:
    """The service with Rasa's dialogue, which asks the stand-in."""
    with (
        closing(RasaDialogue(prepared().leading, rasa, clock=ticks)) as dialogue,
        shop_led_by(dialogue, request, clock) as shop,
    ):
        yield shop


def facts_of(shop: Shop, heard: Heard) -> dict[str, str]:
    return {fact.name: fact.value for fact in shop.ticket(heard.number).facts}


def untroubled(heard: Heard) -> bool:
    return bool(heard.replies) and heard.rule != "trouble"


@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_while_rasa_is_well_it_leads_every_step(shop: Shop, rasa: StandIn, conversation: str) -> None:
    said, facts = CONVERSATIONS[conversation]
    merchant = shop.merchant()
    heard = [merchant.say(text) for text in said]
    assert heard[-1].kind == "handoff"
    assert facts.items() <= facts_of(shop, heard[-1]).items()
    assert len(rasa.trackers()) == len(said) - 1
    assert len(rasa.messages()) == len(said)


@pytest.mark.parametrize("conversation", CONVERSATIONS)
@pytest.mark.parametrize("failure", FAILURES)
def test_whatever_becomes_of_rasa_each_message_gets_the_next_step_and_the_ticket_every_fact(
    shop: Shop, rasa: StandIn, ticks: Ticks, conversation: str, failure: str
) -> None:
    said, facts = CONVERSATIONS[conversation]
    undisturbed = shop.merchant()
    wanted = [undisturbed.say(text).rule for text in said]
    merchant = shop.merchant()
    heard = [merchant.say(said[0])]
    FAILURES[failure](rasa)
    for text in said[1:3]:
        began = time.monotonic()
        heard.append(merchant.say(text))
        assert time.monotonic() - began < PATIENCE_SECONDS + NORMAL_SECONDS
    mend(rasa)
    ticks.now += 60
    asked = len(rasa.trackers())
    heard += [merchant.say(text) for text in said[3:]]
    assert all(map(untroubled, heard))
    assert [one.rule for one in heard] == wanted
    assert facts.items() <= facts_of(shop, heard[-1]).items()
    assert len(rasa.trackers()) == asked + len(said[3:])  # it leads again


@pytest.mark.parametrize("failing", range(len(INTAKE)))
def test_at_whichever_message_rasa_fails_the_intake_goes_on_where_it_was(
    shop: Shop, rasa: StandIn, failing: int
) -> None:
    merchant = shop.merchant()
    heard = []
    for place, text in enumerate(INTAKE):
        rasa.status = 500 if place == failing else 200
        heard.append(merchant.say(text))
    assert all(map(untroubled, heard))
    assert INTAKE_FACTS.items() <= facts_of(shop, heard[-1]).items()
    assert len(merchant.tickets()) == 1


def test_once_it_has_failed_three_times_nobody_waits_for_a_slow_rasa_any_more(shop: Shop, rasa: StandIn) -> None:
    is_slow(rasa)
    merchant = shop.merchant()
    for _ in range(5):
        assert untroubled(merchant.say("怎么设置分账比例"))
    assert len(rasa.messages()) == 3


@pytest.fixture(scope="module")
def process() -> Iterator[Sidecar]:
    """A real Rasa; skips where none can be had."""
    environment, model = small_rasa()
    running = Sidecar.of(environment, lambda: model, prepared().leading)
    running.start()
    assert running.wait_ready(120), (environment.home / "logs" / "rasa.log").read_text(encoding="utf8")[-2000:]
    yield running
    running.stop()


def went_without(caplog: pytest.LogCaptureFixture) -> int:
    return sum(record.name == "bot.dialogue.rasa" for record in caplog.records)


@pytest.mark.slow
@pytest.mark.parametrize("conversation", CONVERSATIONS)
def test_a_real_rasa_killed_in_the_middle_is_missed_by_nobody_and_leads_again_within_thirty_seconds(
    process: Sidecar,
    request: pytest.FixtureRequest,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    conversation: str,
) -> None:
    caplog.set_level(logging.WARNING, "bot")
    said, facts = CONVERSATIONS[conversation]
    normalise = prepared().library.language.normalise
    with (
        closing(RasaDialogue(prepared().leading, process, normalise)) as dialogue,
        shop_led_by(dialogue, request, clock) as shop,
    ):
        undisturbed = shop.merchant()
        wanted = [undisturbed.say(text).rule for text in said]
        assert went_without(caplog) == 0
        merchant = shop.merchant()
        heard = [merchant.say(text) for text in said[:2]]
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        killed_at = time.monotonic()
        heard.append(merchant.say(said[2]))
        assert time.monotonic() - killed_at < PATIENCE_SECONDS + NORMAL_SECONDS
        time.sleep(0.5)  # its death may be noticed a moment later
        assert process.wait_ready(BACK_SECONDS)
        assert time.monotonic() - killed_at < BACK_SECONDS
        before = went_without(caplog)
        heard += [merchant.say(text) for text in said[3:]]
        assert went_without(caplog) == before
        assert all(map(untroubled, heard))
        assert [one.rule for one in heard] == wanted
        assert facts.items() <= facts_of(shop, heard[-1]).items()
