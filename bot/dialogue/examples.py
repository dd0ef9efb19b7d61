"""What Rasa is trained on: its project's files, and examples from the entries that are published.

Standard library only until something is laid out. Examples are laid out as our search reads a question: script, case,
pinyin and homophones brought together. `RasaDialogue` sends messages in the same form.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.bootstrap import ROOT
from bot.dialogue.featurizer import FOLDER, SEGMENT_FILE

if TYPE_CHECKING:
    from knowledge.entry import Entry
    from knowledge.uncovered import Uncovered

    Teaching = Entry | Uncovered
    """What has phrasings to learn from: entries, and the matters that are known to lie outside of them."""

OUTSIDE = "out_of_scope"
"""The intent of every uncovered matter."""
LEXICON = ROOT / "knowledge" / "lexicon"
EMBEDDING = ROOT / "embeddings" / "model"
_LEXICON_FILES = ("terms.txt", "stop.txt")
_EMBEDDING_FILES = ("tokenizer.json", "model.safetensors")
_READ_BY = (
    SEGMENT_FILE,
    SEGMENT_FILE.with_name("normalise.py"),
    Path(__file__).with_name("featurizer.py"),
    Path(__file__),
)
"""Code that the examples go through; a model made by other code would not fit what it is sent."""
_TRAINED_ON = ("config.yml", "domain.yml", "data")
_EXAMPLE_LINE = re.compile(r"^(\s+- )(.+)$", re.MULTILINE)
_INTENT_BLOCK = re.compile(r"^  - intent: (\w+)\n    examples: \|\n((?:      .*\n|\n)*)", re.MULTILINE)
_MARKUP = re.compile(r"\[([^\]]*)\](\([a-z_]+\))")
_UNWELCOME = re.compile(r"[\x00-\x1f\x7f\[\]]+")
Normalise = Callable[[str], str]


def own(project: Path) -> dict[str, list[str]]:
    """The project's own examples by intent, markup taken out."""
    found: dict[str, list[str]] = {}
    for path in _nlu(project):
        for intent, block in _INTENT_BLOCK.findall(path.read_text(encoding="utf-8")):
            lines = [line for _, line in _EXAMPLE_LINE.findall(block)]
            found.setdefault(intent, []).extend(_MARKUP.sub(r"\1", line) for line in lines)
    return found


def published(several: Iterable[Teaching], project: Path) -> dict[str, list[str]]:
    """Examples for each intent: titles and phrasings, none the project has, none twice and none of two intents.

    The same entries give the same examples, in whatever order they come.
    """
    seen = {_plain(example) for examples in own(project).values() for example in examples}
    meant: dict[str, dict[str, str]] = {}  # plain text -> intent -> as it was written
    for one in sorted(several, key=lambda one: one.id):
        title, intent = getattr(one, "title", ""), getattr(one, "intent", OUTSIDE)
        for phrasing in (title, *one.phrasings) if intent else ():
            example = _UNWELCOME.sub(" ", phrasing).strip().lstrip("/")
            if example and _plain(example) not in seen:
                meant.setdefault(_plain(example), {}).setdefault(intent, example)
    found: dict[str, list[str]] = {}
    for intents in meant.values():
        if len(intents) == 1:
            [(intent, example)] = intents.items()
            found.setdefault(intent, []).append(example)
    return dict(sorted(found.items()))


def fingerprint(rasa: str, project: Path, examples: Mapping[str, Sequence[str]]) -> str:
    """Changes whenever training on these, with this version of Rasa, would lead to another model."""
    digest = hashlib.sha256(rasa.encode())
    embedding = [EMBEDDING / name for name in _EMBEDDING_FILES] if _wants_embedding(project) else []
    theirs = [path for path in sorted(project.rglob("*.yml")) if path.relative_to(project).parts[0] in _TRAINED_ON]
    for path in (*theirs, *sorted(LEXICON.iterdir()), *_READ_BY, *embedding):
        name = path.relative_to(project) if path.is_relative_to(project) else path.relative_to(ROOT)
        digest.update(b"\0" + name.as_posix().encode() + b"\0" + path.read_bytes())
    for intent, texts in sorted(examples.items()):
        digest.update("\0".join(("", intent, *texts)).encode())
    return digest.hexdigest()[:20]


def lay_out(project: Path, target: Path, examples: Mapping[str, Sequence[str]], cache: Path | None = None) -> None:
    """Write the project to be trained: its own files and the examples beside its own, all of them normalised, and what
    our featurizers read. `cache` is where a dictionary is kept for the next time."""
    normalise = _language(cache)
    shutil.rmtree(target, ignore_errors=True)
    others = [path.name for path in project.iterdir() if path.name not in _TRAINED_ON]
    shutil.copytree(project, target, ignore=shutil.ignore_patterns(*others))
    for path in _nlu(target):
        path.write_text(_normalised(path.read_text(encoding="utf-8"), normalise), encoding="utf-8")
    lines = ['version: "3.1"', "nlu:" if examples else "nlu: []"]
    for intent, theirs in examples.items():
        lines += [f"- intent: {intent}", "  examples: |"]
        said = (_UNWELCOME.sub(" ", normalise(one)).strip().lstrip("/ ") for one in theirs)
        lines += [f"    - {text}" for text in dict.fromkeys(said) if text]
    (target / "data" / "nlu").mkdir(parents=True, exist_ok=True)
    (target / "data" / "nlu" / "published.yml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _copy(LEXICON, _LEXICON_FILES, target / FOLDER)
    if _wants_embedding(project):
        _copy(EMBEDDING, _EMBEDDING_FILES, target / FOLDER / "embedding")


def _language(cache: Path | None) -> Normalise:
    from knowledge.question import Language

    return Language(cache_folder=cache).normalise


def _normalised(text: str, normalise: Normalise) -> str:
    """A file of examples, those of intents normalised; facts are marked as before. Patterns stay as they are."""

    def block(found: re.Match[str]) -> str:
        head, lines = found.group()[: found.start(2) - found.start()], found.group(2)
        return head + _EXAMPLE_LINE.sub(lambda line: line.group(1) + _piecewise(line.group(2), normalise), lines)

    return _INTENT_BLOCK.sub(block, text)


def _piecewise(example: str, normalise: Normalise) -> str:
    """An example normalised, its marked facts each by itself, so that the marks stay around the same words."""
    parts: list[str] = []
    at = 0
    for found in _MARKUP.finditer(example):
        parts += [_keeping_edges(example[at : found.start()], normalise)]
        parts += [f"[{normalise(found.group(1))}]{found.group(2)}"]
        at = found.end()
    parts.append(_keeping_edges(example[at:], normalise))
    return "".join(parts).strip()


def _keeping_edges(text: str, normalise: Normalise) -> str:
    """Normalised, with the blanks at its ends that part it from a fact."""
    said = normalise(text)
    return f"{' ' * text[:1].isspace()}{said}{' ' * text[-1:].isspace()}" if said else text[:1].replace("\t", " ")


def _nlu(project: Path) -> Iterator[Path]:
    yield from sorted((project / "data" / "nlu").glob("*.yml"))


def _wants_embedding(project: Path) -> bool:
    return "EmbeddingFeaturizer" in (project / "config.yml").read_text(encoding="utf-8")


def _copy(source: Path, names: Iterable[str], target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    for name in names:
        shutil.copyfile(source / name, target / name)


def _plain(text: str) -> str:
    return "".join(text.casefold().split())
