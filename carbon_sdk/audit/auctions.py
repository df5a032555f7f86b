"""Sealed auctions as the events tell them: bids, the price that follows from them, and what is bound."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from carbon_sdk.identifiers import Address

COLLATERAL = 7
"""Reason for which the ledger binds what auctions hold."""
CLEARED, SETTLED, CANCELLED = 3, 4, 5
CANCEL_WHEN_FEW = 1
"""Of the rules of under-subscription."""
WHOLE = 10_000


@dataclass(slots=True)
class SealedBid:
    """One bid."""

    id: int
    account: Address
    bound: int
    """Smallest units of money."""
    lots: int = 0
    """0 until it is opened."""
    tick: int = 0
    counted: int = 0
    """Lots that the purchase limit leaves."""


@dataclass(slots=True)
class SealedSale:
    """One auction."""

    number: int
    seller: Address
    terms: Mapping[str, Any]
    offered: int
    reserve: int
    state: int = 1  # ANNOUNCED
    bids: dict[int, SealedBid] = field(default_factory=dict)
    """Those that still bind something."""
    made: int = 0
    opened: int = 0
    tick: int = 0
    sold: int = 0
    """Lots that were awarded."""
    served: int = 0
    """Lots of awards that were settled, or not paid."""
    delivered: int = 0
    bound_lots: int = 0
    unsold: int = 0
    proceeds: int = 0
    to_distribute: int = 0
    """Proceeds that are bound until the beneficiaries have them."""

    def clearing(self) -> tuple[int, int]:
        """Price in ticks and lots sold, computed anew from the bids that were opened; (0, 0) without any."""
        levels: dict[int, int] = {}
        for bid in self.bids.values():
            if bid.counted and bid.tick >= self.reserve:
                levels[bid.tick] = levels.get(bid.tick, 0) + bid.counted
        asked = price = 0
        for tick in sorted(levels, reverse=True):
            if asked >= self.offered:
                break
            asked, price = asked + levels[tick], tick
        sold = min(asked, self.offered)
        if sold < self.offered and self.terms["underSubscription"] == CANCEL_WHEN_FEW:
            sold = 0
        return price, sold

    def cost(self, lots: int) -> int:
        """Of lots at the price, in smallest units of money."""
        return lots * int(self.terms["lot"]) * self.tick * int(self.terms["tickSize"])

    def cause(self, bid: int) -> bytes:
        """For which the ledger binds what a bid put up; 0: what the seller did."""
        return (self.number << 32 | bid).to_bytes(32, "big")


@dataclass(slots=True)
class SealedSales:
    """SealedAuction."""

    series: int = 0
    sales: dict[int, SealedSale] = field(default_factory=dict)
    awards: int = 0
    volume: int = 0
    """Tonnes."""
    turnover: int = 0

    def bound(self, money: int) -> Iterator[tuple[Address, int, int]]:
        """Account, instrument and quantity of what auctions bind."""
        for sale in self.sales.values():
            yield sale.seller, sale.terms["instrument"], sale.bound_lots * sale.terms["lot"]
            yield sale.seller, money, sale.to_distribute
            for bid in sale.bids.values():
                yield bid.account, money, bid.bound
