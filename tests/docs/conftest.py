"""A folder like a clone of the repository, and a node with a market, for the documents' Python."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.contracts.generated.structs import Attestation
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.plan import deploy
from carbon_sdk.deployment.roles_file import checked_holders
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.identity.attestation import Credentials
from carbon_sdk.scheme import Scheme
from carbon_sdk.units import money

ROOT = Path(__file__).resolve().parents[2]
NODE = "http://127.0.0.1:8545"
"""As the documents write it; the tests put their own node there."""


@dataclass(frozen=True)
class Market:
    """A deployed market: where, the key of a company with money, and the officers' keys."""

    url: str
    company: LocalSigner
    officers: dict[Role, LocalSigner]


@pytest.fixture(scope="session")
def blocks() -> Callable[[str], list[str]]:
    """The Python blocks of a document."""

    def blocks(document: str) -> list[str]:
        return re.findall(r"^```python\n(.*?)^```$", (ROOT / document).read_text(), re.MULTILINE | re.DOTALL)

    return blocks


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Looks like the repository to a program that runs in it, and can be written to."""
    made = tmp_path_factory.mktemp("clone")
    (made / "schemes").symlink_to(ROOT / "schemes")
    (made / ".build").mkdir()
    (made / ".build" / "bin").symlink_to(ROOT / ".build" / "bin")
    return made


@pytest.fixture(scope="session")
def market(folder: Path) -> Iterator[Market]:
    """A node with a deployed market, its deployment and roles files in the folder."""
    with Anvil() as anvil:
        chain = Chain(anvil.url)
        clock = Clock(chain)
        deployer, company, authority = LocalSigner.new(), LocalSigner.new(), LocalSigner.new()
        officers = {role: LocalSigner.new() for role in Role}
        for key in (deployer, company, *officers.values()):
            clock.fund(key.address)
        holders = checked_holders({role: (key.address,) for role, key in officers.items()})
        rules = load_scheme(ROOT / "schemes" / "uk-ets.toml")
        outcome = deploy(chain, deployer, rules, holders, folder / "journal.json")
        outcome.deployment.save(folder / "deployments" / "31337.json")
        lines = [f'{role.label} = ["{key.address}"]' for role, key in officers.items()]
        (folder / "roles.toml").write_text("\n".join(["[roles]", *lines]))

        scheme = Scheme(chain, outcome.deployment)
        until = clock.now() + int(timedelta(days=365).total_seconds())
        regulator = scheme.regulator(officers[Role.REGULATOR])
        regulator.accredit_certification_authority(authority.address, "an authority", until)
        applicant = scheme.company(company)
        application = applicant.apply_for_account(AccountKind.TRADER, "salted commitment").result
        registry = scheme.registry_operator(officers[Role.REGISTRY_OPERATOR])
        account = registry.application(application).account
        fingerprint = bytes(range(32))
        attestation = Attestation(fingerprint, account, company.address, clock.now() - 60, until, bytes(32))
        signed = scheme.certification_authority(authority).attest(attestation)
        registry.approve(application, Credentials(attestation, signed, applicant.possess(fingerprint, account)))
        scheme.settlement_bank(officers[Role.SETTLEMENT_BANK]).record_deposit(account, money("10000.00"), "reference 1")
        yield Market(anvil.url, company, officers)


@pytest.fixture
def run(folder: Path, market: Market) -> Callable[..., str]:
    """Runs a block in the folder, against the market; gives what it printed."""

    def run(code: str, **environment: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code.replace(NODE, market.url)],
            cwd=folder,
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], **environment},
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
