"""Every sentence the bot says of its own; answers come from entries. Plain, short, and honest Chinese."""

from __future__ import annotations

from datetime import datetime

from bot.conversation.model import Secret

_SECRETS = {
    Secret.CARD: "银行卡号",
    Secret.CVV: "卡片安全码",
    Secret.PASSWORD: "密码",
    Secret.SMS_CODE: "验证码",
    Secret.IDENTITY: "身份证号",
    Secret.PAYMENT_CODE: "付款码",
    Secret.PRIVATE_KEY: "私钥",
    Secret.API_KEY: "接口密钥",
}
_KEYS = (Secret.PRIVATE_KEY, Secret.API_KEY)
_GIVEN = (Secret.SMS_CODE, Secret.PASSWORD)

QUEUES = {
    "merchant_service": "商户服务",
    "tech_support": "技术支持",
    "complaints": "投诉处理",
    "risk_red": "红色通道",
    "cross_border": "跨境服务",
    "enterprise": "企业服务",
}
STATES = {"open": "待处理", "assigned": "处理中", "waiting": "等您补充", "resolved": "已解决", "closed": "已关闭"}

NONE_OF_THESE = "都不是"
PERSON = "转人工"
RESUME_GUIDE = "继续刚才的排查"
RESUME_INTAKE = "继续登记工单"
RESUME_BOT = "继续问机器人"
FOUR_STEPS = (
    "1. 马上停用相关的收款码、账户、操作员和密钥，能改密码的立即改。\n"
    "2. 红色通道已登记，客服会优先处理，您不用等在这里。\n"
    "3. 同时打电话给开户银行和支付机构报备，请求止付。\n"
    "4. 截图留存交易、聊天和对方账号，并报警。"
)


def _of(brand: str) -> str:
    return f"{brand}的" if brand else ""


def greeting(brand: str) -> str:
    return f"您好，我是{_of(brand)}商户助手。直接说遇到的问题就行，比如报错文字、订单情况；需要人工随时说“转人工”。"


def secrets_masked(secrets: tuple[Secret, ...]) -> str:
    names = "、".join(dict.fromkeys(_SECRETS[secret] for secret in secrets))
    text = f"您发的内容里有{names}，已经隐藏，我们没有保存。请不要在聊天里发这类信息，客服也不会向您要。"
    if any(secret in _KEYS for secret in secrets):
        text += "密钥在聊天里出现过，请马上更换；怀疑被别人拿到，回复“红色通道”。"
    elif any(secret in _GIVEN for secret in secrets):
        text += "如果已经告诉了别人，请立即改密码，并回复“红色通道”。"
    return text


def emergency(promise: str) -> str:
    return f"别慌，先止损，照这四步做：\n{FOUR_STEPS}\n已为您开红色通道工单 {{ticket}}。{promise}\n不要把验证码、密码给任何人。时间、金额、流水号，想到多少发多少。"


def despair(promise: str) -> str:
    return (
        "听到您这么说，我很担心您。钱的事我们马上一起处理，您先找一位家人或朋友陪着您，"
        "也可以拨打当地心理援助热线或急救电话。\n"
        f"已为您开红色通道工单 {{ticket}}。{promise}\n同时可以做这四步：\n{FOUR_STEPS}"
    )


def handed_over(queue: str, promise: str, in_hours: bool) -> str:
    if in_hours:
        return f"已转给{QUEUES[queue]}，工单号 {{ticket}}。\n{promise}您可以先把情况发在这里：发现了什么、试过什么、系统提示什么，客服都看得到。"
    return f"现在不在人工服务时间，已为您登记{QUEUES[queue]}工单 {{ticket}}。\n{promise}有补充直接发在这里，其他问题也可以继续问我。"


def complaint(promise: str) -> str:
    return f"对不起，让您有这样的经历。投诉已登记，编号 {{ticket}}，由专人处理。\n{promise}有截图、时间、经办人等信息，可以直接发在这里。"


def second_failure(queue: str, promise: str) -> str:
    return f"连着两次没帮上忙，很抱歉，已转给{QUEUES[queue]}，工单号 {{ticket}}。\n前面的内容都交过去了，不用您再说一遍。{promise}"


def calm(queue: str, promise: str) -> str:
    return f"给您添堵了，对不起。我已请{QUEUES[queue]}来处理，工单号 {{ticket}}。\n{promise}"


def guide_ticket(say: str, queue: str, promise: str) -> str:
    return f"{say}\n刚才查过的都写进工单 {{ticket}} 了，由{QUEUES[queue]}接着处理。{promise}"


def registered(queue: str, promise: str) -> str:
    return f"已登记，工单号 {{ticket}}，由{QUEUES[queue]}处理。{promise}\n要补充或更正，直接发在这里就行。"


def second_matter(title: str) -> str:
    return f"您还提到一件事：“{title}”。还要继续查吗？"


def facts_kept(number: str | None) -> str:
    return f"已记在工单 {number} 上，处理的同事会按最新的来。还有别的也可以接着说。"


def trouble(promise: str) -> str:
    return f"系统刚才出了点问题，没能查到答案。\n您的话已经记下，工单号 {{ticket}}，客服会直接在这里回复您。{promise}"


def which(count: int) -> str:
    return "您是想问下面哪一个？" if count > 1 else "您是想问这个吗？"


def out_of_range(count: int) -> str:
    return f"只有 {count} 个选项，请回复 1 到 {count}，或直接说您的问题。"


def rephrase() -> str:
    return "抱歉没帮上忙。换个说法试试：什么操作、什么时候、屏幕上提示什么。也可以直接转人工。"


def decline(matter: str | None) -> str:
    if matter:
        return f"关于“{matter}”，我这里没有审核过的资料，不敢乱说。需要的话可以转人工，我会把您的问题一起带过去。"
    return "这个问题我没有查到有把握的答案，不敢乱说。补充一下报错文字或具体情况，我再查一次；也可以转人工。"


def from_document(title: str, headings: tuple[str, ...], quote: str) -> str:
    place = f"“{' › '.join(headings)}”一节" if headings else ""
    return f"知识库里没有现成答案，文档《{title}》{place}里这样写：\n{quote}\n原文没有经过客服审核，拿不准就转人工。"


def or_these(count: int) -> str:
    return "要是问的不是这个，是下面哪一个？" if count > 1 else "要是问的不是这个，是想问下面这个吗？"


def out_of_scope() -> str:
    return "这个我帮不上忙。我能解答收款、退款、结算、对账、接口报错、入网这些商户问题，您直接说就行。"


def english() -> str:
    return (
        "Sorry, I have no vetted answer to this. I answer questions of merchants about payments, refunds, settlement "
        "and integration, mostly in Chinese. Reply “human” and a colleague will help you."
    )


def noise() -> str:
    return "没太明白。直接说遇到的问题就行，比如“扫码收款失败”“退款没到账”；需要人工请说“转人工”。"


def capability(brand: str) -> str:
    return f"我是{_of(brand)}商户助手（机器人）。能查收款、退款、结算、对账、分账、入网、接口报错等问题的标准答案，带您一步步排查；解决不了就转人工，并给您工单号。"


def thanks() -> str:
    return "不客气，有问题随时找我。"


def left() -> str:
    return "好，先不查了。还有别的问题直接说就行。"


def solved(say: str) -> str:
    return f"{say or '太好了，问题解决就好。'}\n这次的服务您打几分？1 分不满意，5 分很满意，愿意的话回复数字。"


def guide_opening(conclusion: str, question: str) -> str:
    return f"{conclusion}\n我带您一步步查，随时可以说“返回”“不知道”“转人工”。\n{question}"


def mark(points: int) -> str:
    return f"{points} 分"


def rated() -> str:
    return "谢谢您的评价，我们会接着改进。还有问题随时说。"


def facts_noted(said: list[str]) -> str:
    return f"记下了：{'、'.join(said)}。遇到了什么问题？说说现象或报错文字，我来查；也可以转人工。"


def facts_choose(said: list[str]) -> str:
    return f"记下了：{'、'.join(said)}。刚才列的问题里是哪一个？回复序号就行；都不是就直接说。"


def facts_asked(said: list[str], question: str) -> str:
    return f"记下了：{'、'.join(said)}。接着刚才的问题：\n{question}"


def look_first(question: str) -> str:
    return f"先别急着再来一次：先查单，确认上一笔没成功再重新操作，免得重复收付。接着看：\n{question}"


def not_understood(question: str) -> str:
    return f"没对上选项，再确认一下（说不准就回复“不知道”，也可以“转人工”）：\n{question}"


def asked_again(question: str) -> str:
    return f"没太明白，再问一次：\n{question}"


def no_ticket() -> str:
    return "没有查到您的工单。请核对工单号（形如 TK20261122-0042），或用提交时的同一个窗口、同一个账号来查。"


def ticket_line(number: str, state: str, queue: str, promise: str) -> str:
    return f"工单 {number}：{STATES[state]}，{QUEUES[queue]}负责。{promise}"


def urged(number: str) -> str:
    return f"已催办工单 {number}，记在原工单上，不用重复提交。"


def waiting(number: str | None) -> str:
    about = f"（工单 {number}）" if number else ""
    return f"已转给客服{about}，请稍等，您发的内容客服都看得到。想先问机器人，回复“{RESUME_BOT}”。"


def back_with_bot() -> str:
    return "好，您接着问我。工单还在，客服处理后会在这里回复您。"


def offer_person() -> str:
    return "如果还没解决，回复“转人工”，我马上请客服接手。"


def promised(minutes: int | None, at: str | None) -> str:
    """The promised time in words; without one, nothing is promised."""
    if minutes is None or at is None:
        return "客服会按登记顺序在这里回复您。"
    return f"预计{at} 前有人在这里回复您。"


def overdue() -> str:
    return "已经超过预计时间，抱歉让您久等，已在催办。"


def moment(at: datetime, same_day: bool) -> str:
    """“今天 18:30” or “11月23日 08:30”; `at` is already the local time."""
    clock = f"{at.hour:02d}:{at.minute:02d}"
    return f"今天 {clock}" if same_day else f"{at.month}月{at.day}日 {clock}"
