"""A real Rasa for tests: the project with a few examples an intent, which is trained in seconds, and once a run."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

import pytest

from bot.bootstrap import ROOT
from bot.dialogue.rasa_environment import PROJECT, RasaEnvironment, RasaUnavailable

_EXAMPLES = 8


def small_project(folder: Path) -> Path:
    """The project, with a few examples an intent: a model that answers, and is trained in seconds."""
    for source in PROJECT.rglob("*.yml"):
        target = folder / source.relative_to(PROJECT)
        target.parent.mkdir(parents=True, exist_ok=True)
        lines, seen = [], 0
        for line in source.read_text(encoding="utf8").splitlines():
            seen = seen + 1 if re.match(r"\s{4,}- ", line) else 0
            if "nlu" not in target.parts or seen <= _EXAMPLES:
                lines.append(line)
        target.write_text("\n".join(lines) + "\n", encoding="utf8")
    return folder


@cache
def trained() -> tuple[RasaEnvironment, Path] | str:
    """The environment and the model of the small project; where Rasa cannot be had, why."""
    home = Path(tempfile.mkdtemp(prefix="small-rasa-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    environment = RasaEnvironment(ROOT, home / "home")
    try:
        environment.install()
        return environment, environment.model((), project=small_project(home / "project"))
    except RasaUnavailable as error:
        return str(error)


def small_rasa() -> tuple[RasaEnvironment, Path]:
    """The same; skips where Rasa cannot be had."""
    found = trained()
    if isinstance(found, str):
        pytest.skip(f"Rasa cannot be had here, so nothing that needs it was tested: {found}")
    return found
