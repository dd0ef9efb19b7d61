"""Rasa made ready in front of a person: its environment, its model, its start, with progress and in Chinese.

Standard library only, for whoever has no environment yet. Whatever fails is told in one line, and the rest goes on.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bot import terminal
from bot.bootstrap import ROOT
from bot.dialogue.rasa_environment import RasaEnvironment, RasaUnavailable
from bot.terminal import Progress, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from bot.dialogue.examples import Teaching
    from bot.dialogue.sidecar import Sidecar

_NOT_STARTED = "not-started"
_EVERY_SECONDS = 0.2
_WORTH_TELLING_SECONDS = 1.0
"""A model that is there already is found within this time."""


def installed(home: Path, root: Path = ROOT) -> RasaEnvironment:
    """Rasa's environment under a root, brought up to date; its own files go under `home`. Raises `RasaUnavailable`."""
    environment = RasaEnvironment(root, home)
    if not environment.stale():
        return environment
    progress, began = Progress(), time.monotonic()
    try:
        environment.install(_shown_on(progress))
    finally:
        progress.end()
    say("✓ " + terminal.RASA_INSTALLED.format(seconds=round(time.monotonic() - began)))
    return environment


def had(home: Path) -> tuple[RasaEnvironment | None, str]:
    """The environment, brought up to date; where it cannot be had None, a line that was said, and the reason."""
    try:
        return installed(home), ""
    except RasaUnavailable as error:
        say("! " + line_of(error))
        return None, error.reason


def state_of(home: Path, several: Iterable[Teaching], root: Path = ROOT) -> str:
    """How Rasa stands, as a key of `terminal.DIALOGUES`; installs, trains and starts nothing."""
    environment = RasaEnvironment(root, home)
    if not environment.python.exists():
        return "to-install"
    if environment.stale():
        return "stale"
    return "trained" if environment.model_of(several).exists() else "to-train"


def line_of(error: Exception) -> str:
    """Why Rasa cannot be had, what to do about it and what goes on meanwhile, as one line."""
    return reason_of(error) + terminal.RASA_MEANWHILE


def reason_of(error: Exception) -> str:
    """Why Rasa cannot be had and what to do about it."""
    if isinstance(error, RasaUnavailable):
        return terminal.RASA_MISSING[error.reason].format(detail=error.detail)
    return terminal.RASA_MISSING[_NOT_STARTED].format(detail=error)


def await_started(sidecar: Sidecar) -> bool:
    """Wait until it is ready or has failed for the first time, and say which; whether it is ready."""
    progress, shown, began = Progress(), "", time.monotonic()
    try:
        while not sidecar.settled(_EVERY_SECONDS):
            stage, seconds = sidecar.stage()
            phase = terminal.RASA_STAGES.get(stage.value, "")
            if not phase or seconds < _WORTH_TELLING_SECONDS:
                continue
            if phase != shown:
                shown = phase
                progress.phase(phase)
            progress.detail(terminal.SECONDS.format(seconds=round(seconds)))
    finally:
        progress.end()
    if sidecar.ready():
        say("✓ " + terminal.RASA_STARTED.format(seconds=round(time.monotonic() - began)))
    elif sidecar.failure is not None:
        say("! " + line_of(sidecar.failure))
    return sidecar.ready()


def _shown_on(progress: Progress) -> Callable[[str], None]:
    packages = 0

    def show(told: str) -> None:
        nonlocal packages
        if told in terminal.RASA_STEPS:
            progress.phase(terminal.RASA_STEPS[told])
        else:
            packages += told.startswith("Collecting")
            progress.detail(f"{packages} {told.removeprefix('Collecting ')}")

    return show
