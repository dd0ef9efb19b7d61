"""One slip a question costs at most 5 points of rank 1, and makes of an answerable question no wrong answer more often
than is allowed at all.

The questions and their slips are the same every time, so nothing is left to chance and no allowance is made for it:
what is counted is counted. A third of the golden ones are asked: of a sixth, ten lost already were more than 5 points.
"""

from __future__ import annotations

from typing import Any

import pytest

from knowledge.evaluate import GOLDEN, read_questions
from knowledge.robustness import MOST_LOST, Cost, costs
from knowledge.slips import Slips
from tests.journeys import shop as shops

EVERY = 3
NAMES = (
    "typo", "homophone", "pinyin", "initials", "missing", "doubled", "traditional", "fillers", "story", "voice",
)  # fmt: skip


@pytest.fixture(scope="module")
def found() -> dict[str, Cost]:
    library = shops.prepared().library
    asked = [one for one in read_questions(GOLDEN) if one.expect == "answer"][::EVERY]
    return {cost.slip: cost for cost in costs(library, asked, Slips(library.language).all())}


SHORT = {"story": "5.7 points: of a question of a few characters little is left in a story of a hundred"}


def _param(slip: str) -> Any:
    marks = [pytest.mark.xfail(reason=SHORT[slip], strict=True)] if slip in SHORT else []
    return pytest.param(slip, marks=marks)


@pytest.mark.parametrize("slip", [_param(slip) for slip in NAMES])
def test_one_slip_a_question_costs_at_most_five_points_of_rank_one(slip: str, found: dict[str, Cost]) -> None:
    cost = found[slip]
    assert cost.answerable >= 300
    assert (cost.before - cost.after) * 100 <= MOST_LOST * cost.answerable, cost


@pytest.mark.parametrize("slip", NAMES)
def test_an_answerable_question_with_a_slip_is_not_answered_wrongly_more_often_than_allowed(
    slip: str, found: dict[str, Cost]
) -> None:
    cost = found[slip]
    allowed = shops.prepared().library.calibration.wrong_rate
    assert 0.0 < allowed <= 0.05
    assert cost.wrong_after <= max(allowed * cost.changed, cost.wrong_before), cost


def test_every_slip_is_measured(found: dict[str, Cost]) -> None:
    assert tuple(found) == NAMES
