"""Merchants who write to a running service over HTTP, one message after another, and note how long each answer took."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, count, repeat

import httpx

_PATIENCE_SECONDS = 60.0
_TROUBLE = "trouble"
"""The rule of a turn in which thinking failed."""

QUESTIONS = ("你好", "退款退回顾客卡里大概要几天", "那支付宝的呢", "怎么给店员单独开一个账号", "结算周期能改吗", "谢谢")
GUIDE = ("顾客付款成功了，可我们系统没收到通知", "地址没问题，外网能打开", "有请求进来", "返回的是 500", "好的明白了")
FACTS = (
    "昨晚九点有一笔微信收款298元，后台一直查不到",
    "商户号8812345678",
    "对账单在哪里下载",
    "ACQ.SYSTEM_ERROR 是什么意思",
    "小票打不出来怎么弄",
)
TICKET = (
    "帮我登记个工单",
    "新换的收款码贴纸破损了，想再要两张",
    "商户号8812345678",
    "没有",
    "没有",
    "提交",
)
SCRIPTS = (QUESTIONS, GUIDE, FACTS, TICKET)
"""Short conversations; whatever may hand over to people comes last in one."""

ROUND = (
    *("你好", "发票怎么开", "多久能开好", "顾客付款成功了，可我们系统没收到通知", "能打开", "有", "返回"),
    *("怎么设置分账比例", "继续刚才的排查", "有", "好了", "商户号8812345678，昨天下午三点收了45块", "手续费怎么算的"),
    *("那信用卡呢", "提现要多久到账", "ACQ.SYSTEM_ERROR", "怎么重置登录密码", "在哪里点", "谢谢"),
)
"""19 messages: the hundredth of a conversation is the fifth once more, at the same place of the same guide."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One message: how long its answer took, and what a merchant saw go wrong (empty: nothing)."""

    ms: float
    wrong: str


class Talker:
    """One merchant: a session of their own over a connection that is kept."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http
        opened = http.post("/api/sessions", json={})
        opened.raise_for_status()
        self._headers = {"Authorization": f"Bearer {opened.json()['token']}"}
        self._ids = count()

    def say(self, text: str) -> Answered:
        """Send a message and wait for the whole answer."""
        body = {"text": text, "client_id": f"m{next(self._ids)}"}
        began = time.perf_counter()
        try:
            response = self._http.post("/api/messages", json=body, headers=self._headers)
        except httpx.HTTPError as error:
            return Answered((time.perf_counter() - began) * 1000, type(error).__name__)
        return Answered((time.perf_counter() - began) * 1000, _wrong(response))


def _wrong(response: httpx.Response) -> str:
    if response.status_code != 200:
        return f"HTTP {response.status_code}"
    answer = response.json()
    if answer["decision"].get("rule") == _TROUBLE:
        return "an apology instead of an answer"
    return "" if len(answer["messages"]) > 1 or answer["holder"] != "bot" else "silence"


def connected(url: str) -> httpx.Client:
    """A client that keeps one connection to a service."""
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1)
    return httpx.Client(base_url=url, timeout=_PATIENCE_SECONDS, trust_env=False, limits=limits)


def converse(url: str, scripts: Iterable[Sequence[str]]) -> list[Answered]:
    """One conversation a script, one after the other."""
    with connected(url) as http:
        return [talker.say(text) for talker, script in _opened(http, scripts) for text in script]


def _opened(http: httpx.Client, scripts: Iterable[Sequence[str]]) -> Iterator[tuple[Talker, Sequence[str]]]:
    return ((Talker(http), script) for script in scripts)


def at_once(url: str, talkers: int, rounds: int) -> tuple[list[Answered], float]:
    """So many merchants at once, each through all scripts so many times; and the seconds that all of it took."""
    together = threading.Barrier(talkers + 1)

    def talk(place: int) -> list[Answered]:
        scripts = SCRIPTS[place % len(SCRIPTS) :] + SCRIPTS[: place % len(SCRIPTS)]
        with connected(url) as http:
            ready = list(_opened(http, chain.from_iterable(repeat(scripts, rounds))))
            together.wait()
            return [talker.say(text) for talker, script in ready for text in script]

    with ThreadPoolExecutor(talkers) as pool:
        running = [pool.submit(talk, place) for place in range(talkers)]
        together.wait()
        began = time.perf_counter()
        answered = [one for talking in running for one in talking.result()]
        return answered, time.perf_counter() - began


def until_told(url: str, talkers: int, told: Callable[[], bool]) -> list[Answered]:
    """So many merchants at once, in one new conversation after another until they are told to stop."""

    def talk(place: int) -> list[Answered]:
        found: list[Answered] = []
        with connected(url) as http:
            for turn in count(place):
                talker = Talker(http)
                for text in SCRIPTS[turn % len(SCRIPTS)]:
                    if told():
                        return found
                    found.append(talker.say(text))
        return found

    with ThreadPoolExecutor(talkers) as pool:
        return [one for found in pool.map(talk, range(talkers)) for one in found]


def in_one_conversation(url: str, turns: int) -> list[Answered]:
    """That many messages in one conversation."""
    with connected(url) as http:
        talker = Talker(http)
        return [talker.say(ROUND[turn % len(ROUND)]) for turn in range(turns)]
