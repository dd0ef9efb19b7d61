"""How long one answer takes inside the process. Run: `.venv/bin/python -m tests.load.bench_answer`.

Prints medians and 95th percentiles for the seed and for 50,000 phrasings, and the ratio to plain BM25 over the same
texts. Nothing here asserts: figures are for people.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.conversation.case import Case
from bot.conversation.decide import decide
from bot.conversation.hearing import hear
from bot.conversation.model import Conversation, Holder, State
from bot.conversation.policy import Policy
from bot.dialogue.guides import read_guides
from bot.dialogue.leading import Leading
from bot.dialogue.turn import PlainDialogue
from bot.tickets.routing import queue_for
from embeddings.encoder import BUILT_IN, SentenceEncoder
from embeddings.lexical import LexicalIndex
from knowledge.confidence import Calibration
from knowledge.entry import Entry
from knowledge.evaluate import GOLDEN, read_questions
from knowledge.exchange import SEED, read_folder
from knowledge.library import Library
from knowledge.question import Language

_NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
_BEFORE = ("", "请问", "我想问下", "帮我看看", "急", "老板问", "店里", "昨天开始", "今天", "刚才", "我们公司", "客人说")
_AFTER = ("", "怎么办", "咋整", "谢谢", "在线等", "能处理吗", "是什么原因", "急急急", "有人知道吗", "麻烦看下")


def widened(entries: Sequence[Entry], phrasings: int) -> list[Entry]:
    """The same entries with phrasings varied until there are about `phrasings` of them."""
    pick = random.Random(7)
    each = phrasings // len(entries)
    wide = []
    for entry in entries:
        texts = dict.fromkeys(entry.phrasings)
        while len(texts) < each:
            texts[
                f"{pick.choice(_BEFORE)}{pick.choice(entry.phrasings)}{pick.choice(_AFTER)}{pick.randint(1, 999)}"
            ] = None
        wide.append(replace(entry, phrasings=tuple(texts)[:each]))
    return wide


def milliseconds(ask: Callable[[str], object], questions: Sequence[str]) -> tuple[float, float]:
    """(median, 95th percentile) over the questions, after a short warm-up."""
    for question in questions[:20]:
        ask(question)
    took = []
    for question in questions:
        started = time.perf_counter()
        ask(question)
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]


def measure(name: str, library: Library, questions: Sequence[str]) -> None:
    guides = read_guides()
    dialogue = PlainDialogue(Leading(guides))
    calibration = library.calibration
    policy = Policy(calibration.answer_at, calibration.decline_at, queue_for, frozenset(guides))
    fresh = Conversation("c", "bench", "p", Holder.BOT, 0, State(), _NOW, _NOW)

    def answer(question: str) -> object:
        heard = hear(question, _NOW)
        turn = dialogue.turn("c", heard, fresh.state, None)
        ranking = library.search(library.language.read(heard.text))
        return decide(Case(fresh, heard, turn, ranking, policy))

    tokens = library.language.segmenter.tokens
    texts = library.texts(library.entries(), ())
    plain = LexicalIndex([tokens(text.normalised) for text in texts])
    whole = milliseconds(answer, questions)
    bm25 = milliseconds(lambda question: plain.scores(tokens(library.language.normalise(question))).argmax(), questions)
    print(
        f"{name}: {len(texts)} texts; one answer {whole[0]:.2f} ms median, {whole[1]:.2f} ms p95; "
        f"plain BM25 {bm25[0]:.2f} ms median; ratio {whole[0] / bm25[0]:.1f}",
        flush=True,
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--phrasings", type=int, default=50_000)
    wanted = options.parse_args().phrasings
    collection = read_folder(SEED)
    questions = [one.question for one in read_questions(GOLDEN)][:400]
    with tempfile.TemporaryDirectory() as folder:
        language = Language(cache_folder=Path(folder))
        encoder = SentenceEncoder(BUILT_IN, language.segmenter)
        for name, entries in (
            ("seed", list(collection.entries)),
            (f"{wanted:,} phrasings", widened(collection.entries, wanted)),
        ):
            library = Library(language, encoder, Calibration.read(), Path(folder) / name)
            started = time.perf_counter()
            library.refresh(entries, collection.uncovered)
            print(f"{name}: index built in {time.perf_counter() - started:.1f} s", flush=True)
            measure(name, library, questions)


if __name__ == "__main__":
    main()
