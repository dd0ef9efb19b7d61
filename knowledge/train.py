"""`python3 -m knowledge train`: make the built-in encoder again from the entries that come along."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, track

from embeddings.encoder import BUILT_IN_FOLDER
from knowledge.entry import Entry
from knowledge.exchange import SEED, read_folder
from knowledge.place import Place
from knowledge.question import Language
from knowledge.terminal import LINES


def register(commands: Any) -> None:
    """Add `train` to the parsers of `python3 -m knowledge`."""
    trained = commands.add_parser("train", help=LINES["train"])
    trained.add_argument("folder", nargs="?", type=Path, default=BUILT_IN_FOLDER)
    trained.set_defaults(command=run)


def run(options: argparse.Namespace, place: Place, console: Console) -> int:
    """Train the built-in encoder anew on the seed; afterwards `calibrate --seed` is due."""
    from embeddings.training.contrast import Plan, train
    from embeddings.training.pack import pack

    language = Language(cache_folder=place.home / "cache")
    groups = texts_by_group()
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


def texts_by_group(folder: Path = SEED) -> dict[str, list[str]]:
    """What is trained on, by entry and by uncovered matter: titles and phrasings as people wrote them."""
    collection = read_folder(folder)
    groups = {entry.id: _texts(entry) for entry in collection.entries}
    return groups | {matter.id: list(matter.phrasings) for matter in collection.uncovered}


def _texts(entry: Entry) -> list[str]:
    return [entry.title, *entry.phrasings]
