"""The whole test suite: the tools it needs, pytest, and loud lines at the end on what was not tested."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot import terminal
from bot.bootstrap import ROOT
from bot.dialogue import setup
from bot.dialogue.rasa_environment import RasaUnavailable
from bot.terminal import Progress, say

if TYPE_CHECKING:
    import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OLDEST_NODE = 20


def run(arguments: Sequence[str], home: Path) -> int:
    """Run pytest with these arguments and return its status; what making Rasa's environment leaves goes to `home`."""
    needed = (need_browser(), need_widget_tools(ROOT / "widget"), need_rasa(home))
    missing = [line for line in needed if line]
    import pytest

    skips = Skips()
    status = pytest.main([f"--rootdir={ROOT}", *arguments], plugins=[skips])
    sys.stdout.flush()
    for line in [*missing, *skips.lines()]:
        say(f"!!! {terminal.SKIPPED}: {line}")
    return int(status)


class Skips:
    """A pytest plugin that remembers why tests were skipped."""

    def __init__(self) -> None:
        self._reasons: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self._keep(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self._keep(report)

    def _keep(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        self._reasons[reason.removeprefix("Skipped: ")] += 1

    def lines(self) -> list[str]:
        """One line a reason."""
        return [
            terminal.SKIPPED_TESTS.format(count=count, reason=reason) for reason, count in self._reasons.most_common()
        ]


def need_browser() -> str | None:
    """Install Chromium if it is missing and Debian has it; else the line that says so."""
    if any(shutil.which(name) for name in BROWSERS):
        return None
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return terminal.NO_CHROMIUM
    progress = Progress()
    progress.phase(terminal.INSTALLING_CHROMIUM)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "-qq", "update"], ["apt-get", "-qq", "install", "-y", "chromium"]):
        done = _quietly(command, environment=environment)
    progress.end()
    return None if done.returncode == 0 else terminal.CHROMIUM_FAILED


def need_widget_tools(folder: Path) -> str | None:
    """Install what builds the widget if its lock file changed; else the line that says why not."""
    if not (folder / "package-lock.json").is_file():
        return None
    if not _node_is_new_enough() or shutil.which("npm") is None:
        return terminal.NO_NODE
    stamp = folder / "node_modules" / ".installed"
    wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return None
    progress = Progress()
    progress.phase(terminal.INSTALLING_WIDGET)
    done = _quietly(["npm", "ci"], folder)
    progress.end()
    if done.returncode != 0:
        lines = done.stdout.strip().splitlines()
        return terminal.NPM_FAILED.format(reason=lines[0] if lines else done.returncode)
    stamp.write_text(wanted, encoding="utf-8")
    return None


def need_rasa(home: Path) -> str | None:
    """Make Rasa's environment or bring it up to date; else the line that says why not."""
    try:
        setup.installed(home)
    except RasaUnavailable as error:
        return terminal.RASA_NOT_TESTED.format(reason=setup.reason_of(error))
    return None


def _node_is_new_enough() -> bool:
    if shutil.which("node") is None:
        return False
    found = re.match(r"v(\d+)", _quietly(["node", "--version"]).stdout)
    return found is not None and int(found.group(1)) >= OLDEST_NODE


def _quietly(
    command: Sequence[str], folder: Path | None = None, environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
