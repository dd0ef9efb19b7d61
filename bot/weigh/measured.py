"""The table of what the second mind is worth, and the fit that goes with it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path

from bot.conversation.joint import FILE
from bot.dialogue import setup
from bot.parts import Parts, open_parts
from bot.settings import Settings
from bot.terminal import Progress
from bot.tuning import Seen, folded, judged, seen_by_both, tuned
from knowledge.bound import Threshold
from knowledge.evaluate import GOLDEN, Judged, figures, read_questions

COLUMNS = ("right_at_1", "coverage", "wrong_rate", "none_not_answered", "asked_back", "calibration_error")


def run(options: argparse.Namespace, settings: Settings) -> int:
    """Fit on the golden questions, print the table, and keep the weights where that is wanted; 1 without Rasa."""
    environment, without = setup.had(settings.home)
    if environment is None:
        return 1
    parts = open_parts(settings, environment, without)
    try:
        parts.prepare()
        if parts.sidecar is None or not setup.await_started(parts.sidecar):
            return 1
        golden = look(parts, GOLDEN)
        joint, bound = tuned(
            golden, parts.wrong_rate(), parts.encoder.fingerprint, parts.model_served(), parts.library.release
        )
        lines = [*table(GOLDEN.name, alone(golden), folded(golden), parts, joint.answer_at)]
        for path in options.files:
            seen = look(parts, path)
            lines += table(path.name, alone(seen), [judged(one, joint) for one in seen], parts, joint.answer_at)
        print(report(lines, bound))
        print(json.dumps(asdict(joint)))
        if options.write:
            joint.write(FILE)
        elif joint != parts.joint:
            print(f"kept as it was: {FILE.name}; --write would put these weights in its place")
    finally:
        parts.close()
    return 0


def look(parts: Parts, path: Path) -> list[Seen]:
    """Every question of a file as both minds see it."""
    questions, progress, seen = read_questions(path), Progress(), []
    progress.phase(path.name)
    for one in seen_by_both(parts, questions):
        seen.append(one)
        progress.detail(f"{len(seen)}/{len(questions)}")
    progress.end()
    return seen


def alone(seen: Iterable[Seen]) -> list[Judged]:
    """The questions as the library alone judges them."""
    return [
        Judged(
            one.labelled,
            tuple(candidate.entry for candidate in one.ranking.candidates),
            one.ranking.confidence.value,
            one.ranking.none,
            one.ranking.unclear,
        )
        for one in seen
    ]


def table(name: str, library: Sequence[Judged], both: Sequence[Judged], parts: Parts, answer_at: float) -> list[str]:
    """Two lines: the library at its threshold, both minds at theirs."""
    return [
        _line(f"{name} ({len(library)})", "library", figures(library, parts.library.calibration.answer_at)),
        _line("", "library and Rasa", figures(both, answer_at)),
    ]


def _line(name: str, minds: str, found: dict[str, float]) -> str:
    return f"| {name} | {minds} | " + " | ".join(f"{found[column]:.3f}" for column in COLUMNS) + " |"


def report(lines: Sequence[str], bound: Threshold) -> str:
    """A Markdown table, and what the threshold of both promises."""
    head = ["questions", "minds", *COLUMNS]
    rule = "|---" * len(head) + "|"
    promise = f"answers from {bound.answer_at:.3f} on; wrong answers at most {bound.bound:.3f} of all questions"
    return "\n".join([f"| {' | '.join(head)} |", rule, *lines, "", promise])
