"""The events of a market of any size, as the chain would tell them: raw logs for a store, made without a chain.

Issues, deposits, transfers, orders, trades, pledges, surrenders, cancellations, forced transfers. The auditor's fold
finds nothing wrong with them; only the contracts are missing.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import chain as chained
from typing import Any

from eth_abi.abi import encode

from carbon_sdk.audit.decode import Abi, Decoders, signature_of, type_of
from carbon_sdk.audit.events import Header, RawLog
from carbon_sdk.audit.store import Cursor, Store
from carbon_sdk.audit.suite import suite_abis
from carbon_sdk.audit.vouchers import Voucher, VoucherKind
from carbon_sdk.identifiers import (
    ZERO_ADDRESS,
    Address,
    InstrumentClass,
    InstrumentId,
    OrderId,
    Side,
    address,
    keccak,
)

NAMES = ("InstrumentLedger", "OrderBook", "ComplianceDesk", "CashDesk", "AuthorityDesk", "VoucherBook")
AT = {name: address(keccak(name.encode())[12:]) for name in NAMES}
CONTRACTS: dict[Address, str] = {at: name for name, at in AT.items()}
CHAIN = 7
MONEY = InstrumentId.of(InstrumentClass.MONEY, 1, series=826)
SERIES = 100
SURRENDER, WITHDRAWAL, PLEDGE = 1, 2, 3
START = 1_700_000_000
_BLOCK_TIME = 12
_FORCED_TRANSFER = 2
_WORD = 32


class Market:
    """A made-up market: holdings that add up, a book in price-time order, vouchers that count."""

    def __init__(self, seed: int = 1, accounts: int = 400, instruments: int = 4, whale: int = 3) -> None:
        self._dice = random.Random(seed)
        self._events = _Encoder(suite_abis())
        self.accounts = [address(keccak(f"account {i}".encode())[12:]) for i in range(accounts)]
        self._busy = [*self.accounts, *self.accounts[: accounts // 10] * 6]  # some trade more than others
        self.instruments = [InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2021 + i) for i in range(instruments)]
        self.free: dict[tuple[Address, int], int] = {}
        self.issued: dict[int, int] = dict.fromkeys([*self.instruments, MONEY], 0)
        self._levels: dict[tuple[int, Side, int], deque[list[Any]]] = {}
        self._generations: dict[tuple[int, Side, int], tuple[int, int]] = {}
        self._bound: list[tuple[Address, int, int, int, int]] = []
        self._vouchers = dict.fromkeys([*range(1, instruments + 1), SERIES], 0)
        self._of_day: dict[int, tuple[int, int]] = {}
        self._number = 0
        self._acts_ordered = 0
        self._now = START
        self._whale = whale

    def opening(self) -> Iterator[list[tuple[str, str, dict[str, Any]]]]:
        """What a deployment tells, then money and units for everybody."""
        yield [
            (
                "VoucherBook",
                "CodingRulesSet",
                {
                    "version": 1,
                    "rules": (b"UK".ljust(8, b"\0"), b"TSCA", 0, 0),
                },
            )
        ]
        for instrument in (MONEY, *self.instruments):
            yield [("InstrumentLedger", "InstrumentDefined", {"instrument": instrument, "validUntil": 0, "terms": 1})]
        for number, instrument in enumerate(self.instruments, 1):
            terms = (instrument, 5, 2, 10, 1, 3, 2, 80, 120)
            yield [("OrderBook", "MarketOpened", {"market": number, "instrument": instrument, "terms": terms})]
        setup = (1, SERIES, 0)
        yield [("ComplianceDesk", "DeskSetUp", {"setup": setup})]
        for series in self._vouchers:
            issuer = AT["ComplianceDesk" if series == SERIES else "OrderBook"]
            yield [("VoucherBook", "SeriesRegistered", {"series": series, "issuer": issuer, "kinds": 15})]
        for account in self.accounts:
            yield self._deposit(account, 10**12)
            for instrument in self.instruments:
                yield self._issue(account, instrument, 3_000)

    def act(self, now: int) -> list[tuple[str, str, dict[str, Any]]]:
        """The events of one transaction at a time; none where the dice ask for what cannot be."""
        self._now = now
        kind = self._dice.choices(list(_ACTS), _WEIGHTS)[0]
        found: list[tuple[str, str, dict[str, Any]]] = getattr(self, f"_{kind}_at_random")()
        return found

    # WHAT HAPPENS

    def _issue_at_random(self) -> list[Any]:
        return self._issue(self._anybody(), self._dice.choice(self.instruments), self._dice.randint(100, 20_000))

    def _deposit_at_random(self) -> list[Any]:
        return self._deposit(self._anybody(), self._dice.randint(10_000, 10**9))

    def _transfer_at_random(self) -> list[Any]:
        sender, instrument = self._anybody(), self._dice.choice(self.instruments)
        receiver = self.accounts[0] if self._dice.randrange(10) < self._whale else self._anybody()
        return self._transfer(sender, receiver, instrument, self._part_of(sender, instrument))

    def _force_at_random(self) -> list[Any]:
        sender, receiver, instrument = self._anybody(), self._anybody(), self._dice.choice(self.instruments)
        moved = self._transfer(sender, receiver, instrument, self._part_of(sender, instrument))
        if not moved:
            return []
        args = moved[0][2]
        forced = {"from": sender, "to": receiver, "tokenId": instrument, "amount": args["value"]}
        self._acts_ordered += 1
        officer, confirms = self.accounts[:2]  # any two addresses
        ordered = {
            "id": self._acts_ordered,
            "from": sender,
            "to": receiver,
            "kind": _FORCED_TRANSFER,
            "instrument": instrument,
            "quantity": args["value"],
            "replaced": 0,
            "reverses": 0,
            "officer": officer,
            "confirmBy": 2**40 - 1,
            "bindings": (),
            "warrant": (b"\1" * 32, b"\2" * 32, "a court says so"),
        }
        return [
            ("AuthorityDesk", "ActOrdered", ordered),
            ("AuthorityDesk", "ActDone", {"id": self._acts_ordered, "confirmedBy": confirms}),
            *moved,
            ("InstrumentLedger", "ForcedTransfer", forced),
        ]

    def _offer_at_random(self) -> list[Any]:
        return self._place(self._anybody(), Side.SELL)

    def _bid_at_random(self) -> list[Any]:
        return self._place(self._anybody(), Side.BUY)

    def _buy_at_random(self) -> list[Any]:
        return self._take(self._anybody(), Side.SELL)

    def _sell_at_random(self) -> list[Any]:
        return self._take(self._anybody(), Side.BUY)

    def _take_back_at_random(self) -> list[Any]:
        keys = [key for key, level in self._levels.items() if level]
        if not keys:
            return []
        key = self._dice.choice(keys)
        order, account, quantity = level = self._levels[key][-1]
        instrument, held = self._holds(OrderId(order), quantity)
        self._levels[key].remove(level)
        self._emptied(key)
        self._add(account, instrument, held)
        return [
            self._moved(AT["OrderBook"], account, instrument, held),
            ("OrderBook", "OrderClosed", {"id": order, "account": account, "open": quantity, "reason": 1}),
        ]

    def _pledge_at_random(self) -> list[Any]:
        return self._bind(PLEDGE)

    def _apply_at_random(self) -> list[Any]:
        bound = self._bind(SURRENDER)
        if not bound:
            return []
        args = bound[0][2]
        account, quantity = args["account"], args["quantity"]
        applied = {
            "id": args["cause"],
            "account": account,
            "key": account,
            "instruments": (args["instrument"],),
            "quantities": (quantity,),
        }
        examined = {"id": args["cause"], "year": 2026, "findings": 0, "opinion": 0}
        return [
            ("ComplianceDesk", "SurrenderApplied", applied),
            ("ComplianceDesk", "SurrenderExamined", examined),
            *bound,
        ]

    def _decide_at_random(self) -> list[Any]:
        """Of what is bound: surrendered, released, or foreclosed."""
        if not self._bound:
            return []
        at = self._dice.randrange(len(self._bound))
        self._bound[at], self._bound[-1] = self._bound[-1], self._bound[at]
        account, instrument, reason, cause, quantity = self._bound.pop()
        args = {"account": account, "instrument": instrument, "reason": reason, "quantity": quantity, "cause": cause}
        if reason == SURRENDER and self._dice.random() < 0.9:
            return [
                ("ComplianceDesk", "SurrenderApproved", {"id": cause, "account": account, "tonnes": quantity}),
                self._voucher(VoucherKind.SURRENDER, account, instrument, quantity, cause),
                ("InstrumentLedger", "Released", args),
                *self._ended(account, instrument, quantity, cause),
            ]
        if reason == PLEDGE and self._dice.random() < 0.2:
            receiver = self._anybody()
            self._add(receiver, instrument, quantity)
            moved = {**args, "from": account, "to": receiver}
            del moved["account"]
            return [
                ("InstrumentLedger", "EncumberedMoved", moved),
                self._moved(account, receiver, instrument, quantity),
            ]
        self._add(account, instrument, quantity)
        if reason == SURRENDER:
            why = self._next() << 128
            return [
                ("ComplianceDesk", "SurrenderRejected", {"id": cause, "account": account, "reason": why}),
                ("InstrumentLedger", "Released", {**args, "cause": why}),
            ]
        return [("InstrumentLedger", "Released", args)]

    def _cancel_at_random(self) -> list[Any]:
        account, instrument = self._anybody(), self._dice.choice(self.instruments)
        quantity = self._part_of(account, instrument)
        if not quantity:
            return []
        self._add(account, instrument, -quantity)
        beneficiary, purpose = keccak(b"who" + self._next().to_bytes(8, "big")), keccak(b"why")
        cause = int.from_bytes(keccak(beneficiary + purpose + (2026).to_bytes(32, "big")), "big")
        args = {"account": account, "instrument": instrument, "quantity": quantity}
        return [
            *self._ended(account, instrument, quantity, cause),
            (
                "ComplianceDesk",
                "VoluntarilyCancelled",
                {
                    **args,
                    "beneficiary": int.from_bytes(beneficiary, "big"),
                    "purpose": int.from_bytes(purpose, "big"),
                    "year": 2026,
                },
            ),
            self._voucher(VoucherKind.CANCELLATION, account, instrument, quantity, cause),
        ]

    # PARTS OF IT

    def _issue(self, account: Address, instrument: int, quantity: int) -> list[Any]:
        first = self.issued[instrument] + 1
        self.issued[instrument] += quantity
        self._add(account, instrument, quantity)
        args = {"instrument": instrument, "account": account, "firstSerial": first, "quantity": quantity}
        return [
            ("InstrumentLedger", "UnitsIssued", {**args, "cause": self._next() << 128}),
            self._moved(ZERO_ADDRESS, account, instrument, quantity),
        ]

    def _deposit(self, account: Address, amount: int) -> list[Any]:
        issued = self._issue(account, MONEY, amount)
        reference = issued[0][2]["cause"]
        told = {"instrument": MONEY, "account": account, "amount": amount, "bankReference": reference}
        return [("CashDesk", "DepositRecorded", told), *issued]

    def _transfer(self, sender: Address, receiver: Address, instrument: int, quantity: int) -> list[Any]:
        if not quantity or sender == receiver:
            return []
        self._add(sender, instrument, -quantity)
        self._add(receiver, instrument, quantity)
        return [self._moved(sender, receiver, instrument, quantity)]

    def _bind(self, reason: int) -> list[Any]:
        account, instrument = self._anybody(), self._dice.choice(self.instruments)
        quantity, cause = self._part_of(account, instrument), self._next()
        if not quantity:
            return []
        self._add(account, instrument, -quantity)
        self._bound.append((account, instrument, reason, cause, quantity))
        args = {"account": account, "instrument": instrument, "reason": reason, "quantity": quantity, "cause": cause}
        return [("InstrumentLedger", "Encumbered", args)]

    def _ended(self, account: Address, instrument: int, quantity: int, cause: int) -> list[Any]:
        args = {"instrument": instrument, "account": account, "quantity": quantity, "cause": cause}
        return [
            ("InstrumentLedger", "UnitsCancelled", args),
            self._moved(account, ZERO_ADDRESS, instrument, quantity),
        ]

    def _place(self, account: Address, side: Side) -> list[Any]:
        market = self._dice.randrange(len(self.instruments)) + 1
        tick = self._dice.randint(101, 110) if side is Side.SELL else self._dice.randint(90, 99)
        quantity = 10 * self._dice.randint(1, 40)
        key = (market, side, tick)
        generation, index = self._generations.get(key, (0, 0))
        order = OrderId.of(market, side, tick, generation, index)
        instrument, held = self._holds(order, quantity)
        if self.free.get((account, instrument), 0) < held:
            return []
        self._add(account, instrument, -held)
        self._levels.setdefault(key, deque()).append([order, account, quantity])
        self._generations[key] = (generation, index + 1)
        return [
            self._moved(account, AT["OrderBook"], instrument, held),
            ("OrderBook", "OrderPlaced", {"id": order, "account": account, "quantity": quantity, "expires": 0}),
        ]

    def _take(self, taker: Address, side: Side) -> list[Any]:
        """Meet resting orders of `side`, the best first."""
        market = self._dice.randrange(len(self.instruments)) + 1
        instrument, book = self.instruments[market - 1], AT["OrderBook"]
        ticks = range(101, 111) if side is Side.SELL else range(99, 89, -1)
        wanted = 10 * self._dice.randint(1, 60)
        if side is Side.BUY and self.free.get((taker, instrument), 0) < wanted:
            return []
        moves: list[Any] = []
        trades: list[Any] = []
        taken = money = 0
        for tick in ticks:
            key = (market, side, tick)
            level = self._levels.get(key, ())
            while level and taken < wanted and len(trades) < 20:
                order, maker, quantity = level[0]
                if maker == taker:
                    break
                fill = min(quantity, wanted - taken)
                cost = fill * tick * 500
                taken, money = taken + fill, money + cost
                level[0][2] -= fill
                if not level[0][2]:
                    level.popleft()
                    self._emptied(key)
                got = (MONEY, cost - fill // 10 * 200) if side is Side.SELL else (instrument, fill)
                self._add(maker, *got)
                moves.append(self._moved(taker, maker, *got))
                trades.append(self._trade(order, maker, taker, fill, market))
            if taken == wanted or (level and level[0][1] == taker):
                break
        if not trades:
            return []
        paid = sum(args["value"] for _, _, args in moves)
        if side is Side.SELL:
            debit = money + taken // 10 * 300
            self._add(taker, MONEY, -debit)
            self._add(taker, instrument, taken)
            moves.append(self._moved(taker, book, MONEY, debit - paid))
            moves.append(self._moved(book, taker, instrument, taken))
        else:
            self._add(taker, instrument, -taken)
            self._add(taker, MONEY, money - taken // 10 * 300)
            moves.append(self._moved(book, taker, MONEY, money - taken // 10 * 300))
        return [*moves, *trades]

    def _trade(self, order: int, maker: Address, taker: Address, quantity: int, market: int) -> Any:
        index, of_day = self._counted(market)
        args = {"maker": order, "makerAccount": maker, "taker": taker, "quantity": quantity}
        return ("OrderBook", "Trade", {**args, "voucher": index, "orderOfDay": of_day})

    def _voucher(self, kind: VoucherKind, account: Address, instrument: int, quantity: int, reference: int) -> Any:
        index, of_day = self._counted(SERIES)
        what = InstrumentId(instrument)
        made = Voucher(
            kind, SERIES, index, of_day, self._now, what, quantity, 0, account, ZERO_ADDRESS, reference
        )  # fmt: skip
        leaf = int.from_bytes(made.leaf(), "big")
        return (
            "ComplianceDesk",
            "VoucherIssued",
            {"series": SERIES, "index": index, "orderOfDay": of_day, "leaf": leaf},
        )

    def _counted(self, series: int) -> tuple[int, int]:
        index = self._vouchers[series]
        self._vouchers[series] = index + 1
        day, of_day = self._of_day.get(series, (0, 0))
        today = self._now // 86_400
        of_day = of_day + 1 if day == today else 1
        self._of_day[series] = (today, of_day)
        return index, of_day

    def _holds(self, order: OrderId, quantity: int) -> tuple[int, int]:
        if order.side is Side.SELL:
            return self.instruments[order.market - 1], quantity
        return MONEY, quantity * order.tick * 500 + quantity // 10 * 200

    def _emptied(self, key: tuple[int, Side, int]) -> None:
        if not self._levels[key]:
            generation, _ = self._generations[key]
            self._generations[key] = (generation + 1, 0)

    def _moved(self, sender: Address, receiver: Address, instrument: int, quantity: int) -> Any:
        args = {"operator": AT["CashDesk"], "from": sender, "to": receiver, "id": instrument, "value": quantity}
        return ("InstrumentLedger", "TransferSingle", args)

    def _add(self, account: Address, instrument: int, by: int) -> None:
        self.free[account, instrument] = self.free.get((account, instrument), 0) + by

    def _part_of(self, account: Address, instrument: int) -> int:
        return min(self.free.get((account, instrument), 0), self._dice.choice((7, 20, 50, 130, 400)))

    def _anybody(self) -> Address:
        return self._dice.choice(self._busy)

    def _next(self) -> int:
        self._number += 1
        return self._number

    # RAW LOGS

    def encoded(self, contract: str, event: str, args: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
        """Address, topics and data."""
        return self._events.encoded(contract, event, args)


_ACTS = {
    "issue": 0.5,
    "deposit": 2,
    "transfer": 22,
    "force": 0.3,
    "offer": 16,
    "bid": 12,
    "buy": 12,
    "sell": 9,
    "take_back": 6,
    "pledge": 4,
    "apply": 4,
    "decide": 7,
    "cancel": 2,
}
_WEIGHTS = list(_ACTS.values())


class _Encoder:
    """Events into topics and data, by the ABI."""

    def __init__(self, abis: dict[str, Abi]) -> None:
        self._known = {
            (contract, item["name"]): (keccak(signature_of(item).encode()), item["inputs"])
            for contract in NAMES
            for item in abis[contract]
            if item["type"] == "event"
        }
        self._at = {name: bytes.fromhex(at[2:]) for name, at in AT.items()}

    def encoded(self, contract: str, event: str, args: dict[str, Any]) -> tuple[bytes, bytes, bytes]:
        topic, inputs = self._known[contract, event]
        topics = [topic]
        words: list[bytes] = []
        rest: list[Any] = []
        for part in inputs:
            value = args[part["name"]]
            if part["indexed"]:
                topics.append(_word(value))
            elif isinstance(value, (int, str)) and part["type"] != "string":
                words.append(_word(value))
            else:
                rest.append(part)
        if rest:
            plain = [part for part in inputs if not part["indexed"]]
            data = encode([type_of(part) for part in plain], [args[part["name"]] for part in plain])
        else:
            data = b"".join(words)
        return self._at[contract], b"".join(topics), data


def _word(value: int | str) -> bytes:
    return bytes.fromhex(value[2:]).rjust(_WORD, b"\0") if isinstance(value, str) else value.to_bytes(_WORD, "big")


def blocks_of(market: Market, events: int, per_block: int = 60) -> Iterator[tuple[Header, list[RawLog]]]:
    """Blocks with at least so many events in all."""
    made, number, parent = 0, 0, bytes(_WORD)
    opening = market.opening()
    while made < events:
        number += 1
        timestamp = START + number * _BLOCK_TIME
        logs: list[RawLog] = []
        for place in range(per_block):
            told = next(opening, None)
            if told is None:
                told = market.act(timestamp)
            transaction = keccak(number.to_bytes(8, "big") + place.to_bytes(8, "big"))
            for contract, event, args in told:
                logs.append(RawLog(number, len(logs), place, transaction, *market.encoded(contract, event, args)))
        made += len(logs)
        header = Header(number, keccak(b"block" + number.to_bytes(8, "big")), parent, timestamp)
        parent = header.hash
        yield header, logs


def fill(store: Store, market: Market, events: int, per_block: int = 60) -> int:
    """Write the events of a market into a store, by its decoders. Returns how many."""
    contracts = {bytes.fromhex(at[2:]): name for at, name in CONTRACTS.items()}
    written, waiting = 0, []
    for block in chained(blocks_of(market, events, per_block), [None]):
        if block is not None:
            waiting.append(block)
        if waiting and (block is None or len(waiting) == 50):
            written += _append(store, waiting, contracts)
            waiting = []
    return written


def _append(store: Store, waiting: Sequence[tuple[Header, list[RawLog]]], contracts: dict[bytes, str]) -> int:
    headers = [header for header, _ in waiting]
    logs = [log for _, some in waiting for log in some]
    last = headers[-1]
    cursor = Cursor(1, last.number, last.hash, max(0, last.number - 32), max(0, last.number - 64))
    return store.append(CHAIN, headers, logs, contracts, cursor)


def new_store(where: str) -> Store:
    """A store with the suite's decoders."""
    return Store(where, Decoders(suite_abis()))
