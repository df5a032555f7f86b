"""One run of instructions through the order book: what is sent, what came of it, and the book that is left."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import orjson

from carbon_sdk.chain.calls import Act, Event
from carbon_sdk.chain.catalogue import decode_log
from carbon_sdk.contracts.generated.enums import CloseReason, SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.events import OrderClosed, OrderPlaced, OrderReduced, SelfTradePrevented, Trade
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.structs import Order
from carbon_sdk.identifiers import OrderId, Side
from carbon_sdk.replay.accounts import Party
from carbon_sdk.replay.conveyor import IN_FLIGHT, Keyed
from carbon_sdk.replay.ground import Ground
from carbon_sdk.replay.journal import Landed
from carbon_sdk.replay.recorded_orders import MOST_TICK, Instruction, MarketRules

BETWEEN_TICKS = "PriceBetweenTicks"
"""Why an instruction was rejected that no contract could be asked: its price is no whole number of ticks."""
MARKET = 1
"""The suite's only one."""
MOST_MAKERS = 255
"""Makers that one transaction may meet; what is left of an order then goes on in a further one."""
GAS = 9_000_000
"""More than a transaction uses that meets so many; what is not used is not paid."""
NOWHERE = OrderId(MARKET << 104 | 1 << 64 | (2**32 - 1) << 32)
"""Where no order ever was: an order that is not in the book is asked for by this name."""
CHECKPOINTS = "checkpoints.jsonl"
LEVELS, QUEUE = 500, 500
"""What one view shows of the book."""


@dataclass(frozen=True, slots=True)
class Fill:
    """A trade, by the names of the case."""

    taker: str
    maker: str
    ticks: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Rejection:
    """An instruction that was refused."""

    instruction: Instruction
    error: str
    explanation: str


Level = tuple[int, list[tuple[str, int]]]
"""A price in ticks, and its orders (id, tonnes left) in priority order."""


@dataclass(frozen=True, slots=True)
class BookAt:
    """The book as the contract shows it, without orders whose time is over."""

    bids: list[Level]
    asks: list[Level]

    def as_json(self, market: MarketRules) -> dict[str, Any]:
        """As FILE's result has it: best level first."""
        return {"bids": _levels(self.bids, market), "asks": _levels(self.asks, market)}


@dataclass
class OrderRun:
    """The instructions of one run. Where an order rests is known from the events of its transactions."""

    ground: Ground
    market: MarketRules
    instructions: Sequence[Instruction]
    parties: Mapping[str, Party]
    checkpoint: int
    trades: list[Fill] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    checkpoints: list[tuple[int, BookAt]] = field(default_factory=list)
    name_of: dict[int, str] = field(default_factory=dict)
    """By where an order rests or rested."""
    place_of: dict[str, OrderId] = field(default_factory=dict)
    """Where an order rests or rested last."""
    open: dict[int, int] = field(default_factory=dict)
    """Tonnes left of what rests."""
    resting: Counter[Side] = field(default_factory=Counter)
    looked: dict[int, BookAt] | None = None
    """After so many instructions, by an earlier run."""
    gas: int = 0
    sent: int = 0

    def __post_init__(self) -> None:
        self.book = self.ground.scheme.contract(OrderBook)
        self.placed = {one.id: one for one in self.instructions if one.op in ("limit", "market")}
        # Places in a queue that are looked at and fill nothing: then quantity does not bound how many a walk meets.
        self.barren = self.market.self_trade is not SelfTrade.ALLOW or any(one.expires for one in self.instructions)

    # PLAYING

    def play(self) -> None:
        """All instructions, in order; what an earlier run did is read again and not done again."""
        told = 0
        for batch in self._batches():
            if batch[0].op == "time":
                self._move_to(batch[0].at)
            else:
                self._play(batch)
            last = batch[-1].number
            if self.checkpoint and last % self.checkpoint == 0:
                self.checkpoints.append((last, self._look_after(last)))
            if last - told >= 1_000:
                told = last
                self.ground.tell(f"{last:,} instructions, {len(self.trades):,} trades")
        self.ground.tell(
            f"{len(self.instructions):,} instructions, {len(self.trades):,} trades, {len(self.rejections):,} rejected"
        )

    def _batches(self) -> Iterator[list[Instruction]]:
        """Instructions that go together: none refers to an order whose place in the book is not known before.

        The replay's own chain mines them in their order; elsewhere nobody promises that, so each goes alone. So does
        what may meet more orders than one transaction does. A checkpoint ends a batch.
        """
        batch: list[Instruction] = []
        most = IN_FLIGHT if self.ground.conveyor.own else 1
        for one in self.instructions:
            alone = one.op == "time" or self._may_be_cut_off(one)
            if batch and (alone or len(batch) == most or any(other.id == one.id for other in batch)):
                yield batch
                batch = []
            batch.append(one)
            if alone or (self.checkpoint and one.number % self.checkpoint == 0):
                yield batch
                batch = []
        if batch:
            yield batch

    def _may_be_cut_off(self, one: Instruction) -> bool:
        if one.op not in ("limit", "market", "replace") or one.id not in self.placed:
            return False
        opposite = Side.SELL if self.placed[one.id].side is Side.BUY else Side.BUY
        if self.resting[opposite] + IN_FLIGHT < MOST_MAKERS:
            return False
        return self.barren or one.quantity // self.market.lot >= MOST_MAKERS

    def _move_to(self, at: int) -> None:
        """By a block of its own: wherever the replay is stopped, the chain's clock stands where the case's does."""
        if at > self.ground.chain.block().timestamp:
            self.ground.chain.endpoint.request("evm_setNextBlockTimestamp", at)
            self.ground.chain.endpoint.request("evm_mine")

    def _play(self, batch: Sequence[Instruction], part: str = "") -> None:
        acts: list[Keyed] = []
        of_key: dict[str, Instruction] = {}
        for one in batch:
            act = self._act(one)
            if act is None:
                self.rejections.append(Rejection(one, BETWEEN_TICKS, f"{one.price} is no whole number of ticks."))
                continue
            key = f"instruction {one.number}{part}"
            of_key[key] = one
            acts.append(Keyed(key, self.parties[one.account].signer, replace(act, gas=GAS)))
        if not acts:
            return
        met = self._carry(acts, of_key)
        if len(acts) == 1 and len(met) >= MOST_MAKERS:
            self._go_on(of_key[acts[0].key], met)

    def _go_on(self, one: Instruction, met: list[Event]) -> None:
        """An order that met as many orders as one transaction may goes on with what is left of it."""
        one = self._as_placed(one)
        left, times = one.quantity, 0
        while True:
            left -= sum(e.quantity for e in met if isinstance(e, (Trade, SelfTradePrevented, OrderPlaced)))
            if left == 0 or len(met) < MOST_MAKERS or one.time_in_force not in (TimeInForce.GTC, TimeInForce.IOC):
                return
            times += 1
            act = self._placing(replace(one, quantity=left))
            assert act is not None  # noqa: S101 -- it was placed before
            key = f"instruction {one.number} goes on {times}"
            met = self._carry([Keyed(key, self.parties[one.account].signer, replace(act, gas=GAS))], {key: one})

    def _carry(self, acts: Sequence[Keyed], of_key: Mapping[str, Instruction]) -> list[Event]:
        """Do them and note what came of it; what the last of them met in the book."""
        self.sent += sum(one.key not in self.ground.journal.done for one in acts)
        landed = self.ground.conveyor.carry(acts)
        told = self._told(landed)
        events: list[Event] = []
        for one in landed:
            self.gas += one.gas_used
            instruction = of_key[one.key]
            if one.error:
                self.rejections.append(Rejection(instruction, one.error, one.explanation))
                continue
            events = told.get(one.hash, [])
            for event in events:
                self._note(instruction, event)
        return [event for event in events if not _is_own_doing(event)]

    def _told(self, landed: Sequence[Landed]) -> dict[str, list[Event]]:
        """What the book said in these transactions, by hash."""
        blocks = [one.block for one in landed]
        logs = self.ground.chain.endpoint.request(
            "eth_getLogs",
            {"address": self.book.address, "fromBlock": hex(min(blocks)), "toBlock": hex(max(blocks))},
        )
        told: dict[str, list[Event]] = defaultdict(list)
        for log in logs:
            logged = decode_log(log)
            if isinstance(logged.event, (Trade, OrderPlaced, OrderClosed, OrderReduced, SelfTradePrevented)):
                told[logged.transaction].append(logged.event)
        return told

    def _note(self, one: Instruction, event: Event) -> None:
        if isinstance(event, OrderPlaced):
            self.name_of[event.id], self.place_of[one.id] = one.id, event.id
            self.open[event.id] = event.quantity
            self.resting[event.id.side] += 1
        elif isinstance(event, Trade):
            self.trades.append(Fill(one.id, self.name_of[event.maker], event.maker.tick, event.quantity))
            self._shrink(event.maker, event.quantity)
        elif isinstance(event, SelfTradePrevented):
            self._shrink(event.maker, event.quantity)
        elif isinstance(event, OrderReduced):
            self._shrink(event.id, event.by)
        elif isinstance(event, OrderClosed):
            self._shrink(event.id, event.open)

    def _shrink(self, id_: OrderId, by: int) -> None:
        self.open[id_] -= by
        if self.open[id_] == 0:
            del self.open[id_]
            self.resting[id_.side] -= 1

    # WHAT IS SAID TO THE BOOK

    def _act(self, one: Instruction) -> Act[Any] | None:
        """None: there is no such price."""
        place = self.place_of.get(one.id, NOWHERE)
        if one.op == "cancel":
            return self.book.cancel(place)
        if one.op == "reduce":
            return self.book.reduce(place, one.quantity)
        if one.op == "replace":
            return self._replacing(one, place)
        return self._placing(one)

    def _replacing(self, one: Instruction, place: OrderId) -> Act[Any] | None:
        """The book says why where there is nothing to replace, whatever the price."""
        new, ticks = self._as_placed(one), self.market.ticks(one.price)
        if ticks is None and place in self.open:
            return None
        order = self._order(new, place.side, place.tick if ticks is None else ticks, new.time_in_force, new.expires)
        return self.book.replace(place, order)

    def _as_placed(self, one: Instruction) -> Instruction:
        """What an instruction to replace places: of the old order's side, and with its expiry."""
        if one.op != "replace":
            return one
        old = self.placed.get(one.id)
        return replace(one, op="limit", side=old.side if old else Side.BUY, expires=old.expires if old else 0)

    def _placing(self, one: Instruction) -> Act[Any] | None:
        if one.op == "market":
            ticks: int | None = MOST_TICK if one.side is Side.BUY else 1
        else:
            ticks = self.market.ticks(one.price)
        if ticks is None:
            return None
        return self.book.place(self._order(one, one.side, ticks, one.time_in_force, one.expires))

    def _order(self, one: Instruction, side: Side, ticks: int, rule: TimeInForce, expires: int) -> Order:
        return Order(MARKET, ticks, side, one.quantity, expires, rule, self.market.self_trade, MOST_MAKERS, 0)

    # LOOKING

    def look(self) -> BookAt:
        """The whole book, as the contract's views show it."""
        now = self.ground.chain.block().timestamp
        return BookAt(self._levels(Side.BUY, now), self._levels(Side.SELL, now))

    def _look_after(self, last: int) -> BookAt:
        """As `look`, kept in the folder: what the book was like is not asked of a chain that has gone on since."""
        file = self.ground.journal.folder / CHECKPOINTS if self.ground.journal.folder else None
        if self.looked is None:
            known = file.read_bytes().split(b"\n") if file and file.exists() else []
            # What follows the last end of a line was being written when the run was stopped.
            self.looked = {after: BookAt(bids, asks) for after, bids, asks in map(orjson.loads, known[:-1])}
        if last in self.looked:
            return self.looked[last]
        book = self.look()
        if file:
            with file.open("ab") as out:
                out.write(orjson.dumps([last, book.bids, book.asks], option=orjson.OPT_APPEND_NEWLINE))
        return book

    def _levels(self, side: Side, now: int) -> list[Level]:
        most = LEVELS
        while True:
            ticks, tonnes = self.book.depth(MARKET, side, most)
            if len(ticks) < most:
                break
            most *= 2
        views = [self.book.ORDERS_AT.on(self.book.address, MARKET, side, tick, 0, QUEUE) for tick in ticks]
        levels: list[Level] = []
        for tick, wanted, first in zip(ticks, tonnes, self.ground.chain.read_many(views), strict=True):
            orders = list(zip(first.ids, first.orders, strict=True))
            at = QUEUE
            while sum(order.open for _, order in orders) < wanted:
                more = self.book.orders_at(MARKET, side, tick, at, QUEUE)
                orders += zip(more.ids, more.orders, strict=True)
                at += QUEUE
            alive = [(self.name_of[id_], order.open) for id_, order in orders if not 0 < order.expires <= now]
            if alive:
                levels.append((tick, alive))
        return levels


def _is_own_doing(event: Event) -> bool:
    """An order's own instruction made it smaller or took it back: it was not met."""
    return isinstance(event, OrderReduced) or (
        isinstance(event, OrderClosed) and event.reason is CloseReason.TAKEN_BACK
    )


def _levels(levels: Sequence[Level], market: MarketRules) -> list[dict[str, Any]]:
    return [
        {
            "price": market.price(tick),
            "quantity": sum(quantity for _, quantity in orders),
            "orders": [{"id": id_, "quantity": quantity} for id_, quantity in orders],
        }
        for tick, orders in levels
    ]
