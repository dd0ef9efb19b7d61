"""How well questions are answered is measured on labelled ones, and thresholds come from questions not seen."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from knowledge.confidence import FEATURES, LOOKS, Calibration
from knowledge.errors import FileUnreadable
from knowledge.evaluate import (
    DECLINE_AT,
    LIFE,
    Judged,
    Labelled,
    Seen,
    bounded,
    calibrate,
    confusions,
    figures,
    grouped,
    hash_of,
    judge,
    look,
    read_questions,
    unseen,
    weights_of,
)
from knowledge.library import Library
from knowledge.question import Language
from knowledge.uncovered import Uncovered
from tests.builders import an_entry
from tests.doubles import HashEncoder

SAID = {
    "refund": ["怎么退款", "钱怎么退给顾客", "退款在哪点", "顾客要退钱", "退货退钱怎么弄", "把钱还给客人"],
    "split": ["分账失败", "分账报错怎么办", "分不了账", "分账一直不成功", "给对方分账报错", "分账怎么失败了"],
    "invoice": ["怎么开票", "发票抬头怎么改", "手续费发票在哪开", "想要发票", "发票什么时候寄", "开票资料怎么填"],
}
OUTSIDE = ["今天天气怎么样", "明天下雨吗", "外面冷不冷", "周末会下雪吗", "给我讲个笑话", "推荐一部电影"]


def labelled(question: str, *wanted: str, expect: str = "answer") -> Labelled:
    return Labelled(question, expect if wanted else "none", frozenset(wanted))


@pytest.fixture(scope="module")
def seen(language: Language, tmp_path_factory: pytest.TempPathFactory) -> list[Seen]:
    library = Library(language, HashEncoder(), Calibration.none(), tmp_path_factory.mktemp("library"))
    entries = [an_entry(id_, *said[::2]) for id_, said in SAID.items()]
    library.refresh(entries, [Uncovered("none-weather", "天气", False, None, tuple(OUTSIDE[:3]))])
    questions = [labelled(text, id_) for id_, said in SAID.items() for text in said]
    return look(library, questions + [labelled(text) for text in OUTSIDE])


def write(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf8")
    return path


def test_labelled_questions_are_read_with_one_or_several_wanted_entries(tmp_path: Path) -> None:
    path = write(
        tmp_path / "q.jsonl",
        {"q": "怎么退", "entry": "a", "style": "shop"},
        "",
        {"q": "退哪", "entry_any": ["a", "b"], "expect": "clarify"},
        {"q": "天气", "expect": "none"},
    )
    assert read_questions(path) == [
        Labelled("怎么退", "answer", frozenset("a"), "shop"),
        Labelled("退哪", "clarify", frozenset("ab")),
        Labelled("天气", "none", frozenset()),
    ]


def test_every_line_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "q.jsonl", "{", {"q": "怎么退", "entry": "a"}, {"entry": "a"}, "[1]")
    with pytest.raises(FileUnreadable) as refused:
        read_questions(path)
    assert [problem.split(": ")[0] for problem in refused.value.problems] == ["q.jsonl:1", "q.jsonl:3", "q.jsonl:4"]


def test_looking_tells_how_far_it_is(seen: list[Seen], language: Language, tmp_path: Path) -> None:
    library = Library(language, HashEncoder(), Calibration.none(), tmp_path)
    library.refresh([an_entry()])
    told: list[tuple[int, int]] = []
    look(library, [labelled("退款", "a"), labelled("退钱", "a")], lambda *far: told.append(far))
    assert told == [(1, 2), (2, 2)]


def numbered(wanted: Labelled, ids: tuple[str, ...] = ("a", "b"), outside: tuple[str, ...] = ()) -> Seen:
    every = (*ids, *outside)
    return Seen(wanted, every, len(ids), np.zeros((len(every), len(FEATURES))), np.zeros(len(LOOKS)))


def test_an_example_aims_at_the_wanted_entries_in_equal_parts() -> None:
    example = numbered(labelled("q", "a", "b"), ("a", "b", "c")).example(weight=2.0)
    assert example is not None
    assert (example.target.tolist(), example.weight) == ([0.5, 0.5, 0.0, 0.0, 0.0], 2.0)


def test_a_question_whose_entry_is_no_candidate_is_no_example() -> None:
    assert numbered(labelled("q", "z")).example() is None


def test_a_question_without_an_entry_aims_at_none_and_at_what_is_known_not_to_be_covered() -> None:
    alone = numbered(labelled("q")).example()
    beside = numbered(labelled("q"), ("a",), ("none-x", "none-y")).example()
    assert alone is not None
    assert beside is not None
    assert alone.target.tolist() == [0.0, 0.0, 1.0, 0.0]
    assert beside.target.tolist() == pytest.approx([0.0, 0.25, 0.25, 0.5, 0.0])


def test_a_question_that_is_to_be_asked_back_aims_at_that_alone() -> None:
    example = numbered(labelled("q", "a", "b", expect="clarify")).example()
    assert example is not None
    assert example.target.tolist() == [0.0, 0.0, 0.0, 1.0]


def test_judging_ranks_entries_alone_and_counts_uncovered_matters_as_none(seen: list[Seen]) -> None:
    for one in judge(seen, Calibration.none()):
        assert all(not id_.startswith("none-") for id_ in one.ranking)
        assert 0.0 <= one.none <= 1.0
        assert one.probability + one.none + one.unclear <= 1.0 + 1e-9


@pytest.mark.parametrize(
    ("expect", "ranking", "right"),
    [("answer", ("a", "b"), True), ("answer", ("b", "a"), False), ("answer", (), False), ("clarify", ("a",), False)],
)
def test_answering_is_right_only_with_a_wanted_entry_where_an_answer_is_expected(
    expect: str, ranking: tuple[str, ...], right: bool
) -> None:
    assert Judged(labelled("q", "a", expect=expect), ranking, 0.9, 0.1).right is right


@pytest.mark.parametrize(
    ("expect", "wanted", "entry", "loss"),
    [
        ("answer", ("a",), "a", 0.0),
        ("answer", ("a", "b"), "b", 0.0),
        ("answer", ("a",), "b", 1.0),
        ("clarify", ("a", "b"), "a", 0.5),
        ("clarify", ("a", "b", "c", "d"), "a", 0.75),
        ("clarify", ("a", "b"), "c", 1.0),
        ("none", (), "a", 1.0),
    ],
)
def test_the_loss_is_the_chance_that_the_answer_is_not_what_was_meant(
    expect: str, wanted: tuple[str, ...], entry: str, loss: float
) -> None:
    assert Labelled("q", expect, frozenset(wanted)).loss(entry) == pytest.approx(loss)


def test_figures_are_those_counted_by_hand() -> None:
    judged = [
        Judged(labelled("1", "a"), ("a", "b"), 0.9, 0.0),
        Judged(labelled("2", "a"), ("b", "a"), 0.8, 0.0),
        Judged(labelled("3", "b"), ("b", "a"), 0.3, 0.5),
        Judged(labelled("4"), ("a", "b"), 0.7, 0.2),
        Judged(labelled("5"), ("a", "b"), 0.1, 0.9),
    ]
    found = figures(judged, 0.6)
    assert found["questions"] == 5
    assert found["right_at_1"] == pytest.approx(2 / 3)
    assert found["right_at_3"] == 1.0
    assert found["coverage"] == pytest.approx(2 / 3)
    assert found["wrong_rate"] == pytest.approx(2 / 5)
    assert found["wrong_rate_low"] < 2 / 5 < found["wrong_rate_high"]
    assert found["none_not_answered"] == 0.5


def test_what_is_asked_back_is_neither_answered_nor_declined() -> None:
    unclear = labelled("q", "a", "b", expect="clarify")
    judged = [
        Judged(unclear, ("a", "b"), 0.4, 0.1, 0.5),
        Judged(unclear, ("a", "b"), 0.8, 0.1, 0.1),
        Judged(unclear, ("a", "b"), 0.1, 0.8, 0.1),
    ]
    assert figures(judged, 0.6)["asked_back"] == pytest.approx(1 / 3)


def test_figures_of_nothing_are_nothing_and_of_nothing_nothing_is_known() -> None:
    found = figures([], 0.5)
    assert found.pop("wrong_rate_high") == 1.0
    assert set(found.values()) == {0.0}


def test_kinds_of_questions_weigh_together_what_they_are_in_real_life() -> None:
    kinds = ["answer"] * 30 + ["none"] * 10 + ["clarify"] * 20
    weights = weights_of([Labelled("q", kind, frozenset()) for kind in kinds])
    assert sum(weights) == pytest.approx(len(kinds))
    for kind, share in LIFE.items():
        mass = sum(weight for weight, held in zip(weights, kinds, strict=True) if held == kind)
        assert mass / len(kinds) == pytest.approx(share)
    assert weights_of([labelled("q", "a")]) == [1.0]


def test_a_set_of_questions_is_known_by_what_it_holds_and_not_by_its_order() -> None:
    one, other = labelled("1", "a"), labelled("2", "b")
    assert hash_of([one, other]) == hash_of([other, one])
    assert hash_of([one]) != hash_of([labelled("1", "b")])


def test_questions_are_grouped_and_the_largest_group_comes_first() -> None:
    judged = [Judged(labelled(text, text[0]), ("a",), 0.9, 0.0) for text in ("b1", "a1", "a2")]
    groups = grouped(judged, lambda one: one.labelled.question[0])
    assert {key: len(group) for key, group in groups.items()} == {"a": 2, "b": 1}
    assert next(iter(groups)) == "a"


def test_what_is_taken_for_what_is_told_with_its_questions() -> None:
    judged = [
        Judged(labelled("1", "a"), ("b", "a"), 0.9, 0.0),
        Judged(labelled("2", "a"), ("b", "a"), 0.2, 0.0),
        Judged(labelled("3", "a"), ("a", "b"), 0.9, 0.0),
        Judged(labelled("4", "b"), ("a", "b"), 0.9, 0.0),
    ]
    assert confusions(judged) == [("a", "b", ["1", "2"]), ("b", "a", ["4"])]


def test_every_question_is_judged_by_weights_that_had_not_seen_it(seen: list[Seen]) -> None:
    judged = unseen(seen)
    assert [one.labelled for one in judged] == [one.labelled for one in seen]
    final = judge(seen, calibrate(seen, 0.1, "hash"))
    assert any(one.probability != other.probability for one, other in zip(judged, final, strict=True))


def test_no_more_of_the_questions_that_nothing_answers_are_answered_than_may_be() -> None:
    sure = [Judged(labelled(str(number), "a"), ("a",), 0.95, 0.0) for number in range(2000)]
    outside = [Judged(labelled(f"o{number}"), ("a",), 0.5 + number / 1000, 0.0) for number in range(100)]
    found = bounded(sure + outside, 0.03)
    assert sum(one.probability >= found.answer_at for one in outside) == 3
    assert found.answer_at <= 0.95


def test_calibrating_ranks_better_than_before_and_keeps_a_stricter_rate_with_a_higher_threshold(
    seen: list[Seen],
) -> None:
    strict, loose = calibrate(seen, 0.02, "hash"), calibrate(seen, 0.4, "hash")
    assert strict.answer_at >= loose.answer_at
    assert (strict.encoder, strict.decline_at) == ("hash", DECLINE_AT)
    assert strict.figures is not None
    assert strict.figures["questions"] == len(seen)
    assert strict.fits
    assert strict.belongs_to("hash", "", 0.02)
    assert strict.questions == hash_of(one.labelled for one in seen)
    before, after = (figures(judge(seen, one), 1.0) for one in (Calibration.none(), strict))
    assert after["brier"] < before["brier"]


def test_a_calibration_of_another_version_is_seen_by_its_shape() -> None:
    assert not Calibration((1.0,), (1.0,), (1.0,), 0.5, 0.5).fits
