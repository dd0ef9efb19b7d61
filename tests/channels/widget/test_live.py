"""Live hints, and the socket they travel through."""

from __future__ import annotations

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from bot.channels.channel import Sent
from bot.channels.widget import routes
from bot.channels.widget.live import Hints, WidgetChannel
from bot.channels.widget.sessions import LIFE_SECONDS
from bot.conversation.model import Author, Kind, Message
from tests.doubles import Clock
from tests.journeys.shop import MORNING, Merchant, Shop


def test_a_hint_from_another_thread_wakes_every_socket_of_that_person_and_no_other() -> None:
    hints = Hints()

    async def scene() -> list[bool]:
        events = [hints.listen("a"), hints.listen("a"), hints.listen("b")]
        await asyncio.to_thread(hints.wake, "a")
        await asyncio.sleep(0.01)
        return [event.is_set() for event in events]

    assert asyncio.run(scene()) == [True, True, False]


def test_one_that_left_is_not_woken_and_a_loop_that_ended_does_no_harm() -> None:
    hints = Hints()

    async def leave() -> bool:
        event = hints.listen("a")
        hints.leave("a", event)
        hints.wake("a")
        await asyncio.sleep(0)
        return event.is_set()

    async def stay() -> None:
        hints.listen("a")

    assert asyncio.run(leave()) is False
    asyncio.run(stay())
    hints.wake("a")


def test_delivering_is_waking() -> None:
    hints = Hints()

    async def scene() -> bool:
        event = hints.listen("a")
        message = Message(1, "c", Author.STAFF, Kind.TEXT, "您好", MORNING)
        assert WidgetChannel(hints).deliver("a", message) == Sent()
        await asyncio.sleep(0)
        return event.is_set()

    assert asyncio.run(scene())


def closed_with(socket: WebSocketTestSession) -> int:
    with pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_json()
    return closed.value.code


@pytest.mark.parametrize(
    "frame", ['{"token": "nobody"}', "{}", "[]", "null", "hello", '{"token": null}', '{"token": {"a": 1}}', "", "1e999"]
)
def test_a_first_frame_without_a_good_token_closes_the_socket_with_4401(shop: Shop, frame: str) -> None:
    with shop.http.websocket_connect("/api/live") as socket:
        socket.send_text(frame)
        assert closed_with(socket) == 4401


def test_a_binary_first_frame_closes_the_socket_with_4401(shop: Shop) -> None:
    with shop.http.websocket_connect("/api/live") as socket:
        socket.send_bytes(b"\xff\x00")
        assert closed_with(socket) == 4401


def test_a_session_that_ended_closes_the_socket_with_4401(shop: Shop, merchant: Merchant, clock: Clock) -> None:
    clock.set(clock() + timedelta(seconds=LIFE_SECONDS))
    with shop.http.websocket_connect("/api/live") as socket:
        socket.send_json({"token": merchant.token})
        assert closed_with(socket) == 4401


def test_a_socket_that_says_nothing_is_closed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "FIRST_FRAME_SECONDS", 0.05)
    with shop.http.websocket_connect("/api/live") as socket:
        assert closed_with(socket) == 1000


def test_a_socket_is_closed_when_its_time_is_over(
    shop: Shop, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "LIVE_SECONDS", 0.05)
    monkeypatch.setattr(routes, "HINT_EVERY_SECONDS", 0.02)
    with shop.http.websocket_connect("/api/live") as socket:
        socket.send_json({"token": merchant.token})
        assert socket.receive_json() == {"type": "ready"}
        assert closed_with(socket) == 1000


def test_what_is_said_on_an_open_socket_is_not_listened_to(shop: Shop, merchant: Merchant) -> None:
    with shop.http.websocket_connect("/api/live") as socket:
        socket.send_json({"token": merchant.token})
        assert socket.receive_json() == {"type": "ready"}
        socket.send_text("{not json")
        shop.app.state.widget.hints.wake(_person(shop, merchant))
        assert socket.receive_json() == {"type": "new"}


def test_a_socket_that_went_away_is_forgotten(shop: Shop, merchant: Merchant) -> None:
    hints = shop.app.state.widget.hints
    with shop.http.websocket_connect("/api/live") as socket:
        socket.send_json({"token": merchant.token})
        socket.receive_json()
        assert hints._waiting
    give_up_at = time.monotonic() + 5
    while hints._waiting and time.monotonic() < give_up_at:
        time.sleep(0.01)
    assert not hints._waiting


def test_hints_from_many_threads_at_once_are_never_lost(shop: Shop, merchant: Merchant) -> None:
    person = _person(shop, merchant)
    with shop.http.websocket_connect("/api/live") as socket:
        socket.send_json({"token": merchant.token})
        socket.receive_json()
        threads = [threading.Thread(target=shop.app.state.widget.hints.wake, args=(person,)) for _ in range(16)]
        for thread in threads:
            thread.start()
        assert socket.receive_json() == {"type": "new"}
        for thread in threads:
            thread.join()


def _person(shop: Shop, merchant: Merchant) -> str:
    return str(shop.app.state.widget.sessions.person(merchant.token, shop.clock()))
