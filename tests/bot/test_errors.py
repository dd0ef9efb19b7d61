"""Errors as clients meet them."""

from __future__ import annotations

import re

import pytest

from bot.channels import phrases
from bot.errors import Problem


def test_a_problem_is_a_code_a_sentence_and_a_status() -> None:
    problem = Problem("too_fast", phrases.TOO_FAST, 429)
    assert problem.body() == {"code": "too_fast", "message": phrases.TOO_FAST, "status": 429}
    assert str(problem) == "too_fast"


@pytest.mark.parametrize(
    "sentence",
    [
        phrases.BLANK,
        phrases.NO_SESSION,
        phrases.TOO_FAST,
        phrases.NO_TICKET,
        phrases.NOT_FOUND,
        phrases.BAD_REQUEST,
        phrases.BROKEN,
        phrases.NOT_READY,
        phrases.too_long(2000),
    ],
)
def test_every_sentence_is_chinese_and_tells_no_inner_word(sentence: str) -> None:
    assert re.search(r"[\u4e00-\u9fff]", sentence)
    assert sentence.endswith("。")
    assert not re.search(r"exception|error|traceback|sql|null|none", sentence, re.IGNORECASE)
