"""Thresholds follow what is published, which encoder reads it and what the organisation allows, in the background."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot.conversation.joint import Joint
from bot.conversation.model import Turn
from bot.parts import Parts
from bot.tuning import Seen, Tuner, joint_of, judged, target_of, tuned
from knowledge.confidence import Calibration
from knowledge.evaluate import Labelled
from knowledge.library import Library
from tests.builders import a_ranking, an_entry, heard
from tests.conftest import fresh_database
from tests.doubles import Clock, HashEncoder
from tests.journeys.shop import parts_over, prepared

SAID = {
    "refund": ["怎么退款", "钱怎么退给顾客", "退款在哪点", "顾客要退钱", "退货退钱怎么弄", "把钱还给客人"],
    "split": ["分账失败", "分账报错怎么办", "分不了账", "分账一直不成功", "给对方分账报错", "分账怎么失败了"],
}
OUTSIDE = ["今天天气怎么样", "明天下雨吗", "外面冷不冷", "周末会下雪吗"]


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    with fresh_database("sqlite", request) as engine:
        yield engine


@pytest.fixture
def parts(engine: Engine, clock: Clock, tmp_path: Path) -> Iterator[Parts]:
    """Parts of their own over a small library that nothing was fitted for."""
    ready = prepared()
    library = Library(ready.library.language, HashEncoder(), Calibration.none(), tmp_path / "index")
    environment = replace(ready.environment, home=tmp_path)  # type: ignore[type-var]
    parts = replace(
        parts_over(engine, clock), library=library, encoder=library.encoder, environment=environment, _terms=None
    )
    for id_, said in SAID.items():
        parts.store.put(an_entry(id_, *said[::2]), "lin", clock())
    parts.refresh()
    yield parts
    parts.close()


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    rows = [{"q": text, "entry": id_} for id_, said in SAID.items() for text in said]
    rows += [{"q": text, "expect": "none"} for text in OUTSIDE]
    path = tmp_path / "golden.jsonl"
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf8")
    return path


def test_a_calibration_is_fitted_for_what_is_served_and_kept(parts: Parts, questions: Path) -> None:
    tuner = Tuner(parts, questions)
    assert tuner.due() is not None
    assert tuner.tick() is True
    assert tuner.due() is None
    kept = Calibration.read(parts.environment.home / "calibration.json")
    assert kept == parts.library.calibration
    assert kept.belongs_to(parts.encoder.fingerprint, parts.library.release, parts.wrong_rate())


def test_it_is_fitted_anew_after_every_publication(parts: Parts, questions: Path, clock: Clock) -> None:
    tuner = Tuner(parts, questions)
    tuner.tick()
    before = parts.library.calibration
    parts.store.put(an_entry("invoice", "怎么开票", "发票抬头怎么改"), "lin", clock())
    parts.refresh()
    assert tuner.due() is not None
    tuner.tick()
    assert parts.library.calibration.release != before.release


def test_it_is_fitted_anew_when_the_allowed_rate_changes(parts: Parts, questions: Path, clock: Clock) -> None:
    tuner = Tuner(parts, questions)
    tuner.tick()
    parts.profile.set("wrong_answer_rate", 0.2, "lin", clock())
    assert tuner.due() is not None
    tuner.tick()
    assert parts.library.calibration.wrong_rate == 0.2


def test_one_that_is_stopped_leaves_everything_as_it_was(parts: Parts, questions: Path) -> None:
    tuner = Tuner(parts, questions)
    tuner.stop()
    before = parts.library.calibration
    assert tuner.tick() is False
    assert parts.library.calibration is before


def test_a_calibration_of_another_encoder_is_never_used(parts: Parts, questions: Path) -> None:
    Tuner(parts, questions).tick()
    foreign = replace(parts.library.calibration, encoder="another")
    foreign.write(parts.environment.home / "calibration.json")
    parts.settle_calibration()
    assert parts.library.calibration.encoder == parts.encoder.fingerprint


def seen(right: str, intent: str, expect: str = "answer") -> Seen:
    ranking = a_ranking(("refund-how", 0.4), ("refund-late", 0.4), none=0.2)
    turn = Turn(intent, 0.9, intents=((intent, 0.9),))
    return Seen(Labelled("退款", expect, frozenset({right} if right else ())), heard("退款"), turn, ranking)


@pytest.mark.parametrize(
    ("right", "expect", "target"),
    [
        ("refund-late", "answer", [0.0, 1.0, 0.0, 0.0]),
        ("", "none", [0.0, 0.0, 1.0, 0.0]),
        ("refund-how", "clarify", [0.0, 0.0, 0.0, 1.0]),
    ],
)
def test_a_question_aims_at_what_was_labelled(right: str, expect: str, target: list[float]) -> None:
    found = target_of(seen(right, "refund_how", expect))
    assert found is not None
    assert found.tolist() == target


def test_a_question_whose_entry_is_no_candidate_teaches_nothing() -> None:
    assert target_of(seen("elsewhere", "refund_how")) is None


def test_both_minds_get_a_threshold_of_their_own_that_was_bounded() -> None:
    several = [seen(right, right.replace("-", "_")) for right in ("refund-how", "refund-late") * 300]
    joint, bound = tuned(several, 0.03, "encoder", "model", "release")
    assert joint.belongs_to("encoder", "release", 0.03, "model")
    assert joint.answer_at == bound.answer_at < 1.0
    assert bound.bound <= 0.03
    assert all(judged(one, joint).right for one in several)


def test_weights_of_another_encoder_are_not_taken_from_home(tmp_path: Path) -> None:
    own = Joint(1.0, 0.5, 1.0, 0.5, -1.0, 2.0, 1.0, 0.1, 0.6, "mine", "q", "r", 0.03, "m")
    own.write(tmp_path / "joint.json")
    assert joint_of(tmp_path, "mine") == own
    assert joint_of(tmp_path, "another") != own
