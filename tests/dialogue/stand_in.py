"""A stand-in for Rasa's HTTP API, which answers as Rasa did (`payloads/said_*.json`) or as badly as a test wants."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bot.dialogue.rasa import Address

PAYLOADS = Path(__file__).parent / "payloads"
UNDERSTANDING, LEADING = "/model/parse", "/webhooks/rest/webhook"


class StandIn:
    """Answers as Rasa's HTTP API does. `say` makes the answer to a message; what was asked stands in `asked`."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.say: Callable[[str], Any] = lambda _: []
        self.down = False
        self.status = 200
        self.release = threading.Event()
        self.slow_seconds = 0.0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def address(self) -> Address | None:
        return None if self.down else Address(f"http://127.0.0.1:{self._server.server_port}", "secret")

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def messages(self) -> list[Any]:
        """Those it was to understand, and those it was to take as answers."""
        return [body for _, path, body in self.asked if path.partition("?")[0] in (UNDERSTANDING, LEADING)]

    def words(self) -> list[str]:
        return [body.get("text") or body["message"] for body in self.messages()]

    def trackers(self) -> list[tuple[str, Any]]:
        return [(path, body) for method, path, body in self.asked if method == "PUT"]

    def _answer(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        self.asked.append((method, path, body))
        if method == "PUT":
            return 200, b"{}"
        self.release.wait(self.slow_seconds)
        said = self.say(body.get("metadata", {}).get("id", ""))
        return self.status, said if isinstance(said, bytes) else json.dumps(said).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answer = self._answer

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status, said = answer(self.command, self.path, json.loads(body))
                self.send_response(status)
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            do_POST = do_PUT  # noqa: N815

            def log_message(self, *_: Any) -> None:
                return None

        return Handler


class Ticks:
    """A clock for the breaker."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def said(name: str) -> Callable[[str], Any]:
    """The recorded answer, to whichever message is asked about."""
    text = (PAYLOADS / f"said_{name}.json").read_text(encoding="utf8")
    return lambda id: json.loads(re.sub(r'"id": "[0-9a-f]{32}"', f'"id": "{id}"', text))
