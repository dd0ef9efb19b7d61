"""Keeps one Rasa running beside us: started, warmed up, watched, started again where it ends or hangs, and stopped.

It listens on loopback at a free port, with a token made at each start. Nothing here ever makes anybody wait for it:
while it is not ready there is no address, and the dialogue goes on without.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from logging.handlers import RotatingFileHandler
from pathlib import Path

import httpx

from bot.dialogue.actions import ActionAddress, ActionServer
from bot.dialogue.guides import Guide
from bot.dialogue.launcher import TOKEN
from bot.dialogue.rasa import Address
from bot.dialogue.rasa_environment import PROJECT, RasaEnvironment, RasaUnavailable

_START_SECONDS = 120.0
_PROBE_EVERY_SECONDS = 5.0
_PROBE_SECONDS = 5.0
_PROBES_MISSED = 2
_STEADY_SECONDS = 60.0
"""A process that lived this long was fine: the next pause before a start is the shortest again."""
_SHORTEST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_GRACE_SECONDS = 3.0
_LOG_BYTES = 5_000_000
_LOGS = 3
_WARM_UP = "hello"
_WORDS = re.compile(r'(?<=text": )"(?:[^"\\]|\\.)*"|(?:\\u[0-9a-f]{4}|[\u3000-\uffee])+')
"""Rasa logs the text of a message it was late for."""
log = logging.getLogger(__name__)


class NotStarted(Exception):
    """The process ended, or answered nothing, before it was ready."""


class Sidecar:
    """`command` starts Rasa, its arguments follow. `model` is asked for before each start and may take long."""

    def __init__(
        self,
        command: Sequence[str],
        variables: Callable[[], Mapping[str, str]],
        home: Path,
        model: Callable[[], Path],
        guides: Mapping[str, Guide],
    ) -> None:
        self._command = command
        self._variables = variables
        self._model = model
        self._folder = home / "rasa" / "run" / str(os.getpid())
        self._log = home / "logs" / "rasa.log"
        self._actions = ActionServer(guides)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._address: Address | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(trust_env=False, timeout=_PROBE_SECONDS)
        self.starts = 0

    @classmethod
    def of(cls, environment: RasaEnvironment, model: Callable[[], Path], guides: Mapping[str, Guide]) -> Sidecar:
        """The Rasa of an environment, which must be installed by the time this is started."""
        return cls(environment.command(), environment.variables, environment.home, model, guides)

    def start(self) -> None:
        """Start, and keep it running until `stop`; comes back at once."""
        self._thread = threading.Thread(target=self._keep_running, name="rasa-sidecar", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the process, within five seconds."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_GRACE_SECONDS + 1.5)

    def address(self) -> Address | None:
        """Where it answers; None while it is not ready."""
        return self._address

    def ready(self) -> bool:
        return self._address is not None

    def wait_ready(self, seconds: float) -> bool:
        """Whether it got ready within that time."""
        until = time.monotonic() + seconds
        while not self.ready() and time.monotonic() < until and not self._stopping.is_set():
            time.sleep(0.05)
        return self.ready()

    @property
    def pid(self) -> int | None:
        """Of the process that runs now."""
        return self._process.pid if self._process is not None else None

    def _keep_running(self) -> None:
        pause = _SHORTEST_PAUSE_SECONDS
        _clear_away(self._folder.parent)
        try:
            actions = self._actions.start()
            while not self._stopping.is_set():
                began = time.monotonic()
                try:
                    self._run(self._model(), actions)
                except (NotStarted, RasaUnavailable, OSError) as error:
                    log.warning("Rasa did not start: %s", error)
                if time.monotonic() - began >= _STEADY_SECONDS:
                    pause = _SHORTEST_PAUSE_SECONDS
                self._stopping.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        finally:
            self._actions.stop()
            self._client.close()

    def _run(self, model: Path, actions: ActionAddress) -> None:
        """One process from its start to its end. Raises `NotStarted`, `OSError`."""
        address = Address(f"http://127.0.0.1:{_free_port()}", secrets.token_hex(24))
        process = self._launch(model, address, actions)
        self._process = process
        scribe = threading.Thread(target=_keep_log, args=(process, self._log), name="rasa-log", daemon=True)
        scribe.start()
        began = time.monotonic()
        try:
            self._await_ready(process, address)
            self._warm_up(address)
            log.info("Rasa is ready after %.1f s", time.monotonic() - began)
            self._address = address
            self._watch(process, address)
        finally:
            self._address = None
            self._process = None
            _end(process)
            scribe.join(1.0)
            shutil.rmtree(self._folder, ignore_errors=True)

    def _launch(self, model: Path, address: Address, actions: ActionAddress) -> subprocess.Popen[bytes]:
        scratch = self._folder.absolute() / "tmp"  # the model is unpacked there
        scratch.mkdir(parents=True, exist_ok=True)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._write("endpoints.yml", {"action_port": str(actions.port), "action_token": actions.token})
        self._write("credentials.yml", {})
        command = [*self._command, "run", "--model", str(model.absolute()), "--enable-api", "--quiet"]
        command += ["--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
        command += ["--interface", "127.0.0.1", "--port", address.url.rpartition(":")[2]]
        self.starts += 1
        return subprocess.Popen(
            command,
            cwd=self._folder,
            env={**self._variables(), "TMPDIR": str(scratch), TOKEN: address.token},
            stdin=subprocess.PIPE,  # never written to: it ends with us, and so does Rasa
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is ours to hear; Rasa is told when it is time
        )

    def _write(self, name: str, values: Mapping[str, str]) -> None:
        """A file of the project with its blanks filled, for nobody else to read."""
        text = (PROJECT / name).read_text(encoding="utf-8")
        for blank, value in values.items():
            text = text.replace(f"{{{{{blank}}}}}", value)
        path = self._folder / name
        path.unlink(missing_ok=True)
        path.touch(0o600)
        path.write_text(text, encoding="utf-8")

    def _await_ready(self, process: subprocess.Popen[bytes], address: Address) -> None:
        """Rasa listens only once its model is loaded."""
        until = time.monotonic() + _START_SECONDS
        while not self._answers(address, seconds=1.0):
            if process.poll() is not None:
                raise NotStarted(f"it ended with status {process.returncode} (see {self._log})")
            if self._stopping.wait(0.1) or time.monotonic() > until:
                raise NotStarted("it was stopped" if self._stopping.is_set() else f"silent for {_START_SECONDS} s")

    def _warm_up(self, address: Address) -> None:
        """The first message would wait for the word lists to load."""
        try:
            answer = self._client.post(
                f"{address.url}/model/parse", params={"token": address.token}, json={"text": _WARM_UP}, timeout=60.0
            )
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise NotStarted(f"it parsed nothing: {error!r}") from error

    def _watch(self, process: subprocess.Popen[bytes], address: Address) -> None:
        """Comes back once it has ended, hangs, or is to be stopped."""
        missed, probed = 0, time.monotonic()
        while not self._stopping.wait(0.2):
            if process.poll() is not None:
                log.warning("Rasa ended with status %s", process.returncode)
                return
            if time.monotonic() - probed < _PROBE_EVERY_SECONDS:
                continue
            missed = 0 if self._answers(address, _PROBE_SECONDS) else missed + 1
            probed = time.monotonic()
            if missed >= _PROBES_MISSED:
                log.warning("Rasa hangs")
                process.kill()
                return

    def _answers(self, address: Address, seconds: float) -> bool:
        try:
            return self._client.get(address.url, timeout=seconds).is_success
        except httpx.HTTPError:
            return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])


def _clear_away(runs: Path) -> None:
    """Remove what processes left that were killed."""
    for folder in runs.glob("*"):
        try:
            os.kill(int(folder.name), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:
            continue


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()  # it keeps nothing that would be lost
        process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _keep_log(process: subprocess.Popen[bytes], path: Path) -> None:
    """Write what the process says into a file that is rotated, without the merchants' words in it."""
    if process.stdout is None:
        return
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOGS, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    with closing(handler), process.stdout:
        for line in process.stdout:
            text = _WORDS.sub("...", line.decode("utf-8", "replace").rstrip())
            if text:
                handler.emit(logging.LogRecord("rasa", logging.INFO, "", 0, "%s", (text,), None))
