"""What the market wants, as one query: orders, quotes, proposed blocks, accepted price ranges, what meets (R-TRD-6).

A *want* is that of somebody to buy or to sell tonnes of an instrument at prices from one to another. Orders, quotes and
proposals bind their accounts at one price; a public trading plan names a range and binds nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from carbon_sdk.audit.bilateral import PROPOSED
from carbon_sdk.audit.clearing import trades_between
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.state import State
from carbon_sdk.audit.store import Store
from carbon_sdk.identifiers import Address, InstrumentId, Side
from carbon_sdk.market_data.plans import compared, latest, plans_of

BOOK, QUOTE, BLOCK, PLAN = "book", "quote", "block", "plan"
"""Where a want is published."""

_OF_THE_BOOK = (
    "MarketOpened",
    "OrderPlaced",
    "Trade",
    "AuctionTrade",
    "OrderReduced",
    "OrderClosed",
    "SelfTradePrevented",
)
_OF_QUOTES = ("BoardOpened", "BoardBandChanged", "QuoteListed", "QuoteClicked", "QuoteReduced", "QuoteClosed")
_OF_BLOCKS = ("BlockMarketOpened", "NonceSpent", "BlockProposed", "BlockConfirmed", "BlockSettled", "BlockEnded")
_EVENTS = (
    *(("OrderBook", name) for name in _OF_THE_BOOK),
    *(("QuoteBoard", name) for name in _OF_QUOTES),
    *(("BlockTrades", name) for name in _OF_BLOCKS),
    ("InstrumentLedger", "InstrumentDefined"),
    ("InstrumentLedger", "EligibilityChanged"),
    ("VoucherBook", "CodingRulesSet"),
)


@dataclass(frozen=True, slots=True)
class Want:
    """Somebody's want. Tonnes; smallest units of the main money per tonne.

    Attributes:
        source: book, quote, block or plan.
        instrument: What is wanted.
        side: BUY or SELL.
        tonnes: How much; of a plan what is left of it.
        least, greatest: Prices that are accepted, both included; equal but for plans.
        account: Whose; None for a level of the book, which may be several accounts'.
        named: Accounts that alone may take it; none: anybody.
        reference: The market and level, the quote, the block, the plan.
    """

    source: str
    instrument: InstrumentId
    side: Side
    tonnes: int
    least: int
    greatest: int
    account: Address | None
    named: tuple[Address, ...]
    reference: str


@dataclass(frozen=True, slots=True)
class Match:
    """Two wants that meet.

    Attributes:
        buyer: Who wants to buy.
        seller: Who wants to sell.
        tonnes: The smaller of both.
        least, greatest: Prices that both accept.
    """

    buyer: Want
    seller: Want
    tonnes: int
    least: int
    greatest: int


@dataclass(frozen=True, slots=True)
class Requirements:
    """What was wanted when the store was read last.

    Attributes:
        at: Unix seconds of the last block that was read.
        day: Civil day of it.
        wants: Sellers and buyers, by instrument; best prices first.
        matches: What meets; the most tonnes first.
        left_off: How many matches are not told because the query limits them.
    """

    at: int
    day: date
    wants: tuple[Want, ...]
    matches: tuple[Match, ...]
    left_off: int


def requirements_of(
    store: Store,
    contracts: Mapping[Address, str],
    instrument: int | None = None,
    *,
    chain: int | None = None,
    most_matches: int = 1000,
) -> Requirements:
    """Everything that is wanted, and what of it meets.

    Args:
        store: The audit store, read up to now.
        contracts: Contract's name by its address.
        instrument: Only this one; None: all.
        chain: Chain id; None takes the store's only one.
        most_matches: Matches that are told at most.
    """
    number = store.only_chain() if chain is None else chain
    fold = Fold(contracts, journal=False)
    state = fold.apply_all(store.events(number, events=_EVENTS))
    cursor = store.cursor(number)
    header = store.header_at(number, cursor.number) if cursor else None
    now = max(state.timestamp, header.timestamp if header else 0)
    coding = state.vouchers.rules
    day = datetime.fromtimestamp(now + (coding[0].utc_offset if coding else 0), UTC).date()
    found = [*_levels(state, now), *_quotes(state, now), *_proposals(state, now)]
    found += _planned(store, contracts, number, day)
    wants = [one for one in found if one.tonnes and instrument in (None, one.instrument)]
    wants.sort(key=lambda one: (one.instrument, one.side, -one.greatest if one.side is Side.BUY else one.least))
    matches = sorted(_matches(state, wants), key=lambda one: (-one.tonnes, one.least, one.buyer.reference))
    return Requirements(now, day, tuple(wants), tuple(matches[:most_matches]), max(0, len(matches) - most_matches))


def _levels(state: State, now: int) -> Iterator[Want]:
    """What rests in the book, level by level, without what has expired."""
    for number, market in state.book.markets.items():
        for side in (Side.BUY, Side.SELL):
            for tick, level in market.sides[side].items():
                open_ = sum(order.open for order in level.orders.values() if not order.expires or order.expires > now)
                price = tick * market.tick_size
                where = f"market {number} at {tick} ticks"
                yield Want(BOOK, InstrumentId(market.instrument), side, open_, price, price, None, (), where)


def _quotes(state: State, now: int) -> Iterator[Want]:
    for quote in state.quotes.open.values():
        board = state.quotes.boards[quote.id.board]
        if (quote.expires and quote.expires <= now) or not board.lowest <= quote.id.tick <= board.highest:
            continue
        price = quote.id.tick * board.tick_size
        yield Want(
            QUOTE,
            InstrumentId(board.instrument),
            quote.id.side,
            quote.open,
            price,
            price,
            quote.account,
            quote.named,
            f"quote {quote.id}",
        )


def _proposals(state: State, now: int) -> Iterator[Want]:
    for identity, block in state.blocks.blocks.items():
        if block.state != PROPOSED or block.expires <= now:
            continue
        market = state.blocks.markets[block.market]
        price = block.tick * market.tick_size
        sells = block.offered_by is Side.SELL
        own, other = (block.seller, block.buyer) if sells else (block.buyer, block.seller)
        yield Want(
            BLOCK,
            InstrumentId(market.instrument),
            block.offered_by,
            block.quantity,
            price,
            price,
            own,
            (other,),
            f"block 0x{identity.hex()}",
        )


def _planned(store: Store, contracts: Mapping[Address, str], chain: int, day: date) -> Iterator[Want]:
    """What is left of public plans whose period is now."""
    trades = {}
    for plan in latest(plans_of(store, contracts, chain=chain)):
        first, last = plan.days
        if plan.terms is None or not first <= day <= last:
            continue
        if plan.days not in trades:
            trades[plan.days] = trades_between(store, chain, first, last).trades
        one = compared(plan, trades[plan.days])
        when = f"{plan.year}-Q{plan.quarter}" if plan.quarter else str(plan.year)
        for side, tonnes in ((Side.BUY, one.left_to_buy), (Side.SELL, one.left_to_sell)):
            yield Want(
                PLAN,
                plan.instrument,
                side,
                tonnes or 0,
                plan.terms.least_price,
                plan.terms.greatest_price,
                plan.account,
                (),
                f"plan {when} version {plan.version}",
            )


def _matches(state: State, wants: Iterable[Want]) -> Iterator[Match]:
    """Pairs of a buyer and a seller that accept a price in common. What could meet in the book has met already."""
    by_instrument: dict[int, tuple[list[Want], list[Want]]] = {}
    for want in wants:
        by_instrument.setdefault(want.instrument, ([], []))[want.side is Side.SELL].append(want)
    for buyers, sellers in by_instrument.values():
        for buyer in buyers:
            for seller in sellers:
                if not _may_meet(state, buyer, seller):
                    continue
                least, greatest = max(buyer.least, seller.least), min(buyer.greatest, seller.greatest)
                if buyer.source != PLAN and seller.source != PLAN:
                    # Who binds himself at a price takes a better one.
                    least, greatest = seller.least, buyer.greatest
                if least <= greatest:
                    yield Match(buyer, seller, min(buyer.tonnes, seller.tonnes), least, greatest)


def _may_meet(state: State, buyer: Want, seller: Want) -> bool:
    if buyer.source == seller.source == BOOK:
        return False
    for one, other in ((buyer, seller), (seller, buyer)):
        if one.named and other.account not in one.named:
            return False
    if buyer.account is None or seller.account is None:
        return True
    owners = [
        state.ledger.eligibility[a].owner for a in (buyer.account, seller.account) if a in state.ledger.eligibility
    ]
    return buyer.account != seller.account and not (len(owners) == 2 and owners[0] == owners[1] != 0)
