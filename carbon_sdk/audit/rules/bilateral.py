"""QuoteBoard and BlockTrades: boards, quotes, clicks; block markets, offers, settlements; with their vouchers."""

from __future__ import annotations

from typing import Any

from carbon_sdk.audit.bilateral import (
    CONFIRMED,
    FAILED,
    PROPOSED,
    SETTLED,
    Block,
    BlockMarket,
    Board,
    Quote,
    delivery,
)
from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import needs_no_rule, on
from carbon_sdk.audit.rules.market_rules import must_be_normal
from carbon_sdk.audit.rules.vouchers import append_voucher, series_of
from carbon_sdk.audit.state import State
from carbon_sdk.audit.vouchers import Voucher, VoucherKind
from carbon_sdk.identifiers import Address, InstrumentId, QuoteId, Side

_BOARD = "QuoteBoard"
_BLOCKS = "BlockTrades"

needs_no_rule(_BLOCKS, "EIP712DomainChanged")  # of the standard; never emitted here


# BOARDS


@on(_BOARD, "BoardOpened")
def _board_opened(state: State, event: Event) -> None:
    number, terms = event.args["board"], event.args["terms"]
    if number != len(state.quotes.boards) + 1:
        state.fault(event, f"board {number} comes after {len(state.quotes.boards)}")
    state.quotes.boards[number] = Board(
        number,
        terms["instrument"],
        terms["tickSize"],
        terms["lot"],
        terms["leastLots"],
        terms["takerFee"],
        terms["makerFee"],
        terms["lowest"],
        terms["highest"],
    )
    state.touch(event, "board", number)


@on(_BOARD, "BoardStateChanged")
def _board_state(state: State, event: Event) -> None:
    if board := _board(state, event, event.args["board"]):
        board.state = event.args["state"]


@on(_BOARD, "BoardBandChanged")
def _board_band(state: State, event: Event) -> None:
    if board := _board(state, event, event.args["board"]):
        board.lowest, board.highest = event.args["lowest"], event.args["highest"]


@on(_BOARD, "FeeAccountSet")
def _quote_fees(state: State, event: Event) -> None:
    state.quotes.fee_account = event.args["account"]
    state.touch(event, "quote fees")


@on(_BOARD, "VoucherSeriesSet")
def _quote_series(state: State, event: Event) -> None:
    state.quotes.series = event.args["series"]
    series_of(state, event.address, event.args["series"])


# QUOTES


@on(_BOARD, "QuoteListed")
def _listed(state: State, event: Event) -> None:
    args = event.args
    identity = QuoteId(args["id"])
    board = _board(state, event, identity.board)
    if board is None:
        return
    must_be_normal(state, event)
    board.quotes += 1
    if identity.index != board.quotes:
        state.fault(event, f"quote {identity} should have the number {board.quotes}")
    if args["quantity"] <= 0 or args["quantity"] % board.lot:
        state.fault(event, f"{args['quantity']} tonnes are no positive multiple of the lot {board.lot}")
    if not board.lowest <= identity.tick <= board.highest:
        state.fault(event, f"quote {identity} is outside the band from {board.lowest} to {board.highest}")
    if len(set(args["named"])) != len(args["named"]):
        state.fault(event, f"quote {identity} names an account twice")
    state.quotes.open[identity] = Quote(
        identity, args["account"], args["quantity"], args["leastFill"], args["expires"], tuple(args["named"])
    )
    state.touch(event, "quote", int(identity))


@on(_BOARD, "QuoteClicked")
def _clicked(state: State, event: Event) -> None:
    args = event.args
    identity, quantity, taker = QuoteId(args["id"]), args["quantity"], args["taker"]
    quote, board = _open_quote(state, event), _board(state, event, identity.board)
    if quote is None or board is None:
        return
    must_be_normal(state, event)
    if quantity != quote.open and quantity < quote.least_fill:
        state.fault(event, f"{quantity} of {quote.open} tonnes are clicked, the least is {quote.least_fill}")
    if quote.named and taker not in quote.named:
        state.fault(event, f"{taker} is not named by quote {identity}")
    if quote.expires and event.timestamp >= quote.expires:
        state.fault(event, f"quote {identity} had expired")
    if not board.lowest <= identity.tick <= board.highest:
        state.fault(event, f"quote {identity} is outside the band from {board.lowest} to {board.highest}")
    _own(state, event, quote.account, taker)
    _shrink(state, event, quote, quantity)

    sells = identity.side is Side.SELL
    seller, buyer = (quote.account, taker) if sells else (taker, quote.account)
    lots = quantity // board.lot
    fees = (lots * board.maker_fee, lots * board.taker_fee)
    cost = quantity * identity.tick * board.tick_size
    cause = int(identity).to_bytes(32, "big")
    quotes = state.quotes
    quotes.clicks += 1
    quotes.volume += quantity
    quotes.turnover += cost
    quotes.fees += sum(fees)
    state.deliveries.told(
        delivery(
            seller,
            buyer,
            (board.instrument, quantity),
            state.main_money,
            cost,
            fees if sells else (fees[1], fees[0]),
            quotes.fee_account,
            cause,
        )
    )
    append_voucher(
        state,
        event,
        Voucher(
            VoucherKind.TRADE,
            quotes.series,
            args["voucher"],
            args["orderOfDay"],
            event.timestamp,
            InstrumentId(board.instrument),
            quantity,
            identity.tick * board.tick_size,
            seller,
            buyer,
            int(identity),
        ),
    )


@on(_BOARD, "QuoteReduced")
def _reduced(state: State, event: Event) -> None:
    if quote := _open_quote(state, event):
        _shrink(state, event, quote, event.args["by"])


@on(_BOARD, "QuoteClosed")
def _closed(state: State, event: Event) -> None:
    if quote := _open_quote(state, event):
        if event.args["open"] != quote.open:
            state.fault(event, f"quote {quote.id} had {quote.open} tonnes open, not {event.args['open']}")
        _shrink(state, event, quote, quote.open)


def _shrink(state: State, event: Event, quote: Quote, by: int) -> None:
    if by > quote.open:
        state.fault(event, f"quote {quote.id} had {quote.open} tonnes open; {by} went")
        by = quote.open
    quote.open -= by
    if not quote.open:
        del state.quotes.open[quote.id]
        state.quotes.closed.add(quote.id)
    state.touch(event, "quote", int(quote.id))


def _open_quote(state: State, event: Event) -> Quote | None:
    identity = QuoteId(event.args["id"])
    quote = state.quotes.open.get(identity)
    if quote is None:
        why = "is not open any more" if identity in state.quotes.closed else "was never listed"
        state.fault(event, f"quote {identity} {why}")
    elif quote.account != event.args["account"]:
        state.fault(event, f"quote {identity} is {quote.account}'s, not {event.args['account']}'s")
    return quote


def _board(state: State, event: Event, number: int) -> Board | None:
    board = state.quotes.boards.get(number)
    if board is None:
        state.fault(event, f"board {number} was never opened")
    else:
        state.touch(event, "board", number)
    return board


def _own(state: State, event: Event, one: Address, other: Address) -> None:
    """Nobody trades with himself (R-TRD-7); who is barred, the contract checks before it moves anything."""
    owners = [state.ledger.eligibility[a].owner for a in (one, other) if a in state.ledger.eligibility]
    if one == other or (len(owners) == 2 and owners[0] == owners[1] != 0):
        state.fault(event, f"{one} and {other} have one owner")


# BLOCK MARKETS


@on(_BLOCKS, "BlockMarketOpened")
def _market_opened(state: State, event: Event) -> None:
    number, terms = event.args["market"], event.args["terms"]
    if number != len(state.blocks.markets) + 1:
        state.fault(event, f"block market {number} comes after {len(state.blocks.markets)}")
    state.blocks.markets[number] = BlockMarket(
        number,
        terms["instrument"],
        terms["tickSize"],
        terms["lot"],
        terms["buyerFee"],
        terms["sellerFee"],
        terms["opens"],
        terms["closes"],
        terms["weekdays"],
        terms["window"],
    )
    state.touch(event, "block market", number)


@on(_BLOCKS, "BlockMarketStateChanged")
def _market_state(state: State, event: Event) -> None:
    if market := _market(state, event, event.args["market"]):
        market.state = event.args["state"]


@on(_BLOCKS, "ReferenceSet")
def _reference(state: State, event: Event) -> None:
    if market := _market(state, event, event.args["market"]):
        market.reference = event.args["tick"]


@on(_BLOCKS, "HoursSet")
def _hours(state: State, event: Event) -> None:
    args = event.args
    if market := _market(state, event, args["market"]):
        market.opens, market.closes, market.weekdays = args["opens"], args["closes"], args["weekdays"]


@on(_BLOCKS, "FeeAccountSet")
def _block_fees(state: State, event: Event) -> None:
    state.blocks.fee_account = event.args["account"]
    state.touch(event, "block fees")


@on(_BLOCKS, "VoucherSeriesSet")
def _block_series(state: State, event: Event) -> None:
    state.blocks.series = event.args["series"]
    series_of(state, event.address, event.args["series"])


# BLOCKS


@on(_BLOCKS, "NonceSpent")
def _spent(state: State, event: Event) -> None:
    key = (event.args["account"], event.args["nonce"])
    if key in state.blocks.nonces:
        state.fault(event, f"{key[0]} had spent the nonce {key[1]}")
    state.blocks.nonces.add(key)
    state.touch(event, "nonce", *key)


@on(_BLOCKS, "BlockProposed")
def _proposed(state: State, event: Event) -> None:
    must_be_normal(state, event)
    _enter(state, event, PROPOSED)


@on(_BLOCKS, "BlockConfirmed")
def _confirmed(state: State, event: Event) -> None:
    must_be_normal(state, event)
    _enter(state, event, CONFIRMED)


@on(_BLOCKS, "BlockSettled")
def _settled(state: State, event: Event) -> None:
    args = event.args
    block = _enter(state, event, SETTLED)
    if block is None:
        return
    if not block.settle_at:
        must_be_normal(state, event)
    if event.timestamp < block.settle_at:
        state.fault(event, f"block 0x{block.id.hex()} settled before its time")
    blocks, market = state.blocks, state.blocks.markets[block.market]
    cost, fees = blocks.cost(block), blocks.fees_of(block)
    _own(state, event, block.seller, block.buyer)
    blocks.settled += 1
    blocks.volume += block.quantity
    blocks.turnover += cost
    blocks.fees += sum(fees)
    units = (market.instrument, block.quantity)
    state.deliveries.told(
        delivery(block.seller, block.buyer, units, state.main_money, cost, fees, blocks.fee_account, block.id)
    )
    append_voucher(
        state,
        event,
        Voucher(
            VoucherKind.TRADE,
            blocks.series,
            args["voucher"],
            args["orderOfDay"],
            event.timestamp,
            InstrumentId(market.instrument),
            block.quantity,
            block.tick * market.tick_size,
            block.seller,
            block.buyer,
            int.from_bytes(block.id, "big"),
        ),
    )


@on(_BLOCKS, "SettlementFailed")
def _failed(state: State, event: Event) -> None:
    account, fault = event.args["account"], event.args["fault"]
    lacked, not_eligible, _ = state.blocks.failures.get(account, (0, 0, 0))
    state.blocks.failures[account] = (lacked + (fault == 2), not_eligible + (fault == 1), event.timestamp)
    block = state.blocks.blocks.get(event.args["id"])
    if block is None or block.state != CONFIRMED or account not in (block.seller, block.buyer):
        state.fault(event, f"{account} had agreed to no such block")
    state.touch(event, "failures", account)


@on(_BLOCKS, "BlockEnded")
def _ended(state: State, event: Event) -> None:
    identity, ends = event.args["id"], event.args["state"]
    block = state.blocks.blocks.get(identity)
    if block is None or block.state not in (PROPOSED, CONFIRMED):
        state.fault(event, f"block 0x{identity.hex()} was neither proposed nor confirmed")
        return
    if ends == FAILED and block.state != CONFIRMED:
        state.fault(event, f"block 0x{identity.hex()} failed without having been confirmed")
    block.state = ends
    state.touch(event, "block", identity)


def _enter(state: State, event: Event, to: int) -> Block | None:
    """A block is proposed, or goes on from there; one that was signed off the chain begins with the last step."""
    identity, terms = event.args["id"], event.args["terms"]
    if _market(state, event, terms["market"]) is None:
        return None
    known = state.blocks.blocks.get(identity)
    if known is None:
        known = state.blocks.blocks[identity] = _block(identity, terms, to)
        if (known.offerer, known.nonce) not in state.blocks.nonces:
            state.fault(event, f"block 0x{identity.hex()} spent no nonce")
    elif known.state >= to or known.state == SETTLED:
        state.fault(event, f"block 0x{identity.hex()} was in the state {known.state}")
    elif to == SETTLED and known.state == PROPOSED and known.settle_at:
        state.fault(event, f"block 0x{identity.hex()} settled without having been confirmed")
    known.state = to
    state.touch(event, "block", identity)
    return known


def _block(identity: bytes, terms: dict[str, Any], state: int) -> Block:
    return Block(
        identity,
        terms["seller"],
        terms["buyer"],
        Side(terms["offeredBy"]),
        terms["market"],
        terms["tick"],
        terms["quantity"],
        terms["expires"],
        terms["settleAt"],
        terms["nonce"],
        state,
    )


def _market(state: State, event: Event, number: int) -> BlockMarket | None:
    market = state.blocks.markets.get(number)
    if market is None:
        state.fault(event, f"block market {number} was never opened")
    else:
        state.touch(event, "block market", number)
    return market
