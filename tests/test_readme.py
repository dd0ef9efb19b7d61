"""The README names every command, variable and folder, and nothing in it is made up."""

from __future__ import annotations

import argparse
import re
import shlex
from dataclasses import fields
from pathlib import Path

import pytest

from bot import terminal
from bot.__main__ import parser
from bot.settings import Settings, variable_of

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf8")
TEST_COMMAND = "python3 -m bot test"


def commands_of(whole: argparse.ArgumentParser) -> set[str]:
    choices = (action.choices for action in whole._actions if isinstance(action, argparse._SubParsersAction))
    return {name for names in choices for name in names}


def code_blocks() -> list[str]:
    return re.findall(r"^```\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def shown_commands(module: str) -> list[list[str]]:
    lines = [line for block in code_blocks() for line in block.splitlines()]
    found = [re.search(rf"python3 -m {module} (.*)", line) for line in lines]
    return [shlex.split(one.group(1), comments=True) for one in found if one]


def test_the_test_command_of_the_readme_is_what_ci_runs() -> None:
    assert f"\n{TEST_COMMAND} " in README
    assert f" {TEST_COMMAND}\n" in (ROOT / ".ci" / "run").read_text(encoding="utf8")


@pytest.mark.parametrize("command", sorted(commands_of(parser())))
def test_every_command_is_described(command: str) -> None:
    assert f"`python3 -m bot {command}" in README


@pytest.mark.parametrize("arguments", [one for one in shown_commands("bot") if one[0] != "test"], ids=" ".join)
def test_every_command_shown_is_one_that_can_be_typed(arguments: list[str]) -> None:
    assert parser().parse_args(arguments).command


@pytest.mark.parametrize("field", [field.name for field in fields(Settings)])
def test_every_environment_variable_is_described_with_what_is_allowed(field: str) -> None:
    assert f"| `{variable_of(field)}` |" in README
    assert variable_of(field) in terminal.ALLOWED


def test_no_variable_is_described_that_does_not_exist() -> None:
    described = set(re.findall(r"^\| `([A-Z_]+)` \|", README, re.MULTILINE))
    assert described == {variable_of(field.name) for field in fields(Settings)} == set(terminal.ALLOWED)


def test_every_folder_is_described() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"widget", "tests"}
    assert [name for name in sorted(packages) if f"| `{name}/` |" not in README] == []


def test_no_link_leads_nowhere() -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [target for target in targets if not (ROOT / target).exists()] == []
