"""How a question is read before it is searched."""

from __future__ import annotations

import pytest

from embeddings.normalise import fold
from knowledge.question import LEXICON, Language, categories
from knowledge.train import texts_by_group
from knowledge.vocabulary import counted


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


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("fz一直不成功", "分账"),
        ("skm 打印模糊", "收款码"),
        ("yhk换了一张", "银行卡"),
        ("顾客的wangluo不好", "网络"),
        ("zenme找不到了", "怎么"),
        ("换了shouji以后", "手机"),
    ],
)
def test_initials_of_terms_and_pinyin_of_what_merchants_say_are_read(language: Language, said: str, meant: str) -> None:
    assert meant in language.normalise(said)


@pytest.mark.parametrize(
    "text",
    [
        "ssh登录不上",
        "会ps的同事",
        "hr打的电话",
        "pos机没纸",
        "ios升级以后",
        "pc端打不开",
        "sdk版本太老",
        "erp里看不到",
        "单位是yuan",
        "mp后台在哪",
        "ssl握手失败",
        "dns解析不了",
        "api报错",
        "logo换成新的",
        "excel打不开",
    ],
)
def test_what_is_written_in_latin_letters_is_not_read_as_initials(language: Language, text: str) -> None:
    assert language.normalise(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "后台记录里有个半夜登的不是我",
        "老是少一毛钱",
        "我加了他的电话",
        "这个月日起算",
        "码上名字不对",
        "等几天再看",
        "要签哪些字",
        "给员工的提成",
        "包名和图标",
    ],
)
def test_words_that_only_sound_like_other_words_stay_as_they_are(language: Language, text: str) -> None:
    assert language.normalise(text) == text


def test_the_words_merchants_say_are_those_of_the_entries(language: Language) -> None:
    held = [line.split()[0] for line in (LEXICON / "words.txt").read_text(encoding="utf8").splitlines()]
    said = fold("\n".join(text for texts in texts_by_group().values() for text in texts))
    assert len(held) == len(set(held)) > 3000
    assert sum(word not in said for word in held) <= len(held) // 100, "run `python3 -m knowledge words`"


def test_words_are_counted_from_what_is_said_three_times_or_more(language: Language) -> None:
    found = counted(["退款 APP 怎么", "退款怎么app", "退款app", "退款"], language.segmenter)
    assert found == {"退款": 4, "app": 3}


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
