"""Call auctions: the deployed contracts, in parts, come to the same as a plain book, which does all at once."""

from __future__ import annotations

import pytest

from carbon_sdk.contracts.generated.enums import MarketState
from carbon_sdk.identifiers import Side
from tests.differential.both import Both, Instruction
from tests.differential.evm import Exchange
from tests.differential.instructions import Dice
from tests.differential.reference import RESTING

AROUND = {
    "place": 60,
    "cancel": 8,
    "reduce": 5,
    "replace": 8,
    "batch": 3,
    "evict": 3,
    "suspend": 1,
    "bar": 1,
    "set_owner": 1,
    "set_limits": 1,
}
"""What happens during a call, and how often."""


class Calls(Dice):
    """Instructions to one market while its orders are collected."""

    at = 0

    def market(self) -> int:
        return self.at

    def _place(self) -> Instruction:
        side = Side(self.random.randrange(2))
        # The other side of the middle, too: so that much crosses.
        tick = self.tick(self.at, Side(self.random.randrange(2)))
        return Instruction(
            "place",
            self.key(),
            (self.order(self.at, side, tick=tick, time_in_force=self.random.choice(RESTING)),),
        )

    def calls(self, seconds: int) -> None:
        """From a halt to the end of the auction."""
        both = self.both
        self.at = self.random.randrange(2)
        market = both.exchange.markets[self.at]
        for one in (
            Instruction("set_conduct", "", (market, 5, 5)),
            Instruction("halt", "", (market,)),
            Instruction("resume", "", (market,)),
        ):
            both.do(one)
        self.several(self.random.randint(5, 60))
        until = both.plain.markets[market].until
        both.travel(until - both.evm.now + self.random.choice((0, 0, 1, seconds)))
        self.several(self.random.randint(0, 3))
        both.compare_all()
        state = both.plain.markets[market].state
        if state is MarketState.CALL and not both.plain.crosses(market):
            return
        both.do(Instruction("uncross", self.key(), (market, self.random.choice((1, 2, 3, 7, 1_000)))))
        both.compare_all()

    def several(self, instructions: int) -> None:
        for verb in self.random.choices(tuple(AROUND), tuple(AROUND.values()), k=instructions):
            self.both.do(getattr(self, f"_{verb}")())
            if self.random.random() < 0.1:
                self.both.travel(self.random.randint(1, 10))


def give(exchange: Exchange, calls: int, seed: int) -> Both:
    both = Both(exchange)
    dice = Calls(both, seed)
    for number in range(calls):
        try:
            dice.calls(seconds=dice.random.choice((50, 100_000)))
        except AssertionError as difference:
            raise AssertionError(f"seed {seed}, call {number}: {difference}") from difference
    return both


@pytest.mark.requirement("R-TRD-10")
def test_auctions__random_calls__same_as_the_plain_book(exchange: Exchange) -> None:
    both = give(exchange, 40, seed=2021)
    assert both.told["AuctionPriced"] > 20
    assert both.told["AuctionTrade"] > 100
    assert both.told["SelfTradePrevented"] > 10
    assert both.refused["AuctionPending"] > 5


@pytest.mark.full
@pytest.mark.requirement("R-TRD-10")
def test_auctions__a_thousand_random_calls__same_as_the_plain_book(exchange: Exchange) -> None:
    for seed in range(1, 11):
        give(exchange, 100, seed)
