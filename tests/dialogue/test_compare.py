"""The comparison of pipelines: what is asked, what counts as right, and the table; what trains is tested elsewhere."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.dialogue import compare
from bot.dialogue.compare import (
    CHOSEN,
    PIPELINES,
    Asked,
    Named,
    Result,
    best,
    confusions,
    golden,
    labelled,
    project_of,
    table,
    unseen,
)
from bot.dialogue.examples import OUTSIDE
from bot.dialogue.rasa_environment import PROJECT, RasaUnavailable
from knowledge.exchange import SEED, Collection, read_folder


@pytest.fixture(scope="module")
def collection() -> Collection:
    return read_folder(SEED)


def named(wanted: str, found: str, sure: bool = True) -> Named:
    return Named(Asked("q", frozenset(wanted.split())), found, sure)


def result(pipeline: str, *of: Named, parse_ms: float = 1.25) -> Result:
    return Result(pipeline, {"golden": of}, 61.4, 27_000_000, 7.04, parse_ms)


def test_a_golden_question_has_the_intents_of_the_entries_wanted(collection: Collection) -> None:
    asked = golden(collection)
    known = {entry.intent for entry in collection.entries} | {OUTSIDE}
    assert len(asked) > 800
    assert all(one.intents and one.intents <= known for one in asked)
    assert {len(one.intents) > 1 for one in asked} == {True, False}
    assert sum(one.intents == {OUTSIDE} for one in asked) > 200


def test_more_questions_come_from_a_file_and_those_without_an_intent_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "more.jsonl"
    path.write_text('{"q": "one", "intent": "x"}\n\n{"q": "two", "intent": null}\n{"q": "three"}\n', encoding="utf8")
    assert labelled(path) == [Asked("one", frozenset({"x"}))]


def test_a_question_that_reads_like_an_example_is_not_asked() -> None:
    asked = [Asked("提現失敗?", frozenset("x")), Asked("退款", frozenset("y"))]
    assert unseen(asked, ["提现失败"], lambda text: text.replace("現", "现").replace("敗", "败")) == asked[1:]


def test_the_chosen_pipeline_is_the_projects_and_the_others_take_its_place(tmp_path: Path) -> None:
    ours = (PROJECT / "config.yml").read_text(encoding="utf8")
    assert (project_of(CHOSEN, tmp_path / "a") / "config.yml").read_text(encoding="utf8") == ours
    for pipeline, components in PIPELINES.items():
        if components is not None:
            config = yaml.safe_load((project_of(pipeline, tmp_path / "a") / "config.yml").read_text(encoding="utf8"))
            assert config == {**yaml.safe_load(ours), "pipeline": components}


def test_the_comparison_is_of_regression_and_diet_with_and_without_our_embedding() -> None:
    kinds = {
        (components[-2]["name"], any(one["name"] == "EmbeddingFeaturizer" for one in components))
        for components in PIPELINES.values()
        if components is not None
    }
    assert {
        (name, own) for name in ("LogisticRegressionClassifier", "DIETClassifier") for own in (True, False)
    } == kinds


def test_the_table_tells_what_is_right_of_all_and_of_what_rasa_was_sure_of() -> None:
    one = result("p", named("x y", "y"), named("x", "x", sure=False), named("x", "y"), named("z", "y", sure=False))
    assert table([one]).splitlines() == [
        "| pipeline | golden | trained s | model MB | ready s | parse ms |",
        "| --- | --- | --- | --- | --- | --- |",
        "| p | 50.0 / 50.0 | 61 | 27.0 | 7.0 | 1.2 |",
    ]


def test_the_best_names_most_rightly_and_of_equals_is_the_faster() -> None:
    slow, fast = result("slow", named("x", "x"), parse_ms=9), result("fast", named("x", "x"), parse_ms=2)
    assert best([result("wrong", named("x", "y"), parse_ms=1), slow, fast]) is fast


def test_confusions_are_counted_most_often_first() -> None:
    seen = [named("x y", "z"), named("a", "b"), named("a", "b"), named("c", "c")]
    assert confusions(seen) == "   2  a taken for b\n   1  x or y taken for z"


def test_what_could_be_measured_is_shown_and_the_rest_makes_it_fail(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = list(PIPELINES)[:2]

    def measured(pipeline: str, *_: object) -> Result:
        if pipeline == second:
            raise RasaUnavailable("not-trained", "too slow")
        return result(pipeline, named("x", "y"))

    monkeypatch.setattr(compare, "measure", measured)
    monkeypatch.setattr(compare, "published", lambda *_: {})
    said: list[str] = []
    assert compare.main(["--pipelines", first, second, "--confusions"], said.append) == 1
    assert f"| {first} | 0.0 / 0.0 |" in "".join(said)
    assert "x taken for y" in "".join(said)
    assert "too slow" in capsys.readouterr().err
    assert compare.main(["--pipelines", first], said.append) == 0
