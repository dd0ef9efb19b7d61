"""One suite for every encoder: the fake that needs nothing, the built-in model, and a transformer as others use."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.encoder import BUILT_IN, BUILT_IN_FOLDER, Encoder, SentenceEncoder
from knowledge.question import Language
from tests.doubles import HashEncoder
from tests.small_bert import small_bert

TEXTS = ["怎么退款", "退款多久到账", "orderpaid 是什么", "结算卡怎么换"]


def make(kind: str, folder: Path) -> Encoder:
    if kind == "hash":
        return HashEncoder()
    segmenter = Language(cache_folder=folder).segmenter
    if kind == "transformer":
        return SentenceEncoder(str(small_bert(folder / "bert")), segmenter)
    if not BUILT_IN_FOLDER.is_dir():
        pytest.skip("the built-in model has not been trained")
    return SentenceEncoder(BUILT_IN, segmenter)


@pytest.fixture(scope="module", params=["hash", "built-in", "transformer"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def encoder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    return make(kind, tmp_path_factory.mktemp("dictionary"))


def test_each_text_is_a_row_of_unit_length(encoder: Encoder) -> None:
    rows = encoder.encode(TEXTS)
    assert rows.shape[0] == len(TEXTS)
    assert (rows.ndim, rows.dtype) == (2, np.float32)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)


def test_a_question_is_a_row_like_those_it_is_compared_with(encoder: Encoder) -> None:
    rows, found = encoder.encode_questions(TEXTS), encoder.encode(TEXTS)
    assert (rows.shape, rows.dtype) == (found.shape, np.float32)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-5)
    assert (rows @ found.T).argmax(axis=1).tolist() == list(range(len(TEXTS)))


def test_a_text_has_the_same_vector_alone_and_among_others(encoder: Encoder) -> None:
    rows = encoder.encode([*TEXTS, TEXTS[0]])
    np.testing.assert_allclose(rows[-1], rows[0], atol=1e-6)
    np.testing.assert_allclose(encoder.encode([TEXTS[1]])[0], rows[1], atol=1e-6)


@pytest.mark.parametrize("text", ["", " ", "☃", "\ufffd"])
def test_a_text_that_says_nothing_is_a_number_all_the_same(encoder: Encoder, text: str) -> None:
    length = float(np.linalg.norm(encoder.encode([text])[0]))
    assert length == pytest.approx(0.0, abs=1e-5) or length == pytest.approx(1.0, abs=1e-5)


def test_texts_that_share_their_words_are_nearer_than_those_that_do_not(encoder: Encoder) -> None:
    one, near, far = encoder.encode(["怎么退款", "退款怎么弄", "结算卡怎样更换"])
    assert one @ near > one @ far


def test_a_very_long_text_is_encoded_too(encoder: Encoder) -> None:
    assert np.isfinite(encoder.encode(["退款失败" * 500])).all()


def test_the_fingerprint_is_the_same_for_the_same_encoder(encoder: Encoder, kind: str, tmp_path: Path) -> None:
    again = make(kind, tmp_path)
    assert again.fingerprint == encoder.fingerprint
    np.testing.assert_allclose(again.encode(TEXTS), encoder.encode(TEXTS), atol=1e-6)
