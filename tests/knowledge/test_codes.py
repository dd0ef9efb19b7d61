"""Error codes are read as people copy them, and numbers are not taken for codes."""

from __future__ import annotations

import time

import pytest

from knowledge.codes import CodeBook, fold_code
from tests.builders import an_entry

ENTRIES = (
    an_entry("system", codes=("SYSTEMERROR", "ACQ.SYSTEM_ERROR"), aliases=("系统错误",)),
    an_entry("paid", codes=("ORDERPAID",), aliases=("order has been paid", "order paid")),
    an_entry("auth", codes=("AUTH_CODE_ERROR",)),
    an_entry("expired", codes=("AUTH_CODE_EXPIRED", "AUTHCODEEXPIRE")),
    an_entry(
        "rejected",
        codes=("40047", "99"),
        aliases=(
            "IP",
            "a name of far too many words to be a code at all",
        ),
    ),
    an_entry("denied", codes=("NO_AUTH",)),
    an_entry("denied-too", codes=("NOAUTH",)),
)


@pytest.fixture(scope="module")
def book() -> CodeBook:
    return CodeBook(ENTRIES)


@pytest.mark.parametrize(
    "text",
    [
        "ACQ.SYSTEM_ERROR",
        "acq.system_error 怎么办",
        "报了ACQ SYSTEM ERROR",
        "ＡＣＱ．ＳＹＳＴＥＭ＿ＥＲＲＯＲ",
        "acq-system-error",
        "acq:system error",
        "acqsystemerror",
        "code: acq . system_error",
    ],
)
def test_case_width_spaces_and_separators_do_not_matter(book: CodeBook, text: str) -> None:
    assert book.find(text) == ("ACQ.SYSTEM_ERROR",)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("AUTH_CODE_EROR", "AUTH_CODE_ERROR"),
        ("AUTH_CODE_ERRROR", "AUTH_CODE_ERROR"),
        ("AUTH_CODF_ERROR", "AUTH_CODE_ERROR"),
        ("SYSTEMEROR", "SYSTEMERROR"),
        ("ORDERPAIDD", "ORDERPAID"),
    ],
)
def test_one_slipped_letter_is_mended(book: CodeBook, text: str, code: str) -> None:
    assert book.find(f"报错 {text}") == (code,)


@pytest.mark.parametrize("text", ["SYSTEMER", "AUTH_CDE_ERRR", "NOATH", "SOMETHING_ELSE", ""])
def test_two_slips_or_a_slip_in_a_short_code_are_not(book: CodeBook, text: str) -> None:
    assert book.find(text) == ()


def test_a_slip_that_fits_two_codes_fits_none() -> None:
    book = CodeBook([an_entry("a", codes=("PAYMENTERRORA",)), an_entry("b", codes=("PAYMENTERRORB",))])
    assert book.find("PAYMENTERRORC") == ()


def test_of_several_names_none_is_more_specific_than_the_other(book: CodeBook) -> None:
    codes = book.find("ORDERPAID 之后又报 AUTH_CODE_EXPIRED")
    assert codes == ("ORDERPAID", "AUTH_CODE_EXPIRED")
    assert set(book.owners(codes)) == {"paid", "expired"}


def test_a_name_is_more_specific_than_a_number(book: CodeBook) -> None:
    codes = book.find("报错 40047，原因 AUTH_CODE_EXPIRED")
    assert codes == ("AUTH_CODE_EXPIRED", "40047")
    assert book.owners(codes) == ("expired",)


def test_the_longer_code_is_read_where_a_shorter_one_is_part_of_it(book: CodeBook) -> None:
    assert book.find("acq.systemerror") == ("ACQ.SYSTEM_ERROR",)


def test_a_text_shown_on_a_screen_is_a_code_too(book: CodeBook) -> None:
    assert book.owners(book.find("it says Order has been paid")) == ("paid",)


def test_codes_two_entries_spell_alike_belong_to_both(book: CodeBook) -> None:
    assert set(book.owners(book.find("no auth"))) == {"denied", "denied-too"}


def test_no_codes_have_no_owner(book: CodeBook) -> None:
    assert book.owners(()) == ()


@pytest.mark.parametrize(
    "text",
    ["40047", "报错40047", "返回码是 40047", "提示：40047", "40047 是什么意思", "code=40047", "４００４７", "40047？"],
)
def test_a_number_said_as_a_code_is_one(book: CodeBook, text: str) -> None:
    assert book.find(text) == ("40047",)


@pytest.mark.parametrize("text", ["收了40047元", "订单号 140047", "我要退 40047 这笔", "尾号40047的卡没到账"])
def test_a_number_that_is_not_said_as_a_code_is_none(book: CodeBook, text: str) -> None:
    assert book.find(text) == ()


def test_a_number_is_no_code_while_bare_numbers_are_off(book: CodeBook) -> None:
    assert book.find("40047", bare_numbers=False) == ()
    assert book.find("报错 ORDERPAID", bare_numbers=False) == ("ORDERPAID",)


def test_short_names_and_long_sentences_are_no_codes(book: CodeBook) -> None:
    assert book.find("IP") == ()
    assert book.find("a name of far too many words to be a code at all") == ()
    assert book.find("系统错误") == ()


def test_a_very_long_text_is_searched_in_no_time(book: CodeBook) -> None:
    for text in ("A" * 2000, "ABCDEFGHIJ " * 180, "A1_" * 660, "1" * 2000, "SYSTEM_ERRO_" * 160):
        started = time.perf_counter()
        book.find(text)
        assert time.perf_counter() - started < 1.0


def test_folding_keeps_only_letters_and_digits() -> None:
    assert fold_code("acq．system error") == "ACQSYSTEMERROR"
