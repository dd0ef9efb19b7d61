"""`python3 -m bot`: the commands.

Until the environment stands, only the standard library is imported; Python 3.6 can read this file.
"""

import argparse
import json
import logging
import os
import shutil
import signal
import sys
import traceback
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot import terminal
from bot.bootstrap import NEEDED_GB, ensure
from bot.terminal import HELP, Progress, Told, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TextIO

    from bot.organisation.profile import Profile
    from bot.parts import Parts
    from bot.settings import Settings

_INTERRUPTED = 130
_OURS = ("bot", "knowledge", "embeddings")
_RAW_KINDS = ("text", "line", "pattern")


def main(arguments: "Sequence[str]") -> int:
    """Run one command; returns its exit status. Any failure is one line on standard error."""
    if list(arguments[:1]) == ["test"]:
        options = argparse.Namespace(command=test, pytest=list(arguments[1:]))
    else:
        options = parser().parse_args(arguments)
    settings = ensure("bot", tests=options.command is test)
    _set_up_logs(settings.log_level)
    try:
        status: int = options.command(options, settings)
        sys.stdout.flush()
    except Told as told:
        say("✗ " + told.line)
        return told.status
    except BrokenPipeError:  # who asked has heard enough, as `head` does; nor may the exit fail on what is left
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 0
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the edge: a person gets one line, an engineer asks for more
        if settings.log_level == "DEBUG":
            traceback.print_exc()
        say("✗ " + terminal.explain(error))
        return 1
    return status


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    whole = argparse.ArgumentParser(prog="python3 -m bot", description=HELP["about"])
    commands = whole.add_subparsers(metavar="COMMAND", dest="name")
    commands.required = True

    one = commands.add_parser("up", help=HELP["up"])
    one.add_argument("--host", help=HELP["host"])
    one.add_argument("--port", type=int, choices=range(65536), metavar="PORT", help=HELP["port"])
    one.add_argument("--no-rasa", action="store_true", help=HELP["no-rasa"])
    one.set_defaults(command=up)

    one = commands.add_parser("ask", help=HELP["ask"])
    one.add_argument("--no-rasa", action="store_true", help=HELP["no-rasa"])
    one.set_defaults(command=ask)

    one = commands.add_parser("settings", help=HELP["settings"])
    actions = one.add_subparsers(metavar="ACTION", dest="action")
    actions.required = True
    actions.add_parser("list", help=HELP["list"]).set_defaults(command=list_settings)
    one = actions.add_parser("get", help=HELP["get"])
    one.add_argument("setting", help=HELP["name"])
    one.set_defaults(command=get_setting)
    one = actions.add_parser("set", help=HELP["set"])
    one.add_argument("setting", help=HELP["name"])
    one.add_argument("value", nargs="?", help=HELP["value"])
    one.add_argument("--default", action="store_true", help=HELP["default"])
    one.set_defaults(command=set_setting)

    commands.add_parser("doctor", help=HELP["doctor"]).set_defaults(command=doctor)
    commands.add_parser("test", help=HELP["test"], add_help=False).set_defaults(command=test)
    return whole


def up(options: argparse.Namespace, settings: "Settings") -> int:
    """Serve until Ctrl-C or SIGTERM; 0 then, and 0 where it is being served already."""
    from bot.door import AlreadyOurs, open_door, serve

    host = options.host or settings.host
    port = settings.port if options.port is None else options.port
    go_on = interruptible()
    try:
        with open_door(host, port) as door, opened(settings, rasa=not options.no_rasa) as parts:
            for check in parts.checks():
                if not check.well and check.name != "dialogue":  # that was told when it turned out
                    name = terminal.CHECKS.get(check.name, check.name)
                    say("! " + terminal.LIMITED.format(name=name, detail=check.detail))
            go_on()
            serve(parts.app(), door, settings.public_url)
    except AlreadyOurs as ours:
        print(terminal.RUNNING_ALREADY.format(url=ours.url))
        return 0
    except KeyboardInterrupt:
        say("")
    print(terminal.STOPPED)
    return 0


def ask(options: argparse.Namespace, settings: "Settings") -> int:
    """One question a line on standard input, one JSON decision a line on standard output and nothing else there."""
    answers = _only_answers()
    if sys.stdin.isatty():
        say(terminal.ASK_HINT)
    with opened(settings, rasa=not options.no_rasa) as parts:
        asker = parts.asker()
        try:
            for question in questions(sys.stdin.buffer):
                print(json.dumps(asker.ask(question), ensure_ascii=False), file=answers, flush=True)
        finally:
            asker.close()
    return 0


def questions(lines: "Iterable[bytes]") -> "Iterator[str]":
    """The questions in these lines, blank ones left out; bytes that are not UTF-8 are read as U+FFFD."""
    for line in lines:
        question = line.decode("utf-8", "replace").lstrip("\ufeff").strip()
        if question:
            yield question


def list_settings(_: argparse.Namespace, settings: "Settings") -> int:
    """Every setting, its value and what it is for."""
    with profile_of(settings) as profile:
        unset = set(profile.unset())
        group = ""
        for one in profile.defined():
            if one.group != group:
                group = one.group
                print("[{}]".format(group))
            value = _shown(profile.get(one.name))
            shown = terminal.SETTING_UNSET.format(value=value) if one.name in unset else value
            print("  {} = {}    # {}".format(one.name, shown, one.hint))
    return 0


def get_setting(options: argparse.Namespace, settings: "Settings") -> int:
    """The value of one setting."""
    with profile_of(settings) as profile:
        print(_shown(profile.get(options.setting)))
    return 0


def set_setting(options: argparse.Namespace, settings: "Settings") -> int:
    """Set one setting, or take back what was set."""
    from datetime import datetime, timezone

    if options.default == (options.value is not None):
        raise Told(terminal.SETTING_NEEDS_VALUE, 2)
    with profile_of(settings) as profile:
        kind = next((one.kind for one in profile.defined() if one.name == options.setting), "text")
        value = options.value
        if value is not None and kind not in _RAW_KINDS:
            try:
                value = json.loads(value)
            except ValueError as error:
                raise Told(terminal.SETTING_NOT_JSON.format(name=options.setting, reason=error)) from error
        profile.set(options.setting, value, "command line", datetime.now(timezone.utc))
    print((terminal.SETTING_RESET if options.default else terminal.SETTING_SAVED).format(name=options.setting))
    return 0


def doctor(_: argparse.Namespace, settings: "Settings") -> int:
    """Look at everything that must be well; 0 if it is. It prepares what `up` would prepare, and serves nothing."""
    well = _report("environment", True, "Python {}.{}.{}".format(*sys.version_info[:3]))
    folder = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free = round(shutil.disk_usage(folder).free / 1e9, 1)
    low = terminal.DISK_LOW.format(folder=folder, free=free, needed=NEEDED_GB)
    well &= _report("disk", free >= 1, low if free < 1 else "{} GB".format(free))
    step = "encoder"
    try:
        from bot.dialogue.setup import state_of
        from bot.parts import open_parts, taught

        parts = open_parts(settings)
        _report(step, True, settings.encoder)
        step = "database"
        parts.migrate()
        _report(step, True, settings.database_url.partition(":")[0])
        step = "index"
        with opened(settings) as parts:
            _report(step, True)
            for check in parts.checks():
                if check.name != "dialogue":
                    well &= _report(check.name, check.well, check.detail) or not check.needed
            rasa = state_of(settings.home, taught(parts.store))
            _report("dialogue", rasa == "trained", terminal.DIALOGUES[rasa])  # everything else works without
    except Exception as error:  # noqa: BLE001 - whatever is wrong is what a doctor is asked for
        well = _report(step, False, terminal.explain(error))
    return 0 if well else 1


def test(options: argparse.Namespace, settings: "Settings") -> int:
    """The whole suite, or what pytest is asked for; ends in what was not tested and why."""
    from bot.suite import run

    return run(options.pytest, settings.home)


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM. Of a bare KeyboardInterrupt in code that was text Python would still die at the end."""


def interruptible() -> "Callable[[], None]":
    """Let both signals interrupt; the result does so once more, as some libraries swallow one while being imported."""
    came = []

    def interrupt(number: int, _: object) -> None:
        came.append(number)
        raise Interrupted

    def go_on() -> None:
        if came:
            raise Interrupted

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupt)
    return go_on


@contextmanager
def opened(settings: "Settings", rasa: bool = False) -> "Iterator[Parts]":
    """The parts, ready to answer; closed afterwards. Where Rasa is asked for and cannot be had, a line says why."""
    from bot.dialogue import setup

    environment, without = setup.had(settings.home) if rasa else (None, "no-rasa")
    progress = Progress()
    progress.phase(terminal.OPENING)
    from bot.parts import open_parts

    parts = open_parts(settings, environment, without)
    try:
        parts.prepare(_shown_on(progress))
        progress.end()
        if parts.sidecar is not None:
            setup.await_started(parts.sidecar)
        yield parts
    finally:
        progress.end()
        parts.close()


@contextmanager
def profile_of(settings: "Settings") -> "Iterator[Profile]":
    """What the organisation set for itself. Unknown names and refused values become `Told`."""
    from bot.organisation.profile import SettingRefused, SettingUnknown
    from bot.parts import open_parts

    parts = open_parts(settings)
    try:
        parts.migrate()
        yield parts.profile
    except SettingUnknown as error:
        raise Told(terminal.SETTING_UNKNOWN.format(name=error.args[0])) from error
    except SettingRefused as error:
        raise Told(terminal.SETTING_REFUSED.format(name=error.name, reason=error.reason)) from error
    finally:
        parts.close()


def _shown_on(progress: Progress) -> "Callable[[str, int, int], None]":
    now = [""]

    def show(step: str, done: int, of: int) -> None:
        name, _, part = step.partition(": ")
        if name != now[0]:
            now[0] = name
            progress.phase(terminal.PREPARING.get(name, name))
        progress.detail("{} {}/{}".format(part, done, of).strip() if of else part)

    return show


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _report(name: str, well: bool, detail: str = "") -> bool:
    print(
        "{} {}  {}".format("✓" if well else "✗", terminal.CHECKS.get(name, name), detail or terminal.WELL), flush=True
    )
    return well


def _only_answers() -> "TextIO":
    """Standard output for answers alone: whatever a library prints goes to standard error from now on."""
    answers = open(os.dup(1), "w", encoding="utf-8", newline="\n")  # noqa: PTH123, SIM115 - no path, and open to the end
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


def _set_up_logs(level: str) -> None:
    """Our own records from this level on; those of libraries only where something is wrong."""
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: record.levelno >= logging.WARNING or record.name.startswith(_OURS))
    logging.basicConfig(
        handlers=[handler], level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    for ours in _OURS:
        logging.getLogger(ours).setLevel(level)
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # it warns of every retry; the end is told in one line
    if not sys.warnoptions:
        warnings.simplefilter("ignore")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
