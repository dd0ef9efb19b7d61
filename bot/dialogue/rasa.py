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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol
from urllib.parse import quote

import httpx

from bot.conversation.model import Fact, GuidePlace, Heard, State, Step, Turn
from bot.dialogue.actions import ANSWER, GUIDE_FORM, NOT_UNDERSTOOD, TICKET_FORM, message_of, step_of
from bot.dialogue.leading import Leading, Place
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
    """Asks the Rasa that runs beside us. `normalise` brings a text into the form that Rasa's examples have."""

    def __init__(
        self,
        leading: Leading,
        rasa: Running,
        normalise: Callable[[str], str] = fold,
        patience_seconds: float = PATIENCE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rasa = rasa
        self._normalise = normalise
        self._patience_seconds = patience_seconds
        self._leading = leading
        self._plain = PlainDialogue(leading)
        self._breaker = Breaker(clock)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=16, keepalive_expiry=4.0)
        self._client = httpx.Client(trust_env=False, limits=limits)

    def turn(self, conversation: str, heard: Heard, state: State, pressed: str | None) -> Turn:
        address = self._rasa.address()
        if address is None or not self._breaker.may_try():
            return self._plain.turn(conversation, heard, state, pressed)
        place = self._leading.place(state, heard)
        patient_until = time.monotonic() + self._patience_seconds
        try:
            if place is None:
                turn = self._understood(address, heard, patient_until)
            else:
                turn = self._led(address, conversation, heard, state, place, pressed, patient_until)
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

    def _understood(self, address: Address, heard: Heard, patient_until: float) -> Turn:
        """Nothing leads, so there is only something to be understood: a quarter of the time of a whole turn."""
        body, token = {"text": self._text(heard)}, {"token": address.token}
        said = self._ask("POST", f"{address.url}/model/parse", body, patient_until, token)
        return _silent_unless(lambda: replace(_understanding(said), facts=heard.facts))

    def _led(
        self,
        address: Address,
        conversation: str,
        heard: Heard,
        state: State,
        place: Place,
        pressed: str | None,
        patient_until: float,
    ) -> Turn:
        id = uuid.uuid4().hex
        tracker = f"{address.url}/conversations/{quote(conversation, safe='')}/tracker/events"
        about = {"token": address.token, "include_events": "NONE"}
        self._ask("PUT", tracker, tracker_of(place, state.facts), patient_until, about)
        message = {"sender": conversation, "message": self._text(heard), "metadata": message_of(id, heard, pressed)}
        said = self._ask("POST", f"{address.url}/webhooks/rest/webhook", message, patient_until)
        return _silent_unless(lambda: _turn(said, id, heard))

    def _text(self, heard: Heard) -> str:
        return _COMMAND.sub("", self._normalise(heard.text)) or _NO_WORDS

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


def tracker_of(place: Place, facts: Sequence[Fact]) -> list[dict[str, Any]]:
    """The events that put Rasa where the conversation is: in the form that leads, with its question open."""
    form, slot = (GUIDE_FORM, "guide") if isinstance(place, GuidePlace) else (TICKET_FORM, "ticket")
    value = asdict(place)
    if slot == "ticket":
        value["facts"] = [asdict(fact) for fact in facts]
    return [
        {"event": "slot", "name": slot, "value": value},
        {"event": "active_loop", "name": form},
        {"event": "slot", "name": "requested_slot", "value": ANSWER},
        {"event": "action", "name": "action_listen"},
    ]


def _silent_unless(read: Callable[[], Turn]) -> Turn:
    try:
        return read()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RasaSilent("it said nothing of use") from error


def _turn(said: Any, id: str, heard: Heard) -> Turn:
    """The turn in Rasa's messages; exactly one of them is the reading of this message."""
    [reading] = [one["custom"] for one in said if one.get("custom", {}).get("id") == id]
    step: Step | None = step_of(reading["step"]) if reading["step"] else None
    asked: Step | None = step_of(reading["asked"]) if reading["asked"] else None
    if step is not None:  # the words of an answer (“没有”, “200”) have no intent of their own
        return Turn(facts=(*heard.facts, *step.facts), step=step)
    return replace(_understanding(reading), facts=heard.facts, asked=asked)


def _understanding(said: Mapping[str, Any]) -> Turn:
    """The intents that Rasa names, best first; the first is the turn's unless Rasa itself falls back."""
    named = said["intent"]["name"]
    ranked = tuple(
        (str(one["name"]), float(one["confidence"])) for one in said["intent_ranking"] if one["name"] != NOT_UNDERSTOOD
    )
    if named is None or named == NOT_UNDERSTOOD or not ranked:
        return Turn(intents=ranked)
    return Turn(str(named), float(said["intent"]["confidence"]), intents=ranked)
