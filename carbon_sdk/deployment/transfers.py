"""Steps of the deployment that publish a scheme's rules of transfer and let its instruments move by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.transfer_rules import TransferRules
from carbon_sdk.deployment.engine import Step
from carbon_sdk.deployment.scheme_file import SchemeRules
from carbon_sdk.deployment.transfer_tables import sets_of
from carbon_sdk.identifiers import Address

On = Callable[[str, str, Callable[[Address], Act[Any]]], Step]
"""Makes a step of its key, a contract's name, and what is said to the contract."""

LATER = 0
"""The instrument that stands for all that are defined afterwards."""


def transfer_steps(rules: SchemeRules, on: On) -> Iterator[Step]:
    """Calendar, holidays, trusted lists, sets, and which instrument moves by which. Nothing for a scheme without."""
    table = rules.file.transfers
    if table is None:
        return
    calendar, trust, days = table.calendar, table.trust_rules, table.holiday_numbers

    def step(key: str, act: Callable[[TransferRules], Act[Any]]) -> Step:
        return on(f"transfers/{key}", "TransferRules", lambda at: act(TransferRules(None, at)))

    yield step("calendar", lambda desk: desk.set_calendar(calendar))
    if days:
        yield step("holidays", lambda desk: desk.set_holidays(days, True))
    yield step("trust", lambda desk: desk.set_trust_rules(trust))
    sets = sets_of(table, rules.file.transfer_types)
    for name, types in sets.items():
        yield step(f"rules/{name}", lambda desk, types=types: desk.publish_rules(types, rules.digest))  # type: ignore[misc]
    numbers = {name: number for number, name in enumerate(sets, 1)}
    units = [LATER, *(int(rules.instrument(item.name)) for item in rules.file.instruments)]
    for key, instruments, name in (
        ("units", units, table.units),
        ("money", [int(rules.main_money)], table.money),
    ):
        number = numbers[name]
        yield step(
            f"assign/{key}",
            lambda desk, instruments=instruments, number=number: desk.assign_rules(instruments, number),  # type: ignore[misc]
        )
