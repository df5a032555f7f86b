"""The contract ABI's encoding, compiled once for each type.

Why not eth_abi: it takes 250 ms to import and tens of microseconds a value; tests check this one against it.
Values: int for integers and enumerations, EIP-55 text for addresses, bytes for bytesN and bytes, str, bool, tuples for
structs and arrays. A float, a value out of range or bytes of the wrong length is refused before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from carbon_sdk.errors import FloatRefused, InputError, MalformedData
from carbon_sdk.identifiers import address as to_address
from carbon_sdk.identifiers import checksummed

AbiItem = Mapping[str, Any]
"""One entry of a JSON ABI, or one of its parameters."""


class Codec(NamedTuple):
    """How one type is written and read."""

    dynamic: bool
    size: int
    """Bytes that it takes in its tuple's head."""
    encode: Callable[[Any, str], bytes]
    """From the value and the name that an error shall call it."""
    decode: Callable[[bytes, int], Any]
    """From all the data and the place where this value's encoding starts."""


def canonical_type(parameter: AbiItem) -> str:
    """The type as signatures write it: structs as `(uint256,address)`."""
    kind: str = parameter["type"]
    if kind.startswith("tuple"):
        inner = ",".join(canonical_type(part) for part in parameter["components"])
        return f"({inner}){kind[5:]}"
    return kind


def signature(item: AbiItem) -> str:
    """`name(type,…)` of a function, event or error."""
    return f"{item['name']}({','.join(canonical_type(part) for part in item['inputs'])})"


def codec_of(types: Iterable[str], names: Iterable[str] = ()) -> Codec:
    """The codec of a list of values, such as a function's arguments, from canonical types."""
    return _tuple_codec(tuple(types), tuple(names))


@lru_cache(maxsize=4096)
def _codec(kind: str) -> Codec:
    if array := re.fullmatch(r"(.+)\[(\d*)\]", kind, re.DOTALL):
        inner, length = array.groups()
        return _array(_codec(inner), int(length) if length else None)
    if kind.startswith("("):
        return _tuple_codec(tuple(_split(kind[1:-1])), ())
    if match := re.fullmatch(r"(u?)int(\d+)", kind):
        return _unsigned(int(match[2])) if match[1] else _signed(int(match[2]))
    if match := re.fullmatch(r"bytes(\d+)", kind):
        return _fixed_bytes(int(match[1]))
    simple = {"address": _ADDRESS, "bool": _BOOL, "bytes": _BYTES, "string": _STRING}
    if kind not in simple:
        raise InputError(f"The ABI type {kind} is not supported.")
    return simple[kind]


@lru_cache(maxsize=4096)
def _tuple_codec(types: tuple[str, ...], names: tuple[str, ...]) -> Codec:
    parts = tuple(_codec(kind) for kind in types)
    labels = names or tuple(str(i) for i in range(len(parts)))
    head_size = sum(part.size for part in parts)
    dynamic = any(part.dynamic for part in parts)
    encoders = tuple((part.dynamic, part.encode, label) for part, label in zip(parts, labels, strict=True))
    places: list[tuple[bool, int, Callable[[bytes, int], Any]]] = []
    at = 0
    for part in parts:
        places.append((part.dynamic, at, part.decode))
        at += part.size

    def encode(value: Any, name: str) -> bytes:
        if is_dataclass(value):
            value = tuple(value)  # type: ignore[arg-type] # a Struct, which stands above this module, can be iterated
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes)) or len(value) != len(encoders):
            raise InputError(f"{name or 'arguments'}: give {len(encoders)} values.")
        head: list[bytes] = []
        tail: list[bytes] = []
        offset = head_size
        prefix = f"{name}." if name else ""
        for (is_dynamic, encode_part, label), item in zip(encoders, value, strict=True):
            encoded = encode_part(item, prefix + label)
            if is_dynamic:
                head.append(offset.to_bytes(32, "big"))
                tail.append(encoded)
                offset += len(encoded)
            else:
                head.append(encoded)
        return b"".join(head) + b"".join(tail)

    def decode(data: bytes, base: int) -> Any:
        return tuple(
            [
                read(data, base + (_offset(data, base + place) if is_dynamic else place))
                for is_dynamic, place, read in places
            ]
        )

    return Codec(dynamic, 32 if dynamic else head_size, encode, decode)


def _array(part: Codec, length: int | None) -> Codec:
    step = part.size

    def encode(value: Any, name: str) -> bytes:
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
            raise InputError(f"{name}: give a list.")
        if length is not None and len(value) != length:
            raise InputError(f"{name}: give {length} values, not {len(value)}.")
        items = [part.encode(item, f"{name}[{i}]") for i, item in enumerate(value)]
        start = b"" if length is not None else len(items).to_bytes(32, "big")
        if not part.dynamic:
            return start + b"".join(items)
        head, offset = [], 32 * len(items)
        for item in items:
            head.append(offset.to_bytes(32, "big"))
            offset += len(item)
        return start + b"".join(head) + b"".join(items)

    def decode(data: bytes, base: int) -> Any:
        count = length
        if count is None:
            count, base = _offset(data, base), base + 32
            if count * step > len(data):
                raise MalformedData(
                    "A list's length is beyond the data. Check that the contract's version is this SDK's."
                )
        if part.dynamic:
            return tuple([part.decode(data, base + _offset(data, base + 32 * i)) for i in range(count)])
        return tuple([part.decode(data, base + step * i) for i in range(count)])

    dynamic = length is None or part.dynamic
    return Codec(dynamic, 32 if dynamic else step * (length or 0), encode, decode)


def _unsigned(bits: int) -> Codec:
    limit = 1 << bits

    def encode(value: Any, name: str) -> bytes:
        if type(value) is not int:
            value = _whole(value, name)
        if not 0 <= value < limit:
            raise InputError(f"{name} is {value}; it must be 0 to {limit - 1} (uint{bits}).")
        return int.to_bytes(value, 32, "big")

    return Codec(False, 32, encode, _read_unsigned)


def _signed(bits: int) -> Codec:
    limit = 1 << (bits - 1)

    def encode(value: Any, name: str) -> bytes:
        value = _whole(value, name)
        if not -limit <= value < limit:
            raise InputError(f"{name} is {value}; it must be {-limit} to {limit - 1} (int{bits}).")
        return int.to_bytes(value, 32, "big", signed=True)

    def decode(data: bytes, at: int) -> int:
        return int.from_bytes(_word(data, at), "big", signed=True)

    return Codec(False, 32, encode, decode)


def _fixed_bytes(size: int) -> Codec:
    def encode(value: Any, name: str) -> bytes:
        if not isinstance(value, bytes) or len(value) != size:
            raise InputError(f"{name}: give {size} bytes.")
        return value.ljust(32, b"\0")

    def decode(data: bytes, at: int) -> bytes:
        return _word(data, at)[:size]

    return Codec(False, 32, encode, decode)


def _whole(value: Any, name: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        raise FloatRefused(name, value)
    raise InputError(f"{name} is a {type(value).__name__}: give a whole number.")


def _read_unsigned(data: bytes, at: int) -> int:
    word = data[at : at + 32]
    if len(word) != 32:
        raise _short()
    return int.from_bytes(word, "big")


def _word(data: bytes, at: int) -> bytes:
    word = data[at : at + 32]
    if len(word) != 32:
        raise _short()
    return word


def _offset(data: bytes, at: int) -> int:
    offset = _read_unsigned(data, at)
    if offset > len(data):
        raise _short()
    return offset


def _short() -> MalformedData:
    return MalformedData(
        "The answer is shorter than its ABI says. Check the address, and that the contract's version is this SDK's."
    )


def _encode_address(value: Any, name: str) -> bytes:
    if not isinstance(value, str):
        raise InputError(f"{name} is a {type(value).__name__}: give an address as text.")
    try:
        return bytes.fromhex(to_address(value)[2:]).rjust(32, b"\0")
    except InputError as error:
        raise InputError(f"{name}: {error}") from None


def _decode_address(data: bytes, at: int) -> str:
    return checksummed(_word(data, at)[12:].hex())


def _encode_bool(value: Any, name: str) -> bytes:
    if not isinstance(value, bool):
        raise InputError(f"{name} is a {type(value).__name__}: give True or False.")
    return int(value).to_bytes(32, "big")


def _encode_bytes(value: Any, name: str) -> bytes:
    if not isinstance(value, bytes):
        raise InputError(f"{name} is a {type(value).__name__}: give bytes.")
    return len(value).to_bytes(32, "big") + value + b"\0" * (-len(value) % 32)


def _decode_bytes(data: bytes, at: int) -> bytes:
    length = _offset(data, at)
    content = data[at + 32 : at + 32 + length]
    if len(content) != length:
        raise _short()
    return content


def _encode_string(value: Any, name: str) -> bytes:
    if not isinstance(value, str):
        raise InputError(f"{name} is a {type(value).__name__}: give text.")
    return _encode_bytes(value.encode(), name)


_ADDRESS = Codec(False, 32, _encode_address, _decode_address)
_BOOL = Codec(False, 32, _encode_bool, lambda data, at: _read_unsigned(data, at) != 0)
_BYTES = Codec(True, 32, _encode_bytes, _decode_bytes)
_STRING = Codec(True, 32, _encode_string, lambda data, at: _decode_bytes(data, at).decode(errors="replace"))


def _split(types: str) -> list[str]:
    """`uint256,(address,bool)[]` at the commas that stand outside brackets."""
    parts: list[str] = []
    depth, start = 0, 0
    for i, char in enumerate(types):
        depth += (char == "(") - (char == ")")
        if char == "," and depth == 0:
            parts.append(types[start:i])
            start = i + 1
    return [*parts, types[start:]] if types else []
