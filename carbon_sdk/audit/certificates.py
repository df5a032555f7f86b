"""A holder's copy of a voucher: canonical JSON, signed by the platform, proved against a block's hash (R-VCH-2, -3).

    content = certify(rpc, state, contracts, voucher, block, signer)
    problems = check(content, Trust(block_hash=hash_, keys={key}))     # asks nobody

Three things bind each field. The voucher's fields hash to a leaf, its siblings lead from the leaf to a peak of the
series, and the peak lies in the issuer's storage, where the block's header leads. The code repeats some fields and has
check characters. The platform's key has signed everything. So a forged copy is told by what is wrong with it: which
field, or where the way to the block breaks off.

A peak that the series has grown past stays in storage, and is still one: a copy does not go out of date.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from carbon_sdk.audit.auditor import ChainMovedOn
from carbon_sdk.audit.events import Header
from carbon_sdk.audit.forms import (
    BYTES_TEXT,
    HASH_TEXT,
    Problem,
    address_text,
    canonical,
    list_of,
    text,
    whole,
    wrong_form,
)
from carbon_sdk.audit.indexer import Rpc
from carbon_sdk.audit.state import Series, State
from carbon_sdk.audit.state_proofs import (
    ProofInvalid,
    account_at,
    checked_header,
    fetch,
    mapping_slot,
    namespace_slot,
    word_at,
)
from carbon_sdk.audit.vouchers import (
    VOUCHER_FORM,
    CodingRules,
    Voucher,
    VoucherForged,
    VoucherKind,
    as_json,
    civil_day,
    climb,
    code_is_sound,
    code_of,
    from_json,
)
from carbon_sdk.chain.signers import Signer, TypedData
from carbon_sdk.chain.typed_data import typed_data_digest
from carbon_sdk.errors import InputError, SignerError
from carbon_sdk.identifiers import Address, InstrumentId, checksummed, keccak

FORMAT = "carbon-certificate/1"
NAME, VERSION = "Carbon Voucher Certificate", "1"
"""Of the EIP-712 domain of what the platform signs."""

_PEAKS: dict[str, tuple[str, int]] = {
    "ComplianceDesk": ("carbon.storage.ComplianceDesk", 3),
    "CreditOffers": ("carbon.storage.CreditOffers", 3),
    "QuoteBoard": ("carbon.storage.QuoteBoard", 3),
    "BlockTrades": ("carbon.storage.BlockTrades", 5),
}
"""Issuer → where the peaks of its one series lie; a test compares it with the compiler's layout."""
_MARKETS, _OF_MARKET = 0, 2
"""The order book keeps a series a market, in the market's structure."""
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_DAY = 86_400
ISSUERS = ("OrderBook", *_PEAKS)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a verifier brings. Where something is None, it is not compared.

    Attributes:
        block_hash: Of the certificate's block.
        keys: The platform's, with which it signs.
        issuers: Contract's name by its address.
        chain: Chain id.
        rules: Coding rules, oldest first, to recompute the code.
        known: The voucher from the verifier's own replay: then each altered field is named with what it should be.
    """

    block_hash: bytes | None = None
    keys: Collection[Address] | None = None
    issuers: Mapping[Address, str] | None = None
    chain: int | None = None
    rules: Sequence[CodingRules] = field(default=())
    known: Voucher | None = None


def peak_slot(issuer: str, series: int, height: int) -> int:
    """Where an issuer keeps the peak of a height of its series. Raises InputError for who issues no vouchers."""
    if issuer == "OrderBook":
        markets = namespace_slot("carbon.storage.OrderBook") + _MARKETS
        return mapping_slot(mapping_slot(markets, series) + _OF_MARKET, height)
    if issuer not in _PEAKS:
        raise InputError(f"{issuer!r} issues no vouchers; issuers are {', '.join(ISSUERS)}.")
    namespace, member = _PEAKS[issuer]
    return mapping_slot(namespace_slot(namespace) + member, height)


def voucher_by_code(state: State, code: str) -> tuple[Series, Voucher]:
    """The voucher of a code, as the events tell it.

    Raises:
        VoucherForged: The code is mistyped, or no voucher has it; says what differs from the one in its place.
    """
    if not code_is_sound(code):
        raise VoucherForged([Problem("code", f"{code} is mistyped: its check characters are wrong")])
    said = _parts(code)
    place: Voucher | None = None
    for series in state.vouchers.series.values():
        if said.get("series") not in (None, str(series.number)):
            continue
        for voucher in series.vouchers:
            if voucher is None:
                continue
            true = code_of(voucher, state.vouchers.rules)
            if true == code:
                return series, voucher
            theirs = _parts(true)
            if all(theirs.get(name) == said.get(name) for name in ("day", "series", "order")):
                place = voucher
    if place is not None:
        true = code_of(place, state.vouchers.rules)
        differ = [name for name, value in _parts(true).items() if said.get(name) != value]
        raise VoucherForged([Problem("code", f"the voucher in its place is {true}: {', '.join(differ)} differ")])
    raise VoucherForged([Problem("code", f"the chain has no voucher {code}")])


def certify(
    rpc: Rpc,
    state: State,
    contracts: Mapping[Address, str],
    voucher: Voucher,
    at: Header,
    chain: int,
    signer: Signer,
) -> bytes:
    """The holder's copy of a voucher, as of the block up to which `state` was folded.

    Args:
        rpc: A node that knows that block's state.
        state: Folded from the events.
        contracts: Contract's name by its address.
        voucher: One of the state's.
        at: The block.
        chain: Chain id.
        signer: The platform's key.

    Raises:
        ChainMovedOn: The node has another block there.
        ProofInvalid: What the node gives is no proof, or the issuer's storage has another peak.
        SignerError: The signer refused, or what it gave is not its own signature.
    """
    series = next(one for one in state.vouchers.series.values() if one.number == voucher.series)
    siblings = series.mountains.proof(voucher.index)
    issuer = contracts[series.issuer]
    proof = fetch(rpc, series.issuer, peak_slot(issuer, voucher.series, len(siblings)), at.number)
    if keccak(proof.header) != at.hash:
        raise ChainMovedOn(f"Block {at.number} of the node is not the store's. Index again, then certify.")
    unsigned = {
        "format": FORMAT,
        "chain": chain,
        "issuer": {"name": issuer, "address": series.issuer},
        "code": code_of(voucher, state.vouchers.rules),
        "voucher": as_json(voucher),
        "siblings": [_hex(one) for one in siblings],
        "block": {"number": at.number, "hash": _hex(at.hash), "timestamp": at.timestamp},
        "proof": {
            "header": _hex(proof.header),
            "account": [_hex(node) for node in proof.account],
            "storage": [_hex(node) for node in proof.storage],
        },
        "key": signer.address,
    }
    signature = signer.sign_typed_data(_to_sign(unsigned))
    if _signed_by(unsigned, signature) != signer.address:
        raise SignerError(f"The signer {signer.address} gave a signature that is not its own.")
    content = canonical({**unsigned, "signature": _hex(signature)})
    if problems := check(content, Trust(block_hash=at.hash)):
        raise ProofInvalid("The node's proof does not show the voucher: " + "; ".join(map(str, problems)))
    return content


def check(content: bytes, trust: Trust | None = None) -> list[Problem]:
    """Everything that is wrong with a holder's copy; empty when it is genuine for who trusts so much."""
    trust = Trust() if trust is None else trust
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return [Problem("file", f"no JSON ({error})")]
    if problems := list(wrong_form("", document, _FORM)):
        return problems
    if canonical(document) != content:
        problems.append(Problem("file", "not in its canonical form: something was added, reordered or written twice"))
    if document["format"] != FORMAT:
        problems.append(Problem("format", f"{document['format']}, not {FORMAT}"))
    voucher = from_json(document["voucher"])
    if trust.known is not None:
        true = as_json(trust.known)
        problems.extend(
            Problem(f"voucher.{name}", f"{document['voucher'][name]}; the chain recorded {value}")
            for name, value in true.items()
            if document["voucher"][name] != value
        )
    problems.extend(_check_code(document["code"], voucher, trust.rules))
    problems.extend(_check_trusted(document, trust))
    problems.extend(_check_proof(document, voucher))
    problems.extend(_check_signature(document))
    return problems


def voucher_in(content: bytes) -> Voucher:
    """The voucher of a copy with which nothing is wrong."""
    return from_json(orjson.loads(content)["voucher"])


# WHAT IS LOOKED AT


def _check_code(code: str, voucher: Voucher, rules: Sequence[CodingRules]) -> Iterator[Problem]:
    if not code_is_sound(code):
        yield Problem("code", f"{code} is mistyped: its check characters are wrong")
        return
    if voucher.kind is VoucherKind.NONE:
        yield Problem("voucher.kind", "a voucher of no kind has no code")
        return
    said = _parts(code)
    if not said:
        yield Problem("code", f"{code} has not the parts of a code")
        return
    instrument = voucher.instrument
    letter = "XACM"[instrument >> 80] if instrument >> 80 < 4 else "X"
    for name, part, value in (
        ("voucher.series", "series", str(voucher.series)),
        ("voucher.orderOfDay", "order", str(voucher.order_of_day)),
        ("voucher.instrument", "vintage", f"{letter}{InstrumentId(instrument).vintage}"),
    ):
        if said[part] != value:
            yield Problem(name, f"{value}, but the code {code} says {said[part]}")
    if rules:
        try:
            expected = code_of(voucher, rules)
        except (InputError, ValueError, OverflowError):
            expected = "none"
        if expected != code:
            yield Problem("code", f"{code}; the voucher's fields give {expected}")
    elif not any(_day_text(voucher.at, hours * 3_600) == said["day"] for hours in (-12, 0, 14)):
        yield Problem("voucher.at", f"{voucher.at}, but the code {code} is of {said['day']}")


def _check_trusted(document: Mapping[str, Any], trust: Trust) -> Iterator[Problem]:
    issuer = document["issuer"]
    if trust.block_hash is not None and document["block"]["hash"] != _hex(trust.block_hash):
        yield Problem("block.hash", f"{document['block']['hash']}; trusted is {_hex(trust.block_hash)}")
    if trust.keys is not None and document["key"] not in trust.keys:
        yield Problem("key", f"{document['key']} is no key of the platform")
    if trust.issuers is not None and trust.issuers.get(Address(issuer["address"])) != issuer["name"]:
        known = trust.issuers.get(Address(issuer["address"]), "none of the suite")
        yield Problem("issuer", f"{issuer['name']} at {issuer['address']}; the deployment has there {known}")
    if trust.chain is not None and document["chain"] != trust.chain:
        yield Problem("chain", f"{document['chain']}; trusted is {trust.chain}")


def _check_proof(document: Mapping[str, Any], voucher: Voucher) -> Iterator[Problem]:
    block, proof, issuer = document["block"], document["proof"], document["issuer"]
    header = yield from checked_header(block, _raw(proof["header"]), "proof.header", "block")
    if header is None:
        return
    if voucher.at > header.timestamp:
        yield Problem("voucher.at", "later than the block of the proof")
    try:
        account = account_at(header.state_root, Address(issuer["address"]), [_raw(node) for node in proof["account"]])
    except ProofInvalid as error:
        yield Problem("proof.account", f"it does not lead from the header's state to the issuer: {error}")
        return
    if account is None:
        yield Problem("issuer.address", f"at that block there is nothing at {issuer['address']}")
        return
    siblings = [_raw(one) for one in document["siblings"]]
    try:
        slot = peak_slot(issuer["name"], voucher.series, len(siblings))
        word = word_at(account.storage_root, slot, [_raw(node) for node in proof["storage"]])
    except ProofInvalid as error:
        yield Problem(
            "proof.storage",
            f"it does not lead to the peak of height {len(siblings)} of series {voucher.series}: the proof, "
            f"voucher.series, issuer.name or the number of siblings was altered ({error})",
        )
        return
    node = climb(voucher.index, voucher.leaf(), siblings)
    if word.to_bytes(32, "big") != node:
        yield Problem(
            "voucher", "its fields do not lead to the peak in the issuer's storage: a field or a sibling was altered"
        )


def _check_signature(document: Mapping[str, Any]) -> Iterator[Problem]:
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    signature = _raw(document["signature"])
    if signature[64] not in (27, 28) or int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        yield Problem("signature", "no signature: 65 bytes r, s, v with v 27 or 28 and s in the lower half")
        return
    signed_by = _signed_by(unsigned, signature)
    if signed_by != document["key"]:
        yield Problem(
            "signature", f"not of {document['key']} over this copy: a field, the key or the signature was altered"
        )


def _to_sign(unsigned: Mapping[str, Any]) -> TypedData:
    """What is signed, as EIP-712 data: a hardware key shows whose code and digest it signs."""
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "Certificate": [{"name": "code", "type": "string"}, {"name": "content", "type": "bytes32"}],
        },
        "primaryType": "Certificate",
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": unsigned["chain"],
            "verifyingContract": unsigned["issuer"]["address"],
        },
        "message": {"code": unsigned["code"], "content": keccak(canonical(unsigned))},
    }


def _signed_by(unsigned: Mapping[str, Any], signature: bytes) -> Address | None:
    """Whose signature it is; None: nobody's."""
    from coincurve import PublicKey

    compact = signature[:64] + bytes((signature[64] - 27,))
    try:
        digest = typed_data_digest(_to_sign(unsigned))
        public = PublicKey.from_signature_and_message(compact, digest, hasher=None).format(compressed=False)
    except ValueError:  # no point of the curve
        return None
    return checksummed(keccak(public[1:])[12:].hex())


def _parts(code: str) -> dict[str, str]:
    """The parts of a code by name; empty where it has not so many."""
    parts = code.split("-")
    names = ("scheme", "kind", "day", "series", "order", "vintage", "number", "rules", "check")
    return dict(zip(names, parts, strict=True)) if len(parts) == len(names) else {}


def _day_text(at: int, offset: int) -> str:
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(civil_day(at, offset) * _DAY, UTC).strftime("%Y%m%d")
    except (ValueError, OverflowError):
        return ""


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"


def _raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])


def _issuer_form(value: Any) -> str:
    return "" if isinstance(value, str) and value in ISSUERS else f"{value!r} issues no vouchers"


_FORM: dict[str, Any] = {
    "format": text(re.compile(r"[a-z0-9/-]{1,40}"), "format"),
    "chain": whole(64),
    "issuer": {"name": _issuer_form, "address": address_text},
    "code": text(re.compile(r"[0-9A-Z-]{4,80}"), "code"),
    "voucher": VOUCHER_FORM,
    "siblings": list_of(HASH_TEXT),
    "block": {"number": whole(64), "hash": HASH_TEXT, "timestamp": whole(40)},
    "proof": {"header": BYTES_TEXT, "account": list_of(BYTES_TEXT), "storage": list_of(BYTES_TEXT)},
    "key": address_text,
    "signature": text(re.compile(r"0x[0-9a-f]{130}"), "65 bytes in lower-case hexadecimal"),
}

__all__ = ["FORMAT", "ISSUERS", "Trust", "certify", "check", "peak_slot", "voucher_by_code", "voucher_in"]
