"""`python3 -m bot` as a process of its own, over a home of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bot.bootstrap import ROOT
from tests.journeys.shop import INDEX

PATIENCE_SECONDS = 180.0


def home_at(folder: Path) -> Path:
    """A folder for a command's data; the seed's vectors are there already."""
    INDEX.mkdir(parents=True, exist_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index").symlink_to(INDEX)
    return folder


class Command:
    """A command that runs. `said` and `told` are what it has written to standard output and error so far."""

    def __init__(self, *arguments: str, home: Path, root: Path = ROOT, **environment: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BOT_", "DATABASE_", "PIP_"))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", *arguments],
            cwd=root,
            env={**kept, "BOT_HOME": str(home), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said: list[str] = []
        self.told: list[str] = []
        self._readers = [
            threading.Thread(target=lines.extend, args=(stream,), daemon=True)
            for stream, lines in ((self.process.stdout, self.said), (self.process.stderr, self.told))
        ]
        for reader in self._readers:
            reader.start()

    def url(self) -> str:
        """Where it serves, once it does."""
        until(lambda: self._shown() or self.process.poll() is not None)
        assert self._shown(), self.told
        return self._shown()

    def ends(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Its status, once it has ended and everything it wrote was read."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        status = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(10)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        return status

    def _shown(self) -> str:
        found = re.search(r"(http://\S+)/readyz", "".join(self.said))
        return found.group(1) if found else ""


@contextmanager
def running(*arguments: str, home: Path, root: Path = ROOT, **environment: str) -> Iterator[Command]:
    """A command that is ended at the latest when the test is done with it."""
    command = Command(*arguments, home=home, root=root, **environment)
    try:
        yield command
    finally:
        if command.process.poll() is None:
            command.process.kill()
        command.ends()


def until(what: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """What it gives, once that is something."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.05)
    return found


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


def readiness(url: str) -> tuple[str, dict[str, Any]]:
    """Whether the service is ready, and how its dialogue stands."""
    answer = json.loads(get(f"{url}/readyz"))
    return answer["status"], answer["parts"]["dialogue"]


def asked(url: str, text: str) -> dict[str, Any]:
    """The decision on a message of a new merchant's."""
    token = _posted(f"{url}/api/sessions", {}, {})["token"]
    body = {"text": text, "client_id": "a"}
    decision: dict[str, Any] = _posted(f"{url}/api/messages", body, {"Authorization": f"Bearer {token}"})["decision"]
    return decision


def processes_of(home: Path) -> list[int]:
    """The processes of Rasa's that serve or train for this home."""
    listed = subprocess.run(["ps", "-Awwo", "pid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    found = [line.split(None, 2) for line in listed.splitlines() if str(home) in line and "launcher.py" in line]
    return [int(pid) for pid, state, _ in found if not state.startswith("Z")]


def _posted(url: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found
