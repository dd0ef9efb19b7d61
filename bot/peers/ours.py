"""Our library as one of the systems: `Library.search`, the way of a message through reading and ranking."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.peers.material import CACHE, taken
from knowledge.evaluate import Labelled, hash_of, look, unseen
from knowledge.library import Library
from knowledge.place import Place
from knowledge.question import Language

if TYPE_CHECKING:
    from bot.peers.systems import Scored

_FIRST = 3


class Ours:
    """The library over the texts that all are given, with the calibration of the installation at `home`."""

    def __init__(self, folder: Path, place: dict[str, str]) -> None:
        from embeddings.encoder import SentenceEncoder
        from knowledge.confidence import Calibration

        language = Language(cache_folder=folder / "ours" / CACHE)
        encoder = SentenceEncoder(place["encoder"], language.segmenter)
        fitted = Place(Path(place["home"]), "").calibration(encoder.fingerprint)
        self.calibrated = fitted is not None
        self._library = Library(language, encoder, fitted or Calibration.none(), folder / "ours" / "index")
        held = taken(folder)
        self._library.refresh(held.entries, held.uncovered)

    def rank(self, question: str) -> Scored:
        """Entries with their probabilities. What no entry answers has its share already, so no matter comes first."""
        found = self._library.search(self._library.language.read(question))
        return [(candidate.entry, candidate.probability) for candidate in found.candidates]

    def unseen(self, files: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
        """Rankings and probabilities, by weights that were fitted without the question, for the questions that the
        weights in use were fitted on."""
        found = {}
        for name, one in files.items():
            questions = [
                Labelled(question, expect, frozenset(wanted))
                for question, (expect, wanted) in zip(one["questions"], one["labels"], strict=True)
            ]
            if one["golden"] or hash_of(questions) == self._library.calibration.questions:
                judged = unseen(look(self._library, questions))
                found[name] = [
                    {"entries": list(each.ranking[:_FIRST]), "score": each.probability if each.ranking else None}
                    for each in judged
                ]
        return found
