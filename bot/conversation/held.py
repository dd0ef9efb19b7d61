"""What the bot still says while a person holds the conversation: the little it must. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.conversation.case import Case
from bot.conversation.model import Decision, Holder

_NOTE_EVERY_SECONDS = 600.0
_HOURS_ENTRIES = ("service-hours", "service-holiday-peak-hours")


def while_held(case: Case, decision: Decision, now: datetime) -> Decision | None:
    """What is said of what the bot would do: a new emergency, the ticket's state, the hours when asked, the second
    matter of a message where it was offered, or once in ten minutes that a person is coming.

    “继续问机器人” gives the conversation back while the ticket waits. None: nothing is said.
    """
    if decision.priority == "red" or decision.rule == "ticket":
        return decision
    secrets = decision.secrets
    waits = case.conversation.holder is Holder.QUEUE
    chosen = decision.rule == "choice" and decision.kind in ("answer", "form")
    if waits and (chosen or decision.rule.startswith("guide:")):
        return decision
    if waits and case.heard.signals.resume_bot:
        return Decision("say", "resume-bot", phrase="back_with_bot", secrets=secrets)
    if decision.kind == "answer" and decision.entry in _HOURS_ENTRIES:
        return decision
    if waits:
        noted = case.state.transfer_noted_at
        if noted is None or now - noted >= timedelta(seconds=_NOTE_EVERY_SECONDS):
            return Decision("say", "held-by-queue", phrase="waiting", secrets=secrets)
    return Decision("say", "secrets", phrase="secrets", secrets=secrets) if secrets else None
