"""Changes laid over a snapshot find what a snapshot built anew would find, and never a text that is gone."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from embeddings.cache import VectorCache
from embeddings.encoder import BUILT_IN, Encoder, SentenceEncoder
from embeddings.fuse import Weights
from embeddings.hybrid import Hit, Hybrid
from embeddings.overlay import renew
from embeddings.segment import Segmenter
from embeddings.snapshot import Snapshot, build
from embeddings.texts import Text, fingerprint_of
from knowledge.exchange import SEED, read_folder
from tests.doubles import HashEncoder

Said = dict[str, tuple[str, ...]]
_IDS = 120
_EDITS = 6
"""More than the library lets gather (a fiftieth of all texts) before it builds anew."""
SAID: Said = {
    "refund": ("怎么退款", "退款入口在哪", "想把钱退给顾客"),
    "split": ("分账失败", "分账报错怎么办"),
    "invoice": ("怎么开票", "发票抬头怎么改"),
    "settle": ("结算多久到账", "钱什么时候到卡里"),
}


def texts_of(said: Mapping[str, Sequence[str]]) -> list[Text]:
    return [Text(id_, one, f"“{one}”") for id_, several in said.items() for one in several]


class Bench:
    """Builds and renews with one cache."""

    def __init__(self, segmenter: Segmenter, folder: Path, encoder: Encoder | None = None) -> None:
        self.encoder = encoder or HashEncoder()
        self.segmenter = segmenter
        self.cache = VectorCache(folder)

    def built(self, said: Said) -> Snapshot:
        return build(texts_of(said), self.encoder, self.segmenter, self.cache)

    def renewed(self, old: Snapshot, before: Said, after: Said) -> Snapshot:
        changed = {id_: several for id_, several in after.items() if before.get(id_) != several}
        gone = [id_ for id_ in before if id_ not in after]
        return renew(old, texts_of(changed), gone, self.encoder, self.segmenter, self.cache)

    def search(self, snapshot: Snapshot, question: str, limit: int = 10, always: Sequence[str] = ()) -> list[Hit]:
        return Hybrid(snapshot, self.encoder, self.segmenter, Weights()).search(question, limit, always)


@pytest.fixture(scope="module")
def bench(segmenter: Segmenter, tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(segmenter, tmp_path_factory.mktemp("vectors"))


@pytest.fixture(scope="module")
def base(bench: Bench) -> Snapshot:
    return bench.built(SAID)


CHANGES = {
    "a text more": SAID | {"split": (*SAID["split"], "分账比例超限")},
    "a text less": SAID | {"refund": SAID["refund"][:1]},
    "other texts": SAID | {"settle": ("提现要手续费吗", "提现扣多少钱")},
    "a new id": SAID | {"bill": ("对账单在哪下载", "账单下载不了")},
    "an id gone": {id_: several for id_, several in SAID.items() if id_ != "invoice"},
    "a text moved": SAID | {"refund": SAID["refund"][1:], "settle": (*SAID["settle"], "怎么退款")},
}


@pytest.mark.parametrize("after", CHANGES.values(), ids=CHANGES.keys())
def test_what_is_held_is_what_was_said(bench: Bench, base: Snapshot, after: Said) -> None:
    renewed = bench.renewed(base, SAID, after)
    assert sorted(renewed.held(), key=str) == sorted(texts_of(after), key=str)
    assert renewed.fingerprint == fingerprint_of(texts_of(after), bench.encoder)
    assert len(renewed) == len(texts_of(after))
    assert renewed.base is base.base


@pytest.mark.parametrize("after", CHANGES.values(), ids=CHANGES.keys())
def test_every_text_finds_its_id_and_what_is_gone_is_never_shown(bench: Bench, base: Snapshot, after: Said) -> None:
    renewed = bench.renewed(base, SAID, after)
    for id_, several in after.items():
        for one in several:
            hits = bench.search(renewed, one)
            assert (hits[0].id, hits[0].matched) == (id_, f"“{one}”")
            assert {hit.id for hit in hits} == set(after)
            assert {hit.matched for hit in hits} <= {"", *(text.shown for text in texts_of(after))}
            assert renewed.written(one) == (id_,)


def test_what_changed_and_changed_back_is_the_base_again(bench: Bench, base: Snapshot) -> None:
    there = bench.renewed(base, SAID, CHANGES["a text more"])
    back = bench.renewed(there, CHANGES["a text more"], SAID)
    assert (back.over, back.hidden, back.fingerprint) == (None, frozenset(), base.fingerprint)


def test_an_id_that_is_gone_is_not_found_even_where_it_must_be(bench: Bench, base: Snapshot) -> None:
    renewed = bench.renewed(base, SAID, CHANGES["an id gone"])
    assert "invoice" not in [hit.id for hit in bench.search(renewed, "怎么开票", 1, always=["invoice"])]
    assert renewed.written("怎么开票") == ()


def test_a_changed_id_must_be_there_with_its_new_texts(bench: Bench, base: Snapshot) -> None:
    renewed = bench.renewed(base, SAID, CHANGES["other texts"])
    hits = bench.search(renewed, "怎么开票", 1, always=["settle"])
    assert [hit.id for hit in hits] == ["invoice", "settle"]
    assert "到账" not in hits[1].matched


def test_scores_of_both_halves_are_on_one_scale(bench: Bench, base: Snapshot) -> None:
    after = CHANGES["a text more"]
    one, other = (
        bench.search(snapshot, "分账报错怎么办") for snapshot in (bench.renewed(base, SAID, after), bench.built(after))
    )
    assert one[0].parts[1:3] == pytest.approx(other[0].parts[1:3], abs=1e-5)
    assert one[0].parts[3] == pytest.approx(other[0].parts[3], abs=0.05)
    assert one[0].parts[0] > 0 < other[0].parts[0]


def test_changes_upon_changes_keep_the_judges_of_what_stayed(bench: Bench, base: Snapshot) -> None:
    first = bench.renewed(base, SAID, CHANGES["a new id"])
    second = bench.renewed(first, CHANGES["a new id"], CHANGES["a new id"] | {"sign": ("怎么签约", "签约要多久")})
    assert second.over is not None
    assert second.over.texts.ids == ("bill", "sign")
    assert bench.search(second, "账单下载不了")[0].id == "bill"
    assert bench.search(second, "签约要多久")[0].id == "sign"
    assert second.encoded == 2


def edited(said: Said, spare: list[str], pick: random.Random) -> Said:
    """One random change: an id gone, an id new, a text more, a text less, a text moved."""
    ids = sorted(said)
    one, other = pick.sample(ids, 2)
    kind = pick.randrange(5)
    if kind == 0:
        return {id_: several for id_, several in said.items() if id_ != one}
    if kind == 1:
        return said | {f"new-{len(spare)}": tuple(spare.pop() for _ in range(4))}
    if kind == 2:
        return said | {one: (*said[one], f"{spare.pop()}")}
    if kind == 3:
        return said | {one: said[one][1:]}
    return said | {one: said[one][1:], other: (*said[other], said[one][0])}


def overlaid_and_anew(bench: Bench, seed: int) -> tuple[Snapshot, Snapshot, Said, list[str]]:
    """The same texts after random edits, laid over and built anew; and questions that are no text of either."""
    pick = random.Random(seed)
    entries = [entry for entry in read_folder(SEED).entries if len(entry.phrasings) >= 20]
    entries = pick.sample(entries, _IDS + 12)
    held_back = [phrasing for entry in entries[:_IDS] for phrasing in entry.phrasings[16:20]]
    spare = [phrasing for entry in entries[_IDS:] for phrasing in entry.phrasings[:12]]
    said: Said = {entry.id: entry.phrasings[:16] for entry in entries[:_IDS]}
    overlaid = bench.built(said)
    for _ in range(_EDITS):
        before, said = said, edited(said, spare, pick)
        overlaid = bench.renewed(overlaid, before, said)
    return overlaid, bench.built(said), said, held_back


def test_after_random_edits_every_text_that_was_touched_finds_its_id(bench: Bench) -> None:
    overlaid, anew, said, _ = overlaid_and_anew(bench, 11)
    assert (overlaid.fingerprint, overlaid.digests) == (anew.fingerprint, anew.digests)
    assert overlaid.over is not None
    for id_ in overlaid.over.texts.ids:
        assert [bench.search(overlaid, one, 1)[0].id for one in said[id_]] == [id_] * len(said[id_])


@pytest.mark.slow
def test_after_random_edits_questions_find_what_they_find_in_a_new_build(segmenter: Segmenter, tmp_path: Path) -> None:
    bench = Bench(segmenter, tmp_path, SentenceEncoder(BUILT_IN, segmenter))
    overlaid, anew, _, held_back = overlaid_and_anew(bench, 12)
    one, other = (Hybrid(snapshot, bench.encoder, segmenter, Weights()) for snapshot in (overlaid, anew))
    same = [one.search(text, 1)[0].id == other.search(text, 1)[0].id for text in held_back]
    assert sum(same) >= 0.98 * len(same)
