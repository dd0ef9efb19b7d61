"""The commands at their edges: what is read, what is printed where, and that a failure is one line."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from bot import terminal
from bot.__main__ import _only_answers, parser, questions
from bot.suite import Skips
from bot.terminal import explain, fitted
from embeddings.errors import EncoderMissing

ROOT = Path(__file__).resolve().parents[2]


def test_questions_are_lines_without_blank_ones_and_bytes_that_are_no_text_do_no_harm() -> None:
    lines = [b"\xef\xbb\xbf first \r\n", b"\n", b"  \t\n", "退款".encode(), b"\xff\xfe?\n"]
    assert list(questions(lines)) == ["first", "退款", "\ufffd\ufffd?"]


def test_answers_alone_reach_standard_output() -> None:
    code = (
        "import os, sys\nfrom bot.__main__ import _only_answers\nanswers = _only_answers()\n"
        "print('noise'); os.write(1, b'more noise'); print('答', file=answers, flush=True)"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
    assert (done.stdout.decode(), b"noise" in done.stderr) == ("答\n", True)
    assert callable(_only_answers)


def test_every_command_has_its_function_and_takes_its_options() -> None:
    options: Namespace = parser().parse_args(["up", "--port", "0", "--host", "::"])
    assert (options.command.__name__, options.port, options.host) == ("up", 0, "::")
    assert [parser().parse_args([name, "--no-rasa"]).no_rasa for name in ("up", "ask")] == [True, True]
    assert not options.no_rasa
    for arguments in (["up", "--port", "65536"], ["nothing"], []):
        with pytest.raises(SystemExit):
            parser().parse_args(arguments)


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (EncoderMissing("x", "no such folder"), "BOT_ENCODER"),
        (OSError(28, "No space left on device"), "磁盘满了"),
        (PermissionError(13, "Permission denied"), "BOT_HOME"),
        (ZeroDivisionError("by zero\nsecond line"), "ZeroDivisionError: by zero。"),
        (ValueError(), "ValueError"),
    ],
)
def test_an_exception_becomes_one_line_that_says_what_to_do(error: Exception, part: str) -> None:
    line = explain(error)
    assert part in line
    assert "\n" not in line


def test_every_known_error_is_one_there_is() -> None:
    import builtins

    import sqlalchemy.exc

    from embeddings import errors as of_embeddings
    from knowledge import database
    from knowledge import errors as of_knowledge

    homes = (builtins, sqlalchemy.exc, of_embeddings, of_knowledge, database)
    assert [name for name in terminal.KNOWN_ERRORS if not any(hasattr(home, name) for home in homes)] == []


def test_a_line_is_cut_where_the_terminal_ends_and_a_chinese_character_takes_two_columns() -> None:
    assert fitted("安装 pip", 6) == "安装 p"
    assert fitted("安装", 3) == "安"
    assert fitted("short", 80) == "short"


SWALLOWED = """
import os, signal, sys
from bot.__main__ import Interrupted, interruptible
go_on = interruptible()
try:
    exec("os.kill(os.getpid(), signal.%s)")  # as a class is made of text while it is imported
except BaseException:
    pass  # as some libraries do
try:
    go_on()
except Interrupted:
    sys.exit(0)
sys.exit(1)
"""


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_an_interrupt_that_a_library_swallowed_still_counts_and_the_status_is_ours(number: str) -> None:
    done = subprocess.run([sys.executable, "-c", SWALLOWED % number], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_reasons_for_skipped_tests_are_counted() -> None:
    skips = Skips()
    for reason in ("Skipped: no browser", "Skipped: no browser", "Skipped: no server"):
        report = pytest.TestReport("a", ("a", 1, "a"), {}, "skipped", ("a.py", 1, reason), "call")
        skips.pytest_runtest_logreport(report)
    assert skips.lines() == [
        terminal.SKIPPED_TESTS.format(count=2, reason="no browser"),
        terminal.SKIPPED_TESTS.format(count=1, reason="no server"),
    ]
