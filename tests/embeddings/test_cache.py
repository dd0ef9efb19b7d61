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


def pieces(folder: Path) -> list[Path]:
    return sorted(folder.rglob("piece-*"))


def test_a_new_text_is_added_and_nothing_is_written_again(tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    cache.encode(HashEncoder(), ["退款", "结算"])
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.npy")}
    cache.encode(HashEncoder(), ["分账"])
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(pieces(tmp_path)) == 2


def test_texts_that_are_not_asked_for_are_kept(cache: VectorCache) -> None:
    encoder = HashEncoder()
    cache.encode(encoder, ["退款"])
    cache.encode(encoder, ["结算"])
    assert cache.encode(encoder, ["退款", "结算"])[1] == 0


def test_texts_that_are_gone_are_forgotten_once_they_are_most(cache: VectorCache) -> None:
    encoder = HashEncoder()
    cache.encode(encoder, ["退款", "结算", "分账"])
    cache.encode(encoder, ["退款"], whole=True)
    assert cache.encode(encoder, ["退款"])[1] == 0
    assert cache.encode(encoder, ["结算"])[1] == 1


def test_many_pieces_are_joined_and_nothing_is_lost(tmp_path: Path) -> None:
    cache, encoder = VectorCache(tmp_path), HashEncoder()
    texts = [f"退款{number}" for number in range(40)]
    for text in texts:
        cache.encode(encoder, [text])
    assert len(pieces(tmp_path)) < 20
    rows, encoded = cache.encode(encoder, texts)
    assert encoded == 0
    np.testing.assert_allclose(rows, HashEncoder().encode(texts), atol=1e-6)


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY cut off", b"not a file of vectors"])
@pytest.mark.parametrize("lost", ["keys.npy", "vectors.npy"])
def test_a_damaged_piece_is_made_anew(tmp_path: Path, lost: str, content: bytes) -> None:
    encoder = HashEncoder()
    VectorCache(tmp_path).encode(encoder, ["退款"])
    (pieces(tmp_path)[0] / lost).write_bytes(content)
    assert VectorCache(tmp_path).encode(encoder, ["退款"])[1] == 1
    assert VectorCache(tmp_path).encode(encoder, ["退款"])[1] == 0


@pytest.mark.parametrize("lost", ["keys.npy", "vectors.npy"])
def test_a_cut_off_piece_is_made_anew(tmp_path: Path, lost: str) -> None:
    encoder = HashEncoder()
    VectorCache(tmp_path).encode(encoder, ["退款", "结算"])
    path = pieces(tmp_path)[0] / lost
    path.write_bytes(path.read_bytes()[:-8])
    rows, encoded = VectorCache(tmp_path).encode(encoder, ["退款", "结算"])
    assert encoded == 2
    np.testing.assert_allclose(rows, HashEncoder().encode(["退款", "结算"]), atol=1e-6)


def test_a_piece_that_was_being_written_counts_for_nothing(tmp_path: Path) -> None:
    encoder = HashEncoder()
    VectorCache(tmp_path).encode(encoder, ["退款"])
    piece = pieces(tmp_path)[0]
    piece.rename(piece.with_name("draft-0"))
    assert VectorCache(tmp_path).encode(encoder, ["退款"])[1] == 1


def test_no_texts_need_no_file(tmp_path: Path) -> None:
    rows, encoded = VectorCache(tmp_path / "none").encode(HashEncoder(), [])
    assert (len(rows), encoded) == (0, 0)
    assert not (tmp_path / "none").exists()


def test_writing_leaves_no_draft_behind(tmp_path: Path) -> None:
    VectorCache(tmp_path).encode(HashEncoder(), ["退款"])
    assert list(tmp_path.rglob("draft-*")) == []
