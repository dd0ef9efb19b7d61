"""Settings, service hours and announcements."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from bot.organisation.announcements import Announcements
from bot.organisation.hours import Hours, parse_day
from bot.organisation.profile import Profile, SettingRefused, SettingUnknown, definitions
from tests.doubles import Clock

ROOT = Path(__file__).parents[2]


@pytest.fixture
def profile(database: Engine) -> Profile:
    return Profile(database)


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of 2026 as clocks in Shanghai show it."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC) - timedelta(hours=8)


def test_there_is_a_text_setting_for_each_thing_that_differs_by_provider(profile: Profile) -> None:
    assert len(profile.values()) == 118


def test_every_setting_the_answers_refer_to_has_a_value(profile: Profile) -> None:
    answers = "".join(path.read_text(encoding="utf8") for path in (ROOT / "knowledge" / "seed").glob("*.yml"))
    assert set(re.findall(r"\{\{\s*(.+?)\s*\}\}", answers)) <= set(profile.values())


def test_every_stand_in_is_honest_words_without_figures_phones_or_addresses() -> None:
    for setting in definitions().values():
        if setting.kind == "text":
            assert re.fullmatch(r"[\u4e00-\u9fff，“”]{3,40}", setting.default), setting
        assert setting.hint
        assert setting.group


def test_a_text_that_was_set_replaces_its_stand_in_until_it_is_unset(profile: Profile, clock: Clock) -> None:
    stand_in = profile.values()["结算周期"]
    profile.set("结算周期", "  T+1，节假日顺延\n", "ana", clock())
    assert profile.values()["结算周期"] == profile.get("结算周期") == "T+1，节假日顺延"
    assert "结算周期" not in profile.unset()
    profile.set("结算周期", None, "ana", clock())
    assert profile.values()["结算周期"] == stand_in
    assert "结算周期" in profile.unset()


def test_the_brand_in_answers_follows_the_organisations_name(profile: Profile, clock: Clock) -> None:
    assert (profile.get("brand_name"), profile.get("服务品牌")) == ("本机构", "本机构")
    profile.set("brand_name", "示例支付", "ana", clock())
    assert profile.values()["服务品牌"] == "示例支付"


def test_a_change_by_another_process_is_seen_at_the_next_look(profile: Profile, database: Engine, clock: Clock) -> None:
    assert profile.get("wrong_answer_rate") == 0.03
    Profile(database).set("wrong_answer_rate", 0.02, "bo", clock())
    assert profile.get("wrong_answer_rate") == 0.02
    script = (
        "import sys; from datetime import *; from knowledge.database import open_database;"
        "from bot.organisation.profile import Profile;"
        "Profile(open_database(sys.argv[1])).set('wrong_answer_rate', 0.1, 'cy', datetime.now(timezone.utc))"
    )
    url = database.url.render_as_string(hide_password=False)
    subprocess.run([sys.executable, "-c", script, url], check=True, cwd=ROOT)
    assert profile.get("wrong_answer_rate") == 0.1


def test_what_a_reader_does_to_a_value_stays_with_the_reader(profile: Profile) -> None:
    profile.get("first_answer")["general"]["minutes"] = 1
    assert profile.get("first_answer")["general"]["minutes"] == 240


def test_the_defaults_would_be_accepted_if_they_were_set(profile: Profile, clock: Clock) -> None:
    for setting in profile.defined():
        if setting.kind != "fixed":
            profile.set(setting.name, setting.default, "ana", clock())
            assert profile.get(setting.name) == setting.default


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("结算周期", "   "),
        ("结算周期", 3),
        ("结算周期", "长" * 2001),
        ("结算周期", "见 {{结算卡户名规则}}"),
        ("结算周期", "响\a铃"),
        ("brand_name", "两\n行"),
        ("time_zone", "Europe/Paris"),
        ("wrong_answer_rate", 0),
        ("wrong_answer_rate", 0.6),
        ("wrong_answer_rate", True),
        ("wrong_answer_rate", float("nan")),
        ("merchant_number_pattern", "^88("),
        ("service_hours", {"mon": [["08:00", "22:00"]]}),
        ("service_hours", "always"),
        ("holidays", {"2026-13-01": "closed"}),
        ("holidays", {"2026-10-01": [["8:00", "22:00"]]}),
        ("holidays", [["2026-10-01"]]),
        ("peak_hours", [{"from": "2026-11-12", "until": "2026-11-10", "hours": [["08:00", "02:00"]]}]),
        ("peak_hours", [{"from": "2026-11-10"}]),
        ("peak_hours", {}),
        ("first_answer", {"red": {"minutes": 30, "in_service_hours": True}}),
        ("first_answer", {"general": {"minutes": 0, "in_service_hours": True}}),
        ("first_answer", {"general": {"minutes": 60, "in_service_hours": "yes"}}),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_changes_nothing(
    profile: Profile, clock: Clock, name: str, value: Any
) -> None:
    before = profile.get(name)
    with pytest.raises(SettingRefused):
        profile.set(name, value, "ana", clock())
    assert profile.get(name) == before


def test_a_setting_nobody_defined_is_unknown(profile: Profile, clock: Clock) -> None:
    with pytest.raises(SettingUnknown):
        profile.get("nonsense")
    with pytest.raises(SettingUnknown):
        profile.set("#version", "x", "ana", clock())


class Given(dict[str, Any]):
    """Settings from a dictionary over a week of 08:00–22:00 that rests on Sunday."""

    def get(self, name: str, default: Any = None) -> Any:
        week = {day: [["08:00", "22:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat")}
        return super().get(name, {"service_hours": week | {"sun": "closed"}, "holidays": {}, "peak_hours": []}[name])


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at(11, 20, 7, 59), False),
        (at(11, 20, 8), True),
        (at(11, 20, 21, 59), True),
        (at(11, 20, 22), False),
        (at(11, 22, 10), False),
    ],
)
def test_hours_are_those_of_the_weekday_in_shanghai(moment: datetime, is_open: bool) -> None:
    assert Hours(Given()).is_open(moment) is is_open


def test_the_next_opening_skips_the_closed_days() -> None:
    hours = Hours(Given(holidays={"2026-11-23": "closed", "2026-11-24": [["10:00", "12:00"], ["14:00", "18:00"]]}))
    assert hours.next_opening(at(11, 21, 22)) == at(11, 24, 10)
    assert hours.next_opening(at(11, 24, 12)) == at(11, 24, 14)
    assert hours.next_opening(at(11, 24, 15)) == at(11, 24, 15)


def test_a_peak_runs_past_midnight_even_into_a_day_of_rest() -> None:
    peak = {"from": "2026-11-20", "until": "2026-11-21", "hours": [["08:00", "02:00"]]}
    hours = Hours(Given(peak_hours=[peak]))
    assert hours.is_open(at(11, 20, 23, 30))
    assert hours.is_open(at(11, 21, 1, 59))
    assert hours.is_open(at(11, 22, 1, 59))
    assert not hours.is_open(at(11, 22, 2))
    assert hours.after(at(11, 21, 21), 360) == at(11, 23, 9)


def test_a_holiday_decides_over_a_peak() -> None:
    peak = {"from": "2026-11-20", "until": "2026-11-21", "hours": [["00:00", "24:00"]]}
    hours = Hours(Given(peak_hours=[peak], holidays={"2026-11-21": "closed"}))
    assert hours.is_open(at(11, 20, 3))
    assert not hours.is_open(at(11, 21, 12))


def test_spans_that_overlap_are_counted_once() -> None:
    hours = Hours(Given(holidays={"2026-11-20": [["09:00", "12:00"], ["10:00", "11:00"], ["11:30", "13:00"]]}))
    assert hours.after(at(11, 20, 8), 240) == at(11, 20, 13)


def test_where_it_is_never_open_there_is_no_next_opening() -> None:
    hours = Hours(Given(service_hours={}))
    assert hours.next_opening(at(11, 20, 8)) is None
    assert hours.after(at(11, 20, 8), 1) is None


@pytest.mark.parametrize("value", [None, "open", [["08:00"]], [["24:01", "25:00"]], [[8, 22]], ["08:00-22:00"]])
def test_hours_that_cannot_be_read_are_an_error(value: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=r"hours are|a span is|a time of day is"):
        parse_day(value)


def test_announcements_are_shown_from_their_start_until_their_end(database: Engine, clock: Clock) -> None:
    board = Announcements(database)
    begun = board.announce("今晚维护", clock(), clock() + timedelta(hours=2), "maintenance")
    board.announce("明天开始", clock() + timedelta(days=1))
    endless = board.announce("通道故障处理中", clock() - timedelta(hours=1), kind="outage")
    assert [shown.id for shown in board.current(clock())] == [begun, endless]
    assert [shown.id for shown in board.current(clock.advance(hours=2))] == [endless]
    board.end(endless, clock())
    assert board.current(clock()) == []
    with pytest.raises(ValueError, match="after it starts"):
        board.announce("倒着的", clock(), clock())
