"""PDF, by pdfplumber (on pdfminer.six): it alone gives lines with the size of their letters, and tables."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from typing import Any, NamedTuple

from knowledge.documents.model import Block, DocumentUnreadable
from knowledge.documents.read import Blocks, Outline

MOST_PAGES = 800
_LARGER = 1.12
"""A heading's letters against those of the text."""
_LEAST_CHARACTERS = 10
_EDGE_LINES = 2
_SENTENCE_ENDS = tuple("。！？；.!?;:：")
_ITEM = re.compile(r"(?:[-•·●▪*]|\d{1,2}[.、．)）]|[（(]\d{1,2}[)）])\s*\S")
_NUMBER = re.compile(r"\d+")


class _Line(NamedTuple):
    """A line of a page: its words, the size of its letters in points, where it begins and ends, left and right."""

    text: str
    size: float
    left: float
    right: float
    top: float


class _Page(NamedTuple):
    lines: list[_Line]
    tables: list[tuple[float, list[list[str]]]]


def blocks_of(data: bytes) -> Blocks:
    """The title and the blocks of a PDF; what stands at the edge of most pages is left out."""
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfplumber.utils.exceptions import PdfminerException

    try:
        with pdfplumber.open(BytesIO(data)) as pdf:
            if len(pdf.pages) > MOST_PAGES:
                raise DocumentUnreadable("large", f"{MOST_PAGES} p.")
            pages, pictures = [], 0
            for page in pdf.pages:
                pictures += len(page.images)
                pages.append(_page(page))
                page.close()
    except PdfminerException as error:
        if error.args and isinstance(error.args[0], PDFPasswordIncorrect):
            raise DocumentUnreadable("encrypted") from error
        raise
    if sum(len(line.text) for page in pages for line in page.lines) < _LEAST_CHARACTERS and not any(
        page.tables for page in pages
    ):
        raise DocumentUnreadable("scanned" if pictures else "empty")
    return _outlined(pages)


def _page(page: Any) -> _Page:
    tables = [table for table in page.find_tables() if len(table.rows) > 1]
    boxes = [table.bbox for table in tables]
    found = []
    for line in page.extract_text_lines(return_chars=True):
        middle = (line["top"] + line["bottom"]) / 2
        if any(box[1] <= middle <= box[3] and box[0] - 1 <= line["x0"] <= box[2] + 1 for box in boxes):
            continue
        sizes = Counter(round(float(char["size"]), 1) for char in line["chars"])
        text = " ".join(str(line["text"]).split())
        if text:
            found.append(_Line(text, sizes.most_common(1)[0][0], line["x0"], line["x1"], line["top"]))
    rows = [(float(table.bbox[1]), _cells(table.extract())) for table in tables]
    return _Page(found, rows)


def _cells(rows: list[list[str | None]]) -> list[list[str]]:
    """Cells as text; a line that was only wrapped inside a cell goes on."""
    return [
        [re.sub(r"(?<=[^\x00-\x7f])\n(?=[^\x00-\x7f])", "", cell or "").replace("\n", " ") for cell in row]
        for row in rows
    ]


def _outlined(pages: Sequence[_Page]) -> Blocks:
    edges = _edges(pages)
    plain = Counter[float]()
    for page in pages:
        for line in page.lines:
            plain[line.size] += len(line.text)
    body = plain.most_common(1)[0][0] if plain else 0.0
    larger = sorted({line.size for page in pages for line in page.lines if line.size > body * _LARGER}, reverse=True)
    outline, dropped = Outline(), []
    running: list[_Line] = []
    for page in pages:
        tables = sorted(page.tables)
        for line in page.lines:
            while tables and tables[0][0] < line.top:
                _flush(running, outline)
                outline.table(tables.pop(0)[1])
            if _mark(line.text) in edges:
                dropped.append(line.text)
            elif line.size in larger and len(line.text) <= 60:
                _flush(running, outline)
                outline.heading(min(larger.index(line.size) + 1, 6), line.text)
            else:
                if running and not _goes_on(running[-1], line):
                    _flush(running, outline)
                running.append(line)
        for _, rows in tables:
            _flush(running, outline)
            outline.table(rows)
    _flush(running, outline)
    outline.blocks += [Block("repeated", (), (line,)) for line in dict.fromkeys(dropped)]
    return outline.title, outline.blocks


def _edges(pages: Sequence[_Page]) -> frozenset[str]:
    """Lines at the head or foot of at least three pages and of half of them; numbers in them may differ."""
    seen = Counter(
        mark
        for page in pages
        for mark in {_mark(line.text) for line in (*page.lines[:_EDGE_LINES], *page.lines[-_EDGE_LINES:])}
    )
    return frozenset(mark for mark, count in seen.items() if count >= max(3, len(pages) / 2))


def _mark(text: str) -> str:
    return _NUMBER.sub("#", text)


def _goes_on(before: _Line, line: _Line) -> bool:
    """Whether a line continues the one before: that one was full, ended no sentence, and this begins no item."""
    return not (
        _ITEM.match(line.text)
        or before.text.endswith(_SENTENCE_ENDS)
        or (line.left > before.left + before.size * 1.5 and not _ITEM.match(before.text))
    )


def _flush(running: list[_Line], outline: Outline) -> None:
    """Lines that belong together, as one line of text or one item."""
    if not running:
        return
    text = running[0].text
    for line in running[1:]:
        wide = ord(text[-1]) > 0x2E80 or ord(line.text[0]) > 0x2E80
        text += line.text if wide else " " + line.text
    outline.add("list" if _ITEM.match(text) else "text", text)
    running.clear()
