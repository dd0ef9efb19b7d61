"""Lost networks, lost answers, lost servers: no message is lost and none is doubled."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.merchant import Merchant
from tests.browser.service import Service

MESSAGES = "**/api/messages"
API = "**/api/**"
BROKEN: dict[str, Any] = {"code": "broken", "message": "系统刚才出了点问题，请稍后重试", "status": 500}
SPLIT, REFUND, INVOICE = "怎么设置分账比例", "退款多久到账", "怎么开发票"


@pytest.fixture
def merchant(merchant: Merchant) -> Merchant:
    """With the panel open; the browser may complain of what this test cuts."""
    merchant.expect_losses = True
    merchant.open()
    return merchant


@pytest.fixture
def restarted(server: Service) -> Iterator[Service]:
    """For a test that stops the service: it runs again afterwards, whatever happened."""
    yield server
    server.start()


def ids_sent(merchant: Merchant) -> list[str]:
    """Listens to the client ids of everything sent from now on, repetitions included."""
    seen: list[str] = []

    def note(request: Any) -> None:
        if request.method == "POST" and request.url.endswith("/api/messages"):
            seen.append(request.post_data_json["client_id"])

    merchant.context.on("request", note)
    return seen


def test_what_was_written_offline_is_sent_once_and_in_order(merchant: Merchant, page: Page) -> None:
    merchant.context.set_offline(True)
    expect(page.locator(".offline")).to_contain_text("网络断开")
    merchant.say(SPLIT)
    merchant.say(REFUND)
    merchant.say(INVOICE)
    expect(page.locator(".delivery")).to_have_text(["等待发送"] * 3)
    merchant.context.set_offline(False)
    expect(page.locator(".delivery")).to_have_count(0)
    expect(page.locator(".offline")).to_be_empty()
    expect(merchant.own).to_have_text([SPLIT, REFUND, INVOICE])
    assert merchant.said() == [SPLIT, REFUND, INVOICE]


def test_what_was_written_offline_outlives_a_reload_and_is_sent_with_the_panel_closed(
    merchant: Merchant, page: Page
) -> None:
    merchant.ask(SPLIT)
    merchant.context.route(API, lambda route: route.abort("internetdisconnected"))
    merchant.say(REFUND)
    merchant.say(INVOICE)
    expect(page.locator(".delivery")).to_have_count(2)
    page.reload()
    expect(merchant.launcher).to_be_visible()
    merchant.context.unroute(API)
    merchant.hurry()
    merchant.open()
    expect(page.locator(".delivery")).to_have_count(0)
    expect(merchant.own).to_have_text([SPLIT, REFUND, INVOICE])
    assert merchant.said() == [SPLIT, REFUND, INVOICE]


def test_an_answer_that_was_lost_on_its_way_does_not_double_the_message(merchant: Merchant, page: Page) -> None:
    sent = ids_sent(merchant)

    def lose(route: Route) -> None:
        route.fetch()  # the server stores the message and answers, and nobody hears it
        route.abort("connectionreset")

    merchant.context.route(MESSAGES, lose, times=1)
    merchant.say(REFUND)
    expect(merchant.bubble("card")).to_be_visible()
    expect(page.locator(".delivery")).to_have_count(0)
    expect(merchant.own).to_have_text([REFUND])
    assert merchant.said() == [REFUND]
    assert len(set(sent)) == 1


def test_a_message_that_failed_but_was_stored_turns_out_sent_without_a_retry(merchant: Merchant, page: Page) -> None:
    sent = ids_sent(merchant)

    def store_and_fail(route: Route) -> None:
        route.fetch()
        route.fulfill(status=500, json=BROKEN)

    merchant.context.route(MESSAGES, store_and_fail, times=1)
    merchant.say(REFUND)
    expect(page.locator(".by-bot .bubble.card")).to_have_count(1)
    expect(page.locator(".delivery")).to_have_count(0)
    expect(merchant.own).to_have_text([REFUND])
    assert merchant.said() == [REFUND]
    assert len(sent) == 1


def test_a_retry_after_a_failure_does_not_double_the_message(merchant: Merchant, page: Page) -> None:
    sent = ids_sent(merchant)
    merchant.context.route(MESSAGES, lambda route: route.fulfill(status=500, json=BROKEN), times=1)
    merchant.say(REFUND)
    expect(page.locator(".delivery.failed")).to_contain_text(BROKEN["message"])
    page.get_by_role("button", name="重试").click()
    expect(page.locator(".delivery")).to_have_count(0)
    expect(merchant.own).to_have_text([REFUND])
    expect(page.locator(".by-bot .bubble.card")).to_have_count(1)
    assert merchant.said() == [REFUND]
    assert len(sent) == 2
    assert len(set(sent)) == 1


def test_too_fast_keeps_the_message_and_sends_it_by_itself(merchant: Merchant, page: Page) -> None:
    slow_down = {"code": "too_fast", "message": "慢一点", "status": 429}
    refuse = {"status": 429, "json": slow_down, "headers": {"Retry-After": "1"}}
    merchant.context.route(MESSAGES, lambda route: route.fulfill(**refuse), times=1)
    merchant.say(REFUND)
    expect(page.locator(".delivery")).to_contain_text("发得太快了")
    expect(page.locator(".delivery")).to_have_count(0)
    assert merchant.said() == [REFUND]


def test_a_restart_of_the_server_loses_nothing(merchant: Merchant, page: Page, restarted: Service) -> None:
    merchant.ask(SPLIT)
    restarted.stop()
    merchant.say(REFUND)
    expect(page.locator(".offline")).to_contain_text("网络断开")
    merchant.say(INVOICE)
    restarted.start()
    merchant.hurry()
    expect(page.locator(".delivery")).to_have_count(0)
    expect(page.locator(".offline")).to_be_empty()
    expect(merchant.own).to_have_text([SPLIT, REFUND, INVOICE])
    assert merchant.said() == [SPLIT, REFUND, INVOICE]


def test_a_session_the_server_forgot_is_replaced_and_the_merchant_is_told(merchant: Merchant, page: Page) -> None:
    merchant.ask(SPLIT)
    merchant.server.forget_sessions()
    page.reload()
    merchant.open()
    expect(page.locator(".notice")).to_contain_text("已为您开始新的对话")
    merchant.ask(REFUND)
    expect(merchant.own).to_have_text([REFUND])
