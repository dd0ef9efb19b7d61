"""Secrets never reach the database, the logs, or the reply."""

from __future__ import annotations

import logging

import pytest

from tests.journeys.shop import Merchant, Shop, everything

CARD = "6222021234567890128"
SECRETS = [
    pytest.param(f"退款退到卡号 {CARD} 可以吗", [CARD, CARD[:12]], "银行卡", id="card"),
    pytest.param("卡号 6222 0212 3456 7890 128 收不到结算款", ["6222 0212", "7890 128"], "银行卡", id="spaced card"),
    pytest.param("登录密码是 Qx7vplm29 登不进去", ["Qx7vplm29"], "密码", id="password"),
    pytest.param("验证码是 839204，一直登录不了", ["839204"], "验证码", id="code"),
    pytest.param("身份证 11010519491231002X 认证失败", ["11010519491231002X"], "身份证", id="identity"),
    pytest.param("付款码 134567890123456789 扫不了", ["134567890123456789", "13456789012345"], "付款码", id="pay code"),
    pytest.param("API密钥：sk8Jd02LmQx91ZtR44vbN7yU 报签名错误", ["sk8Jd02LmQx91ZtR44vbN7yU"], "密钥", id="key"),
    pytest.param(
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw\n-----END PRIVATE KEY-----",
        ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcw"],
        "私钥",
        id="pem",
    ),
]


@pytest.mark.parametrize(("said", "secrets", "named"), SECRETS)
def test_a_secret_is_masked_everywhere_and_warned_about(
    stored_shop: Shop, caplog: pytest.LogCaptureFixture, said: str, secrets: list[str], named: str
) -> None:
    caplog.set_level(logging.DEBUG)
    merchant = stored_shop.merchant()
    heard = merchant.send(said)
    assert heard.json()["messages"][1]["kind"] == "notice"
    assert named in heard.json()["messages"][1]["text"]
    told = "\n".join((heard.text, merchant.http.get("/api/messages", headers=merchant.headers).text))
    kept, logged = everything(stored_shop.engine), caplog.text
    for secret in secrets:
        assert secret not in told
        assert secret not in kept
        assert secret not in logged


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(["转人工"], id="in the queue"),
        pytest.param(["支付成功但没收到通知"], id="in a guide"),
        pytest.param(["退款"], id="choices open"),
    ],
)
@pytest.mark.parametrize(
    "said", [f"卡号 {CARD}", f"查进度 卡号 {CARD}", f"转人工，卡号 {CARD}", f"有人盗刷，卡号 {CARD}"]
)
def test_the_warning_is_said_once_whatever_else_is(shop: Shop, merchant: Merchant, state: list[str], said: str) -> None:
    for text in state:
        merchant.say(text)
    heard = merchant.say(said)
    assert [reply["kind"] for reply in heard.replies].count("notice") == 1
    assert heard.replies[0]["kind"] == "notice"
    assert CARD not in everything(shop.engine)


def test_a_ticket_and_a_gap_hold_no_secret(shop: Shop, merchant: Merchant) -> None:
    merchant.say(f"怎么给宠物办保险，卡号 {CARD}")
    merchant.say(f"宠物保险，卡号 {CARD}")
    merchant.say(f"转人工 密码是 Qx7vplm29 卡号 {CARD}")
    kept = everything(shop.engine)
    assert CARD not in kept
    assert "Qx7vplm29" not in kept


@pytest.mark.parametrize(
    "said",
    ["订单号 4200001234202611221234567890 没到账", "商户订单号 6222021234567890128 退款失败", "我的电话 13812345678"],
)
def test_what_staff_need_is_kept(shop: Shop, merchant: Merchant, said: str) -> None:
    heard = merchant.say(said)
    assert heard.said == said
    assert all(reply["kind"] != "notice" for reply in heard.replies)


def test_characters_nobody_sees_are_gone_before_anything_is_stored(shop: Shop, merchant: Merchant) -> None:
    heard = merchant.say("怎么\u200b设置\u202e分账\u0000比例\ufeff？")
    assert heard.said == "怎么设置分账比例？"
    assert heard.entry == "split-ratio-set"
    assert merchant.say(f"卡号 {CARD[:8]}\u200b{CARD[8:]}").said.count("隐藏") == 1
