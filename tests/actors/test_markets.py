"""A market as a trader sees it: the book, orders checked before they are sent, orders' lives, fills (R-TRD-9, 11)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from carbon_sdk.actors.markets import Fill, OrderState
from carbon_sdk.audit.suite import indexer_of, open_store
from carbon_sdk.chain.chain import Chain
from carbon_sdk.contracts.generated.enums import CloseReason, MarketState, TimeInForce
from carbon_sdk.contracts.generated.errors import (
    BadExpiry,
    BadMakerLimit,
    BadOrderQuantity,
    MarketNotOpen,
    OrderTooLarge,
    PriceOutsideBand,
    TooLate,
    TooManyOpenOrders,
)
from carbon_sdk.errors import FloatRefused, InputError
from carbon_sdk.identifiers import OrderId, Side
from carbon_sdk.scheme import Scheme
from tests.actors.conftest import Town, key
from tests.actors.proxy import Proxy


def refusals(town: Town) -> int:
    """How many transactions a key has sent: a refused order is none."""
    return int(town.scheme.chain.endpoint.request("eth_getTransactionCount", key("trader").address, "latest"), 16)


# THE BOOK


def test_market__with_orders__shows_them(floor: Town) -> None:
    works, trader, market = floor.company("works"), floor.company("trader"), floor.scheme.market(1)
    works.sell(1, 30, Decimal("51.20"))
    works.sell(1, 20, Decimal("51.20"))
    resting = works.sell(1, 10, Decimal("51.30")).result.id
    trader.buy(1, 40, "50.90")
    assert [(market.price(one.price), one.quantity) for one in market.depth(5).asks] == [
        (Decimal("51.20"), 50),
        (Decimal("51.30"), 10),
    ]
    assert market.depth(1).bids[0].price == market.ticks("50.90")
    assert market.best() == (market.ticks("50.90"), market.ticks("51.20"))
    assert market.last == Decimal("50.00"), "of the floor's making"
    assert market.state is MarketState.OPEN
    assert [one.quantity for one in market.open_orders(works.account)] == [30, 20, 10]
    picture = market.picture(1, own=[resting])
    assert (picture.spread, picture.own[0].quantity, len(picture.depth.asks)) == (30, 10, 1)
    before = floor.scheme.chain.block_number()
    works.cancel(resting)
    assert market.picture(own=[resting]).own == ()
    assert market.picture(own=[resting], block=before).own[0].quantity == 10, "of one block"


# BEFORE IT IS SENT


@pytest.mark.parametrize(
    ("quantity", "price", "options", "error", "value"),
    [
        (15, "1.00", {}, PriceOutsideBand, 100),
        (15, "9999.00", {}, PriceOutsideBand, 999_900),
        (0, "50.00", {}, BadOrderQuantity, 0),
        (10, "50.00", {"expires": 1}, BadExpiry, 1),
        (10, "50.00", {"expires": 4_000_000_000, "time_in_force": "ioc"}, BadExpiry, 4_000_000_000),
        (10, "50.00", {"latest": 1}, TooLate, 1),
        (10, "50.00", {"most_makers": 0}, BadMakerLimit, 0),
        (10, "50.00", {"most_makers": 256}, BadMakerLimit, 256),
    ],
)
def test_buy__wrong__refused_with_its_values_and_nothing_sent(
    floor: Town, quantity: int, price: str, options: dict[str, object], error: type, value: int
) -> None:
    trader, sent = floor.company("trader"), refusals(floor)
    with pytest.raises(error) as caught:
        trader.buy.act(1, quantity, Decimal(price), **options)  # formed, not even simulated
    assert next(iter(caught.value.arguments.values())) == value
    assert refusals(floor) == sent


def test_buy__price_off_the_tick_or_inexact__refused(floor: Town) -> None:
    trader = floor.company("trader")
    with pytest.raises(InputError, match=r"price 50\.005 is no whole number"):
        trader.buy.act(1, 10, Decimal("50.005"))
    with pytest.raises(FloatRefused):
        trader.buy.act(1, 10, 50.5)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="time_in_force 'someday' is none of gtc, ioc, fok, post-only"):
        trader.buy.act(1, 10, Decimal("50"), time_in_force="someday")
    with pytest.raises(InputError, match="There is no market 99"):
        trader.buy.act(99, 10, Decimal("50"))


def test_sell__limits_of_the_market__refused_before_sending(floor: Town) -> None:
    works = floor.company("works")
    floor.scheme.risk_officer(key("risk-manager")).set_limits(1, most_lots=50, most_open=1)
    lot = floor.scheme.market(1).terms.lot
    with pytest.raises(OrderTooLarge) as large:
        works.sell.act(1, 51 * lot, Decimal("51"))
    assert (large.value.quantity, large.value.most) == (51 * lot, 50 * lot)
    works.sell(1, 10, Decimal("51"))
    with pytest.raises(TooManyOpenOrders) as many:
        works.sell.act(1, 10, Decimal("51"))
    assert many.value.account == works.account
    works.sell.act(1, 10, Decimal("51"), time_in_force="fok")  # never rests


def test_buy__market_halted__refused_before_sending(floor: Town) -> None:
    floor.scheme.service_regulator(key("service-regulator")).halt(1)
    with pytest.raises(MarketNotOpen) as caught:
        floor.company("trader").buy.act(1, 10, Decimal("50"))
    assert caught.value.state == MarketState.HALTED


def test_buy__decimal_and_ticks_and_name__are_the_same_order(floor: Town) -> None:
    trader = floor.company("trader")
    in_ticks = trader.buy.act(1, 10, 5050, time_in_force=TimeInForce.POST_ONLY)
    assert trader.buy.act(1, 10, Decimal("50.50"), time_in_force="post-only").data == in_ticks.data
    assert trader.buy.act(1, 10, "50.5", time_in_force="POST_ONLY").data == in_ticks.data


# AN ORDER'S LIFE


@pytest.fixture
def life(floor: Town, tmp_path: Path) -> Iterator[Callable[[OrderId], object]]:
    """What became of an order, from the node's logs; from a store it is the same."""
    store = open_store(tmp_path / "audit.sqlite")
    market = floor.scheme.market(1)

    def told(order: OrderId) -> object:
        indexer_of(floor.scheme, store).sync()
        record = market.order_record(order)
        assert market.order_record(order, store) == record
        return record

    with closing(store):
        yield told


def test_order_record__from_rest_to_end__tells_its_state(floor: Town, life) -> None:  # type: ignore[no-untyped-def]
    works, trader = floor.company("works"), floor.company("trader")
    order = works.sell(1, 100, Decimal("51")).result.id
    assert (life(order).state, life(order).open, life(order).fills) == (OrderState.OPEN, 100, ())
    trader.buy(1, 30, Decimal("51"))
    works.reduce(order, 20)
    record = life(order)
    assert (record.state, record.open, record.filled, record.reduced) == (OrderState.PARTLY_FILLED, 50, 30, 20)
    assert [(one.quantity, one.price, one.buyer) for one in record.fills] == [(30, Decimal("51.00"), trader.account)]
    trader.buy(1, 50, Decimal("51"))
    assert (life(order).state, life(order).open, life(order).filled) == (OrderState.FILLED, 0, 80)

    taken = trader.buy(1, 10, Decimal("50")).result.id
    trader.cancel(taken)
    assert (life(taken).state, life(taken).reason) == (OrderState.CANCELLED, CloseReason.TAKEN_BACK)

    until = floor.clock.now() + 60
    expiring = trader.buy(1, 10, Decimal("50"), expires=until).result.id
    assert life(expiring).state is OrderState.OPEN
    floor.clock.travel_to(until + 1)
    assert (life(expiring).state, life(expiring).reason) == (OrderState.EXPIRED, None)
    works.evict(expiring)
    assert (life(expiring).state, life(expiring).reason) == (OrderState.EXPIRED, CloseReason.EXPIRED)


def test_order_record__traded_before_it_rested__tells_both(floor: Town, life) -> None:  # type: ignore[no-untyped-def]
    works, trader = floor.company("works"), floor.company("trader")
    works.sell(1, 30, Decimal("51"))
    works.sell(1, 40, Decimal("51.10"))
    order = trader.buy(1, 100, Decimal("51.20")).result.id
    record = life(order)
    assert (record.placed, record.open, record.filled) == (30, 30, 0)
    assert [(one.quantity, one.price) for one in record.taken] == [(30, Decimal("51.00")), (40, Decimal("51.10"))]


def test_order_record__no_such_order__is_told(floor: Town) -> None:
    market = floor.scheme.market(1)
    with pytest.raises(InputError, match="ever rested"):
        market.order_record(OrderId.of(1, Side.SELL, 5100, 0, 77))
    with pytest.raises(InputError, match="is of market 2"):
        market.order_record(OrderId.of(2, Side.SELL, 5100, 0, 0))


# FILLS AS THEY COME


def trade(town: Town, quantity: int) -> None:
    town.company("works").sell(1, quantity, Decimal("51"))
    town.company("trader").buy(1, quantity, Decimal("51"))


def quantities(fills: list[Fill]) -> list[int]:
    return [-one.quantity if one.removed else one.quantity for one in fills]


def test_fills__by_account_and_market__only_those(floor: Town) -> None:
    works, broker = floor.company("works"), floor.company("broker")
    everything = floor.scheme.fills()
    of_works, of_broker = floor.scheme.fills(works.account), floor.scheme.fills(broker.account, [1])
    elsewhere = floor.scheme.fills(markets=[max(floor.scheme.deployment.markets.values())])
    trade(floor, 10)
    works.sell(1, 20, Decimal("51"))
    broker.buy(1, 20, Decimal("51"))
    assert quantities(everything.take()) == [10, 20]
    assert quantities(of_works.take()) == [10, 20]
    (fill,) = of_broker.take()
    assert (fill.quantity, fill.buyer, fill.seller, fill.taker) == (20, broker.account, works.account, broker.account)
    assert (fill.price, fill.at) == (Decimal("51.00"), floor.clock.now())
    if max(floor.scheme.deployment.markets.values()) != 1:
        assert elsewhere.take() == []
    assert everything.take() == []
    assert quantities(floor.scheme.fills(since=floor.scheme.deployment.block).take()) == [40_000, 10, 20]


def test_fills__after_a_reorganisation__removed_then_new(floor: Town) -> None:
    feed = floor.scheme.market(1).fills()
    trade(floor, 10)
    assert quantities(feed.take()) == [10]
    snapshot = floor.clock.snapshot()
    trade(floor, 20)
    trade(floor, 30)
    first = feed.take()
    assert quantities(first) == [20, 30]
    floor.clock.revert(snapshot)
    floor.scheme.chain.forget_nonces()
    assert feed.take() == [], "a shorter chain may be a node that is behind"
    trade(floor, 25)
    floor.clock.mine(6)
    told = feed.take()
    assert quantities(told) == [-30, -20, 25], "the newest first"
    assert [one.place for one in told[:2]] == [one.place for one in reversed(first)]


def test_fills__by_the_node_s_own_reorganisation__removed(floor: Town) -> None:
    feed = floor.scheme.market(1).fills()
    trade(floor, 20)
    assert quantities(feed.take()) == [20]
    floor.scheme.chain.endpoint.request("anvil_reorg", 1, [])
    floor.clock.mine(1)
    assert quantities(feed.take()) == [-20]


def test_fills__from_a_cursor__nothing_lost_or_doubled(floor: Town) -> None:
    market = floor.scheme.market(1)
    feed = market.fills()
    trade(floor, 10)
    trade(floor, 20)
    iterator = iter(feed)
    assert next(iterator).quantity == 10
    kept = json.loads(json.dumps(feed.cursor()))  # the second was read and not handed over
    snapshot = floor.clock.snapshot()
    trade(floor, 30)
    later = json.loads(json.dumps(consumed(market.fills(cursor=kept), [20, 30])))
    floor.clock.revert(snapshot)
    floor.scheme.chain.forget_nonces()
    trade(floor, 40)
    floor.clock.mine(3)
    assert quantities(market.fills(cursor=later).take()) == [-30, 40]
    with pytest.raises(InputError, match="of other logs"):
        floor.scheme.market(1).fills(cursor={**kept, "filter": "00"})
    with pytest.raises(InputError, match="no follower's cursor"):
        floor.scheme.market(1).fills(cursor={"format": 1})


def consumed(feed, expected: list[int]) -> dict[str, object]:  # type: ignore[no-untyped-def, type-arg]
    assert quantities(feed.take()) == expected
    return feed.cursor()  # type: ignore[no-any-return]


@pytest.mark.parametrize("websocket", [False, True], ids=["polling", "websocket"])
def test_fills__connection_cut_again_and_again__each_told_once(floor: Town, websocket: bool) -> None:
    """The feed's node is behind a proxy that is killed while trading goes on beside it."""
    proxy = Proxy(floor.scheme.chain.url)
    beside = Scheme(Chain(proxy.url), floor.scheme.deployment)
    troubles, told = [], list[Fill]()
    feed = beside.market(1).fills(websocket=websocket, every=30 if websocket else 0.05, on_trouble=troubles.append)
    with feed.start(told.append):
        expected = []
        for n in range(1, 13):
            trade(floor, n)
            expected.append(n)
            if n % 4 == 0:
                await_(lambda: len(told) == len(expected))
                proxy.cut()
                if not websocket:
                    await_(lambda: bool(troubles))
                trade(floor, 100 + n)
                expected.append(100 + n)
                proxy.heal()
            await_(lambda: len(told) == len(expected))
    proxy.cut()
    assert quantities(told) == expected
    assert len({one.place for one in told}) == len(told)
    if websocket:
        assert feed.new_heads is not None
        assert feed.new_heads.connections >= 4, "it connected again after each cut"


def await_(condition: Callable[[], bool], seconds: float = 20) -> None:
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def test_fills__callback_that_fails__is_told_and_nothing_goes_on(floor: Town) -> None:
    def fail(fill: Fill) -> None:
        raise ValueError(f"no place for {fill.quantity} t")

    running = floor.scheme.market(1).fills(every=0.05).start(fail)
    trade(floor, 10)
    await_(lambda: running.error is not None)
    with pytest.raises(ValueError, match="no place for 10 t"):
        running.stop()
