"""The widget's JSON: messages and decisions as the HTTP face shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from bot.conversation.model import Message, TicketCard
from bot.conversation.phrases import QUEUES, STATES


class SessionIn(BaseModel):
    merchant_token: str | None = Field(default=None, max_length=4096)


class AnnouncementOut(BaseModel):
    id: str
    text: str


class SessionOut(BaseModel):
    token: str
    conversation: str | None
    greeting: str
    suggestions: list[str]
    announcements: list[AnnouncementOut]


class MessageIn(BaseModel):
    """`client_id` names the message: the same one again gets the same reply."""

    text: str = Field(max_length=20_000)
    client_id: str = Field(min_length=1, max_length=100)
    choice: str | None = Field(default=None, max_length=100)


class ChoiceOut(BaseModel):
    id: str
    label: str


class EntryOut(BaseModel):
    id: str
    title: str
    url: str


class TicketOut(BaseModel):
    number: str
    state: str
    state_text: str
    queue_text: str
    promise: str


class MessageOut(BaseModel):
    id: str
    author: str
    kind: str
    text: str
    created_at: datetime
    client_id: str | None = None
    entry: EntryOut | None = None
    choices: list[ChoiceOut] | None = None
    ticket: TicketOut | None = None


class DecisionOut(BaseModel):
    kind: str
    entry: str | None = None
    confidence: float | None = None
    intent: str | None = None
    queue: str | None = None
    rule: str | None = None
    facts: dict[str, str] = Field(default_factory=dict)


class ReplyOut(BaseModel):
    messages: list[MessageOut]
    cursor: str
    holder: str
    decision: DecisionOut | None = None


class FeedbackIn(BaseModel):
    problem: str = Field(min_length=1, max_length=2000)
    expectation: str = Field(default="", max_length=2000)


class FeedbackOut(BaseModel):
    number: str


def message_out(message: Message) -> MessageOut:
    merchant = message.author.value == "merchant"
    return MessageOut(
        id=str(message.id),
        author=message.author.value,
        kind=message.kind.value,
        text=message.text,
        created_at=message.created_at,
        client_id=message.client_id if merchant else None,
        entry=EntryOut(id=message.entry.id, title=message.entry.title, url=message.entry.url) if message.entry else None,
        choices=None if merchant else [ChoiceOut(id=c.id, label=c.label) for c in message.choices] or None,
        ticket=ticket_out(message.ticket) if message.ticket else None,
    )


def ticket_out(card: TicketCard) -> TicketOut:
    return TicketOut(
        number=card.number,
        state=card.state,
        state_text=STATES[card.state],
        queue_text=QUEUES[card.queue],
        promise=card.promise,
    )


def decision_out(decision: Mapping[str, Any]) -> DecisionOut | None:
    return DecisionOut.model_validate(dict(decision)) if decision.get("kind") else None
