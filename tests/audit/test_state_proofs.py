from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from carbon_sdk.audit.receipts import EMPTY_ROOT
from carbon_sdk.audit.state_proofs import (
    ProofInvalid,
    account_at,
    fetch,
    header_of,
    mapping_slot,
    namespace_slot,
    trie_value,
    word_at,
)
from carbon_sdk.identifiers import address, keccak
from tests.audit.market_chain import UNITS, MarketChain

HOLDINGS = 2


def encoded(nodes: Any, *, short: bool = False) -> list[bytes]:
    """A proof as most clients give it: nodes that lie inside others are not given once more."""
    import rlp

    found = [rlp.encode(node) for node in nodes]
    return [node for i, node in enumerate(found) if short or i == 0 or len(node) >= 32]


values = st.binary(min_size=1, max_size=60)  # some so short that their nodes lie inside others


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.binary(min_size=3, max_size=3), values, min_size=1, max_size=40),
    st.binary(min_size=3, max_size=3),
)
def test_trie_value__any_trie_and_key__as_the_library_has_it(items: dict[bytes, bytes], other: bytes) -> None:
    trie = HexaryTrie({})
    for key, value in items.items():
        trie[key] = value
    for key in [*items, other]:
        for short in (False, True):
            proof = encoded(trie.get_proof(key), short=short)
            assert trie_value(trie.root_hash, key, proof) == items.get(key)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.binary(min_size=3, max_size=3), values, min_size=2, max_size=30), st.data())
def test_trie_value__any_byte_of_a_proof_altered__is_refused(items: dict[bytes, bytes], data: st.DataObject) -> None:
    trie = HexaryTrie({})
    for key, value in items.items():
        trie[key] = value
    key = data.draw(st.sampled_from(sorted(items)))
    proof = encoded(trie.get_proof(key))
    which = data.draw(st.integers(0, len(proof) - 1))
    at = data.draw(st.integers(0, len(proof[which]) - 1))
    forged = bytearray(proof[which])
    forged[at] ^= data.draw(st.integers(1, 255))
    for wrong in (
        [*proof[:which], bytes(forged), *proof[which + 1 :]],
        [*proof[:which], *proof[which + 1 :]],
        [*proof, proof[which]],
    ):
        with pytest.raises(ProofInvalid):
            trie_value(trie.root_hash, key, wrong)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=80), max_size=3), st.binary(min_size=1, max_size=3))
def test_trie_value__any_nonsense__is_refused_and_nothing_else(nodes: list[bytes], key: bytes) -> None:
    root = keccak(nodes[0]) if nodes else bytes(32)
    try:
        trie_value(root, key, nodes)
    except ProofInvalid:
        return


def test_trie_value__of_an_empty_trie__is_nothing() -> None:
    assert trie_value(EMPTY_ROOT, b"key", []) is None
    assert trie_value(EMPTY_ROOT, b"key", [b"\x80"]) is None


def holding(account: str) -> int:
    return mapping_slot(namespace_slot("carbon.storage.InstrumentLedger") + HOLDINGS, account, int(UNITS))


def test_word__of_a_holding__is_proved_against_the_block_hash(chain: MarketChain) -> None:
    block = int(chain.rpc.request("eth_blockNumber"), 16)
    block_hash = chain.rpc.request("eth_getBlockByNumber", hex(block), False)["hash"]
    for account in chain.accounts:
        slot = holding(account)
        proof = fetch(chain.rpc, chain.ledger, slot, block)
        header = header_of(proof.header)
        assert f"0x{header.hash.hex()}" == block_hash
        assert header.number == block
        ledger = account_at(header.state_root, chain.ledger, proof.account)
        assert ledger is not None
        assert keccak(bytes.fromhex(chain.rpc.request("eth_getCode", chain.ledger, hex(block))[2:])) == ledger.code_hash
        word = int(chain.rpc.request("eth_getStorageAt", chain.ledger, hex(slot), hex(block)), 16)
        assert word_at(ledger.storage_root, slot, proof.storage) == word > 0


def test_absence__of_a_slot_and_of_an_account__is_proved(chain: MarketChain) -> None:
    block = int(chain.rpc.request("eth_blockNumber"), 16)
    nobody = address(b"\x99" * 20)
    proof = fetch(chain.rpc, chain.ledger, holding(nobody), block)
    header = header_of(proof.header)
    ledger = account_at(header.state_root, chain.ledger, proof.account)
    assert ledger
    assert word_at(ledger.storage_root, holding(nobody), proof.storage) == 0
    proof = fetch(chain.rpc, nobody, 0, block)
    assert account_at(header_of(proof.header).state_root, nobody, proof.account) is None


def test_proof__of_another_slot_block_or_contract__is_refused(chain: MarketChain) -> None:
    block = int(chain.rpc.request("eth_blockNumber"), 16)
    slot, other = holding(chain.accounts[0]), holding(chain.accounts[1])
    proof = fetch(chain.rpc, chain.ledger, slot, block)
    header = header_of(proof.header)
    ledger = account_at(header.state_root, chain.ledger, proof.account)
    assert ledger
    with pytest.raises(ProofInvalid):
        word_at(ledger.storage_root, other, proof.storage)
    with pytest.raises(ProofInvalid):
        account_at(header.state_root, chain.book, proof.account)
    with pytest.raises(ProofInvalid):
        account_at(
            header_of(fetch(chain.rpc, chain.ledger, slot, block - 1).header).state_root, chain.ledger, proof.account
        )


def test_fetch__header_that_is_not_the_blocks__is_refused(chain: MarketChain) -> None:
    class Liar:
        def request(self, method: str, *parameters: Any) -> Any:
            answer = chain.rpc.request(method, *parameters)
            return {**answer, "stateRoot": "0x" + "11" * 32} if method == "eth_getBlockByNumber" else answer

    with pytest.raises(ProofInvalid, match="does not have the block's hash"):
        fetch(Liar(), chain.ledger, 0, 1)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [b"", b"\xc0", b"\x80", random.Random(1).randbytes(300), b"\xf9\xff\xff" + bytes(80)])
def test_header__that_is_none__is_refused(wrong: bytes) -> None:
    with pytest.raises(ProofInvalid):
        header_of(wrong)
