"""Build a base in a process of its own, so that questions asked meanwhile do not wait for the interpreter.

It needs no encoder, for all vectors are in the cache. It ends by itself when the process that asked for it is gone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from embeddings.cache import VectorCache
from embeddings.encoder import Encoder, Vectors
from embeddings.segment import Segmenter
from embeddings.snapshot import Snapshot, assemble, load, save_part
from embeddings.texts import Texts, fingerprint_of_digests

_NICENESS = 10


def rebuild(
    snapshot: Snapshot, encoder: Encoder, segmenter: Segmenter, folder: Path, vectors: Path, mark: str = ""
) -> Snapshot:
    """A base of all texts of `snapshot`, made beside everything else and written under `folder`; waits for it.

    `vectors` is the folder of the vector cache. Raises `subprocess.CalledProcessError` where the other process failed,
    `SnapshotUnreadable` where it was in vain.
    """
    job = folder.parent / "rebuilding"
    shutil.rmtree(job, ignore_errors=True)
    job.mkdir(parents=True)
    held = snapshot.base.texts
    base = fingerprint_of_digests(dict(zip(held.ids, held.digests, strict=True)), encoder)
    known = (folder / base).is_dir()  # then only what was laid over it is handed on
    laid_over = () if snapshot.over is None else snapshot.over.texts
    Texts(laid_over if known else snapshot.held()).save(job)
    about = {
        "base": base if known else "",
        "hidden": sorted(snapshot.hidden),
        "folder": str(folder.resolve()),
        "vectors": str(vectors.resolve()),
        "fingerprint": snapshot.fingerprint,
        "encoder": encoder.fingerprint,
        "mark": mark,
        **_settings(segmenter),
    }
    (job / "about.json").write_text(json.dumps(about, ensure_ascii=False), "utf8")
    command = [sys.executable, "-m", "embeddings.rebuild", str(job.resolve())]
    root = Path(__file__).resolve().parent.parent
    try:
        with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as process:
            if code := process.wait():
                raise subprocess.CalledProcessError(code, command)
    finally:
        shutil.rmtree(job, ignore_errors=True)
    return load(folder, snapshot.fingerprint)


def _settings(segmenter: Segmenter) -> dict[str, object]:
    held = vars(segmenter)
    cache = held["_cache_folder"]
    return {"terms": held["_terms"], "stop": sorted(held["_stop"]), "cache": str(cache.resolve()) if cache else ""}


class _Known:
    """Stands for the encoder whose vectors are all in the cache."""

    def __init__(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    def encode(self, texts: Sequence[str]) -> Vectors:
        raise LookupError(f"{len(texts)} texts have no vector in the cache")

    encode_questions = encode


def _end_with_parent() -> None:
    while os.read(0, 1):  # nothing is ever written; it ends when the other side is gone
        pass
    os._exit(1)


def main(job: Path) -> None:
    """Build what the files in `job` ask for."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    about = json.loads((job / "about.json").read_text("utf8"))
    texts = Texts.load(job)
    if about["base"]:
        base, hidden = Texts.load(Path(about["folder"]) / about["base"]), set(about["hidden"])
        kept = [place for place in range(len(base.ids)) if place not in hidden]
        texts = Texts([*(text for place in kept for text in base.of(place)), *texts])
    vectors, _ = VectorCache(Path(about["vectors"])).encode(_Known(about["encoder"]), list(texts.normalised()), True)
    segmenter = Segmenter(about["terms"], about["stop"], Path(about["cache"]) if about["cache"] else None)
    part = assemble(texts, vectors, segmenter)
    save_part(part, Path(about["folder"]), about["fingerprint"], about["encoder"], about["mark"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
