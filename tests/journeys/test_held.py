"""Between the merchant and the staff: what a colleague writes arrives, in order, whoever writes at the same time."""

from __future__ import annotations

import threading

from tests.contracts.ledger_outcomes import at_once
from tests.journeys.shop import Merchant, Shop, working


def test_what_a_colleague_writes_stands_between_the_merchants_messages(shop: Shop, merchant: Merchant) -> None:
    merchant.say("转人工")
    shop.staff_say("您好，请把订单号发我。")
    merchant.say("好的，这就发")
    written = merchant.read()["messages"]
    assert [one["author"] for one in written] == ["merchant", "bot", "staff", "merchant"]
    assert written[2]["text"] == "您好，请把订单号发我。"


def test_the_answer_to_a_message_never_takes_a_reader_past_what_a_colleague_wrote_before(
    shop: Shop, merchant: Merchant
) -> None:
    merchant.say("转人工")
    cursor = merchant.read()["cursor"]
    shop.staff_say("在的。")
    merchant.say("在吗")
    assert [one["author"] for one in merchant.read(cursor)["messages"]] == ["staff", "merchant"]


def test_readers_by_cursor_neither_miss_nor_repeat_while_four_write_at_once(stored_shop: Shop) -> None:
    shop = stored_shop
    merchant = shop.merchant()
    merchant.say("转人工")
    conversation, done, seen = shop.conversation, threading.Event(), []

    def read_on() -> None:
        cursor, last_look = "0", False
        while not last_look:
            last_look = done.is_set()
            page = merchant.read(cursor)
            seen.extend(page["messages"])
            cursor = page["cursor"]

    def write(place: int) -> None:
        for count in range(8):
            if place % 2:
                shop.staff_say(f"staff {place} {count}", conversation=conversation)
            else:
                merchant.say(f"merchant {place} {count}", client_id=f"{place}-{count}")

    reader = threading.Thread(target=read_on)
    reader.start()
    at_once(4, write)
    done.set()
    reader.join()
    everything = merchant.read()["messages"]
    assert [one["id"] for one in seen] == [one["id"] for one in everything]
    assert len({one["id"] for one in seen}) == len(seen) == 2 + 32


def test_a_reader_is_given_at_most_a_page_and_finds_the_rest_behind_it(shop: Shop, merchant: Merchant) -> None:
    merchant.say("转人工")
    shop.staff_say(*map(str, range(230)))
    first = merchant.read()
    rest = merchant.read(first["cursor"])
    assert len(first["messages"]) == 200
    assert [one["text"] for one in rest["messages"]][-1] == "229"
    assert len(rest["messages"]) == 32


def test_a_socket_is_told_when_a_colleague_on_another_thread_has_written(shop: Shop) -> None:
    with working(shop) as http:
        merchant = Merchant(http, shop.merchant().token)
        merchant.say("转人工")
        cursor = merchant.read()["cursor"]
        with http.websocket_connect("/api/live") as socket:
            socket.send_json({"token": merchant.token})
            assert socket.receive_json() == {"type": "ready"}
            writer = threading.Thread(target=shop.staff_say, args=("我来处理。",))
            writer.start()
            while socket.receive_json() == {"type": "new"}:
                if [one["author"] for one in merchant.read(cursor)["messages"]] == ["staff"]:
                    break
            writer.join()


def test_a_socket_is_told_about_a_message_sent_from_another_window(shop: Shop, merchant: Merchant) -> None:
    with shop.http.websocket_connect("/api/live") as socket:
        socket.send_json({"token": merchant.token})
        assert socket.receive_json() == {"type": "ready"}
        merchant.say("你好")
        assert socket.receive_json() == {"type": "new"}


def test_a_socket_hears_nothing_of_others(shop: Shop, merchant: Merchant) -> None:
    with shop.http.websocket_connect("/api/live") as socket:
        socket.send_json({"token": merchant.token})
        socket.receive_json()
        shop.merchant().say("你好")
        merchant.say("你好")
        assert socket.receive_json() == {"type": "new"}
        assert len(merchant.read()["messages"]) == 2
