"""Fee-market transactions (EIP-1559): what is signed and the bytes that are sent."""

from __future__ import annotations

from dataclasses import dataclass

from carbon_sdk.errors import MalformedData
from carbon_sdk.identifiers import Address, checksummed, keccak


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction before it is signed. Fees are in the native coin's smallest unit for each gas."""

    chain_id: int
    nonce: int
    to: Address | None
    data: bytes
    gas: int
    max_fee: int
    priority_fee: int
    value: int = 0

    def signing_hash(self) -> bytes:
        """The 32 bytes that are signed."""
        return keccak(b"\x02" + rlp_list(self._fields()))

    def signed(self, y_parity: int, r: int, s: int) -> bytes:
        """The raw transaction with its signature."""
        return b"\x02" + rlp_list([*self._fields(), rlp_number(y_parity), rlp_number(r), rlp_number(s)])

    def as_dict(self) -> dict[str, object]:
        """In the form that eth_account, hardware wallets and JSON-RPC nodes take."""
        fields: dict[str, object] = {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": self.nonce,
            "data": "0x" + self.data.hex(),
            "gas": self.gas,
            "maxFeePerGas": self.max_fee,
            "maxPriorityFeePerGas": self.priority_fee,
            "value": self.value,
        }
        return fields if self.to is None else {**fields, "to": self.to}

    def _fields(self) -> list[bytes]:
        return [
            rlp_number(self.chain_id),
            rlp_number(self.nonce),
            rlp_number(self.priority_fee),
            rlp_number(self.max_fee),
            rlp_number(self.gas),
            rlp_bytes(bytes.fromhex(self.to[2:]) if self.to else b""),
            rlp_number(self.value),
            rlp_bytes(self.data),
            b"\xc0",
        ]


def rlp_bytes(content: bytes) -> bytes:
    """RLP of a byte string."""
    if len(content) == 1 and content[0] < 0x80:
        return content
    return _rlp_head(0x80, len(content)) + content


def rlp_number(number: int) -> bytes:
    """RLP of a non-negative whole number."""
    return rlp_bytes(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def rlp_list(encoded: list[bytes]) -> bytes:
    """RLP of a list of things already in RLP."""
    body = b"".join(encoded)
    return _rlp_head(0xC0, len(body)) + body


def created_address(creator: Address, nonce: int) -> Address:
    """Where a contract created by `creator` with its transaction number `nonce` lies."""
    return checksummed(keccak(rlp_list([rlp_bytes(bytes.fromhex(creator[2:])), rlp_number(nonce)]))[12:].hex())


def transaction_hash(raw: bytes) -> str:
    """The hash of a raw transaction, `0x…`."""
    if not raw:
        raise MalformedData("A raw transaction has bytes.")
    return "0x" + keccak(raw).hex()


def _rlp_head(base: int, length: int) -> bytes:
    if length < 56:
        return bytes((base + length,))
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((base + 55 + len(size),)) + size
