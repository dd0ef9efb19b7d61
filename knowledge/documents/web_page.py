"""Web pages, by trafilatura, which tells the article from menus, side bars and footers; lxml reads what it gives."""

from __future__ import annotations

from typing import Any

from knowledge.documents.model import DocumentUnreadable
from knowledge.documents.read import Blocks, Outline

_LEAST_CHARACTERS = 20


def blocks_of(data: bytes) -> Blocks:
    """The title and the blocks of a page."""
    import trafilatura
    from lxml import etree

    page = trafilatura.load_html(data)
    if page is None:
        raise DocumentUnreadable("broken")
    name = page.findtext(".//title") or ""
    found = trafilatura.extract(
        page,
        output_format="xml",
        include_tables=True,
        include_comments=False,
        include_links=True,
        favor_recall=True,
        fast=True,  # its second opinions give one line without headings
        config=_settings(),
    )
    if not found:
        raise DocumentUnreadable("empty")
    tree = etree.fromstring(found.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    outline = Outline()
    main = tree.find("main")
    for element in main if main is not None else ():
        _take(element, outline)
    if sum(len(line) for block in outline.blocks for line in block.lines) + _cells(outline) < _LEAST_CHARACTERS:
        raise DocumentUnreadable("empty")
    return outline.title or _without_site(name), outline.blocks


def _settings() -> Any:
    """Its settings, with bounds for Chinese: 250 letters are a remark, 250 characters an article."""
    from trafilatura.settings import use_config

    settings = use_config()
    settings.set("DEFAULT", "MIN_EXTRACTED_SIZE", str(_LEAST_CHARACTERS))
    return settings


def _cells(outline: Outline) -> int:
    return sum(len(cell) for block in outline.blocks for row in block.rows for cell in row)


def _without_site(name: str) -> str:
    """The page's name without the site's, which stands behind a dash or a line."""
    for mark in (" - ", " | ", "_", "－", "–", "|"):
        name = name.split(mark)[0]
    return " ".join(name.split())


def _take(element: Any, outline: Outline) -> None:
    kind = element.tag
    if kind == "head":
        level = str(element.get("rend", "h2"))
        outline.heading(int(level[1]) if level[1:].isdigit() else 2, _words(element))
    elif kind == "list":
        ordered = str(element.get("rend", "")).startswith("ol")
        items = [_words(item) for item in element.iter("item")]
        marked = [f"{place}. {item}" if ordered else f"- {item}" for place, item in enumerate(items, 1) if item]
        outline.add("list", *marked, navigation=bool(items) and all(map(_only_links, element.iter("item"))))
    elif kind == "table":
        outline.table([[_words(cell) for cell in row.iter("cell")] for row in element.iter("row")])
    elif kind == "code":
        outline.add("code", *"".join(element.itertext()).strip("\n").split("\n"))
    elif kind in ("div", "quote") and len(element) and not (element.text or "").strip():
        for inner in element:
            _take(inner, outline)
    else:
        for line in _words(element).split("\n"):
            outline.add("text", line, navigation=_only_links(element))


def _words(element: Any) -> str:
    for line in element.iter("lb"):
        line.tail = "\n" + (line.tail or "")
    return "".join(element.itertext()).strip()


def _only_links(element: Any) -> bool:
    """Whether every word of it stands in a link."""
    linked = "".join("".join(link.itertext()) for link in element.iter("ref"))
    return bool(linked.strip()) and len(linked.strip()) >= len(_words(element)) - 2
