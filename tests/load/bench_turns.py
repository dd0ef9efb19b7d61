"""How long a whole turn takes, over HTTP and with Rasa. Run: `.venv/bin/python -m tests.load.bench_turns`.

Starts the real service (`python -m bot up`, without rate limits) over a home of its own and talks to it: one merchant,
several at once, a hundred turns in one conversation; then kills Rasa with SIGKILL while several talk. Nothing here
asserts: figures are for people, and the machine's load stands beside them.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.bootstrap import ROOT
from bot.dialogue.rasa_environment import RasaEnvironment
from knowledge.entry import Entry
from knowledge.exchange import SEED, read_folder
from knowledge.uncovered import Uncovered
from tests.journeys.command import Command, get, home_at, processes_of, readiness, running
from tests.load.talkers import SCRIPTS, Answered, at_once, connected, converse, in_one_conversation, until_told

_MODELS = ROOT / ".pytest_cache" / "rasa"
_LONG_TURNS = 100
_EARLY, _LATE = 5, 100
_WARM_ROUNDS = 2
_CALM_SECONDS = 4.0
_GIVE_UP_SECONDS = 90.0


def say(line: str) -> None:
    print(f"[load {os.getloadavg()[0]:.1f}] {line}", flush=True)


@contextmanager
def service(home: Path, *options: str) -> Iterator[Command]:
    began = time.monotonic()
    with running("up", "--port", "0", *options, home=home, BOT_RATE_LIMITS="off", BOT_LOG_LEVEL="WARNING") as command:
        url = command.url()
        _, dialogue = readiness(url)
        say(f"service up after {time.monotonic() - began:.1f} s, led by: {dialogue['detail']}")
        yield command


def with_model(home: Path) -> None:
    """Put the model of the seed's entries where the service looks for it; trained only where it is not kept yet."""
    collection = read_folder(SEED)
    several: list[Entry | Uncovered] = [*collection.entries, *collection.uncovered]
    kept, wanted = RasaEnvironment(ROOT, _MODELS), RasaEnvironment(ROOT, home)
    kept.install(say)
    if not kept.model_of(several).exists():
        say("training Rasa on the seed, which is kept for the next run")
    model = kept.model(several)
    wanted.models.mkdir(parents=True)
    shutil.copy(model, wanted.model_of(several))


def shown(answered: Sequence[Answered]) -> str:
    took = [one.ms for one in answered]
    wrong = Counter(one.wrong for one in answered if one.wrong)
    more = f"; WRONG {dict(wrong)}" if wrong else ""
    return f"median {statistics.median(took):5.1f} ms, p95 {statistics.quantiles(took, n=20)[-1]:5.1f} ms{more}"


class Used:
    """Processor time of the service, of Rasa and of ourselves since this was made, in milliseconds a turn; and how many
    processors everything else on the machine took meanwhile."""

    def __init__(self, command: Command, home: Path) -> None:
        self._pids = {"service": [command.process.pid], "Rasa": processes_of(home), "merchants": [os.getpid()]}
        self._before, self._busy, self._began = self._now(), _busy_seconds(), time.monotonic()

    def _now(self) -> dict[str, float]:
        return {name: sum(map(_processor_seconds, pids)) for name, pids in self._pids.items()}

    def shown(self, turns: int) -> str:
        now = self._now()
        each = (f"{name} {(now[name] - self._before[name]) / turns * 1000:.1f}" for name in now if self._pids[name])
        ours = sum(now.values()) - sum(self._before.values())
        others = (_busy_seconds() - self._busy - ours) / (time.monotonic() - self._began)
        return f"processor ms a turn: {', '.join(each)}; others took {max(0.0, others):.1f} processors"


def _processor_seconds(pid: int) -> float:
    """What a process has used so far; 0 where the system does not say (it is not Linux)."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="utf8").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _busy_seconds() -> float:
    """What all processors have worked so far; 0 where the system does not say."""
    try:
        told = [int(one) for one in Path("/proc/stat").read_text(encoding="utf8").split("\n", 1)[0].split()[1:]]
    except OSError:
        return 0.0
    return (sum(told[:8]) - told[3] - told[4]) / os.sysconf("SC_CLK_TCK")  # idle, and waiting for a disk


def thought(url: str) -> tuple[float, float]:
    """Seconds of thinking so far, and in how many turns."""
    told = get(f"{url}/metrics")
    total, turns = (
        re.search(rf"^shangda_thought_seconds_{name} (\S+)", told, re.MULTILINE) for name in ("sum", "count")
    )
    return (float(total[1]), float(turns[1])) if total and turns else (0.0, 0.0)


def mean_of(url: str, rounds: int) -> tuple[list[Answered], float]:
    """One merchant through all scripts; also the mean of thinking in it, in milliseconds."""
    before = thought(url)
    answered = converse(url, SCRIPTS * rounds)
    after = thought(url)
    return answered, (after[0] - before[0]) / max(1.0, after[1] - before[1]) * 1000


def round_trip(url: str, times: int = 200) -> float:
    """Milliseconds for an answer that needs no thought, at the mean."""
    with connected(url) as http:
        http.get("/healthz")
        began = time.perf_counter()
        for _ in range(times):
            http.get("/healthz")
        return (time.perf_counter() - began) / times * 1000


def long_conversations(url: str, conversations: int) -> None:
    """Whether a conversation's hundredth turn takes longer than its fifth, which is the same message."""
    early, late, wrong = [], [], 0
    for place in range(conversations):
        answered = in_one_conversation(url, _LONG_TURNS)
        early.append(answered[_EARLY - 1].ms)
        late.append(answered[_LATE - 1].ms)
        wrong += sum(bool(one.wrong) for one in answered)
        say(f"  conversation {place + 1} of {conversations}: turn 5 {early[-1]:.1f} ms, turn 100 {late[-1]:.1f} ms")
    first, last = statistics.median(early), statistics.median(late)
    say(f"one conversation: 5th turn {first:.1f} ms, 100th {last:.1f} ms, ratio {last / first:.2f}; wrong {wrong}")


def killed(url: str, home: Path, talkers: int) -> None:
    """Rasa is killed while merchants talk: what they see of it, and when it is back."""
    enough = threading.Event()
    answered: list[Answered] = []
    talking = threading.Thread(target=lambda: answered.extend(until_told(url, talkers, enough.is_set)))
    talking.start()
    time.sleep(_CALM_SECONDS)
    for pid in processes_of(home):
        os.kill(pid, signal.SIGKILL)
    killed_at = time.monotonic()
    gone_after = _seconds_until(url, killed_at, well=False)
    say(f"  Rasa killed; /readyz knew after {gone_after:.1f} s")
    back_after = _seconds_until(url, killed_at, well=True)
    time.sleep(_CALM_SECONDS)
    enough.set()
    talking.join()
    wrong = sum(bool(one.wrong) for one in answered)
    slowest = max(one.ms for one in answered)
    say(f"Rasa killed under {talkers} conversations: back after {back_after:.1f} s")
    say(f"  {len(answered)} turns, {wrong} wrong; {shown(answered)}; slowest {slowest:.0f} ms")


def _seconds_until(url: str, since: float, *, well: bool) -> float:
    while time.monotonic() - since < _GIVE_UP_SECONDS:
        if readiness(url)[1]["well"] is well:
            return time.monotonic() - since
        time.sleep(0.1)
    return float("inf")


def shares(whole: float, thinking: float, plain: float | None, empty: float) -> None:
    """What a turn of one merchant is made of, in means."""
    rasa = f"Rasa {thinking - plain:.1f}, search and decision {plain:.1f}" if plain is not None else f"{thinking:.1f}"
    say(f"a turn of {whole:.1f} ms at the mean: thinking {thinking:.1f} ms ({rasa}), HTTP alone {empty:.1f} ms,")
    say(f"  session, recording and JSON {whole - thinking - empty:.1f} ms")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=15, help="how often a merchant goes through all scripts")
    options.add_argument("--talkers", type=int, default=8, help="conversations at once")
    options.add_argument("--long", type=int, default=7, help="conversations of a hundred turns")
    options.add_argument("--no-rasa", action="store_true")
    options.add_argument("--no-kill", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = home_at(Path(folder) / "home")
        if not given.no_rasa:
            with_model(home)
        with service(home, *(["--no-rasa"] if given.no_rasa else [])) as command:
            url = command.url()
            converse(url, SCRIPTS * _WARM_ROUNDS)
            used = Used(command, home)
            alone, thinking = mean_of(url, given.rounds)
            say(f"one merchant: {shown(alone)} ({len(alone)} turns)")
            say(f"  {used.shown(len(alone))}")
            used = Used(command, home)
            many, seconds = at_once(url, given.talkers, given.rounds)
            say(f"{given.talkers} at once: {len(many) / seconds:.0f} turns/s, {shown(many)} ({len(many)} turns)")
            say(f"  {used.shown(len(many))}")
            empty = round_trip(url)
            long_conversations(url, given.long)
            if not (given.no_rasa or given.no_kill):
                killed(url, home, given.talkers)
        plain = None
        if not given.no_rasa:
            with service(home, "--no-rasa") as command:
                converse(command.url(), SCRIPTS * _WARM_ROUNDS)
                without, plain = mean_of(command.url(), given.rounds)
                say(f"one merchant without Rasa: {shown(without)}")
        shares(statistics.mean(one.ms for one in alone), thinking, plain, empty)


if __name__ == "__main__":
    main()
