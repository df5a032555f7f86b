"""When markets trade, when the platform limits itself, which positions are reported: tables of the scheme file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from carbon_sdk.contracts.generated.enums import MarketState
from carbon_sdk.contracts.generated.structs import PositionTerms, Session, StressRules
from carbon_sdk.deployment.strict_toml import Strict

CLOSED = "closed"
"""The day on which nothing trades; the name of no other."""
DAY_MINUTES = 1440
MOST_SESSIONS = 10
"""Of a day; one word of the contract holds so many."""
_EPOCH = date(1970, 1, 1)
_HOUR, _DAY = 3600, 86_400

ClockTime = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
ShortName = Annotated[str, Field(pattern=r"^[\x21-\x7e]([\x20-\x7e]{0,30}[\x21-\x7e])?$")]
"""Fits a word of the chain."""
Part = Annotated[tuple[ClockTime, ClockTime, Literal["open", "call", "locked"]], Field(strict=False)]
"""Of a day: from, to, and what then is."""
Parts = Annotated[tuple[Part, ...], Field(strict=False)]
Dates = Annotated[tuple[date, ...], Field(strict=False)]
Share = Annotated[int, Field(ge=0, le=10_000)]
"""Basis points."""


class CalendarTable(Strict):
    """`[[calendars]]`: named days with their sessions, which weekday is which, and the days that are otherwise."""

    name: ShortName
    week: Annotated[tuple[str, ...], Field(strict=False, min_length=7, max_length=7)]
    """Monday first: names of days, or closed."""
    days: dict[ShortName, Parts]
    """Sessions by the name of the day; what lies between them is closed."""
    holidays: Dates = ()
    special_days: dict[str, Dates] = Field(default_factory=dict)
    """Dates by the name of the day that they are."""

    @model_validator(mode="after")
    def _holds(self) -> CalendarTable:
        if CLOSED in self.days:
            raise ValueError(f"{CLOSED} is the day without sessions; give this day another name")
        if len(self.days) > 254:
            raise ValueError(f"{len(self.days)} days are more than a calendar has, 254")
        for name in (*self.week, *self.special_days):
            if name != CLOSED and name not in self.days:
                raise ValueError(f"day {name} is not defined")
        for name, parts in self.days.items():
            if wrong := _wrong(parts):
                raise ValueError(f"day {name}: {wrong}")
        seen: set[date] = set()
        for day in (*self.holidays, *(one for dates in self.special_days.values() for one in dates)):
            if day in seen:
                raise ValueError(f"{day} stands there twice")
            if day < _EPOCH:
                raise ValueError(f"{day} is before {_EPOCH}")
            seen.add(day)
        return self

    @property
    def day_types(self) -> dict[str, int]:
        """Numbers of the days by name."""
        return {CLOSED: 0, **{name: number for number, name in enumerate(self.days, 1)}}

    @property
    def week_types(self) -> list[int]:
        """Day types, Monday first."""
        return [self.day_types[name] for name in self.week]

    @property
    def sessions(self) -> list[Session]:
        """As the contract takes them."""
        return [
            Session(number, minute_of(since), minute_of(until), MarketState[state.upper()])
            for number, parts in enumerate(self.days.values(), 1)
            for since, until, state in parts
        ]

    def marked(self) -> Iterator[tuple[str, int, list[int]]]:
        """Name, day type and civil days of those that are not as their weekday says."""
        every = {CLOSED: self.holidays, **self.special_days}
        for name, dates in every.items():
            if dates:
                yield name, self.day_types[name], [civil_day(day) for day in dates]


class StressTable(Strict):
    """`[stress]`: from where on the platform should limit itself; what is left out is not measured."""

    orders_in_block: Annotated[int, Field(ge=0, lt=2**32)] = 0
    failures_in_day: Annotated[int, Field(ge=0, lt=2**32)] = 0
    fullness_basis_points: Share = 0
    window_blocks: Annotated[int, Field(ge=0, lt=2**16)] = 0
    gap_seconds: Annotated[int, Field(ge=0, lt=2**32)] = 0

    @model_validator(mode="after")
    def _holds(self) -> StressTable:
        if (self.fullness_basis_points == 0) != (self.window_blocks == 0):
            raise ValueError("fullness_basis_points and window_blocks go together")
        return self

    @property
    def rules(self) -> StressRules:
        """As the contract takes them."""
        return StressRules(
            self.orders_in_block,
            self.failures_in_day,
            self.fullness_basis_points,
            self.window_blocks,
            self.gap_seconds,
        )


class LargePositionTable(Strict):
    """`[[large_positions]]`: from where on who holds an instrument reports. With both figures the smaller counts."""

    instrument: str
    tonnes: Annotated[int, Field(ge=0, lt=2**64)] = 0
    share_basis_points: Share = 0
    """Of what is issued and not cancelled."""
    report_within_hours: Annotated[int, Field(ge=1, lt=2**20)]
    valid_days: Annotated[int, Field(ge=1, lt=2**15)]

    @model_validator(mode="after")
    def _holds(self) -> LargePositionTable:
        if not self.tonnes and not self.share_basis_points:
            raise ValueError("give tonnes, share_basis_points or both")
        return self

    @property
    def terms(self) -> PositionTerms:
        """As the contract takes them."""
        return PositionTerms(
            self.tonnes, self.share_basis_points, self.report_within_hours * _HOUR, self.valid_days * _DAY
        )


def minute_of(text: str) -> int:
    """Of the civil day, from `09:30`."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def civil_day(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - _EPOCH).days


def _wrong(parts: Parts) -> str | None:
    """What is impossible about a day's sessions; the contract refuses the same."""
    if not parts:
        return "it has no session; a day without is closed"
    if len(parts) > MOST_SESSIONS:
        return f"it has {len(parts)} sessions, more than {MOST_SESSIONS}"
    end, before = 0, ""
    for since, until, state in parts:
        first, last = minute_of(since), minute_of(until)
        if first >= last:
            return f"a session goes from {since} to {until}"
        if first < end:
            return f"the session from {since} begins before the one before it has ended"
        if state != "open" and last == DAY_MINUTES:
            return f"the call from {since} ends with the day; what it collects is executed on the same day"
        if state == "locked" and (before != "call" or first != end):
            return f"locked from {since} does not follow a call at once"
        end, before = last, state
    return None
