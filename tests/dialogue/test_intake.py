"""The taking in of a ticket, as pure functions: what is asked, what is kept, and that it always comes to an end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bot.conversation.model import Choice, Fact, IntakePlace
from bot.dialogue import intake as module
from bot.dialogue.intake import CONFIRM, DETAIL, advance, again, begin, read_intake
from bot.tickets.routing import QUEUES_FILE
from tests.dialogue.taking_in import INTAKE, MATTER, NUMBER, ODD, OTHER_ODD, TOLD, Talk, confirming, fact, said, talk

MATTERS = (None, *INTAKE.needs)


# Beginning


def test_who_only_wants_a_ticket_is_asked_what_it_is_about() -> None:
    step = begin(INTAKE, said("帮我提个工单"), ())
    assert (step.step, step.choices, step.guide) == (DETAIL, (), "ticket-create")
    assert step.text.startswith(INTAKE.words["first"])
    assert step.intake == IntakePlace(DETAIL, own=True)


def test_who_tells_the_matter_with_it_is_asked_for_what_is_missing() -> None:
    step = begin(INTAKE, said(f"帮我提个工单，{TOLD}", matter=MATTER), ())
    assert step.step == "merchant_no"
    assert step.intake is not None
    assert TOLD in step.intake.detail
    assert step.intake.matter == MATTER


def test_what_was_talked_about_before_is_what_the_ticket_is_about() -> None:
    step = begin(INTAKE, said("帮我提个工单"), (fact("merchant_no", NUMBER),), TOLD, MATTER)
    assert step.intake == IntakePlace("serial_no", TOLD, MATTER)


def test_a_number_that_looks_wrong_is_questioned_from_the_start() -> None:
    step = begin(INTAKE, said("帮我提个工单"), (fact("merchant_no", ODD),), TOLD, MATTER)
    assert (step.step, ODD in step.text) == ("merchant_no", True)


@pytest.mark.parametrize("matter", MATTERS)
def test_no_matter_asks_for_more_than_five_facts_the_number_first_and_the_contact_last(matter: str | None) -> None:
    asked = INTAKE.asked_for(matter)
    assert asked[0] == "merchant_no"
    assert asked[-1] == "contact"
    assert len(asked) == len(set(asked)) <= 5


def test_what_is_asked_for_belongs_to_matters_that_there_are() -> None:
    assert set(INTAKE.needs) <= set(yaml.safe_load(QUEUES_FILE.read_text(encoding="utf8"))["intents"])


def test_a_fact_without_a_question_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = yaml.safe_load(module.FILE.read_text(encoding="utf8"))
    kept["needs"]["refund_how"] = ["contact_phone", "no_such_fact"]
    (tmp_path / "intake.yml").write_text(yaml.safe_dump(kept), encoding="utf8")
    monkeypatch.setattr(module, "FILE", tmp_path / "intake.yml")
    with pytest.raises(ValueError, match=r"intake\.yml: .*'contact_phone', 'no_such_fact'"):
        read_intake.__wrapped__()


# The description


@pytest.mark.parametrize("nothing", ["没有", "不知道", "你好", "额", "不行"])
def test_a_description_that_says_nothing_is_asked_for_once_more_and_then_taken(nothing: str) -> None:
    one = Talk(begin(INTAKE, said("我要提工单"), ()))
    assert one.all(nothing) == DETAIL
    assert one.step.text == INTAKE.words["detail"]["again"]
    assert one.all(nothing) == "merchant_no"
    assert one.place.detail == nothing


def test_a_description_is_kept_with_its_facts_its_matter_and_its_code() -> None:
    one = Talk(begin(INTAKE, said("我要提工单"), ()))
    text = f"商户号{NUMBER}，昨晚十点退款298元没退成"
    step = advance(INTAKE, one.place, said(text, matter=MATTER, codes=["SYSTEM_ERROR"]), None, ())
    assert step is not None
    assert step.intake is not None
    assert (step.step, step.intake.detail, step.intake.matter) == ("serial_no", text, MATTER)
    values = {one.name: one.value for one in step.facts}
    assert values["merchant_no"] == NUMBER
    assert (values["amount"], values["error_code"]) == ("298", "SYSTEM_ERROR")
    assert values["time"].startswith("2026-11-21T22:00")


def test_a_long_description_is_cut_and_a_later_one_added() -> None:
    one = Talk(begin(INTAKE, said("我要提工单"), ()))
    one.all("一直转圈" * 400)
    assert len(one.place.detail) == 1500
    other = confirming()
    other.all("后来店员又试了一遍还是转圈圈")
    assert other.place.detail == f"{TOLD}\n后来店员又试了一遍还是转圈圈"


# One answer


@pytest.mark.parametrize(
    ("step", "text", "name", "value"),
    [
        ("merchant_no", NUMBER, "merchant_no", NUMBER),
        ("merchant_no", f"应该是{NUMBER}吧", "merchant_no", NUMBER),
        ("serial_no", "4200001234202611221234567890", "serial_no", "4200001234202611221234567890"),
        ("batch_no", "B20261122-07 这个", "batch_no", "B20261122-07"),
        ("amount", "298", "amount", "298"),
        ("amount", "三百块钱", "amount", "300"),
        ("time", "昨晚十点半", "time", "2026-11-21T22:30:00+08:00"),
        ("time", "上周那会儿", "time", "上周那会儿"),
        ("channel", "微信", "channel", "wechat"),
        ("channel", "2", "channel", "alipay"),
        ("channel", "第三个", "channel", "unionpay"),
        ("pay_direction", "我扫顾客", "pay_direction", "merchant_scans"),
        ("error_code", "屏幕写着网络走丢了", "error_code", "屏幕写着网络走丢了"),
        ("contact", "13800138000", "contact_phone", "13800138000"),
        ("contact", "pay@example.com", "contact_email", "pay@example.com"),
        ("contact", "加我微信 shop_8812", "contact", "加我微信 shop_8812"),
    ],
)
def test_an_answer_is_kept_as_the_fact_that_was_asked_for(step: str, text: str, name: str, value: str) -> None:
    one = talk(step)
    assert one.all(text) != step
    assert one.values[name].startswith(value)
    assert one.place.asked == (step,)


def test_a_pressed_choice_is_the_fact_in_the_words_of_its_label() -> None:
    one = talk("channel")
    assert [choice.label for choice in one.step.choices] == ["微信", "支付宝", "云闪付", "银行卡", "没有"]
    assert one.say("支付宝", "2") is not None
    assert Fact("channel", "支付宝", "alipay") in one.facts


@pytest.mark.parametrize("step", [name for name, wanted in INTAKE.wanted.items() if wanted.ask])
def test_any_fact_can_be_left_out_in_words_or_by_a_press(step: str) -> None:
    for text, pressed in (("没有", None), ("不知道", None), ("没有", "none")):
        one = talk(step)
        assert one.step.choices[-1] == Choice("none", "没有")
        assert one.say(text, pressed) is not None
        assert one.step.step != step
        assert one.facts == ()


@pytest.mark.parametrize("step", ["merchant_no", "time", "channel", "amount", "contact"])
def test_what_cannot_be_the_fact_is_added_to_the_description_and_nothing_is_lost(step: str) -> None:
    one = talk(step)
    assert one.all("店里其他人都下班啦") != step
    assert one.place.detail == f"{TOLD}\n店里其他人都下班啦"
    assert one.step.took_anything


@pytest.mark.parametrize("text", ["谢谢", "呃", "？", "啥"])
def test_what_says_nothing_leaves_the_question_open(text: str) -> None:
    for step in ("time", "channel", CONFIRM):
        assert talk(step).say(text) is None


def test_several_facts_in_one_message_leave_only_what_is_missing_to_be_asked() -> None:
    one = talk("merchant_no")
    text = f"商户号{NUMBER}，订单号 A20261121998877，昨晚十点，298元，电话13800138000"
    assert one.all(text) == CONFIRM
    assert set(one.values) >= {"merchant_no", "serial_no", "time", "amount", "contact_phone"}


def test_another_fact_than_the_one_asked_for_is_kept_and_the_question_put_once_more() -> None:
    one = talk("serial_no")
    assert one.all("金额是298元") == "serial_no"
    assert one.values["amount"] == "298"
    assert one.all("商户号8812345678") != "serial_no"


@pytest.mark.parametrize("step", ["merchant_no", "error_code", "time", "amount", "contact"])
def test_not_knowing_in_one_clause_of_a_message_is_no_fact(step: str) -> None:
    one = talk(step)
    assert one.all("真不知道，我才接手两周") != step
    assert one.facts == ()


def test_a_correction_counts_and_the_open_question_stays_open() -> None:
    one = talk("time", fact("amount", "298"), asked=("merchant_no", "serial_no"))
    assert one.all("不对，金额是299元") == "time"
    assert one.values["amount"] == "299"
    assert one.place.detail == TOLD


def test_who_has_said_enough_is_shown_what_there_is_and_may_submit_it_in_those_words() -> None:
    one = talk("serial_no", fact("merchant_no", NUMBER))
    assert one.all("就这些了") == CONFIRM
    assert one.place.asked == ("serial_no",)
    one.all("就这些了")
    assert one.step.ends == "ticket"


# A number of unusual form


def test_an_unusual_merchant_number_is_questioned_once_and_kept_where_it_is_confirmed() -> None:
    one = talk("merchant_no")
    assert one.all(ODD) == "merchant_no"
    assert (one.step.text, one.place.questioned) == (INTAKE.words["doubt"].format(said=ODD), True)
    assert one.all("对") == "serial_no"
    assert one.values["merchant_no"] == ODD


@pytest.mark.parametrize(("text", "kept"), [(NUMBER, NUMBER), (OTHER_ODD, OTHER_ODD), ("没有", ODD), ("没错", ODD)])
def test_whatever_is_said_to_the_doubt_it_is_not_put_again(text: str, kept: str) -> None:
    one = talk("merchant_no")
    assert one.all(ODD, text) == "serial_no"
    assert one.values["merchant_no"] == kept


def test_an_unusual_number_that_comes_with_another_answer_is_questioned_too() -> None:
    one = talk("amount", fact("merchant_no", NUMBER))
    assert one.all("298元，商户号是" + ODD) == "merchant_no"
    assert one.all("对") != "amount"
    assert one.values == {"merchant_no": ODD, "amount": "298"}


@pytest.mark.parametrize(
    ("step", "text", "brought"),
    [
        ("amount", "不对，商户号是8812345679", "merchant_no"),
        ("serial_no", "写错了，商户号是8812345679", "merchant_no"),
        ("time", "说错了，金额是299元", "amount"),
        ("amount", "昨晚10点", "time"),
        ("contact", "商户号打错了，是商户号8812345679", "merchant_no"),
    ],
)
def test_another_fact_is_never_read_as_the_one_that_was_asked_for(step: str, text: str, brought: str) -> None:
    one = talk(step)
    assert one.all(text) == step
    assert set(one.values) == {brought}


# Back, over, away


def test_back_asks_the_question_before_with_what_is_kept_and_agreeing_keeps_it() -> None:
    one = talk("merchant_no")
    one.all(NUMBER, "A20261121998877")
    assert one.all("返回") == "serial_no"
    assert one.step.text.startswith(INTAKE.words["held"].format(said="A20261121998877"))
    assert one.all("对") == "time"
    assert one.all("返回", "返回") == "merchant_no"
    assert one.all("8812345679") == "time"
    assert one.values == {"merchant_no": "8812345679", "serial_no": "A20261121998877"}


def test_back_at_the_first_question_leaves() -> None:
    one = Talk(begin(INTAKE, said("我要提工单"), ()))
    one.all("返回")
    assert one.step.ends == "left"


def test_back_at_the_question_after_the_description_asks_for_the_description_again() -> None:
    one = Talk(begin(INTAKE, said("我要提工单"), ()))
    one.all(TOLD)
    assert one.all("返回") == DETAIL
    assert one.step.ends is None
    assert one.all("是小程序里的那个退款按钮") == "merchant_no"
    assert one.place.detail == f"{TOLD}\n是小程序里的那个退款按钮"


def test_a_number_that_was_questioned_is_one_step_to_go_back_over() -> None:
    one = talk("merchant_no")
    one.all(ODD, "对")
    assert one.all("返回") == "merchant_no"
    one.all("返回")
    assert one.step.ends == "left"


def test_starting_over_asks_for_the_description_and_keeps_the_facts() -> None:
    one = talk("merchant_no")
    one.all(NUMBER)
    assert one.all("重来") == DETAIL
    assert (one.place, one.values) == (IntakePlace(DETAIL, own=True), {"merchant_no": NUMBER})
    assert one.all("换一件事，退款按钮是灰的") == "contact"


@pytest.mark.parametrize("step", [DETAIL, "merchant_no", "channel", "contact", CONFIRM])
@pytest.mark.parametrize("text", ["算了", "不提交了", "取消"])
def test_it_can_be_left_anywhere(step: str, text: str) -> None:
    one = talk(step)
    one.all(text)
    assert (one.step.ends, one.step.text) == ("left", "")


def test_a_paused_intake_asks_its_question_again_where_it_was() -> None:
    place = IntakePlace("amount", TOLD, MATTER, ("merchant_no",), questioned=True, paused=True)
    step = again(INTAKE, place, ())
    assert (step.intake, step.text) == (replace(place, paused=False), INTAKE.wanted["amount"].ask)


# Confirming


def test_all_that_is_known_is_shown_to_be_confirmed_as_it_was_said_and_understood() -> None:
    when = Fact("time", "昨晚十点半", "2026-11-21T22:30:00+08:00")
    step = confirming(fact("merchant_no", NUMBER), when, Fact("amount", "三百块", "300")).step
    assert step.text.splitlines() == [
        INTAKE.words["confirm"]["ask"],
        f"· 情况：{TOLD}",
        f"· 商户号：{NUMBER}",
        "· 发生时间：昨晚十点半（2026-11-21 22:30）",
        "· 金额：三百块（300）",
        INTAKE.words["confirm"]["after"],
    ]
    assert [choice.label for choice in step.choices] == ["提交", "有地方要改", "不提交了"]


@pytest.mark.parametrize(
    ("text", "pressed"), [("提交", None), ("提交", "1"), ("1", None), ("对", None), ("没问题", None)]
)
def test_confirmed_it_ends_in_a_ticket(text: str, pressed: str | None) -> None:
    one = confirming()
    step = one.say(text, pressed)
    assert step is not None
    assert (step.ends, step.intake) == ("ticket", one.place)


def test_a_press_on_not_submitting_leaves() -> None:
    step = confirming().say("不提交了", "3")
    assert step is not None
    assert step.ends == "left"


@pytest.mark.parametrize(("text", "pressed"), [("有地方要改", "2"), ("2", None), ("不对", None)])
def test_what_is_wrong_is_asked_and_put_right_in_one_message(text: str, pressed: str | None) -> None:
    one = confirming(fact("amount", "298"))
    assert one.say(text, pressed) is not None
    assert (one.step.step, one.step.text) == (CONFIRM, INTAKE.words["wrong"])
    assert one.all("金额是299元") == CONFIRM
    assert "299" in one.step.text
    one.all("提交")
    assert one.step.ends == "ticket"


def test_a_fact_put_right_at_once_is_shown_again_before_it_is_submitted() -> None:
    one = confirming(fact("amount", "298"))
    assert one.all("提交吧，对了金额是299元") == CONFIRM
    assert "299" in one.step.text
    assert one.step.ends is None


def test_an_unusual_number_that_was_put_right_while_confirming_is_questioned() -> None:
    one = confirming(fact("merchant_no", NUMBER))
    assert one.all(f"商户号是{ODD}") == "merchant_no"
    assert one.all("对") == CONFIRM
