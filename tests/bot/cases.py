"""Cases to decide, on rankings made by hand."""

from __future__ import annotations

from bot.conversation.case import NONE_OF_THESE, PERSON, Case
from bot.conversation.decide import decide
from bot.conversation.model import (
    Choice,
    Decision,
    GuidePlace,
    Secret,
    Signals,
    Step,
    Turn,
)
from bot.conversation.policy import (
    DEFAULT_QUEUE,
    Policy,
)
from knowledge.library import Ranking
from tests.builders import a_conversation, a_ranking, heard

QUEUES = {"refund_how": "merchant_service", "api_error": "tech_support", "cross_border": "cross_border"}
POLICY = Policy(
    answer_at=0.6,
    decline_at=0.5,
    queue_of=lambda intent: QUEUES.get(intent or "", DEFAULT_QUEUE),
    guides=frozenset({"refund-failed"}),
    choice_at=0.1,
)
SURE = a_ranking(("refund-how", 0.9), ("refund-late", 0.05))
UNSURE = a_ranking(("refund-how", 0.4), ("refund-late", 0.35), ("refund-fee", 0.12), ("refund-part", 0.11), none=0.02)
NOTHING = a_ranking(("refund-how", 0.1), none=0.9)
CHOICES = (
    Choice("1", "退款多久到账", "refund-late"),
    Choice("2", "怎么退款", "refund-how"),
    Choice(NONE_OF_THESE, "都不是"),
    Choice(PERSON, "转人工"),
)
PLACE = GuidePlace("refund-failed", "state", (("first", "是"),))
QUESTION = Step("refund-failed", "state", "查到的状态是什么？", (Choice("1", "成功"), Choice("2", "失败")), PLACE)


def case(
    text: str = "怎么退款",
    ranking: Ranking = SURE,
    *,
    turn: Turn | None = None,
    pressed: str | None = None,
    signals: Signals | None = None,
    secrets: tuple[Secret, ...] = (),
    policy: Policy = POLICY,
    **state: object,
) -> Case:
    said = heard(text, secrets=secrets, signals=signals)
    return Case(a_conversation(**state), said, turn or Turn(), ranking, policy, pressed)


def decided(*arguments: object, **named: object) -> Decision:
    return decide(case(*arguments, **named))


def brief(decision: Decision) -> tuple[str, str, str | None]:
    return decision.kind, decision.rule, decision.entry
