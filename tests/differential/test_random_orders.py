"""Random instructions to the deployed contracts and to a plain book: the same after each of them (R-TRD-2)."""

from __future__ import annotations

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
}
RULES = {
    "AccountNotActive",
    "AccountRestricted",
    "AmountTooLarge",
    "BadExpiry",
    "BadMakerLimit",
    "BadOrderQuantity",
    "BadReduction",
    "HoldingLimit",
    "InsufficientFree",
    "MarketNotOpen",
    "NotARepresentative",
    "NotExpired",
    "NotFillable",
    "NotTheAccount",
    "OrderNotOpen",
    "OrderTooLarge",
    "OtherQueue",
    "PriceOutsideBand",
    "TooLate",
    "TooManyAtOnce",
    "TooManyOpenOrders",
    "UnknownMarket",
    "WouldTrade",
}


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


def require_all_tried(both: Both) -> None:
    """A run that never does something proves nothing of it."""
    assert set(VERBS) - {"travel"} <= set(both.done)
    assert set(both.told) >= TOLD
    assert set(both.refused) >= RULES, RULES - set(both.refused)


@pytest.mark.requirement("R-TRD-2")
def test_book__random_instructions__same_as_the_plain_book(exchange: Exchange) -> None:
    require_all_tried(give(exchange, SAMPLE, seed=2021))


@pytest.mark.full
@pytest.mark.requirement("R-TRD-2")
@pytest.mark.parametrize("seed", range(1, RUNS + 1))
def test_book__a_hundred_thousand_random_instructions__same_as_the_plain_book(exchange: Exchange, seed: int) -> None:
    both = give(exchange, RUN, seed)
    require_all_tried(both)
    assert both.refused["CertificateExpired"]
    assert both.refused["LevelFull"] + both.refused["SeriesFull"]
