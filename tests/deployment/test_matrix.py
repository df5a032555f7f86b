"""The permission matrix proved: every state-changing function, called as every role and as a stranger."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from carbon_sdk.chain.abi import signature
from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.contracts.base import artifact, contract_class
from carbon_sdk.contracts.generated.errors import AccessManagedUnauthorized, MayNotRollBack
from carbon_sdk.deployment.permissions import Role, permissions
from carbon_sdk.deployment.plan import PROXIED, deploy
from carbon_sdk.deployment.roles_file import checked_holders
from carbon_sdk.deployment.scheme_file import SchemeRules
from carbon_sdk.errors import Refused
from carbon_sdk.identifiers import Address, keccak
from tests.deployment.test_plan import _arguments

Clockwork = Callable[[], Chain]
REFUSALS = (AccessManagedUnauthorized, MayNotRollBack)

FOR_ANYONE = {
    ("CreditRecord", "extend"),
    ("CreditRecord", "refresh"),
    ("Obligations", "refresh"),
    ("OrderBook", "cancelMany"),
}
"""Functions that do nothing, or nothing that is anybody's to forbid, when called with zeros: they do not revert."""


def state_changing(contract: str) -> dict[bytes, str]:
    """Selector → name of every function that is no view; the proxy's own included."""
    contract_class(contract)
    found = {
        keccak(signature(item).encode())[:4]: str(item["name"])
        for item in artifact(contract).abi
        if item["type"] == "function" and item["stateMutability"] not in ("view", "pure")
    }
    return {**found, keccak(b"rollback()")[:4]: "rollback"}


def test_every_function__called_as_every_role_and_as_a_stranger__lets_only_its_role_pass(
    clockwork: Clockwork, rules: SchemeRules, deployer: LocalSigner, tmp_path: Path
) -> None:
    """@requirement R-ACC-1, R-ACC-2: by the deployed authority, contract by contract, function by function."""
    chain = clockwork()
    holders = {role: LocalSigner.new().address for role in Role}
    given = checked_holders({role: (holder,) for role, holder in holders.items()})
    deployment = deploy(chain, deployer, rules, given, tmp_path / "journal.json").deployment
    callers: dict[Role | None, Address] = dict(holders)
    callers[None] = LocalSigner.new().address
    matrix = {(line.contract, line.selector): line.role for line in permissions(PROXIED)}
    open_to_all: set[tuple[str, str]] = set()
    tried = 0
    for contract in PROXIED:
        for selector, function in state_changing(contract).items():
            role = matrix.get((contract, selector))
            act: Act[object] = Act(deployment.address_of(contract), selector + _arguments(contract, selector))
            for caller, address in callers.items():
                tried += 1
                try:
                    chain.simulate(act, address)
                    answer: Refused | None = None
                except Refused as refused:
                    answer = refused
                if function == "setAuthority":  # the authority's own call only, so no caller's
                    assert isinstance(answer, REFUSALS), (contract, function, caller, answer)
                elif role is None:
                    # Checked against registrations and modules: no role opens it, so all get the stranger's answer.
                    assert not isinstance(answer, REFUSALS), (contract, function, caller)
                    if answer is None:
                        open_to_all.add((contract, function))
                elif caller is role:
                    assert not isinstance(answer, REFUSALS), (contract, function, caller)
                else:
                    assert isinstance(answer, REFUSALS), (contract, function, caller, answer)
    assert tried > 5000
    assert open_to_all == FOR_ANYONE, open_to_all ^ FOR_ANYONE
    assert {line.role for line in permissions(PROXIED)} >= set(Role) - {Role.REGIONAL_AUTHORITY, Role.ARBITRATOR}


def test_state_changing_functions__of_every_contract__are_restricted_or_known(rules: SchemeRules) -> None:
    """Whatever the matrix names exists; whatever exists and is restricted is named, or is the administrator's."""
    named = {(line.contract, line.selector) for line in permissions(PROXIED)}
    existing = {(contract, selector) for contract in PROXIED for selector in state_changing(contract)}
    assert named <= existing
