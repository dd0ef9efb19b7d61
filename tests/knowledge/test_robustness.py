"""What a slip costs is counted on the questions it changes; the command shows it and draws it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge import robustness
from knowledge.commands import run
from knowledge.confidence import Calibration
from knowledge.evaluate import Labelled
from knowledge.library import Library
from knowledge.place import Place
from knowledge.question import Language
from knowledge.robustness import Cost, costs, slipped
from knowledge.slips import Slip
from tests.builders import an_entry
from tests.doubles import HashEncoder

QUESTIONS = [
    Labelled("打印机没纸了怎么换", "answer", frozenset({"paper"})),
    Labelled("打印机怎么换纸", "answer", frozenset({"paper"})),
    Labelled("抽屉打不开", "answer", frozenset({"drawer"})),
    Labelled("今天下雨吗", "none", frozenset()),
]
BLANK = Slip("blank", lambda text, _: "完全别的话" if "纸" in text else None)
SAME = Slip("same", lambda text, _: f"{text}。")


@pytest.fixture(scope="module")
def library(language: Language, tmp_path_factory: pytest.TempPathFactory) -> Library:
    certain = replace(Calibration.none(), answer_at=0.0)
    library = Library(language, HashEncoder(), certain, tmp_path_factory.mktemp("library"))
    library.refresh(
        [
            an_entry("paper", "打印机没纸了怎么换", "打印机怎么换纸", "换纸"),
            an_entry("drawer", "抽屉打不开", "钱箱弹不出来", "完全别的话"),
        ]
    )
    return library


def test_only_questions_that_a_slip_changes_are_counted() -> None:
    assert [(place, one.question) for place, one in slipped(QUESTIONS, BLANK)] == [(0, "完全别的话"), (1, "完全别的话")]
    assert all(one.wanted == QUESTIONS[place].wanted for place, one in slipped(QUESTIONS, SAME))


def test_costs_are_those_counted_by_hand(library: Library) -> None:
    blank, same = costs(library, QUESTIONS, [BLANK, SAME])
    assert blank == Cost("blank", 2, 2, 2, 0, 0.0, 2.0)
    assert blank.lost == 100.0
    assert same == Cost("same", 4, 3, 3, 3, 1.0, 1.0)
    assert same.lost == 0.0


def test_a_slip_that_changes_nothing_costs_nothing(library: Library) -> None:
    (cost,) = costs(library, QUESTIONS, [Slip("never", lambda *_: None)])
    assert cost == Cost("never", 0, 0, 0, 0, 0.0, 0.0)
    assert cost.lost == 0.0


def test_progress_ends_where_it_said_it_would(library: Library) -> None:
    told: list[tuple[int, int]] = []
    costs(library, QUESTIONS, [SAME, BLANK], lambda done, of: told.append((done, of)))
    assert told[-1] == (12, 12)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_the_command_shows_every_slip_and_draws_a_picture(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "q.jsonl"
    lines = [{"q": one.question, "entry": min(one.wanted, default=None), "expect": one.expect} for one in QUESTIONS]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf8")
    monkeypatch.setattr(Place, "library", lambda *_: library)
    monkeypatch.setenv("COLUMNS", "200")
    place = Place(tmp_path, f"sqlite:///{tmp_path / 'shangda.db'}")
    assert run(["robustness", str(path), "--every", "2"], place) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in robustness.SLIPS.values())
    assert (tmp_path / "evaluation" / "robustness.png").read_bytes().startswith(b"\x89PNG")
