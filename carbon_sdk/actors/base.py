"""What all who act have in common: a suite, a key, and one way to do something."""

from __future__ import annotations

from typing import TypeVar

from carbon_sdk.chain.calls import Act, Done
from carbon_sdk.chain.sender import Sender
from carbon_sdk.chain.signers import Signer
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.identifiers import Address

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

    def _do(self, act: Act[T]) -> Done[T]:
        """Simulate, send, wait, decode. Raises what `Sender.do` raises."""
        if self.dry_run:
            raise DryRun(act, self.sender.simulate(act), self.suite.chain.estimate(act, self.address))
        return self.sender.do(act)

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
