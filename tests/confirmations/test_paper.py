"""A confirmation's file without a chain: genuine as made; altered in any field, told which. @requirement R-TRD-9"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sdk.audit.forms import canonical
from carbon_sdk.audit.vouchers import CodingRules, Mountains, Voucher, VoucherKind, code_of
from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.confirmations import (
    Confirmation,
    ConfirmationForged,
    ConfirmationKey,
    Root,
    Trust,
    check,
    made,
    parsed,
    verified,
)
from carbon_sdk.errors import InputError, SignerError
from carbon_sdk.identifiers import InstrumentClass, InstrumentId, address

PLATFORM, OTHER = LocalSigner(b"\1" * 32), LocalSigner(b"\2" * 32)
AT = 1_773_446_400 + 43_200
UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 826, 2026)
MONEY = InstrumentId.of(InstrumentClass.MONEY, 826, 0, 0, 826)
RULES = [CodingRules(1, "UK", "TSCW", 0, 0)]
SELLER, BUYER, CONTRACT = (address(bytes([i]) * 20) for i in (7, 8, 9))
COUNT = 13


def voucher(index: int) -> Voucher:
    return Voucher(VoucherKind.TRADE, 7, index, index + 1, AT + index, UNITS, 5 + index, 5500, SELLER, BUYER, 3 << 100)


def confirmation(index: int = 5) -> Confirmation:
    one = voucher(index)
    return Confirmation(
        31337, CONTRACT, "UK ETS", one, code_of(one, RULES), MONEY, 250, 375, 42, b"\3" * 32, b"\4" * 32, 17
    )


SERIES = Mountains([voucher(index).leaf() for index in range(COUNT)])
GENUINE = made(confirmation(), PLATFORM, SERIES, COUNT)
TRUST = Trust(
    31337,
    CONTRACT,
    "UK ETS",
    {PLATFORM.address: ConfirmationKey(AT, AT + 1000)},
    Root(COUNT, SERIES.root(COUNT)),
    RULES,
    confirmation(),
)


def leaves(document: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Path of each value in a document."""
    items = document.items() if isinstance(document, dict) else enumerate(document)
    for name, value in items:
        if isinstance(value, (dict, list)):
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name)


PATHS = sorted(leaves(orjson.loads(GENUINE)), key=str)


def value_at(document: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        document = document[part]
    return document


def with_value(path: tuple[str | int, ...], value: object) -> bytes:
    document = orjson.loads(GENUINE)
    value_at(document, path[:-1])[path[-1]] = value
    return canonical(document)


def another(value: Any, seed: int) -> Any:
    """A value of the same form, and not the same."""
    if isinstance(value, int):
        return value + 1 + seed % 100
    if value.startswith("0x") and len(value) == 42:
        return address(bytes([seed % 256]) * 20)
    if value.startswith("0x"):
        at = 2 + seed % (len(value) - 2)
        return value[:at] + ("1" if value[at] != "1" else "2") + value[at + 1 :]
    if value.isdecimal():
        return str(int(value) + 1 + seed)
    if value in VoucherKind.__members__:
        return [kind.name for kind in VoucherKind if kind.name != value][seed % 4]
    at = seed % len(value)
    return value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]


def test_made__checked_by_who_trusts_key_and_root__is_genuine() -> None:
    assert check(GENUINE) == []
    assert check(GENUINE, TRUST) == []
    assert verified(GENUINE, TRUST) == confirmation()
    assert parsed(GENUINE)[:2] == (confirmation(), PLATFORM.address)


def test_digest__by_another_library__is_the_same() -> None:
    data: dict[str, Any] = dict(confirmation().typed_data())
    signed = Account.sign_message(encode_typed_data(full_message=data), PLATFORM.secret())
    assert signed.message_hash == confirmation().digest()
    assert signed.signature == parsed(GENUINE)[2]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PATHS), st.integers(0, 10**6))
def test_check__any_field_altered__names_it(path: tuple[str | int, ...], seed: int) -> None:
    altered = with_value(path, another(value_at(orjson.loads(GENUINE), path), seed))
    if altered == GENUINE:
        return
    problems = check(altered, TRUST)
    named = {problem.field for problem in problems}
    if path[0] == "confirmation":
        assert ".".join(map(str, path)) in named, problems
    elif path[0] in ("key", "signature", "format", "leaf"):
        assert any(field.startswith(str(path[0])) for field in named), problems
    else:
        assert any(field.startswith("proof") for field in named), problems
    if path[0] != "proof" or path[-1] != "count":
        assert check(altered), "also by who trusts nothing: the parts do not fit together"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: ".".join(map(str, path)))
def test_check__each_field_altered__never_genuine(path: tuple[str | int, ...]) -> None:
    assert check(with_value(path, another(value_at(orjson.loads(GENUINE), path), 3)), TRUST)
    document = orjson.loads(GENUINE)
    del value_at(document, path[:-1])[path[-1]]
    assert check(canonical(document), TRUST), "left out"
    for wrong in (None, [], {}, -1, 1.5, True, "0xzz", ""):
        assert check(with_value(path, wrong), TRUST), wrong


def test_check__something_added_or_reordered__is_told() -> None:
    document = orjson.loads(GENUINE)
    document["note"] = "x"
    assert [str(problem) for problem in check(canonical(document))] == ["note: unknown"]
    (problem,) = check(GENUINE.replace(b",", b", ", 1))
    assert problem.field == "file"
    (problem,) = check(b"{")
    assert problem.field == "file"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"chain": 1}, "confirmation.chain"),
        ({"contract": SELLER}, "confirmation.contract"),
        ({"platform": "FR ETS"}, "confirmation.platform"),
        ({"keys": {}}, "key"),
        ({"keys": {PLATFORM.address: ConfirmationKey(AT + 6, AT + 1000)}}, "key"),
        ({"keys": {PLATFORM.address: ConfirmationKey(AT, AT + 5)}}, "key"),
        ({"keys": {PLATFORM.address: ConfirmationKey(AT, AT + 1000, AT + 5)}}, "key"),
        ({"root": Root(COUNT, b"\0" * 32)}, "proof.root"),
        ({"root": Root(COUNT + 1, SERIES.root(COUNT))}, "proof.count"),
        ({"rules": [replace(RULES[0], scheme="FR")]}, "confirmation.code"),
        ({"known": confirmation(4)}, "confirmation.voucher.index"),
    ],
)
def test_check__not_what_the_verifier_trusts__is_told(changes: Mapping[str, Any], field: str) -> None:
    assert field in {problem.field for problem in check(GENUINE, replace(TRUST, **changes))}


def test_check__key_revoked_after_the_trade__still_confirms_it() -> None:
    keys = {PLATFORM.address: ConfirmationKey(AT, AT + 1000, AT + 6)}
    assert check(GENUINE, replace(TRUST, keys=keys)) == []


def test_check__signed_by_another__is_not_the_platforms() -> None:
    """Everything fits together, but the key is nobody's."""
    forged = made(replace(confirmation(), buyer_fee=0), OTHER, SERIES, COUNT)
    assert check(forged) == []
    problems = {problem.field: problem.what for problem in check(forged, TRUST)}
    assert set(problems) == {"key", "confirmation.buyerFee"}
    assert problems["confirmation.buyerFee"] == "0; the chain recorded 375"
    with pytest.raises(ConfirmationForged, match="no confirmation key"):
        verified(forged, TRUST)


def test_made__trade_that_is_not_in_the_series__refused() -> None:
    with pytest.raises(InputError, match="is not this trade's"):
        made(replace(confirmation(), voucher=replace(voucher(5), quantity=1)), PLATFORM, SERIES, COUNT)


def test_made__signer_that_signs_something_else__refused() -> None:
    class Wrong(LocalSigner):
        def sign_typed_data(self, data: Any) -> bytes:
            return self.sign_hash(b"\5" * 32)

    with pytest.raises(SignerError, match="not its own"):
        made(confirmation(), Wrong(b"\1" * 32), SERIES, COUNT)
