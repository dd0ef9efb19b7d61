"""The environment `.venv`: made, kept up to date and entered before anything else is imported.

Standard library only, and Python 3.6 can read it, so that an old one can say what it lacks. What was installed is
remembered in one stamp a group of packages: the hash of pyproject.toml, the constraints and the version of Python.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bot import terminal
from bot.terminal import Progress, Told, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import NoReturn

    from bot.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
NEEDED_PYTHON = (3, 11)
NEEDED_GB = 3.0  # 1.9 GB installed, and what pip unpacks meanwhile
APP, TEST = "app", "test"
_TRIED_PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
_ENTERED = "BOT_ENVIRONMENT_ENTERED"
_INTERRUPTED = 130
_LINES_KEPT = 400


def ensure(module: str, tests: bool = False) -> "Settings":
    """Come back in an up-to-date environment with the settings read, or not at all.

    Starts `python -m module` anew with the same arguments where another Python is needed. Whatever fails is told in one
    line, and the process ends with a status that is not 0.
    """
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        _need_python(module)
        settings = _read_settings()
        environment = Environment(ROOT)
        changed = environment.install([APP, TEST] if tests else [APP])
        if changed or not environment.entered():
            _enter(environment, module)
        os.environ.pop(_ENTERED, None)
    except Told as told:
        say("✗ " + told.line)
        sys.exit(told.status)
    except KeyboardInterrupt:
        say("")
        say(terminal.INTERRUPTED)
        sys.exit(_INTERRUPTED)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return settings


class Environment:
    """The folder `.venv` under a root, and what is installed in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.python = self.folder / "bin" / "python"
        self._half_done = self.folder / ".installing"

    def entered(self) -> bool:
        """Whether this very process runs in it."""
        return Path(sys.prefix).resolve() == self.folder.resolve()

    def stale(self, groups: "Sequence[str]") -> bool:
        """Whether something of these groups is yet to be installed, or what they ask for has changed since."""
        if not self.python.exists() or self._half_done.exists():
            return True
        if self.entered() and not self._version().startswith("{}.{}.".format(*sys.version_info[:2])):
            return True  # the system replaced the Python it was made by
        stamp = self.stamp()
        return any(_read(self._stamp_file(group)) != stamp for group in groups)

    def stamp(self) -> str:
        """Changes whenever an installation would."""
        digest = hashlib.sha256(self._version().encode())
        for path in (self.root / "pyproject.toml", self.constraints):
            digest.update(b"\0" + path.read_bytes())
        return digest.hexdigest()

    @property
    def constraints(self) -> Path:
        """The file that names one version of every package."""
        return self.root / ".ci" / "constraints.txt"

    def install(self, groups: "Sequence[str]") -> bool:
        """Bring it up to date; whether there was anything to do. Raises `Told`.

        Processes that do so at once wait for each other. What was interrupted or failed is done anew the next time.
        """
        if not self.stale(groups):
            return False
        progress = Progress()
        try:
            with locked(self.root / ".venv.lock", lambda: progress.phase(terminal.WAITING)):
                if self.stale(groups):
                    self._install(groups, progress)
        except PermissionError as error:
            raise Told(terminal.NOT_ALLOWED.format(folder=self.root)) from error
        except OSError as error:
            raise Told(terminal.explain(error)) from error
        finally:
            progress.end()
        return True

    def _install(self, groups: "Sequence[str]", progress: Progress) -> None:
        began = time.monotonic()
        if not self._usable():
            self._need_disk()
            progress.phase(terminal.MAKING_VENV)
            self._make()
        self._half_done.touch()
        progress.phase(terminal.INSTALLING_TESTS if TEST in groups else terminal.INSTALLING)
        self._run_pip(wanted(self.root / "pyproject.toml", groups), progress)
        stamp = self.stamp()
        for group in groups:
            self._stamp_file(group).write_text(stamp, encoding="utf-8")
        self._half_done.unlink()
        progress.end()
        say("✓ " + terminal.INSTALLED.format(seconds=round(time.monotonic() - began)))

    def _usable(self) -> bool:
        """Whether packages can be added to it: made by the Python it runs, new enough, and not left half-done."""
        if not self.python.exists() or self._half_done.exists():
            return False
        asked = "import sys, pip; print('%d.%d.' % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))"
        answer = subprocess.run(
            [str(self.python), "-I", "-c", asked], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
        )
        return answer.returncode == 0 and self._version().startswith(answer.stdout.decode().strip())

    def _make(self) -> None:
        base = getattr(sys, "_base_executable", None) or sys.executable
        made = subprocess.run(
            [base, "-m", "venv", "--clear", str(self.folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said = made.stdout.decode("utf-8", "replace")
        if made.returncode == 0:
            return
        if "ensurepip" in said or "No module named venv" in said:
            raise Told(terminal.NO_VENV.format(version="{}.{}".format(*sys.version_info[:2])))
        raise Told(failure_of(said) or terminal.VENV_FAILED.format(reason=_last_line(said), folder=self.folder))

    def _need_disk(self) -> None:
        free = shutil.disk_usage(str(self.root)).free / 1e9
        if free < NEEDED_GB:
            raise Told(terminal.DISK_FULL.format(folder=self.root, free=round(free, 1), needed=NEEDED_GB))

    def _run_pip(self, requirements: "Sequence[str]", progress: Progress) -> None:
        command = [str(self.python), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        command += ["--progress-bar", "off", "-c", str(self.constraints), *requirements]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PIP_USER": "0", "PYTHONUNBUFFERED": "1", "LC_ALL": "C.UTF-8"},
            universal_newlines=True,
            encoding="utf-8",
            errors="replace",
        )
        try:
            said = _follow(process, progress)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
        if process.returncode != 0:
            log = self.folder / "install.log"
            log.write_text(said, encoding="utf-8")
            raise Told(failure_of(said) or terminal.NOT_INSTALLED.format(reason=_last_line(said), log=log))

    def _stamp_file(self, group: str) -> Path:
        return self.folder / "installed-{}".format(group)

    def _version(self) -> str:
        """The Python it was made by, as 3.11.7; empty if that is not known."""
        found = re.search(r"^version\s*=\s*(\S+)", _read(self.folder / "pyvenv.cfg"), re.MULTILINE)
        return found.group(1) if found else ""


def wanted(pyproject: Path, groups: "Sequence[str]") -> "list[str]":
    """The requirements of these groups, as pip takes them."""
    import tomllib

    content = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    found: "list[str]" = []
    for group in groups:
        found += content["project"]["dependencies"] if group == APP else content["dependency-groups"][group]
    return found


_NETWORK = (
    r"NewConnectionError|Failed to establish a new connection|Temporary failure in name resolution|ProxyError|"
    r"Name or service not known|nodename nor servname|Network is unreachable|No route to host|ConnectTimeout|"
    r"Read timed out|ReadTimeoutError|RemoteDisconnected|Connection (refused|reset|aborted)|IncompleteRead|"
    r"HTTP error 5\d\d"
)


def failure_of(said: str) -> "str | None":
    """The line that tells a person why pip or venv failed; None where its output fits no known reason."""
    missing = re.search(r"No matching distribution found for ([^\s(;,]+)", said)
    unbuilt = re.search(
        r"(?:Failed (?:to build|building wheel for)|Failed to build installable wheels.*\()\s*(\S+)", said
    )
    if re.search(r"No space left on device|\[Errno 28\]|Disk quota exceeded", said):
        return terminal.DISK_FULL_MIDWAY.format(needed=NEEDED_GB)
    if re.search(r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError", said):
        return terminal.CERTIFICATE
    if re.search(_NETWORK, said):
        return terminal.NO_NETWORK
    if missing:
        return terminal.NO_RELEASE.format(package=missing.group(1))
    if unbuilt:
        return terminal.NOT_BUILT.format(package=unbuilt.group(1))
    if re.search(r"Permission denied|\[Errno 13\]|Read-only file system", said):
        return terminal.NOT_ALLOWED.format(folder=ROOT)
    return None


@contextmanager
def locked(path: Path, waiting: "Callable[[], object]") -> "Iterator[None]":
    """Hold a lock that all processes share, freed even if this one is killed; `waiting` is called before a wait."""
    import fcntl

    with path.open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def better_python() -> "str | None":
    """A new enough Python under one of its usual names, that really runs."""
    for name in _TRIED_PYTHONS:
        found = shutil.which(name)
        asked = "import sys; sys.exit(sys.version_info < (3, 11))"
        if found and _runs([found, "-c", asked]):
            return found
    return None


def _need_python(module: str) -> None:
    if os.name == "nt":
        raise Told(terminal.NOT_ON_WINDOWS)
    if sys.version_info[:2] >= NEEDED_PYTHON:
        return
    found = better_python()
    if found is None:
        raise Told(terminal.PYTHON_TOO_OLD.format(found="{}.{}.{}".format(*sys.version_info[:3])))
    _start_anew(found, module)


def _read_settings() -> "Settings":
    from bot.settings import EnvironmentRefused, read_settings

    try:
        return read_settings(os.environ)
    except EnvironmentRefused as error:
        line = terminal.ENVIRONMENT_REFUSED
        raise Told(
            line.format(name=error.name, value=error.shown, allowed=terminal.ALLOWED[error.name]), status=2
        ) from error


def _enter(environment: Environment, module: str) -> "NoReturn":
    if os.environ.get(_ENTERED) == "2":  # once to enter, once more if what was entered had to be made anew
        raise Told(terminal.NOT_ENTERED.format(folder=environment.folder))
    os.environ[_ENTERED] = "2" if _ENTERED in os.environ else "1"
    _start_anew(str(environment.python), module)


def _start_anew(python: str, module: str) -> "NoReturn":
    """Become another process with the same id, so that signals and Ctrl-C go where they should."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.environ.pop("__PYVENV_LAUNCHER__", None)  # macOS would start the Python we come from
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(python, [python, "-m", module, *sys.argv[1:]])  # noqa: S606 - no shell is what we want


def _follow(process: "subprocess.Popen[str]", progress: Progress) -> str:
    """Everything pip says; the name of each package in passing goes to the progress line."""
    kept: "list[str]" = []
    count = 0
    for line in process.stdout or ():
        kept = [*kept, line][-_LINES_KEPT:]
        found = re.match(r"Collecting ([A-Za-z0-9._-]+)", line)
        if found:
            count += 1
            progress.detail("{} {}".format(count, found.group(1)))
        elif line.startswith(("Downloading", "  Downloading", "Installing collected")):
            progress.detail("{} {}".format(count, line.strip()))
    process.wait()
    return "".join(kept)


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR", "error", "Error", "fatal"))]
    return (errors or lines or [""])[-1][:200]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _runs(command: "Sequence[str]") -> bool:
    try:
        subprocess.check_output(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _as_interrupt(_number: int, _frame: object) -> "NoReturn":
    raise KeyboardInterrupt


if __name__ == "__main__":  # for scripts that need the tools themselves: python3 -m bot.bootstrap
    ensure("bot.bootstrap", tests=True)
