"""Many texts in few bytes, found again as they were given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.texts import Text, Texts, bare, digest_of

GIVEN = [
    Text("split", "分账失败", "分帐失败！"),
    Text("refund", "怎么退款", "怎么退款？"),
    Text("refund", "a-b c", "A-B C"),
    Text("empty", "x", ""),
    Text("split", "怎么 退款", "怎么 退款"),
]


@pytest.fixture
def texts() -> Texts:
    return Texts(GIVEN)


def test_texts_stand_together_by_id_in_the_order_given(texts: Texts) -> None:
    assert list(texts) == [GIVEN[3], GIVEN[1], GIVEN[2], GIVEN[0], GIVEN[4]]
    assert texts.ids == ("empty", "refund", "split")
    assert [texts.of(place) for place in range(3)] == [[GIVEN[3]], GIVEN[1:3], [GIVEN[0], GIVEN[4]]]
    assert texts.owners.tolist() == [0, 1, 1, 2, 2]
    assert (texts[1:3], len(texts)) == (GIVEN[1:3], 5)


def test_there_is_no_text_beyond_the_last(texts: Texts) -> None:
    for row in (5, -1):
        with pytest.raises(IndexError):
            texts[row]


def test_an_id_is_found_where_it_is_and_nowhere_else(texts: Texts) -> None:
    assert [texts.find(id_) for id_ in ("empty", "refund", "split", "", "refun", "z")] == [0, 1, 2, None, None, None]


def test_those_with_just_these_words_are_found_whatever_stands_between(texts: Texts) -> None:
    assert texts.written(bare("怎么-退款")) == ["refund", "split"]
    assert texts.written("abc") == ["refund"]
    assert texts.written("怎么") == []


def test_what_was_saved_is_the_same(texts: Texts, tmp_path: Path) -> None:
    texts.save(tmp_path)
    again = Texts.load(tmp_path)
    assert list(again) == list(texts)
    assert again == texts
    assert again.written("abc") == ["refund"]


def test_files_that_do_not_belong_together_are_refused(texts: Texts, tmp_path: Path) -> None:
    texts.save(tmp_path)
    (tmp_path / "other").mkdir()
    Texts(GIVEN[:1]).save(tmp_path / "other")
    (tmp_path / "other" / "texts.npz").replace(tmp_path / "texts.npz")
    with pytest.raises(ValueError, match="do not match"):
        Texts.load(tmp_path)


@pytest.mark.parametrize("change", [{"id": "x"}, {"normalised": "怎么"}, {"shown": "怎么退款"}])
def test_any_change_of_a_text_changes_the_digest_of_its_id(change: dict[str, str]) -> None:
    assert digest_of([replace(GIVEN[1], **change), GIVEN[2]]) != digest_of(GIVEN[1:3])
    assert digest_of([GIVEN[2], GIVEN[1]]) != digest_of(GIVEN[1:3])


def test_texts_may_be_none_at_all() -> None:
    nothing = Texts([])
    assert (len(nothing), nothing.ids, list(nothing), nothing.written("")) == (0, (), [], [])
