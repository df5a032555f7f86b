"""The credit record's data in a scheme's file: what kinds of misconduct count, and what follows from a score."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from carbon_sdk.contracts.generated.credit_record import CreditRecord
from carbon_sdk.contracts.generated.structs import KindTerms, TierTerms
from carbon_sdk.deployment.engine import Step
from carbon_sdk.deployment.misconduct import Misconduct
from carbon_sdk.deployment.strict_toml import Strict

if TYPE_CHECKING:
    from carbon_sdk.chain.calls import Act
    from carbon_sdk.deployment.engine import Situation
    from carbon_sdk.identifiers import Address

RESTRICTIONS = ("no-trade", "no-transfer", "no-receipt", "no-surrender")
"""In the order of their bits."""

Days = Annotated[int, Field(ge=0, lt=2**16)]
Bars = Annotated[
    tuple[Literal["no-trade", "no-transfer", "no-receipt", "no-surrender"], ...], Field(default=(), strict=False)
]


REPORTERS = {
    Misconduct.LACKED: "BlockTrades",
    Misconduct.NOT_ELIGIBLE: "BlockTrades",
    Misconduct.DEFAULTED_BID: "SealedAuction",
    Misconduct.LATE_SURRENDER: "Obligations",
    Misconduct.MISSING_SURRENDER: "Obligations",
}
"""Modules that report by themselves."""


class TierTable(Strict):
    """`[[conduct.tiers]]`: B, C and D, in this order."""

    from_points: Annotated[int, Field(ge=1, lt=2**32)]
    restrictions: Bars
    owner_restrictions: Bars
    """For other accounts of the same owner."""


class ConductKindTable(Strict):
    """`[[conduct.kinds]]`."""

    kind: Literal["lacked", "not-eligible", "defaulted-bid", "manipulation", "late-surrender", "missing-surrender"]
    points: Annotated[int, Field(ge=0, lt=2**16)]
    counts_for_days: Days
    restrictions: Bars
    barred_for_days: Days = 0
    appeal_within_days: Days
    by_officers: bool = False

    @model_validator(mode="after")
    def _holds(self) -> ConductKindTable:
        if self.points and not self.counts_for_days:
            raise ValueError(f"{self.kind}: points must count for some days")
        if bool(self.restrictions) != bool(self.barred_for_days):
            raise ValueError(f"{self.kind}: restrictions and barred_for_days go together")
        return self

    @property
    def number(self) -> Misconduct:
        """As the contract knows it."""
        return Misconduct[self.kind.upper().replace("-", "_")]


class ConductTable(Strict):
    """`[conduct]`; may be left out: then misconduct is recorded and counts nothing."""

    tiers: tuple[TierTable, ...] = Field(default=(), strict=False)
    kinds: tuple[ConductKindTable, ...] = Field(default=(), strict=False)

    @model_validator(mode="after")
    def _holds(self) -> ConductTable:
        points = [tier.from_points for tier in self.tiers]
        if points and (len(points) != 3 or points != sorted(set(points))):
            raise ValueError("conduct.tiers are three, B, C and D, with rising from_points")
        for lower, higher in itertools.pairwise(self.tiers):
            if not (
                set(lower.restrictions) <= set(higher.restrictions)
                and set(lower.owner_restrictions) <= set(higher.owner_restrictions)
            ):
                raise ValueError("conduct.tiers: each tier forbids whatever the one before does")
        kinds = [one.kind for one in self.kinds]
        if len(set(kinds)) != len(kinds):
            raise ValueError("conduct.kinds has a kind twice")
        return self


def conduct_steps(table: ConductTable, on: Callable[[str, str, Callable[[Address], Act[Any]]], Step]) -> Iterator[Step]:
    """What the credit record is told once: who reports, what counts, what follows."""
    for kind, module in REPORTERS.items():
        yield _reporter(kind, module)
    for one in table.kinds:
        yield _kind(one, on)
    if table.tiers:
        tiers = tuple(
            TierTerms(tier.from_points, bits_of(tier.restrictions), bits_of(tier.owner_restrictions))
            for tier in table.tiers
        )
        yield on("conduct/tiers", "CreditRecord", lambda at: CreditRecord(None, at).set_tiers(tiers))


def bits_of(restrictions: tuple[str, ...]) -> int:
    """Names as the contract's bits."""
    return sum(1 << RESTRICTIONS.index(name) for name in set(restrictions))


def _reporter(kind: Misconduct, module: str) -> Step:
    def act(now: Situation) -> Act[None]:
        record, reporter = now.address("create/CreditRecord"), now.address(f"create/{module}")
        return CreditRecord(None, record).appoint_reporter(kind, reporter)

    return Step(f"appoint/reporter/{kind.name.lower()}", act)


def _kind(one: ConductKindTable, on: Callable[[str, str, Callable[[Address], Act[Any]]], Step]) -> Step:
    terms = KindTerms(
        one.points,
        one.counts_for_days,
        bits_of(one.restrictions),
        one.barred_for_days,
        one.appeal_within_days,
        one.by_officers,
    )
    return on(f"conduct/{one.kind}", "CreditRecord", lambda at: CreditRecord(None, at).set_kind(one.number, terms))
