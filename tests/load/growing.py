"""Phrasings by the million, made from the seed's: much like what people write, and all of them different.

An entry here is a matter of the seed (an entry, or a matter it does not cover) asked about one product: 386 matters and
27 products make 10,000 entries. Each phrasing of it is one of the matter's own phrasings, now and then with a clause of
another one of them, with the product named in one of several places, a region, an amount or an order number, fillers
before and after, and in three of ten cases a slip (a character lost, doubled or swapped with the next). A question held
back is made in the same way and is no phrasing of any entry.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator

from knowledge.entry import Entry
from knowledge.exchange import SEED, read_folder

PRODUCTS = (
    "收款码", "扫码盒子", "刷脸机", "云喇叭", "小程序支付", "公众号支付", "APP支付", "网页收银台", "智能POS", "手持机",
    "聚合码牌", "会员卡", "储值卡", "预授权", "分期付款", "代扣", "周期扣款", "话费充值", "停车缴费", "校园卡",
    "外卖插件", "点餐机", "自助售货机", "充电桩", "加油卡", "门票系统", "直播小店",
)  # fmt: skip
_REGIONS = (
    "成都", "义乌", "东莞", "哈尔滨", "南宁", "兰州", "温州", "西安", "长沙", "昆明", "青岛", "合肥", "洛阳",
    "泉州", "赣州", "宜昌", "保定", "绍兴", "中山", "柳州", "大理", "喀什", "包头", "延吉", "汕头", "遵义",
)  # fmt: skip
_BEFORE = (
    "", "", "", "请问", "你好 ", "我想问下", "帮我看看", "急 ", "老板问", "店里", "昨天开始", "今天",
    "刚才", "我们公司", "客人说", "麻烦问一下", "在吗 ", "会计问 ", "小店", "第一次用 ",
)  # fmt: skip
_AFTER = (
    "", "", "", "怎么办", "咋整", " 谢谢", " 在线等", "能处理吗", "是什么原因", " 急急急", "有人知道吗", " 麻烦看下",
    "要多久", " 求解", "行不行", " 等回复",
)  # fmt: skip
_NAMED = ("{product}{text}", "{product} {text}", "{text} 用的是{product}", "{text}({product})", "我用{product} {text}")
_CLAUSE = re.compile(r"[，,。？?！!；; ]+")


class Growth:
    """Makes entries and questions; the same seed gives the same ones."""

    def __init__(self, seed: int = 7) -> None:
        kept = read_folder(SEED)
        self._matters = [entry.phrasings for entry in kept.entries] + [matter.phrasings for matter in kept.uncovered]
        self._pick = random.Random(seed)

    def entries(self, count: int, each: int) -> Iterator[Entry]:
        """`count` entries of `each` phrasings."""
        for number in range(count):
            said = dict.fromkeys(self._said(number) for _ in range(each))
            while len(said) < each:
                said[self._said(number)] = None
            texts = tuple(said)
            yield Entry(f"e{number:05}", texts[0], "1. 看这里。", texts, "growth")

    def question(self, entry: Entry) -> str:
        """A question that means an entry and is none of its phrasings."""
        while (text := self._said(int(entry.id[1:]))) in entry.phrasings:
            pass
        return text

    def matter(self, entry: str) -> int:
        """The matter of the seed an entry is about, whatever the product."""
        return int(entry[1:]) % len(self._matters)

    def _said(self, number: int) -> str:
        matter = self._matters[number % len(self._matters)]
        product = PRODUCTS[number // len(self._matters) % len(PRODUCTS)]
        pick = self._pick
        text = pick.choice(matter)
        if pick.random() < 0.3:
            clauses = _CLAUSE.split(pick.choice(matter))
            text = f"{text} {pick.choice(clauses)}"
        text = pick.choice(_NAMED).format(product=product, text=text)
        if pick.random() < 0.4:
            text = f"{text} {pick.choice(_REGIONS)}这边"
        if pick.random() < 0.3:
            text += pick.choice(("，{}块", "，订单尾号{}", "，{}笔", "，金额{}元")).format(pick.randint(1, 99_999))
        return self._slipped(pick.choice(_BEFORE) + text + pick.choice(_AFTER))

    def _slipped(self, text: str) -> str:
        if self._pick.random() > 0.3:
            return text
        at = self._pick.randrange(len(text) - 1)
        lost, doubled = text[:at] + text[at + 1 :], text[: at + 1] + text[at:]
        swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return self._pick.choice((lost, doubled, swapped))
