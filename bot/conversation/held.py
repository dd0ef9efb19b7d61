"""What the bot still says while a person holds the conversation: the little it must. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.conversation.decide import Case, decide
from bot.conversation.model import Decision, Holder

_NOTE_EVERY_SECONDS = 600.0
_HOURS_ENTRIES = ("service-hours", "service-holiday-peak-hours")


def while_held(case: Case, now: datetime) -> Decision | None:
    """A new emergency, the ticket's state, the hours when asked, or once in ten minutes that a person is coming.

    “继续问机器人” gives the conversation back while the ticket waits. None: nothing is said.
    """
    decision = decide(replace(case, conversation=replace(case.conversation, holder=Holder.BOT)))
    if decision.priority == "red" or decision.rule == "ticket":
        return decision
    secrets = decision.secrets
    waits = case.conversation.holder is Holder.QUEUE
    if waits and case.heard.signals.resume_bot:
        return Decision("say", "resume-bot", phrase="back_with_bot", secrets=secrets)
    if decision.kind == "answer" and decision.entry in _HOURS_ENTRIES:
        return decision
    if waits:
        noted = case.state.transfer_noted_at
        if noted is None or now - noted >= timedelta(seconds=_NOTE_EVERY_SECONDS):
            return Decision("say", "held-by-queue", phrase="waiting", secrets=secrets)
    return Decision("say", "secrets", phrase="secrets", secrets=secrets) if secrets else None
