"""What surveillance looks at: who placed, took back and traded what, and who owned how much, from the store's events.

    tape = read_tape(store, chain)

One pass over a few kinds of events; memory grows with orders and trades.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from carbon_sdk.audit.clearing import BLOCK, BOOK, LISTED, Settled, trades_between
from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.store import Store
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, OrderId, Side

DAY = 86_400
TAKEN_BACK = 0
"""The close reason of an order that its account took back."""
GOVERNMENT = 10
"""The kind of account whose units are not in the market, as `contracts/types/Accounts.sol` numbers it."""

_BOOK, _LEDGER = "OrderBook", "InstrumentLedger"
_EVENTS = (
    (_BOOK, "MarketOpened"),
    (_BOOK, "OrderPlaced"),
    (_BOOK, "OrderReduced"),
    (_BOOK, "OrderClosed"),
    (_BOOK, "SelfTradePrevented"),
    (_BOOK, "Trade"),
    (_BOOK, "AuctionTrade"),
    (_LEDGER, "EligibilityChanged"),
    (_LEDGER, "TransferSingle"),
    (_LEDGER, "TransferBatch"),
    ("VoucherBook", "CodingRulesSet"),
)


@dataclass(slots=True)
class Resting:
    """An order that came to rest.

    Attributes:
        id: Market, side and tick are in it.
        account: Whose.
        quantity: Tonnes when it came to rest.
        number: Of its event, in the tape's order.
        at: Unix seconds.
        position: Of its event.
        best: Best tick of its side before it came; 0: none.
        depth: Tonnes at its price or a better one, its own included.
        traded: Tonnes that traded.
        taken_back: Tonnes that its account took back.
        end: Number of the event with which it left the book; 0: it is in it.
        ended_at: Unix seconds of that.
        ended_by: Transaction of that.
    """

    id: OrderId
    account: Address
    quantity: int
    number: int
    at: int
    position: Position
    best: int
    depth: int
    traded: int = 0
    taken_back: int = 0
    open: int = 0
    end: int = 0
    ended_at: int = 0
    ended_by: str = ""


@dataclass(frozen=True, slots=True)
class Deal:
    """A trade, of the book, a quote or a block.

    Attributes:
        number: In the tape's order.
        at: Unix seconds.
        market: Of the book; 0: made elsewhere.
        instrument: What.
        quantity: Tonnes.
        price: Smallest units of money per tonne.
        seller, buyer: Accounts.
        taker: The side that came and met the other; None where nobody did.
        maker: The order that rested; None outside of the book.
        voucher: Code.
        position: Of its event.
    """

    number: int
    at: int
    market: int
    instrument: int
    quantity: int
    price: int
    seller: Address
    buyer: Address
    taker: Side | None
    maker: Resting | None
    voucher: str
    position: Position

    @property
    def aggressor(self) -> Address | None:
        """Who took."""
        return None if self.taker is None else self.buyer if self.taker is Side.BUY else self.seller

    def was_matched(self, seconds: int) -> bool:
        """Whether one order took another up whole, so soon after it was placed."""
        maker = self.maker
        return maker is not None and self.quantity == maker.quantity and self.at - maker.at <= seconds


@dataclass(frozen=True, slots=True)
class Change:
    """Of what an account owns of an instrument, without what its orders hold being any less its own."""

    number: int
    at: int
    account: Address
    instrument: int
    by: int


@dataclass(slots=True)
class Tape:
    """Everything in order.

    Attributes:
        orders: That came to rest.
        deals: Trades.
        changes: Of what accounts own.
        markets: Number → instrument.
        tick_sizes: Number → smallest units of money a tick and tonne.
        owners: Account → number of the beneficial owner; 0: stands alone. The latest.
        kinds: Account → kind. The latest.
        offset: Seconds east of UTC of the civil day.
        last: Unix seconds of the last event.
    """

    orders: list[Resting] = field(default_factory=list)
    deals: list[Deal] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    markets: dict[int, int] = field(default_factory=dict)
    tick_sizes: dict[int, int] = field(default_factory=dict)
    owners: dict[Address, int] = field(default_factory=dict)
    kinds: dict[Address, int] = field(default_factory=dict)
    offset: int = 0
    last: int = 0

    def party(self, account: Address) -> str:
        """Who is behind an account: its beneficial owner, or itself."""
        owner = self.owners.get(account, 0)
        return f"owner {owner}" if owner else account

    def day(self, at: int) -> int:
        """The civil day of a moment, counted from 1970-01-01."""
        return (at + self.offset) // DAY

    def market_of(self, instrument: int) -> int:
        """The first market of an instrument; 0: none."""
        return next((number for number, one in self.markets.items() if one == instrument), 0)

    def by_instrument(self) -> Iterator[tuple[int, list[Deal]]]:
        """Trades of each instrument, wherever they were made."""
        found: dict[int, list[Deal]] = defaultdict(list)
        for deal in self.deals:
            found[deal.instrument].append(deal)
        yield from sorted(found.items())

    def median_order(self, instrument: int) -> int:
        """Tonnes of the median order of an instrument's markets that rested; of trades where none did; at least 1."""
        of = {number for number, one in self.markets.items() if one == instrument}
        sizes = sorted(order.quantity for order in self.orders if order.id.market in of)
        sizes = sizes or sorted(deal.quantity for deal in self.deals if deal.instrument == instrument)
        return max(sizes[len(sizes) // 2], 1) if sizes else 1


class _Depth:
    """One side of a market: its levels from the best on."""

    def __init__(self, side: Side) -> None:
        self._sign = -1 if side is Side.BUY else 1
        self._tonnes: dict[int, int] = {}
        self._levels: list[int] = []
        """Ticks, those of bids as negative numbers: the best first."""

    def change(self, tick: int, by: int) -> None:
        level = self._sign * tick
        if level not in self._tonnes:
            insort(self._levels, level)
        left = self._tonnes[level] = self._tonnes.get(level, 0) + by
        if left <= 0:
            del self._tonnes[level]
            del self._levels[bisect_left(self._levels, level)]

    def best(self) -> int:
        return self._sign * self._levels[0] if self._levels else 0

    def up_to(self, tick: int) -> int:
        """Tonnes at a tick or a better one, as far as `_SEEN` levels."""
        last = min(bisect_right(self._levels, self._sign * tick), _SEEN)
        return sum(self._tonnes[level] for level in self._levels[:last])


_SEEN = 100
"""Levels that anybody looks at."""


def read_tape(store: Store, chain: int, until: int | None = None) -> Tape:
    """The tape of a store.

    Args:
        store: The events.
        chain: Chain id.
        until: Unix seconds; what came later is not read. None reads all.

    Raises:
        MalformedLog: A log is not what the ABI says.
    """
    settled = trades_between(store, chain, date(1970, 1, 2), date(9998, 12, 31)).trades
    return tape_of(store.events(chain, events=_EVENTS), settled, until)


def tape_of(events: Iterable[Event], settled: Iterable[Settled], until: int | None = None) -> Tape:
    """The tape of events in the chain's order, and of the trades that `clearing` reads from the same events."""
    reader = _Reader({(one.position.block, one.position.log_index): one for one in settled})
    for event in events:
        if until is not None and event.timestamp > until:
            break
        reader.read(event)
    return reader.finish(until)


class _Reader:
    def __init__(self, settled: dict[tuple[int, int], Settled]) -> None:
        self.tape = Tape()
        self._settled = settled
        self._orders: dict[int, Resting] = {}
        self._depths: dict[tuple[int, Side], _Depth] = {}
        self._in_orders: dict[tuple[Address, int], int] = defaultdict(int)
        self._number = 0
        self._book: Address | None = None
        self._transaction = ""
        self._changed: dict[tuple[Address, int], int] = defaultdict(int)

    def read(self, event: Event) -> None:
        if event.position.transaction != self._transaction:
            self._end_transaction()
            self._transaction = event.position.transaction
        self._number += 1
        self.tape.last = event.timestamp
        args = event.args
        match event.name:
            case "TransferSingle":
                self._move(args["from"], args["to"], args["id"], args["value"])
            case "TransferBatch":
                for instrument, value in zip(args["ids"], args["values"], strict=True):
                    self._move(args["from"], args["to"], instrument, value)
            case "OrderPlaced":
                self._placed(event)
            case "Trade":
                self._traded(event)
            case "AuctionTrade":
                self._paired(event)
            case "OrderReduced":
                self._left(event, args["id"], args["by"], by_account=True)
            case "OrderClosed":
                self._left(event, args["id"], args["open"], by_account=args["reason"] == TAKEN_BACK)
            case "SelfTradePrevented":
                self._left(event, args["maker"], args["quantity"], by_account=False)
            case "EligibilityChanged":
                self.tape.owners[args["account"]] = args["eligibility"]["owner"]
                self.tape.kinds[args["account"]] = args["eligibility"]["kind"]
            case "MarketOpened":
                self._book = event.address
                terms = args["terms"]
                self.tape.markets[args["market"]] = terms["instrument"]
                self.tape.tick_sizes[args["market"]] = terms["tickMantissa"] * 10 ** terms["tickExponent"]
            case "CodingRulesSet":
                self.tape.offset = args["rules"]["utcOffset"]

    def finish(self, until: int | None) -> Tape:
        self._end_transaction()
        for one in self._settled.values():
            if one.source in (LISTED, BLOCK) and (until is None or one.at <= until):
                self.tape.deals.append(_deal(one, 0, 0, None, None))
        self.tape.deals.sort(key=lambda one: (one.position.block, one.position.log_index))
        return self.tape

    def _move(self, sender: Address, receiver: Address, instrument: int, quantity: int) -> None:
        if instrument >> 80 == InstrumentClass.MONEY:
            return
        for account, by in ((sender, -quantity), (receiver, quantity)):
            if account not in (ZERO_ADDRESS, self._book):
                self._own(account, instrument, by)

    def _own(self, account: Address, instrument: int, by: int) -> None:
        self._changed[account, instrument] += by

    def _end_transaction(self) -> None:
        """Within a transaction what an order holds has left its account before the order is told, and the other way."""
        for (account, instrument), by in self._changed.items():
            if by:
                self.tape.changes.append(Change(self._number, self.tape.last, account, instrument, by))
        self._changed.clear()

    def _placed(self, event: Event) -> None:
        id_ = OrderId(event.args["id"])
        depth = self._depth(id_)
        best, quantity = depth.best(), event.args["quantity"]
        depth.change(id_.tick, quantity)
        order = Resting(
            id_,
            event.args["account"],
            quantity,
            self._number,
            event.timestamp,
            event.position,
            best,
            depth.up_to(id_.tick),
            open=quantity,
        )
        self._orders[id_] = order
        self.tape.orders.append(order)
        self._hold(order, quantity)

    def _traded(self, event: Event) -> None:
        args = event.args
        order = self._orders.get(args["maker"])
        one = self._settled.get((event.position.block, event.position.log_index))
        if order is not None:
            order.traded += args["quantity"]
            self._shrink(event, order, args["quantity"])
        if one is not None and one.source == BOOK:
            id_ = OrderId(args["maker"])
            taker = Side.BUY if id_.side is Side.SELL else Side.SELL
            self.tape.deals.append(_deal(one, self._number, id_.market, taker, order))

    def _paired(self, event: Event) -> None:
        """In a call auction two resting orders met: nobody took."""
        args = event.args
        for identity in (args["bid"], args["ask"]):
            order = self._orders.get(identity)
            if order is not None:
                order.traded += args["quantity"]
                self._shrink(event, order, args["quantity"])
        one = self._settled.get((event.position.block, event.position.log_index))
        if one is not None:
            self.tape.deals.append(_deal(one, self._number, args["market"], None, None))

    def _left(self, event: Event, identity: int, quantity: int, *, by_account: bool) -> None:
        order = self._orders.get(identity)
        if order is not None:
            order.taken_back += quantity if by_account else 0
            self._shrink(event, order, quantity)

    def _shrink(self, event: Event, order: Resting, by: int) -> None:
        order.open -= by
        self._depth(order.id).change(order.id.tick, -by)
        self._hold(order, -by)
        if order.open <= 0:
            order.end, order.ended_at = self._number, event.timestamp
            order.ended_by = event.position.transaction
            del self._orders[order.id]

    def _hold(self, order: Resting, by: int) -> None:
        """Units that an order to sell holds are its account's still; the ledger has moved them to the book."""
        if order.id.side is Side.SELL:
            self._own(order.account, self.tape.markets[order.id.market], by)

    def _depth(self, id_: OrderId) -> _Depth:
        key = (int(id_.market), id_.side)
        if key not in self._depths:
            self._depths[key] = _Depth(id_.side)
        return self._depths[key]


def _deal(one: Settled, number: int, market: int, taker: Side | None, maker: Resting | None) -> Deal:
    return Deal(
        number,
        one.at,
        market,
        one.instrument,
        one.quantity,
        one.price,
        one.seller,
        one.buyer,
        taker,
        maker,
        one.voucher,
        one.position,
    )
