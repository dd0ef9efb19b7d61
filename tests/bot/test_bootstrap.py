"""The environment is made once, renewed when something changed, and each failure is one line.

Most tests run a copy of the code over an environment whose `python` is a script: it plays pip, and shows how it was
started. One makes a real environment from a wheel of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from bot import bootstrap, terminal

ROOT = Path(__file__).resolve().parents[2]
VERSION = "{}.{}".format(*sys.version_info[:2])
STUB = """#!/bin/sh
if [ "$1" = -I ]; then echo {version}.; exit 0; fi
if [ "$2" = pip ]; then
  echo pip >> "$PIP_LOG"; echo "Collecting thing"; echo "$PIP_SAYS"; sleep "${{PIP_TAKES:-0}}"; exit "${{PIP_ENDS:-0}}"
fi
echo "entered: $*"; exit 7
"""


class Copy:
    """A copy of what makes the environment, with packages of its own to ask for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.pip_log = root / "pip.log"
        (root / "bot").mkdir(parents=True)
        (root / ".ci").mkdir()
        for name in ("__init__", "bootstrap", "terminal", "settings"):
            shutil.copy(ROOT / "bot" / f"{name}.py", root / "bot")
        (root / "bot" / "__main__.py").write_text(
            "import sys\nfrom bot.bootstrap import ensure\n"
            "if __name__ == '__main__':\n"
            "    ensure('bot', tests='--tests' in sys.argv)\n    print(sys.prefix, *sys.argv[1:])\n    sys.exit(5)\n"
        )
        self.ask_for("thing==1.0")
        self.constrain("thing==1.0")

    def ask_for(self, requirement: str) -> None:
        text = f'[project]\ndependencies = ["{requirement}"]\n[dependency-groups]\ntest = ["tool==2.0"]\n'
        (self.root / "pyproject.toml").write_text(text)

    def constrain(self, text: str) -> None:
        (self.root / ".ci" / "constraints.txt").write_text(text)

    def stub(self) -> Copy:
        """An environment that is usable but not up to date, with the script as its Python."""
        python = self.root / ".venv" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(STUB.format(version=VERSION))
        python.chmod(0o755)
        (self.root / ".venv" / "pyvenv.cfg").write_text(f"version = {VERSION}.1\n")
        return self

    def start(self, *arguments: str, code: str = "", **environment: str) -> subprocess.Popen[str]:
        command = [sys.executable, *(["-c", code] if code else ["-m", "bot"]), *arguments]
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "BOT_", "DATABASE_"))}
        return subprocess.Popen(
            command,
            cwd=self.root,
            env={**kept, "PIP_LOG": str(self.pip_log), "PIP_CONFIG_FILE": os.devnull, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, code: str = "", **environment: str) -> tuple[int, str, str]:
        process = self.start(*arguments, code=code, **environment)
        said, told = process.communicate(timeout=60)
        return process.returncode, said, told

    def installations(self) -> int:
        return self.pip_log.read_text().count("pip") if self.pip_log.exists() else 0


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path / "copy").stub()


def one_line(told: str) -> str:
    """The failure that was told: exactly one, and no traceback."""
    assert "Traceback" not in told
    failures = [line for line in told.splitlines() if line.startswith("✗")]
    assert len(failures) == 1, told
    return failures[0]


def test_it_installs_then_starts_the_same_command_in_the_environment(copy: Copy) -> None:
    status, said, told = copy.run("up", "--port", "0")
    assert (status, said) == (7, "entered: -m bot up --port 0\n")
    assert terminal.INSTALLING in told
    assert copy.installations() == 1


def test_what_is_installed_is_not_installed_again(copy: Copy) -> None:
    copy.run()
    status, _, told = copy.run()
    assert (status, told, copy.installations()) == (7, "", 1)


def test_changed_requirements_changed_constraints_and_another_python_each_install_anew(copy: Copy) -> None:
    copy.run()
    copy.ask_for("thing>=1")
    copy.run()
    assert copy.installations() == 2
    copy.constrain("thing==1.1")
    copy.run()
    assert copy.installations() == 3
    (copy.root / ".venv" / "pyvenv.cfg").write_text(f"version = {VERSION}.2\n")
    copy.run()
    assert copy.installations() == 4


def test_the_tools_of_the_tests_are_installed_only_for_the_tests(copy: Copy) -> None:
    copy.run()
    copy.run("--tests")
    assert copy.installations() == 2
    copy.run("--tests")
    copy.run()
    assert copy.installations() == 2


def test_processes_that_install_at_once_wait_for_each_other(copy: Copy) -> None:
    both = [copy.start(PIP_TAKES="1"), copy.start(PIP_TAKES="1")]
    told = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [7, 7]
    assert copy.installations() == 1
    assert sum(terminal.WAITING in one for one in told) == 1


def test_a_failed_installation_is_one_line_and_is_tried_again(copy: Copy) -> None:
    status, said, told = copy.run(PIP_SAYS="OSError: [Errno 28] No space left on device", PIP_ENDS="1")
    assert (status, said) == (1, "")
    assert "磁盘满了" in one_line(told)
    environment = bootstrap.Environment(copy.root)
    assert environment.stale([bootstrap.APP])
    assert not environment._usable(), "what was left half-done is made anew"


def test_an_unknown_failure_shows_its_last_error_and_where_the_rest_is(copy: Copy) -> None:
    _, _, told = copy.run(PIP_SAYS="ERROR: something nobody foresaw", PIP_ENDS="2")
    assert "something nobody foresaw" in one_line(told)
    assert "something nobody foresaw" in (copy.root / ".venv" / "install.log").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_installation_ends_at_once_without_a_traceback(copy: Copy, number: signal.Signals) -> None:
    process = copy.start(PIP_TAKES="30")
    deadline = time.monotonic() + 20
    while not copy.installations() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    began = time.monotonic()
    process.wait(timeout=10)
    assert time.monotonic() - began < 5
    told = process.stderr.read() if process.stderr else ""
    process.communicate()
    assert process.returncode == 130
    assert terminal.INTERRUPTED in told
    assert "Traceback" not in told
    assert bootstrap.Environment(copy.root).stale([bootstrap.APP])


def test_an_environment_that_cannot_be_entered_is_told_and_not_tried_for_ever(copy: Copy) -> None:
    python = copy.root / ".venv" / "bin" / "python"
    text = python.read_text().replace('echo "entered: $*"; exit 7', f'exec {sys.executable} "$@"')
    python.write_text(text)
    status, _, told = copy.run()
    assert status == 1
    assert str(copy.root / ".venv") in one_line(told)


def test_a_bad_variable_is_told_before_anything_is_installed(copy: Copy) -> None:
    status, _, told = copy.run(BOT_PORT="many")
    assert status == 2
    assert "BOT_PORT" in one_line(told)
    assert "'many'" in told
    assert copy.installations() == 0


def test_an_old_python_hands_over_to_a_newer_one_on_the_path(copy: Copy, tmp_path: Path) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, script in (("python3.11", "exit 127"), ("python3.12", '[ "$1" = -c ] && exit 0; echo "newer: $*"')):
        (tools / name).write_text(f"#!/bin/sh\n{script}\n")
        (tools / name).chmod(0o755)
    code = "import bot.bootstrap as b; b.NEEDED_PYTHON = (99, 0); b.ensure('bot')"
    assert copy.run("up", code=code, PATH=str(tools)) == (0, "newer: -m bot up\n", "")


def test_an_old_python_alone_says_what_to_install(copy: Copy, tmp_path: Path) -> None:
    code = "import bot.bootstrap as b; b.NEEDED_PYTHON = (99, 0); b.ensure('bot')"
    status, _, told = copy.run(code=code, PATH=str(tmp_path))
    assert status == 1
    assert "Python 3.11" in one_line(told)
    assert "apt install" in told


def failed_making(copy: Copy, monkeypatch: pytest.MonkeyPatch, says: str) -> str:
    base = copy.root / "base"
    base.write_text(f'#!/bin/sh\necho "{says}"\nexit 1\n')
    base.chmod(0o755)
    shutil.rmtree(copy.root / ".venv")
    monkeypatch.setattr(sys, "_base_executable", str(base), raising=False)
    with pytest.raises(terminal.Told) as told:
        bootstrap.Environment(copy.root).install([bootstrap.APP])
    return told.value.line


def test_a_python_without_venv_names_the_package_to_install(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    line = failed_making(copy, monkeypatch, "The virtual environment was not created: ensurepip is not available.")
    assert f"python{VERSION}-venv" in line


def test_a_full_disk_is_told_before_anything_is_downloaded(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "NEEDED_GB", 1e9)
    assert "磁盘空间不够" in failed_making(copy, monkeypatch, "never reached")


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("NewConnectionError: Failed to establish a new connection: [Errno -3]", terminal.NO_NETWORK),
        ("Temporary failure in name resolution\nERROR: No matching distribution found for torch", terminal.NO_NETWORK),
        ("ReadTimeoutError: Read timed out. (read timeout=15)", terminal.NO_NETWORK),
        ("SSLError(SSLCertVerificationError(1, 'CERTIFICATE_VERIFY_FAILED'))", terminal.CERTIFICATE),
        (
            "ERROR: No matching distribution found for torch==2.13.0",
            terminal.NO_RELEASE.format(package="torch==2.13.0"),
        ),
        ("ERROR: Failed building wheel for jieba", terminal.NOT_BUILT.format(package="jieba")),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied", None),
        ("nothing known", ""),
    ],
)
def test_each_known_failure_of_pip_has_its_line(said: str, line: str | None) -> None:
    told = bootstrap.failure_of(said)
    assert told == (line or None) if line is not None else "权限" in str(told)


@pytest.mark.slow
def test_a_real_environment_is_made_from_real_packages(tmp_path: Path) -> None:
    copy = Copy(tmp_path / "copy")
    with zipfile.ZipFile(copy.root / "thing-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("thing.py", "")
        wheel.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        wheel.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("thing-1.0.dist-info/RECORD", "")
    here = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(copy.root)}
    status, said, told = copy.run("up", **here)
    assert (status, said) == (5, f"{copy.root / '.venv'} up\n"), told
    assert copy.run(**here)[2] == ""
    copy.ask_for("missing==1.0")
    assert "missing==1.0" in one_line(copy.run(**here)[2])


def pins() -> dict[str, str]:
    lines = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {plain(name): version for name, version in pairs}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_package_we_ask_for_and_all_they_bring_along_are_pinned_to_what_is_installed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))
    asked = [Requirement(one) for one in project["project"]["dependencies"] + project["dependency-groups"]["test"]]
    pinned = pins()
    assert [str(one) for one in asked if str(one.specifier) != f"=={pinned.get(plain(one.name))}"] == []
    loose, seen = set(), set()
    while asked:
        one = asked.pop()
        seen.add(str(one))
        try:
            found = distribution(one.name)
        except PackageNotFoundError:  # not for this Python or this system
            continue
        if pinned.get(plain(one.name)) != found.version.partition("+")[0]:
            loose.add(f"{one.name}=={found.version}")
        needs = [Requirement(need) for need in found.requires or []]
        asked += [need for need in needs if applies(need, one.extras) and str(need) not in seen]
    assert loose == set()


def applies(need: Requirement, extras: set[str]) -> bool:
    return need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in extras or {""})


def test_torch_is_pinned_without_a_build_of_one_place() -> None:
    assert pins()["torch"] == "2.13.0"
