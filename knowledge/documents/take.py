"""Files and folders into documents: read, cleaned of furniture, cut into passages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.documents.furniture import clean
from knowledge.documents.model import DocumentUnreadable, Dropped, Kept
from knowledge.documents.passages import cut
from knowledge.documents.read import SUFFIXES, read
from knowledge.question import Language


@dataclass(frozen=True, slots=True)
class File:
    """A file to take in, and the name it is known by: within the folder that was given, or its own."""

    path: Path
    source: str


def files(paths: Sequence[Path]) -> list[File]:
    """The files that were named, and those of the kinds we read in the folders that were; no hidden ones."""
    found: dict[str, File] = {}
    for path in paths:
        if not path.is_dir():
            found.setdefault(str(path), File(path, path.name))
            continue
        top = path.resolve()
        for inner in sorted(top.rglob("*")):
            parts = inner.relative_to(top).parts
            if (
                inner.suffix.lower() in SUFFIXES
                and inner.is_file()
                and not any(p.startswith((".", "~$")) for p in parts)
            ):
                found.setdefault(str(inner), File(inner, "/".join((top.name, *parts))))
    return list(found.values())


def take(file: File, provider: str, language: Language, allowed: Iterable[str] = ()) -> tuple[Kept, list[Dropped]]:
    """A file as a document, and the lines left out of it; `DocumentUnreadable`. `allowed` are contacts vouched for."""
    document, dropped = clean(read(file.path), lambda text: _telling(text, language), allowed)
    passages = cut(document)
    if not passages:
        raise DocumentUnreadable("furniture")
    digest = hashlib.sha256(file.path.read_bytes()).hexdigest()
    return Kept(file.source, document.title[:200], provider, digest, passages), dropped


def _telling(text: str, language: Language) -> Iterator[str]:
    return (word for word in language.segmenter.words(language.normalise(text)) if len(word) > 1)
