"""Another model: trained while the one before serves, and changed to without losing a turn."""

from __future__ import annotations

import os
import re
import signal
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from bot.bootstrap import ROOT
from bot.conversation.model import Heard, State
from bot.dialogue import sidecar
from bot.dialogue.leading import Leading
from bot.dialogue.rasa import RasaDialogue
from bot.dialogue.rasa_environment import RasaEnvironment, RasaUnavailable
from bot.dialogue.sidecar import Sidecar
from knowledge.entry import Entry
from tests.dialogue.obedient import Make, alive, until
from tests.small_rasa import small_project

TEA = Entry("tea", "茶水间在哪里", "在二楼。", ("茶水间怎么走",), "service", intent="human_agent_request")


class Models:
    """Hands out a model by name, after a training that lasts until it is let go; or fails."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = "first"
        self.asked = 0
        self.free = threading.Event()
        self.free.set()

    def __call__(self) -> Path:
        self.asked += 1
        assert self.free.wait(20)
        if self.name == "none":
            raise RasaUnavailable("not-trained", "no room")
        model = self.folder / f"{self.name}.tar.gz"
        model.touch()
        return model


@pytest.fixture
def models(tmp_path: Path) -> Models:
    return Models(tmp_path)


def served(folder: Path) -> str:
    """The model of the process that was started last."""
    found = re.search(r"(\w+)\.tar\.gz", (folder / "seen.json").read_text(encoding="utf8"))
    return found.group(1) if found else ""  # while it is being written


def test_another_model_takes_over_without_a_moment_when_nobody_answers(
    make: Make, models: Models, tmp_path: Path
) -> None:
    one = make("well", models)
    assert one.wait_ready(10)
    before, pid = one.address(), one.pid
    assert pid is not None
    models.name = "second"
    models.free.clear()
    one.renew()
    until(lambda: models.asked == 2)
    assert one.address() == before
    models.free.set()
    while (now := one.address()) == before:
        time.sleep(0.002)
    assert now is not None
    assert served(tmp_path) == "second"
    assert alive(pid), "it gets the time for the turns it is in the middle of"
    until(lambda: not alive(pid))
    assert one.ready()
    [folder] = (tmp_path / "rasa" / "run").iterdir()
    until(lambda: [path.name for path in folder.iterdir()] == ["2"])


def test_the_same_model_changes_nothing(make: Make, models: Models) -> None:
    one = make("well", models)
    assert one.wait_ready(10)
    before = one.address()
    one.renew()
    until(lambda: models.asked == 2)
    time.sleep(0.6)
    assert (one.address(), one.starts) == (before, 1)


@pytest.mark.parametrize(("name", "starts"), [("none", 1), ("bad", 2)])
def test_a_model_that_cannot_be_had_or_does_not_run_leaves_the_one_before_in_its_place(
    make: Make, models: Models, caplog: pytest.LogCaptureFixture, name: str, starts: int
) -> None:
    one = make("well", models)
    assert one.wait_ready(10)
    before = one.address()
    models.name = name
    one.renew()
    until(lambda: "goes on with the model before" in caplog.text)
    assert (one.address(), one.starts) == (before, starts)
    models.name = "third"
    one.renew()
    until(lambda: one.address() not in (before, None))


def test_where_memory_is_scarce_the_one_before_ends_first(
    make: Make, models: Models, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = make("well", models)
    assert one.wait_ready(10)
    pid = one.pid
    assert pid is not None
    monkeypatch.setattr(sidecar, "free_memory", lambda: 0)
    models.name = "second"
    one.renew()
    until(lambda: one.address() is None)
    assert one.wait_ready(10)
    assert not alive(pid)
    assert (one.starts, served(tmp_path)) == (2, "second")


def test_killed_while_the_next_model_is_in_training_it_is_back_with_the_one_before(
    make: Make, models: Models, tmp_path: Path
) -> None:
    one = make("well", models)
    assert one.wait_ready(10)
    models.name = "second"
    models.free.clear()
    one.renew()
    until(lambda: models.asked == 2)
    pid = one.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: one.starts == 2)
    assert one.wait_ready(10)
    assert served(tmp_path) == "first"
    models.free.set()
    until(lambda: served(tmp_path) == "second")


@pytest.mark.slow
def test_a_real_rasa_changes_to_a_model_with_new_entries_and_no_turn_goes_without_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environment = RasaEnvironment(ROOT, tmp_path)
    entries: list[Entry] = []
    project = small_project(tmp_path / "small")
    try:
        environment.install()
        first = environment.model(entries, project=project)
    except RasaUnavailable as error:
        pytest.skip(f"Rasa cannot be had here, so nothing that needs it was tested: {error}")
    one = Sidecar.of(environment, lambda: environment.model(entries, project=project), Leading({}))
    one.start()
    try:
        assert one.wait_ready(120)
        with closing(RasaDialogue(Leading({}), one, patience_seconds=10)) as dialogue:
            before = one.address()
            entries.append(TEA)
            one.renew()
            led = []
            while one.address() == before:
                led.append(dialogue.turn("c", Heard("怎么设置分账比例?"), State(), None).intent)
                time.sleep(0.1)
            assert len(led) > 10
            assert set(led) == {"set_split_ratio"}, "merchants were served meanwhile"
            assert dialogue.turn("c", Heard(TEA.title), State(), None).intent == TEA.intent
    finally:
        one.stop()
    assert first.exists(), "the model before is kept"
    assert len(list(environment.models.glob("*.tar.gz"))) == 2
    assert [record.getMessage() for record in caplog.records if "without Rasa" in record.getMessage()] == []
