"""A merchant at a browser: what they do with the widget and what they see of it."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, ViewportSize, expect

from tests.browser.service import Service

EYES = """
const attach = Element.prototype.attachShadow;
Element.prototype.attachShadow = function (how) { return attach.call(this, { ...how, mode: "open" }); };
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error(`CSP: ${violatedDirective} ${blockedURI}`));
"""
"""Opens our closed shadow root to the test, and says aloud what a page's policy forbade."""

DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 375, "height": 667}
SMALL_PHONE: ViewportSize = {"width": 320, "height": 568}
_LOST = re.compile(r"net::ERR_|WebSocket connection to|status of (401|429|50[0-9])")
"""What a browser itself says of a connection that a test cut."""

_FOCUSED = """() => {
  let at = document.activeElement;
  while (at && at.shadowRoot && at.shadowRoot.activeElement) at = at.shadowRoot.activeElement;
  return at ? `${at.className} ${at.tagName}`.trim().toLowerCase() : "";
}"""

_TOKEN = """() => {
  const key = Object.keys(localStorage).find((each) => each.includes(":session:"));
  return JSON.parse(localStorage[key]).token;
}"""


class Merchant:
    """`problems` holds the errors the page spoke of, except lost connections once `expect_losses` is set."""

    def __init__(self, browser: Browser, server: Service, **options: Any) -> None:
        self.server = server
        self.problems: list[str] = []
        self.calls: list[str] = []
        self.expect_losses = False
        self.context = browser.new_context(**{"viewport": DESKTOP, "locale": "zh-CN", **options})
        self.context.add_init_script(EYES)
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.context.on("console", self._hear)
        self.context.on("weberror", lambda error: self.problems.append(str(error.error)))
        self.context.on("request", self._note)
        self.page.on("websocket", lambda socket: self.calls.append(f"WS {socket.url}"))

    def go(self, path: str) -> None:
        url = path if "://" in path else self.server.url + path
        self.page.goto(url, wait_until="load")

    @property
    def launcher(self) -> Locator:
        return self.page.locator(".launcher")

    @property
    def input(self) -> Locator:
        return self.page.locator(".composer textarea")

    @property
    def own(self) -> Locator:
        """The merchant's own bubbles."""
        return self.page.locator(".by-merchant .bubble")

    def bubble(self, kind: str) -> Locator:
        """The newest bubble of the bot of this kind."""
        return self.page.locator(f".by-bot .bubble.{kind}").last

    @property
    def newest(self) -> Locator:
        """The newest bubble of the bot: an answer, or the first question of a guide."""
        return self.page.locator(".by-bot .bubble").last

    def open(self) -> None:
        self.launcher.click()
        expect(self.page.locator("[role=log]")).to_have_attribute("aria-busy", "false")

    def say(self, text: str) -> None:
        """Writes and presses Enter; does not wait."""
        self.input.fill(text)
        self.input.press("Enter")

    def ask(self, text: str) -> None:
        """Says something and waits until it is stored and answered."""
        before = self.page.locator(".row:not(.by-merchant)").count()
        self.say(text)
        expect(self.page.locator(".delivery")).to_have_count(0)
        expect(self.page.locator(".row:not(.by-merchant)")).not_to_have_count(before)

    def focused(self) -> str:
        """The class and tag of the element that has the focus, inside the widget too."""
        return str(self.page.evaluate(_FOCUSED))

    def tab_to(self, wanted: str, key: str = "Tab", most: int = 40) -> None:
        """Presses the key until something whose class or tag holds `wanted` has the focus."""
        for _ in range(most):
            self.page.keyboard.press(key)
            if wanted in self.focused().split():
                return
        raise AssertionError(f"{most} times {key} did not reach {wanted}")

    def hurry(self) -> None:
        """What a browser says when the network is back; the widget need not wait for its next try then."""
        self.page.evaluate("dispatchEvent(new Event('online'))")

    def stored(self) -> list[dict[str, Any]]:
        """The conversation as the server has it, read with this browser's token."""
        headers = {"Authorization": f"Bearer {self.page.evaluate(_TOKEN)}"}
        request = urllib.request.Request(f"{self.server.url}/api/messages?after=0", headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return list(json.load(answer)["messages"])

    def said(self) -> list[str]:
        """The merchant's own messages as the server has them, in order."""
        return [message["text"] for message in self.stored() if message["author"] == "merchant"]

    def _note(self, request: Request) -> None:
        if "/api/" in request.url:
            self.calls.append(f"{request.method} {request.url}")

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not (self.expect_losses and _LOST.search(message.text)):
            self.problems.append(f"{message.type}: {message.text}")
