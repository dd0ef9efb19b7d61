"""Real files of every kind, made for a test."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from pathlib import Path

FONT = (
    b"<</Type/Font/Subtype/Type0/BaseFont/STSong/Encoding/UniGB-UCS2-H/DescendantFonts[<</Type/Font"
    b"/Subtype/CIDFontType0/BaseFont/STSong/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 4>>"
    b"/FontDescriptor<</Type/FontDescriptor/FontName/STSong/Flags 6/FontBBox[0 -200 1000 900]/ItalicAngle 0"
    b"/Ascent 800/Descent -200/CapHeight 700/StemV 80>>/DW 1000>>]>>"
)
Line = tuple[float, float, float, str]
"""Left, bottom and size in points, and the words."""


def pdf(pages: Sequence[Sequence[Line]], extra: bytes = b"", rules: Sequence[str] = ()) -> bytes:
    """A PDF of these pages; `extra` goes into its trailer, `rules` are drawn on the first page."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", FONT]
    kids = []
    for number, page in enumerate(pages):
        shown = [
            f"BT /F1 {size} Tf 1 0 0 1 {left} {bottom} Tm <{words.encode('utf-16-be').hex()}> Tj ET"
            for left, bottom, size, words in page
        ]
        stream = "\n".join([*shown, *(rules if number == 0 else ())]).encode()
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream))
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>"
            % len(objects)
        )
        kids.append(len(objects))
    objects[1] = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(kids), b" ".join(b"%d 0 R" % kid for kid in kids))
    out, places = b"%PDF-1.5\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, extra, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer


LOCKED = b"/ID[<00><00>]/Encrypt<</Filter/Standard/V 1/R 2/O<" + b"41" * 32 + b">/U<" + b"42" * 32 + b">/P -4>>"
"""The trailer of a PDF that nobody told us the password of."""


def docx(folder: Path) -> Path:
    """A Word file with headings, paragraphs, a numbered list, a table and a page's header."""
    import docx as word

    paper = word.Document()
    paper.sections[0].header.paragraphs[0].text = "某某支付内部资料"
    paper.add_heading("分账操作手册", 0)
    paper.add_heading("新增接收方", 1)
    paper.add_paragraph("分账以前要先新增接收方。接收方的名称必须与营业执照一致，否则审核不通过。")
    for step in ("打开分账管理页面", "填写接收方的商户编号", "提交审核"):
        paper.add_paragraph(step, style="List Number")
    paper.add_heading("审核时间", 2)
    table = paper.add_table(rows=3, cols=2)
    for row, cells in zip(table.rows, (("主体", "时间"), ("企业", "两个工作日"), ("个体", "一个工作日")), strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    path = folder / "分账.docx"
    paper.save(str(path))
    return path


def xlsx(folder: Path, rows: Sequence[Sequence[object]], name: str = "错误码") -> Path:
    """A workbook of one sheet."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    for row in rows:
        sheet.append(list(row))
    path = folder / "错误码.xlsx"
    book.save(path)
    return path


def archive(members: Mapping[str, bytes]) -> bytes:
    """A ZIP file."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return out.getvalue()


PAGE = """<!doctype html><html lang="zh"><head><title>退款说明 - 某某支付官网</title>
<script>alert(1)</script></head><body>
<nav><ul><li><a href="/">首页</a></li><li><a href="/p">产品中心</a></li><li><a href="/a">关于我们</a></li></ul></nav>
<div class="crumbs"><a href="/">首页</a> &gt; <a href="/help">帮助</a> &gt; 退款</div>
<article><h1>退款说明</h1><p class="meta">作者：小编 发布时间：2024-05-01 阅读 10234 次</p>
<h2>退款期限</h2><p>订单付款以后一年以内都可以申请退款，超过一年的订单只能线下转账给顾客。</p>
<p>退款申请提交以后不能撤回，请先核对金额和单号再提交申请。</p>
<h2>退款去向</h2><table><tr><th>付款方式</th><th>退到哪里</th></tr>
<tr><td>储蓄卡</td><td>原来的储蓄卡</td></tr><tr><td>零钱</td><td>微信零钱</td></tr></table>
<p>退款遇到困难请拨打客服热线400-800-9000，周一到周日都有人接听。</p>
<h3>相关文章</h3><ul><li><a href="/x">七十寸电视尺寸是多少厘米</a></li><li><a href="/y">健康码怎么快速申领</a></li></ul>
</article><aside><h3>热门推荐</h3><p>今年最值得买的手机排行榜，第一名你绝对想不到。</p></aside>
<footer>版权所有 © 2024 某某支付 官方热线95188</footer></body></html>"""
