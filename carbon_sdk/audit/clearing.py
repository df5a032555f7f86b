"""Clearing and settlement statements: what was traded on a civil day, and that it is what the ledger moved (R-TRD-8).

    clearing = clearing_of(histories, account, date(2021, 5, 12))
    assert clearing.reconciles, clearing.findings

What a trade says comes from the markets' own events; what moved comes from the lines of accounts, which the ledger's
movements make. The two are computed apart and compared. Quantities are whole tonnes, money is in the smallest unit.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from carbon_sdk.audit.bilateral import BLOCK_TRADE, QUOTE
from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.histories import Histories
from carbon_sdk.audit.setting import Setting, bound_for
from carbon_sdk.audit.store import Store
from carbon_sdk.audit.vouchers import Voucher, VoucherKind, code_of, seconds_to, trade_reference
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentId, OrderId, QuoteId, Side

BOOK, LISTED, BLOCK, CREDITS = "book", "quote", "block", "credits"
"""Where a trade was made."""

_DAY = 86_400
_LISTING = 6  # the ledger's reason
_OF_MONEY = 1 << 255  # in the cause of a purchase's money
_BOOK_ACTS = ("bought", "sold", "paid", "received", "fee")
_UNEXPLAINED = "other"

_EVENTS = (
    ("InstrumentLedger", "InstrumentDefined"),
    ("VoucherBook", "CodingRulesSet"),
    ("OrderBook", "MarketOpened"),
    ("OrderBook", "Trade"),
    ("OrderBook", "AuctionTrade"),
    ("QuoteBoard", "VoucherSeriesSet"),
    ("QuoteBoard", "FeeAccountSet"),
    ("QuoteBoard", "BoardOpened"),
    ("QuoteBoard", "QuoteListed"),
    ("QuoteBoard", "QuoteClicked"),
    ("BlockTrades", "VoucherSeriesSet"),
    ("BlockTrades", "FeeAccountSet"),
    ("BlockTrades", "BlockMarketOpened"),
    ("BlockTrades", "BlockSettled"),
    ("CreditOffers", "PurchaseConfirmed"),
    ("CreditOffers", "VoucherIssued"),
)


class Settled(NamedTuple):
    """One trade, of whatever kind, as its market's event tells it."""

    source: str
    """book, quote, block or credits."""
    position: Position
    at: int
    instrument: int
    quantity: int
    price: int
    """Smallest units of money per tonne."""
    seller: Address
    buyer: Address
    seller_fee: int
    buyer_fee: int
    fee_account: Address | None
    """Who got the fees at once; None: they accrue in the book."""
    reference: str
    """The order, quote, block or purchase."""
    causes: tuple[str, ...]
    """Under which the ledger moved it; none for the book's."""
    voucher: str
    """Code."""
    place: tuple[int, int, int] = (0, 0, 0)
    """The voucher's: series, index in it, order of the day."""
    ref: int = 0
    """What the voucher says that the trade concludes."""

    @property
    def cost(self) -> int:
        """Of the units."""
        return self.quantity * self.price

    def effects(self, money: int) -> Iterator[tuple[Address, int, int]]:
        """Account, instrument and change of what it owns."""
        yield self.seller, self.instrument, -self.quantity
        yield self.buyer, self.instrument, self.quantity
        yield self.seller, money, self.cost - self.seller_fee
        yield self.buyer, money, -self.cost - self.buyer_fee
        if self.fee_account:
            yield self.fee_account, money, self.seller_fee + self.buyer_fee


@dataclass(frozen=True, slots=True)
class ClearedTrade:
    """One trade as one of its sides sees it.

    Attributes:
        source: book, quote, block or credits.
        at: Unix seconds.
        side: BUY: the account bought.
        instrument: What was traded.
        tonnes: How much.
        price: Smallest units of money per tonne.
        amount: Price of all of it.
        fee: That this account paid.
        counterparty: The other account.
        voucher: Code.
        reference: The order, quote, block or purchase.
        transaction: Hash.
    """

    source: str
    at: int
    side: Side
    instrument: InstrumentId
    tonnes: int
    price: int
    amount: int
    fee: int
    counterparty: Address
    voucher: str
    reference: str
    transaction: str


@dataclass(frozen=True, slots=True)
class InstrumentTotal:
    """An account's day in one instrument.

    Attributes:
        instrument: Which.
        bought, sold: By trades.
        opening: What it owned when the day began.
        other: Change by what was no trade.
        closing: What it owned when the day ended.
    """

    instrument: InstrumentId
    bought: int
    sold: int
    opening: int
    other: int
    closing: int


@dataclass(frozen=True, slots=True)
class Clearing:
    """An account's clearing statement of a civil day.

    Attributes:
        account: Whose.
        day: In the scheme's civil time.
        chain, block, block_hash: To where the store was read.
        trades: In order.
        units: By instrument.
        paid: For units bought.
        received: For units sold.
        fees: That the account paid.
        fees_received: That it got as the platform's account.
        money: The main money; `bought` and `sold` are what trades brought and took.
        findings: Where trades and the ledger's movements differ; none is as it must be.
    """

    account: Address
    day: date
    chain: int
    block: int
    block_hash: str
    trades: tuple[ClearedTrade, ...]
    units: tuple[InstrumentTotal, ...]
    paid: int
    received: int
    fees: int
    fees_received: int
    money: InstrumentTotal
    findings: tuple[str, ...]

    @property
    def net_money(self) -> int:
        """What the day's trades changed of the account's money."""
        return self.received - self.paid - self.fees + self.fees_received

    @property
    def reconciles(self) -> bool:
        """Whether the trades are what the ledger moved."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class SettlementTotal:
    """A day's trades of one kind in one instrument."""

    source: str
    instrument: InstrumentId
    trades: int
    tonnes: int
    turnover: int
    """Smallest units of money."""
    fees: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """The platform's settlement figures of a civil day.

    Attributes:
        day: In the scheme's civil time.
        chain, block, block_hash: To where the store was read.
        totals: By kind of trade and instrument.
        trades, tonnes, turnover, fees: Sums of them.
        accrued: Of the fees, what accrues in the book until it is collected.
        accounts: That traded.
        net_units: What all accounts gained of units; 0.
        net_money: What all accounts gained of money; with what accrues in the book: 0.
        findings: Where trades and the ledger's movements differ, account by account; none is as it must be.
    """

    day: date
    chain: int
    block: int
    block_hash: str
    totals: tuple[SettlementTotal, ...]
    trades: int
    tonnes: int
    turnover: int
    fees: int
    accrued: int
    accounts: int
    net_units: int
    net_money: int
    findings: tuple[str, ...]

    @property
    def reconciles(self) -> bool:
        """Whether the trades are what the ledger moved, and nothing was gained or lost."""
        return not self.findings and not self.net_units and not self.net_money + self.accrued


@dataclass(slots=True)
class _Markets:
    """What must be known to read a trade: terms, fee accounts, how vouchers are coded."""

    setting: Setting = field(default_factory=Setting)
    boards: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    blocks: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    listed: dict[int, Address] = field(default_factory=dict)
    series: dict[str, int] = field(default_factory=dict)
    fee_accounts: dict[str, Address] = field(default_factory=dict)

    def learn(self, event: Event) -> None:
        args = event.args
        match event.contract, event.name:
            case ("QuoteBoard", "BoardOpened"):
                self.boards[args["board"]] = args["terms"]
            case ("BlockTrades", "BlockMarketOpened"):
                self.blocks[args["market"]] = args["terms"]
            case ("QuoteBoard", "QuoteListed"):
                self.listed[args["id"]] = args["account"]
            case (contract, "VoucherSeriesSet"):
                self.series[contract] = args["series"]
            case (contract, "FeeAccountSet"):
                self.fee_accounts[contract] = args["account"]
            case (_, "InstrumentDefined" | "CodingRulesSet" | "MarketOpened"):
                self.setting.learn(event)

    @property
    def offset(self) -> int:
        """Seconds east of UTC of the scheme's civil day."""
        return self.setting.coding[0].utc_offset if self.setting.coding else 0

    def code(self, event: Event, series: int, instrument: int, index: int, order_of_day: int) -> str:
        if not self.setting.coding:
            return f"{index} of series {series}"
        nobody = (0, 0, ZERO_ADDRESS, ZERO_ADDRESS, 0)
        number = (VoucherKind.TRADE, series, index, order_of_day, event.timestamp, InstrumentId(instrument))
        return code_of(Voucher(*number, *nobody), self.setting.coding)


def _book_trade(markets: _Markets, event: Event) -> Settled:
    args = event.args
    order = OrderId(args["maker"])
    terms, quantity = markets.setting.markets[order.market], args["quantity"]
    maker_fee, taker_fee = terms.fee(terms.maker_fee, quantity), terms.fee(terms.taker_fee, quantity)
    sells = order.side is Side.SELL
    maker, taker = (args["makerAccount"], maker_fee), (args["taker"], taker_fee)
    seller, buyer = (maker, taker) if sells else (taker, maker)
    return Settled(
        BOOK,
        event.position,
        event.timestamp,
        terms.instrument,
        quantity,
        order.tick * terms.tick_size,
        seller[0],
        buyer[0],
        seller[1],
        buyer[1],
        None,
        f"order {order}",
        (),
        markets.code(event, order.market, terms.instrument, args["voucher"], args["orderOfDay"]),
        (order.market, args["voucher"], args["orderOfDay"]),
        int(order),
    )


def _auction_trade(markets: _Markets, event: Event) -> Settled:
    args, market = event.args, event.args["market"]
    bid, ask, quantity = OrderId(args["bid"]), OrderId(args["ask"]), args["quantity"]
    terms = markets.setting.markets[market]
    fee = terms.fee(terms.maker_fee, quantity)
    return Settled(
        BOOK,
        event.position,
        event.timestamp,
        terms.instrument,
        quantity,
        args["tick"] * terms.tick_size,
        args["seller"],
        args["buyer"],
        fee,
        fee,
        None,
        f"orders {bid} and {ask}",
        (),
        markets.code(event, market, terms.instrument, args["voucher"], args["orderOfDay"]),
        (market, args["voucher"], args["orderOfDay"]),
        trade_reference(bid, ask),
    )


def _click(markets: _Markets, event: Event) -> Settled:
    args = event.args
    quote, quantity = QuoteId(args["id"]), args["quantity"]
    terms, lister = markets.boards[quote.board], markets.listed[quote]
    lots = quantity // terms["lot"]
    maker, taker = (lister, lots * terms["makerFee"]), (args["taker"], lots * terms["takerFee"])
    seller, buyer = (maker, taker) if quote.side is Side.SELL else (taker, maker)
    return Settled(
        LISTED,
        event.position,
        event.timestamp,
        terms["instrument"],
        quantity,
        quote.tick * terms["tickSize"],
        seller[0],
        buyer[0],
        seller[1],
        buyer[1],
        markets.fee_accounts.get("QuoteBoard"),
        f"quote {quote}",
        (bound_for(QUOTE, int(quote).to_bytes(32, "big")),),
        markets.code(event, markets.series["QuoteBoard"], terms["instrument"], args["voucher"], args["orderOfDay"]),
        (markets.series["QuoteBoard"], args["voucher"], args["orderOfDay"]),
        int(quote),
    )


def _block(markets: _Markets, event: Event) -> Settled:
    args, said = event.args, event.args["terms"]
    terms, quantity = markets.blocks[said["market"]], said["quantity"]
    lots = quantity // terms["lot"]
    return Settled(
        BLOCK,
        event.position,
        event.timestamp,
        terms["instrument"],
        quantity,
        said["tick"] * terms["tickSize"],
        args["seller"],
        args["buyer"],
        lots * terms["sellerFee"],
        lots * terms["buyerFee"],
        markets.fee_accounts.get("BlockTrades"),
        f"block 0x{args['id'].hex()}",
        (bound_for(BLOCK_TRADE, args["id"]),),
        markets.code(event, markets.series["BlockTrades"], terms["instrument"], args["voucher"], args["orderOfDay"]),
        (markets.series["BlockTrades"], args["voucher"], args["orderOfDay"]),
        int.from_bytes(args["id"], "big"),
    )


def _purchase(_: _Markets, event: Event) -> Settled:
    args = event.args
    causes = (args["offer"], args["purchase"] | _OF_MONEY)
    return Settled(
        CREDITS,
        event.position,
        event.timestamp,
        args["instrument"],
        args["quantity"],
        args["price"],
        args["seller"],
        args["buyer"],
        0,
        0,
        None,
        f"purchase {args['purchase']}",
        tuple(bound_for(_LISTING, cause.to_bytes(32, "big")) for cause in causes),
        "",
        ref=args["purchase"],
    )


_READERS: dict[tuple[str, str], Callable[[_Markets, Event], Settled]] = {
    ("OrderBook", "Trade"): _book_trade,
    ("OrderBook", "AuctionTrade"): _auction_trade,
    ("QuoteBoard", "QuoteClicked"): _click,
    ("BlockTrades", "BlockSettled"): _block,
    ("CreditOffers", "PurchaseConfirmed"): _purchase,
}
"""What tells a trade; a market of another kind adds its event here and to `_EVENTS`."""


@dataclass(frozen=True, slots=True)
class DayOfTrades:
    """The trades of a civil day, or of several.

    Attributes:
        day: The first.
        start, end: Unix seconds; the end is excluded.
        money: The main money.
        trades: In order.
    """

    day: date
    start: int
    end: int
    money: int
    trades: tuple[Settled, ...]


def trades_of(histories: Histories, day: date) -> DayOfTrades:
    """Every trade of a civil day: of the book, of listed quotes, of blocks, of credits that were offered."""
    return trades_between(histories.store, histories.chain, day, day)


def trades_between(store: Store, chain: int, first: date, last: date) -> DayOfTrades:
    """Every trade from a civil day to another, both included; `day` is the first."""
    start, end = seconds_to(first), seconds_to(last) + _DAY  # of civil time, until the offset is known
    markets = _Markets()
    found: list[Settled] = []
    for event in store.events(chain, events=_EVENTS):
        second = event.timestamp + markets.offset
        if second >= end:
            break
        reader = _READERS.get((event.contract, event.name))
        if reader and second >= start:
            found.append(reader(markets, event))
        elif event.contract == "CreditOffers" and event.name == "VoucherIssued" and second >= start:
            found[-1] = _with_voucher(markets, found[-1], event)
        elif not reader:
            markets.learn(event)
    start, end = start - markets.offset, end - markets.offset
    return DayOfTrades(first, start, end, markets.setting.main_money, tuple(found))


def _with_voucher(markets: _Markets, purchase: Settled, event: Event) -> Settled:
    """A purchase of credits, whose voucher is told after it."""
    place = (event.args["series"], event.args["index"], event.args["orderOfDay"])
    code = markets.code(event, place[0], purchase.instrument, place[1], place[2])
    return purchase._replace(voucher=code, place=place)


class TradeTape:
    """The trades of a store in the chain's order, read on from where the last reading stopped.

    Args:
        store: Where the events are.
        chain: Chain id.
    """

    def __init__(self, store: Store, chain: int) -> None:
        self._store = store
        self._chain = chain
        self._markets = _Markets()
        self.block = -1
        """Up to which everything was read."""

    @property
    def money(self) -> int:
        """The main money, once it was defined."""
        return self._markets.setting.main_money

    def until(self, block: int) -> Iterator[Settled]:
        """Every trade of the blocks after the last reading, up to one."""
        purchase: Settled | None = None
        for event in self._store.events(self._chain, events=_EVENTS, after=self.block, until=block):
            reader = _READERS.get((event.contract, event.name))
            if reader:
                trade = reader(self._markets, event)
                if trade.source != CREDITS:
                    yield trade
                purchase = trade
            elif event.contract == "CreditOffers" and event.name == "VoucherIssued":
                if purchase is not None:
                    yield _with_voucher(self._markets, purchase, event)
            else:
                self._markets.learn(event)
        self.block = max(self.block, block)


def clearing_of(histories: Histories, account: Address, day: date) -> Clearing:
    """The clearing statement of an account, from histories that have caught up.

    Raises:
        InputError: The store is empty.
    """
    cursor = histories.cursor()
    today = trades_of(histories, day)
    own = [trade for trade in today.trades if account in (trade.seller, trade.buyer)]
    sold, bought = ([one for one in own if getattr(one, side) == account] for side in ("seller", "buyer"))
    fees_received = sum(one.seller_fee + one.buyer_fee for one in today.trades if one.fee_account == account)
    effects = _effects(today)
    moved = _moved(histories, account, today)
    own_effects = effects.get(account, {})
    findings = tuple(_differences(account, own_effects, moved))
    instruments = {instrument for instrument in (*own_effects, *moved) if instrument != today.money}
    totals = (
        _total(histories, account, one, today, own_effects, _sum(bought, one), _sum(sold, one))
        for one in sorted(instruments)
    )
    paid, received = sum(one.cost for one in bought), sum(one.cost for one in sold)
    fees = sum(one.buyer_fee for one in bought) + sum(one.seller_fee for one in sold)
    return Clearing(
        account,
        day,
        histories.chain,
        cursor.number,
        f"0x{cursor.hash.hex()}",
        tuple(_as_seen(one, side) for one in own for side in _sides(one, account)),
        tuple(totals),
        paid,
        received,
        fees,
        fees_received,
        _total(histories, account, today.money, today, own_effects, received + fees_received, paid + fees),
        findings,
    )


def settlement_of(histories: Histories, day: date) -> Settlement:
    """The settlement figures of a day, over all accounts, from histories that have caught up.

    Raises:
        InputError: The store is empty.
    """
    cursor = histories.cursor()
    today = trades_of(histories, day)
    groups: dict[tuple[str, int], list[Settled]] = defaultdict(list)
    for trade in today.trades:
        groups[trade.source, trade.instrument].append(trade)
    totals = tuple(
        SettlementTotal(source, InstrumentId(instrument), len(of), *_figures(of))
        for (source, instrument), of in sorted(groups.items())
    )
    effects = _effects(today)
    findings: list[str] = []
    net: dict[bool, int] = defaultdict(int)
    for account in sorted({*effects, *histories.accounts_between(today.start, today.end)}):
        moved = _moved(histories, account, today)
        findings += _differences(account, effects.get(account, {}), moved)
        for instrument, quantity in moved.items():
            net[instrument == today.money] += quantity
    tonnes, turnover, fees = _figures(today.trades)
    return Settlement(
        day,
        histories.chain,
        cursor.number,
        f"0x{cursor.hash.hex()}",
        totals,
        len(today.trades),
        tonnes,
        turnover,
        fees,
        sum(one.seller_fee + one.buyer_fee for one in today.trades if one.fee_account is None),
        len({account for one in today.trades for account in (one.seller, one.buyer)}),
        net[False],
        net[True],
        tuple(findings),
    )


def day_of(text: str) -> date:
    """A civil day such as `2021-05-12`. Raises InputError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no day: give it as 2021-12-31.") from None


# INSIDE


def _figures(trades: Iterable[Settled]) -> tuple[int, int, int]:
    """Tonnes, turnover and fees."""
    rows = [(one.quantity, one.cost, one.seller_fee + one.buyer_fee) for one in trades]
    return (sum(row[0] for row in rows), sum(row[1] for row in rows), sum(row[2] for row in rows))


def _sum(trades: Iterable[Settled], instrument: int) -> int:
    return sum(one.quantity for one in trades if one.instrument == instrument)


def _effects(today: DayOfTrades) -> dict[Address, dict[int, int]]:
    """By account and instrument: what the trades say they changed."""
    changed: dict[Address, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for trade in today.trades:
        for account, instrument, by in trade.effects(today.money):
            if by:
                changed[account][instrument] += by
    return changed


def _moved(histories: Histories, account: Address, today: DayOfTrades) -> dict[int, int]:
    """By instrument: what the ledger moved for trades. What no event explains counts too: it must be nothing."""
    causes = {cause for trade in today.trades for cause in trade.causes}
    moved: dict[int, int] = defaultdict(int)
    for instrument in histories.instruments_of(account):
        for line in histories.lines(account, instrument, today.start, today.end):
            if line.act in (*_BOOK_ACTS, _UNEXPLAINED) or (line.act == "transferred" and line.reference in causes):
                moved[instrument] += line.quantity
    return moved


def _differences(account: Address, told: Mapping[int, int], moved: Mapping[int, int]) -> Iterator[str]:
    for instrument in sorted({*told, *moved}):
        if told.get(instrument, 0) != moved.get(instrument, 0):
            yield (
                f"{account}: trades changed {InstrumentId(instrument)} by {told.get(instrument, 0)}, "
                f"the ledger moved {moved.get(instrument, 0)}"
            )


def _total(
    histories: Histories,
    account: Address,
    instrument: int,
    today: DayOfTrades,
    effects: Mapping[int, int],
    bought: int,
    sold: int,
) -> InstrumentTotal:
    opening = histories.owned(account, instrument, today.start).total
    closing = histories.owned(account, instrument, today.end).total
    other = closing - opening - effects.get(instrument, 0)
    return InstrumentTotal(InstrumentId(instrument), bought, sold, opening, other, closing)


def _sides(trade: Settled, account: Address) -> Iterator[Side]:
    """A trade with oneself has two."""
    if trade.seller == account:
        yield Side.SELL
    if trade.buyer == account:
        yield Side.BUY


def _as_seen(trade: Settled, side: Side) -> ClearedTrade:
    buys = side is Side.BUY
    return ClearedTrade(
        trade.source,
        trade.at,
        side,
        InstrumentId(trade.instrument),
        trade.quantity,
        trade.price,
        trade.cost,
        trade.buyer_fee if buys else trade.seller_fee,
        trade.seller if buys else trade.buyer,
        trade.voucher,
        trade.reference,
        trade.position.transaction,
    )
