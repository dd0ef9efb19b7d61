"""Judges of many ids, each fitted against the nearest and a sample."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from embeddings.heads import LinearHeads
from embeddings.sampled import Judge, SampledHeads, fit_all, fit_one
from embeddings.segment import Segmenter
from embeddings.terms import Terms, counted
from knowledge.exchange import SEED, read_folder
from tests.doubles import HashEncoder

IDS = 40
EACH = 16


@pytest.fixture(scope="module")
def cut(segmenter: Segmenter) -> tuple[list[list[str]], list[list[str]], list[str]]:
    """Features of texts of many ids, of one question for each, and the texts."""
    entries = [entry for entry in read_folder(SEED).entries if len(entry.phrasings) > EACH][:IDS]
    texts = [phrasing for entry in entries for phrasing in entry.phrasings[:EACH]]
    questions = [segmenter.features(entry.phrasings[EACH]) for entry in entries]
    return [segmenter.features(text) for text in texts], questions, texts


@pytest.fixture(scope="module")
def heads(cut: tuple[list[list[str]], list[list[str]], list[str]]) -> SampledHeads:
    features, _, texts = cut
    return fit_all(features, np.arange(0, IDS * EACH + 1, EACH), HashEncoder().encode(texts))


def test_the_judge_of_the_right_id_is_the_surest(
    heads: SampledHeads, cut: tuple[list[list[str]], list[list[str]], list[str]]
) -> None:
    said = [int(heads.scores(row).argmax()) for row in cut[0]]
    assert sum(owner == row // EACH for row, owner in enumerate(said)) >= 0.96 * len(said)


def test_questions_are_judged_nearly_as_by_judges_fitted_against_everything(
    heads: SampledHeads, cut: tuple[list[list[str]], list[list[str]], list[str]]
) -> None:
    features, questions, _ = cut
    whole = LinearHeads(features, [row // EACH for row in range(len(features))], IDS)
    ours, theirs = (
        sum(int(one.scores(row).argmax()) == owner for owner, row in enumerate(questions)) for one in (heads, whole)
    )
    assert ours >= theirs - 2


def test_what_was_saved_judges_the_same(
    heads: SampledHeads, cut: tuple[list[list[str]], list[list[str]], list[str]], tmp_path: Path
) -> None:
    heads.save(tmp_path / "heads.npz")
    again = SampledHeads.load(tmp_path / "heads.npz")
    for question in cut[1]:
        np.testing.assert_array_equal(again.scores(question), heads.scores(question))


def test_words_nobody_wrote_say_nothing(heads: SampledHeads) -> None:
    np.testing.assert_array_equal(heads.scores(["w:火星"]), heads.scores([]))


def test_counting_many_texts_gives_what_counting_few_gives() -> None:
    rows = [["退", "款", "款"], ["退", "票"], ["退", "款", "票", "票", "票"]]
    few = Terms.of(rows)
    many, matrix = counted(rows, 1)
    order = [many.column[feature] for feature in few.column]
    np.testing.assert_allclose(many.idf[order], few.idf)
    np.testing.assert_allclose(matrix.toarray()[:, order], few.matrix(rows).toarray(), rtol=1e-6)


def test_features_of_too_few_texts_are_left_out_and_rows_stay_of_unit_length() -> None:
    terms, matrix = counted([["退", "款"], ["退", "票"], ["退", "款", "张"], []], 2)
    assert set(terms.column) == {"退", "款"}
    np.testing.assert_allclose(np.linalg.norm(matrix.toarray(), axis=1), [1, 1, 1, 0], atol=1e-6)


def test_further_texts_add_their_own_features_and_known_ones_weigh_as_before() -> None:
    base = Terms.of([["退", "款"], ["退", "票"]])
    more = base.beside([["退", "火"], ["星", "火"]]).beside([["星", "球"]])
    assert [more.column.get(one, more.further.get(one)) for one in ("退", "款", "票")] == [
        base.column[one] for one in ("退", "款", "票")
    ]
    assert set(more.further) == {"火", "星", "球"}
    assert len(more.idf) == 6
    np.testing.assert_array_equal(more.idf[:3], base.idf)
    assert len(base.idf) == 3


def test_of_a_judges_weights_the_greatest_are_kept() -> None:
    rows = Terms.of([["退", "款", "请"], ["退", "款", "问"], ["票", "请"], ["票", "问"]])
    own, against = rows.matrix([["退", "款", "请"], ["退", "款", "问"]]), rows.matrix([["票", "请"], ["票", "问"]])
    whole, part = fit_one(own, against), fit_one(own, against, kept=1)
    assert part.columns.tolist() == [rows.column["票"]]
    assert abs(part.weights[0]) == abs(whole.weights).max()


def test_a_judge_with_nothing_to_say_no_to_is_never_preferred() -> None:
    rows = Terms.of([["退"]])
    assert fit_one(rows.matrix([["退"]]), rows.matrix([["退"]])[:0]).bias == -1.0
    assert SampledHeads(rows, [Judge(np.zeros(0, np.int64), np.zeros(0, np.float32), -1.0)]).scores(["退"]) == [-1.0]
