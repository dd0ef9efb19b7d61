"""The sidecar with a process that behaves, or does not; the real Rasa is in tests/contracts/test_dialogue.py."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from bot.dialogue import launcher, process, sidecar
from bot.dialogue.leading import Leading
from bot.dialogue.rasa_environment import RasaUnavailable
from bot.dialogue.sidecar import NotStarted, Sidecar, Stage
from tests.dialogue.obedient import Make, alive, until


def test_it_comes_back_at_once_and_has_an_address_only_when_ready(make: Make) -> None:
    began = time.monotonic()
    one = make()
    assert time.monotonic() - began < 0.5
    assert one.address() is None
    assert one.wait_ready(10)
    address = one.address()
    assert address is not None
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address.url)


def test_rasa_is_started_on_loopback_with_a_token_nobody_can_read(make: Make, tmp_path: Path) -> None:
    one = make()
    assert one.wait_ready(10)
    address = one.address()
    assert address is not None
    seen = (tmp_path / "seen.json").read_text(encoding="utf8")
    assert "--enable-api" in seen
    assert '"--interface", "127.0.0.1"' in seen
    assert address.token in seen
    assert address.token not in str(re.findall(r'"arguments": \[.*?\]', seen))
    assert re.search(r"http://127\.0\.0\.1:\d+/webhook", seen)
    assert "{{" not in seen
    assert "0o100600" in seen


def test_it_is_warmed_up_before_it_is_ready(make: Make, tmp_path: Path) -> None:
    assert make().wait_ready(10)
    assert (tmp_path / "parsed").read_text(encoding="utf8").startswith("/model/parse?token=")


def test_killed_it_is_started_again_with_another_token(make: Make) -> None:
    one = make()
    assert one.wait_ready(10)
    before, pid = one.address(), one.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: one.address() not in (before, None))
    assert one.starts == 2


def test_one_that_hangs_is_ended_and_started_again(make: Make, tmp_path: Path) -> None:
    one = make()
    assert one.wait_ready(10)
    (tmp_path / "hang").touch()
    until(lambda: one.address() is None)
    (tmp_path / "hang").unlink()
    assert one.wait_ready(10)
    assert one.starts >= 2


def starts_reach(one: Sidecar, count: int) -> bool:
    return one.starts >= count


def test_one_that_cannot_start_is_tried_again_at_growing_intervals(
    make: Make, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sidecar, "_SHORTEST_PAUSE_SECONDS", 0.2)
    one = make("ends")
    moments: list[float] = []
    for count in (1, 2, 3, 4):
        until(partial(starts_reach, one, count))
        moments.append(time.monotonic())
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert gaps[2] > gaps[0] + 0.3
    assert not one.ready()
    assert "it ended with status 3" in caplog.text


def test_one_that_cannot_parse_is_never_ready(make: Make) -> None:
    one = make("broken")
    until(lambda: one.starts >= 2)
    assert not one.ready()


def test_a_model_that_cannot_be_had_yet_is_asked_for_again(make: Make, tmp_path: Path) -> None:
    asked = []

    def model() -> Path:
        asked.append(1)
        if len(asked) < 3:
            raise RasaUnavailable("not-trained", "no room")
        return tmp_path / "model.tar.gz"

    assert make("well", model).wait_ready(10)
    assert len(asked) == 3


@pytest.mark.parametrize("mode", ["well", "stays"])
def test_stopping_ends_the_process_within_five_seconds_and_clears_up(make: Make, tmp_path: Path, mode: str) -> None:
    one = make(mode)
    assert one.wait_ready(10)
    pid = one.pid
    assert pid is not None
    began = time.monotonic()
    one.stop()
    assert time.monotonic() - began < 5
    assert not one.ready()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert list((tmp_path / "rasa" / "run").iterdir()) == []


def test_what_a_killed_process_of_ours_left_is_cleared_away(make: Make, tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (str(ended.pid), str(os.getppid())):
        (tmp_path / "rasa" / "run" / name).mkdir(parents=True)
    assert make().wait_ready(10)
    left = {path.name for path in (tmp_path / "rasa" / "run").iterdir()}
    assert left == {str(os.getpid()), str(os.getppid())}


def test_what_it_says_is_kept_without_the_words_of_merchants(make: Make, tmp_path: Path) -> None:
    assert make().wait_ready(10)
    log = until(lambda: (tmp_path / "logs" / "rasa.log").read_text(encoding="utf8"))
    until(lambda: "timeout" in (tmp_path / "logs" / "rasa.log").read_text(encoding="utf8"))
    log = (tmp_path / "logs" / "rasa.log").read_text(encoding="utf8")
    assert "started" in log
    assert '{"text": ..., "event": "timeout"} ...' in log
    assert "8812345678" not in log


def test_its_log_is_rotated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_LOG_BYTES", 1000)
    talker = subprocess.Popen([sys.executable, "-c", "for i in range(200): print('line', i)"], stdout=subprocess.PIPE)
    journal = process.journal_at(tmp_path / "rasa.log")
    process.keep_log(talker, journal)
    journal.close()
    talker.wait()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rasa.log", *(f"rasa.log.{n}" for n in (1, 2, 3))]
    assert all(path.stat().st_size <= 1000 for path in tmp_path.iterdir())


def test_the_launcher_ends_when_its_parent_has_even_if_that_was_killed(tmp_path: Path) -> None:
    child = f"import sys; sys.path.insert(0, {str(Path(launcher.__file__).parent)!r})\n"
    child += (
        "import launcher, threading, time; threading.Thread(target=launcher.end_with_parent, daemon=True).start()\n"
    )
    child += "print('up', flush=True); time.sleep(60)"
    parent = "import subprocess, sys, time\n"
    parent += f"p = subprocess.Popen([sys.executable, '-c', {child!r}], stdin=subprocess.PIPE)\n"
    parent += "print(p.pid, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as outer:
        assert outer.stdout is not None
        said = {outer.stdout.readline().strip() for _ in range(2)}
        outer.kill()
        pid = int(next(iter(said - {"up"})))
        until(lambda: not alive(pid))


def test_a_start_of_its_own_accord_is_told_once_and_quietly(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "bot.dialogue.sidecar"):
        one = make()
        assert one.wait_ready(10)
        assert [record for record in caplog.records if record.name == "bot.dialogue.sidecar"] == []
        assert one.pid is not None
        os.kill(one.pid, signal.SIGKILL)
        until(lambda: one.starts == 2)
        assert one.wait_ready(10)
    told = [record.getMessage() for record in caplog.records if record.name == "bot.dialogue.sidecar"]
    assert [line.split(" after ")[0] for line in told] == ["Rasa ended with status -9", "Rasa is ready"]


def test_how_far_it_has_come_is_known_and_why_it_failed(make: Make, tmp_path: Path) -> None:
    asked, answer = threading.Event(), threading.Event()

    def model() -> Path:
        asked.set()
        assert answer.wait(10)
        return tmp_path / "bad.tar.gz"

    one = make("well", model)
    assert asked.wait(10)
    assert (one.stage()[0], one.settled(0.1), one.failure) == (Stage.MODEL, False, None)
    answer.set()
    assert one.settled(10)
    assert isinstance(one.failure, NotStarted)
    assert not one.ready()


def test_stopping_abandons_a_training(tmp_path: Path) -> None:
    asked, abandoned = threading.Event(), threading.Event()

    def model() -> Path:
        asked.set()
        assert abandoned.wait(10)
        raise RasaUnavailable("not-trained", "it was abandoned")

    one = Sidecar([sys.executable], dict, tmp_path, model, Leading({}), abandoned.set)
    one.start()
    assert asked.wait(10)
    began = time.monotonic()
    one.stop()
    assert time.monotonic() - began < 4
    assert one.stage()[0] is Stage.STOPPED
    assert one.failure is None


def test_the_memory_that_is_free_is_known_here() -> None:
    assert 0 < process.free_memory() < 1 << 50
