"""Carries out a deployment plan: idempotent, and resumable wherever it was stopped.

A plan is an ordered list of steps with stable keys. Before a transaction is handed over, its bytes and hash are in the
journal; after its receipt, its outcome is. So a second run knows of each step that it was done, that it was sent (then
the same bytes are waited for or sent again, which is one transaction), or that nothing happened.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.calls import Act, Receipt
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.endpoint import HttpEndpoint
from carbon_sdk.chain.sender import Prepared, Sender
from carbon_sdk.chain.signers import Signer
from carbon_sdk.deployment.model import write_atomically
from carbon_sdk.errors import (
    AnvilFailed,
    CarbonError,
    DeploymentError,
    DeploymentStopped,
    InputError,
    NodeError,
    Refused,
)
from carbon_sdk.identifiers import Address


class Situation:
    """What a step may know when its turn comes.

    Attributes:
        chain: Where.
        deployer: Who deploys.
        addresses: Of what was created so far, by the creating step's key.
    """

    def __init__(self, chain: Chain, deployer: Address) -> None:
        self.chain = chain
        self.deployer = deployer
        self.addresses: dict[str, Address] = {}

    def address(self, key: str) -> Address:
        """What the step `key` created. Raises InputError if it comes later in the plan, or creates nothing."""
        if key not in self.addresses:
            raise InputError(f"The plan uses {key} before it is created.")
        return self.addresses[key]


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of a plan.

    Attributes:
        key: Stable from run to run and from version to version.
        act: Makes the act when all former steps are done.
        is_done: Tells from the chain that nothing is left to do, when the journal knows nothing; None: cannot be told.
    """

    key: str
    act: Callable[[Situation], Act[Any]]
    is_done: Callable[[Situation], bool] | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered steps.

    Attributes:
        digest: Of all that the steps depend on (scheme, roles, versions): a journal goes on with the same plan only.
        steps: In order; keys differ.
    """

    digest: str
    steps: Sequence[Step]

    def __post_init__(self) -> None:
        keys = [step.key for step in self.steps]
        if len(set(keys)) != len(keys):
            raise InputError(f"Two steps of the plan are called {next(key for key in keys if keys.count(key) > 1)}.")


@dataclass(frozen=True, slots=True)
class StepDone:
    """What became of a step.

    Attributes:
        key: Of the step.
        hash: Of its transaction; None if the chain had it already.
        block: Number of its block.
        gas_used: By its transaction.
        created: Address of what it created.
        earlier: True if an earlier run did it.
    """

    key: str
    hash: str | None = None
    block: int = 0
    gas_used: int = 0
    created: Address | None = None
    earlier: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a run left.

    Attributes:
        steps: In the plan's order.
        addresses: Of what was created, by step.
    """

    steps: tuple[StepDone, ...]
    addresses: Mapping[str, Address] = field(repr=False)

    @property
    def first_block(self) -> int:
        """The first block that holds anything of the deployment; 0 if no step was a transaction."""
        return min((step.block for step in self.steps if step.hash), default=0)

    @property
    def gas_used(self) -> int:
        """By all steps, earlier runs included."""
        return sum(step.gas_used for step in self.steps)


Progress = Callable[[int, int, StepDone], None]
"""Told after each step: how many are done, of how many, and which."""


def carry_out(
    plan: Plan,
    chain: Chain,
    signer: Signer,
    journal: str | Path | None,
    *,
    progress: Progress | None = None,
) -> Result:
    """Do what is left to do of a plan.

    Args:
        plan: The steps.
        chain: Where.
        signer: The deployer's key.
        journal: File that remembers what was done; one for each chain and plan. None: nothing is remembered, which is
            for a chain that ends with the process.
        progress: Told after each step.

    Raises:
        DeploymentStopped: A step failed; its cause is `__cause__`. Running again continues there.
        DeploymentError: The journal is another plan's, another chain's or another deployer's.
    """
    book = _Journal.open(Path(journal) if journal is not None else None, chain, signer.address, plan)
    sender = Sender(chain, signer)
    now = Situation(chain, signer.address)
    book.drop_what_the_chain_lost(chain, plan)
    done: list[StepDone] = []
    for step in plan.steps:
        try:
            outcome = _one(step, now, sender, book)
        except CarbonError as error:
            raise DeploymentStopped(step.key, error) from error
        if outcome.created:
            now.addresses[step.key] = outcome.created
        done.append(outcome)
        if progress:
            progress(len(done), len(plan.steps), outcome)
    return Result(tuple(done), dict(now.addresses))


def dry_run(plan: Plan, chain: Chain, signer: Signer, journal: str | Path | None = None) -> Result:
    """Carry a plan out on a throw-away copy of the chain, and say what each step did and used.

    The copy is a local fork of the chain, what an earlier run did included; where that cannot be (a lent endpoint, a
    node that serves no state), a fresh local chain with the same number. Nothing is sent to the chain itself.

    Raises:
        As `carry_out`; AnvilNotFound if there is no anvil.
    """
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / "journal.json"
        with _copy_of(chain) as copy:
            there = Chain(copy.url)
            if journal and Path(journal).exists() and there.block(0).hash == chain.block(0).hash:
                shutil.copy(journal, copied)
            Clock(there).fund(signer.address)
            return carry_out(plan, there, signer, copied)


def _copy_of(chain: Chain) -> Anvil:
    if isinstance(chain.endpoint, HttpEndpoint):
        try:
            return Anvil(chain_id=chain.id, options=("--fork-url", chain.endpoint.full_url))
        except AnvilFailed:
            pass  # the node does not serve what a fork needs
    return Anvil(chain_id=chain.id)


def _one(step: Step, now: Situation, sender: Sender, book: _Journal) -> StepDone:
    known = book.steps.get(step.key)
    if known and known["state"] == "done":
        created = known.get("created")
        return StepDone(
            step.key, known["hash"], known["block"], known["gas_used"], Address(created) if created else None, True
        )
    if known and known["state"] == "sent" and (receipt := _sent_before(known, sender)):
        return book.done(step.key, _succeeded(receipt, sender, book, step.key))
    if step.is_done and step.is_done(now):
        return StepDone(step.key, earlier=True)
    act = step.act(now)
    nonce = sender.chain.nonce_of(sender.address)
    with nonce.lock:
        prepared: Prepared[Any] = sender.prepare(act)
        book.sent(step.key, prepared.hash, prepared.raw, prepared.transaction.nonce)
        try:
            receipt = sender.submit(prepared).receipt
        except (NodeError, Refused):
            nonce.next = None  # refused by the node, or mined and reverted: these bytes will never do it
            book.forget(step.key)
            raise
    return book.done(step.key, receipt)


def _sent_before(known: Mapping[str, Any], sender: Sender) -> Receipt | None:
    """The receipt of what an earlier run handed over; None if it can never come."""
    chain = sender.chain
    if receipt := chain.receipt(known["hash"]):
        return receipt
    used = int(chain.endpoint.request("eth_getTransactionCount", sender.address, "latest"), 16)
    if used > known["nonce"]:
        return chain.receipt(known["hash"])  # mined meanwhile; if not, another transaction took the number
    try:
        chain.endpoint.request("eth_sendRawTransaction", known["raw"])
    except NodeError:
        if chain.endpoint.request("eth_getTransactionByHash", known["hash"]) is None:
            return chain.receipt(known["hash"])
    return sender.await_receipt(known["hash"])


def _succeeded(receipt: Receipt, sender: Sender, book: _Journal, key: str) -> Receipt:
    if not receipt.succeeded:
        book.forget(key)
        raise sender.chain.why_failed(receipt)
    return receipt


class _Journal:
    """What was sent and done, on disk before it matters."""

    def __init__(self, path: Path | None, head: dict[str, Any], steps: dict[str, dict[str, Any]]) -> None:
        self.path = path
        self.head = head
        self.steps = steps

    @classmethod
    def open(cls, path: Path | None, chain: Chain, deployer: Address, plan: Plan) -> _Journal:
        head = {
            "format": 1,
            "chain_id": chain.id,
            "genesis": chain.block(0).hash,
            "deployer": deployer,
            "plan": plan.digest,
        }
        if path is None or not path.exists():
            return cls(path, head, {})
        try:
            content = orjson.loads(path.read_bytes())
            found, steps = content["head"], content["steps"]
        except (OSError, orjson.JSONDecodeError, KeyError, TypeError):
            raise DeploymentError(f"{path} is no journal of a deployment. Move it away to start anew.") from None
        if found["genesis"] != head["genesis"] or found["chain_id"] != head["chain_id"]:
            if found["chain_id"] == head["chain_id"] and chain.is_local:
                return cls(path, head, {})  # a local chain that was started anew
            raise DeploymentError(f"{path} is the journal of another chain. Move it away to start anew.")
        for name, words in (("deployer", "deployer's key"), ("plan", "plan (scheme, roles or version changed)")):
            if found[name] != head[name]:
                raise DeploymentError(
                    f"{path} is the journal of another {words}. Go on with that one, or move it away to start anew."
                )
        return cls(path, head, steps)

    def drop_what_the_chain_lost(self, chain: Chain, plan: Plan) -> None:
        """A chain that was set back or reorganised has not what the journal says: forget it and what came after."""
        keys = [step.key for step in plan.steps if self.steps.get(step.key, {}).get("state") == "done"]
        receipts = chain.receipts([self.steps[key]["hash"] for key in keys])
        for key, receipt in zip(keys, receipts, strict=True):
            if receipt is None and not self._has_code(chain, key):
                for later in keys[keys.index(key) :]:
                    del self.steps[later]
                self._write()
                return

    def _has_code(self, chain: Chain, key: str) -> bool:
        created = self.steps[key].get("created")  # nodes may have forgotten old receipts
        return bool(created and chain.code(Address(created)))

    def sent(self, key: str, hash_: str, raw: bytes, nonce: int) -> None:
        self.steps[key] = {"state": "sent", "hash": hash_, "raw": "0x" + raw.hex(), "nonce": nonce}
        self._write()

    def done(self, key: str, receipt: Receipt) -> StepDone:
        entry = {"state": "done", "hash": receipt.hash, "block": receipt.block, "gas_used": receipt.gas_used}
        self.steps[key] = {**entry, **({"created": receipt.created} if receipt.created else {})}
        self._write()
        return StepDone(key, receipt.hash, receipt.block, receipt.gas_used, receipt.created)

    def forget(self, key: str) -> None:
        self.steps.pop(key, None)
        self._write()

    def _write(self) -> None:
        if self.path is None:
            return
        content = orjson.dumps({"head": self.head, "steps": self.steps}, option=orjson.OPT_INDENT_2)
        write_atomically(self.path, content.decode() + "\n")
