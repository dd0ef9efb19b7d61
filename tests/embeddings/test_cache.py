"""Vectors are remembered, and losing them loses only time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.cache import VectorCache
from tests.doubles import HashEncoder


@pytest.fixture
def cache(tmp_path: Path) -> VectorCache:
    return VectorCache(tmp_path / "vectors")


def test_only_texts_not_seen_before_are_encoded(cache: VectorCache) -> None:
    encoder = HashEncoder()
    _, first = cache.encode(encoder, ["退款", "结算"])
    _, second = cache.encode(encoder, ["退款", "结算", "分账"])
    assert (first, second, encoder.encoded) == (2, 1, 3)


def test_vectors_come_back_as_the_encoder_made_them_in_the_order_asked_for(cache: VectorCache) -> None:
    cache.encode(HashEncoder(), ["退款", "结算"])
    texts = ["结算", "退款", "结算"]
    rows, encoded = cache.encode(HashEncoder(), texts)
    np.testing.assert_allclose(rows, HashEncoder().encode(texts), atol=1e-6)
    assert (rows.dtype, encoded) == (np.float32, 0)


def test_another_encoder_never_gets_these_vectors(cache: VectorCache) -> None:
    cache.encode(HashEncoder(64), ["退款"])
    rows, encoded = cache.encode(HashEncoder(32), ["退款"])
    assert (rows.shape, encoded) == ((1, 32), 1)


def test_a_text_that_is_gone_is_forgotten_when_others_are_added(cache: VectorCache) -> None:
    encoder = HashEncoder()
    cache.encode(encoder, ["退款"])
    cache.encode(encoder, ["结算"])
    assert cache.encode(encoder, ["退款"])[1] == 1


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"not a file of vectors"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    encoder = HashEncoder()
    (tmp_path / f"vectors-{encoder.fingerprint}.npz").write_bytes(content)
    cache = VectorCache(tmp_path)
    assert cache.encode(encoder, ["退款"])[1] == 1
    assert cache.encode(encoder, ["退款"])[1] == 0


def test_a_cut_off_file_is_made_anew(tmp_path: Path) -> None:
    encoder = HashEncoder()
    VectorCache(tmp_path).encode(encoder, ["退款", "结算"])
    path = next(tmp_path.glob("vectors-*.npz"))
    path.write_bytes(path.read_bytes()[:200])
    assert VectorCache(tmp_path).encode(encoder, ["退款", "结算"])[1] == 2


def test_no_texts_need_no_file(tmp_path: Path) -> None:
    rows, encoded = VectorCache(tmp_path / "none").encode(HashEncoder(), [])
    assert (len(rows), encoded) == (0, 0)
    assert not (tmp_path / "none").exists()


def test_writing_leaves_no_draft_behind(tmp_path: Path) -> None:
    VectorCache(tmp_path).encode(HashEncoder(), ["退款"])
    assert [path.name for path in tmp_path.iterdir()] == ["vectors-hash-256.npz"]
