"""The HTTP face: routes joined, errors in one shape, security headers on every page."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
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
    on_start: Callable[[], None] = lambda: None,
    on_stop: Callable[[], None] = lambda: None,
) -> FastAPI:
    """The application over these routers; `on_start` and `on_stop` run with its life."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        on_start()
        yield
        on_stop()

    app = FastAPI(title="Shangda", version="1", lifespan=life, docs_url=None, redoc_url=None)
    for router in routers:
        app.include_router(router)
    _handle_errors(app)
    app.add_middleware(_Measured)
    app.middleware("http")(_guarded)
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


async def _guarded(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse oversized bodies; let any website talk to the widget's routes (a token, no cookies); set the headers."""
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MOST_BODY_BYTES:
        return _shaped(Problem("body_too_large", phrases.BAD_REQUEST, 413))
    open_to_all = request.url.path.startswith(_WIDGET_PATHS)
    if open_to_all and request.method == "OPTIONS":
        response: Response = Response(status_code=204)
    else:
        try:
            response = await call_next(request)
        except Exception as error:  # one of the three edges; answered here, so that the headers below are set
            log.error("a request failed", exc_info=error)
            response = _shaped(Problem("broken", phrases.BROKEN, 500))
    if open_to_all:
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Allow-Headers"] = "authorization, content-type"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response.headers["Access-Control-Max-Age"] = "600"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    return response


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
