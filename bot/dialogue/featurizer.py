"""How Rasa's classifiers see a text: by the features our own search cuts it into. Runs in Rasa's Python (3.8–3.10).

`launcher.py` loads this file by its path and registers the components under the names below; nothing of ours can be
imported here but `embeddings/segment.py`, loaded the same way, and Rasa only by name. What is learnt at training, the
lexicon included, is stored in the model: it needs neither our database nor the project's folder afterwards.

* `SegmentFeaturizer`: words, characters, their pairs and triples, weighted by how rare they are among the examples,
  together of length `scale`; sparse. A feature of fewer than `least` examples is left out.
* `EmbeddingFeaturizer`: the mean of our static embedding's rows, of length `scale`; dense.

Both give one row for the text and, where a tokenizer stands before them, one for each token.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import json
import os
import sys
import typing
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

MODULE = "shangda_featurizer"
"""What a stored model knows this file by."""
FOLDER = "features"
"""Beside the project's config.yml: `terms.txt` and `stop.txt`, a word a line, and `embedding/` where one is used."""
SEGMENT_FILE = Path(__file__).parents[2] / "embeddings" / "segment.py"
_TEXT = "text"
_STORED = "features.json"
_STORED_ROWS = "rows.npy"


def load_file(name: str, path: Path) -> Any:
    """The module in a file, under a name of ours: on the path its folder would hide packages of the same names."""
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ImportError(name, path=str(path))
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


class Features:
    """What both featurizers share; with Rasa's own base class beside it, a component of Rasa's.

    `learnt` is what training found and a model stores: the lexicon's words, the features by number, a row for each.
    """

    base = ""
    """Rasa's featurizer to be one of: its module and class."""

    def __init__(self, config: dict[str, Any], storage: Any, resource: Any, name: str) -> None:
        super().__init__(name, config)  # type: ignore[call-arg]
        self._settings = config
        self._storage = storage
        self._resource = resource

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        return {"alias": None, "scale": 1.0, "least": 1, "folder": FOLDER}

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        if float(config["scale"]) <= 0:
            raise ValueError("scale must be above 0")

    @classmethod
    def create(cls, config: dict[str, Any], model_storage: Any, resource: Any, execution_context: Any) -> Features:
        return cls(config, model_storage, resource, execution_context.node_name)

    @classmethod
    def load(
        cls, config: dict[str, Any], model_storage: Any, resource: Any, execution_context: Any, **_: Any
    ) -> Features:
        numpy = importlib.import_module("numpy")
        made = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            kept = json.loads((folder / _STORED).read_text(encoding="utf-8"))
            rows = numpy.load(folder / _STORED_ROWS)
        made.know(kept["terms"], kept["stop"], kept["features"], rows)
        return made

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str:
        """Changes with any of the files that training reads, so that Rasa does not take an older result for theirs."""
        digest = hashlib.sha256()
        for path in sorted(path for path in Path(config["folder"]).rglob("*") if path.is_file()):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def know(self, terms: Sequence[str], stop: Sequence[str], features: Sequence[str], rows: Any) -> None:
        """Take in what was learnt: `rows` has one row (or number) for each of `features`."""
        cache = os.environ.get("XDG_CACHE_HOME")
        segment = load_file(f"{MODULE}_segment", SEGMENT_FILE)
        self._terms, self._stop = list(terms), list(stop)
        self._segmenter = segment.Segmenter(terms, stop, Path(cache) / "jieba" if cache else None)
        self._numbers = {feature: number for number, feature in enumerate(features)}
        self._rows = rows
        self._segmenter.features("")

    def train(self, training_data: Any) -> Any:
        folder = Path(self._settings["folder"])
        texts = [str(one.get(_TEXT)) for one in training_data.training_examples if one.get(_TEXT)]
        terms, stop = lines_of(folder / "terms.txt"), lines_of(folder / "stop.txt")
        self.know(terms, stop, [], None)
        self.know(terms, stop, *self.learn(texts, folder))
        self.store()
        return self._resource

    def store(self) -> None:
        kept = {"terms": self._terms, "stop": self._stop, "features": list(self._numbers)}
        with self._storage.write_to(self._resource) as folder:
            (folder / _STORED).write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
            importlib.import_module("numpy").save(folder / _STORED_ROWS, self._rows)

    def learn(self, texts: Sequence[str], folder: Path) -> tuple[list[str], Any]:
        """The features that count, and a row for each. `texts` are the examples, `folder` the project's `FOLDER`."""
        raise NotImplementedError

    def rows_of(self, texts: Sequence[str]) -> Any:
        """(len(texts), width) matrix: each row of length `scale`, or zero where nothing known is in the text."""
        raise NotImplementedError

    def known(self, text: str) -> Counter[int]:
        """How often each known feature, by its number, is in a text."""
        found = Counter(self._segmenter.features(text))
        return Counter({self._numbers[one]: times for one, times in found.items() if one in self._numbers})

    def process_training_data(self, training_data: Any) -> Any:
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: Sequence[Any]) -> Sequence[Any]:
        for message in messages:
            text = message.get(_TEXT)
            if not text:
                continue
            tokens = [token.text for token in message.get("text_tokens") or ()]
            add = self.add_features_to_message  # type: ignore[attr-defined]
            add(self.rows_of(tokens) if tokens else None, self.rows_of([str(text)]), _TEXT, message)
        return messages


class SegmentFeaturizer(Features):
    """Term frequency times inverse document frequency, ln((1 + n) / (1 + df)) + 1, as scikit-learn smooths it."""

    base = "rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer.SparseFeaturizer"

    def learn(self, texts: Sequence[str], folder: Path) -> tuple[list[str], Any]:
        numpy = importlib.import_module("numpy")
        seen: Counter[str] = Counter()
        for text in texts:
            seen.update(set(self._segmenter.features(text)))
        kept = sorted(feature for feature, times in seen.items() if times >= self._settings["least"])
        weights = [numpy.log((1 + len(texts)) / (1 + seen[feature])) + 1 for feature in kept]
        return kept, numpy.array(weights, dtype=numpy.float32)

    def rows_of(self, texts: Sequence[str]) -> Any:
        numpy, sparse = importlib.import_module("numpy"), importlib.import_module("scipy.sparse")
        data, columns, ends = [], [], [0]
        for text in texts:
            counts = self.known(text)
            weights = self._rows[list(counts)] * numpy.array(list(counts.values()), dtype=numpy.float64)
            data.append(_scaled(weights, self._settings["scale"]))
            columns += list(counts)
            ends.append(len(columns))
        values = numpy.concatenate(data) if data else []
        return sparse.csr_matrix((values, columns, ends), shape=(len(texts), len(self._rows)))


class EmbeddingFeaturizer(Features):
    """Rows of the encoder that comes with the software; it was trained on the same phrasings as the classifier."""

    base = "rasa.nlu.featurizers.dense_featurizer.dense_featurizer.DenseFeaturizer"

    def learn(self, texts: Sequence[str], folder: Path) -> tuple[list[str], Any]:
        numpy = importlib.import_module("numpy")
        load = importlib.import_module("safetensors.numpy").load_file
        kept = json.loads((folder / "embedding" / "tokenizer.json").read_text(encoding="utf-8"))
        numbers: dict[str, int] = kept["model"]["vocab"]
        [rows] = load(str(folder / "embedding" / "model.safetensors")).values()
        return sorted(numbers, key=lambda feature: numbers[feature]), rows.astype(numpy.float16)

    def rows_of(self, texts: Sequence[str]) -> Any:
        numpy = importlib.import_module("numpy")
        out = numpy.zeros((len(texts), self._rows.shape[1]), dtype=numpy.float32)
        for number, text in enumerate(texts):
            counts = self.known(text)
            times = numpy.array(list(counts.values()), dtype=numpy.float32)
            out[number] = _scaled(times @ self._rows[list(counts)].astype(numpy.float32), self._settings["scale"])
        return out


def _scaled(vector: Any, length: float) -> Any:
    size = float((vector * vector).sum()) ** 0.5
    return vector * (length / size) if size else vector


def lines_of(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def register() -> None:
    """Make both a component of Rasa's, which takes the class's place here: by this name a stored model finds it, and
    by its source Rasa tells whether it is still the same."""
    recipe = importlib.import_module("rasa.engine.recipes.default_recipe").DefaultV1Recipe
    component = importlib.import_module("rasa.engine.graph").GraphComponent
    _declare_types()
    for kind in (SegmentFeaturizer, EmbeddingFeaturizer):
        module, _, base = kind.base.rpartition(".")
        bases = (kind, getattr(importlib.import_module(module), base), component)
        made = type(kind.__name__, bases, {"__module__": __name__, "__doc__": kind.__doc__})
        globals()[kind.__name__] = recipe.register(recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)(made)


def _declare_types() -> None:
    """Rasa reads from the annotations of a component what it gives and takes: the same as this one of its own."""
    featurizers = importlib.import_module("rasa.nlu.featurizers.sparse_featurizer.regex_featurizer")
    for name in ("create", "load", "train", "process_training_data", "process"):
        ours = getattr(Features, name)
        types = getattr(ours, "__func__", ours).__annotations__
        theirs = typing.get_type_hints(getattr(featurizers.RegexFeaturizer, name))
        types.update({part: kind for part, kind in theirs.items() if part in types})
