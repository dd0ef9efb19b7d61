"""Funds being lost: the red channel at once, whatever is going on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import update

from bot.conversation import phrases
from bot.conversation.model import Holder
from bot.tables import conversations
from bot.tickets.model import Priority
from bot.tickets.store import TicketStore
from knowledge.database import transaction
from tests.journeys.shop import NIGHT, Heard, Merchant, Shop, rows

HELP = "我的钱被人转走了！"


def assert_red(shop: Shop, heard: Heard) -> None:
    assert heard.kind == "handoff"
    assert heard.decision["queue"] == "risk_red"
    assert phrases.FOUR_STEPS in heard.text
    ticket = shop.ticket(heard.number)
    assert (ticket.queue, ticket.priority) == ("risk_red", Priority.RED)
    assert ticket.number in heard.text
    assert len(rows(shop.engine, "tickets")) == 1


def in_a_guide(merchant: Merchant, _: Shop) -> None:
    merchant.say("支付成功但没收到通知")
    merchant.say("能打开")


def with_choices_open(merchant: Merchant, _: Shop) -> None:
    merchant.say("退款")


def after_a_failure(merchant: Merchant, _: Shop) -> None:
    merchant.say("没用")


def in_the_queue(merchant: Merchant, _: Shop) -> None:
    merchant.say("转人工")


def with_the_staff(merchant: Merchant, shop: Shop) -> None:
    merchant.say("转人工")
    with transaction(shop.engine) as connection:
        connection.execute(update(conversations).values(holder=Holder.STAFF.value))


def at_night(_: Merchant, shop: Shop) -> None:
    shop.clock.set(NIGHT)


def with_a_ticket_at_night(merchant: Merchant, shop: Shop) -> None:
    shop.clock.set(NIGHT)
    merchant.say("转人工")


def at_once(_: Merchant, __: Shop) -> None:
    pass


@pytest.mark.parametrize(
    ("state", "holder"),
    [
        (at_once, "queue"),
        (in_a_guide, "queue"),
        (with_choices_open, "queue"),
        (after_a_failure, "queue"),
        (in_the_queue, "queue"),
        (with_the_staff, "staff"),
        (at_night, "bot"),
        (with_a_ticket_at_night, "bot"),
    ],
)
def test_an_emergency_is_answered_with_the_four_steps_and_one_red_ticket_in_every_state(
    shop: Shop, merchant: Merchant, state: Callable[[Merchant, Shop], None], holder: str
) -> None:
    state(merchant, shop)
    heard = merchant.say(HELP)
    assert_red(shop, heard)
    assert heard.holder == holder


def test_a_ticket_that_waits_is_raised_and_keeps_its_number_and_gets_an_earlier_promise(
    stored_shop: Shop,
) -> None:
    merchant = stored_shop.merchant()
    before = merchant.say("转人工")
    after = merchant.say(HELP)
    assert after.number == before.number
    assert_red(stored_shop, after)
    assert "今天 10:30" in after.text
    assert [event.kind for event in TicketStore(stored_shop.engine).events(str(after.number))] == ["created", "raised"]


def test_an_emergency_in_a_guide_carries_what_the_guide_found_out_and_ends_it(shop: Shop, merchant: Merchant) -> None:
    in_a_guide(merchant, shop)
    heard = merchant.say(HELP)
    assert "notify_url" in [fact.name for fact in shop.ticket(heard.number).facts]
    assert shop.conversation.state.guide is None


def test_an_emergency_with_a_secret_in_it_masks_the_secret_and_warns_first(shop: Shop, merchant: Merchant) -> None:
    heard = merchant.say("有人盗刷我的卡 6222021234567890128")
    assert_red(shop, heard)
    assert "6222021234567890128" not in heard.said
    assert heard.replies[0]["kind"] == "notice"


def test_a_second_emergency_stays_on_the_same_ticket(shop: Shop, merchant: Merchant) -> None:
    first = merchant.say(HELP)
    second = merchant.say("收款码也被人换了")
    assert_red(shop, second)
    assert first.number == second.number


@pytest.mark.parametrize(
    "said", ["收款码被人偷换了", "啲钱唔见咗", "someone hacked our account", "密钥泄露到 github 了"]
)
def test_losses_are_recognised_in_other_words_and_languages(shop: Shop, merchant: Merchant, said: str) -> None:
    assert_red(shop, merchant.say(said))


@pytest.mark.parametrize("said", ["怎么识别假冒的客服", "你们就是骗子公司"])
def test_no_loss_is_no_red_ticket(merchant: Merchant, said: str) -> None:
    assert merchant.say(said).decision.get("queue") != "risk_red"


def test_despair_is_met_with_care_and_the_red_channel(shop: Shop, merchant: Merchant) -> None:
    heard = merchant.say("货款全没了，不想活了")
    assert_red(shop, heard)
    assert "家人" in heard.text
