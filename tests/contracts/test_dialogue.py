"""One suite for every dialogue: the plain engine, and a real Rasa process; then what only a process can do: die."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.conversation.hearing import hear
from bot.conversation.model import GuidePlace, Heard, State, Step, Turn
from bot.dialogue.guides import Guide, again, begin
from bot.dialogue.leading import Leading
from bot.dialogue.rasa import RasaDialogue
from bot.dialogue.sidecar import Sidecar
from bot.dialogue.turn import Dialogue, PlainDialogue

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
BACK_SECONDS = 30


def helped(records: Sequence[logging.LogRecord]) -> list[str]:
    return [record.getMessage() for record in records if record.name == "bot.dialogue.rasa"]


@pytest.fixture
def till(guides: Mapping[str, Guide]) -> Guide:
    return guides["till"]


def heard(text: str) -> Heard:
    return hear(text, NOW)


def place_of(step: Step | None) -> GuidePlace:
    assert step is not None
    assert step.place is not None
    return step.place


def at(guide: Guide, *answers: tuple[str, str]) -> GuidePlace:
    """The place after these steps and answers; the last names the step that is open."""
    *before, (step, _) = answers
    return GuidePlace(guide.id, step, tuple(before))


def turn(dialogue: Dialogue, text: str, place: GuidePlace | None, pressed: str | None = None) -> Turn:
    return dialogue.turn("c1", heard(text), State(guide=place), pressed)


def test_it_is_ready(dialogue: Dialogue) -> None:
    assert dialogue.ready()


def test_where_no_guide_runs_there_is_no_step_and_no_open_question(dialogue: Dialogue) -> None:
    turned = turn(dialogue, "退款要几天到账", None)
    assert (turned.step, turned.asked) == (None, None)


def test_the_facts_are_those_that_were_heard(dialogue: Dialogue) -> None:
    text = "商户号8812345678昨天微信收了298元没到账"
    assert turn(dialogue, text, None).facts == heard(text).facts != ()


def test_an_answer_leads_to_the_next_question(dialogue: Dialogue, till: Guide) -> None:
    turned = turn(dialogue, "亮着呢", begin(till).place)
    assert turned.step == replace(again(till, at(till, ("power", "亮着"), ("paper", ""))), place=place_of(turned.step))
    assert place_of(turned.step).trail == (("power", "亮着"),)
    assert turned.asked is None


def test_a_pressed_choice_is_an_answer_whatever_the_text(dialogue: Dialogue, till: Guide) -> None:
    turned = turn(dialogue, "第二项", begin(till).place, pressed="2")
    assert turned.step is not None
    assert (turned.step.step, turned.step.ends, turned.step.entry) == ("end-power", "entry", "till-power")


def test_a_whole_guide_is_walked_to_its_ticket(dialogue: Dialogue, till: Guide) -> None:
    place = begin(till).place
    for answer, step in (("亮着", "paper"), ("有纸", "serial")):
        turned = turn(dialogue, answer, place)
        assert turned.step is not None
        assert (turned.step.step, turned.step.ends) == (step, None)
        place = place_of(turned.step)
    ended = turn(dialogue, "N20 0042 右下角那张贴纸上写的", place).step
    assert ended is not None
    assert (ended.ends, ended.queue, ended.took_anything) == ("ticket", "tech_support", True)
    assert place_of(ended).trail[-1] == ("serial", "N20 0042 右下角那张贴纸上写的")


def test_back_asks_the_question_before_and_leaves_at_the_first(dialogue: Dialogue, till: Guide) -> None:
    second = at(till, ("power", "亮着"), ("paper", ""))
    assert place_of(turn(dialogue, "返回", second).step) == begin(till).place
    left = turn(dialogue, "返回", begin(till).place).step
    assert left is not None
    assert left.ends == "left"


def test_starting_over_asks_the_first_question(dialogue: Dialogue, till: Guide) -> None:
    assert turn(dialogue, "重来", at(till, ("power", "亮着"), ("paper", ""))).step == begin(till)


def test_solved_ends_it(dialogue: Dialogue, till: Guide) -> None:
    ended = turn(dialogue, "解决了", begin(till).place).step
    assert ended is not None
    assert ended.ends == "solved"


def test_not_knowing_takes_the_branch_of_those_who_do_not_know(dialogue: Dialogue, till: Guide) -> None:
    turned = turn(dialogue, "不知道", begin(till).place)
    assert turned.step is not None
    assert turned.step.step == "paper"


@pytest.mark.parametrize("text", ["怎么开发票", "我要转人工", "我被骗了，钱没了", "我要投诉你们", "嗯？？？"])
def test_what_is_no_answer_leaves_the_question_open(dialogue: Dialogue, till: Guide, text: str) -> None:
    turned = turn(dialogue, text, begin(till).place)
    assert turned.step is None
    assert turned.asked == begin(till)


def test_a_paused_guide_is_silent_until_it_is_to_go_on(dialogue: Dialogue, till: Guide) -> None:
    paused = replace(at(till, ("power", "亮着"), ("paper", "")), paused=True)
    silent = turn(dialogue, "装好了", paused)
    assert (silent.step, silent.asked) == (None, None)
    assert turn(dialogue, "继续刚才的排查", paused).step == again(till, paused)


@pytest.mark.parametrize("place", [GuidePlace("gone", "power"), GuidePlace("till", "gone")])
def test_a_place_that_no_longer_exists_is_left_alone(dialogue: Dialogue, place: GuidePlace) -> None:
    turned = turn(dialogue, "亮着", place)
    assert (turned.step, turned.asked) == (None, None)


def test_only_the_given_state_counts_and_never_an_earlier_turn(dialogue: Dialogue, till: Guide) -> None:
    first = turn(dialogue, "亮着", begin(till).place)
    assert turn(dialogue, "亮着", begin(till).place) == first
    assert turn(dialogue, "亮着", None).step is None
    assert turn(dialogue, "没纸", at(till, ("power", "亮着"), ("paper", ""))).step is not None


@pytest.mark.parametrize(
    "text", ["/restart", "/", "／goodbye_thanks", "／ /back", "😀" * 40, "、", "?" * 2000, '{"a": [1]}']
)
def test_no_text_is_a_command_nor_too_strange(dialogue: Dialogue, till: Guide, text: str) -> None:
    assert turn(dialogue, text, begin(till).place).asked == begin(till)
    assert turn(dialogue, text, None).step is None


def test_several_conversations_at_once_are_not_mixed_up(dialogue: Dialogue, till: Guide) -> None:
    second = at(till, ("power", "亮着"), ("paper", ""))
    asked = [
        ("亮着", begin(till).place, "paper"),
        ("没亮", begin(till).place, "end-power"),
        ("没纸", second, "end-solved"),
    ]

    def ask(number: int) -> bool:
        text, place, step = asked[number % len(asked)]
        turned = dialogue.turn(f"several-{number}", heard(text), State(guide=place), None)
        return turned.step is not None and turned.step.step == step

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(24)))


@pytest.mark.slow
def test_rasa_names_the_intent_of_a_question_and_none_for_an_answer(led: RasaDialogue, till: Guide) -> None:
    turned = turn(led, "怎么设置分账比例?", None)
    assert turned.intent == "set_split_ratio"
    assert 0 < turned.confidence <= 1
    answered = turn(led, "亮着", begin(till).place)
    assert (answered.intent, answered.intents) == (None, ())


@pytest.mark.slow
@pytest.mark.parametrize("open_question", [False, True])
def test_rasa_ranks_the_intents_of_a_question_whether_or_not_a_guide_was_left_for_it(
    led: RasaDialogue, till: Guide, open_question: bool
) -> None:
    turned = turn(led, "怎么设置分账比例?", begin(till).place if open_question else None)
    assert turned.intents[0] == (turned.intent, turned.confidence)
    shares = [share for _, share in turned.intents]
    assert shares == sorted(shares, reverse=True)
    assert 0 <= sum(shares) <= 1.0001
    assert len({name for name, _ in turned.intents}) == len(turned.intents) > 2
    assert "nlu_fallback" not in dict(turned.intents)


def test_the_plain_engine_leaves_intents_to_the_library(guides: Mapping[str, Guide]) -> None:
    turned = turn(PlainDialogue(Leading(guides)), "怎么设置分账比例?", None)
    assert (turned.intent, turned.intents) == (None, ())


@pytest.mark.slow
def test_messages_of_one_conversation_that_come_at_once_do_not_wait_for_each_other_a_second(led: RasaDialogue) -> None:
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: turn(led, "退款要几天到账", None), range(8)))
    assert time.monotonic() - began < 2


@pytest.mark.slow
def test_the_hundredth_turns_cost_at_most_twice_the_first_ones(led: RasaDialogue) -> None:
    took = []
    for _ in range(100):
        began = time.perf_counter()
        turn(led, "退款要几天到账", None)
        took.append(time.perf_counter() - began)
    assert min(took[-10:]) <= 2 * min(took[:10])  # the quickest of ten, as the machine does other things


@pytest.mark.slow
def test_killed_in_the_middle_of_a_guide_it_loses_no_turn_and_is_back_within_thirty_seconds(
    sidecar: Sidecar, guides: Mapping[str, Guide], till: Guide, caplog: pytest.LogCaptureFixture
) -> None:
    assert sidecar.wait_ready(BACK_SECONDS)
    with closing(RasaDialogue(Leading(guides), sidecar)) as led:
        place = place_of(turn(led, "亮着", begin(till).place).step)
        assert helped(caplog.records) == []
        pid, starts, began = sidecar.pid, sidecar.starts, time.monotonic()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        place = place_of(turn(led, "有纸", place).step)
        assert place.step == "serial"
        while sidecar.starts == starts:
            time.sleep(0.05)
        assert turn(led, "看不到编号", place).step is not None  # and while it starts
        assert sidecar.wait_ready(BACK_SECONDS)
        assert time.monotonic() - began < BACK_SECONDS
        caplog.clear()
        ended = turn(led, "看不到编号", place).step
        assert ended is not None
        assert ended.ends == "ticket"
        assert helped(caplog.records) == []
