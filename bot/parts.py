"""The one place where real things are made and joined."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from bot import terminal
from bot.app import create_app
from bot.channels.outbox import Outbox
from bot.channels.widget.live import NAME as WIDGET
from bot.channels.widget.live import Hints, WidgetChannel
from bot.channels.widget.routes import Limits, WidgetParts, add_widget_routes
from bot.channels.widget.sessions import Sessions
from bot.conversation import phrases
from bot.conversation.desk import Desk
from bot.conversation.handoff import Counter
from bot.conversation.joint import Joint, read_joint
from bot.conversation.ledger import SqlLedger
from bot.conversation.model import Inbound
from bot.conversation.policy import Policy
from bot.conversation.replies import Replies
from bot.dialogue.answers import reader
from bot.dialogue.guides import Guide, read_guides
from bot.dialogue.intake import read_intake
from bot.dialogue.leading import Leading
from bot.dialogue.rasa import RasaDialogue
from bot.dialogue.rasa_environment import RasaEnvironment
from bot.dialogue.sidecar import Sidecar
from bot.dialogue.turn import Dialogue, PlainDialogue
from bot.documents import quotation, renew
from bot.health import Check, health_routes
from bot.help.pages import HelpParts, help_routes
from bot.jobs.worker import Worker
from bot.metrics import Metrics
from bot.organisation.announcements import Announcements
from bot.organisation.feedback import FeedbackBox
from bot.organisation.hours import Hours
from bot.organisation.profile import Profile, definitions
from bot.tables import MIGRATIONS
from bot.tickets.routing import queue_for
from bot.tickets.store import TicketStore
from bot.tuning import CALIBRATION_NAME, JOINT_NAME, Tuner, joint_of, read_calibration
from embeddings.encoder import SentenceEncoder
from embeddings.prefixes import Prefixes
from knowledge.confidence import CALIBRATION_FILE, Calibration
from knowledge.database import Engine, migrate, open_database
from knowledge.documents.judge import judge_of
from knowledge.documents.library import DocumentLibrary
from knowledge.entry import Entry
from knowledge.errors import EntryMissing, LibraryEmpty
from knowledge.evaluate import GOLDEN, calibrate, look, read_questions
from knowledge.exchange import SEED, read_folder
from knowledge.library import Library
from knowledge.question import Language
from knowledge.store import EntryStore
from knowledge.uncovered import Uncovered

Progress = Callable[[str, int, int], None]
READY, NO_RASA = "ready", "no-rasa"
_WIDGET_FOLDER = Path(__file__).parent.parent / "widget"


class Environment(Protocol):
    """What parts need of the environment's settings."""

    @property
    def home(self) -> Path: ...
    @property
    def database_url(self) -> str: ...
    @property
    def encoder(self) -> str: ...
    @property
    def encoder_query_prefix(self) -> str | None: ...
    @property
    def encoder_passage_prefix(self) -> str | None: ...
    @property
    def public_url(self) -> str | None: ...
    @property
    def rate_limits(self) -> tuple[int, int, int] | None: ...


def local_day(moment: datetime) -> date:
    """The day it is where the merchants are."""
    return moment.astimezone(ZoneInfo("Asia/Shanghai")).date()


def utc_now() -> datetime:
    return datetime.now(UTC)


def _silent(_: str, __: int, ___: int) -> None:
    return None


@dataclass
class Parts:
    """Everything that was made; close it when done.

    `sidecar` is the Rasa that was asked for; where there is none, `without` says why (a key of `terminal.DIALOGUES`).
    """

    environment: Environment
    engine: Engine
    store: EntryStore
    library: Library
    profile: Profile
    encoder: SentenceEncoder
    metrics: Metrics
    leading: Leading
    dialogue: Dialogue
    documents: DocumentLibrary
    sidecar: Sidecar | None = None
    without: str = NO_RASA
    now: Callable[[], datetime] = utc_now
    joint: Joint = field(default_factory=read_joint)
    _terms: tuple[date, str] | None = None

    @property
    def guides(self) -> Mapping[str, Guide]:
        """The guides by the id of their entries."""
        return self.leading.guides

    def migrate(self) -> None:
        migrate(self.engine, MIGRATIONS)

    def seed(self, progress: Progress = _silent) -> int:
        """On the first start, take in the entries that come with the software; returns how many."""
        return seed(self.store, self.now(), progress)

    def prepare(self, progress: Progress = _silent) -> None:
        """Tables, entries, index and calibration: afterwards questions can be answered."""
        self.migrate()
        self.seed(progress)
        self.refresh(progress)
        self.settle_calibration(progress)

    def refresh(self, progress: Progress = _silent) -> bool:
        """Serve what is published and holds today, for our provider, documents too; whether anything had changed."""
        documents = renew(self.documents, self.engine, str(self.profile.get("provider")))
        generation, terms = self.store.generation(), (local_day(self.now()), str(self.profile.get("provider")))
        if generation == self.library.generation and self._terms in (None, terms):
            self._terms = terms
            return documents
        serving = [entry for entry in self.store.all() if entry.serves(*terms)]
        self.library.refresh(serving, self.store.uncovered(), generation, lambda part: progress(f"index: {part}", 0, 0))
        self._terms = terms
        if self.sidecar is not None:
            self.sidecar.renew()
        return True

    def settle_calibration(self, progress: Progress = _silent) -> None:
        """Use the calibration of this encoder; where there is none, fit one on the golden questions and keep it.

        One of the same encoder and other entries is used until the tuner has fitted the next.
        """
        encoder, release, rate = self.encoder.fingerprint, self.library.release, self.wrong_rate()
        kept = [read_calibration(path) for path in (self.environment.home / CALIBRATION_NAME, CALIBRATION_FILE)]
        usable = [one for one in kept if one is not None and one.encoder == encoder]
        usable.sort(key=lambda one: not one.belongs_to(encoder, release, rate))
        if usable:
            self.library.calibration = usable[0]
            return
        seen = look(self.library, read_questions(GOLDEN), lambda n, of: progress("calibration", n, of))
        self.use_calibration(calibrate(seen, rate, encoder, release))

    def use_calibration(self, fitted: Calibration) -> None:
        """Keep a calibration and use it from now on."""
        self.environment.home.mkdir(parents=True, exist_ok=True)
        fitted.write(self.environment.home / CALIBRATION_NAME)
        self.library.calibration = fitted

    def use_joint(self, fitted: Joint) -> None:
        """Keep how the two minds are weighed and use it from now on."""
        fitted.write(self.environment.home / JOINT_NAME)
        self.joint = fitted

    def wrong_rate(self) -> float:
        """The share of all questions that may be answered wrongly, as set by the organisation."""
        return float(self.profile.get("wrong_answer_rate"))

    def model_served(self) -> str:
        """The name of the model that Rasa answers with; empty while it does not."""
        return self.sidecar.model_served() if self.sidecar is not None and self.dialogue.ready() else ""

    def policy(self) -> Policy:
        calibration = self.library.calibration
        return Policy(
            answer_at=calibration.answer_at,
            decline_at=calibration.decline_at,
            queue_of=queue_for,
            guides=frozenset(self.guides),
            intent_of=self.intent_of,
            joint=self.joint,
        )

    def intent_of(self, entry: str) -> str | None:
        """The intent of a published entry."""
        try:
            return self.library.entry(entry).intent or None
        except (EntryMissing, LibraryEmpty):
            return None

    def desk(self, conversations: Engine) -> Desk:
        """The desk over these conversations; entries and settings are always those of the main database."""
        replies = Replies(self.library, self.profile.values, self.brand, self.page)
        counter = Counter(TicketStore(conversations), self.profile, Hours(self.profile), self.guides)
        return Desk(
            SqlLedger(conversations),
            self.library,
            self.dialogue,
            self.leading,
            replies,
            counter,
            self.policy,
            self.now,
            self.metrics.turn,
            lambda text: quotation(self.documents, self.library.language, self.profile.values(), text),
        )

    def brand(self) -> str:
        """The organisation's name; empty while nobody has set it."""
        name = str(self.profile.get("brand_name"))
        return "" if name == definitions()["brand_name"].default else name

    def page(self, entry: str) -> str:
        """Where an entry can be read; without a public address, relative to this service."""
        return f"{(self.environment.public_url or '').rstrip('/')}/help/{entry}"

    def checks(self) -> list[Check]:
        ready = self.library.generation is not None
        count = len(self.library.entries()) if ready else 0
        library = terminal.LIBRARY.format(count=count) if ready else terminal.LIBRARY_EMPTY
        state = self.dialogue_state()
        return [
            Check("library", ready, library),
            Check("dialogue", state in (READY, NO_RASA), terminal.DIALOGUES[state], needed=False),
        ]

    def dialogue_state(self) -> str:
        """Who leads now and why, as a key of `terminal.DIALOGUES`."""
        if self.sidecar is None:
            return self.without
        if not self.sidecar.ready():
            return self.sidecar.stage()[0].value
        return READY if self.dialogue.ready() else "resting"

    def app(self) -> FastAPI:
        self.metrics.watch_rasa(lambda: self.dialogue_state() == READY)
        hints, rates = Hints(), self.environment.rate_limits
        desk = self.desk(self.engine)
        widget = WidgetParts(
            desk=desk,
            ledger=SqlLedger(self.engine),
            tickets=TicketStore(self.engine),
            sessions=Sessions(self.engine),
            hints=hints,
            announcements=Announcements(self.engine),
            feedback=FeedbackBox(self.engine),
            limiter=FixedWindowRateLimiter(MemoryStorage()),
            limits=Limits() if rates is None else Limits.of(*rates),
            greeting=lambda: phrases.greeting(self.brand()),
            now=self.now,
        )
        channels = {WIDGET: WidgetChannel(hints)}
        worker = Worker(Outbox(self.engine), channels, desk.recover, self.refresh, self.now)
        pages = HelpParts(self.library, self.profile, self.brand, _WIDGET_FOLDER, self.documents)
        routers = [help_routes(pages), health_routes(self.checks, self.metrics.registry)]
        tuner = Tuner(self)
        app = create_app(routers, (worker.start, tuner.start), (tuner.stop, worker.stop))
        add_widget_routes(app, widget)
        return app

    def asker(self) -> Asker:
        return Asker(self)

    def close(self) -> None:
        if self.sidecar is not None:
            self.sidecar.stop()
        if isinstance(self.dialogue, RasaDialogue):
            self.dialogue.close()
        self.engine.dispose()


class Asker:
    """Asks one question at a time, each in a conversation of its own that is thrown away afterwards."""

    def __init__(self, parts: Parts) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="ask-"))
        self._engine = open_database(f"sqlite:///{self._folder / 'ask.sqlite3'}")
        migrate(self._engine, MIGRATIONS)
        self._desk = parts.desk(self._engine)
        self._now = parts.now
        self._asked = 0

    def ask(self, question: str) -> dict[str, Any]:
        """The decision on `question`: the keys of `python3 -m bot ask`."""
        self._asked += 1
        person = f"ask-{self._asked}"
        reply = self._desk.receive(Inbound("ask", person, person, question, self._now()))
        kept = ("kind", "entry", "confidence", "intent", "queue", "rule", "document", "candidates", "ms")
        return {"question": reply.inbound.text, **{name: reply.decision.get(name) for name in kept}}

    def close(self) -> None:
        self._engine.dispose()
        shutil.rmtree(self._folder, ignore_errors=True)


def seed(store: EntryStore, now: datetime, progress: Progress = _silent) -> int:
    """Take in the entries that come with the software where there are none; returns how many."""
    if store.all():
        return 0
    collection = read_folder(SEED)
    progress("entries", 0, len(collection.entries))
    store.put_many(collection.entries, "seed", now)
    store.put_uncovered(collection.uncovered)
    progress("entries", len(collection.entries), len(collection.entries))
    return len(collection.entries)


def taught(store: EntryStore) -> list[Entry | Uncovered]:
    """What Rasa learns from, besides its own examples."""
    return [*store.all(), *store.uncovered()]


def leading_of(language: Language, profile: Profile) -> Leading:
    """The guides, read with the answers they list, and the intake, with the usual form of a merchant number."""
    guides = read_guides()

    def looks_right(number: str) -> bool:
        return re.search(str(profile.get("merchant_number_pattern")), number) is not None

    return Leading(guides, replace(read_intake(), looks_right=looks_right), reader(guides, language))


def open_parts(environment: Environment, rasa: RasaEnvironment | None = None, without: str = NO_RASA) -> Parts:
    """Make the parts. Raises `EncoderMissing`, `DatabaseUnsupported`.

    Without `rasa`, for the reason `without`, nothing is written yet. With it, tables and entries are there afterwards,
    for Rasa is trained on them, and Rasa is on its way: it takes as long to start as everything else.
    """
    home = environment.home
    engine = open_database(environment.database_url)
    store, profile = EntryStore(engine), Profile(engine)
    language = Language(cache_folder=home / "cache")
    leading = leading_of(language, profile)
    sidecar = None
    if rasa is not None:
        migrate(engine, MIGRATIONS)
        seed(store, utc_now())
        sidecar = Sidecar.of(rasa, lambda: rasa.model(taught(store)), leading)
        sidecar.start()
    try:
        prefixes = Prefixes(environment.encoder_query_prefix, environment.encoder_passage_prefix)
        encoder = SentenceEncoder(environment.encoder, language.segmenter, prefixes)
        return Parts(
            environment=environment,
            engine=engine,
            store=store,
            library=Library(language, encoder, Calibration.none(), home / "index"),
            profile=profile,
            encoder=encoder,
            metrics=Metrics(),
            leading=leading,
            dialogue=PlainDialogue(leading) if sidecar is None else RasaDialogue(leading, sidecar, language.normalise),
            documents=DocumentLibrary(language, encoder, judge_of(home), home / "index" / "documents"),
            sidecar=sidecar,
            without=without,
            joint=joint_of(home, encoder.fingerprint),
        )
    except BaseException:
        if sidecar is not None:
            sidecar.stop()
        raise
