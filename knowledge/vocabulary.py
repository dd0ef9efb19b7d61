"""`python3 -m knowledge words`: count anew the words merchants use, by which pinyin and initials are read."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from embeddings.normalise import fold
from embeddings.segment import Segmenter
from knowledge.place import Place
from knowledge.question import LEXICON, Language
from knowledge.terminal import LINES
from knowledge.train import texts_by_group

WORDS = LEXICON / "words.txt"
LEAST = 3
"""Times a word must be said to be worth reading."""
_WORD = re.compile(r"[\u4e00-\u9fff]{2,5}")
_LATIN = re.compile(r"[a-z]{2,}")


def counted(texts: Iterable[str], segmenter: Segmenter) -> dict[str, int]:
    """Chinese words of two characters or more, and Latin ones, with how often they are said; most frequent first."""
    counts: Counter[str] = Counter()
    for text in map(fold, texts):
        counts.update(word for word in segmenter.cut(text) if _WORD.fullmatch(word))
        counts.update(_LATIN.findall(text))
    often = [(word, count) for word, count in counts.items() if count >= LEAST]
    return dict(sorted(often, key=lambda pair: (-pair[1], pair[0])))


def register(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `words` to the parsers of `python3 -m knowledge`."""
    made = commands.add_parser("words", help=LINES["words"])
    made.add_argument("file", nargs="?", type=Path, default=WORDS)
    made.set_defaults(command=run)


def run(options: argparse.Namespace, place: Place, console: Console) -> int:
    """Write the words of the entries that come along."""
    segmenter = Language(cache_folder=place.home / "cache").segmenter
    found = counted((text for texts in texts_by_group().values() for text in texts), segmenter)
    options.file.write_text("".join(f"{word} {count}\n" for word, count in found.items()), encoding="utf8")
    console.print(LINES["counted"].format(count=len(found)))
    return 0
