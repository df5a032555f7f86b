"""The deployment plan on a real chain: complete, idempotent, resumable, the same through both callers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.sender import Sender
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.contracts.base import contract_class
from carbon_sdk.contracts.generated.authority import Authority
from carbon_sdk.contracts.generated.errors import AccessManagedUnauthorized, MayNotRollBack
from carbon_sdk.deployment.checks import check_all
from carbon_sdk.deployment.engine import StepDone
from carbon_sdk.deployment.model import Deployment
from carbon_sdk.deployment.permissions import Role, permissions
from carbon_sdk.deployment.plan import PROXIED, deploy, plan_of, rehearse
from carbon_sdk.deployment.roles_file import RoleHolders, checked_holders
from carbon_sdk.deployment.scheme_file import SchemeRules
from carbon_sdk.errors import DeploymentError, InputError
from carbon_sdk.identifiers import Address, keccak
from tests.deployment.conftest import ROLES, ROOT, SCHEME

Clockwork = Callable[[], Chain]


class Stopped(Exception):
    """The process was stopped here."""


def state_of(chain: Chain, deployment: Deployment) -> dict[str, tuple[str, str]]:
    """Code hash and storage root of every address of the deployment."""
    found: dict[str, tuple[str, str]] = {}
    for name, item in deployment.contracts.items():
        for place in filter(None, (item.address, item.implementation)):
            proof = chain.endpoint.request("eth_getProof", place, [], "latest")
            found[f"{name} {place}"] = (proof["codeHash"], proof["storageHash"])
    return found


def test_deploy__on_an_empty_chain__is_complete_and_leaves_the_deployer_nothing(
    clockwork: Clockwork, rules: SchemeRules, holders: RoleHolders, deployer: LocalSigner, tmp_path: Path
) -> None:
    chain = clockwork()
    outcome = deploy(chain, deployer, rules, holders, tmp_path / "journal.json")
    assert outcome.findings == ()
    assert set(PROXIED) <= set(outcome.deployment.contracts)
    authority = Authority(chain, outcome.deployment.address_of("Authority"))
    for role in Role:
        assert not authority.has_role(int(role), deployer.address).is_member
    path = outcome.deployment.save(tmp_path / "31337.json")
    assert Deployment.load(path) == outcome.deployment


def test_deploy__a_second_time__sends_nothing(
    clockwork: Clockwork, rules: SchemeRules, holders: RoleHolders, deployer: LocalSigner, tmp_path: Path
) -> None:
    chain = clockwork()
    first = deploy(chain, deployer, rules, holders, tmp_path / "journal.json")
    height = chain.block_number()
    second = deploy(chain, deployer, rules, holders, tmp_path / "journal.json")
    assert chain.block_number() == height
    assert all(step.earlier for step in second.result.steps)
    assert second.deployment == first.deployment


def test_deploy__stopped_again_and_again__continues_to_the_same_state(
    clockwork: Clockwork, rules: SchemeRules, holders: RoleHolders, deployer: LocalSigner, tmp_path: Path
) -> None:
    straight, broken = clockwork(), clockwork()
    expected = deploy(straight, deployer, rules, holders, tmp_path / "a.json")
    steps = len(expected.result.steps)

    def stop_at(last: int) -> Callable[[int, int, StepDone], None]:
        def progress(done: int, of: int, step: StepDone) -> None:
            if done == last:
                raise Stopped

        return progress

    for last in range(1, steps, 9):
        with pytest.raises(Stopped):
            deploy(broken, deployer, rules, holders, tmp_path / "b.json", progress=stop_at(last))
    outcome = deploy(broken, deployer, rules, holders, tmp_path / "b.json")
    assert state_of(broken, outcome.deployment) == state_of(straight, expected.deployment)


def test_rehearse__on_an_empty_chain__tells_every_step_and_sends_nothing(
    clockwork: Clockwork, rules: SchemeRules, holders: RoleHolders, deployer: LocalSigner
) -> None:
    chain = clockwork()
    result = rehearse(chain, deployer, rules, holders)
    assert chain.block_number() == 0
    assert [step.key for step in result.steps] == [step.key for step in plan_of(rules, holders, deployer.address).steps]
    assert all(step.gas_used > 21_000 for step in result.steps)


def test_plan__that_leaves_the_deployer_a_role__is_refused(
    rules: SchemeRules, holders: RoleHolders, deployer: LocalSigner
) -> None:
    kept = checked_holders({**holders.members, Role.REGULATOR: (deployer.address,)})
    with pytest.raises(InputError, match="regulator"):
        plan_of(rules, kept, deployer.address)


def test_deploy__with_a_journal_of_other_roles__is_refused(
    clockwork: Clockwork, rules: SchemeRules, holders: RoleHolders, deployer: LocalSigner, tmp_path: Path
) -> None:
    chain = clockwork()
    deploy(chain, deployer, rules, holders, tmp_path / "journal.json")
    others = checked_holders({**holders.members, Role.REGULATOR: holders.members[Role.ADMINISTRATOR]})
    with pytest.raises(DeploymentError, match="another plan"):
        deploy(chain, deployer, rules, others, tmp_path / "journal.json")


def test_checks__after_somebody_got_a_role_and_a_function_moved__find_both(
    clockwork: Clockwork, rules: SchemeRules, holders: RoleHolders, keys: tuple[LocalSigner, ...], tmp_path: Path
) -> None:
    chain = clockwork()
    administrator, stranger = keys[1], Address("0x1111111111111111111111111111111111111111")
    deployment = deploy(chain, keys[0], rules, holders, tmp_path / "journal.json").deployment
    authority = Authority(chain, deployment.address_of("Authority"))
    sender = Sender(chain, administrator)
    sender.do(authority.grant_role(int(Role.REGULATOR), stranger, 0))
    publish = keccak(b"publish(bytes32,bytes32,uint40,string)")[:4]
    sender.do(authority.set_target_function_role(deployment.address_of("RuleBook"), [publish], int(Role.UPGRADER)))
    findings = check_all(chain, deployment, holders.members)
    assert len(findings) == 2
    assert any("RuleBook.publish" in finding for finding in findings)
    assert any(stranger in finding and "regulator" in finding for finding in findings)


def test_restricted_functions__called_by_a_stranger__are_all_refused(
    clockwork: Clockwork, rules: SchemeRules, holders: RoleHolders, keys: tuple[LocalSigner, ...], tmp_path: Path
) -> None:
    """@requirement R-ACC-1, R-ACC-2."""
    chain = clockwork()
    deployment = deploy(chain, keys[0], rules, holders, tmp_path / "journal.json").deployment
    stranger = LocalSigner.new().address
    lines = permissions(PROXIED)
    assert len(lines) > 60
    for line in lines:
        # Enough zero words for every argument: permission is checked before any of them is looked at.
        act: Act[object] = Act(
            deployment.address_of(line.contract), line.selector + _arguments(line.contract, line.selector)
        )
        expected = MayNotRollBack if line.function == "rollback" else AccessManagedUnauthorized
        with pytest.raises(expected):
            chain.simulate(act, stranger)


def _arguments(contract: str, selector: bytes) -> bytes:
    """Well-formed zero arguments of a function."""
    from eth_abi import encode

    from carbon_sdk.chain.abi import signature
    from carbon_sdk.contracts.base import artifact

    contract_class(contract)
    for item in artifact(contract).abi:
        if item["type"] == "function" and keccak(signature(item).encode())[:4] == selector:
            types = [_type_of(part) for part in item["inputs"]]
            return encode(types, [_zero(part) for part in item["inputs"]])
    return b""


def _type_of(part: dict[str, object]) -> str:
    kind = str(part["type"])
    if not kind.startswith("tuple"):
        return kind
    components = part["components"]
    assert isinstance(components, (list, tuple))
    return f"({','.join(_type_of(inner) for inner in components)}){kind[5:]}"


def _zero(part: dict[str, object]) -> object:
    kind = str(part["type"])
    if kind.endswith("]"):
        inner, _, count = kind[:-1].rpartition("[")
        return tuple(_zero({**part, "type": inner}) for _ in range(int(count or 0)))
    if kind == "tuple":
        components = part["components"]
        assert isinstance(components, (list, tuple))
        return tuple(_zero(inner) for inner in components)
    if kind == "bool":
        return False
    if kind == "address":
        return "0x" + "0" * 40
    if kind == "string":
        return ""
    return b"" if kind == "bytes" else bytes(int(kind[5:])) if kind.startswith("bytes") else 0


def test_deploy__through_ape_and_through_the_sdk__leaves_the_same_chain_state(
    clockwork: Clockwork, rules: SchemeRules, holders: RoleHolders, deployer: LocalSigner, tmp_path: Path
) -> None:
    direct, lent = clockwork(), clockwork()
    expected = deploy(direct, deployer, rules, holders, tmp_path / "journal.json")
    ape = Path(sys.executable).with_name("ape")
    file = tmp_path / "through-ape.json"
    options = {"--network": lent.url, "--scheme": SCHEME, "--roles": ROLES, "--account": 0, "--out": file}
    run = subprocess.run(
        [str(ape), "run", "deploy", *(str(word) for option in options.items() for word in option)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    found = Deployment.load(file)
    assert found.contracts == expected.deployment.contracts
    assert state_of(lent, found) == state_of(direct, expected.deployment)
