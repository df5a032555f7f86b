"""VoucherBook and the series of every issuer."""

from __future__ import annotations

from dataclasses import replace

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import on
from carbon_sdk.audit.state import CodingRules, Series, State
from carbon_sdk.audit.vouchers import Voucher
from carbon_sdk.identifiers import Address


def series_of(state: State, issuer: Address, number: int) -> Series:
    """The series, made when it is new."""
    return state.vouchers.series.setdefault((issuer, number), Series(number, issuer))


def append_voucher(state: State, event: Event, voucher: Voucher, leaf: bytes | None = None) -> None:
    """One voucher more in the series of the event's contract.

    Args:
        state: What is folded into.
        event: The event that tells it.
        voucher: What it attests.
        leaf: As the event tells it, to be compared; None where the event tells none.
    """
    series = series_of(state, event.address, voucher.series)
    _count(state, event, series, voucher.index, voucher.order_of_day)
    computed = voucher.leaf()
    if leaf is not None and leaf != computed:
        state.fault(event, f"leaf {voucher.index} of series {voucher.series} is not the hash of its voucher")
    series.mountains.append(computed if leaf is None else leaf)
    series.vouchers.append(voucher)
    state.touch(event, "series", event.address, voucher.series)


def _count(state: State, event: Event, series: Series, index: int, order_of_day: int) -> None:
    if index != len(series.vouchers):
        state.fault(event, f"voucher {index} of series {series.number} should have the number {len(series.vouchers)}")
    if order_of_day != series.order_of_day + 1 and order_of_day != 1:
        state.fault(
            event,
            f"voucher {index} of series {series.number} is the day's number {order_of_day} after {series.order_of_day}",
        )
    series.order_of_day = order_of_day


@on("*", "VoucherIssued")
def _issued(state: State, event: Event) -> None:
    """A surrender's, a cancellation's, an award's or a purchase's; what it attests was told by the events before it."""
    args = event.args
    waiting = {
        "ComplianceDesk": state.compliance.awaiting_vouchers,
        "CreditOffers": state.credits.awaiting_vouchers,
    }.get(event.contract, [])
    if waiting:
        voucher = replace(waiting.pop(0), series=args["series"], index=args["index"], order_of_day=args["orderOfDay"])
        append_voucher(state, event, voucher, args["leaf"])
        return
    series = series_of(state, event.address, args["series"])
    _count(state, event, series, args["index"], args["orderOfDay"])
    series.mountains.append(args["leaf"])
    series.vouchers.append(None)
    state.touch(event, "series", event.address, args["series"])
    if event.contract in ("ComplianceDesk", "CreditOffers"):
        state.fault(event, f"voucher {args['index']} concludes nothing that was told before it")


@on("VoucherBook", "SeriesRegistered")
def _registered(state: State, event: Event) -> None:
    args = event.args
    if args["series"] in state.vouchers.directory:
        state.fault(event, f"series {args['series']} was registered before")
    state.vouchers.directory[args["series"]] = (args["issuer"], args["kinds"])
    state.touch(event, "directory", args["series"])


@on("VoucherBook", "CodingRulesSet")
def _rules(state: State, event: Event) -> None:
    said = event.args["rules"]
    state.vouchers.rules.append(
        CodingRules(
            event.args["version"],
            said["scheme"].rstrip(b"\0").decode("ascii", "replace"),
            said["kinds"].rstrip(b"\0").decode("ascii", "replace"),
            said["utcOffset"],
            said["effectiveFrom"],
        )
    )
    state.touch(event, "coding rules", event.args["version"])
