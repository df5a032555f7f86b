from __future__ import annotations

import json
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sdk.audit.decode import Abi, Decoders, MalformedLog, load_abis, type_of
from carbon_sdk.audit.fold import NO_RULE, RULES, Fold
from carbon_sdk.deployment.checks import HALVES
from carbon_sdk.identifiers import address
from tests.audit.conftest import ARTIFACTS

ABIS = load_abis(ARTIFACTS)
DECODERS = Decoders(ABIS)
EVENTS = [
    (contract, item) for contract, abi in ABIS.items() for item in abi if item["type"] == "event" and item["inputs"]
]


def values_of(part: dict[str, Any]) -> st.SearchStrategy[Any]:
    kind = part["type"]
    if kind.endswith("[]"):
        return st.lists(values_of({**part, "type": kind[:-2]}), max_size=4).map(tuple)
    if kind.endswith("]"):
        inner, _, count = kind[:-1].rpartition("[")
        return st.tuples(*(values_of({**part, "type": inner}) for _ in range(int(count))))
    if kind == "tuple":
        return st.tuples(*(values_of(component) for component in part["components"]))
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(address)
    if kind == "bool":
        return st.booleans()
    if kind.startswith("uint"):
        return st.integers(0, 2 ** int(kind[4:]) - 1)
    if kind.startswith("int"):
        return st.integers(-(2 ** (int(kind[3:]) - 1)), 2 ** (int(kind[3:]) - 1) - 1)
    if kind == "string":
        return st.text(max_size=40)
    if kind == "bytes":
        return st.binary(max_size=70)
    return st.binary(min_size=int(kind[5:]), max_size=int(kind[5:]))


def plain(value: Any) -> Any:
    """Structs as tuples, as eth_abi has them."""
    if isinstance(value, dict):
        return tuple(plain(item) for item in value.values())
    if isinstance(value, (tuple, list)):
        return tuple(plain(item) for item in value)
    return value


@pytest.mark.parametrize(("contract", "item"), EVENTS, ids=[f"{c}.{i['name']}" for c, i in EVENTS])
@given(data=st.data())
@settings(max_examples=12, deadline=None)
def test_decode__any_values__as_encoded_by_another_library(contract: str, item: dict[str, Any], data: Any) -> None:
    given_values = [data.draw(values_of(part)) for part in item["inputs"]]
    decoder = next(d for d in DECODERS.events_of(contract) if d.name == item["name"])
    topics, body = decoder.topic, []
    for part, value in zip(item["inputs"], given_values, strict=True):
        if part["indexed"]:
            topics += encode([type_of(part)], [value])
        else:
            body.append((type_of(part), value))
    raw = encode([kind for kind, _ in body], [value for _, value in body])

    decoded = decoder.decode(topics, raw)

    assert [plain(value) for value in decoded.values()] == [plain(value) for value in given_values]
    said = json.loads(json.dumps(decoder.as_json(topics, raw)), parse_float=lambda text: pytest.fail(f"float {text}"))
    assert set(said) == set(decoded)


def test_decode__too_short__refused() -> None:
    decoder = next(d for d in DECODERS.events_of("InstrumentLedger") if d.name == "TransferSingle")
    with pytest.raises(MalformedLog, match="63 bytes"):
        decoder.decode(decoder.topic + bytes(96), bytes(63))
    with pytest.raises(MalformedLog, match="topics"):
        decoder.decode(decoder.topic + bytes(64), bytes(64))


def test_decode__wider_than_its_type__refused() -> None:
    decoder = next(d for d in DECODERS.events_of("OrderBook") if d.name == "OrderPlaced")
    with pytest.raises(MalformedLog, match="no uint48"):
        decoder.decode(decoder.topic + bytes(64), (2**48).to_bytes(32, "big") + bytes(32))
    with pytest.raises(MalformedLog, match="no address"):
        decoder.decode(decoder.topic + bytes(32) + b"\1" * 32, bytes(64))


def test_rules__every_event_of_the_suite__has_one_or_a_reason_for_none() -> None:
    Fold({})
    known = {*RULES, *NO_RULE}
    whole = [name for name in DECODERS.contracts if name not in HALVES.values()]  # a half speaks as the whole
    missing = [
        f"{contract}.{decoder.signature}"
        for contract in whole
        for decoder in DECODERS.events_of(contract)
        if (contract, decoder.name) not in known and ("*", decoder.name) not in known
    ]
    assert not missing


def test_abis__are_there(abis: dict[str, Abi]) -> None:
    assert {"InstrumentLedger", "OrderBook", "GovernedProxy"} <= set(abis)
