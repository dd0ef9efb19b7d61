"""What the edge says when a request cannot be taken, and what a new session is offered."""

from __future__ import annotations

SUGGESTIONS = (
    "微信扫码支付失败怎么办",
    "支付成功但没收到通知",
    "怎么设置分账比例",
    "结算款没到",
    "退款多久到账",
    "查进度",
)

BLANK = "还没有写内容，写一句您的问题再发送。"
NO_SESSION = "会话已过期，请关闭窗口重新打开。"
TOO_FAST = "发得太快了，请稍等几秒再发。"
NO_TICKET = "没有查到这个工单，请核对工单号。"
NOT_FOUND = "没有这个页面或接口。"
BAD_REQUEST = "请求内容不完整或格式不对，请刷新页面后重试。"
BROKEN = "系统刚才出了点问题，请稍后重试；着急的话请联系人工客服。"
NOT_READY = "服务正在启动，请稍等片刻再试。"


def too_long(limit: int) -> str:
    return f"内容太长了，最多 {limit} 个字，请分成几条发。"
