"""Any encoder by one setting: what is put before its texts, and what tells it apart from every other."""

from __future__ import annotations

import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

from embeddings.encoder import MOST_TOKENS, SentenceEncoder, fingerprint_of, onnx_file
from embeddings.errors import EncoderMissing
from embeddings.prefixes import Prefixes, of_family, stated
from embeddings.segment import Segmenter
from tests.small_bert import called, small_bert

BGE = "为这个句子生成表示以用于检索相关文章："
QUESTION = "退款多久到账"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that says nothing of itself."""
    return small_bert(tmp_path_factory.mktemp("models") / "plain")


@pytest.fixture
def model(plain: Path, tmp_path: Path) -> Path:
    """A copy that may be changed."""
    return Path(shutil.copytree(plain, tmp_path / "model"))


def prompted(folder: Path, **prompts: str) -> Path:
    config = folder / "config_sentence_transformers.json"
    kept = json.loads(config.read_text(encoding="utf8"))
    config.write_text(json.dumps({**kept, "prompts": prompts}), encoding="utf8")
    return folder


def test_a_model_that_states_nothing_gets_questions_and_passages_as_they_are(plain: Path, segmenter: Segmenter) -> None:
    encoder = SentenceEncoder(str(plain), segmenter)
    assert encoder.prefixes == Prefixes("", "")
    assert encoder.fingerprint == fingerprint_of(plain)
    np.testing.assert_array_equal(encoder.encode_questions([QUESTION]), encoder.encode([QUESTION]))


@pytest.mark.parametrize("name", ["document", "passage", "corpus"])
def test_a_model_gets_the_prefixes_it_states(model: Path, segmenter: Segmenter, name: str) -> None:
    encoder = SentenceEncoder(str(prompted(model, query="查询: ", **{name: "结果: "})), segmenter)
    without = SentenceEncoder(str(model), segmenter, Prefixes("", ""))
    np.testing.assert_allclose(encoder.encode_questions([QUESTION]), without.encode(["查询: " + QUESTION]), atol=1e-6)
    np.testing.assert_allclose(encoder.encode([QUESTION]), without.encode(["结果: " + QUESTION]), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "query", "passage"),
    [
        ("BAAI/bge-small-zh-v1.5", BGE, ""),
        ("bge-large-en-v1.5", "Represent this sentence for searching relevant passages: ", ""),
        ("intfloat/multilingual-e5-small", "query: ", "passage: "),
        ("intfloat/e5-large-v2", "query: ", "passage: "),
        ("sensenova/piccolo-base-zh", "查询: ", "结果: "),
        ("intfloat/multilingual-e5-large-instruct", "", ""),
        ("BAAI/bge-m3", "", ""),
        ("thenlper/gte-base-zh", "", ""),
        ("moka-ai/m3e-small", "", ""),
        ("somebody/note5-base", "", ""),
    ],
)
def test_a_family_is_known_by_its_name(name: str, query: str, passage: str) -> None:
    assert of_family(name) == Prefixes(query, passage)


def test_a_folder_is_known_by_its_name_or_by_the_name_in_its_configuration(
    plain: Path, model: Path, tmp_path: Path, segmenter: Segmenter
) -> None:
    named = shutil.copytree(plain, tmp_path / "bge-base-zh-v1.5")
    assert SentenceEncoder(str(named), segmenter).prefixes == Prefixes(BGE, "")
    assert SentenceEncoder(str(called(model, "intfloat/e5-small-v2")), segmenter).prefixes.query == "query: "


def test_what_a_model_states_counts_before_what_its_family_is_known_for(model: Path, segmenter: Segmenter) -> None:
    called(prompted(model, query="问: "), "BAAI/bge-base-zh")
    assert SentenceEncoder(str(model), segmenter).prefixes == Prefixes("问: ", "")


def test_a_wish_counts_before_everything_also_the_wish_for_none(model: Path, segmenter: Segmenter) -> None:
    prompted(model, query="查询: ", passage="结果: ")
    assert SentenceEncoder(str(model), segmenter, Prefixes(query="")).prefixes == Prefixes("", "结果: ")
    assert SentenceEncoder(str(model), segmenter, Prefixes(passage="答: ")).prefixes == Prefixes("查询: ", "答: ")


def test_empty_prompts_state_nothing() -> None:
    assert stated({"query": "", "document": None}) is None


def test_other_prefixes_make_another_encoder(plain: Path, segmenter: Segmenter) -> None:
    wishes = [Prefixes("", ""), Prefixes("a", ""), Prefixes("", "a"), Prefixes("a", "a")]
    assert len({SentenceEncoder(str(plain), segmenter, wish).fingerprint for wish in wishes}) == len(wishes)


def test_other_weights_make_another_encoder(plain: Path, tmp_path: Path, segmenter: Segmenter) -> None:
    other = small_bert(tmp_path / "plain", seed=1)
    assert SentenceEncoder(str(other), segmenter).fingerprint != SentenceEncoder(str(plain), segmenter).fingerprint


def test_a_text_longer_than_a_model_reads_is_cut(plain: Path, segmenter: Segmenter) -> None:
    encoder = SentenceEncoder(str(plain), segmenter)
    first, second = encoder.encode(["退款" * 100, "退款" * 100 + "结算"])
    np.testing.assert_allclose(first, second, atol=1e-6)


def test_a_model_that_reads_more_than_is_ever_needed_is_bounded(tmp_path: Path, segmenter: Segmenter) -> None:
    encoder = SentenceEncoder(str(small_bert(tmp_path / "wide", tokens=MOST_TOKENS + 100)), segmenter)
    first, second, third = encoder.encode(["退款" * 255, "退款" * 255 + "结算", "退款" * 254 + "结算"])
    np.testing.assert_allclose(first, second, atol=1e-6)
    assert np.abs(first - third).max() > 1e-4


def test_a_model_whose_weights_are_cut_off_is_no_encoder(model: Path, segmenter: Segmenter) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(EncoderMissing):
        SentenceEncoder(str(model), segmenter)


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ([], None),
        (["model.onnx", "model_quantized.onnx"], "onnx/model.onnx"),
        (["model_quantized.onnx", "model_qint8_avx512.onnx"], "onnx/model_quantized.onnx"),
        (["decoder.onnx"], None),
    ],
)
def test_of_several_onnx_models_the_plain_one_is_taken(tmp_path: Path, files: list[str], wanted: str | None) -> None:
    (tmp_path / "onnx").mkdir()
    for file in files:
        (tmp_path / "onnx" / file).touch()
    assert onnx_file(tmp_path) == wanted


def test_without_the_packages_for_onnx_the_model_runs_on_torch_and_one_line_says_so(
    model: Path, segmenter: Segmenter, caplog: pytest.LogCaptureFixture
) -> None:
    (model / "onnx").mkdir()
    (model / "onnx" / "model.onnx").write_bytes(b"")
    with caplog.at_level(logging.WARNING, "embeddings.encoder"):
        encoder = SentenceEncoder(str(model), segmenter)
    assert encoder.backend == "torch"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "onnxruntime" in caplog.text
    assert encoder.encode([QUESTION]).any()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of a hub that cannot be reached."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("SENTENCE_TRANSFORMERS_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def put(model: Path, cache: Path, name: str, revision: str) -> None:
    """Lay a model down as a download of that revision does, and make it the newest."""
    repository = cache / f"models--{name.replace('/', '--')}"
    shutil.copytree(model, repository / "snapshots" / revision)
    (repository / "refs").mkdir(exist_ok=True)
    (repository / "refs" / "main").write_text(revision)


def test_a_hub_model_is_told_apart_by_its_content_so_that_a_new_revision_is_noticed(
    plain: Path, tmp_path: Path, cache: Path, segmenter: Segmenter
) -> None:
    name = "somebody/bge-small-zh-v1.5"
    put(plain, cache, name, "a" * 40)
    first = SentenceEncoder(name, segmenter)
    put(small_bert(tmp_path / "newer", seed=2), cache, name, "b" * 40)
    second = SentenceEncoder(name, segmenter)
    assert first.prefixes == second.prefixes == Prefixes(BGE, "")
    assert first.fingerprint != second.fingerprint
    put(plain, cache, name, "c" * 40)
    assert SentenceEncoder(name, segmenter).fingerprint == first.fingerprint


def test_a_hub_name_without_an_owner_is_found_too(plain: Path, cache: Path, segmenter: Segmenter) -> None:
    put(plain, cache, "sentence-transformers/small", "a" * 40)
    assert SentenceEncoder("small", segmenter).fingerprint == fingerprint_of(plain)


def test_a_hub_name_that_cannot_be_had_is_no_encoder(cache: Path, segmenter: Segmenter) -> None:
    with pytest.raises(EncoderMissing, match="somebody/nothing"):
        SentenceEncoder("somebody/nothing", segmenter)
