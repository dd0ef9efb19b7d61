"""Two minds weighed: agreement makes surer, conflict less sure, and what only one of them says is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.joint import Joint, read_joint, weigh
from bot.conversation.model import Turn
from bot.weigh import Seen, fit
from knowledge.library import Ranking
from tests.bot.cases import POLICY, brief, decided
from tests.builders import a_ranking, heard

JOINT = read_joint()
RANKING = a_ranking(("refund-how", 0.55), ("refund-late", 0.25), ("api-error", 0.1), none=0.1)


def weighed(*intents: tuple[str, float], ranking: Ranking = RANKING) -> dict[str, float]:
    found = weigh(ranking, intents, JOINT)
    assert sum(one.probability for one in found.candidates) + found.none == pytest.approx(1.0)
    assert found.confidence.value == found.candidates[0].probability
    return {one.entry: one.probability for one in found.candidates} | {"none": found.none}


def test_agreement_raises_the_probability_and_conflict_lowers_it() -> None:
    agreed, in_conflict = weighed(("refund_how", 0.9)), weighed(("api_error", 0.9))
    assert agreed["refund-how"] > RANKING.candidates[0].probability > in_conflict["refund-how"]
    assert in_conflict["api-error"] > RANKING.candidates[2].probability


def test_the_order_may_change() -> None:
    assert next(iter(weighed(("refund_late", 0.97)))) == "refund-late"


def test_an_intent_that_no_candidate_has_speaks_for_none() -> None:
    assert weighed(("out_of_scope", 0.95))["none"] > weighed(("refund_how", 0.95))["none"]


def test_where_only_the_other_mind_sees_nothing_that_fits_it_is_even_odds_and_so_asked_back() -> None:
    found = weighed(("out_of_scope", 0.99), ranking=a_ranking(("refund-how", 0.3), none=0.45))
    assert found["none"] == 0.5


@pytest.mark.parametrize("ranking", [replace(RANKING, codes=("REFUNDX",)), a_ranking(none=1.0)])
def test_an_error_code_and_an_empty_ranking_are_left_alone(ranking: Ranking) -> None:
    assert weigh(ranking, [("api_error", 0.9)], JOINT) == ranking


def test_without_intents_the_ranking_is_the_librarys() -> None:
    assert weigh(RANKING, (), JOINT) is RANKING


def test_what_is_fitted_trusts_a_mind_that_is_right_and_not_one_that_guesses() -> None:
    close = a_ranking(("refund-how", 0.4), ("refund-late", 0.4), none=0.2)

    def seen(right: str, intent: str) -> Seen:
        turn = Turn(intent, 0.9, intents=((intent, 0.9),))
        return Seen(frozenset({right}), "answer", None, heard("退款"), turn, close)

    entries = ("refund-how", "refund-late") * 20
    trusted = fit(seen(entry, entry.replace("-", "_")) for entry in entries)
    guessing = fit(seen(entry, "refund_how") for entry in entries)
    assert trusted.intent > 5 * abs(guessing.intent)


def test_weights_are_written_whole_and_read_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("joint") / "joint.json"
    Joint(1.0, 0.5, 1.0, 0.5, -1.0, 2.0).write(path)
    assert read_joint(path) == Joint(1.0, 0.5, 1.0, 0.5, -1.0, 2.0)


def test_two_close_entries_are_asked_about_and_a_plain_one_is_answered() -> None:
    close = a_ranking(("refund-how", 0.65), ("refund-late", 0.3))
    assert brief(decided("退款", close)) == ("clarify", "close", None)
    assert decided("退款", close).choices == ("refund-how", "refund-late")
    assert brief(decided("退款", a_ranking(("refund-how", 0.65), ("refund-late", 0.1)))) == (
        "answer",
        "retrieval",
        "refund-how",
    )


def test_another_intent_that_is_named_is_asked_about_where_it_is_among_the_candidates() -> None:
    ranking = a_ranking(("refund-how", 0.65), ("refund-late", 0.15), ("api-error", 0.1))
    assert decided("退款", ranking, turn=Turn("api_error", 0.6)).choices == ("refund-how", "api-error")
    assert decided("退款", ranking, turn=Turn("api_error", 0.6)).rule == "conflict"
    for turn in (Turn("refund_how", 0.6), Turn("api_error", 0.2), Turn("fee_rate_query", 0.6)):
        assert decided("退款", ranking, turn=turn).rule == "retrieval"


def test_a_plain_answer_stands_whatever_the_other_mind_says() -> None:
    ranking = a_ranking(("refund-how", 0.9), ("api-error", 0.05))
    assert POLICY.plain_at < 0.9
    assert decided("怎么退款", ranking, turn=Turn("api_error", 0.9)).rule == "retrieval"
