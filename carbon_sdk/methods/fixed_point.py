"""Mirror of `contracts/types/FixedPoint.sol`: exact products of numbers with 18 decimals, rounded once."""

from __future__ import annotations

from collections.abc import Iterable

from carbon_sdk.contracts.generated.enums import Rounding
from carbon_sdk.errors import InputError
from carbon_sdk.units import Quantity, scaled

DECIMALS = 18
ONE = 1_000_000_000_000_000_000
HIGHEST = (1 << 128) - 1
"""The highest factor, in units of 10^-18."""


def factor(value: Quantity, name: str, highest: int = HIGHEST) -> int:
    """A decimal number in units of 10^-18. Raises FloatRefused, InputError."""
    number = scaled(value, DECIMALS, name=name, unit="decimal numbers")
    if number > highest:
        raise InputError(f"{name} {value} is above the highest allowed, {highest // ONE}.")
    return number


def product(factors: Iterable[int]) -> int:
    """Of whole numbers, exact."""
    result = 1
    for item in factors:
        result *= item
    return result


def rounded(number: int, places: int, rounding: Rounding = Rounding.NEAREST) -> int:
    """A number with `places` times 18 decimals, as a whole number. Raises InputError above the contracts' range."""
    divisor = int("1" + "0" * (DECIMALS * places))
    whole, rest = divmod(number, divisor)
    if (rounding is Rounding.NEAREST and 2 * rest >= divisor) or (rounding is Rounding.UP and rest):
        whole += 1
    if whole > HIGHEST:
        raise InputError(f"The result {whole} is above what the contracts compute with.")
    return whole
