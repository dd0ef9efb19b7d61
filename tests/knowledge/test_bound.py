"""A threshold keeps what it promises, and promises no more than the number of questions allows."""

from __future__ import annotations

import numpy as np
import pytest

from knowledge.bound import NEVER, RISK_OF_BOUND, interval, p_value, threshold_for, upper_bound


def drawn(order: np.random.Generator, count: int) -> tuple[list[float], list[float]]:
    """Questions of a calibrated judge: one stated at p is answered rightly with probability p."""
    stated = order.beta(4, 1, size=count)
    return stated.tolist(), (order.random(count) > stated).astype(float).tolist()


def true_risk(threshold: float) -> float:
    """Of questions like those drawn: the expected share answered wrongly, from the density of the stated."""
    grid = np.linspace(threshold, 1.0, 20_001)
    return float(np.trapezoid((1 - grid) * 4 * grid**3, grid))


def test_the_promise_fails_no_more_often_than_stated() -> None:
    order = np.random.default_rng(5)
    broken = 0
    for _ in range(200):
        probabilities, losses = drawn(order, 400)
        found = threshold_for(probabilities, losses, [1.0] * 400, 0.06)
        broken += true_risk(found.answer_at) > 0.06
    assert broken / 200 <= RISK_OF_BOUND


def test_the_promise_is_not_bought_by_answering_nothing() -> None:
    probabilities, losses = drawn(np.random.default_rng(5), 4000)
    found = threshold_for(probabilities, losses, [1.0] * 4000, 0.06)
    assert found.risk <= found.bound <= 0.06
    assert true_risk(found.answer_at) > 0.045


def test_more_questions_allow_a_lower_threshold() -> None:
    order = np.random.default_rng(7)
    probabilities, losses = drawn(order, 5000)
    few = threshold_for(probabilities[:200], losses[:200], [1.0] * 200, 0.05)
    many = threshold_for(probabilities, losses, [1.0] * 5000, 0.05)
    assert many.answer_at < few.answer_at


def test_too_few_questions_promise_nothing() -> None:
    assert threshold_for([0.9, 0.8], [0.0, 0.0], [1.0, 1.0], 0.03).answer_at == NEVER
    assert threshold_for([], [], [], 0.03).answer_at == NEVER


def test_where_the_surest_answers_are_wrong_nothing_is_answered() -> None:
    assert threshold_for([0.9] * 500, [1.0] * 500, [1.0] * 500, 0.1).answer_at == NEVER


def test_questions_that_are_equally_sure_are_answered_together() -> None:
    probabilities = [0.9] * 600 + [0.5] * 100
    losses = [0.0] * 600 + [0.0] * 50 + [1.0] * 50
    assert threshold_for(probabilities, losses, [1.0] * 700, 0.05).answer_at == 0.9


def test_a_kind_of_question_that_is_rare_in_life_counts_for_less() -> None:
    probabilities = [0.9] * 900 + [0.8] * 100
    losses = [0.0] * 900 + [1.0] * 100
    assert threshold_for(probabilities, losses, [1.0] * 1000, 0.05).answer_at == 0.9
    assert threshold_for(probabilities, losses, [1.0] * 900 + [0.1] * 100, 0.05).answer_at == 0.8


@pytest.mark.parametrize(("risk", "count", "rate"), [(0.01, 500, 0.03), (0.02, 2000, 0.03), (0.0, 100, 0.1)])
def test_the_test_refuses_no_true_rate_too_often(risk: float, count: int, rate: float) -> None:
    order = np.random.default_rng(3)
    as_low = (order.binomial(count, rate, size=20_000) <= round(risk * count)).mean()
    assert p_value(risk, count, rate) >= as_low


def test_a_risk_at_or_above_the_rate_is_never_refused() -> None:
    assert p_value(0.03, 1000, 0.03) == 1.0
    assert p_value(0.2, 1000, 0.03) == 1.0


def test_the_upper_bound_is_the_least_rate_that_is_refused() -> None:
    bound = upper_bound(0.02, 1500)
    assert 0.02 < bound < 0.04
    assert p_value(0.02, 1500, bound) <= RISK_OF_BOUND
    assert p_value(0.02, 1500, bound - 0.001) > RISK_OF_BOUND
    assert upper_bound(0.0, 0) == 1.0


def test_an_interval_holds_the_share_and_shrinks_with_numbers() -> None:
    low, high = interval(3, 100)
    assert low < 0.03 < high
    assert interval(30, 1000)[1] < high
    assert interval(0, 0) == (0.0, 1.0)
