"""What Rasa is trained on: which phrasings become examples, and how they are laid out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.dialogue import examples
from bot.dialogue.examples import OUTSIDE, fingerprint, lay_out, own, published
from bot.dialogue.rasa_environment import PROJECT
from knowledge.entry import Entry
from knowledge.exchange import SEED, read_folder
from knowledge.question import Language
from knowledge.uncovered import Uncovered

RASA = "rasa==3.6.21"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf8"))


def entry(id: str, intent: str, *phrasings: str) -> Entry:
    return Entry(id=id, title=f"title of {id}", answer="", phrasings=phrasings, category="c", intent=intent)


def lines_in(path: Path) -> Iterator[str]:
    for block in read(path)["nlu"]:
        if "intent" in block:
            yield from (line.removeprefix("- ") for line in block["examples"].splitlines())


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with one intent of its own, a pattern, and marked facts."""
    made = tmp_path / "project"
    (made / "data" / "nlu").mkdir(parents=True)
    (made / "config.yml").write_text("pipeline: [{name: SegmentFeaturizer}]\n", encoding="utf8")
    (made / "data" / "nlu" / "pay.yml").write_text(
        'version: "3.1"\n\nnlu:\n  - regex: ticket_no\n    examples: |\n      - TK[0-9]+\n\n'
        "  - intent: x\n    examples: |\n"
        "      - 退kuan沒到 [ＴＫ12](ticket_no) 查下\n      - [微信](channel)咋退款\n",
        encoding="utf8",
    )
    return made


def test_every_phrasing_of_an_entry_becomes_an_example_of_its_intent() -> None:
    several = [entry("a", "x", *(f"a {n}" for n in range(100))), entry("b", "x", "b 1"), entry("c", "", "no")]
    found = published(several, PROJECT)
    assert list(found) == ["x"]
    assert found["x"] == ["title of a", *(f"a {n}" for n in range(100)), "title of b", "b 1"]


def test_what_lies_outside_is_taught_too() -> None:
    matter = Uncovered(id="none-a", name="loans", near=True, queue=None, phrasings=("one", "two"))
    assert published([entry("a", "x"), matter], PROJECT) == {OUTSIDE: ["one", "two"], "x": ["title of a"]}
    assert OUTSIDE in read(PROJECT / "domain.yml")["intents"]


def test_the_same_entries_give_the_same_examples_in_any_order() -> None:
    entries = read_folder(SEED).entries
    assert published(entries, PROJECT) == published(reversed(entries), PROJECT)


def test_nothing_is_an_example_twice_and_what_the_project_has_is_none() -> None:
    known = own(PROJECT)["greeting"][0]
    several = [entry("a", "x", "Same  One", known), entry("b", "x", "same one", f" {known} ", "other")]
    assert published(several, PROJECT) == {"x": ["title of a", "Same  One", "title of b", "other"]}


@pytest.mark.parametrize(
    "phrasing",
    [
        "[bad](amount)",
        "［bad］(amount)",
        "/restart",
        "／restart",
        "two\n- lines\n- intent: y",
        "  ",
        "\x00",
        "\u2028- z",
    ],
)
def test_a_phrasing_can_write_no_markup_no_command_and_no_line_of_its_own(phrasing: str, tmp_path: Path) -> None:
    found = published([entry("a", "x", phrasing, "last")], PROJECT)
    lay_out(PROJECT, tmp_path / "project", found)
    path = tmp_path / "project" / "data" / "nlu" / "published.yml"
    assert [block["intent"] for block in read(path)["nlu"]] == ["x"]
    said = list(lines_in(path))
    assert (said[0], said[-1]) == ("title of a", "last")
    assert len(said) <= 3
    assert not any(re.search(r"[\[\]]|^/", one) for one in said)


def test_examples_are_laid_out_as_a_question_is_read_and_facts_stay_marked(project: Path, tmp_path: Path) -> None:
    lay_out(project, tmp_path / "out", {"y": ["提現失敗", "ti现 失败"]})
    read_as = Language().normalise
    laid = tmp_path / "out" / "data" / "nlu"
    assert list(lines_in(laid / "published.yml")) == [read_as("提現失敗"), read_as("ti现 失败")]
    first, second = lines_in(laid / "pay.yml")
    assert first == f"{read_as('退kuan沒到')} [tk12](ticket_no) {read_as('查下')}"
    assert second == f"[微信](channel){read_as('咋退款')}"
    assert "      - TK[0-9]+\n" in (laid / "pay.yml").read_text(encoding="utf8")


def test_every_example_of_the_project_is_laid_out_with_its_facts(tmp_path: Path) -> None:
    lay_out(PROJECT, tmp_path / "out", {})
    mark = re.compile(r"\[[^\]]+\]\([a-z_]+\)")
    for path in sorted((PROJECT / "data" / "nlu").glob("*.yml")):
        before, after = list(lines_in(path)), list(lines_in(tmp_path / "out" / "data" / "nlu" / path.name))
        assert [len(mark.findall(one)) for one in before] == [len(mark.findall(one)) for one in after]
        assert [one for one, said in zip(before, after, strict=True) if not said.strip()] == []


def test_what_is_trained_on_is_laid_out_anew_without_addresses_or_tokens(tmp_path: Path) -> None:
    target = tmp_path / "project"
    lay_out(PROJECT, target, {"x": ["one"]})
    (target / "data" / "old.yml").touch()
    lay_out(PROJECT, target, {})
    assert sorted(path.name for path in target.iterdir()) == ["config.yml", "data", "domain.yml", "features"]
    assert not (target / "data" / "old.yml").exists()
    assert read(target / "data" / "nlu" / "published.yml") == {"version": "3.1", "nlu": []}
    assert sorted(path.name for path in (target / "features").iterdir()) == ["stop.txt", "terms.txt"]


def test_the_embedding_is_laid_out_where_the_pipeline_names_it(project: Path, tmp_path: Path) -> None:
    (project / "config.yml").write_text("pipeline: [{name: EmbeddingFeaturizer}]\n", encoding="utf8")
    lay_out(project, tmp_path / "out", {})
    laid = {path.name for path in (tmp_path / "out" / "features" / "embedding").iterdir()}
    assert laid == {"tokenizer.json", "model.safetensors"}


def test_a_model_is_another_once_anything_it_rests_on_is(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lexicon = tmp_path / "lexicon"
    lexicon.mkdir()
    (lexicon / "terms.txt").write_text("one\n", encoding="utf8")
    monkeypatch.setattr(examples, "ROOT", tmp_path)
    monkeypatch.setattr(examples, "LEXICON", lexicon)
    monkeypatch.setattr(examples, "_READ_BY", ())
    seen = [fingerprint(RASA, project, {"x": ["one"]})]
    (project / "endpoints.yml").write_text("action_endpoint: {}\n", encoding="utf8")
    assert fingerprint(RASA, project, {"x": ["one"]}) == seen[0]
    seen += [fingerprint("rasa==3.6.22", project, {"x": ["one"]}), fingerprint(RASA, project, {"x": ["one", "two"]})]
    seen += [fingerprint(RASA, project, {"y": ["one"]})]
    (lexicon / "terms.txt").write_text("two\n", encoding="utf8")
    seen.append(fingerprint(RASA, project, {"x": ["one"]}))
    (project / "config.yml").write_text("pipeline: []\n", encoding="utf8")
    seen.append(fingerprint(RASA, project, {"x": ["one"]}))
    assert len(set(seen)) == len(seen)


def test_a_phrasing_of_entries_of_two_intents_tells_rasa_nothing(project: Path) -> None:
    several = [
        entry("a", "x", "没到账", "怎么退"),
        entry("b", "y", "没到账"),
        entry("c", "x", "退不了"),
        entry("d", "x", "退不了"),
    ]
    assert published(several, project) == {
        "x": ["title of a", "怎么退", "title of c", "退不了", "title of d"],
        "y": ["title of b"],
    }
