"""The action endpoint, called as Rasa 3.6.21 calls it: `payloads/call_*.json` are what it sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.conversation.model import Choice, Complaint, GuidePlace, Heard, Signals, Step
from bot.dialogue.actions import (
    ActionServer,
    act,
    action_routes,
    heard_of,
    message_of,
    place_of,
    step_of,
)
from bot.dialogue.guides import Guide, again, read_guides

PAYLOADS = Path(__file__).parent / "payloads"
GUIDE = "callback-not-received"
STRANGER = "stranger"


def call(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((PAYLOADS / f"call_{name}.json").read_text(encoding="utf8"))
    return read


@pytest.fixture(scope="module")
def guides() -> Mapping[str, Guide]:
    return read_guides()


@pytest.fixture
def client(guides: Mapping[str, Guide]) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(action_routes(guides, "known"))
    with TestClient(app) as client:
        yield client


def slots(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in answer["events"] if event["event"] == "slot"}


def validated(guides: Mapping[str, Guide], text: str, pressed: str | None = None, **signals: Any) -> dict[str, Any]:
    """What becomes of a message while the first question of the guide is open."""
    asked = call("validate")
    asked["tracker"]["slots"]["guide"] = asdict(GuidePlace(GUIDE, "address"))
    asked["tracker"]["latest_message"]["metadata"] = message_of("m1", Heard(text, signals=Signals(**signals)), pressed)
    return act(guides, asked)


def test_an_answer_fills_the_place_and_leaves_the_form_to_ask_on(guides: Mapping[str, Guide]) -> None:
    answer = act(guides, call("validate"))
    kept = slots(answer)
    assert kept["answer"] is None
    assert place_of(kept["guide"]) == GuidePlace(GUIDE, "logs", (("address", "地址没问题，外网能打开"),))
    assert kept["step"]["step"]["step"] == "logs"
    assert answer["responses"] == []


def test_what_the_form_asks_is_the_step_that_the_answer_led_to(guides: Mapping[str, Guide]) -> None:
    asked = call("ask")
    [said] = act(guides, asked)["responses"]
    place = GuidePlace(GUIDE, "logs", (("address", "地址没问题，外网能打开"),))
    assert step_of(said["custom"]["step"]) == again(guides[GUIDE], place)
    assert said["custom"]["id"] == asked["tracker"]["latest_message"]["metadata"]["id"]


def test_an_end_fills_the_form(guides: Mapping[str, Guide]) -> None:
    kept = slots(validated(guides, "打不开", pressed="2"))
    assert kept["answer"] == "entry"
    assert kept["step"]["step"]["entry"] == "callback-url-config"


def test_a_message_about_something_else_ends_the_loop_and_keeps_the_question(guides: Mapping[str, Guide]) -> None:
    answer = validated(guides, "怎么开发票啊请问")
    assert {"event": "active_loop", "name": None} in answer["events"]
    assert slots(answer)["answer"] is None
    assert slots(answer)["step"]["asked"]["step"] == "address"


@pytest.mark.parametrize("signal", ["funds_lost", "despair", "police", "wants_human", "complaint"])
def test_what_stands_above_a_guide_ends_the_loop_even_if_it_fits_an_answer(
    guides: Mapping[str, Guide], signal: str
) -> None:
    answer = validated(guides, "能打开", **{signal: Complaint.SERVICE if signal == "complaint" else True})
    assert {"event": "active_loop", "name": None} in answer["events"]


def test_a_paused_guide_that_is_to_go_on_asks_its_question_again(guides: Mapping[str, Guide]) -> None:
    asked = call("validate")
    place = GuidePlace(GUIDE, "logs", (("address", "能打开"),), unknowns=1, paused=True)
    asked["tracker"]["slots"]["guide"] = asdict(place)
    kept = slots(act(guides, asked))
    assert step_of(kept["step"]["step"]) == again(guides[GUIDE], place)
    assert kept["guide"]["paused"] is False


def test_what_was_understood_is_said_with_the_three_likeliest_intents(guides: Mapping[str, Guide]) -> None:
    asked = call("understood")
    [said] = act(guides, asked)["responses"]
    reading = said["custom"]
    assert reading["intent"] == asked["tracker"]["latest_message"]["intent"]["name"]
    assert reading["ranking"][0]["intent"] == reading["intent"]
    assert len(reading["ranking"]) == 3
    assert (reading["step"], reading["asked"]) == (None, None)


def test_a_fallback_is_no_intent(guides: Mapping[str, Guide]) -> None:
    asked = call("ask") | {"next_action": "action_understood"}
    [said] = act(guides, asked)["responses"]
    assert (said["custom"]["intent"], said["custom"]["confidence"]) == (None, 0.0)
    assert "nlu_fallback" not in [one["intent"] for one in said["custom"]["ranking"]]


def test_what_an_earlier_message_led_to_is_not_said_again(guides: Mapping[str, Guide]) -> None:
    asked = call("understood_left")
    assert act(guides, asked)["responses"][0]["custom"]["asked"] is not None
    asked["tracker"]["latest_message"]["metadata"]["id"] = "a later one"
    assert act(guides, asked)["responses"][0]["custom"]["asked"] is None


def test_messages_places_and_steps_survive_the_way_through_json() -> None:
    signals = Signals(back=True, complaint=Complaint.REGULATOR, wants_human=True)
    message = json.loads(json.dumps(message_of("m", Heard("返回", signals=signals), "1")))
    assert heard_of(message) == Heard("返回", signals=signals)
    place = GuidePlace("g", "s", (("a", "b"), ("c", "d")), 1, paused=True)
    assert place_of(json.loads(json.dumps(asdict(place)))) == place
    step = Step(
        "g", "s", "?", (Choice("1", "是"), Choice("2", "否", "e")), place, "entry", "e", "q", took_anything=True
    )
    for one in (step, replace(step, place=None, choices=())):
        assert step_of(json.loads(json.dumps(asdict(one)))) == one


def test_the_endpoint_answers_who_knows_the_token(client: TestClient) -> None:
    answer = client.post("/webhook", params={"token_given": "known"}, json=call("understood"))
    assert answer.status_code == 200
    assert answer.json()["events"] == []


@pytest.mark.parametrize("given", [{}, {"token_given": ""}, {"token_given": "Known"}, {"token_given": "é"}])
def test_who_does_not_know_the_token_gets_nothing(client: TestClient, given: Mapping[str, str]) -> None:
    answer = client.post("/webhook", params=given, json=call("understood"))
    assert (answer.status_code, answer.content) == (403, b"")


def test_a_call_for_an_action_we_do_not_have_is_an_error_and_no_answer(guides: Mapping[str, Guide]) -> None:
    with pytest.raises(KeyError):
        act(guides, call("understood") | {"next_action": "action_other"})


def test_the_server_answers_on_loopback_until_it_is_stopped(guides: Mapping[str, Guide]) -> None:
    server = ActionServer(guides)
    address = server.start()
    url = f"http://127.0.0.1:{address.port}/webhook"
    with httpx.Client(trust_env=False) as client:
        known = client.post(url, params={"token_given": address.token}, json=call("understood"))
        unknown = client.post(url, params={"token_given": STRANGER}, json=call("understood"))
    assert (known.status_code, unknown.status_code) == (200, 403)
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.post(url, json={}, trust_env=False)
    server.stop()
