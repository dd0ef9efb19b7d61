"""One system in a process of its own: `python -m bot.peers.worker build|ask SYSTEM FOLDER`.

What it is to know and to be asked lies in the folder, and so does what it leaves. How far it is goes to standard
output, a line at a time. Its memory is what the process has grown by since before it imported anything.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.peers.systems import Scored

OURS = "ours"
ASKED, RANKINGS = "asked.json", "rankings.json"
_FIRST = 3
_WARM_UPS = 20
_TOLD_EVERY = 20


def main(arguments: Sequence[str]) -> int:
    """Build or ask; fails with a traceback, which whoever started it keeps."""
    doing, system, folder = arguments[0], arguments[1], Path(arguments[2])
    before = resident()
    if doing == "build":
        _build(system, folder)
        return 0
    asked = json.loads((folder / ASKED).read_text(encoding="utf8"))
    opened = _opened(system, folder, asked["place"])
    for question in asked["warm"][:_WARM_UPS]:
        opened.rank(question)
    rows = {name: _rows(opened.rank, one["questions"], name) for name, one in asked["files"].items()}
    left = {"rows": rows, "bytes": resident() - before, "calibrated": True}
    if system == OURS:  # the clock has been read: now what its figures are, by weights that had not seen the questions
        left["calibrated"] = opened.calibrated
        for name, judged in opened.unseen(asked["files"]).items():
            for row, better in zip(rows[name], judged, strict=True):
                row.update(better)
    (folder / system / RANKINGS).write_text(json.dumps(left, ensure_ascii=False), encoding="utf8")
    return 0


def resident() -> int:
    """Bytes this process holds in memory now; where the system does not say, the most it ever held."""
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def row_of(ranking: Scored, milliseconds: float) -> dict[str, Any]:
    """A ranking as it is judged: the first entries, the best one's score, and whether a matter came first."""
    from knowledge.uncovered import PREFIX

    entries = [(id_, score) for id_, score in ranking if not id_.startswith(PREFIX)]
    return {
        "entries": [id_ for id_, _ in entries[:_FIRST]],
        "score": entries[0][1] if entries else None,
        "declined": bool(ranking) and ranking[0][0].startswith(PREFIX),
        "ms": milliseconds,
    }


def _rows(rank: Callable[[str], Scored], questions: Sequence[str], name: str) -> list[dict[str, Any]]:
    rows = []
    for number, question in enumerate(questions, 1):
        began = time.perf_counter()
        ranking = rank(question)
        rows.append(row_of(ranking, (time.perf_counter() - began) * 1000))
        if number % _TOLD_EVERY == 0 or number == len(questions):
            sys.stdout.write(f"{name} {number}/{len(questions)}\n")
            sys.stdout.flush()
    return rows


def _opened(system: str, folder: Path, place: dict[str, str]) -> Any:
    if system == OURS:
        from bot.peers.ours import Ours

        return Ours(folder, place)
    from bot.peers.systems import PEERS

    peer = PEERS[system](folder / system)
    peer.load()
    return peer


def _build(system: str, folder: Path) -> None:
    from bot.peers.material import taken, texts_of

    if system == OURS:
        from bot.peers.ours import Ours

        Ours(folder, json.loads((folder / ASKED).read_text(encoding="utf8"))["place"])
        return
    from bot.peers.systems import PEERS

    PEERS[system](folder / system).build(texts_of(taken(folder)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
