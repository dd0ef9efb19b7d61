"""Keep one snapshot equal to what the entries say: small changes are laid over it, large ones build it anew."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

from embeddings import segment
from embeddings.cache import VectorCache
from embeddings.encoder import Encoder, Vectors
from embeddings.overlay import renew
from embeddings.rebuild import rebuild
from embeddings.snapshot import Progress, Snapshot, build, latest, save
from embeddings.texts import Text, fingerprint_of
from knowledge import question
from knowledge.question import LEXICON, Language

WHOLE_UP_TO = 2_000
"""Texts that are always built as a whole: it takes a second, and leaves nothing approximate."""
OVERLAY_SHARE = 0.1
OVERLAY_TEXTS = 20_000
"""Changes beyond this share of all texts, or beyond this many, are no longer laid over: the whole is built."""
SETTLED_SHARE = 0.02
SETTLED_TEXTS = 2_000
"""From this share, or this many texts, on an overlay is built into a new base, in the background."""
Said = Mapping[str, tuple[str, ...]]
log = logging.getLogger(__name__)


class Index:
    """The snapshot of what is said of each id, and how it follows. Not for two threads at once: the library locks.

    `swap` is called with a new snapshot of the same texts when the background has one; it is to lock like the library.
    """

    def __init__(self, language: Language, encoder: Encoder, folder: Path, swap: Callable[[Snapshot], None]) -> None:
        self._language = language
        self._encoder = encoder
        self._folder = folder / "snapshots"
        self._vectors = folder / "vectors"
        self._cache = VectorCache(self._vectors)
        self._swap = swap
        self._said: Said = {}
        self._snapshot: Snapshot | None = None
        self._building: threading.Thread | None = None

    def read(self, said: Said, known: Mapping[str, Mapping[str, str]] | None = None) -> list[Text]:
        """Every text as it is searched for; what reads as nothing is left out. `known` forms are not read again."""
        found = []
        for id_, several in said.items():
            forms = (known or {}).get(id_, {})
            found += [Text(id_, forms.get(one) or self._language.normalise(one), one) for one in several]
        return [text for text in found if text.normalised]

    def follow(self, said: Said, progress: Progress) -> Snapshot | None:
        """The snapshot of just these texts; None where there is no text. Built, laid over, or as it was."""
        old = self._snapshot or latest(self._folder, self._encoder, self._mark)
        if old is None:
            progress("reading")
            return self._keep(said, self._whole(self.read(said), progress))
        before = self._said or {id_: tuple(text.shown for text in old.of(id_)) for id_ in old.position}
        gone = [id_ for id_ in before if id_ not in said]
        changed = {id_: several for id_, several in said.items() if before.get(id_) != several}
        texts = self.read(changed, {id_: _forms(old, id_) for id_ in changed})
        lost = sum(len(old.of(id_)) for id_ in (*gone, *changed))
        size = len(texts) + (0 if old.over is None else len(old.over.texts)) + lost + len(old.hidden_rows)
        if not changed and not gone:
            return self._keep(said, old)
        if len(old) <= WHOLE_UP_TO or size > min(len(old) * OVERLAY_SHARE, OVERLAY_TEXTS):
            return self._keep(said, self._whole(self._all(old, said, changed, texts), progress))
        return self._keep(said, self._laid_over(old, texts, [*gone, *changed], progress))

    def vectors(self, normalised: Sequence[str]) -> Vectors:
        """(n, d) vectors of texts, from the cache where they were seen before."""
        return self._cache.encode(self._encoder, normalised)[0]

    def tried(self, said: Said) -> Snapshot | None:
        """The snapshot as it would be if this were said of some ids; nothing is kept. None before the first."""
        if self._snapshot is None:
            return None
        texts = self.read(said, {id_: _forms(self._snapshot, id_) for id_ in said})
        return self._laid_over(self._snapshot, texts, list(said), lambda _: None)

    def _laid_over(self, old: Snapshot, texts: Sequence[Text], gone: Sequence[str], progress: Progress) -> Snapshot:
        progress("changes")
        return renew(old, texts, gone, self._encoder, self._language.segmenter, self._cache)

    def _all(self, old: Snapshot, said: Said, changed: Said, texts: Sequence[Text]) -> list[Text]:
        return [*(text for id_ in said if id_ not in changed for text in old.of(id_)), *texts]

    def _whole(self, texts: Sequence[Text], progress: Progress) -> Snapshot | None:
        """A new base of these texts, unless the one on disk is just that."""
        if not texts:
            return None
        held = latest(self._folder, self._encoder, self._mark, fingerprint_of(texts, self._encoder))
        if held is not None:
            return held
        snapshot = build(texts, self._encoder, self._language.segmenter, self._cache, progress)
        save(snapshot, self._folder, self._encoder, self._mark)
        return snapshot

    def _keep(self, said: Said, snapshot: Snapshot | None) -> Snapshot | None:
        if snapshot is None:
            return None
        self._said, self._snapshot = said, snapshot
        over = 0 if snapshot.over is None else len(snapshot.over.texts)
        if max(over, len(snapshot.hidden_rows)) > min(len(snapshot) * SETTLED_SHARE, SETTLED_TEXTS):
            self._build_beside(snapshot)
        return snapshot

    def _build_beside(self, snapshot: Snapshot) -> None:
        if self._building is None or not self._building.is_alive():
            self._building = threading.Thread(target=self._rebuild, args=(snapshot,), name="index", daemon=True)
            self._building.start()

    def _rebuild(self, snapshot: Snapshot) -> None:
        try:
            segmenter = self._language.segmenter
            self._swap(rebuild(snapshot, self._encoder, segmenter, self._folder, self._vectors, self._mark))
        except Exception:  # what is served stays right without it; the next change tries again
            log.exception("the index was not built anew")

    def caught_up(self, fresh: Snapshot) -> Snapshot:
        """What is served now, on the base of `fresh`, which was built from an earlier state."""
        served = self._snapshot
        if served is None:
            return fresh
        now, then = served.digests, fresh.digests
        changed = [id_ for id_, digest in now.items() if then.get(id_) != digest]
        gone = [id_ for id_ in then if id_ not in now]
        if changed or gone:
            texts = [text for id_ in changed for text in served.of(id_)]
            fresh = self._laid_over(fresh, texts, gone, lambda _: None)
        self._snapshot = fresh
        return fresh

    def wait(self, seconds: float | None = None) -> None:
        """Until nothing is built in the background."""
        if self._building is not None:
            self._building.join(seconds)

    @cached_property
    def _mark(self) -> str:
        return reading()


def _forms(snapshot: Snapshot, id_: str) -> dict[str, str]:
    return {text.shown: text.normalised for text in snapshot.of(id_)}


def reading() -> str:
    """Identity of how texts are read: of the lexicon, the code that applies it, and the libraries of words."""
    digest = hashlib.sha256()
    code = sorted(Path(str(segment.__file__)).parent.glob("*.py"))
    for path in (*sorted(LEXICON.iterdir()), *code, Path(str(question.__file__))):
        digest.update(path.read_bytes())
    for library in ("jieba", "zhconv", "pypinyin"):
        digest.update(version(library).encode())
    return digest.hexdigest()[:16]
