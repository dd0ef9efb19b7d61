"""Where no entry answers, a document may: quoted word for word, with a link to the passage, and a person offered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.documents import renew
from knowledge.documents.model import Kept
from knowledge.documents.store import DocumentStore
from knowledge.documents.take import File, take
from tests.journeys.shop import Merchant, Shop, rows

MANUAL = """# 点餐平板使用手册

## 恢复出厂设置

点餐平板恢复出厂设置要同时按住电源键和音量减键十秒，屏幕出现红色标志后松手。恢复以后菜单会清空，要重新从云端同步。

## 菜单同步

菜单图片每张不能超过两兆，超过的图片不会同步到点餐平板。<script>alert(1)</script>

## 保修

| 部件 | 保修期 |
| --- | --- |
| 平板主机 | 二十四个月 |
| 充电底座 | 六个月 |

点餐平板的维修请拨打13800138000。

## 分账

怎么设置分账比例：在点餐平板上不能设置分账比例。
"""
RESET = "点餐平板怎么恢复出厂设置"


def add(shop: Shop, tmp_path: Path, text: str = MANUAL, name: str = "平板.md", provider: str = "") -> Kept:
    """Add a document as the command does, and let the service see it."""
    path = tmp_path / name
    path.write_text(text, encoding="utf8")
    document, _ = take(File(path, name), provider, shop.parts.library.language, ["13800138000"])
    DocumentStore(shop.engine).put(document, shop.clock())
    shop.parts.refresh()
    return document


@pytest.fixture
def manual(stored_shop: Shop, tmp_path: Path) -> Iterator[Kept]:
    yield add(stored_shop, tmp_path)
    stored_shop.parts.documents.refresh([], "none")


@pytest.fixture
def reader(stored_shop: Shop, manual: Kept) -> Merchant:
    return stored_shop.merchant()


def test_a_question_no_entry_answers_is_answered_from_a_document_with_a_link_to_the_passage(
    stored_shop: Shop, manual: Kept, reader: Merchant
) -> None:
    heard = reader.say(RESET)
    assert (heard.kind, heard.rule, heard.entry) == ("answer", "document", None)
    said = "点餐平板恢复出厂设置要同时按住电源键和音量减键十秒，屏幕出现红色标志后松手。"
    assert said in heard.text
    assert "《点餐平板使用手册》“恢复出厂设置”" in heard.text
    assert heard.labels == ["转人工"]
    [link] = heard.links
    assert link["url"] == f"/help/documents/{manual.id}#p1"
    path, anchor = link["url"].split("#")
    page = stored_shop.http.get(path)
    assert page.status_code == 200
    assert said in page.text.partition(f'<section id="{anchor}">')[2].partition("</section>")[0]
    assert [row["question"] for row in rows(stored_shop.engine, "gaps")] == [RESET]
    assert reader.read()["messages"] == heard.body["messages"]


def test_a_row_of_a_table_is_quoted_with_the_names_of_its_columns(reader: Merchant) -> None:
    assert "部件：充电底座；保修期：六个月" in reader.say("点餐平板充电底座保修多久").text


def test_a_quotation_is_no_failure_but_what_did_not_help_is(reader: Merchant) -> None:
    assert reader.say("怎么给宠物办保险").rule == "low-confidence"
    assert reader.say(RESET).rule == "document"
    assert reader.say("没用").rule == "first-failure"
    assert reader.say("还是没用").kind == "handoff"


def test_a_second_question_without_an_answer_is_quoted_rather_than_handed_over(reader: Merchant) -> None:
    assert reader.say("怎么给宠物办保险").rule == "low-confidence"
    assert reader.say("点餐平板菜单图片最大多少").rule == "document"
    heard = reader.say("转人工")
    assert heard.kind == "handoff"


@pytest.mark.parametrize(
    "asked", ["今天天气怎么样", "帮我写首诗", "怎么给宠物办保险", "点餐平板多少钱一台", "收银软件买哪家的好"]
)
def test_what_neither_entries_nor_documents_answer_is_still_declined(reader: Merchant, asked: str) -> None:
    assert reader.say(asked).rule != "document"


def test_entries_emergencies_codes_and_guides_come_first(stored_shop: Shop, reader: Merchant) -> None:
    assert reader.say("怎么设置分账比例").entry == "split-ratio-set"
    assert stored_shop.merchant().say("我的收款码被人换了，点餐平板恢复出厂设置也没用").kind == "handoff"
    assert stored_shop.merchant().say("ACQ.SYSTEM_ERROR 点餐平板恢复出厂设置").rule == "code"
    assert stored_shop.merchant().say("支付成功但没收到通知").kind == "form"


def test_a_removed_document_is_gone_with_the_next_refresh(stored_shop: Shop, manual: Kept, reader: Merchant) -> None:
    DocumentStore(stored_shop.engine).remove(manual.id)
    assert stored_shop.parts.refresh()
    assert not stored_shop.parts.refresh()
    assert reader.say(RESET).rule == "low-confidence"
    assert stored_shop.http.get(f"/help/documents/{manual.id}").status_code == 404


def test_a_document_of_another_provider_is_not_found(stored_shop: Shop, tmp_path: Path) -> None:
    document = add(stored_shop, tmp_path, provider="乙支付")
    assert stored_shop.merchant().say(RESET).rule == "low-confidence"
    assert stored_shop.http.get(f"/help/documents/{document.id}").status_code == 404
    assert renew(stored_shop.parts.documents, stored_shop.engine, "乙支付")
    assert stored_shop.merchant().say(RESET).rule == "document"
    stored_shop.parts.documents.refresh([], "none")


def test_a_number_is_shown_only_where_a_setting_names_it(stored_shop: Shop, manual: Kept) -> None:
    asked = "点餐平板的维修电话是多少"
    page = f"/help/documents/{manual.id}"
    assert "13800138000" not in stored_shop.merchant().say(asked).text
    assert "13800138000" not in stored_shop.http.get(page).text
    stored_shop.parts.profile.set("客服渠道", "电话 138-0013-8000", "lin", stored_shop.clock())
    assert "13800138000" in stored_shop.http.get(page).text


def test_a_document_is_shown_as_text(stored_shop: Shop, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(2)>"
    document = add(stored_shop, tmp_path, f"# {name.replace('<', '&lt;')}\n\n一句`<script>alert(3)</script>`话。\n")
    page = stored_shop.http.get(f"/help/documents/{document.id}").text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(3)&lt;/script&gt;" in page
    stored_shop.parts.documents.refresh([], "none")
