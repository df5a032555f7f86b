"""Random verbs of account holders on a chain, against what the ledger must keep (R-AST-1, R-AST-3, R-STK-2).

After each verb every figure that the SDK shows is what a plain account of it says, supplies add up, and what is bound
is the sum of what binds it. Verbs by keys without a right change nothing. Each run ends with an audit.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from carbon_sdk.actors.values import Right
from carbon_sdk.contracts.generated.enums import AccountKind, PledgeState, Reason, TimeInForce
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.errors import CarbonError
from carbon_sdk.identifiers import Side
from tests.actors.conftest import TUESDAY_NOON, Town, audited

HOLDERS = ("works", "trader", "broker")
STRANGER, READER = "stranger", "reader"
"""A key of nobody's, and a representative of the works with no right but to read."""
BEGIN, TICK = 300, 5_000
who = st.sampled_from(HOLDERS)
tonnes = st.one_of(st.integers(1, 90), st.integers(1, 400))


class HoldersMachine(RuleBasedStateMachine):
    town: Town
    folder: Path
    done: ClassVar[Counter[str]] = Counter()
    """Verbs that were not refused, in all examples."""

    def __init__(self) -> None:
        super().__init__()
        self.before = self.town.clock.snapshot()
        self.units = Counter(dict.fromkeys(HOLDERS, BEGIN))
        """Everything an account has, in orders and pledged or not."""
        self.pledged: Counter[str] = Counter()
        self.cancelled = 0
        self.orders: dict[Any, tuple[str, int]] = {}
        self.pledges: dict[int, tuple[str, str, int]] = {}
        self.seen = self.figures()

    def teardown(self) -> None:
        audited(self.town, Path(tempfile.mkdtemp(dir=self.folder)))
        self.town.clock.revert(self.before)

    # WHAT THE SDK SHOWS

    def account(self, name: str):  # type: ignore[no-untyped-def]
        return self.town.company(name).account

    def figures(self) -> dict[str, tuple[int, int, int, int]]:
        """Balance, free, encumbered and in orders, by holder."""
        found = {name: self.town.company(name).view.holding(self.town.allowance) for name in HOLDERS}
        return {name: (one.balance, one.free, one.encumbered, one.in_orders) for name, one in found.items()}

    def selling(self, name: str) -> int:
        return sum(left for owner, left in self.orders.values() if owner == name)

    def tried(self, verb: Callable[[], Any]) -> Any | None:
        """What a verb returned; None when it was refused, which changes nothing."""
        before = self.figures()
        try:
            return verb()
        except CarbonError:
            assert self.figures() == before
            self.done["refused"] += 1
            return None

    # VERBS OF HOLDERS

    @rule(name=who, quantity=tonnes)
    def sell(self, name: str, quantity: int) -> None:
        """Rests: nobody buys unless asked to."""
        free = self.seen[name][1]
        done = self.tried(lambda: self.town.company(name).sell(1, quantity, TICK))
        assert (done is not None) == (quantity <= free)
        if done:
            self.orders[done.result.id] = (name, quantity)
            self.done["sold"] += 1

    @precondition(lambda self: self.orders)
    @rule(name=who, quantity=tonnes)
    def buy(self, name: str, quantity: int) -> None:
        """Takes the earliest orders, its own leave the book."""
        done = self.tried(
            lambda: self.town.company(name).order(1, Side.BUY, quantity, TICK, time_in_force=TimeInForce.IOC)
        )
        assert done is not None
        left = quantity
        for order, (owner, open_) in list(self.orders.items()):
            if owner == name or left == 0:
                break  # CANCEL_NEWEST: what would meet one's own order is dropped
            taken = min(left, open_)
            self.done["bought"] += 1
            left -= taken
            self.units[owner] -= taken
            self.units[name] += taken
            self.orders[order] = (owner, open_ - taken)
            if open_ == taken:
                del self.orders[order]
        assert done.result.filled == quantity - left

    @precondition(lambda self: self.orders)
    @rule(data=st.data(), other=st.none() | who)
    def take_back(self, data: st.DataObject, other: str | None) -> None:
        order = data.draw(st.sampled_from(sorted(self.orders)))
        name = other or self.orders[order][0]
        done = self.tried(lambda: self.town.company(name).cancel(order))
        assert (done is not None) == (self.orders[order][0] == name)
        if done:
            del self.orders[order]
            self.done["taken back"] += 1

    @rule(name=who, quantity=tonnes)
    def cancel_for_good(self, name: str, quantity: int) -> None:
        free = self.seen[name][1]
        done = self.tried(
            lambda: self.town.company(name).cancel_voluntarily(
                self.town.allowance, quantity, "somebody", "good", year=2021
            )
        )
        assert (done is not None) == (quantity <= free)
        if done:
            self.units[name] -= quantity
            self.cancelled += quantity
            self.done["cancelled"] += 1

    @rule(name=who, other=who, quantity=tonnes)
    def pledge(self, name: str, other: str, quantity: int) -> None:
        due = self.town.clock.now() + 30 * 86_400
        units = {self.town.allowance: quantity}
        number = self.tried(
            lambda: self.town.company(name).offer_pledge(self.account(other), units, due, "loan").result
        )
        if number is None:
            return
        free = self.figures()[name][1]
        accepted = self.tried(lambda: self.town.company(other).accept_pledge(number))
        assert name != other
        assert (accepted is not None) == (self.town.company(name).pledge(number).state is PledgeState.ACTIVE)
        if accepted:
            assert quantity <= free + self.pledged_now(name) - self.pledged[name]
            self.pledged[name] += quantity
            self.pledges[number] = (name, other, quantity)
            self.done["pledged"] += 1

    def pledged_now(self, name: str) -> int:
        ledger = self.town.scheme.contract(InstrumentLedger)
        return ledger.encumbered_for(self.account(name), self.town.allowance, Reason.PLEDGE)

    @precondition(lambda self: self.pledges)
    @rule(data=st.data(), other=st.none() | who)
    def release(self, data: st.DataObject, other: str | None) -> None:
        """By the pledgee, and by nobody else."""
        number = data.draw(st.sampled_from(sorted(self.pledges)))
        giver, pledgee, quantity = self.pledges[number]
        name = other or pledgee
        done = self.tried(lambda: self.town.company(name).release_pledge(number))
        assert (done is not None) == (name == pledgee)
        if done:
            self.pledged[giver] -= quantity
            self.done["released"] += 1
            del self.pledges[number]

    # VERBS WITHOUT A RIGHT

    @rule(key_=st.sampled_from([STRANGER, READER]), quantity=tonnes, verb=st.integers(0, 5), data=st.data())
    def try_without_right(self, key_: str, quantity: int, verb: int, data: st.DataObject) -> None:
        nobody, units = self.town.company(key_), self.town.allowance
        order = data.draw(st.sampled_from(sorted(self.orders))) if self.orders else 1
        number = data.draw(st.sampled_from(sorted(self.pledges))) if self.pledges else 1
        verbs: tuple[Callable[[], Any], ...] = (
            lambda: nobody.sell(1, quantity, TICK),
            lambda: nobody.transfer(self.account("broker"), units, quantity),
            lambda: nobody.cancel_voluntarily(units, quantity, "somebody", "good", year=2021),
            lambda: nobody.cancel(order),
            lambda: nobody.release_pledge(number),
            lambda: nobody.offer_pledge(
                self.account("broker"), {units: quantity}, self.town.clock.now() + 9**7, "loan"
            ),
        )
        assert self.tried(verbs[verb]) is None

    # WHAT MUST HOLD

    @invariant()
    def everything_is_as_it_should_be(self) -> None:
        self.seen = self.figures()
        for name, (balance, free, encumbered, in_orders) in self.seen.items():
            assert (balance + in_orders, in_orders) == (self.units[name], self.selling(name))
            assert encumbered == self.pledged[name] == self.pledged_now(name)
            assert free == balance - encumbered
        supply = self.town.scheme.contract(InstrumentLedger).instrument_of(self.town.allowance)
        assert supply.cancelled == self.cancelled
        assert supply.issued - supply.cancelled == sum(self.units.values())


@pytest.mark.full
def test_holders__many_random_verbs__ledger_keeps_what_it_must(town: Town, sold, tmp_path: Path) -> None:
    explore(town, sold, tmp_path, examples=40, steps=40)


def test_holders__random_verbs__ledger_keeps_what_it_must(town: Town, sold, tmp_path: Path) -> None:
    explore(town, sold, tmp_path, examples=12, steps=25)


def explore(town: Town, sold: Callable[[str, int], None], folder: Path, *, examples: int, steps: int) -> None:
    town.open("broker", AccountKind.TRADER)
    for name in HOLDERS:
        sold(name, BEGIN)
        town.bank.record_deposit(town.company(name).account, 10**10, f"deposit of {name}")
    town.signer(STRANGER)
    reader = town.signer(READER)
    works = town.company("works").account
    town.registrar.add_representative(Right.READ, town.credentials(READER, works))
    assert town.scheme.contract(InstrumentLedger).representation_of(reader.address).account == works
    town.clock.travel_to(TUESDAY_NOON)
    HoldersMachine.town, HoldersMachine.folder, HoldersMachine.done = town, folder, Counter()
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        HoldersMachine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate],  # a chain is too slow to look for the shortest failure
            suppress_health_check=list(HealthCheck),
        ),
    )
    told = HoldersMachine.done
    verbs = ("sold", "bought", "taken back", "cancelled", "pledged", "released", "refused")
    assert all(told[verb] >= 3 for verb in verbs), told
