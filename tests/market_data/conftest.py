from __future__ import annotations

from collections.abc import Iterator

import pytest

from carbon_sdk.audit.decode import Decoders
from carbon_sdk.audit.indexer import Indexer
from carbon_sdk.audit.store import Store
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.endpoint import HttpEndpoint
from carbon_sdk.market_data import MarketData
from tests.audit.market_chain import MarketChain, abis, trade_at_random


@pytest.fixture(scope="session")
def market() -> Iterator[tuple[MarketChain, Store, MarketData]]:
    with Anvil(timestamp=1_800_000_000) as anvil:
        chain = MarketChain(HttpEndpoint(anvil.url))
        for seed in (1, 2):
            trade_at_random(chain, 120, seed)
            chain.rpc.request("evm_increaseTime", 86_400)
        store = Store(":memory:", Decoders(abis()))
        Indexer(chain.rpc, store, chain.contracts).sync()
        yield chain, store, MarketData(store, chain.contracts)
