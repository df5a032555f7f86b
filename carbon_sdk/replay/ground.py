"""Where a case is run: a fresh local chain, or one that was named, with the suite deployed from a scheme."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.sender import send_many
from carbon_sdk.chain.signers import LocalSigner, Signer
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.plan import deploy
from carbon_sdk.deployment.roles_file import checked_holders
from carbon_sdk.deployment.scheme_file import SchemeRules, load_scheme
from carbon_sdk.errors import InputError, NodeError
from carbon_sdk.identifiers import Address
from carbon_sdk.replay.conveyor import Conveyor
from carbon_sdk.replay.journal import Journal
from carbon_sdk.scheme import Scheme

Tell = Callable[[str], None]
"""Told in one line how far the replay is."""

CHAIN, DEPLOYMENT, STEPS, STORE = "chain", "deployment.json", "deployment-steps.json", "audit.sqlite"
FUEL = 10**21
"""Native coin that each key gets on a local chain, in smallest units."""
BLOCK_GAS = 2_000_000_000
"""Of a chain of the replay's own: a block holds a whole batch. What one transaction may use is not changed by it."""
DEPLOYERS_GAS = 200_000_000
"""What the deployer may use on a chain where gas has to be paid for."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A suite with its officers, and the way to bring acts to it.

    Attributes:
        scheme: The contracts.
        rules: That they were deployed with.
        conveyor: Brings acts to the chain.
        journal: What was done; also makes everybody's keys.
        payer: Pays for gas; None on a local chain.
        tell: Told of progress.
        store: Where the auditor keeps events: a file, or memory.
    """

    scheme: Scheme
    rules: SchemeRules
    conveyor: Conveyor
    journal: Journal
    payer: Signer | None
    tell: Tell
    store: str | Path

    @property
    def chain(self) -> Chain:
        """Below the suite."""
        return self.scheme.chain

    def officer(self, role: Role) -> LocalSigner:
        """The key that holds a role."""
        return self.journal.key(f"officer {role.label}")

    def fund(self, signers: Sequence[Signer], gas: int) -> None:
        """See to it that keys can pay for `gas` each."""
        _fund(self.chain, [signer.address for signer in signers], gas, self.payer)


def scheme_named(name: str) -> SchemeRules:
    """A scheme that comes with the replays. Raises InputError for a name that none has."""
    with as_file(files("carbon_sdk.replay") / "scheme") as folder:
        return load_scheme(folder / f"{name}.toml")


@contextmanager
def open_ground(
    rules: SchemeRules,
    journal: Journal,
    birth: int,
    tell: Tell,
    *,
    rpc: str | None = None,
    payer: Signer | None = None,
    stands: bool = False,
) -> Iterator[Ground]:
    """A deployed suite for one replay; what an earlier run of the same replay left is taken up.

    Args:
        rules: The scheme.
        journal: Of the replay; its folder keeps chain, deployment and events.
        birth: Unix seconds at which a chain of the replay's own begins.
        tell: Told of progress.
        rpc: Of a chain; None starts one.
        payer: Pays for gas on a chain that is not local.
        stands: The clock of a chain of the replay's own stands still unless it is moved.

    Raises:
        InputError: The chain is no local one and nobody pays; or the folder is another chain's.
        DeploymentStopped: A step failed.
    """
    folder = journal.folder
    with _chain(rpc, folder, birth) as chain:
        if stands and rpc is None:
            chain.endpoint.request("anvil_setBlockTimestampInterval", 0)
        journal.attach(chain, own=rpc is None)
        deployer = journal.key("deployer")
        officers = {role: journal.key(f"officer {role.label}").address for role in Role}
        _fund(chain, [deployer.address], DEPLOYERS_GAS, payer)
        holders = checked_holders({role: (address,) for role, address in officers.items()})
        outcome = deploy(chain, deployer, rules, holders, folder / STEPS if folder else None)
        if folder:
            outcome.deployment.save(folder / DEPLOYMENT)
            if rpc is None:
                outcome.deployment.save(folder / CHAIN / DEPLOYMENT)
        tell(f"{len(outcome.deployment.contracts)} contracts of {rules.file.scheme.title} deployed")
        conveyor = Conveyor(chain, journal, own=rpc is None)
        store = folder / STORE if folder else ":memory:"
        with conveyor.running():
            yield Ground(Scheme(chain, outcome.deployment), rules, conveyor, journal, payer, tell, store)


@contextmanager
def _chain(rpc: str | None, folder: Path | None, birth: int) -> Iterator[Chain]:
    if rpc is not None:
        yield Chain(rpc)
        return
    # A run that is taken up asks why what it had sent failed: by the state before the last block, kept with the last.
    history = ("--preserve-historical-states", "--prune-history", "2")
    options = ("--gas-limit", str(BLOCK_GAS), *history)
    with Anvil(folder / CHAIN if folder else None, timestamp=birth, options=options) as anvil:
        if not anvil.is_owner:
            raise InputError(f"Another replay runs on the chain of {folder}. Wait for it, or name another folder.")
        yield Chain(anvil.url)


def _fund(chain: Chain, keys: Sequence[Address], gas: int, payer: Signer | None) -> None:
    if payer is None:
        if not chain.is_local:
            raise InputError(
                f"{chain.url} is no local chain: name a key that pays for gas, with --key-env or --keystore."
            )
        for answer in chain.endpoint.batch([("anvil_setBalance", (key, hex(FUEL))) for key in keys]):
            if isinstance(answer, NodeError):
                raise answer
        return
    purse = gas * (2 * chain.block().base_fee + 2 * 10**9)  # leaves room for a rise
    balances = chain.endpoint.batch([("eth_getBalance", (key, "latest")) for key in keys])
    poor = []
    for key, balance in zip(keys, balances, strict=True):
        if isinstance(balance, NodeError):
            raise balance
        if int(balance, 16) < purse // 2:
            poor.append(key)
    gifts: list[Act[bytes]] = [Act(key, b"", value=purse, gas=21_000, title="gas money") for key in poor]
    for outcome in send_many(chain, ((payer, gift) for gift in gifts)):
        if outcome.error is not None:
            raise outcome.error
