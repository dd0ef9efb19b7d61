"""Before a phrasing is saved: the command that tells what it would take from other entries."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.progress import track

from knowledge.entry import Entry
from knowledge.evaluate import GOLDEN, read_questions
from knowledge.library import Library
from knowledge.place import Place
from knowledge.terminal import LINES
from knowledge.theft import Asked, Theft, Watch

MOST_TRIED = 60
"""New phrasings that an import tries, half a second each; of more it says that it did not."""
_MOST_SHOWN = 10


def register(commands: Any) -> None:
    """Add `steals` to the parsers of `python3 -m knowledge`."""
    tried = commands.add_parser("steals", help=LINES["steals"])
    tried.add_argument("entry", help=LINES["steals-entry"])
    tried.add_argument("phrasing", nargs="+", help=LINES["steals-phrasing"])
    tried.set_defaults(command=run)


def run(options: argparse.Namespace, place: Place, console: Console) -> int:
    """Try phrasings of an entry; 1 where one of them would take a question that is answered rightly now."""
    library = place.library(place.published())
    entry = library.entry(options.entry)
    watch = watch_over(library)
    found = [watch.steals(entry, phrasing) for phrasing in track(options.phrasing, LINES["trying"], console=console)]
    for theft in found:
        show(theft, console, quiet=False)
    return int(any(one.worse for theft in found for one in theft.stolen))


def watch_over(library: Library) -> Watch:
    """Looks after the golden questions and every phrasing there is."""
    return Watch(library, [Asked(one.question, one.wanted) for one in read_questions(GOLDEN)])


def added(held: Mapping[str, Entry], coming: Iterable[Entry]) -> list[tuple[Entry, str]]:
    """Phrasings that an import would add to entries that are there already, with those entries as they are."""
    pairs = ((held[entry.id], entry) for entry in coming if entry.id in held)
    return [(old, text) for old, new in pairs for text in new.phrasings if text not in old.phrasings]


def warn(held: Mapping[str, Entry], coming: Sequence[Entry], place: Place, console: Console) -> None:
    """Tell what the new phrasings of an import would take from others."""
    several = added(held, coming)
    if len(several) > MOST_TRIED:
        console.print(LINES["steals-many"].format(count=len(several)))
    if not 0 < len(several) <= MOST_TRIED:
        return
    watch = watch_over(place.library(place.published()))
    for entry, phrasing in track(several, LINES["trying"], console=console, transient=True):
        show(watch.steals(entry, phrasing), console, quiet=True)


def show(theft: Theft, console: Console, quiet: bool) -> None:
    """What a phrasing would take, worst first; nothing is said of harmless ones where that is asked for."""
    harmless = not (theft.already or theft.stolen or theft.nearer)
    if harmless and quiet:
        return
    line = LINES["steals-none"] if harmless else LINES["steals-some"]
    console.print(line.format(phrasing=theft.phrasing, entry=theft.entry), markup=False)
    for id_ in theft.already:
        console.print("  " + LINES["steals-already"].format(entry=id_), markup=False)
    for one in theft.stolen[:_MOST_SHOWN]:
        line = LINES["steals-question" if one.worse else "steals-better"]
        console.print("  " + line.format(question=one.question, before=one.before or "-"), markup=False)
    for near in theft.nearer[:_MOST_SHOWN]:
        console.print("  " + LINES["steals-near"].format(entry=near.entry, phrasing=near.phrasing), markup=False)
