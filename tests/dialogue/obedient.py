"""A process in the place of Rasa: it starts like it, answers, and behaves as its variable MODE or its model says."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bot.dialogue.sidecar import Sidecar

Make = Callable[..., Sidecar]
PROCESS = """
import json, os, sys, time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
mode, home = os.environ["MODE"], Path(os.environ["FOLDER"])
(home / "seen.json").write_text(json.dumps({
    "arguments": sys.argv[1:], "token": os.environ["RASA_SIDECAR_TOKEN"], "tmp": os.environ["TMPDIR"],
    "endpoints": Path("endpoints.yml").read_text(), "mode": oct(os.stat("endpoints.yml").st_mode),
}))
print("started", flush=True)
print('ERROR late - {"text": "is 8812345678 \\\\u8d44\\\\"", "event": "timeout"} \\u5546\\u6237', flush=True)
if mode == "ends" or "bad" in sys.argv[sys.argv.index("--model") + 1]:
    sys.exit(3)
if mode == "stays":
    import signal
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if (home / "hang").exists():
            time.sleep(60)
        self.answer()
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        (home / "parsed").write_text(self.path)
        self.answer()
    def answer(self):
        self.send_response(500 if mode == "broken" and self.command == "POST" else 200)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")
    def log_message(self, *_):
        pass
HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""


def until(what: Callable[[], Any], seconds: float = 10) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)
    return found


def alive(pid: int) -> bool:
    """Whether it runs; one that ended and that nobody waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
