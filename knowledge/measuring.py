"""The commands that measure and fit: evaluate, calibrate."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from knowledge import plots
from knowledge.confidence import CALIBRATION_FILE
from knowledge.evaluate import (
    GOLDEN,
    WRONG_RATE,
    Judged,
    Labelled,
    Seen,
    calibrate,
    confusions,
    figures,
    grouped,
    hash_of,
    judge,
    look,
    read_questions,
    unseen,
)
from knowledge.exchange import SEED, read_folder
from knowledge.library import Library
from knowledge.place import Place
from knowledge.question import categories
from knowledge.terminal import COLUMNS, FIGURES, LINES

_MOST_CONFUSIONS = 15
_EXAMPLE_CHARS = 40


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add these commands to a parser."""
    measured = commands.add_parser("evaluate", help=LINES["evaluate"])
    measured.add_argument("questions", nargs="?", type=Path, default=GOLDEN)
    measured.add_argument("--plots", type=Path, help=LINES["plots"])
    measured.set_defaults(command=_evaluate)

    fitted = commands.add_parser("calibrate", help=LINES["calibrate"])
    fitted.add_argument("questions", nargs="?", type=Path, default=GOLDEN)
    fitted.add_argument("--wrong-rate", type=float, default=WRONG_RATE, help=LINES["wrong-rate"])
    fitted.add_argument("--seed", action="store_true", help=LINES["seed"])
    fitted.set_defaults(command=_calibrate)


def asked(library: Library, questions: Sequence[Labelled], console: Console) -> list[Seen]:
    """Every question with what the library sees of it, behind a progress bar."""
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task(LINES["asking"], total=len(questions))
        return look(library, questions, lambda done, _: progress.update(bar, completed=done))


def _evaluate(options: argparse.Namespace, place: Place, console: Console) -> int:
    library = place.library(place.published())
    questions = read_questions(options.questions)
    seen = asked(library, questions, console)
    calibration = library.calibration
    if calibration.questions == hash_of(questions):  # it was fitted on these: each is judged by a fit without it
        judged = unseen(seen)
        console.print(LINES["unseen"])
    else:
        judged = judge(seen, calibration)
    answer_at = calibration.answer_at
    _show_figures(figures(judged, answer_at), console)
    names = categories()
    by_category = {
        names.get(key, key): group for key, group in grouped(judged, lambda one: _category(library, one)).items()
    }
    _show_groups(LINES["by-category"], by_category, answer_at, console)
    _show_groups(LINES["by-voice"], grouped(judged, lambda one: one.labelled.style or "-"), answer_at, console)
    _show_confusions(judged, console)
    folder = options.plots or place.home / "evaluation"
    for path in plots.draw(judged, calibration, folder):
        console.print(LINES["drawn"].format(path=path), markup=False)
    return 0


def _category(library: Library, one: Judged) -> str:
    """The category of the entry that is wanted; that of questions without one is what they expect."""
    held = {entry.id: entry.category for entry in library.entries()}
    return next((held[entry] for entry in sorted(one.labelled.wanted) if entry in held), one.labelled.expect)


def _show_figures(found: dict[str, float], console: Console) -> None:
    table = Table(show_header=False)
    for name, value in found.items():
        table.add_row(FIGURES.get(name, name), f"{value:.0f}" if name == "questions" else f"{value:.3f}")
    console.print(table)


def _show_groups(title: str, groups: dict[str, list[Judged]], answer_at: float, console: Console) -> None:
    table = Table(title=title)
    table.add_column("")
    for name in COLUMNS:
        table.add_column(FIGURES[name], justify="right")
    for key, group in groups.items():
        found = figures(group, answer_at)
        answerable = any(one.labelled.expect == "answer" for one in group)
        told = [f"{found['questions']:.0f}"]
        told += [f"{found[name]:.3f}" if answerable or name == "wrong_rate" else "-" for name in COLUMNS[1:]]
        table.add_row(key, *told)
    console.print(table)


def _show_confusions(judged: Sequence[Judged], console: Console) -> None:
    table = Table(title=LINES["confusions"])
    for name in ("wanted", "given", "times", "example"):
        table.add_column(LINES[name], no_wrap=name == "times")
    for wanted, given, examples in confusions(judged)[:_MOST_CONFUSIONS]:
        table.add_row(wanted, given, str(len(examples)), examples[0][:_EXAMPLE_CHARS])
    console.print(table)


def _calibrate(options: argparse.Namespace, place: Place, console: Console) -> int:
    """Fit and keep: for this installation, or with --seed as the one that comes with the software."""
    library = place.library(read_folder(SEED) if options.seed else place.published())
    seen = asked(library, read_questions(options.questions), console)
    console.print(LINES["fitting"])
    fitted = calibrate(seen, options.wrong_rate, library.encoder.fingerprint, library.release)
    fitted.write(CALIBRATION_FILE if options.seed else place.home / "calibration.json")
    _show_figures(fitted.figures or {}, console)
    console.print(LINES["calibrated"].format(answer_at=fitted.answer_at, decline_at=fitted.decline_at))
    return 0
