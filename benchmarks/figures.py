"""What the cases are, what others need for the same, and what is to be reached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One case.

    Attributes:
        meaning: In a line.
        peers: What others need, as far as it was measured.
        goal: Not to be exceeded; None for a case that is only told.
    """

    meaning: str
    peers: str = ""
    goal: int | None = None


EXECUTION: dict[str, Figure] = {
    "place_new_level": Figure(
        "rest an order at a price never used", "Clober 265,434 · Kuru 140,306 · GTE 337,619 · Tempo 205,432", 84_000
    ),
    "place_existing_level": Figure(
        "behind another order", "Clober 176,627 · Kuru 125,371 · GTE 269,289 · Tempo 183,089", 60_000
    ),
    "place_reused_level": Figure("first at a level that was used and emptied", "", 42_000),
    "take_1": Figure(
        "take one maker in full", "Clober 150,759 + claim 95,362 · Kuru 101,914 · GTE 136,462 · Tempo 77,363", 68_000
    ),
    "take_per_maker": Figure(
        "each further maker at the level: (10 makers − 1 maker) / 9",
        "Clober claim 95,362 · Kuru 17,179 · GTE 42,837 · Tempo 34,722",
        17_000,
    ),
    "take_10_levels": Figure(
        "ten levels of one maker", "Clober 448,249 + claims · Kuru 309,571 · GTE 684,825 · Tempo 468,744", 245_000
    ),
    "cancel_middle": Figure(
        "one of several at a level", "Clober 126,260 · Kuru 53,924 · GTE 79,009 · Tempo 42,376", 33_000
    ),
    "trade": Figure(
        "place_existing_level + take_1", "Clober 422,748 · Kuru 227,285 · GTE 405,751 · Tempo 260,452", 125_000
    ),
    "take_10_levels_10_makers": Figure("ten levels, each of another maker"),
    "replace_keep": Figure("half of one of several at a level, which keeps its place"),
    "replace_new": Figure("half of one of several at a level, behind another at the next"),
    "batch_requote": Figure("both sides of a quote, each behind another at the next level"),
    "voucher_verify": Figure("a trade's voucher, on-chain", "", 60_000),
}
"""Execution gas: the receipt's, less 21,000, less what the input costs. Orders to buy rest, orders to sell take."""

OTHER_SIDE: dict[str, Figure] = {
    f"{name}_asks": Figure(f"{EXECUTION[name].meaning}: orders to sell rest, orders to buy take")
    for name in EXECUTION
    if name not in ("batch_requote", "voucher_verify")
}

WHOLE: dict[str, Figure] = {
    "transfer": Figure(
        "between two checked accounts, to one on the list that the rules keep",
        "OZ ERC-1155 40,000 (no checks) · ERC-7943 48,914 · CMTAT 55,507 · T-REX 214,389",
        55_000,
    ),
    "cancel_units": Figure(
        "voluntary cancellation with its voucher", "Toucan 477,522 · NetEmissions 53,456 (no certificate)", 90_000
    ),
    "issue": Figure("a block of units", "Toucan 814,037 · NetEmissions 327,445", 120_000),
    "register": Figure("approve an account, certificate included", "T-REX 766,121", 250_000),
    "surrender": Figure("applied, examined, approved, cancelled", "", 260_000),
}
"""Whole transactions, intrinsic gas included."""

GAS: dict[str, Figure] = {**EXECUTION, **OTHER_SIDE, **WHOLE}

SLACK = dict.fromkeys(WHOLE, 200)
"""Zero bytes in digests and signatures make a whole transaction cheaper by 12 gas each; all else is exact."""
