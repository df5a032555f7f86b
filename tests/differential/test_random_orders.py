"""Random instructions to the deployed contracts and to a plain book: the same after each of them (R-TRD-2)."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.differential.both import Both
from tests.differential.evm import Exchange
from tests.differential.instructions import VERBS, Dice

SAMPLE, RUN, RUNS = 3_000, 10_000, 10
EVERY = 50  # instructions, then everything is compared
TOLD = {
    "OrderPlaced",
    "Trade",
    "OrderClosed",
    "OrderReduced",
    "ExpiryChanged",
    "SelfTradePrevented",
    "MarketStateChanged",
    "DayClosed",
    "AuctionPriced",
    "AuctionTrade",
}
RULES = {
    "AccountNotActive",
    "AccountRestricted",
    "AuctionPending",
    "BadExpiry",
    "BadMakerLimit",
    "BadOrderQuantity",
    "BadReduction",
    "HoldingLimit",
    "InsufficientFree",
    "MarketNotOpen",
    "NoAuctionPending",
    "NotExpired",
    "NotFillable",
    "NotTheAccount",
    "OrderMustRest",
    "OrderNotOpen",
    "OrderTooLarge",
    "OtherQueue",
    "PriceOutsideBand",
    "UnknownMarket",
    "WouldTrade",
}
RARE = {
    "AmountTooLarge",
    "CertificateExpired",
    "LevelFull",
    "NotARepresentative",
    "TooLate",
    "TooManyAtOnce",
    "TooManyOpenOrders",
}
"""Rules that only a long run is sure to meet."""


def give(exchange: Exchange, instructions: int, seed: int) -> Both:
    """So many instructions; what differs is told with the seed and the number of the instruction."""
    both = Both(exchange)
    dice = Dice(both, seed)
    given = 0
    while given < instructions:
        one = dice.roll()
        if one is None:
            continue
        given += 1
        try:
            both.do(one)
            if given % EVERY == 0:
                both.compare_all()
        except AssertionError as difference:
            raise AssertionError(f"seed {seed}, instruction {given}: {one}\n{difference}") from difference
    both.compare_all()
    return both


def require_all_tried(runs: Sequence[Both], rules: set[str]) -> None:
    """Runs that never do something prove nothing of it."""
    done, told, refused = (set().union(*(getattr(both, part) for both in runs)) for part in ("done", "told", "refused"))
    assert done >= set(VERBS) - {"travel"}
    assert told >= TOLD
    assert refused >= rules, rules - refused


@pytest.mark.requirement("R-TRD-2")
def test_book__random_instructions__same_as_the_plain_book(exchange: Exchange) -> None:
    require_all_tried([give(exchange, SAMPLE, seed=2021)], RULES)


@pytest.mark.full
@pytest.mark.requirement("R-TRD-2")
def test_book__a_hundred_thousand_random_instructions__same_as_the_plain_book(exchange: Exchange) -> None:
    require_all_tried([give(exchange, RUN, seed) for seed in range(1, RUNS + 1)], RULES | RARE)
