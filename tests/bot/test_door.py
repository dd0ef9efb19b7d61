"""The port: had, taken by us, by others, by something silent; and that serving ends when it is told to."""

from __future__ import annotations

import http.server
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.door import AlreadyOurs, open_door, url_of
from bot.terminal import Told

ROOT = Path(__file__).resolve().parents[2]
SERVE = """
import asyncio, sys
from fastapi import FastAPI
from contextlib import asynccontextmanager
from bot.door import open_door, serve

@asynccontextmanager
async def life(app):
    if "broken" in sys.argv:
        raise RuntimeError("it cannot start")
    yield
    print("closed in order", flush=True)

app = FastAPI(lifespan=life)

@app.get("/slow")
async def slow():
    await asyncio.sleep(60)

with open_door("127.0.0.1", 0) as door:
    serve(app, door, "")
print("done")
"""


@contextmanager
def someone_serving(metrics: bytes) -> Iterator[int]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(metrics)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def started(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_free_port_is_had_at_once() -> None:
    with open_door("127.0.0.1", 0) as door:
        socket.create_connection(door.getsockname()).close()


def test_a_port_where_we_serve_already_is_told_with_its_address() -> None:
    with someone_serving(b"# HELP shangda_turns_total Turns decided\n") as port:
        with pytest.raises(AlreadyOurs) as ours, open_door("127.0.0.1", port):
            pass
        assert ours.value.url == f"http://127.0.0.1:{port}"


def test_a_port_of_another_program_names_the_option_to_choose_another() -> None:
    with (
        someone_serving(b"hello") as port,
        pytest.raises(Told, match=f"{port}.*--port {port + 1}"),
        open_door("127.0.0.1", port),
    ):
        pass


def test_a_port_where_something_says_nothing_may_be_one_of_us_still_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.door._PROBE_SECONDS", 0.2)
    with open_door("127.0.0.1", 0) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(Told, match="没有应答"), open_door("127.0.0.1", port):
            pass


def test_an_address_of_another_machine_is_told() -> None:
    code = "from bot.door import open_door\nwith open_door('192.0.2.1', 0): pass"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Told" in done.stderr
    assert "--host" in done.stderr


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("shop.example", "http://shop.example:80"),
    ],
)
def test_the_address_that_is_shown_is_one_a_browser_here_can_open(host: str, url: str) -> None:
    assert url_of(host, 80) == url


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_service_in_order_and_soon_even_with_a_request_under_way(number: signal.Signals) -> None:
    process = started()
    assert process.stdout
    lines = [process.stdout.readline() for _ in range(5)]
    url = lines[1].split()[1].removesuffix("/demo")
    assert [line.split()[1] for line in lines[1:]] == [
        f"{url}{path}" for path in ("/demo", "/chat", "/help", "/readyz")
    ]
    waiting = socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2])))
    waiting.sendall(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n")
    time.sleep(0.2)
    began = time.monotonic()
    process.send_signal(number)
    said, told = process.communicate(timeout=10)
    waiting.close()
    assert time.monotonic() - began < 5
    assert (process.returncode, said) == (0, "closed in order\ndone\n")
    assert 'Traceback (most recent call last):\n  File "<string>"' not in told


def test_an_application_that_does_not_start_is_a_failure() -> None:
    process = started("broken")
    said, told = process.communicate(timeout=20)
    assert (process.returncode, said) == (1, "")
    assert "Told" in told
