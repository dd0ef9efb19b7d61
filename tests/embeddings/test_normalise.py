"""Many spellings of one question become one; what is not a spelling of a term stays as it is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embeddings.normalise import Normaliser, fold, sound, syllables
from knowledge.question import Language

TERMS = ["退款", "分账", "对账单", "账单", "证书", "付款码", "结算"]
PAIRS = {"mch": "商户号", "mch_id": "商户号", "wx": "微信", "分帐": "分账", "帐": "账", "体现": "提现"}


@pytest.fixture(scope="module")
def normalise() -> Normaliser:
    return Normaliser(TERMS, PAIRS, is_word={"正书", "推宽"}.__contains__)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ＯＲＤＥＲ　ＰＡＩＤ", "order paid"),
        ("退錢給顧客", "退钱给顾客"),
        ("  退款 \n\t 失败 ", "退款 失败"),
        ("退\u200b款\ufeff失\u202e败", "退款失败"),
        ("①２３", "123"),
        ("", ""),
    ],
)
def test_width_script_case_and_spaces_fall_together(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text(st.characters(codec="utf8", max_codepoint=0x9FFF), max_size=60))
def test_folding_what_is_folded_leaves_no_capital_and_no_double_space(text: str) -> None:
    folded = fold(text)
    assert folded == folded.strip()
    assert "  " not in folded
    assert not any("A" <= character <= "Z" or "Ａ" <= character <= "Ｚ" for character in folded)


@pytest.mark.parametrize(
    ("said", "heard"),
    [("zhang", "zan" + "g"), ("shi", "si"), ("cheng", "cen"), ("ying", "yin"), ("lang", "lang"), ("zeng", "zen")],
)
def test_syllables_that_many_people_say_alike_sound_alike(said: str, heard: str) -> None:
    assert sound(said) == heard


@pytest.mark.parametrize(
    ("run", "parts"),
    [
        ("tuikuan", ["tui", "kuan"]),
        ("zhuanrengong", ["zhuan", "ren", "gong"]),
        ("fenzhang", ["fen", "zhang"]),
        ("a", ["a"]),
        ("ong", None),
        ("", []),
        ("error", None),
        ("xcx", None),
    ],
)
def test_a_run_of_letters_is_pinyin_only_if_all_of_it_is(run: str, parts: list[str] | None) -> None:
    assert syllables(run) == parts


@pytest.mark.parametrize("run", ["a" * 2000, "ao" * 999 + "b", "xian" * 500 + "k", "zzzz" * 500])
def test_two_thousand_letters_are_split_or_given_up_in_no_time(run: str) -> None:
    started = time.perf_counter()
    syllables(run)
    assert time.perf_counter() - started < 0.5


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("tuikuan 怎么弄", "退款 怎么弄"),
        ("退宽怎么弄", "退款怎么弄"),
        ("TuiKuan", "退款"),
        ("付宽码扫不了", "付款码扫不了"),
        ("对帐单在哪", "对账单在哪"),
        ("结酸周期", "结算周期"),
    ],
)
def test_a_term_is_heard_in_its_homophones_and_its_pinyin(normalise: Normaliser, text: str, read: str) -> None:
    assert normalise(text) == read


@pytest.mark.parametrize("text", ["正书在哪", "推宽马路", "order_tuikuan", "tuikuan_url", "v3/tuikuan", "tuikuan(1)"])
def test_ordinary_words_and_identifiers_stay_although_they_sound_like_a_term(normalise: Normaliser, text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("mch_id 是什么", "商户号 是什么"),
        ("WX付不了", "微信付不了"),
        ("mchx", "mchx"),
        ("wxpay", "wxpay"),
        ("分帐失败", "分账失败"),
        ("体现不了", "提现不了"),
    ],
)
def test_a_pair_is_replaced_longest_first_and_never_inside_a_latin_word(
    normalise: Normaliser, text: str, read: str
) -> None:
    assert normalise(text) == read


def test_without_pairs_and_terms_only_folding_remains() -> None:
    assert Normaliser([], {})("退寬 WX") == "退宽 wx"


@pytest.mark.parametrize(
    ("texts", "read"),
    [
        (("支付煲付唔到", "支付寶付唔到"), "支付宝付不到"),
        (("mchid 在哪看", "mch_id 在哪看", "商編在哪看"), "商户号 在哪看"),
        (("沙相怎么用", "shaxiang怎么用", "sandbox怎么用"), "沙箱怎么用"),
    ],
)
def test_the_lexicon_of_the_domain_brings_spellings_together(
    language: Language, texts: tuple[str, ...], read: str
) -> None:
    assert {language.normalise(text).replace(" ", "") for text in texts} == {read.replace(" ", "")}


SAID = {
    "怎么": 900,
    "库存": 40,
    "裤村": 3,
    "退款": 300,
    "条款": 20,
    "单子": 90,
    "账单": 30,
    "实名": 9,
    "app": 80,
    "zs": 5,
}


@pytest.fixture(scope="module")
def reads() -> Normaliser:
    return Normaliser([*TERMS, "单子", "实名"], {}, {"sm"}.__contains__, words=SAID)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("kucun不对", "库存不对"),
        ("zenme tuikuan 给顾客", "怎么 退款 给顾客"),
        ("我要tk", "我要退款"),
        ("TK 怎么弄", "退款 怎么弄"),
    ],
)
def test_letters_among_chinese_are_read_as_a_frequent_word_or_the_initials_of_a_term(
    reads: Normaliser, text: str, read: str
) -> None:
    assert reads(text) == read


@pytest.mark.parametrize(
    "text",
    [
        "app打不开",  # is said as it stands
        "zs怎么换",  # the initials of 证书, but said as they stand
        "sm没过",  # the initials of 实名, but a word
        "kc不对",  # the initials of a word that is no term
        "v3/tk 报错",
        "tk_id 填什么",
        "tk3 是什么",
        "tk",
        "how to tk",
        "kucun",
        "yuan和fen",
    ],
)
def test_letters_that_mean_themselves_stay(reads: Normaliser, text: str) -> None:
    assert reads(text) == text


def test_initials_that_several_words_share_are_not_guessed() -> None:
    shared = Normaliser(["单子", "电子"], {}, words={"单子": 50, "电子": 49, "店长": 2})
    assert shared("dz没了") == "dz没了"
    assert Normaliser(["单子"], {}, words={"单子": 50, "店长": 2})("dz没了") == "单子没了"


@given(text=st.text(max_size=200))
def test_any_text_can_be_normalised(text: str) -> None:
    assert isinstance(Normaliser(TERMS, PAIRS)(text), str)
