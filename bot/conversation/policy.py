"""What `decide` may know beside the turn: thresholds that were measured, and what entries and intents mean."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

EMERGENCY_ENTRIES = ("fund-stolen-emergency", "qr-code-swapped-emergency", "backend-key-compromised")
DEFAULT_QUEUE = "merchant_service"
RED_QUEUE = "risk_red"
COMPLAINTS_QUEUE = "complaints"
MAX_CHOICES = 3
FAILURES_BEFORE_HAND_OFF = 2


@dataclass(frozen=True, slots=True)
class Policy:
    """`answer_at`, `decline_at`: see `knowledge.confidence.Calibration`. `choice_at` is the least probability worth
    offering as a choice. `emergency_at` is how sure retrieval must be that an emergency entry is meant, where no rule
    saw one; low on purpose. `queue_of` gives the desk of an intent, `guides` are entries that have a guide,
    `intent_of` gives the intent of an entry.
    """

    answer_at: float
    decline_at: float
    queue_of: Callable[[str | None], str]
    guides: frozenset[str] = frozenset()
    intent_of: Callable[[str], str | None] = lambda _: None
    choice_at: float = 0.1
    emergency_at: float = 0.5
