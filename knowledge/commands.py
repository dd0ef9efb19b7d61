"""`python3 -m knowledge`: entries in and out of files, how well they are found, and the encoder's training."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from knowledge import measuring, robustness, stealing, train, vocabulary
from knowledge.documents.commands import register
from knowledge.errors import FileUnreadable, KnowledgeError
from knowledge.exchange import SEED, Change, Collection, preview, read_folder, write_folder
from knowledge.place import Place
from knowledge.question import categories
from knowledge.terminal import LINES

_MOST_PROBLEMS = 20


def run(arguments: Sequence[str], place: Place) -> int:
    """Run one command; 0 on success, 1 with one clear line on failure."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace, Place, Console], int] = options.command
    console = Console()
    try:
        return command(options, place, console)
    except FileUnreadable as error:
        console.print(LINES["unreadable"].format(count=len(error.problems)))
        for problem in error.problems[:_MOST_PROBLEMS]:
            console.print(f"  {problem}", markup=False)
        return 1
    except (KnowledgeError, OSError) as error:
        console.print(f"{LINES['failed']}{error}", markup=False)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m knowledge", description=LINES["about"])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    taken = commands.add_parser("import", help=LINES["import"])
    taken.add_argument("folder", nargs="?", type=Path, default=SEED)
    taken.add_argument("--yes", action="store_true", help=LINES["yes"])
    taken.set_defaults(command=_import)

    given = commands.add_parser("export", help=LINES["export"])
    given.add_argument("folder", type=Path)
    given.set_defaults(command=_export)

    measuring.register(commands)
    stealing.register(commands)
    robustness.register(commands)
    vocabulary.register(commands)

    train.register(commands)

    register(commands)
    return parser


def _import(options: argparse.Namespace, place: Place, console: Console) -> int:
    coming = read_folder(options.folder)
    engine, store = place.open()
    try:
        held = {entry.id: entry for entry in store.all(None)}
        changes = preview(held, coming.entries)
        _show_changes(changes, console)
        if not any(change.kind != "same" for change in changes) and store.uncovered() == list(coming.uncovered):
            console.print(LINES["nothing-new"])
            return 0
        stealing.warn(held, coming.entries, place, console)
        if not options.yes and not _agreed(console):
            console.print(LINES["left-alone"])
            return 0
        store.put_many(coming.entries, "import", datetime.now(UTC))
        store.put_uncovered(coming.uncovered)
        console.print(LINES["imported"].format(count=len(coming.entries)))
        return 0
    finally:
        engine.dispose()


def _show_changes(changes: Sequence[Change], console: Console) -> None:
    """The counts, then every entry that is new or changed and what of it."""
    counts = Counter(change.kind for change in changes)
    console.print(LINES["preview"].format(new=counts["new"], changed=counts["changed"], same=counts["same"]))
    for change in changes:
        if change.kind != "same":
            console.print(f"  {change.kind:8}{change.entry}  {', '.join(change.fields)}", markup=False)


def _agreed(console: Console) -> bool:
    if not sys.stdin.isatty():
        console.print(LINES["needs-yes"])
        return False
    return console.input(LINES["ask"]).strip().lower() in ("y", "yes")


def _export(options: argparse.Namespace, place: Place, console: Console) -> int:
    engine, store = place.open()
    try:
        held = store.all()
        names = {id_: name for id_, name in categories().items() if any(e.category == id_ for e in held)}
        names |= {entry.category: entry.category for entry in held if entry.category not in names}
        written = write_folder(Collection(tuple(held), tuple(store.uncovered()), names), options.folder)
        console.print(LINES["exported"].format(count=len(held), files=len(written), folder=options.folder))
        return 0
    finally:
        engine.dispose()
