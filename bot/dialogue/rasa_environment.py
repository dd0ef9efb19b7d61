"""Rasa's own Python, packages, project and model: found or made, and made anew only when what they rest on changed.

Standard library only. Rasa 3.6 wants Python 3.8–3.10 and packages that ours cannot live beside, so it gets an
environment of its own. Nothing is written to anybody's home folder: for Rasa that is a folder under ours.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from bot.bootstrap import locked
from bot.dialogue.examples import fingerprint, lay_out, published

if TYPE_CHECKING:
    from bot.dialogue.examples import Teaching

REQUIREMENT = "rasa[jieba]==3.6.21"
PROJECT = Path(__file__).parent / "rasa"
LAUNCHER = Path(__file__).parent / "launcher.py"
PYTHONS = ("3.10", "3.9", "3.8")
NEEDED_GB = 6.0  # 2.7 GB installed, and what pip unpacks meanwhile
_UV = "uv==0.13.9"
_MODELS_KEPT = 2
_TRAINING_SECONDS = 900
_UV_SECONDS = 600
_NETWORK = re.compile(
    r"Failed to establish a new connection|name resolution|ProxyError|Name or service not known|Network is unreachable|"
    r"timed out|Connection (refused|reset|aborted)|RemoteDisconnected|CERTIFICATE_VERIFY_FAILED"
)


class Doing(StrEnum):
    """What `say` is told when a step begins; within a step it is told details, such as the package in passing."""

    WAITING = "waiting for another process"
    LOOKING = "looking for a Python"
    DOWNLOADING = "downloading a Python"
    MAKING = "making an environment"
    INSTALLING = "installing packages"
    TRAINING = "training"


Say = Callable[[str], None]


class RasaUnavailable(Exception):
    """Rasa cannot be had here. `reason` is no-python, no-disk, no-network, not-installed or not-trained."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def _quiet(_: str) -> None:
    return None


class RasaEnvironment:
    """`.venv-rasa` under a root, and everything Rasa writes under a home."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root = root
        self.home = home
        self.folder = root / ".venv-rasa"
        self.python = self.folder / "bin" / "python"
        self.project = home / "rasa" / "project"
        self.models = home / "rasa" / "models"
        self._constraints = root / ".ci" / "constraints-rasa.txt"
        self._stamp = self.folder / "installed"
        self._abandoned = threading.Event()

    def command(self) -> list[str]:
        """What starts Rasa; its own arguments follow. `-I` keeps this folder's `rasa.py` from being taken for Rasa."""
        return [str(self.python), "-I", "-W", "ignore", str(LAUNCHER)]

    def variables(self, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The environment variables of every Rasa process; makes the folders they name."""
        own = self.home / "rasa-home"
        folders = {
            "HOME": own,
            "XDG_CONFIG_HOME": own / "config",
            "XDG_CACHE_HOME": own / "cache",
            "XDG_DATA_HOME": own / "data",
            "MPLCONFIGDIR": own / "matplotlib",
            "TMPDIR": own / "tmp",
        }
        for folder in folders.values():
            folder.mkdir(parents=True, exist_ok=True)
        kept = {name: environment[name] for name in ("PATH", "LANG", "TZ", "LD_LIBRARY_PATH") if name in environment}
        return {
            **kept,
            **{name: str(folder.absolute()) for name, folder in folders.items()},
            "LC_ALL": "C.UTF-8",
            "PYTHONWARNINGS": "ignore",
            "RASA_TELEMETRY_ENABLED": "false",
            "RASA_MAX_CACHE_SIZE": "0",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "",
            "OMP_NUM_THREADS": "1",
        }

    # -- packages

    def stale(self) -> bool:
        """Whether it is yet to be installed, or anew because what it was made from has changed."""
        return not self.python.exists() or _read(self._stamp) != self._wanted()

    def install(self, say: Say = _quiet) -> bool:
        """Bring it up to date; whether there was anything to do. Raises `RasaUnavailable`.

        Processes that do so at once wait for each other; what was interrupted is done anew. `say` is told what is going
        on (`Doing`).
        """
        if not self.stale():
            return False
        try:
            with locked(self.root / ".venv.lock", lambda: say(Doing.WAITING)):
                if self.stale():
                    self._install(say)
        except OSError as error:
            raise RasaUnavailable("not-installed", str(error)) from error
        return True

    def _install(self, say: Say) -> None:
        free = shutil.disk_usage(self.root).free / 1e9
        if free < NEEDED_GB:
            raise RasaUnavailable("no-disk", f"{free:.1f} GB free, {NEEDED_GB} GB needed")
        say(Doing.LOOKING)
        python = find_python(os.environ) or self._download_python(say)
        say(Doing.MAKING)
        _run([str(python), "-m", "venv", "--clear", str(self.folder)], say)
        (self.folder / ".gitignore").write_text("*\n", encoding="utf-8")
        say(Doing.INSTALLING)
        install = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        install += ["--no-cache-dir", "--progress-bar", "off", "-c", str(self._constraints)]
        _run([*install, "setuptools", "wheel"], say)
        _run([*install, REQUIREMENT], say)
        self._stamp.write_text(self._wanted(), encoding="utf-8")

    def _wanted(self) -> str:
        made_by = re.search(r"^version\s*=.*$", _read(self.folder / "pyvenv.cfg"), re.MULTILINE)
        parts = (REQUIREMENT, _read(self._constraints), made_by.group() if made_by else "")
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _download_python(self, say: Say) -> Path:
        """A Python that uv brings, under our home; uv too, where it is missing."""
        tools = self.home / "rasa-home" / "uv"
        uv = shutil.which("uv") or str(tools / "bin" / "uv")
        variables = {
            **os.environ,
            "UV_PYTHON_INSTALL_DIR": str(tools / "python"),
            "UV_CACHE_DIR": str(tools / "cache"),
            "UV_PYTHON_INSTALL_BIN": "0",
        }
        say(Doing.DOWNLOADING)
        try:
            if not Path(uv).exists():
                pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
                _run([*pip, "--no-cache-dir", "--target", str(tools), _UV], say)
            _run([uv, "python", "install", PYTHONS[0]], say, variables, _UV_SECONDS)
            found = _run([uv, "python", "find", "--managed-python", PYTHONS[0]], say, variables).strip().splitlines()
        except RasaUnavailable as error:
            raise RasaUnavailable(
                "no-python", f"none of {PYTHONS} here, and none to download: {error.detail}"
            ) from error
        return Path(found[-1])

    # -- the model

    def model(self, several: Iterable[Teaching], say: Say = _quiet, project: Path = PROJECT) -> Path:
        """A model of the project and the phrasings of these entries and uncovered matters: the one there is, or trained
        now. Raises `RasaUnavailable`. Processes that train at once wait for each other.
        """
        self.models.mkdir(parents=True, exist_ok=True)
        examples = published(several, project)
        try:
            with locked(self.models / ".lock", lambda: say(Doing.WAITING)):
                model = self._path(project, examples)
                if not model.exists():
                    say(Doing.TRAINING)
                    lay_out(project, self.project, examples, self.home / "cache")
                    self._train(model)
                self._prune(model)
        except OSError as error:
            raise RasaUnavailable("not-trained", str(error)) from error
        return model

    def model_of(self, several: Iterable[Teaching], project: Path = PROJECT) -> Path:
        """Where the model of the project and these is, or will be: trains nothing and waits for nobody."""
        return self._path(project, published(several, project))

    def _path(self, project: Path, examples: Mapping[str, Sequence[str]]) -> Path:
        return self.models / f"{fingerprint(REQUIREMENT, project, examples)}.tar.gz"

    def abandon(self) -> None:
        """End the training that is going on; none begins here any more."""
        self._abandoned.set()

    def _train(self, model: Path) -> None:
        name = f"training-{os.getpid()}"
        log = self.home / "logs" / "rasa-train.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        variables = self.variables()
        for left in Path(variables["TMPDIR"]).iterdir():  # by a training that was killed; only one goes on at a time
            shutil.rmtree(left, ignore_errors=True)
        command = [*self.command(), "train", "--config", "config.yml", "--domain", "domain.yml", "--data", "data"]
        command += ["--out", str(self.models.absolute()), "--fixed-model-name", name]
        with log.open("wb") as said:
            process = subprocess.Popen(
                command,
                cwd=self.project,
                env=variables,
                stdin=subprocess.PIPE,  # it ends when we do
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            until = time.monotonic() + _TRAINING_SECONDS
            try:
                while process.poll() is None and time.monotonic() < until and not self._abandoned.wait(0.1):
                    pass
                status = process.poll()
            finally:
                process.kill()
                process.communicate()
        trained = self.models / f"{name}.tar.gz"
        if status != 0 or not trained.exists():
            raise RasaUnavailable("not-trained", f"status {status}: {_last_line(_read(log))} (see {log})")
        trained.replace(model)

    def _prune(self, model: Path) -> None:
        """Keep the newest few; what an interrupted training left goes too."""
        os.utime(model)
        by_age = sorted(self.models.glob("*.tar.gz"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in by_age[_MODELS_KEPT:]:
            path.unlink()


def find_python(environment: Mapping[str, str]) -> Path | None:
    """A Python that Rasa runs on, newest first: on PATH, under pyenv, or one that uv knows; each is tried."""
    pyenv = Path(environment.get("PYENV_ROOT") or Path(environment.get("HOME", "/nonexistent")) / ".pyenv") / "versions"
    uv = shutil.which("uv", path=environment.get("PATH"))
    for version in PYTHONS:
        names = [shutil.which(f"python{version}", path=environment.get("PATH"))]
        names += [str(made / "bin" / "python") for made in sorted(pyenv.glob(f"{version}.*"), reverse=True)]
        for name in names:
            if name and _is_python(name, version):
                return Path(name)
        if uv:
            command = [uv, "python", "find", "--no-python-downloads", version]
            found = subprocess.run(command, capture_output=True, text=True, check=False, env={**environment})
            name = found.stdout.strip()
            if found.returncode == 0 and _is_python(name, version):
                return Path(name)
    return None


def _is_python(name: str, version: str) -> bool:
    """Whether it really runs (pyenv's shims are there for any version), is that version and can make environments."""
    asked = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([name, "-I", "-c", asked], capture_output=True, text=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return answer.returncode == 0 and answer.stdout.strip() == version


def _run(
    command: Sequence[str], say: Say, variables: Mapping[str, str] | None = None, most_seconds: float | None = None
) -> str:
    """What a command said; its packages in passing go to `say`. Raises `RasaUnavailable`."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**(variables or os.environ), "PIP_USER": "0", "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"},
        text=True,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,  # so that what it starts can be ended with it
    )
    limit = threading.Timer(most_seconds or threading.TIMEOUT_MAX, os.killpg, (process.pid, signal.SIGKILL))
    limit.daemon = True
    limit.start()
    said: list[str] = []
    began = time.monotonic()
    try:
        for line in process.stdout or ():
            said.append(line)
            if line.startswith(("Collecting ", "Installing ")):
                say(line.strip()[:80])
        process.wait()
    finally:
        limit.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    whole = "".join(said)
    if process.returncode != 0:
        reason = "no-network" if _NETWORK.search(whole) else "not-installed"
        seconds = time.monotonic() - began
        raise RasaUnavailable(reason, f"{Path(command[0]).name} after {seconds:.0f} s: {_last_line(whole)}")
    return whole


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(?i)\W*(error|fatal|\w*Error\b|\w*Exception\b)", line)]
    return (errors or lines or [""])[-1][:300]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
