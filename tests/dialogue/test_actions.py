"""The action endpoint, called as Rasa 3.6.21 calls it: `payloads/call_*.json` are what it sent."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from bot.conversation.model import (
    Choice,
    Complaint,
    Fact,
    GuidePlace,
    Heard,
    IntakePlace,
    Signals,
    SmallTalk,
    Step,
)
from bot.dialogue.actions import (
    ActionServer,
    act,
    action_routes,
    heard_of,
    intake_of,
    message_of,
    place_of,
    step_of,
)
from bot.dialogue.guides import again, read_guides
from bot.dialogue.intake import read_intake
from bot.dialogue.leading import Leading

PAYLOADS = Path(__file__).parent / "payloads"
GUIDE = "callback-not-received"
STRANGER = "stranger"
TAKING = IntakePlace("time", "昨晚扫码收不了款", "scan_pay_failed", ("merchant_no",))
NUMBER = Fact("merchant_no", "8812345678", "8812345678")


def call(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((PAYLOADS / f"call_{name}.json").read_text(encoding="utf8"))
    return read


@pytest.fixture(scope="module")
def leading() -> Leading:
    return Leading(read_guides())


@pytest.fixture
def client(leading: Leading) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(action_routes(leading, "known"))
    with TestClient(app) as client:
        yield client


def slots(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {event["name"]: event["value"] for event in answer["events"] if event["event"] == "slot"}


def validated(leading: Leading, text: str, pressed: str | None = None, **signals: Any) -> dict[str, Any]:
    """What becomes of a message while the first question of the guide is open."""
    asked = call("validate")
    asked["tracker"]["slots"]["guide"] = asdict(GuidePlace(GUIDE, "address"))
    asked["tracker"]["latest_message"]["metadata"] = message_of("m1", Heard(text, signals=Signals(**signals)), pressed)
    return act(leading, asked)


def taken_in(leading: Leading, place: IntakePlace, heard: Heard, *facts: Fact, **intent: Any) -> dict[str, Any]:
    """What becomes of a message while the intake of a ticket stands at `place`."""
    asked = call("validate_ticket")
    asked["tracker"]["slots"]["ticket"] = {**asdict(place), "facts": [asdict(fact) for fact in facts]}
    latest = {"metadata": message_of("m1", heard, None), "intent": intent or {"name": None, "confidence": 0.0}}
    asked["tracker"]["latest_message"].update(latest)
    return act(leading, json.loads(json.dumps(asked)))


def test_an_answer_fills_the_place_and_leaves_the_form_to_ask_on(leading: Leading) -> None:
    answer = act(leading, call("validate"))
    kept = slots(answer)
    assert kept["answer"] is None
    assert place_of(kept["guide"]) == GuidePlace(GUIDE, "logs", (("address", "地址没问题，外网能打开"),))
    assert kept["step"]["step"]["step"] == "logs"
    assert answer["responses"] == []


def test_what_the_form_asks_is_the_step_that_the_answer_led_to(leading: Leading) -> None:
    asked = call("ask")
    [said] = act(leading, asked)["responses"]
    place = GuidePlace(GUIDE, "logs", (("address", "地址没问题，外网能打开"),))
    assert step_of(said["custom"]["step"]) == again(leading.guides[GUIDE], place)
    assert said["custom"]["id"] == asked["tracker"]["latest_message"]["metadata"]["id"]


def test_an_end_fills_the_form(leading: Leading) -> None:
    kept = slots(validated(leading, "打不开", pressed="2"))
    assert kept["answer"] == "entry"
    assert kept["step"]["step"]["entry"] == "callback-url-config"


def test_a_message_about_something_else_ends_the_loop_and_keeps_the_question(leading: Leading) -> None:
    answer = validated(leading, "怎么开发票啊请问")
    assert {"event": "active_loop", "name": None} in answer["events"]
    assert slots(answer)["answer"] is None
    assert slots(answer)["step"]["asked"]["step"] == "address"


@pytest.mark.parametrize("signal", ["funds_lost", "despair", "police", "wants_human", "complaint"])
def test_what_stands_above_a_guide_ends_the_loop_even_if_it_fits_an_answer(leading: Leading, signal: str) -> None:
    above: dict[str, Any] = {signal: Complaint.SERVICE if signal == "complaint" else True}
    answer = validated(leading, "能打开", None, **above)
    assert {"event": "active_loop", "name": None} in answer["events"]


def test_a_paused_guide_that_is_to_go_on_asks_its_question_again(leading: Leading) -> None:
    asked = call("validate")
    place = GuidePlace(GUIDE, "logs", (("address", "能打开"),), unknowns=1, paused=True)
    asked["tracker"]["slots"]["guide"] = asdict(place)
    kept = slots(act(leading, asked))
    assert step_of(kept["step"]["step"]) == again(leading.guides[GUIDE], place)
    assert kept["guide"]["paused"] is False


def test_the_reading_says_what_rasa_understood_in_rasas_own_words(leading: Leading) -> None:
    asked = call("understood_left")
    latest = asked["tracker"]["latest_message"]
    [said] = act(leading, asked)["responses"]
    assert said["custom"]["intent"] == latest["intent"]
    assert said["custom"]["intent_ranking"] == latest["intent_ranking"]
    assert (said["custom"]["step"], said["custom"]["asked"]["step"]) == (None, "address")


def test_what_a_guide_ended_with_is_said_when_it_has_ended(leading: Leading) -> None:
    [said] = act(leading, call("understood_ended"))["responses"]
    assert (said["custom"]["step"]["ends"], said["custom"]["step"]["entry"]) == ("entry", "callback-url-config")
    assert said["custom"]["asked"] is None


def test_a_message_that_rasa_ranked_nothing_for_has_an_empty_ranking(leading: Leading) -> None:
    asked = call("understood_left")
    del asked["tracker"]["latest_message"]["intent_ranking"]
    assert act(leading, asked)["responses"][0]["custom"]["intent_ranking"] == []


def test_what_an_earlier_message_led_to_is_not_said_again(leading: Leading) -> None:
    asked = call("understood_left")
    assert act(leading, asked)["responses"][0]["custom"]["asked"] is not None
    asked["tracker"]["latest_message"]["metadata"]["id"] = "a later one"
    assert act(leading, asked)["responses"][0]["custom"]["asked"] is None


def test_facts_of_one_message_fill_the_place_in_the_intake_and_the_next_question_is_asked(leading: Leading) -> None:
    answer = act(leading, call("validate_ticket"))
    kept = slots(answer)
    assert kept["answer"] is None
    assert intake_of(kept["ticket"]) == replace(TAKING, step="pay_direction")
    assert [fact["name"] for fact in kept["step"]["step"]["facts"]] == ["merchant_no", "time", "channel"]
    assert answer["responses"] == []


def test_what_the_intake_asks_is_the_step_that_the_facts_led_to(leading: Leading) -> None:
    asked = call("ask_ticket")
    [said] = act(leading, asked)["responses"]
    assert said["custom"]["step"] == asked["tracker"]["slots"]["step"]["step"]
    step = step_of(said["custom"]["step"])
    assert (step.step, step.intake) == ("pay_direction", replace(TAKING, step="pay_direction"))


def test_a_submitted_ticket_fills_the_form(leading: Leading) -> None:
    kept = slots(
        taken_in(leading, replace(TAKING, step="confirm"), Heard("提交", signals=Signals(agrees=True)), NUMBER)
    )
    assert (kept["answer"], kept["step"]["step"]["ends"]) == ("ticket", "ticket")


def test_facts_known_before_are_shown_when_all_is_to_be_confirmed(leading: Leading) -> None:
    place = replace(TAKING, step="contact", matter=None)
    kept = slots(taken_in(leading, place, Heard("没有", signals=Signals(unknown_answer=True)), NUMBER))
    assert kept["ticket"]["step"] == "confirm"
    assert "8812345678" in kept["step"]["step"]["text"]


@pytest.mark.parametrize("signal", ["funds_lost", "despair", "police", "wants_human", "complaint"])
def test_what_stands_above_the_intake_ends_the_loop_and_keeps_the_question(leading: Leading, signal: str) -> None:
    above: dict[str, Any] = {signal: Complaint.SERVICE if signal == "complaint" else True}
    answer = taken_in(leading, TAKING, Heard("昨晚十点半的时候", signals=Signals(**above)))
    assert {"event": "active_loop", "name": None} in answer["events"]
    assert slots(answer)["step"]["asked"]["step"] == "time"


def test_a_paused_intake_that_is_to_go_on_asks_its_question_again(leading: Leading) -> None:
    kept = slots(taken_in(leading, replace(TAKING, paused=True), Heard("继续登记工单")))
    assert intake_of(kept["ticket"]) == TAKING
    assert kept["step"]["step"]["step"] == "time"


@pytest.mark.parametrize(
    ("named", "known", "matter"),
    [
        ({"name": "withdraw_failed", "confidence": 0.5}, None, "withdraw_failed"),
        ({"name": "withdraw_failed", "confidence": 0.49}, None, None),
        ({"name": "nlu_fallback", "confidence": 0.9}, None, None),
        ({"name": None, "confidence": 0.0}, None, None),
        ({"name": "withdraw_failed", "confidence": 0.9}, "scan_pay_failed", "scan_pay_failed"),
    ],
)
def test_where_the_library_does_not_know_the_matter_a_sure_intent_of_rasas_is_it(
    leading: Leading, named: dict[str, Any], known: str | None, matter: str | None
) -> None:
    answer = taken_in(leading, IntakePlace("detail"), Heard("从上午起一直转不出来", matter=known), **named)
    assert slots(answer)["ticket"]["matter"] == matter


def test_messages_survive_the_way_through_json_with_every_signal_a_step_may_need() -> None:
    flags: dict[str, Any] = {field.name: True for field in fields(Signals) if field.type == "bool"}
    signals = Signals(complaint=Complaint.REGULATOR, small_talk=SmallTalk.THANKS, **flags)
    said = Heard("返回", (), signals, (NUMBER, Fact("time", "昨晚", "2026-11-21")), ("SIGN_ERROR",), "refund_how")
    for one in (said, Heard("返回")):
        assert heard_of(json.loads(json.dumps(message_of("m", one, "1")))) == one


def test_places_and_steps_survive_the_way_through_json() -> None:
    place = GuidePlace("g", "s", (("a", "b"), ("c", "d")), 1, paused=True)
    assert place_of(json.loads(json.dumps(asdict(place)))) == place
    intake = IntakePlace("time", "d", "m", ("a", "b"), doubted=True, questioned=True, paused=True)
    for kept in (intake, IntakePlace("detail")):
        assert intake_of(json.loads(json.dumps(asdict(kept)))) == kept
    step = Step(
        "g", "s", "?", (Choice("1", "是"), Choice("2", "否", "e")), place, "entry", "e", "q", True, intake, (NUMBER,)
    )
    for one in (step, replace(step, place=None, choices=(), intake=None, facts=())):
        assert step_of(json.loads(json.dumps(asdict(one)))) == one


def test_the_endpoint_answers_who_knows_the_token(client: TestClient) -> None:
    answer = client.post("/webhook", params={"token_given": "known"}, json=call("understood_ended"))
    assert answer.status_code == 200
    assert answer.json()["events"] == []


@pytest.mark.parametrize("given", [{}, {"token_given": ""}, {"token_given": "Known"}, {"token_given": "é"}])
def test_who_does_not_know_the_token_gets_nothing(client: TestClient, given: Mapping[str, str]) -> None:
    answer = client.post("/webhook", params=given, json=call("understood_ended"))
    assert (answer.status_code, answer.content) == (403, b"")


def test_a_call_for_an_action_we_do_not_have_is_an_error_and_no_answer(leading: Leading) -> None:
    with pytest.raises(KeyError):
        act(leading, call("understood_ended") | {"next_action": "action_other"})


def test_the_server_answers_on_loopback_until_it_is_stopped(leading: Leading) -> None:
    server = ActionServer(leading)
    address = server.start()
    url = f"http://127.0.0.1:{address.port}/webhook"
    with httpx.Client(trust_env=False) as client:
        known = client.post(url, params={"token_given": address.token}, json=call("understood_ended"))
        unknown = client.post(url, params={"token_given": STRANGER}, json=call("understood_ended"))
    assert (known.status_code, unknown.status_code) == (200, 403)
    server.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.post(url, json={}, trust_env=False)
    server.stop()


def test_the_server_takes_tickets_in_by_the_intake_it_is_given(leading: Leading) -> None:
    strict = replace(read_intake(), looks_right=lambda _: False)
    server = ActionServer(Leading(leading.guides, strict))
    address = server.start()
    url = f"http://127.0.0.1:{address.port}/webhook"
    with httpx.Client(trust_env=False) as client:
        answer = client.post(url, params={"token_given": address.token}, json=call("validate_ticket")).json()
    server.stop()
    assert (slots(answer)["ticket"]["step"], slots(answer)["ticket"]["questioned"]) == ("merchant_no", True)
