import contextlib

import pytest
from eth_abi import decode as peer_decode
from eth_abi import encode as peer_encode
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sdk.chain.abi import codec_of
from carbon_sdk.errors import FloatRefused, InputError, MalformedData
from carbon_sdk.identifiers import address

VALUES = {
    "uint256": st.integers(0, 2**256 - 1),
    "uint8": st.integers(0, 255),
    "int24": st.integers(-(2**23), 2**23 - 1),
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(address),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes": st.binary(max_size=70),
    "string": st.text(max_size=40),
}


@st.composite
def typed(draw, depth=2):
    kind = draw(st.sampled_from([*VALUES, *(["list", "fixed", "tuple"] if depth else [])]))
    if kind in VALUES:
        return kind, VALUES[kind]
    if kind == "tuple":
        parts = [draw(typed(depth - 1)) for _ in range(draw(st.integers(1, 3)))]
        return f"({','.join(name for name, _ in parts)})", st.tuples(*(values for _, values in parts))
    inner, values = draw(typed(depth - 1))
    size = draw(st.integers(1, 3))
    if kind == "fixed":
        return f"{inner}[{size}]", st.lists(values, min_size=size, max_size=size).map(tuple)
    return f"{inner}[]", st.lists(values, max_size=3).map(tuple)


@st.composite
def arguments(draw):
    parts = [draw(typed()) for _ in range(draw(st.integers(0, 4)))]
    return [kind for kind, _ in parts], tuple(draw(values) for _, values in parts)


@settings(max_examples=300, deadline=None)
@given(arguments())
def test_codec__any_types__as_eth_abi(case):
    kinds, values = case
    codec = codec_of(kinds)
    encoded = codec.encode(values, "")
    assert encoded == peer_encode(kinds, values)
    assert codec.decode(encoded, 0) == values
    assert len(peer_decode(kinds, encoded)) == len(values)


@settings(max_examples=200, deadline=None)
@given(arguments(), st.binary(max_size=200))
def test_codec__rubbish__malformed_or_read_never_another_error(case, rubbish):
    with contextlib.suppress(MalformedData):
        codec_of(case[0]).decode(rubbish, 0)


@pytest.mark.parametrize(
    ("kind", "value", "error"),
    [
        ("uint8", 256, InputError),
        ("uint8", -1, InputError),
        ("uint256", 1.0, FloatRefused),
        ("uint256", True, InputError),
        ("uint256", "5", InputError),
        ("bytes32", b"short", InputError),
        ("bytes32", "0x" + "00" * 32, InputError),
        ("address", "0x12", InputError),
        ("address", b"0" * 20, InputError),
        ("bool", 1, InputError),
        ("string", b"x", InputError),
        ("uint256[2]", [1], InputError),
        ("uint256[]", 5, InputError),
        ("(uint256,bool)", (1,), InputError),
    ],
)
def test_codec__value_that_does_not_fit__refused_by_name(kind, value, error):
    with pytest.raises(error, match="quantity"):
        codec_of([kind], ["quantity"]).encode((value,), "")
