"""Calendars, thresholds of stress and of positions in scheme files: what they become, and what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.contracts.generated.enums import MarketState
from carbon_sdk.contracts.generated.structs import PositionTerms, Session, StressRules
from carbon_sdk.deployment.market_tables import CalendarTable, civil_day, minute_of
from carbon_sdk.deployment.plan import plan_of
from carbon_sdk.deployment.roles_file import RoleHolders
from carbon_sdk.deployment.scheme_file import SchemeRules, load_scheme
from carbon_sdk.deployment.strict_toml import Strict, load
from carbon_sdk.errors import InputError
from tests.deployment.conftest import ROOT
from tests.deployment.test_scheme_file import changed

SAMPLES = ROOT / "schemes" / "samples" / "calendars.toml"
OPEN, CALL, LOCKED = MarketState.OPEN, MarketState.CALL, MarketState.LOCKED


class Calendars(Strict):
    """A file of nothing but calendars."""

    calendars: Annotated[tuple[CalendarTable, ...], Field(strict=False)]


def test_load_scheme__as_shipped__calendar_stress_and_positions(rules: SchemeRules) -> None:
    (table,) = rules.file.calendars
    assert table.week_types == [1, 1, 1, 1, 1, 0, 0]
    assert table.sessions == [Session(1, 420, 1020, OPEN), Session(2, 420, 750, OPEN)]
    marked = {name: (number, days) for name, number, days in table.marked()}
    assert marked["short"] == (2, [civil_day(date(2021, 12, 24)), civil_day(date(2021, 12, 31))])
    assert marked["closed"][0] == 0
    assert civil_day(date(2021, 12, 27)) in marked["closed"][1]
    assert rules.file.stress is not None
    assert rules.file.stress.rules == StressRules(2000, 20, 9500, 50, 0)
    assert rules.file.large_positions[0].terms == PositionTerms(0, 1000, 48 * 3600, 90 * 86_400)


# @requirement R-TRD-10
def test_samples__days_of_real_markets__as_the_contract_takes_them() -> None:
    found = {table.name: table for table in load(Calendars, SAMPLES)[0].calendars}
    china, korea, europe = found["China national"], found["Korea"], found["Central Europe"]
    assert china.sessions == [Session(1, 570, 690, OPEN), Session(1, 780, 900, OPEN)]
    assert [(one.from_minute, one.to_minute, one.state) for one in korea.sessions] == [
        (570, 600, CALL),
        (600, 710, OPEN),
        (710, 719, CALL),
        (719, 720, LOCKED),
    ]
    assert [one.state for one in europe.sessions] == [CALL, OPEN, CALL, CALL, OPEN]
    assert europe.day_types == {"closed": 0, "full": 1, "short": 2}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('week = ["full", ', "week = [", "at least 7"),
        ('week = ["full", ', 'week = ["ful", ', "day ful is not defined"),
        ("days.full = [[", 'days.closed = [["07:00", "17:00", "open"]]\ndays.full = [[', "give this day another name"),
        ('"07:00", "17:00", "open"', '"17:00", "07:00", "open"', "goes from 17:00 to 07:00"),
        ('"07:00", "17:00", "open"', '"07:00", "24:00", "call"', "ends with the day"),
        ('"07:00", "17:00", "open"', '"07:00", "17:00", "locked"', "does not follow a call at once"),
        ('"07:00", "17:00", "open"', '"07:00", "17:00", "halted"', "'open', 'call' or 'locked'"),
        ('"07:00", "17:00", "open"', '"7:00", "17:00", "open"', "pattern"),
        ('[["07:00", "17:00", "open"]]', "[]", "it has no session"),
        (
            '[["07:00", "17:00", "open"]]',
            '[["07:00", "17:00", "open"], ["16:59", "18:00", "open"]]',
            "before the one before it has ended",
        ),
        (
            '[["07:00", "17:00", "open"]]',
            "[" + ", ".join(f'["{hour:02}:00", "{hour:02}:30", "open"]' for hour in range(11)) + "]",
            "11 sessions, more than 10",
        ),
        ("special_days.short = [2021-12-24", "special_days.short = [2021-12-27", "2021-12-27 stands there twice"),
        ("special_days.short", "special_days.sort", "day sort is not defined"),
        ("holidays = [2021-01-01", "holidays = [1969-01-01", "before 1970-01-01"),
        ('calendar = "UKA"', 'calendar = "UKB"', "trades by calendar UKB, which is not defined"),
        ('calendar = "UKA"', "", "has calendar_from and no calendar"),
        ("utc_offset_seconds = 0 ", "utc_offset_seconds = 30 ", "no whole number of minutes"),
        ("window_blocks = 50", "", "go together"),
        ("orders_in_block = 2000", "orders_in_blocks = 2000", "no such key"),
        ("share_basis_points = 1000", "share_basis_points = 0", "give tonnes, share_basis_points or both"),
        ("share_basis_points = 1000", "share_basis_points = 10001", "less than or equal to 10000"),
        ('[[large_positions]]\ninstrument = "UKA21"', '[[large_positions]]\ninstrument = "UKA9"', "not defined"),
    ],
)
def test_load_scheme__impossible_market_rules__said_in_one_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(InputError, match=r"uk-ets\.toml") as refused:
        load_scheme(changed(tmp_path, old, new))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


# A market that is not opened yet takes any day: so the calendar stands before the market is opened.
def test_plan__calendars__before_the_markets(rules: SchemeRules, holders: RoleHolders, deployer: LocalSigner) -> None:
    keys = [step.key for step in plan_of(rules, holders, deployer.address).steps]
    order = [
        "calendar/UKA",
        "calendar/UKA/closed",
        "calendar/UKA/short",
        "market/UKA21/GBP/calendar",
        "stress",
        "large-positions/UKA21",
        "market/UKA21/GBP",
    ]
    assert [key for key in keys if key in order] == order


def test_minute_of__clock_time__minute_of_the_day() -> None:
    assert (minute_of("00:00"), minute_of("09:30"), minute_of("24:00")) == (0, 570, 1440)
