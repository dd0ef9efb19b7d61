"""One suite for every dialogue: the plain engine, and a real Rasa process; then what only a process can do: die."""

from __future__ import annotations

import logging
import os
import re
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.bootstrap import ROOT
from bot.conversation.hearing import hear
from bot.conversation.model import GuidePlace, Heard, State, Step, Turn
from bot.dialogue.guides import Guide, again, begin, read_guides
from bot.dialogue.rasa import RasaDialogue
from bot.dialogue.rasa_environment import PROJECT, RasaEnvironment, RasaUnavailable
from bot.dialogue.sidecar import Sidecar
from bot.dialogue.turn import Dialogue, PlainDialogue

NOW = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
BACK_SECONDS = 30
EXAMPLES = 8
GUIDE = """
guide: till
title: 收银机不出票
queue: tech_support
start: power
steps:
  power:
    ask: 电源灯亮着吗？
    fact: power
    choices:
      - {label: 亮着, next: paper, words: [亮, 开着]}
      - {label: 不亮, next: end-power, words: [没亮, 黑的]}
      - {label: 不知道, next: paper}
    unknown: paper
  paper:
    ask: 纸卷装好了吗？
    choices:
      - {label: 装好了, next: serial, words: [装了, 有纸]}
      - {label: 没纸了, next: end-solved, words: [没纸]}
      - {label: 不知道, next: serial}
    unknown: serial
  serial:
    ask: 机身上的编号是多少？
    choices:
      - {label: 看不到编号, next: end-ticket}
    free: end-ticket
    unknown: end-ticket
ends:
  end-power: {end: entry, entry: till-power, say: 先接好电源。}
  end-solved: {end: solved, say: 换上纸卷就好。}
  end-ticket: {end: ticket, say: 转技术同事。}
"""


@pytest.fixture(scope="session")
def guides(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Guide]:
    folder = tmp_path_factory.mktemp("guides")
    (folder / "till.yml").write_text(GUIDE, encoding="utf8")
    return read_guides(folder)


def small_project(folder: Path) -> Path:
    """The project, with a few examples an intent: a model that answers, and is trained in seconds."""
    for source in PROJECT.rglob("*.yml"):
        target = folder / source.relative_to(PROJECT)
        target.parent.mkdir(parents=True, exist_ok=True)
        lines, seen = [], 0
        for line in source.read_text(encoding="utf8").splitlines():
            seen = seen + 1 if re.match(r"\s{4,}- ", line) else 0
            if "nlu" not in target.parts or seen <= EXAMPLES:
                lines.append(line)
        target.write_text("\n".join(lines) + "\n", encoding="utf8")
    return folder


@pytest.fixture(scope="session")
def sidecar(tmp_path_factory: pytest.TempPathFactory, guides: Mapping[str, Guide]) -> Iterator[Sidecar]:
    """A real Rasa, trained once; skips where no Python for it can be had."""
    environment = RasaEnvironment(ROOT, tmp_path_factory.mktemp("home"))
    try:
        environment.install()
        model = environment.model((), project=small_project(tmp_path_factory.mktemp("project")))
    except RasaUnavailable as error:
        pytest.skip(f"Rasa cannot be had here, so nothing that needs it was tested: {error}")
    running = Sidecar.of(environment, lambda: model, guides)
    running.start()
    assert running.wait_ready(120), (environment.home / "logs" / "rasa.log").read_text(encoding="utf8")[-2000:]
    yield running
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < 5


@pytest.fixture
def led(sidecar: Sidecar, guides: Mapping[str, Guide], caplog: pytest.LogCaptureFixture) -> Iterator[RasaDialogue]:
    """Rasa's dialogue; a test fails where the plain engine had to help it."""
    assert sidecar.wait_ready(BACK_SECONDS)
    dialogue = RasaDialogue(guides, sidecar, patience_seconds=10)
    yield dialogue
    dialogue.close()
    assert helped(caplog.get_records("call")) == []


def helped(records: Sequence[logging.LogRecord]) -> list[str]:
    return [record.getMessage() for record in records if record.name == "bot.dialogue.rasa"]


@pytest.fixture(params=["plain", pytest.param("rasa", marks=pytest.mark.slow)])
def dialogue(request: pytest.FixtureRequest, guides: Mapping[str, Guide]) -> Dialogue:
    if request.param == "plain":
        return PlainDialogue(guides)
    led: Dialogue = request.getfixturevalue("led")
    return led


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
    assert turn(led, "亮着", begin(till).place).intent is None


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
    with closing(RasaDialogue(guides, sidecar)) as led:
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
