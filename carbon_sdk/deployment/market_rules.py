"""Steps of the deployment that say when markets trade, when the platform limits itself, and who reports positions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.market_rules import MarketRules
from carbon_sdk.deployment.engine import Step
from carbon_sdk.deployment.market_tables import CalendarTable, LargePositionTable, civil_day
from carbon_sdk.deployment.scheme_file import MarketTable, SchemeRules
from carbon_sdk.identifiers import Address

On = Callable[[str, str, Callable[[Address], Act[Any]]], Step]
"""Makes a step of its key, a contract's name, and what is said to the contract."""


def market_rule_steps(rules: SchemeRules, on: On) -> Iterator[Step]:
    """Calendars with their days, which market has which, thresholds; before the markets, when all days are free."""
    file = rules.file

    def step(key: str, act: Callable[[MarketRules], Act[Any]]) -> Step:
        return on(key, "MarketRules", lambda at: act(MarketRules(None, at)))

    numbers = {table.name: number for number, table in enumerate(file.calendars, 1)}
    for table in file.calendars:
        yield from _calendar(step, table, numbers[table.name])
    for number, market in enumerate(file.markets, 1):
        if market.calendar is not None:
            yield _assignment(step, market, number, numbers[market.calendar])
    if file.stress is not None:
        stress = file.stress.rules
        yield step("stress", lambda desk: desk.set_stress_rules(stress))
    for large in file.large_positions:
        yield _large(step, rules, large)


_StepOf = Callable[[str, Callable[[MarketRules], Act[Any]]], Step]


def _calendar(step: _StepOf, table: CalendarTable, number: int) -> Iterator[Step]:
    name, week, sessions = table.name.encode().ljust(32, b"\0"), table.week_types, table.sessions
    key = f"calendar/{table.name}"
    yield step(key, lambda desk: desk.define_calendar(name, week, sessions))
    for label, day_type, days in table.marked():
        yield _days(step, f"{key}/{label}", number, days, day_type)


def _days(step: _StepOf, key: str, calendar: int, days: list[int], day_type: int) -> Step:
    return step(key, lambda desk: desk.set_days(calendar, days, day_type))


def _assignment(step: _StepOf, market: MarketTable, number: int, calendar: int) -> Step:
    since = civil_day(market.calendar_from) if market.calendar_from else 0
    return step(f"market/{market.name}/calendar", lambda desk: desk.assign_calendar(number, calendar, since))


def _large(step: _StepOf, rules: SchemeRules, table: LargePositionTable) -> Step:
    instrument, terms = rules.instrument(table.instrument), table.terms
    return step(f"large-positions/{table.instrument}", lambda desk: desk.set_position_terms(instrument, terms))
