"""The commands without Rasa, as processes: because it was not wanted, or because it cannot be had here."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import terminal
from bot.bootstrap import ROOT
from tests.journeys.command import Command, asked, get, home_at, readiness, running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return home_at(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[Command]:
    with running("up", "--port", "0", "--no-rasa", home=home) as command:
        yield command


def test_without_rasa_the_service_says_so_and_is_ready(service: Command) -> None:
    status, dialogue = readiness(service.url())
    assert status == "ready"
    assert dialogue == {"well": True, "detail": terminal.DIALOGUES["no-rasa"]}
    assert "shangda_rasa_ready 0.0" in get(f"{service.url()}/metrics")


def test_without_rasa_nothing_of_it_is_made_or_started(service: Command, home: Path) -> None:
    assert service.url()
    assert {path.name for path in home.iterdir()} & {"rasa", "rasa-home", "logs"} == set()
    assert "Rasa" not in "".join(service.told)


def test_without_rasa_a_question_is_answered(service: Command) -> None:
    decision = asked(service.url(), "怎么设置分账比例")
    assert (decision["kind"], decision["entry"]) == ("answer", "split-ratio-set")


def test_ask_without_rasa_answers_each_line_and_prints_nothing_else(service: Command, home: Path) -> None:
    assert service.url()  # tables and entries are there
    with running("ask", "--no-rasa", home=home) as command:
        assert command.process.stdin is not None
        command.process.stdin.write("怎么设置分账比例\n\n转人工\n")
        assert command.ends() == 0
    assert [json.loads(line)["kind"] for line in command.said] == ["answer", "handoff"]
    assert "Rasa" not in "".join(command.told)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_each_signal_ends_the_service_with_status_0(home: Path, number: signal.Signals) -> None:
    with running("up", "--port", "0", "--no-rasa", home=home) as command:
        assert command.url()
        command.process.send_signal(number)
        assert command.ends(20) == 0
    assert command.said[-1].strip() == terminal.STOPPED


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same software in another folder, without an environment for Rasa."""
    root = tmp_path_factory.mktemp("elsewhere")
    for name in ("bot", "knowledge", "embeddings", ".ci"):
        shutil.copytree(ROOT / name, root / name, copy_function=_linked)
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "widget").symlink_to(ROOT / "widget")
    (root / ".venv").symlink_to(ROOT / ".venv")
    return root


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy(source, target)


def test_where_rasa_cannot_be_had_one_line_says_what_to_do_and_the_rest_works(
    elsewhere: Path, home: Path, tmp_path: Path
) -> None:
    nowhere = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path)}
    offline = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    with running("up", "--port", "0", home=home, root=elsewhere, **nowhere, **offline) as command:
        url = command.url()
        lines = [line.strip() for line in command.told if line.startswith("!")]
        status, dialogue = readiness(url)
        reason = "no-python" if dialogue["detail"] == terminal.DIALOGUES["no-python"] else "no-network"
        assert lines == [f"! {terminal.RASA_MISSING[reason]}{terminal.RASA_MEANWHILE}"]
        assert status == "ready"
        assert dialogue == {"well": False, "detail": terminal.DIALOGUES[reason]}
        assert asked(url, "怎么设置分账比例")["entry"] == "split-ratio-set"
        command.process.send_signal(signal.SIGINT)
        assert command.ends(20) == 0
    assert not (home / "rasa" / "models").exists()
