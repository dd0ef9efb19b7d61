"""What Rasa calls back for: it leads a form, and each question and answer of that form is a step of our own guides.

The endpoint knows the guides and nothing else; what it needs of a conversation stands in the call, where `RasaDialogue`
put it. What it makes of a message goes back as one `custom` JSON: {id, intent, confidence, ranking, step, asked}.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any

import uvicorn
from fastapi import APIRouter, Body, FastAPI, Response
from fastapi.responses import JSONResponse

from bot.conversation.model import Choice, Complaint, GuidePlace, Heard, Signals, Step
from bot.dialogue.guides import Guide, advance, again

FORM, ANSWER = "guide_form", "answer"
UNDERSTOOD, ASK, VALIDATE = "action_understood", f"action_ask_{FORM}_{ANSWER}", f"validate_{FORM}"
_FLAGS = tuple(field.name for field in fields(Signals) if field.type == "bool")
_RANKED = 3
_NOT_UNDERSTOOD = "nlu_fallback"
_START_SECONDS = 10.0
_STOP_SECONDS = 2.0
log = logging.getLogger(__name__)


def message_of(id: str, heard: Heard, pressed: str | None) -> dict[str, Any]:
    """A message as the metadata of Rasa's: all a guide needs to take it as an answer. `id` comes back with the turn."""
    signals: dict[str, Any] = {name: True for name in _FLAGS if getattr(heard.signals, name)}
    if heard.signals.complaint is not None:
        signals["complaint"] = heard.signals.complaint.value
    return {"id": id, "text": heard.text, "signals": signals, "pressed": pressed}


def heard_of(message: Mapping[str, Any]) -> Heard:
    """The way back from `message_of`."""
    kept: Mapping[str, Any] = message["signals"]
    complaint = Complaint(kept["complaint"]) if "complaint" in kept else None
    flags: dict[str, Any] = {name: True for name in _FLAGS if kept.get(name)}
    return Heard(message["text"], signals=Signals(complaint=complaint, **flags))


def place_of(kept: Mapping[str, Any]) -> GuidePlace:
    """The place that `asdict` made JSON of."""
    trail = tuple((str(step), str(answer)) for step, answer in kept["trail"])
    return GuidePlace(kept["guide"], kept["step"], trail, kept["unknowns"], kept["paused"])


def step_of(kept: Mapping[str, Any]) -> Step:
    """The step that `asdict` made JSON of."""
    choices = tuple(Choice(**choice) for choice in kept["choices"])
    place = place_of(kept["place"]) if kept["place"] else None
    return Step(**{**kept, "choices": choices, "place": place})


def act(guides: Mapping[str, Guide], call: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What Rasa is answered, as its action endpoints are. Raises `KeyError` for a call that is not one of ours."""
    tracker = call["tracker"]
    events = {VALIDATE: _taken, ASK: _nothing, UNDERSTOOD: _nothing}[call["next_action"]](guides, tracker)
    responses = [] if call["next_action"] == VALIDATE else [{"custom": _reading(tracker)}]
    return {"events": events, "responses": responses}


def _nothing(_: Mapping[str, Guide], __: Mapping[str, Any]) -> list[dict[str, Any]]:
    return []


def _taken(guides: Mapping[str, Guide], tracker: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Take the message as the answer: the form asks on, is filled (the guide has ended), or is left."""
    message = tracker["latest_message"]["metadata"]
    place = place_of(tracker["slots"]["guide"])
    guide, heard = guides[place.guide], heard_of(message)
    if place.paused:
        step = again(guide, place)
    elif _interrupts(heard.signals) or (found := advance(guide, place, heard, message["pressed"])) is None:
        asked = asdict(again(guide, place))
        return [_slot("step", {"id": message["id"], "asked": asked}), _slot(ANSWER, None), _LEAVE]
    else:
        step = found
    kept = _slot("step", {"id": message["id"], "step": asdict(step)})
    if step.ends is not None:
        return [kept, _slot(ANSWER, step.ends)]
    return [kept, _slot("guide", asdict(step.place) if step.place else None), _slot(ANSWER, None)]


_LEAVE = {"event": "active_loop", "name": None}


def _slot(name: str, value: Any) -> dict[str, Any]:
    return {"event": "slot", "name": name, "value": value}


def _interrupts(signals: Signals) -> bool:
    """Whether the message is about more than the question: money, a person, a complaint stand above any guide."""
    above = (signals.funds_lost, signals.despair, signals.police, signals.wants_human)
    return any(above) or signals.complaint is not None


def _reading(tracker: Mapping[str, Any]) -> dict[str, Any]:
    latest = tracker["latest_message"]
    id = latest["metadata"]["id"]
    kept = tracker["slots"].get("step") or {}
    mine = kept if kept.get("id") == id else {}
    ranked = [
        {"intent": one["name"], "confidence": round(one["confidence"], 4)}
        for one in latest.get("intent_ranking") or ()
        if one["name"] != _NOT_UNDERSTOOD
    ][:_RANKED]
    intent = latest["intent"]["name"]
    understood = intent is not None and intent != _NOT_UNDERSTOOD
    return {
        "id": id,
        "intent": intent if understood else None,
        "confidence": round(latest["intent"]["confidence"], 4) if understood else 0.0,
        "ranking": ranked,
        "step": mine.get("step"),
        "asked": mine.get("asked"),
    }


def action_routes(guides: Mapping[str, Guide], token: str) -> APIRouter:
    """The endpoint; who does not know the token gets nothing."""
    router = APIRouter()

    @router.post("/webhook")
    def webhook(call: Annotated[dict[str, Any], Body()], token_given: str = "") -> Response:
        if not hmac.compare_digest(token_given.encode(), token.encode()):
            return Response(None, 403)
        return JSONResponse(act(guides, call))

    return router


@dataclass(frozen=True, slots=True)
class ActionAddress:
    """Where Rasa finds the endpoint. The token goes into the query, under the name `token_given`."""

    port: int
    token: str


class ActionServer:
    """The endpoint on a loopback port of its own, in a thread: nothing that listens to the world leads to it."""

    def __init__(self, guides: Mapping[str, Guide]) -> None:
        self._guides = guides
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._door: socket.socket | None = None

    def start(self) -> ActionAddress:
        """Serve on a free port; comes back once it answers. Raises `OSError` where it cannot."""
        token = secrets.token_hex(24)
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.include_router(action_routes(self._guides, token))
        door = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, name="rasa-actions", daemon=True)
        thread.start()
        self._server, self._thread, self._door = server, thread, door
        patient_until = time.monotonic() + _START_SECONDS
        while not server.started:
            if not thread.is_alive() or time.monotonic() > patient_until:
                raise OSError("the action endpoint did not start")
            time.sleep(0.01)
        return ActionAddress(door.getsockname()[1], token)

    def stop(self) -> None:
        if self._server is None or self._thread is None or self._door is None:
            return
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)
        self._door.close()
        self._server = self._thread = self._door = None
