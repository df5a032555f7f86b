"""Listed quotes and block trades as the events tell them: plain numbers, what they bind, and what must change hands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from carbon_sdk.audit.auctions import COLLATERAL
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentId, QuoteId, Side, keccak

QUOTE, BLOCK_TRADE = 11, 12
"""Reasons for which the ledger binds."""
DELIVERED = (QUOTE, BLOCK_TRADE, COLLATERAL)
"""Under these reasons bound units and money move only as a trade tells."""

PROPOSED, CONFIRMED, SETTLED, FAILED = 1, 2, 3, 4


class Move(NamedTuple):
    """One move of bound units or money."""

    sender: Address
    receiver: Address
    instrument: int
    quantity: int
    cause: bytes


@dataclass(slots=True)
class Deliveries:
    """Delivery versus payment: a trade tells what is to move, and the same transaction moves exactly that."""

    due: list[Move] = field(default_factory=list)

    def told(self, moves: Iterator[Move]) -> None:
        """A trade was told: its moves follow. Nothing is no move."""
        self.due.extend(move for move in moves if move.quantity)

    def made(self, move: Move) -> bool:
        """Whether a move was due; it is not any more."""
        if move not in self.due:
            return False
        self.due.remove(move)
        return True

    def end_transaction(self) -> Iterator[str]:
        """What was told and not delivered."""
        for move in self.due:
            yield (
                f"{move.quantity} of {InstrumentId(move.instrument)} were due from {move.sender} to {move.receiver} "
                f"for 0x{move.cause.hex()} and did not move"
            )
        self.due.clear()


def delivery(
    seller: Address,
    buyer: Address,
    units: tuple[int, int],
    money: int,
    cost: int,
    fees: tuple[int, int],
    platform: Address,
    cause: bytes,
) -> Iterator[Move]:
    """The moves of one trade.

    Args:
        seller: Account.
        buyer: Account.
        units: Instrument and tonnes.
        money: The main money.
        cost: Price of the units in smallest units.
        fees: Of the seller and of the buyer.
        platform: The account that gets the fees.
        cause: For which all of it was bound.
    """
    yield Move(seller, buyer, *units, cause)
    yield Move(buyer, seller, money, cost - fees[0], cause)
    yield Move(buyer, platform, money, sum(fees), cause)


# LISTED QUOTES


@dataclass(slots=True)
class Board:
    """One board."""

    number: int
    instrument: int
    tick_size: int
    """Smallest units of money for each tick and tonne."""
    lot: int
    least_lots: int
    taker_fee: int
    """Smallest units of money for each lot."""
    maker_fee: int
    lowest: int
    highest: int
    state: int = 1  # OPEN
    quotes: int = 0
    """Listed ever."""

    def held(self, quote: QuoteId, quantity: int) -> int:
        """What a quote binds for `quantity` tonnes: the units, or their price and the maker's fee."""
        if quote.side is Side.SELL:
            return quantity
        return quantity * quote.tick * self.tick_size + quantity // self.lot * self.maker_fee


@dataclass(slots=True)
class Quote:
    """An open quote."""

    id: QuoteId
    account: Address
    open: int
    least_fill: int
    expires: int
    named: tuple[Address, ...]

    @property
    def digest(self) -> bytes:
        """Of those who may click it, as the contract keeps it."""
        if not self.named:
            return bytes(27)
        words = [32, len(self.named), *(int(account, 16) for account in self.named)]
        return keccak(b"".join(word.to_bytes(32, "big") for word in words))[:27]


@dataclass(slots=True)
class Quotes:
    """QuoteBoard."""

    series: int = 0
    fee_account: Address = ZERO_ADDRESS
    boards: dict[int, Board] = field(default_factory=dict)
    open: dict[int, Quote] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)
    """Ids of quotes that were clicked whole or taken out."""
    clicks: int = 0
    volume: int = 0
    turnover: int = 0
    fees: int = 0

    def bound(self, money: int) -> Iterator[tuple[Address, int, int]]:
        """Account, instrument and quantity of what each open quote binds."""
        for quote in self.open.values():
            board = self.boards[quote.id.board]
            instrument = board.instrument if quote.id.side is Side.SELL else money
            yield quote.account, instrument, board.held(quote.id, quote.open)


# BLOCK TRADES


@dataclass(slots=True)
class BlockMarket:
    """One market of block trades."""

    number: int
    instrument: int
    tick_size: int
    lot: int
    buyer_fee: int
    seller_fee: int
    opens: int
    closes: int
    weekdays: int
    window: int
    state: int = 1  # OPEN
    reference: int = 0


@dataclass(slots=True)
class Block:
    """One block."""

    id: bytes
    seller: Address
    buyer: Address
    offered_by: Side
    market: int
    tick: int
    quantity: int
    expires: int
    settle_at: int
    nonce: int
    state: int

    @property
    def offerer(self) -> Address:
        """Who offered it."""
        return self.buyer if self.offered_by is Side.BUY else self.seller


@dataclass(slots=True)
class Blocks:
    """BlockTrades."""

    series: int = 0
    fee_account: Address = ZERO_ADDRESS
    markets: dict[int, BlockMarket] = field(default_factory=dict)
    blocks: dict[bytes, Block] = field(default_factory=dict)
    nonces: set[tuple[Address, int]] = field(default_factory=set)
    """Spent, by account."""
    failures: dict[Address, tuple[int, int, int]] = field(default_factory=dict)
    """How often an account lacked what it owed, was not eligible, and when last."""
    settled: int = 0
    volume: int = 0
    turnover: int = 0
    fees: int = 0

    def cost(self, block: Block) -> int:
        """Of the units, in smallest units of money."""
        return block.quantity * block.tick * self.markets[block.market].tick_size

    def fees_of(self, block: Block) -> tuple[int, int]:
        """Of the seller and of the buyer."""
        market = self.markets[block.market]
        lots = block.quantity // market.lot
        return lots * market.seller_fee, lots * market.buyer_fee

    def bound(self, money: int) -> Iterator[tuple[Address, int, int]]:
        """Account, instrument and quantity of what each proposal binds: those that settle at once."""
        for block in self.blocks.values():
            if block.state != PROPOSED or block.settle_at:
                continue
            if block.offered_by is Side.SELL:
                yield block.seller, self.markets[block.market].instrument, block.quantity
            else:
                yield block.buyer, money, self.cost(block) + self.fees_of(block)[1]
