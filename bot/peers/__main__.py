"""Side by side: `python3 -m bot.peers [QUESTIONS.jsonl …] [--plot FILE] [--without NAME …]`.

Ours and five other ways to find the entry that is meant, on the same questions and in one run: a Markdown table a file
of questions on standard output, one picture of risk and coverage, progress on standard error. Ours is the library
alone; what Rasa adds to it is measured by `python3 -m bot.weigh`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.bootstrap import ROOT, ensure
from bot.dialogue import setup
from bot.dialogue.rasa_environment import RasaUnavailable
from bot.peers import terminal
from bot.peers.packages import PackagesMissing, add
from bot.terminal import explain, say

PEERS = ("bm25", "tfidf", "svc", "rasa", "haystack")
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None, write: Callable[[str], object] = sys.stdout.write) -> int:
    """Compare; the exit status is 1 where ours, or every peer, could not be measured."""
    options = _options().parse_args(arguments)
    settings = ensure("bot.peers")
    try:
        without = _not_had(settings.home, options.without)
        from bot.peers.comparison import compare

        with tempfile.TemporaryDirectory() as scratch:
            return compare(settings, Path(scratch), options.questions, without, options.plot, write)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge: a person gets one line
        say("✗ " + explain(error))
        return 1


def _not_had(home: Path, without: Sequence[str]) -> frozenset[str]:
    """The systems to leave out: those nobody wants, and those that cannot be had, each with a line that says why."""
    left = set(without)
    if "rasa" not in left:
        try:
            setup.installed(home)
        except RasaUnavailable as error:
            say("! " + terminal.NOT_INSTALLED.format(name="Rasa", reason=setup.reason_of(error)))
            left.add("rasa")
    if "haystack" not in left:
        try:
            add(ROOT)
        except PackagesMissing as error:
            say("! " + terminal.NOT_INSTALLED.format(name="Haystack", reason=error))
            left.add("haystack")
    return frozenset(left)


def _options() -> argparse.ArgumentParser:
    told = terminal.HELP
    options = argparse.ArgumentParser(prog="python3 -m bot.peers", description=told["about"])
    options.add_argument("questions", nargs="*", type=Path, metavar="QUESTIONS.jsonl", help=told["questions"])
    options.add_argument("--plot", type=Path, metavar="FILE", help=told["plot"])
    options.add_argument(
        "--without", action="append", default=[], choices=PEERS, metavar="NAME", help=told["without"] + f" {PEERS}"
    )
    return options


if __name__ == "__main__":
    sys.exit(main())
