"""Another encoder between two starts: nothing made by the one before is served."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoder import SentenceEncoder
from knowledge.commands import run
from knowledge.confidence import CALIBRATION_FILE, Calibration
from knowledge.library import Library
from knowledge.place import Place
from knowledge.question import Language
from tests.builders import an_entry
from tests.doubles import HashEncoder
from tests.small_bert import small_bert

ENTRIES = [
    an_entry("refund-how-to", "怎么退款", "钱怎么退给客人", "退款在哪点", "客人要退钱", "退货退钱"),
    an_entry("settle-missing", "今天没结算", "结算款没到账", "结算怎么没来", "没收到结算", "结算款没到"),
    an_entry("invoice-apply", "怎么开票", "发票在哪开", "开发票", "发票怎么申请", "票怎么开"),
]
QUESTIONS = [
    ("想退款给客人", "refund-how-to"),
    ("退钱在哪", "refund-how-to"),
    ("客人退货要退款", "refund-how-to"),
    ("结算没有来", "settle-missing"),
    ("今天结算款呢", "settle-missing"),
    ("没到账结算款", "settle-missing"),
    ("申请发票", "invoice-apply"),
    ("哪里开票", "invoice-apply"),
    ("发票怎么开", "invoice-apply"),
    ("天气怎么样", None),
    ("讲个笑话", None),
    ("股票要不要买", None),
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("models")
    return small_bert(folder / "one"), small_bert(folder / "two", seed=1)


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> Language:
    return Language(cache_folder=tmp_path_factory.mktemp("words"))


def started(encoder: HashEncoder | SentenceEncoder, language: Language, folder: Path) -> Library:
    library = Library(language, encoder, Calibration.none(), folder)
    library.refresh(ENTRIES)
    return library


def found(library: Library, text: str) -> list[tuple[str, float]]:
    ranking = library.search(library.language.read(text))
    return [(one.entry, round(one.score, 6)) for one in ranking.candidates]


def test_an_index_and_a_cache_of_another_encoder_are_not_used(words: Language, tmp_path: Path) -> None:
    alone, after = HashEncoder(64), HashEncoder(64)
    wanted = found(started(alone, words, tmp_path / "alone"), "怎么退款")
    started(HashEncoder(256), words, tmp_path / "shared")
    library = started(after, words, tmp_path / "shared")
    assert after.encoded == alone.encoded - 1  # every text again; the one more was the question
    assert found(library, "怎么退款") == wanted


def test_going_back_to_the_encoder_before_gives_the_answers_of_before(
    words: Language, models: tuple[Path, Path], tmp_path: Path
) -> None:
    def numbers(model: Path) -> np.ndarray:
        library = started(SentenceEncoder(str(model), words.segmenter), words, tmp_path)
        return library.numbers(words.read("怎么退款"))[2]

    first, second, again = numbers(models[0]), numbers(models[1]), numbers(models[0])
    np.testing.assert_allclose(first, again, atol=1e-6)
    assert np.abs(first - second).max() > 1e-3


def test_one_command_calibrates_for_another_encoder_and_the_next_encoder_does_not_get_that(
    models: tuple[Path, Path], tmp_path: Path
) -> None:
    one, two = (Place(tmp_path, f"sqlite:///{tmp_path / 'db.sqlite3'}", str(model)) for model in models)
    engine, store = one.open()
    store.put_many(ENTRIES, "test", datetime(2026, 11, 22, tzinfo=UTC))
    engine.dispose()
    questions = tmp_path / "questions.jsonl"
    lines = [{"q": q, "entry": entry, "expect": "answer" if entry else "none"} for q, entry in QUESTIONS]
    questions.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf8")

    assert run(["calibrate", str(questions)], one) == 0
    kept = Calibration.read(tmp_path / "calibration.json")
    library = one.library(one.published())
    assert kept.encoder == library.encoder.fingerprint
    assert library.calibration == kept
    assert two.library(two.published()).calibration == Calibration.none()

    assert run(["calibrate", str(questions)], two) == 0
    assert Calibration.read(tmp_path / "calibration.json").encoder != kept.encoder
    assert one.library(one.published()).calibration == Calibration.none()


def test_a_calibration_of_another_encoder_is_passed_over_for_the_one_that_comes_along(tmp_path: Path) -> None:
    along = Calibration.read(CALIBRATION_FILE)
    replace(along, encoder="another").write(tmp_path / "calibration.json")
    assert Place(tmp_path, "").calibration(along.encoder) == along
    assert Place(tmp_path, "").calibration("a third") is None
