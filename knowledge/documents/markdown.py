"""Markdown, by markdown-it-py: the CommonMark parser that Jupyter and rich are built on, with tables."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from knowledge.documents.read import Blocks, Outline

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---\n.*?\n(?:---|\.\.\.)\n", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--.*?-->", re.DOTALL)
_WRAPPED = re.compile(r"(?<=[^\x00-\x7f。！？：；])\r(?=[^\x00-\x7f])")
_DRAWINGS = frozenset(("mermaid", "dot", "graphviz", "plantuml", "puml", "sequence", "flow", "svg"))
"""Code that a picture is drawn from says nothing to who reads it."""


def blocks_of(text: str) -> Blocks:
    """The title and the blocks of a Markdown text. HTML in it is read as its words."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(_FRONT_MATTER.sub("", text))
    outline = Outline()
    at = 0
    while at < len(tokens):
        at = _take(tokens, at, outline)
    return outline.title, outline.blocks


def _take(tokens: list[Token], at: int, outline: Outline) -> int:
    """Take in the block that begins at a token; the place after it."""
    token = tokens[at]
    if token.type == "heading_open":
        outline.heading(int(token.tag[1]), _words(tokens[at + 1]))
        return at + 3
    if token.type in ("bullet_list_open", "ordered_list_open"):
        end = _end(tokens, at)
        _list(tokens[at:end], outline)
        return end
    if token.type == "table_open":
        end = _end(tokens, at)
        outline.table(_rows(tokens[at:end]))
        return end
    if token.type in ("fence", "code_block"):
        _code(token, outline)
    elif token.type == "inline":
        for line in _words(token).split("\n"):
            outline.add("text", line, navigation=_only_links(token))
    elif token.type == "html_block":
        for line in unescape(_TAG.sub("\n", token.content)).split("\n"):
            outline.add("text", line)
    return at + 1


def _end(tokens: list[Token], at: int) -> int:
    deep = 0
    for place in range(at, len(tokens)):
        deep += tokens[place].nesting
        if deep == 0:
            return place + 1
    return len(tokens)


def _code(token: Token, outline: Outline) -> None:
    if token.info.strip().lower().split(" ")[0] not in _DRAWINGS:
        outline.add("code", *token.content.rstrip("\n").split("\n"))


def _list(tokens: list[Token], outline: Outline) -> None:
    """One line an item, with its mark; code and tables inside come after what stands before them."""
    lines: list[str] = []
    linked: list[bool] = []
    marks: list[int | None] = []
    fresh = False
    at = 0
    while at < len(tokens):
        token = tokens[at]
        if token.type.endswith("_list_open"):
            marks.append(int(token.attrs.get("start", 1)) if token.type.startswith("ordered") else None)
        elif token.type.endswith("_list_close"):
            marks.pop()
        elif token.type == "list_item_open":
            fresh = True
        elif token.type == "list_item_close" and marks[-1] is not None:
            marks[-1] += 1
        elif token.type == "inline":
            words = " ".join(_words(token).split())
            if fresh and words:
                mark = marks[-1] if marks else None
                lines.append(f"{mark}. {words}" if mark is not None else f"- {words}")
                linked.append(_only_links(token))
                fresh = False
            elif words and lines:
                lines[-1] += " " + words
                linked[-1] = linked[-1] and _only_links(token)
        elif token.type in ("fence", "code_block", "table_open"):
            outline.add("list", *lines, navigation=bool(linked) and all(linked))
            lines, linked = [], []
            if token.type == "table_open":
                end = _end(tokens, at)
                outline.table(_rows(tokens[at:end]))
                at = end
                continue
            _code(token, outline)
        at += 1
    outline.add("list", *lines, navigation=bool(linked) and all(linked))


def _rows(tokens: list[Token]) -> list[list[str]]:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(_words(token).replace("\n", " "))
    return rows


def _words(token: Token) -> str:
    """The words of inline Markdown: no marks, no addresses, no pictures."""
    out = []
    for child in token.children or ():
        if child.type in ("text", "code_inline"):
            out.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            out.append("\r" if child.type == "softbreak" else "\n")
        elif child.type == "html_inline":
            out.append("\n" if child.content.lower().startswith("<br") else "")
    return _joined("".join(out))


def _joined(text: str) -> str:
    """Lines that a sentence was only wrapped over become one; others stay."""
    return _WRAPPED.sub("", text).replace("\r", "\n").strip()


def _only_links(token: Token) -> bool:
    """Whether every word of it stands in a link, as in menus and lists of contents."""
    inside = 0
    seen = False
    for child in token.children or ():
        if child.type == "link_open":
            inside += 1
            seen = True
        elif child.type == "link_close":
            inside -= 1
        elif child.type in ("text", "code_inline") and not inside and child.content.strip(" |·/>»-•,，、"):
            return False
    return seen
