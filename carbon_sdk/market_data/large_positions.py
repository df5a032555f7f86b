"""Large positions from a folded state: by account, and by beneficial owner, whose accounts add up (R-TRD-10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import Address, InstrumentId

GOVERNMENT = 10
"""The kind of account whose positions are not reported, as `contracts/types/Accounts.sol` numbers it."""


@dataclass(frozen=True, slots=True)
class LargePosition:
    """One account from its instrument's threshold on, in whole tonnes.

    Attributes:
        account: Whose.
        instrument: Of what.
        held: Units, bound ones and those in orders included.
        threshold: From where on it is large.
        report: How its report stands: none, due, overdue, stands.
        due: Unix seconds until which a report is due; 0: nobody has shown the position on the chain.
        reported_until: Unix seconds until which the latest report stands; 0: there was none.
        overdue: How often one was overdue.
    """

    account: Address
    instrument: InstrumentId
    held: int
    threshold: int
    report: str
    due: int
    reported_until: int
    overdue: int


@dataclass(frozen=True, slots=True)
class GroupPosition:
    """The accounts of one beneficial owner together, from the threshold on; tonnes as in `LargePosition`."""

    owner: int
    instrument: InstrumentId
    held: int
    threshold: int
    accounts: tuple[Address, ...]


def large_positions(state: State) -> Iterator[LargePosition]:
    """Accounts from a threshold on, and those that still have to report; the largest first within an instrument."""
    for instrument in state.market_rules.reported():
        threshold = _threshold(state, instrument)
        held = _held(state, instrument)
        owing = {account for (account, of), duty in state.market_rules.duties.items() if of == instrument and duty.due}
        for account in sorted(held.keys() | owing, key=lambda one: (-held[one], one)):
            if held[account] >= threshold or account in owing:
                yield _large(state, account, instrument, held[account], threshold)


def due_reports(state: State) -> Iterator[LargePosition]:
    """Those of `large_positions` without a report that stands: none filed, due, or overdue."""
    return (one for one in large_positions(state) if one.report != "stands")


def groups_of(state: State) -> Iterator[GroupPosition]:
    """Beneficial owners with several accounts that are at a threshold or beyond it together."""
    for instrument in state.market_rules.reported():
        threshold = _threshold(state, instrument)
        accounts: dict[int, list[Address]] = defaultdict(list)
        held = _held(state, instrument)
        for account in sorted(held):
            known = state.ledger.eligibility.get(account)
            if known and known.owner:
                accounts[known.owner].append(account)
        for owner, members in sorted(accounts.items()):
            total = sum(held[account] for account in members)
            if len(members) > 1 and total >= threshold:
                yield GroupPosition(owner, InstrumentId(instrument), total, threshold, tuple(members))


def _held(state: State, instrument: int) -> dict[Address, int]:
    """By account, the authority's left out."""
    total: dict[Address, int] = defaultdict(int)
    for holdings in (state.ledger.balances, state.book.in_orders):
        for (account, held), quantity in holdings.items():
            known = state.ledger.eligibility.get(account)
            if held == instrument and quantity and (known is None or known.kind != GOVERNMENT):
                total[account] += quantity
    return total


def _threshold(state: State, instrument: int) -> int:
    known = state.ledger.instruments.get(instrument)
    return state.market_rules.threshold(instrument, known.issued - known.cancelled if known else 0)


def _large(state: State, account: Address, instrument: int, held: int, threshold: int) -> LargePosition:
    duty = state.market_rules.duties.get((account, instrument))
    now = state.timestamp
    if duty is None:
        return LargePosition(account, InstrumentId(instrument), held, threshold, "none", 0, 0, 0)
    report = "none"
    if duty.due:
        report = "overdue" if duty.overdue or now >= duty.due else "due"
    elif now < duty.reported_until:
        report = "stands"
    return LargePosition(
        account,
        InstrumentId(instrument),
        held,
        threshold,
        report,
        duty.due,
        duty.reported_until,
        duty.overdue_count,
    )
