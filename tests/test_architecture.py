"""What may import what, where things may stand, how long they may grow, and that importing does no work."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("embeddings", "knowledge", "bot")
MOST_LINES = 400
MOST_FUNCTION_LINES = 60
SQL_MODULES = {
    "database", "tables", "store", "ledger", "outbox", "worker", "gaps", "profile", "announcements", "feedback",
    "sessions",
}  # fmt: skip
EDGE = ("bot/app.py", "bot/errors.py", "bot/health.py", "bot/door.py", "bot/channels/", "bot/help/", "bot/console/")
TEXT_MODULES = {"phrases.py", "terminal.py"}
DOOR = ("knowledge/__main__.py", "bot.bootstrap")  # the one hop upwards: it makes the environment for both
CJK = re.compile(r"[\u3400-\u9fff]")


def sources(*packages: str) -> list[Path]:
    return [path for package in packages or PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@lru_cache(maxsize=1024)
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf8"), str(path))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every module a file names in an import, wherever in the file; `from a import b` is both a and a.b."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, node.module or ""
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def is_in(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def found_imports(where: Callable[[str], bool], *forbidden: str) -> list[str]:
    return sorted(
        {
            f"{name_of(path)}:{line} imports {next(one for one in forbidden if is_in(module, one))}"
            for path in sources()
            if where(name_of(path))
            for line, module in imports(path)
            if is_in(module, *forbidden)
        }
    )


def below(*folders: str) -> Callable[[str], bool]:
    return lambda name: name.startswith(folders)


def outside(*folders: str) -> Callable[[str], bool]:
    return lambda name: not name.startswith(folders)


def test_embeddings_know_nothing_of_the_other_packages() -> None:
    assert found_imports(below("embeddings/"), "knowledge", "bot") == []


def test_knowledge_knows_nothing_of_the_bot_but_the_door_to_its_environment() -> None:
    upwards = found_imports(below("knowledge/"), "bot")
    assert [one for one in upwards if not one.startswith(f"{DOOR[0]}:")] == []
    through = {module for path in sources("knowledge") for _, module in imports(path) if is_in(module, "bot")}
    assert {module for module in through if not is_in(module, DOOR[1])} == set()


def test_nothing_imports_the_tests_nor_their_tools_but_the_command_that_runs_them() -> None:
    assert found_imports(lambda name: name != "bot/suite.py", "tests", "pytest", "hypothesis", "playwright") == []
    assert found_imports(lambda _: True, "tests") == []


def test_only_embeddings_touch_the_libraries_of_words_and_vectors() -> None:
    assert found_imports(outside("embeddings/"), "jieba", "faiss", "sentence_transformers", "torch") == []


def test_only_the_bot_knows_http() -> None:
    assert found_imports(outside("bot/"), "fastapi", "starlette", "uvicorn") == []


def test_rasa_is_a_process_and_never_an_import() -> None:
    assert found_imports(lambda _: True, "rasa", "rasa_sdk") == []


def test_conversation_and_tickets_know_no_channel_no_page_no_job_and_no_http() -> None:
    edges = ("bot.channels", "bot.console", "bot.help", "bot.jobs", "bot.app", "fastapi", "starlette")
    assert found_imports(below("bot/conversation/", "bot/tickets/"), *edges) == []


def test_channels_do_not_know_each_other() -> None:
    found = []
    for path in sources("bot"):
        parts = name_of(path).split("/")
        if parts[:2] != ["bot", "channels"] or len(parts) < 4:
            continue
        siblings = {folder.name for folder in (ROOT / "bot" / "channels").iterdir() if folder.is_dir()} - {parts[2]}
        named = {module for _, module in imports(path)}
        found += [
            f"{name_of(path)} imports {one}" for one in named for s in siblings if is_in(one, f"bot.channels.{s}")
        ]
    assert found == []


def test_sql_stands_only_where_it_belongs() -> None:
    def elsewhere(name: str) -> bool:
        return Path(name).stem not in SQL_MODULES and "/migrations/" not in name

    assert found_imports(elsewhere, "sqlalchemy", "alembic", "sqlite3", "psycopg") == []


def test_http_codes_stand_only_at_the_edge() -> None:
    found = [
        f"{name_of(path)}:{line}"
        for path in sources()
        if not name_of(path).startswith(EDGE)
        for line in http_codes(tree_of(path))
    ]
    assert found == []


def http_codes(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="status_code" | "status", value=ast.Constant(value=int(code))) if code >= 200:
                yield node.value.lineno
            case ast.Attribute(attr="status_code") | ast.Name(id="HTTPStatus" | "HTTPException" | "Problem"):
                yield node.lineno


def test_chinese_stands_only_in_phrases_templates_and_data() -> None:
    found = [
        f"{name_of(path)}:{line} {text[:20]}"
        for path in sources()
        if path.name not in TEXT_MODULES
        for line, text in literals(tree_of(path))
        if CJK.search(text)
    ]
    assert found == []


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Strings that are values, which docstrings are not."""
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare:
            yield node.lineno, node.value


def test_files_and_functions_stay_short() -> None:
    found = []
    for path in sources(*PACKAGES, "tests"):
        length = len(path.read_text(encoding="utf8").splitlines())
        if length > MOST_LINES:
            found.append(f"{name_of(path)} has {length} lines")
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > MOST_FUNCTION_LINES:
                    found.append(f"{name_of(path)}:{node.lineno} {node.name} has {lines} lines")
    assert found == []


def test_everything_before_the_environment_needs_only_the_standard_library() -> None:
    code = "import bot.bootstrap, bot.terminal, bot.settings, bot.__main__, bot.suite, bot.door"
    bare = subprocess.run([sys.executable, "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (bare.returncode, bare.stdout, bare.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["bootstrap", "terminal", "__main__", "__init__"])
def test_an_old_python_can_read_what_tells_it_that_it_is_too_old(name: str) -> None:
    text = (ROOT / "bot" / f"{name}.py").read_text(encoding="utf8")
    ast.parse(text, feature_version=(3, 6))
    assert "from __future__" not in text


WATCH = """
import importlib, os, sys
seen = []
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
LOUD = ("socket.connect", "socket.bind", "socket.getaddrinfo", "os.mkdir", "os.remove", "os.rename", "sqlite3.connect",
        "subprocess.Popen", "os.system", "os.exec", "shutil.copyfile", "tempfile.mkstemp", "tempfile.mkdtemp")
def watch(event, arguments):
    if event in LOUD or event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES:
        if not (event == "open" and str(arguments[0]) == os.devnull):
            seen.append(f"{current}: {event} {arguments[:2]}")
sys.addaudithook(watch)
for current in sys.argv[1:]:
    importlib.import_module(current)
print("\\n".join(seen))
"""


def test_importing_any_module_opens_no_socket_writes_no_file_and_starts_nothing() -> None:
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in sources()]
    ours = [name for name in names if "migrations.versions" not in name]
    command = [sys.executable, "-B", "-c", WATCH, *ours]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n") == ["", ""]
