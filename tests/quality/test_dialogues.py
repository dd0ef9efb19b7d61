"""Dialogues as merchants hold them, labelled from the specification by somebody who had not seen the bot."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot.bootstrap import ROOT
from bot.dialogue.guides import read_guides
from bot.dialogue.rasa import RasaDialogue
from bot.dialogue.rasa_environment import RasaEnvironment, RasaUnavailable
from bot.dialogue.sidecar import Sidecar
from knowledge.exchange import SEED, read_folder
from tests.conftest import fresh_database
from tests.doubles import Clock
from tests.journeys import shop as shops
from tests.quality.talk import Talk, hold, read_talks

TALKS = read_talks()
HOME = ROOT / ".pytest_cache" / "rasa"
"""The model trained on the whole project, kept by its fingerprint from one run to the next."""
PATIENCE_SECONDS = 30.0
START_SECONDS = 180.0
SHORTEST, LONGEST = 3, 8


def _param(talk: Talk) -> Any:
    marks = [pytest.mark.xfail(reason=talk.short, strict=True)] if talk.short else []
    return pytest.param(talk, id=talk.name, marks=marks)


def _with_rasa(talk: Talk) -> Any:
    """Rasa may make up for what the library alone falls short of."""
    marks = [pytest.mark.xfail(reason=talk.short, strict=False)] if talk.short else []
    marks += [pytest.mark.xfail(reason=talk.short_with_rasa, strict=True)] if talk.short_with_rasa else []
    return pytest.param(talk, id=talk.name, marks=marks)


each_talk = pytest.mark.parametrize("talk", [_param(talk) for talk in TALKS])
each_talk_with_rasa = pytest.mark.parametrize("talk", [_with_rasa(talk) for talk in TALKS])


@pytest.fixture(scope="module")
def sidecar() -> Iterator[Sidecar]:
    """A real Rasa on the whole project; skips where no Python for it can be had."""
    HOME.mkdir(parents=True, exist_ok=True)
    environment = RasaEnvironment(ROOT, HOME)
    try:
        environment.install()
        taught = read_folder(SEED)
        model = environment.model([*taught.entries, *taught.uncovered])
    except RasaUnavailable as error:
        pytest.skip(f"Rasa cannot be had here, so nothing that needs it was tested: {error}")
    running = Sidecar.of(environment, lambda: model, shops.prepared().leading)
    running.start()
    assert running.wait_ready(START_SECONDS), (HOME / "logs" / "rasa.log").read_text(encoding="utf8")[-2000:]
    yield running
    running.stop()


def check(talk: Talk, request: pytest.FixtureRequest) -> None:
    clock = Clock(talk.start)
    with fresh_database("sqlite", request) as engine, shops.open_shop(engine, clock) as shop:
        wrong, transcript = hold(talk, shop, shop.merchant(), clock)
    assert not wrong, "\n".join([talk.theme, *wrong, "", *transcript])


@each_talk
def test_dialogue(talk: Talk, request: pytest.FixtureRequest) -> None:
    check(talk, request)


@pytest.mark.slow
@each_talk_with_rasa
def test_dialogue_with_rasa(
    talk: Talk,
    sidecar: Sidecar,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert sidecar.wait_ready(START_SECONDS)
    ready = shops.prepared()
    led = RasaDialogue(ready.leading, sidecar, patience_seconds=PATIENCE_SECONDS)
    monkeypatch.setattr(shops, "prepared", lambda: replace(ready, dialogue=led))
    try:
        check(talk, request)
    finally:
        led.close()
    went_without = [one for one in caplog.get_records("call") if one.name == "bot.dialogue.rasa"]
    assert not went_without, "the plain engine had to help"
    assert logging.getLogger("bot.dialogue.rasa").isEnabledFor(logging.WARNING)


def test_every_dialogue_has_its_own_name_and_a_natural_length() -> None:
    names = [talk.name for talk in TALKS]
    assert len(set(names)) == len(names) >= 90
    assert [talk.name for talk in TALKS if not SHORTEST <= len(talk.turns) <= LONGEST] == []


def test_every_guide_is_opened_by_some_dialogue() -> None:
    opened = {entry for talk in TALKS for entry in talk.turns[0].expected.entry}
    assert set(read_guides()) - opened == set()
