"""What a person sees while Rasa is being made ready, and where it cannot be."""

from __future__ import annotations

import re
import shutil
import sys
import threading
from pathlib import Path

import pytest

from bot import terminal
from bot.bootstrap import ROOT
from bot.dialogue import rasa_environment, setup
from bot.dialogue.rasa_environment import Doing, RasaEnvironment, RasaUnavailable, Say
from bot.dialogue.sidecar import NotStarted, Sidecar
from bot.suite import need_rasa
from tests.dialogue.obedient import Make

REASONS = ("no-python", "no-disk", "no-network", "not-installed", "not-trained")


def test_every_reason_has_a_line_that_says_what_to_do_and_that_the_rest_works() -> None:
    raised = set(re.findall(r'RasaUnavailable\(\s*"([a-z-]+)"', Path(rasa_environment.__file__).read_text("utf8")))
    assert raised <= set(REASONS)
    assert set(terminal.RASA_MISSING) == {*REASONS, "not-started"}
    for error in (*(RasaUnavailable(reason, "details") for reason in REASONS), NotStarted("details")):
        line = setup.line_of(error)
        assert "其余功能照常" in line
        assert re.search("请|再试|再运行", line)
        assert "\n" not in line


def test_every_step_of_an_installation_has_its_words() -> None:
    assert set(terminal.RASA_STEPS) == set(Doing) - {Doing.TRAINING}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder in which Rasa's environment could be made."""
    (tmp_path / "root" / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "constraints-rasa.txt", tmp_path / "root" / ".ci")
    return tmp_path / "root"


def test_an_installation_is_told_step_by_step_and_once(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def install(self: RasaEnvironment, say: Say) -> None:
        for one in (Doing.LOOKING, Doing.MAKING, Doing.INSTALLING, "Collecting rasa", "Collecting numpy"):
            say(one)
        self.python.parent.mkdir(parents=True)
        self.python.symlink_to(sys.executable)
        self._stamp.write_text(self._wanted(), encoding="utf8")

    monkeypatch.setattr(RasaEnvironment, "_install", install)
    assert not setup.installed(tmp_path / "home", root).stale()
    told = capsys.readouterr().err.splitlines()
    steps = [Doing.LOOKING, Doing.MAKING, Doing.INSTALLING]
    assert told == [
        *(f"… {terminal.RASA_STEPS[step]}" for step in steps),
        f"✓ {terminal.RASA_INSTALLED}".format(seconds=0),
    ]
    setup.installed(tmp_path / "home", root)
    assert capsys.readouterr().err == ""


def test_what_cannot_be_installed_is_told_in_one_line_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise RasaUnavailable("no-network", "Connection refused")

    monkeypatch.setattr(RasaEnvironment, "stale", lambda _: True)
    monkeypatch.setattr(RasaEnvironment, "install", fail)
    assert setup.had(tmp_path) == (None, "no-network")
    assert capsys.readouterr().err == f"! {terminal.RASA_MISSING['no-network']}{terminal.RASA_MEANWHILE}\n"
    assert need_rasa(tmp_path) == terminal.RASA_NOT_TESTED.format(reason=terminal.RASA_MISSING["no-network"])


def test_how_rasa_stands_is_known_without_making_anything(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    environment = RasaEnvironment(root, home)
    assert setup.state_of(home, [], root) == "to-install"
    environment.python.parent.mkdir(parents=True)
    environment.python.symlink_to(sys.executable)
    assert setup.state_of(home, [], root) == "stale"
    environment._stamp.write_text(environment._wanted(), encoding="utf8")
    assert setup.state_of(home, [], root) == "to-train"
    assert not home.exists()
    environment.models.mkdir(parents=True)
    environment.model_of([]).touch()
    assert setup.state_of(home, [], root) == "trained"


def test_waiting_ends_when_it_is_ready_and_says_so(make: Make, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup.await_started(make())
    assert re.fullmatch(r"(… .+\n)*✓ Rasa .+\n", capsys.readouterr().err)


def test_waiting_ends_with_the_first_failure_and_says_why(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one: Sidecar = make("ends")
    assert not setup.await_started(one)
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("! ")
    assert "status 3" in last
    assert "其余功能照常" in last


def test_a_training_is_told_once_it_takes_longer_than_a_look(
    make: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = threading.Event()
    monkeypatch.setattr(setup, "_WORTH_TELLING_SECONDS", 0.1)
    timer = threading.Timer(0.8, shown.set)
    timer.start()

    def model() -> Path:
        shown.wait(10)
        return tmp_path / "model.tar.gz"

    assert setup.await_started(make("well", model))
    timer.join()
    assert capsys.readouterr().err.splitlines()[0] == f"… {terminal.RASA_STAGES['model']}"
