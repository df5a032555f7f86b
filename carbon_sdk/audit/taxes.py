"""What of an account's trades is taxed: computed by rules that are data, for its clearing statement (R-TRD-8).

    taxes_of(clearing_of(histories, account, day), load_taxes("taxes.toml").rules)

Which tax there is, on what, from when on and who owes it is each country's and changes often: so it stands in a file
and in no contract, and nothing is withheld. Who has the store and the file computes the same. Money is in the smallest
unit.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import Field, model_validator

from carbon_sdk.audit.clearing import ClearedTrade, Clearing
from carbon_sdk.deployment.strict_toml import Strict, load
from carbon_sdk.identifiers import Side

_WHOLE = 10_000


class TaxRule(Strict):
    """One tax: `basis_points` of the price of units, owed by one side, or of each side's own fee."""

    name: str = Field(min_length=1)
    base: Literal["units", "fee"]
    basis_points: int = Field(ge=0, le=_WHOLE)
    owed_by: Literal["seller", "buyer", "payer"]
    """Of units: the seller, or the buyer (reverse charge). Of a fee: its payer."""
    since: date
    until: date | None = None
    """First civil day on which it does not hold any more."""
    markets: list[Literal["book", "quote", "block", "credits"]] = Field(default=["book", "quote", "block", "credits"])

    @model_validator(mode="after")
    def _fits(self) -> TaxRule:
        if (self.base == "fee") != (self.owed_by == "payer"):
            raise ValueError("a tax on fees is owed by the payer, one on units by the seller or the buyer")
        if self.until is not None and self.until <= self.since:
            raise ValueError(f"it ends on {self.until} and begins on {self.since}")
        return self

    def base_of(self, trade: ClearedTrade, day: date) -> int:
        """What of a trade, as one side sees it, this rule taxes at that side; 0: nothing."""
        if day < self.since or (self.until is not None and day >= self.until) or trade.source not in self.markets:
            return 0
        if self.base == "fee":
            return trade.fee
        owes = Side.BUY if self.owed_by == "buyer" else Side.SELL
        return trade.amount if trade.side is owes else 0


class TaxRules(Strict):
    """All taxes of a file."""

    rules: list[TaxRule]


class Tax(NamedTuple):
    """What an account owes of one trade by one rule."""

    rule: str
    voucher: str
    base: int
    amount: int
    """To the nearest smallest unit, halves up."""


def load_taxes(path: str | Path) -> TaxRules:
    """Rules from a TOML file such as `schemes/samples/taxes.toml`. Raises InputError."""
    rules, _ = load(TaxRules, path)
    return rules


def taxes_of(clearing: Clearing, rules: Iterable[TaxRule]) -> tuple[Tax, ...]:
    """What the account owes of its day's trades: rule by rule, in the order of the trades."""
    return tuple(
        Tax(rule.name, trade.voucher, base, (base * rule.basis_points + _WHOLE // 2) // _WHOLE)
        for rule in rules
        for trade in clearing.trades
        if (base := rule.base_of(trade, clearing.day))
    )
