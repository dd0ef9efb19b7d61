"""A decision put into messages: entries' texts with the settings filled in, and the bot's own phrases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.conversation import phrases
from bot.conversation.case import NONE_OF_THESE, PERSON, RATE, Case
from bot.conversation.choices import counted
from bot.conversation.model import Author, Choice, Decision, Draft, EntryLink, Kind, Quoted, Step, TicketCard
from knowledge.entry import Entry, fill, parse_answer
from knowledge.library import Library

RESUME = "resume"


@dataclass(frozen=True, slots=True)
class HandOff:
    """What is said about a ticket: its queue and the promise in words; `in_hours` whether people are there now."""

    queue: str
    promise: str
    in_hours: bool
    card: TicketCard


@dataclass(frozen=True)
class Replies:
    """`values` gives every setting entries refer to; `page` makes the address of an entry's help page."""

    library: Library
    values: Callable[[], Mapping[str, str]]
    brand: Callable[[], str]
    page: Callable[[str], str]

    def answer(self, entry: Entry) -> str:
        """An entry's answer with every setting filled in."""
        return fill(entry.answer, dict(self.values()))

    def link(self, entry: Entry) -> EntryLink:
        """The link to an entry's help page."""
        return EntryLink(entry.id, entry.title, self.page(entry.id))

    def card(self, entry: Entry, opening: str = "") -> Draft:
        """An entry as a message; `opening` is said before it."""
        text = self.answer(entry)
        return Draft(Author.BOT, Kind.CARD, f"{opening}\n{text}" if opening else text, self.link(entry))

    def choices_of(self, decision: Decision) -> tuple[Choice, ...]:
        """The choices a decision opens, ending in “none of these” where entries are offered."""
        offered = [id_ for id_ in decision.choices if id_ not in (PERSON, RATE, "again")]
        found = [Choice(str(place), self.library.entry(id_).title, id_) for place, id_ in enumerate(offered, 1)]
        if found and decision.kind != "handoff":
            found.append(Choice(NONE_OF_THESE, phrases.NONE_OF_THESE))
        if RATE in decision.choices:
            found = [Choice(f"{RATE}{mark}", phrases.mark(mark)) for mark in range(1, 6)]
        if PERSON in decision.choices:
            found.append(Choice(PERSON, phrases.PERSON))
        return tuple(found)

    def drafts(
        self, case: Case, decision: Decision, choices: tuple[Choice, ...], hand_off: HandOff | None
    ) -> list[Draft]:
        """The messages of one turn, the warning about secrets first."""
        out = self.warnings(decision)
        out += self._main(case, decision, choices, hand_off)
        if hand_off is not None and choices:
            out.append(Draft(Author.BOT, Kind.CHOICES, phrases.second_matter(choices[0].label), choices=choices))
        place = case.state.intake or case.state.guide
        if place is not None and decision.step is None and decision.kind == "answer":
            words = phrases.RESUME_INTAKE if case.state.intake else phrases.RESUME_GUIDE
            out.append(Draft(Author.BOT, Kind.CHOICES, words + "？", choices=(Choice(RESUME, words),)))
        if decision.also == "offer_person":
            person = (Choice(PERSON, phrases.PERSON),)
            out.append(Draft(Author.BOT, Kind.CHOICES, phrases.offer_person(), choices=person))
        return out

    @staticmethod
    def warnings(decision: Decision) -> list[Draft]:
        """What is said about secrets, whatever else is."""
        if not decision.secrets:
            return []
        return [Draft(Author.BOT, Kind.NOTICE, phrases.secrets_masked(decision.secrets))]

    def _main(
        self, case: Case, decision: Decision, choices: tuple[Choice, ...], hand_off: HandOff | None
    ) -> list[Draft]:
        if hand_off is not None:
            return [self._handed(decision, hand_off)]
        if decision.phrase == "secrets":
            return []
        if decision.document is not None:
            return [self._quoted(decision.document, choices)]
        if decision.kind == "answer" and decision.entry:
            return [self.card(self.library.entry(decision.entry), decision.step.text if decision.step else "")]
        if decision.kind == "form" and decision.step is not None:
            return [self._form(case, decision, decision.step)]
        text = self._said(case, decision, choices)
        return [Draft(Author.BOT, Kind.CHOICES if choices else Kind.TEXT, text, choices=choices)]

    def _quoted(self, quoted: Quoted, choices: tuple[Choice, ...]) -> Draft:
        """A quotation with the way to where it stands. No card: those are vetted."""
        text = phrases.from_document(quoted.title, quoted.headings, quoted.quote)
        entries = sum(choice.entry is not None for choice in choices)
        text = f"{text}\n{phrases.or_these(entries)}" if entries else text
        title = " › ".join((quoted.title, *quoted.headings))
        link = EntryLink(quoted.address.partition("#")[0], title, self.page(quoted.address))
        return Draft(Author.BOT, Kind.CHOICES, text, link, choices)

    def _form(self, case: Case, decision: Decision, step: Step) -> Draft:
        """A question; a guide's first with the conclusion of its entry, so that the main thing is said first."""
        if step.intake is not None:
            text = phrases.asked_again(step.text) if decision.phrase == "not_understood" else step.text
            return Draft(Author.BOT, Kind.FORM, text, choices=step.choices)
        entry = self.library.entry(step.guide)
        if decision.phrase in ("not_understood", "facts_asked", "look_first"):
            again = phrases.not_understood(step.text)
            if decision.phrase == "look_first":
                again = phrases.look_first(step.text)
            if decision.phrase == "facts_asked":
                again = phrases.facts_asked([fact.said for fact in case.heard.facts], step.text)
            return Draft(Author.BOT, Kind.FORM, again, choices=step.choices)
        if decision.rule.startswith("guide:"):
            return Draft(Author.BOT, Kind.FORM, step.text, choices=step.choices)
        opening = phrases.guide_opening(parse_answer(self.answer(entry)).conclusion, step.text)
        return Draft(Author.BOT, Kind.FORM, opening, self.link(entry), step.choices)

    def _handed(self, decision: Decision, told: HandOff) -> Draft:
        say = decision.step.text if decision.step else ""
        text = {
            "emergency": lambda: phrases.emergency(told.promise),
            "despair": lambda: phrases.despair(told.promise),
            "complaint": lambda: phrases.complaint(told.promise),
            "second_failure": lambda: phrases.second_failure(told.queue, told.promise),
            "calm": lambda: phrases.calm(told.queue, told.promise),
            "registered": lambda: phrases.registered(told.queue, told.promise),
            "guide_ticket": lambda: phrases.guide_ticket(say, told.queue, told.promise),
            "trouble": lambda: phrases.trouble(told.promise),
        }.get(decision.phrase or "", lambda: phrases.handed_over(told.queue, told.promise, told.in_hours))()
        return Draft(Author.BOT, Kind.TICKET, text, ticket=told.card)

    def _said(self, case: Case, decision: Decision, choices: tuple[Choice, ...]) -> str:
        matter = case.ranking.uncovered
        say = decision.step.text if decision.step else ""
        entries = sum(choice.entry is not None for choice in choices)
        return {
            "which": lambda: phrases.which(entries),
            "out_of_range": lambda: phrases.out_of_range(len(counted(case.state.choices))),
            "rephrase": phrases.rephrase,
            "decline": lambda: phrases.decline(matter.name if matter and matter.near else None),
            "out_of_scope": phrases.out_of_scope,
            "english": phrases.english,
            "greeting": lambda: phrases.greeting(self.brand()),
            "capability": lambda: phrases.capability(self.brand()),
            "noise": phrases.noise,
            "thanks": phrases.thanks,
            "solved": lambda: phrases.solved(say),
            "left": phrases.left,
            "rated": phrases.rated,
            "facts_choose": lambda: phrases.facts_choose([fact.said for fact in case.heard.facts]),
            "facts_noted": lambda: phrases.facts_noted([fact.said for fact in case.heard.facts]),
            "facts_kept": lambda: phrases.facts_kept(case.state.ticket),
            "waiting": lambda: phrases.waiting(case.state.ticket),
            "back_with_bot": phrases.back_with_bot,
        }[decision.phrase or "noise"]()
