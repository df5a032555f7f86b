"""What the fold finds in a book whose events contradict its own rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import Address, InstrumentClass, InstrumentId, OrderId, Side, address

BOOK = address(b"\4" * 20)
A, B = address(b"\5" * 20), address(b"\6" * 20)
UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2026)
FIRST, SECOND, BETTER = (OrderId.of(1, Side.BUY, tick, 0, i) for tick, i in ((50, 0), (50, 1), (51, 0)))
TERMS = {
    "instrument": UNITS,
    "tickMantissa": 5,
    "tickExponent": 0,
    "lot": 1,
    "leastLots": 1,
    "takerFee": 0,
    "makerFee": 0,
    "lowest": 1,
    "highest": 99,
}
Told = tuple[str, Mapping[str, Any]]


def placed(order: OrderId, account: Address = A) -> Told:
    return "OrderPlaced", {"id": order, "account": account, "quantity": 10, "expires": 0}


def trade(order: OrderId, quantity: int = 4, voucher: int = 0) -> Told:
    args = {"maker": order, "makerAccount": A, "taker": B, "quantity": quantity}
    return "Trade", {**args, "voucher": voucher, "orderOfDay": voucher + 1}


def closed(order: OrderId, open_: int) -> Told:
    return "OrderClosed", {"id": order, "account": A, "open": open_, "reason": 1}


def folded(*transactions: list[Told]) -> State:
    fold = Fold({BOOK: "OrderBook"})
    opening: list[Told] = [("MarketOpened", {"market": 1, "instrument": UNITS, "terms": TERMS})]
    for block, told in enumerate([opening, *transactions]):
        for i, (name, args) in enumerate(told):
            fold.apply(Event("OrderBook", name, args, BOOK, 1_800_000_000, Position(block, i, f"0x{block:x}")))
    fold.close_transaction()
    return fold.state


def faults(*transactions: list[Told]) -> list[str]:
    """Those about the book; with no ledger told, nobody has units to give."""
    return [fault.what for fault in folded(*transactions).faults if "units" not in fault.what]


def test_trade__with_the_first_of_the_best_price__nothing_to_find() -> None:
    assert faults([placed(FIRST)], [placed(SECOND)], [placed(BETTER)], [trade(BETTER, 10), trade(FIRST, 4, 1)]) == []


def test_trade__before_an_earlier_order__found() -> None:
    assert "before order 1/buy/50/0/0" in faults([placed(FIRST)], [placed(SECOND)], [trade(SECOND)])[0]


def test_trade__before_a_better_price__found() -> None:
    assert "before order 1/buy/51/0/0" in faults([placed(FIRST)], [placed(BETTER)], [trade(FIRST)])[0]


def test_trade__before_an_order_that_leaves_in_the_same_call__is_right() -> None:
    assert faults([placed(FIRST)], [placed(SECOND)], [trade(SECOND), closed(FIRST, 10)]) == []


def test_trade__of_more_than_is_open__found() -> None:
    assert "had 10 tonnes open; 11 went" in faults([placed(FIRST)], [trade(FIRST, 11)])[0]


def test_order__that_left__trades_no_more() -> None:
    assert "has left the book" in faults([placed(FIRST)], [closed(FIRST, 10)], [trade(FIRST)])[0]


def test_order__resting_against_the_other_side__crosses_the_book() -> None:
    offer = OrderId.of(1, Side.SELL, 50, 0, 0)
    assert any("crossed" in what for what in faults([placed(FIRST)], [placed(offer)]))


def test_order__with_an_id_that_was_used__found() -> None:
    assert "should have generation and place (1, 0)" in faults([placed(FIRST)], [closed(FIRST, 10)], [placed(FIRST)])[0]


def test_voucher__left_out__found() -> None:
    assert "should have the number 1" in faults([placed(FIRST)], [trade(FIRST)], [trade(FIRST, 4, voucher=2)])[0]
