"""`python3 -m knowledge robustness`: what one slip a question costs, slip by slip."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from knowledge.evaluate import GOLDEN, Judged, Labelled, judge, look, read_questions
from knowledge.library import Library
from knowledge.place import Place
from knowledge.slips import Slip, Slips
from knowledge.terminal import LINES, SLIPS

MOST_LOST = 5.0
"""Points of rank 1 that one slip a question may cost."""
_DOTS = 150


@dataclass(frozen=True, slots=True)
class Cost:
    """What one slip does to the questions it changes, each judged without and with it.

    `before` and `after` count the answerable ones whose wanted entry is first, of `answerable`; `wrong_before` and
    `wrong_after` sum the chances of a wrong answer over all that were `changed`, whatever they expect.
    """

    slip: str
    changed: int
    answerable: int
    before: int
    after: int
    wrong_before: float
    wrong_after: float

    @property
    def lost(self) -> float:
        """Points of rank 1 lost, in [-100, 100]; below 0 where the slip helps."""
        return 100.0 * (self.before - self.after) / self.answerable if self.answerable else 0.0


def slipped(questions: Sequence[Labelled], slip: Slip) -> list[tuple[int, Labelled]]:
    """The questions that a slip changes, with it, and their places."""
    found = ((place, slip.of(one.question)) for place, one in enumerate(questions))
    return [(place, replace(questions[place], question=text)) for place, text in found if text is not None]


def costs(
    library: Library,
    questions: Sequence[Labelled],
    slips: Sequence[Slip],
    progress: Callable[[int, int], None] = lambda *_: None,
) -> list[Cost]:
    """What each slip costs; `progress(done, of)` is called along the way.

    Both sides are judged by the library's own calibration and its threshold. Where that was fitted on these very
    questions, its few weights flatter both sides alike; what is reported is how far they are apart.
    """
    of = (len(slips) + 1) * len(questions)
    plain = _judged(library, questions, partial(_advance, progress, 0, of))
    found = []
    for number, slip in enumerate(slips, 1):
        pairs = slipped(questions, slip)
        before = [plain[place] for place, _ in pairs]
        after = _judged(library, [one for _, one in pairs], partial(_advance, progress, number * len(questions), of))
        found.append(_cost(slip.name, before, after, library.calibration.answer_at))
    progress(of, of)
    return found


def _advance(progress: Callable[[int, int], None], start: int, of: int, done: int) -> None:
    progress(start + done, of)


def _judged(library: Library, questions: Sequence[Labelled], progress: Callable[[int], None]) -> list[Judged]:
    return judge(look(library, questions, lambda done, _: progress(done)), library.calibration)


def _cost(slip: str, before: Sequence[Judged], after: Sequence[Judged], answer_at: float) -> Cost:
    return Cost(
        slip,
        len(before),
        sum(one.labelled.expect == "answer" for one in before),
        sum(one.right for one in before),
        sum(one.right for one in after),
        sum(one.loss for one in before if one.probability >= answer_at),
        sum(one.loss for one in after if one.probability >= answer_at),
    )


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `robustness` to the parsers of `python3 -m knowledge`."""
    measured = commands.add_parser("robustness", help=LINES["robustness"])
    measured.add_argument("questions", nargs="?", type=Path, default=GOLDEN)
    measured.add_argument("--every", type=int, default=1, metavar="N", help=LINES["every"])
    measured.add_argument("--plots", type=Path, help=LINES["plots"])
    measured.set_defaults(command=run)


def run(options: argparse.Namespace, place: Place, console: Console) -> int:
    """Measure every slip on the questions, show the table and draw it."""
    library = place.library(place.published())
    questions = read_questions(options.questions)[:: max(1, options.every)]
    slips = Slips(library.language).all()
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task(LINES["asking"], total=None)
        found = costs(library, questions, slips, lambda done, of: progress.update(bar, completed=done, total=of))
    _show(found, console)
    console.print(LINES["drawn"].format(path=draw(found, options.plots or place.home / "evaluation")), markup=False)
    return 0


def _show(found: Sequence[Cost], console: Console) -> None:
    table = Table(title=LINES["slips"])
    table.add_column(LINES["slip"])
    for name in ("changed", "before", "after", "lost", "wrong-before", "wrong-after"):
        table.add_column(LINES[name], justify="right")
    for cost in found:
        shares = (cost.before / max(1, cost.answerable), cost.after / max(1, cost.answerable))
        wrong = (cost.wrong_before / max(1, cost.changed), cost.wrong_after / max(1, cost.changed))
        table.add_row(
            SLIPS.get(cost.slip, cost.slip),
            str(cost.changed),
            *(f"{share:.3f}" for share in shares),
            f"{cost.lost:+.1f}" + (" !" if cost.lost > MOST_LOST else ""),
            *(f"{share:.3f}" for share in wrong),
        )
    console.print(table)


def draw(found: Sequence[Cost], folder: Path) -> Path:
    """Write robustness.png into `folder`: one bar a slip, and the line that none may cross. Returns where it is."""
    from matplotlib.figure import Figure

    folder.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(8, 5), dpi=_DOTS, layout="constrained")
    axes: Any = figure.subplots()
    places = np.arange(len(found))
    axes.bar(places, [cost.lost for cost in found])
    axes.axhline(MOST_LOST, linestyle="--", color="grey", label="most that may be lost")
    axes.set_xticks(places, [cost.slip for cost in found], rotation=30, ha="right")
    axes.set(ylabel="points of rank 1 lost")
    axes.set_title(f"One slip a question, {max((cost.changed for cost in found), default=0)} questions")
    axes.legend()
    figure.savefig(path := folder / "robustness.png")
    return path
