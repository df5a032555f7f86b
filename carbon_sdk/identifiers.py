"""Names of things, with the same bit layouts as `contracts/types`.

Identifiers of instruments and orders are whole numbers (they can be handed to any contract as they are) that know
their parts. Addresses are text in EIP-55 form everywhere in the SDK.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import NewType

from carbon_sdk.errors import FloatRefused, InputError

Address = NewType("Address", str)
"""An address in its EIP-55 form. `address()` makes one from text or bytes."""
MarketId = NewType("MarketId", int)
"""Number of a market in its order book, below 2^24."""
BoardId = NewType("BoardId", int)
"""Number of a board of listed quotes, below 2^24."""
BlockMarketId = NewType("BlockMarketId", int)
"""Number of a market of block trades, below 2^24."""
VoucherCode = NewType("VoucherCode", str)
"""A voucher's printed code, check character included."""
Period = NewType("Period", int)
"""A compliance period, by its first civil year."""

ZERO_ADDRESS = Address("0x0000000000000000000000000000000000000000")


def keccak(data: bytes) -> bytes:
    """The 32 bytes of Keccak-256."""
    from Crypto.Hash import keccak as implementation

    return implementation.new(digest_bits=256, data=data).digest()


def address(value: str | bytes) -> Address:
    """An address from 20 bytes or from `0x` text in either case.

    Raises:
        InputError: It is no address, or its mixed case contradicts its checksum.
    """
    if isinstance(value, bytes):
        if len(value) != 20:
            raise InputError(f"An address has 20 bytes, not {len(value)}.")
        return checksummed(value.hex())
    text = value.strip()
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        raise InputError(f"{value!r} is no address: give 0x and 40 hexadecimal digits.")
    result = checksummed(text[2:].lower())
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and text != result:
        raise InputError(f"{text} is mistyped: its letters' case contradicts its checksum.")
    return result


@lru_cache(maxsize=65536)
def checksummed(digits: str) -> Address:
    """EIP-55 form of 40 lower-case hexadecimal digits, which are not checked."""
    nibbles = keccak(digits.encode()).hex()
    return Address(
        "0x" + "".join(c.upper() if c > "9" and n > "7" else c for c, n in zip(digits, nibbles, strict=False))
    )


class InstrumentClass(IntEnum):
    """What an instrument is."""

    NONE = 0
    ALLOWANCE = 1
    CREDIT = 2
    MONEY = 3


class InstrumentId(int):
    """One fungible series; also its ERC-1155 token id.

    class 8 | scheme 16 | vintage 16 | project 32 | series 16 (low bits).
    """

    __slots__ = ()

    @classmethod
    def of(
        cls, kind: InstrumentClass, scheme: int, vintage: int = 0, project: int = 0, series: int = 0
    ) -> InstrumentId:
        """Build an id.

        Args:
            kind: What it is.
            scheme: Number of the scheme in its configuration.
            vintage: First civil year of the unit's period; 0 for money.
            project: Number of the crediting project; 0 for allowances and money.
            series: ISO 4217 number of the currency for money, else a running number.

        Raises:
            InputError: A part does not fit its bits.
        """
        parts = (("scheme", scheme, 16), ("vintage", vintage, 16), ("project", project, 32), ("series", series, 16))
        raw = _bits("class", int(kind), 8)
        for name, value, bits in parts:
            raw = raw << bits | _bits(name, value, bits)
        return cls(raw).checked()

    def checked(self) -> InstrumentId:
        """Itself, if the contracts could have made it; else InputError."""
        if not 0 <= self < 1 << 88 or not 1 <= self >> 80 <= InstrumentClass.MONEY:
            raise InputError(f"{int(self):#x} is no instrument: it has no class, or bits above its 88.")
        return self

    @property
    def kind(self) -> InstrumentClass:
        """What it is."""
        return InstrumentClass(self >> 80 & 0xFF)

    @property
    def scheme(self) -> int:
        """Number of the scheme."""
        return self >> 64 & 0xFFFF

    @property
    def vintage(self) -> int:
        """First civil year of the unit's period; 0 for money."""
        return self >> 48 & 0xFFFF

    @property
    def project(self) -> int:
        """Number of the crediting project."""
        return self >> 16 & 0xFFFFFFFF

    @property
    def series(self) -> int:
        """ISO 4217 number of a currency, or a running number."""
        return self & 0xFFFF

    def __str__(self) -> str:
        """Readable and unambiguous: `allowance/1/2024/0/0`; `parse` reads it."""
        if 0 < self >> 80 <= InstrumentClass.MONEY:
            return f"{self.kind.name.lower()}/{self.scheme}/{self.vintage}/{self.project}/{self.series}"
        return f"{int(self):#x}"

    def __repr__(self) -> str:
        return f"InstrumentId({self})"

    @classmethod
    def parse(cls, text: str) -> InstrumentId:
        """An id from its readable form or from a number in decimal or `0x` form.

        Raises:
            InputError: It is neither.
        """
        if "/" in text:
            kind, *numbers = text.split("/")
            if kind.upper() in InstrumentClass.__members__ and len(numbers) == 4 and all(map(_is_digits, numbers)):
                return cls.of(InstrumentClass[kind.upper()], *map(int, numbers))
        elif re.fullmatch(r"0x[0-9a-fA-F]+|[0-9]+", text):
            return cls(int(text, 0)).checked()
        raise InputError(f"{text!r} is no instrument: write class/scheme/vintage/project/series or its number.")


class Side(IntEnum):
    """Which side of the book."""

    BUY = 0
    SELL = 1


class OrderId(int):
    """Where an order rests, for ever unique: market 24 | side 8 | tick 32 | generation 32 | index 32 (low bits)."""

    __slots__ = ()

    @classmethod
    def of(cls, market: int, side: Side, tick: int, generation: int, index: int) -> OrderId:
        """Build an id. Raises InputError where a part does not fit."""
        raw = _bits("market", market, 24) << 104 | int(side) << 96 | _bits("tick", tick, 24) << 64
        return cls(raw | _bits("generation", generation, 32) << 32 | _bits("index", index, 32))

    @property
    def market(self) -> MarketId:
        """Number of the market."""
        return MarketId(self >> 104 & 0xFFFFFF)

    @property
    def side(self) -> Side:
        """Which side of the book."""
        return Side(self >> 96 & 0xFF)

    @property
    def tick(self) -> int:
        """The price as a whole number of ticks."""
        return self >> 64 & 0xFFFFFF

    @property
    def generation(self) -> int:
        """How often its level had been emptied before."""
        return self >> 32 & 0xFFFFFFFF

    @property
    def index(self) -> int:
        """Place in its level's queue."""
        return self & 0xFFFFFFFF

    def __str__(self) -> str:
        """Readable: `3/sell/4185/0/7` (market/side/tick/generation/index); `parse` reads it."""
        side = self.side.name.lower() if self >> 96 & 0xFF in (0, 1) else str(self >> 96 & 0xFF)
        return f"{self.market}/{side}/{self.tick}/{self.generation}/{self.index}"

    def __repr__(self) -> str:
        return f"OrderId({self})"

    @classmethod
    def parse(cls, text: str) -> OrderId:
        """An id from its readable form or from a number in decimal or `0x` form.

        Raises:
            InputError: It is neither.
        """
        if re.fullmatch(r"0x[0-9a-fA-F]+|[0-9]+", text):
            return cls(int(text, 0))
        market, side, *rest = [*text.split("/"), ""][:5] if text.count("/") == 4 else ["", ""]
        if side.upper() in Side.__members__ and _is_digits(market) and all(map(_is_digits, rest)):
            tick, generation, index = map(int, rest)
            return cls.of(int(market), Side[side.upper()], tick, generation, index)
        raise InputError(f"{text!r} is no order: write market/side/tick/generation/index or its number.")


class QuoteId(int):
    """A listed quote, for ever unique: board 24 | side 8 | tick 24 | index 48 (low bits)."""

    __slots__ = ()

    @classmethod
    def of(cls, board: int, side: Side, tick: int, index: int) -> QuoteId:
        """Build an id. Raises InputError where a part does not fit."""
        raw = _bits("board", board, 24) << 80 | int(side) << 72 | _bits("tick", tick, 24) << 48
        return cls(raw | _bits("index", index, 48))

    @property
    def board(self) -> BoardId:
        """Number of the board."""
        return BoardId(self >> 80 & 0xFFFFFF)

    @property
    def side(self) -> Side:
        """BUY when the one who listed it buys."""
        return Side(self >> 72 & 0xFF)

    @property
    def tick(self) -> int:
        """The price as a whole number of ticks."""
        return self >> 48 & 0xFFFFFF

    @property
    def index(self) -> int:
        """1, 2, 3 … in its board."""
        return self & 0xFFFFFFFFFFFF

    def __str__(self) -> str:
        """Readable: `3/sell/4185/7` (board/side/tick/index); `parse` reads it."""
        side = self.side.name.lower() if self >> 72 & 0xFF in (0, 1) else str(self >> 72 & 0xFF)
        return f"{self.board}/{side}/{self.tick}/{self.index}"

    def __repr__(self) -> str:
        return f"QuoteId({self})"

    @classmethod
    def parse(cls, text: str) -> QuoteId:
        """An id from its readable form or from a number in decimal or `0x` form.

        Raises:
            InputError: It is neither.
        """
        if re.fullmatch(r"0x[0-9a-fA-F]+|[0-9]+", text):
            return cls(int(text, 0))
        parts = text.split("/")
        if len(parts) == 4 and parts[1].upper() in Side.__members__ and all(map(_is_digits, (parts[0], *parts[2:]))):
            return cls.of(int(parts[0]), Side[parts[1].upper()], int(parts[2]), int(parts[3]))
        raise InputError(f"{text!r} is no quote: write board/side/tick/index or its number.")


def _bits(name: str, value: int, bits: int) -> int:
    if isinstance(value, float):
        raise FloatRefused(name, value)
    if not 0 <= value < 1 << bits:
        raise InputError(f"{name} {value} does not fit: 0 to {(1 << bits) - 1}.")
    return int(value)


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
