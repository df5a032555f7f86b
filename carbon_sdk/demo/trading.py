"""Third act: a day in the order book. Seeded, so that the same inputs give the same day.

The morning and the afternoon are continuous trading around a price path; at noon everybody takes back what did not
trade; at the close companies buy what they still lack from the treasury's offers.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.sender import send_many
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.enums import TimeInForce
from carbon_sdk.contracts.generated.events import OrderClosed, OrderPlaced, Trade
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.structs import Placed
from carbon_sdk.demo.stage import IN_FLIGHT, Party, Stage
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Side
from carbon_sdk.units import ticks

SEED = 2021
DAY = (5, 19)
"""Month and day: the first day on which allowances of the United Kingdom were traded."""
OPENS, PAUSES, RESUMES, CLOSES = 9 * 3600, 12 * 3600, 13 * 3600, 17 * 3600
PATH = ("45.25", "46.10", "46.85", "45.70", "44.60", "45.40", "45.95")
"""Where the price goes in the course of the day, in the main unit of money per tonne."""
GAS = 3_000_000
MOST_MAKERS = 25
TOGETHER = 3
"""Orders that come within a few seconds of each other."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to trade in one session.

    Attributes:
        party: Who.
        side: Which.
        quantity: Tonnes in all.
        slices: Orders into which it is divided.
    """

    party: Party
    side: Side
    quantity: int
    slices: int


@dataclass(frozen=True, slots=True)
class TradingDay:
    """What the day brought.

    Attributes:
        orders: Orders placed.
        trades: In order.
        cancels: Orders taken back.
    """

    orders: int
    trades: tuple[Trade, ...]
    cancels: int

    @property
    def tonnes(self) -> int:
        """Traded."""
        return sum(trade.quantity for trade in self.trades)

    @property
    def prices(self) -> tuple[int, ...]:
        """Ticks, trade by trade."""
        return tuple(trade.maker.tick for trade in self.trades)


class Floor:
    """One market for one day."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.market = 1
        self.table = stage.rules.file.markets[0]
        numbers = stage.rules.market(self.table)
        self.lot, self.least = numbers.lot, numbers.lot * numbers.least_lots
        decimals = stage.rules.file.money.decimals
        tick = numbers.tick_mantissa * (10**numbers.tick_exponent)
        self.path = [ticks(price, tick, decimals) for price in PATH]
        if not numbers.lowest < min(self.path) <= max(self.path) < numbers.highest:
            raise InputError(f"{self.table.name}: the band does not hold the prices of the day, {min(PATH)} and more.")
        self.step = max(1, ticks("0.05", tick, decimals) if tick <= 5 * 10 ** (decimals - 2) else 1)
        self.lowest, self.highest = numbers.lowest, numbers.highest
        self.dice = random.Random(SEED)  # noqa: S311 -- a play, the same each time
        self.book = stage.suite.contract(OrderBook)
        self.ledger = stage.suite.contract(InstrumentLedger)
        self.placed: list[OrderPlaced] = []
        self.trades: list[Trade] = []
        self.orders = self.cancels = 0
        day = datetime(stage.year, *DAY, tzinfo=UTC)
        self.midnight = int(day.timestamp()) - stage.rules.file.scheme.utc_offset_seconds

    def trade(self, since: int, until: int, wishes: Sequence[Wish], path: tuple[int, int]) -> None:
        """A session of continuous trading.

        Args:
            since: Second of the civil day.
            until: Likewise.
            wishes: Of all who take part.
            path: First and last place in the price path.
        """
        slices = [(wish, quantity) for wish in wishes for quantity in self._slices(wish)]
        self.dice.shuffle(slices)
        orders = [
            self._order(wish.party, wish.side, self._limit(wish.side, self._middle(path, n, len(slices))), part)
            for n, (wish, part) in enumerate(slices)
        ]
        size = TOGETHER if self.stage.clock else len(orders)
        groups = [orders[n : n + size] for n in range(0, len(orders), size)]
        for n, group in enumerate(groups):
            jitter = self.dice.randrange(60)
            self.stage.travel(self.midnight + since + (until - since) * n // len(groups) + jitter)
            self.send(group)

    def send(self, acts: Sequence[tuple[Signer, Act[Placed] | Act[None]]]) -> None:
        """Place or take back orders: on a local chain one after the other, since who comes first decides who trades."""
        together = 1 if self.stage.chain.is_local else IN_FLIGHT
        for outcome in send_many(self.stage.chain, acts, gas=GAS, batch=together):
            if outcome.error is not None:
                raise outcome.error
            assert outcome.done is not None  # noqa: S101 -- either of the two is there
            self.stage.sent += 1
            self.placed += outcome.done.all(OrderPlaced)
            self.trades += outcome.done.all(Trade)
            self.cancels += len(outcome.done.all(OrderClosed))

    def take_back(self, parties: Sequence[Party]) -> None:
        """Everything that these parties have in the book."""
        owners = {party.account: self.stage.company(party) for party in parties}
        mine = [event for event in self.placed if event.account in owners]
        place = self.book.address
        views = self.stage.chain.read_many([OrderBook.ORDER_OF.on(place, event.id) for event in mine])
        self.placed = [event for event in self.placed if event.account not in owners]
        self.send(
            [
                (owners[event.account].signer, owners[event.account].cancel.act(event.id))
                for event, view in zip(mine, views, strict=True)
                if view.open
            ]
        )

    def offer(self, party: Party, quantity: int, levels: int) -> None:
        """A ladder of offers at the close, so that whoever still needs units finds them."""
        part = -(-quantity // levels)
        price = self.path[-1]
        self._place(
            [
                (party, Side.SELL, price + self.step * level, self._whole(part), TimeInForce.GTC)
                for level in range(levels)
            ]
        )

    def buy_the_rest(self, parties: Sequence[Party]) -> None:
        """Every company buys what it still lacks, at once or not at all."""
        limit = min(self.highest, self.path[-1] + 100 * self.step)
        wanted = [(party, self.missing(party)) for party in parties]
        self._place(
            [(party, Side.BUY, limit, self._whole(need), TimeInForce.FOK) for party, need in wanted if need > 0]
        )

    def missing(self, party: Party) -> int:
        """Tonnes that a company still wants to buy: what it lacks, or half of it if it falls short."""
        wanted = goal(party)
        return max(0, wanted - (self.held(party) - (party.plant.due if party.plant else 0)))

    def held(self, party: Party) -> int:
        """Tonnes that the account holds outside of orders."""
        return self.ledger.balance_of(party.account, int(self.stage.units))

    def _place(self, orders: Sequence[tuple[Party, Side, int, int, TimeInForce]]) -> None:
        self.send(
            [self._order(party, side, price, quantity, in_force) for party, side, price, quantity, in_force in orders]
        )

    def _order(
        self, party: Party, side: Side, price: int, quantity: int, in_force: TimeInForce = TimeInForce.GTC
    ) -> tuple[Signer, Act[Placed]]:
        self.orders += 1
        bounded = min(max(price, self.lowest), self.highest)
        order = self.stage.company(party).order.act(
            self.market, side, quantity, bounded, time_in_force=in_force, most_makers=MOST_MAKERS
        )
        return party.signer, order

    def _slices(self, wish: Wish) -> Iterator[int]:
        """Unequal parts, each a whole number of lots."""
        left = wish.quantity // self.lot * self.lot
        for n in range(wish.slices, 0, -1):
            part = left if n == 1 else left * self.dice.randint(60, 140) // (100 * n) // self.lot * self.lot
            if part >= self.least:
                left -= part
                yield part

    def _middle(self, path: tuple[int, int], n: int, of: int) -> int:
        """The price around which order `n` is: between two places of the path, with some noise."""
        first, last = path
        at, rest = divmod(n * (last - first) * 1000 // max(of, 1), 1000)
        here, there = self.path[first + at], self.path[min(first + at + 1, last)]
        return here + (there - here) * rest // 1000 + self.step * self.dice.randint(-2, 2)

    def _limit(self, side: Side, middle: int) -> int:
        """Somewhat more than half of the orders are in a hurry."""
        hurry = self.dice.randrange(100) < 58
        away = self.step * (self.dice.randint(0, 5) if hurry else -self.dice.randint(1, 10))
        return middle + away if side is Side.BUY else middle - away

    def _whole(self, quantity: int) -> int:
        return max(self.least, -(-quantity // self.lot) * self.lot)


def goal(party: Party) -> int:
    """Tonnes that a company means to buy. The one that falls short buys half of what it lacks."""
    return party.gap if party.fills_gap else party.gap // 2


def trade_for_a_day(stage: Stage) -> TradingDay:
    """Morning, noon, afternoon, close."""
    floor = Floor(stage)
    buyers = [party for party in stage.cast.companies if party.gap > 0]
    sellers = [party for party in stage.cast.companies if party.gap < 0]
    treasury, traders = stage.cast.treasury, stage.cast.traders
    for_sale = floor.held(treasury)
    spare = 5_000
    floor.trade(
        OPENS,
        PAUSES,
        [
            *(Wish(party, Side.BUY, goal(party) * 50 // 100, 4) for party in buyers),
            *(Wish(party, Side.SELL, -party.gap * 50 // 100, 6) for party in sellers),
            *(Wish(party, Side.BUY, 4 * spare, 8) for party in traders),
            Wish(treasury, Side.SELL, for_sale * 40 // 100, 26),
        ],
        (0, 3),
    )
    stage.travel(floor.midnight + PAUSES + 600)
    floor.take_back([*buyers, *sellers, *traders, treasury])
    floor.trade(
        RESUMES,
        CLOSES - 1800,
        [
            *(Wish(party, Side.BUY, floor.missing(party) * 90 // 100, 5) for party in buyers),
            *(Wish(party, Side.SELL, -party.gap * 40 // 100, 5) for party in sellers),
            *(Wish(party, Side.SELL, floor.held(party) * 90 // 100, 7) for party in traders),
            Wish(treasury, Side.SELL, floor.held(treasury) * 55 // 100, 24),
        ],
        (3, 6),
    )
    stage.travel(floor.midnight + CLOSES - 900)
    floor.take_back([*buyers, treasury])
    lacking = sum(floor.missing(party) for party in buyers)
    floor.offer(treasury, min(floor.held(treasury), lacking + spare), 6)
    stage.travel(floor.midnight + CLOSES - 300)
    floor.buy_the_rest(buyers)
    day = TradingDay(floor.orders, tuple(floor.trades), floor.cancels)
    stage.tell(
        f"{day.orders} orders, {len(day.trades)} trades of {day.tonnes:,} t, {day.cancels} orders taken back, "
        f"each trade delivered against payment"
    )
    return day
