"""What the auditor reads: events with their place in the chain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from carbon_sdk.identifiers import Address


class Position(NamedTuple):
    """Where something happened. Ordered as the chain orders it."""

    block: int
    log_index: int
    transaction: str
    """Hash of the transaction, `0x…`."""

    def __str__(self) -> str:
        return f"{self.transaction} (block {self.block}, log {self.log_index})"


class Event(NamedTuple):
    """One decoded event.

    Values are int, bool, `Address`, bytes, str, and dict or tuple of these for structs and lists.
    """

    contract: str
    """Name of the contract at the address, such as `InstrumentLedger`."""
    name: str
    args: Mapping[str, Any]
    address: Address
    timestamp: int
    """Unix seconds of the block."""
    position: Position

    def __str__(self) -> str:
        said = ", ".join(f"{name}={_shown(value)}" for name, value in self.args.items())
        return f"{self.contract}.{self.name}({said})"


class RawLog(NamedTuple):
    """One log as a node gave it, in bytes."""

    block: int
    log_index: int
    transaction_index: int
    transaction: bytes
    address: bytes
    topics: bytes
    """All topics, 32 bytes each, one after the other."""
    data: bytes


class Header(NamedTuple):
    """What the store keeps of a block."""

    number: int
    hash: bytes
    parent: bytes
    timestamp: int


def _shown(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
