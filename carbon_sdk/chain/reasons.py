"""Why the contracts refused: from a node's error or a revert's data to one typed exception."""

from __future__ import annotations

import re

from carbon_sdk.chain import catalogue
from carbon_sdk.chain.abi import codec_of
from carbon_sdk.chain.endpoint import Json
from carbon_sdk.errors import (
    MalformedData,
    NodeError,
    OutOfGas,
    Panicked,
    Refused,
    RevertedSilently,
    RevertedWithReason,
)

_REASON = bytes.fromhex("08c379a0")  # Error(string)
_PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
_TEXT = codec_of(["string"])
_NUMBER = codec_of(["uint256"])
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_OUT_OF_GAS = re.compile(
    r"out ?of ?gas|oog\b|gas required exceeds|intrinsic gas too low|gas limit is too (?:low|high)", re.I
)
_REVERTED = re.compile(r"revert|invalid ?(?:fe)?opcode|invalid jump|stack (?:under|over)flow|evm error", re.I)


def reason_of(data: bytes) -> Refused:
    """The exception that revert data stands for."""
    if len(data) < 4:
        return RevertedSilently(data=data)
    selector, body = data[:4], data[4:]
    try:
        if selector == _REASON:
            return RevertedWithReason(_TEXT.decode(body, 0)[0], data=data)
        if selector == _PANIC:
            return Panicked(_NUMBER.decode(body, 0)[0], data=data)
        if entry := catalogue.error_entry(selector):
            kind, codec = entry
            return kind(*codec.decode(body, 0), data=data)
    except MalformedData:
        pass  # four bytes that only look like a known selector
    return RevertedSilently(data=data)


def refusal_in(error: NodeError) -> Refused | None:
    """The contracts' refusal inside a node's error; None if the node itself refused.

    Nodes put the data in different places: anvil, geth, besu and reth in `error.data`; others as `{"data": …}`,
    `{"result": …}` or `{"<hash>": {"return": …}}` in it, as text after "Reverted" there, or in the message.
    """
    found = _data_in(error.data)
    message = error.node_message
    if found is None and _REVERTED.search(message) and (match := re.search(r"0x[0-9a-fA-F]{8,}", message)):
        found = _bytes(match[0])
    if found:
        return reason_of(found)
    if _OUT_OF_GAS.search(message):
        return OutOfGas()
    if error.code == 3 or _REVERTED.search(message):
        text = re.search(r"(?:execution reverted|reverted with reason string)[:,]?\s*['\"]?(.+?)['\"]?$", message)
        return RevertedWithReason(text[1]) if text and found is None else RevertedSilently()
    return None


def _data_in(data: Json) -> bytes | None:
    if isinstance(data, str):
        match = _HEX.search(data)
        return _bytes(match[0]) if match else None
    if isinstance(data, dict):
        for key in ("data", "result", "output", "return", "originalError"):
            if key in data and (found := _data_in(data[key])) is not None:
                return found
        for value in data.values():
            if isinstance(value, dict) and (found := _data_in(value)) is not None:
                return found
    return None


def _bytes(text: str) -> bytes:
    digits = text[2:]
    return bytes.fromhex(digits[: len(digits) // 2 * 2])
