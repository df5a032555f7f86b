"""OrderBook: markets, orders, trades with their vouchers."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.rules.market_rules import must_be_normal, must_trade
from carbon_sdk.audit.rules.vouchers import append_voucher, series_of
from carbon_sdk.audit.state import (
    CALL,
    HALTED,
    LOCKED,
    OPEN,
    UNCROSSING,
    Level,
    Market,
    MarketConduct,
    MarketLimits,
    Order,
    State,
)
from carbon_sdk.audit.vouchers import Voucher, VoucherKind, trade_reference
from carbon_sdk.identifiers import Address, InstrumentId, OrderId, Side

_BOOK = "OrderBook"

PICKABLE_LEVELS = 5
"""Of a side, from the best on, in a market by choice."""


@on(_BOOK, "MarketOpened")
def _opened(state: State, event: Event) -> None:
    number, terms = event.args["market"], event.args["terms"]
    if number != len(state.book.markets) + 1:
        state.fault(event, f"market {number} comes after {len(state.book.markets)}")
    power = 10 ** terms["tickExponent"]
    state.book.markets[number] = Market(
        number,
        terms["instrument"],
        tick_size=terms["tickMantissa"] * power,
        lot=terms["lot"],
        least_lots=terms["leastLots"],
        taker_fee=terms["takerFee"] * power,
        maker_fee=terms["makerFee"] * power,
        lowest=terms["lowest"],
        highest=terms["highest"],
        day=state.market_rules.day_of(event.timestamp),
    )
    series_of(state, event.address, number)
    state.touch(event, "market", number)


@on(_BOOK, "MarketStateChanged")
def _state_changed(state: State, event: Event) -> None:
    market = _market(state, event, event.args["market"])
    if market is None:
        return
    new, until = event.args["state"], event.args["until"]
    if new in (HALTED, UNCROSSING) and until:
        state.fault(event, f"state {new} of market {market.number} has an end, which only others bring about")
    if new in (OPEN, CALL, LOCKED) and not event.timestamp < until:
        state.fault(event, f"state {new} of market {market.number} had ended at {until} before it began")
    if new == OPEN and (crossed := market.crossed()):
        state.fault(
            event, f"market {market.number} trades on with a crossed book: {crossed[0]} is bid, {crossed[1]} asked"
        )
    market.state, market.until, market.auction = new, until, 0


@on(_BOOK, "Interrupted")
def _interrupted(state: State, event: Event) -> None:
    market = _market(state, event, event.args["market"])
    if market is None:
        return
    share, tick = market.limits.dynamic_permille, event.args["tick"]
    if not share:
        state.fault(event, f"market {market.number} has no dynamic band to leave")
    if market.state != OPEN:
        state.fault(event, f"market {market.number} was not trading, and so not to be interrupted")
    if tick not in market.sides[Side.BUY] and tick not in market.sides[Side.SELL]:
        state.fault(event, f"nothing rests at {tick} ticks, at which market {market.number} would have traded")


@on(_BOOK, "DayClosed")
def _day_closed(state: State, event: Event) -> None:
    args = event.args
    market = _market(state, event, args["market"])
    if market is None:
        return
    found = (args["day"], args["lots"], args["turnover"])
    if found != (market.day, market.lots_today, market.turnover_today):
        what = f"day {market.day} had {market.lots_today} lots and {market.turnover_today} ticks x lots"
        state.fault(event, f"{what}, not day {found[0]} {found[1]} and {found[2]}")
    if args["close"] != market.closing_price():
        state.fault(event, f"market {market.number} closes at {market.closing_price()} ticks, not {args['close']}")
    market.close, market.lots_today, market.turnover_today = args["close"], 0, 0
    market.day = state.market_rules.day_of(event.timestamp)
    if args["day"] >= market.day:
        state.fault(event, f"day {args['day']} of market {market.number} was closed before it was over")
    share = market.conduct.band_basis_points
    market.band_due = market.band_about(market.close) if share and market.close else None


@on(_BOOK, "LimitsChanged")
def _limits(state: State, event: Event) -> None:
    if market := _market(state, event, event.args["market"]):
        said = event.args["limits"]
        market.limits = MarketLimits(said["mostLots"], said["dynamicPermille"], said["mostHeld"], said["mostOpen"])


@on(_BOOK, "ConductChanged")
def _conduct(state: State, event: Event) -> None:
    if market := _market(state, event, event.args["market"]):
        said = event.args["conduct"]
        market.conduct = MarketConduct(
            said["bandBasisPoints"],
            said["closing"],
            said["interruptionMinutes"],
            said["resumptionMinutes"],
            said["choice"],
        )


@on(_BOOK, "BandChanged")
def _band(state: State, event: Event) -> None:
    market = _market(state, event, event.args["market"])
    if market is None:
        return
    market.lowest, market.highest = event.args["lowest"], event.args["highest"]
    due, market.band_due = market.band_due, None
    if due and due != (market.lowest, market.highest):
        what = f"the band about the close {market.close} is {due[0]} to {due[1]} ticks"
        state.fault(event, f"{what}, not {market.lowest} to {market.highest}")


@on(_BOOK, "FeesCollected")
def _fees(state: State, event: Event) -> None:
    if market := _market(state, event, event.args["market"]):
        if event.args["amount"] != market.fees:
            state.fault(event, f"{event.args['amount']} of fees are collected, {market.fees} had accrued")
        market.fees -= event.args["amount"]


@on(_BOOK, "OrderPlaced")
def _placed(state: State, event: Event) -> None:
    args = event.args
    order = Order(OrderId(args["id"]), args["account"], args["quantity"], args["expires"], event.position)
    market = _market(state, event, order.id.market)
    if market is None:
        return
    must_trade(state, event, market.number, continuous=False)
    _must_take(state, event, market, OPEN, CALL, LOCKED)
    side, tick = order.id.side, order.id.tick
    if not market.lowest <= tick <= market.highest:
        state.fault(event, f"order {order.id} is outside of the band from {market.lowest} to {market.highest} ticks")
    if 0 < market.limits.most_lots < order.open // market.lot:
        state.fault(event, f"order {order.id} is of more than {market.limits.most_lots} lots")
    expected = market.generations.get((side, tick), (0, 0))
    if (order.id.generation, order.id.index) != expected:
        state.fault(event, f"order {order.id} should have generation and place {expected}")
    if order.open <= 0 or order.open % market.lot:
        state.fault(event, f"{order.open} tonnes are no positive multiple of the lot {market.lot}")
    market.generations[side, tick] = (order.id.generation, order.id.index + 1)
    other = market.best(Side.SELL if side is Side.BUY else Side.BUY)
    crosses = other and (tick >= other if side is Side.BUY else tick <= other)
    if crosses and market.state not in (CALL, LOCKED):
        state.fault(event, f"order {order.id} rests against the best opposite price {other}: the book is crossed")
    level = market.sides[side].setdefault(tick, Level())
    level.orders[order.id] = order
    level.total += order.open
    state.book.orders[order.id] = order
    _hold(state, event, market, order, order.open)
    state.touch(event, "order", int(order.id))
    state.touch(event, "level", market.number, side, tick)


@on(_BOOK, "Trade")
def _trade(state: State, event: Event) -> None:
    args = event.args
    order, market = _open_order(state, event, args["maker"])
    if market is None:
        return
    must_trade(state, event, market.number, continuous=True)
    _must_take(state, event, market, OPEN)
    identity, quantity, taker, maker = OrderId(args["maker"]), args["quantity"], args["taker"], args["makerAccount"]
    maker_sells = identity.side is Side.SELL
    if order is not None:
        if order.account != maker:
            state.fault(event, f"order {identity} is {order.account}'s, not {maker}'s")
        if market.conduct.choice:
            _must_be_among_best(state, event, market, order)
        else:
            _note_passed_over(state, event, market, order)
        _shrink(state, event, market, order, quantity)

    market.fees += market.fee(market.taker_fee, quantity) + market.fee(market.maker_fee, quantity)
    seller, buyer = (maker, taker) if maker_sells else (taker, maker)
    _count(state, event, market, identity.tick, seller, buyer, int(identity))


@on(_BOOK, "AuctionPriced")
def _priced(state: State, event: Event) -> None:
    args = event.args
    market = _market(state, event, args["market"])
    if market is None:
        return
    _must_take(state, event, market, UNCROSSING)
    said, found = (args["tick"], args["tonnes"], args["surplus"]), market.auction_price()
    if said != found:
        what = f"the auction of market {market.number} executes {found[1]} tonnes at {found[0]} ticks"
        state.fault(event, f"{what} and leaves {found[2]}, not {said[1]} at {said[0]} leaving {said[2]}")
    market.auction = args["tick"]


@on(_BOOK, "AuctionTrade")
def _auction_trade(state: State, event: Event) -> None:
    args = event.args
    market = _market(state, event, args["market"])
    if market is None:
        return
    must_be_normal(state, event)
    _must_take(state, event, market, UNCROSSING)
    bid, ask, tick, quantity = OrderId(args["bid"]), OrderId(args["ask"]), args["tick"], args["quantity"]
    if tick != market.auction:
        state.fault(event, f"the auction's price is {market.auction} ticks, not {tick}")
    if not ask.tick <= tick <= bid.tick:
        state.fault(event, f"{tick} ticks are not within what orders {ask} and {bid} accept")
    owners = [
        state.ledger.eligibility[a].owner for a in (args["buyer"], args["seller"]) if a in state.ledger.eligibility
    ]
    if args["buyer"] == args["seller"] or (len(owners) == 2 and owners[0] == owners[1] != 0):
        state.fault(event, f"{args['buyer']} and {args['seller']} have one beneficial owner, and traded in an auction")
    for identity, side, account in ((bid, Side.BUY, args["buyer"]), (ask, Side.SELL, args["seller"])):
        if identity.side is not side or identity.market != market.number:
            state.fault(event, f"order {identity} is no {side.name.lower()} order of market {market.number}")
        order, _ = _open_order(state, event, int(identity))
        if order is None:
            continue
        if order.account != account:
            state.fault(event, f"order {identity} is {order.account}'s, not {account}'s")
        if order.expires and order.expires <= event.timestamp:
            state.fault(event, f"order {identity} had expired at {order.expires}")
        _note_passed_over(state, event, market, order)
        _shrink(state, event, market, order, quantity)
    market.fees += 2 * market.fee(market.maker_fee, quantity)
    _count(state, event, market, tick, args["seller"], args["buyer"], trade_reference(bid, ask))


def _count(
    state: State, event: Event, market: Market, tick: int, seller: Address, buyer: Address, concluded: int
) -> None:
    """A trade's figures and its voucher."""
    args = event.args
    quantity, price = args["quantity"], tick * market.tick_size
    if market.day != state.market_rules.day_of(event.timestamp):
        state.fault(event, f"market {market.number} traded before its day {market.day} was closed")
    market.trades += 1
    market.volume += quantity
    market.turnover += quantity * price
    market.lots_today += quantity // market.lot
    market.turnover_today += quantity // market.lot * tick
    market.last = tick
    append_voucher(
        state,
        event,
        Voucher(
            VoucherKind.TRADE,
            market.number,
            args["voucher"],
            args["orderOfDay"],
            event.timestamp,
            InstrumentId(market.instrument),
            quantity,
            price,
            seller,
            buyer,
            concluded,
        ),
    )
    state.touch(event, "market", market.number)


@on(_BOOK, "OrderReduced")
def _reduced(state: State, event: Event) -> None:
    _leave(state, event, event.args["by"], whole=False)


@on(_BOOK, "ExpiryChanged")
def _expiry_changed(state: State, event: Event) -> None:
    order, market = _open_order(state, event, event.args["id"])
    if order is None or market is None:
        return
    must_trade(state, event, market.number, continuous=False)
    _must_take(state, event, market, OPEN, CALL)
    if order.account != event.args["account"]:
        state.fault(event, f"order {order.id} is {order.account}'s, not {event.args['account']}'s")
    order.expires = event.args["expires"]
    state.touch(event, "order", int(order.id))


@on(_BOOK, "SelfTradePrevented")
def _prevented(state: State, event: Event) -> None:
    _leave(state, event, event.args["quantity"], whole=False, identity=event.args["maker"])


@on(_BOOK, "OrderClosed")
def _closed(state: State, event: Event) -> None:
    _leave(state, event, event.args["open"], whole=True)


def _must_take(state: State, event: Event, market: Market, *states: int) -> None:
    """The market is in one of these states, and that has not ended."""
    if market.state not in states:
        state.fault(event, f"market {market.number} was in state {market.state}")
    elif market.until and event.timestamp >= market.until:
        state.fault(event, f"state {market.state} of market {market.number} had ended at {market.until}")


def _leave(state: State, event: Event, quantity: int, *, whole: bool, identity: int | None = None) -> None:
    """Tonnes leave the book untraded and return to their account."""
    order, market = _open_order(state, event, event.args["id"] if identity is None else identity)
    if order is None or market is None:
        return
    if whole and quantity != order.open:
        state.fault(event, f"order {order.id} had {order.open} tonnes open, not {quantity}")
    if order.account != event.args["account"]:
        state.fault(event, f"order {order.id} is {order.account}'s, not {event.args['account']}'s")
    _shrink(state, event, market, order, order.open if whole else quantity)


def _shrink(state: State, event: Event, market: Market, order: Order, by: int) -> None:
    level = market.sides[order.id.side][order.id.tick]
    if by > order.open:
        state.fault(event, f"order {order.id} had {order.open} tonnes open; {by} went")
        by = order.open
    order.open -= by
    level.total -= by
    _hold(state, event, market, order, -by)
    state.touch(event, "order", int(order.id))
    state.touch(event, "level", market.number, order.id.side, order.id.tick)
    if order.open == 0:
        del level.orders[order.id]
        del state.book.orders[order.id]
        state.book.closed.add(order.id)
    if not level.orders:
        del market.sides[order.id.side][order.id.tick]
        market.generations[order.id.side, order.id.tick] = (order.id.generation + 1, 0)


def _hold(state: State, event: Event, market: Market, order: Order, by: int) -> None:
    instrument = market.instrument if order.id.side is Side.SELL else state.main_money
    amount = market.escrow(order.id, by) if by >= 0 else -market.escrow(order.id, -by)
    key = (order.account, instrument)
    left = state.book.in_orders.get(key, 0) + amount
    if left:
        state.book.in_orders[key] = left
    else:
        state.book.in_orders.pop(key, None)
    state.touch(event, "in orders", *key)


def _note_passed_over(state: State, event: Event, market: Market, order: Order) -> None:
    """Better price first, then the earlier order: whoever is passed over must have left when the transaction ends.

    A call tells its trades first and then the orders that it took out (expired, barred, of the same owner).
    """
    side = order.id.side
    for tick, level in market.levels(side):
        for other in level.orders:
            if other == order.id:
                return
            state.book.passed_over.setdefault(other, (event.position, order.id))
        if tick == order.id.tick:
            return


def _must_be_among_best(state: State, event: Event, market: Market, order: Order) -> None:
    """Where the taker picks, any order of the best five levels may trade (R-TRD-2)."""
    if order.id.tick not in [tick for tick, _ in market.levels(order.id.side)[:PICKABLE_LEVELS]]:
        state.fault(event, f"order {order.id} was picked, and is not among the best {PICKABLE_LEVELS} levels")


def _open_order(state: State, event: Event, identity: int) -> tuple[Order | None, Market | None]:
    market = _market(state, event, OrderId(identity).market)
    order = state.book.orders.get(identity)
    if order is None:
        why = "has left the book" if identity in state.book.closed else "was never placed"
        state.fault(event, f"order {OrderId(identity)} {why}")
    return order, market


def _market(state: State, event: Event, number: int) -> Market | None:
    market = state.book.markets.get(number)
    if market is None:
        state.fault(event, f"market {number} was never opened")
    else:
        state.touch(event, "market", number)
    return market
