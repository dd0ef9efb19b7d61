"""Documents cleaned, cut, kept, searched and quoted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from knowledge.commands import run
from knowledge.documents.calibrate import QUESTIONS, WRONG_RATE, read_labelled
from knowledge.documents.furniture import clean, contacts, is_furniture, recommends, vouched
from knowledge.documents.judge import JUDGED, WEIGHTS, Judge
from knowledge.documents.library import DocumentLibrary
from knowledge.documents.model import Block, Document, DocumentMissing, Kept, Passage, text_of
from knowledge.documents.passages import MOST_CHARACTERS, cut, units_of
from knowledge.documents.quote import MOST_CHARACTERS as MOST_QUOTED
from knowledge.documents.read import read_bytes
from knowledge.documents.store import DocumentStore
from knowledge.documents.take import File, files, take
from knowledge.place import Place
from knowledge.question import Language
from tests.doubles import Clock, HashEncoder
from tests.knowledge import papers

MANUAL = """# 电子回单手册

## 申请回单

电子回单每天早上八点以后可以申请，最早能申请三年以前的回单。一次最多选五百笔。

1. 打开回单中心
2. 勾选要开回单的订单
3. 点提交

## 回单的效力

电子回单盖有电子印章，与纸质回单有同样的效力，不需要再邮寄纸质件。

## 下载格式

| 格式 | 打开方式 |
| --- | --- |
| PDF | 任何阅读器 |
| OFD | 需要安装版式阅读器 |
"""


def kept(text: str = MANUAL, source: str = "回单.md", provider: str = "") -> Kept:
    document = read_bytes(text.encode(), source)
    return Kept(source, document.title, provider, "digest", cut(document))


def words(text: str) -> list[str]:
    return [text[n : n + 2] for n in range(len(text) - 1)]


@pytest.mark.parametrize(
    "line",
    [
        "作者：张三", "发布时间：2024-01-02", "阅读 1024", "1.2万次阅读", "上一篇：怎么退款", "返回顶部",
        "首页 > 帮助 > 退款", "点赞 收藏 分享", "版权所有 © 2024 某公司", "第 3 页 共 9 页", "图1.png",
        "扫码关注公众号领取红包", "- 查看更多 >>",
    ],
)  # fmt: skip
def test_furniture_is_recognised(line: str) -> None:
    assert is_furniture(line)


@pytest.mark.parametrize(
    "line",
    [
        "来源地址必须在白名单里，否则接口会被拒绝。", "- 返回：prepay_id", "分享给顾客的收款码可以长期使用。",
        "不支持长按识别二维码", "阅读通知报文后先验签。", "1. 登录商户后台",
        "版权类商户要上传授权书。", "作者可以在后台提现",
    ],
)  # fmt: skip
def test_what_documents_say_is_no_furniture(line: str) -> None:
    assert not is_furniture(line)
    assert not recommends(line)


def test_contacts_are_found_however_they_are_spelt_and_other_numbers_are_none() -> None:
    for text in (
        "请拨打400 800 9000",
        "热线95188",
        "电话：010-88888888",
        "13800138000",
        "写信到 a.b@pay.example",
        "微信号：kefu_01",
    ):
        assert contacts(text), text
    for text in (
        "商户号1900000109",
        "transaction_id 4200001234202401011234567890",
        "错误码 40029",
        "2024-01-01 10:00:00",
        "500笔/秒",
    ):
        assert not contacts(text), text
    assert vouched("热线 400-800-9000", ["4008009000"])
    assert not vouched("热线400-800-9000、010-88888888", ["400-800-9000"])


def test_a_page_keeps_what_it_says_and_every_line_left_out_is_told() -> None:
    text = papers.PAGE.replace("</article>", "<p>七十寸电视到底有多宽呢</p></article>")
    document, dropped = clean(read_bytes(text.encode(), "退款.html"), words)
    left = "\n".join(text_of(passage) for passage in cut(document))
    assert "原来的储蓄卡" in left
    for foreign in ("电视", "健康码", "95188", "400-800", "小编"):
        assert foreign not in left
    assert {one.why for one in dropped} >= {"contact"}
    assert any("400-800-9000" in one.line for one in dropped)
    told, _ = clean(read_bytes(text.encode(), "退款.html"), words, ["4008009000"])
    assert "400-800-9000" in "\n".join(text_of(passage) for passage in cut(told))


def test_recommendations_go_up_to_the_next_heading_of_their_level() -> None:
    text = (
        "# 甲\n\n正文在这里说退款怎么办理。\n\n## 相关文章\n\n70寸电视尺寸\n\n- 健康码申领\n\n## 到账\n\n两天到账。\n"
    )
    document, dropped = clean(read_bytes(text.encode(), "a.md"), words)
    assert [block.lines[0] for block in document.blocks] == ["正文在这里说退款怎么办理。", "两天到账。"]
    assert {(one.line, one.why) for one in dropped} == {("70寸电视尺寸", "related"), ("- 健康码申领", "related")}


def test_teasers_at_the_end_that_share_no_word_with_the_text_are_strangers() -> None:
    text = "# 退款\n\n退款按原路退回。\n\n退款要两天到账。\n\n大额退款要审核。\n\n退款审核表\n\n当提及70寸电视尺寸时\n"
    document, dropped = clean(read_bytes(text.encode(), "a.md"), words)
    assert [(one.line, one.why) for one in dropped] == [("当提及70寸电视尺寸时", "stranger")]
    assert document.blocks[-1].lines == ("退款审核表",)


SENTENCES = st.lists(
    st.text(alphabet="甲乙丙丁，abc 12", min_size=1, max_size=80).map(lambda t: f"{t.strip()}。"), max_size=40
)


@given(SENTENCES)
def test_no_sentence_is_cut_and_none_is_lost(sentences: list[str]) -> None:
    block = Block("text", ("一",), ("".join(sentences),)) if sentences else Block("text", ("一",), ("空。",))
    passages = cut(Document("题", (block,)))
    assert "".join("".join(text_of(passage).split()) for passage in passages) == "".join("".join(block.lines).split())
    for passage in passages:
        text = text_of(passage)
        assert text.endswith("。")
        assert len(text) <= MOST_CHARACTERS or text.count("。") == 1
        assert "".join(text[unit.start : unit.end] for unit in units_of(passage)) == text


def test_passages_follow_headings_and_a_table_that_is_cut_keeps_its_column_names() -> None:
    rows = "\n".join(f"| 接口{n} | {'说明' * 30} |" for n in range(20))
    passages = cut(read_bytes(f"# 甲\n\n## 乙\n\n| 名 | 义 |\n|---|---|\n{rows}\n\n## 丙\n\n末句。\n".encode(), "a.md"))
    assert {passage.headings for passage in passages} == {("乙",), ("丙",)}
    assert len(passages) > 3
    assert all(text_of(passage).startswith("名：接口") for passage in passages[:-1])
    assert [passage.number for passage in passages] == list(range(1, len(passages) + 1))


def test_code_stays_whole() -> None:
    code = "\n".join(f"line {n} = {'x' * 20}" for n in range(40))
    passages = cut(read_bytes(f"# 甲\n\n例子：\n\n```\n{code}\n```\n".encode(), "a.md"))
    assert any(code in text_of(passage) for passage in passages)


@pytest.fixture
def library(language: Language, tmp_path: Path) -> DocumentLibrary:
    found = DocumentLibrary(language, HashEncoder(), Judge.read(), tmp_path / "documents")
    found.refresh([kept(), kept("# 打印机\n\n## 纸张\n\n小票打印机用八十毫米宽的热敏纸。\n", "打印机.md")], "1")
    return found


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("电子回单最早能申请多少年以前的", "三年"),
        ("电子回单和纸质回单效力一样吗", "同样的效力"),
        ("OFD格式的回单怎么打开", "版式阅读器"),
    ],
)
def test_a_question_is_answered_with_a_quotation_word_for_word(
    library: DocumentLibrary, language: Language, asked: str, held: str
) -> None:
    [found] = library.search(language.read(asked))
    assert held in found.quote
    document = library.document(found.document)
    passage = document.passages[found.passage - 1]
    assert found.quote in text_of(passage)
    assert (found.title, found.headings) == ("电子回单手册", passage.headings)
    assert len(found.quote) <= MOST_QUOTED
    assert found.address == f"documents/{found.document}#p{found.passage}"


@pytest.mark.parametrize("asked", ["明天会下雨吗", "贷款利息是多少", "回单能转让给别的公司抵税吗", "？？？", "的了吗"])
def test_what_the_documents_do_not_say_is_not_answered(
    library: DocumentLibrary, language: Language, asked: str
) -> None:
    assert not any(found.sure for found in library.search(language.read(asked)))


def test_nothing_is_found_before_the_first_document_and_after_the_last(language: Language, tmp_path: Path) -> None:
    library = DocumentLibrary(language, HashEncoder(), Judge.read(), tmp_path)
    assert library.search(language.read("电子回单")) == []
    library.refresh([kept()], "1")
    library.refresh([], "2")
    assert library.search(language.read("电子回单")) == []
    with pytest.raises(DocumentMissing):
        library.document(kept().id)


def test_a_snapshot_is_read_back_made_anew_for_another_encoder_and_mended_where_it_is_broken(
    library: DocumentLibrary, language: Language, tmp_path: Path
) -> None:
    folder, question = tmp_path / "documents", language.read("电子回单和纸质回单效力一样吗")
    before = library.search(question)
    [snapshot] = (folder / "snapshots").iterdir()
    again = DocumentLibrary(language, HashEncoder(), Judge.read(), folder)
    documents = [library.document(before[0].document), *(d for d in [kept()] if d.id != before[0].document)]
    (snapshot / "passages.json").write_text("{", encoding="utf8")
    again.refresh([kept(), kept("# 打印机\n\n## 纸张\n\n小票打印机用八十毫米宽的热敏纸。\n", "打印机.md")], "1")
    assert again.search(question) == before
    other = HashEncoder(128)
    other.fingerprint = "another"
    DocumentLibrary(language, other, Judge.read(), folder).refresh(documents, "1")
    assert [one.name for one in (folder / "snapshots").iterdir()] != [snapshot.name]


def test_a_document_comes_back_as_it_was_put_and_the_same_again_changes_nothing(database: Engine, clock: Clock) -> None:
    store = DocumentStore(database)
    before = store.generation()
    assert store.put(kept(), clock())
    assert store.all() == [kept()]
    after = store.generation()
    assert after != before
    assert not store.put(kept(), clock.advance(5))
    assert store.generation() == after
    [listed] = store.listed()
    assert (listed.source, listed.passages) == ("回单.md", len(kept().passages))


def test_adding_a_name_again_replaces_it_and_another_providers_stays(database: Engine, clock: Clock) -> None:
    store = DocumentStore(database)
    store.put(kept(), clock())
    store.put(kept(provider="甲支付"), clock())
    changed = replace(kept(), title="新版", passages=(Passage(1, (), (Block("text", (), ("只剩一句。",)),)),))
    assert store.put(changed, clock.advance(5))
    assert {document.title for document in store.all()} == {"新版", "电子回单手册"}
    generation = store.generation()
    store.remove(changed.id)
    assert store.generation() != generation
    assert store.all() == [kept(provider="甲支付")]
    with pytest.raises(DocumentMissing):
        store.remove(changed.id)


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from sqlalchemy import event
from knowledge.database import open_database
from knowledge.documents.model import Block, Kept, Passage
from knowledge.documents.store import DocumentStore
engine = open_database(sys.argv[1])
@event.listens_for(engine, "before_cursor_execute")
def stop(connection, cursor, statement, parameters, context, many):
    if statement.startswith("INSERT INTO passages"):
        os.kill(os.getpid(), signal.SIGKILL)
new = (Passage(1, (), (Block("text", (), ("新。",)),)),)
DocumentStore(engine).put(Kept("回单.md", "新版", "", "d", new), datetime.now(UTC))
"""


def test_a_replacement_that_is_killed_half_way_leaves_the_old_document(database: Engine, clock: Clock) -> None:
    DocumentStore(database).put(kept(), clock())
    address = database.url.render_as_string(hide_password=False)
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, address], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    assert DocumentStore(database).all() == [kept()]


def test_files_are_named_within_the_folder_that_was_given_and_hidden_ones_passed_over(
    tmp_path: Path, language: Language
) -> None:
    folder = tmp_path / "手册"
    for name in ("甲/一.md", "乙/一.md", ".git/x.md", "甲/~$锁.docx", "图.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("# 题\n\n一句话。\n", encoding="utf8")
    found = files([folder, folder / "甲" / "一.md"])
    assert [file.source for file in found] == ["手册/乙/一.md", "手册/甲/一.md"]
    document, dropped = take(File(folder / "甲" / "一.md", "手册/甲/一.md"), "甲支付", language)
    assert (document.source, document.provider, document.title, dropped) == ("手册/甲/一.md", "甲支付", "题", [])


def test_the_weights_that_come_along_fit_the_features_and_keep_the_rate_they_state() -> None:
    judge = Judge.read(WEIGHTS)
    assert len(judge.judge) == len(JUDGED) + 1
    assert 0 < judge.answer_at < 1
    assert judge.figures["wrong_at_most"] <= WRONG_RATE
    assert judge.figures["answerable"] >= 40
    questions = read_labelled(QUESTIONS)
    assert sum(one.holds is not None for one in questions) >= 150
    assert sum(one.holds is None for one in questions) >= 60


def test_the_commands_add_preview_find_and_remove_and_name_what_they_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = Place(tmp_path / "home", f"sqlite:///{tmp_path / 'home' / 'shangda.db'}")
    folder = tmp_path / "手册"
    folder.mkdir()
    (folder / "回单.md").write_text(MANUAL + "\n作者：小编\n\n回单打不开请拨打13800138000。\n", encoding="utf8")
    (folder / "坏.docx").write_bytes(b"broken")
    assert run(["documents", "add", str(folder), "--dry-run"], place) == 0
    previewed = "".join(capsys.readouterr().out.split())
    for told in ("作者：小编", "13800138000", "坏.docx：文件打不开", "没有写入任何内容"):
        assert told in previewed
    assert run(["documents", "list"], place) == 0
    assert "还没有添加文档" in capsys.readouterr().out
    assert run(["documents", "add", str(folder)], place) == 0
    assert run(["documents", "add", str(folder)], place) == 0
    assert "没有变化 1 份" in "".join(capsys.readouterr().out)
    engine, _ = place.open()
    [listed] = DocumentStore(engine).listed()
    engine.dispose()
    assert listed.source == "手册/回单.md"
    assert run(["documents", "search", "电子回单和纸质回单效力一样吗"], place) == 0
    found = "".join(capsys.readouterr().out.split())
    assert "同样的效力" in found
    assert f"/help/documents/{listed.id}#p" in found
    assert run(["documents", "remove", listed.id], place) == 0
    assert run(["documents", "remove", listed.id], place) == 1
    assert run(["documents", "add", str(folder / "坏.docx")], place) == 1
    assert run(["documents", "add", str(tmp_path / "nowhere.md")], place) == 1
