"""Rasa's project as it is written, what is added to it before training, and where its Python comes from."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.bootstrap import ROOT
from bot.dialogue import rasa_environment
from bot.dialogue.actions import ANSWER, GUIDE_FORM, TICKET_FORM, UNDERSTOOD
from bot.dialogue.examples import own
from bot.dialogue.rasa_environment import PROJECT, RasaEnvironment, RasaUnavailable, find_python
from bot.tickets.routing import queue_for
from knowledge.entry import Entry
from knowledge.evaluate import GOLDEN, read_questions
from knowledge.exchange import read_folder

SEED = ROOT / "knowledge" / "seed"
ENTITIES = {
    "merchant_no", "serial_no", "error_code", "amount", "time", "channel", "pay_direction", "ticket_no", "currency",
}  # fmt: skip


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf8"))


def domain() -> dict[str, Any]:
    found: dict[str, Any] = read(PROJECT / "domain.yml")
    return found


def rules() -> list[dict[str, Any]]:
    return [rule for path in sorted((PROJECT / "data" / "rules").glob("*.yml")) for rule in read(path)["rules"]]


def bare(text: str) -> str:
    return "".join(one for one in text.casefold() if one.isalnum())


def entry(id: str, intent: str, *phrasings: str) -> Entry:
    return Entry(id=id, title=f"title of {id}", answer="", phrasings=phrasings, category="c", intent=intent)


def test_every_intent_leads_to_being_understood_by_one_rule_of_its_own() -> None:
    led = [rule["steps"] for rule in rules() if "intent" in rule["steps"][0]]
    assert all(steps[1:] == [{"action": UNDERSTOOD}] for steps in led)
    named = [steps[0]["intent"] for steps in led]
    assert sorted(named) == sorted([*domain()["intents"], "nlu_fallback"])


def test_every_intent_has_examples_and_every_example_an_intent() -> None:
    found = own(PROJECT)
    assert set(found) == set(domain()["intents"])
    assert {intent: len(theirs) for intent, theirs in found.items() if len(set(theirs)) < 30} == {}


def test_no_golden_question_is_an_example() -> None:
    asked = {bare(one.question) for one in read_questions(GOLDEN)}
    assert [example for theirs in own(PROJECT).values() for example in theirs if bare(example) in asked] == []


def test_no_example_is_one_of_two_intents() -> None:
    of: dict[str, set[str]] = {}
    for intent, theirs in own(PROJECT).items():
        for example in theirs:
            of.setdefault(bare(example), set()).add(intent)
    assert {example: intents for example, intents in of.items() if example and len(intents) > 1} == {}


def test_the_intents_are_those_of_the_entries() -> None:
    named = {one.intent for one in read_folder(SEED).entries if one.intent}
    assert named - set(domain()["intents"]) == set()


def test_rules_and_examples_are_split_by_the_same_topics() -> None:
    def topics(kind: str) -> set[str]:
        return {path.stem for path in (PROJECT / "data" / kind).glob("*.yml")}

    assert topics("rules") - topics("nlu") == {"guide"}
    assert topics("nlu") <= topics("rules")


def test_entities_are_our_nine_facts_and_have_no_say() -> None:
    assert set(domain()["entities"]) == ENTITIES
    text = "".join(path.read_text(encoding="utf8") for path in (PROJECT / "data" / "nlu").glob("*.yml"))
    marked = Counter(re.findall(r"\]\(([a-z_]+)\)", text))
    assert set(marked) == ENTITIES
    assert {name: times for name, times in marked.items() if times < 10} == {}
    assert not any(slot["influence_conversation"] for slot in domain()["slots"].values())


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("merchant_no", "商户号8812345678报错", "8812345678"),
        ("merchant_no", "单号9988123456789", None),
        ("error_code", "返回ACQ.SYSTEM_ERROR咋整", "ACQ.SYSTEM_ERROR"),
        ("ticket_no", "工单TK20261122-0042到哪了", "TK20261122-0042"),
    ],
)
def test_patterns_find_numbers_inside_chinese_text(name: str, text: str, found: str | None) -> None:
    blocks = [
        b for path in (PROJECT / "data" / "nlu").glob("*.yml") for b in read(path)["nlu"] if b.get("regex") == name
    ]
    patterns = [line.removeprefix("- ") for block in blocks for line in block["examples"].splitlines()]
    hits = {m.group() for pattern in patterns for m in re.finditer(pattern, text)}
    assert hits == ({found} if found else set())


def test_each_form_asks_for_one_answer_through_our_actions() -> None:
    forms = (GUIDE_FORM, TICKET_FORM)
    assert domain()["forms"] == {form: {"required_slots": [ANSWER]} for form in forms}
    ours = {f"action_ask_{form}_{ANSWER}" for form in forms} | {f"validate_{form}" for form in forms}
    assert set(domain()["actions"]) == {UNDERSTOOD} | ours
    assert domain()["session_config"]["session_expiration_time"] == 0


def test_rules_decide_and_nothing_guesses_what_comes_next() -> None:
    config = read(PROJECT / "config.yml")
    assert [policy["name"] for policy in config["policies"]] == ["RulePolicy"]
    assert config["policies"][0]["enable_fallback_prediction"] is False


def test_every_intent_has_a_desk() -> None:
    assert all(queue_for(intent) for intent in domain()["intents"])


class Trainer(RasaEnvironment):
    """Counts trainings; each writes a model as a real one would."""

    trained = 0

    def _train(self, model: Path) -> None:
        self.trained += 1
        model.touch()


def test_it_trains_once_for_the_same_examples_and_anew_for_others(tmp_path: Path) -> None:
    one = Trainer(ROOT, tmp_path)
    first = one.model([entry("a", "x", "one")])
    assert one.model([entry("a", "x", "one")]) == first
    assert one.trained == 1
    assert one.model([entry("a", "x", "two")]) != first
    assert one.model([entry("a", "x", "one")]) == first
    assert one.trained == 2


def test_only_the_newest_models_are_kept(tmp_path: Path) -> None:
    one = Trainer(ROOT, tmp_path)
    newest = [one.model([entry("a", "x", str(number))]) for number in range(4)][-2:]
    assert sorted(one.models.glob("*.tar.gz")) == sorted(newest)


def test_a_training_that_fails_says_where_to_look(tmp_path: Path) -> None:
    one = RasaEnvironment(ROOT, tmp_path)
    one.command = lambda: [sys.executable, "-c", "raise ValueError('no such intent')"]  # type: ignore[method-assign]
    with pytest.raises(RasaUnavailable) as caught:
        one.model([])
    assert caught.value.reason == "not-trained"
    assert "no such intent" in caught.value.detail
    assert "rasa-train.log" in caught.value.detail
    assert list(one.models.glob("*.tar.gz")) == []


def test_rasa_writes_nothing_into_anybodys_home_and_reports_to_nobody(tmp_path: Path) -> None:
    variables = RasaEnvironment(ROOT, tmp_path).variables(
        {"HOME": "/root", "PATH": "/bin", "PYTHONPATH": "/x", "A": "b"}
    )
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "TMPDIR"):
        assert Path(variables[name]).is_relative_to(tmp_path)
        assert Path(variables[name]).is_dir()
    assert (variables["RASA_TELEMETRY_ENABLED"], variables["PYTHONWARNINGS"]) == ("false", "ignore")
    assert variables["PATH"] == "/bin"
    assert {"PYTHONPATH", "A"} & set(variables) == set()


def a_python(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf8")
    path.chmod(0o755)
    return path


def test_the_newest_python_that_really_runs_is_taken(tmp_path: Path) -> None:
    a_python(tmp_path / "bin" / "python3.10", "exit 127")  # as a shim of pyenv's does
    old = a_python(tmp_path / "bin" / "python3.8", "echo 3.8")
    environment = {"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path / "pyenv")}
    assert find_python(environment) == old
    versions = tmp_path / "pyenv" / "versions"
    newer = a_python(versions / "3.9.18" / "bin" / "python", "echo 3.9")
    assert find_python(environment) == newer
    a_python(versions / "3.10.1" / "bin" / "python", "echo 3.9")
    newest = a_python(versions / "3.10.13" / "bin" / "python", "echo 3.10")
    assert find_python(environment) == newest


def test_pyenv_is_looked_for_at_home_too(tmp_path: Path) -> None:
    made = a_python(tmp_path / ".pyenv" / "versions" / "3.10.13" / "bin" / "python", "echo 3.10")
    assert find_python({"PATH": "/nowhere", "HOME": str(tmp_path)}) == made


def test_uv_is_asked_where_there_is_one(tmp_path: Path) -> None:
    made = a_python(tmp_path / "managed" / "python", "echo 3.10")
    a_python(tmp_path / "bin" / "uv", f'test "$4" = 3.10 && echo {made}')
    assert find_python({"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)}) == made


def test_without_any_there_is_none(tmp_path: Path) -> None:
    assert find_python({"PATH": str(tmp_path), "HOME": str(tmp_path)}) is None


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RasaEnvironment:
    """An environment to be made in an empty folder, on a machine without a Python for it."""
    (tmp_path / "root" / ".ci").mkdir(parents=True)
    (tmp_path / "root" / ".ci" / "constraints-rasa.txt").write_text("rasa==3.6.21\n", encoding="utf8")
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.delenv("PYENV_ROOT", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return RasaEnvironment(tmp_path / "root", tmp_path / "home")


def test_where_no_python_can_be_had_that_is_the_reason(elsewhere: RasaEnvironment, tmp_path: Path) -> None:
    a_python(tmp_path / "bin" / "uv", "echo 'error: Failed to download' ; exit 1")
    with pytest.raises(RasaUnavailable) as caught:
        elsewhere.install()
    assert caught.value.reason == "no-python"
    assert "Failed to download" in caught.value.detail
    assert not elsewhere.folder.exists()
    assert elsewhere.stale()


def test_where_the_disk_is_full_that_is_the_reason(elsewhere: RasaEnvironment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasa_environment, "NEEDED_GB", 1e9)
    with pytest.raises(RasaUnavailable) as caught:
        elsewhere.install()
    assert caught.value.reason == "no-disk"


VENV = """
if [ "$3" = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])" ]; then echo 3.10; exit 0; fi
for folder; do true; done
rm -rf "$folder"; mkdir -p "$folder/bin"; echo made >> "{log}"; echo 'version = 3.10.13' > "$folder/pyvenv.cfg"
printf '#!/bin/sh\\nexec "{pip}" "$@"\\n' > "$folder/bin/python"; chmod +x "$folder/bin/python"
"""


def test_an_installation_that_broke_off_is_done_anew_and_a_good_one_kept(
    elsewhere: RasaEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, pip = tmp_path / "log", tmp_path / "pip"
    a_python(tmp_path / "bin" / "python3.10", VENV.format(log=log, pip=pip))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    a_python(pip, "echo 'ERROR: Could not install: Connection reset by peer'; exit 1")
    with pytest.raises(RasaUnavailable) as caught:
        elsewhere.install()
    assert caught.value.reason == "no-network"
    assert elsewhere.stale()
    a_python(pip, f'echo "$@" >> "{log}"')
    told: list[str] = []
    assert elsewhere.install(told.append)
    assert told[0] == "looking for a Python"
    assert not elsewhere.install()
    said = log.read_text(encoding="utf8").splitlines()
    assert said.count("made") == 2
    assert said[-1].endswith("constraints-rasa.txt rasa[jieba]==3.6.21")
    assert (elsewhere.folder / ".gitignore").read_text(encoding="utf8") == "*\n"
    (elsewhere.root / ".ci" / "constraints-rasa.txt").write_text("rasa==3.6.22\n", encoding="utf8")
    assert elsewhere.stale()


def test_every_package_of_rasas_is_locked() -> None:
    lines = (ROOT / ".ci" / "constraints-rasa.txt").read_text(encoding="utf8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r'[\w.-]+==[\w.]+(; (python_version == "3\.\d+"( or )?)+)?', pin) for pin in pins)
    names = {pin.split("==")[0].lower() for pin in pins}
    assert {"rasa", "rasa-sdk", "tensorflow", "jieba", "setuptools", "numpy"} <= names


PATCHED = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
launcher = importlib.import_module("launcher")
sys.path.pop(0)
RemoteAction = importlib.import_module("rasa.core.actions.action").RemoteAction
RESULTS = [
    {"events": [], "responses": []}, {}, {"events": None}, {"events": [{"event": "slot", "name": "a", "value": None}]},
    {"events": [{"event": "no such"}]}, {"responses": ["text"]}, {"events": [{"event": "active_loop", "name": None}]},
]
def verdicts():
    action, found = RemoteAction("a", None), []
    for result in RESULTS:
        try:
            found.append(action._validate_action_result(result))
        except Exception as error:
            found.append((type(error).__name__, str(error)))
    return found
before = verdicts()
launcher.check_schemas_once()
assert verdicts() == before, (before, verdicts())
assert True in before and len({str(one) for one in before}) > 2, before
import asyncio
from rasa.core.tracker_store import InMemoryTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.trackers import DialogueStateTracker
launcher._MOST_TRACKERS = 3
launcher.keep_few_trackers()
store = InMemoryTrackerStore(Domain.empty())
async def save():
    for name in "abcadef":
        await store.save(DialogueStateTracker(name, []))
asyncio.run(save())
print(list(store.store))
"""


@pytest.mark.slow
def test_the_launcher_judges_as_rasa_does_and_keeps_the_trackers_used_last(tmp_path: Path) -> None:
    environment = RasaEnvironment(ROOT, tmp_path)
    try:
        environment.install()
    except RasaUnavailable as error:
        pytest.skip(f"Rasa cannot be had here, so nothing that needs it was tested: {error}")
    command = [str(environment.python), "-I", "-W", "ignore", "-c", PATCHED, str(PROJECT.parent)]
    done = subprocess.run(command, env=environment.variables(os.environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == "['d', 'e', 'f']"
