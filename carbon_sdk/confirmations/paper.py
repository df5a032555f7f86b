"""A trade confirmation away from the chain: what is signed, its file, and whether a file is genuine.

A file is canonical JSON (UTF-8, keys sorted, no blanks): the confirmation, who signed it, the signature, and the
voucher's path to the root that its series had at the end of the trade's block. Whoever trusts a confirmation key, or a
root, checks it with no connection; whoever has the trade from a replay of their own is told exactly which field is
wrong and what it should be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from carbon_sdk.audit.confirmation_keys import ConfirmationKey
from carbon_sdk.audit.forms import HASH_TEXT, Problem, address_text, canonical, decimal, text, whole, wrong_form
from carbon_sdk.audit.vouchers import (
    PROOF_FORM,
    VOUCHER_FORM,
    CodingRules,
    Mountains,
    Voucher,
    VoucherKind,
    as_json,
    check_path,
    code_is_sound,
    code_of,
    from_json,
)
from carbon_sdk.chain.signers import Signer, TypedData
from carbon_sdk.chain.typed_data import typed_data_digest
from carbon_sdk.errors import CarbonError, InputError, SignerError
from carbon_sdk.identifiers import Address, InstrumentId, address, checksummed, keccak

FORMAT = "carbon-trade-confirmation/1"
NAME, VERSION = "Carbon Trade Confirmations", "1"
"""Of the EIP-712 domain, as in `contracts/market/TradeConfirmations.sol`."""

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0

_VOUCHER_FIELDS = (
    ("kind", "uint8"),
    ("series", "uint32"),
    ("index", "uint40"),
    ("orderOfDay", "uint32"),
    ("at", "uint40"),
    ("instrument", "uint256"),
    ("quantity", "uint256"),
    ("price", "uint256"),
    ("from", "address"),
    ("to", "address"),
    ("ref", "uint256"),
)
_FIELDS = (
    ("platform", "bytes32"),
    ("voucher", "Voucher"),
    ("code", "string"),
    ("money", "uint256"),
    ("sellerFee", "uint256"),
    ("buyerFee", "uint256"),
    ("blockNumber", "uint64"),
    ("blockHash", "bytes32"),
    ("transactionHash", "bytes32"),
    ("logIndex", "uint32"),
)
_DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))


class ConfirmationForged(CarbonError):
    """A confirmation is not what the platform signed, or not what the chain recorded.

    Attributes:
        problems: Everything that is wrong with it.
    """

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("The confirmation is not genuine: " + "; ".join(map(str, problems)))


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What the platform confirms. Mirror of `ITradeConfirmations.TradeConfirmation`, with the place where it counts.

    Attributes:
        chain: Chain id.
        contract: The TradeConfirmations.
        platform: Its name.
        voucher: The trade's: seller, buyer, instrument, tonnes, price, time.
        code: The voucher's.
        money: Instrument in which price and fees are.
        seller_fee: Smallest units of it.
        buyer_fee: Likewise.
        block: Number of the block in which it was settled.
        block_hash: Its hash.
        transaction: Hash, 32 bytes.
        log_index: Of the trade's event, in its block.
    """

    chain: int
    contract: Address
    platform: str
    voucher: Voucher
    code: str
    money: InstrumentId
    seller_fee: int
    buyer_fee: int
    block: int
    block_hash: bytes
    transaction: bytes
    log_index: int

    def typed_data(self) -> TypedData:
        """What is signed, as EIP-712 data."""
        one = self.voucher
        return {
            "types": {
                "EIP712Domain": _typed(_DOMAIN),
                "TradeConfirmation": _typed(_FIELDS),
                "Voucher": _typed(_VOUCHER_FIELDS),
            },
            "primaryType": "TradeConfirmation",
            "domain": {
                "name": NAME,
                "version": VERSION,
                "chainId": self.chain,
                "verifyingContract": self.contract,
            },
            "message": {
                "platform": platform_word(self.platform),
                "voucher": {
                    "kind": int(one.kind),
                    "series": one.series,
                    "index": one.index,
                    "orderOfDay": one.order_of_day,
                    "at": one.at,
                    "instrument": int(one.instrument),
                    "quantity": one.quantity,
                    "price": one.price,
                    "from": one.sender,
                    "to": one.receiver,
                    "ref": one.ref,
                },
                "code": self.code,
                "money": int(self.money),
                "sellerFee": self.seller_fee,
                "buyerFee": self.buyer_fee,
                "blockNumber": self.block,
                "blockHash": self.block_hash,
                "transactionHash": self.transaction,
                "logIndex": self.log_index,
            },
        }

    def digest(self) -> bytes:
        """The 32 bytes that are signed; `TradeConfirmations.digestOf`."""
        return typed_data_digest(self.typed_data())

    def as_json(self) -> dict[str, Any]:
        """Its fields as files have them: what may exceed 2^53 is decimal text."""
        return {
            "chain": self.chain,
            "contract": self.contract,
            "platform": self.platform,
            "voucher": as_json(self.voucher),
            "code": self.code,
            "money": str(int(self.money)),
            "sellerFee": str(self.seller_fee),
            "buyerFee": str(self.buyer_fee),
            "settlement": {
                "block": self.block,
                "blockHash": _hex(self.block_hash),
                "transaction": _hex(self.transaction),
                "logIndex": self.log_index,
            },
        }


@dataclass(frozen=True, slots=True)
class Root:
    """The root of a series that a verifier trusts, at the end of the trade's block: `voucherRoot` there."""

    count: int
    root: bytes


@dataclass(frozen=True, slots=True)
class Trust:
    """What a verifier brings. Where something is None, it is not compared.

    Attributes:
        chain: Chain id.
        contract: The TradeConfirmations.
        platform: Its name.
        keys: Confirmation keys with their periods. None: any key; the verifier must compare it.
        root: Of the voucher's series at the end of the trade's block.
        rules: Coding rules, oldest first, to recompute the code.
        known: The trade from the verifier's own replay: then each altered field is named with what it should be.
    """

    chain: int | None = None
    contract: Address | None = None
    platform: str | None = None
    keys: Mapping[Address, ConfirmationKey] | None = None
    root: Root | None = None
    rules: Sequence[CodingRules] = field(default=())
    known: Confirmation | None = None


def made(confirmation: Confirmation, signer: Signer, mountains: Mountains, count: int) -> bytes:
    """Sign a confirmation; its file.

    Args:
        confirmation: Of a trade that happened.
        signer: The platform's confirmation key.
        mountains: The voucher's series.
        count: Vouchers in it at the end of the trade's block.

    Raises:
        InputError: The series does not have this voucher.
        SignerError: The signer refused, or what it gave is not its own signature.
    """
    index, leaf = confirmation.voucher.index, confirmation.voucher.leaf()
    if mountains.leaf(index) != leaf:
        raise InputError(f"Voucher {index} of series {confirmation.voucher.series} is not this trade's.")
    signature = signer.sign_typed_data(confirmation.typed_data())
    if _signer_of(confirmation, signature) != signer.address:
        raise SignerError(f"The signer {signer.address} gave a signature that is not its own.")
    return canonical(
        {
            "format": FORMAT,
            "confirmation": confirmation.as_json(),
            "key": signer.address,
            "signature": _hex(signature),
            "leaf": _hex(leaf),
            "proof": {
                "count": count,
                "siblings": [_hex(one) for one in mountains.proof(index, count)],
                "peaks": [_hex(node) for _, node in mountains.peaks(count)],
                "root": _hex(mountains.root(count)),
            },
        }
    )


def parsed(content: bytes) -> tuple[Confirmation, Address, bytes]:
    """The confirmation of a file, who is said to have signed it, and the signature; nothing is verified but the form.

    Raises:
        ConfirmationForged: A field is missing, unknown or of the wrong form.
    """
    document, problems = _document(content)
    if problems:
        raise ConfirmationForged(problems)
    return _confirmation(document["confirmation"]), address(document["key"]), _raw(document["signature"])


def verified(content: bytes, trust: Trust) -> Confirmation:
    """The confirmation of a genuine file. Raises ConfirmationForged."""
    if problems := check(content, trust):
        raise ConfirmationForged(problems)
    return parsed(content)[0]


def check(content: bytes, trust: Trust | None = None) -> list[Problem]:
    """Everything that is wrong with a file; empty when it is genuine for who trusts so much."""
    trust = Trust() if trust is None else trust
    document, problems = _document(content)
    if problems:
        return problems
    if canonical(document) != content:
        problems.append(Problem("file", "not in its canonical form: something was added, reordered or written twice"))
    if document["format"] != FORMAT:
        problems.append(Problem("format", f"{document['format']}, not {FORMAT}"))
    confirmation, key = _confirmation(document["confirmation"]), address(document["key"])
    if trust.known is not None:
        problems.extend(_differences(confirmation.as_json(), trust.known.as_json(), "confirmation"))
    problems.extend(_check_content(confirmation, trust))
    problems.extend(_check_signature(confirmation, key, _raw(document["signature"])))
    problems.extend(_check_key(confirmation, key, trust))
    problems.extend(check_path(document, confirmation.voucher))
    if trust.root is not None:
        problems.extend(_check_root(document["proof"], trust.root))
    return problems


def platform_word(name: str) -> bytes:
    """The platform's name as the contract knows it. Raises InputError."""
    if not re.fullmatch(r"[\x20-\x7e]{1,32}", name):
        raise InputError(f"{name!r} is no platform's name: give 1 to 32 printable ASCII characters.")
    return name.encode().ljust(32, b"\0")


# WHAT IS LOOKED AT


def _check_content(one: Confirmation, trust: Trust) -> Iterator[Problem]:
    if one.voucher.kind is not VoucherKind.TRADE:
        yield Problem("confirmation.voucher.kind", f"{one.voucher.kind.name}; trades are confirmed")
    for name, given, trusted in (
        ("chain", one.chain, trust.chain),
        ("contract", one.contract, trust.contract),
        ("platform", one.platform, trust.platform),
    ):
        if trusted is not None and given != trusted:
            yield Problem(f"confirmation.{name}", f"{given}; trusted is {trusted}")
    if not code_is_sound(one.code):
        yield Problem("confirmation.code", f"{one.code} is mistyped: its check characters are wrong")
    elif trust.rules and (expected := _code_of(one.voucher, trust.rules)) != one.code:
        yield Problem("confirmation.code", f"{one.code}; the voucher's fields give {expected or 'none'}")


def _code_of(voucher: Voucher, rules: Sequence[CodingRules]) -> str:
    """The code of any fields; empty where they have none: of no kind, or at a time that no calendar has."""
    try:
        return code_of(voucher, rules)
    except (InputError, ValueError, OverflowError):
        return ""


def _check_signature(one: Confirmation, key: Address, signature: bytes) -> Iterator[Problem]:
    if len(signature) != 65 or signature[64] not in (27, 28) or int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        yield Problem("signature", "no signature: 65 bytes r, s, v with v 27 or 28 and s in the lower half")
        return
    signed_by = _signer_of(one, signature)
    if signed_by is None:
        yield Problem("signature", "of no key: it was altered")
    elif signed_by != key:
        yield Problem(
            "signature",
            f"not of {key} over these fields: a field of the confirmation, the key or the signature was altered",
        )


def _check_key(one: Confirmation, key: Address, trust: Trust) -> Iterator[Problem]:
    if trust.keys is None:
        return
    known = trust.keys.get(key)
    if known is None:
        yield Problem("key", f"{key} is no confirmation key of the platform")
    elif why := known.why_not(one.voucher.at):
        yield Problem("key", f"{key} {why}")


def _check_root(proof: Mapping[str, Any], root: Root) -> Iterator[Problem]:
    for name, given, trusted in (("count", proof["count"], root.count), ("root", proof["root"], _hex(root.root))):
        if given != trusted:
            yield Problem(f"proof.{name}", f"{given}; trusted is {trusted}")


def _differences(given: Mapping[str, Any], true: Mapping[str, Any], where: str) -> Iterator[Problem]:
    for name, value in true.items():
        if isinstance(value, Mapping):
            yield from _differences(given[name], value, f"{where}.{name}")
        elif given[name] != value:
            yield Problem(f"{where}.{name}", f"{given[name]}; the chain recorded {value}")


def _signer_of(one: Confirmation, signature: bytes) -> Address | None:
    """Whose signature it is; None: nobody's."""
    from coincurve import PublicKey

    compact = signature[:64] + bytes((signature[64] - 27,))
    try:
        public = PublicKey.from_signature_and_message(compact, one.digest(), hasher=None).format(compressed=False)
    except ValueError:  # no point of the curve
        return None
    return checksummed(keccak(public[1:])[12:].hex())


# THE FORM OF A FILE


def _document(content: bytes) -> tuple[dict[str, Any], list[Problem]]:
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        return {}, [Problem("file", f"no JSON ({error})")]
    return document, list(wrong_form("", document, _FORM))


def _confirmation(said: Mapping[str, Any]) -> Confirmation:
    settlement = said["settlement"]
    return Confirmation(
        said["chain"],
        address(said["contract"]),
        said["platform"],
        from_json(said["voucher"]),
        said["code"],
        InstrumentId(said["money"]),
        int(said["sellerFee"]),
        int(said["buyerFee"]),
        settlement["block"],
        _raw(settlement["blockHash"]),
        _raw(settlement["transaction"]),
        settlement["logIndex"],
    )


_FORM: dict[str, Any] = {
    "format": text(re.compile(r"[a-z0-9/-]{1,40}"), "format"),
    "confirmation": {
        "chain": whole(64),
        "contract": address_text,
        "platform": text(re.compile(r"[\x20-\x7e]{1,32}"), "platform's name"),
        "voucher": VOUCHER_FORM,
        "code": text(re.compile(r"[0-9A-Z-]{4,80}"), "code"),
        "money": decimal(256),
        "sellerFee": decimal(256),
        "buyerFee": decimal(256),
        "settlement": {"block": whole(64), "blockHash": HASH_TEXT, "transaction": HASH_TEXT, "logIndex": whole(32)},
    },
    "key": address_text,
    "signature": text(re.compile(r"0x[0-9a-f]{130}"), "65 bytes in lower-case hexadecimal"),
    "leaf": HASH_TEXT,
    "proof": PROOF_FORM,
}


def _typed(fields: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for name, kind in fields]


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"


def _raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])
