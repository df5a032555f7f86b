"""The year on a chain that the play does not command: no clock, gas to be paid, blocks that come by themselves."""

from __future__ import annotations

import pytest

from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.demo.year import play
from carbon_sdk.errors import InputError
from tests.conftest import KEYS, ROOT

INPUTS = (ROOT / "schemes" / "uk-ets.toml", ROOT / "schemes" / "samples" / "installations.csv")


@pytest.fixture
def foreign(monkeypatch):
    """An anvil that does not pass for one, with a block every tenth of a second."""
    monkeypatch.setattr(Chain, "is_local", property(lambda chain: False))
    with Anvil(chain_id=4243, options=("--block-time", "0.1")) as anvil:
        yield anvil.url


def test_play__where_nobody_pays_for_gas__sends_nothing(foreign, tmp_path):
    with pytest.raises(InputError, match="name a key that pays for gas"):
        play(*INPUTS, tmp_path, lambda line: None, rpc=foreign)
    assert Chain(foreign).endpoint.request("eth_getTransactionCount", LocalSigner(KEYS[0]).address, "latest") == "0x0"


@pytest.mark.full
def test_play__with_a_key_that_pays__ends_as_on_a_local_chain(foreign, tmp_path):
    told: list[str] = []
    year = play(*INPUTS, tmp_path, told.append, rpc=foreign, payer=LocalSigner(KEYS[0]))
    assert any("clock is not moved" in line for line in told)
    assert any("brings the deadline on" in line for line in told)
    assert year.record.audit.ok
    assert len(year.day.trades) >= 60
    assert year.shortfall.penalty == year.shortfall.tonnes * 100_00
    assert all(f"--rpc {foreign} --deployment {tmp_path}" in how for _, how in year.record.steps)
