"""Calendars, the downgrade and large positions, told by events alone: what follows, what is found."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.market_rules import AS_WEEKDAY, CALL, CLOSED, DOWNGRADED, LOCKED, NOTHING_IS_LARGE, OPEN, Calendar
from carbon_sdk.audit.state import State
from carbon_sdk.audit.views import questions
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, QuoteId, Side, address
from carbon_sdk.market_data.large_positions import due_reports, groups_of, large_positions

LEDGER, RULES, BOARD = (address(bytes([i]) * 20) for i in (1, 2, 3))
CONTRACTS: dict[Address, str] = {LEDGER: "InstrumentLedger", RULES: "MarketRules", BOARD: "QuoteBoard"}
ONE, TWO, TREASURY = (address(bytes([i]) * 20) for i in (7, 8, 9))
UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2026)
CAUSE = b"\1" * 32
HOUR, DAY = 3_600, 86_400
EAST = 8 * HOUR
TUESDAY = (date(2026, 11, 24) - date(1970, 1, 1)).days
NOON = TUESDAY * DAY + 12 * HOUR - EAST
"""Of the Tuesday, by the clock of the place."""


def session(day_type: int, since: int, until: int, state: int) -> dict[str, int]:
    return {"dayType": day_type, "fromMinute": since, "toMinute": until, "state": state}


SESSIONS = (
    session(1, 570, 690, OPEN),
    session(1, 780, 895, CALL),
    session(1, 895, 900, LOCKED),
    session(2, 0, 60, OPEN),
)
WEEK = (1, 1, 1, 1, 1, 0, 0)


class Story:
    """Events in a row, each a transaction of its own, at the time that is set."""

    def __init__(self) -> None:
        self.fold = Fold(CONTRACTS)
        self.now = NOON
        self._block = 0
        self.say("DayOffsetSet", offset=EAST)

    @property
    def state(self) -> State:
        return self.fold.state

    def say(self, event: str, at: Address = RULES, /, **args: object) -> None:
        self._block += 1
        position = Position(self._block, 0, f"0x{self._block:064x}")
        self.fold.apply(Event(CONTRACTS[at], event, args, at, self.now, position))

    def calendar(self) -> None:
        self.say("CalendarDefined", calendar=1, name=b"cn".ljust(32, b"\0"), week=WEEK, sessions=SESSIONS)

    def holds(self, account: Address, quantity: int, *, kind: int = 1, owner: int = 0) -> None:
        if not self.state.ledger.instruments:
            self.say("InstrumentDefined", LEDGER, instrument=UNITS, validUntil=0, terms=CAUSE)
        known = {"status": 1, "kind": kind, "restrictions": 0, "region": 1, "owner": owner, "certificateUntil": 2**39}
        self.say("EligibilityChanged", LEDGER, account=account, eligibility=known)
        first = self.state.ledger.instruments[int(UNITS)].issued + 1
        issued: Mapping[str, Any] = {"instrument": UNITS, "account": account, "firstSerial": first}
        self.say("UnitsIssued", LEDGER, **issued, quantity=quantity, cause=CAUSE)
        self.say("TransferSingle", LEDGER, **{"from": ZERO_ADDRESS, "to": account, "id": int(UNITS), "value": quantity})

    def reported_from(self, tonnes: int, share: int = 0) -> None:
        terms = {"tonnes": tonnes, "basisPoints": share, "reportWithin": HOUR, "validFor": DAY}
        self.say("PositionTermsSet", instrument=int(UNITS), terms=terms)

    def faults(self) -> list[str]:
        return [str(fault) for fault in self.state.faults if "MarketRules" in str(fault) or "downgraded" in str(fault)]


def at(hour: int, minute: int = 0, day: int = TUESDAY) -> int:
    return day * DAY + hour * HOUR + minute * 60 - EAST


# CALENDARS


# @requirement R-TRD-10
def test_sessions__of_a_market__by_the_clock_of_the_place() -> None:
    story = Story()
    story.calendar()
    story.say("CalendarAssigned", market=1, calendar=1, **{"from": TUESDAY + 1})
    rules, day = story.state.market_rules, TUESDAY + 1
    assert [rules.session_at(1, at(hour, minute, day)) for hour, minute in ((9, 29), (9, 30), (11, 30))] == [
        CLOSED,
        OPEN,
        CLOSED,
    ]
    assert [rules.session_at(1, at(hour, minute, day)) for hour, minute in ((13, 0), (14, 55), (15, 0))] == [
        CALL,
        LOCKED,
        CLOSED,
    ]
    assert rules.session_at(1, at(3)) == OPEN, "before the day on which it has the calendar"
    assert rules.session_at(2, at(3, 0, day)) == OPEN, "another market"
    assert rules.session_at(1, at(10, 0, TUESDAY + 4)) == CLOSED, "a Saturday"


@pytest.mark.parametrize("day", [date(2026, 11, 23), date(2026, 11, 28), date(2026, 11, 29), date(2028, 2, 29)])
def test_week__of_a_date__as_the_calendar_on_the_wall(day: date) -> None:
    calendar = Calendar(1, b"", tuple(range(7)), ())
    assert calendar.day_type_on((day - date(1970, 1, 1)).days) == day.weekday()


def test_days__holiday_and_special__instead_of_the_weekday() -> None:
    story = Story()
    story.calendar()
    story.say("DaysSet", calendar=1, civilDays=(TUESDAY, TUESDAY + 1), dayType=0)
    story.say("DaysSet", calendar=1, civilDays=(TUESDAY + 4,), dayType=2)
    calendar = story.state.market_rules.calendars[1]
    assert [calendar.day_type_on(TUESDAY + one) for one in range(5)] == [0, 0, 1, 1, 2]
    story.say("DaysSet", calendar=1, civilDays=(TUESDAY,), dayType=AS_WEEKDAY)
    assert calendar.day_type_on(TUESDAY) == 1
    assert story.faults() == []


def test_calendars__changed_when_the_day_had_begun__found() -> None:
    story = Story()
    story.calendar()
    story.say("CalendarAssigned", market=1, calendar=1, **{"from": TUESDAY})
    assert story.faults() == [], "a market that is not opened takes any day"
    story.say("DaysSet", calendar=1, civilDays=(TUESDAY,), dayType=0)
    assert "was set when it had begun" in story.faults()[0]
    story.say("CalendarAssigned", market=1, calendar=7, **{"from": TUESDAY + 1})
    assert "calendar 7 was never defined" in story.faults()[1]
    story.say("CalendarDefined", calendar=3, name=bytes(32), week=WEEK, sessions=())
    assert "calendar 3 comes after 1" in story.faults()[2]


def test_assignments__one_after_the_other__what_holds_today_goes_on() -> None:
    story = Story()
    story.calendar()
    story.say("CalendarAssigned", market=1, calendar=1, **{"from": TUESDAY + 1})
    story.now = at(12, 0, TUESDAY + 2)
    story.say("CalendarAssigned", market=1, calendar=0, **{"from": TUESDAY + 3})
    rules = story.state.market_rules
    assert rules.session_at(1, at(3, 0, TUESDAY + 2)) == CLOSED
    assert rules.session_at(1, at(3, 0, TUESDAY + 3)) == OPEN


def test_questions__phases__of_every_boundary_of_two_days() -> None:
    story = Story()
    story.calendar()
    story.say("CalendarAssigned", market=1, calendar=1, **{"from": TUESDAY})
    asked = [one for one in questions(story.state, CONTRACTS) if one.function == "phaseAt"]
    assert [one.expected["state"] for one in asked[:6]] == [CLOSED, OPEN, CLOSED, CALL, LOCKED, CLOSED]
    assert [one.arguments for one in asked[:2]] == [(1, at(0)), (1, at(9, 30))]
    assert len(asked) == 12
    story.say("DowngradeBegan", officer=ONE, cause=CAUSE)
    asked = [one for one in questions(story.state, CONTRACTS) if one.function == "phaseAt"]
    assert {one.expected["state"] for one in asked} == {DOWNGRADED}


# THE DOWNGRADE


# @requirement R-TRD-13
def test_downgrade__something_new_is_told__found() -> None:
    story = Story()
    story.say("DowngradeEnded", officer=ONE, cause=CAUSE)
    story.say("DowngradeBegan", officer=ONE, cause=CAUSE)
    story.say("DowngradeBegan", officer=ONE, cause=CAUSE)
    assert "the platform was not downgraded" in story.faults()[0]
    assert "the platform was downgraded already" in story.faults()[1]
    terms = {"tickSize": 10, "lot": 5, "leastLots": 2, "takerFee": 0, "makerFee": 0, "lowest": 10, "highest": 90}
    story.say("BoardOpened", BOARD, board=1, instrument=UNITS, terms={**terms, "instrument": UNITS})
    listed = {"id": QuoteId.of(1, Side.SELL, 50, 1), "account": ONE, "key": ONE, "quantity": 10}
    story.say("QuoteListed", BOARD, **listed, leastFill=10, expires=0, named=())
    assert any("QuoteListed: the platform was downgraded" in fault for fault in story.faults())
    story.say("DowngradeEnded", officer=TWO, cause=CAUSE)
    assert story.state.market_rules.downgraded_since == 0
    assert story.state.market_rules.downgrades == 2


def test_stress_rules__versions__one_after_the_other() -> None:
    story = Story()
    rules = {"ordersInBlock": 1, "failuresInDay": 2, "fullness": 3, "window": 4, "gap": 5}
    story.say("StressRulesSet", version=1, rules=rules)
    assert (story.state.market_rules.stress_version, story.state.market_rules.stress) == (1, rules)
    story.say("StressRulesSet", version=3, rules=rules)
    assert "version 3 comes after 1" in story.faults()[0]


# LARGE POSITIONS


@pytest.mark.parametrize(
    ("tonnes", "share", "outstanding", "expected"),
    [(0, 2500, 4000, 1000), (0, 2500, 3999, 1000), (500, 2500, 4000, 500), (5000, 2500, 3996, 999), (0, 1, 0, 1)],
)
def test_threshold__tonnes_or_share__the_smaller_rounded_up(
    tonnes: int, share: int, outstanding: int, expected: int
) -> None:
    story = Story()
    assert story.state.market_rules.threshold(int(UNITS), outstanding) == NOTHING_IS_LARGE
    story.reported_from(tonnes, share)
    assert story.state.market_rules.threshold(int(UNITS), outstanding) == expected


# @requirement R-TRD-10
def test_positions__noted_overdue_reported__as_they_stand() -> None:
    story = Story()
    story.holds(ONE, 600)
    story.holds(TWO, 399)
    story.holds(TREASURY, 5000, kind=10)
    story.reported_from(400)
    assert [(one.account, one.held, one.report) for one in large_positions(story.state)] == [(ONE, 600, "none")]
    story.say("PositionNoted", account=ONE, instrument=int(UNITS), held=600, threshold=400, due=NOON + HOUR)
    assert [one.report for one in due_reports(story.state)] == ["due"]
    story.now = NOON + HOUR
    story.say("PositionFlagged", account=ONE, instrument=int(UNITS), due=NOON + HOUR)
    assert [(one.report, one.overdue) for one in due_reports(story.state)] == [("overdue", 1)]
    until = story.now + DAY
    story.say("PositionReported", account=ONE, instrument=int(UNITS), key=ONE, digest=CAUSE, until=until)
    assert list(due_reports(story.state)) == []
    assert [(one.report, one.reported_until) for one in large_positions(story.state)] == [("stands", until)]
    story.now = until
    story.say("DaysSet", calendar=1, civilDays=(), dayType=0)  # time passes
    assert [one.report for one in large_positions(story.state)] == ["none"]


def test_positions__of_one_owner__add_up() -> None:
    story = Story()
    story.holds(ONE, 200, owner=5)
    story.holds(TWO, 250, owner=5)
    story.reported_from(400)
    assert list(large_positions(story.state)) == []
    (group,) = groups_of(story.state)
    assert (group.owner, group.held, group.accounts) == (5, 450, (ONE, TWO))


def test_positions__told_against_the_ledger__found() -> None:
    story = Story()
    story.holds(ONE, 600)
    story.reported_from(400)
    noted = {"account": ONE, "instrument": int(UNITS), "threshold": 400, "due": NOON + HOUR}
    story.say("PositionNoted", **noted, held=601)
    assert f"{ONE} held 600" in story.faults()[0]
    story.say("PositionNoted", **{**noted, "threshold": 300}, held=600)
    assert "the threshold was 400, not 300" in story.faults()[1]
    assert "a report" in story.faults()[2]
    story.say("PositionFlagged", account=ONE, instrument=int(UNITS), due=NOON + HOUR)
    assert "no report of" in story.faults()[3]
