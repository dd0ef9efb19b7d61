"""What is said about documents that cannot be read, and about what was left out of them."""

from __future__ import annotations

import re

UNNAMED_SHEET = re.compile(r"(sheet|工作表)\s*\d*", re.IGNORECASE)

REASONS = {
    "missing": "找不到这个文件",
    "kind": "不支持这种文件，支持 .md .html .docx .pdf .xlsx",
    "large": "文件太大（上限 {detail}）",
    "empty": "文件里没有可用的正文",
    "broken": "文件打不开，可能已损坏",
    "encrypted": "文件有密码，请先去掉密码再添加",
    "old": "是旧版 Office 格式或有密码的文件，请另存为 .docx 或 .xlsx（不设密码）",
    "scanned": "是扫描件，没有文字；请先做文字识别（OCR）再添加",
    "bomb": "压缩内容异常（解压后过大或含实体声明），拒绝读取",
    "encoding": "不是 UTF-8 或 GB18030 文字",
    "furniture": "全部内容都是导航、推荐或未核实的联系方式，没有留下正文",
}

WHY_DROPPED = {
    "related": "相关推荐",
    "furniture": "页面零件",
    "navigation": "导航链接",
    "repeated": "页眉页脚",
    "stranger": "与正文无关的推荐",
    "contact": "未核实的联系方式",
    "repeat": "与前文重复",
}

_NUMBER = r"(?:\d(?!\d*[.、]\s)[\d.,]*|[一二两三四五六七八九十百千万半每几]+)\s*"
_TIME = r"(?:毫秒|秒|分钟?|个?小时|天|日|个?工作日|周|个?月|年|点|h|s|min)"
ASKS_AND_GIVES: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asks), re.compile(gives))
    for asks, gives in (
        (
            r"多久|多长时间|[几多][少]?[天年秒]|几个?(?:小时|工作日|月|分钟)|多少[天年秒]|几点|几号|什么时候|何时|有效期|多少个?(?:小时|工作日|月)",
            rf"{_NUMBER}{_TIME}|\d:\d\d|当天|次日|永久|无时效|没有时效|立即|实时|即时",
        ),
        (
            r"多少钱|几块钱?|多少元|收费多少|费用多少|要交多少",
            rf"{_NUMBER}(?:元|块|角|分(?!钟)|%)|免费|不收费|‰|千分之",
        ),
        (
            r"多少|几[个次笔种张家条位档级]|多大|上限|最[多少大小高低]|频率",
            rf"{_NUMBER}[^\s\d]?|无限制|没有.{{0,4}}限制|不限",
        ),
        (
            r"哪里|在哪|哪儿|路径|入口|怎么进|从哪|去哪",
            r"→|->|>|路径|登录|进入|页面|菜单|后台|平台|/\w+/\w+|控制台|点击|提供|下载",
        ),
        (
            r"吗|能不能|可不可以|可以不|要不要|是不是|会不会|行不行|有没有|是否|需不需要|还是",
            r"不|无需|无法|没有|可以|支持|必须|允许|仅|只能|均|需|会|能|是|否|禁止|切勿|才",
        ),
    )
)
"""What a question asks for, and how an answer that gives it reads; the first that fits a question counts."""
