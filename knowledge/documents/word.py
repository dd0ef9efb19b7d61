"""Word files, by python-docx: the library everybody reads them with, kept for twelve years, and deaf to entities."""

from __future__ import annotations

import re
from io import BytesIO

from knowledge.documents.read import Blocks, Outline

_LEVEL = re.compile(r"heading\s*(\d)", re.IGNORECASE)


def blocks_of(file: BytesIO) -> Blocks:
    """The title and the blocks of a .docx file; headers and footers of pages are no part of it."""
    import docx
    from docx.table import Table

    outline = Outline()
    count = 0
    for part in docx.Document(file).iter_inner_content():
        if isinstance(part, Table):
            outline.table(_rows(part))
            continue
        if not part.text.strip():
            continue
        style = part.style.name if part.style is not None and part.style.name else ""
        level = _LEVEL.search(style)
        numbered = "list" in style.lower() or (part._p.pPr is not None and part._p.pPr.numPr is not None)
        if style.lower() == "title":
            outline.heading(1, part.text)
        elif level:
            outline.heading(int(level.group(1)), part.text)
        elif numbered:
            count = count + 1 if "number" in style.lower() else 0
            outline.add("list", f"{count}. {part.text}" if count else f"- {part.text}")
            continue
        else:
            for line in part.text.split("\n"):
                outline.add("text", line)
        count = 0
    return outline.title, outline.blocks


def _rows(table: object) -> list[list[str]]:
    """Rows of cells; a cell that spans several columns or rows counts once."""
    rows = []
    for row in table.rows:  # type: ignore[attr-defined]
        cells, before = [], None
        for cell in row.cells:
            cells.append("" if before is not None and cell._tc is before else cell.text)
            before = cell._tc
        rows.append(cells)
    return rows
