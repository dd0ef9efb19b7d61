"""The one decision: choices, reactions, codes and what was found for a question."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.case import NONE_OF_THESE, PERSON
from bot.conversation.decide import urgent
from bot.conversation.model import Choice, Secret, Signals, SmallTalk, Turn
from bot.conversation.policy import MAX_CHOICES
from knowledge.library import Ranking
from knowledge.uncovered import Uncovered
from tests.bot.cases import CHOICES, NOTHING, SURE, UNSURE, brief, case, decided
from tests.builders import a_ranking, heard

# Choices


@pytest.mark.parametrize(
    ("text", "pressed", "entry"),
    [
        ("1", None, "refund-late"),
        ("第二个", None, "refund-how"),
        ("最后一个", None, "refund-how"),
        ("多久到账", None, "refund-late"),
        ("怎么退款", None, "refund-how"),
        ("随便什么", "2", "refund-how"),
    ],
)
def test_a_choice_is_taken_by_number_order_text_or_press(text: str, pressed: str | None, entry: str) -> None:
    decision = decided(text, UNSURE, pressed=pressed, choices=CHOICES)
    assert brief(decision) == ("answer", "choice", entry)
    assert decision.confidence == 1.0


def test_a_place_that_is_not_there_is_asked_for_once_more() -> None:
    decision = decided("5", UNSURE, choices=CHOICES)
    assert (decision.kind, decision.rule, decision.choices) == ("clarify", "choice-out-of-range", ("again",))
    assert decided("5", UNSURE, choices=CHOICES, out_of_range=1).rule != "choice-out-of-range"


def test_a_choice_of_a_person_is_a_hand_off_and_of_none_a_failure() -> None:
    offered = (*CHOICES[:2], Choice(PERSON, "人工帮我看看"))
    assert decided("人工帮我看看", UNSURE, choices=offered, signals=Signals()).rule == "person"
    assert decided("都不是", UNSURE, choices=CHOICES).rule == "first-failure"
    assert decided("随便", UNSURE, choices=CHOICES, pressed=NONE_OF_THESE).rule == "first-failure"


def test_what_fits_no_choice_is_a_new_question() -> None:
    assert brief(decided("发票怎么开", SURE, choices=CHOICES)) == ("answer", "retrieval", "refund-how")


def test_without_open_choices_a_number_chooses_nothing() -> None:
    assert decided("1", UNSURE).rule == "small-talk:noise"


# Failures


def test_the_first_failure_is_said_sorry_for_and_a_person_offered() -> None:
    decision = decided("没用")
    assert (decision.kind, decision.rule, decision.choices) == ("say", "first-failure", (PERSON,))


@pytest.mark.parametrize("text", ["没用", "还是不行", "都不是"])
def test_the_second_failure_in_a_row_goes_to_a_person(text: str) -> None:
    decision = decided(text, a_ranking(("api-error", 0.9)), failures=1)
    assert (decision.kind, decision.rule, decision.queue) == ("handoff", "second-failure", "tech_support")


# Anger


def test_anger_with_a_question_is_answered_first_and_a_person_offered() -> None:
    decision = decided("垃圾系统，怎么退款", SURE)
    assert (brief(decision), decision.also) == (("answer", "retrieval", "refund-how"), "offer_person")


def test_anger_with_a_code_is_a_question() -> None:
    coded = a_ranking(("api-error", 0.3), none=0.7, codes=("SYSTEMERROR",), code_entries=("api-error",))
    assert brief(decided("垃圾系统 SYSTEMERROR", coded)) == ("answer", "code", "api-error")


def test_anger_alone_goes_to_a_person_at_once() -> None:
    decision = decided("什么垃圾系统", NOTHING)
    assert (decision.kind, decision.rule, decision.phrase, decision.priority) == ("handoff", "anger", "calm", "high")


def test_without_anger_nothing_more_is_offered() -> None:
    assert decided().also is None


# Small talk


@pytest.mark.parametrize(
    ("text", "rule", "intent"),
    [
        ("你好", "small-talk:greeting", "greeting"),
        ("谢谢", "small-talk:thanks", "goodbye_thanks"),
        ("你是谁", "small-talk:capability", "greeting"),
        ("。。。", "small-talk:noise", "out_of_scope"),
    ],
)
def test_small_talk_is_answered_as_such(text: str, rule: str, intent: str) -> None:
    decision = decided(text, NOTHING)
    assert (decision.kind, decision.rule, decision.intent) == ("say", rule, intent)


def test_that_it_is_solved_is_good_to_hear() -> None:
    decision = decided(signals=Signals(solved=True))
    assert (decision.kind, decision.rule, decision.intent) == ("say", "solved", "goodbye_thanks")


# Codes


def test_a_recognised_code_is_answered_with_its_entry_though_nothing_else_speaks_for_it() -> None:
    ranking = a_ranking(("api-error", 0.4), none=0.6, codes=("SYSTEMERROR",), code_entries=("api-error",))
    assert brief(decided("SYSTEMERROR", ranking)) == ("answer", "code", "api-error")


def test_a_number_alone_that_is_a_known_code_is_no_noise() -> None:
    ranking = a_ranking(("api-error", 0.9), codes=("40047",), code_entries=("api-error",))
    assert heard("40047").signals.small_talk is SmallTalk.NOISE
    assert brief(decided("40047", ranking)) == ("answer", "code", "api-error")


def test_of_two_codes_as_specific_it_is_asked_which() -> None:
    ranking = a_ranking(
        ("api-error", 0.4), ("refund-how", 0.4), codes=("REFUNDX", "BALANCEX"), code_entries=("refund-how", "api-error")
    )
    decision = decided("REFUNDX BALANCEX", ranking)
    assert (decision.kind, decision.rule, decision.choices) == ("clarify", "codes", ("refund-how", "api-error"))


def test_more_owners_than_choices_are_cut_to_three() -> None:
    owners = ("api-error", "b", "c", "d")
    decision = decided("REFUNDX", a_ranking(("api-error", 0.4), codes=("REFUNDX",), code_entries=owners))
    assert decision.choices == owners[:MAX_CHOICES]


def test_of_two_owners_of_one_code_a_sure_one_is_answered() -> None:
    ranking = a_ranking(("api-error", 0.9), codes=("REFUNDX",), code_entries=("refund-how", "api-error"))
    assert brief(decided("REFUNDX", ranking)) == ("answer", "code", "api-error")


def test_of_two_codes_with_entries_of_their_own_it_is_asked_which_however_sure_one_is() -> None:
    ranking = a_ranking(("api-error", 0.9), codes=("REFUNDX", "BALANCEX"), code_entries=("refund-how", "api-error"))
    assert brief(decided("REFUNDX BALANCEX", ranking)) == ("clarify", "codes", None)


@pytest.mark.parametrize("owners", [("api-error",), ("api-error", "other")])
def test_a_code_whose_entry_does_not_lead_is_left_to_retrieval(owners: tuple[str, ...]) -> None:
    ranking = a_ranking(("refund-how", 0.9), ("api-error", 0.05), codes=("REFUNDX",), code_entries=owners)
    assert decided("REFUNDX 怎么退款", ranking).rule == "retrieval"


def test_a_code_without_any_candidate_is_declined() -> None:
    assert decided("REFUNDX", a_ranking(codes=("REFUNDX",), code_entries=("api-error",))).rule == "low-confidence"


# Retrieval


def test_at_the_threshold_it_is_answered_and_below_it_asked() -> None:
    assert decided("退款", a_ranking(("refund-how", 0.6))).kind == "answer"
    assert decided("退款", a_ranking(("refund-how", 0.59))).kind == "clarify"


def test_an_entry_with_a_guide_opens_it() -> None:
    assert brief(decided("退款失败", a_ranking(("refund-failed", 0.9)))) == ("form", "retrieval", "refund-failed")


def test_close_candidates_are_offered_and_never_more_than_three() -> None:
    decision = decided("退款", UNSURE)
    assert (decision.kind, decision.rule, decision.phrase) == ("clarify", "close", "which")
    assert decision.choices == ("refund-how", "refund-late", "refund-fee")


def test_one_candidate_that_is_not_sure_is_asked_about() -> None:
    decision = decided("退款", a_ranking(("refund-how", 0.55), ("refund-late", 0.05)))
    assert (decision.rule, decision.choices) == ("unsure", ("refund-how",))


@pytest.mark.parametrize(
    "ranking",
    [a_ranking(), NOTHING, a_ranking(("refund-how", 0.45), none=0.51)],
)
def test_where_nothing_fits_it_is_said_and_a_person_offered(ranking: Ranking) -> None:
    decision = decided("能不能把店铺搬到火星", ranking)
    assert (decision.kind, decision.rule, decision.phrase) == ("say", "low-confidence", "decline")
    assert (decision.choices, decision.entry, decision.intent) == ((PERSON,), None, "out_of_scope")


def test_at_even_odds_choices_are_still_offered() -> None:
    assert decided("退款", a_ranking(("refund-how", 0.5), none=0.5)).kind == "clarify"


def test_the_second_decline_in_a_row_goes_to_a_person() -> None:
    assert brief(decided("搬到火星", NOTHING, failures=1))[:2] == ("handoff", "second-failure")


NEAR = Uncovered("none-loan", "贷款", True, "enterprise", ("能贷款吗",))
FAR = Uncovered("none-weather", "天气", False, None, ("天气怎么样",))


def test_a_known_matter_beside_ours_is_named_with_its_desk() -> None:
    decision = decided("能贷款吗", replace(NOTHING, uncovered=NEAR))
    assert (decision.rule, decision.queue, decision.because["uncovered"]) == (
        "low-confidence",
        "enterprise",
        "none-loan",
    )
    assert decided("能贷款吗", replace(NOTHING, uncovered=NEAR), failures=1).kind == "handoff"


def test_a_matter_that_is_not_ours_is_declined_every_time_and_no_person_is_called() -> None:
    for failures in (0, 1, 5):
        decision = decided("明天下雨吗", replace(NOTHING, uncovered=FAR), failures=failures)
        assert (decision.kind, decision.rule, decision.phrase) == ("say", "out-of-scope", "out_of_scope")
        assert (decision.choices, decision.queue) == ((), None)


def test_an_english_question_that_nothing_fits_is_declined_in_english() -> None:
    assert decided("how do I move my shop to the moon", NOTHING).phrase == "english"


# Reasons


def test_a_decision_carries_the_numbers_it_rests_on() -> None:
    ranking = replace(SURE, codes=("ORDERPAID",))
    because = decided("怎么退款", ranking).because
    assert because["gap"] == pytest.approx(0.85)
    assert because["none"] == pytest.approx(0.05)
    assert (because["answer_at"], because["codes"]) == (0.6, ["ORDERPAID"])
    assert because["matched"] == "refund-how 的问法"
    alone = decided("怎么退款", a_ranking(("refund-how", 0.9))).because
    assert alone["gap"] is None
    assert decided("你好", a_ranking()).because["matched"] is None


def test_the_intent_is_the_rules_own_else_that_of_the_surer_mind() -> None:
    turn = Turn(intent="refund_failed_delay", confidence=0.95)
    assert decided("转人工", turn=turn).intent == "human_agent_request"
    assert decided("没用", turn=turn).intent == "refund_failed_delay"
    assert decided("没用", SURE).intent == "refund_how"
    assert decided("没用", UNSURE).intent == "refund_how"
    assert decided("没用", NOTHING).intent == "refund_how"


# Where nothing can be searched


@pytest.mark.parametrize(
    ("text", "rule"), [("被骗走了两万", "funds-lost"), ("转人工", "person"), ("我要投诉你们", "complaint:service")]
)
def test_the_urgent_rules_need_no_search(text: str, rule: str) -> None:
    decision = urgent(case(text, a_ranking(), secrets=(Secret.CARD,)))
    assert decision is not None
    assert (decision.rule, decision.secrets) == (rule, (Secret.CARD,))


def test_nothing_else_is_urgent() -> None:
    assert urgent(case("怎么退款", a_ranking())) is None
