"""The commands with a real Rasa. Its model is a small one, put where a model of the seed's entries is looked for."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import terminal
from bot.bootstrap import ROOT
from bot.dialogue.rasa_environment import RasaEnvironment, RasaUnavailable
from knowledge.exchange import SEED, read_folder
from tests.journeys.command import Command, asked, get, home_at, processes_of, readiness, running, until
from tests.small_rasa import small_project

pytestmark = pytest.mark.slow
MODELS = ROOT / ".pytest_cache" / "rasa"
"""Small models, kept by their fingerprint from one run to the next."""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model; skips where Rasa cannot be had."""
    environment = RasaEnvironment(ROOT, MODELS)
    try:
        environment.install()
        return environment.model((), project=small_project(tmp_path_factory.mktemp("project")))
    except RasaUnavailable as error:
        pytest.skip(f"Rasa cannot be had here, so nothing that needs it was tested: {error}")


@pytest.fixture(scope="module")
def home(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the model that the seed's entries lead to is there already."""
    home = home_at(tmp_path_factory.mktemp("home"))
    collection = read_folder(SEED)
    environment = RasaEnvironment(ROOT, home)
    environment.models.mkdir(parents=True)
    shutil.copy(model, environment.model_of([*collection.entries, *collection.uncovered]))
    return home


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Command]:
    with running("up", "--port", "0", home=home) as command:
        yield command


def test_the_service_serves_once_rasa_answers_and_says_so(service: Command) -> None:
    status, dialogue = readiness(service.url())
    assert (status, dialogue) == ("ready", {"well": True, "detail": terminal.DIALOGUES["ready"]})
    assert "shangda_rasa_ready 1.0" in get(f"{service.url()}/metrics")
    assert any(line.startswith("✓ Rasa") for line in service.told)


def test_a_model_that_is_there_is_not_trained_anew(service: Command, home: Path) -> None:
    assert service.url()
    assert not (home / "logs" / "rasa-train.log").exists()
    assert len(list((home / "rasa" / "models").glob("*.tar.gz"))) == 1


def test_a_question_is_answered_and_rasa_took_part(service: Command) -> None:
    decision = asked(service.url(), "怎么设置分账比例")
    assert (decision["kind"], decision["entry"]) == ("answer", "split-ratio-set")
    assert "went on without Rasa" not in "".join(service.told)


def test_rasa_that_was_killed_is_missed_by_nobody_and_comes_back(service: Command, home: Path) -> None:
    url = service.url()
    [pid] = processes_of(home)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not readiness(url)[1]["well"], 5)
    status, dialogue = readiness(url)
    assert status == "ready"
    assert dialogue["detail"] in (terminal.DIALOGUES["starting"], terminal.DIALOGUES["model"])
    assert "shangda_rasa_ready 0.0" in get(f"{url}/metrics")
    assert asked(url, "怎么设置分账比例")["entry"] == "split-ratio-set"
    until(lambda: readiness(url)[1]["well"], 60)


def test_ask_goes_through_rasa(service: Command, home: Path) -> None:
    assert service.url()  # both at once, each with a Rasa of its own
    with running("ask", home=home) as command:
        assert command.process.stdin is not None
        command.process.stdin.write("怎么设置分账比例\n")
        assert command.ends() == 0
    [decision] = [json.loads(line) for line in command.said]
    assert (decision["kind"], decision["entry"]) == ("answer", "split-ratio-set")
    assert any(line.startswith("✓ Rasa") for line in command.told)
    assert not [line for line in command.told if "without Rasa" in line or line.startswith("!")]


def test_stopping_the_service_ends_rasa_and_clears_up(service: Command, home: Path) -> None:
    assert service.url()
    began = time.monotonic()
    service.process.send_signal(signal.SIGTERM)
    assert service.ends(20) == 0
    assert time.monotonic() - began < 10
    assert service.said[-1].strip() == terminal.STOPPED
    assert processes_of(home) == []
    assert list((home / "rasa" / "run").iterdir()) == []
    assert {path.name for path in (home / "rasa-home" / "tmp").iterdir()} <= {"jieba.cache"}


def test_rasa_ends_with_a_service_that_was_killed(home: Path) -> None:
    with running("up", "--port", "0", home=home) as command:
        assert command.url()
        assert processes_of(home), command.told
        command.process.kill()
        until(lambda: not processes_of(home), 15)


def test_an_interrupt_in_the_middle_of_a_training_ends_it_too(model: Path, tmp_path: Path) -> None:
    home = home_at(tmp_path / "home")
    with running("up", "--port", "0", home=home) as command:
        until(lambda: processes_of(home), 60)
        assert (home / "logs" / "rasa-train.log").exists()
        command.process.send_signal(signal.SIGINT)
        assert command.ends(20) == 0
    assert processes_of(home) == []
    assert list((home / "rasa" / "models").glob("*.tar.gz")) == []
    assert "Traceback" not in "".join(command.told)
