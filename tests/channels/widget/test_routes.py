"""The widget's routes: what they refuse, and how."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from bot.channels.phrases import SUGGESTIONS
from bot.channels.widget.sessions import LIFE_SECONDS
from bot.conversation.guard import LIMIT_CHARS
from tests.conftest import fresh_database
from tests.doubles import Clock
from tests.journeys.shop import Merchant, Shop, everything, open_shop, rows


def assert_refused(response: httpx.Response, status: int, code: str) -> None:
    """The one shape of every error: a code for programs, a Chinese sentence for people, the status."""
    body = response.json()
    assert response.status_code == status, body
    assert set(body) == {"code", "message", "status"}
    assert (body["code"], body["status"]) == (code, status)
    assert re.search(r"[\u4e00-\u9fff]", body["message"])


def test_a_session_comes_with_a_greeting_suggestions_and_what_is_announced_now(shop: Shop) -> None:
    announcements = shop.app.state.widget.announcements
    now = shop.clock()
    announcements.announce("今晚 23 点维护", now - timedelta(hours=1), now + timedelta(hours=1))
    announcements.announce("昨天的公告", now - timedelta(hours=2), now - timedelta(hours=1))
    shop.parts.profile.set("brand_name", "山海付", "lin", now)
    opened = shop.http.post("/api/sessions", json={}).json()
    assert opened["suggestions"] == list(SUGGESTIONS)
    assert [one["text"] for one in opened["announcements"]] == ["今晚 23 点维护"]
    assert "山海付" in opened["greeting"]
    assert len(opened["token"]) >= 43


@pytest.mark.parametrize("place", range(len(SUGGESTIONS)))
def test_every_suggestion_leads_somewhere(merchant: Merchant, place: int) -> None:
    heard = merchant.say(SUGGESTIONS[place])
    assert heard.kind in ("answer", "form") or heard.rule == "ticket"


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u200b\u202e", "\u3000"])
def test_a_blank_message_is_refused_and_nothing_is_stored(shop: Shop, merchant: Merchant, text: str) -> None:
    assert_refused(merchant.send(text), 422, "text_blank")
    assert rows(shop.engine, "messages") == rows(shop.engine, "conversations") == []


def test_a_message_that_is_too_long_is_refused_with_the_limit_and_nothing_is_stored(
    shop: Shop, merchant: Merchant
) -> None:
    response = merchant.send("退" * (LIMIT_CHARS + 1))
    assert_refused(response, 422, "text_too_long")
    assert str(LIMIT_CHARS) in response.json()["message"]
    assert_refused(merchant.send("退" * 30_000), 422, "request_malformed")
    assert rows(shop.engine, "messages") == []
    assert merchant.send("退" * LIMIT_CHARS).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[]",
        b"null",
        b'{"text": "a"}',
        b'{"text": 1, "client_id": "a"}',
        b'{"text": "a", "client_id": ""}',
        b'{"text": "a", "client_id": "a", "choice": 1}',
        b'{"text": "\\ud800", "client_id": "a"',
    ],
)
def test_a_malformed_body_is_refused_in_the_one_shape(merchant: Merchant, body: bytes) -> None:
    headers = merchant.headers | {"content-type": "application/json"}
    assert_refused(merchant.http.post("/api/messages", content=body, headers=headers), 422, "request_malformed")


def test_a_body_that_is_no_text_is_refused_in_the_one_shape(merchant: Merchant) -> None:
    headers = merchant.headers | {"content-type": "application/json"}
    for body in (b"\xff\xfe{", b"\xff\xfe{}a", b"\x80"):
        response = merchant.http.post("/api/messages", content=body, headers=headers)
        assert response.status_code in (400, 422)
        assert_refused(response, response.status_code, response.json()["code"])


def test_half_a_character_pair_is_stored_as_something_readable(shop: Shop, merchant: Merchant) -> None:
    headers = merchant.headers | {"content-type": "application/json"}
    body = b'{"text": "\\ud83d \xe9\x80\x80\xe6\xac\xbe", "client_id": "a"}'
    response = merchant.http.post("/api/messages", content=body, headers=headers)
    assert response.status_code in (200, 422)
    assert "\\ud83d" not in everything(shop.engine)


NEEDING_A_TOKEN = [
    ("POST", "/api/messages", {"text": "你好", "client_id": "a"}),
    ("GET", "/api/messages", None),
    ("POST", "/api/feedback", {"problem": "慢", "expectation": "快"}),
    ("GET", "/api/tickets", None),
    ("GET", "/api/tickets/TK20261122-0001", None),
    ("POST", "/api/tickets/TK20261122-0001/urge", None),
]


@pytest.mark.parametrize(("method", "path", "body"), NEEDING_A_TOKEN)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic abc", "Bearer a b", "nonsense"])
def test_without_a_good_token_nothing_is_told(
    shop: Shop, method: str, path: str, body: Any, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert_refused(shop.http.request(method, path, json=body, headers=headers), 401, "session_unknown")


def test_a_token_that_ended_is_refused(shop: Shop, merchant: Merchant, clock: Clock) -> None:
    assert merchant.send("你好").status_code == 200
    clock.advance(LIFE_SECONDS)
    assert_refused(merchant.send("你好"), 401, "session_unknown")


def test_the_scheme_of_a_token_may_be_written_in_any_case(merchant: Merchant) -> None:
    headers = {"Authorization": f"bearer {merchant.token}"}
    assert merchant.http.get("/api/messages", headers=headers).status_code == 200


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "99999999999999999999999"])
def test_a_cursor_that_is_none_is_refused_and_one_from_the_future_finds_nothing(
    merchant: Merchant, after: str
) -> None:
    merchant.say("你好")
    response = merchant.http.get("/api/messages", params={"after": after}, headers=merchant.headers)
    assert_refused(response, 422, "request_malformed")
    assert merchant.read("9999999")["messages"] == []


def test_one_merchant_never_reads_anothers_messages(shop: Shop, merchant: Merchant) -> None:
    merchant.say("你好")
    assert shop.merchant().read()["messages"] == []


@pytest.mark.parametrize("number", ["TK20261122-0001", "nonsense", "TK99999999-999999", "%00", "../../x"])
def test_a_ticket_that_is_not_there_is_refused(merchant: Merchant, number: str) -> None:
    response = merchant.http.get(f"/api/tickets/{number}", headers=merchant.headers)
    assert response.status_code == 404
    assert set(response.json()) == {"code", "message", "status"}


@pytest.fixture
def limited_shop(request: pytest.FixtureRequest, clock: Clock) -> Iterator[Shop]:
    with fresh_database("sqlite", request) as engine, open_shop(engine, clock, limited=True) as shop:
        yield shop


def test_more_than_forty_messages_a_minute_are_refused_and_not_stored(limited_shop: Shop) -> None:
    merchant, other = limited_shop.merchant(), limited_shop.merchant()
    answers = [merchant.send("你好") for _ in range(42)]
    assert [answer.status_code for answer in answers[:40]] == [200] * 40
    for answer in answers[40:]:
        assert_refused(answer, 429, "too_fast")
    assert other.send("你好").status_code == 200
    assert merchant.read()["messages"]
    assert len(rows(limited_shop.engine, "messages")) == 2 * 41


def test_more_than_thirty_sessions_a_minute_from_one_address_are_refused(limited_shop: Shop) -> None:
    answers = [limited_shop.http.post("/api/sessions", json={}) for _ in range(31)]
    assert [answer.status_code for answer in answers[:30]] == [200] * 30
    assert_refused(answers[30], 429, "too_fast")


def test_a_suggestion_is_masked_numbered_and_kept(stored_shop: Shop) -> None:
    merchant = stored_shop.merchant()
    body = {"problem": "对账单太慢，卡号 6222021234567890128", "expectation": "快一点\u200b"}
    numbers = [
        merchant.http.post("/api/feedback", json=body, headers=merchant.headers).json()["number"] for _ in range(2)
    ]
    assert numbers == ["FB20261122-0001", "FB20261122-0002"]
    kept = rows(stored_shop.engine, "feedback")
    assert [row["number"] for row in kept] == numbers
    assert {row["expectation"] for row in kept} == {"快一点"}
    assert "6222021234567890128" not in everything(stored_shop.engine)


def test_a_suggestion_needs_no_wish(shop: Shop, merchant: Merchant) -> None:
    response = merchant.http.post("/api/feedback", json={"problem": "慢"}, headers=merchant.headers)
    assert response.json() == {"number": "FB20261122-0001"}
    assert [row["expectation"] for row in rows(shop.engine, "feedback")] == [""]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"problem": " ", "expectation": "快"}, "text_blank"),
        ({"problem": "\u200b", "expectation": "快"}, "text_blank"),
        ({"expectation": "快"}, "request_malformed"),
        ({"problem": "慢" * 2001, "expectation": "快"}, "request_malformed"),
    ],
)
def test_a_suggestion_that_says_nothing_or_too_much_is_refused(
    shop: Shop, merchant: Merchant, body: dict[str, str], code: str
) -> None:
    assert_refused(merchant.http.post("/api/feedback", json=body, headers=merchant.headers), 422, code)
    assert rows(shop.engine, "feedback") == []
