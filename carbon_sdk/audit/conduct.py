"""The credit record and trading plans as the events tell them; what follows from the entries is computed anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from carbon_sdk.identifiers import ZERO_ADDRESS, Address

STANDING, APPEALED, UPHELD, ANNULLED, COMPENSATION = 1, 2, 3, 4, 5
OPEN, CONFIRMED = 1, 2
MOST_COUNTING = 32
"""Shares of an account that count at a time."""


class Tier(NamedTuple):
    """What a tier from B on means."""

    points: int
    """From which score."""
    restrictions: int
    owner_restrictions: int


@dataclass(slots=True)
class Entry:
    """One entry of an account."""

    kind: int
    state: int
    points: int
    restrictions: int
    at: int
    counts_until: int
    barred_until: int
    appeal_until: int
    compensates: int
    reporter: Address
    confirmer: Address
    cause: bytes


@dataclass(slots=True)
class Share:
    """What counts together: one entry, or several where there were too many."""

    points: int
    restrictions: int
    counts_until: int
    barred_until: int
    entries: set[int]
    """Numbers."""

    def is_over(self, now: int) -> bool:
        """Whether time has ended both."""
        return now >= self.counts_until and now >= self.barred_until


@dataclass(slots=True)
class Standing:
    """An account's credit as its last change told it."""

    score: int = 0
    tier: int = 0
    restrictions: int = 0
    at: int = 0
    lapsing: int = 0
    lapse_at: int = 0
    source: Address = ZERO_ADDRESS
    entries: list[Entry] = field(default_factory=list)
    shares: dict[int, Share] = field(default_factory=dict)
    """By the number that names it."""

    def counted(self, now: int) -> tuple[int, int]:
        """Points that count and restrictions that bar at a time."""
        score = restrictions = 0
        for share in self.shares.values():
            score += share.points * (now < share.counts_until)
            restrictions |= share.restrictions * (now < share.barred_until)
        return score, restrictions

    def end(self, threshold: int | None, now: int) -> int:
        """When nothing bars and the score is below a threshold (None: there is none), by time alone; Unix seconds."""
        live = [share for share in self.shares.values() if not share.is_over(now)]
        ends = [share.barred_until for share in live if share.restrictions]
        for share in live:
            left = sum(one.points for one in live if one.counts_until >= share.counts_until)
            if threshold is not None and left >= threshold:
                ends.append(share.counts_until)
        return max(ends, default=0)


@dataclass(slots=True)
class Accusation:
    """One accusation by an officer."""

    account: Address
    kind: int
    accuser: Address
    cause: bytes
    state: int = OPEN


@dataclass(slots=True)
class Conduct:
    """CreditRecord."""

    kinds: dict[int, tuple[int, int, int, int, int, bool]] = field(default_factory=dict)
    """Points, days they count, restrictions, days they bar, days to appeal, whether officers may enter it."""
    reporters: dict[int, Address] = field(default_factory=dict)
    tiers: tuple[Tier, ...] = ()
    standings: dict[Address, Standing] = field(default_factory=dict)
    accusations: dict[int, Accusation] = field(default_factory=dict)

    def tier_of(self, score: int) -> int:
        """0 for A … 3 for D."""
        return sum(score >= tier.points for tier in self.tiers)

    def forbids_from(self) -> int | None:
        """From which score on a tier forbids something; None: none does."""
        return next((tier.points for tier in self.tiers if tier.restrictions), None)

    def restrictions_of(self, tier: int) -> int:
        """Of the account whose tier it is."""
        return self.tiers[tier - 1].restrictions if tier else 0

    def extended(self, source: Address, owners: tuple[int, int], now: int) -> int:
        """What a source's tier has for another account of the same owner at a time; `owners`: of both."""
        if source == ZERO_ADDRESS or owners[0] != owners[1] or not owners[0] or source not in self.standings:
            return 0
        tier = self.tier_of(self.standings[source].counted(now)[0])
        return self.tiers[tier - 1].owner_restrictions if tier else 0


# TRADING PLANS

PlanKey = tuple[Address, int, int, int]
"""Account, instrument, year, quarter (0: the whole year)."""


class PlanTerms(NamedTuple):
    """What a public plan says: tonnes, and smallest units of the main money per tonne."""

    to_buy: int
    to_sell: int
    least_price: int
    greatest_price: int
    document: bytes


@dataclass(slots=True)
class FiledPlan:
    """One version of a plan; `terms` is None while it is a commitment."""

    version: int
    at: int
    digest: bytes
    document: bytes
    terms: PlanTerms | None


@dataclass(slots=True)
class Plans:
    """TradingPlans."""

    filed: dict[PlanKey, list[FiledPlan]] = field(default_factory=dict)
