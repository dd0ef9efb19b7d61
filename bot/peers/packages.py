"""The packages that only this comparison wants: the group `compare` of pyproject.toml, added at its first run.

They come on top of what is installed and change none of it. Nothing marks the environment as half done meanwhile, so a
failure here leaves the service's own packages as they were.
"""

from __future__ import annotations

import os
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bot.bootstrap import Environment, failure_of, locked, wanted
from bot.peers.terminal import INSTALLING, UNKNOWN_PACKAGE
from bot.terminal import Progress

GROUP = "compare"
_LAST = 200


class PackagesMissing(Exception):
    """They could not be installed; says why and what to do."""


def missing(requirements: list[str]) -> list[str]:
    """Those of the `name==version` requirements that are not installed in just that version."""
    return [one for one in requirements if _installed(one.partition("==")[0]) != one.partition("==")[2]]


def add(root: Path) -> bool:
    """Install what is missing of the group; whether there was anything to do. Raises `PackagesMissing`."""
    environment = Environment(root)
    if not missing(wanted(root / "pyproject.toml", [GROUP])):
        return False
    progress = Progress()
    try:
        with locked(root / ".venv.lock", lambda: None):
            progress.phase(INSTALLING)
            _install(environment, missing(wanted(root / "pyproject.toml", [GROUP])))
    except OSError as error:
        raise PackagesMissing(UNKNOWN_PACKAGE.format(reason=error)) from error
    finally:
        progress.end()
    return True


def _install(environment: Environment, requirements: list[str]) -> None:
    command = [str(environment.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar", "off", "-c", str(environment.constraints), *requirements]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, "PIP_USER": "0", "LC_ALL": "C.UTF-8"},
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        lines = done.stdout.strip().splitlines()
        reason = lines[-1][:_LAST] if lines else str(done.returncode)
        raise PackagesMissing(failure_of(done.stdout) or UNKNOWN_PACKAGE.format(reason=reason))


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
