"""What the fold finds in an auction whose events contradict its rules, and the price that it computes by itself."""

from __future__ import annotations

from typing import Any

import pytest

from carbon_sdk.audit.state import CALL, OPEN, UNCROSSING, Level, Market
from carbon_sdk.identifiers import OrderId, Side
from tests.audit.test_market_fold import A, B, Told, faults, folded, placed

AT = 1_800_000_000
BID, LATER = (OrderId.of(1, Side.BUY, tick, 0, 0) for tick in (52, 51))
ASK = OrderId.of(1, Side.SELL, 50, 0, 0)


def state(number: int, until: int = 0) -> Told:
    return "MarketStateChanged", {"market": 1, "state": number, "until": until}


def priced(tick: int = 52, tonnes: int = 10, surplus: int = 0) -> Told:
    return "AuctionPriced", {"market": 1, "tick": tick, "tonnes": tonnes, "surplus": surplus}


def pair(quantity: int = 10, **changed: Any) -> Told:
    args = {"market": 1, "buyer": B, "seller": A, "bid": BID, "ask": ASK, "tick": 52, "quantity": quantity}
    return "AuctionTrade", {**args, "voucher": 0, "orderOfDay": 1, **changed}


COLLECTED = [[state(CALL, AT + 60)], [placed(ASK)], [placed(BID, B)], [placed(LATER, B)], [state(UNCROSSING)]]


def test_auction__as_it_must_be__nothing_to_find() -> None:
    # At 50 and 51 bids of 10 would be left over; at 52 none.
    assert faults(*COLLECTED, [priced(), pair(), state(OPEN, AT + 60)]) == []


def test_auction__figures_of_the_day_and_fees() -> None:
    market = folded(*COLLECTED, [priced(), pair()]).book.markets[1]
    assert (market.last, market.lots_today, market.turnover_today, market.trades) == (52, 10, 520, 1)
    assert list(market.sides[Side.BUY]) == [51]
    assert market.sides[Side.SELL] == {}


@pytest.mark.parametrize(
    ("told", "what"),
    [
        (priced(51, 10, 10), "the auction of market 1 executes 10 tonnes at 52 ticks and leaves 0"),
        (priced(52, 9), "executes 10 tonnes"),
        (priced(52, 10, 1), "leaves 0, not 10 at 52 leaving 1"),
    ],
)
def test_price__that_is_not_the_best__found(told: Told, what: str) -> None:
    assert what in faults(*COLLECTED, [told])[0]


@pytest.mark.parametrize(
    ("told", "what"),
    [
        (pair(tick=51), "the auction's price is 52 ticks, not 51"),
        (pair(quantity=11), "had 10 tonnes open; 11 went"),
        (pair(buyer=A), "have one beneficial owner"),
        (pair(seller=B), "have one beneficial owner"),
        (pair(bid=LATER), "which has the better price"),
        (pair(bid=ASK), "is no buy order of market 1"),
        (pair(ask=BID), "is no sell order of market 1"),
        (pair(voucher=1), "should have the number 0"),
    ],
)
def test_trade__against_a_rule__found(told: Told, what: str) -> None:
    found = faults(*COLLECTED, [priced()], [told])
    assert any(what in one for one in found), found


def test_trade__outside_of_an_auction__found() -> None:
    assert any("was in state 1" in one for one in faults([placed(BID, B)], [pair()]))


def test_trade__before_the_price_is_fixed__found() -> None:
    assert any("the auction's price is 0 ticks" in one for one in faults(*COLLECTED, [pair()]))


def test_trade__of_an_expired_order__found() -> None:
    brief = ("OrderPlaced", {**placed(BID, B)[1], "expires": AT})
    told = [[state(CALL, AT + 60)], [placed(ASK)], [brief], [state(UNCROSSING)], [priced(51), pair()]]
    assert any("had expired at" in one for one in faults(*told))


def test_auction__that_ends_crossed__found() -> None:
    assert any("trades on with a crossed book" in one for one in faults(*COLLECTED, [state(OPEN, AT + 60)]))


# As `tests/contracts/market/CallAuction.t.sol` has them.
@pytest.mark.parametrize(
    ("bids", "asks", "last", "price"),
    [
        ({12: 10, 10: 6}, {8: 6, 11: 3}, 1, (11, 9, 1)),
        ({12: 10, 10: 6}, {8: 6, 11: 3}, 12, (12, 9, 1)),
        ({20: 10, 12: 4}, {10: 10}, 10, (13, 10, 0)),
        ({20: 10, 12: 4}, {10: 10}, 30, (20, 10, 0)),
        ({20: 10, 12: 4}, {10: 10}, 0, (16, 10, 0)),
        ({20: 15, 14: 5}, {10: 10}, 1, (15, 10, 5)),
        ({20: 10}, {10: 15, 16: 5}, 99, (15, 10, 5)),
        ({20: 10, 14: 3, 12: 1}, {10: 10, 15: 5}, 1, (13, 10, 3)),
        ({20: 10, 14: 7, 12: 1}, {10: 10, 15: 7}, 0, (16, 10, 7)),
        ({7: 3}, {8: 3}, 5, (0, 0, 0)),
    ],
)
def test_price__of_levels(bids: dict[int, int], asks: dict[int, int], last: int, price: tuple[int, int, int]) -> None:
    market = Market(1, 1, 1, 1, 1, 0, 0, 1, 99, last=last)
    for side, levels in ((Side.BUY, bids), (Side.SELL, asks)):
        market.sides[side] = {tick: Level(total) for tick, total in levels.items()}
    assert market.auction_price() == price


def test_price__with_a_close_and_no_trade_of_the_day__is_near_the_close() -> None:
    market = Market(1, 1, 1, 1, 1, 0, 0, 1, 99, last=30, close=12)
    market.sides = {Side.BUY: {20: Level(5)}, Side.SELL: {10: Level(5)}}
    assert market.auction_price() == (12, 5, 0)
    market.lots_today = 1
    assert market.auction_price() == (20, 5, 0)
