"""Brings acts to the chain by the hundred, each once, whatever stopped the run before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from carbon_sdk.chain.calls import Act, Receipt
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.sender import Sender, Submitted, send_many
from carbon_sdk.chain.signers import Signer
from carbon_sdk.errors import CarbonError, NodeError, NotConfirmed, Refused
from carbon_sdk.replay.journal import Flying, Journal, Landed

IN_FLIGHT = 100
"""Acts on their way together; on a chain of the replay's own, the acts of one block."""


class ReplayStopped(CarbonError):
    """What a case needs before it begins was refused: a scheme or a chain that it cannot be run on."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Keyed:
    """An act with a name that is the same in every run of the replay.

    Attributes:
        key: Differs from those of all other acts.
        signer: Who does it.
        act: What; its gas limit is given, so that acts of one batch may rely on each other.
    """

    key: str
    signer: Signer
    act: Act[Any]


class Conveyor:
    """To one chain.

    Args:
        chain: Where.
        journal: What was done before.
        own: The chain is the replay's own: it mines when it is told to.
        wait: Seconds to wait for receipts.
    """

    def __init__(self, chain: Chain, journal: Journal, *, own: bool, wait: int = 120) -> None:
        self.chain = chain
        self.journal = journal
        self.own = own
        self._wait = wait

    @contextmanager
    def running(self) -> Iterator[Conveyor]:
        """While this lasts a chain of the replay's own mines by hand. What an earlier run left in flight is settled."""
        if not self.own:
            self._settle()
            yield self
            return
        with Clock(self.chain).by_hand():
            self._settle()
            yield self

    def carry(self, acts: Sequence[Keyed], at: int = 0) -> list[Landed]:
        """Do what was not done before; what became of each, in order.

        Args:
            acts: Go together.
            at: Unix seconds that the block shall have, on a chain of the replay's own, unless they have passed.

        Raises:
            TransportError, NodeError, NotConfirmed: Run again to go on.
        """
        left = [one for one in acts if one.key not in self.journal.done]
        if left:
            if self.own and at > self.chain.block().timestamp:
                self.chain.endpoint.request("evm_setNextBlockTimestamp", at)
            self.journal.land(list(self._sent(left)))
        return [self.journal.done[one.key] for one in acts]

    def carry_all(self, acts: Sequence[Keyed]) -> list[Landed]:
        """Do many, `IN_FLIGHT` at a time, that must all succeed. Raises ReplayStopped with the first refusal."""
        landed: list[Landed] = []
        source = iter(acts)
        while batch := list(islice(source, IN_FLIGHT)):
            landed += self.carry(batch)
            if refused := next((one for one in landed[-len(batch) :] if one.error), None):
                raise ReplayStopped(f"{refused.key} was refused: {refused.explanation}")
        return landed

    def carry_alike(self, acts: Sequence[Keyed]) -> list[Landed]:
        """As `carry_all` for acts of one kind: twice what the first would use is the gas limit of each.

        Raises:
            ReplayStopped: One was refused.
        """
        first = next((one for one in acts if one.key not in self.journal.done), None)
        gas = 0
        if first:
            try:
                gas = 2 * self.chain.estimate(first.act, first.signer.address)
            except Refused as refusal:
                raise ReplayStopped(f"{first.key} would be refused: {refusal.what}") from refusal
        return self.carry_all([replace(one, act=replace(one.act, gas=gas)) for one in acts])

    def _sent(self, acts: Sequence[Keyed]) -> Iterator[Landed]:
        def on_signed(signed: Sequence[Submitted[Any]]) -> None:
            self.journal.take_off([Flying(acts[one.row].key, one.hash, f"0x{one.raw.hex()}") for one in signed])

        outcomes = send_many(
            self.chain,
            ((one.signer, one.act) for one in acts),
            batch=len(acts),
            wait=self._wait,
            on_signed=on_signed,
            mine=self._mine if self.own else None,
        )
        for one, outcome in zip(acts, outcomes, strict=True):
            receipt, error = outcome.receipt, outcome.error
            if receipt is None:
                raise error or NotConfirmed("", "at all")
            yield _landed(one.key, receipt, error)

    def _mine(self) -> None:
        self.chain.endpoint.request("evm_mine")

    def _settle(self) -> None:
        """Find out what became of what an earlier run sent; what never arrived is sent again, the same bytes."""
        flying = [one for one in self.journal.flying if one.key not in self.journal.done]
        if not flying:
            return
        receipts = self.chain.receipts([one.hash for one in flying])
        unknown = [one for one, receipt in zip(flying, receipts, strict=True) if receipt is None]
        answers = self.chain.endpoint.batch([("eth_sendRawTransaction", (one.raw,)) for one in unknown])
        if self.own and unknown:
            self._mine()
        taken = {one.hash for one, answer in zip(unknown, answers, strict=True) if not isinstance(answer, NodeError)}
        found: list[Landed] = []
        for one, known in zip(flying, receipts, strict=True):
            receipt = known or self._awaited(one.hash, taken=one.hash in taken)
            if receipt:
                found.append(_landed(one.key, receipt, None if receipt.succeeded else self.chain.why_failed(receipt)))
        self.chain.forget_nonces()
        self.journal.land(found)
        self.journal.flying = []

    def _awaited(self, hash_: str, *, taken: bool) -> Receipt | None:
        """The receipt; None if the node would not take the bytes and does not know them: then they can never count."""
        if not taken and self.chain.endpoint.request("eth_getTransactionByHash", hash_) is None:
            return self.chain.receipt(hash_)
        # Whose key it is does not matter for waiting.
        return Sender(self.chain, self.journal.key("nobody"), wait=self._wait).await_receipt(hash_)


def _landed(key: str, receipt: Receipt, error: CarbonError | None) -> Landed:
    if error is None:
        return Landed(key, receipt.hash, receipt.block, receipt.gas_used)
    if not isinstance(error, Refused):
        raise error
    return Landed.refused(key, receipt.hash, receipt.block, receipt.gas_used, error)
