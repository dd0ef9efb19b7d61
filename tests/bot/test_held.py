"""What the bot still says while a person holds the conversation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conversation.case import Case
from bot.conversation.decide import decide
from bot.conversation.held import while_held
from bot.conversation.model import Decision, Holder, Secret, Turn
from bot.conversation.policy import DEFAULT_QUEUE, RED_QUEUE, Policy
from knowledge.library import Ranking
from tests.builders import NOON, a_conversation, a_ranking, heard

POLICY = Policy(answer_at=0.6, decline_at=0.5, queue_of=lambda _: DEFAULT_QUEUE)
SURE = a_ranking(("refund-how", 0.9))
BOTH = pytest.mark.parametrize("holder", [Holder.QUEUE, Holder.STAFF])


def said(
    text: str,
    holder: Holder = Holder.QUEUE,
    ranking: Ranking = SURE,
    *,
    secrets: tuple[Secret, ...] = (),
    minutes: float = 1,
) -> Decision | None:
    """What is said `minutes` after it was last said that a person is coming."""
    conversation = a_conversation(holder=holder, ticket="TK20261123-0001", transfer_noted_at=NOON)
    case = Case(conversation, heard(text, secrets=secrets), Turn(), ranking, POLICY)
    return while_held(case, decide(case), NOON + timedelta(minutes=minutes))


@BOTH
@pytest.mark.parametrize("text", ["怎么退款", "谢谢", "转人工", "我要投诉你们", "没用", "你好"])
def test_nothing_is_said_to_what_a_person_will_answer(holder: Holder, text: str) -> None:
    assert said(text, holder) is None


@BOTH
def test_a_new_emergency_is_answered_at_once(holder: Holder) -> None:
    decision = said("有人把我卡里的钱转走了", holder)
    assert decision is not None
    assert (decision.rule, decision.queue, decision.priority) == ("funds-lost", RED_QUEUE, "red")


@BOTH
@pytest.mark.parametrize("text", ["我的工单到哪了", "TK20261123-0001", "催一下"])
def test_the_ticket_can_be_asked_for_and_hurried(holder: Holder, text: str) -> None:
    decision = said(text, holder, a_ranking(("refund-how", 0.2), none=0.8))
    assert decision is not None
    assert decision.rule == "ticket"


@BOTH
@pytest.mark.parametrize("entry", ["service-hours", "service-holiday-peak-hours"])
def test_the_hours_are_told_when_asked_for(holder: Holder, entry: str) -> None:
    decision = said("你们几点下班", holder, a_ranking((entry, 0.9)))
    assert decision is not None
    assert (decision.kind, decision.entry) == ("answer", entry)


def test_hours_that_are_only_guessed_at_are_not_told() -> None:
    assert said("你们几点下班", ranking=a_ranking(("service-hours", 0.4))) is None


def test_that_a_person_is_coming_is_said_once_in_ten_minutes_while_nobody_has_taken_it() -> None:
    assert said("在吗", minutes=9.9) is None
    decision = said("在吗", minutes=10)
    assert decision is not None
    assert (decision.rule, decision.phrase) == ("held-by-queue", "waiting")
    assert said("在吗", Holder.STAFF, minutes=60) is None


def test_it_is_said_where_it_was_never_said() -> None:
    case = Case(a_conversation(holder=Holder.QUEUE), heard("在吗"), Turn(), SURE, POLICY)
    decision = while_held(case, decide(case), NOON)
    assert decision is not None
    assert decision.rule == "held-by-queue"


def test_the_bot_takes_it_back_only_while_nobody_has_taken_it() -> None:
    decision = said("继续问机器人")
    assert decision is not None
    assert (decision.rule, decision.phrase) == ("resume-bot", "back_with_bot")
    assert said("继续问机器人", Holder.STAFF) is None


@BOTH
def test_a_secret_is_warned_of_whoever_holds_the_conversation(holder: Holder) -> None:
    decision = said("卡号给你", holder, secrets=(Secret.CARD,))
    assert decision is not None
    assert (decision.phrase, decision.secrets) == ("secrets", (Secret.CARD,))


@pytest.mark.parametrize("text", ["继续问机器人", "在吗", "有人把我卡里的钱转走了", "我的工单到哪了"])
def test_a_secret_is_warned_of_beside_anything_else(text: str) -> None:
    decision = said(text, secrets=(Secret.CARD,), ranking=a_ranking(), minutes=11)
    assert decision is not None
    assert decision.secrets == (Secret.CARD,)
