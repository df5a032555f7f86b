"""Emissions of one source stream, as `contracts/reporting/methods` computes them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import ClassVar

from carbon_sdk.methods.fixed_point import HIGHEST, ONE, factor, product, rounded
from carbon_sdk.units import GRAMS_PER_TONNE, Grams, Quantity


@dataclass(frozen=True, slots=True)
class _Method:
    NAME: ClassVar[str]
    SHARES: ClassVar[frozenset[str]]

    def __post_init__(self) -> None:
        for name, value in self._given():
            factor(value, name, ONE if name in self.SHARES else HIGHEST)

    def _given(self) -> Iterator[tuple[str, Quantity]]:
        return ((item.name, getattr(self, item.name)) for item in fields(self))

    def numbers(self) -> tuple[int, ...]:
        """The inputs in units of 10^-18, in the order of the method's schema."""
        return tuple(factor(value, name) for name, value in self._given())

    def inputs(self) -> bytes:
        """What the contract is fed with: one word each."""
        return b"".join(number.to_bytes(32, "big") for number in self.numbers())


@dataclass(frozen=True, slots=True)
class Combustion(_Method):
    """Burning a fuel.

    Attributes:
        activity: Quantity of fuel, in the unit in which the calorific value is given.
        ncv: Net calorific value, TJ a unit.
        factor: Emission factor, tonnes CO2e a TJ.
        oxidation: Share that oxidises, 0 to 1.
        biomass: Share of carbon from biomass, 0 to 1; counts nothing.

    Raises:
        FloatRefused: One of them is a float.
        InputError: Negative, more than 18 decimals, or a share above 1.
    """

    NAME: ClassVar[str] = "combustion"
    SHARES: ClassVar[frozenset[str]] = frozenset({"oxidation", "biomass"})

    activity: Quantity
    ncv: Quantity
    factor: Quantity
    oxidation: Quantity = 1
    biomass: Quantity = 0

    def grams(self) -> Grams:
        """Grams CO2e, halves up."""
        activity, ncv, per_tj, oxidation, biomass = self.numbers()
        return Grams(rounded(product((activity, ncv, per_tj, oxidation, ONE - biomass, GRAMS_PER_TONNE)), 5))


@dataclass(frozen=True, slots=True)
class Process(_Method):
    """A process that sets greenhouse gases free.

    Attributes:
        activity: Quantity, in the unit for which the factor is given.
        factor: Tonnes CO2e a unit.
        conversion: Share that is converted, 0 to 1.

    Raises:
        FloatRefused: One of them is a float.
        InputError: Negative, more than 18 decimals, or a share above 1.
    """

    NAME: ClassVar[str] = "process"
    SHARES: ClassVar[frozenset[str]] = frozenset({"conversion"})

    activity: Quantity
    factor: Quantity
    conversion: Quantity = 1

    def grams(self) -> Grams:
        """Grams CO2e, halves up."""
        return Grams(rounded(product((*self.numbers(), GRAMS_PER_TONNE)), 3))
