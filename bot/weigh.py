"""`python3 -m bot.weigh`: fits how the two minds are weighed, and measures what the second one is worth.

On the golden questions, each judged by weights fitted on the other four fifths; further files of labelled questions
(JSON lines with q, entry or entry_any, expect, intent) are only measured. `--write` keeps the weights.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from bot.bootstrap import ensure
from bot.conversation.case import Case
from bot.conversation.decide import decide
from bot.conversation.hearing import hear
from bot.conversation.joint import FILE, Joint, features, read_joint, shares, weigh
from bot.conversation.model import Conversation, Heard, Holder, State, Turn
from bot.conversation.policy import Policy
from bot.dialogue import setup
from bot.parts import Parts, open_parts
from bot.terminal import Progress
from knowledge.confidence import Floats
from knowledge.evaluate import GOLDEN, UNCOVERED_SHARE
from knowledge.library import Ranking

_FOLDS = 5
_RIDGE = 0.0002
_ASKED = ("answer", "answer_or_handoff", "clarify", "none")
"""What a question may be labelled to get; those that fixed rules decide (say, handoff, mask) tell nothing here."""


@dataclass(frozen=True)
class Seen:
    """A labelled question, and what each mind made of it."""

    right: frozenset[str]
    expect: str
    intent: str | None
    heard: Heard
    turn: Turn
    ranking: Ranking


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m bot.weigh", description=__doc__)
    parser.add_argument("--write", action="store_true", help="keep the fitted weights")
    parser.add_argument("files", nargs="*", type=Path, help="further labelled questions, only measured")
    options = parser.parse_args(arguments)
    settings = ensure("bot.weigh")
    environment, without = setup.had(settings.home)
    if environment is None:
        return 1
    parts = open_parts(settings, environment, without)
    try:
        parts.prepare()
        if parts.sidecar is None or not setup.await_started(parts.sidecar):
            return 1
        golden = list(look(parts, GOLDEN))
        joint = fit(golden)
        table = [(GOLDEN.name, folded(golden))]
        table += [(path.name, [(one, joint) for one in look(parts, path)]) for path in options.files]
        print(report(table, parts.policy()))
        print(json.dumps({name: round(value, 4) for name, value in asdict(joint).items()}))
        if options.write:
            joint.write(FILE)
        elif joint != read_joint():
            print(f"kept as it was: {FILE.name}; --write would put these weights in its place")
    finally:
        parts.close()
    return 0


def look(parts: Parts, path: Path) -> Iterator[Seen]:
    """Every question of a file that retrieval decides, as both minds see it."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf8").splitlines() if line.strip()]
    progress, now = Progress(), datetime.now(UTC)
    progress.phase(path.name)
    for number, row in enumerate(rows, 1):
        progress.detail(f"{number}/{len(rows)}")
        if row.get("expect", "answer") not in _ASKED:
            continue
        heard = hear(row["q"], now)
        turn = parts.dialogue.turn("weigh", heard, State(), None)
        ranking = parts.library.search(parts.library.language.read(heard.text), limit=24)
        right = [row["entry"]] if row.get("entry") else row.get("entry_any") or []
        yield Seen(frozenset(right), row.get("expect", "answer"), intent_of(row, parts), heard, turn, ranking)
    progress.end()


def intent_of(row: Mapping[str, Any], parts: Parts) -> str | None:
    """The intent a question is labelled with, or that of its entry; `out_of_scope` where no entry is right."""
    if row.get("intent"):
        return str(row["intent"])
    if row.get("entry"):
        return parts.intent_of(row["entry"])
    return "out_of_scope" if row.get("expect") == "none" else None


def fit(seen: Iterable[Seen]) -> Joint:
    """The weights under which the right entries are likeliest, lightly shrunk to 0.

    Questions without an entry count as often as they are assumed to come, not as often as the golden set holds them.
    """
    examples = [
        (features(one.ranking, one.turn.intents), target) for one in seen if (target := target_of(one)) is not None
    ]

    without = sum(target[-1] for _, target in examples)
    scale = UNCOVERED_SHARE / (1 - UNCOVERED_SHARE) * (len(examples) - without) / max(1.0, without)
    counts = np.array([scale if target[-1] else 1.0 for _, target in examples])

    def loss(weights: Floats) -> float:
        likely = [target @ np.log(shares(*numbers, weights) + 1e-12) for numbers, target in examples]
        return float(-counts @ likely / counts.sum() + _RIDGE * weights @ weights)

    found = minimize(loss, np.array([1.0, 0.0, 1.0, 0.0, 0.0, 0.0]), method="L-BFGS-B")
    return Joint(*map(float, found.x))


def target_of(one: Seen) -> Floats | None:
    """(candidates + 1,) shares of the right entries, “none” last; None where the right one is no candidate."""
    hits = np.array([candidate.entry in one.right for candidate in one.ranking.candidates] + [not one.right], float)
    return hits / hits.sum() if hits.any() else None


def folded(seen: Sequence[Seen]) -> list[tuple[Seen, Joint]]:
    """Each question with weights that were fitted without it."""
    fits = [fit([one for number, one in enumerate(seen) if number % _FOLDS != fold]) for fold in range(_FOLDS)]
    return [(one, fits[number % _FOLDS]) for number, one in enumerate(seen)]


def report(table: Iterable[tuple[str, Sequence[tuple[Seen, Joint]]]], policy: Policy) -> str:
    """A Markdown table: one line a file and mind."""
    lines = [
        "| questions | minds | right at 1 | answered | wrong of answered | asked back or declined rightly | intent |"
    ]
    lines += ["|---|---|---|---|---|---|---|"]
    for name, seen in table:
        lines.append(
            f"| {name} ({len(seen)}) | library | {_figures(seen, policy, lambda one, _: (one.ranking, Turn()))} |"
        )
        both: Callable[[Seen, Joint], tuple[Ranking, Turn]] = lambda one, joint: (  # noqa: E731 - two of a kind
            weigh(one.ranking, one.turn.intents, joint),
            one.turn,
        )
        lines.append(f"| | library and Rasa | {_figures(seen, policy, both)} |")
    return "\n".join(lines)


def _figures(
    seen: Sequence[tuple[Seen, Joint]], policy: Policy, minds: Callable[[Seen, Joint], tuple[Ranking, Turn]]
) -> str:
    first = answered = wrong = held = intents = 0
    for one, joint in seen:
        ranking, turn = minds(one, joint)
        decision = decide(Case(_CONVERSATION, replace(one.heard, codes=ranking.codes), turn, ranking, policy))
        given = decision.entry if decision.kind in ("answer", "form") else None
        asked = bool(one.right) and one.expect != "clarify"
        first += asked and bool(ranking.candidates) and ranking.candidates[0].entry in one.right
        answered += given is not None
        wrong += given is not None and given not in one.right
        held += given is None and one.expect in ("clarify", "none")
        intents += decision.intent == one.intent
    with_entry = sum(bool(one.right) and one.expect != "clarify" for one, _ in seen)
    to_hold = sum(one.expect in ("clarify", "none") for one, _ in seen)
    share = f"{wrong / answered:.1%}" if answered else "-"
    return f"{first}/{with_entry} | {answered} | {wrong} ({share}) | {held}/{to_hold} | {intents}/{len(seen)}"


_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_CONVERSATION = Conversation("weigh", "ask", "weigh", Holder.BOT, 0, State(), _NOW, _NOW)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
