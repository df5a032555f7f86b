"""Hypothesis looks for the shortest instructions after which the contracts and the plain book differ (R-TRD-2).

Few accounts, five prices, small quantities: so that everything meets everything.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from carbon_sdk.contracts.generated.enums import MarketState, SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.structs import Order
from carbon_sdk.identifiers import Side
from tests.differential.both import Both, Instruction
from tests.differential.evm import MARKETS, Evm, Exchange
from tests.differential.instructions import MIDDLE

LOTS = 1  # the second market: lots of 5 tonnes, at least three
TERMS = MARKETS[LOTS]
NAMES = ("one of seven", "other of seven", "alone", "treasury", "poor")

names = st.sampled_from(NAMES)
ticks = st.integers(MIDDLE[LOTS] - 2, MIDDLE[LOTS] + 2)
lots = st.integers(TERMS.least_lots, TERMS.least_lots + 4)
which = st.integers(0, 30)
lives = st.sampled_from((0, 0, 0, 10, 30))
orders = st.builds(
    lambda **parts: parts,
    tick=ticks,
    side=st.sampled_from(Side),
    lots=lots,
    life=lives,
    time_in_force=st.sampled_from((TimeInForce.GTC, *TimeInForce)),
    self_trade=st.sampled_from(SelfTrade),
    most_makers=st.sampled_from((255, 255, 1, 2, 3)),
)


class BookMachine(RuleBasedStateMachine):
    """Both books, with the verbs of traders and officers."""

    exchange: Exchange
    evm: Evm

    @initialize()
    def begin(self) -> None:
        self.before = self.evm.remember()
        self.both = Both(self.exchange, self.evm)
        self.market = self.exchange.markets[LOTS]

    def teardown(self) -> None:
        if hasattr(self, "both"):
            self.both.compare_all()
            self.evm.go_back(self.before)

    # -------------------------------------------------------------------------------------------------------- parts

    def order(self, parts: dict[str, Any]) -> Order:
        return Order(
            market=self.market,
            tick=parts["tick"],
            side=parts["side"],
            quantity=parts["lots"] * TERMS.lot,
            expires=self.evm.now + parts["life"] if parts["life"] else 0,
            time_in_force=parts["time_in_force"],
            self_trade=parts["self_trade"],
            most_makers=parts["most_makers"],
            latest=0,
        )

    def say(self, verb: str, key: str, *arguments: Any) -> None:
        self.both.do(Instruction(verb, key, arguments))

    def key(self, name: str) -> str:
        return self.exchange.keys[name]

    def owned(self, number: int) -> tuple[str, int]:
        """One of the open orders, and the key of whose it is."""
        ids = self.both.plain.open_ids()
        its_id = ids[number % len(ids)]
        found = self.both.plain.find(its_id)
        assert found is not None
        return next(key for key, one in self.both.plain.people.items() if one.account == found[1].account), its_id

    def any_open(self) -> bool:
        return bool(self.both.plain.open_ids())

    # -------------------------------------------------------------------------------------------------------- verbs

    @rule(name=names, parts=orders)
    def place(self, name: str, parts: dict[str, Any]) -> None:
        self.say("place", self.key(name), self.order(parts))

    @precondition(any_open)
    @rule(number=which)
    def cancel(self, number: int) -> None:
        self.say("cancel", *self.owned(number))

    @precondition(any_open)
    @rule(number=which, lots=st.integers(0, 3))
    def reduce(self, number: int, lots: int) -> None:
        self.say("reduce", *self.owned(number), lots * TERMS.lot)

    @precondition(any_open)
    @rule(number=which, parts=orders, same_price=st.booleans())
    def replace(self, number: int, parts: dict[str, Any], same_price: bool) -> None:
        key, its_id = self.owned(number)
        found = self.both.plain.find(its_id)
        assert found is not None
        place = {"side": found[0].side, **({"tick": found[0].tick} if same_price else {})}
        self.say("replace", key, its_id, self.order({**parts, **place}))

    @rule(name=names, numbers=st.lists(which, max_size=3), parts=st.lists(orders, max_size=3))
    def batch(self, name: str, numbers: list[int], parts: list[dict[str, Any]]) -> None:
        ids = self.both.plain.open_ids()
        taken = [ids[number % len(ids)] for number in numbers] if ids else []
        self.say("batch", self.key(name), taken, list(map(self.order, parts)))

    @precondition(any_open)
    @rule(number=which, name=names)
    def evict(self, number: int, name: str) -> None:
        self.say("evict", self.key(name), self.owned(number)[1])

    @precondition(any_open)
    @rule(name=names, number=which)
    def cancel_of_another(self, name: str, number: int) -> None:
        self.say("cancel", self.key(name), self.owned(number)[1])

    # --------------------------------------------------------------------------------------- officers and the clock

    @rule(name=names)
    def suspend_or_reinstate(self, name: str) -> None:
        key = self.key(name)
        self.say("suspend", "", key, not self.both.plain.people[key].suspended)

    @rule(held=st.sampled_from((0, 20_000, 21_000)), most=st.sampled_from((0, 1, 3)), large=st.sampled_from((0, 5)))
    def limit(self, held: int, most: int, large: int) -> None:
        self.say("set_limits", "", self.market, large, held, most)

    @rule()
    def call(self) -> None:
        """Orders are collected for a minute or two."""
        self.say("set_conduct", "", self.market, 5, 1)
        self.say("halt", "", self.market)
        self.say("resume", "", self.market)

    @rule(name=names, work=st.sampled_from((1, 2, 5, 1_000)))
    def uncross(self, name: str, work: int) -> None:
        """After the call, if one is under way."""
        market = self.both.plain.markets[self.market]
        if market.state is MarketState.CALL and self.evm.now < market.until:
            self.both.travel(market.until - self.evm.now)
        self.say("uncross", self.key(name), self.market, work)

    @rule(seconds=st.sampled_from((10, 10, 30, 90_000)))
    def wait(self, seconds: int) -> None:
        self.both.travel(seconds)

    @invariant()
    def everything_is_the_same(self) -> None:
        if hasattr(self, "both"):
            self.both.compare_all()


def look(exchange: Exchange, examples: int, steps: int, *, same_ones: bool) -> None:
    BookMachine.exchange, BookMachine.evm = exchange, Evm(exchange)
    run_state_machine_as_test(
        BookMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=same_ones,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.requirement("R-TRD-2")
def test_book__any_short_run__same_as_the_plain_book(exchange: Exchange) -> None:
    look(exchange, examples=25, steps=25, same_ones=True)


@pytest.mark.full
@pytest.mark.requirement("R-TRD-2")
def test_book__any_run__same_as_the_plain_book(exchange: Exchange) -> None:
    look(exchange, examples=200, steps=50, same_ones=False)
