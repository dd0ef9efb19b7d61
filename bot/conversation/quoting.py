"""Where no entry answers, a document may: what it says is quoted, and said to be a quotation."""

from __future__ import annotations

from bot.conversation.case import PERSON, Case
from bot.conversation.model import Decision, Quoted
from bot.conversation.policy import HANDED
from knowledge.documents.library import Found

DOCUMENT = "document"
"""The rule that quotes."""
_DECLINES = frozenset({"low-confidence", "second-failure"})
_UNSURE = frozenset({"unsure", "close"})
_ERROR_CODE = "error_code"


def quoted(case: Case, decision: Decision) -> Decision:
    """The decision, or a quotation where it was to decline, or to ask back with nothing it is sure of.

    Never over what is handed to people, a known code, or a matter that is not ours. Choices stay beside the quotation.
    """
    if not _may(case, decision):
        return decision
    found = case.documents(case.heard.text)
    if found is None or not found.sure or not _holds_codes(case, found):
        return decision
    return Decision(
        "answer",
        DOCUMENT,
        intent=case.turn.intent,
        confidence=found.confidence.value,
        choices=(*(decision.choices if decision.kind == "clarify" else ()), PERSON),
        document=Quoted(found.document, found.title, found.headings, found.quote, found.address),
        because={"instead": decision.rule, **decision.because},
    )


def _may(case: Case, decision: Decision) -> bool:
    if decision.rule not in _DECLINES and (decision.rule not in _UNSURE or case.sure):
        return False
    if not case.alone or case.heard.signals.vague or case.ranking.code_entries:
        return False
    near = (one for one in case.ranking.candidates if one.probability >= case.policy.choice_at)
    return not any(one.entry in HANDED for one in near)


def _holds_codes(case: Case, found: Found) -> bool:
    """Whether the passage names every error code that was told."""
    text = found.passage_text.lower()
    return all(fact.value.lower() in text for fact in case.heard.facts if fact.name == _ERROR_CODE)
