"""What each company has and owes, from a folded state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import Address, InstrumentClass

STATUSES = {0: "–", 1: "A", 2: "B", 3: "C", 4: "excluded"}
"""As `contracts/compliance/ComplianceStatus.sol` numbers them."""


@dataclass(frozen=True, slots=True)
class Position:
    """One company's units and obligation, in whole tonnes.

    Attributes:
        account: Its account.
        name: For people.
        owed: Emissions of the years that came up.
        surrendered: Given up so far.
        held: Units that it holds, bound ones included.
        in_orders: Units that its orders offer.
        status: A, B, C, excluded, or – before any year came up.
        penalty: Smallest units of money, imposed and not paid.
    """

    account: Address
    name: str
    owed: int
    surrendered: int
    held: int
    in_orders: int
    status: str
    penalty: int

    @property
    def shortfall(self) -> int:
        """What is missing now."""
        return max(0, self.owed - self.surrendered)


def positions_of(state: State, names: Mapping[Address, str]) -> list[Position]:
    """The positions of all accounts with an obligation, the largest obligation first.

    Args:
        state: Folded.
        names: Of accounts; others are shown by their address.
    """
    units: dict[Address, int] = defaultdict(int)
    for (account, instrument), quantity in state.ledger.balances.items():
        if instrument >> 80 != InstrumentClass.MONEY:
            units[account] += quantity
    offered: dict[Address, int] = defaultdict(int)
    for (account, instrument), quantity in state.book.in_orders.items():
        if instrument >> 80 != InstrumentClass.MONEY:
            offered[account] += quantity
    found = []
    for account, obliged in state.compliance.accounts.items():
        if not obliged.first_year:
            continue
        open_penalties = sum(
            penalty.amount for (whose, _), penalty in state.compliance.penalties.items()
            if whose == account and not penalty.paid
        )  # fmt: skip
        found.append(
            Position(
                account,
                names.get(account, account),
                state.compliance.owed(obliged),
                obliged.surrendered,
                units[account],
                offered[account],
                STATUSES.get(state.compliance.judge(account), "?"),
                open_penalties,
            )
        )
    return sorted(found, key=lambda one: (-one.owed, one.name))
