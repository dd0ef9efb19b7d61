"""A question in, a ranking out; what is served is swapped as a whole."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from knowledge.confidence import FEATURES, LOOKS, Calibration
from knowledge.errors import EntryMissing, LibraryEmpty
from knowledge.library import Library, Ranking
from knowledge.question import Language
from knowledge.uncovered import Uncovered
from tests.builders import an_entry
from tests.doubles import HashEncoder

REFUND = an_entry("refund", "怎么退款", "钱怎么退给顾客", "退款在哪点", title="怎么给顾客退款？")
LATE = an_entry("refund-late", "退款多久到账", "顾客说退款没收到", "退款几天能到", title="退款多久到账？")
SPLIT = an_entry("split", "分账失败", "分账报错怎么办", "分不了账", title="分账失败怎么办？", category="split")
PAID = an_entry("paid", "提示订单已支付", codes=("ORDERPAID",), aliases=("order has been paid",), kind="error_code")
PAID_TOO = an_entry("paid-too", "重复支付怎么办", codes=("TRADEPAID",))
ENTRIES = (REFUND, LATE, SPLIT, PAID, PAID_TOO)
WEATHER = Uncovered("none-weather", "天气", False, None, ("今天天气怎么样", "明天下雨吗", "外面冷不冷"))
LOAN = Uncovered("none-loan", "贷款", True, "merchant_service", ("能不能贷款", "借钱利息多少", "想贷点款周转"))
CALIBRATION = Calibration(
    tuple({"head": 2.0, "neighbours": 4.0, "lexical": 4.0, "code": 3.0}.get(name, 0.0) for name in FEATURES),
    tuple({"one": 0.5}.get(name, 0.0) for name in LOOKS),
    tuple({"one": -9.0}.get(name, 0.0) for name in LOOKS),
    answer_at=0.6,
    decline_at=0.3,
)


def empty_library(language: Language, folder: Path) -> Library:
    return Library(language, HashEncoder(), CALIBRATION, folder)


@pytest.fixture(scope="module")
def library(language: Language, tmp_path_factory: pytest.TempPathFactory) -> Library:
    library = empty_library(language, tmp_path_factory.mktemp("library"))
    library.refresh(ENTRIES, (WEATHER, LOAN), generation="g1")
    return library


@pytest.fixture(scope="module")
def ask(library: Library) -> Callable[..., Ranking]:
    return lambda text, **more: library.search(library.language.read(text), **more)


@pytest.fixture
def fresh(language: Language, tmp_path: Path) -> Library:
    return empty_library(language, tmp_path)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("怎么退款给顾客", "refund"),
        ("退錢點退俾客人，退款係邊度撳", "refund"),
        ("tuikuan 几天能到", "refund-late"),
        ("分張报错", "split"),
    ],
)
def test_the_entry_that_is_meant_comes_first(ask: Callable[..., Ranking], text: str, entry: str) -> None:
    assert ask(text).candidates[0].entry == entry


def test_a_candidate_carries_what_a_decision_needs(ask: Callable[..., Ranking]) -> None:
    best = ask("分账失败").candidates[0]
    assert (best.title, best.category, best.intent, best.matched) == (SPLIT.title, "split", SPLIT.intent, "分账失败")


def test_probabilities_fall_and_with_none_sum_to_one(ask: Callable[..., Ranking]) -> None:
    ranking = ask("怎么退款")
    shares = [candidate.probability for candidate in ranking.candidates]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) + ranking.none + ranking.unclear == pytest.approx(1.0)
    assert ranking.confidence.value == shares[0]


def test_no_more_candidates_than_asked_for(ask: Callable[..., Ranking]) -> None:
    assert len(ask("怎么退款", limit=2).candidates) == 2


def test_a_matter_outside_the_library_is_known_as_one(ask: Callable[..., Ranking]) -> None:
    ranking = ask("今天天气怎么样")
    assert ranking.uncovered == WEATHER
    assert ranking.none > 0.5
    assert all(not candidate.entry.startswith("none-") for candidate in ranking.candidates)


def test_a_matter_that_an_entry_outranks_is_not_mentioned(ask: Callable[..., Ranking]) -> None:
    assert ask("怎么退款").uncovered is None


@pytest.mark.parametrize("text", ["ORDERPAID", "报错 order_paid", "提示 Order has been paid 怎么办"])
def test_a_code_brings_its_entry_to_the_front(ask: Callable[..., Ranking], text: str) -> None:
    ranking = ask(text)
    assert ranking.candidates[0].entry == "paid"
    assert (ranking.codes[0].upper().replace(" ", ""), ranking.code_entries)[1] == ("paid",)


def test_two_codes_as_specific_as_each_other_have_two_owners(ask: Callable[..., Ranking]) -> None:
    assert set(ask("ORDERPAID TRADEPAID").code_entries) == {"paid", "paid-too"}


def test_an_entry_that_owns_a_code_is_a_candidate_however_little_else_speaks_for_it(
    language: Language, tmp_path: Path
) -> None:
    crowd = [an_entry(f"e{number}", f"退款失败第{number}种情况怎么处理") for number in range(40)]
    library = empty_library(language, tmp_path)
    library.refresh([*crowd, PAID])
    ranking = library.search(language.read("退款失败的情况怎么处理 ORDERPAID"))
    assert "paid" in [candidate.entry for candidate in ranking.candidates]


def test_titles_codes_and_screen_texts_are_searched_too(library: Library) -> None:
    shown = {text.shown for text in library.texts([PAID], [])}
    assert {PAID.title, "ORDERPAID", "order has been paid", "提示订单已支付"} == shown


def test_a_text_that_is_nothing_once_read_is_not_searched(library: Library) -> None:
    assert {text.shown for text in library.texts([replace(REFUND, phrasings=("\u200b", "怎么退款"))], [])} == {
        REFUND.title,
        "怎么退款",
    }


def test_an_entry_is_given_by_its_id_and_a_missing_one_is_an_error(library: Library) -> None:
    assert library.entry("split") == SPLIT
    assert set(library.entries()) == set(ENTRIES)
    with pytest.raises(EntryMissing):
        library.entry("none-weather")


def test_before_anything_is_published_nothing_can_be_searched(fresh: Library) -> None:
    assert fresh.generation is None
    for use in (lambda: fresh.search(fresh.language.read("退款")), fresh.entries, lambda: fresh.refresh([])):
        with pytest.raises(LibraryEmpty):
            use()


def test_a_refresh_serves_the_new_entries_and_only_them(fresh: Library) -> None:
    fresh.refresh([REFUND, SPLIT], generation="g1")
    fresh.refresh([REFUND, LATE], generation="g2")
    assert fresh.generation == "g2"
    assert {entry.id for entry in fresh.entries()} == {"refund", "refund-late"}
    assert "split" not in [c.entry for c in fresh.search(fresh.language.read("分账失败")).candidates]


def test_the_same_entries_again_are_read_and_not_built(fresh: Library) -> None:
    told: list[str] = []
    fresh.refresh(ENTRIES, progress=told.append)
    assert told
    told.clear()
    fresh.refresh(reversed(ENTRIES), progress=told.append)
    assert told == []


def test_another_process_reads_the_index_the_first_one_built(language: Language, tmp_path: Path) -> None:
    first, second = empty_library(language, tmp_path), empty_library(language, tmp_path)
    first.refresh(ENTRIES)
    told: list[str] = []
    second.refresh(ENTRIES, progress=told.append)
    assert told == []
    question = language.read("退款多久到")
    assert [c.entry for c in second.search(question).candidates] == [c.entry for c in first.search(question).candidates]


def test_a_damaged_index_is_built_anew(language: Language, tmp_path: Path) -> None:
    empty_library(language, tmp_path).refresh(ENTRIES)
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        path.write_bytes(path.read_bytes()[:100])
    library = empty_library(language, tmp_path)
    library.refresh(ENTRIES)
    assert library.search(language.read("分账失败")).candidates[0].entry == "split"


def test_a_failed_refresh_leaves_what_is_served(fresh: Library) -> None:
    fresh.refresh([REFUND, SPLIT], generation="g1")
    with pytest.raises(LibraryEmpty):
        fresh.refresh([])
    assert fresh.generation == "g1"


def test_questions_asked_during_a_refresh_are_answered_from_one_generation(fresh: Library) -> None:
    fresh.refresh([REFUND, SPLIT])
    done = threading.Event()
    seen: list[set[str]] = []

    def keep_asking() -> None:
        while not done.is_set():
            seen.append({c.entry for c in fresh.search(fresh.language.read("退款")).candidates})

    asking = threading.Thread(target=keep_asking)
    asking.start()
    for _ in range(3):
        fresh.refresh([REFUND, LATE])
        fresh.refresh([REFUND, SPLIT])
    done.set()
    asking.join()
    assert seen
    assert all(found in ({"refund", "split"}, {"refund", "refund-late"}) for found in seen)


def test_for_evaluation_entries_come_before_uncovered_matters(library: Library) -> None:
    ids, inside, features, none = library.numbers(library.language.read("能贷款吗 ORDERPAID"))
    assert set(ids[:inside]) == {entry.id for entry in ENTRIES}
    assert set(ids[inside:]) == {"none-weather", "none-loan"}
    assert features.shape == (len(ids), len(FEATURES))
    assert none.shape == (len(LOOKS),)
    assert features[ids.index("paid"), FEATURES.index("code")] == 1.0


def test_a_library_of_uncovered_matters_alone_finds_no_entry(fresh: Library) -> None:
    fresh.refresh([], [WEATHER])
    ranking = fresh.search(fresh.language.read("今天天气怎么样"))
    assert (ranking.candidates, ranking.confidence.value, ranking.none) == ((), 0.0, pytest.approx(1.0))
    assert ranking.uncovered == WEATHER


def test_words_that_somebody_wrote_down_for_an_entry_always_bring_it(language: Language, tmp_path: Path) -> None:
    crowd = [an_entry(f"e{number}", "退款不了怎么办", f"第{number}种退款问题怎么办") for number in range(30)]
    library = empty_library(language, tmp_path)
    library.refresh([*crowd, an_entry("odd", "退款问题怎么办")])
    ranking = library.search(language.read("退款问题，怎么办？"))
    assert (ranking.candidates[0].entry, ranking.confidence.value, ranking.none) == ("odd", 1.0, 0.0)


def test_words_written_down_for_two_entries_are_as_likely_either(language: Language, tmp_path: Path) -> None:
    library = empty_library(language, tmp_path)
    library.refresh([replace(one, phrasings=(*one.phrasings, "退款问题")) for one in (REFUND, LATE)] + [SPLIT])
    ranking = library.search(language.read("退款问题"))
    assert {one.entry: one.probability for one in ranking.candidates[:2]} == {"refund": 0.5, "refund-late": 0.5}


def test_words_written_down_for_what_is_not_covered_bring_no_entry(ask: Callable[..., Ranking]) -> None:
    assert (ask("能不能贷款").none, ask("能不能贷款").uncovered) == (1.0, LOAN)


def test_an_entry_is_not_found_by_what_it_was_said_not_to_be(language: Language, tmp_path: Path) -> None:
    denying = replace(REFUND, negatives=("消费者怎么申请退款",))
    library = empty_library(language, tmp_path)
    library.refresh([denying, LATE, SPLIT])
    for text in ("消费者怎么申请退款", "我是消费者，怎么申请退款"):
        found = [one.entry for one in library.search(language.read(text)).candidates]
        assert found
        assert "refund" not in found
    assert library.search(language.read("怎么退款")).candidates[0].entry == "refund"


def test_what_an_entry_is_not_is_never_an_answer_itself(language: Language, tmp_path: Path) -> None:
    library = empty_library(language, tmp_path)
    library.refresh([replace(REFUND, negatives=("消费者怎么申请退款",)), LATE])
    ranking = library.search(language.read("消费者申请退款"))
    assert {one.entry for one in ranking.candidates} <= {"refund", "refund-late"}
    assert sum(one.probability for one in ranking.candidates) + ranking.none + ranking.unclear == pytest.approx(1.0)
