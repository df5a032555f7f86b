"""Calendars, the downgrade and large positions as the events tell them: plain numbers, and what follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from carbon_sdk.identifiers import Address

OPEN, CLOSED, CALL, LOCKED, DOWNGRADED = 1, 3, 4, 5, 7
"""As `IOrderBook.MarketState` numbers them."""
CLOSED_DAY, AS_WEEKDAY = 0, 255
NOTHING_IS_LARGE = 2**256 - 1
_DAY, _MINUTES, _WHOLE = 86_400, 1440, 10_000
_FIRST_WEEKDAY = 3  # 1970-01-01 was a Thursday; Monday is 0


class Session(NamedTuple):
    """A part of a day: minutes of the civil day, and the state in between."""

    day_type: int
    since: int
    until: int
    state: int


@dataclass(slots=True)
class Calendar:
    """One calendar."""

    number: int
    name: bytes
    week: tuple[int, ...]
    sessions: tuple[Session, ...]
    marked: dict[int, int] = field(default_factory=dict)
    """Day type by civil day, where it is not as its weekday says."""
    assigned: bool = False

    @property
    def day_types(self) -> int:
        """How many there are."""
        return max((one.day_type for one in self.sessions), default=0)

    def day_type_on(self, day: int) -> int:
        """Of a civil day; 0: closed."""
        return self.marked.get(day, self.week[(day + _FIRST_WEEKDAY) % 7])

    def sessions_on(self, day: int) -> list[Session]:
        """Of a civil day, in order."""
        day_type = self.day_type_on(day)
        return [one for one in self.sessions if one.day_type == day_type]


@dataclass(slots=True)
class Assignment:
    """Which calendar a market has before a civil day, and which from it on; 0: none."""

    calendar: int = 0
    next: int = 0
    since: int = 0

    def on(self, day: int) -> int:
        """The calendar of a civil day."""
        return self.next if day >= self.since else self.calendar


class Terms(NamedTuple):
    """From where on positions are reported."""

    tonnes: int
    basis_points: int
    report_within: int
    valid_for: int


@dataclass(slots=True)
class Duty:
    """An account's duty to report for one instrument."""

    due: int = 0
    overdue: bool = False
    reported_until: int = 0
    overdue_count: int = 0
    digest: bytes = b""


@dataclass(slots=True)
class MarketRules:
    """MarketRules."""

    offset: int = 0
    calendars: dict[int, Calendar] = field(default_factory=dict)
    assignments: dict[int, Assignment] = field(default_factory=dict)
    """By market."""
    downgraded_since: int = 0
    downgrades: int = 0
    """So far."""
    stress_version: int = 0
    stress: dict[str, int] = field(default_factory=dict)
    terms: dict[int, Terms] = field(default_factory=dict)
    """By instrument."""
    duties: dict[tuple[Address, int], Duty] = field(default_factory=dict)

    def day_of(self, timestamp: int) -> int:
        """The civil day of a time."""
        return (timestamp + self.offset) // _DAY

    def sessions_of(self, market: int, day: int) -> list[Session]:
        """Of a market on a civil day; without a calendar one, all day."""
        calendar = self.calendars.get(self.assignments.get(market, Assignment()).on(day))
        return calendar.sessions_on(day) if calendar else [Session(0, 0, _MINUTES, OPEN)]

    def session_at(self, market: int, timestamp: int) -> int:
        """The state that the calendar gives a market at a time."""
        minute = (timestamp + self.offset) % _DAY // 60
        for one in self.sessions_of(market, self.day_of(timestamp)):
            if one.since <= minute < one.until:
                return one.state
        return CLOSED

    def threshold(self, instrument: int, outstanding: int) -> int:
        """From how many tonnes on a position is large, of so many that are issued and not cancelled."""
        terms = self.terms.get(instrument)
        if terms is None or not terms.valid_for:
            return NOTHING_IS_LARGE
        if not terms.basis_points:
            return terms.tonnes
        share = max(1, -(-outstanding * terms.basis_points // _WHOLE))
        return min(terms.tonnes, share) if terms.tonnes else share

    def reported(self) -> Iterator[int]:
        """Instruments whose positions are reported."""
        return (instrument for instrument, terms in self.terms.items() if terms.valid_for)
