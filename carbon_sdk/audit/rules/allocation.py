"""Allocator."""

from __future__ import annotations

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import needs_no_rule, on
from carbon_sdk.audit.state import Determination, State

_ALLOCATOR = "Allocator"
_AUCTION = 1

needs_no_rule(_ALLOCATOR, "BaselineRegistered")  # an input; determinations carry the level that they used
needs_no_rule(_ALLOCATOR, "OverAllocated")  # follows from what was issued and what is due


@on(_ALLOCATOR, "CapSet")
def _cap(state: State, event: Event) -> None:
    cap = event.args["cap"]
    state.allocation.caps[event.args["year"]] = (cap["total"], cap["free"], cap["auction"], cap["reserve"])
    state.touch(event, "cap", event.args["year"])


@on(_ALLOCATOR, "AllocationDetermined")
def _determined(state: State, event: Event) -> None:
    args = event.args
    state.allocation.determinations[args["id"]] = Determination(
        args["account"],
        args["installation"],
        args["year"],
        args["part"],
        args["instrument"],
        args["quantity"],
        args["digest"],
        args["region"],
    )
    state.touch(event, "determination", args["id"])


@on(_ALLOCATOR, "AllocationSuperseded")
def _superseded(state: State, event: Event) -> None:
    determination = _determination(state, event)
    if determination and determination.state != 3:  # one that is certified stays so, and the later one adjusts it
        determination.state = 5


@on(_ALLOCATOR, "AllocationApplied")
def _applied(state: State, event: Event) -> None:
    if determination := _determination(state, event):
        determination.state = 2


@on(_ALLOCATOR, "AllocationRejected")
def _rejected(state: State, event: Event) -> None:
    if determination := _determination(state, event):
        determination.state = 4


@on(_ALLOCATOR, "AllocationCertified")
def _certified(state: State, event: Event) -> None:
    args = event.args
    determination = _determination(state, event)
    if determination is None:
        return
    determination.state = 3
    determination.issued = args["quantity"]
    state.allocation.certificates[args["id"]] = (args["firstSerial"], args["quantity"])
    key = (determination.installation, determination.year, determination.part)
    under = state.allocation.issued_under.get(key, 0) + args["quantity"]
    state.allocation.issued_under[key] = under
    if under > determination.quantity:
        state.fault(event, f"{under} tonnes were issued, {determination.quantity} are due")
    _issue(state, event, determination.year, determination.part, args["quantity"])


@on(_ALLOCATOR, "AuctionUnitsIssued")
def _auction(state: State, event: Event) -> None:
    _issue(state, event, event.args["year"], _AUCTION, event.args["quantity"])


@on(_ALLOCATOR, "RegionTotalChanged")
def _region(state: State, event: Event) -> None:
    args = event.args
    state.allocation.region_totals[args["year"], args["region"]] = args["tonnes"]
    state.touch(event, "region total", args["year"], args["region"])


def _issue(state: State, event: Event, year: int, part: int, quantity: int) -> None:
    issued = state.allocation.issued.setdefault(year, [0, 0, 0])
    issued[part] += quantity
    cap = state.allocation.caps.get(year, (0, 0, 0, 0))[1 + part]
    if issued[part] > cap:
        state.fault(event, f"{issued[part]} tonnes of part {part} of {year} are issued, the cap is {cap}")
    state.touch(event, "cap", year)


def _determination(state: State, event: Event) -> Determination | None:
    determination = state.allocation.determinations.get(event.args["id"])
    if determination is None:
        state.fault(event, f"determination {event.args['id']} was never made")
    state.touch(event, "determination", event.args["id"])
    return determination
