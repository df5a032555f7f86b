"""Lines of accounts: everything that changes what an account owns, with its reference and what is owned afterwards.

What an account owns of an instrument is what it holds and what its orders hold: placing an order moves nothing away, a
trade does. The chain tells movements between addresses first and says afterwards what they were for, so that the lines
of a transaction are written when it ends. What no event explains becomes a line of its own, so that lines always add up
to what the contracts have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.serials import ENDS, VOUCHED, Places, is_unit
from carbon_sdk.audit.setting import Setting, bound_for, reference_of
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, OrderId, Side

FROZEN = 255
"""Stands beside the reasons of the ledger for what the authority froze."""


class Line(NamedTuple):
    """One entry of an account."""

    position: Position
    timestamp: int
    account: Address
    instrument: int
    act: str
    """issued, deposited, transferred, forced, bought, sold, paid, received, fee, fees collected, surrendered,
    converted, lapsed, exported, cancelled, withdrawn, other; ordered and returned, which change nothing of it."""
    quantity: int
    """Change of what it owns: whole tonnes, or the smallest unit of money."""
    counterparty: Address | None
    reference: str
    balance: int
    """What it owns after this line."""
    in_orders: int
    """Of which orders hold so much when the transaction is over."""


class BoundLine(NamedTuple):
    """One change of what is bound of a holding."""

    position: Position
    timestamp: int
    account: Address
    instrument: int
    reason: int
    """As the ledger numbers them, or FROZEN."""
    quantity: int
    reference: str
    after: int


class Owned(NamedTuple):
    """What an account owns of an instrument, and how much of it is in orders."""

    total: int = 0
    in_orders: int = 0


@dataclass(slots=True)
class _Move:
    position: Position
    sender: Address
    receiver: Address
    instrument: int
    value: int
    act: str = "transferred"
    reference: str = ""


class _Entry(NamedTuple):
    position: Position
    account: Address
    instrument: int
    act: str
    quantity: int
    counterparty: Address | None
    reference: str


OwnedAt = tuple[Address, int]
BoundAt = tuple[Address, int, int]


def _nothing() -> Places[OwnedAt, Owned]:
    return Places(lambda _: Owned())


def _unbound() -> Places[BoundAt, int]:
    return Places(lambda _: 0)


@dataclass(slots=True)
class Accounts:
    """Turns events into lines, transaction by transaction.

    Attributes:
        setting: Markets, the book, codes.
        owned: By account and instrument.
        bound: By account, instrument and reason.
    """

    setting: Setting
    owned: Places[OwnedAt, Owned] = field(default_factory=_nothing)
    bound: Places[BoundAt, int] = field(default_factory=_unbound)
    _timestamp: int = 0
    _moves: list[_Move] = field(default_factory=list)
    _entries: list[_Entry] = field(default_factory=list)
    _in_orders: dict[OwnedAt, int] = field(default_factory=lambda: defaultdict(int))
    _bounds: list[BoundLine] = field(default_factory=list)
    _vouchers: list[Callable[[int, bool], str]] = field(default_factory=list)
    _because: str = ""
    _next: tuple[str, str] | None = None
    """Act and reference of the movement that follows."""
    _released: tuple[Address, int, bytes, int] | None = None
    _trades: list[tuple[Event, str]] = field(default_factory=list)

    def apply(self, event: Event) -> None:
        """Take one event; others than those of units and money change nothing."""
        rule = _RULES.get((event.contract, event.name))
        if rule:
            self._timestamp = event.timestamp
            rule(self, event)

    def end_transaction(self) -> tuple[list[Line], list[BoundLine]]:
        """The lines of the transaction that is over."""
        if not (self._moves or self._entries or self._bounds or self._in_orders or self._trades):
            self._forget()
            return [], []
        self._refer()
        actual: dict[OwnedAt, int] = defaultdict(int)
        book = self.setting.book
        for move in self._moves:
            if move.sender not in (book, ZERO_ADDRESS):
                actual[move.sender, move.instrument] -= move.value
            if move.receiver not in (book, ZERO_ADDRESS):
                actual[move.receiver, move.instrument] += move.value
        for event, reference in self._trades:
            (self._settle_pair if event.name == "AuctionTrade" else self._settle)(event, reference)
        for key, by in self._in_orders.items():
            actual[key] += by
        for move in self._moves:
            if book in (move.sender, move.receiver) or move.sender == move.receiver:
                continue
            sender, receiver = (None if one == ZERO_ADDRESS else one for one in (move.sender, move.receiver))
            rest = (move.act, move.reference)
            if sender:
                self._enter(move.position, sender, move.instrument, rest[0], -move.value, receiver, rest[1])
            if receiver:
                self._enter(move.position, receiver, move.instrument, rest[0], move.value, sender, rest[1])
        lines = self._lines(actual)
        bounds = self._bounds
        self._forget()
        return lines, bounds

    # INSIDE

    def _forget(self) -> None:
        self._moves, self._entries, self._bounds, self._trades = [], [], [], []
        self._in_orders = defaultdict(int)
        self._vouchers = []
        self._because, self._next, self._released = "", None, None

    def _lines(self, actual: dict[OwnedAt, int]) -> list[Line]:
        told: dict[OwnedAt, int] = defaultdict(int)
        for entry in self._entries:
            told[entry.account, entry.instrument] += entry.quantity
        for key, by in actual.items():
            if by != told.get(key, 0):
                last = max(move.position for move in self._moves) if self._moves else self._entries[-1].position
                self._enter(last, *key, "other", by - told.get(key, 0), None, "")
        after = {
            key: self.owned[key].in_orders + self._in_orders.get(key, 0) for key in {*told, *actual, *self._in_orders}
        }
        lines = []
        for entry in sorted(self._entries, key=lambda one: one.position.log_index):
            key = (entry.account, entry.instrument)
            now = Owned(self.owned[key].total + entry.quantity, after.get(key, 0))
            self.owned[key] = now
            lines.append(
                Line(
                    entry.position,
                    self._timestamp,
                    entry.account,
                    entry.instrument,
                    entry.act,
                    entry.quantity,
                    entry.counterparty,
                    entry.reference,
                    now.total,
                    now.in_orders,
                )
            )
        return lines

    def _refer(self) -> None:
        """Give references that were told apart from the movements themselves."""
        ended = [move for move in self._moves if move.receiver == ZERO_ADDRESS and move.act in VOUCHED]
        for move, code_of in zip(ended, self._vouchers, strict=False):
            move.reference += f", voucher {code_of(move.instrument, move.act == 'surrendered')}"
        issued = {move.reference for move in self._moves if move.act == "issued"}
        for move in self._moves:
            if move.act == "converted" and move.reference not in issued:
                move.act = "lapsed"
        if self._because:
            for move in self._moves:
                if move.act == "forced":
                    move.reference = self._because

    def _settle(self, event: Event, reference: str) -> None:
        """A trade's lines for both sides, in units, money and fees."""
        args = event.args
        order = OrderId(args["maker"])
        terms = self.setting.markets[order.market]
        maker, taker, quantity = args["makerAccount"], args["taker"], args["quantity"]
        money, instrument = self.setting.main_money, terms.instrument
        cost = quantity * order.tick * terms.tick_size
        maker_fee, taker_fee = terms.fee(terms.maker_fee, quantity), terms.fee(terms.taker_fee, quantity)
        maker_sells = order.side is Side.SELL
        held = instrument if maker_sells else money
        self._in_orders[maker, held] -= terms.escrow(order, quantity)
        paid = (taker, maker, money, cost - maker_fee) if maker_sells else (taker, maker, instrument, quantity)
        self._explain(*paid)
        seller, buyer = (maker, taker) if maker_sells else (taker, maker)
        fee_of = {maker: maker_fee} if maker == taker else {maker: maker_fee, taker: taker_fee}
        at = event.position
        self._enter(at, seller, instrument, "sold", -quantity, buyer, reference)
        self._enter(at, buyer, instrument, "bought", quantity, seller, reference)
        self._enter(at, buyer, money, "paid", -cost, seller, reference)
        self._enter(at, seller, money, "received", cost, buyer, reference)
        if maker == taker:
            fee_of[maker] += taker_fee
        for account, fee in fee_of.items():
            if fee:
                self._enter(at, account, money, "fee", -fee, None, reference)

    def _settle_pair(self, event: Event, reference: str) -> None:
        """As `_settle`, of two orders that met in an auction: the book gives both sides what they get."""
        args = event.args
        bid, ask, seller, buyer = OrderId(args["bid"]), OrderId(args["ask"]), args["seller"], args["buyer"]
        terms, quantity = self.setting.markets[args["market"]], args["quantity"]
        money, instrument, at = self.setting.main_money, terms.instrument, event.position
        cost, fee = quantity * args["tick"] * terms.tick_size, terms.fee(terms.maker_fee, quantity)
        self._in_orders[seller, instrument] -= terms.escrow(ask, quantity)
        self._in_orders[buyer, money] -= terms.escrow(bid, quantity)
        self._enter(at, seller, instrument, "sold", -quantity, buyer, reference)
        self._enter(at, buyer, instrument, "bought", quantity, seller, reference)
        self._enter(at, buyer, money, "paid", -cost, seller, reference)
        self._enter(at, seller, money, "received", cost, buyer, reference)
        for account in (seller, buyer):
            if fee:
                self._enter(at, account, money, "fee", -fee, None, reference)

    def _explain(self, sender: Address, receiver: Address, instrument: int, value: int) -> None:
        """A movement that a trade's own lines tell."""
        for i, move in enumerate(self._moves):
            if (move.sender, move.receiver, move.instrument, move.value) == (sender, receiver, instrument, value):
                del self._moves[i]
                return

    def _enter(
        self,
        position: Position,
        account: Address,
        instrument: int,
        act: str,
        quantity: int,
        counterparty: Address | None,
        reference: str,
    ) -> None:
        self._entries.append(_Entry(position, account, instrument, act, quantity, counterparty, reference))

    def _move(self, event: Event, instrument: int, value: int) -> None:
        args = event.args
        act, reference = self._next or ("transferred", "")
        self._next = None
        if value:
            self._moves.append(_Move(event.position, args["from"], args["to"], instrument, value, act, reference))

    def _order(self, event: Event, number: int, quantity: int, act: str, sign: int) -> None:
        order = OrderId(number)
        terms = self.setting.markets.get(order.market)
        if terms is None or not quantity:
            return
        instrument = terms.instrument if order.side is Side.SELL else self.setting.main_money
        account, amount = event.args["account"], terms.escrow(order, quantity)
        self._in_orders[account, instrument] += sign * amount
        self._enter(event.position, account, instrument, act, 0, None, f"order {order} of {amount}")

    def _bind(self, event: Event, account: Address, reason: int, by: int, cause: bytes) -> None:
        instrument = event.args["instrument"]
        key = (account, instrument, reason)
        self.bound[key] += by
        self._bounds.append(
            BoundLine(
                event.position, event.timestamp, *key, by, bound_for(reason, cause), self.bound[key]
            )
        )  # fmt: skip


def _issued(accounts: Accounts, event: Event) -> None:
    unit = is_unit(event.args["instrument"])
    cause = reference_of(event.args["cause"])
    accounts._next = ("issued", f"cause {cause}") if unit else ("deposited", f"bank's reference {cause}")


def _cancelled(accounts: Accounts, event: Event) -> None:
    args = event.args
    cause = reference_of(args["cause"])
    released, accounts._released = accounts._released, None
    if not is_unit(args["instrument"]):
        accounts._next = ("withdrawn", f"bank's reference {cause}")
        return
    same = released is not None and released[:3] == (args["account"], args["instrument"], args["cause"])
    act = ENDS.get(released[3], "cancelled") if same and released else "cancelled"
    accounts._next = (act, f"application {cause}" if act == "surrendered" else f"cause {cause}")


def _transfer(accounts: Accounts, event: Event) -> None:
    accounts._move(event, event.args["id"], event.args["value"])


def _batch(accounts: Accounts, event: Event) -> None:
    for instrument, value in zip(event.args["ids"], event.args["values"], strict=True):
        accounts._move(event, instrument, value)


def _forced(accounts: Accounts, event: Event) -> None:
    args = event.args
    wanted = (args["from"], args["to"], args["tokenId"], args["amount"])
    for move in reversed(accounts._moves):
        if (move.sender, move.receiver, move.instrument, move.value) == wanted:
            move.act = "forced"
            return


def _act_done(accounts: Accounts, event: Event) -> None:
    accounts._because = f"act {event.args['id']}"


def _encumbered(accounts: Accounts, event: Event) -> None:
    args = event.args
    accounts._bind(event, args["account"], args["reason"], args["quantity"], args["cause"])


def _released(accounts: Accounts, event: Event) -> None:
    args = event.args
    accounts._bind(event, args["account"], args["reason"], -args["quantity"], args["cause"])
    accounts._released = (args["account"], args["instrument"], args["cause"], args["reason"])


def _encumbered_moved(accounts: Accounts, event: Event) -> None:
    args = event.args
    accounts._bind(event, args["from"], args["reason"], -args["quantity"], args["cause"])
    accounts._next = ("transferred", bound_for(args["reason"], args["cause"]))


def _frozen(accounts: Accounts, event: Event) -> None:
    args = event.args
    key = (args.get("account", args.get("user")), args["tokenId"], FROZEN)
    before, accounts.bound[key] = accounts.bound[key], args["amount"]
    accounts._bounds.append(
        BoundLine(event.position, event.timestamp, *key, args["amount"] - before, "", args["amount"])
    )


def _placed(accounts: Accounts, event: Event) -> None:
    accounts._order(event, event.args["id"], event.args["quantity"], "ordered", 1)


def _reduced(accounts: Accounts, event: Event) -> None:
    accounts._order(event, event.args["id"], event.args["by"], "returned", -1)


def _closed(accounts: Accounts, event: Event) -> None:
    accounts._order(event, event.args["id"], event.args["open"], "returned", -1)


def _prevented(accounts: Accounts, event: Event) -> None:
    accounts._order(event, event.args["maker"], event.args["quantity"], "returned", -1)


def _trade(accounts: Accounts, event: Event) -> None:
    if OrderId(event.args["maker"]).market in accounts.setting.markets:
        accounts._trades.append((event, accounts.setting.trade(event)))


def _auction_trade(accounts: Accounts, event: Event) -> None:
    if event.args["market"] in accounts.setting.markets:
        accounts._trades.append((event, accounts.setting.auction_trade(event)))


def _fees(accounts: Accounts, event: Event) -> None:
    args = event.args
    reference = f"market {args['market']}"
    money = accounts.setting.main_money
    if args["amount"]:
        accounts._enter(event.position, args["account"], money, "fees collected", args["amount"], None, reference)


def _voucher(accounts: Accounts, event: Event) -> None:
    accounts._vouchers.append(partial(accounts.setting.ending, event))


_LEDGER, _BOOK = "InstrumentLedger", "OrderBook"
_RULES: dict[tuple[str, str], Callable[[Accounts, Event], None]] = {
    (_LEDGER, "UnitsIssued"): _issued,
    (_LEDGER, "UnitsCancelled"): _cancelled,
    (_LEDGER, "TransferSingle"): _transfer,
    (_LEDGER, "TransferBatch"): _batch,
    (_LEDGER, "ForcedTransfer"): _forced,
    (_LEDGER, "Encumbered"): _encumbered,
    (_LEDGER, "Released"): _released,
    (_LEDGER, "EncumberedMoved"): _encumbered_moved,
    (_LEDGER, "Frozen"): _frozen,
    (_BOOK, "OrderPlaced"): _placed,
    (_BOOK, "OrderReduced"): _reduced,
    (_BOOK, "OrderClosed"): _closed,
    (_BOOK, "SelfTradePrevented"): _prevented,
    (_BOOK, "Trade"): _trade,
    (_BOOK, "AuctionTrade"): _auction_trade,
    (_BOOK, "FeesCollected"): _fees,
    ("AuthorityDesk", "ActDone"): _act_done,
    ("ComplianceDesk", "VoucherIssued"): _voucher,
}
