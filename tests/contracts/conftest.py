"""Every dialogue that there is, over one small guide and an intake that knows what a merchant number looks like."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest

from bot.dialogue.guides import Guide, read_guides
from bot.dialogue.intake import Intake, read_intake
from bot.dialogue.leading import Leading
from bot.dialogue.rasa import RasaDialogue
from bot.dialogue.sidecar import Sidecar
from bot.dialogue.turn import Dialogue, PlainDialogue
from tests.small_rasa import small_rasa

BACK_SECONDS = 30
NUMBER_CHARS = 10
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


@pytest.fixture(scope="session")
def intake() -> Intake:
    return replace(read_intake(), looks_right=lambda number: len(number) == NUMBER_CHARS)


@pytest.fixture(scope="session")
def sidecar(guides: Mapping[str, Guide], intake: Intake) -> Iterator[Sidecar]:
    """A real Rasa; skips where no Python for it can be had."""
    environment, model = small_rasa()
    running = Sidecar.of(environment, lambda: model, Leading(guides, intake))
    running.start()
    assert running.wait_ready(120), (environment.home / "logs" / "rasa.log").read_text(encoding="utf8")[-2000:]
    yield running
    began = time.monotonic()
    running.stop()
    assert time.monotonic() - began < 5


@pytest.fixture
def led(
    sidecar: Sidecar, guides: Mapping[str, Guide], intake: Intake, caplog: pytest.LogCaptureFixture
) -> Iterator[RasaDialogue]:
    """Rasa's dialogue; a test fails where the plain engine had to help it."""
    assert sidecar.wait_ready(BACK_SECONDS)
    dialogue = RasaDialogue(Leading(guides, intake), sidecar, patience_seconds=10)
    yield dialogue
    dialogue.close()
    assert helped(caplog.get_records("call")) == []


def helped(records: Sequence[logging.LogRecord]) -> list[str]:
    return [record.getMessage() for record in records if record.name == "bot.dialogue.rasa"]


@pytest.fixture(params=["plain", pytest.param("rasa", marks=pytest.mark.slow)])
def dialogue(request: pytest.FixtureRequest, guides: Mapping[str, Guide], intake: Intake) -> Dialogue:
    if request.param == "plain":
        return PlainDialogue(Leading(guides, intake))
    led: Dialogue = request.getfixturevalue("led")
    return led
