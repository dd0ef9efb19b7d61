"""The HTTP face: routes joined, errors in one shape, security headers on every page."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels import phrases
from bot.errors import Problem
from knowledge.errors import LibraryEmpty

MOST_BODY_BYTES = 256 * 1024
_WIDGET_PATHS = ("/api/", "/widget/")
_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
log = logging.getLogger(__name__)


def create_app(
    routers: Sequence[APIRouter],
    on_start: Sequence[Callable[[], None]] = (),
    on_stop: Sequence[Callable[[], None]] = (),
) -> FastAPI:
    """The application over these routers; `on_start` and `on_stop` run with its life."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        for start in on_start:
            start()
        yield
        for stop in on_stop:
            stop()

    app = FastAPI(title="Shangda", version="1", lifespan=life, docs_url=None, redoc_url=None)
    for router in routers:
        app.include_router(router)
    _handle_errors(app)
    app.add_middleware(_Measured)
    app.add_middleware(_Guarded)
    return app


class _Measured:
    """Refuses a body that grows beyond the limit, where it did not say its size beforehand."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seen = 0

        async def measured() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > MOST_BODY_BYTES:
                raise HTTPException(413)
            return message

        await self._app(scope, measured if scope["type"] == "http" else receive, send)


class _Guarded:
    """Refuses oversized bodies; lets any website talk to the widget's routes (a token, no cookies); sets the headers.

    Plain ASGI: Starlette's decorator for middleware would run each request in a task and a stream of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        open_to_all = scope["path"].startswith(_WIDGET_PATHS)
        started = False

        async def headed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _set_headers(MutableHeaders(scope=message), open_to_all)
            await send(message)

        try:
            await (_at_once(scope, open_to_all) or self._app)(scope, receive, headed)
        except Exception as error:  # one of the three edges; answered here, so that the headers are set
            log.error("a request failed", exc_info=error)
            if started:
                raise
            await _shaped(Problem("broken", phrases.BROKEN, 500))(scope, receive, headed)


def _at_once(scope: Scope, open_to_all: bool) -> Response | None:
    """The answer to a request that goes no further."""
    length = Headers(scope=scope).get("content-length", "")
    if length.isdecimal() and int(length) > MOST_BODY_BYTES:
        return _shaped(Problem("body_too_large", phrases.BAD_REQUEST, 413))
    return Response(status_code=204) if open_to_all and scope["method"] == "OPTIONS" else None


def _set_headers(headers: MutableHeaders, open_to_all: bool) -> None:
    if open_to_all:
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Access-Control-Allow-Headers"] = "authorization, content-type"
        headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        headers["Access-Control-Max-Age"] = "600"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers.setdefault("Content-Security-Policy", _POLICY)


def _shaped(problem: Problem) -> JSONResponse:
    return JSONResponse(problem.body(), problem.status)


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(Problem)
    async def known(_: Request, problem: Problem) -> JSONResponse:
        return _shaped(problem)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, __: RequestValidationError) -> JSONResponse:
        return _shaped(Problem("request_malformed", phrases.BAD_REQUEST, 422))

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> JSONResponse:
        message = phrases.NOT_FOUND if error.status_code == 404 else phrases.BAD_REQUEST
        response = _shaped(Problem("not_found" if error.status_code == 404 else "refused", message, error.status_code))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(LibraryEmpty)
    async def not_ready(_: Request, __: LibraryEmpty) -> JSONResponse:
        return _shaped(Problem("not_ready", phrases.NOT_READY, 503))
