"""Which pipeline names the intents of questions it has not seen best: `.venv/bin/python -m bot.dialogue.compare`.

Each is trained as the service trains it, from the project and the entries that come with the software, in a home of its
own that is deleted afterwards; then it runs beside us as in service and is asked every question over HTTP. The table
goes to standard output, as Markdown; progress to standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from bot.bootstrap import ROOT
from bot.dialogue.examples import OUTSIDE, Normalise, own, published
from bot.dialogue.guides import read_guides
from bot.dialogue.leading import Leading
from bot.dialogue.rasa_environment import PROJECT, RasaEnvironment, RasaUnavailable
from bot.dialogue.sidecar import Sidecar
from knowledge.evaluate import GOLDEN, read_questions
from knowledge.exchange import SEED, Collection, read_folder
from knowledge.question import Language

CHOSEN = "chosen"
"""The name of the pipeline that config.yml has."""
_FALLBACK = "nlu_fallback"
_READY_SECONDS = 120.0
_PARSE_SECONDS = 30.0
_WORDS: list[dict[str, Any]] = [
    {"name": "JiebaTokenizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
]
_SEGMENTS = {"name": "SegmentFeaturizer", "scale": 10.0, "least": 2}
_EMBEDDING = {"name": "EmbeddingFeaturizer", "scale": 4.0}
_REGRESSION = {"name": "LogisticRegressionClassifier", "max_iter": 200, "tol": 0.3, "random_state": 42}
_DIET = {
    "name": "DIETClassifier",
    "epochs": 5,  # training accuracy is 0.98 by then; ten take ten minutes and more
    "entity_recognition": False,
    "constrain_similarities": True,
    "random_seed": 42,
}
_THRESHOLD = {"name": "FallbackClassifier", "threshold": 0.3, "ambiguity_threshold": 0.05}
PIPELINES: Mapping[str, list[dict[str, Any]] | None] = {
    CHOSEN: None,
    "regression: Jieba's words, characters within words": [*_WORDS, _REGRESSION, _THRESHOLD],
    "regression: words and characters, our embedding": [*_WORDS, _EMBEDDING, _REGRESSION, _THRESHOLD],
    "regression: our embedding alone": [{**_EMBEDDING, "scale": 8.0}, _REGRESSION, _THRESHOLD],
    "regression: our segments, our embedding": [_SEGMENTS, _EMBEDDING, _REGRESSION, _THRESHOLD],
    "DIET: words and characters": [*_WORDS, _DIET, _THRESHOLD],
    "DIET: words and characters, our embedding": [*_WORDS, {**_EMBEDDING, "scale": 1.0}, _DIET, _THRESHOLD],
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the intents that are right for it: several where it is ambiguous."""

    text: str
    intents: frozenset[str]


@dataclass(frozen=True, slots=True)
class Named:
    """What was named: the likeliest intent, and whether Rasa was sure enough not to fall back."""

    asked: Asked
    intent: str
    sure: bool

    @property
    def right(self) -> bool:
        return self.intent in self.asked.intents


@dataclass(frozen=True, slots=True)
class Result:
    """One pipeline measured. `named` is by the name of the set of questions; `parse_ms` the median over all."""

    pipeline: str
    named: Mapping[str, Sequence[Named]]
    training_seconds: float
    model_bytes: int
    ready_seconds: float
    parse_ms: float


def golden(collection: Collection) -> list[Asked]:
    """The golden questions: the right intent is that of the entry wanted, or that of what lies outside."""
    intents = {entry.id: entry.intent for entry in collection.entries}
    return [
        Asked(one.question, frozenset(intents[id] for id in one.wanted) or frozenset({OUTSIDE}))
        for one in read_questions(GOLDEN)
    ]


def labelled(path: Path) -> list[Asked]:
    """Questions of a file, one JSON object a line: `q` and `intent`; lines without an intent are left out."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf8").splitlines() if line.strip()]
    return [Asked(one["q"], frozenset({one["intent"]})) for one in lines if one.get("intent")]


def unseen(questions: Iterable[Asked], examples: Iterable[str], normalise: Normalise) -> list[Asked]:
    """Those of the questions that do not read like one of the examples: only they measure anything."""
    known = {_bare(normalise(example)) for example in examples}
    return [asked for asked in questions if _bare(normalise(asked.text)) not in known]


def measure(
    pipeline: str, collection: Collection, sets: Mapping[str, Sequence[Asked]], normalise: Normalise, home: Path
) -> Result:
    """Train one and ask it. Raises `RasaUnavailable`."""
    environment = RasaEnvironment(ROOT, home)
    began = time.monotonic()
    project = project_of(pipeline, home / "compared")
    model = environment.model([*collection.entries, *collection.uncovered], project=project)
    trained = time.monotonic()
    sidecar = Sidecar.of(environment, lambda: model, Leading(read_guides()))
    sidecar.start()
    try:
        if not sidecar.wait_ready(_READY_SECONDS):
            raise RasaUnavailable("not-trained", f"{pipeline}: not ready, see {home / 'logs' / 'rasa.log'}")
        ready = time.monotonic()
        took: list[float] = []
        with httpx.Client(trust_env=False, timeout=_PARSE_SECONDS) as client:
            named = {
                name: [_ask(client, sidecar, normalise, one, took) for one in asked] for name, asked in sets.items()
            }
    finally:
        sidecar.stop()
    median = statistics.median(took) * 1000
    return Result(pipeline, named, trained - began, model.stat().st_size, ready - trained, median)


def project_of(pipeline: str, target: Path) -> Path:
    """A copy of the project with another pipeline."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(PROJECT, target)
    components = PIPELINES[pipeline]
    if components is not None:
        config = yaml.safe_load((target / "config.yml").read_text(encoding="utf8"))
        config["pipeline"] = components
        (target / "config.yml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf8")
    return target


def _ask(client: httpx.Client, sidecar: Sidecar, normalise: Normalise, asked: Asked, took: list[float]) -> Named:
    address = sidecar.address()
    if address is None:
        raise RasaUnavailable("not-trained", "it ended while it was asked")
    text = {"text": normalise(asked.text).lstrip("/ ") or "-"}
    began = time.perf_counter()
    answer = client.post(f"{address.url}/model/parse", params={"token": address.token}, json=text)
    took.append(time.perf_counter() - began)
    said = answer.raise_for_status().json()
    first = next((one["name"] for one in said["intent_ranking"] if one["name"] != _FALLBACK), "")
    return Named(asked, first, said["intent"]["name"] != _FALLBACK)


def table(results: Sequence[Result]) -> str:
    """A Markdown table, a row a pipeline. Shares are percentages of all questions of a set; after the stroke, of those
    that Rasa was sure of."""
    sets = list(results[0].named) if results else []
    heads = ["pipeline", *sets, "trained s", "model MB", "ready s", "parse ms"]
    rows = [
        [
            one.pipeline,
            *(_shares(one.named[name]) for name in sets),
            f"{one.training_seconds:.0f}",
            f"{one.model_bytes / 1e6:.1f}",
            f"{one.ready_seconds:.1f}",
            f"{one.parse_ms:.1f}",
        ]
        for one in results
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))


def _shares(named: Sequence[Named]) -> str:
    sure = [one for one in named if one.sure]
    return f"{_percent(named)} / {_percent(sure)}"


def _percent(named: Sequence[Named]) -> str:
    return f"{100 * sum(one.right for one in named) / len(named):.1f}" if named else "-"


def confusions(named: Iterable[Named]) -> str:
    """Which intent was taken for which, most often first; an ambiguous question counts for none in particular."""
    pairs = Counter((" or ".join(sorted(one.asked.intents)), one.intent) for one in named if not one.right)
    return "\n".join(f"{times:4d}  {wanted} taken for {found}" for (wanted, found), times in pairs.most_common())


def best(results: Sequence[Result]) -> Result:
    """The one that names most questions rightly over all sets; of equals, the faster."""
    return max(results, key=lambda one: (sum(n.right for named in one.named.values() for n in named), -one.parse_ms))


def main(arguments: Sequence[str] | None = None, write: Callable[[str], object] = sys.stdout.write) -> int:
    """Compare; the exit status is 1 where it could not be done."""
    wanted = _options().parse_args(arguments)
    with tempfile.TemporaryDirectory() as scratch:
        return _compare(wanted, Path(scratch), write)


def _compare(wanted: argparse.Namespace, scratch: Path, write: Callable[[str], object]) -> int:
    collection, normalise = read_folder(SEED), Language(cache_folder=scratch / "cache").normalise
    taught = published([*collection.entries, *collection.uncovered], PROJECT)
    examples = [text for texts in (*own(PROJECT).values(), *taught.values()) for text in texts]
    known = {"golden": golden(collection), **{path.stem: labelled(path) for path in wanted.questions}}
    sets = {name: unseen(questions, examples, normalise) for name, questions in known.items()}
    results: list[Result] = []
    for number, pipeline in enumerate(wanted.pipelines, 1):
        sys.stderr.write(f"{number}/{len(wanted.pipelines)} {pipeline}\n")
        try:
            results.append(measure(pipeline, collection, sets, normalise, scratch / str(number)))
        except RasaUnavailable as error:
            sys.stderr.write(f"    {error}\n")
        else:
            sys.stderr.write(f"    {table(results[-1:]).splitlines()[-1]}\n")
        shutil.rmtree(scratch / str(number), ignore_errors=True)
    if results:
        questions = ", ".join(f"{len(asked)} of {name}" for name, asked in sets.items())
        write(f"{questions}; {len(examples)} examples; {os.cpu_count()} cores\n\n")
        write(table(results) + "\n")
        if wanted.confusions:
            write(f"\n{best(results).pipeline}\n")
            write(confusions(one for named in best(results).named.values() for one in named) + "\n")
    return int(len(results) < len(wanted.pipelines))


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python3 -m bot.dialogue.compare", description=__doc__)
    names = list(PIPELINES)
    options.add_argument("--pipelines", nargs="+", choices=names, default=names, metavar="NAME", help=f"of {names}")
    options.add_argument(
        "--questions",
        nargs="*",
        type=Path,
        default=[],
        metavar="FILE",
        help="more questions: JSON lines of q and intent",
    )
    options.add_argument("--confusions", action="store_true", help="also print what the best took for what")
    return options


def _bare(text: str) -> str:
    return "".join(one for one in text if one.isalnum())


if __name__ == "__main__":
    sys.exit(main())
