"""Each system built and asked in processes of its own, one after the other, with what comes back read as figures."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.bootstrap import ROOT
from bot.dialogue.rasa_environment import RasaEnvironment
from bot.peers import rasa_faq
from bot.peers.figures import Answer, Measured, certainty_of
from bot.peers.material import Texts
from bot.peers.terminal import ASKING, BUILDING
from bot.peers.worker import ASKED, OURS, RANKINGS
from knowledge.evaluate import GOLDEN, Labelled

RASA, HAYSTACK = "rasa", "haystack"
NAMES: Mapping[str, str] = {
    "bm25": "jieba + BM25 (bm25s)",
    "tfidf": "TF-IDF, nearest phrasing",
    "svc": "linear SVC",
    RASA: "Rasa ResponseSelector",
    HAYSTACK: "Haystack BM25",
    OURS: "ours",
}
_EVERY_SECONDS = 0.3
_TAIL_BYTES = 4000
_PASSING = re.compile(r"(\S+ \d+/\d+)\n?\Z")
_ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")


class SystemFailed(Exception):
    """A process ended badly. `doing` is what it was at, as `terminal` names it."""

    def __init__(self, doing: str, reason: str) -> None:
        super().__init__(f"{doing}: {reason}")
        self.doing = doing
        self.reason = reason


@dataclass(frozen=True)
class Questions:
    """A file of labelled questions, by the name it has in tables."""

    name: str
    path: Path
    labelled: tuple[Labelled, ...]


@dataclass(frozen=True)
class Round:
    """One comparison: a folder that holds the knowledge, the questions and whatever the systems make of them."""

    folder: Path
    texts: Texts
    files: tuple[Questions, ...]

    def put_questions(self, home: Path, encoder: str, warm: Sequence[str]) -> None:
        """Write what all are asked; `home` is where ours finds its calibration."""
        files = {
            one.name: {
                "questions": [each.question for each in one.labelled],
                "labels": [[each.expect, sorted(each.wanted)] for each in one.labelled],
                "golden": one.path.samefile(GOLDEN),
            }
            for one in self.files
        }
        asked = {"place": {"home": str(home), "encoder": encoder}, "warm": list(warm), "files": files}
        (self.folder / ASKED).write_text(json.dumps(asked, ensure_ascii=False), encoding="utf8")


@dataclass(frozen=True)
class Step:
    """A process that makes something or asks."""

    doing: str
    command: Sequence[str]
    where: Path
    variables: Mapping[str, str]


def measure(system: str, round_: Round, tell: Callable[[str, str], None]) -> dict[str, Measured]:
    """A system on every file. `tell(what is done, how far)` is called along the way. Raises `SystemFailed`."""
    (round_.folder / system).mkdir()
    build, ask = (_rasa if system == RASA else _python)(system, round_)
    began = time.monotonic()
    _run(build, round_.folder / system, tell)
    seconds = time.monotonic() - began
    _run(ask, round_.folder / system, tell)
    found = json.loads((round_.folder / system / RANKINGS).read_text(encoding="utf8"))
    name = NAMES[system] + ("" if found.get("calibrated", True) else ", not calibrated")
    return {
        one.name: Measured(name, _answers(one.labelled, found["rows"][one.name]), seconds, found["bytes"])
        for one in round_.files
    }


def _answers(labelled: Sequence[Labelled], rows: Sequence[dict[str, Any]]) -> tuple[Answer, ...]:
    return tuple(
        Answer(one, tuple(row["entries"]), certainty_of(row["score"], row["declined"]), row["ms"])
        for one, row in zip(labelled, rows, strict=True)
    )


def _python(system: str, round_: Round) -> tuple[Step, Step]:
    variables = {**os.environ, **_ONE_THREAD, "PYTHONWARNINGS": "ignore"}
    if system == HAYSTACK:
        variables["HOME"] = str(round_.folder / system)  # it would leave a file in whoever's
    worker = [sys.executable, "-m", "bot.peers.worker"]
    return (
        Step(BUILDING, [*worker, "build", system, str(round_.folder)], ROOT, variables),
        Step(ASKING, [*worker, "ask", system, str(round_.folder)], ROOT, variables),
    )


def _rasa(system: str, round_: Round) -> tuple[Step, Step]:
    folder = round_.folder / system
    environment = RasaEnvironment(ROOT, folder / "home")
    project = rasa_faq.lay_out(round_.texts, folder, rasa_faq.EPOCHS)
    ask = rasa_faq.asking(environment, round_.folder / ASKED, folder, folder / RANKINGS)
    return (
        Step(BUILDING, rasa_faq.training(environment, folder), project, rasa_faq.variables(environment, training=True)),
        Step(ASKING, ask, project, rasa_faq.variables(environment, training=False)),
    )


def _run(step: Step, folder: Path, tell: Callable[[str, str], None]) -> None:
    """Run to its end, telling how far it is by what it wrote last; ended with us, whatever happens here."""
    log = folder / "log"
    tell(step.doing, "")
    with log.open("wb") as said:
        process = subprocess.Popen(
            step.command,
            cwd=step.where,
            env=step.variables,
            stdin=subprocess.PIPE,  # Rasa's launcher ends when it does
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            while process.poll() is None:
                time.sleep(_EVERY_SECONDS)
                tell(step.doing, _passing(log))
        finally:
            process.kill()
            process.communicate()
    if process.returncode:
        lines = [line.strip() for line in _tail(log).splitlines() if line.strip()]
        raise SystemFailed(step.doing, lines[-1] if lines else str(process.returncode))


def _passing(log: Path) -> str:
    tail = _tail(log)
    found = _PASSING.search(tail)
    return found.group(1) if found else rasa_faq.percent_of(tail)


def _tail(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - _TAIL_BYTES))
        return file.read().decode("utf8", "replace")
