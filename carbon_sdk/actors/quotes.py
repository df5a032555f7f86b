"""What anyone can read of listed quotes and block trades, without a key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from carbon_sdk.actors.values import positive
from carbon_sdk.chain.calls import Event, Logged
from carbon_sdk.contracts.generated.block_trades import BlockTrades
from carbon_sdk.contracts.generated.enums import BlockState, VoucherKind
from carbon_sdk.contracts.generated.errors import UnknownBlockMarket, UnknownBoard
from carbon_sdk.contracts.generated.events import (
    BlockConfirmed,
    BlockProposed,
    BlockSettled,
    QuoteClicked,
    QuoteListed,
    SettlementFailed,
)
from carbon_sdk.contracts.generated.quote_board import QuoteBoard
from carbon_sdk.contracts.generated.structs import (
    BlockMarketView,
    BlockTerms,
    BlockTrade,
    BoardTerms,
    BoardView,
    Failures,
    Voucher,
)
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, BlockMarketId, BoardId, InstrumentId, QuoteId, Side
from carbon_sdk.units import Money, Quantity, Ticks, Tonnes, ticks


@dataclass(frozen=True, slots=True)
class ListedQuote:
    """An open quote.

    Attributes:
        id: Its name.
        account: Who listed it.
        side: BUY when it buys.
        price: In ticks.
        quantity: Open tonnes.
        least_fill: A click takes all, or at least so many tonnes.
        expires: Unix seconds; 0: stands until withdrawn.
        named: Who may click it; empty: everybody.
    """

    id: QuoteId
    account: Address
    side: Side
    price: Ticks
    quantity: Tonnes
    least_fill: Tonnes
    expires: int
    named: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class AgreedTrade:
    """One trade of a click or a block.

    Attributes:
        source: The quote's number, or the block's id.
        buyer, seller: Accounts.
        price: In ticks.
        quantity: Tonnes.
        voucher: Place in the series of vouchers, from 0.
        order_of_day: The voucher's number on its civil day.
        block: Number of the chain's block.
        transaction: Hash.
    """

    source: QuoteId | bytes
    buyer: Address
    seller: Address
    price: Ticks
    quantity: Tonnes
    voucher: int
    order_of_day: int
    block: int
    transaction: str


@dataclass(frozen=True, slots=True)
class BlockOffer:
    """A block that is on the chain: its id, terms and state."""

    id: bytes
    terms: BlockTrade
    state: BlockState


class BoardReader:
    """One board of listed quotes. Raises InputError for a number that none has."""

    def __init__(self, suite: Suite, number: BoardId | int) -> None:
        self.suite = suite
        self.number = BoardId(positive(number, "board"))
        self._board = suite.contract(QuoteBoard)
        try:
            self._terms = self._board.board_of(self.number).terms
        except UnknownBoard:
            raise InputError(f"There is no board {number}; there are {self._board.board_count()}.") from None

    @property
    def terms(self) -> BoardTerms:
        """As it was opened, with the band as of when this object was made."""
        return self._terms

    @property
    def instrument(self) -> InstrumentId:
        """What is quoted."""
        return self._terms.instrument

    def now(self) -> BoardView:
        """State, band, quotes listed so far."""
        return self._board.board_of(self.number)

    def ticks(self, price: Quantity, decimals: int = 2) -> Ticks:
        """A price per tonne in the currency's main unit as ticks: `ticks("41.85")`. Raises InputError, FloatRefused."""
        return ticks(price, self._terms.tick_size, decimals)

    def money(self, price: Ticks | int) -> Money:
        """A price in ticks as smallest units of money per tonne."""
        return Money(int(price) * self._terms.tick_size)

    def quotes(self, side: Side | None = None, account: Address | None = None) -> tuple[ListedQuote, ...]:
        """Open quotes in the order in which they were listed: all of them, of a side, of an account."""
        listed = [
            item.event
            for item in _events(self.suite, self._board.address, QuoteListed.TOPIC)
            if isinstance(item.event, QuoteListed)
            and item.event.id.board == self.number
            and side in (None, item.event.id.side)
            and account in (None, item.event.account)
        ]
        views = self.suite.chain.read_many([QuoteBoard.QUOTE_OF.on(self._board.address, one.id) for one in listed])
        return tuple(
            ListedQuote(
                one.id,
                view.account,
                one.id.side,
                Ticks(one.id.tick),
                Tonnes(view.open),
                Tonnes(view.least_fill),
                view.expires,
                one.named,
            )
            for one, view in zip(listed, views, strict=True)
            if view.open
        )

    def trades(self) -> Iterator[AgreedTrade]:
        """Clicks in order, since the deployment."""
        return (trade for trade in clicks_of(self.suite) if QuoteId(trade.source).board == self.number)


class BlockMarketReader:
    """One market of block trades. Raises InputError for a number that none has."""

    def __init__(self, suite: Suite, number: BlockMarketId | int) -> None:
        self.suite = suite
        self.number = BlockMarketId(positive(number, "block_market"))
        self._blocks = suite.contract(BlockTrades)
        try:
            self._terms = self._blocks.block_market_of(self.number).terms
        except UnknownBlockMarket:
            count = self._blocks.block_market_count()
            raise InputError(f"There is no block market {number}; there are {count}.") from None

    @property
    def terms(self) -> BlockTerms:
        """As it was opened, with the hours as of when this object was made."""
        return self._terms

    @property
    def instrument(self) -> InstrumentId:
        """What is traded."""
        return self._terms.instrument

    def now(self) -> BlockMarketView:
        """State, hours and reference price in ticks."""
        return self._blocks.block_market_of(self.number)

    def is_open_at(self, time: int) -> bool:
        """Whether a time (Unix seconds) is within the trading hours."""
        return self._blocks.is_within_hours(self.number, time)

    def ticks(self, price: Quantity, decimals: int = 2) -> Ticks:
        """A price per tonne in the currency's main unit as ticks: `ticks("41.85")`. Raises InputError, FloatRefused."""
        return ticks(price, self._terms.tick_size, decimals)

    def money(self, price: Ticks | int) -> Money:
        """A price in ticks as smallest units of money per tonne."""
        return Money(int(price) * self._terms.tick_size)

    def offers(self, account: Address | None = None, state: BlockState | None = None) -> tuple[BlockOffer, ...]:
        """Blocks that were put on the chain, in order: all of them, those that name an account, those in a state."""
        terms = {
            identity: one
            for identity, one in terms_of_blocks(self.suite).items()
            if one.market == self.number and account in (None, one.seller, one.buyer)
        }
        states = self.suite.chain.read_many([BlockTrades.STATE_OF.on(self._blocks.address, one) for one in terms])
        found = zip(terms.items(), states, strict=True)
        return tuple(BlockOffer(identity, one, now) for (identity, one), now in found if state in (None, now))

    def trades(self) -> Iterator[AgreedTrade]:
        """Settled blocks in order, since the deployment."""
        terms = terms_of_blocks(self.suite)
        return (trade for trade in blocks_of(self.suite) if terms[bytes(trade.source)].market == self.number)


def block_of(suite: Suite, block: bytes) -> BlockOffer:
    """One block by its id. Raises InputError where nobody offered it on the chain."""
    terms = terms_of_blocks(suite, block).get(block)
    if terms is None:
        raise InputError(f"No block 0x{block.hex()} was offered on this chain.")
    return BlockOffer(block, terms, suite.contract(BlockTrades).state_of(block))


def failures_of(suite: Suite, account: Address) -> Failures:
    """Blocks that an account agreed to and did not settle: how often, for which reason, when last."""
    return suite.contract(BlockTrades).failures_of(account)


def failed_settlements(suite: Suite) -> Iterator[Logged[Event]]:
    """Every failed settlement, in order: who, which block, which fault."""
    return _events(suite, suite.contract(BlockTrades).address, SettlementFailed.TOPIC)


def terms_of_blocks(suite: Suite, block: bytes | None = None) -> dict[bytes, BlockTrade]:
    """Terms by id, as the events tell them; of one block or of all."""
    kinds = (BlockProposed, BlockConfirmed, BlockSettled)
    found: dict[bytes, BlockTrade] = {}
    wanted = [[kind.TOPIC for kind in kinds], None if block is None else f"0x{block.hex()}"]
    at = suite.contract(BlockTrades).address
    for item in suite.chain.events(suite.deployment.block, addresses=[at], topics=wanted):
        if isinstance(item.event, kinds):
            found.setdefault(item.event.id, item.event.terms)
    return found


def named_by(suite: Suite, quote: QuoteId) -> tuple[Address, ...]:
    """Who may click a quote, as it was listed; empty: everybody. Raises InputError for one that was never listed."""
    topic = f"0x{int(quote):064x}"
    for item in _events(suite, suite.contract(QuoteBoard).address, QuoteListed.TOPIC, topic):
        if isinstance(item.event, QuoteListed):
            return item.event.named
    raise InputError(f"The quote {quote} was never listed.")


def clicks_of(suite: Suite) -> Iterator[AgreedTrade]:
    """Clicks of all boards, in order."""
    for item in _events(suite, suite.contract(QuoteBoard).address, QuoteClicked.TOPIC):
        event = item.event
        if isinstance(event, QuoteClicked):
            sells = event.id.side is Side.SELL
            yield AgreedTrade(
                event.id,
                event.taker if sells else event.account,
                event.account if sells else event.taker,
                Ticks(event.id.tick),
                Tonnes(event.quantity),
                event.voucher,
                event.order_of_day,
                item.block,
                item.transaction,
            )


def blocks_of(suite: Suite) -> Iterator[AgreedTrade]:
    """Settled blocks of all markets, in order."""
    for item in _events(suite, suite.contract(BlockTrades).address, BlockSettled.TOPIC):
        event = item.event
        if isinstance(event, BlockSettled):
            yield AgreedTrade(
                event.id,
                event.buyer,
                event.seller,
                Ticks(event.terms.tick),
                Tonnes(event.terms.quantity),
                event.voucher,
                event.order_of_day,
                item.block,
                item.transaction,
            )


def vouchers_of_quotes(suite: Suite, series: int) -> Iterator[Voucher]:
    """Vouchers of all clicks."""
    boards: dict[int, BoardReader] = {}
    for trade in clicks_of(suite):
        number = QuoteId(trade.source).board
        board = boards.setdefault(number, BoardReader(suite, number))
        yield _voucher(suite, series, trade, board, int(trade.source))


def vouchers_of_blocks(suite: Suite, series: int) -> Iterator[Voucher]:
    """Vouchers of all blocks."""
    markets: dict[int, BlockMarketReader] = {}
    terms = terms_of_blocks(suite)
    for trade in blocks_of(suite):
        identity = bytes(trade.source)
        number = terms[identity].market
        market = markets.setdefault(number, BlockMarketReader(suite, number))
        yield _voucher(suite, series, trade, market, int.from_bytes(identity, "big"))


def _voucher(suite: Suite, series: int, trade: AgreedTrade, of: BoardReader | BlockMarketReader, ref: int) -> Voucher:
    return Voucher(
        VoucherKind.TRADE,
        series,
        trade.voucher,
        trade.order_of_day,
        suite.chain.block(trade.block).timestamp,
        of.instrument,
        trade.quantity,
        of.money(trade.price),
        trade.seller,
        trade.buyer,
        ref,
    )


def _events(suite: Suite, at: Address, *topics: str | None) -> Iterator[Logged[Event]]:
    return suite.chain.events(suite.deployment.block, addresses=[at], topics=list(topics))
