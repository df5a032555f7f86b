"""What accounts sold net and held at a cut-off, from the events: the figures behind the limits of a banking rule."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import Fold
from carbon_sdk.identifiers import ZERO_ADDRESS, Address

_SIGNS = {("InstrumentLedger", "UnitsIssued"): 1, ("InstrumentLedger", "UnitsCancelled"): -1}


class Figure(NamedTuple):
    """One account, in tonnes."""

    account: Address
    net_sales: int
    """What it gave to others less what it got from them, by trade or transfer; 0 where it got more."""
    held: int
    """What it held, in orders included."""


def figures_at(
    events: Iterable[Event], contracts: Mapping[Address, str], instrument: int, cut_off: int
) -> list[Figure]:
    """The figures of every account that ever had units of an instrument.

    What was issued to an account, less what was cancelled and what it still holds, is what it gave to others net. A
    regulator corrects for transfers that were no sales.

    Args:
        events: Of the suite, in the chain's order.
        contracts: Contract's name by its address.
        instrument: Which.
        cut_off: Unix seconds; what happened then or later is not counted.
    """
    fold = Fold(contracts)
    made: dict[Address, int] = defaultdict(int)

    def counted() -> Iterator[Event]:
        for event in events:
            if event.timestamp >= cut_off:
                return
            sign = _SIGNS.get((event.contract, event.name), 0)
            if sign and event.args["instrument"] == instrument:
                made[event.args["account"]] += sign * event.args["quantity"]
            yield event

    state = fold.apply_all(counted())
    held: dict[Address, int] = defaultdict(int)
    for kept in (state.ledger.balances, state.book.in_orders):
        for (account, number), quantity in kept.items():
            if number == instrument and account != ZERO_ADDRESS:
                held[account] += quantity
    accounts = sorted({*held, *made})
    return [Figure(one, max(0, made[one] - held[one]), held[one]) for one in accounts]
