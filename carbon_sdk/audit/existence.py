"""Certificates of existence: that a block of units was issued just so, for whoever trusts a block's hash (R-AST-1).

A certificate is canonical JSON: the block of serials as the ledger recorded it, the unit that was asked for and where
it was, and a proof that the ledger's storage held the digest of that record at a block. Nothing is asked of any node to
check it: the header hashes to the block's hash, its state root leads to the ledger, the ledger's storage root to the
slot of the block of serials, and what is there is the digest of the record.

Where the unit is now the storage does not say: the chain moves quantities, and which units they were follows from the
events. The certificate tells it as the fold found it, and `check` compares it where the verifier has a store.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from carbon_sdk.audit.auditor import ChainMovedOn
from carbon_sdk.audit.forms import (
    BYTES_TEXT,
    HASH_TEXT,
    Problem,
    address_text,
    canonical,
    decimal,
    list_of,
    text,
    whole,
    wrong_form,
)
from carbon_sdk.audit.histories import Histories, Station
from carbon_sdk.audit.indexer import Rpc
from carbon_sdk.audit.state_proofs import (
    ProofInvalid,
    StorageProof,
    account_at,
    checked_header,
    fetch,
    header_of,
    mapping_slot,
    namespace_slot,
    word_at,
)
from carbon_sdk.errors import CarbonError, InputError
from carbon_sdk.identifiers import Address, InstrumentId, keccak

FORMAT = "carbon-units/1"

LEDGER_NAMESPACE = "carbon.storage.InstrumentLedger"
BLOCKS_MEMBER = 8
"""Place of `blocks` in the ledger's storage; a test compares it with the compiler's layout."""

_NOW = {
    "issued": "held",
    "transferred": "held",
    "forced": "held",
    "traded": "held",
    "returned": "held",
    "released": "held",
    "bound": "bound",
    "offered": "in an order",
}
"""What a unit is after an act; after others it has ended, as the act says."""


class CertificateForged(CarbonError):
    """A certificate of existence is not what the chain recorded.

    Attributes:
        problems: Everything that is wrong with it.
    """

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("The certificate is not genuine: " + "; ".join(map(str, problems)))


@dataclass(frozen=True, slots=True)
class IssuedBlock:
    """A block of serials as it was issued. Mirror of `IInstrumentLedger.IssuedBlock`."""

    instrument: InstrumentId
    first: int
    quantity: int
    account: Address
    cause: bytes
    at: int

    def digest(self) -> bytes:
        """What the ledger keeps of it."""
        words = (self.instrument, self.first, self.quantity, int(self.account, 16))
        encoded = b"".join(int(word).to_bytes(32, "big") for word in words)
        return keccak(encoded + self.cause + self.at.to_bytes(32, "big"))

    def slot(self) -> int:
        """Where the ledger keeps it."""
        return mapping_slot(namespace_slot(LEDGER_NAMESPACE) + BLOCKS_MEMBER, self.instrument, self.first)


def block_of(histories: Histories, instrument: int, serial: int) -> IssuedBlock:
    """The block of serials with which a unit was issued. Raises InputError for one that never was."""
    issue = histories.life(instrument, serial)[0]
    event = histories.event_at(issue.movement.position)
    return IssuedBlock(
        InstrumentId(instrument),
        event.args["firstSerial"],
        event.args["quantity"],
        event.args["account"],
        event.args["cause"],
        issue.timestamp,
    )


def certify(rpc: Rpc, histories: Histories, ledger: Address, instrument: int, serial: int) -> bytes:
    """The certificate of existence of a unit, as of the last block of the store.

    Args:
        rpc: A node that knows that block's state.
        histories: Caught up.
        ledger: The InstrumentLedger.
        instrument: Of the unit.
        serial: Of the unit.

    Raises:
        InputError: There never was such a unit.
        ChainMovedOn: The node has another block where the store ends.
        ProofInvalid: What the node gives is no proof, or the ledger does not have the block.
    """
    cursor = histories.cursor()
    issued = block_of(histories, instrument, serial)
    proof = fetch(rpc, ledger, issued.slot(), cursor.number)
    if keccak(proof.header) != cursor.hash:
        raise ChainMovedOn(f"Block {cursor.number} of the node is not the store's. Index again, then certify.")
    document = {
        "format": FORMAT,
        "chain": histories.chain,
        "ledger": ledger,
        "issued": _as_json(issued),
        "unit": _unit(serial, histories.life(instrument, serial)),
        "block": {
            "number": cursor.number,
            "hash": f"0x{cursor.hash.hex()}",
            "timestamp": header_of(proof.header).timestamp,
        },
        "proof": {
            "header": f"0x{proof.header.hex()}",
            "account": [f"0x{node.hex()}" for node in proof.account],
            "storage": [f"0x{node.hex()}" for node in proof.storage],
        },
    }
    content = canonical({**document, "digest": _digest(document)})
    if problems := check(content, cursor.hash):
        raise ProofInvalid("The node's proof does not show the block: " + "; ".join(map(str, problems)))
    return content


def check(
    content: bytes, trusted: bytes | None = None, *, ledger: Address | None = None, histories: Histories | None = None
) -> list[Problem]:
    """Everything that is wrong with a certificate; empty when it is genuine.

    Args:
        content: As it was handed over.
        trusted: Hash of the block that the verifier trusts. Without one only the certificate's inner consistency is
            checked, and the verifier must compare `block.hash` with what it trusts.
        ledger: The ledger's address, where the verifier knows it; else it must be compared by eye.
        histories: The verifier's own: each field is compared with what they say.

    Raises:
        InputError: The histories do not reach to the certificate's block.
    """
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
    if _digest(document) != document["digest"]:
        problems.append(Problem("digest", "not that of the other fields: it or one of them was altered"))
    if ledger is not None and document["ledger"] != ledger:
        problems.append(Problem("ledger", f"{document['ledger']}; the ledger is {ledger}"))
    problems.extend(_check_unit(document))
    problems.extend(_check_proof(document, trusted))
    if histories is not None:
        read = histories.cursor().number
        if read >= document["block"]["number"]:
            problems.extend(_compare(document, histories))
        elif not problems:
            raise InputError(f"The store was read to block {read} only. Read on, then verify.")
    return problems


def block_in(content: bytes) -> tuple[Address, IssuedBlock]:
    """The ledger and the block of serials of a certificate that `check` has found nothing wrong with."""
    document = orjson.loads(content)
    return Address(document["ledger"]), _issued(document)


def _check_proof(document: Mapping[str, Any], trusted: bytes | None) -> Iterator[Problem]:
    said, issued = document["block"], _issued(document)
    proof = StorageProof(
        _raw(document["proof"]["header"]),
        tuple(map(_raw, document["proof"]["account"])),
        tuple(map(_raw, document["proof"]["storage"])),
    )
    known = _raw(said["hash"])
    if trusted is not None and known != trusted:
        yield Problem("block.hash", f"{said['hash']}; trusted is 0x{trusted.hex()}")
    header = yield from checked_header(said, proof.header, "proof.header", "block")
    if header is None:
        return
    if issued.at > header.timestamp:
        yield Problem("issued.at", "later than the block of the proof")
    try:
        account = account_at(header.state_root, Address(document["ledger"]), proof.account)
    except ProofInvalid as error:
        yield Problem("proof.account", f"it does not lead from the header's state to the ledger: {error}")
        return
    if account is None:
        yield Problem("ledger", f"at that block there is nothing at {document['ledger']}")
        return
    try:
        word = word_at(account.storage_root, issued.slot(), proof.storage)
    except ProofInvalid as error:
        yield Problem(
            "proof.storage",
            f"it does not lead to the block that begins with serial {issued.first} of {issued.instrument}: the proof, "
            f"or issued.instrument or issued.firstSerial, was altered ({error})",
        )
        return
    if word == 0:
        yield Problem("issued.firstSerial", f"no block of {issued.instrument} begins with serial {issued.first}")
    elif word.to_bytes(32, "big") != issued.digest():
        yield Problem(
            "issued",
            f"its digest is 0x{issued.digest().hex()}, the ledger has 0x{word:064x}: quantity, account, cause or time "
            "was altered",
        )


def _check_unit(document: Mapping[str, Any]) -> Iterator[Problem]:
    serial, issued = int(document["unit"]["serial"]), _issued(document)
    if not issued.first <= serial < issued.first + issued.quantity:
        last = issued.first + issued.quantity - 1
        yield Problem("unit.serial", f"{serial} is not of the block, which has {issued.first} to {last}")


def _compare(document: Mapping[str, Any], histories: Histories) -> Iterator[Problem]:
    """With what the verifier's own store says; of the unit only where it has not moved since."""
    if document["chain"] != histories.chain:
        yield Problem("chain", f"{document['chain']}; the store is of {histories.chain}")
        return
    number = document["block"]["number"]
    header = histories.header_at(number)
    if header and f"0x{header.hash.hex()}" != document["block"]["hash"]:
        yield Problem("block.hash", f"{document['block']['hash']}; the store has 0x{header.hash.hex()}")
    given = _issued(document)
    serial = int(document["unit"]["serial"])
    try:
        true = _as_json(block_of(histories, given.instrument, serial))
        life = histories.life(given.instrument, serial)
    except InputError as error:
        yield Problem("issued", str(error))
        return
    for name, value in true.items():
        if document["issued"][name] != value:
            yield Problem(f"issued.{name}", f"{document['issued'][name]}; the chain recorded {value}")
    then = [station for station in life if station.movement.position.block <= number]
    if not then:
        yield Problem("block.number", "the unit was issued later")
        return
    for name, value in _unit(serial, then).items():
        if document["unit"][name] != value:
            yield Problem(f"unit.{name}", f"{document['unit'][name]}; the events give {value}")


def _unit(serial: int, life: Sequence[Station]) -> dict[str, Any]:
    last = life[-1]
    movement = last.movement
    return {
        "serial": str(serial),
        "state": _NOW.get(movement.act, movement.act),
        "account": movement.holder,
        "since": last.timestamp,
        "transaction": movement.position.transaction,
        "reference": movement.reference,
    }


def _as_json(issued: IssuedBlock) -> dict[str, Any]:
    return {
        "instrument": str(int(issued.instrument)),
        "firstSerial": str(issued.first),
        "quantity": str(issued.quantity),
        "account": issued.account,
        "cause": f"0x{issued.cause.hex()}",
        "at": issued.at,
    }


def _issued(document: Mapping[str, Any]) -> IssuedBlock:
    said = document["issued"]
    return IssuedBlock(
        InstrumentId(said["instrument"]),
        int(said["firstSerial"]),
        int(said["quantity"]),
        Address(said["account"]),
        _raw(said["cause"]),
        said["at"],
    )


def _digest(document: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in document.items() if name != "digest"}
    return f"0x{keccak(canonical(rest)).hex()}"


def _raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])


_FORM: dict[str, Any] = {
    "format": text(re.compile(r"[a-z0-9/-]{1,40}"), "format"),
    "chain": whole(64),
    "ledger": address_text,
    "issued": {
        "instrument": decimal(96),
        "firstSerial": decimal(96),
        "quantity": decimal(96),
        "account": address_text,
        "cause": HASH_TEXT,
        "at": whole(40),
    },
    "unit": {
        "serial": decimal(96),
        "state": text(re.compile(r"[a-z ]{1,20}"), "state"),
        "account": address_text,
        "since": whole(40),
        "transaction": HASH_TEXT,
        "reference": text(re.compile(r"[^\x00-\x1f]{0,400}"), "reference"),
    },
    "block": {"number": whole(64), "hash": HASH_TEXT, "timestamp": whole(40)},
    "proof": {"header": BYTES_TEXT, "account": list_of(BYTES_TEXT), "storage": list_of(BYTES_TEXT)},
    "digest": HASH_TEXT,
}
