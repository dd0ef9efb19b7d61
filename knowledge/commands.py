"""`python3 -m knowledge`: entries in and out of files, how well they are found, and the encoder's training."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, track
from rich.table import Table

from embeddings.encoder import BUILT_IN, BUILT_IN_FOLDER, SentenceEncoder
from knowledge.confidence import CALIBRATION_FILE, Calibration
from knowledge.database import Engine, migrate, open_database
from knowledge.entry import Entry
from knowledge.errors import FileUnreadable, KnowledgeError
from knowledge.evaluate import GOLDEN, Judged, calibrate, figures, judge, look, read_questions
from knowledge.exchange import SEED, Change, Collection, preview, read_folder, write_folder
from knowledge.library import Library
from knowledge.question import Language, categories
from knowledge.store import EntryStore
from knowledge.terminal import FIGURES, LINES

_MOST_PROBLEMS = 20
_MOST_MISSES = 15


@dataclass(frozen=True, slots=True)
class Place:
    """Where this installation keeps its data, and the encoder it uses."""

    home: Path
    database_url: str
    encoder: str = BUILT_IN


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

    measured = commands.add_parser("evaluate", help=LINES["evaluate"])
    measured.add_argument("questions", nargs="?", type=Path, default=GOLDEN)
    measured.set_defaults(command=_evaluate)

    fitted = commands.add_parser("calibrate", help=LINES["calibrate"])
    fitted.add_argument("questions", nargs="?", type=Path, default=GOLDEN)
    fitted.add_argument("--wrong-rate", type=float, default=0.05, help=LINES["wrong-rate"])
    fitted.add_argument("--seed", action="store_true", help=LINES["seed"])
    fitted.set_defaults(command=_calibrate)

    trained = commands.add_parser("train", help=LINES["train"])
    trained.add_argument("folder", nargs="?", type=Path, default=BUILT_IN_FOLDER)
    trained.set_defaults(command=_train)
    return parser


def _open(place: Place) -> tuple[Engine, EntryStore]:
    place.home.mkdir(parents=True, exist_ok=True)
    engine = open_database(place.database_url)
    migrate(engine)
    return engine, EntryStore(engine)


def _import(options: argparse.Namespace, place: Place, console: Console) -> int:
    coming = read_folder(options.folder)
    engine, store = _open(place)
    try:
        held = {entry.id: entry for entry in store.all(None)}
        changes = preview(held, coming.entries)
        _show_changes(changes, console)
        if not any(change.kind != "same" for change in changes) and store.uncovered() == list(coming.uncovered):
            console.print(LINES["nothing-new"])
            return 0
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
    engine, store = _open(place)
    try:
        held = store.all()
        names = {id_: name for id_, name in categories().items() if any(e.category == id_ for e in held)}
        names |= {entry.category: entry.category for entry in held if entry.category not in names}
        written = write_folder(Collection(tuple(held), tuple(store.uncovered()), names), options.folder)
        console.print(LINES["exported"].format(count=len(held), files=len(written), folder=options.folder))
        return 0
    finally:
        engine.dispose()


def _library(place: Place, collection: Collection) -> Library:
    language = Language(cache_folder=place.home / "cache")
    encoder = SentenceEncoder(place.encoder, language.segmenter)
    library = Library(language, encoder, Calibration.none(), place.home / "measuring")
    library.refresh(collection.entries, collection.uncovered)
    return library


def _published(place: Place) -> Collection:
    engine, store = _open(place)
    try:
        held = store.all()
        return Collection(tuple(held), tuple(store.uncovered()), {}) if held else read_folder(SEED)
    finally:
        engine.dispose()


def _evaluate(options: argparse.Namespace, place: Place, console: Console) -> int:
    library = _library(place, _published(place))
    calibration = _calibration(place)
    questions = read_questions(options.questions)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task(LINES["asking"], total=len(questions))
        seen = look(library, questions, lambda done, _: progress.update(bar, completed=done))
    judged = judge(seen, calibration)
    _show_figures(figures(judged, calibration.answer_at), console)
    _show_misses(judged, console)
    return 0


def _calibration(place: Place) -> Calibration:
    own = place.home / "calibration.json"
    return Calibration.read(own if own.is_file() else CALIBRATION_FILE)


def _show_figures(found: dict[str, float], console: Console) -> None:
    table = Table(show_header=False)
    for name, value in found.items():
        table.add_row(FIGURES.get(name, name), f"{value:.0f}" if name == "questions" else f"{value:.3f}")
    console.print(table)


def _show_misses(judged: Sequence[Judged], console: Console) -> None:
    missed = [one for one in judged if one.labelled.expect == "answer" and not one.right]
    for one in missed[:_MOST_MISSES]:
        wanted = ", ".join(sorted(one.labelled.wanted))
        console.print(f"  {wanted} <- {one.ranking[0] if one.ranking else '-'}: {one.labelled.question}", markup=False)


def _calibrate(options: argparse.Namespace, place: Place, console: Console) -> int:
    """Fit and keep: for this installation, or with --seed as the one that comes with the software."""
    library = _library(place, read_folder(SEED) if options.seed else _published(place))
    questions = read_questions(options.questions)
    seen = look(library, questions)
    console.print(LINES["fitting"])
    fitted = calibrate(seen, options.wrong_rate, library.encoder.fingerprint)
    fitted.write(CALIBRATION_FILE if options.seed else place.home / "calibration.json")
    _show_figures(fitted.figures or {}, console)
    console.print(LINES["calibrated"].format(answer_at=fitted.answer_at, decline_at=fitted.decline_at))
    return 0


def _train(options: argparse.Namespace, place: Place, console: Console) -> int:
    """Train the built-in encoder anew on the seed; afterwards `calibrate --seed` is due."""
    from embeddings.training.contrast import Plan, train
    from embeddings.training.pack import pack

    language = Language(cache_folder=place.home / "cache")
    collection = read_folder(SEED)
    groups = {entry.id: _texts(entry) for entry in collection.entries}
    groups |= {matter.id: list(matter.phrasings) for matter in collection.uncovered}
    normalised = {
        name: [language.normalise(text) for text in texts]
        for name, texts in track(groups.items(), LINES["reading"], console=console, transient=True)
    }
    plan = Plan()
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task(LINES["training"], total=plan.epochs)
        trained = train(
            normalised, language.segmenter.features, plan, lambda epoch, _: progress.update(bar, completed=epoch)
        )
    notes = {"groups": len(groups), "texts": sum(map(len, groups.values())), "dimensions": plan.dimensions}
    pack(trained, options.folder, notes)
    console.print(LINES["trained"].format(**notes, features=len(trained.features)))
    return 0


def _texts(entry: Entry) -> list[str]:
    return [entry.title, *entry.phrasings]
