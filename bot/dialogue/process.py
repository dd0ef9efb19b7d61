"""One process of Rasa's: launched on loopback with a token of its own, listened to, and ended."""

from __future__ import annotations

import logging
import re
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path

from bot.dialogue.actions import ActionAddress
from bot.dialogue.launcher import TOKEN
from bot.dialogue.rasa import Address
from bot.dialogue.rasa_environment import PROJECT

_LOG_BYTES = 5_000_000
_LOGS = 3
_WORDS = re.compile(r'(?<=text": )"(?:[^"\\]|\\.)*"|(?:\\u[0-9a-f]{4}|[\u3000-\uffee])+')
"""Rasa logs the text of a message it was late for."""


@dataclass(frozen=True, slots=True)
class RasaProcess:
    """Answers at `address` with `model` once it has loaded it; `folder` is its own and goes with it."""

    popen: subprocess.Popen[bytes]
    address: Address
    model: Path
    folder: Path
    scribe: threading.Thread

    def ended(self) -> bool:
        return self.popen.poll() is not None

    def end(self) -> None:
        """End it and clear up; may be done twice. It keeps nothing that would be lost; by itself it takes 3 s."""
        self.popen.kill()
        self.popen.wait()
        if self.popen.stdin is not None:
            self.popen.stdin.close()
        self.scribe.join(1.0)
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):  # another one still has its folder there
            self.folder.parent.rmdir()


def launch(
    command: Sequence[str],
    variables: Mapping[str, str],
    folder: Path,
    model: Path,
    actions: ActionAddress,
    journal: logging.Handler,
) -> RasaProcess:
    """Start one; it is not ready yet. `folder` is made, the journal gets what it says. Raises `OSError`."""
    address = Address(f"http://127.0.0.1:{_free_port()}", secrets.token_hex(24))
    scratch = folder.absolute() / "tmp"  # the model is unpacked there
    scratch.mkdir(parents=True, exist_ok=True)
    _write(folder / "endpoints.yml", {"action_port": str(actions.port), "action_token": actions.token})
    _write(folder / "credentials.yml", {})
    whole = [*command, "run", "--model", str(model.absolute()), "--enable-api", "--quiet"]
    whole += ["--endpoints", "endpoints.yml", "--credentials", "credentials.yml"]
    whole += ["--interface", "127.0.0.1", "--port", address.url.rpartition(":")[2]]
    popen = subprocess.Popen(
        whole,
        cwd=folder,
        env={**variables, "TMPDIR": str(scratch), TOKEN: address.token},
        stdin=subprocess.PIPE,  # never written to: it ends with us, and so does Rasa
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,  # Ctrl-C is ours to hear; Rasa is told when it is time
    )
    scribe = threading.Thread(target=keep_log, args=(popen, journal), name="rasa-log", daemon=True)
    scribe.start()
    return RasaProcess(popen, address, model, folder, scribe)


def journal_at(path: Path) -> logging.Handler:
    """A file that is rotated."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOGS, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    return handler


def keep_log(process: subprocess.Popen[bytes], journal: logging.Handler) -> None:
    """Write what the process says into the journal, without the merchants' words in it."""
    if process.stdout is None:
        return
    with process.stdout:
        for line in process.stdout:
            text = _WORDS.sub("...", line.decode("utf-8", "replace").rstrip())
            if text:
                journal.handle(logging.LogRecord("rasa", logging.INFO, "", 0, "%s", (text,), None))


def free_memory() -> int:
    """Bytes that can still be used, of the machine and of the group of processes we are limited with."""
    free = [1 << 62]
    with suppress(OSError, ValueError):
        found = re.search(r"^MemAvailable:\s+(\d+) kB", Path("/proc/meminfo").read_text(encoding="ascii"), re.MULTILINE)
        free += [int(found.group(1)) * 1024] if found else []
    with suppress(OSError, ValueError):  # ValueError: “max”, no limit
        group = Path("/sys/fs/cgroup")
        most, used = (int((group / f"memory.{name}").read_text(encoding="ascii")) for name in ("max", "current"))
        free.append(most - used)
    return min(free)


def _write(path: Path, values: Mapping[str, str]) -> None:
    """A file of the project with its blanks filled, for nobody else to read."""
    text = (PROJECT / path.name).read_text(encoding="utf-8")
    for blank, value in values.items():
        text = text.replace(f"{{{{{blank}}}}}", value)
    path.unlink(missing_ok=True)
    path.touch(0o600)
    path.write_text(text, encoding="utf-8")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as door:
        return int(door.getsockname()[1])
