"""The one decision: the rules that stand above what is searched, in their order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.conversation.case import PERSON
from bot.conversation.model import Complaint, Focus, GuidePlace, Secret, Signals, SmallTalk, Turn
from bot.conversation.policy import COMPLAINTS_QUEUE, DEFAULT_QUEUE, EMERGENCY_ENTRIES, RED_QUEUE
from tests.bot.cases import CHOICES, NOTHING, PLACE, QUESTION, SURE, UNSURE, brief, decided
from tests.builders import NOON, a_ranking

EVERYTHING = {
    "wants_human": True,
    "complaint": Complaint.SERVICE,
    "anger": True,
    "unhelpful": True,
    "ticket_number": "TK20261122-0042",
    "asks_progress": True,
    "urges": True,
    "small_talk": SmallTalk.GREETING,
    "solved": True,
    "none_of_these": True,
}


# Money


def test_an_emergency_stands_above_everything_else_at_once() -> None:
    decision = decided(
        ranking=replace(SURE, codes=("ORDERPAID",), code_entries=("refund-how",)),
        signals=Signals(funds_lost=True, **EVERYTHING),
        turn=Turn(step=QUESTION),
        choices=CHOICES,
        guide=PLACE,
        pressed="1",
        failures=1,
    )
    assert brief(decision) == ("handoff", "funds-lost", EMERGENCY_ENTRIES[0])
    assert (decision.queue, decision.priority, decision.phrase) == (RED_QUEUE, "red", "emergency")


def test_the_emergency_that_is_likeliest_is_named() -> None:
    ranking = a_ranking(("refund-how", 0.3), ("backend-key-compromised", 0.2), ("fund-stolen-emergency", 0.1))
    assert decided("密钥泄露到 github 了", ranking).entry == "backend-key-compromised"


def test_retrieval_alone_raises_the_alarm_from_a_low_probability_on() -> None:
    sure = a_ranking(("qr-code-swapped-emergency", 0.5), ("qr-broken", 0.4))
    assert brief(decided("码好像不对", sure)) == ("handoff", "funds-lost", "qr-code-swapped-emergency")
    below = a_ranking(("qr-code-swapped-emergency", 0.49), ("qr-broken", 0.4))
    assert decided("码好像不对", below).kind == "clarify"


def test_despair_and_the_police_go_through_the_red_channel_too() -> None:
    assert brief(decided("不想活了"))[1] == "despair"
    assert decided("不想活了").phrase == "despair"
    police = decided("公安经侦来调证")
    assert (police.rule, police.queue, police.intent) == ("police", RED_QUEUE, "fraud_report")
    assert decided("钱被骗走了，我不想活了").rule == "funds-lost"
    assert decided("钱被骗走了，我不想活了").phrase == "despair"


def test_money_lost_with_the_police_is_a_loss_first() -> None:
    both = decided(signals=Signals(funds_lost=True, police=True))
    assert (both.rule, both.intent) == ("funds-lost", "fund_loss_emergency")


# Secrets


@pytest.mark.parametrize("text", ["怎么退款", "转人工", "我要投诉", "你好", "被骗走了两万", "没用"])
def test_secrets_are_carried_by_whatever_is_decided(text: str) -> None:
    assert decided(text, secrets=(Secret.CARD, Secret.CVV)).secrets == (Secret.CARD, Secret.CVV)


# A person


@pytest.mark.parametrize(
    "more", [{"text": "转人工"}, {"turn": Turn(wants_human=True)}, {"pressed": PERSON}, {"text": "我要找真人"}]
)
def test_a_person_who_is_wanted_is_called_without_a_question(more: dict) -> None:
    decision = decided(**{"text": "嗯那就这样", "ranking": NOTHING, **more})
    assert (decision.kind, decision.rule, decision.intent) == ("handoff", "person", "human_agent_request")
    assert decision.queue == DEFAULT_QUEUE


def test_the_desk_asked_for_by_name_is_the_desk() -> None:
    assert decided("转技术支持", a_ranking(("cross-border", 0.9))).queue == "tech_support"


def test_else_the_desk_is_that_of_the_matter() -> None:
    assert decided("转人工", a_ranking(("api-error", 0.9))).queue == "tech_support"
    ranking = a_ranking(("refund-how", 0.3), ("cross-border", 0.2), ("api-error", 0.1))
    focus = Focus("cross-border", "cross-border", "怎么收外币", NOON)
    assert decided("转人工", ranking, focus=focus).queue == "cross_border"
    guide = GuidePlace("api-error", "state")
    assert decided("转人工", ranking, focus=focus, guide=guide).queue == "tech_support"
    assert decided("转人工", a_ranking(), focus=focus).queue == DEFAULT_QUEUE


def test_a_person_wanted_for_a_complaint_is_the_complaints_desk() -> None:
    assert decided("转人工，我要投诉你们").queue == COMPLAINTS_QUEUE
    assert decided("转人工，我要打12363").rule == "complaint:regulator"


def test_a_superior_and_a_person_wanted_at_once_is_a_person() -> None:
    assert decided(signals=Signals(wants_human=True, complaint=Complaint.ESCALATE)).rule == "person"


# Complaints


@pytest.mark.parametrize(
    ("text", "rule", "entry", "intent"),
    [
        ("我要投诉你们客服", "complaint:service", "complaint-file", "complaint_file"),
        ("我去央行投诉你们", "complaint:regulator", "complaint-regulator", "complaint_escalate_regulator"),
        ("叫你们领导来", "complaint:escalate", "complaint-escalate-internal", "complaint_escalate_regulator"),
    ],
)
def test_each_complaint_goes_to_its_desk_with_priority(text: str, rule: str, entry: str, intent: str) -> None:
    decision = decided(text)
    assert (decision.kind, decision.rule, decision.entry, decision.intent) == ("handoff", rule, entry, intent)
    assert (decision.queue, decision.priority) == (COMPLAINTS_QUEUE, "high")


# Tickets


def test_a_ticket_asked_for_by_number_is_looked_up() -> None:
    decision = decided("tk20261122-0042 怎么退款", SURE)
    assert (decision.rule, decision.phrase, decision.intent) == ("ticket", "progress", "ticket_status_query")


def test_a_ticket_hurried_by_number_is_urged() -> None:
    decision = decided("催一下 TK20261122-0042")
    assert (decision.rule, decision.phrase, decision.intent) == ("ticket", "urged", "ticket_urge")


def test_progress_is_asked_for_unless_the_message_is_surely_about_something_else() -> None:
    assert decided("我的工单到哪了", UNSURE).rule == "ticket"
    assert decided("我的工单到哪了", a_ranking(("ticket-status", 0.9))).rule == "ticket"
    assert decided("我的工单到哪了", a_ranking(("ticket-urge", 0.9))).rule == "ticket"
    assert decided("我的工单到哪了", SURE).rule == "retrieval"


def test_hurrying_needs_a_ticket_and_no_other_matter() -> None:
    assert decided("催一下", UNSURE, ticket="TK20261122-0042").phrase == "urged"
    assert decided("催一下", UNSURE).rule != "ticket"
    assert decided("催一下", SURE, ticket="TK20261122-0042").rule == "retrieval"


# Guides


def test_a_running_guide_leads() -> None:
    decision = decided("成功", NOTHING, turn=Turn(step=QUESTION), guide=PLACE)
    assert brief(decision) == ("form", "guide:refund-failed:state", "refund-failed")
    assert decision.step is QUESTION


@pytest.mark.parametrize(
    ("end", "kind", "about"),
    [
        ({"ends": "entry", "entry": "refund-how"}, "answer", {"entry": "refund-how"}),
        ({"ends": "ticket", "queue": "tech_support"}, "handoff", {"queue": "tech_support", "priority": "normal"}),
        ({"ends": "ticket", "queue": RED_QUEUE}, "handoff", {"queue": RED_QUEUE, "priority": "red"}),
        ({"ends": "ticket"}, "handoff", {"queue": DEFAULT_QUEUE, "phrase": "guide_ticket"}),
        ({"ends": "solved"}, "say", {"phrase": "solved"}),
        ({"ends": "left"}, "say", {"phrase": "left"}),
    ],
)
def test_a_guide_ends_as_its_data_says(end: dict, kind: str, about: dict) -> None:
    decision = decided("好", NOTHING, turn=Turn(step=replace(QUESTION, **end)), guide=PLACE)
    assert (decision.kind, decision.rule) == (kind, "guide:refund-failed:state")
    assert {name: getattr(decision, name) for name in about} == about


def test_a_step_that_took_any_text_gives_way_to_a_sure_other_topic() -> None:
    swallowed = Turn(step=replace(QUESTION, took_anything=True))
    assert brief(decided("怎么退款", SURE, turn=swallowed, guide=PLACE)) == ("answer", "retrieval", "refund-how")
    own = a_ranking(("refund-failed", 0.9))
    assert decided("退款失败单号 123", own, turn=swallowed, guide=PLACE).rule == "guide:refund-failed:state"
    assert decided("单号是 A123", UNSURE, turn=swallowed, guide=PLACE).rule == "guide:refund-failed:state"
    assert decided("A123", a_ranking(), turn=swallowed, guide=PLACE).rule == "guide:refund-failed:state"


def test_a_choice_of_a_step_is_taken_whatever_retrieval_thinks() -> None:
    assert decided("失败", SURE, turn=Turn(step=QUESTION), guide=PLACE).kind == "form"


def test_what_fits_no_answer_is_asked_again_and_a_sure_other_topic_is_answered() -> None:
    asked = Turn(asked=QUESTION)
    again = decided("不晓得你在讲啥子哦", UNSURE, turn=asked, guide=PLACE)
    assert (again.kind, again.phrase, again.step) == ("form", "not_understood", QUESTION)
    assert decided("怎么退款", SURE, turn=asked, guide=PLACE).rule == "retrieval"
    same = a_ranking(("refund-failed", 0.9))
    assert decided("退款失败", same, turn=asked, guide=PLACE).phrase == "not_understood"
    assert decided("???", a_ranking(), turn=asked, guide=PLACE, signals=Signals()).phrase == "not_understood"


@pytest.mark.parametrize("text", ["转人工", "我要投诉你们", "被骗走了两万"])
def test_a_guide_never_keeps_anybody_from_a_person(text: str) -> None:
    assert decided(text, turn=Turn(step=QUESTION), guide=PLACE).kind == "handoff"


def test_that_did_not_help_is_the_business_of_a_running_guide_and_not_of_a_paused_one() -> None:
    asked = Turn(asked=QUESTION)
    assert decided("没用", UNSURE, turn=asked, guide=PLACE).phrase == "not_understood"
    assert decided("没用", UNSURE, guide=replace(PLACE, paused=True)).rule == "first-failure"
