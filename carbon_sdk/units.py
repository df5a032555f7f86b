"""Quantities with a name. All of them are whole numbers; a float is refused everywhere.

Units are whole tonnes of CO2e, emissions whole grams, money is counted in the smallest unit of its currency and a price
is a whole number of ticks. `Decimal` and text are accepted at the boundary when they denote a whole number of units.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import NewType, TypeAlias

from carbon_sdk.errors import FloatRefused, InputError

Tonnes = NewType("Tonnes", int)
"""Whole tonnes of CO2e: what one allowance or credit stands for."""
Grams = NewType("Grams", int)
"""Whole grams of CO2e: what emissions are computed in."""
Money = NewType("Money", int)
"""Smallest units of a currency (pence, cents): its instrument says how many decimals that is."""
Ticks = NewType("Ticks", int)
"""A price: a whole number of the market's ticks."""

Quantity: TypeAlias = int | str | Decimal
"""What the SDK takes where a quantity is asked for. Never a float."""

GRAMS_PER_TONNE = 1_000_000
_LARGEST = 2**256 - 1


def tonnes(value: Quantity, *, name: str = "quantity") -> Tonnes:
    """Whole tonnes of CO2e, zero or more.

    Raises:
        FloatRefused: `value` is a float.
        InputError: `value` is negative, fractional or not a number.
    """
    return Tonnes(scaled(value, 0, name=name, unit="tonnes"))


def grams(value: Quantity, *, name: str = "emissions") -> Grams:
    """Whole grams of CO2e, zero or more. Raises as `tonnes` does."""
    return Grams(scaled(value, 0, name=name, unit="grams"))


def grams_from_tonnes(value: Quantity, *, name: str = "emissions") -> Grams:
    """Grams from tonnes with up to six decimals, such as `"12.345678"`. Raises as `tonnes` does."""
    return Grams(scaled(value, 6, name=name, unit="tonnes"))


def money(value: Quantity, decimals: int = 2, *, name: str = "amount") -> Money:
    """Smallest units from an amount of the currency: `money("12.34")` is 1234.

    Args:
        value: In the currency's main unit.
        decimals: Of the currency's instrument.
        name: What the error message calls it.

    Raises:
        FloatRefused: `value` is a float.
        InputError: `value` is negative, has more decimals than the currency, or is not a number.
    """
    return Money(scaled(value, decimals, name=name, unit="money"))


def ticks(value: Quantity, tick_size: int, decimals: int = 2, *, name: str = "price") -> Ticks:
    """Ticks from a price per tonne in the currency's main unit.

    Args:
        value: Price per tonne, such as `"41.85"`.
        tick_size: Smallest units of money in one tick, of the market.
        decimals: Of the currency's instrument.
        name: What the error message calls it.

    Raises:
        FloatRefused: `value` is a float.
        InputError: `value` is no whole number of ticks.
    """
    smallest = scaled(value, decimals, name=name, unit="money")
    if tick_size <= 0 or smallest % tick_size:
        raise InputError(
            f"{name} {value} is no whole number of ticks: one tick is {format_money(Money(tick_size), decimals)}."
        )
    return Ticks(smallest // tick_size)


def scaled(value: Quantity, decimals: int, *, name: str = "value", unit: str = "units") -> int:
    """A non-negative quantity in units of 10^-decimals. The one place where text and decimals become whole numbers."""
    number = _exact(value, name)
    if isinstance(number, int):
        whole = number * pow10(decimals)
    else:
        sign, digits, exponent = number.as_tuple()
        if not isinstance(exponent, int):
            raise InputError(f"{name} is {value}: give a number.")
        shift = exponent + decimals
        if shift > 80:
            raise InputError(f"{name} {value} is too large.")
        coefficient = int("".join(map(str, digits))) * (-1 if sign else 1)
        if shift >= 0:
            whole = coefficient * pow10(shift)
        else:
            whole, rest = divmod(coefficient, pow10(-shift)) if -shift <= len(digits) + 1 else (0, coefficient)
            if rest:
                allowed = f"at most {decimals} decimals" if decimals else "no fraction"
                raise InputError(f"{name} {value} is no whole number: {unit} have {allowed} here.")
    if whole < 0:
        raise InputError(f"{name} {value} is negative.")
    if whole > _LARGEST:
        raise InputError(f"{name} {value} is too large.")
    return whole


def pow10(exponent: int) -> int:
    """10 to a power that is not negative, as a whole number."""
    return int("1" + "0" * exponent)


def _exact(value: Quantity, name: str) -> int | Decimal:
    if isinstance(value, bool):
        raise InputError(f"{name} is {value}: give a number.")
    if isinstance(value, float):
        raise FloatRefused(name, value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str):
        text = value.strip().replace("_", "")
        try:
            return Decimal(text)
        except InvalidOperation:
            raise InputError(f"{name} is {value!r}: give a number, such as 1250 or 12.50.") from None
    raise InputError(f"{name} is a {type(value).__name__}: give an int, a Decimal or text.")


def format_tonnes(value: int) -> str:
    """`1234567` as `1,234,567 t`."""
    return f"{value:,} t"


def format_grams(value: int) -> str:
    """Grams as tonnes with the decimals that they have: `12,345.678 t`."""
    whole, rest = divmod(value, GRAMS_PER_TONNE)
    fraction = f"{rest:06d}".rstrip("0")
    return f"{whole:,}.{fraction} t" if fraction else f"{whole:,} t"


def format_money(value: int, decimals: int = 2, currency: str = "") -> str:
    """Smallest units as an amount: `123456` as `1,234.56`, with the currency's name when given."""
    sign, value = ("-", -value) if value < 0 else ("", value)
    whole, rest = divmod(value, 10**decimals)
    amount = f"{sign}{whole:,}.{rest:0{decimals}d}" if decimals else f"{sign}{whole:,}"
    return f"{amount} {currency}" if currency else amount


def decimal_of(value: int, decimals: int) -> Decimal:
    """A whole number of 10^-decimals as an exact `Decimal`."""
    return Decimal(value).scaleb(-decimals) if abs(value) < 10**28 else Decimal(f"{value}e-{decimals}")
