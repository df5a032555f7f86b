"""Vouchers away from the chain: what they attest, their place in their series, and whether a certificate is genuine.

A certificate is canonical JSON (UTF-8, keys sorted, no blanks) with a voucher, its code, and its path to the root of
its series. Whoever trusts a root (from a block hash, the auditor, or a second node) can check it with no connection:
every field is bound by the leaf, by the path, or by the anchor that the verifier brings, so that an altered field is
always found. Where the verifier has the series itself, it is told exactly which field and what it should be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import IntEnum
from typing import Any

import orjson

from carbon_sdk.audit.forms import (
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
from carbon_sdk.errors import CarbonError, InputError
from carbon_sdk.identifiers import Address, InstrumentId, address, keccak

FORMAT = "carbon-voucher/1"

_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE = {character: value for value, character in enumerate(_ALPHABET + "-")}


class VoucherKind(IntEnum):
    """What was concluded."""

    NONE = 0
    TRADE = 1
    SURRENDER = 2
    CANCELLATION = 3
    AWARD = 4


class VoucherForged(CarbonError):
    """A certificate is not what the chain recorded.

    Attributes:
        problems: Everything that is wrong with it.
    """

    exit_code = 3

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("The certificate is not genuine: " + "; ".join(map(str, problems)))


class NoSuchVoucher(InputError):
    """The series has no voucher of that number."""


@dataclass(frozen=True, slots=True)
class CodingRules:
    """How vouchers are coded from a time on."""

    version: int
    scheme: str
    kinds: str
    utc_offset: int
    effective_from: int

    @classmethod
    def of(cls, version: int, said: Mapping[str, Any]) -> CodingRules:
        """As the event `CodingRulesSet` tells them."""
        scheme, kinds = (said[name].rstrip(b"\0").decode("ascii", "replace") for name in ("scheme", "kinds"))
        return cls(version, scheme, kinds, said["utcOffset"], said["effectiveFrom"])


@dataclass(frozen=True, slots=True)
class Voucher:
    """What a voucher attests. Mirror of `contracts/types/Vouchers.sol`.

    Attributes:
        kind: What was concluded.
        series: Number of the series in the VoucherBook's directory.
        index: 0, 1, 2 … in its series.
        order_of_day: 1, 2, 3 … in its series and civil day.
        at: Unix seconds of the block.
        instrument: What it is about.
        quantity: Whole tonnes.
        price: Smallest units of money per tonne; 0 where nothing was paid.
        sender: Seller; who surrendered or cancelled (`from` in the contract).
        receiver: Buyer; the zero address where the units ceased to exist (`to`).
        ref: Maker's order, application or cancellation that it concludes.
    """

    kind: VoucherKind
    series: int
    index: int
    order_of_day: int
    at: int
    instrument: InstrumentId
    quantity: int
    price: int
    sender: Address
    receiver: Address
    ref: int

    def leaf(self) -> bytes:
        """`keccak256(keccak256(abi.encode(voucher)))`: twice, so that no inner node is a leaf."""
        words = (
            self.kind,
            self.series,
            self.index,
            self.order_of_day,
            self.at,
            self.instrument,
            self.quantity,
            self.price,
            int(self.sender, 16),
            int(self.receiver, 16),
            self.ref,
        )
        return keccak(keccak(b"".join(int(word).to_bytes(32, "big") for word in words)))


# THE ACCUMULATOR


def trade_reference(maker: int, ask: int | None = None) -> int:
    """What the voucher of a trade in the book refers to: the resting order, or the bid and the ask of an auction."""
    return int(maker) if ask is None else int(maker) << 128 | int(ask)


class Mountains:
    """A Merkle mountain range with all of its nodes. Mirror of `contracts/vouchers/VoucherSeries.sol`."""

    __slots__ = ("_levels",)

    def __init__(self, leaves: Sequence[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self._levels[0]) // 32

    def append(self, leaf: bytes) -> None:
        """One leaf more."""
        node, height = leaf, 0
        while True:
            level = self._levels[height]
            level += node
            if len(level) & 32:  # an odd number of nodes: this one is a peak
                return
            node = keccak(bytes(level[-64:]))
            height += 1
            if height == len(self._levels):
                self._levels.append(bytearray())

    def node(self, height: int, place: int) -> bytes:
        """The node number `place` at a height."""
        return bytes(self._levels[height][32 * place : 32 * place + 32])

    def leaf(self, index: int) -> bytes:
        """One leaf."""
        return self.node(0, index)

    def peaks(self, count: int | None = None) -> list[tuple[int, bytes]]:
        """Height and node of each peak, the lowest first; of the series as it was after `count` leaves."""
        count = self._checked(count)
        return [(h, self.node(h, (count >> h) - 1)) for h in range(count.bit_length()) if count >> h & 1]

    def root(self, count: int | None = None) -> bytes:
        """One digest of the series as after `count` leaves: the peaks bagged from the lowest up, then the count."""
        count = self._checked(count)
        return bagged([node for _, node in self.peaks(count)], count)

    def proof(self, index: int, count: int | None = None) -> list[bytes]:
        """The siblings of a leaf from the bottom up, as after `count` leaves.

        Raises:
            NoSuchVoucher: There is no such leaf.
        """
        count = self._checked(count)
        return [self.node(h, (index >> h) ^ 1) for h in range(peak_height(index, count))]

    def _checked(self, count: int | None) -> int:
        if count is None:
            return len(self)
        if not 0 <= count <= len(self):
            raise NoSuchVoucher(f"The series has {len(self)} vouchers, not {count}.")
        return count


def peak_height(index: int, count: int) -> int:
    """Height of the mountain that covers a leaf.

    Raises:
        NoSuchVoucher: The index is not below the count.
    """
    if not 0 <= index < count:
        raise NoSuchVoucher(f"The series has {count} vouchers, numbered from 0; there is no number {index}.")
    return (index ^ count).bit_length() - 1


def climb(index: int, leaf: bytes, siblings: Sequence[bytes]) -> bytes:
    """The node above a leaf when its siblings are as given."""
    node = leaf
    for height, sibling in enumerate(siblings):
        node = keccak(sibling + node) if index >> height & 1 else keccak(node + sibling)
    return node


def bagged(peaks: Sequence[bytes], count: int) -> bytes:
    """The root over peaks, the lowest first."""
    bag = bytes(32)
    for i, peak in enumerate(peaks):
        bag = keccak(peak + bag) if i else peak
    return keccak(bag + count.to_bytes(32, "big"))


# CERTIFICATES


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a verifier trusts: the root of one series at one block.

    Attributes:
        chain: Chain id.
        issuer: Contract that keeps the series.
        series: Its number.
        count: Vouchers in it at that block.
        root: `voucherRoot` at that block.
        block: Number of the block.
        block_hash: Its hash.
    """

    chain: int
    issuer: Address
    series: int
    count: int
    root: bytes
    block: int
    block_hash: bytes


def certificate(voucher: Voucher, mountains: Mountains, anchor: Anchor, code: str = "") -> bytes:
    """A voucher's certificate: canonical JSON.

    Raises:
        NoSuchVoucher: The voucher is not in the series at the anchor's count.
        InputError: The series does not have this leaf or root.
    """
    if mountains.root(anchor.count) != anchor.root:
        raise InputError("The anchor's root is not this series' root.")
    siblings = mountains.proof(voucher.index, anchor.count)
    leaf = voucher.leaf()
    if mountains.leaf(voucher.index) != leaf:
        raise InputError(f"Leaf {voucher.index} of the series is another voucher.")
    return canonical(
        {
            "format": FORMAT,
            "chain": anchor.chain,
            "issuer": anchor.issuer,
            "code": code,
            "voucher": as_json(voucher),
            "leaf": _hex(leaf),
            "proof": {
                "count": anchor.count,
                "siblings": [_hex(sibling) for sibling in siblings],
                "peaks": [_hex(node) for _, node in mountains.peaks(anchor.count)],
                "root": _hex(anchor.root),
            },
            "block": {"number": anchor.block, "hash": _hex(anchor.block_hash)},
        }
    )


def as_json(voucher: Voucher) -> dict[str, Any]:
    """A voucher's fields as certificates have them: what may exceed 2^53 is decimal text."""
    return {
        "kind": voucher.kind.name,
        "series": voucher.series,
        "index": voucher.index,
        "orderOfDay": voucher.order_of_day,
        "at": voucher.at,
        "instrument": str(int(voucher.instrument)),
        "quantity": str(int(voucher.quantity)),
        "price": str(int(voucher.price)),
        "from": voucher.sender,
        "to": voucher.receiver,
        "ref": str(int(voucher.ref)),
    }


def from_json(document: Mapping[str, Any]) -> Voucher:
    """The voucher of a certificate.

    Raises:
        InputError: A field is missing, of the wrong form, or unknown.
    """
    problems = list(wrong_form("voucher", document, VOUCHER_FORM))
    if problems:
        raise InputError("; ".join(map(str, problems)))
    return Voucher(
        VoucherKind[document["kind"]],
        document["series"],
        document["index"],
        document["orderOfDay"],
        document["at"],
        InstrumentId(document["instrument"]),
        int(document["quantity"]),
        int(document["price"]),
        address(document["from"]),
        address(document["to"]),
        int(document["ref"]),
    )


def check(
    certificate_bytes: bytes,
    anchor: Anchor | None = None,
    *,
    known: Voucher | None = None,
    rules: Sequence[Any] | None = None,
) -> list[Problem]:
    """Everything that is wrong with a certificate; empty when it is genuine.

    Args:
        certificate_bytes: As it was handed over.
        anchor: What the verifier trusts. Without one only the certificate's inner consistency is checked, and the
            verifier must compare `proof.root` and `block` with what it trusts.
        known: The voucher of that series and number from the verifier's own replay, where there is one: then each
            altered field is named with what it should be.
        rules: The coding rules, oldest first, to recompute the code; None leaves the code's meaning unchecked.
    """
    try:
        document = orjson.loads(certificate_bytes)
    except orjson.JSONDecodeError as error:
        return [Problem("file", f"no JSON ({error})")]
    problems = list(wrong_form("", document, _FORM))
    if problems:
        return problems
    if canonical(document) != certificate_bytes:
        problems.append(Problem("file", "not in its canonical form: something was added, reordered or written twice"))
    if document["format"] != FORMAT:
        problems.append(Problem("format", f"{document['format']}, not {FORMAT}"))
    voucher = from_json(document["voucher"])
    problems.extend(_check_code(document["code"], voucher, rules))
    if known is not None:
        problems.extend(_differences(voucher, known))
    problems.extend(check_path(document, voucher))
    if anchor is not None:
        problems.extend(_check_anchor(document, voucher, anchor))
    return problems


def verify(
    certificate_bytes: bytes, anchor: Anchor, *, known: Voucher | None = None, rules: Sequence[Any] | None = None
) -> Voucher:
    """The voucher of a genuine certificate.

    Raises:
        VoucherForged: Something is wrong with it; see `problems`.
    """
    if problems := check(certificate_bytes, anchor, known=known, rules=rules):
        raise VoucherForged(problems)
    return from_json(orjson.loads(certificate_bytes)["voucher"])


def check_path(document: Mapping[str, Any], voucher: Voucher) -> Iterator[Problem]:
    """What is wrong with the way from a voucher's fields by `leaf` to `proof.root` of a document."""
    proof = document["proof"]
    leaf, count = _raw(document["leaf"]), proof["count"]
    siblings, peaks = [_raw(x) for x in proof["siblings"]], [_raw(x) for x in proof["peaks"]]
    genuine_fields = voucher.leaf() == leaf
    if not genuine_fields:
        yield Problem("voucher", "its fields do not hash to the leaf: at least one of them, or the leaf, was altered")
    if voucher.index >= count:
        yield Problem("proof.count", f"{count} vouchers, but this one has the number {voucher.index}")
        return
    height = peak_height(voucher.index, count)
    if len(siblings) != height:
        yield Problem("proof.siblings", f"{len(siblings)} nodes; number {voucher.index} of {count} has {height}")
        return
    if len(peaks) != count.bit_count():
        yield Problem("proof.peaks", f"{len(peaks)} peaks; {count} vouchers have {count.bit_count()}")
        return
    place = (count & ((1 << height) - 1)).bit_count()
    if climb(voucher.index, leaf, siblings) != peaks[place]:
        recomputed = climb(voucher.index, voucher.leaf(), siblings)
        if recomputed == peaks[place]:
            yield Problem("leaf", "altered: the voucher's fields lead to the peak, the leaf does not")
        else:
            yield Problem(f"proof.peaks[{place}]", "the leaf's path does not lead to it: one of them was altered")
    if bagged(peaks, count) != _raw(proof["root"]):
        yield Problem("proof.root", "the peaks do not add up to it: a peak, the count or the root was altered")


def _check_anchor(document: Mapping[str, Any], voucher: Voucher, anchor: Anchor) -> Iterator[Problem]:
    said = {
        "chain": (document["chain"], anchor.chain),
        "issuer": (document["issuer"], anchor.issuer),
        "voucher.series": (voucher.series, anchor.series),
        "proof.count": (document["proof"]["count"], anchor.count),
        "proof.root": (document["proof"]["root"], _hex(anchor.root)),
        "block.number": (document["block"]["number"], anchor.block),
        "block.hash": (document["block"]["hash"], _hex(anchor.block_hash)),
    }
    for name, (given, trusted) in said.items():
        if given != trusted:
            yield Problem(name, f"{given}; trusted is {trusted}")


def _differences(voucher: Voucher, known: Voucher) -> Iterator[Problem]:
    given, true = as_json(voucher), as_json(known)
    for name, value in true.items():
        if given[name] != value:
            yield Problem(f"voucher.{name}", f"{given[name]}; the chain recorded {value}")


def _check_code(code: str, voucher: Voucher, rules: Sequence[Any] | None) -> Iterator[Problem]:
    if code and not code_is_sound(code):
        yield Problem("code", f"{code} is mistyped: its check characters are wrong")
    elif rules and voucher.kind is VoucherKind.NONE:
        yield Problem("voucher.kind", "a voucher of no kind has no code")
    elif rules and (expected := code_of(voucher, rules)) != code:
        yield Problem("code", f"{code}; the voucher's fields give {expected}")


# THE FORM OF A CERTIFICATE


def _kind(value: Any) -> str:
    return "" if isinstance(value, str) and value in VoucherKind.__members__ else f"{value!r} is no kind of voucher"


VOUCHER_FORM: dict[str, Any] = {
    "kind": _kind,
    "series": whole(32),
    "index": whole(40),
    "orderOfDay": whole(32),
    "at": whole(40),
    "instrument": decimal(256),
    "quantity": decimal(256),
    "price": decimal(256),
    "from": address_text,
    "to": address_text,
    "ref": decimal(256),
}

PROOF_FORM: dict[str, Any] = {
    "count": whole(40),
    "siblings": list_of(HASH_TEXT),
    "peaks": list_of(HASH_TEXT),
    "root": HASH_TEXT,
}

_FORM: dict[str, Any] = {
    "format": text(re.compile(r"[a-z0-9/-]{1,40}"), "format"),
    "chain": whole(64),
    "issuer": address_text,
    "code": text(re.compile(r"[0-9A-Z-]{0,80}"), "code"),
    "voucher": VOUCHER_FORM,
    "leaf": HASH_TEXT,
    "proof": PROOF_FORM,
    "block": {"number": whole(64), "hash": HASH_TEXT},
}


# CODES


def check_characters(text: str) -> str:
    """The two check characters of ISO/IEC 7064 MOD 1271-36; a hyphen counts 36.

    Raises:
        InputError: `text` has something else than capital letters, digits and hyphens.
    """
    value = 0
    for character in text:
        if character not in _VALUE:
            raise InputError(f"{text!r} is no code: it has capital letters, digits and hyphens only.")
        value = (value + _VALUE[character]) * 36 % 1271
    rest = (1 - value * 36) % 1271
    return _ALPHABET[rest // 36] + _ALPHABET[rest % 36]


def code_is_sound(code: str) -> bool:
    """Whether a code has the alphabet and the check characters of one. Mirror of `VoucherBook.checkCode`."""
    if len(code) < 4 or "-" in code[-2:] or any(character not in _VALUE for character in code):
        return False
    return check_characters(code[:-2]) == code[-2:]


def code_of(voucher: Voucher, rules: Sequence[CodingRules]) -> str:
    """A voucher's code by the rule version in force when it was issued. Mirror of `VoucherBook.code`.

    Args:
        voucher: Of any kind but NONE.
        rules: `CodingRules` in order of their versions.
    """
    if voucher.kind is VoucherKind.NONE:
        raise InputError("A voucher of no kind has no code.")
    if not rules:
        raise InputError("There are no coding rules.")
    rule = next((one for one in reversed(rules) if one.effective_from <= voucher.at), rules[0])
    day = datetime.fromtimestamp(civil_day(voucher.at, rule.utc_offset) * _DAY, UTC).strftime("%Y%m%d")
    instrument = voucher.instrument
    letter = "XACM"[instrument >> 80] if instrument >> 80 < 4 else "X"
    body = "-".join(
        (
            rule.scheme,
            rule.kinds[voucher.kind - 1],
            day,
            str(voucher.series),
            str(voucher.order_of_day),
            f"{letter}{instrument.vintage}",
            base36(instrument.project << 16 | instrument.series),
            str(rule.version),
        )
    )
    return f"{body}-{check_characters(body + '-')}"


def base36(value: int) -> str:
    """A number in base 36, capital letters."""
    digits = ""
    while True:
        value, digit = divmod(value, 36)
        digits = _ALPHABET[digit] + digits
        if not value:
            return digits


def civil_day(timestamp: int, offset: int) -> int:
    """Days since 1970-01-01 in a zone that is `offset` seconds east of UTC."""
    return (timestamp + offset) // _DAY


def seconds_to(day: date, offset: int = 0) -> int:
    """Unix seconds at which a civil day begins in a zone that is `offset` seconds east of UTC."""
    return (day.toordinal() - _EPOCH) * _DAY - offset


def _hex(value: bytes) -> str:
    return f"0x{value.hex()}"


def _raw(value: str) -> bytes:
    return bytes.fromhex(value[2:])


__all__ = [
    "FORMAT",
    "Anchor",
    "Mountains",
    "NoSuchVoucher",
    "Problem",
    "Voucher",
    "VoucherForged",
    "VoucherKind",
    "as_json",
    "bagged",
    "canonical",
    "certificate",
    "check",
    "check_characters",
    "civil_day",
    "climb",
    "code_is_sound",
    "code_of",
    "from_json",
    "peak_height",
    "verify",
]
