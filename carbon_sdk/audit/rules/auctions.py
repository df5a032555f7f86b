"""SealedAuction: announcements, bids, openings, the price that follows, awards, and what comes back."""

from __future__ import annotations

from carbon_sdk.audit.auctions import CANCELLED, SETTLED, SealedBid, SealedSale
from carbon_sdk.audit.bilateral import Move
from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import needs_no_rule, on
from carbon_sdk.audit.rules.market_rules import must_be_normal
from carbon_sdk.audit.rules.vouchers import append_voucher, series_of
from carbon_sdk.audit.state import State
from carbon_sdk.audit.vouchers import Voucher, VoucherKind
from carbon_sdk.identifiers import InstrumentId

_AUCTIONS = "SealedAuction"

needs_no_rule(
    _AUCTIONS,
    "BidVoid",  # stands as if it had not been opened
    "BidsRanked",  # how far the proof of the order is; the price is computed here without it
    "DrawFixed",
    "BlockHashNoted",
    "SeedDrawn",
    "BidExcused",  # its BidReleased follows
)


@on(_AUCTIONS, "VoucherSeriesSet")
def _series(state: State, event: Event) -> None:
    state.sealed.series = event.args["series"]
    series_of(state, event.address, event.args["series"])


@on(_AUCTIONS, "AuctionAnnounced")
def _announced(state: State, event: Event) -> None:
    number, terms = event.args["auction"], event.args["terms"]
    must_be_normal(state, event)
    if number != len(state.sealed.sales) + 1:
        state.fault(event, f"auction {number} comes after {len(state.sealed.sales)}")
    sale = SealedSale(number, event.args["seller"], terms, terms["lots"], terms["reserve"])
    sale.bound_lots = terms["lots"]
    state.sealed.sales[number] = sale
    state.touch(event, "auction", number)


@on(_AUCTIONS, "AuctionStateChanged")
def _state_changed(state: State, event: Event) -> None:
    if sale := _sale(state, event):
        if event.args["state"] <= sale.state:
            state.fault(event, f"auction {sale.number} goes back from {sale.state} to {event.args['state']}")
        sale.state = event.args["state"]


@on(_AUCTIONS, "AuctionCancelled")
def _cancelled(state: State, event: Event) -> None:
    if sale := _sale(state, event):
        sale.state, sale.unsold = CANCELLED, sale.offered - sale.delivered


# BIDS


@on(_AUCTIONS, "BidCommitted")
def _committed(state: State, event: Event) -> None:
    args = event.args
    if sale := _sale(state, event):
        must_be_normal(state, event)
        sale.made += 1
        if args["id"] != sale.made:
            state.fault(event, f"bid {args['id']} comes after {sale.made - 1}")
        if not sale.terms["opens"] <= event.timestamp < sale.terms["closes"]:
            state.fault(event, f"bid {args['id']} was made outside the window")
        sale.bids[args["id"]] = SealedBid(args["id"], args["account"], args["collateral"])


@on(_AUCTIONS, "BidWithdrawn")
def _withdrawn(state: State, event: Event) -> None:
    if (sale := _sale(state, event)) and _bid(state, event, sale):
        del sale.bids[event.args["id"]]


@on(_AUCTIONS, "BidOpened")
def _opened(state: State, event: Event) -> None:
    args = event.args
    if (sale := _sale(state, event)) and (bid := _bid(state, event, sale)):
        if not sale.terms["closes"] <= event.timestamp < sale.terms["openUntil"]:
            state.fault(event, f"bid {bid.id} was opened outside the time for it")
        if bid.lots or bid.account != args["account"]:
            state.fault(event, f"bid {bid.id} is {bid.account}'s, opened with {bid.lots} lots before")
        bid.lots = bid.counted = args["lots"]
        bid.tick = args["tick"]
        bid.bound -= args["released"]
        sale.opened += 1


@on(_AUCTIONS, "BidCut")
def _cut(state: State, event: Event) -> None:
    if (sale := _sale(state, event)) and (bid := _bid(state, event, sale)):
        bid.counted = event.args["lots"]


@on(_AUCTIONS, "ReserveDisclosed")
def _disclosed(state: State, event: Event) -> None:
    if sale := _sale(state, event):
        sale.reserve = event.args["tick"]


# CLEARING


@on(_AUCTIONS, "AuctionCleared")
def _cleared(state: State, event: Event) -> None:
    """The auditor computes the price from the opened bids, in its own way."""
    args = event.args
    if sale := _sale(state, event):
        price, sold = sale.clearing()
        asked = sum(bid.lots for bid in sale.bids.values())
        if (price, sold, asked, sale.offered) != (args["tick"], args["sold"], args["asked"], args["offered"]):
            state.fault(
                event,
                f"the opened bids give {sold} of {sale.offered} lots at {price} ticks, {asked} asked; told are "
                f"{args['sold']} of {args['offered']} at {args['tick']}, {args['asked']} asked",
            )
        sale.tick, sale.sold = args["tick"], args["sold"]


@on(_AUCTIONS, "AwardSettled")
def _award(state: State, event: Event) -> None:
    args = event.args
    sale = _sale(state, event)
    bid = _bid(state, event, sale) if sale else None
    if sale is None or bid is None:
        return
    lots, paid = args["lots"], args["paid"]
    tonnes = lots * sale.terms["lot"]
    if paid != sale.cost(lots):
        state.fault(event, f"bid {bid.id} pays {paid} for {lots} lots at {sale.tick} ticks: {sale.cost(lots)}")
    if bid.tick < sale.tick or lots > bid.counted:
        state.fault(event, f"bid {bid.id} of {bid.counted} lots at {bid.tick} ticks won {lots} at {sale.tick}")
    sale.served += lots
    if sale.served > sale.sold:
        state.fault(event, f"{sale.served} lots were served of {sale.sold} that were sold")
    bid.bound = max(bid.bound - paid, 0)
    if not bid.bound:
        del sale.bids[bid.id]
    sale.delivered += lots
    sale.bound_lots -= lots
    sale.proceeds += paid
    if any(sale.terms["beneficiaries"]):
        sale.to_distribute += paid
    sealed = state.sealed
    sealed.awards += 1
    sealed.volume += tonnes
    sealed.turnover += paid
    cause = sale.cause(bid.id)
    instrument = sale.terms["instrument"]
    state.deliveries.told(
        iter(
            (
                Move(sale.seller, bid.account, instrument, tonnes, cause),
                Move(bid.account, sale.seller, state.main_money, paid, cause),
            )
        )
    )
    append_voucher(
        state,
        event,
        Voucher(
            VoucherKind.TRADE,
            sealed.series,
            args["voucher"],
            args["orderOfDay"],
            event.timestamp,
            InstrumentId(instrument),
            tonnes,
            sale.tick * sale.terms["tickSize"],
            sale.seller,
            bid.account,
            int.from_bytes(cause, "big"),
        ),
    )


@on(_AUCTIONS, "AwardDefaulted")
def _defaulted(state: State, event: Event) -> None:
    """What it had put up follows."""
    if sale := _sale(state, event):
        sale.served += event.args["lots"]


@on(_AUCTIONS, "CollateralForfeited")
def _forfeited(state: State, event: Event) -> None:
    if (sale := _sale(state, event)) and (bid := _bid(state, event, sale)):
        amount = event.args["amount"]
        move = Move(bid.account, sale.seller, state.main_money, amount, sale.cause(bid.id))
        state.deliveries.told(iter((move,)))
        _give(state, event, sale, bid, amount)


@on(_AUCTIONS, "BidReleased")
def _released(state: State, event: Event) -> None:
    if (sale := _sale(state, event)) and (bid := _bid(state, event, sale)):
        _give(state, event, sale, bid, event.args["amount"])


def _give(state: State, event: Event, sale: SealedSale, bid: SealedBid, amount: int) -> None:
    bid.bound -= amount
    if bid.bound < 0:
        state.fault(event, f"bid {bid.id} gave {-bid.bound} more than it had put up")
    if bid.bound <= 0:
        del sale.bids[bid.id]


@on(_AUCTIONS, "AuctionSettled")
def _settled(state: State, event: Event) -> None:
    args = event.args
    if sale := _sale(state, event):
        told = (args["delivered"], args["unsold"], args["proceeds"])
        if told != (sale.delivered, sale.offered - sale.delivered, sale.proceeds):
            state.fault(event, f"delivered, unsold and proceeds are told as {told}; the awards give others")
        sale.unsold = args["unsold"]


# AFTERWARDS


@on(_AUCTIONS, "ProceedsPaid")
def _paid(state: State, event: Event) -> None:
    args = event.args
    if sale := _sale(state, event):
        sale.to_distribute -= args["amount"]
        if sale.to_distribute < 0 or sale.state < SETTLED:
            state.fault(event, f"auction {sale.number} pays out more than it took, or before it is settled")
        if args["beneficiary"] != sale.seller:
            move = Move(sale.seller, args["beneficiary"], state.main_money, args["amount"], sale.cause(0))
            state.deliveries.told(iter((move,)))


@on(_AUCTIONS, "LotsRolled")
def _rolled(state: State, event: Event) -> None:
    sale, target = _sale(state, event), state.sealed.sales.get(event.args["next"])
    if sale is None or target is None:
        return
    lots = event.args["lots"]
    sale.unsold -= lots
    sale.bound_lots -= lots
    target.offered += lots
    target.bound_lots += lots
    state.touch(event, "auction", target.number)


@on(_AUCTIONS, "UnsoldReturned")
def _returned(state: State, event: Event) -> None:
    if sale := _sale(state, event):
        sale.unsold -= event.args["lots"]
        sale.bound_lots -= event.args["lots"]


def _sale(state: State, event: Event) -> SealedSale | None:
    number = event.args["auction"]
    sale = state.sealed.sales.get(number)
    if sale is None:
        state.fault(event, f"auction {number} was never announced")
    else:
        state.touch(event, "auction", number)
    return sale


def _bid(state: State, event: Event, sale: SealedSale) -> SealedBid | None:
    number = event.args["id"]
    bid = sale.bids.get(number)
    if bid is None:
        state.fault(event, f"bid {number} of auction {sale.number} binds nothing")
    return bid
