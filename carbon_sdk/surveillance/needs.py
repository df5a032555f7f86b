"""What accounts owe: who must surrender may buy, and is no corner for it."""

from __future__ import annotations

from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import Address


def needs_of(state: State) -> dict[Address, int]:
    """Tonnes that accounts owe and have not surrendered, from a folded state; with emissions known of the open year."""
    compliance = state.compliance
    found: dict[Address, int] = {}
    for account, obliged in compliance.accounts.items():
        if not obliged.first_year:
            continue
        owed = compliance.owed(obliged)
        if compliance.current_year not in compliance.years_due(obliged):
            owed += compliance.emissions.get((account, compliance.current_year), 0)
        missing = owed - obliged.surrendered
        if missing > 0:
            found[account] = missing
    return found
