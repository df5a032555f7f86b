"""Instructions through the order book: each is signed by its holder, and the book that is told is the chain's."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson

from carbon_sdk.actors.settlement_bank import SettlementBank
from carbon_sdk.audit.report import AuditReport
from carbon_sdk.chain.calls import Act, Event
from carbon_sdk.chain.catalogue import decode_log
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.enums import AccountKind, SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.events import OrderClosed, OrderPlaced, OrderReduced, SelfTradePrevented, Trade
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.structs import Order
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.scheme_file import SchemeRules
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import InstrumentId, OrderId, Side, keccak
from carbon_sdk.replay.accounts import Party, open_accounts
from carbon_sdk.replay.confirmation import confirm
from carbon_sdk.replay.conveyor import IN_FLIGHT, Keyed
from carbon_sdk.replay.ground import Ground, Tell, open_ground
from carbon_sdk.replay.holdings import open_holdings
from carbon_sdk.replay.journal import Journal, Landed
from carbon_sdk.replay.recorded_orders import MOST_TICK, Instruction, MarketRules, read_orders
from carbon_sdk.replay.source import MalformedCase, Source

TREASURY = "  issuing authority"
"""No account of a file has its name."""
BETWEEN_TICKS = "PriceBetweenTicks"
"""Why an instruction was rejected that no contract could be asked: its price is no whole number of ticks."""
MARKET = 1
MOST_MAKERS = 255
"""Makers that one transaction may meet; what is left of an order then goes on in a further one."""
GAS = 9_000_000
"""More than a transaction uses that meets so many; what is not used is not paid."""
DAY, LATEST_BIRTH = 86_400, 1_767_225_600
"""2026-01-01: where a case says nothing of time."""
MOST_MONEY = 2**96 - 1
NOWHERE = OrderId(MARKET << 104 | 1 << 64 | (2**32 - 1) << 32)
"""Where no order ever was: an order that is not in the book is asked for by this name."""
CHECKPOINTS = "checkpoints.jsonl"
LEVELS, QUEUE = 500, 500
"""What one view shows of the book."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be replayed, checked as a whole.

    Attributes:
        market: Its rules.
        instructions: In order.
        rules: The scheme, with a market as the case needs it.
        digest: Of all of it.
    """

    market: MarketRules
    instructions: Sequence[Instruction]
    rules: SchemeRules
    digest: bytes

    @property
    def instrument(self) -> InstrumentId:
        """What is traded."""
        return self.rules.instrument(self.rules.file.markets[0].instrument)

    @property
    def accounts(self) -> list[str]:
        """Everybody, in the order in which they first appear."""
        return list(dict.fromkeys(one.account for one in self.instructions if one.account))

    def openings(self) -> tuple[dict[str, int], dict[str, int]]:
        """Tonnes and smallest units of money by account: what all of its orders could cost together.

        Raises:
            MalformedCase: More than the ledger could hold.
        """
        units: dict[str, int] = defaultdict(int)
        money: dict[str, int] = defaultdict(int)
        side = {one.id: one.side for one in self.instructions if one.op in ("limit", "market")}
        prices = [one.price for one in self.instructions if one.op in ("limit", "replace")]
        highest = max(prices, default=Decimal(0))
        for one in self.instructions:
            if one.op not in ("limit", "market", "replace") or one.id not in side:
                continue
            if side[one.id] is Side.SELL:
                units[one.account] += one.quantity
            else:
                price = highest if one.op == "market" else one.price
                money[one.account] += int(price.scaleb(self.market.decimals)) * one.quantity
        if sum(money.values()) > MOST_MONEY or sum(units.values()) >= 2**64:
            raise MalformedCase("The orders together are worth more than the ledger can hold: give smaller quantities.")
        return units, money


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


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it.

    Attributes:
        case: That was replayed.
        trades: In order.
        book: At the end.
        rejections: In order.
        checkpoints: The book after so many instructions.
        gas: Of the instructions, whatever came of them; and of everything since the deployment.
        milliseconds: That this run spent on instructions; `sent` of them were sent in that time.
        sent: Transactions that this run sent.
        audit: The auditor's report.
    """

    case: Case
    trades: Sequence[Fill]
    book: BookAt
    rejections: Sequence[Rejection]
    checkpoints: Sequence[tuple[int, BookAt]]
    gas: Mapping[str, int]
    milliseconds: int
    sent: int
    audit: AuditReport

    def as_json(self, *, with_checkpoints: bool = False) -> dict[str, Any]:
        """The result in JSON's types; docs/replay.md says what each field is."""
        market = self.case.market
        content: dict[str, Any] = {
            "trades": [
                {"taker": one.taker, "maker": one.maker, "price": market.price(one.ticks), "quantity": one.quantity}
                for one in self.trades
            ],
            "book": self.book.as_json(market),
            "rejected": [{"id": one.instruction.id, "error": one.error} for one in self.rejections],
            "gas": dict(self.gas),
        }
        if with_checkpoints:
            content["checkpoints"] = [
                {"after": after, "book": book.as_json(market)} for after, book in self.checkpoints
            ]
        content["speed"] = {
            "instructions": self.sent,
            "milliseconds": self.milliseconds,
            "instructions_per_second": self.sent * 1000 // max(self.milliseconds, 1),
        }
        content["confirmed"] = self.audit.ok
        return content


def case_of(source: Source, base: SchemeRules) -> Case:
    """Read and check everything; nothing is sent.

    Args:
        source: The instructions.
        base: The scheme; its first market becomes the case's.

    Raises:
        MalformedCase: By its line.
    """
    market, instructions = read_orders(source)
    rules = _with_market(base, market)
    parts = (source.content, rules.digest, version("carbon-sdk").encode())
    case = Case(market, instructions, rules, sha256(b"".join(sha256(part).digest() for part in parts)).digest())
    case.openings()
    return case


def _with_market(base: SchemeRules, market: MarketRules) -> SchemeRules:
    """The scheme with money of enough decimals, and one market of the case's tick and lot over the widest band."""
    if not base.file.markets:
        raise InputError(f"The scheme {base.file.scheme.name} has no market. Name one that has.")
    decimals = max(market.decimals, base.file.money.decimals)
    tick = f"{market.book_tick:f}"
    table = base.file.markets[0].model_copy(
        update={
            "tick": tick,
            "lot": market.lot,
            "least_lots": 1,
            "taker_fee_per_lot": "0",
            "maker_fee_per_lot": "0",
            "calendar": None,
            "lowest_price": tick,
            "highest_price": f"{market.book_tick * MOST_TICK:f}",
        }
    )
    money = base.file.money.model_copy(update={"decimals": decimals})
    file = base.file.model_copy(update={"money": money, "markets": (table,)})
    return replace(base, file=file, digest=keccak(base.digest + f"{tick} {market.lot} {decimals}".encode()))


def replay(
    case: Case,
    tell: Tell,
    *,
    checkpoint: int = 0,
    folder: Path | None = None,
    rpc: str | None = None,
    payer: Signer | None = None,
) -> Replayed:
    """Run a case through the contracts.

    Args:
        case: What.
        tell: Told of progress, a line at a time.
        checkpoint: Look at the book after every so many instructions; 0: at the end only.
        folder: Keeps chain, journal and events, so that a run that was stopped goes on; None keeps nothing.
        rpc: Of a chain; None starts a fresh one, whose clock stands still but for `time`.
        payer: Pays for gas on a chain that is not local.

    Raises:
        InputError: The folder has another replay, nobody pays for gas, or a chain of others was to move its clock.
        ReplayStopped: The scheme does not allow what the case needs before the first instruction.
    """
    moments = [one.at for one in case.instructions if one.op == "time"]
    if rpc is not None and moments:
        raise InputError("The case moves the clock, which a chain of others does not. Run it without --rpc.")
    moments += [one.expires for one in case.instructions if one.expires]
    birth = max(min([*moments, LATEST_BIRTH + DAY]) - DAY, 1)
    journal = Journal.open(folder, case.digest)
    with open_ground(case.rules, journal, birth, tell, rpc=rpc, payer=payer) as ground:
        units, money = case.openings()
        kinds = [(name, AccountKind.TRADER) for name in case.accounts]
        until = max([*moments, ground.chain.block().timestamp])
        parties = open_accounts(ground, [*kinds, (TREASURY, AccountKind.GOVERNMENT)], until)
        treasury = parties.pop(TREASURY)
        holdings = {(name, case.instrument): tonnes for name, tonnes in units.items() if tonnes}
        open_holdings(ground, parties, treasury, holdings, [case.instrument], {})
        _deposit(ground, parties, money)
        if ground.conveyor.own:
            ground.chain.endpoint.request("anvil_setBlockTimestampInterval", 0)
        run = _Run(ground, case, parties, checkpoint)
        began = time.monotonic_ns()
        run.play()
        milliseconds = (time.monotonic_ns() - began) // 10**6
        book = run.look()
        rejections = sorted(run.rejections, key=lambda one: one.instruction.number)
        audit = confirm(ground)
        gas = {"total": run.gas, "with_openings": sum(one.gas_used for one in journal.done.values())}
        return Replayed(case, run.trades, book, rejections, run.checkpoints, gas, milliseconds, run.sent, audit)


def _deposit(ground: Ground, parties: Mapping[str, Party], money: Mapping[str, int]) -> None:
    bank = SettlementBank(ground.scheme, ground.officer(Role.SETTLEMENT_BANK))
    ground.conveyor.carry_alike(
        [
            Keyed(
                f"deposit {name}",
                bank.signer,
                bank.record_deposit.act(
                    parties[name].account, amount, keccak(b"deposit of the replay " + name.encode())
                ),
            )
            for name, amount in money.items()
            if amount
        ]
    )


@dataclass
class _Run:
    """The instructions of one run. Where an order rests is known from the events of its transactions."""

    ground: Ground
    case: Case
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
    now: int = 0
    gas: int = 0
    sent: int = 0

    def __post_init__(self) -> None:
        self.book = self.ground.scheme.contract(OrderBook)
        self.placed = {one.id: one for one in self.case.instructions if one.op in ("limit", "market")}
        # Places in a queue that are looked at and fill nothing: then quantity does not bound how many a walk meets.
        self.barren = self.case.market.self_trade is not SelfTrade.ALLOW or any(
            one.expires for one in self.case.instructions
        )
        self.now = self.ground.chain.block().timestamp

    # PLAYING

    def play(self) -> None:
        told = 0
        for batch in self._batches():
            if batch[0].op == "time":
                self._move_to(batch[0].at)
            elif batch[0].op == "replace":
                self._replace(batch[0])
            else:
                self._play(batch)
            last = batch[-1].number
            if self.checkpoint and last % self.checkpoint == 0:
                self.checkpoints.append((last, self._look_after(last)))
            if last - told >= 1_000:
                told = last
                self.ground.tell(f"{last:,} instructions, {len(self.trades):,} trades")
        self.ground.tell(
            f"{len(self.case.instructions):,} instructions, {len(self.trades):,} trades, "
            f"{len(self.rejections):,} rejected"
        )

    def _batches(self) -> Iterator[list[Instruction]]:
        """Instructions that go together: none refers to an order whose place in the book is not known before.

        The replay's own chain mines them in their order; elsewhere nobody promises that, so each goes alone. So does
        what may meet more orders than one transaction does. A checkpoint ends a batch.
        """
        batch: list[Instruction] = []
        most = IN_FLIGHT if self.ground.conveyor.own else 1
        for one in self.case.instructions:
            alone = one.op in ("time", "replace") or self._may_be_cut_off(one)
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
        return self.barren or one.quantity // self.case.market.lot >= MOST_MAKERS

    def _move_to(self, at: int) -> None:
        if at > self.ground.chain.block().timestamp:
            self.ground.chain.endpoint.request("evm_setNextBlockTimestamp", at)
        self.now = at

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

    def _replace(self, one: Instruction) -> None:
        """Smaller at its price an order keeps its place; otherwise it is taken back, and placed behind the others."""
        market = self.case.market
        place, ticks = self.place_of.get(one.id, NOWHERE), market.ticks(one.price)
        possible = ticks is not None and 0 < ticks <= MOST_TICK and one.quantity and not one.quantity % market.lot
        left = self.open.get(place, 0)
        if left and possible and ticks == place.tick and one.quantity <= left:
            if one.quantity < left:
                self._play([replace(one, op="reduce", quantity=left - one.quantity)])
            return
        old = self.placed.get(one.id)
        new = replace(one, op="limit", side=place.side, expires=old.expires if old else 0)
        if possible or not left:
            refused = len(self.rejections)
            self._play([replace(one, op="cancel")], " taken back")
            if len(self.rejections) > refused:
                return
        self._play([new])  # where it is impossible the book says why, and what rests is left as it is

    def _go_on(self, one: Instruction, met: list[Event]) -> None:
        """An order that met as many orders as one transaction may goes on with what is left of it."""
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
        return [event for event in events if not isinstance(event, OrderReduced)]

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
        return self._placing(one)

    def _placing(self, one: Instruction) -> Act[Any] | None:
        if one.op == "market":
            ticks: int | None = MOST_TICK if one.side is Side.BUY else 1
        else:
            ticks = self.case.market.ticks(one.price)
        if ticks is None:
            return None
        return self.book.place(self._order(one, one.side, ticks, one.time_in_force, one.expires))

    def _order(self, one: Instruction, side: Side, ticks: int, rule: TimeInForce, expires: int) -> Order:
        return Order(MARKET, ticks, side, one.quantity, expires, rule, self.case.market.self_trade, MOST_MAKERS, 0)

    # LOOKING

    def look(self) -> BookAt:
        """The whole book, as the contract's views show it."""
        return BookAt(self._levels(Side.BUY), self._levels(Side.SELL))

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

    def _levels(self, side: Side) -> list[Level]:
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
            alive = [(self.name_of[id_], order.open) for id_, order in orders if not 0 < order.expires <= self.now]
            if alive:
                levels.append((tick, alive))
        return levels


def _levels(levels: Sequence[Level], market: MarketRules) -> list[dict[str, Any]]:
    return [
        {
            "price": market.price(tick),
            "quantity": sum(quantity for _, quantity in orders),
            "orders": [{"id": id_, "quantity": quantity} for id_, quantity in orders],
        }
        for tick, orders in levels
    ]
