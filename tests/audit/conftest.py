from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from carbon_sdk.audit.decode import Abi, Decoders, load_abis
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.endpoint import HttpEndpoint
from tests.audit.market_chain import MarketChain, trade_at_random

ARTIFACTS = Path(__file__).parents[2] / "carbon_sdk" / "contracts" / "artifacts"


@pytest.fixture(scope="session")
def abis() -> dict[str, Abi]:
    return load_abis(ARTIFACTS)


@pytest.fixture(scope="session")
def decoders(abis: dict[str, Abi]) -> Decoders:
    return Decoders(abis)


@pytest.fixture(scope="session")
def traded() -> Iterator[MarketChain]:
    """A chain with some hundred random acts. Tests that change it take a snapshot and go back."""
    with Anvil() as anvil:
        chain = MarketChain(HttpEndpoint(anvil.url))
        trade_at_random(chain, 350, seed=1)
        yield chain


@pytest.fixture
def chain(traded: MarketChain) -> Iterator[MarketChain]:
    """The same chain; whatever the test does to it is undone."""
    snapshot = traded.rpc.request("evm_snapshot")
    yield traded
    traded.rpc.request("evm_revert", snapshot)
