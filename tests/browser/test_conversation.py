"""What a merchant sees: quiet until asked, answers that can be acted on, choices, guides, tickets, people."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.merchant import Merchant
from tests.browser.service import Service

HOW_TO_SPLIT = "怎么设置分账比例"
REFUND = "退款"
SCAN_FAILED = "微信扫码支付失败怎么办"
PERSON = "转人工"
CARD = "6222021234567890128"
TICKET = re.compile(r"TK\d{8}-\d{4}")

_SHIFTS = """() => new Promise((done) => {
  const seen = [];
  new PerformanceObserver((list) => seen.push(...list.getEntries())).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(seen.length), 300);
})"""


def test_nothing_pops_up_moves_or_is_requested_until_the_button_is_clicked(merchant: Merchant, page: Page) -> None:
    expect(merchant.launcher).to_be_visible()
    first = page.screenshot()
    page.wait_for_timeout(2_000)
    assert page.screenshot() == first
    assert page.evaluate(_SHIFTS) == 0
    assert page.locator(".panel").count() == 0
    assert merchant.calls == []
    assert page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    merchant.open()
    assert merchant.calls[0] == f"POST {merchant.server.url}/api/sessions"


def test_opening_greets_and_offers_questions_that_are_answered_at_a_click(merchant: Merchant) -> None:
    merchant.open()
    expect(merchant.bubble("text")).to_contain_text("商户助手")
    merchant.page.get_by_role("button", name=HOW_TO_SPLIT).click()
    expect(merchant.own).to_have_text([HOW_TO_SPLIT])
    expect(merchant.bubble("card")).to_be_visible()
    expect(merchant.page.locator(".chip")).to_have_count(0)


def test_an_answer_says_its_conclusion_first_and_its_steps_as_a_list(merchant: Merchant) -> None:
    merchant.open()
    merchant.ask(HOW_TO_SPLIT)
    card = merchant.bubble("card")
    conclusion = card.locator("> *").first
    expect(conclusion).to_have_class("conclusion")
    expect(conclusion).to_have_css("font-weight", "600")
    assert card.locator("ol > li").count() >= 3
    assert not re.match(r"\d+[.、]", card.locator("ol > li").first.inner_text())
    from_top = "el => el.getBoundingClientRect().top - el.closest('.log').getBoundingClientRect().top"
    assert 0 <= conclusion.evaluate(from_top) < 80


def test_the_link_of_an_answer_opens_its_page_with_the_same_answer(merchant: Merchant, server: Service) -> None:
    merchant.open()
    merchant.ask(HOW_TO_SPLIT)
    card = merchant.bubble("card")
    with merchant.context.expect_page() as opening:
        card.get_by_role("link").click()
    opened = opening.value
    expect(opened.locator(".conclusion")).to_have_text(card.locator(".conclusion").inner_text())
    expect(opened.locator("ol.steps li")).to_have_text(card.locator("ol > li").all_inner_texts())
    assert opened.url == f"{server.url}/help/split-ratio-set"


def test_a_choice_is_taken_by_a_click_and_stays_marked(merchant: Merchant) -> None:
    merchant.open()
    merchant.ask(REFUND)
    option = merchant.bubble("choices").locator(".option").nth(1)
    label = option.inner_text()
    option.click()
    expect(merchant.own).to_have_text([REFUND, label])
    expect(merchant.newest.get_by_role("link")).to_have_accessible_name(re.compile(re.escape(label)))
    expect(option).to_be_disabled()
    expect(option).to_have_class(re.compile("taken"))


def test_a_choice_is_taken_by_its_number(merchant: Merchant) -> None:
    merchant.open()
    merchant.ask(REFUND)
    label = merchant.bubble("choices").locator(".option").nth(1).inner_text()
    merchant.ask("2")
    expect(merchant.newest.get_by_role("link")).to_have_accessible_name(re.compile(re.escape(label)))


def test_a_guide_asks_step_by_step_and_goes_back(merchant: Merchant) -> None:
    merchant.open()
    merchant.ask(SCAN_FAILED)
    first = merchant.bubble("form")
    expect(first.locator(".conclusion")).to_have_css("font-weight", "600")
    question = first.locator("p").last.inner_text()
    first.get_by_role("button", name="我扫顾客的付款码").click()
    expect(merchant.page.locator(".by-bot .bubble.form")).to_have_count(2)
    expect(merchant.bubble("form")).to_contain_text("查一下这一单")
    merchant.ask("返回")
    expect(merchant.page.locator(".by-bot .bubble.form")).to_have_count(3)
    expect(merchant.bubble("form")).to_contain_text(question)


def test_a_hand_off_shows_the_ticket_number_and_when_a_person_will_answer(merchant: Merchant, page: Page) -> None:
    merchant.open()
    page.get_by_role("button", name=PERSON).click()
    slip = merchant.bubble("ticket").locator(".slip")
    expect(slip.locator(".number")).to_have_text(TICKET)
    expect(slip).to_contain_text("前有人在这里回复您")
    merchant.context.grant_permissions(["clipboard-read", "clipboard-write"])
    slip.get_by_role("button").click()
    expect(slip.get_by_role("button")).to_contain_text("已复制")
    assert page.evaluate("navigator.clipboard.readText()") == slip.locator(".number").inner_text()


def test_lost_funds_bring_four_steps_as_a_list_and_a_ticket(merchant: Merchant) -> None:
    merchant.open()
    merchant.ask("我被骗了，钱刚被转走")
    expect(merchant.bubble("ticket").locator("ol > li")).to_have_count(4)
    expect(merchant.bubble("ticket").locator(".number")).to_have_text(TICKET)


def test_what_a_person_writes_appears_without_a_reload(merchant: Merchant, server: Service) -> None:
    merchant.open()
    merchant.ask(PERSON)
    number = merchant.bubble("ticket").locator(".number").inner_text()
    server.staff_writes(number, "您好，我在查您的订单。")
    written = merchant.page.locator(".by-staff .bubble")
    expect(written).to_have_text("您好，我在查您的订单。", timeout=8_000)
    expect(merchant.page.locator(".by-staff .name")).to_have_text("人工客服")


def test_a_card_number_shows_masked_in_the_merchants_own_bubble(merchant: Merchant, page: Page) -> None:
    merchant.open()
    merchant.ask(f"我的卡号是{CARD}，退款没到账")
    expect(merchant.own.first).not_to_contain_text(CARD)
    expect(merchant.own.first).to_contain_text("退款没到账")
    expect(page.locator(".notice")).to_contain_text("银行卡号")
    assert CARD not in str(merchant.stored())
    assert CARD not in page.evaluate("JSON.stringify(localStorage)")


def test_the_conversation_is_there_again_after_a_reload(merchant: Merchant, page: Page) -> None:
    merchant.open()
    merchant.ask(HOW_TO_SPLIT)
    merchant.ask("谢谢")
    before = page.locator(".bubble").all_inner_texts()
    page.reload()
    assert page.locator(".panel").count() == 0
    merchant.open()
    expect(merchant.own).to_have_text([HOW_TO_SPLIT, "谢谢"])
    after = page.locator(".bubble").all_inner_texts()
    assert after[-3:] == before[-3:]
    assert merchant.said() == [HOW_TO_SPLIT, "谢谢"]


def test_markup_in_a_message_stays_text(merchant: Merchant, page: Page) -> None:
    said = "<img src=x onerror=alert(1)> https://example.com 退款"
    merchant.open()
    merchant.ask(said)
    expect(merchant.own).to_have_text([said])
    assert page.locator(".by-merchant img, .by-merchant a").count() == 0


def test_feedback_gets_a_number(merchant: Merchant, page: Page) -> None:
    merchant.open()
    page.get_by_role("button", name="更多").click()
    page.get_by_role("button", name="意见反馈").click()
    page.get_by_label("遇到的问题").fill("找不到对账单入口")
    page.get_by_label("希望怎样改进").fill("放在首页")
    page.get_by_role("button", name="提交").click()
    expect(page.locator(".feedback .number")).to_have_text(re.compile(r"\w+"))
    page.get_by_role("button", name="返回对话").click()
    expect(merchant.input).to_be_visible()
