"""Keeps one Rasa running beside us: started, warmed up, watched, started again where it ends or hangs, and stopped.

It listens on loopback at a free port, with a token made at each start. Nothing here ever makes anybody wait for it:
while it is not ready there is no address, and the dialogue goes on without. Where there is another model, the process
that has it takes over from the one before it once it is ready.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from enum import Enum
from pathlib import Path

import httpx

from bot.conversation import phrases
from bot.dialogue.actions import ActionAddress, ActionServer
from bot.dialogue.leading import Leading
from bot.dialogue.process import RasaProcess, free_memory, journal_at, launch
from bot.dialogue.rasa import PATIENCE_SECONDS, Address
from bot.dialogue.rasa_environment import RasaEnvironment, RasaUnavailable

_START_SECONDS = 120.0
_PROBE_EVERY_SECONDS = 5.0
_PROBE_SECONDS = 5.0
_PROBES_MISSED = 2
_STEADY_SECONDS = 60.0
"""A process that lived this long was fine: the next pause before a start is the shortest again."""
_SHORTEST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_STOP_SECONDS = 4.5
_LINGER_SECONDS = PATIENCE_SECONDS + 0.5
"""What a process that has been replaced gets for the turns it is in the middle of."""
_ROOM_FOR_TWO_BYTES = 1_200_000_000
"""A Rasa takes 650 MB once it has answered."""
_WARM_UP = phrases.RESUME_GUIDE  # the word lists load with the first Chinese word
log = logging.getLogger(__name__)


class NotStarted(Exception):
    """The process ended, or answered nothing, before it was ready."""


class Stage(Enum):
    """How far it has come."""

    MODEL = "model"  # looked for or, which takes longer, trained
    STARTING = "starting"
    READY = "ready"
    FAILED = "failed"  # tried again after a pause
    STOPPED = "stopped"


class Sidecar:
    """`command` starts Rasa, its arguments follow. `model` is asked for before each start and may take long.

    `abandon` ends what `model` is about, when this is stopped.
    """

    def __init__(
        self,
        command: Sequence[str],
        variables: Callable[[], Mapping[str, str]],
        home: Path,
        model: Callable[[], Path],
        leading: Leading,
        abandon: Callable[[], None] = lambda: None,
    ) -> None:
        self._command = command
        self._variables = variables
        self._model = model
        self._abandon = abandon
        self._folder = home / "rasa" / "run" / str(os.getpid())
        self._log = home / "logs" / "rasa.log"
        self._journal = journal_at(self._log)
        self._actions = ActionServer(leading)
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._outdated = threading.Event()
        self._looking: Future[Path] | None = None
        self._thread: threading.Thread | None = None
        self._stage, self._since = Stage.MODEL, time.monotonic()
        self._leading: RasaProcess | None = None
        self._served: Path | None = None
        self._client = httpx.Client(trust_env=False, timeout=_PROBE_SECONDS)
        self.starts = 0
        self.failure: Exception | None = None

    @classmethod
    def of(cls, environment: RasaEnvironment, model: Callable[[], Path], leading: Leading) -> Sidecar:
        """The Rasa of an environment, which must be installed by the time this is started."""
        command, home = environment.command(), environment.home
        return cls(command, environment.variables, home, model, leading, environment.abandon)

    def start(self) -> None:
        """Start, and keep it running until `stop`; comes back at once."""
        self._thread = threading.Thread(target=self._keep_running, name="rasa-sidecar", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the process, within five seconds."""
        self._stopping.set()
        self._abandon()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)

    def renew(self) -> None:
        """Look in the background whether there is another model by now, and if so change to it; comes back at once."""
        self._outdated.set()

    def address(self) -> Address | None:
        """Where it answers; None while it is not ready."""
        leading = self._leading
        return None if leading is None or leading.ended() else leading.address

    def ready(self) -> bool:
        return self.address() is not None

    def model_served(self) -> str:
        """The name of the model that answers now; empty while none does."""
        served = self._served
        return served.name if served is not None and self.ready() else ""

    def stage(self) -> tuple[Stage, float]:
        """How far it has come, and for how many seconds it has been there."""
        return self._stage, time.monotonic() - self._since

    def settled(self, seconds: float) -> bool:
        """Whether, within that time, it has got ready or failed for the first time; `failure` says why."""
        return self._settled.wait(seconds)

    def wait_ready(self, seconds: float) -> bool:
        """Whether it got ready within that time."""
        until = time.monotonic() + seconds
        while not self.ready() and time.monotonic() < until and not self._stopping.is_set():
            time.sleep(0.05)
        return self.ready()

    @property
    def pid(self) -> int | None:
        """Of the process that answers now."""
        leading = self._leading
        return leading.popen.pid if leading is not None else None

    def _keep_running(self) -> None:
        pause = _SHORTEST_PAUSE_SECONDS
        _clear_away(self._folder.parent)
        try:
            actions = self._actions.start()
            while not self._stopping.is_set():
                began = time.monotonic()
                try:
                    self._reach(Stage.MODEL)
                    model = self._newest_model()
                    self._reach(Stage.STARTING)
                    self._lead(self._started(model, actions), actions)
                except (NotStarted, RasaUnavailable, OSError) as error:
                    self._fail(error)
                except Exception as error:  # the edge of this thread, which must outlive whatever a start meets
                    log.exception("Rasa could not be started")
                    self._fail(error)
                if time.monotonic() - began >= _STEADY_SECONDS:
                    pause = _SHORTEST_PAUSE_SECONDS
                self._stopping.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        finally:
            self._reach(Stage.STOPPED)
            self._settled.set()
            self._actions.stop()
            self._client.close()
            self._journal.close()

    def _reach(self, stage: Stage) -> None:
        self._stage, self._since = stage, time.monotonic()

    def _fail(self, error: Exception) -> None:
        if self._stopping.is_set():
            return
        log.warning("Rasa did not start: %s", error)
        self.failure = error
        self._reach(Stage.FAILED)
        self._settled.set()

    def _newest_model(self) -> Path:
        """The one that was served while the next is still being trained: who was killed is to be back soon."""
        training = self._looking is not None and not self._looking.done()
        if training and self._served is not None and self._served.exists():
            return self._served
        self._outdated.clear()
        return self._model()

    def _lead(self, one: RasaProcess, actions: ActionAddress) -> None:
        """Let it answer until it has ended, hangs or is to be stopped; one with another model takes its place."""
        try:
            while True:
                self._leading, self._served, self.failure = one, one.model, None
                self._reach(Stage.READY)
                self._settled.set()
                model = self._watch(one)
                if model is None:
                    return
                one = self._replaced(one, model, actions)
        finally:
            self._leading = None
            one.end()

    def _replaced(self, one: RasaProcess, model: Path, actions: ActionAddress) -> RasaProcess:
        """A process with this model, started beside the one that answers; the same as before if it does not start."""
        if free_memory() < _ROOM_FOR_TWO_BYTES:
            log.info("memory is scarce: Rasa pauses while it changes to another model")
            self._leading = None
            self._reach(Stage.STARTING)
            one.end()
            return self._started(model, actions)
        try:
            other = self._started(model, actions)
        except (NotStarted, OSError) as error:
            log.warning("Rasa goes on with the model before: %s", error)
            return one
        self._leading = other
        self._stopping.wait(_LINGER_SECONDS)
        one.end()
        return other

    def _started(self, model: Path, actions: ActionAddress) -> RasaProcess:
        """A process that is warm. Raises `NotStarted`, `OSError`."""
        began = time.monotonic()
        self.starts += 1
        folder = self._folder / str(self.starts)
        one = launch(self._command, self._variables(), folder, model, actions, self._journal)
        try:
            self._await_ready(one)
            self._warm_up(one.address)
        except BaseException:
            one.end()
            raise
        level = logging.DEBUG if self.starts == 1 else logging.INFO  # who started us is told on the terminal
        log.log(level, "Rasa is ready after %.1f s", time.monotonic() - began)
        return one

    def _await_ready(self, one: RasaProcess) -> None:
        """Rasa listens only once its model is loaded."""
        until = time.monotonic() + _START_SECONDS
        while not self._answers(one.address, seconds=1.0):
            if one.ended():
                raise NotStarted(f"it ended with status {one.popen.returncode} (see {self._log})")
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

    def _watch(self, one: RasaProcess) -> Path | None:
        """Another model, once there is one; None once the process has ended, hangs, or is to be stopped."""
        missed, probed = 0, time.monotonic()
        while not self._stopping.wait(0.2):
            if one.ended():
                log.warning("Rasa ended with status %s", one.popen.returncode)
                return None
            model = self._looked_for()
            if model is not None and model != one.model:
                return model
            if time.monotonic() - probed < _PROBE_EVERY_SECONDS:
                continue
            missed = 0 if self._answers(one.address, _PROBE_SECONDS) else missed + 1
            probed = time.monotonic()
            if missed >= _PROBES_MISSED:
                log.warning("Rasa hangs")
                one.popen.kill()
                return None
        return None

    def _looked_for(self) -> Path | None:
        """The model that `renew` was about, once it is there; looked for, or trained, on a thread of its own."""
        if self._looking is None:
            if self._outdated.is_set():
                self._outdated.clear()
                self._looking = _beside(self._model)
            return None
        if not self._looking.done():
            return None
        looked, self._looking = self._looking, None
        error = looked.exception()
        if error is not None:
            log.warning("Rasa goes on with the model before: %s", error)
            return None
        return looked.result()

    def _answers(self, address: Address, seconds: float) -> bool:
        try:
            return self._client.get(address.url, timeout=seconds).is_success
        except httpx.HTTPError:
            return False


def _beside(work: Callable[[], Path]) -> Future[Path]:
    """What comes of a work on a thread that nobody waits for when we end."""
    found: Future[Path] = Future()

    def run() -> None:
        try:
            found.set_result(work())
        except Exception as error:  # noqa: BLE001 - whoever asks for the result is told
            found.set_exception(error)

    threading.Thread(target=run, name="rasa-model", daemon=True).start()
    return found


def _clear_away(runs: Path) -> None:
    """Remove what processes left that were killed."""
    for folder in runs.glob("*"):
        try:
            os.kill(int(folder.name), 0)
        except (ProcessLookupError, ValueError):
            shutil.rmtree(folder, ignore_errors=True)
        except PermissionError:
            continue
