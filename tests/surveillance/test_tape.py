"""The tape: what becomes of orders, who took, and who owns how much."""

from __future__ import annotations

from typing import Any

from carbon_sdk.audit.clearing import BOOK, Settled
from carbon_sdk.audit.events import Event, Position
from carbon_sdk.identifiers import OrderId, Side
from carbon_sdk.surveillance import read_tape
from carbon_sdk.surveillance.tape import Tape, tape_of
from tests.surveillance.book import BOOK as BOOK_ADDRESS
from tests.surveillance.book import CHAIN, UNITS, account_of
from tests.surveillance.floor import Floor

NOON = 1_767_700_800
BID, ASK = OrderId.of(1, Side.BUY, 5_010, 0, 0), OrderId.of(1, Side.SELL, 4_990, 0, 0)
TERMS = {"instrument": int(UNITS), "tickMantissa": 1, "tickExponent": 0}


def event(number: int, name: str, **args: Any) -> Event:
    return Event("OrderBook", name, args, BOOK_ADDRESS, NOON + number, Position(number, 0, f"0x{number:064x}"))


def placed(number: int, order: OrderId, name: str, tonnes: int) -> Event:
    return event(number, "OrderPlaced", id=int(order), account=account_of(name), quantity=tonnes, expires=0)


def in_a_call() -> Tape:
    buyer, seller = account_of("buyer"), account_of("seller")
    met = event(4, "AuctionTrade", market=1, buyer=buyer, seller=seller, bid=int(BID), ask=int(ASK), quantity=60)
    price = Settled(
        BOOK, met.position, met.timestamp, int(UNITS), 60, 5_000, seller, buyer, 0, 0, None, "orders", (), "code"
    )
    events = [
        event(1, "MarketOpened", market=1, terms=TERMS),
        placed(2, BID, "buyer", 100),
        placed(3, ASK, "seller", 60),
        met,
        event(5, "OrderClosed", id=int(BID), account=buyer, open=40, reason=0),
    ]
    return tape_of(events, [price])


def test_tape__two_orders_meet_in_a_call__both_have_traded_and_nobody_took():
    tape = in_a_call()
    bid, ask = tape.orders
    assert (bid.traded, bid.taken_back, bid.open) == (60, 40, 0)
    assert (ask.traded, ask.taken_back, ask.ended_at) == (60, 0, NOON + 4)
    (deal,) = tape.deals
    assert (deal.market, deal.price, deal.taker, deal.aggressor) == (1, 5_000, None, None)


def test_tape__of_a_whole_floor__ends_with_what_everybody_owns():
    floor = Floor(5, orders=1_500, each=1, days=10).run()
    with floor.logs.store(":memory:") as store:
        tape = read_tape(store, CHAIN)
    own = dict.fromkeys(map(account_of, floor.kinds), 0)
    for change in tape.changes:
        own[change.account] += change.by
    expected = {account_of(name): tonnes for name, tonnes in floor.own.items() if name in floor.kinds}
    for name, orders in floor.mine.items():
        for order in orders.values():
            expected[account_of(name)] += order.left if order.side is Side.SELL else 0
    assert own == expected
    assert sum(own.values()) == sum(floor.begun.values())
    assert len(tape.deals) == floor.trades
    resting = {int(order.id): order.open for order in tape.orders if not order.end}
    plain = {int(order.id): order.left for orders in floor.mine.values() for order in orders.values()}
    assert resting == plain
