"""Handing a matter to people: which ticket, with what in it, and what is promised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from bot.conversation import phrases
from bot.conversation.case import Case
from bot.conversation.facts import ONE_OF, alternatives
from bot.conversation.model import Author, Decision, Draft, Fact, Kind, TicketCard
from bot.conversation.policy import COMPLAINTS_QUEUE, DEFAULT_QUEUE, RED_QUEUE
from bot.conversation.progress import merged
from bot.conversation.replies import HandOff
from bot.dialogue.guides import Guide, facts_of
from bot.tickets.model import Owner, Priority, Ticket, TicketChange, TicketEvent, TicketMissing, TicketState
from bot.tickets.service_levels import promise
from bot.tickets.store import TicketStore

_ZONE = ZoneInfo("Asia/Shanghai")
_SUMMARY_CHARS = 300
_DETAIL_CHARS = 1500
_OF_THE_INTAKE = ("intake:submitted", "person", "second-failure")
_MOST_SHOWN = 3
_SAME_MATTER = ("person", "second-failure", "anger", "trouble")


class Hours(Protocol):
    """When people are there; see `bot.organisation.hours`."""

    def is_open(self, at: datetime) -> bool:
        """Whether people are there."""
        ...

    def after(self, at: datetime, minutes: int) -> datetime | None:
        """When so many minutes of service time have passed."""
        ...


class Settings(Protocol):
    """Settings by name; see `bot.organisation.profile`."""

    def get(self, name: str) -> Any:
        """The value, or the default."""
        ...


@dataclass(frozen=True)
class Counter:
    """The counter where tickets are opened, raised and asked after."""

    tickets: TicketStore
    settings: Settings
    hours: Hours
    guides: Mapping[str, Guide]

    def open(self, case: Case, decision: Decision, now: datetime) -> tuple[HandOff, TicketChange]:
        """The ticket a hand-off opens, or raises where one about the same matter is still open."""
        queue = decision.queue or DEFAULT_QUEUE
        priority = Priority(decision.priority)
        held = self._held(case, decision, queue)
        if held is not None:
            priority = max(held.priority, priority, key=list(Priority).index)
            queue = queue if self._moves(case, decision, held) else held.queue
        promised = promise(queue, priority, now, self.settings, self.hours)
        due_at = promised.due_at if held is None or held.due_at is None else min(held.due_at, promised.due_at)
        change = TicketChange(
            queue=queue,
            priority=priority,
            summary=self._summary(case, decision) if held is None else self._added(case, decision, held),
            event=TicketEvent("raised" if held else "created", decision.rule, "bot", now),
            facts=facts_known(case, self.guides),
            due_at=due_at,
            number=held.number if held else None,
        )
        words = phrases.overdue() if due_at < now else phrases.promised(promised.minutes, clock(due_at, now))
        state = held.state if held else TicketState.OPEN
        card = TicketCard(held.number if held else "", state.value, queue, words, due_at)
        return HandOff(queue, words, self.hours.is_open(now), card), change

    def status(self, case: Case, decision: Decision, now: datetime) -> tuple[tuple[Draft, ...], TicketChange | None]:
        """What a merchant may know of their tickets, and what urging changes in one.

        Another's number reads like one that does not exist.
        """
        owner = Owner(case.conversation.channel, case.conversation.external_user)
        asked = case.heard.signals.ticket_number
        found = [ticket for ticket in self.tickets.of_owner(*owner) if asked in (None, ticket.number)]
        if not found:
            return (Draft(Author.BOT, Kind.TEXT, phrases.no_ticket()),), None
        if decision.phrase == "urged":
            ticket = found[0]
            draft = Draft(Author.BOT, Kind.TICKET, phrases.urged(ticket.number), ticket=card_of(ticket, now))
            return (draft,), _urged(ticket, now)
        drafts = (
            Draft(Author.BOT, Kind.TICKET, status_line(ticket, now), ticket=card_of(ticket, now))
            for ticket in found[:_MOST_SHOWN]
        )
        return tuple(drafts), None

    def _held(self, case: Case, decision: Decision, queue: str) -> Ticket | None:
        """The open ticket this belongs to: the conversation's, if the matter is the same or has become worse."""
        if case.state.ticket is None:
            return None
        try:
            ticket = self.tickets.get(case.state.ticket)
        except TicketMissing:
            return None
        done = ticket.state in (TicketState.RESOLVED, TicketState.CLOSED)
        if decision.rule == "intake:submitted":
            same = not _opens_another(case)
        else:
            complains = decision.queue == COMPLAINTS_QUEUE and case.heard.signals.same_matter
            same = decision.priority == "red" or complains or decision.rule in _SAME_MATTER or ticket.queue == queue
        return ticket if same and not done else None

    @staticmethod
    def _moves(case: Case, decision: Decision, held: Ticket) -> bool:
        """Whether an open ticket changes its desk: when money is at stake, or another desk was asked for by name."""
        named = case.heard.signals.human_queue is not None and held.queue not in (RED_QUEUE, COMPLAINTS_QUEUE)
        complains = decision.queue == COMPLAINTS_QUEUE and held.queue != RED_QUEUE
        return decision.priority == "red" or complains or named

    def told(self, case: Case, now: datetime) -> TicketChange | None:
        """What a message adds to the open ticket of its conversation, or puts right there; None where nothing does."""
        number = case.state.ticket
        if number is None or not (case.heard.facts or case.ranking.codes):
            return None
        try:
            ticket = self.tickets.get(number)
        except TicketMissing:
            return None
        held = {fact.name: fact.value for fact in ticket.facts}
        new = [fact for fact in facts_told(case) if held.get(fact.name) != fact.value and fact.name != "ticket_no"]
        if not new or ticket.state in (TicketState.RESOLVED, TicketState.CLOSED):
            return None
        detail = "; ".join(f"{fact.name}: {held.get(fact.name, '')} -> {fact.value}" for fact in new)
        event = TicketEvent("facts", detail, "merchant", now)
        return TicketChange(ticket.queue, ticket.priority, "", event, facts=tuple(new), number=number)

    def _added(self, case: Case, decision: Decision, held: Ticket) -> str:
        """The summary of a ticket that an intake adds its description to; empty where the old one stays."""
        new = self._summary(case, decision) if decision.rule in _OF_THE_INTAKE and case.turn.step else ""
        return "\n".join(filter(None, (held.summary, new)))[:_DETAIL_CHARS] if new and new != held.summary else ""

    def _summary(self, case: Case, decision: Decision) -> str:
        """What it is about: the description of an intake, else the question before and this message."""
        intake = case.turn.step.intake if case.turn.step else case.state.intake
        if intake is not None and intake.detail and not intake.paused and decision.rule in _OF_THE_INTAKE:
            return intake.detail[:_DETAIL_CHARS]
        focus = case.state.focus
        about = focus.question if focus and focus.question != case.heard.text else ""
        return " / ".join(filter(None, (about, case.heard.text)))[:_SUMMARY_CHARS]


def _opens_another(case: Case) -> bool:
    """Whether the intake took in a matter of its own, and not what the open ticket is about."""
    intake = case.turn.step.intake if case.turn.step else None
    return intake is not None and intake.own


def facts_told(case: Case) -> tuple[Fact, ...]:
    """The facts of one message: those read in it, those its answer established, and the error code it names.

    Where it names two ways to pay it says nothing of which was used; of several moments the first with a clock counts.
    """
    codes = case.ranking.codes[:1]
    told = case.turn.facts or case.heard.facts
    several = {one for one in ONE_OF if len({fact.value for fact in told if fact.name == one}) > 1}
    if not case.heard.signals.corrects:  # “微信的，哦不是，是支付宝”: the last word counts
        told = tuple(fact for fact in told if fact.name not in several)
    times = [fact for fact in told if fact.name == "time"]
    if times and not case.heard.signals.corrects:
        moment = next((fact for fact in times if "T" in fact.value), times[0])
        told = tuple(fact for fact in told if fact.name != "time" or fact is moment)
    return merged(told, tuple(Fact("error_code", code, code) for code in codes))


def facts_known(case: Case, guides: Mapping[str, Guide]) -> tuple[Fact, ...]:
    """Everything the conversation has established: earlier facts, this message's, and the answers to a guide."""
    found = merged(case.state.facts, facts_told(case))
    place = case.turn.step.place if case.turn.step else case.state.guide
    if place is not None and place.guide in guides:
        said = facts_of(guides[place.guide], place)
        found = merged(found, tuple(Fact(name, value, _named(name, value)) for name, value in said.items()))
    return found


def _named(name: str, label: str) -> str:
    """The value of a guide's answer: that of the fact where the answer names one (“顾客扫我” is customer_scans)."""
    named = alternatives(ONE_OF[name], label) if name in ONE_OF else []
    return named[0][0] if named else label


def _urged(ticket: Ticket, now: datetime) -> TicketChange:
    """Urging is kept on the ticket; one that is overdue gets high priority."""
    overdue = ticket.due_at is not None and ticket.due_at < now
    priority = Priority.HIGH if overdue and ticket.priority is Priority.NORMAL else ticket.priority
    event = TicketEvent("urged", "", "merchant", now)
    return TicketChange(ticket.queue, priority, "", event, number=ticket.number)


def clock(at: datetime, now: datetime) -> str:
    """A moment as people in China say it: the time alone if it is today."""
    local, today = at.astimezone(_ZONE), now.astimezone(_ZONE)
    return phrases.moment(local, same_day=local.date() == today.date())


def card_of(ticket: Ticket, now: datetime) -> TicketCard:
    """What a merchant may see of a ticket now."""
    return TicketCard(ticket.number, ticket.state.value, ticket.queue, _promise_of(ticket, now), ticket.due_at)


def status_line(ticket: Ticket, now: datetime) -> str:
    """A ticket's state in one line."""
    return phrases.ticket_line(ticket.number, ticket.state.value, ticket.queue, _promise_of(ticket, now))


def _promise_of(ticket: Ticket, now: datetime) -> str:
    if ticket.state in (TicketState.RESOLVED, TicketState.CLOSED) or ticket.due_at is None:
        return ""
    if ticket.due_at < now:
        return phrases.overdue()
    return phrases.promised(1, clock(ticket.due_at, now))
