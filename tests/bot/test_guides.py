"""A guide is walked one question a turn; 返回, 不知道 and 解决了 always work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from bot.conversation.model import Choice, GuidePlace, State, Step
from bot.dialogue.guides import Guide, advance, again, begin, facts_of, read_guides
from bot.dialogue.leading import Leading
from bot.dialogue.turn import PlainDialogue
from tests.builders import heard

RAW = {
    "guide": "refund-failed",
    "title": "排查退款失败",
    "queue": "merchant_service",
    "start": "state",
    "steps": {
        "state": {
            "ask": "退款是什么状态？",
            "fact": "state",
            "choices": [
                {"label": "退款失败", "next": "reason", "words": ["失败", "没成功"]},
                {"label": "退款成功", "next": "end-answer", "words": ["成功", "退了"]},
                {"label": "不知道", "next": "end-answer"},
            ],
            "unknown": "reason",
        },
        "reason": {
            "ask": "提示什么？",
            "fact": "error_text",
            "choices": [
                {"label": "余额不足", "next": "end-solved", "words": ["不够"]},
                {"label": "没有提示", "next": "serial"},
            ],
            "unknown": "serial",
        },
        "serial": {
            "ask": "单号是多少？",
            "choices": [{"label": "没有单号", "next": "end-red"}, {"label": "不知道", "next": "end-ticket"}],
            "unknown": "end-ticket",
            "free": "end-ticket",
        },
    },
    "ends": {
        "end-answer": {"end": "entry", "entry": "refund-late", "say": "看到账时间。"},
        "end-solved": {"end": "solved", "say": "充值后再退。"},
        "end-ticket": {"end": "ticket", "say": "转同事核对。"},
        "end-red": {"end": "ticket", "queue": "risk_red", "say": "按紧急处理。"},
    },
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict], Path]:
    def put(raw: dict) -> Path:
        (tmp_path / "refund-failed.yml").write_text(yaml.safe_dump(raw, allow_unicode=True), "utf8")
        return tmp_path

    return put


@pytest.fixture
def guide(write: Callable[[dict], Path]) -> Guide:
    return read_guides(write(RAW))["refund-failed"]


def walk(guide: Guide, *said: str) -> Step:
    """Where the guide stands after these answers, each of which must fit."""
    step = begin(guide)
    for text in said:
        assert step.place is not None
        following = advance(guide, step.place, heard(text), None)
        assert following is not None, text
        step = following
    return step


def test_a_guide_begins_with_its_first_question_and_numbered_choices(guide: Guide) -> None:
    step = begin(guide)
    assert (step.step, step.text, step.ends) == ("state", "退款是什么状态？", None)
    assert step.choices == (Choice("1", "退款失败"), Choice("2", "退款成功"), Choice("3", "不知道"))
    assert step.place == GuidePlace("refund-failed", "state")


@pytest.mark.parametrize("text", ["1", "第一个", "退款失败", "失败", "好像没成功啊", "顯示失敗"])
def test_an_answer_is_a_number_an_ordinal_a_label_or_its_other_words(guide: Guide, text: str) -> None:
    assert walk(guide, text).step == "reason"


def test_a_press_stands_above_the_text(guide: Guide) -> None:
    step = advance(guide, GuidePlace("refund-failed", "state"), heard("失败"), "2")
    assert step is not None
    assert step.step == "end-answer"


@pytest.mark.parametrize(
    "text",
    ["今天天气怎么样", "成功还是失败", "", "怎么开发票", "就是上周三下午那一单退款后来又说失败了然后顾客还没收到钱"],
)
def test_what_fits_no_branch_or_several_or_is_a_whole_story_is_no_answer(guide: Guide, text: str) -> None:
    assert advance(guide, GuidePlace("refund-failed", "state"), heard(text), None) is None


def test_of_two_branches_the_longer_word_wins(guide: Guide) -> None:
    assert walk(guide, "没成功").step == "reason"


def test_the_trail_keeps_every_answer_and_gives_the_facts(guide: Guide) -> None:
    step = walk(guide, "失败", "2", "A20261122001")
    assert step.place is not None
    assert step.place.trail == (("state", "退款失败"), ("reason", "没有提示"), ("serial", "A20261122001"))
    assert facts_of(guide, step.place) == {
        "state": "退款失败",
        "error_text": "没有提示",
        "单号是多少？": "A20261122001",
    }
    assert facts_of(guide, GuidePlace("refund-failed", "x", (("gone", "是"),))) == {}


def test_a_free_question_takes_any_text_and_says_so(guide: Guide) -> None:
    step = walk(guide, "失败", "2", "单号是 A1B2")
    assert (step.ends, step.took_anything) == ("ticket", True)
    assert not walk(guide, "失败", "2", "没有单号").took_anything


@pytest.mark.parametrize(
    ("said", "ends", "entry", "queue"),
    [
        (("成功",), "entry", "refund-late", "merchant_service"),
        (("失败", "不够"), "solved", None, "merchant_service"),
        (("失败", "2", "A1"), "ticket", None, "merchant_service"),
        (("失败", "2", "没有单号"), "ticket", None, "risk_red"),
    ],
)
def test_a_guide_ends_with_an_entry_a_ticket_or_well(
    guide: Guide, said: tuple[str, ...], ends: str, entry: str | None, queue: str
) -> None:
    step = walk(guide, *said)
    assert (step.ends, step.entry, step.queue, step.choices) == (ends, entry, queue, ())


def test_back_returns_to_the_question_before_with_its_answer_forgotten(guide: Guide) -> None:
    step = walk(guide, "失败", "2", "返回")
    assert step.place == GuidePlace("refund-failed", "reason", (("state", "退款失败"),))
    assert walk(guide, "失败", "2", "返回", "上一步").place == GuidePlace("refund-failed", "state")


def test_back_at_the_first_question_leaves_the_guide(guide: Guide) -> None:
    assert walk(guide, "返回").ends == "left"


def test_starting_over_forgets_every_answer(guide: Guide) -> None:
    assert walk(guide, "失败", "2", "重来") == begin(guide)


def test_that_it_is_solved_ends_a_guide_anywhere(guide: Guide) -> None:
    assert walk(guide, "失败", "好了").ends == "solved"


def test_not_knowing_takes_the_branch_that_is_offered_for_it(guide: Guide) -> None:
    assert walk(guide, "不知道").step == "end-answer"
    assert advance(guide, GuidePlace("refund-failed", "state"), heard("3"), "3") == walk(guide, "不知道")


def test_not_knowing_is_shown_apart_and_has_no_number(guide: Guide) -> None:
    assert advance(guide, GuidePlace("refund-failed", "state"), heard("3"), None) is None


def test_without_such_a_branch_it_is_asked_once_more_and_then_the_likeliest_is_taken(guide: Guide) -> None:
    once = walk(guide, "失败", "不知道")
    assert (once.step, once.place) == ("reason", GuidePlace("refund-failed", "reason", (("state", "退款失败"),), 1))
    assert walk(guide, "失败", "不知道", "不清楚").step == "serial"


def test_not_knowing_in_other_words_counts_too(guide: Guide) -> None:
    assert walk(guide, "失败", "唔知", "忘了").step == "serial"


def test_an_answer_after_not_knowing_forgets_that(guide: Guide) -> None:
    step = walk(guide, "失败", "不知道", "2")
    assert step.place is not None
    assert step.place.unknowns == 0


def test_a_paused_guide_asks_its_question_again(guide: Guide) -> None:
    place = GuidePlace("refund-failed", "reason", (("state", "退款失败"),), unknowns=1, paused=True)
    step = again(guide, place)
    assert (step.step, step.text) == ("reason", "提示什么？")
    assert step.place == GuidePlace("refund-failed", "reason", (("state", "退款失败"),))


# Reading


@pytest.mark.parametrize("missing", ["guide", "start", "steps", "ends", "queue", "title"])
def test_a_guide_that_lacks_a_part_is_refused_by_name(write: Callable[[dict], Path], missing: str) -> None:
    with pytest.raises(ValueError, match=r"refund-failed\.yml"):
        read_guides(write({name: part for name, part in RAW.items() if name != missing}))


@pytest.mark.parametrize("key", ["unknown", "free", "next"])
def test_a_step_that_leads_nowhere_is_refused_by_name(write: Callable[[dict], Path], key: str) -> None:
    raw = yaml.safe_load(yaml.safe_dump(RAW))
    target = raw["steps"]["serial"]["choices"][0] if key == "next" else raw["steps"]["serial"]
    target[key] = "nowhere"
    with pytest.raises(ValueError, match=r"step serial leads to \['nowhere'\]"):
        read_guides(write(raw))


def test_a_guide_that_begins_nowhere_is_refused(write: Callable[[dict], Path]) -> None:
    with pytest.raises(ValueError, match="nowhere"):
        read_guides(write({**RAW, "start": "nowhere"}))


def test_a_file_that_is_no_yaml_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text("guide: [", "utf8")
    with pytest.raises(ValueError, match=r"broken\.yml"):
        read_guides(tmp_path)


def test_a_folder_without_guides_has_none(tmp_path: Path) -> None:
    assert read_guides(tmp_path) == {}


# The plain dialogue


@pytest.fixture
def dialogue(guide: Guide) -> PlainDialogue:
    return PlainDialogue(Leading({guide.id: guide}))


PLACE = GuidePlace("refund-failed", "state")


def test_without_a_guide_the_dialogue_leads_nothing(dialogue: PlainDialogue) -> None:
    turn = dialogue.turn("c1", heard("怎么退款"), State(), None)
    assert (turn.step, turn.asked, turn.intent) == (None, None, None)
    assert dialogue.ready()


def test_a_running_guide_takes_its_next_step(dialogue: PlainDialogue) -> None:
    turn = dialogue.turn("c1", heard("失败"), State(guide=PLACE), None)
    assert turn.step is not None
    assert (turn.step.step, turn.asked) == ("reason", None)


def test_what_does_not_answer_leaves_the_question_open(dialogue: PlainDialogue) -> None:
    turn = dialogue.turn("c1", heard("怎么开发票"), State(guide=PLACE), None)
    assert turn.step is None
    assert turn.asked is not None
    assert turn.asked.step == "state"


def test_a_paused_guide_waits_until_it_is_asked_to_go_on(dialogue: PlainDialogue) -> None:
    state = State(guide=GuidePlace("refund-failed", "reason", paused=True))
    waiting = dialogue.turn("c1", heard("余额不足"), state, None)
    assert (waiting.step, waiting.asked) == (None, None)
    step = dialogue.turn("c1", heard("继续刚才的排查"), state, None).step
    assert step is not None
    assert step.step == "reason"


@pytest.mark.parametrize("place", [GuidePlace("gone", "state"), GuidePlace("refund-failed", "gone")])
def test_a_place_that_a_new_version_no_longer_has_is_left_alone(dialogue: PlainDialogue, place: GuidePlace) -> None:
    turn = dialogue.turn("c1", heard("失败"), State(guide=place), None)
    assert (turn.step, turn.asked) == (None, None)


def test_a_paused_place_that_is_gone_cannot_go_on(dialogue: PlainDialogue) -> None:
    place = GuidePlace("refund-failed", "gone", paused=True)
    assert dialogue.turn("c1", heard("继续刚才的排查"), State(guide=place), None).step is None


def test_facts_are_passed_on(dialogue: PlainDialogue) -> None:
    for state in (State(), State(guide=PLACE), State(guide=GuidePlace("refund-failed", "state", paused=True))):
        assert dialogue.turn("c1", heard("失败"), state, None).facts == ()
