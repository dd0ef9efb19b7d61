"""Each slip does to a question what its name says, always the same, and never touches a code."""

from __future__ import annotations

import re

import pytest
from pypinyin import Style, lazy_pinyin

from embeddings.sounds import Sounds, blurred
from knowledge.question import Language
from knowledge.slips import Slip, Slips

QUESTIONS = (
    "门店搬家以后收银机要不要重新登记",
    "员工离职了他的账号还能登录后台",
    "报错 ACQ.SYSTEM_ERROR 之后订单号 20261122001 怎么查询",
    "notify_url 改成新域名以后收不到消息,V3 版本",
    "顾客说优惠券没有用上,想补给他5.5元可以吗",
    "节假日期间客服电话几点开始有人接听",
)
HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z0-9_.]+")


@pytest.fixture(scope="module")
def slips(language: Language) -> dict[str, Slip]:
    return {slip.name: slip for slip in Slips(language).all()}


def changed(slip: Slip) -> list[tuple[str, str]]:
    pairs = [(text, other) for text in QUESTIONS if (other := slip.of(text)) is not None]
    assert len(pairs) >= 5
    return pairs


def codes(text: str) -> list[str]:
    return [run for run in LATIN.findall(text) if re.search(r"[A-Z0-9_.]", run)]


def differing(one: str, other: str) -> tuple[str, str]:
    """The parts in which two texts differ."""
    head = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    tail = 0
    while tail < min(len(one), len(other)) - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    return one[head : len(one) - tail], other[head : len(other) - tail]


def test_slips_are_the_same_every_time(slips: dict[str, Slip], language: Language) -> None:
    again = {slip.name: slip for slip in Slips(language).all()}
    for text in QUESTIONS:
        assert {name: slip.of(text) for name, slip in slips.items()} == {
            name: slip.of(text) for name, slip in again.items()
        }


def test_no_slip_touches_a_code_an_identifier_or_a_number(slips: dict[str, Slip]) -> None:
    for slip in slips.values():
        for text, other in changed(slip):
            assert codes(other) == codes(text), slip.name


def test_a_slip_never_gives_the_text_back_as_it_was(slips: dict[str, Slip]) -> None:
    for slip in slips.values():
        assert all(other != text for text, other in changed(slip))


@pytest.mark.parametrize("text", ["", "ORDERPAID", "?!", "12345", "的"])
def test_a_text_without_a_chinese_word_has_no_slip_of_the_pen(slips: dict[str, Slip], text: str) -> None:
    for name in ("typo", "homophone", "pinyin", "initials", "missing", "doubled", "traditional"):
        assert slips[name].of(text) is None


def test_a_typo_changes_one_character_into_one_that_sounds_or_looks_like_it(slips: dict[str, Slip]) -> None:
    for text, other in changed(slips["typo"]):
        assert len(other) == len(text)
        assert sum(a != b for a, b in zip(text, other, strict=True)) == 1


def test_a_homophone_is_a_word_that_sounds_the_same(slips: dict[str, Slip]) -> None:
    for text, other in changed(slips["homophone"]):
        own, heard = differing(text, other)
        assert len(own) == len(heard) >= 1
        assert len(other) == len(text)


def test_pinyin_spells_one_word(slips: dict[str, Slip]) -> None:
    for text, other in changed(slips["pinyin"]):
        (spelt,) = [run for run in re.findall(r"[a-z]+", other) if run not in re.findall(r"[a-z]+", text)]
        assert spelt in "".join(lazy_pinyin("".join(HAN.findall(text)), style=Style.NORMAL))
        assert len(HAN.findall(text)) - len(HAN.findall(other)) in (2, 3, 4)


def test_initials_are_one_letter_a_character(slips: dict[str, Slip]) -> None:
    for text, other in changed(slips["initials"]):
        gone = len(HAN.findall(text)) - len(HAN.findall(other))
        (letters,) = [run for run in re.findall(r"[a-z]+", other) if run not in re.findall(r"[a-z]+", text)]
        assert len(letters) == gone in (2, 3, 4)
        assert len(other) == len(text)


def test_one_character_is_missing(slips: dict[str, Slip]) -> None:
    for text, other in changed(slips["missing"]):
        assert len(other) == len(text) - 1
        assert other in {text[:place] + text[place + 1 :] for place in range(len(text))}


def test_one_character_is_doubled(slips: dict[str, Slip]) -> None:
    for text, other in changed(slips["doubled"]):
        assert len(other) == len(text) + 1
        assert other in {text[:place] + text[place] + text[place:] for place in range(len(text))}


def test_traditional_characters_fold_back(slips: dict[str, Slip], language: Language) -> None:
    for text, other in changed(slips["traditional"]):
        assert language.normalise(other) == language.normalise(text)


def test_fillers_leave_the_question_in_its_order(slips: dict[str, Slip]) -> None:
    for text, other in changed(slips["fillers"]):
        rest = iter(other)
        assert all(character in rest for character in text)
        assert 2 <= len(other) - len(text) <= 20


def test_a_story_surrounds_the_question_with_60_to_150_characters(slips: dict[str, Slip]) -> None:
    for text, other in changed(slips["story"]):
        before, found, after = other.partition(text)
        assert found == text
        assert 60 <= len(before) + len(after) <= 150
        assert min(len(before), len(after)) >= 20


def test_voice_has_no_pauses_and_says_a_word_twice(slips: dict[str, Slip]) -> None:
    for text, other in changed(slips["voice"]):
        assert len(HAN.findall(other)) >= len(HAN.findall(text)) + 2
    said = slips["voice"].of("员工离职了,他的账号还能登录后台吗?")
    assert said is not None
    assert not re.search(r"[,?]", said)


@pytest.mark.parametrize(("one", "other"), [("nan", "lan"), ("zhi", "zi"), ("jing", "jin"), ("feng", "hen")])
def test_syllables_that_are_mixed_up_fall_together(one: str, other: str) -> None:
    assert blurred(one) == blurred(other)


@pytest.mark.parametrize(("one", "other"), [("ban", "pan"), ("ge", "ke"), ("liu", "lou")])
def test_syllables_that_nobody_mixes_up_stay_apart(one: str, other: str) -> None:
    assert blurred(one) != blurred(other)


def test_words_of_the_same_sound_are_other_words_of_the_dictionary(language: Language) -> None:
    found = Sounds(language.segmenter).words("公式")
    assert {"公事", "攻势"} <= set(found)
    assert "公式" not in found
    assert all(language.segmenter.is_word(word) for word in found)
    assert {tuple(lazy_pinyin(word, style=Style.NORMAL)) for word in found} == {("gong", "shi")}
