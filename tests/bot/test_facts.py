"""Facts are read as merchants say them, and what merely looks like one is left alone."""

import timeit
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.facts import extract
from bot.conversation.model import Fact

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
"""A Sunday, half past two in the afternoon in Shanghai."""


def texts(block: str) -> list[str]:
    """The texts of a block, one a line or with bars between them."""
    return [text.strip() for line in block.splitlines() for text in line.split(" | ") if text.strip()]


def pairs(block: str) -> list[list[str]]:
    """What is said and what it means, an arrow between them."""
    return [text.split(" → ") for text in texts(block)]


def values(text: str, name: str, now: datetime = NOW) -> list[str]:
    return [fact.value for fact in extract(text, now) if fact.name == name]


@pytest.mark.parametrize(
    ("said", "value"),
    pairs("""
        298元 → 298 | 298块 → 298 | 298 块钱 → 298 | 298块5 → 298.5 | 3块25 → 3.25 | 1块2毛5 → 1.25
        三块五 → 3.5 | 3块半 → 3.5 | 五毛 → 0.5 | 8毛钱 → 0.8 | 2分钱 → 0.02 | 0.01元 → 0.01 | ¥9.9 → 9.9
        ￥1,250.00 → 1250 | １２５０元 → 1250 | 1,250元 → 1250 | 12,345.67元 → 12345.67 | 金额是199.00 → 199
        1w2 → 12000 | 1w → 10000 | 1.5万元 → 15000 | 1万2 → 12000 | 1万2千 → 12000 | 1w25 → 12500
        1万2345 → 12345 | 3千5 → 3500 | 3k → 3000 | 45万 → 450000 | 2亿 → 200000000 | 九千 → 9000
        两千五 → 2500 | 两百五 → 250 | 三百六十八块 → 368 | 一千零五十块 → 1050 | 一万零五百 → 10500
        十二万三千 → 123000 | 二十块 → 20 | 三点五万 → 35000 | 100多块 → 100 | 三萬塊 → 30000 | 1000多万 → 10000000
    """),
)
@pytest.mark.parametrize("text", ["{}", "客人付了{}没到账", "少了,{} 怎么回事"])
def test_an_amount_is_read_in_yuan(text: str, said: str, value: str) -> None:
    assert values(text.format(said), "amount") == [value]


@pytest.mark.parametrize(
    "text",
    texts("""
        收了298 | 8812345678 | 九千单 | 一万次 | 三百家门店 | 45万用户 | 2w笔交易 | 千万别扣错 万一呢
        几百块 几千 上千块 | 十几块的东西 | 一块收款吧 | 百分之三十 | 费率0.38% | 分账比例 7:3 | 2025年
        5分钟没到 | 一分为二 | 元旦放假 | 商户号 88123456 | 3个角落 | 没毛病 | 500个并发
    """),
)
def test_what_is_no_amount_is_left_alone(text: str) -> None:
    assert values(text, "amount") == []


def test_one_yuan_is_an_amount_only_where_it_was_paid() -> None:
    assert values("收了一块", "amount") == ["1"]
    assert values("一块来弄", "amount") == []


@pytest.mark.parametrize(
    ("said", "value"),
    pairs("""
        2025-11-04 13:20:05 → 2025-11-04T13:20:05+08:00 | 2025/11/4 13:20 → 2025-11-04T13:20:00+08:00
        2025年11月4日13点20分 → 2025-11-04T13:20:00+08:00 | 2025-11-04T05:20:05Z → 2025-11-04T13:20:05+08:00
        2025-11-04T13:20:05+08:00 → 2025-11-04T13:20:05+08:00 | 20251104132005 → 2025-11-04T13:20:05+08:00
        20251104 → 2025-11-04 | 25年3月8日 → 2025-03-08 | 8月3号 → 2026-08-03 | 八月三号 → 2026-08-03
        10月28日 → 2026-10-28 | 12月5号 → 2025-12-05 | 去年12月5号 → 2025-12-05
        11月4日下午两点 → 2026-11-04T14:00:00+08:00 | 11月3号那天晚上9点40 → 2026-11-03T21:40:00+08:00
        8/3 10:05 → 2026-08-03T10:05:00+08:00 | 上个月15号 → 2026-10-15 | 25号 → 2026-10-25
        3号 → 2026-11-03 | 今天 → 2026-11-22 | 今早 → 2026-11-22 | 昨天 → 2026-11-21 | 昨晚 → 2026-11-21
        前天下午 → 2026-11-20 | 大前天 → 2026-11-19 | 今早九点 → 2026-11-22T09:00:00+08:00
        昨晚十点半 → 2026-11-21T22:30:00+08:00 | 昨晚两点 → 2026-11-22T02:00:00+08:00
        昨晚12点 → 2026-11-22T00:00:00+08:00 | 前天下午三点一刻 → 2026-11-20T15:15:00+08:00
        昨天中午一点 → 2026-11-21T13:00:00+08:00 | 今天凌晨2点10分 → 2026-11-22T02:10:00+08:00
        昨天大概3点 → 2026-11-21T15:00:00+08:00 | 10:05 → 2026-11-22T10:05:00+08:00
        23:10 → 2026-11-21T23:10:00+08:00 | 晚上八点半 → 2026-11-21T20:30:00+08:00
        10:05 pm → 2026-11-21T22:05:00+08:00 | 9am → 2026-11-22T09:00:00+08:00 | 上礼拜三 → 2026-11-11
        上周五 → 2026-11-13 | 上上周一 → 2026-11-02 | 这周一 → 2026-11-16 | 周五 → 2026-11-20
        星期天 → 2026-11-22 | 3天前 → 2026-11-19 | 一周前 → 2026-11-15 | 两个月前 → 2026-09-22
        半年前 → 2026-05-22 | 刚才 → 2026-11-22T14:30:00+08:00 | 半小时前 → 2026-11-22T14:00:00+08:00
        一个半小时前 → 2026-11-22T13:00:00+08:00 | 3点5分 → 2026-11-21T15:05:00+08:00
        20分钟前 → 2026-11-22T14:10:00+08:00 | 昨天晚點 → 2026-11-21
        １０：０５ → 2026-11-22T10:05:00+08:00
    """),
)
@pytest.mark.parametrize("text", ["{}", "{}有一笔没到账", "客人是{}付的"])
def test_a_time_is_read_as_shanghai_time(text: str, said: str, value: str) -> None:
    assert values(text.format(said), "time") == [value]


@pytest.mark.parametrize(
    "text",
    texts("""
        便宜一点 慢一点 | 有两点建议 | 费率3点8 | T+1 到账 | 3-5天到账 | 5分钟没反应 | 24小时客服
        3号店的机器坏了 | 分账 7:3 | 30:70 分 | 一周一次对账 | 每天6点拉账单 | 每周三结算 | 10日内处理
        2月30日 | 0.3元 | 127.0.0.1:8080 | 以前天天都行 | 第3点没看懂
    """),
)
def test_what_is_no_time_is_left_alone(text: str) -> None:
    assert values(text, "time") == []


def test_a_range_of_hours_is_of_the_same_day() -> None:
    for text in ("昨天10:05到10:20都失败", "昨天10:05-10:20", "昨天 10:05~10:20"):
        assert values(text, "time") == ["2026-11-21T10:05:00+08:00", "2026-11-21T10:20:00+08:00"]


def test_an_impossible_time_zone_is_not_read_as_one() -> None:
    assert values("10:05+72:30", "time") == ["2026-11-22T10:05:00+08:00"]


def test_a_leap_day_is_looked_for_last_year_and_else_given_up() -> None:
    assert values("2月29日", "time", datetime(2028, 3, 1, tzinfo=UTC)) == ["2028-02-29"]
    assert values("2月29日", "time", datetime(2026, 3, 1, tzinfo=UTC)) == []


def test_days_are_counted_from_the_date_in_shanghai() -> None:
    assert values("昨天", "time", datetime(2026, 11, 22, 17, 0, tzinfo=UTC)) == ["2026-11-22"]


@pytest.mark.parametrize(
    ("text", "channels"),
    [
        ("微信收不了", ["wechat"]),
        ("威信付不出", ["wechat"]),
        ("vx不行", ["wechat"]),
        ("WX 支付失败", ["wechat"]),
        ("支付宝没到账", ["alipay"]),
        ("支付煲跳错误", ["alipay"]),
        ("zfb能用", ["alipay"]),
        ("支付寶失敗", ["alipay"]),
        ("云闪付刷不了", ["unionpay"]),
        ("银联二维码", ["unionpay"]),
        ("刷卡失败", ["bank_card"]),
        ("信用卡付不了", ["bank_card"]),
        ("数字人民币收款", ["ecny"]),
        ("数币钱包", ["ecny"]),
        ("微信和支付宝今天一起挂", ["wechat", "alipay"]),
        ("加我微信聊", []),
        ("支付保证金怎么退", []),
        ("wx1234567890abcdef", []),
        ("[银行卡号已隐藏] 扣款了", []),
    ],
)
def test_the_channel_is_read_with_its_misspellings(text: str, channels: list[str]) -> None:
    assert values(text, "channel") == channels


@pytest.mark.parametrize(
    ("text", "direction"),
    pairs("""
        我扫客人的付款码没反应 → merchant_scans | 用扫码枪扫微信 → merchant_scans
        店员扫顾客手机 → merchant_scans | 客人打开付款码我这边读不到 → merchant_scans
        被扫报错 → merchant_scans | 客人扫我们的码付不了 → customer_scans
        顾客扫墙上贴的二维码 → customer_scans | 客户用手机扫台卡 → customer_scans
        收款码打不开 → customer_scans | 主扫下单失败 → customer_scans | 他扫了店里那张码 → customer_scans
    """),
)
def test_who_scans_whom_is_read(text: str, direction: str) -> None:
    assert set(values(text, "pay_direction")) == {direction}


def test_scanning_alone_tells_no_direction() -> None:
    assert values("扫码付款失败", "pay_direction") == []


@pytest.mark.parametrize(
    "said",
    texts("""
        TK20261122-0042 | tk20261122-0042 | tk 20261122 0042 | Tk202611220042
        ＴＫ２０２６１１２２－００４２ | TK-20261122—0042 | t k 2026 1122 - 0042
    """),
)
def test_a_ticket_number_is_normalised_from_any_spelling(said: str) -> None:
    assert extract(f"{said} 到哪了", NOW) == (Fact("ticket_no", said, "TK20261122-0042"),)


def test_a_ticket_number_without_its_letters_needs_the_word() -> None:
    assert values("工单20261122-0042", "ticket_no") == ["TK20261122-0042"]
    assert values("20261122-0042", "ticket_no") == []


@pytest.mark.parametrize(
    ("text", "number"),
    pairs("""
        商户号8812345678 → 8812345678 | 商编：10012345678 → 10012345678 | 商户编号是 88123456 → 88123456
        mch_id=1900000109 → 1900000109 | merchantNo: 10085812345 → 10085812345
        "sub_mch_id":"1900000109" → 1900000109 | 商户号是我们新开的那个 8812345678 → 8812345678
        商编 13800000000 → 13800000000 | 8812345678 收不了款 → 8812345678
        10012345678 收不了款 → 10012345678 | １９００００01０9 是我们的商户号 → 1900000109
        商户号 8812 345 678 → 8812345678 | 商戶號8812345678 → 8812345678
    """),
)
def test_a_merchant_number_is_read(text: str, number: str) -> None:
    assert values(text, "merchant_no") == [number]
    assert values(text, "contact_phone") == []


@pytest.mark.parametrize("text", ["18812345678", "28812345678", "88123456789", "手机 13800000000", "商户号是多少"])
def test_other_numbers_are_no_merchant_number(text: str) -> None:
    assert values(text, "merchant_no") == []


@pytest.mark.parametrize(
    ("text", "number"),
    pairs("""
        流水号:4200001234202511041234567890 → 4200001234202511041234567890
        4200001234202511041234567890 没到账 → 4200001234202511041234567890
        2025110422001412345678901234 → 2025110422001412345678901234
        订单号是 A20251104-0001X → A20251104-0001X | out_trade_no=SH2025110300881 → SH2025110300881
        退款单号 R202511030001 → R202511030001
        单号 4200 0012 3420 2511 0412 3456 7890 → 4200001234202511041234567890
        订单 202511041320550012 失败 → 202511041320550012 | ORD20251104001 这笔没到 → ORD20251104001
    """),
)
def test_a_serial_number_is_read(text: str, number: str) -> None:
    assert values(text, "serial_no") == [number]
    assert values(text, "time") == []


@pytest.mark.parametrize(
    "text",
    [
        "订单 2025-11-04 13:20 那笔",
        "订单号是什么 手机13800000000",
        "out_trade_no OUT_TRADE_NO_USED",
        "单号 [付款码已隐藏 尾号1234]",
        "交易号在哪看",
    ],
)
def test_what_is_no_serial_number_is_left_alone(text: str) -> None:
    assert values(text, "serial_no") == []


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("手机13800000000", "contact_phone", "13800000000"),
        ("打我 138-0000-0000", "contact_phone", "13800000000"),
        ("+86 138 0000 0000", "contact_phone", "13800000000"),
        ("１３８００００００００", "contact_phone", "13800000000"),
        ("座机0571-12345678", "contact_phone", "0571-12345678"),
        ("whatsapp +852 9123 4567", "contact_phone", "+85291234567"),
        ("邮箱 A.b@Example.com 发我", "contact_email", "a.b@example.com"),
    ],
)
def test_a_way_to_reach_the_merchant_is_read(text: str, name: str, value: str) -> None:
    assert values(text, name) == [value]
    assert values(text, "merchant_no") == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("100美元", ["USD"]),
        ("USD/EUR/HKD", ["USD", "EUR", "HKD"]),
        ("港币换人民币", ["HKD", "CNY"]),
        ("$20", ["USD"]),
        ("USDT能收吗", []),
        ("数字人民币", []),
        ("298元", []),
        ("audit", []),
    ],
)
def test_a_currency_is_read(text: str, codes: list[str]) -> None:
    assert values(text, "currency") == codes


def test_facts_keep_the_words_and_come_in_their_order_once_each() -> None:
    text = "昨晚十点半微信收了298块5,商户号８８１２３４５６７８,微信那笔298.5元没到"
    assert extract(text, NOW) == (
        Fact("time", "昨晚十点半", "2026-11-21T22:30:00+08:00"),
        Fact("channel", "微信", "wechat"),
        Fact("amount", "298块5", "298.5"),
        Fact("merchant_no", "８８１２３４５６７８", "8812345678"),
    )


def test_nothing_is_read_from_our_own_words_for_hidden_things() -> None:
    text = "[付款码已隐藏 尾号1234] [银行卡号已隐藏] [验证码已隐藏]"
    assert extract(text, NOW) == ()


_PIECES = [
    *texts("""
        昨晚 | 今早 | 上周 | 周三 | 十点半 | 3点 | 10:05 | 8月3号 | 31号 | 2月30日 | 0月0日 | 半 | 三天前
        999年前 | 块 | 元 | 万 | w2 | 千五 | 百 | 零 | 点 | 毛 | 分钱
    """),
    *texts("""
        ¥ | 1,250 | 298 | 一万二 | 商户号 | 8812345678 | 订单号 | TK | 20261122 | 0042
        4200001234202511041234567890 | 13800000000 | 微信
    """),
    "2025-11-04 13:20:05",
    "99:99",
    "24:00",
    "24点",
    "+08:00",
    "[付款码已隐藏 尾号1234]",
    "\ue000",
]


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=4)), max_size=10),
    st.integers(0, 7300).map(lambda days: NOW - timedelta(days=days, seconds=days)),
)
def test_reading_never_fails_and_every_word_stands_in_the_text(pieces: list[str], now: datetime) -> None:
    text = "".join(pieces)
    for fact in extract(text, now):
        assert fact.said in text
        assert fact.value


@pytest.mark.parametrize(
    "piece", ["1", "一", "1:", "3点", "昨天", "订单号 ", "商户号", "1块", "88 ", "扫", "我", "TK2"]
)
def test_a_hostile_text_takes_no_more_than_a_second(piece: str) -> None:
    text = (piece * 2000)[:2000]
    extract(text, NOW)
    assert timeit.timeit(lambda: extract(text, NOW), number=1) < 1
