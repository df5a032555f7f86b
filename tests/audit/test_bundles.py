"""Proof bundles: what they prove needs a block's hash and nothing else; whatever is altered in one is found."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sdk.audit.bundles import (
    BundleForged,
    check,
    prove_facts,
    prove_statement,
    prove_transaction,
    receipt_said,
    verify,
)
from carbon_sdk.audit.decode import Decoders
from carbon_sdk.audit.forms import canonical
from carbon_sdk.audit.indexer import Indexer
from carbon_sdk.audit.receipts import index_key, trie_proof, trie_root
from carbon_sdk.audit.state_proofs import ProofInvalid, trie_value
from carbon_sdk.audit.store import Store
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import address, keccak
from tests.audit.market_chain import MONEY, UNITS, MarketChain
from tests.audit.test_auditor import transfers

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def made(traded: MarketChain, decoders: Decoders) -> dict[str, bytes]:
    """One bundle of each kind."""
    last = transfers(traded)[-1]["transactionHash"]
    account = traded.accounts[2]
    with Store(":memory:", decoders) as store:
        Indexer(traded.rpc, store, traded.contracts).sync()
        statement = prove_statement(traded.rpc, store, traded.contracts, account, int(MONEY))
    return {
        "transaction": prove_transaction(traded.rpc, traded.contracts, decoders, last),
        "facts": prove_facts(
            traded.rpc, traded.contracts, decoders, [("units", account, int(UNITS)), ("account", account, 0)]
        ),
        "statement": statement,
    }


def trusted_of(content: bytes) -> list[bytes]:
    return [bytes.fromhex(orjson.loads(content)["blocks"][-1]["hash"][2:])]


# R-TRC-1
@pytest.mark.parametrize("kind", ["transaction", "facts", "statement"])
def test_bundle__against_the_block_hash__proves_with_no_node(
    made: dict[str, bytes], kind: str, decoders: Decoders, traded: MarketChain
) -> None:
    content = made[kind]
    assert check(content, trusted_of(content), decoders, traded.contracts) == []
    assert check(content, [], decoders) == []
    (problem,) = check(content, [bytes(32)], decoders)[:1]
    assert "not trusted" in problem.what
    with pytest.raises(BundleForged, match="not trusted"):
        verify(content, [bytes(32)], decoders)


def test_transaction__proved__says_its_events(made: dict[str, bytes], traded: MarketChain, decoders: Decoders) -> None:
    (block,) = verify(made["transaction"], trusted_of(made["transaction"]), decoders)["blocks"]
    (one,) = block["transactions"]
    assert (one["status"], one["chain"]) == (1, 31337)
    receipt = traded.rpc.request("eth_getTransactionReceipt", one["hash"])
    assert len(one["events"]) == len(receipt["logs"])
    assert "TransferSingle" in {event["event"] for event in one["events"]}


def test_facts__proved__are_what_the_contract_says(
    made: dict[str, bytes], traded: MarketChain, decoders: Decoders
) -> None:
    units, standing = verify(made["facts"], trusted_of(made["facts"]), decoders)["blocks"][0]["state"]
    account = traded.accounts[2]
    for value, instrument in ((units["value"], UNITS), (standing["value"], MONEY)):
        data = traded._data("InstrumentLedger", "balanceOf", (account, int(instrument)))
        assert int(traded.rpc.request("eth_call", {"to": traded.ledger, "data": data}), 16) == int(value["balance"])
    assert standing["value"]["status"] == "ACTIVE"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict) and value:
        return [found for name, item in value.items() for found in places(item, (*path, name))]
    if isinstance(value, list) and value:
        return [found for i, item in enumerate(value) for found in places(item, (*path, i))]
    return [path]


def altered(content: bytes, path: tuple[Any, ...], dice: random.Random) -> bytes:
    document = orjson.loads(content)
    place = document
    for part in path[:-1]:
        place = place[part]
    old, last = place[path[-1]], path[-1]
    if isinstance(old, bool):
        new: Any = not old
    elif isinstance(old, int):
        new = old + dice.choice((1, 7))
    elif isinstance(old, (list, dict)):
        new = [*old, "0x"] if isinstance(old, list) else {**old, "more": 1}
    elif old.startswith("0x") and len(old) == 42:
        new = address(dice.randbytes(20))
    elif old.startswith("0x"):
        at = dice.randrange(2, len(old)) if len(old) > 2 else 2
        new = f"{old[:at]}{dice.choice([c for c in '0123456789abcdef' if c != old[at : at + 1]])}{old[at + 1 :]}"
    elif old.isdigit():
        new = str(int(old) + dice.randint(1, 9))
    elif old in ("units", "account"):
        new = "account" if old == "units" else "units"
    else:
        new = f"{old}A" if old else address(dice.randbytes(20))
    place[last] = new
    return canonical(document)


@pytest.mark.parametrize("kind", ["transaction", "facts", "statement"])
def test_bundle__any_field_altered__is_found(made: dict[str, bytes], kind: str, decoders: Decoders) -> None:
    content, dice = made[kind], random.Random(3)
    trusted = trusted_of(content)
    every = places(orjson.loads(content))
    for path in every if len(every) < 400 else dice.sample(every, 150):
        assert check(altered(content, path, dice), trusted, decoders), path


@pytest.mark.parametrize("kind", ["transaction", "facts"])
@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_bundle__any_byte_altered__is_found(
    made: dict[str, bytes], kind: str, decoders: Decoders, data: st.DataObject
) -> None:
    content = made[kind]
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != content[at]))
    assert check(content[:at] + bytes([byte]) + content[at + 1 :], trusted_of(content), decoders)


def test_bundle__of_another_suite__told_by_the_deployment(
    made: dict[str, bytes], traded: MarketChain, decoders: Decoders
) -> None:
    others = {address(keccak(name.encode())[12:]): name for name in traded.contracts.values()}
    problems = check(made["facts"], trusted_of(made["facts"]), decoders, others)
    assert [one.field for one in problems] == [f"contracts.{traded.ledger}"]


def test_statement__a_transaction_left_out_or_twice__is_found(made: dict[str, bytes], decoders: Decoders) -> None:
    content = made["statement"]
    document = orjson.loads(content)
    account = document["statement"]
    tried = 0
    for block in document["blocks"]:
        for one in list(block["transactions"]):
            moves = [e for e in one["events"] if e["event"] == "TransferSingle" and e["args"]["value"] != "0"]
            if not any(account in (e["args"]["from"], e["args"]["to"]) for e in moves) or tried > 8:
                continue
            if any(e["args"]["from"] == e["args"]["to"] for e in moves):
                continue
            at = block["transactions"].index(one)
            del block["transactions"][at]
            assert any("missing" in str(p) for p in check(canonical(document), trusted_of(content), decoders))
            block["transactions"][at:at] = [one, one]
            assert any("follows" in str(p) for p in check(canonical(document), trusted_of(content), decoders))
            del block["transactions"][at]
            tried += 1
    assert tried > 3


def test_statement__of_who_never_was__refused(traded: MarketChain, decoders: Decoders) -> None:
    with Store(":memory:", decoders) as store:
        Indexer(traded.rpc, store, traded.contracts).sync()
        with pytest.raises(InputError, match="No event tells of"):
            prove_statement(traded.rpc, store, traded.contracts, address(b"\x77" * 20), int(MONEY))
    with pytest.raises(InputError, match="has no transaction"):
        prove_transaction(traded.rpc, traded.contracts, decoders, f"0x{bytes(32).hex()}")


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.integers(0, 400), st.binary(min_size=1, max_size=60), min_size=1, max_size=60))
def test_trie_proof__any_items__leads_to_each(items: dict[int, bytes]) -> None:
    encoded = {index_key(index): value for index, value in items.items()}
    root = trie_root(encoded)
    for key, value in encoded.items():
        assert trie_value(root, key, trie_proof(encoded, key)) == value


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80))
def test_receipt__any_nonsense__is_refused_and_nothing_else(content: bytes) -> None:
    try:
        receipt_said(content)
    except ProofInvalid:
        return


def test_members_of_storage__are_where_the_compiler_laid_them() -> None:
    layouts = json.loads((ROOT / "contracts" / "storage-layouts.json").read_text())
    ledger = layouts["contracts/instruments/InstrumentLedger.sol:InstrumentLedger"]
    lines = ledger["erc7201:carbon.storage.InstrumentLedger"]
    assert any(line.startswith("0:0 mapping(address") and line.endswith(" accounts") for line in lines)
    assert any(line.startswith("2:0 mapping(address") and line.endswith(" holdings") for line in lines)
    obligations = layouts["contracts/compliance/Obligations.sol:Obligations"]["erc7201:carbon.storage.Obligations"]
    assert any(line.startswith("1:0 mapping(address") and line.endswith(" obligations") for line in obligations)
    assert "    enum Status: NOT_APPLICABLE, A, B, C, EXCLUDED" in obligations
