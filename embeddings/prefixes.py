"""What an encoder expects before a question and before a passage."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

_FAMILIES = Path(__file__).parent / "families.yml"
_QUERY_NAMES = ("query", "retrieval.query", "search_query")
_PASSAGE_NAMES = ("document", "passage", "retrieval.passage", "search_document", "corpus")


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Put before each text, spaces included. Of a wish, None means: as the model has it."""

    query: str | None = None
    passage: str | None = None

    def over(self, other: Prefixes) -> Prefixes:
        """These, and those of `other` where these are None."""
        return Prefixes(
            other.query if self.query is None else self.query,
            other.passage if self.passage is None else self.passage,
        )


def stated(prompts: Mapping[str, str | None]) -> Prefixes | None:
    """The prefixes a model states itself, by the usual names of its prompts; None where it states none."""
    query = next((prompts[name] for name in _QUERY_NAMES if prompts.get(name)), None)
    passage = next((prompts[name] for name in _PASSAGE_NAMES if prompts.get(name)), None)
    return Prefixes(query or "", passage or "") if query or passage else None


def of_family(name: str) -> Prefixes:
    """The prefixes of the family that a folder or hub name belongs to; empty ones for a family not known."""
    for family in yaml.safe_load(_FAMILIES.read_text(encoding="utf8")):
        if re.search(family["name"], name.lower()):
            return Prefixes(family.get("query", ""), family.get("passage", ""))
    return Prefixes("", "")


def full_name(name: str, folder: Path) -> str:
    """What a model is called: the end of the name it was asked for by, and the name its configuration keeps."""
    try:
        kept = json.loads((folder / "config.json").read_text(encoding="utf8")).get("_name_or_path", "")
    except (OSError, ValueError, AttributeError):
        kept = ""
    return f"{Path(name).name} {kept}"
