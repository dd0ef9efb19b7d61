"""Rasa's dialogue against a stand-in that answers as Rasa did (`payloads/said_*.json`), or badly in every way."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.conversation.hearing import hear
from bot.conversation.model import Fact, GuidePlace, IntakePlace, State, Turn
from bot.dialogue.guides import Guide, begin, read_guides
from bot.dialogue.intake import read_intake
from bot.dialogue.leading import Leading
from bot.dialogue.rasa import RasaDialogue
from bot.dialogue.turn import PlainDialogue
from tests.dialogue.stand_in import StandIn, Ticks, said

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
GUIDE = "callback-not-received"
ANSWER = "地址没问题，外网能打开"
TOLD = "商户号8812345678，昨天22点半，微信"
TAKING = State(intake=IntakePlace("merchant_no", "昨晚扫码收不了款", "scan_pay_failed"))


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
    with closing(RasaDialogue(Leading(guides), rasa, patience_seconds=0.3, clock=ticks)) as dialogue:
        yield dialogue


def running(guides: Mapping[str, Guide]) -> State:
    return State(guide=begin(guides[GUIDE]).place)


def turn(dialogue: RasaDialogue, text: str, state: State | None = None, conversation: str = "c1") -> Turn:
    return dialogue.turn(conversation, hear(text, NOW), state or State(), None)


def plainly(guides: Mapping[str, Guide], text: str, state: State) -> Turn:
    return PlainDialogue(Leading(guides)).turn("c1", hear(text, NOW), state, None)


def test_what_rasa_understood_is_in_the_turn_with_our_own_facts(rasa: StandIn, dialogue: RasaDialogue) -> None:
    rasa.say = said("understood")
    turned = turn(dialogue, "退款要几天到账 商户号8812345678")
    assert (turned.intent, round(turned.confidence, 4)) == ("refund_failed_delay", 0.8076)
    assert [fact.value for fact in turned.facts] == ["8812345678"]
    assert (turned.step, turned.asked, turned.wants_human) == (None, None, False)


def test_the_likeliest_intents_are_in_the_turn_best_first(rasa: StandIn, dialogue: RasaDialogue) -> None:
    rasa.say = said("understood")
    turned = turn(dialogue, "退款要几天到账")
    assert turned.intents[0] == (turned.intent, turned.confidence)
    assert [name for name, _ in turned.intents[1:3]] == ["settlement_time", "refund_how"]
    assert len(turned.intents) == 10


def test_a_fallback_is_no_intent_though_the_likeliest_are_named(rasa: StandIn, dialogue: RasaDialogue) -> None:
    rasa.say = said("fallback")
    turned = turn(dialogue, "呣呣呣咘")
    assert (turned.intent, turned.confidence) == (None, 0.0)
    assert turned.intents[0][0] == "out_of_scope"
    assert "nlu_fallback" not in dict(turned.intents)


def test_where_nothing_leads_rasa_is_asked_once_what_is_meant_and_nothing_else(
    rasa: StandIn, dialogue: RasaDialogue
) -> None:
    turn(dialogue, "退款要几天到账")
    assert rasa.asked == [("POST", "/model/parse?token=secret", {"text": "退款要几天到账"})]


def test_what_is_no_answer_brings_its_intent_and_the_question_that_stays_open(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]
) -> None:
    rasa.say = said("left")
    turned = turn(dialogue, "怎么开发票啊请问", running(guides))
    assert turned.intent == turned.intents[0][0] == "invoice_apply"
    assert turned.asked == plainly(guides, "怎么开发票啊请问", running(guides)).asked


def test_an_answer_has_no_intent_of_its_own(rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]) -> None:
    rasa.say = said("ended")
    turned = turn(dialogue, "打不开", running(guides))
    assert turned.step is not None
    assert turned.step.ends == "entry"
    assert (turned.intent, turned.intents) == (None, ())


def test_the_step_of_an_intake_and_its_facts_are_those_the_plain_engine_would_take(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]
) -> None:
    rasa.say = said("ticket")
    turned = turn(dialogue, TOLD, TAKING)
    assert turned == plainly(guides, TOLD, TAKING)
    assert {"merchant_no", "time", "channel"} == {fact.name for fact in turned.facts}


def test_rasa_is_told_of_an_intake_and_of_what_is_known_before_it_hears_the_message(
    rasa: StandIn, dialogue: RasaDialogue
) -> None:
    known = Fact("amount", "三百块", "300")
    turn(dialogue, TOLD, replace(TAKING, facts=(known,)))
    [(_, events)] = rasa.trackers()
    assert TAKING.intake is not None
    place = json.loads(json.dumps({**asdict(TAKING.intake), "facts": [asdict(known)]}))
    assert {"event": "slot", "name": "ticket", "value": place} in events
    assert {"event": "active_loop", "name": "ticket_form"} in events
    [message] = rasa.messages()
    assert [fact["name"] for fact in message["metadata"]["facts"]] == ["merchant_no", "time", "channel"]


def test_an_intake_leads_before_a_guide_that_was_left_for_it(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]
) -> None:
    turn(dialogue, TOLD, replace(running(guides), intake=TAKING.intake))
    assert {"event": "active_loop", "name": "ticket_form"} in rasa.trackers()[0][1]


def test_without_rasa_the_same_intake_is_gone_through(rasa: StandIn, guides: Mapping[str, Guide]) -> None:
    rasa.down = True
    strict = replace(read_intake(), looks_right=lambda _: False)
    with closing(RasaDialogue(Leading(guides, strict), rasa)) as dialogue:
        step = turn(dialogue, TOLD, TAKING).step
    assert step is not None
    assert step.intake is not None
    assert (step.step, step.intake.questioned) == ("merchant_no", True)


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
    "state",
    [
        State(),
        State(guide=GuidePlace("gone", "x")),
        State(guide=GuidePlace(GUIDE, "gone")),
        State(guide=GuidePlace(GUIDE, "address", paused=True)),
        State(intake=IntakePlace("gone")),
        State(intake=IntakePlace("time", paused=True)),
    ],
)
def test_without_anything_that_leads_rasas_tracker_is_left_alone(
    rasa: StandIn, dialogue: RasaDialogue, state: State
) -> None:
    turn(dialogue, "你好", state)
    assert rasa.trackers() == []
    assert len(rasa.messages()) == 1


COMMANDS = ["/restart", "／restart", " / /restart", "//goodbye_thanks{}"]


@pytest.mark.parametrize("text", COMMANDS)
def test_a_text_that_begins_with_a_slash_is_no_command(rasa: StandIn, dialogue: RasaDialogue, text: str) -> None:
    turn(dialogue, text)
    assert re.match(r"restart|goodbye_thanks", rasa.words()[0])


@pytest.mark.parametrize("text", COMMANDS)
def test_nor_is_it_one_in_a_guide_whose_answer_it_is_as_it_was_written(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide], text: str
) -> None:
    turn(dialogue, text, running(guides))
    assert re.match(r"restart|goodbye_thanks", rasa.words()[0])
    assert rasa.messages()[0]["metadata"]["text"] == hear(text, NOW).text


def test_a_text_of_nothing_but_slashes_still_says_something(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]
) -> None:
    for state in (State(), running(guides)):
        turn(dialogue, "/ /", state)
    assert all(words.strip(" /") for words in rasa.words())
    assert len(rasa.words()) == 2


def test_secrets_never_reach_rasa(rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]) -> None:
    for state in (State(), running(guides), TAKING):
        turn(dialogue, "我的支付密码是 889231 帮我查", state)
    assert len(rasa.messages()) == 3
    assert "889231" not in json.dumps(rasa.asked)


def test_the_name_of_a_conversation_stays_one_part_of_the_address(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]
) -> None:
    turn(dialogue, ANSWER, running(guides), conversation="a/b?c")
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


NO_UNDERSTANDING: dict[str, Any] = {
    "nothing": {},
    "no ranking": {"intent": {"name": "greeting", "confidence": 0.9}},
    "no confidence": {"intent": {"name": "greeting"}, "intent_ranking": [{"name": "greeting"}]},
    "no name": {"intent": {}, "intent_ranking": []},
    "words": {"intent": "greeting", "intent_ranking": []},
    "confidence in words": {"intent": {"name": "a", "confidence": "x"}, "intent_ranking": [{"name": "a"}]},
}


@pytest.mark.parametrize("bad", [*BAD.values(), *NO_UNDERSTANDING.values()], ids=[*BAD, *NO_UNDERSTANDING])
def test_where_rasa_understands_in_no_way_that_can_be_used_nothing_is_understood(
    rasa: StandIn, dialogue: RasaDialogue, caplog: pytest.LogCaptureFixture, bad: Any
) -> None:
    rasa.say = lambda _: bad
    assert turn(dialogue, TOLD) == Turn(facts=hear(TOLD, NOW).facts)
    assert "went on without Rasa" in caplog.text


@pytest.mark.parametrize("bad", BAD)
def test_where_rasa_says_nothing_of_use_the_plain_engine_takes_the_turn(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide], bad: str
) -> None:
    rasa.say = lambda _: BAD[bad]
    assert turn(dialogue, ANSWER, running(guides)) == plainly(guides, ANSWER, running(guides))


def test_a_reading_of_another_shape_is_nothing_of_use(
    rasa: StandIn, dialogue: RasaDialogue, guides: Mapping[str, Guide]
) -> None:
    reading = {"intent": {"name": "greeting", "confidence": 1.0}, "intent_ranking": []}
    rasa.say = lambda id: [{"custom": {"id": id, **reading, "step": {"guide": GUIDE}, "asked": None}}]
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
    assert turn(dialogue, TOLD, State()) == plainly(guides, TOLD, State())
    assert time.monotonic() - began < 2.0


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
    for works in (False, False, True, False, False):
        rasa.say = said("understood") if works else lambda _: []
        turn(dialogue, "你好")
    assert dialogue.ready()


def test_no_word_of_a_merchant_is_logged(
    rasa: StandIn, dialogue: RasaDialogue, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bot")
    turn(dialogue, "商户号8812345678昨天没到账")
    assert "went on without Rasa" in caplog.text
    assert "8812345678" not in caplog.text
