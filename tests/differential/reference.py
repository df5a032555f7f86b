"""A plain order book, to be compared with the contracts: lists of orders, searched from end to end for each match.

Written from the manual (`IOrderBook`), not from the contracts: queues are tuples of orders, a balance is a number in a
dictionary, and nothing is packed, cached or done lazily. What an instruction changes is either all done or, when it is
refused, not at all. A refusal names every rule that the instruction breaks; the contracts name the first they find.

Units: quantities in whole tonnes, prices in ticks, money in its smallest units, times in Unix seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from carbon_sdk.contracts.generated.enums import CloseReason, MarketState, SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.structs import Order
from carbon_sdk.identifiers import OrderId, Side

DAY = 86_400
MOST_QUANTITY = 2**48 - 1
MOST_LOTS = 2**48 - 1  # that one market can trade
MOST_AMOUNT = 2**96 - 1
MOST_MAKERS = 255
MOST_AT_ONCE = 64
NOBODY = 0
RESTING = (TimeInForce.GTC, TimeInForce.POST_ONLY)

Told = tuple[Any, ...]
"""An event: its name, then its arguments as numbers."""


class Refused(Exception):
    """The instruction breaks these rules; nothing has changed."""

    def __init__(self, rules: set[str]) -> None:
        self.rules = rules
        super().__init__(", ".join(sorted(rules)))


@dataclass(frozen=True, slots=True)
class Person:
    """An account with one key. Both lose their certificates at `until`."""

    account: int
    owner: int
    until: int
    government: bool = False
    suspended: bool = False
    barred: bool = False


STRANGER = Person(NOBODY, 0, 0)


@dataclass(frozen=True, slots=True)
class Market:
    """A market's terms and limits as they were set, and what has traded."""

    number: int
    instrument: int
    tick: int
    """Smallest units of money per tick and tonne."""
    unit: int
    """Smallest units of money per unit of fee."""
    lot: int
    least_lots: int
    taker_fee: int
    maker_fee: int
    lowest: int
    highest: int
    until: int
    day: int
    state: MarketState = MarketState.OPEN
    call_minutes: int = 0
    """Length of the call with which the market begins after a halt; 0: none."""
    most_lots: int = 0
    most_held: int = 0
    most_open: int = 0
    counts: bool = False
    trades: int = 0
    trades_today: int = 0
    last: int = 0
    close: int = 0
    lots: int = 0
    lots_today: int = 0
    turnover_today: int = 0
    lots_collected: int = 0
    auction_lots: int = 0
    """Of those not collected: traded in auctions, where both sides pay the maker's fee."""

    @property
    def fees(self) -> int:
        continuous = self.lots - self.lots_collected - self.auction_lots
        return (continuous * (self.taker_fee + self.maker_fee) + self.auction_lots * 2 * self.maker_fee) * self.unit


@dataclass(frozen=True, slots=True)
class Resting:
    """An order in a queue."""

    id: OrderId
    account: int
    open: int
    expires: int
    counted: bool


class Queue(NamedTuple):
    """Which orders wait together."""

    market: int
    side: Side
    tick: int


class Placed(NamedTuple):
    """What became of an order."""

    id: int
    filled: int
    rested: int


class Met(NamedTuple):
    """An order that a walk met: `reason` tells why it did not trade."""

    queue: Queue
    order: Resting
    quantity: int
    reason: CloseReason | None
    shrinks: bool = False


class Walk(NamedTuple):
    """What a walk through the other side found."""

    met: list[Met]
    passed: dict[Queue, int]
    """How many places of each queue were used up."""
    left: int
    stopped: bool

    @property
    def fills(self) -> list[Met]:
        return [one for one in self.met if one.reason is None and not one.shrinks]


class PlainBook:
    """All markets, accounts and orders.

    Args:
        people: By their key.
        money: Id of the main money.
    """

    def __init__(self, people: dict[str, Person], money: int) -> None:
        self.people = dict(people)
        self.money = money
        self.now = 0
        self.markets: dict[int, Market] = {}
        self.places: dict[Queue, tuple[Resting | None, ...]] = {}
        """In the order of time; None: taken back out of the middle."""
        self.counts: dict[Queue, tuple[int, int]] = {}
        """How often the queue had been emptied before, and the number of its first place since."""
        self.balances: dict[tuple[int, int], int] = {}
        self.told: list[Told] = []
        self.may_break: set[str] = set()
        """Rules for which an instruction that was done might have been refused as well."""
        self.vouchers: list[Told] = []
        """Of each trade: market, index, order of the day, time, tick, quantity, seller, buyer, maker's order."""

    # ----------------------------------------------------------------------------------------------- all or nothing

    def act(self, what: Callable[..., Any], *arguments: Any) -> Any:
        """Do an instruction; `told` has its events. Raises Refused."""
        known = (self.people, self.markets, self.places, self.counts, self.balances)
        self._before = [dict(one) for one in known], len(self.vouchers)  # type: ignore[call-overload]
        self.told = []
        self.may_break = set()
        try:
            return what(*arguments)
        except Refused:
            self.undo()
            raise

    def undo(self) -> None:
        """As before the latest instruction."""
        copies, issued = self._before
        self.people, self.markets, self.places, self.counts, self.balances = copies
        del self.vouchers[issued:]
        self.told = []

    def need(self, **rules: bool) -> None:
        broken = {name for name, kept in rules.items() if not kept}
        if broken:
            raise Refused(broken)

    # -------------------------------------------------------------------------------------------------------- views

    def orders(self, market: int, side: Side) -> Iterator[tuple[Queue, Resting]]:
        """Open orders, best price first, then the earlier."""
        for queue in self.queues(market, side):
            for order in self.places[queue]:
                if order is not None:
                    yield queue, order

    def queues(self, market: int, side: Side) -> list[Queue]:
        """With open orders, the best first."""
        found = [q for q in self.places if q.market == market and q.side is side]
        return sorted(found, key=lambda q: q.tick if side is Side.SELL else -q.tick)

    def best(self, market: int, side: Side) -> int:
        found = self.queues(market, side)
        return found[0].tick if found else 0

    def find(self, number: int) -> tuple[Queue, Resting] | None:
        for queue, places in self.places.items():
            for order in places:
                if order is not None and order.id == number:
                    return queue, order
        return None

    def open_ids(self) -> list[int]:
        return [order.id for places in self.places.values() for order in places if order is not None]

    def counted(self, market: int, account: int) -> int:
        return sum(
            order.counted and order.account == account for side in Side for _, order in self.orders(market, side)
        )

    def held_by_orders(self, instrument: int) -> int:
        """What all open orders hold of an instrument or of the money."""
        total = 0
        for queue, places in self.places.items():
            for order in places:
                if order is not None:
                    kind, amount = self.escrow(queue, order.open)
                    total += amount if kind == instrument else 0
        return total

    # ------------------------------------------------------------------------------------------------------ who may

    def broken_by(self, key: str) -> set[str]:
        """Why nobody may trade with this key now; empty: it may."""
        if key not in self.people:
            return {"NotARepresentative"}
        person = self.people[key]
        broken = set()
        if self.now >= person.until:
            broken.add("CertificateExpired")
        if person.suspended:
            broken.add("AccountNotActive")
        if person.barred:
            broken.add("AccountRestricted")
        return broken

    def who(self, key: str) -> Person:
        broken = self.broken_by(key)
        if broken:
            raise Refused(broken)
        return self.people[key]

    def whose(self, account: int) -> Person:
        return next((person for person in self.people.values() if person.account == account), STRANGER)

    def may_trade(self, account: int) -> bool:
        person = self.whose(account)
        return self.now < person.until and not person.suspended and not person.barred

    def is_own(self, account: int, other: int) -> bool:
        owner = self.whose(account).owner
        return account == other or (owner != 0 and owner == self.whose(other).owner)

    # ----------------------------------------------------------------------------------------------------- holdings

    def escrow(self, queue: Queue, quantity: int) -> tuple[int, int]:
        """What an order of the queue holds: the units, or their price and the maker's fee."""
        m = self.markets[queue.market]
        if queue.side is Side.SELL:
            return m.instrument, quantity
        return self.money, quantity * queue.tick * m.tick + quantity // m.lot * m.maker_fee * m.unit

    def take(self, account: int, instrument: int, amount: int) -> None:
        self.need(InsufficientFree=self.balance(account, instrument) >= amount)
        self.give(account, instrument, -amount)

    def give(self, account: int, instrument: int, amount: int) -> None:
        self.balances[account, instrument] = self.balance(account, instrument) + amount

    def balance(self, account: int, instrument: int) -> int:
        return self.balances.get((account, instrument), 0)

    # ---------------------------------------------------------------------------------------------------- the clock

    def turn(self, market: int) -> None:
        """A market's phase lasts until the civil day ends; whoever comes first in the next closes the day before. A
        call ends before; where prices cross then, they are uncrossed before anything else."""
        m = self.markets[market]
        if m.state in (MarketState.HALTED, MarketState.UNCROSSING) or self.now < m.until:
            return
        self.begin(market)

    def begin(self, market: int, call_minutes: int = 0) -> None:
        self.enter_day(market)
        m = self.markets[market]
        state, until = MarketState.OPEN, (m.day + 1) * DAY
        if call_minutes:
            state, until = MarketState.CALL, min(until, (self.now + 59) // 60 * 60 + call_minutes * 60)
        elif self.crosses(market):
            state, until = MarketState.UNCROSSING, 0
        self.markets[market] = replace(m, state=state, until=until)
        self.told.append(("MarketStateChanged", market, state, until))

    def enter_day(self, market: int) -> None:
        m = self.markets[market]
        today = self.now // DAY
        if m.day == today:
            return
        close = m.last if m.lots_today else m.close
        self.told.append(("DayClosed", market, m.day, close, m.lots_today, m.turnover_today))
        self.markets[market] = replace(m, day=today, close=close, lots_today=0, turnover_today=0, trades_today=0)

    def crosses(self, market: int) -> bool:
        ask = self.best(market, Side.SELL)
        return ask != 0 and self.best(market, Side.BUY) >= ask

    def known(self, market: int) -> Market:
        self.need(UnknownMarket=market in self.markets)
        return self.markets[market]

    # ------------------------------------------------------------------------------------------------------ placing

    def place(self, key: str, order: Order) -> Placed:
        """Trade with what is in the book, rest what is left."""
        self.known(order.market)
        self.turn(order.market)
        broken = self.broken_by(key) | self.broken_terms(order)
        person = self.people.get(key, STRANGER)
        other = Side(1 - order.side)
        best = self.best(order.market, other)
        meets = best != 0 and (best <= order.tick if order.side is Side.BUY else best >= order.tick)
        try:
            if self.markets[order.market].state is MarketState.CALL:
                self.need(OrderMustRest=order.time_in_force in RESTING)
                placed = self.rest(person.account, order, order.quantity, 0)
            elif order.time_in_force is TimeInForce.POST_ONLY:
                self.need(WouldTrade=not meets)
                placed = self.rest(person.account, order, order.quantity, 0)
            else:
                placed = self.match(person.account, order)
        except Refused as refused:
            broken |= refused.rules
        if broken:
            raise Refused(broken)
        return placed

    def broken_terms(self, order: Order) -> set[str]:
        m = self.markets[order.market]
        kept = {
            "MarketNotOpen": m.state is not MarketState.HALTED,
            "AuctionPending": m.state is not MarketState.UNCROSSING,
            "PriceOutsideBand": m.lowest <= order.tick <= m.highest,
            "BadOrderQuantity": order.quantity % m.lot == 0 and order.quantity >= m.least_lots * m.lot,
            "OrderTooLarge": m.most_lots == 0 or order.quantity <= m.most_lots * m.lot,
            "BadExpiry": order.expires == 0 or (order.time_in_force in RESTING and order.expires > self.now),
            "BadMakerLimit": 1 <= order.most_makers <= MOST_MAKERS,
            "TooLate": order.latest == 0 or order.latest >= self.now,
        }
        return {rule for rule, is_kept in kept.items() if not is_kept}

    def rest(self, account: int, order: Order, quantity: int, filled: int) -> Placed:
        queue = Queue(order.market, order.side, order.tick)
        instrument, held = self.escrow(queue, quantity)
        self.need(AmountTooLarge=held <= MOST_AMOUNT)
        self.take(account, instrument, held)
        return self.enqueue(account, order, quantity, filled)

    def enqueue(self, account: int, order: Order, quantity: int, filled: int) -> Placed:
        m = self.markets[order.market]
        queue = Queue(order.market, order.side, order.tick)
        waiting = self.places.get(queue, ())
        total = sum(one.open for one in waiting if one is not None)
        self.need(
            LevelFull=total + quantity <= MOST_QUANTITY,
            TooManyOpenOrders=not m.counts or m.most_open == 0 or self.counted(m.number, account) < m.most_open,
        )
        generation, first = self.counts.get(queue, (0, 0))
        number = OrderId.of(order.market, order.side, order.tick, generation, first + len(waiting))
        self.places[queue] = (*waiting, Resting(number, account, quantity, order.expires, m.counts))
        self.counts[queue] = (generation, first)
        self.told.append(("OrderPlaced", number, account, quantity, order.expires))
        return Placed(number, filled, quantity)

    # ----------------------------------------------------------------------------------------------------- matching

    def match(self, account: int, order: Order) -> Placed:
        """Trade at the makers' prices, best price first, then the earlier order."""
        m = self.markets[order.market]
        buys = order.side is Side.BUY
        full: set[int] = set()
        """Accounts that would hold more than they may."""
        while True:
            walk = self.walk(account, order, full)
            more = self.beyond(account, order, walk)
            if not more:
                break
            full |= more

        if (
            buys
            and order.quantity * order.tick * m.tick > MOST_AMOUNT
            and (walk.stopped or len(walk.fills) < len(walk.met))
        ):
            self.may_break.add("AmountTooLarge")  # with orders that it meets and may not trade with

        traded = sum(fill.quantity for fill in walk.fills)
        cost = sum(fill.quantity * fill.queue.tick for fill in walk.fills) * m.tick
        fee = traded // m.lot * m.taker_fee * m.unit
        rests = self.rest_of(order, walk)
        instrument, held = self.escrow(Queue(order.market, order.side, order.tick), rests)
        gives, gets = (cost + fee, traded) if buys else (traded, cost - fee)
        self.need(
            NotFillable=order.time_in_force is not TimeInForce.FOK or traded == order.quantity,
            AmountTooLarge=gives + held <= MOST_AMOUNT and gets <= MOST_AMOUNT,
            SeriesFull=m.lots + traded // m.lot <= MOST_LOTS,
            InsufficientFree=self.balance(account, instrument) >= gives + held,
        )
        self.take(account, instrument, gives + held)
        self.give(account, m.instrument if buys else self.money, gets)
        mine = self.balance(account, m.instrument)
        may_hold = m.most_held == 0 or mine <= m.most_held or self.whose(account).government
        self.need(HoldingLimit=not buys or traded == 0 or may_hold)

        self.clear(walk)
        for met in walk.met:
            self.tell(account, met)
        return self.enqueue(account, order, rests, traded) if rests else Placed(NOBODY, traded, 0)

    def walk(self, account: int, order: Order, full: set[int]) -> Walk:
        """What the order meets, with nothing changed."""
        met: list[Met] = []
        passed: dict[Queue, int] = {}
        left = order.quantity
        looks = order.most_makers
        for queue in self.queues(order.market, Side(1 - order.side)):
            if queue.tick > order.tick if order.side is Side.BUY else queue.tick < order.tick:
                break
            for maker in self.places[queue]:
                if left == 0:
                    return Walk(met, passed, left, False)
                if not any(self.places[queue][passed.get(queue, 0) :]):
                    break  # nobody is left in this queue
                if looks == 0:
                    return Walk(met, passed, left, True)
                looks -= 1
                if maker is None:
                    passed[queue] = passed.get(queue, 0) + 1
                    continue
                own = order.self_trade is not SelfTrade.ALLOW and self.is_own(account, maker.account)
                reason = None
                if maker.expires != 0 and maker.expires <= self.now:
                    reason = CloseReason.EXPIRED
                elif not self.may_trade(maker.account) or maker.account in full:
                    reason = CloseReason.NOT_ELIGIBLE
                elif own and order.self_trade is SelfTrade.CANCEL_NEWEST:
                    return Walk(met, passed, left, True)
                elif own and order.self_trade is SelfTrade.CANCEL_OLDEST:
                    reason = CloseReason.SELF_TRADE
                quantity = maker.open if reason is not None else min(maker.open, left)
                met.append(Met(queue, maker, quantity, reason, own and reason is None))
                left -= quantity if reason is None else 0
                if quantity == maker.open:
                    passed[queue] = passed.get(queue, 0) + 1
        return Walk(met, passed, left, False)

    def rest_of(self, order: Order, walk: Walk) -> int:
        return walk.left if order.time_in_force is TimeInForce.GTC and not walk.stopped else 0

    def beyond(self, account: int, order: Order, walk: Walk) -> set[int]:
        """Accounts that would hold more than they may if they bought what the walk says."""
        m = self.markets[order.market]
        if m.most_held == 0 or order.side is Side.BUY:
            return set()
        # Who sells to itself has given first.
        bought = {account: -sum(fill.quantity for fill in walk.fills) - self.rest_of(order, walk)}
        for fill in walk.fills:
            bought[fill.order.account] = bought.get(fill.order.account, 0) + fill.quantity
        return {
            buyer
            for buyer, quantity in bought.items()
            if self.balance(buyer, m.instrument) + quantity > m.most_held
            and buyer in {fill.order.account for fill in walk.fills}
            and not self.whose(buyer).government
        }

    def clear(self, walk: Walk) -> None:
        """Who was met leaves its queue, wholly or in part."""
        for met in walk.met:
            if met.quantity != met.order.open:
                smaller = replace(met.order, open=met.order.open - met.quantity)
                places = self.places[met.queue]
                self.places[met.queue] = tuple(smaller if one is met.order else one for one in places)
        for queue, passed in walk.passed.items():
            self.leave_front(queue, passed)

    def leave_front(self, queue: Queue, passed: int) -> None:
        generation, first = self.counts[queue]
        self.put(queue, self.places[queue][passed:], generation, first + passed)

    def put(self, queue: Queue, places: tuple[Resting | None, ...], generation: int, first: int) -> None:
        """A queue that nobody waits in begins anew."""
        if any(places):
            self.places[queue], self.counts[queue] = places, (generation, first)
        else:
            del self.places[queue]
            self.counts[queue] = (generation + 1, 0)

    def tell(self, taker: int, met: Met) -> None:
        """An order that was met trades, or gets back what it held."""
        m = self.markets[met.queue.market]
        maker, quantity = met.order.account, met.quantity
        if met.reason is not None:
            self.give(maker, *self.escrow(met.queue, quantity))
            self.told.append(("OrderClosed", met.order.id, maker, quantity, met.reason))
            return
        if met.shrinks:
            self.give(maker, *self.escrow(met.queue, quantity))
            self.told.append(("SelfTradePrevented", met.order.id, maker, quantity))
            return
        lots = quantity // m.lot
        if met.queue.side is Side.BUY:
            self.give(maker, m.instrument, quantity)
        else:
            self.give(maker, self.money, quantity * met.queue.tick * m.tick - lots * m.maker_fee * m.unit)
        today = m.trades_today + 1
        self.told.append(("Trade", met.order.id, maker, taker, quantity, m.trades, today))
        seller, buyer = (taker, maker) if met.queue.side is Side.BUY else (maker, taker)
        self.vouchers.append(
            (m.number, m.trades, today, self.now, met.queue.tick, quantity, seller, buyer, int(met.order.id))
        )
        self.markets[m.number] = replace(
            m,
            trades=m.trades + 1,
            trades_today=today,
            last=met.queue.tick,
            lots=m.lots + lots,
            lots_today=m.lots_today + lots,
            turnover_today=m.turnover_today + lots * met.queue.tick,
        )

    # --------------------------------------------------------------------------------------------------- auctions

    def uncross(self, market: int) -> bool:
        """By anybody: auctions until prices cross no more; then the market goes on."""
        self.known(market)
        self.turn(market)
        self.need(NoAuctionPending=self.markets[market].state is MarketState.UNCROSSING)
        self.enter_day(market)
        while self.crosses(market):
            self.auction(market)
        self.begin(market)
        return True

    def auction(self, market: int) -> None:
        for side in (Side.BUY, Side.SELL):
            self.clean(market, side)
            if not self.crosses(market):
                return
        tick, tonnes, surplus = self.price(market)
        self.told.append(("AuctionPriced", market, tick, tonnes, surplus))
        while (bid := self.first(market, Side.BUY, tick)) and (ask := self.first(market, Side.SELL, tick)):
            self.pair(bid, ask, tick)

    def clean(self, market: int, side: Side) -> None:
        """Who may not trade has no influence on the price."""
        limit = self.best(market, Side(1 - side))
        for queue, order in list(self.orders(market, side)):
            if queue.tick < limit if side is Side.BUY else queue.tick > limit:
                break
            expired = order.expires != 0 and order.expires <= self.now
            full = side is Side.BUY and not self.may_hold(market, order.account, order.open)
            if expired or full or not self.may_trade(order.account):
                self.remove(queue, order, CloseReason.EXPIRED if expired else CloseReason.NOT_ELIGIBLE)

    def may_hold(self, market: int, account: int, more: int) -> bool:
        m = self.markets[market]
        holds = self.balance(account, m.instrument) + more
        return m.most_held == 0 or holds <= m.most_held or self.whose(account).government

    def price(self, market: int) -> tuple[int, int, int]:
        """The most tonnes, then the least surplus, then the nearest to the reference, without one the middle."""
        totals = {side: [(queue.tick, order.open) for queue, order in self.orders(market, side)] for side in Side}
        prices = {tick + away for side in Side for tick, _ in totals[side] for away in (-1, 0, 1)}
        outcomes = {}
        for price in prices:  # nothing changes between two levels
            bids = sum(tonnes for tick, tonnes in totals[Side.BUY] if tick >= price)
            asks = sum(tonnes for tick, tonnes in totals[Side.SELL] if tick <= price)
            outcomes[price] = (-min(bids, asks), abs(bids - asks))
        best = min(outcomes.values())
        equal = [price for price, outcome in outcomes.items() if outcome == best]
        m = self.markets[market]
        anchor = m.last if m.close == 0 or m.lots_today else m.close
        tick = min(max(anchor, min(equal)), max(equal)) if anchor else (min(equal) + max(equal)) // 2
        return tick, -best[0], best[1]

    def first(self, market: int, side: Side, limit: int) -> tuple[Queue, Resting] | None:
        """The order whose turn it is, if it trades at `limit`; places that were given up before it are passed."""
        queues = self.queues(market, side)
        if not queues or (queues[0].tick < limit if side is Side.BUY else queues[0].tick > limit):
            return None
        places = self.places[queues[0]]
        empty = next(index for index, order in enumerate(places) if order is not None)
        if empty:
            self.leave_front(queues[0], empty)
        order = places[empty]
        assert order is not None
        return queues[0], order

    def pair(self, bid: tuple[Queue, Resting], ask: tuple[Queue, Resting], tick: int) -> None:
        """The first two of both sides trade, or shrink where they are of one owner."""
        (bids, buys), (_, sells) = bid, ask
        m = self.markets[bids.market]
        quantity = min(buys.open, sells.open)
        buyer, seller = buys.account, sells.account
        if self.is_own(buyer, seller):
            for queue, order in (bid, ask):
                self.give(order.account, *self.escrow(queue, quantity))
                self.told.append(("SelfTradePrevented", order.id, order.account, quantity))
        elif not self.may_hold(m.number, buyer, quantity):
            self.remove(bids, buys, CloseReason.NOT_ELIGIBLE)
            return
        else:
            lots, today = quantity // m.lot, m.trades_today + 1
            fee = lots * m.maker_fee * m.unit
            _, held = self.escrow(bids, quantity)
            self.give(buyer, m.instrument, quantity)
            self.give(seller, self.money, quantity * tick * m.tick - fee)
            self.give(buyer, self.money, held - quantity * tick * m.tick - fee)
            self.told.append(
                ("AuctionTrade", m.number, buyer, seller, buys.id, sells.id, tick, quantity, m.trades, today)
            )
            both = int(buys.id) << 128 | int(sells.id)
            self.vouchers.append((m.number, m.trades, today, self.now, tick, quantity, seller, buyer, both))
            self.markets[m.number] = replace(
                m,
                trades=m.trades + 1,
                trades_today=today,
                last=tick,
                lots=m.lots + lots,
                lots_today=m.lots_today + lots,
                turnover_today=m.turnover_today + lots * tick,
                auction_lots=m.auction_lots + lots,
            )
        for queue, order in (bid, ask):
            self.lessen(queue, order, quantity)

    def lessen(self, queue: Queue, order: Resting, by: int) -> None:
        """So much of the first order of its queue has been met."""
        if order.open == by:
            self.leave_front(queue, 1)
        else:
            self.places[queue] = (replace(order, open=order.open - by), *self.places[queue][1:])

    # -------------------------------------------------------------------------------------------------- taking back

    def mine(self, key: str, number: int) -> tuple[Queue, Resting]:
        """An open order that the key may take back, its market turned."""
        market = self.known(number >> 104 & 0xFFFFFF).number
        self.turn(market)
        self.need(AuctionPending=self.markets[market].state is not MarketState.UNCROSSING)
        found = self.find(number)
        if found is None:
            raise Refused({"OrderNotOpen"})
        broken = self.broken_by(key) & {"NotARepresentative", "CertificateExpired"}
        if broken:
            raise Refused(broken | {"NotTheAccount"} if key in self.people else broken)
        self.need(NotTheAccount=self.people[key].account == found[1].account)
        return found

    def remove(self, queue: Queue, order: Resting, reason: CloseReason) -> None:
        """Out of its queue; what it held goes back."""
        places = self.places[queue]
        generation, first = self.counts[queue]
        if places[0] is order:
            self.put(queue, places[1:], generation, first + 1)
        else:
            self.put(queue, tuple(None if one is order else one for one in places), generation, first)
        self.give(order.account, *self.escrow(queue, order.open))
        self.told.append(("OrderClosed", order.id, order.account, order.open, reason))

    def cancel(self, key: str, number: int) -> None:
        self.remove(*self.mine(key, number), CloseReason.TAKEN_BACK)

    def reduce(self, key: str, number: int, by: int) -> None:
        known = self.find(number)
        broken: set[str] = set()
        if known is not None:
            lot = self.markets[known[0].market].lot
            if not (0 < by < known[1].open and by % lot == 0):
                broken.add("BadReduction")
        try:
            queue, order = self.mine(key, number)
        except Refused as refused:
            raise Refused(refused.rules | broken) from None
        if broken:
            raise Refused(broken)
        self.shrink(queue, order, by, order.expires)

    def shrink(self, queue: Queue, order: Resting, by: int, expires: int) -> None:
        changed = replace(order, open=order.open - by, expires=expires)
        self.places[queue] = tuple(changed if one is order else one for one in self.places[queue])
        self.give(order.account, *self.escrow(queue, by))
        if by:
            self.told.append(("OrderReduced", order.id, order.account, by))
        if expires != order.expires:
            self.told.append(("ExpiryChanged", order.id, order.account, expires))

    def evict(self, key: str, number: int) -> None:
        """By anybody, an order that has expired."""
        market = self.known(number >> 104 & 0xFFFFFF)
        self.need(AuctionPending=market.state is not MarketState.UNCROSSING)
        found = self.find(number)
        if found is None:
            raise Refused({"OrderNotOpen"})
        self.need(NotExpired=found[1].expires != 0 and found[1].expires <= self.now)
        self.remove(*found, CloseReason.EXPIRED)

    # ---------------------------------------------------------------------------------------------- several at once

    def replace(self, key: str, number: int, order: Order) -> Placed:
        same = order.market == number >> 104 & 0xFFFFFF and int(order.side) == number >> 96 & 0xFF
        self.need(OtherQueue=same, OrderNotOpen=same or self.find(number) is not None)
        broken = self.broken_by(key)
        try:
            queue, known = self.mine(key, number)
        except Refused as refused:
            raise Refused(refused.rules | broken) from None
        stays = (
            order.time_in_force in RESTING
            and order.tick == queue.tick
            and order.quantity <= known.open
            and not (known.expires != 0 and known.expires <= self.now)
        )
        if stays:
            broken |= self.broken_terms(order)
            if broken:
                raise Refused(broken)
            self.shrink(queue, known, known.open - order.quantity, order.expires)
            return Placed(known.id, 0, order.quantity)
        self.remove(queue, known, CloseReason.TAKEN_BACK)
        return self.place(key, order)

    def cancel_many(self, key: str, ids: Sequence[int]) -> tuple[bool, ...]:
        self.need(TooManyAtOnce=len(ids) <= MOST_AT_ONCE)
        account = self.people[key].account if key in self.people else NOBODY
        known = [number for number in ids if number >> 104 & 0xFFFFFF in self.markets]
        found = iter(self.take_all(account, known, passing=True))
        taken = tuple(number >> 104 & 0xFFFFFF in self.markets and next(found) for number in ids)
        if any(taken):  # a key's right is asked where something comes back
            self.need(CertificateExpired=self.now < self.people[key].until)
        return taken

    def take_all(self, account: int, ids: Sequence[int], *, passing: bool = False) -> tuple[bool, ...]:
        """Those of the account that are open; the others are passed over, `passing` also those in an auction."""
        taken = []
        for number in ids:
            market = self.known(number >> 104 & 0xFFFFFF).number
            self.turn(market)
            free = self.markets[market].state is not MarketState.UNCROSSING
            self.need(AuctionPending=free or passing)
            found = self.find(number) if free else None
            taken.append(found is not None and found[1].account == account)
            if found is not None and taken[-1]:
                self.remove(*found, CloseReason.TAKEN_BACK)
        return tuple(taken)

    def batch(
        self, key: str, ids: Sequence[int], orders: Sequence[Order]
    ) -> tuple[tuple[bool, ...], tuple[Placed, ...]]:
        self.need(TooManyAtOnce=len(ids) + len(orders) <= MOST_AT_ONCE)
        person = self.who(key)
        taken = self.take_all(person.account, ids)
        return taken, tuple(self.place(key, order) for order in orders)

    # ----------------------------------------------------------------------------------------------------- officers

    def halt(self, market: int) -> None:
        self.markets[market] = replace(self.known(market), state=MarketState.HALTED, until=0)
        self.told.append(("MarketStateChanged", market, MarketState.HALTED, 0))

    def resume(self, market: int) -> None:
        m = self.known(market)
        self.need(MarketNotHalted=m.state is MarketState.HALTED)
        self.begin(market, m.call_minutes)

    def set_conduct(self, market: int, interruption_minutes: int, call_minutes: int) -> None:
        self.markets[market] = replace(self.known(market), call_minutes=call_minutes)
        self.told.append(("ConductChanged", market, 0, 0, interruption_minutes, call_minutes, 0))

    def set_band(self, market: int, lowest: int, highest: int) -> None:
        self.markets[market] = replace(self.known(market), lowest=lowest, highest=highest)
        self.told.append(("BandChanged", market, lowest, highest))

    def set_limits(self, market: int, most_lots: int, most_held: int, most_open: int) -> None:
        m = self.known(market)
        self.markets[market] = replace(
            m, most_lots=most_lots, most_held=most_held, most_open=most_open, counts=m.counts or most_open != 0
        )
        self.told.append(("LimitsChanged", market, most_lots, 0, most_held, most_open))

    def collect_fees(self, market: int, account: int) -> None:
        m = self.known(market)
        self.need(NoFees=m.fees != 0)
        self.give(account, self.money, m.fees)
        self.told.append(("FeesCollected", market, account, m.fees))
        self.markets[market] = replace(m, lots_collected=m.lots, auction_lots=0)

    def amend_person(self, key: str, **changes: Any) -> None:
        """Suspended, reinstated, barred, or of another owner."""
        self.people[key] = replace(self.people[key], **changes)
