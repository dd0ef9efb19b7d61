"""What only a real ledger must survive: odd characters, failures in the middle, kills."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.exc import StatementError

from bot.conversation.ledger import SqlLedger
from bot.tables import messages, outbox, ticket_counters, tickets, turns
from knowledge.gaps import Gap
from knowledge.tables import gaps
from tests.contracts.ledger_outcomes import CARDED, NOW, SAID, a_ticket, at_once, converse, outcome, wrote


def test_every_reply_has_its_place_in_the_outbox_held_back_as_its_channel_wishes(database: Engine) -> None:
    replies = converse(SqlLedger(database, {"widget": 5.0}), outcome(SAID, SAID, gap=Gap("问", "问", "low")), id="1")
    with database.connect() as connection:
        places = list(connection.execute(select(outbox).order_by(outbox.c.id)))
        assert connection.scalar(select(func.count()).select_from(gaps)) == 1
    assert [place.message_id for place in places] == [reply.id for reply in replies]
    assert {(place.state, place.attempts, place.next_at) for place in places} == {
        ("pending", 0, NOW + timedelta(seconds=5))
    }


def test_characters_a_database_refuses_do_not_keep_a_message_from_being_written(database: Engine) -> None:
    ledger = SqlLedger(database)
    recorded = ledger.record(wrote("退\0款\ud83d", "1\0"))
    assert recorded.inbound.text == "退款?"
    assert ledger.record(wrote("退\0款\ud83d", "1\0")).inbound == recorded.inbound


def test_a_failure_in_the_last_statement_undoes_the_whole_outcome(database: Engine) -> None:
    ledger = SqlLedger(database)
    recorded = ledger.record(wrote(id="1"))
    broken = outcome(CARDED, ticket=a_ticket(), gap=Gap("问", "问", "low", nearest=(object(),)))  # type: ignore[arg-type]
    with pytest.raises((StatementError, TypeError), match="not JSON serializable"):
        ledger.conclude(recorded.conversation, recorded.inbound, broken, NOW)
    with database.connect() as connection:
        for table in (turns, outbox, tickets, ticket_counters, gaps):
            assert connection.scalar(select(func.count()).select_from(table)) == 0
    assert ledger.conversation(recorded.conversation.id).version == 0


def test_a_number_given_out_in_an_outcome_that_was_undone_is_given_out_again(database: Engine) -> None:
    ledger = SqlLedger(database)
    broken = outcome(CARDED, ticket=a_ticket(), decision={"never": object()})

    def open_one(place: int) -> str:
        recorded = ledger.record(wrote(id="1", user=f"merchant-{place}"))
        if place % 3 == 0:
            with pytest.raises((StatementError, TypeError)):
                ledger.conclude(recorded.conversation, recorded.inbound, broken, NOW)
        [reply] = ledger.conclude(recorded.conversation, recorded.inbound, outcome(CARDED, ticket=a_ticket()), NOW)
        return reply.ticket.number if reply.ticket else ""

    assert sorted(at_once(12, open_one)) == [f"TK20261122-{running:04d}" for running in range(1, 13)]


KILL_LOOP = """
import os, sys, time
from datetime import UTC, datetime
from bot.conversation.ledger import Outcome, SqlLedger
from bot.conversation.model import Author, Draft, Holder, Inbound, Kind, State, TicketCard
from bot.tickets.model import Priority, TicketChange, TicketEvent
from knowledge.database import open_database
from knowledge.gaps import Gap

def work(life, log):
    ledger = SqlLedger(open_database(sys.argv[1]))
    card = Draft(Author.BOT, Kind.TICKET, "{ticket}", ticket=TicketCard("", "open", "queue", ""))
    for place in range(100000):
        now = datetime.now(UTC)
        seen = ledger.record(Inbound("widget", f"merchant-{life % 2}", f"{life}-{place}", "退款", now))
        os.write(log, f"recorded {life}-{place}\\n".encode())
        change = TicketChange("queue", Priority.NORMAL, "", TicketEvent("created", "", "bot", now))
        ledger.conclude(seen.conversation, seen.inbound,
            Outcome({}, (card, card), State(), Holder.BOT, change, Gap("q", "q", "r"), 1.0), now)
        os.write(log, f"concluded {life}-{place}\\n".encode())

log = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
for life in range(10):  # a fork spares nine imports; nothing is open before it
    child = os.fork()
    if child == 0:
        work(life, log)
    print(child, flush=True)
    os.waitpid(child, 0)
"""


def test_ten_kills_at_random_moments_lose_nothing_and_leave_nothing_half_done(database: Engine, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.touch()
    url = database.url.render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, "-c", KILL_LOOP, url, str(log)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        for life, line in enumerate(parent.stdout):
            give_up_at = time.monotonic() + 20
            while f"recorded {life}-0\n" not in log.read_text() and time.monotonic() < give_up_at:
                time.sleep(0.005)
            time.sleep(random.uniform(0.0, 0.08))
            os.kill(int(line), signal.SIGKILL)
    assert parent.returncode == 0

    said = [line.split() for line in log.read_text().splitlines()]
    recorded = {key for what, key in said if what == "recorded"}
    concluded = {key for what, key in said if what == "concluded"}
    with database.connect() as connection:
        inbound = {row.external_id: row.id for row in connection.execute(select(messages)) if row.external_id}
        done = set(connection.scalars(select(turns.c.inbound_id)))
        by_inbound = select(messages.c.reply_to, func.count()).group_by(messages.c.reply_to)
        replies = {row[0]: row[1] for row in connection.execute(by_inbound)}
        outbox_size = connection.scalar(select(func.count()).select_from(outbox))
        numbers = sorted(connection.scalars(select(tickets.c.number)))
        last = connection.scalar(select(func.sum(ticket_counters.c.last)))
        asked = connection.scalar(select(gaps.c["count"]))
    assert len({life for life, _, _ in (key.partition("-") for key in recorded)}) == 10
    assert recorded <= set(inbound)
    assert {inbound[key] for key in concluded} <= done
    assert all(replies.pop(one) == 2 for one in done)
    assert set(replies) <= {None}
    assert outbox_size == 2 * len(done)
    assert len(numbers) == len(set(numbers)) == last == asked == len(done)
