"""Our featurizers: what they make of a text, what a model keeps of them, and that Rasa takes them for its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bot.bootstrap import ROOT
from bot.dialogue.examples import EMBEDDING, LEXICON
from bot.dialogue.featurizer import EmbeddingFeaturizer, Features, SegmentFeaturizer
from bot.dialogue.launcher import __file__ as launcher
from bot.dialogue.rasa_environment import RasaEnvironment, RasaUnavailable
from embeddings.encoder import BUILT_IN, SentenceEncoder
from knowledge.question import Language

TEXTS = ["提现失败怎么办", "退款失败", "提现多久到账", "分账比例怎么设置", "退款多久到账"]


class Storage:
    """A folder for each resource, as Rasa's model storage."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def write_to(self, resource: str) -> Iterator[Path]:
        (self.folder / resource).mkdir(parents=True, exist_ok=True)
        yield self.folder / resource

    read_from = write_to


class Base:
    """In the place of Rasa's featurizer."""

    def __init__(self, name: str, config: dict[str, Any]) -> None:
        self.name = name

    def add_features_to_message(self, sequence: Any, sentence: Any, attribute: str, message: dict[str, Any]) -> None:
        message["features"] = (sequence, sentence)


class Segments(SegmentFeaturizer, Base):
    pass


class Embedding(EmbeddingFeaturizer, Base):
    pass


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What is laid out for the featurizers."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = tmp_path / "features"
    shutil.copytree(EMBEDDING, made / "embedding", ignore=shutil.ignore_patterns("1_*"))
    for name in ("terms.txt", "stop.txt"):
        shutil.copyfile(LEXICON / name, made / name)
    return made


def trained(kind: type[Features], folder: Path, **settings: Any) -> Any:
    config = {**kind.get_default_config(), "folder": str(folder), **settings}
    one = kind.create(config, Storage(folder.parent / "model"), "one", SimpleNamespace(node_name="node"))
    examples = [{"text": text} for text in TEXTS] + [{"intent": "no text"}]
    assert one.train(SimpleNamespace(training_examples=examples)) == "one"
    return one


def test_segments_are_weighted_by_rarity_and_scaled(folder: Path) -> None:
    one = trained(Segments, folder, scale=10.0)
    rows = one.rows_of(["提现失败", "退款失败退款", "xyz", ""])
    assert rows.shape[0] == 4
    dense = rows.toarray()
    assert np.linalg.norm(dense, axis=1) == pytest.approx([10, 10, 0, 0])
    numbers = one._numbers
    assert dense[0][numbers["w:提现"]] == pytest.approx(dense[0][numbers["提现"]])
    assert dense[1][numbers["w:退款"]] == pytest.approx(2 * dense[1][numbers["w:失败"]])
    df, n = 1, len(TEXTS)
    assert one._rows[numbers["w:分账"]] == pytest.approx(np.log((1 + n) / (1 + df)) + 1)


def test_segments_of_too_few_examples_are_left_out(folder: Path) -> None:
    every, few = trained(Segments, folder), trained(Segments, folder, least=2)
    assert "w:分账" in every._numbers
    assert "w:分账" not in few._numbers
    assert {"w:提现", "w:退款", "w:到账"} <= set(few._numbers)


def test_the_embedding_is_the_encoders(folder: Path) -> None:
    ours = trained(Embedding, folder).rows_of(TEXTS)
    theirs = SentenceEncoder(BUILT_IN, Language(cache_folder=folder.parent / "cache").segmenter).encode(TEXTS)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 2e-3  # half precision


@pytest.mark.parametrize("kind", [Segments, Embedding])
def test_a_model_needs_nothing_but_itself(kind: type[Features], folder: Path) -> None:
    one = trained(kind, folder, scale=3.0)
    before = one.rows_of(TEXTS)
    shutil.rmtree(folder)
    settings = {**kind.get_default_config(), "folder": str(folder), "scale": 3.0}
    loaded = kind.load(settings, one._storage, "one", SimpleNamespace(node_name="node"), extra=1)
    assert abs(before - loaded.rows_of(TEXTS)).max() < 1e-6


@pytest.mark.parametrize("kind", [Segments, Embedding])
def test_a_text_gets_a_row_and_each_token_one_where_there_are_tokens(kind: type[Features], folder: Path) -> None:
    one = trained(kind, folder)
    tokens = [SimpleNamespace(text="提现"), SimpleNamespace(text="失败")]
    messages: list[dict[str, Any]] = [
        {"text": "提现失败"},
        {"text": "提现失败", "text_tokens": tokens},
        {"intent": "x"},
    ]
    assert one.process(messages) is messages
    assert messages[0]["features"][0] is None
    assert messages[1]["features"][0].shape[0] == 2
    assert messages[1]["features"][1].shape == messages[0]["features"][1].shape
    assert "features" not in messages[2]


def test_another_lexicon_is_another_fingerprint(folder: Path) -> None:
    config = {"folder": str(folder)}
    before = SegmentFeaturizer.fingerprint_addon(config)
    assert SegmentFeaturizer.fingerprint_addon(config) == before
    with (folder / "terms.txt").open("a", encoding="utf8") as terms:
        terms.write("another\n")
    assert SegmentFeaturizer.fingerprint_addon(config) != before


def test_a_scale_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="scale"):
        SegmentFeaturizer.validate_config({"scale": 0})


def test_a_text_is_cut_as_our_search_cuts_it(folder: Path) -> None:
    one = trained(Segments, folder)
    language = Language(cache_folder=folder.parent / "cache")
    assert one._segmenter.features("二维码 notify_url 提现") == language.segmenter.features("二维码 notify_url 提现")


IN_RASA = """
import importlib, json, sys
sys.path.insert(0, sys.argv[1])
launcher = importlib.import_module("launcher")
sys.path.pop(0)
launcher.bring_featurizers()
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.utils.common import class_from_module_path
from rasa.nlu.featurizers.featurizer import Featurizer
found = {}
for name in ("SegmentFeaturizer", "EmbeddingFeaturizer"):
    kind = DefaultV1Recipe._from_registry(name).clazz
    assert class_from_module_path("shangda_featurizer." + name) is kind
    found[name] = issubclass(kind, Featurizer)
import numpy, scipy.sparse
from rasa.nlu.classifiers.logistic_regression_classifier import LogisticRegressionClassifier as Classifier
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.local_model_storage import LocalModelStorage
from pathlib import Path
storage = LocalModelStorage.create(Path(sys.argv[2]))
one = Classifier({}, "name", storage, Resource("one"))
rows = scipy.sparse.random(30, 50, density=0.3, format="csr", random_state=1)
one.clf.fit(rows, [number % 3 for number in range(30)])
one.persist()
launcher.lay_weights_in_columns()
fast = Classifier.load({}, storage, Resource("one"), type("Context", (), {"node_name": "n"}))
assert numpy.allclose(fast.clf.predict_proba(rows), one.clf.predict_proba(rows))
assert fast.clf.coef_.flags.f_contiguous
print(json.dumps(found))
"""


@pytest.mark.slow
def test_rasa_knows_them_by_name_and_a_classifier_with_its_weights_in_columns_says_the_same(tmp_path: Path) -> None:
    environment = RasaEnvironment(ROOT, tmp_path)
    try:
        environment.install()
    except RasaUnavailable as error:
        pytest.skip(f"Rasa cannot be had here, so nothing that needs it was tested: {error}")
    command = [str(environment.python), "-I", "-W", "ignore", "-c", IN_RASA]
    command += [str(Path(launcher).parent), str(tmp_path / "storage")]
    (tmp_path / "storage").mkdir()
    done = subprocess.run(command, env=environment.variables(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"SegmentFeaturizer": True, "EmbeddingFeaturizer": True}
