"""The HTTP face as a whole: one error shape, headers, limits, health and metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from sqlalchemy import Engine

from bot.app import MOST_BODY_BYTES, create_app
from bot.parts import Parts
from knowledge.entry import Entry
from knowledge.library import Library
from tests.conftest import fresh_database
from tests.doubles import Clock
from tests.journeys.shop import Shop, open_shop, parts_over, prepared, rows


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with fresh_database("sqlite", request) as engine:
        yield engine


@pytest.fixture
def shop(engine: Engine, clock: Clock) -> Iterator[Shop]:
    with open_shop(engine, clock) as shop:
        yield shop


@pytest.fixture
def empty(engine: Engine, clock: Clock) -> Parts:
    """The service before anything is published."""
    ready = prepared()
    library = Library(ready.library.language, ready.encoder, ready.library.calibration, ready.environment.home)
    return replace(parts_over(engine, clock), library=library)


def assert_shaped(response: httpx.Response, status: int) -> None:
    body = response.json()
    assert (response.status_code, body["status"]) == (status, status)
    assert set(body) == {"code", "message", "status"}
    assert re.search(r"[\u4e00-\u9fff]", body["message"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/none", 404),
        ("POST", "/none", 404),
        ("GET", "/docs", 404),
        ("DELETE", "/api/messages", 405),
        ("PUT", "/api/sessions", 405),
        ("GET", "/api/sessions", 405),
        ("POST", "/healthz", 405),
    ],
)
def test_what_is_not_there_is_refused_in_the_one_shape(shop: Shop, method: str, path: str, status: int) -> None:
    response = shop.http.request(method, path)
    assert_shaped(response, status)
    assert ("allow" in response.headers) == (status == 405)


def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read(shop: Shop) -> None:
    assert_shaped(shop.http.post("/api/sessions", content=b"x" * (MOST_BODY_BYTES + 1)), 413)


def test_a_body_that_grows_too_large_without_saying_so_is_refused(shop: Shop) -> None:
    sent = []

    def growing() -> Iterator[bytes]:
        for _ in range(64):
            sent.append(1)
            yield b" " * (MOST_BODY_BYTES // 4)

    response = shop.http.post("/api/sessions", content=growing(), headers={"content-type": "application/json"})
    assert_shaped(response, 413)
    assert rows(shop.engine, "sessions") == []


def test_a_size_that_is_no_number_does_no_harm(shop: Shop) -> None:
    assert shop.http.get("/healthz", headers={"content-length": "many"}).status_code == 200


def test_a_failure_nobody_foresaw_is_told_in_the_one_shape_with_the_headers_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    router = APIRouter()

    @router.get("/api/broken")
    def broken() -> None:
        raise RuntimeError("a wire came loose")

    with TestClient(create_app([router])) as http:
        response = http.get("/api/broken")
    assert_shaped(response, 500)
    assert response.headers["access-control-allow-origin"] == "*"
    assert "a wire came loose" not in response.text
    assert "a wire came loose" in caplog.text


def test_any_website_may_talk_to_the_widgets_routes_and_to_no_others(shop: Shop) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    allowed = shop.http.options("/api/messages", headers=asked)
    assert (allowed.status_code, allowed.headers["access-control-allow-origin"]) == (204, "*")
    assert {"authorization", "content-type"} <= set(allowed.headers["access-control-allow-headers"].split(", "))
    assert "POST" in allowed.headers["access-control-allow-methods"]
    assert "access-control-allow-credentials" not in allowed.headers
    for path, status in (("/api/messages", 401), ("/api/none", 404)):
        refused = shop.http.get(path, headers={"Origin": "https://shop.example"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (status, "*")
    for path in ("/help", "/metrics", "/readyz"):
        assert "access-control-allow-origin" not in shop.http.get(path).headers


@pytest.mark.parametrize("path", ["/help", "/api/none", "/healthz", "/metrics", "/chat"])
def test_every_answer_carries_the_security_headers(shop: Shop, path: str) -> None:
    headers = shop.http.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "frame-ancestors 'self'" in headers["content-security-policy"]


def test_the_openapi_description_knows_the_widgets_routes(shop: Shop) -> None:
    paths = shop.http.get("/openapi.json").json()["paths"]
    assert {"/api/sessions", "/api/messages", "/api/feedback", "/api/tickets", "/api/tickets/{number}"} <= set(paths)


def test_the_service_is_not_ready_before_entries_are_published_and_says_so(empty: Parts) -> None:
    http = TestClient(empty.app())
    assert http.get("/healthz").status_code == 200
    answer = http.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert answer.json()["parts"]["library"]["well"] is False
    for path in ("/help", "/help?q=退款", "/help/split-ratio-set"):
        assert_shaped(http.get(path), 503)


def test_a_merchant_who_writes_before_entries_are_published_gets_a_ticket(empty: Parts) -> None:
    http = TestClient(empty.app())
    token = http.post("/api/sessions", json={}).json()["token"]
    body: dict[str, Any] = {"text": "怎么设置分账比例", "client_id": "a"}
    answer = http.post("/api/messages", json=body, headers={"Authorization": f"Bearer {token}"}).json()
    assert (answer["decision"]["rule"], answer["messages"][1]["ticket"]["number"]) == ("trouble", "TK20261122-0001")


def test_the_service_is_ready_once_entries_are_served(shop: Shop) -> None:
    answer = shop.http.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


def test_an_entry_that_is_published_is_found_after_the_next_refresh(empty: Parts) -> None:
    http = TestClient(empty.app())
    empty.store.put(Entry("tea", "茶水间在哪里？", "在二楼。", ("茶水间怎么走",), "service"), "lin", empty.now())
    empty.refresh()
    assert http.get("/readyz").status_code == 200
    assert "在二楼" in http.get("/help/tea").text
    empty.store.put(Entry("tea", "茶水间在哪里？", "在三楼。", ("茶水间怎么走",), "service"), "lin", empty.now())
    assert empty.refresh()
    assert "在三楼" in http.get("/help/tea").text
    assert not empty.refresh()


def test_the_metrics_count_turns_by_what_was_decided(shop: Shop) -> None:
    merchant = shop.merchant()
    for text in ("退款", "怎么设置分账比例", "ACQ.SYSTEM_ERROR", "转人工"):
        merchant.say(text)
    counted = dict(re.findall(r'shangda_turns_total\{channel="widget",kind="(\w+)"\} (\S+)', _metrics(shop)))
    assert counted == {"answer": "2.0", "clarify": "1.0", "handoff": "1.0"}
    assert "shangda_thought_seconds_count 4.0" in _metrics(shop)


def test_a_retry_is_no_second_turn(shop: Shop) -> None:
    merchant = shop.merchant()
    for _ in range(3):
        merchant.say("转人工", client_id="a")
    assert "shangda_thought_seconds_count 1.0" in _metrics(shop)


def test_the_metrics_name_nobody_and_quote_nothing(shop: Shop) -> None:
    shop.merchant().say("怎么设置分账比例")
    told = _metrics(shop)
    assert shop.person not in told
    assert "分账" not in told


def _metrics(shop: Shop) -> str:
    return shop.http.get("/metrics").text
