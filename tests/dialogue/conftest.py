"""Sidecars of a process that behaves, or does not."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.dialogue import sidecar
from bot.dialogue.leading import Leading
from bot.dialogue.sidecar import Sidecar
from tests.dialogue.obedient import PROCESS, Make


@pytest.fixture
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {
        "_PROBE_EVERY_SECONDS": 0.3,
        "_PROBE_SECONDS": 0.3,
        "_SHORTEST_PAUSE_SECONDS": 0.05,
        "_LINGER_SECONDS": 0.3,
    }.items():
        monkeypatch.setattr(sidecar, name, seconds)


@pytest.fixture
def make(tmp_path: Path, short_pauses: None) -> Iterator[Make]:
    """Makes and starts sidecars of a process with a way to behave, and stops them."""
    made: list[Sidecar] = []
    (tmp_path / "process.py").write_text(PROCESS, encoding="utf8")

    def start(mode: str = "well", model: Callable[[], Path] = lambda: tmp_path / "model.tar.gz") -> Sidecar:
        variables = {"MODE": mode, "FOLDER": str(tmp_path), "PATH": os.environ["PATH"]}
        one = Sidecar([sys.executable, str(tmp_path / "process.py")], lambda: variables, tmp_path, model, Leading({}))
        made.append(one)
        one.start()
        return one

    yield start
    for one in made:
        one.stop()
