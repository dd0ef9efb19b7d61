"""A project of Rasa's that is trained in seconds."""

from __future__ import annotations

import re
from pathlib import Path

from bot.dialogue.rasa_environment import PROJECT

EXAMPLES = 8


def small_project(folder: Path) -> Path:
    """The project with a few examples an intent: trained in seconds."""
    for source in PROJECT.rglob("*.yml"):
        target = folder / source.relative_to(PROJECT)
        target.parent.mkdir(parents=True, exist_ok=True)
        lines, seen = [], 0
        for line in source.read_text(encoding="utf8").splitlines():
            seen = seen + 1 if re.match(r"\s{4,}- ", line) else 0
            if "nlu" not in target.parts or seen <= EXAMPLES:
                lines.append(line)
        target.write_text("\n".join(lines) + "\n", encoding="utf8")
    return folder
