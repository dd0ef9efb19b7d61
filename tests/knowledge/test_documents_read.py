"""Files of five kinds become documents; broken, locked and poisoned ones become one clear line."""

from __future__ import annotations

import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from knowledge.documents import read as reading
from knowledge.documents.model import Block, Document, DocumentUnreadable, lines_of
from knowledge.documents.phrases import REASONS
from knowledge.documents.read import read, read_bytes
from tests.knowledge import papers


def lines(document: Document) -> list[str]:
    return [line for block in document.blocks for line in lines_of(block)]


def under(document: Document, *headings: str) -> list[Block]:
    return [block for block in document.blocks if block.headings == headings]


MARKDOWN = """---
author: x
---
# 对账手册

对账单每天上午十点以后
可以下载。**不要**在夜里下载。

## 字段

| 字段 | 含义 |
| --- | --- |
| `fee` | 手续费<br>单位是分 |
| `amt` | 金额 |

1. 登录后台
   - 用管理员账号
2. 点[下载](https://example.com/a)

```json
{"a": 1,

 "b": 2}
```

```mermaid
flowchart TD
```

### 备注

<details>展开看</details>
"""


def test_markdown_keeps_headings_lists_tables_and_code_and_leaves_out_marks_and_drawings() -> None:
    document = read_bytes(MARKDOWN.encode(), "对账.md")
    assert document.title == "对账手册"
    assert [block.lines for block in under(document)] == [("对账单每天上午十点以后可以下载。不要在夜里下载。",)]
    table, items, code = under(document, "字段")
    assert lines_of(table) == ("字段：fee；含义：手续费 单位是分", "字段：amt；含义：金额")
    assert items.lines == ("1. 登录后台", "- 用管理员账号", "2. 点下载")
    assert code.lines == ('{"a": 1,', "", ' "b": 2}')
    assert [block.lines for block in under(document, "字段", "备注")] == [("展开看",)]


def test_a_file_without_a_heading_is_titled_by_its_name_and_gb18030_is_read_too() -> None:
    document = read_bytes("结算在每天早上完成。".encode("gb18030"), "结算说明.txt")
    assert (document.title, lines(document)) == ("结算说明", ["结算在每天早上完成。"])


def test_a_web_page_is_read_without_its_menus_and_footer() -> None:
    document = read_bytes(papers.PAGE.encode(), "refund.html")
    assert document.title == "退款说明"
    assert "订单付款以后一年以内都可以申请退款，超过一年的订单只能线下转账给顾客。" in lines(document)
    assert "付款方式：零钱；退到哪里：微信零钱" in lines(document)
    whole = "\n".join(lines(document))
    for foreign in ("产品中心", "95188", "alert", "排行榜"):
        assert foreign not in whole


def test_a_word_file_keeps_headings_numbered_steps_and_tables_but_no_page_header(tmp_path: Path) -> None:
    document = read(papers.docx(tmp_path))
    assert document.title == "分账操作手册"
    text, steps = under(document, "新增接收方")
    assert text.lines == ("分账以前要先新增接收方。接收方的名称必须与营业执照一致，否则审核不通过。",)
    assert steps.lines == ("1. 打开分账管理页面", "2. 填写接收方的商户编号", "3. 提交审核")
    [table] = under(document, "新增接收方", "审核时间")
    assert lines_of(table) == ("主体：企业；时间：两个工作日", "主体：个体；时间：一个工作日")
    assert "某某支付内部资料" not in "\n".join(lines(document))


def test_rows_of_a_workbook_carry_the_names_of_their_columns(tmp_path: Path) -> None:
    rows = [
        ("接口错误码一览",),
        ("错误码", "含义", "处理"),
        (40029, "访问受限", None),
        ("", "来源未报备", "先报备"),
        (3.5, "x", "y"),
    ]
    document = read(papers.xlsx(tmp_path, rows))
    assert [block.lines for block in under(document, "错误码") if block.kind == "text"] == [("接口错误码一览",)]
    assert lines(document)[1:] == [
        "错误码：40029；含义：访问受限",
        "错误码：40029；含义：来源未报备；处理：先报备",
        "错误码：3.5；含义：x；处理：y",
    ]


def test_a_pdf_keeps_large_lines_as_headings_and_joins_wrapped_ones() -> None:
    page = [
        (60, 760, 20, "提现手册"),
        (60, 720, 14, "到账时间"),
        (60, 690, 10, "提现在工作日下午三点以前提交的，当天到账；三点以后提交的"),
        (60, 675, 10, "第二天到账。节假日顺延。"),
        (60, 655, 10, "1. 打开提现页面"),
        (60, 640, 10, "2. 填写金额"),
    ]
    document = read_bytes(papers.pdf([page]), "提现.pdf")
    assert document.title == "提现手册"
    text, steps = under(document, "到账时间")
    assert text.lines == ("提现在工作日下午三点以前提交的，当天到账；三点以后提交的第二天到账。节假日顺延。",)
    assert steps.lines == ("1. 打开提现页面", "2. 填写金额")


def test_a_ruled_table_in_a_pdf_is_a_table() -> None:
    cells = [(60, 700, 10, "档位"), (210, 700, 10, "限额"), (60, 670, 10, "普通"), (210, 670, 10, "五万元")]
    grid = [f"50 {y} m 350 {y} l S" for y in (720, 690, 660)] + [f"{x} 660 m {x} 720 l S" for x in (50, 200, 350)]
    document = read_bytes(
        papers.pdf([[*cells, (60, 600, 10, "限额可以申请调整，以协议为准。")]], rules=grid), "限额.pdf"
    )
    assert lines(document) == ["档位：普通；限额：五万元", "限额可以申请调整，以协议为准。"]


def test_the_head_and_foot_of_pages_are_told_apart_from_the_text() -> None:
    pages = [
        [(60, 810, 9, "商户手册内部版"), (60, 700, 10, f"第{name}章讲的是不同的事情。"), (60, 20, 9, f"第 {number} 页")]
        for number, name in enumerate("一二三四", 1)
    ]
    document = read_bytes(papers.pdf(pages), "手册.pdf")
    repeated = [line for block in document.blocks if block.kind == "repeated" for line in block.lines]
    assert set(repeated) == {"商户手册内部版", "第 1 页", "第 2 页", "第 3 页", "第 4 页"}
    kept = "".join(line for block in document.blocks if block.kind != "repeated" for line in block.lines)
    assert kept.count("不同的事情") == 4


def _member(name: str, content: bytes) -> bytes:
    return papers.archive({"[Content_Types].xml": b"<Types/>", name: content})


BOMB = b"0" * (301 * 1024 * 1024)
XXE = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.md", b"", "empty"),
        ("a.md", b"  \n\n ", "empty"),
        ("a.md", b"# \n\n---\n", "empty"),
        ("a.exe", b"MZ", "kind"),
        ("a.md", b"\x81\x00\xff\xfe\x00", "encoding"),
        ("a.html", b"<html><body></body></html>", "empty"),
        ("a.docx", b"no archive", "broken"),
        ("a.docx", b"PK\x03\x04 but broken", "broken"),
        ("a.docx", _member("word/document.xml", b"<a/>"), "broken"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 locked or of 1997", "old"),
        ("a.docx", _member("word/document.xml", XXE), "bomb"),
        ("a.xlsx", _member("xl/workbook.xml", XXE.decode().encode("utf-16")), "bomb"),
        ("a.docx", _member("word/media/image1.png", BOMB), "bomb"),
        ("a.pdf", b"nothing of the kind", "broken"),
        ("a.pdf", b"%PDF-1.5\n%%EOF", "broken"),
        ("a.pdf", papers.pdf([[(60, 700, 10, "说明")]], papers.LOCKED), "encrypted"),
        ("a.pdf", papers.pdf([[]]), "empty"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_in_one_line(name: str, data: bytes, reason: str) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        read_bytes(data, name)
    assert caught.value.reason == reason
    assert "\n" not in REASONS[reason].format(detail=caught.value.detail)


def test_a_missing_file_and_one_beyond_the_bound_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        read(tmp_path / "nowhere.md")
    assert caught.value.reason == "missing"
    monkeypatch.setattr(reading, "MOST_BYTES", 10)
    (tmp_path / "long.md").write_text("一二三四五六七八九十", encoding="utf8")
    with pytest.raises(DocumentUnreadable) as caught:
        read(tmp_path / "long.md")
    assert caught.value.reason == "large"


def test_a_scan_without_words_is_told_from_an_empty_file() -> None:
    picture = papers.pdf([[]], rules=["q 500 0 0 700 40 60 cm", "BI /W 1 /H 1 /BPC 8 /CS /G ID x EI", "Q"])
    with pytest.raises(DocumentUnreadable) as caught:
        read_bytes(picture, "scan.pdf")
    assert caught.value.reason == "scanned"


def test_an_archive_that_lies_about_its_sizes_is_still_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_MOST_UNPACKED_BYTES", 1000)
    honest = papers.archive({"word/a.bin": b"0" * 5000})
    with zipfile.ZipFile(BytesIO(honest)) as packed:
        assert packed.infolist()[0].file_size == 5000
    lying = honest.replace((5000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(DocumentUnreadable):
        read_bytes(lying, "a.docx")
