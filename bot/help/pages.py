"""Server-rendered pages over the same library the bot answers from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from bot.help.documents import sections, vouched_for
from knowledge.documents.library import DocumentLibrary
from knowledge.documents.model import DocumentMissing
from knowledge.entry import AnswerText, Entry, fill, parse_answer
from knowledge.errors import EntryMissing
from knowledge.library import Library, Ranking
from knowledge.question import categories

_HERE = Path(__file__).parent
_MOST_RESULTS = 8
_LEAST_SHARE = 0.02
_LEAST_BEST = 0.1
"""Where even the best entry is less likely than this, nothing is shown rather than something unrelated."""
_QUESTION_CHARS = 200


class Values(Protocol):
    def values(self) -> dict[str, str]: ...


@dataclass(frozen=True)
class HelpParts:
    """`widget_folder` holds demo.html and dist/merchant-support.js."""

    library: Library
    profile: Values
    brand: Callable[[], str]
    widget_folder: Path
    documents: DocumentLibrary


@dataclass(frozen=True, slots=True)
class Found:
    """A search result: the entry, its conclusion, and the phrasing that matched."""

    entry: Entry
    conclusion: str
    matched: str


def filled(entry: Entry, values: Mapping[str, str]) -> AnswerText:
    return parse_answer(fill(entry.answer, dict(values)))


def results(ranking: Ranking, library: Library, values: Mapping[str, str]) -> list[Found]:
    """Entries worth showing for a search, best first; none where it is likelier that nothing fits."""
    shown: list[Found] = []
    if ranking.none > 1 - library.calibration.decline_at or ranking.confidence.value < _LEAST_BEST * (
        1 - ranking.unclear
    ):
        return shown
    for candidate in ranking.candidates[:_MOST_RESULTS]:
        if candidate.probability >= _LEAST_SHARE:
            entry = library.entry(candidate.entry)
            shown.append(Found(entry, filled(entry, values).conclusion, candidate.matched))
    return shown


def by_category(entries: tuple[Entry, ...]) -> list[tuple[str, str, list[Entry]]]:
    """(category id, its name, its entries) in display order; unknown categories last, under their id."""
    names = categories()
    order = [*names, *sorted({entry.category for entry in entries} - set(names))]
    grouped = ((id_, names.get(id_, id_), [e for e in entries if e.category == id_]) for id_ in order)
    return [group for group in grouped if group[2]]


def help_routes(parts: HelpParts) -> APIRouter:
    router = APIRouter(include_in_schema=False)
    pages = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=select_autoescape(), undefined=StrictUndefined
    )

    def page(name: str, status: int = 200, **context: Any) -> HTMLResponse:
        return HTMLResponse(pages.get_template(name).render(brand=parts.brand(), **context), status)

    @router.get("/")
    def root() -> Response:
        return RedirectResponse("/help")

    @router.get("/help")
    def search(q: Annotated[str, Query()] = "") -> Response:
        question = q.strip()[:_QUESTION_CHARS]
        found: list[Found] = []
        if question:
            ranking = parts.library.search(parts.library.language.read(question))
            found = results(ranking, parts.library, parts.profile.values())
        groups = by_category(tuple(parts.library.entries()))
        return page("search.html", question=question, found=found, groups=groups)

    @router.get("/help/{entry_id}")
    def entry(entry_id: str) -> Response:
        try:
            held = parts.library.entry(entry_id)
        except EntryMissing:
            return page("missing.html", 404)
        related = [one for one in parts.library.entries() if one.id in held.related]
        answer = filled(held, parts.profile.values())
        category = categories().get(held.category, held.category)
        return page("entry.html", entry=held, answer=answer, related=related, category=category)

    @router.get("/help/documents/{document_id}")
    def document(document_id: str) -> Response:
        try:
            held = parts.documents.document(document_id)
        except DocumentMissing:
            return page("missing.html", 404)
        return page("document.html", title=held.title, sections=sections(held, vouched_for(parts.profile.values())))

    @router.get("/chat")
    def chat() -> Response:
        return page("chat.html")

    _file_routes(router, parts.widget_folder)
    return router


def _file_routes(router: APIRouter, widget: Path) -> None:
    @router.get("/demo")
    def demo() -> Response:
        return FileResponse(widget / "demo.html", media_type="text/html; charset=utf-8", headers=_DEMO_HEADERS)

    @router.get("/widget/merchant-support.js")
    def script() -> Response:
        return FileResponse(widget / "dist" / "merchant-support.js", media_type="text/javascript", headers=_SHORT)

    @router.get("/help/static/{name}")
    def static(name: str) -> Response:
        path = _HERE / "static" / Path(name).name
        if not path.is_file():
            return Response(status_code=404)
        return FileResponse(path, headers=_SHORT)


_SHORT = {"Cache-Control": "public, max-age=300"}
_DEMO_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "script-src 'self'; connect-src 'self'"
}
