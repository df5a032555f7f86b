"""What an act costs does not depend on how many orders rest (R-TRD-2).

The orders are placed by the contracts; the book's words are then put into an EVM in which nothing has been touched yet,
as before each transaction on a chain, so that the gas is what a receipt would say. (The ledger's words there are from
before the orders: only amounts in them differ.)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import cycle

import pytest
from eth_abi.abi import encode

from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.enums import SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.structs import Order
from carbon_sdk.identifiers import Address, OrderId, Side, keccak
from tests.differential.evm import Evm, Exchange

NAMESPACE = 0xFF6FFFCAD340C1383814BB03CC54DA017C113B0CFE72B653796D8F471D2D8800  # `BookStorage`
TAPE, LEVELS, BITMAP = 1, 3, 4  # after a market's first word, as contracts/storage-layouts.json has them
WIDE = 2  # the market with room for all
BEST = {Side.SELL: 500_001, Side.BUY: 499_999}
AWAY = {Side.SELL: 1, Side.BUY: -1}
TRADERS = ("one of seven", "one of eight", "alone of nine", "alone")
TAKER = "treasury"
LEVELS_FAR = 300
FEW = 10


def order(exchange: Exchange, side: Side, tick: int, quantity: int = 5, rule: TimeInForce = TimeInForce.GTC) -> Order:
    return Order(exchange.markets[WIDE], tick, side, quantity, 0, rule, SelfTrade.CANCEL_NEWEST, 255, 0)


def places(orders: int) -> Iterator[tuple[Side, int]]:
    """Four at the best price of each side and one behind it; then a third behind those four, the others far away."""
    yield from ((side, BEST[side]) for side in Side for _ in range(4))
    yield from ((side, BEST[side] + AWAY[side]) for side in Side)
    for n in range(orders - FEW):
        side = Side(n % 2)
        if n % 3 == 0:
            yield side, BEST[side]
        else:
            yield side, BEST[side] + AWAY[side] * (300 + 997 * (n // 2 % LEVELS_FAR))


def filled(exchange: Exchange, orders: int) -> dict[tuple[Address, int], int]:
    """So many orders, placed by the contracts; the words that they left in the book."""
    evm = Evm(exchange)
    book = OrderBook(None, exchange.book)
    used: dict[tuple[Side, int], int] = {}
    for (side, tick), name in zip(places(orders), cycle(TRADERS), strict=False):
        evm.send(exchange.keys[name], book.place(order(exchange, side, tick)))
        used[side, tick] = used.get((side, tick), 0) + 1
    slots = {(exchange.book, slot): evm.slot(exchange.book, slot) for slot in _slots(exchange.markets[WIDE], used)}
    again = Evm(exchange, slots)
    for side in Side:  # nothing was left behind
        depths = [one.read(exchange.book, OrderBook.DEPTH, exchange.markets[WIDE], side, 1_000) for one in (evm, again)]
        assert depths[0] == depths[1]
        assert sum(depths[0].tonnes) == 5 * sum(count for (of, _), count in used.items() if of is side)
    return slots


def _slots(market: int, used: Mapping[tuple[Side, int], int]) -> Iterable[int]:
    at = _in_mapping(market, NAMESPACE)
    yield at
    yield at + TAPE
    for (side, tick), orders in used.items():
        level = _in_mapping(side << 24 | tick, at + LEVELS)
        yield level
        yield from (_in_mapping(index, level + 1) for index in range(orders))
        for depth in range(3):
            yield _in_mapping(side << 24 | depth << 16 | tick >> 8 * (3 - depth), at + BITMAP)


def _in_mapping(key: int, slot: int) -> int:
    return int.from_bytes(keccak(encode(["uint256", "uint256"], [key, slot])), "big")


def costs(exchange: Exchange, orders: int) -> dict[str, int]:
    """Gas of each act, each in a book as it was filled."""
    slots = filled(exchange, orders)
    book, market = OrderBook(None, exchange.book), exchange.markets[WIDE]
    first, second = (OrderId.of(market, Side.SELL, BEST[Side.SELL], 0, index) for index in (0, 1))
    acts: dict[str, tuple[str, Act[object]]] = {
        "place behind others": (TRADERS[0], book.place(order(exchange, Side.SELL, BEST[Side.SELL]))),
        "place at a new price": (TRADERS[0], book.place(order(exchange, Side.SELL, BEST[Side.SELL] + 2))),
        "place at a better price": (TRADERS[0], book.place(order(exchange, Side.BUY, BEST[Side.BUY] + 1))),
        "take one": (TAKER, book.place(order(exchange, Side.BUY, BEST[Side.SELL], rule=TimeInForce.IOC))),
        "take three and a part": (TAKER, book.place(order(exchange, Side.SELL, BEST[Side.BUY], 17, TimeInForce.FOK))),
        "cancel at the head": (TRADERS[0], book.cancel(first)),
        "cancel in the middle": (TRADERS[1], book.cancel(second)),
        "reduce": (TRADERS[1], book.reduce(second, 1)),
        "replace": (TRADERS[1], book.replace(second, order(exchange, Side.SELL, BEST[Side.SELL] + 3))),
    }
    found = {}
    for name, (who, act) in acts.items():
        evm = Evm(exchange, slots)
        evm.send(exchange.keys[who], act)
        found[name] = evm.gas_used
    return found


@pytest.mark.requirement("R-TRD-2")
def test_acts__ten_or_two_thousand_orders_rest__cost_the_same(exchange: Exchange) -> None:
    assert costs(exchange, 2_000) == costs(exchange, FEW)


@pytest.mark.full
@pytest.mark.requirement("R-TRD-2")
def test_acts__ten_or_a_hundred_thousand_orders_rest__cost_the_same(exchange: Exchange) -> None:
    assert costs(exchange, 100_000) == costs(exchange, FEW)
