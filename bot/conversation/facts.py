"""The facts a merchant gave in one text, each in their words and normalised.

Numbers with a name first, so that a ticket or an order is not read again as a time or an amount; then times, channel,
direction and money. All words stand in `lexicon/facts.yml`. Known error codes are read elsewhere (knowledge/codes.py);
here only what has the form of one.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from bot.conversation.guard import fold
from bot.conversation.model import Fact, Heard
from bot.conversation.moments import read_times
from bot.conversation.reading import TAKEN, Found, Reader, choices, known, table, value_of

ONE_OF = {"channel": "channels", "pay_direction": "directions"}
"""Facts whose values are the names of a table in `lexicon/facts.yml`."""
SAID_IN_PASSING = ("channel", "pay_direction", "currency", "ticket_no")
"""Facts that many a question holds; by themselves they are a follow-up to it."""
_MOST_BESIDES_CHARS = 2


def extract(text: str, now: datetime) -> tuple[Fact, ...]:
    """Facts in the order they stand in the text, none twice. Relative times are counted from `now` (naive: UTC)."""
    reader = Reader(text, now)
    _codes(reader)
    if re.search(r"[\d@]", reader.folded):
        for read in (_tickets, _merchants, _serials, _contacts):
            read(reader)
    read_times(reader)
    _channels(reader)
    _money(reader)
    once: dict[tuple[str, str], Fact] = {}
    for _, fact in sorted(reader.found, key=lambda found: found.start):
        once.setdefault((fact.name, fact.value), fact)
    return tuple(once.values())


def alternatives(table: str, text: str) -> list[tuple[str, int, int]]:
    """What of a table (channels, currencies, directions) a text names: (name, start, end) in the order of the text."""
    folded = fold(text)
    return [(str(m.lastgroup), *m.span()) for m in choices(table).finditer(folded)]


def only_facts(heard: Heard) -> bool:
    """Whether a message says nothing besides facts, their labels and words that mean nothing by themselves."""
    if all(fact.name in SAID_IN_PASSING for fact in heard.facts):
        return False
    rest = fold(heard.text)
    for fact in sorted(heard.facts, key=lambda fact: -len(fact.said)):
        rest = rest.replace(fold(fact.said), " ")
    return len(known()["labels"].sub("", rest)) <= _MOST_BESIDES_CHARS


# -- numbers with a name


def _codes(reader: Reader) -> None:
    for m in list(known()["error_code"].finditer(reader.folded)):
        reader.take("error_code", m[0].upper() if m[0].isupper() else m[0], *m.span())


def _tickets(reader: Reader) -> None:
    for rule in ("ticket", "ticket_bare"):
        for m in list(known()[rule].finditer(reader.folded)):
            day = re.sub(r"\D", "", m["day"])
            start = m.start() if rule == "ticket" else m.start("day")
            reader.take("ticket_no", f"TK{day}-{m['count']}", start, m.end())


def _merchants(reader: Reader) -> None:
    reader.take_all("merchant_no", "merchant")
    if reader.found:
        reader.take_all("merchant_no", "merchant_list")
    reader.take_all("merchant_no", "merchant_after")


def _serials(reader: Reader) -> None:
    rules = known()
    for rule in ("serial", "serial_loose", "serial_after"):
        for m in list(rules[rule].finditer(reader.folded)):
            value = re.sub(r"\s", "", m["value"]).strip("-_")
            if sum(char.isdigit() for char in value) >= 4 and not rules["serial_not"].search(value):
                reader.take("serial_no", value, m.start("value"), m.end("value"))
    reader.take_all("serial_no", "serial_bare", 0)


def _contacts(reader: Reader) -> None:
    for m in list(known()["email"].finditer(reader.folded)):
        reader.take("contact_email", m[0].lower(), *m.span())
    reader.take_all("contact_phone", "phone")
    for m in list(known()["phone_other"].finditer(reader.folded)):
        value = m["value"] if m["value"][0] == "0" else re.sub(r"[\s-]", "", m["value"])
        reader.take("contact_phone", re.sub(r"\s", "-", value), *m.span("value"))
    reader.take_all("merchant_no", "merchant_bare", 0)


# -- money


def _money(reader: Reader) -> None:
    for m in choices("currencies").finditer(reader.folded):
        fact = Fact("currency", reader.text[m.start() : m.end()], str(m.lastgroup))
        reader.found.append(Found(m.start(), fact))
    for m in list(known()["money"].finditer(reader.folded)):
        if _is_money(m, reader.folded):
            reader.take("amount", f"{_amount(m).normalize():f}", *m.span())


def _is_money(m: re.Match[str], folded: str) -> bool:
    rules = known()
    if (m["counted"] is not None and not m["head"]) or rules["some"].search(m["about"] or ""):
        return False
    if rules["lump"].search(m[0]):
        return bool(rules["paid"].search(folded[max(0, m.start() - 4) : m.start()]))
    return bool(m["head"] or m["unit"] or m["small"] or m["scale"] or rules["money_scaled"].search(m["n"]))


def _amount(m: re.Match[str]) -> Decimal:
    total = value_of(m["n"])
    if m["scale"]:
        scale = table("scales")[m["scale"].strip().lower()]
        total *= scale
        if m["rest_scale"]:
            total += value_of(m["rest"] or "0") * table("scales")[m["rest_scale"].lower()]
        elif m["rest"]:
            total += _rest(m["rest"], scale)
    if m["jiao"]:
        jiao = value_of(m["jiao"])
        cents = m["mao"] not in table("tenths") if m["mao"] else len(m["jiao"]) == 2
        total += jiao if jiao < 1 else jiao / (100 if cents else 10)
        total += value_of(m["fen"] or "0") / 100
    if m["small"]:
        total /= 10 if m["small"] in table("tenths") else 100
        total += value_of(m["small_fen"] or "0") / 100
    return total


def _rest(said: str, scale: int) -> Decimal:
    """Two after twelve thousand's one: `1w2` is 12000, `1w25` 12500, `1w2345` 12345."""
    value = value_of(said)
    if len(said) > 2 or value < 10 ** (len(said) - 1) or value >= 10 ** len(said):
        return value
    return value * scale / Decimal(10 ** len(said))


# -- how it was paid


def _channels(reader: Reader) -> None:
    for name, words in ONE_OF.items():
        for m in list(choices(words).finditer(reader.folded)):
            fact = Fact(name, reader.text[m.start() : m.end()], str(m.lastgroup))
            reader.found.append(Found(m.start(), fact))
            if m.lastgroup == "ecny":
                reader.folded = reader.folded[: m.start()] + TAKEN * len(m[0]) + reader.folded[m.end() :]
