"""From what a channel hands over to what may be kept and what was recognised in it."""

from __future__ import annotations

from datetime import datetime

from bot.conversation.facts import extract
from bot.conversation.guard import check, clean, mask
from bot.conversation.model import Heard
from bot.conversation.signals import recognise


def hear(text: str, now: datetime) -> Heard:
    """Clean, check and mask a text, and read its signals and facts. Raises `TextBlank`, `TextTooLong`.

    Signals are read before masking takes words away, facts after it, so that no secret becomes a fact.
    """
    cleaned = clean(text)
    check(cleaned)
    masked = mask(cleaned)
    return Heard(masked.text, masked.secrets, recognise(cleaned), extract(masked.text, now))
