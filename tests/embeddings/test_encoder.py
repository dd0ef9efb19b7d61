"""Which encoder is loaded, and how it is told apart from others. What every encoder promises: tests/contracts."""

from __future__ import annotations

from pathlib import Path

import pytest

from embeddings.encoder import BUILT_IN, BUILT_IN_FOLDER, SentenceEncoder, feature_settings, fingerprint_of
from embeddings.errors import EncoderMissing
from embeddings.segment import Segmenter
from knowledge.confidence import Calibration

built_in = pytest.mark.skipif(not BUILT_IN_FOLDER.is_dir(), reason="the built-in model has not been trained")


@pytest.fixture(scope="module")
def encoder(segmenter: Segmenter) -> SentenceEncoder:
    return SentenceEncoder(BUILT_IN, segmenter)


@built_in
@pytest.mark.parametrize(
    ("question", "near", "far"),
    [
        ("退款多久到顾客账上", "钱退了客人说没收到 要几天", "分账比例怎么设"),
        ("签名验证失败", "验签报错", "台卡坏了想换"),
        ("今天的结算款没到", "昨天的钱怎么还没打到我卡里", "发票抬头怎么改"),
        ("通知收不到", "回调一直没有推过来", "怎么给店员开账号"),
    ],
)
def test_what_means_the_same_is_nearer_than_what_does_not(
    encoder: SentenceEncoder, question: str, near: str, far: str
) -> None:
    one, same, other = encoder.encode([question, near, far])
    assert one @ same > one @ other


@built_in
def test_the_calibration_that_comes_along_was_made_with_the_model_that_comes_along(encoder: SentenceEncoder) -> None:
    assert Calibration.read().encoder == encoder.fingerprint


@built_in
def test_the_model_says_what_it_was_trained_on() -> None:
    assert {"groups", "texts", "dimensions"} <= set(feature_settings())


def test_a_folder_without_a_model_is_no_encoder(segmenter: Segmenter, tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing) as refused:
        SentenceEncoder(str(tmp_path), segmenter)
    assert refused.value.name == str(tmp_path)
    assert "\n" not in refused.value.reason


def test_a_folder_that_is_not_there_is_no_encoder(segmenter: Segmenter, tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match="cannot load"):
        SentenceEncoder(str(tmp_path / "deep" / "nothing"), segmenter)


def test_a_folder_is_told_apart_by_the_names_and_contents_of_its_files(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"1")
    first = fingerprint_of(tmp_path)
    (tmp_path / "README.md").write_text("about it")
    assert fingerprint_of(tmp_path) == first
    (tmp_path / "weights").write_bytes(b"2")
    second = fingerprint_of(tmp_path)
    (tmp_path / "weights").rename(tmp_path / "other")
    assert len({first, second, fingerprint_of(tmp_path)}) == 3
