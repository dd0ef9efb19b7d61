"""One search over all rankers."""

from __future__ import annotations

import pytest

from embeddings.cache import VectorCache
from embeddings.fuse import Weights
from embeddings.hybrid import Hybrid
from embeddings.segment import Segmenter
from embeddings.snapshot import build
from embeddings.texts import Text
from tests.doubles import HashEncoder

SAID = {
    "refund": ["怎么退款", "退款入口在哪", "想把钱退给顾客"],
    "refund-late": ["退款多久到账", "退款没到顾客账上"],
    "split": ["分账失败", "分账报错怎么办"],
    "invoice": ["怎么开票", "发票抬头怎么改"],
}


@pytest.fixture(scope="module")
def hybrid(segmenter: Segmenter, tmp_path_factory: pytest.TempPathFactory) -> Hybrid:
    texts = [Text(id_, said, f"“{said}”") for id_, several in SAID.items() for said in several]
    snapshot = build(texts, HashEncoder(), segmenter, VectorCache(tmp_path_factory.mktemp("vectors")))
    return Hybrid(snapshot, HashEncoder(), segmenter, Weights())


@pytest.mark.parametrize(
    ("question", "id_"),
    [("怎么给顾客退款", "refund"), ("退款几天到账", "refund-late"), ("分账报错", "split"), ("改发票抬头", "invoice")],
)
def test_the_id_that_is_meant_comes_first(hybrid: Hybrid, question: str, id_: str) -> None:
    assert hybrid.search(question)[0].id == id_


def test_an_id_is_found_once_and_scores_never_rise(hybrid: Hybrid) -> None:
    hits = hybrid.search("退款")
    assert len({hit.id for hit in hits}) == len(hits) == len(SAID)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_no_more_than_the_limit_come_back(hybrid: Hybrid) -> None:
    assert len(hybrid.search("退款", 2)) == 2


def test_an_id_that_must_be_there_is_there_whatever_its_score(hybrid: Hybrid) -> None:
    hits = hybrid.search("怎么退款", 1, always=["invoice", "no-such-id"])
    assert [hit.id for hit in hits] == ["refund", "invoice"]


def test_a_hit_names_the_text_that_came_nearest_as_people_wrote_it(hybrid: Hybrid) -> None:
    assert hybrid.search("怎么退款")[0].matched == "“怎么退款”"


def test_a_hit_tells_what_each_ranker_said(hybrid: Hybrid) -> None:
    best = hybrid.search("怎么退款")[0]
    head, nearest, neighbours, lexical = best.parts
    assert (best.dense_rank, best.lexical_rank) == (1, 1)
    assert nearest == pytest.approx(1.0, abs=1e-5)
    assert 0 < neighbours < nearest
    assert lexical == max(hit.parts[3] for hit in hybrid.search("怎么退款"))
    assert head > hybrid.search("怎么退款")[1].parts[0]


@pytest.mark.parametrize("question", ["", "？", "☃", "a" * 2000])
def test_a_question_that_says_nothing_finds_no_text_worth_the_name(hybrid: Hybrid, question: str) -> None:
    assert max(hit.parts[3] for hit in hybrid.search(question)) == 0.0
