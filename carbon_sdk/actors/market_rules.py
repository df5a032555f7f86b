"""When markets trade, the downgrade, large positions: who decides on them, who reports, and what anyone can read.

The classes with verbs are parts of actors (`PlatformOperator`, `ServiceRegulator`, `RiskOfficer`, `Company`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.conduct import ConductRisk
from carbon_sdk.actors.surveillance import MarketSurveillance
from carbon_sdk.actors.values import Digest, Moment, day_of, digest, label, moment, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.actors.views import AccountView
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.enums import MarketState
from carbon_sdk.contracts.generated.errors import UnknownCalendar
from carbon_sdk.contracts.generated.market_rules import MarketRules
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.structs import (
    Assignment,
    CalendarView,
    LargePosition,
    Limits,
    PositionTerms,
    Session,
    StressRules,
)
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentId, MarketId, OrderId, Side
from carbon_sdk.units import Tonnes

AS_WEEKDAY = 255
"""The day type of a day that is as its weekday says."""
CLOSED_DAY = 0
"""The day type of a day on which nothing trades."""
NOTHING_IS_LARGE = 2**256 - 1


@dataclass(frozen=True, slots=True)
class Phase:
    """What a market is in, and until when (Unix seconds)."""

    state: MarketState
    until: int


class RulesReader:
    """What anyone can read of the market rules."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self._rules = suite.contract(MarketRules)

    def calendar(self, number: int) -> CalendarView:
        """A calendar: name, week, sessions. Raises InputError for a number that none has."""
        try:
            return self._rules.calendar_of(positive(number, "calendar"))
        except UnknownCalendar:
            raise InputError(f"There is no calendar {number}; there are {self._rules.calendar_count()}.") from None

    def calendars(self) -> tuple[CalendarView, ...]:
        """All of them, in the order of their numbers from 1."""
        return tuple(self.calendar(number + 1) for number in range(self._rules.calendar_count()))

    def calendar_of_market(self, market: MarketId | int) -> Assignment:
        """Which calendar a market has, and which it has from when on."""
        return self._rules.assignment_of(positive(market, "market"))

    def day_type(self, calendar: int, day: date) -> int:
        """What a civil day is in a calendar; 0: closed."""
        return self._rules.day_type_on(positive(calendar, "calendar"), day_of(day))

    def sessions(self, market: MarketId | int, day: date) -> tuple[Session, ...]:
        """The sessions of a market on a civil day, in order."""
        return tuple(self._rules.sessions_of(positive(market, "market"), day_of(day)))

    def phase(self, market: MarketId | int, at: Moment | None = None) -> Phase:
        """What the calendar says of a market at a time; None: now. Halts stand in the book, see `MarketReader.now`."""
        time = self.suite.chain.block().timestamp if at is None else moment(at, "at")
        return Phase(*self._rules.phase_at(positive(market, "market"), time))

    def downgraded_since(self) -> int:
        """Unix seconds since which the platform limits itself; 0: it does not."""
        return self._rules.downgraded_since()

    def stress_rules(self) -> tuple[int, StressRules]:
        """Version and thresholds from which on the platform should limit itself; version 0: none were set."""
        version, rules = self._rules.stress_rules()
        return version, rules

    def may_hold(self, account: Address, instrument: InstrumentId, more: int = 0) -> bool:
        """Whether an account may hold so many tonnes more after a purchase, on the book or beside it."""
        return self._rules.may_hold(account, instrument, whole(more, "more"))

    def position_terms(self, instrument: InstrumentId) -> PositionTerms:
        """From where on positions in an instrument are reported, and until when; all 0: they are not."""
        return self._rules.position_terms_of(instrument)

    def threshold(self, instrument: InstrumentId) -> Tonnes | None:
        """From how many tonnes on a position is large now; None: nothing is."""
        found = self._rules.threshold_of(instrument)
        return None if found == NOTHING_IS_LARGE else Tonnes(found)

    def large_position(self, account: Address, instrument: InstrumentId) -> LargePosition:
        """An account's duty to report: when a report is due, whether one is overdue, until when the latest stands."""
        return self._rules.large_position_of(account, instrument)


class CalendarSupervision(Actor):
    """Of the services' regulator."""

    @verb
    def define_calendar(self, name: str, week: Sequence[int], sessions: Sequence[Session]) -> Act[int]:
        """Define a calendar that markets can trade by; returns its number. It never changes, but for days to come.

        Args:
            name: Up to 32 ASCII characters.
            week: The day type of each weekday, Monday first; 0: closed.
            sessions: By day type (from 1), then by time: OPEN, CALL, or LOCKED after a CALL; minutes of the civil day.

        Raises:
            BadWeek: There are not 7 weekdays, or one has a type without sessions.
            BadSession: The one with this index is impossible.
        """
        types = [whole(one, "week") for one in week]
        return self.suite.contract(MarketRules).define_calendar(label(name), types, list(sessions))

    @verb
    def assign_calendar(self, market: MarketId | int, calendar: int, since: date) -> Act[None]:
        """Let a market trade by a calendar from a civil day to come on.

        Args:
            market: Its number.
            calendar: Its number; 0: none, it trades all day.
            since: The first day; after today, unless the market is not opened yet.

        Raises:
            DayUnderWay: The day has begun.
        """
        number = positive(market, "market")
        return self.suite.contract(MarketRules).assign_calendar(number, whole(calendar, "calendar"), day_of(since))

    @verb
    def restore(self, cause: Digest) -> Act[None]:
        """Let the platform return from its core functions to all. Raises AlreadyInMode where it was not limited."""
        return self.suite.contract(MarketRules).restore(digest(cause, "cause"))

    @verb
    def set_stress_rules(
        self,
        *,
        orders_in_block: int = 0,
        failures_in_day: int = 0,
        fullness: int = 0,
        window: int = 0,
        gap: int = 0,
    ) -> Act[int]:
        """Set from where on the platform should limit itself; returns the version. What is 0 is not measured.

        Args:
            orders_in_block: Orders placed in one block.
            failures_in_day: Settlements that failed in a civil day.
            fullness: Hundredths of a per cent of the gas limit that is used, on average over `window` blocks.
            window: Blocks.
            gap: Seconds between a block and the one before.
        """
        rules = StressRules(
            whole(orders_in_block, "orders_in_block"),
            whole(failures_in_day, "failures_in_day"),
            whole(fullness, "fullness"),
            whole(window, "window"),
            whole(gap, "gap"),
        )
        return self.suite.contract(MarketRules).set_stress_rules(rules)


class CalendarPlatform(Actor):
    """Of the platform's operator."""

    @verb
    def set_calendar_days(self, calendar: int, dates: Sequence[str], day_type: int = CLOSED_DAY) -> Act[None]:
        """Say of days to come what they are in a calendar.

        Args:
            calendar: Its number.
            dates: Such as 2021-12-27.
            day_type: 0: closed; 255: as the weekday says; else one of the calendar's.

        Raises:
            DayUnderWay: A day has begun, and the calendar is some market's.
            UnknownDayType: The calendar has fewer types.
        """
        days = [_day(text) for text in dates]
        number = positive(calendar, "calendar")
        return self.suite.contract(MarketRules).set_days(number, days, whole(day_type, "day_type"))


class ShowsPositions(Actor):
    """Anyone with a key: shows on the chain that a position is large, or that a report is overdue."""

    @verb
    def note_position(
        self, account: Address, instrument: InstrumentId, orders: Sequence[OrderId] | None = None
    ) -> Act[None]:
        """Show that an account's position is large: from then on a report is due.

        Args:
            account: Whose.
            instrument: Of what.
            orders: Its open sell orders that are needed; None: all of them.

        Raises:
            PositionNotLarge: It is below the threshold.
            ReportStands: A report has been filed and stands.
            ReportAlreadyDue: Somebody has shown it before.
        """
        if orders is None:
            orders = offered_by(self.suite, account, instrument)
        ids = sorted(int(one) for one in orders)
        return self.suite.contract(MarketRules).note_position(account, instrument, [OrderId(one) for one in ids])

    @verb
    def flag_position(self, account: Address, instrument: InstrumentId) -> Act[None]:
        """Say that an account's report is overdue. Raises ReportNotOverdue."""
        return self.suite.contract(MarketRules).flag_position(account, instrument)


class ReportsPositions(ShowsPositions):
    """A representative with the right REPORT."""

    @verb
    def report_position(self, instrument: InstrumentId, report: Digest) -> Act[None]:
        """File a report on a large position, whether or not one is due yet.

        Args:
            instrument: Of what.
            report: Commitment to it, see `carbon_sdk.evidence`: the report itself is kept encrypted off the chain.

        Raises:
            PositionsNotReported: No positions in this instrument are.
        """
        return self.suite.contract(MarketRules).report_position(instrument, digest(report, "report"))


class RiskOfficer(ConductRisk, ShowsPositions, MarketSurveillance):
    """Limits the platform, sets thresholds, scans for abuse, accuses.

    Every verb that is not anyone's raises NotPermitted for another key.
    """

    @verb
    def downgrade(self, cause: Digest) -> Act[None]:
        """Limit the platform to its core functions: what is open can be taken back, nothing new is placed.

        Args:
            cause: The finding, or its digest.

        Raises:
            AlreadyInMode: It is limited already.
        """
        return self.suite.contract(MarketRules).downgrade(digest(cause, "cause"))

    @verb
    def set_limits(
        self,
        market: MarketId | int,
        *,
        most_lots: int = 0,
        dynamic_permille: int = 0,
        most_held: int = 0,
        most_open: int = 0,
    ) -> Act[None]:
        """Set all limits of a market anew; 0: no limit. What rests in the book already stays.

        Args:
            market: Its number.
            most_lots: Of one order, in lots: below 128, and at most seven zeros.
            dynamic_permille: How far a price may be from the latest trade's, in tenths of a per cent. Where an order
                would trade further off, trading stops and orders are collected for a call.
            most_held: Tonnes of the instrument that an account may hold after a purchase; government accounts may hold
                any. For clicks and blocks the smallest figure of the instrument's markets counts. Below 256, and at
                most fifteen zeros.
            most_open: Open orders of an account. Counting them costs gas with every order, and does not end again.

        Raises:
            BadLimits: Some limit is impossible, or has too many digits.
        """
        limits = Limits(
            whole(most_lots, "most_lots"),
            whole(dynamic_permille, "dynamic_permille"),
            whole(most_held, "most_held"),
            whole(most_open, "most_open"),
        )
        return self.suite.contract(OrderBook).set_limits(positive(market, "market"), limits)

    @verb
    def set_position_terms(
        self,
        instrument: InstrumentId,
        *,
        tonnes: int = 0,
        basis_points: int = 0,
        report_within: int = 0,
        valid_for: int = 0,
    ) -> Act[None]:
        """Set from where on who holds an instrument reports; with all 0: nobody does.

        Args:
            instrument: Of what.
            tonnes: From here on.
            basis_points: Or from this share of what is issued and not cancelled on; the smaller counts.
            report_within: Seconds from the time when somebody shows it.
            valid_for: Seconds that a report stands.
        """
        terms = PositionTerms(
            whole(tonnes, "tonnes"),
            whole(basis_points, "basis_points"),
            whole(report_within, "report_within"),
            whole(valid_for, "valid_for"),
        )
        return self.suite.contract(MarketRules).set_position_terms(InstrumentId(instrument).checked(), terms)


def offered_by(suite: Suite, account: Address, instrument: InstrumentId) -> tuple[OrderId, ...]:
    """An account's open orders that sell an instrument: what they hold is part of its position."""
    from carbon_sdk.contracts.generated.order_book import OrderBook

    book = suite.contract(OrderBook)
    traded: dict[int, InstrumentId] = {}
    found = []
    for order in AccountView(suite, account).open_orders():
        if order.side is Side.SELL:
            number = order.id.market
            if number not in traded:
                traded[number] = book.market_of(number).terms.instrument
            if traded[number] == instrument:
                found.append(order.id)
    return tuple(found)


def _day(text: str) -> int:
    try:
        return day_of(date.fromisoformat(text))
    except ValueError as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{text!r} is no civil day: give 2021-12-27.") from None
