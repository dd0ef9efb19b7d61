"""Where an installation keeps its knowledge, and how its commands get at it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from embeddings.encoder import BUILT_IN, SentenceEncoder
from embeddings.prefixes import Prefixes
from knowledge.confidence import CALIBRATION_FILE, Calibration
from knowledge.database import Engine, migrate, open_database
from knowledge.exchange import SEED, Collection, read_folder
from knowledge.library import Library
from knowledge.question import Language
from knowledge.store import EntryStore


@dataclass(frozen=True, slots=True)
class Place:
    """Where this installation keeps its data, and the encoder it uses with what it is to put before texts."""

    home: Path
    database_url: str
    encoder: str = BUILT_IN
    prefixes: Prefixes | None = None

    def reader(self, language: Language) -> SentenceEncoder:
        """The encoder of this installation. Raises `EncoderMissing`."""
        return SentenceEncoder(self.encoder, language.segmenter, self.prefixes)

    def open(self) -> tuple[Engine, EntryStore]:
        """The database, brought up to date; dispose of the engine when done."""
        self.home.mkdir(parents=True, exist_ok=True)
        engine = open_database(self.database_url)
        migrate(engine)
        return engine, EntryStore(engine)

    def published(self) -> Collection:
        """What is published here; the entries that come along where nothing is yet."""
        engine, store = self.open()
        try:
            held = store.all()
            return Collection(tuple(held), tuple(store.uncovered()), {}) if held else read_folder(SEED)
        finally:
            engine.dispose()

    def library(self, collection: Collection) -> Library:
        """These entries, searchable, with the calibration of this installation where it has one for its encoder."""
        language = Language(cache_folder=self.home / "cache")
        encoder = self.reader(language)
        calibration = self.calibration(encoder.fingerprint) or Calibration.none()
        library = Library(language, encoder, calibration, self.home / "measuring")
        library.refresh(collection.entries, collection.uncovered)
        return library

    def calibration(self, encoder: str) -> Calibration | None:
        """The calibration fitted here for an encoder, else the one that comes along, else None."""
        for path in (self.home / "calibration.json", CALIBRATION_FILE):
            try:
                kept = Calibration.read(path)
            except (OSError, ValueError, KeyError, TypeError):
                continue
            if kept.fits and kept.encoder == encoder:
                return kept
        return None
