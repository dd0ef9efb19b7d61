"""What search counts in a text."""

from __future__ import annotations

import pytest

from embeddings.segment import Segmenter, identifiers


def test_a_term_is_never_split_and_is_found_by_its_parts_too() -> None:
    words = Segmenter(["结算周期"]).words("结算周期多久")
    assert {"结算周期", "结算", "周期"} <= set(words)


def test_a_term_that_is_no_dictionary_word_is_one_word_only_where_it_is_given() -> None:
    assert "智能路由" in Segmenter(["智能路由"]).words("智能路由怎么开")
    assert "智能路由" not in Segmenter([]).words("智能路由怎么开")


def test_stop_words_are_left_out(segmenter: Segmenter) -> None:
    assert "的" not in segmenter.words("退款的钱")
    assert "退款" in segmenter.words("退款的钱")


@pytest.mark.parametrize(
    ("run", "parts"),
    [
        ("auth_code_error", ["authcodeerror", "auth", "code", "error"]),
        ("acq.system_error", ["acqsystemerror", "acq", "system", "error"]),
        ("v3", ["v3", "v", "3"]),
        ("40047", ["40047"]),
        ("openid", ["openid"]),
    ],
)
def test_an_identifier_counts_whole_and_in_its_parts(run: str, parts: list[str]) -> None:
    assert identifiers(run) == parts


def test_a_code_in_chinese_text_is_a_word_of_its_own(segmenter: Segmenter) -> None:
    assert {"orderpaid", "报错"} <= set(segmenter.words("下单报错orderpaid怎么办"))


def test_tokens_add_pairs_of_neighbouring_characters(segmenter: Segmenter) -> None:
    tokens = segmenter.tokens("退款失败")
    assert {"退款", "款失", "失败"} <= set(tokens)
    assert "款" not in tokens


def test_features_hold_marked_words_and_runs_of_one_to_three_characters(segmenter: Segmenter) -> None:
    features = segmenter.features("退款失败")
    assert {"w:退款", "退", "退款", "款失败"} <= set(features)
    assert "退款失败" not in features


def test_pairs_do_not_reach_across_punctuation(segmenter: Segmenter) -> None:
    assert "款失" not in segmenter.tokens("退款，失败")


@pytest.mark.parametrize("text", ["", "？！…", "☃"])
def test_a_text_without_words_has_no_features(segmenter: Segmenter, text: str) -> None:
    assert segmenter.words(text) == segmenter.tokens(text) == segmenter.features(text) == []


def test_the_dictionary_tells_words_from_what_merely_stands_together(segmenter: Segmenter) -> None:
    assert segmenter.is_word("证书")
    assert not segmenter.is_word("正树的")
