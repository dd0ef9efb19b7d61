"""The help centre: pages anybody can read, over the library the bot answers from."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pytest

from bot.help.pages import by_category
from knowledge.entry import placeholders
from knowledge.question import categories
from tests.journeys.shop import Shop, prepared

XSS = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def page(shop: Shop, path: str, status: int = 200, **query: str) -> str:
    response = shop.http.get(path, params=query)
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")
    return response.text


def test_the_first_page_lists_every_published_entry_by_category(shop: Shop) -> None:
    shown = page(shop, "/help")
    for entry in prepared().library.entries():
        assert f'href="/help/{entry.id}"' in shown
    for name in categories().values():
        assert name in shown


@pytest.mark.parametrize(
    ("asked", "found"),
    [("怎么设置分账比例", "split-ratio-set"), ("ACQ.SYSTEM_ERROR", "ali-system-error"), ("退款", "refund-how-to")],
)
def test_a_search_finds_the_entry_and_shows_its_conclusion(shop: Shop, asked: str, found: str) -> None:
    results = page(shop, "/help", q=asked).partition("按分类查看")[0]
    assert f'href="/help/{found}"' in results
    assert html.escape(asked) in results


@pytest.mark.parametrize("asked", ["", "   ", "\x00", "？？？", "zzzzqqqq", "𝕏" * 300, "%", "退" * 5000])
def test_a_search_for_nothing_or_nonsense_is_still_a_page(shop: Shop, asked: str) -> None:
    assert "按分类查看" in page(shop, "/help", q=asked)


def test_what_is_searched_for_is_shown_as_text(shop: Shop) -> None:
    shown = page(shop, "/help", q=XSS)
    assert "<script>alert" not in shown
    assert "<img src=x" not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown


def test_what_a_setting_says_is_shown_as_text(shop: Shop) -> None:
    shop.parts.profile.set("分账上限", XSS, "lin", shop.clock())
    shop.parts.profile.set("brand_name", XSS, "lin", shop.clock())
    for path in ("/help/split-ratio-set", "/help", "/chat"):
        shown = page(shop, path)
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
    assert "&lt;script&gt;alert(1)" in page(shop, "/help/split-ratio-set")


def test_every_entrys_page_fills_in_every_setting(shop: Shop) -> None:
    for entry in prepared().library.entries():
        shown = page(shop, f"/help/{entry.id}")
        assert "{{" not in shown, entry.id
        assert html.escape(entry.title) in shown
        assert set(placeholders(entry.answer)) <= set(shop.parts.profile.values())


def test_a_setting_shows_on_the_page_as_soon_as_it_is_set(shop: Shop) -> None:
    before = page(shop, "/help/split-ratio-set")
    shop.parts.profile.set("分账上限", "见合同附件三", "lin", shop.clock())
    assert "见合同附件三" not in before
    assert "见合同附件三" in page(shop, "/help/split-ratio-set")


def test_an_entrys_page_links_to_related_entries_that_exist(shop: Shop) -> None:
    entry = next(entry for entry in prepared().library.entries() if entry.related)
    links = re.findall(r'href="/help/([\w-]+)"', page(shop, f"/help/{entry.id}"))
    assert set(entry.related) <= set(links)
    for link in links:
        page(shop, f"/help/{link}")


@pytest.mark.parametrize("path", ["/help/none-such", "/help/..%2f..%2fetc%2fpasswd", "/help/%3Cscript%3E"])
def test_a_page_that_is_not_there_says_so_and_leads_back(shop: Shop, path: str) -> None:
    shown = page(shop, path, 404) if "%2f" not in path else shop.http.get(path).text
    assert "<script>alert" not in shown
    assert 'href="/help"' in shown or '"status":404' in shown.replace(" ", "")


def test_the_root_leads_to_the_help_centre_and_the_chat_page_holds_the_widget(shop: Shop) -> None:
    assert shop.http.get("/").headers["location"] == "/help"
    assert "<merchant-support" in page(shop, "/chat")
    assert "/widget/merchant-support.js" in page(shop, "/demo")


@pytest.mark.parametrize("path", ["/help", "/help/split-ratio-set", "/help/none-such", "/chat"])
def test_pages_run_no_script_of_their_own_and_ask_nothing_of_third_parties(shop: Shop, path: str) -> None:
    response = shop.http.get(path)
    assert not re.search(r"<script(?![^>]*\bsrc=)", response.text)
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", response.text)
    assert not re.search(r"\son\w+=", response.text)
    policy = response.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"


def test_static_files_are_served_and_nothing_outside_their_folder_is(shop: Shop) -> None:
    assert shop.http.get("/help/static/help.css").status_code == 200
    script = shop.http.get("/widget/merchant-support.js")
    assert (script.status_code, script.headers["access-control-allow-origin"]) == (200, "*")
    for path in ("/help/static/none.css", "/help/static/..%2fpages.py", "/help/static/%2e%2e/pages.py"):
        assert shop.http.get(path).status_code == 404


def test_unknown_categories_come_last_under_their_own_name() -> None:
    entries = tuple(prepared().library.entries())
    names = [name for _, name, _ in by_category(entries)]
    assert names == [name for name in categories().values() if name in names]
    stray = replace(entries[0], id="stray", category="brand-new")
    assert by_category((*entries, stray))[-1] == ("brand-new", "brand-new", [stray])
