"""How a question is read before it is searched."""

from __future__ import annotations

import pytest

from knowledge.question import Language, categories


def test_a_question_keeps_its_own_words_beside_those_searched_for(language: Language) -> None:
    question = language.read("点解退錢失敗？")
    assert question.text == "点解退錢失敗？"
    assert question.normalised == "为什么退钱失败?"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("huidiao 收不到", "回调"),
        ("对帐文件", "对账"),
        ("商户好是多少", "商户号"),
        ("支付煲扫不了", "支付宝"),
        ("zfb扫不了", "支付宝"),
        ("付宽码过期", "付款码"),
        ("分张失败", "分账"),
        ("秘钥忘了", "密钥"),
        ("refund 怎么做", "退款"),
        ("T1 是什么", "t+1"),
    ],
)
def test_the_term_meant_is_read_in_what_was_typed(language: Language, said: str, meant: str) -> None:
    assert meant in language.normalise(said)


@pytest.mark.parametrize("text", ["退款失败怎么办", "结算卡怎么换", "orderpaid 是什么", "提现不到账"])
def test_reading_twice_is_reading_once(language: Language, text: str) -> None:
    once = language.normalise(text)
    assert language.normalise(once) == once


def test_the_terms_of_the_lexicon_are_words_of_their_own(language: Language) -> None:
    assert {"付款码", "结算卡"} <= set(language.segmenter.words("付款码和结算卡"))


def test_categories_come_in_the_order_people_see_them() -> None:
    assert next(iter(categories())) == "onboarding"
    assert len(categories()) == 18
    assert all(name.strip() for name in categories().values())
