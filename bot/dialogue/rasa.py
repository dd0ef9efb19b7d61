"""Rasa understands and leads; where it is down, slow or silent, the plain engine takes the turn.

Before each message Rasa's tracker is set from the conversation's state: the database is the truth, a Rasa that was
killed has lost nothing, and a conversation's hundredth turn costs what its first does.
"""

from __future__ import annotations

import logging
import re
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from bot.conversation.model import GuidePlace, Heard, State, Step, Turn
from bot.dialogue.actions import ANSWER, FORM, message_of, step_of
from bot.dialogue.guides import Guide
from bot.dialogue.turn import PlainDialogue
from embeddings.normalise import fold

PATIENCE_SECONDS = 1.5
"""For a whole turn: the merchant waits for it."""
_FAILURES_BEFORE_REST = 3
_REST_SECONDS = 5.0
_COMMAND = re.compile(r"^[\s/]+")
_NO_WORDS = "-"
log = logging.getLogger(__name__)


class RasaSilent(Exception):
    """Rasa gave no answer that can be used: it is down, slow, or said nothing."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a running Rasa answers, and the token of its HTTP API."""

    url: str
    token: str


class Running(Protocol):
    """What keeps Rasa running, as far as a dialogue sees it."""

    def address(self) -> Address | None:
        """None while no Rasa is ready."""
        ...


class Breaker:
    """After a few failures in a row nothing is tried for a while; then one try at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._rests_until = 0.0

    def may_try(self) -> bool:
        with self._lock:
            if self._failures < _FAILURES_BEFORE_REST:
                return True
            if self._clock() < self._rests_until:
                return False
            self._rests_until = self._clock() + _REST_SECONDS
            return True

    def resting(self) -> bool:
        with self._lock:
            return self._failures >= _FAILURES_BEFORE_REST

    def note(self, worked: bool) -> None:
        with self._lock:
            self._failures = 0 if worked else self._failures + 1
            if self._failures >= _FAILURES_BEFORE_REST:
                self._rests_until = self._clock() + _REST_SECONDS


class RasaDialogue:
    """Asks the Rasa that runs beside us."""

    def __init__(
        self,
        guides: Mapping[str, Guide],
        rasa: Running,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._guides = guides
        self._rasa = rasa
        self._patience_seconds = patience_seconds
        self._plain = PlainDialogue(guides)
        self._breaker = Breaker(clock)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=16, keepalive_expiry=4.0)
        self._client = httpx.Client(trust_env=False, limits=limits)

    def turn(self, conversation: str, heard: Heard, state: State, pressed: str | None) -> Turn:
        address = self._rasa.address()
        if address is None or not self._breaker.may_try():
            return self._plain.turn(conversation, heard, state, pressed)
        try:
            turn = self._led(address, conversation, heard, state, pressed)
        except RasaSilent as error:
            self._breaker.note(worked=False)
            log.warning("conversation %s went on without Rasa: %s", conversation, error)
            return self._plain.turn(conversation, heard, state, pressed)
        self._breaker.note(worked=True)
        return turn

    def ready(self) -> bool:
        return self._rasa.address() is not None and not self._breaker.resting()

    def close(self) -> None:
        self._client.close()

    def _led(self, address: Address, conversation: str, heard: Heard, state: State, pressed: str | None) -> Turn:
        patient_until = time.monotonic() + self._patience_seconds
        id = uuid.uuid4().hex
        tracker = f"{address.url}/conversations/{quote(conversation, safe='')}/tracker/events"
        about = {"token": address.token, "include_events": "NONE"}
        self._ask("PUT", tracker, self._tracker(state.guide, heard), patient_until, about)
        message = {
            "sender": conversation,
            "message": _COMMAND.sub("", fold(heard.text)) or _NO_WORDS,
            "metadata": message_of(id, heard, pressed),
        }
        said = self._ask("POST", f"{address.url}/webhooks/rest/webhook", message, patient_until)
        return _turn(said, id, heard)

    def _tracker(self, place: GuidePlace | None, heard: Heard) -> list[dict[str, Any]]:
        """The events that put Rasa where the conversation is: in the form if a guide leads, else at the start."""
        listening = {"event": "action", "name": "action_listen"}
        if not self._leads(place, heard) or place is None:
            return [listening]
        return [
            {"event": "slot", "name": "guide", "value": asdict(place)},
            {"event": "active_loop", "name": FORM},
            {"event": "slot", "name": "requested_slot", "value": ANSWER},
            listening,
        ]

    def _leads(self, place: GuidePlace | None, heard: Heard) -> bool:
        if place is None or place.guide not in self._guides or place.step not in self._guides[place.guide].steps:
            return False
        return heard.signals.resume_guide if place.paused else True

    def _ask(
        self, method: str, url: str, body: Any, patient_until: float, about: Mapping[str, str] | None = None
    ) -> Any:
        left = patient_until - time.monotonic()
        if left <= 0:
            raise RasaSilent("it is slow")
        try:
            answer = self._client.request(method, url, json=body, params=about, timeout=left)
            answer.raise_for_status()
            return answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise RasaSilent(type(error).__name__) from error


def _turn(said: Any, id: str, heard: Heard) -> Turn:
    """The turn in Rasa's messages; exactly one of them is the reading of this message."""
    try:
        [reading] = [one["custom"] for one in said if one.get("custom", {}).get("id") == id]
        step: Step | None = step_of(reading["step"]) if reading["step"] else None
        asked: Step | None = step_of(reading["asked"]) if reading["asked"] else None
        if step is not None:  # the words of an answer (“没有”, “200”) have no intent of their own
            return Turn(facts=heard.facts, step=step)
        return Turn(reading["intent"], float(reading["confidence"]), heard.facts, asked=asked)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RasaSilent("it said nothing of use") from error
