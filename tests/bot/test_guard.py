"""What must never be stored is hidden, what is needed to help stays."""

import timeit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.conversation.guard import Masked, TextBlank, TextTooLong, check, clean, luhn, mask, mask_contacts
from bot.conversation.model import Secret


def texts(block: str) -> list[str]:
    """The texts of a block, one a line or with bars between them."""
    return [text.strip() for line in block.splitlines() for text in line.split(" | ") if text.strip()]


def with_check_digit(digits: str) -> str:
    return next(digits + last for last in "0123456789" if luhn(digits + last))


UNIONPAY = with_check_digit("622848987654321098")
VISA = with_check_digit("411111111111111")
MASTERCARD = with_check_digit("555555555555444")
AMEX = with_check_digit("37828224631000")
OLD_DEBIT = with_check_digit("955880123456789012")
MISTYPED = UNIONPAY[:-1] + str((int(UNIONPAY[-1]) + 1) % 10)
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
KEY_32 = "9f86d081884c7d659a2feaa0c55ad015"
PKCS8 = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
PKCS1 = "MIIEpAIBAAKCAQEA1234567890abcdEFGH1234567890abcdefgh"
SHOWN = {
    Secret.CARD: "[银行卡号已隐藏]",
    Secret.CVV: "[卡安全码已隐藏]",
    Secret.PASSWORD: "[密码已隐藏]",
    Secret.SMS_CODE: "[验证码已隐藏]",
    Secret.IDENTITY: "[证件号已隐藏]",
    Secret.PRIVATE_KEY: "[私钥已隐藏]",
    Secret.API_KEY: "[密钥已隐藏]",
}


def groups(digits: str, *sizes: int, by: str = " ") -> str:
    parts, at = [], 0
    for size in (*sizes, len(digits)):
        parts.append(digits[at : at + size])
        at += size
    return by.join(part for part in parts if part)


def assert_hidden(text: str, secret: str, kind: Secret) -> None:
    masked = mask(text)
    assert masked.secrets == (kind,), masked
    assert masked.text == text.replace(secret, SHOWN[kind]), masked


def assert_marked_hidden(marked: str, kind: Secret) -> None:
    """As above; the secret stands between < and >."""
    assert_hidden(marked.replace("<", "").replace(">", ""), marked.partition("<")[2].partition(">")[0], kind)


@pytest.mark.parametrize(
    "number",
    [
        *(UNIONPAY, VISA, MASTERCARD, AMEX, OLD_DEBIT),
        groups(UNIONPAY, 4, 4, 4, 4),
        groups(UNIONPAY, 6),
        groups(VISA, 4, 4, 4, by="-"),
        groups(VISA, 4, 4, 4, by="  "),
        groups(VISA, 4, 4, 4, by="－"),
        UNIONPAY.translate(WIDE),
        groups(VISA, 4, 4, 4, by="\u3000").translate(WIDE),
    ],
)
@pytest.mark.parametrize("text", ["{}", "帮我看看{}为啥扣钱", "付款的是{},没到账", "customer paid with {} yesterday"])
def test_a_valid_card_number_is_hidden_however_it_is_written(number: str, text: str) -> None:
    assert_hidden(text.format(number), number, Secret.CARD)


@pytest.mark.parametrize(
    "text",
    texts("""
        卡号{} | 我的银行卡是 {} 麻烦查下 | 银行卡号：{} | 這是我的卡號 {} | 这张卡一直刷不了 {}
        {} 是我的结算卡 | 结算账户 {} 换不了 | card no: {}
    """),
)
def test_a_mistyped_number_said_to_be_a_card_is_hidden(text: str) -> None:
    assert not luhn(MISTYPED)
    assert_hidden(text.format(MISTYPED), MISTYPED, Secret.CARD)


def test_a_card_number_in_chinese_numerals_is_hidden() -> None:
    assert_hidden("卡号 六二二二零二一二三四五六七八九一二三四", "六二二二零二一二三四五六七八九一二三四", Secret.CARD)


@pytest.mark.parametrize("number", [UNIONPAY, VISA, "134567890123456789", "110101199003071234", "281234567890123456"])
@pytest.mark.parametrize(
    "text",
    texts("""
        订单号{}退款没到 | 单号 {} | 微信流水号：{} 查一下 | 交易号{} | 商户号 {} | 商户单号是 {}
        out_trade_no={} | transaction_id: {} | order no. {} | 批次号 {} 没有出款 | {}这个单号查不到
        {} 是客人的订单号 | 訂單號 {}
    """),
)
def test_a_number_named_as_an_order_or_a_merchant_stays(text: str, number: str) -> None:
    assert mask(text.format(number)).text == text.format(number)


def test_a_list_after_one_label_stays_and_a_card_after_it_goes() -> None:
    text = f"订单号 {UNIONPAY}、{VISA} 都没到"
    assert mask(text).text == text
    assert mask(f"储蓄卡{UNIONPAY}换成{MISTYPED}").text == "储蓄卡[银行卡号已隐藏]换成[银行卡号已隐藏]"
    assert mask(f"退款单号\n{VISA}").secrets == ()
    assert mask(f"订单号 {UNIONPAY} 卡号 {VISA}").text == f"订单号 {UNIONPAY} 卡号 [银行卡号已隐藏]"


@pytest.mark.parametrize(
    "text",
    texts("""
        4200001234202511041234567890 这笔没到账 | 4200 0012 3420 2511 0412 3456 7890
        2025110422001412345678901234 支付宝的 | 卡单了 2025110413205512345 一直处理中
        刷卡 2025110413205512345 那笔失败 | 台卡 6100551234567892 打不开
        终端号 12345678 批次号 000123 参考号 123456789012 | 统一社会信用代码 91110108551385082Q
        营业执照号 110108012345678 | 金额 1,250.00 元 8月3号 10:05 | 2025-11-04 13:20:05 付了298块
        手机13800000000 商户号8812345678 | 电话 138 0000 0000 或 0571-12345678 | 写信到 a.b@example.com
        卡号后四位 5678 的那张 | 工单 TK20261122-0042 到哪了
        appid wx1234567890abcdef 和 mchid 1900000109 不匹配
    """),
)
def test_ordinary_numbers_stay(text: str) -> None:
    assert mask(text) == Masked(text)


@pytest.mark.parametrize(
    "marked",
    texts("""
        验证码是 <000111> | 验证码<000111>提示不对 | 驗證碼：<482913> | 我填的验证码 <482 913> 说过期
        动态密码 <829301> | 验证码<四八二九一三> | 验证码<G-482913> | yzm <5823> | otp: <391820>
        your verification code is <391820> | <482913> 是我收到的验证码 | <482913>（短信验证码）
        我把码报给他了 <482913> | 他要短信里的数字,我就告诉他 <920183> | 我把 <482913> 报给对方了
        短信来了个 <384756> 我念给那个人听了 | 收到的码是 <482913> 对吗
        <392011>这个码我告诉他了
    """),
)
def test_a_code_from_a_text_message_is_hidden(marked: str) -> None:
    assert_marked_hidden(marked, Secret.SMS_CODE)


@pytest.mark.parametrize(
    "marked",
    texts("""
        密码 <Abc@123> | 密码<Abc@123> 登不进去 | 登录密码我设的是<Qwe@12345> | 支付密码是<123456>吗
        密码改成了<Qwe12345>还是不行 | pwd: <hunter2x> | password=<S3cret!!> | 口令：<open1234>
        mima shi <abc12345> | 密码是<helloworld> | 账号shop01 密码<shop#2024> 你登一下
        账号密码 13800000000 <abc123456> | 密 码 <admin888> | pwd<1234567>
        后台登录 admin/<Abc@12345> | <abc12345> 是我的密码 | 密碼:<ａｂｃ１２３４５>
    """),
)
def test_a_password_is_hidden(marked: str) -> None:
    assert_marked_hidden(marked, Secret.PASSWORD)


def test_the_old_and_the_new_password_are_both_hidden() -> None:
    assert mask("密码从 abc12345 改成 xyz67890").text == "密码从 [密码已隐藏] 改成 [密码已隐藏]"
    assert mask("原密码：old99pass 新密码：new00pass").secrets == (Secret.PASSWORD,)


@pytest.mark.parametrize(
    "text",
    texts("""
        密码错误5次被锁了 | 密码输错了 40002 | 密码要8-16位还是6位 | 密码: 忘记了怎么办
        重置密码 13800000000 收不到短信 | password is incorrect | password is working fine
        登录密码错误 PASSWORD_ERROR_10086 | pin码要输吗 123 | 验证码60秒没收到 | 验证码一直提示 40029 怎么办
        短信验证码 5 分钟内有效吗 | 收不到验证码 13800000000 | 错误码 40029 返回给我了 | 付款码过期 101
        把钱 500000 发给对方了怎么办 | 转账 12000 给他了 | 短信说我欠费 2000 元
        我把商户号 8812345678 告诉他了 | 二维码给客户扫了 1200 块没到 | cvv 是什么 3位数字吗
    """),
)
def test_talk_about_passwords_and_codes_stays(text: str) -> None:
    assert mask(text).text == text


@pytest.mark.parametrize(
    "marked",
    texts("""
        cvv <123> | CVV2：<456> 有效期 12/27 | 信用卡安全码是 <8321> | 卡背面三位数是 <456>
        背面后三位 <739> | <739> 是cvv
    """),
)
def test_a_card_security_code_is_hidden(marked: str) -> None:
    assert_marked_hidden(marked, Secret.CVV)


def test_a_security_code_beside_card_and_expiry_is_hidden() -> None:
    assert mask(f"{VISA} 12/27 123").text == "[银行卡号已隐藏] 12/27 [卡安全码已隐藏]"


@pytest.mark.parametrize(
    "marked",
    texts("""
        <11010119900307123X> | <110101199003071234> 是老板 | 身份证 <110101199003071239>
        法人身份证号码：<11010119900307123x> | 身份证号 <110101900307123> | sfz <110101 19900307 1234>
        身份證<１１０１０１１９９００３０７１２３４>
    """),
)
def test_an_identity_number_is_hidden(marked: str) -> None:
    assert_marked_hidden(marked, Secret.IDENTITY)


@pytest.mark.parametrize(
    "number",
    texts("""
        134567890123456789 | 100000000000000001 | 281234567890123456 | 2712345678901234
        301234567890123456789012 | 1345 6789 0123 4567 89 | １３４５６７８９０１２３４５６７８９
    """),
)
@pytest.mark.parametrize("text", ["{} 扫不出来", "付款码{}", "auth_code={}", "客人的条码 {} 报过期"])
def test_a_payment_code_keeps_only_its_last_four_digits(text: str, number: str) -> None:
    masked = mask(text.format(number))
    tail = clean(number).replace(" ", "").translate(str.maketrans("０１２３４５６７８９", "0123456789"))[-4:]
    assert masked.text == text.format(f"[付款码已隐藏 尾号{tail}]")
    assert masked.secrets == (Secret.PAYMENT_CODE,)


def test_a_phone_number_beside_an_amount_is_no_payment_code() -> None:
    assert mask("13800000000 1250000").text == "13800000000 1250000"
    assert mask("138-0000-0000 1234567").secrets == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f"apiv3key={KEY_32} 报签名错", KEY_32),
        (f"密钥是 {KEY_32} 对不对", KEY_32),
        (f"商户密钥：{KEY_32}", KEY_32),
        (f"密鑰 {KEY_32}", KEY_32),
        (f"我的app secret就是{KEY_32}", KEY_32),
        (f'"apiV3Key": "{KEY_32}"', KEY_32),
        (f"{KEY_32} 这个是我们的api密钥", KEY_32),
        ("Authorization: Bearer abc.def-12345678", "abc.def-12345678"),
        ("access_token=72_abcDEF123456-xyz_098 过期", "72_abcDEF123456-xyz_098"),
        ("https://a.example/x?secret=abcdef12345&b=1", "abcdef12345"),
        ("client_secret: aB3dE6gH9", "aB3dE6gH9"),
    ],
)
def test_a_key_or_token_is_hidden(text: str, value: str) -> None:
    assert_hidden(text, value, Secret.API_KEY)


@pytest.mark.parametrize(
    "text",
    texts("""
        apiv3密钥是32位的吗 在哪看 | 密钥报错 SIGN_ERROR 怎么办
        access_token 过期 报 invalid_access_token_40001 | api_key=YOUR_API_KEY 这里填什么
        私钥文件 apiclient_key.pem 丢了 | 证书序列号 1DDE55AD98ED71D6EDD4A4A16996DE7B47773A8C
        sign=C380BEC2BFD727A4B6845133519F3AD6 | 算法 AEAD_AES_256_GCM 密钥长度不对
        公钥 MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA 填哪
        密钥换了以后 4200001234202511041234567890 验签失败 | Bearer 认证失败 | token: Invalid | secret=null
    """),
)
def test_talk_about_keys_stays(text: str) -> None:
    assert mask(text).text == text


@pytest.mark.parametrize(
    "block",
    [
        f"-----BEGIN PRIVATE KEY-----\n{PKCS8}\nabcdEFGH12345678abcdEFGH\n-----END PRIVATE KEY-----",
        f"-----BEGIN RSA PRIVATE KEY-----\n{PKCS1}\nabcdEFGH12345678abcd",
        f"-----BEGIN PRIVATE KEY-----{PKCS8}",
        f"—-BEGIN RSA PRIVATE KEY—-\n{PKCS1}\n—-END RSA PRIVATE KEY—-",
        f"{PKCS1}\nabcdEFGH12345678abcd==\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN EC PRIVATE KEY-----\\n{PKCS1}\\nabcdEFGH12345678abcd\\n-----END EC PRIVATE KEY-----",
        PKCS8,
    ],
)
def test_a_private_key_is_hidden_whole_or_cut(block: str) -> None:
    assert_hidden(f"{block}\n这个怎么配", block, Secret.PRIVATE_KEY)


def test_a_pem_header_without_a_key_stays() -> None:
    text = "文件开头是 -----BEGIN PRIVATE KEY----- 对吗"
    assert mask(text).text == text


def test_a_certificate_is_hidden_without_alarm() -> None:
    masked = mask(f"-----BEGIN CERTIFICATE-----\n{PKCS8}\n-----END CERTIFICATE-----")
    assert masked == Masked("[证书内容已隐藏]")


def test_several_secrets_are_named_once_each_in_their_order() -> None:
    masked = mask(f"验证码 482913,卡号 {UNIONPAY},又来一个验证码 102938")
    assert masked.secrets == (Secret.SMS_CODE, Secret.CARD)
    assert not any(secret in masked.text for secret in ("482913", "102938", UNIONPAY))


_PIECES = [
    *SHOWN.values(),
    "[付款码已隐藏 尾号1234]",
    *texts("""
        密码 | 验证码 | 卡号 | 银行卡 | 身份证 | 付款码 | 订单号 | 密钥 | cvv | 短信 | 码 | 报给他 | 是 | :
        = | , | - | \n | 卡 | \ue000 | \ue001 | [ | ] | 12/27
    """),
    "-----BEGIN PRIVATE KEY-----",
    "-----END PRIVATE KEY-----",
    "apikey=",
    "Bearer ",
    UNIONPAY,
    VISA,
    MISTYPED,
    PKCS8,
    KEY_32,
    "134567890123456789",
    "11010119900307123X",
    "4200001234202511041234567890",
    "482913",
    "123",
    "Abc@123",
    "六二二二零二一二三四五六七八九一二三四",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(_PIECES), st.text(max_size=6)), max_size=12), st.sampled_from(["", " "]))
def test_masking_never_fails_and_masking_again_changes_nothing(pieces: list[str], between: str) -> None:
    masked = mask(between.join(pieces))
    again = mask(masked.text)
    assert again.text == masked.text
    assert again.secrets == ()


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_cleaning_never_fails_and_cleaning_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert mask_contacts(mask_contacts(text)) == mask_contacts(text)


@settings(max_examples=200)
@given(st.sampled_from(["{}", "卡号{}", "刚才用{}付的", "{},没到账"]), st.integers(0, 10**12 - 1))
def test_no_valid_unionpay_number_gets_through(text: str, middle: int) -> None:
    number = with_check_digit(f"622848{middle:012d}")
    assert number not in mask(text.format(number)).text


@pytest.mark.parametrize(
    "piece", ["1 ", "密码", "a_", "-----BEGIN RSA PRIVATE KEY-----", "apikey=", "码给他", "1234 ", " "]
)
def test_a_hostile_text_takes_no_more_than_a_second(piece: str) -> None:
    text = (piece * 2000)[:2000]
    mask(text)
    assert timeit.timeit(lambda: mask(text), number=1) < 1


def test_cleaning_strips_what_cannot_be_seen() -> None:
    assert clean("密\u200b码\u202e\x00\ufeff a\tb\r\nc\rd\u2028e\ud800") == "密码 a b\nc\nd\ne"
    assert clean("e\u0301") == "é"
    assert clean("👍🏽 ok") == "👍🏽 ok"


def test_a_secret_with_hidden_characters_inside_is_hidden_after_cleaning() -> None:
    assert mask(clean("验\u200b证码 48\u200d2913")).text == "验证码 [验证码已隐藏]"


@pytest.mark.parametrize("text", ["", "  \n\t", "\u200b\u200d", "\u3164", "\u3000"])
def test_a_text_with_nothing_to_read_is_refused(text: str) -> None:
    with pytest.raises(TextBlank):
        check(text)


def test_two_thousand_characters_are_allowed_and_one_more_is_not() -> None:
    check("字" * 2000)
    with pytest.raises(TextTooLong) as caught:
        check("字" * 2001)
    assert caught.value.limit == 2000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("手机13800000000找我", "手机138****0000找我"),
        ("138 0000 0000", "138****0000"),
        ("+86-138-0000-0000", "+86-138****0000"),
        ("１３８００００００００", "１３８****0000"),
        ("座机 0571-12345678", "座机 0571-****5678"),
        ("写信到 a.b@example.com 吧", "写信到 a***@example.com 吧"),
        ("商户号8812345678", "商户号8812345678"),
        ("4200001234202511041380000000", "4200001234202511041380000000"),
    ],
)
def test_contacts_are_shortened_for_logs(text: str, shown: str) -> None:
    assert mask_contacts(text) == shown
