"""The README's Python works as pasted: each block runs in a folder like the repository's, against a deployed suite."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
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
BLOCKS = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
NODE = "http://127.0.0.1:8545"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Looks like the repository to a program that runs in it, and can be written to."""
    made = tmp_path_factory.mktemp("clone")
    (made / "schemes").symlink_to(ROOT / "schemes")
    (made / ".build").mkdir()
    (made / ".build" / "bin").symlink_to(ROOT / ".build" / "bin")
    return made


@pytest.fixture(scope="module")
def market(folder: Path) -> Iterator[tuple[str, LocalSigner]]:
    """A node with a deployed market, its deployment file in the folder, and the key of a company with money."""
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
        yield anvil.url, company


def run(code: str, folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_blocks__are_all_run_here() -> None:
    assert len(BLOCKS) == 2


def test_block__that_deploys__files_an_application(folder: Path) -> None:
    assert "application 1:" in run(BLOCKS[0], folder)


def test_block__that_connects__places_an_order(folder: Path, market: tuple[str, LocalSigner]) -> None:
    url, company = market
    assert NODE in BLOCKS[1]
    said = run(BLOCKS[1].replace(NODE, url), folder, CARBON_KEY=company.secret().hex())
    assert "0 t bought, 100 t in the book" in said
    assert "4185" in said


def test_block__that_connects_with_a_strangers_key__says_what_to_do(
    folder: Path, market: tuple[str, LocalSigner]
) -> None:
    url, _ = market
    stranger = LocalSigner.new()
    said = run(BLOCKS[1].replace(NODE, url), folder, CARBON_KEY=stranger.secret().hex())
    assert "NotARepresentative" in said or stranger.address in said
