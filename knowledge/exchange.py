"""Entries to and from files: one YAML file a category, checked whole before anything is taken in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from knowledge.entry import CONCLUSION_MAX_CHARS, Entry, parse_answer, placeholders
from knowledge.errors import FileUnreadable
from knowledge.phrases import PERSON_MARK
from knowledge.uncovered import PREFIX, Uncovered

SEED = Path(__file__).parent / "seed"
UNCOVERED_FILE = "uncovered.yml"
LEAST_PHRASINGS = 12
_CONTACT = re.compile(
    r"https?:|www\.|[\w.+-]+@[\w-]+\.\w|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)|(?<!\d)1[3-9]\d{9}(?!\d)"
    r"|(?<!\d)[48]00[- ]?\d{3,4}[- ]?\d{3,4}(?!\d)"
    r"|(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"
)
_KEPT = ("title", "kind", "intent", "source", "review_by", "related", "codes", "aliases", "answer", "phrasings")
_SELDOM = ("negatives", "provider", "valid_from", "valid_until")
"""Written only where there is something to write."""


@dataclass(frozen=True, slots=True)
class Collection:
    """What a folder of files holds. `categories` maps a category's id to its name, in display order."""

    entries: tuple[Entry, ...]
    uncovered: tuple[Uncovered, ...]
    categories: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One line of an import's preview: `kind` is new, changed or same; `fields` names what differs."""

    entry: str
    title: str
    kind: str
    fields: tuple[str, ...] = ()


def read_folder(folder: Path) -> Collection:
    """Read every YAML file of `folder`; `FileUnreadable` with every problem found, and nothing taken, otherwise."""
    problems: list[str] = []
    entries: list[Entry] = []
    uncovered: list[Uncovered] = []
    categories: dict[str, str] = {}
    if not folder.is_dir():
        raise FileUnreadable([f"{folder}: no such folder"])
    for path in sorted(folder.glob("*.y*ml")):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf8")) or {}
            if "uncovered" in content:
                uncovered += [_uncovered(raw) for raw in content["uncovered"]]
            else:
                categories[content["category"]] = content["name"]
                entries += [_entry(raw, content["category"]) for raw in content["entries"]]
        except (yaml.YAMLError, KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
            problems.append(f"{path.name}: {type(error).__name__}: {error}")
    for entry in entries:
        problems += [f"{entry.category}/{entry.id}: {problem}" for problem in flaws(entry)]
    problems += _across(entries)
    if problems:
        raise FileUnreadable(problems)
    return Collection(tuple(entries), tuple(uncovered), categories)


def flaws(entry: Entry) -> list[str]:
    """What keeps an entry from being published: its answer's shape, contacts in text, too few phrasings."""
    found = []
    answer = parse_answer(entry.answer)
    if not answer.conclusion or len(answer.conclusion) > CONCLUSION_MAX_CHARS:
        found.append(f"the conclusion has {len(answer.conclusion)} characters, 1 to {CONCLUSION_MAX_CHARS} are allowed")
    if not answer.steps:
        found.append("the answer has no numbered steps")
    if not answer.person:
        found.append(f"the answer does not say when to call a person (a last line beginning {PERSON_MARK})")
    if len(entry.phrasings) < LEAST_PHRASINGS:
        found.append(f"{len(entry.phrasings)} phrasings, at least {LEAST_PHRASINGS} are wanted")
    contact = _CONTACT.search("\n".join((entry.title, entry.answer, *entry.phrasings)))
    if contact:
        found.append(f"a phone, e-mail, address or URL in the text: {contact.group(0)!r} (contacts are settings)")
    return found


def settings_used(entries: Iterable[Entry]) -> frozenset[str]:
    """Names of all settings that answers refer to."""
    return frozenset(name for entry in entries for name in placeholders(entry.answer))


def preview(held: Mapping[str, Entry], coming: Sequence[Entry]) -> list[Change]:
    """What an import would do, entry by entry; entries that are held but not coming stay as they are."""
    changes = []
    for entry in coming:
        before = held.get(entry.id)
        if before is None:
            changes.append(Change(entry.id, entry.title, "new"))
            continue
        differing = tuple(
            f.name
            for f in fields(Entry)
            if f.name not in ("revision", "state") and getattr(before, f.name) != getattr(entry, f.name)
        )
        changes.append(Change(entry.id, entry.title, "changed" if differing else "same", differing))
    return changes


def write_folder(collection: Collection, folder: Path) -> list[Path]:
    """Write the collection so that `read_folder` reads the same back."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for category, name in collection.categories.items():
        inside = [entry for entry in collection.entries if entry.category == category]
        content = {"category": category, "name": name, "entries": [_raw(entry) for entry in inside]}
        written.append(_dump(content, folder / f"{category}.yml"))
    if collection.uncovered:
        matters = [
            {"id": m.id, "name": m.name, "near": m.near, "queue": m.queue, "phrasings": list(m.phrasings)}
            for m in collection.uncovered
        ]
        written.append(_dump({"uncovered": matters}, folder / UNCOVERED_FILE))
    return written


def _entry(raw: Mapping[str, Any], category: str) -> Entry:
    return Entry(
        id=str(raw["id"]),
        title=str(raw["title"]),
        answer=str(raw["answer"]).strip(),
        phrasings=tuple(dict.fromkeys(str(text).strip() for text in raw["phrasings"])),
        category=category,
        kind=str(raw.get("kind", "faq")),
        intent=str(raw.get("intent", "")),
        source=str(raw.get("source", "")),
        review_by=_day(raw, "review_by"),
        related=_texts(raw, "related"),
        codes=_texts(raw, "codes"),
        aliases=_texts(raw, "aliases"),
        valid_from=_day(raw, "valid_from"),
        valid_until=_day(raw, "valid_until"),
        negatives=_texts(raw, "negatives"),
        provider=str(raw.get("provider") or "").strip(),
    )


def _day(raw: Mapping[str, Any], name: str) -> date | None:
    value = raw.get(name)
    return value if isinstance(value, date) else date.fromisoformat(value) if value else None


def _texts(raw: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(str(item) for item in raw.get(name) or ())


def _uncovered(raw: Mapping[str, Any]) -> Uncovered:
    if not str(raw["id"]).startswith(PREFIX):
        raise ValueError(f"{raw['id']}: ids of uncovered matters begin with {PREFIX}")
    return Uncovered(
        str(raw["id"]), str(raw["name"]), bool(raw["near"]), raw.get("queue"), tuple(map(str, raw["phrasings"]))
    )


def _across(entries: Sequence[Entry]) -> list[str]:
    ids = [entry.id for entry in entries]
    problems = [f"{id_}: stands twice" for id_ in dict.fromkeys(i for i in ids if ids.count(i) > 1)]
    known = set(ids)
    problems += [f"{e.id}: related entry {r!r} does not exist" for e in entries for r in e.related if r not in known]
    return problems


def _raw(entry: Entry) -> dict[str, Any]:
    plain = replace(entry, answer=entry.answer + "\n")
    raw: dict[str, Any] = {"id": entry.id}
    for name in (*_KEPT, *(name for name in _SELDOM if getattr(entry, name))):
        value = getattr(plain, name)
        raw[name] = list(value) if isinstance(value, tuple) else value
    return raw


class _Blocks(yaml.SafeDumper):
    """Writes text of several lines as a block, as people edit it."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Blocks.add_representer(str, _text)


def _dump(content: Mapping[str, Any], path: Path) -> Path:
    path.write_text(
        yaml.dump(dict(content), Dumper=_Blocks, allow_unicode=True, sort_keys=False, width=4096), encoding="utf8"
    )
    return path
