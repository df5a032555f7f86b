from __future__ import annotations

import random
from dataclasses import fields, replace
from typing import Any

import orjson
import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sdk.audit.state import CodingRules
from carbon_sdk.audit.vouchers import (
    Anchor,
    Mountains,
    NoSuchVoucher,
    Voucher,
    VoucherForged,
    VoucherKind,
    as_json,
    bagged,
    canonical,
    certificate,
    check,
    check_characters,
    climb,
    code_is_sound,
    code_of,
    from_json,
    peak_height,
    verify,
)
from carbon_sdk.identifiers import InstrumentId, address, keccak

RULES = [CodingRules(1, "UK", "TSCW", 3600, 0)]
ISSUER = address(b"\7" * 20)
COUNT = 21

vouchers = st.builds(
    Voucher,
    st.sampled_from([kind for kind in VoucherKind if kind]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**40 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**40 - 1),
    st.integers(1 << 80, (4 << 80) - 1).map(InstrumentId),
    st.integers(0, 2**96),
    st.integers(0, 2**96),
    st.binary(min_size=20, max_size=20).map(address),
    st.binary(min_size=20, max_size=20).map(address),
    st.integers(0, 2**128 - 1),
)


def some_series(count: int = COUNT) -> tuple[list[Voucher], Mountains, Anchor]:
    dice = random.Random(count)
    issued = [
        Voucher(
            VoucherKind.TRADE,
            3,
            i,
            i + 1,
            1_700_000_000 + i,
            InstrumentId((1 << 80) + (2026 << 48)),
            dice.randrange(1, 10**6),
            dice.randrange(1, 10**6),
            address(dice.randbytes(20)),
            address(dice.randbytes(20)),
            dice.getrandbits(128),
        )
        for i in range(count)
    ]
    mountains = Mountains([voucher.leaf() for voucher in issued])
    return issued, mountains, Anchor(1, ISSUER, 3, count, mountains.root(), 99, b"\5" * 32)


def naive_peaks(leaves: list[bytes]) -> list[bytes]:
    """Mountains from high to low, each hashed from nothing."""
    peaks, rest = [], leaves
    while rest:
        size = 1 << (len(rest).bit_length() - 1)
        level = rest[:size]
        while len(level) > 1:
            level = [keccak(a + b) for a, b in zip(level[::2], level[1::2], strict=True)]
        peaks.append(level[0])
        rest = rest[size:]
    return peaks


@given(vouchers)
@settings(max_examples=50, deadline=None)
def test_leaf__any_voucher__is_the_hash_of_its_abi_encoding(voucher: Voucher) -> None:
    types = ["uint8", "uint32", "uint40", "uint32", "uint40", *["uint256"] * 3, "address", "address", "uint256"]
    encoded = encode(types, [getattr(voucher, item.name) for item in fields(voucher)])
    assert voucher.leaf() == keccak(keccak(encoded))


@given(st.integers(0, 70))
@settings(max_examples=40, deadline=None)
def test_mountains__any_count__peaks_root_and_paths_as_hashed_from_nothing(count: int) -> None:
    leaves = [keccak(bytes([i])) for i in range(count)]
    mountains = Mountains(leaves)
    naive = naive_peaks(leaves)
    assert [node for _, node in mountains.peaks()] == naive[::-1]
    bag = bytes(32)
    for i, peak in enumerate(naive[::-1]):
        bag = keccak(peak + bag) if i else peak
    assert mountains.root() == keccak(bag + count.to_bytes(32, "big"))
    for index, leaf in enumerate(leaves):
        peak = climb(index, leaf, mountains.proof(index))
        assert peak == dict(mountains.peaks())[peak_height(index, count)]
    for earlier in range(count):
        assert mountains.root(earlier) == Mountains(leaves[:earlier]).root()
    with pytest.raises(NoSuchVoucher):
        mountains.proof(count)


def test_certificate__genuine__verified_offline() -> None:
    issued, mountains, anchor = some_series()
    for voucher in issued:
        document = certificate(voucher, mountains, anchor, code_of(voucher, RULES))
        assert check(document, anchor, known=voucher, rules=RULES) == []
        assert verify(document, anchor, rules=RULES) == voucher
        assert from_json(as_json(voucher)) == voucher


def leaves_of(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [found for name, item in value.items() for found in leaves_of(item, (*path, name))]
    if isinstance(value, list):
        return [found for i, item in enumerate(value) for found in leaves_of(item, (*path, i))]
    return [path]


ISSUED, MOUNTAINS, ANCHOR = some_series()
VOUCHER = ISSUED[13]
GENUINE = certificate(VOUCHER, MOUNTAINS, ANCHOR, code_of(VOUCHER, RULES))
PATHS = leaves_of(orjson.loads(GENUINE))


def altered(path: tuple[Any, ...], dice: random.Random) -> bytes:
    document = orjson.loads(GENUINE)
    *way, last = path
    place = document
    for part in way:
        place = place[part]
    old = place[last]
    if path == ("voucher", "kind"):
        new: Any = "SURRENDER"
    elif isinstance(old, int):
        new = old + dice.choice((1, -1, 7))
    elif old.startswith("0x") and len(old) == 42:
        new = address(dice.randbytes(20))
    elif old.startswith("0x"):
        new = f"0x{dice.randbytes(32).hex()}"
    elif old.isdigit():
        new = str(int(old) + dice.randint(1, 9))
    else:
        new = old[:-1] + ("A" if old[-1] != "A" else "B")
    place[last] = new
    return canonical(document)


@pytest.mark.parametrize("path", PATHS, ids=[".".join(map(str, path)) for path in PATHS])
def test_certificate__any_field_altered__found(path: tuple[Any, ...]) -> None:
    dice = random.Random(repr(path))
    for _ in range(3):
        problems = check(altered(path, dice), ANCHOR, known=VOUCHER, rules=RULES)
        assert problems
        if path[0] == "voucher":
            assert any(problem.field == f"voucher.{path[1]}" for problem in problems)
        assert check(altered(path, dice), ANCHOR, rules=RULES), "found without the series too"


@given(st.data())
@settings(max_examples=400, deadline=None)
def test_certificate__any_byte_altered__found(data: Any) -> None:
    at = data.draw(st.integers(0, len(GENUINE) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != GENUINE[at]))
    assert check(GENUINE[:at] + bytes([byte]) + GENUINE[at + 1 :], ANCHOR, rules=RULES)


def test_certificate__something_added_or_missing__found() -> None:
    document = orjson.loads(GENUINE)
    assert [p.field for p in check(canonical({**document, "note": 1}), ANCHOR)] == ["note"]
    del document["proof"]["root"]
    assert [p.field for p in check(canonical(document), ANCHOR)] == ["proof.root"]
    assert check(b"[]", ANCHOR)[0].field == "file"
    assert check(b"\xff", ANCHOR)[0].field == "file"
    with pytest.raises(VoucherForged, match=r"proof\.root: missing"):
        verify(canonical(document), ANCHOR)


def test_certificate__another_voucher_of_the_series_with_its_own_path__known_voucher_tells() -> None:
    other = certificate(ISSUED[12], MOUNTAINS, ANCHOR, code_of(ISSUED[12], RULES))
    assert check(other, ANCHOR, rules=RULES) == []
    assert any(problem.field == "voucher.index" for problem in check(other, ANCHOR, known=VOUCHER))


def test_code__as_the_contract_draws_it() -> None:
    voucher = replace(VOUCHER, at=1_773_442_800, series=7, order_of_day=123)  # 2026-03-13 23:00 UTC, the 14th at +1
    code = code_of(voucher, RULES)
    assert code.startswith("UK-T-20260314-7-123-A2026-0-1-")
    assert code_is_sound(code)


@given(vouchers, st.data())
@settings(max_examples=150, deadline=None)
def test_code__one_wrong_character_or_exchange_of_neighbours__found(voucher: Voucher, data: Any) -> None:
    code = code_of(replace(voucher, at=voucher.at % 2**32), RULES)
    at = data.draw(st.integers(0, len(code) - 1))
    wrong = data.draw(st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-").filter(lambda c: c != code[at]))
    assert not code_is_sound(code[:at] + wrong + code[at + 1 :])
    if at and code[at] != code[at - 1]:
        assert not code_is_sound(code[: at - 1] + code[at] + code[at - 1] + code[at + 1 :])


def test_check_characters__published_example() -> None:
    assert check_characters("ISO79") == "3W"  # ISO/IEC 7064, MOD 1271-36


def test_bagged__nothing__is_the_contracts_root_of_an_empty_series() -> None:
    assert Mountains().root() == bagged([], 0) == keccak(bytes(64))
