"""The documents that are served: a question in, a quotation with its probability out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from embeddings.encoder import Encoder
from knowledge.confidence import Confidence
from knowledge.documents.judge import Judge
from knowledge.documents.model import DocumentMissing, Kept
from knowledge.documents.shelf import Shelf
from knowledge.question import Language, Question


@dataclass(frozen=True, slots=True)
class Found:
    """A quotation, word for word from the text of a passage, and how likely it answers."""

    document: str
    title: str
    headings: tuple[str, ...]
    passage: int
    quote: str
    confidence: Confidence
    sure: bool
    """Whether it is likely enough to be given as an answer."""
    passage_text: str = ""

    @property
    def address(self) -> str:
        """Where the passage stands in the help centre."""
        return f"documents/{self.document}#p{self.passage}"


@dataclass(frozen=True)
class _Held:
    generation: str
    kept: Mapping[str, Kept]
    shelf: Shelf


class DocumentLibrary:
    """Searches the latest documents. `refresh` builds beside what is served and swaps one reference."""

    def __init__(self, language: Language, encoder: Encoder, judge: Judge, folder: Path) -> None:
        self._language, self._encoder, self._folder = language, encoder, folder
        self.judge = judge
        self._held: _Held | None = None

    @property
    def generation(self) -> str | None:
        """The generation served now; None before the first."""
        return self._held.generation if self._held else None

    def refresh(self, documents: Iterable[Kept], generation: str) -> None:
        """Serve these documents from now on."""
        kept = {document.id: document for document in documents}
        shelf = Shelf(list(kept.values()), self._language, self._encoder, self._folder)
        self._held = _Held(generation, kept, shelf)

    def document(self, document: str) -> Kept:
        """A document that is served; `DocumentMissing`."""
        held = self._held
        if held is None or document not in held.kept:
            raise DocumentMissing(document)
        return held.kept[document]

    def search(self, question: Question, limit: int = 1) -> list[Found]:
        """The passages likeliest to answer, best first; the probability is known of the first alone."""
        held = self._held
        if held is None:
            return []
        ranked = self.judge.ranked(held.shelf.evidence(question))
        probability = self.judge.probability(ranked)
        return [
            Found(
                document=one.spot.document.id,
                title=one.spot.document.title,
                headings=one.spot.passage.headings,
                passage=one.spot.passage.number,
                quote=one.quote.text,
                confidence=Confidence(probability if place == 0 else 0.0),
                sure=place == 0 and probability >= self.judge.answer_at,
                passage_text=one.text,
            )
            for place, (one, _) in enumerate(ranked[:limit])
        ]
