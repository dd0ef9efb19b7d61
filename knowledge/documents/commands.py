"""`python3 -m knowledge documents`: add, list, remove and try documents, and fit what judges them."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table

from knowledge.documents.calibrate import QUESTIONS, calibrate, look, read_labelled
from knowledge.documents.judge import OWN_WEIGHTS, WEIGHTS, judge_of
from knowledge.documents.library import DocumentLibrary, Found
from knowledge.documents.model import DocumentMissing, DocumentUnreadable, Dropped, Kept
from knowledge.documents.phrases import REASONS, WHY_DROPPED
from knowledge.documents.shelf import Shelf
from knowledge.documents.store import DocumentStore
from knowledge.documents.take import files, take
from knowledge.documents.terminal import COLUMNS, FIGURES, LINES
from knowledge.evaluate import GOLDEN
from knowledge.place import Place
from knowledge.question import Language

_SHOWN_DROPPED = 12
_SHOWN_FOUND = 4
_LINE_CHARS = 100


def register(commands: Any) -> None:
    """Add `documents` to the parsers of `python3 -m knowledge`."""
    parser = commands.add_parser("documents", help=LINES["documents"])
    inner = parser.add_subparsers(required=True, metavar="COMMAND")

    added = inner.add_parser("add", help=LINES["add"])
    added.add_argument("paths", nargs="+", type=Path, help=LINES["paths"])
    added.add_argument("--provider", default="", help=LINES["provider"])
    added.add_argument("--contact", action="append", default=[], help=LINES["contact"])
    added.add_argument("--dry-run", action="store_true", help=LINES["dry-run"])
    added.set_defaults(command=_add)

    inner.add_parser("list", help=LINES["list"]).set_defaults(command=_list)

    removed = inner.add_parser("remove", help=LINES["remove"])
    removed.add_argument("document")
    removed.set_defaults(command=_remove)

    searched = inner.add_parser("search", help=LINES["search"])
    searched.add_argument("question")
    searched.set_defaults(command=_search)

    fitted = inner.add_parser("calibrate", help=LINES["calibrate"])
    fitted.add_argument("folder", type=Path, help=LINES["folder"])
    fitted.add_argument("questions", nargs="*", type=Path, help=LINES["questions"])
    fitted.add_argument("--seed", action="store_true", help=LINES["seed"])
    fitted.set_defaults(command=_calibrate)


@contextmanager
def _store(place: Place) -> Iterator[DocumentStore]:
    engine, _ = place.open()
    try:
        yield DocumentStore(engine)
    finally:
        engine.dispose()


def _add(options: argparse.Namespace, place: Place, console: Console) -> int:
    found = files(options.paths)
    if not found:
        console.print(LINES["no-files"])
        return 1
    language = Language(cache_folder=place.home / "cache")
    counts: Counter[str] = Counter()
    dropped: list[tuple[str, Dropped]] = []
    with _store(place) as store:
        for file in track(found, LINES["reading"], console=console, transient=True):
            try:
                document, left_out = take(file, options.provider.strip(), language, options.contact)
            except DocumentUnreadable as error:
                reason = REASONS[error.reason].format(detail=error.detail)
                console.print(LINES["failed"].format(source=file.source, reason=reason), markup=False)
                counts["failed"] += 1
                continue
            dropped += [(file.source, one) for one in left_out]
            if not options.dry_run and not store.put(document, datetime.now(UTC)):
                counts["same"] += 1
                continue
            counts["added"] += 1
            counts["passages"] += len(document.passages)
    _show_dropped(dropped, console, None if options.dry_run else _SHOWN_DROPPED)
    told = {name: counts[name] for name in ("added", "passages", "same", "failed")}
    console.print(LINES["previewed" if options.dry_run else "done"].format(**told))
    if options.provider and counts["added"]:
        console.print(LINES["for-provider"].format(provider=options.provider), markup=False)
    return 1 if counts["failed"] and not counts["added"] + counts["same"] else 0


def _show_dropped(dropped: list[tuple[str, Dropped]], console: Console, most: int | None) -> None:
    if not dropped:
        return
    counted = Counter(one.why for _, one in dropped)
    kinds = "、".join(f"{WHY_DROPPED[why]} {count}" for why, count in counted.most_common())
    console.print(LINES["dropped"].format(count=len(dropped), kinds=kinds))
    for source, one in dropped[:most]:
        line = LINES["dropped-line"].format(why=WHY_DROPPED[one.why], source=source, line=one.line[:_LINE_CHARS])
        console.print(line, markup=False)
    if most is not None and len(dropped) > most:
        console.print(LINES["dropped-more"].format(count=len(dropped) - most))


def _list(_: argparse.Namespace, place: Place, console: Console) -> int:
    with _store(place) as store:
        listed = store.listed()
    if not listed:
        console.print(LINES["empty"])
        return 0
    table = Table(*COLUMNS)
    for one in listed:
        table.add_row(
            one.id, one.source, one.title, one.provider, str(one.passages), one.added_at.strftime("%Y-%m-%d %H:%M")
        )
    console.print(table)
    return 0


def _remove(options: argparse.Namespace, place: Place, console: Console) -> int:
    with _store(place) as store:
        try:
            store.remove(options.document)
        except DocumentMissing:
            console.print(LINES["unknown"].format(document=options.document), markup=False)
            return 1
    console.print(LINES["removed"])
    return 0


def _search(options: argparse.Namespace, place: Place, console: Console) -> int:
    with _store(place) as store:
        documents, generation = store.all(), store.generation()
    language = Language(cache_folder=place.home / "cache")
    encoder = place.reader(language)
    library = DocumentLibrary(language, encoder, judge_of(place.home), place.home / "index" / "documents")
    library.refresh(documents, generation)
    found = library.search(language.read(options.question), _SHOWN_FOUND)
    if not found:
        console.print(LINES["nothing"])
        return 0
    verdict, confidence = LINES["answers" if found[0].sure else "declines"], found[0].confidence.value
    console.print(
        LINES["found"].format(verdict=verdict, confidence=confidence, threshold=library.judge.answer_at), markup=False
    )
    _show_found(found[0], console)
    if len(found) > 1:
        console.print(LINES["others"])
    for one in found[1:]:
        _show_found(one, console)
    return 0


def _show_found(found: Found, console: Console) -> None:
    console.print(f"  {' › '.join((found.title, *found.headings))}", markup=False)
    for line in found.quote.split("\n"):
        console.print(f"    {line}", markup=False)
    console.print(f"    /help/{found.address}", markup=False)


def _calibrate(options: argparse.Namespace, place: Place, console: Console) -> int:
    language = Language(cache_folder=place.home / "cache")
    kept: list[Kept] = []
    for file in track(files([options.folder]), LINES["reading"], console=console, transient=True):
        try:
            kept.append(take(file, "", language)[0])
        except DocumentUnreadable as error:
            reason = REASONS[error.reason].format(detail=error.detail)
            console.print(LINES["failed"].format(source=file.source, reason=reason), markup=False)
    encoder = place.reader(language)
    shelf = Shelf(kept, language, encoder, place.home / "measuring" / "documents")
    questions = read_labelled(*(options.questions or (QUESTIONS, GOLDEN)))
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task(LINES["asking"], total=len(questions))
        advance: Callable[[int, int], None] = lambda done, _: progress.update(bar, completed=done)  # noqa: E731
        judge = calibrate(look(shelf, language, questions, advance))
    path = WEIGHTS if options.seed else place.home / OWN_WEIGHTS
    judge.write(path)
    table = Table(show_header=False)
    for name, value in judge.figures.items():
        table.add_row(FIGURES[name], f"{value:.0f}" if name in ("answerable", "outside") else f"{value:.3f}")
    console.print(table)
    console.print(LINES["fitted"].format(answer_at=judge.answer_at, path=path), markup=False)
    return 0
