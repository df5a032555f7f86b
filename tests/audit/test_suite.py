"""The whole suite as it is deployed: every event has a rule, every question an answer."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from eth_abi.abi import decode, encode

from carbon_sdk.audit.report import AuditReport
from carbon_sdk.audit.suite import auditor_of, contracts_of, indexer_of, open_store, write_vouchers
from carbon_sdk.audit.vouchers import Voucher, VoucherKind, code_is_sound, code_of
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.deployment.plan import deploy
from carbon_sdk.deployment.roles_file import load_roles
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import InstrumentId, address, keccak

SCHEMES = Path(__file__).parents[2] / "schemes"
VOUCHER = "(uint8,uint32,uint40,uint32,uint40,uint256,uint256,uint256,address,address,uint256)"
DEPLOYER = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    with Anvil(timestamp=1_609_459_200) as anvil:
        chain = Chain(anvil.url)
        rules, holders = load_scheme(SCHEMES / "uk-ets.toml"), load_roles(SCHEMES / "samples" / "roles.local.toml")
        journal = tmp_path_factory.mktemp("deploy") / "journal.json"
        yield Suite(chain, deploy(chain, LocalSigner(DEPLOYER), rules, holders, journal).deployment)


def test_audit__suite_as_deployed__equals_the_contracts(suite: Suite, tmp_path: Path) -> None:
    store = open_store(tmp_path / "audit.sqlite")
    progress = indexer_of(suite, store).sync()
    auditor = auditor_of(suite, store)
    with pytest.raises(InputError, match="audit first"):
        write_vouchers(auditor, AuditReport(1, 1, "0x", 0, 0, {}, ()), tmp_path)
    report = auditor.run(proofs=True)
    assert progress.logs > 50
    assert report.ok, report.lines()
    assert {"roles", "permissions", "markets", "instruments", "implementations"} <= set(report.checks)
    assert write_vouchers(auditor, report, tmp_path / "vouchers") == []


def test_contracts__of_the_deployment__all_listened_to(suite: Suite) -> None:
    assert {"InstrumentLedger", "OrderBook", "ComplianceDesk", "Authority"} <= set(
        contracts_of(suite.deployment).values()
    )


def test_code__any_voucher__as_the_contract_writes_it(suite: Suite) -> None:
    store = open_store(":memory:")
    indexer_of(suite, store).sync()
    rules = auditor_of(suite, store).fold().vouchers.rules
    assert rules
    at = suite.deployment.address_of("VoucherBook")
    dice = random.Random(7)
    selector = keccak(f"code({VOUCHER})".encode())[:4]
    for _ in range(40):
        voucher = Voucher(
            VoucherKind(dice.randint(1, 4)),
            dice.getrandbits(dice.choice((4, 32))),
            dice.getrandbits(40),
            dice.getrandbits(dice.choice((3, 32))),
            dice.randrange(1_700_000_000, 4_000_000_000),
            InstrumentId(dice.randint(1, 3) << 80 | dice.getrandbits(dice.choice((80, 16)))),
            dice.getrandbits(90),
            dice.getrandbits(90),
            address(dice.randbytes(20)),
            address(dice.randbytes(20)),
            dice.getrandbits(250),
        )
        values = tuple(getattr(voucher, item.name) for item in fields(voucher))
        (said,) = decode(["string"], suite.chain.call(at, selector + encode([VOUCHER], [values])))
        assert code_of(voucher, rules) == said
        assert code_is_sound(said)
