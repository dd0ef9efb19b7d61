"""Rasa's own tester walks the stories of its project on a trained model, in a real process; a wrong story must fail."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.dialogue.rasa_environment import PROJECT
from tests.small_rasa import small_rasa

pytestmark = pytest.mark.slow

STORIES = PROJECT / "tests" / "test_stories.yml"
SECONDS = 180


def walked(stories: Path, folder: Path) -> tuple[dict[str, Any], str]:
    """How many stories went as they are told, of how many; and those that did not, as the tester writes them down."""
    environment, model = small_rasa()
    out = folder / "results"
    command = [*environment.command(), "test", "core", "--e2e", "--model", str(model), "--stories", str(stories)]
    command += ["--out", str(out), "--no-plot", "--endpoints", "none.yml"]
    reads, writes = os.pipe()  # the launcher ends with whoever holds the other end
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment.variables(),
            stdin=reads,
            capture_output=True,
            text=True,
            check=False,
            timeout=SECONDS,
        )
    finally:
        os.close(reads)
        os.close(writes)
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads((out / "story_report.json").read_text(encoding="utf8"))
    failed = (out / "failed_test_stories.yml").read_text(encoding="utf8")
    return {name: report["conversation_accuracy"][name] for name in ("correct", "total")}, failed


def test_every_story_goes_as_it_is_told(tmp_path: Path) -> None:
    told = yaml.safe_load(STORIES.read_text(encoding="utf8"))["stories"]
    counted, failed = walked(STORIES, tmp_path)
    assert counted == {"correct": len(told), "total": len(told)}, failed


WRONG = {
    "understood": [
        {"user": "怎么设置分账比例?", "intent": "set_split_ratio"},
        {"action": "guide_form"},
    ],
    "another intent": [
        {"user": "怎么设置分账比例?", "intent": "invoice_apply"},
        {"action": "action_understood"},
    ],
    "a guide that goes on as a ticket": [
        {"active_loop": "guide_form"},
        {"slot_was_set": [{"requested_slot": "answer"}]},
        {"user": "发票怎么开", "intent": "invoice_apply"},
        {"action": "ticket_form"},
    ],
    "a ticket that ends in silence": [
        {"active_loop": "ticket_form"},
        {"slot_was_set": [{"requested_slot": "answer"}]},
        {"user": "发票怎么开", "intent": "invoice_apply"},
        {"action": "ticket_form"},
        {"active_loop": None},
        {"slot_was_set": [{"requested_slot": None}]},
        {"user": "怎么设置分账比例?", "intent": "set_split_ratio"},
        {"action": "action_understood"},
    ],
}


def test_every_story_that_is_told_otherwise_fails(tmp_path: Path) -> None:
    told = {"version": "3.1", "stories": [{"story": name, "steps": steps} for name, steps in WRONG.items()]}
    (tmp_path / "test_wrong.yml").write_text(yaml.safe_dump(told, allow_unicode=True), encoding="utf8")
    counted, failed = walked(tmp_path / "test_wrong.yml", tmp_path)
    assert counted == {"correct": 0, "total": len(WRONG)}, failed
    assert all(name in failed for name in WRONG)
