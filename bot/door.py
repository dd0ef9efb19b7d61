"""The listening socket: opened before anything slow, so that a taken port is told at once; then served."""

from __future__ import annotations

import errno
import http.client
import socket
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from bot import terminal
from bot.terminal import Told

if TYPE_CHECKING:
    from fastapi import FastAPI

_PROBE_SECONDS = 3.0
_GRACE_SECONDS = 2  # what requests under way get when the service stops
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to show an address a browser can open
_OUR_METRIC = b"shangda_"


class AlreadyOurs(Exception):
    """Another process of this software serves at the address; `url` is where."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


@contextmanager
def open_door(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens. Raises `AlreadyOurs`, and `Told` where the address cannot be had."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise Told(terminal.HOST_UNKNOWN.format(host=host)) from error
    with socket.socket(family, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind(address)
            door.listen(512)
        except OSError as error:
            _refuse(error, host, port)
        yield door


def url_of(host: str, port: int) -> str:
    """Where a browser on this machine reaches what listens on this address."""
    name = _EVERYWHERE.get(host, host)
    return f"http://{f'[{name}]' if ':' in name else name}:{port}"


def serve(app: FastAPI, door: socket.socket, public_url: str) -> None:
    """Serve until SIGINT or SIGTERM, then let what is under way finish, for a few seconds at most.

    Prints the addresses once requests are answered. Raises `Told` if the application does not start.
    """
    import signal

    import uvicorn

    host, port = door.getsockname()[:2]

    class Announced(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets=sockets)
            if self.started:
                _announce(public_url or url_of(host, port))

    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=_GRACE_SECONDS)
    server = Announced(config)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # uvicorn takes its own and repeats to ours what it caught
    try:
        server.run(sockets=[door])
    except SystemExit as error:  # how uvicorn says that the application did not start
        raise Told(terminal.NOT_STARTED) from error


def _announce(url: str) -> None:
    print(f"✓ {terminal.STARTED}")
    for name, path in terminal.PAGES:
        print(f"  {name}  {url}{path}", flush=True)


def _refuse(error: OSError, host: str, port: int) -> None:
    if error.errno in (errno.EACCES, errno.EPERM):
        raise Told(terminal.PORT_FORBIDDEN.format(port=port)) from error
    if error.errno != errno.EADDRINUSE:
        raise Told(terminal.HOST_UNKNOWN.format(host=host)) from error
    url = url_of(host, port)
    other = port + 1 if port < 65535 else port - 1
    try:
        if _is_ours(url):
            raise AlreadyOurs(url) from error
    except TimeoutError:
        raise Told(terminal.PORT_SILENT.format(port=port, other=other)) from error
    raise Told(terminal.PORT_TAKEN.format(port=port, other=other)) from error


def _is_ours(url: str) -> bool:
    """Whether our own metrics are served there. Raises `TimeoutError` where something listens but says nothing."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with suppress(http.client.HTTPException, ConnectionError, ValueError):
        try:
            with direct.open(f"{url}/metrics", timeout=_PROBE_SECONDS) as answer:
                return _OUR_METRIC in answer.read(65536)
        except urllib.error.URLError as error:
            if isinstance(error.reason, TimeoutError):
                raise TimeoutError from error
    return False
