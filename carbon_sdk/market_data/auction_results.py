"""What an auction came to, as auctioneers publish it: figures, a bulletin in text, and the demand curve.

Mean and median are weighted by volume; concentration is Herfindahl's index of what bidders won, from 0 to 10,000.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from carbon_sdk.contracts.generated.enums import AuctionState
from carbon_sdk.contracts.generated.events import AuctionCleared, AwardSettled, BidOpened
from carbon_sdk.contracts.generated.sealed_auction import SealedAuction
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.identifiers import Address

_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class AuctionResults:
    """One auction's.

    Attributes:
        auction: Its number.
        state: As the contract has it.
        lot: Tonnes.
        offered: Lots, with those that were rolled into it.
        price: In the main unit; None while there is none, or nothing was sold.
        delivered: Lots that winners have got.
        revenue: In the main unit.
        bids: Bidder, lots and price of every bid that was opened, best first.
        awards: Lots by bidder, and how many bids won some.
    """

    auction: int
    state: AuctionState
    lot: int
    offered: int
    price: Decimal | None
    delivered: int
    revenue: Decimal
    bids: Sequence[tuple[Address, int, Decimal]]
    won: Mapping[Address, int]
    successful_bids: int

    @property
    def asked(self) -> int:
        """Lots of all bids."""
        return sum(lots for _, lots, _ in self.bids)

    @property
    def demand(self) -> list[tuple[Decimal, int]]:
        """Price, and lots asked for at it or better; falling prices."""
        levels: dict[Decimal, int] = defaultdict(int)
        for _, lots, price in self.bids:
            levels[price] += lots
        total, curve = 0, []
        for price in sorted(levels, reverse=True):
            total += levels[price]
            curve.append((price, total))
        return curve

    @property
    def mean(self) -> Decimal | None:
        """Of bid prices."""
        if not self.asked:
            return None
        return _rounded(sum((lots * price for _, lots, price in self.bids), Decimal(0)) / self.asked)

    @property
    def median(self) -> Decimal | None:
        """Of bid prices: at it or better, half of what was asked for is reached."""
        return next((price for price, total in self.demand if 2 * total >= self.asked), None)

    @property
    def concentration(self) -> int:
        """Of what was won."""
        total = sum(self.won.values())
        return sum(10_000 * lots * lots for lots in self.won.values()) // (total * total) if total else 0

    def as_json(self) -> dict[str, Any]:
        """In JSON's types; quantities in tonnes, money in the main unit."""
        curve = self.demand
        return {
            "auction": self.auction,
            "state": self.state.name.lower(),
            "price": _text(self.price),
            "offered": self.offered * self.lot,
            "sold": self.delivered * self.lot,
            "unsold": (self.offered - self.delivered) * self.lot,
            "revenue": f"{self.revenue:f}",
            "total_bids": self.asked * self.lot,
            "cover_ratio": f"{_rounded(Decimal(self.asked) / self.offered):f}",
            "bidders": len({account for account, _, _ in self.bids}),
            "successful_bidders": len(self.won),
            "bids": len(self.bids),
            "successful_bids": self.successful_bids,
            "minimum": _text(curve[-1][0] if curve else None),
            "maximum": _text(curve[0][0] if curve else None),
            "mean": _text(self.mean),
            "median": _text(self.median),
            "concentration": self.concentration,
            "demand": [{"price": f"{price:f}", "quantity": lots * self.lot} for price, lots in curve],
        }

    def as_text(self) -> str:
        """A bulletin."""
        told = self.as_json()
        told.pop("demand")
        lines = [f"Auction {told.pop('auction')}: {told.pop('state')}"]
        for name, value in told.items():
            shown = f"{value:,}" if isinstance(value, int) else ("-" if value is None else value)
            lines.append(f"  {name.replace('_', ' '):<20}{shown:>16}")
        return "\n".join(lines)

    def as_svg(self) -> str:
        """The demand curve as steps, what is offered as a line, the price where they meet."""
        curve = self.demand
        if not curve:
            return "<svg xmlns='http://www.w3.org/2000/svg' width='640' height='320'></svg>"
        left, right, top, bottom = 70, 620, 20, 270
        most, highest = max(curve[-1][1], self.offered), curve[0][0]
        lowest = min(curve[-1][0], self.price or curve[-1][0])
        span = (highest - lowest) or Decimal(1)

        def x_of(lots: int) -> int:
            return left + (right - left) * lots // most

        def y_of(price: Decimal) -> int:
            return bottom - int((bottom - top) * (price - lowest) / span)

        path, at = [f"M{left} {y_of(highest)}"], y_of(highest)
        for price, lots in curve:
            if y_of(price) != at:
                at = y_of(price)
                path.append(f"V{at}")
            path.append(f"H{x_of(lots)}")
        parts = [
            "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 640 320' font-family='sans-serif' font-size='12'>",
            f"<title>Demand in auction {self.auction}</title>",
            f"<path d='M{left} {top}V{bottom}H{right}' fill='none' stroke='#888'/>",
            f"<path d='{''.join(path)}' fill='none' stroke='#246' stroke-width='2'/>",
            f"<path d='M{x_of(self.offered)} {top}V{bottom}' stroke='#a40' stroke-dasharray='4 3'/>",
            f"<text x='{x_of(self.offered)}' y='{bottom + 18}' text-anchor='middle'>"
            f"offered {self.offered * self.lot:,} t</text>",
            f"<text x='{left - 6}' y='{top + 10}' text-anchor='end'>{highest:f}</text>",
            f"<text x='{left - 6}' y='{bottom}' text-anchor='end'>{lowest:f}</text>",
        ]
        if self.price is not None:
            level = y_of(self.price)
            parts.append(f"<path d='M{left} {level}H{right}' stroke='#a40' stroke-dasharray='4 3'/>")
            parts.append(f"<text x='{right}' y='{level - 5}' text-anchor='end'>price {self.price:f}</text>")
        return "".join([*parts, "</svg>"])


def results_of(suite: Suite, auction: int, decimals: int = 2) -> AuctionResults:
    """The results of an auction, from its events.

    Args:
        suite: Where.
        auction: Its number.
        decimals: Of the main money.
    """
    contract = suite.contract(SealedAuction)
    known, terms = contract.auction_of(auction), contract.terms_of(auction)

    def price_of(tick: int) -> Decimal:
        return Decimal(tick * terms.tick_size).scaleb(-decimals)

    bids: list[tuple[Address, int, Decimal]] = []
    won: dict[Address, int] = defaultdict(int)
    price, successful = None, 0
    topics = [[BidOpened.TOPIC, AuctionCleared.TOPIC, AwardSettled.TOPIC], "0x" + auction.to_bytes(32, "big").hex()]
    for item in suite.chain.events(suite.deployment.block, "latest", [contract.address], topics):
        event = item.event
        if isinstance(event, BidOpened):
            bids.append((event.account, event.lots, price_of(event.tick)))
        elif isinstance(event, AuctionCleared):
            price = price_of(event.tick) if event.sold else None
        elif isinstance(event, AwardSettled):
            won[event.account] += event.lots
            successful += 1
    bids.sort(key=lambda one: -one[2])
    revenue = Decimal(known.proceeds).scaleb(-decimals)
    return AuctionResults(
        auction, known.state, terms.lot, known.offered, price, known.delivered, revenue, bids, won, successful
    )


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(_CENT, ROUND_HALF_UP)


def _text(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"
