"""The entries that come along: vetted in shape, at one with each other, silent about what differs by company."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

import pytest
import yaml

from bot.conversation.policy import COMPLAINTS_QUEUE, EMERGENCY_ENTRIES
from bot.dialogue.guides import Guide, read_guides
from bot.organisation.profile import SETTINGS_FILE, definitions
from embeddings.normalise import fold
from knowledge.entry import Entry, parse_answer
from knowledge.evaluate import GOLDEN, Labelled, read_questions
from knowledge.exchange import SEED, Collection, flaws, read_folder, settings_used
from knowledge.question import Language, categories

QUEUES = SETTINGS_FILE.parent / "queues.yml"
UNKNOWN_RESULT_CODES = {"SYSTEMERROR", "ACQ.SYSTEM_ERROR"}
UNKNOWN_RESULT = {
    "order-timeout-unknown-rule",
    "order-stuck-pending",
    "batch-payout-unknown-no-resend",
    "withdraw-failed",
}
KINDS = {"faq", "guide", "error_code", "policy", "product_card"}
NEAR_COPY_CHARS = 8
NEAR_COPY_SHARE = 0.5
"""A short text from a screen, quoted within a question of one's own, is no copy."""
MOST_QUESTIONS = 6
MOST_SHARED, SHARED_CHARS = 4, 32
LABEL_CHARS = 14
_PUNCTUATION = re.compile(r"[\W_]+")


@pytest.fixture(scope="module")
def seed() -> Collection:
    return read_folder(SEED)


@pytest.fixture(scope="module")
def entries(seed: Collection) -> dict[str, Entry]:
    return {entry.id: entry for entry in seed.entries}


@pytest.fixture(scope="module")
def golden() -> list[Labelled]:
    return read_questions(GOLDEN)


@pytest.fixture(scope="module")
def guides() -> dict[str, Guide]:
    return read_guides()


@pytest.fixture(scope="module")
def service() -> dict:
    return yaml.safe_load(QUEUES.read_text("utf8"))


def bare(text: str) -> str:
    """As two people would write the same thing: no width, case, script, space or punctuation."""
    return _PUNCTUATION.sub("", fold(text))


def near_copy(one: str, other: str) -> bool:
    """Of two texts one of which holds the other."""
    short, long = sorted((one, other), key=len)
    enough = len(short) >= NEAR_COPY_CHARS and len(short) >= NEAR_COPY_SHARE * len(long)
    return one == other or enough


def test_every_entry_may_be_published_and_stands_once(seed: Collection) -> None:
    assert {entry.id: found for entry in seed.entries if (found := flaws(entry))} == {}
    assert [id_ for id_, times in Counter(entry.id for entry in seed.entries).items() if times > 1] == []
    assert len(seed.entries) > 150


def test_ids_are_words_that_can_stand_in_an_address(seed: Collection) -> None:
    ids = [*(entry.id for entry in seed.entries), *(matter.id for matter in seed.uncovered)]
    assert [id_ for id_ in ids if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", id_)] == []


def test_every_category_is_one_people_see_and_has_the_same_name(seed: Collection) -> None:
    assert dict(seed.categories) == {id_: name for id_, name in categories().items() if id_ in seed.categories}
    assert {entry.category for entry in seed.entries} == set(categories())


def test_no_two_entries_have_the_same_title(seed: Collection) -> None:
    assert [title for title, times in Counter(bare(entry.title) for entry in seed.entries).items() if times > 1] == []


def test_an_answer_ends_with_when_to_call_a_person_and_leaves_no_brace(seed: Collection) -> None:
    for entry in seed.entries:
        assert entry.answer.splitlines()[-1].startswith("找人工："), entry.id
        assert not re.search(r"(?<!\{)\{(?!\{)|(?<!\})\}(?!\})", entry.answer), entry.id


def test_every_placeholder_is_a_setting_with_an_honest_stand_in_without_figures(seed: Collection) -> None:
    defined = definitions()
    used = settings_used(seed.entries)
    assert used <= {name for name, one in defined.items() if one.kind == "text"}
    for name in used:
        stand_in = defined[name].default if defined[name].follows is None else defined[defined[name].follows].default
        assert stand_in, name
        assert not re.search(r"\d|https?:|www\.", stand_in), (name, stand_in)
        assert not re.search(r"\{\{|\}\}", stand_in), (name, stand_in)


def test_the_kind_of_an_entry_is_a_known_one_and_error_entries_carry_codes(seed: Collection) -> None:
    assert {entry.kind for entry in seed.entries} <= KINDS, {entry.kind for entry in seed.entries} - KINDS
    assert [e.id for e in seed.entries if e.kind == "error_code" and not e.codes] == []


def test_every_intent_is_one_the_service_knows(seed: Collection, service: dict) -> None:
    assert {entry.id: entry.intent for entry in seed.entries if entry.intent not in service["intents"]} == {}


def test_queues_of_intents_and_of_uncovered_matters_exist(seed: Collection, service: dict) -> None:
    known = {*service["queues"], None, "by_topic", "by_ticket"}
    assert {name: one["queue"] for name, one in service["intents"].items() if one["queue"] not in known} == {}
    assert {matter.id for matter in seed.uncovered if matter.queue not in {*service["queues"], None}} == set()
    assert COMPLAINTS_QUEUE in service["queues"]


def test_related_entries_exist_and_none_is_related_to_itself(entries: dict[str, Entry]) -> None:
    for entry in entries.values():
        assert set(entry.related) <= set(entries), entry.id
        assert entry.id not in entry.related, entry.id
        assert len(set(entry.related)) == len(entry.related), entry.id


def test_the_entries_that_rules_answer_with_exist(entries: dict[str, Entry]) -> None:
    named = {*EMERGENCY_ENTRIES, "complaint-file", "complaint-regulator", "complaint-escalate-internal"}
    assert named | {"ticket-status", "ticket-urge", "service-hours", "service-holiday-peak-hours"} <= set(entries)


def test_a_phrasing_of_several_entries_says_too_little_to_tell_them_apart(seed: Collection) -> None:
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for group in (*seed.entries, *seed.uncovered):
        for text in group.phrasings:
            owners[bare(text)].add(group.id)
    shared = {text: ids for text, ids in owners.items() if len(ids) > 1}
    assert {text: ids for text, ids in shared.items() if len(ids) > MOST_SHARED or len(text) > SHARED_CHARS} == {}
    assert {text for text, ids in shared.items() if any(id_.startswith("none-") for id_ in ids)} == set()


def test_an_uncovered_matter_has_a_name_and_enough_phrasings(seed: Collection) -> None:
    for matter in seed.uncovered:
        assert matter.name.strip(), matter.id
        assert len(matter.phrasings) >= 5, matter.id
        assert matter.near or matter.queue is None, matter.id


def test_what_has_no_known_result_is_looked_up_before_anything_else(entries: dict[str, Entry]) -> None:
    unknown = UNKNOWN_RESULT | {entry.id for entry in entries.values() if UNKNOWN_RESULT_CODES & set(entry.codes)}
    assert set(entries) >= unknown
    for id_ in sorted(unknown):
        conclusion = parse_answer(entries[id_].answer).conclusion
        assert conclusion.startswith("先查"), (id_, conclusion)


def test_golden_questions_want_entries_that_exist(golden: list[Labelled], entries: dict[str, Entry]) -> None:
    assert {id_ for one in golden for id_ in one.wanted} <= set(entries)
    assert {one.expect for one in golden} <= {"answer", "clarify", "none"}
    assert [one.question for one in golden if one.expect != "none" and not one.wanted] == []


def test_every_entry_is_asked_for_in_the_golden_set(golden: list[Labelled], entries: dict[str, Entry]) -> None:
    assert set(entries) - {id_ for one in golden for id_ in one.wanted} == set()


def test_golden_questions_are_neither_phrasings_nor_near_copies(seed: Collection, golden: list[Labelled]) -> None:
    known = {bare(text) for group in (*seed.entries, *seed.uncovered) for text in group.phrasings}
    known |= {bare(entry.title) for entry in seed.entries}
    asked = [bare(one.question) for one in golden]
    held = ((one, text) for one in asked for text in known if one in text or text in one)
    assert [pair for pair in held if near_copy(*pair)] == []


def test_golden_questions_stand_once(golden: list[Labelled]) -> None:
    assert [q for q, times in Counter(bare(one.question) for one in golden).items() if times > 1] == []


def test_every_phrasing_says_something_once_read(seed: Collection, language: Language) -> None:
    silent = [t for g in (*seed.entries, *seed.uncovered) for t in g.phrasings[:3] if not language.normalise(t).strip()]
    assert silent == []


def test_every_guide_belongs_to_an_entry_and_is_named_like_its_file(
    guides: dict[str, Guide], entries: dict[str, Entry]
) -> None:
    assert guides
    assert set(guides) <= set(entries)


def paths(guide: Guide, at: str, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every way through a guide from `at`, as the names of its questions; a circle is cut where it closes."""
    if at in guide.ends or at in before:
        yield (*before, at)
        return
    ask = guide.steps[at]
    for target in dict.fromkeys((*(b.next for b in ask.branches), ask.unknown, *([ask.free] if ask.free else []))):
        yield from paths(guide, target, (*before, at))


GUIDES = sorted(read_guides())


@pytest.mark.parametrize("id_", GUIDES)
def test_every_way_through_a_guide_ends_within_six_questions(guides: dict[str, Guide], id_: str) -> None:
    for way in paths(guides[id_], guides[id_].start):
        assert way[-1] in guides[id_].ends, f"goes round in circles: {way}"
        assert len(way) - 1 <= MOST_QUESTIONS, way


@pytest.mark.parametrize("id_", GUIDES)
def test_every_step_and_every_end_of_a_guide_can_be_reached(guides: dict[str, Guide], id_: str) -> None:
    guide = guides[id_]
    reached = {name for way in paths(guide, guide.start) for name in way}
    assert {*guide.steps, *guide.ends} == reached


@pytest.mark.parametrize("id_", GUIDES)
def test_labels_fit_a_button_differ_and_offer_not_to_know(guides: dict[str, Guide], id_: str) -> None:
    for name, ask in guides[id_].steps.items():
        labels = [branch.label for branch in ask.branches]
        assert "不知道" in labels, name
        assert len(set(labels)) == len(labels), name
        assert [label for label in labels if not 1 <= len(label) <= LABEL_CHARS] == [], name
        assert len(labels) >= 2, name
        assert ask.text.strip(), name


@pytest.mark.parametrize("id_", GUIDES)
def test_ends_of_a_guide_name_entries_and_queues_that_exist(
    guides: dict[str, Guide], entries: dict[str, Entry], service: dict, id_: str
) -> None:
    guide = guides[id_]
    assert guide.queue in service["queues"]
    for name, end in guide.ends.items():
        assert end.kind in ("entry", "ticket", "solved"), name
        assert (end.kind == "entry") == (end.entry is not None), name
        assert end.entry is None or end.entry in entries, name
        assert end.queue is None or end.queue in service["queues"], name
        assert end.text.strip(), name


@pytest.mark.parametrize("id_", GUIDES)
def test_a_word_that_answers_a_guide_means_one_branch(guides: dict[str, Guide], id_: str) -> None:
    for name, ask in guides[id_].steps.items():
        said = Counter(fold(word) for branch in ask.branches for word in {branch.label, *branch.words})
        assert [word for word, times in said.items() if times > 1] == [], name
