"""Trades, candles, best prices, the book and the bulletin, from the audit store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.state import Market, State
from carbon_sdk.audit.store import Store
from carbon_sdk.audit.vouchers import seconds_to
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentId, OrderId, Side
from carbon_sdk.market_data.plans import PlanComparison, compare
from carbon_sdk.market_data.requirements import Requirements, requirements_of
from carbon_sdk.units import decimal_of

_BOOK = "OrderBook"
_DAY = 86_400
_ORDERS = (
    (_BOOK, "MarketOpened"),
    (_BOOK, "OrderPlaced"),
    (_BOOK, "Trade"),
    (_BOOK, "AuctionTrade"),
    (_BOOK, "OrderReduced"),
    (_BOOK, "OrderClosed"),
    (_BOOK, "SelfTradePrevented"),
)


@dataclass(frozen=True, slots=True)
class TradePrint:
    """One trade.

    Attributes:
        market: Number of the market.
        at: Unix seconds.
        price: Main unit of the currency per tonne.
        ticks: The same as ticks of the market.
        tonnes: Traded.
        turnover: Smallest units of the currency.
        buyer: Account.
        seller: Account.
        aggressor: Side of the order that arrived; None in an auction, where none does.
        voucher: Number of its voucher in the market's series.
        order: The resting order; in an auction the bid.
        transaction: `0x…`
    """

    market: int
    at: int
    price: Decimal
    ticks: int
    tonnes: int
    turnover: int
    buyer: Address
    seller: Address
    aggressor: Side | None
    voucher: int
    order: OrderId
    transaction: str

    @property
    def verb(self) -> str:
        """What whoever came did: bought or sold; in an auction nobody came."""
        if self.aggressor is None:
            return "auctioned"
        return "bought" if self.aggressor is Side.BUY else "sold"


@dataclass(frozen=True, slots=True)
class Candle:
    """What happened in one interval, from `start` (Unix seconds) on."""

    start: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    tonnes: int
    turnover: int
    trades: int


@dataclass(frozen=True, slots=True)
class LevelView:
    """One price of the book."""

    price: Decimal
    ticks: int
    tonnes: int
    orders: int


@dataclass(frozen=True, slots=True)
class BookSnapshot:
    """The open orders of one market, best prices first."""

    market: int
    bids: tuple[LevelView, ...]
    asks: tuple[LevelView, ...]

    @property
    def spread(self) -> Decimal | None:
        """Best ask less best bid; None where a side is empty."""
        return self.asks[0].price - self.bids[0].price if self.bids and self.asks else None


@dataclass(frozen=True, slots=True)
class BestPrices:
    """The best prices from a moment on; None where a side is empty."""

    at: int
    block: int
    bid: Decimal | None
    bid_tonnes: int
    ask: Decimal | None
    ask_tonnes: int


@dataclass(frozen=True, slots=True)
class Bulletin:
    """One civil day of one market.

    Attributes:
        day: Civil day of the scheme.
        market: Number of the market.
        instrument: What is traded.
        open: First price of the day; None without trades, as the next three.
        high: Highest price.
        low: Lowest price.
        close: Last price.
        previous_close: Last price before the day; None where there was none.
        average: Turnover by volume, rounded half even to two decimals more than the currency has.
        tonnes: Traded.
        turnover: Smallest units of the currency.
        trades: How many.
        accounts: That traded.
        orders_placed: That rested.
        orders_left: That left the book untraded.
        book: At the day's end.
    """

    day: date
    market: int
    instrument: InstrumentId
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    previous_close: Decimal | None
    average: Decimal | None
    tonnes: int
    turnover: int
    trades: int
    accounts: int
    orders_placed: int
    orders_left: int
    book: BookSnapshot

    @property
    def change(self) -> Decimal | None:
        """Close less the close before; None where one is missing."""
        if self.close is None or self.previous_close is None:
            return None
        return self.close - self.previous_close


class MarketData:
    """The releases of one deployment's order book.

    Args:
        store: The audit store.
        contracts: Contract's name by its address.
        decimals: Of the currency.
        utc_offset: Seconds east of UTC of the scheme's civil day.
        chain: Chain id; None takes the store's only one.
    """

    def __init__(
        self,
        store: Store,
        contracts: Mapping[Address, str],
        *,
        decimals: int = 2,
        utc_offset: int = 0,
        chain: int | None = None,
    ) -> None:
        self._store = store
        self._contracts = dict(contracts)
        self._decimals = decimals
        self._offset = utc_offset
        self._chain = store.only_chain() if chain is None else chain

    def markets(self) -> dict[int, Market]:
        """The markets as they were opened, by number."""
        fold = Fold(self._contracts)
        return fold.apply_all(self._store.events(self._chain, events=[(_BOOK, "MarketOpened")])).book.markets

    def trades(
        self, market: int | None = None, *, since: int | None = None, until: int | None = None
    ) -> Iterator[TradePrint]:
        """Trades in order.

        Args:
            market: Of one market; None of all.
            since: From this Unix second on.
            until: Before this Unix second.
        """
        markets = self.markets()
        for event in self._store.events(self._chain, events=[(_BOOK, "Trade"), (_BOOK, "AuctionTrade")]):
            if until is not None and event.timestamp >= until:
                return
            auctioned = event.name == "AuctionTrade"
            number = event.args["market"] if auctioned else OrderId(event.args["maker"]).market
            wanted = market in (None, number) and (since is None or event.timestamp >= since)
            if wanted and number in markets:
                yield _print(event, markets[number], self._decimals)

    def candles(
        self, market: int, interval: int, *, since: int | None = None, until: int | None = None
    ) -> list[Candle]:
        """Open, high, low, close and volume of each interval with trades.

        Args:
            market: Number of the market.
            interval: Seconds; intervals begin with the civil day.
            since: From this Unix second on.
            until: Before this Unix second.
        """
        return candles_of(self.trades(market, since=since, until=until), interval, self._offset)

    def book(self, market: int, *, until: int | None = None) -> BookSnapshot:
        """The open orders, as they were before Unix second `until`; None: now."""
        state = self._replay(until)
        self._require(state, market)
        return book_of(state, market, self._decimals)

    def depths(
        self, market: int, interval: int, *, since: int | None = None, until: int | None = None
    ) -> Iterator[tuple[int, BookSnapshot]]:
        """The book through time: as it was at the end of each interval in which something of the market happened.

        Args:
            market: Number of the market.
            interval: Seconds; intervals begin with the civil day.
            since: From this Unix second on.
            until: Before this Unix second.

        Yields:
            The end of the interval in Unix seconds, and the open orders then.
        """
        if interval <= 0:
            raise InputError(f"An interval of {interval} seconds: give a positive one.")
        fold = Fold(self._contracts)
        end: int | None = None
        for event in self._store.events(self._chain, events=_ORDERS):
            if until is not None and event.timestamp >= until:
                break
            if end is not None and event.timestamp >= end:
                yield end, book_of(fold.state, market, self._decimals)
                end = None
            fold.apply(event)
            wanted = since is None or event.timestamp >= since
            if end is None and wanted and _market_of(event) == market and market in fold.state.book.markets:
                end = ((event.timestamp + self._offset) // interval + 1) * interval - self._offset
        self._require(fold.state, market)
        if end is not None:
            yield end, book_of(fold.state, market, self._decimals)

    def best_prices(self, market: int) -> Iterator[BestPrices]:
        """Best prices through time: one entry for each change, after the transaction that made it."""
        fold = Fold(self._contracts)
        last: BestPrices | None = None
        previous: Event | None = None
        for event in self._store.events(self._chain, events=_ORDERS):
            if previous is not None and event.position.transaction != previous.position.transaction:
                now = self._best(fold.state, market, previous)
                if now and (last is None or _prices(now) != _prices(last)):
                    yield now
                    last = now
            fold.apply(event)
            previous = event
        if previous is not None:
            now = self._best(fold.state, market, previous)
            if now and (last is None or _prices(now) != _prices(last)):
                yield now

    def days(self, market: int) -> list[date]:
        """Civil days with trades."""
        return sorted({self.day_of(trade.at) for trade in self.trades(market)})

    def bulletin(self, market: int, day: date) -> Bulletin:
        """The daily bulletin.

        Raises:
            InputError: There is no such market.
        """
        start = seconds_to(day, self._offset)
        end = start + _DAY
        state = self._replay(end)
        self._require(state, market)
        today: list[TradePrint] = []
        before: TradePrint | None = None
        for trade in self.trades(market, until=end):
            if trade.at < start:
                before = trade
            else:
                today.append(trade)
        placed, left = self._orders(market, start, end)
        prices = [trade.price for trade in today]
        tonnes = sum(trade.tonnes for trade in today)
        turnover = sum(trade.turnover for trade in today)
        return Bulletin(
            day,
            market,
            InstrumentId(state.book.markets[market].instrument),
            prices[0] if prices else None,
            max(prices, default=None),
            min(prices, default=None),
            prices[-1] if prices else None,
            before.price if before else None,
            average_price(turnover, tonnes, self._decimals),
            tonnes,
            turnover,
            len(today),
            len({account for trade in today for account in (trade.buyer, trade.seller)}),
            placed,
            left,
            book_of(state, market, self._decimals),
        )

    def requirements(self, instrument: int | None = None) -> Requirements:
        """What is wanted now: the book, listed quotes, proposed blocks, public trading plans, and what of it meets."""
        return requirements_of(self._store, self._contracts, instrument, chain=self._chain)

    def plans(self, account: Address | None = None) -> list[PlanComparison]:
        """The trading plans of one account or of all, each beside what its account did."""
        return list(compare(self._store, self._contracts, account, chain=self._chain))

    def day_of(self, timestamp: int) -> date:
        """The civil day of a Unix second."""
        return datetime.fromtimestamp(timestamp + self._offset, UTC).date()

    def _replay(self, until: int | None) -> State:
        fold = Fold(self._contracts)
        for event in self._store.events(self._chain, events=_ORDERS):
            if until is not None and event.timestamp >= until:
                break
            fold.apply(event)
        return fold.state

    def _best(self, state: State, market: int, event: Event) -> BestPrices | None:
        known = state.book.markets.get(market)
        if known is None:
            return None
        bid, ask = known.best(Side.BUY), known.best(Side.SELL)
        return BestPrices(
            event.timestamp,
            event.position.block,
            price_of(bid, known, self._decimals) if bid else None,
            known.sides[Side.BUY][bid].total if bid else 0,
            price_of(ask, known, self._decimals) if ask else None,
            known.sides[Side.SELL][ask].total if ask else 0,
        )

    def _orders(self, market: int, start: int, end: int) -> tuple[int, int]:
        placed = left = 0
        for event in self._store.events(self._chain, events=[(_BOOK, "OrderPlaced"), (_BOOK, "OrderClosed")]):
            if event.timestamp >= end:
                break
            if event.timestamp >= start and OrderId(event.args["id"]).market == market:
                placed += event.name == "OrderPlaced"
                left += event.name == "OrderClosed"
        return placed, left

    def _require(self, state: State, market: int) -> None:
        if market not in state.book.markets:
            known = ", ".join(map(str, state.book.markets)) or "none"
            raise InputError(f"There is no market {market}; there are: {known}.")


def _market_of(event: Event) -> int:
    """Of an event of the book; what names no market names an order."""
    args = event.args
    if "market" in args:
        return int(args["market"])
    return OrderId(args["maker"] if "maker" in args else args["id"]).market if {"maker", "id"} & set(args) else -1


def book_of(state: State, market: int, decimals: int = 2) -> BookSnapshot:
    """The open orders of a market in a folded state."""
    known = state.book.markets[market]

    def levels(side: Side) -> tuple[LevelView, ...]:
        return tuple(
            LevelView(price_of(tick, known, decimals), tick, level.total, len(level.orders))
            for tick, level in known.levels(side)
        )

    return BookSnapshot(market, levels(Side.BUY), levels(Side.SELL))


def candles_of(trades: Iterable[TradePrint], interval: int, utc_offset: int = 0) -> list[Candle]:
    """Candles from trades in order; intervals of `interval` seconds begin with the civil day."""
    if interval <= 0:
        raise InputError(f"An interval of {interval} seconds: give a positive one.")
    candles: list[Candle] = []
    for trade in trades:
        start = (trade.at + utc_offset) // interval * interval - utc_offset
        if candles and candles[-1].start == start:
            last = candles[-1]
            candles[-1] = Candle(
                start,
                last.open,
                max(last.high, trade.price),
                min(last.low, trade.price),
                trade.price,
                last.tonnes + trade.tonnes,
                last.turnover + trade.turnover,
                last.trades + 1,
            )
        else:
            price = trade.price
            candles.append(Candle(start, price, price, price, price, trade.tonnes, trade.turnover, 1))
    return candles


def price_of(ticks: int, market: Market, decimals: int) -> Decimal:
    """A price in the currency's main unit per tonne."""
    return decimal_of(ticks * market.tick_size, decimals)


def average_price(turnover: int, tonnes: int, decimals: int) -> Decimal | None:
    """Turnover by volume, rounded half even to two decimals more than the currency has; None without volume."""
    if not tonnes:
        return None
    exact = Decimal(turnover) / Decimal(tonnes)
    return exact.scaleb(-decimals).quantize(Decimal(1).scaleb(-decimals - 2), ROUND_HALF_EVEN)


def _print(event: Event, market: Market, decimals: int) -> TradePrint:
    args = event.args
    if event.name == "AuctionTrade":
        return TradePrint(
            market.number,
            event.timestamp,
            price_of(args["tick"], market, decimals),
            args["tick"],
            args["quantity"],
            args["quantity"] * args["tick"] * market.tick_size,
            args["buyer"],
            args["seller"],
            None,
            args["voucher"],
            OrderId(args["bid"]),
            event.position.transaction,
        )
    order = OrderId(args["maker"])
    maker_sells = order.side is Side.SELL
    return TradePrint(
        market.number,
        event.timestamp,
        price_of(order.tick, market, decimals),
        order.tick,
        args["quantity"],
        args["quantity"] * order.tick * market.tick_size,
        args["taker"] if maker_sells else args["makerAccount"],
        args["makerAccount"] if maker_sells else args["taker"],
        Side.BUY if maker_sells else Side.SELL,
        args["voucher"],
        order,
        event.position.transaction,
    )


def _prices(one: BestPrices) -> tuple[object, ...]:
    return one.bid, one.bid_tonnes, one.ask, one.ask_tonnes
