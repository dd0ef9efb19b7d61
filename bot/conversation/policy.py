"""What `decide` may know beside the turn: thresholds that were measured, and what entries and intents mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.conversation.joint import Joint
from knowledge.confidence import RIVAL_SHARE

EMERGENCY_ENTRIES = ("fund-stolen-emergency", "qr-code-swapped-emergency", "backend-key-compromised")
KEY_LOST_ENTRY, KEY_TOLD_ENTRY = "private-key-lost", "backend-key-compromised"
"""Who pastes a key has not lost it: the advice for one that others may know is right."""
HANDED = (*EMERGENCY_ENTRIES, "complaint-file", "complaint-regulator", "complaint-escalate-internal")
"""Entries about what is handed to people at once."""
SUSPICIOUS_ENTRY = "contact-authenticity-check"
DEFAULT_QUEUE = "merchant_service"
RED_QUEUE = "risk_red"
COMPLAINTS_QUEUE = "complaints"
MAX_CHOICES = 3
FAILURES_BEFORE_HAND_OFF = 2


@dataclass(frozen=True, slots=True)
class Policy:
    """`answer_at`, `decline_at`: see `knowledge.confidence.Calibration`. `choice_at` is the least share of what speaks
    for any entry that is worth offering as a choice, `named_at` the least probability that tells what a message is
    about. `emergency_at` is how sure retrieval must be that an emergency
    entry is meant, where no rule saw one; low on purpose. `intent_at` is how sure the dialogue engine must be of an
    intent that no entry has, `topic_at` how sure a ranking must be to leave what leads where nothing was asked. Under
    `english_at` a question in English is asked back: the labelled questions are Chinese, so a probability says less
    there. `joint` weighs the two minds and has its own `answer_at`; None where only one counts. `queue_of` gives the
    desk of an intent, `guides` are entries that have a guide, `intent_of` gives the intent of an entry."""

    answer_at: float
    decline_at: float
    queue_of: Callable[[str | None], str]
    guides: frozenset[str] = frozenset()
    intent_of: Callable[[str], str | None] = lambda _: None
    choice_at: float = RIVAL_SHARE
    named_at: float = 0.1
    emergency_at: float = 0.5
    intent_at: float = 0.6
    topic_at: float = 0.75
    english_at: float = 0.75
    joint: Joint | None = None
