"""Which units move: what events of the ledger, the book and the desks do to serials.

Apart from the other rules, because `carbon_sdk.audit.histories` plays these alone. A module that
releases units under another cause than it bound them says so here, by `giving_back`.
"""

from __future__ import annotations

from functools import partial

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import moves_units
from carbon_sdk.audit.serials import NotEnough, Serials, is_unit
from carbon_sdk.audit.setting import Setting, bound_for, reference_of
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentId, OrderId, Side

_LEDGER = "InstrumentLedger"
_BOOK = "OrderBook"
_MOST = 1 << 96


# LEDGER


@moves_units(_LEDGER, "UnitsIssued")
def _issued(serials: Serials, setting: Setting, event: Event) -> None:
    args = event.args
    if args["firstSerial"] + args["quantity"] > _MOST:
        raise NotEnough(args["quantity"])  # more than the ledger can count
    if is_unit(args["instrument"]):
        serials.issue(
            event.position,
            args["account"],
            args["instrument"],
            args["firstSerial"],
            args["quantity"],
            f"cause {reference_of(args['cause'])}",
        )


@moves_units("Banking", "UnitsConverted")
def _converted(serials: Serials, setting: Setting, event: Event) -> None:
    """Told before the ledger cancels the one and issues the other."""
    serials.converting(f"converted from {InstrumentId(event.args['from'])}, conversion {event.args['id']}")


@moves_units(_LEDGER, "UnitsCancelled")
def _cancelled(serials: Serials, setting: Setting, event: Event) -> None:
    args = event.args
    if is_unit(args["instrument"]):
        serials.cancel(
            event.position,
            args["account"],
            args["instrument"],
            args["cause"],
            args["quantity"],
            f"cause {reference_of(args['cause'])}",
        )


@moves_units(_LEDGER, "TransferSingle")
def _transfer(serials: Serials, setting: Setting, event: Event) -> None:
    args = event.args
    _move(serials, setting, event, args["from"], args["to"], args["id"], args["value"])


@moves_units(_LEDGER, "TransferBatch")
def _batch(serials: Serials, setting: Setting, event: Event) -> None:
    args = event.args
    for instrument, value in zip(args["ids"], args["values"], strict=True):
        _move(serials, setting, event, args["from"], args["to"], instrument, value)


def _move(
    serials: Serials,
    setting: Setting,
    event: Event,
    sender: Address,
    receiver: Address,
    instrument: int,
    quantity: int,
) -> None:
    """Issues, cancellations and what the book gives are told by events of their own; here are the others."""
    if not quantity or not is_unit(instrument) or ZERO_ADDRESS in (sender, receiver) or sender == receiver:
        return
    if serials.moved_already(sender, receiver, instrument, quantity):
        return  # bound units, told by the event before
    if receiver == setting.book:
        serials.give_to_book(sender, instrument, quantity)
    elif sender == setting.book:
        serials.give_back(receiver, instrument, quantity)
    else:
        serials.transfer(event.position, sender, receiver, instrument, quantity)


@moves_units(_LEDGER, "ForcedTransfer")
def _forced(serials: Serials, setting: Setting, event: Event) -> None:
    args = event.args
    serials.force(args["from"], args["to"], args["tokenId"], args["amount"])


@moves_units("AuthorityDesk", "ActDone")
def _act_done(serials: Serials, setting: Setting, event: Event) -> None:
    serials.because(f"act {event.args['id']}")


@moves_units(_LEDGER, "Encumbered")
def _encumbered(serials: Serials, setting: Setting, event: Event) -> None:
    args = event.args
    if is_unit(args["instrument"]):
        serials.bind(
            event.position,
            args["account"],
            args["instrument"],
            args["reason"],
            args["cause"],
            args["quantity"],
            bound_for(args["reason"], args["cause"]),
        )


@moves_units(_LEDGER, "Released")
def _released(serials: Serials, setting: Setting, event: Event) -> None:
    args = event.args
    if is_unit(args["instrument"]):
        serials.release(
            event.position,
            args["account"],
            args["instrument"],
            args["reason"],
            args["cause"],
            args["quantity"],
            bound_for(args["reason"], args["cause"]),
        )


@moves_units(_LEDGER, "EncumberedMoved")
def _encumbered_moved(serials: Serials, setting: Setting, event: Event) -> None:
    args = event.args
    if is_unit(args["instrument"]):
        serials.move_bound(
            event.position,
            args["from"],
            args["instrument"],
            args["reason"],
            args["cause"],
            args["to"],
            args["quantity"],
            bound_for(args["reason"], args["cause"]),
        )


# BOOK


@moves_units(_BOOK, "OrderPlaced")
def _placed(serials: Serials, setting: Setting, event: Event) -> None:
    args = event.args
    order = OrderId(args["id"])
    terms = setting.markets.get(order.market)
    if order.side is Side.SELL and terms:
        serials.offer(event.position, args["account"], terms.instrument, order, args["quantity"])


@moves_units(_BOOK, "Trade")
def _trade(serials: Serials, setting: Setting, event: Event) -> None:
    args = event.args
    order = OrderId(args["maker"])
    terms = setting.markets.get(order.market)
    if terms is None:
        return
    at, maker, taker, quantity = event.position, args["makerAccount"], args["taker"], args["quantity"]
    reference = setting.trade(event)
    if order.side is Side.SELL:
        serials.trade_from_order(at, order, maker, taker, terms.instrument, quantity, reference)
    else:
        serials.trade_from_taker(at, taker, maker, terms.instrument, quantity, reference)


@moves_units(_BOOK, "AuctionTrade")
def _auction_trade(serials: Serials, setting: Setting, event: Event) -> None:
    args = event.args
    terms = setting.markets.get(args["market"])
    if terms is None:
        return
    parties = args["seller"], args["buyer"]
    order, quantity = OrderId(args["ask"]), args["quantity"]
    serials.trade_from_order(event.position, order, *parties, terms.instrument, quantity, setting.auction_trade(event))


@moves_units(_BOOK, "OrderReduced")
def _reduced(serials: Serials, setting: Setting, event: Event) -> None:
    _leave(serials, setting, event, event.args["id"], event.args["by"])


@moves_units(_BOOK, "OrderClosed")
def _closed(serials: Serials, setting: Setting, event: Event) -> None:
    _leave(serials, setting, event, event.args["id"], event.args["open"])


@moves_units(_BOOK, "SelfTradePrevented")
def _prevented(serials: Serials, setting: Setting, event: Event) -> None:
    _leave(serials, setting, event, event.args["maker"], event.args["quantity"])


def _leave(serials: Serials, setting: Setting, event: Event, number: int, quantity: int) -> None:
    """Tonnes leave the book untraded and return to their account."""
    order = OrderId(number)
    terms = setting.markets.get(order.market)
    if order.side is Side.SELL and terms:
        serials.take_back(event.position, event.args["account"], terms.instrument, order, quantity)


# DESKS


@moves_units("ComplianceDesk", "SurrenderRejected", "SurrenderWithdrawn")
def _given_back(serials: Serials, setting: Setting, event: Event) -> None:
    """The release tells why the application ended, not under which cause the units were bound: its number."""
    serials.giving_back = event.args["id"].to_bytes(32, "big")


@moves_units("ComplianceDesk", "VoucherIssued")
def _voucher(serials: Serials, setting: Setting, event: Event) -> None:
    serials.voucher(partial(setting.ending, event))
