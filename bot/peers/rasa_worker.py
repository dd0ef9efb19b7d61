"""Runs inside Rasa's own Python (3.8-3.10): asks a trained model every question and leaves the rankings in a file.

`rasa_worker.py MODEL ASKED LEFT`. Nothing of ours can be imported here, and Rasa only by name. Only `parse_message` is
timed, the way from a text to ranked responses; no server and no HTTP stands between.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import resource
import sys
import time
from pathlib import Path
from typing import Any

_WARM_UPS = 20
_FIRST = 3
_TOLD_EVERY = 20
_OUTSIDE = "none-"
"""Ids of uncovered matters begin so, as in `knowledge.uncovered`."""


def main(arguments: list[str]) -> int:
    model, asked, left = arguments
    before = resident()
    sys.modules["jax"] = None  # type: ignore[assignment] # nothing here wants it; as the launcher has it
    importlib.import_module("rasa.utils.log_utils").configure_structlog(logging.ERROR)
    agent = importlib.import_module("rasa.core.agent").Agent.load(model)
    questions = json.loads(Path(asked).read_text(encoding="utf8"))
    rows = asyncio.run(answers(agent, questions))
    content = {"rows": rows, "bytes": resident() - before}
    Path(left).write_text(json.dumps(content), encoding="utf8")
    return 0


def resident() -> int:
    """Bytes this process holds in memory now; where the system does not say, the most it ever held."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


async def answers(agent: Any, asked: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows of every file, after a few questions that warm up."""
    for question in asked["warm"][:_WARM_UPS]:
        await agent.parse_message(plain(question))
    rows: dict[str, list[dict[str, Any]]] = {}
    for name, one in asked["files"].items():
        rows[name] = []
        for number, question in enumerate(one["questions"], 1):
            began = time.perf_counter()
            parsed = await agent.parse_message(plain(question))
            rows[name].append(row_of(parsed, (time.perf_counter() - began) * 1000))
            if number % _TOLD_EVERY == 0 or number == len(one["questions"]):
                sys.stdout.write(f"{name} {number}/{len(one['questions'])}\n")
                sys.stdout.flush()
    return rows


def plain(question: str) -> str:
    """A text that begins with a stroke would be a command to Rasa."""
    unicodedata = importlib.import_module("unicodedata")
    text: str = " ".join(unicodedata.normalize("NFKC", question).lower().split())
    return text.lstrip("/ ") or "-"


def row_of(parsed: dict[str, Any], milliseconds: float) -> dict[str, Any]:
    """A parsed message as it is judged: the first entries, the best one's confidence, and whether a matter came
    first."""
    selected = parsed["response_selector"]
    ranking: list[dict[str, Any]] = selected.get("faq", {}).get("ranking", [])
    ranked = [(one["intent_response_key"].partition("/")[2], one["confidence"]) for one in ranking]
    entries = [(id_, confidence) for id_, confidence in ranked if not id_.startswith(_OUTSIDE)]
    return {
        "entries": [id_ for id_, _ in entries[:_FIRST]],
        "score": entries[0][1] if entries else None,
        "declined": bool(ranked) and ranked[0][0].startswith(_OUTSIDE),
        "ms": milliseconds,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
