"""Small screens, keyboards, screen readers, dark rooms, and pages that are not ours."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, ViewportSize, expect

from tests.browser.conftest import Visit
from tests.browser.merchant import PHONE, SMALL_PHONE, Merchant
from tests.browser.service import Service

HOW_TO_SPLIT = "怎么设置分账比例"
TOUCH = {"has_touch": True, "is_mobile": True}
PAGES = ["/help", "/help?q=退款", "/help?q=不存在的东西zzz", "/help/split-ratio-set", "/help/no-such-entry", "/chat"]
QUESTIONS = {"answer": HOW_TO_SPLIT, "choices": "退款", "guide": "微信扫码支付失败怎么办", "ticket": "转人工"}

_TOO_WIDE = """() => {
  const scrolls = (each) =>
    each.scrollWidth > each.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(each).overflowX);
  const wide = (root) => [...root.querySelectorAll("*")].flatMap((each) => [
    ...(scrolls(each) ? [each.className] : []),
    ...(each.shadowRoot ? wide(each.shadowRoot) : []),
  ]);
  const page = document.scrollingElement;
  return [...wide(document).filter((name) => name !== "box"), ...(page.scrollWidth > innerWidth ? ["page"] : [])];
}"""
"""What would scroll sideways; the table of the demo page may."""

_TOO_SMALL = """(all) => all
  .filter((each) => each.getClientRects().length && each.getBoundingClientRect().height < 43.5)
  .map((each) => each.className)"""
"""What a thumb would miss."""


def assert_accessible(page: Page) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/demo", *PAGES])
def test_axe_finds_nothing_on_a_page(visit: Visit, path: str, scheme: str) -> None:
    merchant = visit(path, color_scheme=scheme)
    expect(merchant.page.locator("merchant-support")).to_be_attached()
    if path == "/chat":
        expect(merchant.page.locator(".chip").first).to_be_visible()
    if "no-such" in path:
        merchant.problems[:] = [each for each in merchant.problems if "404" not in each]
    assert_accessible(merchant.page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("question", [None, *QUESTIONS.values()], ids=["open", *QUESTIONS])
def test_axe_finds_nothing_in_the_open_widget(visit: Visit, question: str | None, scheme: str) -> None:
    merchant = visit(color_scheme=scheme)
    merchant.open()
    if question:
        merchant.ask(question)
    assert_accessible(merchant.page)


def test_axe_finds_nothing_in_what_goes_wrong(visit: Visit) -> None:
    merchant = visit()
    merchant.expect_losses = True
    merchant.open()
    merchant.ask("我的卡号是6222021234567890128，退款没到账")
    merchant.context.set_offline(True)
    merchant.say("还在吗")
    expect(merchant.page.locator(".delivery")).to_have_text("等待发送")
    merchant.input.fill("长" * 2001)
    assert_accessible(merchant.page)


@pytest.mark.parametrize("size", [SMALL_PHONE, PHONE], ids=["320", "375"])
@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_a_phone_scrolls_only_up_and_down_and_shows_the_input(visit: Visit, size: ViewportSize, question: str) -> None:
    merchant = visit(viewport=size, **TOUCH)
    merchant.open()
    merchant.ask(question)
    assert merchant.page.evaluate(_TOO_WIDE) == []
    expect(merchant.input).to_be_in_viewport(ratio=1)
    expect(merchant.page.locator(".send")).to_be_in_viewport(ratio=1)
    assert merchant.page.locator(".panel button, .panel a").evaluate_all(_TOO_SMALL) == []


@pytest.mark.parametrize("path", ["/demo", *PAGES])
def test_a_page_fits_the_smallest_phone(visit: Visit, path: str) -> None:
    merchant = visit(path, viewport=SMALL_PHONE, **TOUCH)
    expect(merchant.page.locator("merchant-support")).to_be_attached()
    merchant.problems[:] = [each for each in merchant.problems if "no-such" not in path or "404" not in each]
    assert merchant.page.evaluate(_TOO_WIDE) == []


def test_larger_text_still_fits_the_smallest_phone_and_is_remembered(visit: Visit) -> None:
    merchant = visit(viewport=SMALL_PHONE, **TOUCH)
    merchant.open()
    merchant.page.get_by_role("button", name="放大文字").click()
    merchant.ask("转人工")
    assert merchant.page.evaluate(_TOO_WIDE) == []
    expect(merchant.input).to_be_in_viewport(ratio=1)
    merchant.page.reload()
    merchant.open()
    expect(merchant.page.get_by_role("button", name="恢复标准文字")).to_be_visible()


def test_the_keyboard_alone_opens_asks_chooses_and_leaves(visit: Visit) -> None:
    merchant = visit()
    keyboard = merchant.page.keyboard
    merchant.tab_to("launcher")
    keyboard.press("Enter")
    expect(merchant.page.get_by_role("dialog", name="商户客服助手")).to_be_visible()
    assert merchant.focused() == "textarea"
    expect(merchant.page.locator(".chip").first).to_be_visible()
    keyboard.type("退款")
    keyboard.press("Enter")
    expect(merchant.bubble("choices")).to_be_visible()
    merchant.tab_to("option", "Shift+Tab")
    keyboard.press("Enter")
    expect(merchant.own).to_have_count(2)
    expect(merchant.page.locator(".delivery")).to_have_count(0)
    assert "log" in merchant.focused(), "the focus stays in the list when the pressed button goes"
    keyboard.press("Escape")
    expect(merchant.page.locator(".panel")).to_have_count(0)
    assert "launcher" in merchant.focused()


def test_tab_stays_inside_the_panel_that_fills_a_phone(visit: Visit) -> None:
    merchant = visit(viewport=PHONE)
    merchant.open()
    for _ in range(25):
        merchant.page.keyboard.press("Tab")
        assert merchant.page.evaluate("document.activeElement.tagName") == "MERCHANT-SUPPORT"


def test_escape_closes_the_innermost_thing_first(visit: Visit) -> None:
    merchant = visit()
    merchant.open()
    merchant.page.get_by_role("button", name="更多").click()
    expect(merchant.page.locator(".menu")).to_be_visible()
    merchant.page.keyboard.press("Escape")
    expect(merchant.page.locator(".menu")).to_be_hidden()
    expect(merchant.page.locator(".panel")).to_be_visible()
    merchant.page.keyboard.press("Escape")
    expect(merchant.page.locator(".panel")).to_have_count(0)


def test_shift_enter_starts_a_line_and_enter_inside_an_input_method_does_not_send(visit: Visit) -> None:
    merchant = visit()
    merchant.open()
    merchant.input.fill("第一行")
    merchant.input.press("Shift+Enter")
    merchant.page.keyboard.type("第二行")
    merchant.input.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(merchant.input).to_have_value("第一行\n第二行")
    expect(merchant.own).to_have_count(0)


def test_motion_stops_for_those_who_asked_for_less(visit: Visit) -> None:
    merchant = visit(reduced_motion="reduce")
    merchant.open()

    def dawdle(route: Route) -> None:
        merchant.page.wait_for_timeout(1_500)
        route.continue_()

    merchant.context.route("**/api/messages", dawdle)
    merchant.say(HOW_TO_SPLIT)
    thinking = merchant.page.locator(".thinking span")
    expect(thinking).to_have_text("正在查…")
    expect(thinking).to_have_css("animation-name", "none")
    expect(merchant.bubble("card")).to_be_visible()


OTHER_PAGE = """<!doctype html><html lang="zh-CN"><meta charset="gbk"><title>shop</title><link rel="icon" href="data:,">
<style>* { font-size: 40px !important; color: red !important; }
button, merchant-support { display: none !important; }</style>
<body><h1>shop</h1><script src="{url}/widget/merchant-support.js" async></script>"""
OTHER_POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src {url}; connect-src {url} {live}"
)


@pytest.fixture
def elsewhere(server: Service) -> Iterator[Callable[[], str]]:
    """The address of another website, with a strict policy and hostile styles, that holds our script tag."""
    live = server.url.replace("http", "ws")

    class Shop(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=gbk")
            self.send_header("Content-Security-Policy", OTHER_POLICY.format(url=server.url, live=live))
            self.end_headers()
            self.wfile.write(OTHER_PAGE.replace("{url}", server.url).encode("gbk"))

        def log_message(self, *_: object) -> None:
            return None

    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as shop:
        threading.Thread(target=partial(shop.serve_forever, 0.05), daemon=True).start()
        yield lambda: f"http://127.0.0.1:{shop.server_address[1]}/"
        shop.shutdown()


def test_the_widget_works_on_a_page_of_another_origin(visit: Visit, elsewhere: Callable[[], str]) -> None:
    merchant: Merchant = visit(elsewhere())
    merchant.open()
    expect(merchant.page.locator(".titles h2")).to_have_css("font-size", "16.005px")
    merchant.ask(HOW_TO_SPLIT)
    card = merchant.bubble("card")
    expect(card).to_be_visible()
    href = card.get_by_role("link").get_attribute("href")
    assert href == f"{merchant.server.url}/help/split-ratio-set"
    assert any(call.startswith("WS ") for call in merchant.calls)
