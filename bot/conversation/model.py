"""The words of the conversation: what comes in, what is kept, what is decided, what goes out.

Plain frozen dataclasses; no framework, no storage, no words for merchants.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Holder(StrEnum):
    """Who answers the merchant now. Handing off is changing this field."""

    BOT = "bot"
    QUEUE = "queue"
    STAFF = "staff"
    CLOSED = "closed"


class Author(StrEnum):
    """Who wrote a message."""

    MERCHANT = "merchant"
    BOT = "bot"
    STAFF = "staff"
    SYSTEM = "system"


class Kind(StrEnum):
    """How a message is shown; a channel that cannot show one falls back to its text."""

    TEXT = "text"
    CHOICES = "choices"
    CARD = "card"
    TICKET = "ticket"
    FORM = "form"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A stored upload; `name` is what the merchant called it, `id` where we keep it."""

    id: str
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message as a channel hands it over, before anything is done with it.

    `external_id` identifies the message to its sender: the same id again is a retry and gets the same reply.
    `choice` is the id of a choice that was pressed, if one was.
    """

    channel: str
    external_user: str
    external_id: str
    text: str
    received_at: datetime
    choice: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to press. `entry` is the entry it stands for; None for “none of these” and guide branches."""

    id: str
    label: str
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class EntryLink:
    """An entry as a message points to it."""

    id: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class TicketCard:
    """What a merchant may see of a ticket. `promise` is the promised time in words, made when the card was."""

    number: str
    state: str
    queue: str
    promise: str
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that has not been written down yet."""

    author: Author
    kind: Kind
    text: str
    entry: EntryLink | None = None
    choices: tuple[Choice, ...] = ()
    ticket: TicketCard | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it stands in the ledger. `id` grows with time and is the cursor clients read by."""

    id: int
    conversation: str
    author: Author
    kind: Kind
    text: str
    created_at: datetime
    entry: EntryLink | None = None
    choices: tuple[Choice, ...] = ()
    ticket: TicketCard | None = None
    client_id: str | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact a merchant gave: their own words, and the normalised value (time ISO 8601, amount in 元)."""

    name: str
    said: str
    value: str


@dataclass(frozen=True, slots=True)
class GuidePlace:
    """Where a step-by-step guide stands. `trail` is the steps already answered, oldest first, for 返回."""

    guide: str
    step: str
    trail: tuple[tuple[str, str], ...] = ()
    unknowns: int = 0
    paused: bool = False


@dataclass(frozen=True, slots=True)
class IntakePlace:
    """Where the taking in of a ticket stands.

    `step` is `detail`, the name of the fact asked for, or `confirm`; `asked` the steps behind it, oldest first;
    `matter` the intent of what it is about, where known. `doubted` says that the open question has been put twice,
    `questioned` that a merchant number of unusual form has been asked about, `own` that the matter was told for it.
    """

    step: str
    detail: str = ""
    matter: str | None = None
    asked: tuple[str, ...] = ()
    doubted: bool = False
    questioned: bool = False
    own: bool = False
    paused: bool = False


@dataclass(frozen=True, slots=True)
class Focus:
    """What the conversation is about; forgotten ten minutes after `at`.

    `question` is what was asked, `chosen` the title of what was then chosen, if anything was.
    """

    entry: str
    category: str
    question: str
    at: datetime
    chosen: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """What a conversation remembers between turns; small, kept as JSON beside the holder.

    `failures` counts turns in a row that ended in a decline, in “none of these” or in “that did not help”.
    """

    focus: Focus | None = None
    facts: tuple[Fact, ...] = ()
    choices: tuple[Choice, ...] = ()
    choice_question: str = ""
    guide: GuidePlace | None = None
    intake: IntakePlace | None = None
    failures: int = 0
    out_of_range: int = 0
    ticket: str | None = None
    transfer_noted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """One merchant on one channel; `version` moves on with every outcome."""

    id: str
    channel: str
    external_user: str
    holder: Holder
    version: int
    state: State
    created_at: datetime
    updated_at: datetime


class Secret(StrEnum):
    """Kinds of things a merchant must never have typed; masked before anything is stored."""

    CARD = "card"
    CVV = "cvv"
    PASSWORD = "password"
    SMS_CODE = "sms_code"
    IDENTITY = "identity"
    PAYMENT_CODE = "payment_code"
    PRIVATE_KEY = "private_key"
    API_KEY = "api_key"


class Complaint(StrEnum):
    """What a complaint is about: our service, taking it to a regulator, or wanting a superior."""

    SERVICE = "service"
    REGULATOR = "regulator"
    ESCALATE = "escalate"


class SmallTalk(StrEnum):
    """Messages that hold no matter at all."""

    GREETING = "greeting"
    THANKS = "thanks"
    NOISE = "noise"
    CAPABILITY = "capability"


@dataclass(frozen=True, slots=True)
class Signals:
    """What the fixed rules see in one text, whatever any classifier thinks.

    `human_queue` is the desk a person was asked for by name, if one was named (tech_support, cross_border, enterprise,
    complaints, merchant_service). `ticket_number` is normalised (TK20261122-0042). `tells_matter` says of a message
    that asks for a ticket that it also tells what the ticket is about. What begins with `says` is said in one clause
    of a message that may say more.
    """

    funds_lost: bool = False
    despair: bool = False
    suspicious_contact: bool = False
    police: bool = False
    wants_human: bool = False
    human_queue: str | None = None
    complaint: Complaint | None = None
    anger: bool = False
    unhelpful: bool = False
    solved: bool = False
    none_of_these: bool = False
    unknown_answer: bool = False
    back: bool = False
    restart: bool = False
    resume_bot: bool = False
    resume_guide: bool = False
    resume_look: bool = False
    wants_ticket: bool = False
    tells_matter: bool = False
    corrects: bool = False
    agrees: bool = False
    gives_up: bool = False
    asks: bool = False
    asks_number: bool = False
    same_matter: bool = False
    pays_again: bool = False
    vague: bool = False
    thanks_too: bool = False
    says_unknown: bool = False
    says_solved: bool = False
    says_enough: bool = False
    follow_up: bool = False
    small_talk: SmallTalk | None = None
    asks_progress: bool = False
    urges: bool = False
    ticket_number: str | None = None
    english: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """One question after the guard: what may be stored, and what was recognised in it.

    `codes` are the known error codes in it, `matter` the intent of the entry that the library takes it for.
    """

    text: str
    secrets: tuple[Secret, ...] = ()
    signals: Signals = Signals()
    facts: tuple[Fact, ...] = ()
    codes: tuple[str, ...] = ()
    matter: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The next move of what leads, a guide or the intake: a question to ask (with choices), or the end.

    `place` is where a guide then stands, `intake` where the intake does; `facts` are what the answer established.
    """

    guide: str
    step: str
    text: str
    choices: tuple[Choice, ...] = ()
    place: GuidePlace | None = None
    ends: str | None = None
    """None while it goes on; else `solved`, `entry`, `ticket` or `left`."""
    entry: str | None = None
    queue: str | None = None
    took_anything: bool = False
    """Whether the step before takes any text, so that a new question may have been swallowed."""
    intake: IntakePlace | None = None
    facts: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """What the dialogue engine understood, and what it would say next if it leads.

    `step` is the next step of a running guide or intake; `asked` its open question, where the message was no answer.
    `intents` are the likeliest intents with their probabilities, best first; empty where the engine names none.
    """

    intent: str | None = None
    confidence: float = 0.0
    facts: tuple[Fact, ...] = ()
    step: Step | None = None
    asked: Step | None = None
    wants_human: bool = False
    intents: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Quoted:
    """What a document says: a quotation, the title and headings above it, and its address below the help centre's."""

    document: str
    title: str
    headings: tuple[str, ...]
    quote: str
    address: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with a turn, and why. One of answer, clarify, say, handoff, form.

    `rule` names the rule that fired; `because` holds the numbers it fired on. `phrase` names the sentence to say
    (a function in phrases), never the sentence itself.
    """

    kind: str
    rule: str
    entry: str | None = None
    intent: str | None = None
    queue: str | None = None
    confidence: float | None = None
    phrase: str | None = None
    choices: tuple[str, ...] = ()
    step: Step | None = None
    priority: str = "normal"
    secrets: tuple[Secret, ...] = ()
    also: str | None = None
    document: Quoted | None = None
    because: dict[str, Any] = field(default_factory=dict)
