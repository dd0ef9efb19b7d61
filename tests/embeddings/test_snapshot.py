"""An index is built whole, written down whole, and read back the same or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embeddings.cache import VectorCache
from embeddings.errors import SnapshotUnreadable
from embeddings.fuse import Weights
from embeddings.hybrid import Hybrid
from embeddings.segment import Segmenter
from embeddings.snapshot import Snapshot, build, latest, load, save
from embeddings.texts import Text, fingerprint_of
from tests.doubles import HashEncoder

TEXTS = [
    Text("split", "分账失败", "分帐失败"),
    Text("refund", "怎么退款", "怎么退款？"),
    Text("refund", "退款入口在哪", "退款入口在哪"),
    Text("split", "分账比例怎么设", "分账比例怎么设"),
    Text("invoice", "怎么开票", "怎么开飘"),
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> VectorCache:
    return VectorCache(tmp_path_factory.mktemp("vectors"))


@pytest.fixture(scope="module")
def snapshot(segmenter: Segmenter, cache: VectorCache) -> Snapshot:
    return build(TEXTS, HashEncoder(), segmenter, cache)


@pytest.fixture
def saved(snapshot: Snapshot, tmp_path: Path) -> Path:
    return save(snapshot, tmp_path, HashEncoder(), "mark")


def test_ids_come_in_order_and_each_row_knows_its_own(snapshot: Snapshot) -> None:
    assert snapshot.ids == ("invoice", "refund", "split")
    assert [snapshot.ids[owner] for owner in snapshot.base.owners] == [text.id for text in snapshot.base.texts]
    assert [text.id for text in snapshot.held()] == ["invoice", "refund", "refund", "split", "split"]


def test_the_parts_are_told_as_they_are_made(segmenter: Segmenter, cache: VectorCache) -> None:
    told: list[str] = []
    build(TEXTS, HashEncoder(), segmenter, cache, told.append)
    assert told == ["vectors", "words", "judges"]


def test_a_snapshot_of_nothing_is_refused(segmenter: Segmenter, cache: VectorCache) -> None:
    with pytest.raises(ValueError, match="at least one"):
        build([], HashEncoder(), segmenter, cache)


def test_building_again_encodes_only_what_is_new(segmenter: Segmenter, tmp_path: Path) -> None:
    cache = VectorCache(tmp_path)
    first = build(TEXTS[:4], HashEncoder(), segmenter, cache)
    second = build(TEXTS, HashEncoder(), segmenter, cache)
    assert (first.encoded, second.encoded) == (4, 1)


@pytest.mark.parametrize(
    "other",
    [
        TEXTS[:4],
        [*TEXTS[:4], Text("invoice", "怎么开票", "怎么开票")],
        [*TEXTS[:4], Text("invoice", "怎么开发票", "怎么开飘")],
        [*TEXTS[:4], Text("receipt", "怎么开票", "怎么开飘")],
    ],
)
def test_any_change_of_a_text_is_another_snapshot(other: list[Text]) -> None:
    assert fingerprint_of(other, HashEncoder()) != fingerprint_of(TEXTS, HashEncoder())


def test_another_encoder_is_another_snapshot() -> None:
    assert fingerprint_of(TEXTS, HashEncoder(64)) != fingerprint_of(TEXTS, HashEncoder())


def test_a_snapshot_that_was_saved_finds_the_same(snapshot: Snapshot, saved: Path, segmenter: Segmenter) -> None:
    again = load(saved.parent, snapshot.fingerprint)
    assert (again.base.texts, again.ids, again.digests) == (snapshot.base.texts, snapshot.ids, snapshot.digests)
    assert list(again.held()) == list(snapshot.held())
    searches = [Hybrid(one, HashEncoder(), segmenter, Weights()).search("怎么退款") for one in (snapshot, again)]
    assert [hit.id for hit in searches[0]] == [hit.id for hit in searches[1]]
    assert [hit.score for hit in searches[0]] == pytest.approx([hit.score for hit in searches[1]], abs=1e-5)


def test_saving_removes_older_snapshots_and_broken_drafts(snapshot: Snapshot, tmp_path: Path) -> None:
    (tmp_path / "0123older").mkdir()
    (tmp_path / "draft-broken").mkdir()
    target = save(snapshot, tmp_path, HashEncoder())
    assert list(tmp_path.iterdir()) == [target]


def test_saving_twice_is_saving_once(snapshot: Snapshot, tmp_path: Path) -> None:
    assert save(snapshot, tmp_path, HashEncoder()) == save(snapshot, tmp_path, HashEncoder())
    assert [path.name for path in tmp_path.iterdir()] == [snapshot.fingerprint]
    load(tmp_path, snapshot.fingerprint)


def test_a_snapshot_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(SnapshotUnreadable):
        load(tmp_path, "nothing")


@pytest.mark.parametrize(
    "lost",
    ["about.json", "texts.json", "texts.npz", "dense.faiss", "dense.json", "heads.npz", "lexical/postings.npz"],
)
@pytest.mark.parametrize("how", ["gone", "empty", "half"])
def test_an_incomplete_snapshot_is_unreadable(saved: Path, lost: str, how: str) -> None:
    path = saved / lost
    content = path.read_bytes()
    path.unlink()
    if how != "gone":
        path.write_bytes(b"" if how == "empty" else content[: len(content) // 2])
    with pytest.raises(SnapshotUnreadable):
        load(saved.parent, saved.name)


def test_a_snapshot_of_another_format_is_unreadable(saved: Path) -> None:
    path = saved / "texts.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf8")), "format": 0}), "utf8")
    with pytest.raises(SnapshotUnreadable):
        load(saved.parent, saved.name)


def test_words_fewer_than_postings_are_unreadable(saved: Path) -> None:
    (saved / "lexical" / "words.txt").write_text("退款", "utf8")
    with pytest.raises(SnapshotUnreadable):
        load(saved.parent, saved.name)


def test_the_latest_is_of_the_same_encoder_and_the_same_way_of_reading(snapshot: Snapshot, saved: Path) -> None:
    found = latest(saved.parent, HashEncoder(), "mark")
    assert found is not None
    assert found.fingerprint == snapshot.fingerprint
    assert latest(saved.parent, HashEncoder(64), "mark") is None
    assert latest(saved.parent, HashEncoder(), "another") is None
    assert latest(saved.parent / "nowhere", HashEncoder(), "mark") is None


def test_a_draft_or_a_broken_one_is_never_the_latest(snapshot: Snapshot, saved: Path) -> None:
    saved.rename(saved.parent / "draft-0")
    (saved.parent / "broken").mkdir()
    assert latest(saved.parent, HashEncoder(), "mark") is None


def test_just_these_words_are_found_whatever_stands_between_them(snapshot: Snapshot) -> None:
    assert snapshot.written("怎么退款") == ("refund",)
    assert snapshot.written("怎么") == snapshot.written("") == ()
