"""Holders' copies of vouchers: signed, proved against a block's hash; whatever is altered in one is found and named."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sdk import LocalSigner, connect
from carbon_sdk.audit.certificate_page import as_pdf, qr_text
from carbon_sdk.audit.certificates import (
    ISSUERS,
    Trust,
    certify,
    check,
    peak_slot,
    voucher_by_code,
)
from carbon_sdk.audit.forms import canonical
from carbon_sdk.audit.state import State
from carbon_sdk.audit.suite import auditor_of, contracts_of, open_store
from carbon_sdk.audit.vouchers import (
    Voucher,
    VoucherForged,
    VoucherKind,
    check_characters,
    code_is_sound,
    code_of,
)
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.contracts.generated.voucher_book import VoucherBook
from carbon_sdk.demo import closing
from carbon_sdk.identifiers import address
from carbon_sdk.scheme import Scheme
from tests.audit.test_bundles import places
from tests.conftest import KEYS, Played

ROOT = Path(__file__).parents[2]
KEY = LocalSigner(KEYS[3])
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-"


class Made(NamedTuple):
    """What was certified, and what its verifier knows."""

    scheme: Scheme
    state: State
    copies: dict[VoucherKind, tuple[Voucher, bytes]]
    trust: Trust


@pytest.fixture(scope="module")
def made(played: Played) -> Iterator[Made]:
    with Anvil(played.folder / closing.CHAIN) as anvil, open_store(played.folder / closing.STORE) as store:
        scheme = connect(anvil.url, played.folder / closing.DEPLOYMENT)
        chain = scheme.chain.id
        cursor = store.cursor(chain)
        assert cursor
        header = store.header_at(chain, cursor.number)
        assert header
        state = auditor_of(scheme, store).fold(cursor.number, journal=False)
        contracts = contracts_of(scheme.deployment)
        copies = {}
        for series in state.vouchers.series.values():
            for voucher in series.vouchers:
                if voucher and voucher.kind not in copies:
                    content = certify(scheme.chain.endpoint, state, contracts, voucher, header, chain, KEY)
                    copies[voucher.kind] = (voucher, content)
        trust = Trust(cursor.hash, {KEY.address}, contracts, chain, state.vouchers.rules)
        yield Made(scheme, state, copies, trust)


# R-VCH-2, R-VCH-3
def test_certificate__of_every_kind__verified_with_no_node(made: Made) -> None:
    assert set(made.copies) == {VoucherKind.TRADE, VoucherKind.SURRENDER, VoucherKind.CANCELLATION}
    for voucher, content in made.copies.values():
        assert check(content, made.trust) == []
        assert check(content) == [], "consistent in itself"
        wrong = check(content, Trust(block_hash=bytes(32), keys=set(), issuers={}, chain=1))
        assert {one.field for one in wrong} == {"block.hash", "key", "issuer", "chain"}
        code = code_of(voucher, made.state.vouchers.rules)
        assert voucher_by_code(made.state, code)[1] == voucher


def altered(content: bytes, path: tuple[Any, ...], dice: random.Random) -> bytes:
    document = orjson.loads(content)
    place = document
    for part in path[:-1]:
        place = place[part]
    old, last = place[path[-1]], path[-1]
    if path == ("voucher", "kind"):
        new: Any = dice.choice([kind.name for kind in VoucherKind if kind.name != old])
    elif path == ("issuer", "name"):
        new = dice.choice([one for one in ISSUERS if one != old])
    elif isinstance(old, int):
        new = old + dice.choice((1, 7))
    elif isinstance(old, list):
        new = [*old, f"0x{bytes(32).hex()}"]
    elif old.startswith("0x") and len(old) == 42:
        new = address(dice.randbytes(20))
    elif old.startswith("0x"):
        at = dice.randrange(2, len(old))
        new = f"{old[:at]}{dice.choice([c for c in '0123456789abcdef' if c != old[at]])}{old[at + 1 :]}"
    elif old.isdigit():
        new = str(int(old) + dice.randint(1, 9))
    else:
        new = old[:-1] + ("A" if old[-1] != "A" else "B")
    place[last] = new
    return canonical(document)


def test_certificate__any_field_altered__is_found_and_named(made: Made) -> None:
    for voucher, content in made.copies.values():
        for path in places(orjson.loads(content)):
            dice = random.Random(repr(path))
            forged = altered(content, path, dice)
            assert check(forged, Trust(block_hash=made.trust.block_hash)), path
            named = {one.field for one in check(forged, Trust(block_hash=made.trust.block_hash, known=voucher))}
            if path[0] == "voucher":
                assert f"voucher.{path[1]}" in named
    # With no store the code tells which field contradicts it.
    _, content = made.copies[VoucherKind.TRADE]
    for name in ("series", "orderOfDay"):
        wrong = check(altered(content, ("voucher", name), random.Random(1)))
        assert f"voucher.{name}" in {one.field for one in wrong}


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_certificate__any_byte_altered__is_found(made: Made, data: st.DataObject) -> None:
    _, content = made.copies[data.draw(st.sampled_from(sorted(made.copies)))]
    at = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != content[at]))
    assert check(content[:at] + bytes([byte]) + content[at + 1 :], Trust(block_hash=made.trust.block_hash))


def test_certificate__signed_by_a_stranger__is_told_from_the_platforms(made: Made) -> None:
    voucher, content = made.copies[VoucherKind.TRADE]
    document = orjson.loads(content)
    from carbon_sdk.audit.certificates import _to_sign

    stranger = LocalSigner(KEYS[1])
    unsigned = {name: value for name, value in document.items() if name != "signature"} | {"key": stranger.address}
    forged = canonical({**unsigned, "signature": f"0x{stranger.sign_typed_data(_to_sign(unsigned)).hex()}"})
    assert [one.field for one in check(forged, made.trust)] == ["key"]
    assert [one.field for one in check(content, made.trust)] == []
    assert voucher.kind is VoucherKind.TRADE


def test_code__of_no_voucher__says_what_differs(made: Made) -> None:
    voucher, _ = made.copies[VoucherKind.TRADE]
    code = code_of(voucher, made.state.vouchers.rules)
    body = code[:-2].replace("-T-", "-S-")
    with pytest.raises(VoucherForged, match=f"in its place is {code}: kind, check differ"):
        voucher_by_code(made.state, body + check_characters(body))
    with pytest.raises(VoucherForged, match="mistyped"):
        voucher_by_code(made.state, code[:-1] + ("A" if code[-1] != "A" else "B"))
    body = "UK-T-20990101-1-194-A2021-0-1-"
    with pytest.raises(VoucherForged, match="the chain has no voucher"):
        voucher_by_code(made.state, body + check_characters(body))


# R-VCH-1: the sum is affine in each character, so that any text around it does; every pair at every place is tried.
def test_check_characters__every_single_error_and_exchange__are_found() -> None:
    longest = 78
    base = "0" * longest
    for place in range(longest):
        checked = {}
        for character in ALPHABET:
            checked[character] = check_characters(base[:place] + character + base[place + 1 :])
        assert len(set(checked.values())) == len(ALPHABET), f"two characters at place {place} have one sum"
    for place in range(longest - 1):
        pairs = {(a, b): check_characters(base[:place] + a + b + base[place + 2 :]) for a in ALPHABET for b in ALPHABET}
        for (a, b), sum_ in pairs.items():
            assert a == b or pairs[b, a] != sum_, f"{a}{b} and {b}{a} at place {place} have one sum"


def test_check_characters__every_error_in_codes__found_by_contract_and_sdk_alike(made: Made) -> None:
    book = made.scheme.contract(VoucherBook)
    voucher, _ = made.copies[VoucherKind.SURRENDER]
    code = code_of(voucher, made.state.vouchers.rules)
    wrong = {
        code[:place] + character + code[place + 1 :]
        for place in range(len(code))
        for character in ALPHABET
        if character != code[place]
    }
    wrong |= {code[:i] + code[i + 1] + code[i] + code[i + 2 :] for i in range(len(code) - 1)} - {code}
    assert code_is_sound(code)
    assert book.check_code(code)
    assert not [one for one in wrong if code_is_sound(one)]
    dice = random.Random(5)
    for one in dice.sample(sorted(wrong), 150):  # the contract's own tests try them all
        assert not book.check_code(one)


def test_members_of_storage__are_where_the_compiler_laid_them() -> None:
    layouts = json.loads((ROOT / "contracts" / "storage-layouts.json").read_text())
    folders = {"ComplianceDesk": "compliance", "CreditOffers": "instruments"}
    for name in ISSUERS:
        lines = layouts[f"contracts/{folders.get(name, 'market')}/{name}.sol:{name}"][f"erc7201:carbon.storage.{name}"]
        (line,) = [line for line in lines if "struct VoucherSeries.Peaks" in line and ":0 struct" in line]
        place = int(line.split(":")[0].split()[-1])
        inside = peak_slot(name, 0, 0)
        assert place == {"OrderBook": 2, "BlockTrades": 5}.get(name, 3)
        assert inside
    assert any(
        one.startswith("0:0 mapping(uint24")
        for one in layouts["contracts/market/OrderBook.sol:OrderBook"]["erc7201:carbon.storage.OrderBook"]
    )


def test_page__of_a_copy__has_its_code_and_the_copy_itself(made: Made) -> None:
    for voucher, content in made.copies.values():
        page = as_pdf(content, 2, "GBP")
        code = code_of(voucher, made.state.vouchers.rules)
        assert page.startswith(b"%PDF-")
        assert content in page, "attached, byte for byte"
        assert f"{code}.json".encode() in page
        assert as_pdf(content, 2, "GBP") == page, "the same copy gives the same page"
        assert qr_text(code) == f"carbon-voucher:{code}"
