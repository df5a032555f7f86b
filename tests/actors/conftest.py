"""One deployed scheme with people in it; each test finds it as it was before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from carbon_sdk.actors.company import AccountHolder, Company
from carbon_sdk.actors.registry_operator import RegistryOperator
from carbon_sdk.actors.regulator import Regulator
from carbon_sdk.actors.settlement_bank import SettlementBank
from carbon_sdk.actors.verifier import Verifier
from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.plan import deploy
from carbon_sdk.deployment.roles_file import checked_holders
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.identifiers import Address, InstrumentId
from carbon_sdk.identity.x509 import DevelopmentAuthority, Issued, Request
from carbon_sdk.scheme import Scheme

ROOT = Path(__file__).resolve().parents[2]
BIRTH = 1_609_459_200  # 2021-01-01
YEAR = 2021
TUESDAY_NOON = 1_610_452_800  # 2021-01-12, 12:00 UTC


def key(name: str) -> LocalSigner:
    """A key that is the same in every run."""
    return LocalSigner(sha256(b"actors/" + name.encode()).digest())


@dataclass
class Town:
    """A scheme, the keys of its roles, a certification authority, and accounts that were opened the whole way."""

    scheme: Scheme
    clock: Clock
    pki: DevelopmentAuthority
    ca: LocalSigner
    certificates: dict[str, Issued] = field(default_factory=dict)

    def signer(self, name: str) -> LocalSigner:
        signer = key(name)
        self.clock.fund(signer.address)
        return signer

    @property
    def regulator(self) -> Regulator:
        return self.scheme.regulator(key("regulator"))

    @property
    def registrar(self) -> RegistryOperator:
        return self.scheme.registry_operator(key("registry-operator"))

    @property
    def bank(self) -> SettlementBank:
        return self.scheme.settlement_bank(key("settlement-bank"))

    @property
    def allowance(self) -> InstrumentId:
        return InstrumentId(self.scheme.deployment.instruments["UKA21"])

    def certificate(self, name: str) -> Issued:
        request = Request.made(key(name), name, (f"{name}.example",))
        self.certificates[name] = self.pki.issue(request, days=3000)
        return self.certificates[name]

    def credentials(self, name: str, account: Address):  # type: ignore[no-untyped-def]
        ca = self.scheme.certification_authority(self.ca)
        return self.certificate(name).credentials(ca.place, account, self.ca, key(name))

    def open(self, name: str, kind: AccountKind, **form: int) -> Address:
        applicant = AccountHolder(self.scheme, self.signer(name))
        number = applicant.apply_for_account(kind, f"record of {name}", region=1, sector=35, **form).result
        account = self.registrar.application(number).account
        done = self.registrar.approve(number, self.credentials(name, account))
        assert done.result == account
        return account

    def company(self, name: str) -> Company:
        return self.scheme.company(key(name))

    def verifier(self, name: str = "verifier") -> Verifier:
        return self.scheme.verifier(key(name))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with Anvil(timestamp=BIRTH) as anvil:
        chain = Chain(anvil.url)
        clock = Clock(chain)
        chain.endpoint.request("anvil_setBlockTimestampInterval", 1)
        members = {role: (key(role.label).address,) for role in Role}
        for name in ["deployer", *(role.label for role in Role)]:
            clock.fund(key(name).address)
        outcome = deploy(
            chain,
            key("deployer"),
            load_scheme(ROOT / "schemes" / "uk-ets.toml"),
            checked_holders(members),
            tmp_path_factory.mktemp("deploy") / "journal.json",
        )
        scheme = Scheme(chain, outcome.deployment)
        ca = key("certification-authority")
        clock.fund(ca.address)
        pki = DevelopmentAuthority(now=datetime.fromtimestamp(BIRTH, UTC), years=20)
        town = Town(scheme, clock, pki, ca)
        until = datetime(2040, 1, 1, tzinfo=UTC)
        town.regulator.accredit_certification_authority(ca.address, pki.digest, until)
        town.open("works", AccountKind.OPERATOR)
        town.open("trader", AccountKind.TRADER)
        town.open("verifier", AccountKind.VERIFIER)
        town.open("treasury", AccountKind.GOVERNMENT)
        yield town


@pytest.fixture
def town(built: Town) -> Iterator[Town]:
    snapshot = built.clock.snapshot()
    yield built
    built.clock.revert(snapshot)
    built.scheme.chain.forget_nonces()


@pytest.fixture
def sold(town: Town) -> Callable[[str, int], None]:
    """Puts auction units into an account: by the authority's account and the market."""

    def sell(name: str, quantity: int) -> None:
        treasury = town.company("treasury")
        town.regulator.issue_for_auction(treasury.account, YEAR, town.allowance, quantity, "calendar")
        buyer = town.company(name)
        town.bank.record_deposit(buyer.account, quantity * 6000, f"deposit {name} {town.clock.now()}")
        market = town.scheme.market(1)
        treasury.sell(1, quantity, market.ticks("50"))
        assert buyer.buy(1, quantity, market.ticks("50")).result.filled == quantity

    return sell


@pytest.fixture
def floor(town: Town, sold: Callable[[str, int], None]) -> Town:
    """Units and money with the works, money with the trader, an account for the fees; noon of a Tuesday."""
    sold("works", 40_000)
    town.open("broker", AccountKind.TRADER)
    for name in ("trader", "broker", "works"):
        town.bank.record_deposit(town.company(name).account, 300_000_000, f"deposit of {name}")
    platform = town.open("platform", AccountKind.PLATFORM_OPERATOR)
    operator = town.scheme.platform_operator(key("platform-operator"))
    operator.set_quote_fee_account(platform)
    operator.set_block_fee_account(platform)
    town.clock.travel_to(TUESDAY_NOON)
    return town


def audited(town: Town, tmp_path: Path) -> dict[str, int]:
    """What the auditor compared; it finds no difference."""
    store = open_store(tmp_path / "audit.sqlite")
    indexer_of(town.scheme, store).sync()
    report = auditor_of(town.scheme, store).run()
    assert report.ok, report.lines()
    return dict(report.checks)
