"""A real service in a process of its own, and a real Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.merchant import Merchant
from tests.browser.service import Service

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
NO_BROWSER = "NO CHROMIUM on this machine: NOTHING of the widget and the pages was tested in a browser"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--font-render-hinting=none"]
MISSING = pytest.StashKey[bool]()
Visit = Callable[..., Merchant]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash.get(MISSING, False):
        terminalreporter.write_line(f"WARNING: {NO_BROWSER}", red=True, bold=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytestconfig.stash[MISSING] = True
        pytest.skip(NO_BROWSER)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service that all tests share. A test that stops it starts it again."""
    service = Service(tmp_path_factory.mktemp("service"))
    service.start()
    yield service
    service.stop()


@pytest.fixture
def visit(browser: Browser, server: Service) -> Iterator[Visit]:
    """Opens a page as a merchant whose browser is new here; afterwards nothing may have gone wrong on any of them."""
    merchants: list[Merchant] = []

    def arrive(path: str = "/demo", **options: object) -> Merchant:
        merchant = Merchant(browser, server, **options)
        merchants.append(merchant)
        merchant.go(path)
        return merchant

    yield arrive
    problems = [problem for merchant in merchants for problem in merchant.problems]
    for merchant in merchants:
        merchant.context.close()
    assert problems == []


@pytest.fixture
def merchant(visit: Visit) -> Merchant:
    """On /demo, with the widget still closed."""
    return visit()


@pytest.fixture
def page(merchant: Merchant) -> Page:
    return merchant.page
