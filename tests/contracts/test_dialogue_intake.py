"""The taking in of a ticket, by every dialogue: the plain engine, and a real Rasa process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.conversation.hearing import hear
from bot.conversation.model import Fact, GuidePlace, Heard, IntakePlace, State, Step, Turn
from bot.conversation.progress import merged
from bot.dialogue.intake import CONFIRM, DETAIL, Intake, begin
from bot.dialogue.turn import Dialogue

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
MATTER = "refund_failed_delay"
TOLD = "退款点了三次都报系统繁忙"
ODD = "880011223344"


def heard(text: str, matter: str | None = MATTER, codes: Sequence[str] = ()) -> Heard:
    return replace(hear(text, NOW), matter=matter, codes=tuple(codes))


class Talk:
    """A conversation with a dialogue that keeps the state as the desk does; `step` is the last one there was."""

    def __init__(self, dialogue: Dialogue, place: IntakePlace, *facts: Fact) -> None:
        self._dialogue = dialogue
        self.state = State(intake=place, facts=facts)
        self.step: Step | None = None

    def say(self, text: str, pressed: str | None = None, codes: Sequence[str] = ()) -> Turn:
        turn = self._dialogue.turn("c1", heard(text, codes=codes), self.state, pressed)
        if turn.step is not None:
            self.step = turn.step
            ended = turn.step.ends is not None
            self.state = replace(
                self.state, facts=merged(self.state.facts, turn.facts), intake=None if ended else turn.step.intake
            )
        return turn

    def led_to(self, *texts: str) -> str:
        """Say all of these, each of which must be an answer; the step they lead to."""
        for text in texts:
            assert self.say(text).step is not None, text
        assert self.step is not None
        return self.step.step

    @property
    def values(self) -> dict[str, str]:
        return {fact.name: fact.value for fact in self.state.facts}


def at(dialogue: Dialogue, step: str, *facts: Fact) -> Talk:
    return Talk(dialogue, IntakePlace(step, TOLD, MATTER), *facts)


def test_a_ticket_is_taken_in_from_the_description_to_its_submission(dialogue: Dialogue, intake: Intake) -> None:
    first = begin(intake, heard("我要提工单"), ()).intake
    assert first is not None
    talk = Talk(dialogue, first)
    assert talk.led_to(TOLD) == "merchant_no"
    assert talk.led_to("8812345678") == "serial_no"
    assert talk.led_to("A20261121998877", "昨晚十点半", "298", "13800138000") == CONFIRM
    assert talk.step is not None
    assert all(words in talk.step.text for words in (TOLD, "8812345678", "A20261121998877", "昨晚十点半", "298"))
    talk.led_to("提交")
    assert (talk.step.ends, talk.step.guide) == ("ticket", intake.name)
    assert talk.values == {
        "merchant_no": "8812345678",
        "serial_no": "A20261121998877",
        "time": "2026-11-21T22:30:00+08:00",
        "amount": "298",
        "contact_phone": "13800138000",
    }


def test_several_facts_in_one_message_leave_only_what_is_missing(dialogue: Dialogue) -> None:
    talk = at(dialogue, "merchant_no")
    assert talk.led_to("商户号8812345678，昨晚十点半，298元，电话13800138000") == "serial_no"
    assert set(talk.values) == {"merchant_no", "time", "amount", "contact_phone"}


def test_an_error_code_of_the_message_is_a_fact_of_the_ticket(dialogue: Dialogue) -> None:
    talk = at(dialogue, DETAIL)
    talk.say("退款接口报了这个", codes=["SYSTEM_ERROR"])
    assert talk.values == {"error_code": "SYSTEM_ERROR"}


def test_a_correction_counts_while_another_question_is_open_and_while_confirming(dialogue: Dialogue) -> None:
    for step in ("serial_no", CONFIRM):
        talk = at(dialogue, step, Fact("amount", "298元", "298"))
        talk.led_to("不对，金额是299元")
        assert talk.values == {"amount": "299"}


@pytest.mark.parametrize("text", ["没有", "不知道"])
def test_a_fact_that_there_is_not_is_left_out(dialogue: Dialogue, text: str) -> None:
    talk = at(dialogue, "merchant_no")
    assert talk.led_to(text, text, text, text) == "contact"
    assert talk.led_to(text) == CONFIRM
    assert talk.values == {}


def test_back_asks_the_question_before_and_leaves_at_the_first(dialogue: Dialogue) -> None:
    talk = at(dialogue, "merchant_no")
    assert talk.led_to("8812345678", "返回") == "merchant_no"
    talk.led_to("返回")
    assert talk.step is not None
    assert talk.step.ends == "left"


def test_starting_over_asks_for_the_description_again_and_keeps_the_facts(dialogue: Dialogue) -> None:
    talk = at(dialogue, "merchant_no")
    assert talk.led_to("8812345678", "重来") == DETAIL
    assert talk.values == {"merchant_no": "8812345678"}


def test_a_number_of_unusual_form_is_questioned_once(dialogue: Dialogue) -> None:
    talk = at(dialogue, "merchant_no")
    assert talk.led_to(ODD) == "merchant_no"
    assert talk.step is not None
    assert ODD in talk.step.text
    assert talk.led_to("对") == "serial_no"
    assert talk.values == {"merchant_no": ODD}


def test_a_pressed_choice_is_an_answer(dialogue: Dialogue) -> None:
    talk = at(dialogue, "channel")
    talk.say("支付宝", "2")
    assert talk.values == {"channel": "alipay"}
    confirming = at(dialogue, CONFIRM)
    submitted = confirming.say("提交", "1").step
    assert submitted is not None
    assert submitted.ends == "ticket"


def test_it_is_left_without_a_ticket_by_those_who_give_up(dialogue: Dialogue) -> None:
    left = at(dialogue, CONFIRM).say("算了").step
    assert left is not None
    assert left.ends == "left"


@pytest.mark.parametrize("text", ["我被骗了，刚转走了五万", "我要转人工", "我要投诉你们"])
def test_an_emergency_a_person_and_a_complaint_are_left_to_others_with_the_question_open(
    dialogue: Dialogue, text: str
) -> None:
    for step in (DETAIL, "time", CONFIRM):
        turned = at(dialogue, step).say(text)
        assert turned.step is None
        assert turned.asked is not None
        assert turned.asked.step == step


def test_a_paused_intake_is_silent_until_it_is_to_go_on(dialogue: Dialogue) -> None:
    talk = at(dialogue, "serial_no", Fact("merchant_no", ODD, ODD))
    assert talk.state.intake is not None
    talk.state = replace(talk.state, intake=replace(talk.state.intake, paused=True, questioned=True))
    silent = talk.say("A20261121998877")
    assert (silent.step, silent.asked) == (None, None)
    assert talk.led_to("继续登记工单") == "serial_no"
    assert talk.state.intake == IntakePlace("serial_no", TOLD, MATTER, questioned=True)
    assert talk.led_to("A20261121998877") == "time"


def test_an_intake_leads_before_the_guide_it_was_begun_in_and_the_guide_after_it(dialogue: Dialogue) -> None:
    guide = GuidePlace("till", "power")
    both = State(guide=guide, intake=IntakePlace("serial_no", TOLD, MATTER))
    taken = dialogue.turn("c1", heard("A20261121998877"), both, None).step
    assert taken is not None
    assert taken.intake is not None
    led = dialogue.turn("c1", heard("亮着"), State(guide=guide), None).step
    assert led is not None
    assert led.step == "paper"


def test_a_place_that_no_longer_exists_is_left_alone(dialogue: Dialogue) -> None:
    turned = at(dialogue, "gone").say("8812345678")
    assert (turned.step, turned.asked) == (None, None)


def test_only_the_given_state_counts_and_never_an_earlier_turn(dialogue: Dialogue) -> None:
    first = at(dialogue, "merchant_no").say("8812345678")
    assert at(dialogue, "merchant_no").say("8812345678") == first
    assert dialogue.turn("c1", heard("8812345678"), State(), None).step is None
