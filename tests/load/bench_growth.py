"""What growth costs: from a thousand phrasings to a million. Run: `.venv/bin/python -m tests.load.bench_growth`.

For each size, in processes of their own: the index is built; then, as after a restart, read back, asked, and one entry
is published. Prints a Markdown table and draws it. `tests/load/growing.py` says how the phrasings are made. A million
take about 15 minutes of one processor and 6 GiB. Nothing here asserts: figures are for people.

build: from entries to an index on disk, vectors included; build CPU: the same in processor seconds. restart: entries
in memory, to the first answer. publish: one phrasing added to one entry, `Library.refresh` with all entries, until a
search finds it by these words; the slowest of five. RSS: of the serving process, entries included. p50 and p95:
`Hybrid.search` as a whole, one thread; p95 CPU: its processor time, which is what p95 is where nothing else runs.
recall: of the ten nearest by meaning, against an exact search. first: held-back questions whose entry comes first;
matter: where one of the same matter does, though perhaps about another product, often all that tells them apart.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from embeddings.cache import VectorCache
from embeddings.encoder import BUILT_IN, SentenceEncoder, Vectors
from embeddings.fuse import Weights
from embeddings.hybrid import Hybrid
from embeddings.snapshot import Snapshot
from knowledge.confidence import Calibration
from knowledge.entry import Entry
from knowledge.library import Library
from knowledge.question import Language
from tests.load.growing import Growth

SIZES = (1_000, 10_000, 100_000, 1_000_000)
_EACH = 100
_QUESTIONS = 500
_WARM_UP = 30
_PUBLISHED = 5
_COLUMNS = {
    "phrasings": ",.0f", "entries": ",.0f", "build s": ",.1f", "build CPU s": ",.1f", "restart s": ".1f",
    "publish s": ".2f", "publish CPU s": ".2f", "RSS MiB": ",.0f", "build RSS MiB": ",.0f", "files MiB": ",.0f",
    "p50 ms": ".1f", "p95 ms": ".1f", "p95 CPU ms": ".1f", "recall@10": ".3f", "first": ".3f", "matter": ".3f",
}  # fmt: skip


def say(stage: str) -> None:
    print(json.dumps({"stage": stage}), flush=True)


def opened(folder: Path) -> tuple[Library, SentenceEncoder]:
    language = Language(cache_folder=folder / "dictionary")
    encoder = SentenceEncoder(BUILT_IN, language.segmenter)
    return Library(language, encoder, Calibration.read(), folder / "library"), encoder


def build(folder: Path, entries: Sequence[Entry]) -> dict[str, float]:
    library, _ = opened(folder)
    library.language.normalise("你好")
    started, spent = time.perf_counter(), time.process_time()
    library.refresh(entries, progress=say)
    took = time.perf_counter() - started
    return {
        "build s": took,
        "build CPU s": time.process_time() - spent,
        "build RSS MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def serve(folder: Path, entries: Sequence[Entry], questions: Sequence[tuple[str, str]]) -> dict[str, float]:
    library, encoder = opened(folder)
    library.language.normalise("你好")
    started = time.perf_counter()
    snapshot = library.refresh(entries, generation="0")
    library.search(library.language.read(questions[0][1]))
    found = {"restart s": time.perf_counter() - started}
    say("questions")
    read = [(id_, library.language.normalise(question)) for id_, question in questions]
    found |= asked(Hybrid(snapshot, encoder, library.language.segmenter, Weights()), read)
    found["RSS MiB"] = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    say("publishing")
    waits = [published(library, list(entries), number) for number in range(_PUBLISHED)]
    found["publish s"], found["publish CPU s"] = (max(several) for several in zip(*waits, strict=True))
    say("recall")
    found["recall@10"] = recall(folder, encoder, snapshot, [text for _, text in read])
    files = (path for path in (folder / "library" / "snapshots").rglob("*") if path.is_file())
    return found | {"files MiB": sum(path.stat().st_size for path in files) / 2**20}


def asked(hybrid: Hybrid, questions: Sequence[tuple[str, str]]) -> dict[str, float]:
    took, right, near, matter = [], 0, 0, Growth().matter
    for _, question in questions[:_WARM_UP]:
        hybrid.search(question, 24)
    for id_, question in questions:
        started, spent = time.perf_counter(), time.thread_time()
        hits = hybrid.search(question, 24)
        took.append(((time.perf_counter() - started) * 1000, (time.thread_time() - spent) * 1000))
        right += hits[0].id == id_
        near += matter(hits[0].id) == matter(id_)
    (p50, _), (p95, processor) = np.percentile(took, (50, 95), axis=0)
    shares = {"first": right / len(questions), "matter": near / len(questions)}
    return {"p50 ms": float(p50), "p95 ms": float(p95), "p95 CPU ms": float(processor), **shares}


def published(library: Library, entries: list[Entry], number: int) -> tuple[float, float]:
    """Seconds, and processor seconds, from one changed entry among all to a search that finds it."""
    place = number * 7 % len(entries)
    words = f"全新说法{number}：把积分商城的抵扣券退回给会员"
    entries[place] = replace(entries[place], phrasings=(*entries[place].phrasings, words))
    question = library.language.read(words)
    started, spent = time.perf_counter(), time.process_time()
    library.refresh(entries, generation=str(number + 1))
    best = library.search(question).candidates[0]
    took = time.perf_counter() - started, time.process_time() - spent
    if best.entry != entries[place].id:
        raise SystemExit(f"{entries[place].id} was published and is not found; {best.entry} is")
    return took


def recall(folder: Path, encoder: SentenceEncoder, snapshot: Snapshot, questions: Sequence[str]) -> float:
    texts = list(snapshot.base.texts.normalised())
    vectors, _ = VectorCache(folder / "library" / "vectors").encode(encoder, texts)
    asked_for = encoder.encode(list(questions))
    least = tenth(vectors, asked_for)
    found = [snapshot.base.dense.nearest(vector, 300)[1][:10] for vector in asked_for]
    return float(np.mean([(row >= floor - 2e-4).sum() / 10 for row, floor in zip(found, least, strict=True)]))


def tenth(vectors: Vectors, asked_for: Vectors) -> Vectors:
    best = np.zeros((len(asked_for), 0), np.float32)
    for start in range(0, len(vectors), 50_000):
        best = np.concatenate([best, asked_for @ vectors[start : start + 50_000].T], axis=1)
        best = np.partition(best, -10, axis=1)[:, -10:]
    return best.min(axis=1)


def child(folder: Path, size: int, what: str) -> None:
    growth = Growth()
    entries = list(growth.entries(size // _EACH, _EACH))
    step = max(1, len(entries) // _QUESTIONS)
    chosen = [entries[number * step % len(entries)] for number in range(_QUESTIONS)]
    questions = [(entry.id, growth.question(entry)) for entry in chosen]
    figures = build(folder, entries) if what == "build" else serve(folder, entries, questions)
    print(json.dumps(figures), flush=True)


def measured(size: int, folder: Path, bar: Progress, task: Any) -> dict[str, float]:
    figures = {"phrasings": float(size), "entries": float(size // _EACH)}
    for what in ("build", "serve"):
        command = [sys.executable, "-m", "tests.load.bench_growth", "--child", what, "--folder", str(folder)]
        bar.update(task, description=f"{size:,}: phrasings", advance=1)
        one = {**os.environ, "OMP_NUM_THREADS": "1"}
        with subprocess.Popen([*command, "--most", str(size)], stdout=subprocess.PIPE, env=one, text=True) as process:
            for line in process.stdout or ():
                told = json.loads(line)
                if "stage" in told:
                    bar.update(task, description=f"{size:,}: {told['stage']}", advance=1)
                else:
                    figures |= told
        if process.returncode:
            raise SystemExit(process.returncode)
    return figures


def table(rows: Sequence[dict[str, float]]) -> str:
    lines = [f"| {' | '.join(_COLUMNS)} |", f"|{'---:|' * len(_COLUMNS)}"]
    lines += [f"| {' | '.join(format(row[name], shape) for name, shape in _COLUMNS.items())} |" for row in rows]
    return "\n".join(lines)


def draw(rows: Sequence[dict[str, float]], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    panels = (("p50 ms", "p95 ms"), ("publish s", "restart s"), ("RSS MiB", "files MiB"), ("build s",))
    figure, places = pyplot.subplots(1, len(panels), figsize=(16, 3.6), layout="constrained")
    sizes = [row["phrasings"] for row in rows]
    for place, names in zip(places, panels, strict=True):
        for name in names:
            place.plot(sizes, [row[name] for row in rows], marker="o", label=name)
        place.set(xscale="log", xlabel="phrasings", ylim=(0, None))
        place.grid(alpha=0.3)
        place.legend()
    figure.savefig(path)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--most", type=int, default=SIZES[-1])
    options.add_argument("--plot", type=Path, default=Path("growth.svg"), help="SVG or PNG, by its ending")
    options.add_argument("--child", help=argparse.SUPPRESS)
    options.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        child(given.folder, given.most, given.child)
        return
    rows = []
    with Progress(*Progress.get_default_columns()[:2], TextColumn("{task.completed}"), TimeElapsedColumn()) as bar:
        sizes = [size for size in SIZES if size <= given.most]
        task = bar.add_task("", total=10 * len(sizes))
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                rows.append(measured(size, Path(folder), bar, task))
    print(table(rows))
    draw(rows, given.plot)


if __name__ == "__main__":
    main()
