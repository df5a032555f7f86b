"""A salted Merkle commitment over fields and documents: the chain has 32 bytes, and each field can be shown alone.

A leaf is `sha256(0x00 ‖ name ‖ 0x00 ‖ salt ‖ sha256(content))`, a node `sha256(0x01 ‖ left ‖ right)`; leaves lie in the
order of their names, and an odd one goes up as it is. The salt keeps a short content from being guessed.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import orjson

from carbon_sdk.errors import InputError

_SALT = 32


@dataclass(frozen=True, slots=True)
class FieldProof:
    """That a record has a field with this content.

    Attributes:
        name: Of the field or document.
        content: In the clear.
        salt: Of this field; tells nothing of the others.
        path: Siblings from the leaf up; True where the sibling stands on the left.
    """

    name: str
    content: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    path: tuple[tuple[bool, bytes], ...]


@dataclass(frozen=True, slots=True)
class Record:
    """Fields and documents, with a salt for each. `of` makes one; the same content and salts give the same root.

    Attributes:
        contents: By name.
        salts: 32 bytes, by name.
    """

    contents: Mapping[str, bytes] = field(repr=False)
    salts: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        if not self.contents:
            raise InputError("A record has at least one field.")
        for name in self.contents:
            if not name or "\0" in name:
                raise InputError(f"{name!r} is no name of a field.")
        if self.contents.keys() != self.salts.keys() or any(len(salt) != _SALT for salt in self.salts.values()):
            raise InputError("Each field of a record has a salt of 32 bytes.")

    @classmethod
    def of(cls, fields: Mapping[str, str | bytes]) -> Record:
        """A record of fields (text) and documents (bytes), with fresh salts. Raises InputError."""
        contents = {name: value.encode() if isinstance(value, str) else bytes(value) for name, value in fields.items()}
        return cls(contents, {name: secrets.token_bytes(_SALT) for name in contents})

    @property
    def root(self) -> bytes:
        """The commitment: 32 bytes."""
        return _levels(self._leaves())[-1][0]

    def proof(self, name: str) -> FieldProof:
        """That this field is part of the record. Raises InputError where there is none of that name."""
        names = sorted(self.contents)
        if name not in self.contents:
            raise InputError(f"The record has no field {name!r}. It has {', '.join(names)}.")
        place = names.index(name)
        path: list[tuple[bool, bytes]] = []
        for level in _levels(self._leaves())[:-1]:
            sibling = place ^ 1
            if sibling < len(level):
                path.append((bool(place & 1), level[sibling]))
            place >>= 1
        return FieldProof(name, self.contents[name], self.salts[name], tuple(path))

    def as_bytes(self) -> bytes:
        """For storing; `from_bytes` reads it."""
        rows = {name: [self.salts[name].hex(), self.contents[name].hex()] for name in sorted(self.contents)}
        return orjson.dumps({"format": "carbon-record/1", "fields": rows})

    @classmethod
    def from_bytes(cls, data: bytes) -> Record:
        """A stored record. Raises InputError where it is none."""
        try:
            found = orjson.loads(data)
            rows = found["fields"].items() if found["format"] == "carbon-record/1" else None
            if rows is None:
                raise InputError("That is a record of another format.")
            pairs = {name: (bytes.fromhex(salt), bytes.fromhex(content)) for name, (salt, content) in rows}
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError, ValueError) as error:
            raise InputError(f"That is no record: {error}.") from None
        return cls({name: pair[1] for name, pair in pairs.items()}, {name: pair[0] for name, pair in pairs.items()})

    def _leaves(self) -> list[bytes]:
        return [_leaf(name, self.salts[name], self.contents[name]) for name in sorted(self.contents)]


def proves(proof: FieldProof, root: bytes) -> bool:
    """Whether a field is part of the record behind a commitment."""
    node = _leaf(proof.name, proof.salt, proof.content)
    for is_left, sibling in proof.path:
        node = _node(sibling, node) if is_left else _node(node, sibling)
    return node == root


def _leaf(name: str, salt: bytes, content: bytes) -> bytes:
    return sha256(b"\0" + name.encode() + b"\0" + salt + sha256(content).digest()).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _levels(leaves: list[bytes]) -> list[list[bytes]]:
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = [_node(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        levels.append(pairs + below[len(below) & ~1 :])
    return levels
