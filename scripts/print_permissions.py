#!/usr/bin/env python3
"""Print docs/permissions.md from the permission matrix: contract × function → role.

scripts/print_permissions.py            to standard output
scripts/print_permissions.py --write    into docs/permissions.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from carbon_sdk.chain.abi import signature
from carbon_sdk.contracts.base import artifact
from carbon_sdk.deployment.permissions import GOVERNED, MATRIX, Role, permissions
from carbon_sdk.deployment.plan import PROXIED
from carbon_sdk.identifiers import keccak

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/permissions.md"

OFFICES = {
    Role.ADMINISTRATOR: "security authority: grants and revokes roles, names the modules that bind units",
    Role.UPGRADER: "gives a proxy a new implementation",
    Role.ROLLBACK: "returns a proxy to the implementation before; never held by an upgrader",
    Role.REGULATOR: "rules, accreditation, acceptance, allocation, surrender, restrictions, forced transfer",
    Role.REGIONAL_AUTHORITY: "has a number; who acts for a region is assigned in the registry",
    Role.REGISTRY_OPERATOR: "decides on applications and keeps representatives and records",
    Role.PLATFORM_OPERATOR: "sets price bands, collects fees",
    Role.SETTLEMENT_BANK: "records deposits, payments and paid penalties",
    Role.SERVICE_MANAGER: "prepares instruments, markets, voucher series",
    Role.SERVICE_REGULATOR: "halts and resumes markets",
    Role.RISK_MANAGER: "limits the platform under stress, sets limits of orders and positions, accuses of misconduct",
    Role.ARBITRATOR: "rules on disputes, and on appeals against another's rulings",
    Role.REQUIREMENTS_MANAGER: "publishes requirement profiles, decides on releases against them",
    Role.TECHNICAL_MANAGER: "publishes technical schemes, decides on releases against them",
    Role.SYSTEM_DEVELOPER: "proposes releases against requirement profiles",
    Role.SERVICE_DEVELOPER: "proposes releases against technical schemes",
    Role.SUPPORTER: "attests what its services of time, certificates or identity supplied",
}

HEAD = """# Permissions

Printed from `carbon_sdk/deployment/permissions.py` by `scripts/print_permissions.py --write`; a test fails when the two
differ. Deployment applies the same table, `carbon_sdk/deployment/checks.py` compares a chain with it function by
function, and a test calls every restricted function as a stranger.

A function that changes something and does not stand here is a participant's, which is checked against the registration
(an active account, a valid certificate, a right of the calling key, no restriction in the way); or anyone's, where the
interface says so; or another contract's of the suite, which is checked against an address that is immutable in the
code. One that is restricted and does not stand here would be the administrator's.
"""


def _selectors(contract: str, function: str) -> str:
    """The selectors of all functions of that name; `rollback` is the proxy's."""
    if function == "rollback":
        return f"`0x{keccak(b'rollback()')[:4].hex()}`"
    named = [item for item in artifact(contract).abi if item["type"] == "function" and item["name"] == function]
    return ", ".join(f"`0x{keccak(signature(item).encode())[:4].hex()}`" for item in named)


def lines() -> Iterator[str]:
    """The page, line by line."""
    yield from HEAD.splitlines()
    yield ""
    yield "## Roles"
    yield ""
    yield "| number | role | what its holders do | functions |"
    yield "|---:|---|---|---:|"
    for role in Role:
        own = {(line.contract, line.function) for line in permissions(PROXIED) if line.role is role}
        yield f"| {int(role)} | {role.label} | {OFFICES[role]} | {len(own)} |"
    yield ""
    yield "## Every contract behind a proxy"
    yield ""
    yield "| function | role | selector |"
    yield "|---|---|---|"
    for function, role in GOVERNED.items():
        yield f"| `{function}` | {role.label} | {_selectors(PROXIED[0], function)} |"
    for contract in PROXIED:
        yield ""
        yield f"## {contract}"
        yield ""
        own_functions = MATRIX.get(contract, {})
        if not own_functions:
            yield "Nothing beyond what every contract has."
            continue
        yield "| function | role | selector |"
        yield "|---|---|---|"
        for function, role in own_functions.items():
            yield f"| `{function}` | {role.label} | {_selectors(contract, function)} |"


def page() -> str:
    """The page as it should stand in docs/."""
    return "\n".join(lines()) + "\n"


def main() -> None:
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page())
    else:
        print(page(), end="")


if __name__ == "__main__":
    main()
