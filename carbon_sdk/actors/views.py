"""What anyone can read, without a key: markets, accounts, instruments, vouchers, methods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from carbon_sdk.actors.pledges import PledgeRecord, pledges_of
from carbon_sdk.actors.quotes import vouchers_of_blocks, vouchers_of_quotes
from carbon_sdk.actors.values import Right, label, positive, whole, year_of
from carbon_sdk.audit import vouchers as paper
from carbon_sdk.audit.vouchers import Mountains
from carbon_sdk.chain.calls import Event, Logged
from carbon_sdk.contracts.generated.block_trades import BlockTrades
from carbon_sdk.contracts.generated.cash_desk import CashDesk
from carbon_sdk.contracts.generated.compliance_desk import ComplianceDesk
from carbon_sdk.contracts.generated.credit_offers import CreditOffers
from carbon_sdk.contracts.generated.enums import InstrumentState, Reason, Status, Verdict, VoucherKind
from carbon_sdk.contracts.generated.errors import UnknownMarket, UnknownSeries
from carbon_sdk.contracts.generated.events import (
    AuctionTrade,
    DepositRecorded,
    OrderPlaced,
    PurchaseConfirmed,
    SurrenderApproved,
    TokensDeposited,
    TransferBatch,
    TransferSingle,
    UnitsIssued,
    VoluntarilyCancelled,
    VoucherIssued,
    WithdrawalRequested,
)
from carbon_sdk.contracts.generated.events import Trade as TradeEvent
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.methodologies import Methodologies
from carbon_sdk.contracts.generated.obligations import Obligations
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.quote_board import QuoteBoard
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.contracts.generated.structs import (
    Account,
    Conduct,
    Eligibility,
    IMethodologiesMethod,
    Instrument,
    Limits,
    MarketTerms,
    MarketView,
    Payout,
    PayoutAddress,
    Position,
    Voucher,
    Withdrawal,
    YearRecord,
)
from carbon_sdk.contracts.generated.voucher_book import VoucherBook
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError, MalformedData
from carbon_sdk.identifiers import (
    ZERO_ADDRESS,
    Address,
    InstrumentId,
    MarketId,
    OrderId,
    Side,
    VoucherCode,
    keccak,
)
from carbon_sdk.units import Money, Quantity, Ticks, Tonnes, pow10, ticks


@dataclass(frozen=True, slots=True)
class Level:
    """One price level: price in ticks, open tonnes."""

    price: Ticks
    quantity: Tonnes


@dataclass(frozen=True, slots=True)
class Depth:
    """Both sides of a book, the best level first."""

    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class Concluded:
    """One trade.

    Attributes:
        market: Its number.
        buyer: Account.
        seller: Account.
        price: In ticks.
        quantity: Tonnes.
        maker: The resting order; in an auction the bid.
        voucher: Place in the market's series of vouchers, from 0.
        order_of_day: The voucher's number on its civil day.
        block: Number.
        transaction: Hash.
        ask: In an auction the other order; None: not in one.
    """

    market: MarketId
    buyer: Address
    seller: Address
    price: Ticks
    quantity: Tonnes
    maker: OrderId
    voucher: int
    order_of_day: int
    block: int
    transaction: str
    ask: OrderId | None = None

    @property
    def concludes(self) -> int:
        """What the trade's voucher refers to: the resting order, or both orders of an auction."""
        return paper.trade_reference(self.maker, self.ask)


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order in the book: price in ticks, open tonnes, Unix seconds of its end (0: none)."""

    id: OrderId
    account: Address
    side: Side
    price: Ticks
    quantity: Tonnes
    expires: int


@dataclass(frozen=True, slots=True)
class Holding:
    """What an account has of one instrument, in tonnes or in smallest units of money.

    Attributes:
        instrument: Which.
        balance: On the ledger; does not include what is in orders.
        free: Can be moved now.
        encumbered: Bound: applications to surrender, withdrawals.
        frozen: By the authority; absolute, may exceed the balance.
        in_orders: In the book.
    """

    instrument: InstrumentId
    balance: int
    free: int
    encumbered: int
    frozen: int
    in_orders: int


class MarketReader:
    """One market. Raises InputError for a number that none has."""

    def __init__(self, suite: Suite, number: MarketId | int) -> None:
        self.suite = suite
        self.number = MarketId(positive(number, "market"))
        self._book = suite.contract(OrderBook)
        try:
            self._terms = self._book.market_of(self.number).terms
        except UnknownMarket:
            raise InputError(f"There is no market {number}; there are {self._book.market_count()}.") from None

    @property
    def terms(self) -> MarketTerms:
        """As it was opened, with the band as of when this object was made."""
        return self._terms

    @property
    def instrument(self) -> InstrumentId:
        """What is traded."""
        return self._terms.instrument

    @property
    def tick_size(self) -> Money:
        """Smallest units of money per tonne in one tick."""
        return Money(self._terms.tick_mantissa * pow10(self._terms.tick_exponent))

    def now(self) -> MarketView:
        """State, best prices and the last price in ticks, fees, trades so far."""
        return self._book.market_of(self.number)

    def limits(self) -> Limits:
        """What bounds one order or account; 0: no limit."""
        return self._book.limits_of(self.number)

    def conduct(self) -> Conduct:
        """How it goes about its day."""
        return self._book.conduct_of(self.number)

    def open_orders_of(self, account: Address) -> int:
        """Orders of an account that count towards `most_open` of the limits."""
        return self._book.open_orders_of(self.number, account)

    def ticks(self, price: Quantity, decimals: int = 2) -> Ticks:
        """A price per tonne in the currency's main unit as ticks: `ticks("41.85")`. Raises InputError, FloatRefused."""
        return ticks(price, self.tick_size, decimals)

    def money(self, price: Ticks | int) -> Money:
        """A price in ticks as smallest units of money per tonne."""
        return Money(whole(price, "price") * self.tick_size)

    def best(self) -> tuple[Ticks | None, Ticks | None]:
        """Best bid and best ask in ticks; None where a side is empty."""
        now = self.now()
        return (Ticks(now.best_bid) or None, Ticks(now.best_ask) or None)

    def depth(self, most: int = 10) -> Depth:
        """Up to `most` levels of each side."""
        levels = positive(most, "most")
        sides = []
        for side in (Side.BUY, Side.SELL):
            found = self._book.depth(self.number, side, levels)
            sides.append(
                tuple(Level(Ticks(tick), Tonnes(size)) for tick, size in zip(found.ticks, found.tonnes, strict=True))
            )
        return Depth(*sides)

    def trades(self, first_block: int | None = None) -> Iterator[Concluded]:
        """Trades in order, since the deployment or since a block."""
        start = self.suite.deployment.block if first_block is None else first_block
        kinds = [[TradeEvent.TOPIC, AuctionTrade.TOPIC]]
        for item in self.suite.chain.events(start, addresses=[self._book.address], topics=kinds):
            event = item.event
            if isinstance(event, TradeEvent) and event.maker.market == self.number:
                yield _concluded(event, item)
            elif isinstance(event, AuctionTrade) and event.market == self.number:
                yield _auctioned(event, item)

    def indication(self) -> tuple[Ticks, Tonnes] | None:
        """Price and tonnes of the call auction if the call ended now; None: prices do not cross."""
        found = self._book.indication(self.number)
        return (Ticks(found.tick), Tonnes(found.tonnes)) if found.tick else None


class AccountView:
    """One account."""

    def __init__(self, suite: Suite, address: Address) -> None:
        self.suite = suite
        self.address = address
        self._ledger = suite.contract(InstrumentLedger)
        self._book = suite.contract(OrderBook)

    def record(self) -> Account:
        """What the registry knows. Raises RuleBroken for an account that was never opened."""
        return self.suite.contract(StakeholderRegistry).account_record_of(self.address)

    def pledges(self) -> tuple[PledgeRecord, ...]:
        """Pledges by and to the account, in the order in which they were offered."""
        return pledges_of(self.suite, self.address)

    def eligibility(self) -> Eligibility:
        """What its acts are checked against."""
        return self._ledger.eligibility_of(self.address)

    def principal(self) -> Address:
        """The representative with whose certificate the account stands and falls."""
        return self.suite.contract(StakeholderRegistry).principal_of(self.address)

    def rights_of(self, key: Address) -> Right:
        """What a key may do for this account; no bit where it does not act for it."""
        found = self._ledger.representation_of(key)
        return Right(found.rights) if found.account == self.address else Right(0)

    def position(self) -> Position:
        """Obligation, surrendered, shortfall and status, in tonnes."""
        return self.suite.contract(Obligations).position_of(self.address)

    def status(self) -> Status:
        """Of compliance."""
        return self.suite.contract(Obligations).status_of(self.address)

    def year(self, year: int) -> YearRecord:
        """One compliance year: tonnes, penalty in smallest units, status at the deadline."""
        return self.suite.contract(Obligations).year_of(self.address, year_of(year))

    def holding(self, instrument: InstrumentId | int) -> Holding:
        """What it has of one instrument; what is in orders is taken from its open orders."""
        return self._holding(InstrumentId(instrument), self.open_orders())

    def holdings(self) -> tuple[Holding, ...]:
        """What it has of each instrument of the deployment and of what it ever received, where that is not nothing."""
        orders = self.open_orders()
        found = (self._holding(item, orders) for item in self._instruments())
        return tuple(item for item in found if item.balance or item.in_orders or item.frozen)

    def open_orders(self, market: MarketId | int | None = None) -> tuple[OpenOrder, ...]:
        """Its orders in the book, in the order in which they were placed."""
        placed = [
            item.event.id
            for item in self._events(OrderPlaced.TOPIC, None, _topic(self.address))
            if isinstance(item.event, OrderPlaced) and market in (None, item.event.id.market)
        ]
        views = self.suite.chain.read_many([OrderBook.ORDER_OF.on(self._book.address, item) for item in placed])
        return tuple(
            OpenOrder(id_, view.account, id_.side, Ticks(id_.tick), Tonnes(view.open), view.expires)
            for id_, view in zip(placed, views, strict=True)
            if view.open
        )

    def changes(self) -> tuple[Logged[Event], ...]:
        """What became of the account in the registry, in order: opening, amendments, keys, status, restrictions."""
        at = self.suite.deployment.address_of("StakeholderRegistry")
        first = self.suite.deployment.block
        every = self.suite.chain.events(first, "latest", [at], [None, _topic(self.address)])
        return tuple(every)

    def deposits(self) -> tuple[DepositRecorded, ...]:
        """Every deposit at the bank, in order; amounts in smallest units of the event's money."""
        return tuple(
            item.event
            for item in self._events(DepositRecorded.TOPIC, _topic(self.address))
            if isinstance(item.event, DepositRecorded)
        )

    def token_deposits(self) -> tuple[TokensDeposited, ...]:
        """Every deposit of tokens, in order; amounts in smallest units."""
        return tuple(
            item.event
            for item in self._events(TokensDeposited.TOPIC, _topic(self.address))
            if isinstance(item.event, TokensDeposited)
        )

    def withdrawals(self) -> tuple[Withdrawal, ...]:
        """Every withdrawal as it stands now, in order; amounts in smallest units."""
        ids = [
            item.event.id
            for item in self._events(WithdrawalRequested.TOPIC, None, _topic(self.address))
            if isinstance(item.event, WithdrawalRequested)
        ]
        desk = self.suite.contract(CashDesk).address
        return tuple(self.suite.chain.read_many([CashDesk.WITHDRAWAL_OF.on(desk, item) for item in ids]))

    def payout(self) -> Payout:
        """Where money is paid out to, and from when on."""
        return self.suite.contract(CashDesk).payout_of(self.address)

    def payout_address(self) -> PayoutAddress:
        """Where tokens are paid out to, and from when on."""
        return self.suite.contract(CashDesk).payout_address_of(self.address)

    def movements(self) -> Iterator[Logged[Event]]:
        """Every transfer from or to this account on the ledger, with its place."""
        kinds = [TransferSingle.TOPIC, TransferBatch.TOPIC]
        seen = {}
        for topics in ([kinds, None, _topic(self.address)], [kinds, None, None, _topic(self.address)]):
            for item in self.suite.chain.events(
                self.suite.deployment.block, addresses=[self._ledger.address], topics=topics
            ):
                seen[item.block, item.index] = item
        return iter([seen[place] for place in sorted(seen)])

    def _events(self, *topics: str | None) -> Iterator[Logged[Event]]:
        return self.suite.chain.events(self.suite.deployment.block, addresses=self.suite.addresses, topics=list(topics))

    def _instruments(self) -> list[InstrumentId]:
        known = [InstrumentId(item) for item in self.suite.deployment.instruments.values()]
        received = [
            item.event.instrument
            for item in self._events(UnitsIssued.TOPIC, None, _topic(self.address))
            if isinstance(item.event, UnitsIssued)
        ]
        traded = [self._book.market_of(number).terms.instrument for number in range(1, self._book.market_count() + 1)]
        return list(dict.fromkeys([*known, *traded, *received]))

    def _holding(self, instrument: InstrumentId, orders: tuple[OpenOrder, ...]) -> Holding:
        at = self._ledger.address
        of = (self.address, int(instrument))
        balance, free, encumbered, frozen = self.suite.chain.read_many(
            [
                InstrumentLedger.BALANCE_OF.on(at, *of),
                InstrumentLedger.FREE_OF.on(at, *of),
                InstrumentLedger.ENCUMBERED_OF.on(at, *of),
                InstrumentLedger.GET_FROZEN_TOKENS.on(at, *of),
            ]
        )
        return Holding(instrument, balance, free, encumbered, frozen, self._in_orders(instrument, orders))

    def _in_orders(self, instrument: InstrumentId, orders: tuple[OpenOrder, ...]) -> int:
        total = 0
        money = self._ledger.main_money()
        for number in {order.id.market for order in orders}:
            terms = self._book.market_of(number).terms
            tick = terms.tick_mantissa * pow10(terms.tick_exponent)
            fee = terms.maker_fee * pow10(terms.tick_exponent)
            for order in orders:
                if order.id.market != number:
                    continue
                if order.side is Side.SELL and terms.instrument == instrument:
                    total += order.quantity
                elif order.side is Side.BUY and money == instrument:
                    total += order.quantity * order.price * tick + order.quantity // terms.lot * fee
        return total


class InstrumentReader:
    """One instrument. Raises InputError for an id that is not defined."""

    def __init__(self, suite: Suite, instrument: InstrumentId | int) -> None:
        self.suite = suite
        self.id = InstrumentId(instrument).checked()
        self._ledger = suite.contract(InstrumentLedger)
        if self.now().state is InstrumentState.NONE:
            raise InputError(f"The instrument {self.id} is not defined.")

    def now(self) -> Instrument:
        """Issued and cancelled so far, its end and its state."""
        return self._ledger.instrument_of(int(self.id))

    def outstanding(self) -> int:
        """Issued less cancelled: tonnes, or smallest units of money."""
        now = self.now()
        return now.issued - now.cancelled

    def bound(self, account: Address, reason: Reason) -> int:
        """What of an account's is bound for one reason."""
        return self._ledger.encumbered_for(account, int(self.id), reason)


class VoucherReader:
    """One voucher, rebuilt from the chain's events.

    Raises:
        InputError: The series has no voucher with that index.
    """

    def __init__(self, suite: Suite, series: int, index: int) -> None:
        self.suite = suite
        self._book = suite.contract(VoucherBook)
        self._series = vouchers_of(suite, whole(series, "series"))
        if whole(index, "index") >= len(self._series):
            raise InputError(f"Series {series} has no voucher {index}; it has {len(self._series)}.")
        self.voucher: Voucher = self._series[index]

    @property
    def code(self) -> VoucherCode:
        """As it is printed, check character included."""
        return VoucherCode(self._book.code(self.voucher))

    def proof(self) -> list[bytes]:
        """Its siblings up to the peak of its mountain, the lowest first."""
        return Mountains([leaf_of(item) for item in self._series]).proof(self.voucher.index)

    def verify(self, siblings: list[bytes] | None = None) -> Verdict:
        """What the directory on the chain says of it, with its own proof or another."""
        return self._book.verify(self.voucher, self.proof() if siblings is None else siblings)


class MethodReader:
    """One method of computing emissions, by its name. Raises InputError for a name that none has."""

    def __init__(self, suite: Suite, name: str) -> None:
        self.suite = suite
        self.name = name
        self._methods = suite.contract(Methodologies)
        self.versions = self._methods.versions_of(label(name))
        """How many there are; the last one's number."""
        if not self.versions:
            raise InputError(f"There is no method {name!r}.")

    def version(self, number: int | None = None) -> IMethodologiesMethod:
        """A version, by default the latest."""
        return self._methods.method_of(label(self.name), number or self.versions)

    def compute(self, inputs: bytes, version: int | None = None) -> int:
        """Grams CO2e that the contract computes. Raises RuleBroken for malformed inputs."""
        return self._methods.compute(label(self.name), version or self.versions, inputs)


def _concluded(event: TradeEvent, item: Logged[Event]) -> Concluded:
    buys = event.maker.side is Side.SELL  # the taker
    return Concluded(
        event.maker.market,
        event.taker if buys else event.maker_account,
        event.maker_account if buys else event.taker,
        Ticks(event.maker.tick),
        Tonnes(event.quantity),
        event.maker,
        event.voucher,
        event.order_of_day,
        item.block,
        item.transaction,
    )


def _auctioned(event: AuctionTrade, item: Logged[Event]) -> Concluded:
    return Concluded(
        MarketId(event.market),
        event.buyer,
        event.seller,
        Ticks(event.tick),
        Tonnes(event.quantity),
        OrderId(event.bid),
        event.voucher,
        event.order_of_day,
        item.block,
        item.transaction,
        OrderId(event.ask),
    )


def vouchers_of(suite: Suite, series: int) -> tuple[Voucher, ...]:
    """Every voucher of a series in order, rebuilt from the chain's events.

    Raises:
        InputError: The directory knows no such series.
    """
    try:
        issuer = suite.contract(VoucherBook).series_of(series).issuer
    except UnknownSeries:
        raise InputError(f"There is no series {series} of vouchers.") from None
    if issuer == suite.contract(OrderBook).address:
        return tuple(_trade_vouchers(suite, series))
    if issuer == suite.contract(ComplianceDesk).address:
        return tuple(_desk_vouchers(suite, series))
    if issuer == suite.contract(QuoteBoard).address:
        return tuple(vouchers_of_quotes(suite, series))
    if issuer == suite.contract(BlockTrades).address:
        return tuple(vouchers_of_blocks(suite, series))
    if issuer == suite.contract(CreditOffers).address:
        return tuple(_offer_vouchers(suite, series))
    raise InputError(f"The series {series} of vouchers is of a contract that this SDK does not know.")


def leaf_of(voucher: Voucher) -> bytes:
    """The hash under which a voucher lies in its series."""
    return paper.Voucher(
        paper.VoucherKind(voucher.kind),
        voucher.series,
        voucher.index,
        voucher.order_of_day,
        voucher.at,
        voucher.instrument,
        voucher.quantity,
        voucher.price,
        voucher.from_,
        voucher.to,
        voucher.ref,
    ).leaf()


def _trade_vouchers(suite: Suite, series: int) -> Iterator[Voucher]:
    market = MarketReader(suite, series)
    times = _Times(suite)
    for trade in market.trades():
        yield Voucher(
            VoucherKind.TRADE,
            series,
            trade.voucher,
            trade.order_of_day,
            times.of(trade.block),
            market.instrument,
            trade.quantity,
            market.money(trade.price),
            trade.seller,
            trade.buyer,
            trade.concludes,
        )


def _offer_vouchers(suite: Suite, series: int) -> Iterator[Voucher]:
    """Of purchases of credits: what was confirmed, then its voucher."""
    times = _Times(suite)
    sold: PurchaseConfirmed | None = None
    for item in suite.chain.events(suite.deployment.block, addresses=[suite.contract(CreditOffers).address]):
        event = item.event
        if isinstance(event, PurchaseConfirmed):
            sold = event
        elif isinstance(event, VoucherIssued) and event.series == series and sold is not None:
            yield Voucher(
                VoucherKind.TRADE,
                series,
                event.index,
                event.order_of_day,
                times.of(item.block),
                InstrumentId(sold.instrument),
                sold.quantity,
                sold.price,
                sold.seller,
                sold.buyer,
                sold.purchase,
            )


def _desk_vouchers(suite: Suite, series: int) -> Iterator[Voucher]:
    desk = suite.contract(ComplianceDesk)
    times = _Times(suite)
    waiting: list[tuple[VoucherKind, int, int, Address, int]] = []
    for item in suite.chain.events(suite.deployment.block, addresses=[desk.address]):
        event = item.event
        if isinstance(event, SurrenderApproved):
            lines = desk.application_of(event.id).lines
            waiting += [
                (VoucherKind.SURRENDER, line.instrument, line.quantity, event.account, event.id) for line in lines
            ]
        elif isinstance(event, VoluntarilyCancelled):
            cause = int.from_bytes(keccak(event.beneficiary + event.purpose + event.year.to_bytes(32, "big")), "big")
            waiting.append((VoucherKind.CANCELLATION, event.instrument, event.quantity, event.account, cause))
        elif isinstance(event, VoucherIssued) and event.series == series:
            kind, instrument, quantity, account, ref = waiting.pop(0)
            at = times.of(item.block)
            voucher = Voucher(
                kind,
                series,
                event.index,
                event.order_of_day,
                at,
                InstrumentId(instrument),
                quantity,
                0,
                account,
                ZERO_ADDRESS,
                ref,
            )
            if leaf_of(voucher) != event.leaf:
                raise MalformedData(f"Voucher {event.index} of series {series} is not what the chain recorded.")
            yield voucher


class _Times:
    """When blocks were, each asked for once."""

    def __init__(self, suite: Suite) -> None:
        self._chain = suite.chain
        self._known: dict[int, int] = {}

    def of(self, block: int) -> int:
        if block not in self._known:
            self._known[block] = self._chain.block(block).timestamp
        return self._known[block]


def _topic(address: Address) -> str:
    return "0x" + address[2:].lower().rjust(64, "0")
