"""EIP-712: the digest of typed data in its JSON form.

Why not eth_account's: importing it takes longer than signing a thousand times, and it reads the types anew for every
message; tests check this one against it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from carbon_sdk.chain.abi import codec_of
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import keccak

Fields = tuple[tuple[str, str], ...]
"""Name and type of each."""
Types = tuple[tuple[str, Fields], ...]
"""Structs by name, sorted, so that they can be remembered."""
_Hash = Callable[[Any, str], bytes]
_DOMAIN = "EIP712Domain"


def typed_data_digest(data: Mapping[str, object]) -> bytes:
    """The 32 bytes that are signed.

    Args:
        data: `types`, `primaryType`, `domain` and `message`. Numbers are whole numbers, bytes are bytes or `0x…`.

    Raises:
        InputError: It is no EIP-712 data, or a value is not of its type.
    """
    try:
        declared: Any = data["types"]
        primary, domain, message = data["primaryType"], data["domain"], data["message"]
        types: Types = tuple(
            sorted(
                (name, tuple((field["name"], field["type"]) for field in fields)) for name, fields in declared.items()
            )
        )
    except (KeyError, TypeError, AttributeError):
        raise InputError("give types, primaryType, domain and message") from None
    if not isinstance(primary, str):
        raise InputError("primaryType is no name")
    parts = [_struct(types, _DOMAIN)(domain, "domain")]
    if primary != _DOMAIN:
        parts.append(_struct(types, primary)(message, "message"))
    return keccak(b"\x19\x01" + b"".join(parts))


@lru_cache(maxsize=256)
def _struct(types: Types, name: str) -> _Hash:
    """What hashes structs of that name."""
    known = dict(types)
    if name not in known:
        raise InputError(f"types has no {name}")
    fields = known[name]
    head = keccak(_written(known, name).encode())
    encoders = [(field, _encoder(types, kind)) for field, kind in fields]

    def hashed(value: Any, where: str) -> bytes:
        if not isinstance(value, Mapping):
            raise InputError(f"{where} is no {name}")
        parts = [head]
        for field, encode in encoders:
            if field not in value:
                raise InputError(f"{where} has no {field}")
            parts.append(encode(value[field], f"{where}.{field}"))
        return keccak(b"".join(parts))

    return hashed


def _encoder(types: Types, kind: str) -> _Hash:
    """What makes 32 bytes of a value."""
    if array := re.fullmatch(r"(.+)\[(\d*)\]", kind, re.DOTALL):
        return _array(_encoder(types, array[1]), int(array[2]) if array[2] else None)
    if any(kind == name for name, _ in types):

        def inner(value: Any, where: str) -> bytes:
            return _struct(types, kind)(value, where)  # not before: a struct may hold lists of its own kind

        return inner
    if kind == "string":
        return _string
    if kind == "bytes":
        return lambda value, where: keccak(_bytes(value, where))
    encode = codec_of([kind], [""]).encode
    if kind.startswith("bytes"):
        return lambda value, where: encode((_bytes(value, where),), where)
    return lambda value, where: encode((value,), where)


def _array(part: _Hash, length: int | None) -> _Hash:
    def hashed(value: Any, where: str) -> bytes:
        if not isinstance(value, Sequence) or isinstance(value, (str, bytes)):
            raise InputError(f"{where} is no list")
        if length is not None and len(value) != length:
            raise InputError(f"{where} has {len(value)} items, not {length}")
        return keccak(b"".join([part(item, f"{where}[{i}]") for i, item in enumerate(value)]))

    return hashed


def _string(value: Any, where: str) -> bytes:
    if not isinstance(value, str):
        raise InputError(f"{where} is no text")
    return keccak(value.encode())


def _bytes(value: Any, where: str) -> bytes:
    if isinstance(value, str) and re.fullmatch(r"0x(?:[0-9a-fA-F]{2})*", value):
        return bytes.fromhex(value[2:])
    if not isinstance(value, bytes):
        raise InputError(f"{where} is no bytes")
    return value


def _written(known: Mapping[str, Fields], name: str) -> str:
    """A struct as its type hash has it: itself, then those that it refers to, sorted."""
    others, pending = set[str](), [name]
    while pending:
        for _, kind in known[pending.pop()]:
            inner = re.sub(r"(\[\d*\])+$", "", kind)
            if inner in known and inner != name and inner not in others:
                others.add(inner)
                pending.append(inner)
    return "".join(
        f"{one}({','.join(f'{kind} {field}' for field, kind in known[one])})" for one in (name, *sorted(others))
    )
