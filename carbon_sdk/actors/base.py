"""What all who act have in common: a suite, a key, and one way to do something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from carbon_sdk.chain.calls import Act, Done
from carbon_sdk.chain.sender import Sender
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.deployment.permissions import role_of
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError, NotPermitted
from carbon_sdk.identifiers import ZERO_ADDRESS, Address

T = TypeVar("T")


class Actor:
    """Somebody with a key in a suite. Subclasses add the verbs of one role.

    Args:
        suite: Where they act.
        signer: Their key.
    """

    def __init__(self, suite: Suite, signer: Signer) -> None:
        self.suite = suite
        self.signer = signer
        self.sender = Sender(suite.chain, signer)
        self.dry_run = False
        """True: acts are simulated and priced, and nothing is sent; `DryRun` is raised with what would happen."""

    @property
    def address(self) -> Address:
        """Of the key."""
        return self.signer.address

    def _own_account(self) -> Address:
        """The account for which this key acts. Raises InputError when there is none."""
        found = self.suite.contract(InstrumentLedger).representation_of(self.address).account
        if found == ZERO_ADDRESS:
            raise InputError(f"The key {self.address} acts for no account. Apply for one, or use another key.")
        return found

    def _do(self, act: Act[T]) -> Done[T]:
        """Simulate, send, wait, decode. Raises what `Sender.do` raises."""
        if self.dry_run:
            raise DryRun(act, self._rehearse(act), self.suite.chain.estimate(act, self.address))
        with self._told_which_role(act):
            return self.sender.do(act)

    def _rehearse(self, act: Act[T]) -> T:
        """Only simulate. Raises what `Sender.simulate` raises."""
        with self._told_which_role(act):
            return self.sender.simulate(act)

    @contextmanager
    def _told_which_role(self, act: Act[T]) -> Iterator[None]:
        """A refusal for want of a role says which one it is."""
        try:
            yield
        except NotPermitted as error:
            role = role_of(act.function.contract, act.function.name) if act.function else None
            if role is not None:
                error.what += f" It takes the role {role.label}, which {self.address} does not hold here."
            raise

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"


class DryRun(Exception):
    """Nothing was sent. What would have happened.

    Attributes:
        act: What was asked.
        result: What the contract would return.
        gas: What it would use.
    """

    def __init__(self, act: Act[T], result: T, gas: int) -> None:
        self.act = act
        self.result: object = result
        self.gas = gas
        super().__init__(f"{act} would succeed and use {gas:,} gas. Nothing was sent.")
