"""EIP-712 against eth_account's, over types that nobody planned for."""

import pytest
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.chain.typed_data import typed_data_digest
from carbon_sdk.errors import InputError, SignerError
from carbon_sdk.identifiers import address, keccak

DOMAIN = {
    "types": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
    "value": {"name": "Carbon", "version": "1", "chainId": 31337, "verifyingContract": "0x" + "11" * 20},
}


def by_eth_account(data):
    message = encode_typed_data(full_message=data)
    return keccak(b"\x19" + message.version + message.header + message.body)


VALUES = {
    "uint8": st.integers(0, 2**8 - 1),
    "uint256": st.integers(0, 2**256 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "address": st.binary(min_size=20, max_size=20).map(address),
    "bytes4": st.binary(min_size=4, max_size=4),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes": st.binary(max_size=70),
    "string": st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
}


@st.composite
def typed(draw):
    """Up to four structs, later ones made of earlier ones, lists among their fields."""
    types, values = {}, dict(VALUES)
    for level in range(draw(st.integers(1, 4))):
        fields, value = [], {}
        for number in range(draw(st.integers(1, 4))):
            kind = draw(st.sampled_from(sorted(values)))
            strategy = values[kind]
            if draw(st.booleans()):
                length = draw(st.sampled_from(["", "2"]))
                kind += f"[{length}]"
                strategy = st.lists(strategy, min_size=2, max_size=2 if length else 3)
            fields.append({"name": f"field{number}", "type": kind})
            value[f"field{number}"] = strategy
        name = f"Part{'ZYXW'[level]}"
        types[name] = fields
        values[name] = st.fixed_dictionaries(value)
    used, pending = set(), [name]  # eth_account wants every struct to be used
    while pending:
        used.add(one := pending.pop())
        pending += [kind for field in types[one] if (kind := field["type"].partition("[")[0]) in types]
    return {
        "types": {"EIP712Domain": DOMAIN["types"], **{one: types[one] for one in used}},
        "primaryType": name,
        "domain": DOMAIN["value"],
        "message": draw(values[name]),
    }


@settings(max_examples=150, deadline=None)
@given(typed())
def test_digest__of_anything__is_eth_accounts(data):
    assert typed_data_digest(data) == by_eth_account(data)


MAIL = {
    "types": {"EIP712Domain": DOMAIN["types"], "Mail": [{"name": "to", "type": "address"}]},
    "primaryType": "Mail",
    "domain": DOMAIN["value"],
    "message": {"to": "0x" + "22" * 20},
}


def test_digest__bytes_as_text__are_the_same():
    def data(value):
        types = {**MAIL["types"], "Mail": [{"name": "a", "type": "bytes"}, {"name": "b", "type": "bytes4"}]}
        return {**MAIL, "types": types, "message": {"a": value, "b": value}}

    assert typed_data_digest(data("0x01020304")) == typed_data_digest(data(b"\1\2\3\4"))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"types": None}, "give types"),
        ({"primaryType": "Letter"}, "no Letter"),
        ({"primaryType": 5}, "no name"),
        ({"message": {}}, "has no to"),
        ({"message": []}, "no Mail"),
        ({"message": {"to": 5}}, "address"),
        ({"types": {"EIP712Domain": [], "Mail": [{"name": "to", "type": "float"}]}}, "float"),
        ({"types": {"EIP712Domain": [], "Mail": [{"name": "to", "type": "uint8[2]"}]}}, "no list"),
    ],
)
def test_digest__of_what_is_no_typed_data__is_refused(changed, words):
    with pytest.raises(InputError, match=words):
        typed_data_digest({**MAIL, **changed})
    with pytest.raises(SignerError, match="EIP-712"):
        LocalSigner(b"\x07" * 32).sign_typed_data({**MAIL, **changed})


def test_digest__of_the_domain_alone__has_no_message():
    data = {**MAIL, "primaryType": "EIP712Domain", "message": DOMAIN["value"]}
    assert typed_data_digest(data) == keccak(b"\x19\x01" + encode_typed_data(full_message=MAIL).header)
