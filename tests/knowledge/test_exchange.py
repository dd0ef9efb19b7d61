"""Entries go to files and come back the same; a file with a fault is refused whole, with every place named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml

from knowledge.entry import Entry, EntryState
from knowledge.errors import FileUnreadable
from knowledge.exchange import Change, Collection, flaws, preview, read_folder, settings_used, write_folder
from knowledge.uncovered import Uncovered
from tests.builders import an_entry

FULL = an_entry(
    "scan-expired",
    category="scan",
    title="付款码过期：“请刷新”？",
    answer="先让顾客刷新付款码。\n1. 重新出示，见{{扫码路径}}。\n找人工：一直过期。",
    kind="error_code",
    codes=("AUTH_CODE_EXPIRE", "404"),
    aliases=("yes", "- 二维码: 已过期"),
    related=("refund-how-to",),
    review_by=date(2027, 8, 31),
    source="§2.1, [Y]",
)
PLAIN = an_entry(
    negatives=("消费者自己怎么退款",), provider="甲支付", valid_from=date(2026, 10, 1), valid_until=date(2026, 10, 7)
)
MATTER = Uncovered("none-loan", "贷款", True, "merchant_service", ("能贷款吗", "借我点钱"))
COLLECTION = Collection((FULL, PLAIN), (MATTER,), {"scan": "扫码", "refund": "退款"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_folder(COLLECTION, tmp_path)
    return tmp_path


def problems(folder: Path) -> list[str]:
    with pytest.raises(FileUnreadable) as refused:
        read_folder(folder)
    return refused.value.problems


def change(folder: Path, edit: Callable[[dict], None], name: str = "refund.yml") -> None:
    content = yaml.safe_load((folder / name).read_text("utf8"))
    edit(content)
    (folder / name).write_text(yaml.safe_dump(content, allow_unicode=True), "utf8")


def test_what_was_written_reads_back_the_same(folder: Path) -> None:
    again = read_folder(folder)
    assert set(again.entries) == {FULL, PLAIN}
    assert again.uncovered == (MATTER,)
    assert dict(again.categories) == dict(COLLECTION.categories)


def test_each_category_is_a_file_and_answers_are_blocks_people_can_edit(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["refund.yml", "scan.yml", "uncovered.yml"]
    assert "answer: |\n" in (folder / "scan.yml").read_text("utf8")


def test_without_uncovered_matters_there_is_no_file_of_them(tmp_path: Path) -> None:
    written = write_folder(replace(COLLECTION, uncovered=()), tmp_path)
    assert [path.name for path in written] == ["scan.yml", "refund.yml"]


def test_a_phrasing_that_stands_twice_counts_once(folder: Path) -> None:
    change(folder, lambda content: content["entries"][0]["phrasings"].append(f" {PLAIN.phrasings[0]} "))
    assert PLAIN in read_folder(folder).entries


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "no such folder" in problems(tmp_path / "nothing")[0]


@pytest.mark.parametrize(
    "content",
    ["entries: [", "- a list", "name: 没有类别\nentries: []", "category: a\nname: b", "text", "category: 1"],
)
def test_a_file_that_is_not_as_it_should_be_is_named(folder: Path, content: str) -> None:
    (folder / "broken.yml").write_text(content, "utf8")
    assert [problem for problem in problems(folder) if problem.startswith("broken.yml: ")]


def test_a_file_that_is_not_text_is_named(folder: Path) -> None:
    (folder / "broken.yml").write_bytes(b"\xff\xfe\x00\x01")
    assert problems(folder)[0].startswith("broken.yml: ")


def test_an_empty_file_is_named(folder: Path) -> None:
    (folder / "empty.yml").write_text("", "utf8")
    assert problems(folder)[0].startswith("empty.yml: ")


def test_every_problem_of_every_file_is_told_at_once(folder: Path) -> None:
    change(folder, lambda content: content["entries"][0].update(answer="没有步骤"))
    change(folder, lambda content: content["entries"][0].update(related=["nobody"]), "scan.yml")
    (folder / "broken.yml").write_text("entries: [", "utf8")
    text = "\n".join(problems(folder))
    for part in ("broken.yml", "refund/refund-how-to", "nobody", "steps", "找人工"):
        assert part in text


def test_an_id_that_stands_twice_is_told_once(folder: Path) -> None:
    change(folder, lambda content: content["entries"].append({**content["entries"][0], "id": "refund-how-to"}))
    assert [problem for problem in problems(folder) if "twice" in problem] == ["refund-how-to: stands twice"]


def test_an_uncovered_matter_must_be_named_as_one(folder: Path) -> None:
    change(folder, lambda content: content["uncovered"][0].update(id="loan"), "uncovered.yml")
    assert "begin with none-" in problems(folder)[0]


def test_a_date_that_is_none_is_told(folder: Path) -> None:
    change(folder, lambda content: content["entries"][0].update(review_by="明年"))
    assert problems(folder)[0].startswith("refund.yml: ValueError")


def test_a_good_entry_has_no_flaw() -> None:
    assert flaws(PLAIN) == []


@pytest.mark.parametrize(
    ("fields", "about"),
    [
        ({"answer": f"{'长' * 61}\n1. 查。\n找人工：不行时。"}, "conclusion has 61"),
        ({"answer": "1. 查。\n找人工：不行时。"}, "conclusion has 0"),
        ({"answer": "先查单。\n找人工：不行时。"}, "no numbered steps"),
        ({"answer": "先查单。\n1. 查。"}, "call a person"),
        ({"phrasings": ("怎么退款",)}, "1 phrasings"),
        ({"title": "打 13812345678 问"}, "13812345678"),
        ({"answer": "先查单。\n1. 打400-123-4567。\n找人工：不行时。"}, "400-123-4567"),
        ({"answer": "先查单。\n1. 打010-12345678。\n找人工：不行时。"}, "010-12345678"),
        ({"answer": "先查单。\n1. 见https://a.example。\n找人工：不行时。"}, "https:"),
        ({"answer": "先查单。\n1. 写信给 a.b@example.com。\n找人工：不行时。"}, "example.c"),
        ({"answer": "先查单。\n1. 放行 10.0.0.1。\n找人工：不行时。"}, "10.0.0.1"),
    ],
)
def test_what_keeps_an_entry_from_being_published_is_told(fields: dict, about: str) -> None:
    [found] = flaws(replace(PLAIN, **fields))
    assert about in found


@pytest.mark.parametrize(
    "text",
    ["版本 v3.2.1 起支持", "订单号 20261122000013812345678", "金额 400.00 元", "0.38% 费率", "2026-11-22 起"],
)
def test_numbers_that_are_no_contact_are_no_flaw(text: str) -> None:
    assert flaws(replace(PLAIN, answer=f"先查单。\n1. {text}。\n找人工：不行时。")) == []


def test_the_settings_used_are_those_of_all_answers() -> None:
    assert settings_used([FULL, PLAIN]) == {"扫码路径"}


def test_a_preview_says_what_is_new_what_changed_and_in_what() -> None:
    other = replace(PLAIN, title="别的标题", codes=("X1234",))
    new = an_entry("brand-new")
    assert preview({FULL.id: FULL, PLAIN.id: PLAIN}, [FULL, other, new]) == [
        Change(FULL.id, FULL.title, "same"),
        Change(PLAIN.id, "别的标题", "changed", ("title", "codes")),
        Change("brand-new", new.title, "new"),
    ]


def test_the_revision_and_the_state_are_no_change() -> None:
    held = replace(PLAIN, revision=7, state=EntryState.DRAFT)
    assert [one.kind for one in preview({held.id: held}, [PLAIN])] == ["same"]


def test_an_import_of_what_was_exported_changes_nothing(folder: Path) -> None:
    held: dict[str, Entry] = {entry.id: entry for entry in COLLECTION.entries}
    assert {one.kind for one in preview(held, read_folder(folder).entries)} == {"same"}
