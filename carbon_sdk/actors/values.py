"""What actors take at their boundary, made exact: digests, moments, whole numbers; and sets of bits with names."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from enum import IntFlag
from hashlib import sha256
from typing import TypeAlias

from carbon_sdk.errors import FloatRefused, InputError
from carbon_sdk.units import Quantity, Ticks, scaled

Digest: TypeAlias = bytes | str
"""32 bytes, or `0x` and 64 hexadecimal digits, or a text or document whose SHA-256 is meant. A digest of something
short can be guessed: where the content is not public give a salted commitment (`carbon_sdk.evidence`)."""
Moment: TypeAlias = datetime | int
"""A time with its offset from UTC, or whole Unix seconds."""
Price: TypeAlias = Ticks | int | Decimal | str
"""Per tonne: whole ticks of the market, or a Decimal or text in the money's main unit."""


class Right(IntFlag):
    """What a representative's key may do, as in `contracts/types/Accounts.sol`."""

    READ = 1
    INITIATE = 2
    APPROVE = 4
    TRADE = 8
    SURRENDER = 16
    REPORT = 32
    ALL = 63


class Restriction(IntFlag):
    """What an account may not do for now."""

    NONE = 0
    NO_TRADE = 1
    NO_TRANSFER = 2
    NO_RECEIPT = 4
    NO_SURRENDER = 8
    SURRENDER_ONLY = 7
    """What is left is to surrender: the account neither trades nor transfers nor receives."""
    ALL = 15


class Capability(IntFlag):
    """What an account is open for."""

    REGISTRY = 1
    TRADING = 2
    REPORTING = 4


class Label(IntFlag):
    """What a credit may be called, as in `contracts/instruments/ICreditProjects.sol`."""

    NONE = 0
    COMPLIANCE = 1
    VOLUNTARY_ONLY = 2
    CORSIA = 4
    ARTICLE_6_AUTHORISED = 8
    REMOVAL = 16
    CORE_CARBON_PRINCIPLES = 32
    CO_BENEFITS = 64


class AllocationFinding(IntFlag):
    """What a review finds against approving an allocation."""

    NONE = 0
    ACCOUNT_NOT_ELIGIBLE = 1
    INSTALLATION_NOT_ACTIVE = 2
    NO_MONITORING_PLAN = 4
    NOT_THE_LATEST = 8
    BASELINE_CHANGED = 16
    CAP_EXCEEDED = 32


def digest(value: Digest, name: str = "digest") -> bytes:
    """32 bytes: as they are, from `0x…` text, or SHA-256 of a text or document.

    Raises:
        InputError: It is empty, or `0x` text of another length.
    """
    if isinstance(value, bytes):
        if not value:
            raise InputError(f"{name} is empty: give 32 bytes, a text or a document.")
        return value if len(value) == 32 else sha256(value).digest()
    if not isinstance(value, str):
        raise InputError(f"{name} is a {type(value).__name__}: give 32 bytes or a text.")
    if value.startswith("0x"):
        if not re.fullmatch(r"0x[0-9a-fA-F]{64}", value):
            raise InputError(f"{name} {value[:20]}… is no digest: give 0x and 64 hexadecimal digits.")
        return bytes.fromhex(value[2:])
    if not value.strip():
        raise InputError(f"{name} is empty: say why or what.")
    return sha256(value.encode()).digest()


def label(text: str, name: str = "name") -> bytes:
    """A short ASCII name as 32 bytes, filled with zeros. Raises InputError."""
    if not text or not text.isascii() or not text.isprintable() or len(text) > 32:
        raise InputError(f"{name} {text!r} is no name: give 1 to 32 printable ASCII characters.")
    return text.encode().ljust(32, b"\0")


def moment(value: Moment, name: str = "time") -> int:
    """Whole Unix seconds.

    Raises:
        InputError: It has no offset from UTC, has fractions of a second, or is before 1970.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise InputError(f"{name} {value} has no time zone: give its offset from UTC.")
        if value.microsecond:
            raise InputError(f"{name} {value} has fractions of a second.")
        value = int(value.timestamp())
    elif isinstance(value, float):
        raise FloatRefused(name, value)
    if isinstance(value, bool) or not 0 <= value < 1 << 40:
        raise InputError(f"{name} {value!r} is no time: give whole Unix seconds or a time with its offset from UTC.")
    return value


def day_of(value: date, name: str = "day") -> int:
    """A civil day as days since 1970-01-01. Raises InputError for a time, and for days before."""
    if isinstance(value, datetime) or not isinstance(value, date):
        raise InputError(f"{name} {value!r} is no civil day: give a date, such as 2021-12-31.")
    days = (value - date(1970, 1, 1)).days
    if days < 1:
        raise InputError(f"{name} {value} is before 1970-01-02.")
    return days


def whole(value: Quantity, name: str) -> int:
    """A whole number, zero or more: smallest units of money, ticks, a year. Raises FloatRefused, InputError."""
    return scaled(value, 0, name=name)


def positive(value: Quantity, name: str) -> int:
    """A whole number from one on. Raises FloatRefused, InputError."""
    number = whole(value, name)
    if not number:
        raise InputError(f"{name} is 0: give 1 or more.")
    return number


def decimals18(value: Quantity, name: str) -> int:
    """A decimal number in units of 10^-18, exact: `"0.35"` is 350000000000000000. Raises FloatRefused, InputError."""
    return scaled(value, 18, name=name, unit="decimal numbers")


def year_of(value: int, name: str = "year") -> int:
    """A civil year. Raises FloatRefused, InputError."""
    number = whole(value, name)
    if not 1970 <= number <= 9999:
        raise InputError(f"{name} {value} is no civil year of four digits.")
    return number
