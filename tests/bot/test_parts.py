"""What is joined: the dialogue that was chosen, how it is told, and what follows when entries are published."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from bot import terminal
from bot.bootstrap import ROOT
from bot.dialogue.leading import Leading
from bot.dialogue.rasa import RasaDialogue
from bot.dialogue.rasa_environment import RasaEnvironment, RasaUnavailable
from bot.dialogue.sidecar import Sidecar
from bot.dialogue.turn import PlainDialogue
from bot.parts import Parts, local_day, open_parts, taught
from bot.settings import read_settings
from knowledge.entry import Entry
from knowledge.library import Library
from tests.conftest import fresh_database
from tests.doubles import Clock
from tests.journeys.shop import parts_over, prepared

TEA = Entry("tea", "茶水间在哪里？", "在二楼。", ("茶水间怎么走",), "service", intent="human_agent_request")


class Trainer(RasaEnvironment):
    """Keeps what it was asked to make a model of; has none to give."""

    asked: list[list[str]]

    def model(self, several: Any, *_: Any, **__: Any) -> Path:
        self.asked.append([one.id for one in several])
        raise RasaUnavailable("not-trained", "no room")


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with fresh_database("sqlite", request) as engine:
        yield engine


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    trainer = Trainer(ROOT, tmp_path)
    trainer.asked = []
    return trainer


def until(what: Callable[[], Any]) -> None:
    end = time.monotonic() + 20
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_where_rasa_was_not_asked_for_the_plain_engine_leads_and_nothing_is_written(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with closing(open_parts(read_settings({"BOT_HOME": str(home)}))) as parts:
        assert isinstance(parts.dialogue, PlainDialogue)
        assert parts.sidecar is None
        assert parts.dialogue_state() == "no-rasa"
        assert {path.name for path in home.iterdir()} <= {"cache"}


def test_rasa_is_taught_the_entries_and_the_matters_outside_while_the_rest_is_still_being_opened(
    tmp_path: Path, trainer: Trainer
) -> None:
    settings = read_settings({"BOT_HOME": str(tmp_path / "home")})
    with closing(open_parts(settings, trainer)) as parts:
        assert isinstance(parts.dialogue, RasaDialogue)
        until(lambda: trainer.asked)
        assert trainer.asked[0] == [one.id for one in taught(parts.store)]
        assert {entry.id for entry in parts.store.all()} < set(trainer.asked[0])
        until(lambda: parts.dialogue_state() == "failed")
    assert parts.sidecar is not None
    assert parts.dialogue_state() == "stopped"


def test_a_reason_for_having_no_rasa_is_told_and_keeps_nobody_from_being_served(engine: Engine, clock: Clock) -> None:
    parts = replace(parts_over(engine, clock), without="no-network")
    answer = TestClient(parts.app()).get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["parts"]["dialogue"] == {"well": False, "detail": terminal.DIALOGUES["no-network"]}


def with_rasa(parts: Parts, sidecar: Sidecar) -> Parts:
    return replace(parts, sidecar=sidecar, dialogue=RasaDialogue(parts.leading, sidecar))


def test_rasa_that_keeps_failing_is_told_as_resting(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch, trainer: Trainer
) -> None:
    sidecar = Sidecar.of(trainer, lambda: trainer.model([]), Leading({}))
    parts = with_rasa(parts_over(engine, clock), sidecar)
    states = [parts.dialogue_state()]
    monkeypatch.setattr(Sidecar, "ready", lambda _: True)
    for ready in (True, False):
        monkeypatch.setattr(RasaDialogue, "ready", lambda _, ready=ready: ready)
        states.append(parts.dialogue_state())
    assert states == ["model", "ready", "resting"]
    parts.close()


def test_published_entries_lead_to_another_model_and_unchanged_ones_do_not(
    engine: Engine, clock: Clock, monkeypatch: pytest.MonkeyPatch, trainer: Trainer
) -> None:
    renewed: list[int] = []
    monkeypatch.setattr(Sidecar, "renew", lambda _: renewed.append(1))
    ready = prepared()
    library = Library(ready.library.language, ready.encoder, ready.library.calibration, ready.environment.home)
    parts = replace(parts_over(engine, clock), library=library)
    parts = with_rasa(parts, Sidecar.of(trainer, lambda: trainer.model([]), Leading({})))
    parts.store.put(TEA, "lin", clock())
    assert parts.refresh()
    assert len(renewed) == 1
    assert not parts.refresh()
    assert len(renewed) == 1
    parts.close()


@pytest.fixture
def serving(engine: Engine, clock: Clock) -> Iterator[Parts]:
    """Parts whose library holds a general entry, one of a provider, and one for two days."""
    ready = prepared()
    library = Library(ready.library.language, ready.encoder, ready.library.calibration, ready.environment.home)
    parts = replace(parts_over(engine, clock), library=library, _terms=None)
    day = local_day(clock())
    notice = replace(TEA, id="notice", valid_from=day + timedelta(days=1), valid_until=day + timedelta(days=2))
    parts.store.put_many([TEA, replace(TEA, id="theirs", provider="甲支付"), notice], "lin", clock())
    parts.refresh()
    yield parts
    parts.close()


def served(parts: Parts) -> set[str]:
    return {one.id for one in parts.library.entries()} & {"tea", "theirs", "notice"}


def test_an_entry_is_found_on_its_days_only_though_nobody_publishes_anything(serving: Parts, clock: Clock) -> None:
    seen = [served(serving)]
    for _ in range(3):
        clock.advance(days=1)
        assert serving.refresh() is True
        seen.append(served(serving))
    assert seen == [{"tea"}, {"tea", "notice"}, {"tea", "notice"}, {"tea"}]
    assert serving.refresh() is False


def test_entries_of_a_provider_are_found_once_it_is_ours(serving: Parts, clock: Clock) -> None:
    assert "theirs" not in served(serving)
    serving.profile.set("provider", "甲支付", "lin", clock())
    assert serving.refresh() is True
    assert served(serving) == {"tea", "theirs"}


def test_every_state_has_its_words() -> None:
    states = {"ready", "resting", "no-rasa", "model", "starting", "failed", "stopped", *terminal.RASA_MISSING}
    states |= {"to-install", "stale", "to-train", "trained"}
    assert states - {"not-started", "not-trained"} == set(terminal.DIALOGUES)
