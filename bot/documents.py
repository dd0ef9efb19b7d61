"""The documents of this installation: what is served of them, and what they say to a question."""

from __future__ import annotations

from collections.abc import Mapping

from bot.help.documents import vouched_for
from knowledge.database import Engine
from knowledge.documents.furniture import vouched
from knowledge.documents.library import DocumentLibrary, Found
from knowledge.documents.store import DocumentStore
from knowledge.question import Language


def renew(library: DocumentLibrary, engine: Engine, provider: str) -> bool:
    """Serve the documents that hold for our provider now; whether any had changed."""
    store = DocumentStore(engine)
    generation = f"{store.generation()} {provider}"
    if generation == library.generation:
        return False
    library.refresh([one for one in store.all() if one.provider in ("", provider)], generation)
    return True


def quotation(library: DocumentLibrary, language: Language, settings: Mapping[str, str], text: str) -> Found | None:
    """What the documents say to a text; None where it names a contact that no setting names."""
    found = library.search(language.read(text))
    return found[0] if found and vouched(found[0].quote, vouched_for(settings)) else None
