"""Instructions of a case, as JSON Lines: read and checked as a whole before anything is sent (`docs/replay.md`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import orjson

from carbon_sdk.contracts.generated.enums import SelfTrade, TimeInForce
from carbon_sdk.identifiers import Side
from carbon_sdk.replay.source import MalformedCase, Source

Op = Literal["limit", "market", "cancel", "reduce", "replace", "time"]

MOST_TICK = 2**20 - 1
"""Highest price that the book can hold, in ticks."""
MOST_MANTISSA = 2**10 - 1
"""A tick is so many times a power of ten of the money's smallest units, at most."""
MOST_QUANTITY = 2**48 - 1
MOST_LOT = 2**16 - 1
MOST_SECONDS = 2**40 - 1
LAST_MOMENT = 4_102_444_800
"""2100-01-01: no clock of a case goes further; certificates are to be valid then."""
LEAST_DECIMALS, MOST_DECIMALS = 2, 18

_PRICE = re.compile(r"\d{1,20}(\.\d{1,18})?")
_SELF_TRADE = {
    "none": SelfTrade.ALLOW,
    "cancel_newest": SelfTrade.CANCEL_NEWEST,
    "cancel_oldest": SelfTrade.CANCEL_OLDEST,
    "decrement": SelfTrade.DECREMENT,
}
_TIMES = ("GTC", "IOC", "FOK", "POST_ONLY", "GTT")
_FIELDS: Mapping[Any, tuple[frozenset[str], frozenset[str]]] = {
    # wanted and possible, by op
    "market_rules": (frozenset(), frozenset({"tick", "lot", "self_trade_prevention"})),
    "limit": (frozenset({"id", "side", "price", "quantity"}), frozenset({"account", "time_in_force", "expires"})),
    "market": (frozenset({"id", "side", "quantity"}), frozenset({"account"})),
    "cancel": (frozenset({"id"}), frozenset()),
    "reduce": (frozenset({"id", "by"}), frozenset()),
    "replace": (frozenset({"id", "price", "quantity"}), frozenset()),
    "time": (frozenset({"at"}), frozenset()),
}


@dataclass(frozen=True, slots=True)
class Instruction:
    """One line.

    Attributes:
        number: From 1, without the rules of the market.
        line: In the file.
        op: What.
        id: Of the order; empty for `time`.
        account: Who; an order without one has an account of its own.
        side: Of a new order.
        price: Of a limit order or a replacement, per tonne in the money's main unit.
        quantity: Tonnes of an order or a replacement; by how many an order is reduced.
        time_in_force: Of a limit order.
        expires: Unix seconds from which it no longer trades; 0: never.
        at: Unix seconds, of `time`.
    """

    number: int
    line: int
    op: Op
    id: str = ""
    account: str = ""
    side: Side = Side.BUY
    price: Decimal = Decimal(0)
    quantity: int = 0
    time_in_force: TimeInForce = TimeInForce.GTC
    expires: int = 0
    at: int = 0


@dataclass(frozen=True, slots=True)
class MarketRules:
    """What the market of a case is like.

    Attributes:
        tick: Smallest step of prices, in the money's main unit per tonne.
        book_tick: The tick that the book has: coarser by powers of ten where it could not hold the prices otherwise
            and all of them are multiples of it, too.
        decimals: Of the money.
        lot: Tonnes; quantities are multiples of it.
        self_trade: What happens when an order meets one of the same owner.
    """

    tick: Decimal
    book_tick: Decimal
    decimals: int
    lot: int
    self_trade: SelfTrade

    @property
    def tick_units(self) -> int:
        """The book's tick in the money's smallest units per tonne."""
        return int(self.book_tick.scaleb(self.decimals))

    @property
    def tick_size(self) -> tuple[int, int]:
        """The same as a mantissa and a power of ten."""
        mantissa, exponent = self.tick_units, 0
        while mantissa % 10 == 0:
            mantissa, exponent = mantissa // 10, exponent + 1
        return mantissa, exponent

    def ticks(self, price: Decimal) -> int | None:
        """A price in the book's ticks; None for one that lies between two of the market's."""
        return None if price % self.tick else int(price / self.book_tick)

    def price(self, ticks: int) -> str:
        """A price as people write it, with the money's decimals as far as the tick has them, two at least."""
        value = self.book_tick * ticks
        places = max(LEAST_DECIMALS, -_exponent(self.tick))
        return f"{value:.{places}f}"


def read_orders(source: Source) -> tuple[MarketRules, list[Instruction]]:
    """All instructions of a case and the rules of its market.

    Raises:
        MalformedCase: By its line.
    """
    return _Reader(source).read()


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._accounts: dict[str, str] = {}
        self._said: Mapping[str, Any] = {}
        self._said_at = 0
        self._now = 0

    def read(self) -> tuple[MarketRules, list[Instruction]]:
        instructions: list[Instruction] = []
        for line, said in self._objects():
            op = said.get("op")
            if op not in _FIELDS:
                raise self._wrong(line, f'"op" is {op!r}; it is one of {", ".join(_FIELDS)}.')
            self._require(line, said, op)
            if op == "market_rules":
                if instructions or self._said_at:
                    raise self._wrong(line, "market_rules can only be the first line.")
                self._said, self._said_at = said, line
                continue
            instructions.append(self._instruction(len(instructions) + 1, line, op, said))
        return self._rules(instructions), instructions

    def _objects(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for line, text in enumerate(self._source.content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
            if not text.strip():
                continue
            try:
                said = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                raise self._wrong(line, f"this is no JSON: {error}.") from None
            if not isinstance(said, dict):
                raise self._wrong(line, "an instruction is a JSON object.")
            yield line, said

    def _require(self, line: int, said: Mapping[str, Any], op: Any) -> None:
        wanted, possible = _FIELDS[op]
        for name in sorted(wanted - said.keys()):
            raise self._wrong(line, f'{op} needs "{name}".')
        for name in said:
            if name not in wanted | possible | {"op"}:
                raise self._wrong(line, f'{op} has no field "{name}".')

    def _instruction(self, number: int, line: int, op: Any, said: Mapping[str, Any]) -> Instruction:
        if op == "time":
            at = self._whole(line, said, "at", LAST_MOMENT)
            if at < self._now:
                raise self._wrong(line, f"time goes back from {self._now} to {at}.")
            self._now = at
            return Instruction(number, line, op, at=at)
        id_ = self._text(line, said, "id")
        if op in ("limit", "market"):
            return self._order(number, line, op, id_, said)
        account = self._accounts.get(id_, f" {id_}")
        if op == "cancel":
            return Instruction(number, line, op, id_, account)
        if op == "reduce":
            return Instruction(number, line, op, id_, account, quantity=self._quantity(line, said, "by"))
        price, quantity = self._price(line, said, "price"), self._quantity(line, said, "quantity")
        return Instruction(number, line, op, id_, account, price=price, quantity=quantity)

    def _order(self, number: int, line: int, op: Op, id_: str, said: Mapping[str, Any]) -> Instruction:
        if id_ in self._accounts:
            raise self._wrong(line, f'an order with the id "{id_}" was there before.')
        account = self._text(line, said, "account") if said.get("account") is not None else f" {id_}"
        self._accounts[id_] = account
        side = said["side"]
        if side not in ("buy", "sell"):
            raise self._wrong(line, f'"side" is {side!r}; it is "buy" or "sell".')
        of_side = Side.BUY if side == "buy" else Side.SELL
        quantity = self._quantity(line, said, "quantity")
        if op == "market":
            return Instruction(
                number, line, op, id_, account, of_side, quantity=quantity, time_in_force=TimeInForce.IOC
            )
        rule = said.get("time_in_force", "GTC")
        if rule not in _TIMES:
            raise self._wrong(line, f'"time_in_force" is {rule!r}; it is one of {", ".join(_TIMES)}.')
        if (rule == "GTT") != ("expires" in said):
            raise self._wrong(line, 'an order has "expires" if it is GTT, and only then.')
        expires = self._whole(line, said, "expires", MOST_SECONDS) if rule == "GTT" else 0
        if rule == "GTT" and expires == 0:
            raise self._wrong(line, '"expires" is in Unix seconds, from 1.')
        return Instruction(
            number,
            line,
            op,
            id_,
            account,
            of_side,
            self._price(line, said, "price"),
            quantity,
            TimeInForce.GTC if rule == "GTT" else TimeInForce[rule],
            expires,
        )

    def _rules(self, instructions: Sequence[Instruction]) -> MarketRules:
        said, line = self._said, self._said_at
        lot = self._whole(line, said, "lot", MOST_LOT) if "lot" in said else 1
        if lot == 0:
            raise self._wrong(line, '"lot" is at least 1.')
        mode = said.get("self_trade_prevention", "none")
        if mode not in _SELF_TRADE:
            raise self._wrong(line, f'"self_trade_prevention" is {mode!r}; it is one of {", ".join(_SELF_TRADE)}.')
        prices = {one.price for one in instructions if one.op in ("limit", "replace")}
        finest = max((-_exponent(price) for price in prices), default=0)
        if "tick" in said:
            tick = self._price(line, said, "tick").normalize()
            if tick == 0:
                raise self._wrong(line, '"tick" is above 0.')
        else:
            tick = Decimal(1).scaleb(-max(LEAST_DECIMALS, finest))
        decimals = max(LEAST_DECIMALS, finest, -_exponent(tick))
        if decimals > MOST_DECIMALS:
            raise self._wrong(line or 1, f"prices have {decimals} decimals; money has at most {MOST_DECIMALS}.")
        book_tick = _fitting_tick({price for price in prices if not price % tick}, tick)
        rules = MarketRules(tick, book_tick, decimals, lot, _SELF_TRADE[mode])
        if rules.tick_size[0] > MOST_MANTISSA:
            raise self._wrong(line or 1, f"a tick of {tick} has more than {MOST_MANTISSA} for its digits.")
        for one in instructions:
            if one.op in ("limit", "replace") and one.price > book_tick * MOST_TICK:
                raise self._wrong(one.line, f"{one.price} is more than {MOST_TICK} ticks of {book_tick}.")
        return rules

    def _whole(self, line: int, said: Mapping[str, Any], name: str, most: int) -> int:
        value = said[name]
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            raise self._wrong(line, f'"{name}" is {value!r}; it is a whole number from 0 to {most}.')
        return value

    def _quantity(self, line: int, said: Mapping[str, Any], name: str) -> int:
        return self._whole(line, said, name, MOST_QUANTITY)

    def _price(self, line: int, said: Mapping[str, Any], name: str) -> Decimal:
        value = said[name]
        if not isinstance(value, str) or not _PRICE.fullmatch(value):
            raise self._wrong(line, f'"{name}" is {value!r}; it is a decimal string such as "10.55".')
        return Decimal(value)

    def _text(self, line: int, said: Mapping[str, Any], name: str) -> str:
        value = said[name]
        if not isinstance(value, str) or not value or value != value.strip():
            raise self._wrong(
                line, f'"{name}" is {value!r}; it is a text that is not empty and has no space around it.'
            )
        return value

    def _wrong(self, line: int, what: str) -> MalformedCase:
        return self._source.wrong(line, what)


def _exponent(value: Decimal) -> int:
    """Minus the decimals that a number needs; not above 0."""
    exponent = value.normalize().as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 -- no infinity was read
    return min(exponent, 0)


def _fitting_tick(prices: set[Decimal], tick: Decimal) -> Decimal:
    """The tick times so many tens that the book can hold the prices, as long as all are multiples of it."""
    highest = max(prices, default=Decimal(0))
    while highest > tick * MOST_TICK and not any(price % (tick * 10) for price in prices):
        tick *= 10
    return tick
