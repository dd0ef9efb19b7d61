"""The index follows what entries say: changes are laid over, then built in, and a restart finds its way back."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from embeddings.snapshot import Snapshot
from knowledge import index as following
from knowledge.confidence import Calibration
from knowledge.entry import Entry
from knowledge.library import Library
from knowledge.question import Language
from tests.builders import an_entry
from tests.doubles import HashEncoder

SUBJECTS = ("退款", "结算", "分账", "开票", "签约", "对账", "提现", "充值", "刷卡", "扫码", "补贴", "押金")
ENTRIES = tuple(
    an_entry(f"e{number:02}", *(f"{subject}{what}" for what in ("失败怎么办", "多久到账", "在哪里点", "要手续费吗")))
    for number, subject in enumerate(SUBJECTS)
)
CHANGED = replace(ENTRIES[2], phrasings=(*ENTRIES[2].phrasings, "火星商户能用吗"))


@pytest.fixture
def library(language: Language, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """A library of a few dozen texts that treats them as if they were many."""
    monkeypatch.setattr(following, "WHOLE_UP_TO", 0)
    monkeypatch.setattr(following, "OVERLAY_SHARE", 0.4)
    monkeypatch.setattr(following, "SETTLED_SHARE", 0.4)
    held = opened(language, tmp_path)
    yield held
    held.settle(300)


def opened(language: Language, folder: Path) -> Library:
    return Library(language, HashEncoder(), Calibration.none(), folder)


def asked(library: Library, text: str) -> str:
    return library.search(library.language.read(text)).candidates[0].entry


def swapped(entry: Entry, entries: tuple[Entry, ...] = ENTRIES) -> tuple[Entry, ...]:
    return tuple(entry if one.id == entry.id else one for one in entries)


def texts(snapshot: Snapshot) -> set[tuple[str, str]]:
    return {(text.id, text.shown) for text in snapshot.held()}


def test_one_changed_entry_is_laid_over_and_found(library: Library) -> None:
    first = library.refresh(ENTRIES, generation="1")
    told: list[str] = []
    second = library.refresh(swapped(CHANGED), generation="2", progress=told.append)
    assert told == ["changes"]
    assert second.base is first.base
    assert asked(library, "火星商户能用吗") == CHANGED.id
    assert library.generation == "2"


def test_only_what_changed_is_read_again(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    library.refresh(ENTRIES)
    read: list[str] = []
    plain = library.language.normalise
    monkeypatch.setattr(library.language, "normalise", lambda text: (read.append(text), plain(text))[1])
    library.refresh(swapped(CHANGED))
    assert read == ["火星商户能用吗"]


def test_an_answer_that_changed_needs_no_other_index(library: Library) -> None:
    first = library.refresh(ENTRIES)
    second = library.refresh(swapped(replace(ENTRIES[0], answer="别的答案。")))
    assert second is first
    assert library.entry(ENTRIES[0].id).answer == "别的答案。"


def test_what_is_served_is_what_the_entries_say_whatever_came_before(library: Library) -> None:
    states = (ENTRIES, swapped(CHANGED), ENTRIES[1:], (*ENTRIES, an_entry("new", "火星怎么去")), ENTRIES)
    for entries in states:
        snapshot = library.refresh(entries)
        assert texts(snapshot) == {(text.id, text.shown) for text in library.texts(entries, ())}
        assert library.release == snapshot.fingerprint


def test_the_same_texts_are_one_release_however_they_came_about(library: Library, tmp_path: Path) -> None:
    library.refresh(ENTRIES)
    library.refresh(swapped(CHANGED))
    anew = opened(library.language, tmp_path / "other")
    anew.refresh(swapped(CHANGED))
    assert library.release == anew.release


def test_after_a_restart_the_base_is_read_back_and_changes_are_laid_over_again(
    library: Library, tmp_path: Path
) -> None:
    library.refresh(ENTRIES)
    served = library.refresh(swapped(CHANGED))
    again = opened(library.language, tmp_path)
    told: list[str] = []
    back = again.refresh(swapped(CHANGED), progress=told.append)
    assert told == ["changes"]
    assert (back.fingerprint, texts(back)) == (served.fingerprint, texts(served))
    assert asked(again, "火星商户能用吗") == CHANGED.id


def test_texts_read_in_another_way_are_read_anew(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.refresh(ENTRIES)
    monkeypatch.setattr(following, "reading", lambda: "another lexicon")
    told: list[str] = []
    opened(library.language, tmp_path).refresh(ENTRIES, progress=told.append)
    assert told == ["reading", "vectors", "words", "judges"]


def test_many_changes_at_once_build_the_whole(library: Library) -> None:
    first = library.refresh(ENTRIES[:8])
    second = library.refresh(ENTRIES)
    assert second.over is None
    assert second.base is not first.base


def test_few_texts_are_always_built_as_a_whole(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "WHOLE_UP_TO", 1000)
    library.refresh(ENTRIES)
    assert library.refresh(swapped(CHANGED)).over is None


@pytest.mark.slow
def test_an_overlay_that_grew_is_built_in_meanwhile_and_later_changes_are_kept(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SETTLED_SHARE", 0.01)
    library.refresh(ENTRIES)
    overlaid = library.refresh(swapped(CHANGED))
    monkeypatch.setattr(following, "SETTLED_SHARE", 0.4)
    assert overlaid.over is not None
    later = (*swapped(CHANGED), an_entry("new", "水星怎么去"))
    served = library.refresh(later, generation="3")
    library.settle(300)
    settled = library.refresh(later, generation="3")
    assert settled.base is not served.base
    assert CHANGED.id in settled.base.texts.ids
    assert (settled.fingerprint, texts(settled)) == (served.fingerprint, texts(served))
    assert asked(library, "火星商户能用吗") == CHANGED.id
    assert asked(library, "水星怎么去") == "new"


KILLED = """
import sys
from pathlib import Path
from knowledge.library import Library
from knowledge.confidence import Calibration
from knowledge.question import Language
from tests.doubles import HashEncoder
from tests.knowledge.test_index import CHANGED, ENTRIES, swapped
from embeddings import snapshot
folder, where = Path(sys.argv[1]), sys.argv[2]
import os, signal
def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
if where == "vectors": __import__("numpy").save = die
if where == "base": snapshot.DenseIndex.save = die
if where == "swap": Path.replace = die
library = Library(Language(), HashEncoder(), Calibration.none(), folder)
library.refresh(swapped(CHANGED))
"""


@pytest.mark.slow
@pytest.mark.parametrize("where", ["vectors", "base", "swap"])
@pytest.mark.parametrize("before", ["nothing", "an older base"])
def test_killed_while_it_writes_the_next_start_serves_what_is_published(
    library: Library, tmp_path: Path, where: str, before: str
) -> None:
    home = tmp_path / "home"
    if before != "nothing":
        opened(library.language, home).refresh(ENTRIES)
    command = [sys.executable, "-c", KILLED, str(home), where]
    ended = subprocess.run(command, cwd=Path(__file__).parents[2], env={**os.environ, "PYTHONPATH": "."}, check=False)
    assert ended.returncode == -signal.SIGKILL
    again = opened(library.language, home)
    snapshot = again.refresh(swapped(CHANGED))
    assert texts(snapshot) == {(text.id, text.shown) for text in again.texts(swapped(CHANGED), ())}
    assert asked(again, "火星商户能用吗") == CHANGED.id
    shutil.rmtree(home)
