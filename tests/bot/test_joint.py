"""Two minds weighed: agreement makes surer, conflict less sure, and what only one of them says is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.joint import FILE, Joint, has_say, read_joint, weigh
from bot.conversation.model import Turn
from bot.tuning import Seen, fit
from knowledge.evaluate import Labelled
from knowledge.library import Ranking
from tests.bot.cases import POLICY, brief, decided
from tests.builders import a_ranking, heard

JOINT = read_joint()
RANKING = a_ranking(("refund-how", 0.55), ("refund-late", 0.25), ("api-error", 0.1), none=0.1)


def weighed(*intents: tuple[str, float], ranking: Ranking = RANKING) -> dict[str, float]:
    found = weigh(ranking, intents, JOINT)
    assert sum(one.probability for one in found.candidates) + found.none + found.unclear == pytest.approx(1.0)
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


@pytest.mark.parametrize(
    "ranking", [replace(RANKING, codes=("REFUNDX",)), replace(RANKING, written=True), a_ranking(none=1.0)]
)
def test_an_error_code_a_curators_own_words_and_an_empty_ranking_are_left_alone(ranking: Ranking) -> None:
    assert not has_say(ranking, [("api_error", 0.9)])
    assert weigh(ranking, [("api_error", 0.9)], JOINT) == ranking


def test_without_intents_the_ranking_is_the_librarys() -> None:
    assert weigh(RANKING, (), JOINT) is RANKING


def test_what_is_fitted_trusts_a_mind_that_is_right_and_not_one_that_guesses() -> None:
    close = a_ranking(("refund-how", 0.4), ("refund-late", 0.4), none=0.2)

    def seen(right: str, intent: str) -> Seen:
        turn = Turn(intent, 0.9, intents=((intent, 0.9),))
        return Seen(Labelled("退款", "answer", frozenset({right})), heard("退款"), turn, close)

    entries = ("refund-how", "refund-late") * 20
    trusted = fit([seen(entry, entry.replace("-", "_")) for entry in entries])
    guessing = fit([seen(entry, "refund_how") for entry in entries])
    assert trusted.intent > 5 * abs(guessing.intent)


def test_what_is_to_be_asked_back_becomes_likelier_where_it_was_labelled_so() -> None:
    vague = replace(a_ranking(("refund-how", 0.4), ("refund-late", 0.4), none=0.1), unclear=0.1)
    turn = Turn("refund_how", 0.5, intents=(("refund_how", 0.5), ("refund_late", 0.4)))
    asked = Labelled("退款", "clarify", frozenset({"refund-how", "refund-late"}))
    answered = Labelled("退款", "answer", frozenset({"refund-how"}))
    share = {
        kind.expect: weigh(vague, turn.intents, fit([Seen(kind, heard("退款"), turn, vague)] * 9)).unclear
        for kind in (asked, answered)
    }
    assert share["clarify"] > 0.5 > share["answer"]


def test_weights_are_written_whole_and_read_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("joint") / "joint.json"
    kept = Joint(1.0, 0.5, 1.0, 0.5, -1.0, 2.0, 1.0, 0.1, 0.6, "e", "q", "r", 0.03, "m")
    kept.write(path)
    assert Joint.read(path) == kept


def test_weights_belong_to_what_they_were_fitted_for_alone() -> None:
    kept = Joint(1.0, 0.5, 1.0, 0.5, -1.0, 2.0, 1.0, 0.1, 0.6, "e", "q", "r", 0.03, "m")
    assert kept.belongs_to("e", "r", 0.03, "m")
    for other in (("x", "r", 0.03, "m"), ("e", "x", 0.03, "m"), ("e", "r", 0.05, "m"), ("e", "r", 0.03, "x")):
        assert not kept.belongs_to(*other)


def test_the_weights_that_come_along_are_bounded_and_say_what_they_were_fitted_for() -> None:
    kept = Joint.read(FILE)
    assert 0 < kept.answer_at < 1
    assert all((kept.encoder, kept.questions, kept.release, kept.model, kept.wrong_rate))


def test_what_is_sure_enough_is_answered_and_what_is_not_is_asked_about() -> None:
    sure = a_ranking(("refund-how", POLICY.answer_at), ("refund-late", 1 - POLICY.answer_at))
    assert brief(decided("退款怎么做", sure)) == ("answer", "retrieval", "refund-how")
    unsure = a_ranking(("refund-how", POLICY.answer_at - 0.01), ("refund-late", 0.3))
    assert brief(decided("退款怎么做", unsure)) == ("clarify", "close", None)


def test_choices_are_what_takes_a_share_of_what_speaks_for_any_entry() -> None:
    vague = replace(a_ranking(("refund-how", 0.06), ("refund-late", 0.05), ("fee", 0.001), none=0.0), unclear=0.889)
    assert decided("退款怎么做", vague).choices == ("refund-how", "refund-late")
