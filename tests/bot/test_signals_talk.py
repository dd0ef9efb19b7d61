"""Small talk and reactions, said as people say them."""

from __future__ import annotations

import pytest

from bot.conversation.model import SmallTalk
from bot.conversation.signals import recognise


def texts(block: str) -> list[str]:
    """The texts of a block, one a line or with bars between them."""
    return [text.strip() for line in block.splitlines() for text in line.split(" | ") if text.strip()]


TALK = {
    SmallTalk.GREETING: """
        你好 | 您好，在吗 | 有人吗 | hello | 早上好呀 | 喂 | 在不在 | 你好，请问 | 哈囉 | 嗨～ | hi there
        早晨好呀，您好
        """,
    SmallTalk.THANKS: """
        谢谢 | 好的谢谢 | 多谢晒 | 收到，辛苦了 | 明白了 | 拜拜 | thanks a lot | ok | 没事了，谢谢 | 唔該晒
        好的知道了 | 谢谢您的帮助 | 谢谢！！！ | 👍 | 好
        """,
    SmallTalk.NOISE: "。。。 | ？？？ | asdfgh | 测试 | 11 | emmm | jkjkjk | 😂😂 | 额 | zxcvb | aaaaa | 哈哈 | 啊啊",
    SmallTalk.CAPABILITY: """
        你是谁 | 你能做什么 | 你是机器人吗 | 怎么用 | 菜单 | help | 你會做咩 | 你可以帮我做什么 | 你会啥 | 能问什么
        """,
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, said in TALK.items() for text in texts(said)])
def test_small_talk_is_recognised(kind: SmallTalk, text: str) -> None:
    assert recognise(text).small_talk is kind


@pytest.mark.parametrize(
    "text",
    texts("""
    你好退款怎么弄 | 在哪退款 | 早上的单没到账 | 谢谢，那退款呢 | 好的那怎么提现 | 不行 | 可以退款吗 | tuikuan | 退款
    ORDERPAID | notify_url | timeout | kaipiao | dingdan | 你能退款吗 | 这个怎么用来收款 | 帮助我退款 | 有人盗刷
    你好，我的收款码被人换了 | 你好我要投诉 | 测试环境在哪
"""),
)
def test_a_message_that_says_anything_else_is_no_small_talk(text: str) -> None:
    assert recognise(text).small_talk is None


REACTIONS = {
    "unhelpful": (
        """
        没用 | 还是不行 | 不对 | 答非所问 | 试过了，没用 | 我问的不是这个 | 没解决 | 按你说的弄了还是不行 | 冇用
        看不懂
        你没听懂 | 都试过了 | 说了等于没说 | 仲係唔得 | 👎
        """,
        """
        退款没到账 | 密码不对 | 提示签名不对 | 用不了花呗 | 这个码不行 | 没用过沙箱怎么开 | 收款码不能用了
        两边金额不对
        还是不行的话再转给你吗我先按您说的步骤做一遍
        """,
    ),
    "solved": (
        "好了 | 解决了 | 已经好了 | 可以了，谢谢 | 搞定 | 弄好了 | 搞掂咗 | 能用了 | 问题解决了 | 解决啦 | ok了",
        "好了吗 | 解决了吗 | 怎么解决 | 还没好 | 可以了吗 | 好了没 | 没解决",
    ),
    "none_of_these": (
        "都不是 | 都不对 | 以上都不是 | 没有我要的 | 这些都不是 | 都唔係 | none of these | 一个都不是 | 全都不是",
        "不是本人 | 是第二个 | 没有到账 | 不是微信是支付宝 | 这不是我的订单",
    ),
    "unknown_answer": (
        "不知道 | 不清楚 | 我不懂 | 忘了 | 唔知 | 不确定 | 找不到 | 記不清了 | 不太清楚 | 没注意 | 不会看 | 唔太清楚",
        "不知道密码怎么办 | 找不到退款入口 | 忘了密码 | 知道了 | 有 | 没有到账",
    ),
    "back": ("返回 | 上一步 | 退回 | 返回上一步", "返回码是什么 | 退回到账户要多久 | 返回参数为空"),
    "restart": ("重来 | 重新开始 | 从头来", "重新提交资料 | 重新下单要换单号吗"),
    "resume_bot": ("继续问机器人 | 不等了 | 先问机器人 | 取消人工", "机器人能退款吗 | 不等了退款吧我自己转"),
    "resume_guide": ("继续刚才的排查 | 继续排查 | 继续刚才", "继续付款会扣两次吗"),
    "asks_progress": (
        """
        查进度 | 我的工单到哪了 | 工单处理得怎么样了 | 之前反馈的问题有结果了吗 | 昨天提的工单有人管吗
        我报的故障解决了没 | 查一下工单进度 | 工單處理成點
        """,
        "审核进度怎么查 | 退款进度在哪看 | 工单怎么提交 | 怎么开工单 | 进件到哪一步了",
    ),
    "urges": (
        """
        催一下 | 麻烦快点处理 | 都三天了没人理我 | 加急 | 能不能抓紧处理 | 工单一直没人回 | 等了两个小时没人回复
        催单
        幫我催下 | 24小时了没人管
        """,
        "催缴手续费是什么 | 退款三天没到 | 加急提现收费吗 | 48小时没人付款订单会关吗",
    ),
    "anger": (
        """
        你他妈在逗我 | 垃圾系统 | 气死我了！！！ | 什么破玩意 | 滚 | 真是受够了 | 废物机器人 | 你有病吧
        妈的又失败 | 你个sb
        """,
        """
        滚动查询怎么写 | 气泡提示不显示 | 店里卖垃圾袋 | 有病历的医院怎么收款 | 怎么不行啊！ | sbank是什么
        滚筒洗衣机收款
        我妈的账号登不上 | 谢谢！！！ | 有病人要退费 | 顾客在骂人了怎么办
        """,
    ),
    "english": (
        "How do I get a refund? | what is the settlement time | please help my QR code is not working",
        "OK | notify_url | ORDERPAID | 退款 how | SYSTEMERROR",
    ),
}


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, (said, _) in REACTIONS.items() for text in texts(said)]
)
def test_a_reaction_is_recognised(name: str, text: str) -> None:
    assert getattr(recognise(text), name)


@pytest.mark.parametrize(
    ("name", "text"), [(name, text) for name, (_, said) in REACTIONS.items() for text in texts(said)]
)
def test_what_is_no_such_reaction_is_left_alone(name: str, text: str) -> None:
    assert not getattr(recognise(text), name)
