"""Which desk answers for what was understood."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

QUEUES_FILE = Path(__file__).parent.parent / "organisation" / "queues.yml"


def queue_for(intent: str | None, default: str = "merchant_service") -> str:
    """The queue of an intent.

    `default` answers for what has no desk of its own: an unknown intent, small talk, and matters that go by their topic
    or by the ticket they are about; the caller who knows that topic or ticket gives its queue.
    """
    known = _data()
    queue = known["intents"].get(intent, {}).get("queue")
    return str(queue) if queue in known["queues"] else default


def queue_names() -> dict[str, str]:
    """The desks, and what people call them."""
    return {str(queue): str(name) for queue, name in _data()["queues"].items()}


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(QUEUES_FILE.read_text(encoding="utf8"))
    return data
