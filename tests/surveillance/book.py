"""A plain book of one market, and what the contracts would tell of it: instructions for a replay, logs for a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from eth_abi.abi import encode

from carbon_sdk.audit.decode import Decoders, signature_of, type_of
from carbon_sdk.audit.events import Header, RawLog
from carbon_sdk.audit.store import Cursor, Store, addresses
from carbon_sdk.audit.suite import suite_abis
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, OrderId, Side, address, keccak

CHAIN, MARKET, TICK_UNITS = 31337, 1, 1
UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 999, 2026)
MONEY = InstrumentId.of(InstrumentClass.MONEY, 999, series=963)
BOOK, LEDGER = (address(keccak(name.encode())[12:]) for name in ("book", "ledger"))
CONTRACTS = {BOOK: "OrderBook", LEDGER: "InstrumentLedger"}


@dataclass(slots=True, eq=False)
class Order:
    name: str
    account: str
    side: Side
    tick: int
    quantity: int
    at: int
    left: int
    id: OrderId = field(default=OrderId(0))


@dataclass(slots=True)
class Fill:
    maker: Order
    taker: str
    quantity: int
    at: int


class PlainMarket:
    """Price, then time; whoever places is told what it met."""

    def __init__(self) -> None:
        self.levels: dict[Side, dict[int, list[Order]]] = {Side.BUY: {}, Side.SELL: {}}
        self.generations: dict[tuple[Side, int], tuple[int, int]] = {}

    def best(self, side: Side) -> int:
        levels = self.levels[side]
        if not levels:
            return 0
        return max(levels) if side is Side.BUY else min(levels)

    def meet(self, account: str, side: Side, tick: int, quantity: int, at: int) -> list[Fill]:
        other = Side.SELL if side is Side.BUY else Side.BUY
        fills = []
        while quantity:
            best = self.best(other)
            if not best or (best > tick if side is Side.BUY else best < tick):
                break
            maker = self.levels[other][best][0]
            met = min(quantity, maker.left)
            quantity -= met
            self.shrink(maker, met)
            fills.append(Fill(maker, account, met, at))
        return fills

    def rest(self, order: Order) -> None:
        generation, index = self.generations.get((order.side, order.tick), (0, 0))
        order.id = OrderId.of(MARKET, order.side, order.tick, generation, index)
        self.generations[order.side, order.tick] = (generation, index + 1)
        self.levels[order.side].setdefault(order.tick, []).append(order)

    def shrink(self, order: Order, by: int) -> None:
        order.left -= by
        if order.left:
            return
        level = self.levels[order.side][order.tick]
        level.remove(order)
        if not level:
            del self.levels[order.side][order.tick]
            self.generations[order.side, order.tick] = (order.id.generation + 1, 0)


def account_of(name: str) -> Address:
    return address(keccak(b"account of " + name.encode())[12:])


class Logs:
    """Logs as the contracts write them, a block a moment, a transaction an instruction."""

    def __init__(self) -> None:
        self._items = {
            (contract, item["name"]): item
            for contract in ("OrderBook", "InstrumentLedger")
            for item in suite_abis()[contract]
            if item["type"] == "event"
        }
        self.headers: list[Header] = []
        self.raw: list[RawLog] = []
        self._transaction = 0
        self._log = 0

    def begin(self, at: int) -> None:
        """The next transaction."""
        if not self.headers or self.headers[-1].timestamp != at:
            number = len(self.headers) + 1
            parent = self.headers[-1].hash if self.headers else bytes(32)
            self.headers.append(Header(number, sha256(b"block %d" % number).digest(), parent, at))
            self._transaction = self._log = 0
        self._transaction += 1

    def tell(self, contract: str, name: str, **args: Any) -> None:
        item = self._items[contract, name]
        topics = keccak(signature_of(item).encode())
        types, values = [], []
        for part in item["inputs"]:
            kind, value = type_of(part), _plain(part, args[part["name"]])
            if part["indexed"]:
                topics += encode([kind], [value])
            else:
                types.append(kind)
                values.append(value)
        number = self.headers[-1].number
        transaction = sha256(b"%d/%d" % (number, self._transaction)).digest()
        at = bytes.fromhex((BOOK if contract == "OrderBook" else LEDGER)[2:])
        data = encode(types, values)
        self.raw.append(RawLog(number, self._log, self._transaction - 1, transaction, at, topics, data))
        self._log += 1

    def moved(self, sender: Address, receiver: Address, quantity: int, instrument: int = UNITS) -> None:
        said = {"operator": BOOK, "from": sender, "to": receiver, "id": int(instrument), "value": quantity}
        self.tell("InstrumentLedger", "TransferSingle", **said)

    def store(self, where: str) -> Store:
        store = Store(where, Decoders(suite_abis()))
        last = self.headers[-1]
        cursor = Cursor(1, last.number, last.hash, last.number, last.number)
        store.append(CHAIN, self.headers, self.raw, addresses(CONTRACTS), cursor)
        return store


def _plain(part: Mapping[str, Any], value: Any) -> Any:
    """A struct's fields that were not given are nothing."""
    if part["type"] != "tuple":
        return value
    return tuple(_plain(inner, value.get(inner["name"], 0)) for inner in part["components"])


def open_floor(
    logs: Logs, at: int, kinds: Mapping[str, int], owners: Mapping[str, int], units: Mapping[str, int]
) -> None:
    """Accounts, what they begin with, and the market."""
    logs.begin(at)
    for instrument in (MONEY, UNITS):
        logs.tell("InstrumentLedger", "InstrumentDefined", instrument=int(instrument), validUntil=0, terms=bytes(32))
    terms = {"instrument": int(UNITS), "tickMantissa": 1, "lot": 1, "leastLots": 1, "lowest": 1, "highest": 2**20 - 1}
    logs.tell("OrderBook", "MarketOpened", market=MARKET, instrument=int(UNITS), terms=terms)
    for name, kind in kinds.items():
        said = {"status": 1, "kind": kind, "owner": owners.get(name, 0), "certificateUntil": 2**40 - 1}
        logs.tell("InstrumentLedger", "EligibilityChanged", account=account_of(name), eligibility=said)
    for name, tonnes in units.items():
        logs.moved(ZERO_ADDRESS, account_of(name), tonnes)
