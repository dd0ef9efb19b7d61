"""What Rasa calls back for: it leads a form, and each question and answer of that form is a step of our own guides.

The endpoint knows the guides and nothing else; what it needs of a conversation stands in the call, where `RasaDialogue`
put it. What it makes of a message goes back as one `custom` JSON: {id, intent, intent_ranking, step, asked}.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Annotated, Any

import uvicorn
from fastapi import APIRouter, Body, FastAPI, Response
from fastapi.responses import JSONResponse

from bot.conversation.model import Choice, Complaint, Fact, GuidePlace, Heard, IntakePlace, Signals, SmallTalk, Step
from bot.dialogue.leading import Leading, Place

GUIDE_FORM, TICKET_FORM, ANSWER = "guide_form", "ticket_form", "answer"
NOT_UNDERSTOOD = "nlu_fallback"
UNDERSTOOD = "action_understood"
_FLAGS = tuple(field.name for field in fields(Signals) if field.type == "bool")
_KINDS: Mapping[str, type[Complaint] | type[SmallTalk]] = {"complaint": Complaint, "small_talk": SmallTalk}
_INTAKE = tuple(field.name for field in fields(IntakePlace))
_SURE = 0.5
_START_SECONDS = 10.0
_STOP_SECONDS = 2.0
log = logging.getLogger(__name__)


def message_of(id: str, heard: Heard, pressed: str | None) -> dict[str, Any]:
    """A message as the metadata of Rasa's: all a step needs to take it as an answer. `id` comes back with the turn."""
    signals: dict[str, Any] = {name: True for name in _FLAGS if getattr(heard.signals, name)}
    for name, kind in _KINDS.items():
        if getattr(heard.signals, name) is not None:
            signals[name] = kind(getattr(heard.signals, name)).value
    about = {"facts": [asdict(fact) for fact in heard.facts], "codes": list(heard.codes), "matter": heard.matter}
    return {"id": id, "text": heard.text, "signals": signals, "pressed": pressed, **about}


def heard_of(message: Mapping[str, Any]) -> Heard:
    """The way back from `message_of`."""
    kept: Mapping[str, Any] = message["signals"]
    flags: dict[str, Any] = {name: True for name in _FLAGS if kept.get(name)}
    kinds: dict[str, Any] = {name: kind(kept[name]) for name, kind in _KINDS.items() if name in kept}
    facts = tuple(Fact(**fact) for fact in message["facts"])
    signals = Signals(**flags, **kinds)
    return Heard(message["text"], (), signals, facts, tuple(message["codes"]), message["matter"])


def place_of(kept: Mapping[str, Any]) -> GuidePlace:
    """The place in a guide that `asdict` made JSON of."""
    trail = tuple((str(step), str(answer)) for step, answer in kept["trail"])
    return GuidePlace(kept["guide"], kept["step"], trail, kept["unknowns"], kept["paused"])


def intake_of(kept: Mapping[str, Any]) -> IntakePlace:
    """The place in the intake that `asdict` made JSON of."""
    named = {name: kept[name] for name in _INTAKE}
    return IntakePlace(**{**named, "asked": tuple(kept["asked"])})


def step_of(kept: Mapping[str, Any]) -> Step:
    """The step that `asdict` made JSON of."""
    return Step(
        **{
            **kept,
            "choices": tuple(Choice(**choice) for choice in kept["choices"]),
            "place": place_of(kept["place"]) if kept["place"] else None,
            "intake": intake_of(kept["intake"]) if kept["intake"] else None,
            "facts": tuple(Fact(**fact) for fact in kept["facts"]),
        }
    )


def act(leading: Leading, call: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """What Rasa is answered, as its action endpoints are. Raises `KeyError` for a call that is not one of ours."""
    tracker = call["tracker"]
    take = _ACTIONS[call["next_action"]]
    if take is None:
        return {"events": [], "responses": [{"custom": _reading(tracker)}]}
    return {"events": take(leading, tracker), "responses": []}


def _taken_by_guide(leading: Leading, tracker: Mapping[str, Any]) -> list[dict[str, Any]]:
    return _taken(leading, tracker, "guide", place_of(tracker["slots"]["guide"]), ())


def _taken_by_ticket(leading: Leading, tracker: Mapping[str, Any]) -> list[dict[str, Any]]:
    kept = tracker["slots"]["ticket"]
    return _taken(leading, tracker, "ticket", intake_of(kept), tuple(Fact(**fact) for fact in kept["facts"]))


def _taken(
    leading: Leading, tracker: Mapping[str, Any], slot: str, place: Place, facts: tuple[Fact, ...]
) -> list[dict[str, Any]]:
    """Take the message as the answer: the form asks on, is filled (what leads has ended), or is left."""
    message = tracker["latest_message"]["metadata"]
    heard = heard_of(message)
    heard = replace(heard, matter=heard.matter or _sure_intent(tracker["latest_message"]["intent"]))
    step, asked = leading.take(place, heard, message["pressed"], facts)
    if step is None:
        open_ = asdict(asked) if asked else None
        return [_slot("step", {"id": message["id"], "asked": open_}), _slot(ANSWER, None), _LEAVE]
    kept = _slot("step", {"id": message["id"], "step": asdict(step)})
    if step.ends is not None:
        return [kept, _slot(ANSWER, step.ends)]
    onto = step.place or step.intake
    return [kept, _slot(slot, asdict(onto) if onto else None), _slot(ANSWER, None)]


_LEAVE = {"event": "active_loop", "name": None}
_ACTIONS: Mapping[str, Callable[[Leading, Mapping[str, Any]], list[dict[str, Any]]] | None] = {
    UNDERSTOOD: None,
    f"action_ask_{GUIDE_FORM}_{ANSWER}": None,
    f"action_ask_{TICKET_FORM}_{ANSWER}": None,
    f"validate_{GUIDE_FORM}": _taken_by_guide,
    f"validate_{TICKET_FORM}": _taken_by_ticket,
}


def _sure_intent(intent: Mapping[str, Any]) -> str | None:
    """The intent as far as Rasa is sure of it: what a ticket is about, where the library does not know."""
    sure = intent.get("confidence", 0.0) >= _SURE and intent["name"] != NOT_UNDERSTOOD
    return str(intent["name"]) if sure else None


def _slot(name: str, value: Any) -> dict[str, Any]:
    return {"event": "slot", "name": name, "value": value}


def _reading(tracker: Mapping[str, Any]) -> dict[str, Any]:
    latest = tracker["latest_message"]
    id = latest["metadata"]["id"]
    kept = tracker["slots"].get("step") or {}
    mine = kept if kept.get("id") == id else {}
    return {
        "id": id,
        "intent": latest["intent"],
        "intent_ranking": latest.get("intent_ranking") or [],
        "step": mine.get("step"),
        "asked": mine.get("asked"),
    }


def action_routes(leading: Leading, token: str) -> APIRouter:
    """The endpoint; who does not know the token gets nothing."""
    router = APIRouter()

    @router.post("/webhook")
    def webhook(call: Annotated[dict[str, Any], Body()], token_given: str = "") -> Response:
        if not hmac.compare_digest(token_given.encode(), token.encode()):
            return Response(None, 403)
        return JSONResponse(act(leading, call))

    return router


@dataclass(frozen=True, slots=True)
class ActionAddress:
    """Where Rasa finds the endpoint. The token goes into the query, under the name `token_given`."""

    port: int
    token: str


class ActionServer:
    """The endpoint on a loopback port of its own, in a thread: nothing that listens to the world leads to it."""

    def __init__(self, leading: Leading) -> None:
        self._leading = leading
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self._door: socket.socket | None = None

    def start(self) -> ActionAddress:
        """Serve on a free port; comes back once it answers. Raises `OSError` where it cannot."""
        token = secrets.token_hex(24)
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.include_router(action_routes(self._leading, token))
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
