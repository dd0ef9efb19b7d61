"""One comparison from the files of questions to the report and the picture."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from bot.peers import material, terminal
from bot.peers.figures import Measured, against, draw, table
from bot.peers.rasa_faq import EPOCHS
from bot.peers.runs import NAMES, RASA, Questions, Round, SystemFailed, measure
from bot.peers.worker import OURS
from bot.settings import Settings
from bot.terminal import Progress, say
from knowledge.errors import FileUnreadable
from knowledge.evaluate import GOLDEN, read_questions
from knowledge.place import Place

_WARM_UPS = 20
_NOTES = """\
Every system has the same texts. “first 3”: a wanted entry is among the first three entries. “wrong at 80 %”: wrong
answers, as a share of all questions, where a threshold on the system's own score lets it answer 80 % of the answerable
ones; who finds an uncovered matter first answers after all others. Scores of BM25 are sums over words and say nothing
of certainty; they are taken as they are. “build s”: one process that builds or trains. Times: one thread, text to
ranked entries. Memory: what the asking process grew by. Errors gone: of theirs, with both counts; + mended, - new."""
Found = Mapping[str, Mapping[str, Measured]]


def compare(
    settings: Settings,
    scratch: Path,
    paths: Sequence[Path],
    without: Collection[str],
    plot: Path | None,
    write: Callable[[str], object],
) -> int:
    """Measure, print, draw; the exit status. What processes leave lies in `scratch` and is the caller's to delete."""
    files = read(paths or [GOLDEN])
    if files is None:
        return 2
    collection = Place(settings.home, settings.database_url).published()
    material.put(collection, scratch)
    one_round = Round(scratch, material.texts_of(collection), files)
    one_round.put_questions(settings.home, settings.encoder, [one.title for one in collection.entries[:_WARM_UPS]])
    found: dict[str, Mapping[str, Measured]] = {}
    for system in NAMES:
        measured = None if system in without else _measured(system, one_round)
        if measured is not None:
            found[system] = measured
    if found:
        write(report(one_round, found))
        _draw(plot or settings.home / "evaluation" / "peers.png", one_round.files, found)
    return int(OURS not in found or len(found) == 1)


def read(paths: Sequence[Path]) -> tuple[Questions, ...] | None:
    """The files, each under a name of its own; None, and a line that says why, where one cannot be used."""
    files: list[Questions] = []
    for path in paths:
        try:
            labelled = tuple(read_questions(path))
        except (OSError, UnicodeDecodeError, FileUnreadable) as error:
            say("✗ " + terminal.NO_QUESTIONS.format(path=path, reason=str(error).splitlines()[0]))
            return None
        if not any(one.expect == "answer" for one in labelled):
            say("✗ " + terminal.NO_ANSWERABLE.format(path=path))
            return None
        taken = {one.name for one in files}
        files.append(Questions(path.stem if path.stem not in taken else f"{path.stem}-{len(files)}", path, labelled))
    return tuple(files)


def _measured(system: str, one_round: Round) -> dict[str, Measured] | None:
    progress, now = Progress(), [""]

    def tell(doing: str, detail: str) -> None:
        if doing != now[0]:
            now[0] = doing
            progress.phase(terminal.DOING.format(name=NAMES[system], doing=doing))
        progress.detail(detail)

    try:
        return measure(system, one_round, tell)
    except SystemFailed as error:
        progress.end()
        say("! " + terminal.FAILED.format(name=NAMES[system], doing=error.doing, reason=error.reason))
        return None
    finally:
        progress.end()


def report(one_round: Round, found: Found) -> str:
    """Markdown: what was known, and two tables a file of questions."""
    known = f"{len(one_round.texts.texts)} texts of {len(set(one_round.texts.owners))} entries and uncovered matters"
    trained = f"; Rasa's selector trained for {EPOCHS} epochs" if RASA in found else ""
    parts = [f"{known}; {os.cpu_count()} cores{trained}.\n\n{_NOTES}\n"]
    for one in one_round.files:
        several = [measured[one.name] for measured in found.values()]
        answerable = sum(each.expect == "answer" for each in one.labelled)
        parts.append(
            f"\n{one.name}: {len(one.labelled)} questions, {answerable} of them answerable\n\n{table(several)}\n"
        )
        peers = [measured[one.name] for system, measured in found.items() if system != OURS]
        if OURS in found and peers:
            parts.append(f"\n{against(found[OURS][one.name], peers)}\n")
    return "".join(parts)


def _draw(path: Path, files: Sequence[Questions], found: Found) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draw({one.name: [measured[one.name] for measured in found.values()] for one in files}, path)
    except (OSError, ValueError) as error:
        say("! " + terminal.NOT_DRAWN.format(path=path, reason=error))
        return
    say("✓ " + terminal.DRAWN.format(path=path))
