"""Workbooks, by openpyxl, read-only: the library pandas reads them with; formulas come as the values last seen."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from io import BytesIO
from typing import Any

from knowledge.documents.phrases import UNNAMED_SHEET
from knowledge.documents.read import Blocks, Outline

_MOST_ROWS = 50_000
_MOST_COLUMNS = 60
_HEADER_LOOKED_FOR = 10


def blocks_of(file: BytesIO) -> Blocks:
    """A heading and a table for each sheet; the row of column names is the first that fills most columns."""
    import openpyxl

    outline = Outline()
    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state != "visible":
                continue
            rows = _rows(sheet.iter_rows(max_row=_MOST_ROWS, max_col=_MOST_COLUMNS, values_only=True))
            if not rows:
                continue
            if not UNNAMED_SHEET.fullmatch(sheet.title.strip()):
                outline.heading(2, sheet.title)
            _take(rows, outline)
    finally:
        book.close()
    return outline.title, outline.blocks


def _rows(values: Iterable[tuple[Any, ...]]) -> list[list[str]]:
    """Rows that hold something, without the columns that are empty throughout."""
    rows = [[_said(value) for value in row] for row in values]
    rows = [row for row in rows if any(row)]
    used = [
        place for place in range(max(map(len, rows), default=0)) if any(row[place : place + 1] != [""] for row in rows)
    ]
    return [[row[place] if place < len(row) else "" for place in used] for row in rows]


def _take(rows: list[list[str]], outline: Outline) -> None:
    """What stands above the column names is text; a sheet of one column is text throughout."""
    wide = max(sum(map(bool, row)) for row in rows)
    if wide < 2:
        for row in rows:
            outline.add("text", "".join(row))
        return
    first = next((n for n, row in enumerate(rows[:_HEADER_LOOKED_FOR]) if sum(map(bool, row)) * 3 >= wide * 2), 0)
    for row in rows[:first]:
        outline.add("text", " ".join(filter(None, row)))
    outline.table(_filled(rows[first:]))


def _filled(rows: list[list[str]]) -> list[list[str]]:
    """A first cell merged over several rows stands in the first only: it counts for all of them."""
    out, above = rows[:1], ""
    for row in rows[1:]:
        above = row[0] or (above if any(row[1:]) else "")
        out.append([above, *row[1:]])
    return out


def _said(value: Any) -> str:
    """A cell as people read it."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat(sep=" ") if value.time() != value.time().min else value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else " ".join(str(value).split())
