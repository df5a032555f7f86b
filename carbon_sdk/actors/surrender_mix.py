"""Which units to surrender: the cheapest that suffice, within the limits of the scheme (R-CMP-2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import InstrumentId

MOST_LINES = 16
"""Of one application."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Units that may be surrendered.

    Attributes:
        instrument: Which.
        free: Tonnes that the account may give.
        price: What a tonne is worth, in smallest units of money; None: nobody trades it.
    """

    instrument: InstrumentId
    free: int
    price: int | None


@dataclass(frozen=True, slots=True)
class Limit:
    """What of some instruments may be surrendered together.

    Attributes:
        most: Tonnes.
        members: Instruments that count.
        name: For messages.
    """

    most: int
    members: frozenset[InstrumentId]
    name: str = "limit"


@dataclass(frozen=True, slots=True)
class Mix:
    """A proposal.

    Attributes:
        lines: Instrument and tonnes, the cheapest first.
        tonnes: In sum.
        lacking: Tonnes that no unit that is held may cover.
        worth: Of the lines at the given prices, in smallest units of money; units without a price count as nothing.
        unpriced: Tonnes of the lines that have no price.
    """

    lines: tuple[tuple[InstrumentId, int], ...]
    tonnes: int
    lacking: int
    worth: int
    unpriced: int

    def applications(self) -> list[tuple[tuple[InstrumentId, int], ...]]:
        """The lines as applications that the desk takes."""
        return [self.lines[start : start + MOST_LINES] for start in range(0, len(self.lines), MOST_LINES)]


def cheapest_mix(tonnes: int, units: Sequence[Unit], limits: Sequence[Limit] = ()) -> Mix:
    """The cheapest units for so many tonnes, as many of them as the limits allow.

    Where limits lie within each other or apart, taking the cheapest unit that still has room is the best of all mixes:
    no later choice can make up for a dearer one. Units without a price come last; of equal ones the older first.

    Args:
        tonnes: To be covered.
        units: That are eligible; each instrument once.
        limits: Nested or apart.

    Raises:
        InputError: An instrument twice, a quantity below nothing, or limits that cut across each other.
    """
    if tonnes < 0 or any(unit.free < 0 or (unit.price or 0) < 0 for unit in units):
        raise InputError("Tonnes and prices are never below nothing.")
    if len({unit.instrument for unit in units}) < len(units):
        raise InputError("Give each instrument once.")
    for number, one in enumerate(limits):
        if one.most < 0:
            raise InputError(f"{one.name}: {one.most} t is below nothing.")
        for other in limits[:number]:
            shared = one.members & other.members
            if shared and shared not in (one.members, other.members):
                raise InputError(f"{one.name} and {other.name} cut across: none lies in the other.")
    room = [limit.most for limit in limits]
    lines: list[tuple[InstrumentId, int]] = []
    left, worth, unpriced = tonnes, 0, 0
    for unit in sorted(units, key=lambda one: (one.price is None, one.price or 0, one.instrument.vintage)):
        bounds = [number for number, limit in enumerate(limits) if unit.instrument in limit.members]
        take = min([left, unit.free, *(room[number] for number in bounds)])
        if take <= 0:
            continue
        for number in bounds:
            room[number] -= take
        lines.append((unit.instrument, take))
        left -= take
        worth += take * (unit.price or 0)
        unpriced += take if unit.price is None else 0
    return Mix(tuple(lines), tonnes - left, left, worth, unpriced)
