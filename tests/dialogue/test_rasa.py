"""Rasa's dialogue against a stand-in that answers as Rasa did (`payloads/said_*.json`), or badly in every way."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.hearing import hear
from bot.conversation.model import GuidePlace, State, Turn
from bot.dialogue.guides import Guide, begin, read_guides
from bot.dialogue.rasa import Address, RasaDialogue
from bot.dialogue.turn import PlainDialogue

PAYLOADS = Path(__file__).parent / "payloads"
NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
GUIDE = "callback-not-received"
ANSWER = "地址没问题，外网能打开"


class StandIn:
    """Answers as Rasa's HTTP API does. `say` makes the answer of the webhook; what was asked stands in `asked`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.say: Callable[[str], Any] = lambda _: []
        self.down = False
        self.status = 200
        self.release = threading.Event()
        self.slow_seconds = 0.0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def address(self) -> Address | None:
        return None if self.down else Address(f"http://127.0.0.1:{self._server.server_port}", "secret")

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def messages(self) -> list[Any]:
        return [body for _, path, body in self.asked if path == "/webhooks/rest/webhook"]

    def trackers(self) -> list[tuple[str, Any]]:
        return [(path, body) for method, path, body in self.asked if method == "PUT"]

    def _answer(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        self.asked.append((method, path, body))
        if method == "PUT":
            return 200, b"{}"
        self.release.wait(self.slow_seconds)
        said = self.say(body["metadata"]["id"])
        return self.status, said if isinstance(said, bytes) else json.dumps(said).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, said = answer(self.command, self.path, json.loads(body))
                self.send_response(status)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_POST = do_PUT  # noqa: N815

            def log_message(self, *_: Any) -> None:
                return None

        return Handler


class Ticks:
    """A clock for the breaker."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def said(name: str) -> Callable[[str], Any]:
    """The recorded answer, to whichever message is asked about."""
    text = (PAYLOADS / f"said_{name}.json").read_text(encoding="utf8")
    return lambda id: json.loads(re.sub(r'"id": "[0-9a-f]{32}"', f'"id": "{id}"', text))


@pytest.fixture(scope="module")
def guides() -> Mapping[str, Guide]:
    return read_guides()


@pytest.fixture
def rasa() -> Iterator[StandIn]:
    with closing(StandIn()) as standing_in:
        yield standing_in


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def dialogue(rasa: StandIn, guides: Mapping[str, Guide], ticks: Ticks) -> Iterator[RasaDialogue]:
    with closing(RasaDialogue(guides, rasa, patience_seconds=0.3, clock=ticks)) as dialogue:
        yield dialogue


def running(guides: Mapping[str, Guide]) -> State:
    return State(guide=begin(guides[GUIDE]).place)


def turn(dialogue: RasaDialogue, text: str, state: State | None = None, conversation: str = "c1") -> Turn:
    return dialogue.turn(conversation, hear(text, NOW), state or State(), None)


def plainly(guides: Mapping[str, Guide], text: str, state: State) -> Turn:
    return PlainDialogue(guides).turn("c1", hear(text, NOW), state, None)


def test_what_rasa_understood_is_in_the_turn_with_our_own_facts(rasa: StandIn, dialogue: RasaDialogue) -> None:
    rasa.say = said("understood")
    turned = turn(dialogue, "退款要几天到账 商户号8812345678")
    assert (turned.intent, turned.confidence) == ("refund_failed_delay", 0.6598)
    assert [fact.value for fact in turned.facts] == ["8812345678"]
    assert (turned.step, turned.asked, turned.wants_human) == (None, None, False)


def test_the_step_is_the_one_the_plain_engine_would_take(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]
) -> None:
    rasa.say = said("step")
    state = running(guides)
    assert turn(dialogue, ANSWER, state) == plainly(guides, ANSWER, state)


def test_rasa_is_put_where_the_conversation_is_before_it_hears_the_message(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]
) -> None:
    state = running(guides)
    turn(dialogue, ANSWER, state)
    assert [method for method, _, _ in rasa.asked] == ["PUT", "POST"]
    [(path, events)] = rasa.trackers()
    assert path == "/conversations/c1/tracker/events?token=secret&include_events=NONE"
    assert state.guide is not None
    place = json.loads(json.dumps(asdict(state.guide)))
    assert {"event": "slot", "name": "guide", "value": place} in events
    assert {"event": "active_loop", "name": "guide_form"} in events
    [message] = rasa.messages()
    assert message["sender"] == "c1"
    assert message["metadata"]["text"] == ANSWER


@pytest.mark.parametrize(
    "place",
    [None, GuidePlace("gone", "x"), GuidePlace(GUIDE, "gone"), GuidePlace(GUIDE, "address", paused=True)],
)
def test_without_a_guide_that_leads_rasa_starts_afresh(
    rasa: StandIn, dialogue: RasaDialogue, place: GuidePlace | None
) -> None:
    turn(dialogue, "你好", State(guide=place))
    assert [events for _, events in rasa.trackers()] == [[{"event": "action", "name": "action_listen"}]]


@pytest.mark.parametrize("text", ["/restart", "／restart", " / /restart", "//goodbye_thanks{}"])
def test_a_text_that_begins_with_a_slash_is_no_command(rasa: StandIn, dialogue: RasaDialogue, text: str) -> None:
    turn(dialogue, text)
    [message] = rasa.messages()
    assert re.match(r"restart|goodbye_thanks", message["message"])
    assert message["metadata"]["text"] == text


def test_a_text_of_nothing_but_slashes_still_says_something(rasa: StandIn, dialogue: RasaDialogue) -> None:
    turn(dialogue, "/ /")
    assert rasa.messages()[0]["message"].strip(" /")


def test_secrets_never_reach_rasa(rasa: StandIn, dialogue: RasaDialogue) -> None:
    turn(dialogue, "我的支付密码是 889231 帮我查")
    assert "889231" not in json.dumps(rasa.asked)


def test_the_name_of_a_conversation_stays_one_part_of_the_address(rasa: StandIn, dialogue: RasaDialogue) -> None:
    turn(dialogue, "你好", conversation="a/b?c")
    assert rasa.trackers()[0][0].startswith("/conversations/a%2Fb%3Fc/tracker/events?")


BAD: dict[str, Any] = {
    "nothing": [],
    "text only": [{"recipient_id": "c1", "text": "hello"}],
    "another message's": [{"recipient_id": "c1", "custom": {"id": "other", "intent": "greeting"}}],
    "no list": {"status": "failure"},
    "a list of words": ["custom"],
    "null": None,
    "no JSON": b"<html>",
}


@pytest.mark.parametrize("bad", BAD)
def test_where_rasa_says_nothing_of_use_the_plain_engine_takes_the_turn(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide], bad: str
) -> None:
    rasa.say = lambda _: BAD[bad]
    assert turn(dialogue, ANSWER, running(guides)) == plainly(guides, ANSWER, running(guides))


def test_a_reading_of_another_shape_is_nothing_of_use(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]
) -> None:
    rasa.say = lambda id: [{"custom": {"id": id, "intent": "greeting", "step": {"guide": GUIDE}, "asked": None}}]
    assert turn(dialogue, ANSWER, running(guides)) == plainly(guides, ANSWER, running(guides))


@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_error_of_rasa_is_none_of_the_merchants(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide], status: int
) -> None:
    rasa.status, rasa.say = status, said("step")
    assert turn(dialogue, ANSWER, running(guides)) == plainly(guides, ANSWER, running(guides))


def test_nobody_waits_longer_than_the_patience_for_a_slow_rasa(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]
) -> None:
    rasa.say, rasa.slow_seconds = said("step"), 5.0
    began = time.monotonic()
    assert turn(dialogue, ANSWER, running(guides)) == plainly(guides, ANSWER, running(guides))
    assert time.monotonic() - began < 1.0


def test_while_none_is_ready_nothing_is_asked_and_it_is_not_ready(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]
) -> None:
    rasa.down = True
    assert not dialogue.ready()
    assert turn(dialogue, ANSWER, running(guides)) == plainly(guides, ANSWER, running(guides))
    assert rasa.asked == []
    rasa.down = False
    assert dialogue.ready()


def test_after_three_failures_it_is_left_alone_for_five_seconds(
    rasa: StandIn, dialogue: RasaDialogue, ticks: Ticks
) -> None:
    for _ in range(5):
        turn(dialogue, "你好")
    assert len(rasa.messages()) == 3
    assert not dialogue.ready()
    ticks.now = 4.9
    turn(dialogue, "你好")
    assert len(rasa.messages()) == 3
    ticks.now = 5.1
    turn(dialogue, "你好")
    turn(dialogue, "你好")
    assert len(rasa.messages()) == 4  # one try, which failed


def test_back_again_it_leads_again_at_once(rasa: StandIn, dialogue: RasaDialogue, ticks: Ticks) -> None:
    for _ in range(3):
        turn(dialogue, "你好")
    rasa.say, ticks.now = said("understood"), 5.1
    assert turn(dialogue, "退款要几天到账").intent == "refund_failed_delay"
    assert dialogue.ready()
    assert turn(dialogue, "退款要几天到账").intent == "refund_failed_delay"


def test_a_success_between_failures_keeps_it_in_use(rasa: StandIn, dialogue: RasaDialogue) -> None:
    for says in ([], [], None, [], []):
        rasa.say = said("understood") if says is None else lambda _: []
        turn(dialogue, "你好")
    assert dialogue.ready()


def test_no_word_of_a_merchant_is_logged(
    rasa: StandIn, dialogue: RasaDialogue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bot")
    turn(dialogue, "商户号8812345678昨天没到账")
    assert "went on without Rasa" in caplog.text
    assert "8812345678" not in caplog.text
