"""A market as a trader sees it: the book, orders checked before they are sent, an order's life, fills as they come.

market = scheme.market("UKA-2021")
market.depth(5), market.best(), market.state, market.last
market.order_record(id).state
for fill in market.fills(account=trader.account): …
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from carbon_sdk.actors.token_money import backing_of
from carbon_sdk.actors.values import Moment, moment, positive, whole
from carbon_sdk.actors.views import AccountView, Depth, Level, MarketReader, OpenOrder
from carbon_sdk.audit import vouchers as paper
from carbon_sdk.chain.calls import Data, Event
from carbon_sdk.chain.catalogue import decode_event
from carbon_sdk.chain.follow import Feed, Follower, Told, websocket_of
from carbon_sdk.contracts.generated.enums import CloseReason, MarketState, SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.errors import (
    AuctionPending,
    BadExpiry,
    BadMakerLimit,
    BadOrderQuantity,
    MarketNotOpen,
    OrderMustRest,
    OrderTooLarge,
    PriceOutsideBand,
    TooLate,
    TooManyOpenOrders,
)
from carbon_sdk.contracts.generated.events import (
    AuctionTrade,
    ExpiryChanged,
    OrderClosed,
    OrderPlaced,
    OrderReduced,
    SelfTradePrevented,
    Trade,
)
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.structs import CodingRules, MarketView, Order
from carbon_sdk.contracts.generated.voucher_book import VoucherBook
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError, TransportError
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, MarketId, OrderId, Side, VoucherCode
from carbon_sdk.units import Quantity, Ticks, Tonnes, decimal_of, tonnes

if TYPE_CHECKING:
    from carbon_sdk.audit.store import Store

MOST_MAKERS = 64
"""Places in the queues that an order looks at unless told otherwise."""
MONEY_DECIMALS = 2
"""Of money that stands for the bank's."""
_LISTENING, _POLLING = 15, 1
"""Seconds after which to look again, with a WebSocket and without."""
_LEVELS, _PAGE = 4_000, 1_000
"""Levels of a side, and places of a level, that one question asks for."""
_FAR = (1 << 40) - 1
_RESTING = (TimeInForce.GTC, TimeInForce.POST_ONLY)
_COLLECTING = (MarketState.CALL, MarketState.LOCKED)
_TRADES = [[Trade.TOPIC, AuctionTrade.TOPIC]]
_LIFE = (OrderPlaced, Trade, OrderReduced, ExpiryChanged, OrderClosed, SelfTradePrevented)


class Fill(NamedTuple):
    """One trade of the book, or its end: `removed` when a reorganisation took it back.

    What makes it one and the same is `place`.
    """

    market: MarketId
    buyer: Address
    seller: Address
    maker: OrderId
    """The resting order; in an auction the bid."""
    ticks: Ticks
    price: Decimal
    """Per tonne, in the money's main unit."""
    quantity: Tonnes
    voucher: int
    """Place in the market's series of vouchers, from 0."""
    order_of_day: int
    at: int
    """Unix seconds."""
    block: int
    block_hash: str
    transaction: str
    log_index: int
    removed: bool = False
    ask: OrderId | None = None
    """In an auction, where nobody takes, the other order."""

    @property
    def concludes(self) -> int:
        """What the trade's voucher refers to: the resting order, or both orders of an auction."""
        return paper.trade_reference(self.maker, self.ask)

    @property
    def place(self) -> tuple[str, int]:
        """Block's hash and log: no other fill has them."""
        return self.block_hash, self.log_index

    @property
    def maker_account(self) -> Address:
        """Whose order rested."""
        return self.seller if self.maker.side is Side.SELL else self.buyer

    @property
    def taker(self) -> Address:
        """Who came; in an auction the seller."""
        return self.buyer if self.maker.side is Side.SELL else self.seller


class Said(NamedTuple):
    """An event of the book and where it stands."""

    event: Event
    block: int
    block_hash: str
    transaction: str
    log_index: int
    at: int | None
    """Unix seconds; None: the block must be asked."""
    removed: bool
    """A reorganisation took it back."""


class OrderState(Enum):
    """What became of an order that rested."""

    OPEN = "open"
    PARTLY_FILLED = "partly filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order from the moment at which it rested.

    Attributes:
        id: Of the order.
        account: Whose.
        side: BUY or SELL.
        ticks: Its limit.
        price: Likewise, per tonne in the money's main unit.
        placed: Tonnes that rested.
        open: Tonnes that are in the book now.
        filled: Tonnes that traded while it rested.
        reduced: Tonnes by which it was made smaller, by its account or against an order of the same owner.
        expires: Unix seconds; 0: never.
        state: OPEN, PARTLY_FILLED, FILLED, CANCELLED or EXPIRED (also where nobody has taken it out of the book yet).
        reason: Why what was left of it was taken out; None: it was not.
        fills: Trades while it rested.
        taken: Trades of the call that placed it, before it rested.
        block: Where it was placed.
        transaction: Likewise.
    """

    id: OrderId
    account: Address
    side: Side
    ticks: Ticks
    price: Decimal
    placed: Tonnes
    open: Tonnes
    filled: Tonnes
    reduced: Tonnes
    expires: int
    state: OrderState
    reason: CloseReason | None
    fills: tuple[Fill, ...]
    taken: tuple[Fill, ...]
    block: int
    transaction: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A market at the end of one block.

    Attributes:
        market: Its number.
        block: Number.
        block_hash: Its hash.
        at: Its time, Unix seconds.
        view: State, best prices, last price and the day's figures.
        depth: Both sides, the best level first.
        own: Open orders of the account that is watched.
    """

    market: MarketId
    block: int
    block_hash: str
    at: int
    view: MarketView
    depth: Depth
    own: tuple[OpenOrder, ...] = ()

    @property
    def spread(self) -> int | None:
        """Ticks between best bid and best ask; None where a side is empty."""
        return self.view.best_ask - self.view.best_bid if self.view.best_ask and self.view.best_bid else None


class Market(MarketReader):
    """One market. Raises InputError for a number that none has."""

    # THE BOOK

    @cached_property
    def decimals(self) -> int:
        """Of the money in which prices are: those of the token behind it, else 2."""
        backing = backing_of(self.suite, self.suite.contract(InstrumentLedger).main_money())
        return MONEY_DECIMALS if backing.token == ZERO_ADDRESS else backing.decimals

    @property
    def state(self) -> MarketState:
        """In which an order would find it now: where a phase has ended, the one that the calendar names then."""
        return self._state_of(self.now(), self.suite.chain.block().timestamp)

    @property
    def last(self) -> Decimal | None:
        """Price of the latest trade, per tonne in the money's main unit; None: nothing has traded."""
        tick = self.now().last
        return self.price(tick) if tick else None

    def price(self, ticks: Ticks | int) -> Decimal:
        """A price in ticks, per tonne in the money's main unit."""
        return decimal_of(whole(ticks, "ticks") * self.tick_size, self.decimals)

    def ticks(self, price: Quantity, decimals: int | None = None) -> Ticks:
        """A price per tonne in the money's main unit as ticks. Raises InputError, FloatRefused."""
        return super().ticks(price, self.decimals if decimals is None else decimals)

    def open_orders(self, account: Address) -> tuple[OpenOrder, ...]:
        """An account's orders in this market's book, in the order in which they were placed."""
        return AccountView(self.suite, account).open_orders(self.number)

    def orders(self) -> tuple[OpenOrder, ...]:
        """Everybody's orders in the book: bids, then asks, each side in the order in which they would trade."""
        block = self.suite.chain.block_number()
        found: list[OpenOrder] = []
        for side in Side:
            ticks, sizes = self._book.depth(self.number, side, _LEVELS, block=block)
            for tick, tonnes_ in zip(ticks, sizes, strict=True):
                found += self._orders_at(side, tick, tonnes_, block)
        return tuple(found)

    def _orders_at(self, side: Side, tick: int, tonnes_: int, block: int) -> list[OpenOrder]:
        """Of a level that has so many tonnes, page by page: what was taken back leaves its place empty."""
        found: list[OpenOrder] = []
        start = 0
        while tonnes_ > 0:
            ids, views = self._book.orders_at(self.number, side, tick, start, _PAGE, block=block)
            for id_, view in zip(ids, views, strict=True):
                found.append(OpenOrder(id_, view.account, side, Ticks(tick), Tonnes(view.open), view.expires))
                tonnes_ -= view.open
            start += _PAGE
        return found

    def voucher_code(self, fill: Fill) -> VoucherCode:
        """Of a fill's voucher, as the coding rules of its time have it."""
        voucher = paper.Voucher(
            paper.VoucherKind.TRADE,
            self.number,
            fill.voucher,
            fill.order_of_day,
            fill.at,
            self.instrument,
            fill.quantity,
            self.money(fill.ticks),
            fill.seller,
            fill.buyer,
            fill.concludes,
        )
        return VoucherCode(paper.code_of(voucher, self._coding))

    @cached_property
    def _coding(self) -> list[paper.CodingRules]:
        book = self.suite.contract(VoucherBook)
        versions = range(1, book.coding_version_at(_FAR) + 1)
        return [_coding_rules(number, book.coding_rules(number)) for number in versions]

    def latest_fills(self, most: int, before: int | None = None) -> list[Fill]:
        """The last trades up to a block, the oldest first: looked for from the newest block back."""
        last = self.suite.chain.block_number() if before is None else before
        found: list[Fill] = []
        width, first = 1_000, self.suite.deployment.block
        while last >= first and len(found) < most:
            start = max(first, last - width + 1)
            logs = self.suite.chain.logs(start, last, [self._book.address], _TRADES)
            said = [one for one in map(_said, logs) if _market_of(one.event) == self.number]
            found = [*(self.fill_of(one) for one in said[-(most - len(found)) :]), *found]
            last, width = start - 1, width * 4
        return found

    def picture(self, levels: int = 10, own: Sequence[OrderId] = (), block: int | None = None) -> Picture:
        """The market at the end of a block, the newest one unless another is named; everything of the same block."""
        head = self.suite.chain.block("latest" if block is None else block)
        at, most = self._book.address, positive(levels, "levels")
        read = self.suite.chain.read_many
        view = read([OrderBook.MARKET_OF.on(at, self.number)], block=head.number)[0]
        sides = read([OrderBook.DEPTH.on(at, self.number, side, most) for side in Side], block=head.number)
        orders = read([OrderBook.ORDER_OF.on(at, one) for one in own], block=head.number)
        bids, asks = (
            tuple(Level(Ticks(tick), Tonnes(size)) for tick, size in zip(side.ticks, side.tonnes, strict=True))
            for side in sides
        )
        mine = tuple(
            OpenOrder(id_, one.account, id_.side, Ticks(id_.tick), Tonnes(one.open), one.expires)
            for id_, one in zip(own, orders, strict=True)
            if one.open
        )
        return Picture(self.number, head.number, head.hash, head.timestamp, view, Depth(bids, asks), mine)

    # AN ORDER, BEFORE IT IS SENT

    def order(
        self,
        side: Side,
        quantity: Quantity,
        price: Quantity | Ticks,
        *,
        time_in_force: TimeInForce | str = TimeInForce.GTC,
        self_trade: SelfTrade | str = SelfTrade.CANCEL_NEWEST,
        expires: Moment = 0,
        latest: Moment = 0,
        most_makers: int = MOST_MAKERS,
        account: Address | None = None,
    ) -> Order:
        """An order that the market would take now, as far as what the account has does not matter; nothing is sent.

        Args:
            side: BUY or SELL.
            quantity: Whole tonnes, a multiple of the market's lot.
            price: Per tonne in the money's main unit as a Decimal or text; a whole number is ticks.
            time_in_force: Also by name: gtc, ioc, fok, post-only.
            self_trade: Also by name: cancel-newest, cancel-oldest, decrement, allow.
            expires: Good till then (GTC and POST_ONLY); 0: until it is taken back.
            latest: The call does nothing after it; 0: any time.
            most_makers: Resting orders to look at, 1 to 255.
            account: Whose; its open orders are counted where the market has a limit.

        Raises:
            InputError: A price that is no whole number of ticks, a quantity that is no whole number.
            MarketNotOpen, AuctionPending, OrderMustRest: The market's state.
            PriceOutsideBand, BadOrderQuantity, OrderTooLarge, BadExpiry, TooLate, BadMakerLimit, TooManyOpenOrders:
                As the contract would refuse it, with its values.
        """
        order = Order(
            self.number,
            price_in_ticks(self, price),
            Side(side),
            tonnes(quantity),
            moment(expires, "expires"),
            named(TimeInForce, time_in_force, "time_in_force"),
            named(SelfTrade, self_trade, "self_trade"),
            whole(most_makers, "most_makers"),
            moment(latest, "latest"),
        )
        view, limits, now = self.now(), self.limits(), self.suite.chain.block().timestamp
        self._require_state(order, view, now)
        self._require_terms(order, view, now)
        if limits.most_lots and order.quantity > limits.most_lots * view.terms.lot:
            raise OrderTooLarge(order.quantity, limits.most_lots * view.terms.lot)
        if limits.most_open and account and order.time_in_force in _RESTING:
            count = self.open_orders_of(account)
            if count >= limits.most_open:
                raise TooManyOpenOrders(account, count)
        return order

    def _require_state(self, order: Order, view: MarketView, now: int) -> None:
        state = self._state_of(view, now)
        if state is MarketState.UNCROSSING:
            raise AuctionPending(self.number)
        if state in _COLLECTING:
            if order.time_in_force not in _RESTING:
                raise OrderMustRest(self.number, order.time_in_force)
        elif state is not MarketState.OPEN:
            raise MarketNotOpen(self.number, int(state))

    def _state_of(self, view: MarketView, now: int) -> MarketState:
        """The next order turns a market whose time has passed: asked is to what."""
        if _is_current(view, now) or view.state in (MarketState.HALTED, MarketState.UNCROSSING):
            return view.state
        return self.suite.chain.simulate(self._book.turn(self.number), ZERO_ADDRESS).state

    def _is_band_known(self, view: MarketView, now: int) -> bool:
        """Whether the band stays as it is: turning on a new day may set it about the close."""
        return _is_current(view, now) or not self.conduct().band_basis_points

    def _require_terms(self, order: Order, view: MarketView, now: int) -> None:
        terms = view.terms
        least = terms.lot * terms.least_lots
        if not order.quantity or order.quantity % terms.lot or order.quantity < least:
            raise BadOrderQuantity(order.quantity, terms.lot, least)
        if not terms.lowest <= order.tick <= terms.highest and self._is_band_known(view, now):
            raise PriceOutsideBand(order.tick, terms.lowest, terms.highest)
        if order.expires and (order.expires <= now or order.time_in_force not in _RESTING):
            raise BadExpiry(order.expires, now)
        if order.latest and order.latest < now:
            raise TooLate(order.latest, now)
        if not 1 <= order.most_makers <= 255:
            raise BadMakerLimit(order.most_makers)

    # AN ORDER'S LIFE

    def order_record(self, order: OrderId | int, store: Store | None = None) -> OrderRecord:
        """An order that rested, with its fills: from the node's logs, or from an event store.

        Args:
            order: Its id.
            store: Read up to now already; None asks the node.

        Raises:
            InputError: No such order ever rested in this market.
        """
        id_ = OrderId(order)
        if id_.market != self.number:
            raise InputError(f"The order {id_} is of market {id_.market}, not of {self.number}.")
        told = list(self._life_in(store, id_) if store else self._life_of(id_))
        if not told or not isinstance(told[0].event, OrderPlaced):
            raise InputError(f"No order {id_} ever rested in market {self.number}.")
        before = list(self._call_in(store, told[0]) if store else self._call_of(told[0]))
        return self._record(id_, told, before)

    def _record(self, id_: OrderId, told: Sequence[Said], before: Sequence[Said]) -> OrderRecord:
        placed = told[0].event
        assert isinstance(placed, OrderPlaced)  # noqa: S101 -- who calls has looked
        open_, filled, reduced, expires, reason = placed.quantity, 0, 0, placed.expires, None
        fills = []
        for one in told[1:]:
            event = one.event
            if isinstance(event, (Trade, AuctionTrade)):
                filled, open_ = filled + event.quantity, open_ - event.quantity
                fills.append(self.fill_of(one))
            elif isinstance(event, OrderReduced):
                reduced, open_ = reduced + event.by, open_ - event.by
            elif isinstance(event, SelfTradePrevented):
                reduced, open_ = reduced + event.quantity, open_ - event.quantity
            elif isinstance(event, ExpiryChanged):
                expires = event.expires
            elif isinstance(event, OrderClosed):
                open_, reason = 0, event.reason
        due = bool(open_ and expires and expires <= self.suite.chain.block().timestamp)
        if reason is CloseReason.EXPIRED or due:
            state = OrderState.EXPIRED
        elif reason is not None or (not open_ and not filled):
            state = OrderState.CANCELLED
        elif not open_:
            state = OrderState.FILLED
        else:
            state = OrderState.PARTLY_FILLED if filled else OrderState.OPEN
        return OrderRecord(
            id_,
            placed.account,
            id_.side,
            Ticks(id_.tick),
            self.price(id_.tick),
            Tonnes(placed.quantity),
            Tonnes(open_),
            Tonnes(filled),
            Tonnes(reduced),
            expires,
            state,
            reason,
            tuple(fills),
            tuple(self.fill_of(one) for one in self._taken(placed, before)),
            told[0].block,
            told[0].transaction,
        )

    def _taken(self, placed: OrderPlaced, before: Sequence[Said]) -> Iterator[Said]:
        """Of the call's events before an order rested: its own trades, after the order that the call placed before."""
        own: list[Said] = []
        for one in before:
            event = one.event
            if isinstance(event, OrderPlaced) and event.account == placed.account:
                own = []
            elif isinstance(event, Trade) and (event.taker, event.maker.market) == (placed.account, self.number):
                own += [one] if event.maker.side is not placed.id.side else []
        return iter(own)

    def _life_of(self, id_: OrderId) -> Iterator[Said]:
        topics = [[kind.TOPIC for kind in _LIFE], f"0x{int(id_):064x}"]
        logs = self.suite.chain.logs(self.suite.deployment.block, addresses=[self._book.address], topics=topics)
        told = [_said(log) for log in logs]
        if told and isinstance(told[0].event, OrderPlaced):
            told += self._auctions_of(id_, told[0].event.account, told[0].block)
        return iter(sorted(told, key=lambda one: (one.block, one.log_index)))

    def _auctions_of(self, id_: OrderId, account: Address, first: int) -> Iterator[Said]:
        """An order's trades in auctions, which are told of accounts, not of orders."""
        whose = f"0x{int(account, 16):064x}"
        sides = [None, whose] if id_.side is Side.SELL else [whose]
        topics = [AuctionTrade.TOPIC, f"0x{self.number:064x}", *sides]
        logs = self.suite.chain.logs(first, addresses=[self._book.address], topics=topics)
        return (one for one in map(_said, logs) if id_ in _orders_of(one.event))

    def _call_of(self, placed: Said) -> Iterator[Said]:
        logs = self.suite.chain.logs(placed.block, placed.block, addresses=[self._book.address])
        of_call = (one for one in map(_said, logs) if one.transaction == placed.transaction)
        return (one for one in of_call if one.log_index < placed.log_index)

    def _life_in(self, store: Store, id_: OrderId) -> Iterator[Said]:
        return (one for one in _stored(store, self.suite) if id_ in _orders_of(one.event))

    def _call_in(self, store: Store, placed: Said) -> Iterator[Said]:
        events = _stored(store, self.suite, placed.block - 1, placed.block)
        return (one for one in events if one.transaction == placed.transaction and one.log_index < placed.log_index)

    def fill_of(self, said: Said) -> Fill:
        """A trade that the book told. Raises InputError where it told something else."""
        if not isinstance(said.event, (Trade, AuctionTrade)):
            raise InputError(f"{type(said.event).__name__} is no trade.")
        at = self.suite.chain.block(said.block).timestamp if said.at is None else said.at
        return _filled(self, said, at, said.removed)

    # FILLS AS THEY COME

    def fills(
        self,
        account: Address | None = None,
        *,
        since: int | None = None,
        cursor: Mapping[str, Any] | None = None,
        websocket: str | bool = False,
        every: float | None = None,  # nosemgrep -- seconds to wait
        on_trouble: Callable[[TransportError], None] | None = None,
    ) -> Feed[Fill]:
        """Trades of this market as they come; see `fills_of`."""
        return fills_of(
            self.suite,
            [self],
            account,
            since=since,
            cursor=cursor,
            websocket=websocket,
            every=every,
            on_trouble=on_trouble,
        )

    def changes(
        self,
        *,
        since: int | None = None,
        websocket: str | bool = False,
        every: float | None = None,  # nosemgrep -- seconds to wait
        on_trouble: Callable[[TransportError], None] | None = None,
    ) -> Feed[Said]:
        """Everything that the book tells of this market as it comes: orders, trades, its state, its band."""

        def meaning(told: Told) -> Said | None:
            one = _said(told.log, told)
            return one if _market_of(one.event) == self.number else None

        return _feed(self.suite, [self._book.address], (), meaning, since, None, websocket, every, on_trouble)


def fills_of(
    suite: Suite,
    markets: Iterable[Market] = (),
    account: Address | None = None,
    *,
    since: int | None = None,
    cursor: Mapping[str, Any] | None = None,
    websocket: str | bool = False,
    every: float | None = None,  # nosemgrep -- seconds to wait
    on_trouble: Callable[[TransportError], None] | None = None,
) -> Feed[Fill]:
    """Trades of the book as they come: each once, and once more as removed when a reorganisation takes it back.

    Args:
        suite: Where.
        markets: Only of these; none: of all.
        account: Only its own, as maker or taker.
        since: The first block; None: from now on.
        cursor: Where an earlier feed was (`Feed.cursor()`): nothing is lost or told twice in between.
        websocket: Address of the node's WebSocket, which wakes the feed at once; True: the node's own, at the same
            port. False: it looks at times.
        every: Seconds after which to look without being told; None: 1, or 15 with a WebSocket.
        on_trouble: Told when no node answers; it is tried again until the feed is closed.

    Raises:
        InputError: The cursor is none of this feed.
    """
    known = {one.number: one for one in markets}
    only = frozenset(known)

    def meaning(told: Told) -> Fill | None:
        one = _said(told.log, told)
        event, number = one.event, MarketId(_market_of(one.event) or 0)
        if not isinstance(event, (Trade, AuctionTrade)) or (only and number not in only):
            return None
        market = known.get(number) or Market(suite, number)
        known[number] = market
        fill = _filled(market, one, told.timestamp, told.removed)
        return fill if account in (None, fill.buyer, fill.seller) else None

    at = suite.contract(OrderBook).address
    return _feed(suite, [at], _TRADES, meaning, since, cursor, websocket, every, on_trouble)


def price_in_ticks(market: MarketReader, price: Quantity | Ticks) -> Ticks:
    """A price that somebody wrote: a Decimal or text is money per tonne, a whole number ticks. Raises InputError."""
    if isinstance(price, (Decimal, str)):
        return Ticks(positive(market.ticks(price), "price"))
    return Ticks(positive(price, "price"))


def named(kind: type[Any], value: Any, name: str) -> Any:
    """A member of an enumeration, also by its name in either spelling. Raises InputError."""
    if isinstance(value, str):
        found = kind.__members__.get(re.sub(r"[- ]", "_", value.strip()).upper())
        if found is None:
            known = ", ".join(member.name.lower().replace("_", "-") for member in kind)
            raise InputError(f"{name} {value!r} is none of {known}.")
        return found
    return kind(value)


def _said(log: Data, told: Told | None = None) -> Said:
    return Said(
        decode_event(log["topics"], log["data"]),
        int(log["blockNumber"], 16),
        log["blockHash"],
        log["transactionHash"],
        int(log["logIndex"], 16),
        told.timestamp if told else None,
        bool(told and told.removed),
    )


def _stored(store: Store, suite: Suite, after: int = -1, until: int | None = None) -> Iterator[Said]:
    """The orders' events of a store, as the node's logs would be."""
    chain = suite.chain.id
    kinds = {kind.__name__: kind for kind in (*_LIFE, AuctionTrade)}
    names = tuple(("OrderBook", name) for name in kinds)
    for event in store.events(chain, events=names, after=after, until=until):
        args = {_snake(name): value for name, value in event.args.items()}
        for name in ("id", "maker", "bid", "ask"):
            if name in args:
                args[name] = OrderId(args[name])
        if "reason" in args:
            args["reason"] = CloseReason(args["reason"])
        header = store.header_at(chain, event.position.block)
        yield Said(
            kinds[event.name](**args),
            event.position.block,
            f"0x{header.hash.hex()}" if header else "",
            event.position.transaction,
            event.position.log_index,
            event.timestamp,
            False,
        )


def _filled(market: Market, one: Said, at: int, removed: bool) -> Fill:
    event = one.event
    if isinstance(event, AuctionTrade):
        buyer, seller, maker, ask, tick = event.buyer, event.seller, event.bid, event.ask, event.tick
    else:
        assert isinstance(event, Trade)  # noqa: S101 -- who calls has looked
        maker, ask, tick = event.maker, None, event.maker.tick
        buyer, seller = event.maker_account, event.taker
        if maker.side is Side.SELL:
            buyer, seller = seller, buyer
    return Fill(
        market.number,
        buyer,
        seller,
        maker,
        Ticks(tick),
        market.price(tick),
        Tonnes(event.quantity),
        event.voucher,
        event.order_of_day,
        at,
        one.block,
        one.block_hash,
        one.transaction,
        one.log_index,
        removed,
        ask,
    )


def _feed(
    suite: Suite,
    addresses: Sequence[Address],
    topics: Sequence[str | Sequence[str]],
    meaning: Callable[[Told], Any],
    since: int | None,
    cursor: Mapping[str, Any] | None,
    websocket: str | bool,
    every: float | None,  # nosemgrep -- seconds to wait
    on_trouble: Callable[[TransportError], None] | None,
) -> Feed[Any]:
    follower = Follower(suite.chain.endpoint, addresses, topics, since=since, cursor=cursor)
    url = websocket_of(suite.chain.url) if websocket is True else websocket or None
    return Feed(
        follower,
        meaning,
        every=every if every is not None else _LISTENING if url else _POLLING,
        websocket=url,
        on_trouble=on_trouble,
        pending=cursor.get("pending", ()) if cursor else (),
    )


def _coding_rules(number: int, rules: CodingRules) -> paper.CodingRules:
    scheme, kinds = (text.rstrip(b"\0").decode("ascii") for text in (rules.scheme, rules.kinds))
    return paper.CodingRules(number, scheme, kinds, rules.utc_offset, rules.effective_from)


def _order_of(event: Event) -> OrderId | None:
    return getattr(event, "maker", None) or getattr(event, "id", None)


def _orders_of(event: Event) -> tuple[OrderId | None, ...]:
    """Whose life an event is part of."""
    return (event.bid, event.ask) if isinstance(event, AuctionTrade) else (_order_of(event),)


def _market_of(event: Event) -> int | None:
    order = _order_of(event)
    return order.market if order is not None else getattr(event, "market", None)


def _is_current(view: MarketView, now: int) -> bool:
    """Whether the market's time has not passed: then the next order finds it as it is written."""
    return not view.until or now < view.until


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
