"""Chains whose blocks come at the same times, so that two deployments can be compared to the last slot."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.deployment.roles_file import RoleHolders, load_roles
from carbon_sdk.deployment.scheme_file import SchemeRules, load_scheme

ROOT = Path(__file__).resolve().parents[2]
SCHEME = ROOT / "schemes" / "uk-ets.toml"
ROLES = ROOT / "schemes" / "samples" / "roles.local.toml"
BIRTH = 1_609_459_200  # 2021-01-01


@pytest.fixture(scope="session")
def rules() -> SchemeRules:
    return load_scheme(SCHEME)


@pytest.fixture(scope="session")
def holders() -> RoleHolders:
    return load_roles(ROLES)


@pytest.fixture(scope="session")
def deployer(keys: tuple[LocalSigner, ...]) -> LocalSigner:
    return keys[0]


@pytest.fixture
def clockwork() -> Iterator[Callable[[], Chain]]:
    """Makes fresh chains, one second from block to block."""
    running: list[Anvil] = []

    def start() -> Chain:
        anvil = Anvil(timestamp=BIRTH)
        running.append(anvil)
        chain = Chain(anvil.url)
        chain.endpoint.request("anvil_setBlockTimestampInterval", 1)
        return chain

    yield start
    for anvil in running:
        anvil.stop()
