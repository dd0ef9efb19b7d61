"""Rasa's way with questions and answers: one retrieval intent, a ResponseSelector over all entries; in Rasa's Python.

Standard library and PyYAML only; Rasa itself is started as a process, and asked by `rasa_worker.py` in its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from bot.dialogue.rasa_environment import RasaEnvironment
from bot.peers.material import RETRIEVAL_INTENT, Texts, lexicon

EPOCHS = 10
"""About six minutes of processor time for 20,000 texts: seven by the clock on two cores, twice that on busy ones."""
WORKER = Path(__file__).parent / "rasa_worker.py"
PROJECT, MODEL = "project", "faq.tar.gz"
_MARKUP = re.compile(r"[\[\]{}()\\]+")
_TERM_FREQUENCY = 100_000
_RANKED = 24
_LEAST = 3
"""Texts that a feature must occur in: the rarer ones are two in three and take most of the time."""
_SHAPE = {
    "hidden_layers_sizes": {"text": [], "label": []},
    "dense_dimension": {"text": 128, "label": 128},
    "embedding_dimension": 64,
    "batch_size": [64, 128],
    "drop_rate": 0.1,
}
"""No hidden layers: with those it has by default (256 and 128) it named 2 % of questions rightly after six epochs on
20,000 texts, without them 75 % after four."""


def config(terms: Path, epochs: int) -> dict[str, Any]:
    """The pipeline Rasa's documentation proposes for Chinese, with Jieba knowing our terms."""
    return {
        "recipe": "default.v1",
        "assistant_id": "peers",
        "language": "zh",
        "pipeline": [
            {"name": "JiebaTokenizer", "dictionary_path": str(terms)},
            {"name": "CountVectorsFeaturizer", "min_df": _LEAST},
            {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4, "min_df": _LEAST},
            {
                "name": "ResponseSelector",
                "retrieval_intent": RETRIEVAL_INTENT,
                "epochs": epochs,
                "constrain_similarities": True,
                "ranking_length": _RANKED,
                "random_seed": 42,
                **_SHAPE,
            },
        ],
        "policies": [],
    }


def lay_out(texts: Texts, folder: Path, epochs: int) -> Path:
    """Write the project that is trained; each entry and each uncovered matter is a response."""
    project, terms = folder / PROJECT, folder / PROJECT / "jieba"
    terms.mkdir(parents=True, exist_ok=True)
    lines = [f"{term.lower()} {_TERM_FREQUENCY}" for term in lexicon("terms.txt") if " " not in term]
    (terms / "terms.txt").write_text("\n".join(lines) + "\n", encoding="utf8")
    said: dict[str, list[str]] = {}
    for owner, text in zip(texts.owners, texts.texts, strict=True):
        plain = _MARKUP.sub(" ", text).strip().lstrip("/").strip()
        if plain:
            said.setdefault(owner, []).append(plain)
    _dump(project / "config.yml", config(terms, epochs))
    responses = {f"utter_{RETRIEVAL_INTENT}/{owner}": [{"text": several[0]}] for owner, several in said.items()}
    _dump(project / "domain.yml", {"version": "3.1", "intents": [RETRIEVAL_INTENT], "responses": responses})
    examples = [
        {"intent": f"{RETRIEVAL_INTENT}/{owner}", "examples": "".join(f"- {text}\n" for text in several)}
        for owner, several in said.items()
    ]
    (project / "data").mkdir(exist_ok=True)
    _dump(project / "data" / "nlu.yml", {"version": "3.1", "nlu": examples})
    return project


def _dump(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=10_000), encoding="utf8")


def training(environment: RasaEnvironment, folder: Path) -> Sequence[str]:
    """The command that trains; to be run in the project's folder."""
    options = ["--config", "config.yml", "--domain", "domain.yml", "--nlu", "data"]
    kept = ["--out", str(folder), "--fixed-model-name", MODEL.removesuffix(".tar.gz")]
    return [*environment.command(), "train", "nlu", *options, *kept]


def asking(environment: RasaEnvironment, asked: Path, folder: Path, left: Path) -> Sequence[str]:
    """The command that asks what is in the file `asked` and leaves the rankings in `left`."""
    return [str(environment.python), "-I", "-W", "ignore", str(WORKER), str(folder / MODEL), str(asked), str(left)]


def variables(environment: RasaEnvironment, training: bool) -> dict[str, str]:
    """The environment variables of both; one thread where time is measured."""
    threads = {} if training else {"TF_INTRA_OP_PARALLELISM_THREADS": "1", "TF_INTER_OP_PARALLELISM_THREADS": "1"}
    return environment.variables() | threads


def percent_of(log: str) -> str:
    """How far the training is, by its own bar; empty before it begins."""
    found = re.findall(r"Epochs:\s+(\d+%)", log)
    return found[-1] if found else ""
