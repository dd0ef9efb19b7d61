"""The service as a process: started, stopped and started again on the same port over the same data."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.channels.widget.sessions import LIFE_SECONDS, Sessions
from bot.conversation.ledger import SqlLedger, append_drafts
from bot.conversation.model import Author, Draft, Kind
from bot.tickets.store import TicketStore
from knowledge.database import open_database, transaction

READY_SECONDS = 180.0
_SERVE = Path(__file__).with_name("serve.py")


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


class Service:
    """`url` is its address, without a slash at the end; everything it writes lies in `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._log = home / "service.log"
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Returns once it answers; at once if it runs already."""
        if self._process is not None:
            return
        outer = {name: value for name, value in os.environ.items() if not name.startswith(("BOT_", "DATABASE_"))}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(_SERVE), str(self._port)],
                env={**outer, "BOT_HOME": str(self._home)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the service did not start: {self._log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def staff_writes(self, ticket: str, text: str) -> None:
        """What a person at the console writes to the merchant of a ticket; the worker delivers it."""
        engine = open_database(f"sqlite:///{self._home / 'shangda.db'}")
        conversation = SqlLedger(engine).conversation(TicketStore(engine).get(ticket).conversation)
        now = datetime.now(UTC)
        with transaction(engine) as connection:
            append_drafts(connection, conversation, [Draft(Author.STAFF, Kind.TEXT, text)], now, now)
        engine.dispose()

    def forget_sessions(self) -> None:
        """As if every merchant had stayed away until their session ran out."""
        engine = open_database(f"sqlite:///{self._home / 'shangda.db'}")
        Sessions(engine).forget_expired(datetime.now(UTC) + timedelta(seconds=LIFE_SECONDS + 60))
        engine.dispose()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
