"""The same message again, many at once, a failure in the middle, a kill: one answer, never none and never two."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Engine

from bot.conversation.ledger import SqlLedger
from bot.conversation.model import Inbound
from bot.jobs.worker import RECOVER_AFTER_SECONDS
from knowledge.library import Library
from tests.contracts.ledger_outcomes import at_once
from tests.doubles import Clock
from tests.journeys.shop import Merchant, Shop, open_shop, rows, working

ROOT = Path(__file__).parents[2]


def inbound(shop: Shop) -> list[dict[str, object]]:
    return [row for row in rows(shop.engine, "messages") if row["author"] == "merchant"]


def test_the_same_message_twice_is_one_message_with_one_reply(stored_shop: Shop) -> None:
    merchant = stored_shop.merchant()
    first, second = merchant.send("转人工", client_id="a"), merchant.send("转人工", client_id="a")
    assert first.json() == second.json()
    assert len(inbound(stored_shop)) == len(rows(stored_shop.engine, "tickets")) == 1
    assert len(merchant.read()["messages"]) == 2


def test_the_same_message_eight_times_at_once_is_one_message_one_ticket_and_identical_replies(
    stored_shop: Shop,
) -> None:
    merchant = stored_shop.merchant()
    answers = at_once(8, lambda _: merchant.send("转人工", client_id="a"))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert len({str(answer.json()["messages"]) for answer in answers}) == 1
    assert len(inbound(stored_shop)) == len(rows(stored_shop.engine, "tickets")) == 1
    assert len(rows(stored_shop.engine, "turns")) == len(rows(stored_shop.engine, "outbox")) == 1


def test_eight_different_messages_at_once_are_each_answered_once(stored_shop: Shop) -> None:
    merchant = stored_shop.merchant()
    merchant.say("你好", client_id="first")
    answers = at_once(8, lambda place: merchant.send("怎么设置分账比例", client_id=f"m{place}"))
    assert [answer.status_code for answer in answers] == [200] * 8
    assert all(len(answer.json()["messages"]) == 2 for answer in answers)
    turns = {row["inbound_id"] for row in rows(stored_shop.engine, "turns")}
    assert turns == {row["id"] for row in inbound(stored_shop)}
    assert len(merchant.read()["messages"]) == 18


def test_eight_first_messages_at_once_open_one_conversation(stored_shop: Shop) -> None:
    merchant = stored_shop.merchant()
    at_once(8, lambda place: merchant.say("你好", client_id=f"m{place}"))
    assert len(rows(stored_shop.engine, "conversations")) == 1


def test_a_person_asked_for_eight_times_at_once_is_one_ticket(stored_shop: Shop) -> None:
    merchant = stored_shop.merchant()
    answers = at_once(8, lambda place: merchant.say("转人工", client_id=f"m{place}"))
    assert [answer.number for answer in answers if answer.number] == ["TK20261122-0001"]
    assert len(rows(stored_shop.engine, "tickets")) == 1


def test_eight_merchants_at_once_get_eight_numbers(stored_shop: Shop) -> None:
    merchants = [stored_shop.merchant() for _ in range(8)]
    numbers = at_once(8, lambda place: merchants[place].say("转人工").number)
    assert sorted(numbers) == [f"TK20261122-000{place}" for place in range(1, 9)]


def test_a_retry_after_other_messages_still_gets_its_own_reply(shop: Shop) -> None:
    merchant = shop.merchant()
    first = merchant.say("怎么设置分账比例", client_id="a")
    merchant.say("退款", client_id="b")
    assert merchant.say("怎么设置分账比例", client_id="a").body["messages"] == first.body["messages"]


class Broken(Library):
    """A library whose search fails."""

    def search(self, *_: object, **__: object) -> object:  # type: ignore[override]
        raise RuntimeError("the index is unreadable")


@pytest.fixture
def broken_shop(shop: Shop, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setattr(shop.parts.library, "__class__", Broken)
    return shop


def test_a_search_that_fails_ends_in_an_honest_sentence_and_a_ticket(
    broken_shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    heard = broken_shop.merchant().say("怎么设置分账比例，电话 13812345678")
    assert (heard.kind, heard.rule, heard.holder) == ("handoff", "trouble", "queue")
    assert "出了点问题" in heard.text
    assert "分账比例" in broken_shop.ticket(heard.number).summary
    assert "the index is unreadable" in caplog.text
    assert "13812345678" not in caplog.text


def test_where_the_search_fails_an_emergency_is_still_an_emergency(broken_shop: Shop) -> None:
    heard = broken_shop.merchant().say("我的钱被人转走了，卡号 6222021234567890128")
    assert heard.decision["queue"] == "risk_red"
    assert [reply["kind"] for reply in heard.replies] == ["notice", "ticket"]


def test_where_the_search_fails_the_bot_is_as_quiet_in_the_queue_as_ever(broken_shop: Shop) -> None:
    merchant = broken_shop.merchant()
    merchant.say("转人工")
    assert merchant.say("怎么设置分账比例").replies == []
    assert merchant.say("查进度").number == "TK20261122-0001"
    assert merchant.say("我的钱被人转走了").decision["queue"] == "risk_red"
    assert len(rows(broken_shop.engine, "tickets")) == 1


def test_where_the_search_fails_secrets_are_still_masked_and_warned_about(broken_shop: Shop) -> None:
    heard = broken_shop.merchant().say("结算到 6222021234567890128 没到账")
    assert heard.replies[0]["kind"] == "notice"
    assert "6222021234567890128" not in str(heard.body)


STUCK = """
import sys, time
from pathlib import Path
import uvicorn
from bot.metrics import Metrics
from bot.organisation.profile import Profile
from bot.dialogue.leading import Leading
from bot.dialogue.turn import PlainDialogue
from bot.parts import Parts
from bot.settings import read_settings
from knowledge.confidence import Calibration
from knowledge.database import open_database
from knowledge.library import Library
from knowledge.question import Language
from knowledge.store import EntryStore

class Stuck(Library):
    def search(self, *_, **__):
        print("thinking", flush=True)
        time.sleep(600)

home, url = sys.argv[1:]
engine = open_database(url)
library = Stuck(Language(cache_folder=Path(home)), None, Calibration.none(), Path(home))
leading = Leading({})
parts = Parts(
    read_settings({"BOT_HOME": home}),
    engine,
    EntryStore(engine),
    library,
    Profile(engine),
    None,
    Metrics(),
    leading,
    PlainDialogue(leading),
    None,
)
server = uvicorn.Server(uvicorn.Config(parts.app(), port=0, log_level="critical", lifespan="off"))
socket = server.config.bind_socket()
socket.listen()
print(socket.getsockname()[1], flush=True)
server.run(sockets=[socket])
"""


def killed_while_thinking(engine: Engine, folder: Path, text: str) -> str:
    """Ask a server of its own, kill -9 it before it has an answer, and return the asker's token."""
    command = [sys.executable, "-c", STUCK, str(folder), engine.url.render_as_string(hide_password=False)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        try:
            url = f"http://127.0.0.1:{int(server.stdout.readline())}"
            with httpx.Client(base_url=url, trust_env=False, timeout=30) as http:
                token = str(http.post("/api/sessions", json={}).json()["token"])
            with httpx.Client(base_url=url, trust_env=False, timeout=httpx.Timeout(30, read=0.2)) as http:
                body = {"text": text, "client_id": "killed"}
                with pytest.raises(httpx.ReadTimeout):
                    http.post("/api/messages", json=body, headers={"Authorization": f"Bearer {token}"})
            assert server.stdout.readline() == "thinking\n"
        finally:
            os.kill(server.pid, signal.SIGKILL)
    return token


def test_a_message_whose_server_was_killed_while_it_thought_is_answered_exactly_once_after_the_restart(
    database: Engine, tmp_path: Path
) -> None:
    clock = Clock(datetime.now(UTC))
    token = killed_while_thinking(database, tmp_path, "怎么设置分账比例")
    clock.set(SqlLedger(database).unconcluded(clock.now + timedelta(days=1))[0].created_at)
    with open_shop(database, clock) as shop:
        desk = shop.parts.desk(database)
        assert desk.recover(clock() - timedelta(seconds=RECOVER_AFTER_SECONDS)) == 0
        clock.advance(RECOVER_AFTER_SECONDS + 1)
        assert desk.recover(clock() - timedelta(seconds=RECOVER_AFTER_SECONDS)) == 1
        assert desk.recover(clock() - timedelta(seconds=RECOVER_AFTER_SECONDS)) == 0
        merchant = Merchant(shop.http, token)
        written = merchant.read()["messages"]
        assert [(one["author"], one["kind"]) for one in written] == [("merchant", "text"), ("bot", "card")]
        assert written[1]["entry"]["id"] == "split-ratio-set"
        assert merchant.say("怎么设置分账比例", client_id="killed").body["messages"] == written


def test_the_worker_recovers_by_itself(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    merchant = shop.merchant()
    merchant.say("你好")
    SqlLedger(shop.engine).record(Inbound("widget", shop.person, "left", "怎么设置分账比例", shop.clock()))
    shop.clock.advance(RECOVER_AFTER_SECONDS + 1)
    caplog.set_level(logging.ERROR)
    with working(shop):
        give_up_at = time.monotonic() + 10
        while time.monotonic() < give_up_at and len(merchant.read()["messages"]) < 4:
            time.sleep(0.05)
    assert [one["author"] for one in merchant.read()["messages"]] == ["merchant", "bot", "merchant", "bot"]
    assert caplog.text == ""
