"""Everything one decision rests on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.conversation.model import Conversation, Heard, State, Turn
from bot.conversation.policy import Policy
from knowledge.documents.library import Found
from knowledge.library import Candidate, Ranking

NONE_OF_THESE = "none"
PERSON = "person"
RATE = "rate"
"""Choices that stand for no entry: none of those shown, a person, a mark from 1 to 5."""
_ABOUT_PEOPLE = ("human_agent_request", "service_hours_contact")


def _no_documents(_: str) -> Found | None:
    return None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything one decision rests on."""

    conversation: Conversation
    heard: Heard
    turn: Turn
    ranking: Ranking
    policy: Policy
    pressed: str | None = None
    alone: bool = True
    """Whether the message was searched by itself, and not as a follow-up."""
    documents: Callable[[str], Found | None] = _no_documents
    """What the documents say to a text; asked only where no entry answers."""

    @property
    def state(self) -> State:
        """What the conversation remembers."""
        return self.conversation.state

    @property
    def best(self) -> Candidate | None:
        """The likeliest entry; None where nothing was found."""
        return self.ranking.candidates[0] if self.ranking.candidates else None

    @property
    def about(self) -> str | None:
        """The entry the conversation is about: that of its guide, else its focus."""
        guide, focus = self.state.guide, self.state.focus
        return guide.guide if guide else focus.entry if focus else None

    def queue_of_matter(self) -> str:
        """The desk for what it is about: this message's entry if sure, else the focus, else the default."""
        best, about = self.best, self.about
        intake = self.state.intake
        if intake is not None and not intake.paused and intake.matter is not None:
            return self.policy.queue_of(intake.matter)
        if best is not None and self.sure and best.intent not in _ABOUT_PEOPLE:
            return self.policy.queue_of(best.intent)
        known = next((c.intent for c in self.ranking.candidates if c.entry == about), None)
        return self.policy.queue_of(known or (self.policy.intent_of(about) if about else None))

    @property
    def sure(self) -> bool:
        """Whether the likeliest entry may be answered outright."""
        return self.best is not None and self.best.probability >= self.policy.answer_at
