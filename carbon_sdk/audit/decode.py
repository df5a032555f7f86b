"""Decoders of events, compiled from the ABI: for each event one function that slices words.

This is the auditor's own reading of the ABI. It shares nothing with the code that acts, so that a mistake there cannot
hide here. A log that is not exactly what its ABI says (its length, a number wider than its type, a dirty address) is
refused with `MalformedLog`; it is never half read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from carbon_sdk.errors import CarbonError
from carbon_sdk.identifiers import checksummed, keccak

Abi = Sequence[Mapping[str, Any]]
"""A contract's JSON ABI."""

_EXACT_IN_JSON = 53
"""Integers of types up to so many bits are JSON numbers; wider ones are decimal text, whatever their value."""


class MalformedLog(CarbonError):
    """A log is not what the ABI says: another version of the contract, or a node that invents.

    Attributes:
        event: Signature of the event that the topic names.
    """

    exit_code = 4

    def __init__(self, event: str, what: str) -> None:
        self.event = event
        super().__init__(f"A log of {event} is malformed: {what}. Check that the ABI is the deployed version's.")


class EventDecoder(NamedTuple):
    """How one event is read."""

    name: str
    signature: str
    topic: bytes
    fields: tuple[str, ...]
    decode: Callable[[bytes, bytes], dict[str, Any]]
    """From topics (one after the other, the event's own first) and data to values by name."""
    as_json: Callable[[bytes, bytes], dict[str, Any]]
    """The same with values that JSON holds exactly: wide integers as decimal text, bytes as `0x…`."""


class Decoders:
    """The decoders of a suite of contracts.

    Args:
        abis: Contract's name → its ABI.
        common: Names of ABIs whose events any address may emit, such as the proxy's.
    """

    def __init__(self, abis: Mapping[str, Abi], common: Iterable[str] = ("GovernedProxy",)) -> None:
        self._by_contract = {name: _decoders_of(abi) for name, abi in abis.items()}
        self._common = {topic: decoder for name in common for topic, decoder in self._by_contract.get(name, {}).items()}

    @property
    def contracts(self) -> tuple[str, ...]:
        """Names of the contracts, sorted."""
        return tuple(sorted(self._by_contract))

    def of(self, contract: str, topic: bytes) -> EventDecoder | None:
        """The decoder for a topic of a contract; None where the ABI has no such event."""
        return self._by_contract.get(contract, {}).get(topic) or self._common.get(topic)

    def by_signature(self, contract: str, signature: str) -> EventDecoder | None:
        """The decoder for an event by its signature, such as `Frozen(address,uint256,uint256)`."""
        return self.of(contract, keccak(signature.encode()))

    def events_of(self, contract: str) -> tuple[EventDecoder, ...]:
        """All events of a contract, by name."""
        return tuple(sorted(self._by_contract.get(contract, {}).values(), key=lambda decoder: decoder.signature))


def load_abis(folder: Path) -> dict[str, Abi]:
    """ABIs by contract from a folder of `Name.json` files, or from forge's `Name.sol/Name.json`.

    Interfaces and libraries are passed over where forge's layout has them, unless a file stands directly in `folder`.
    """
    abis: dict[str, Abi] = {}
    for path in sorted([*folder.glob("*.json"), *folder.glob("*.sol/*.json")]):
        document = json.loads(path.read_bytes())
        abi = document if isinstance(document, list) else document.get("abi") if isinstance(document, dict) else None
        if isinstance(abi, list):
            abis.setdefault(path.stem, abi)
    return abis


def signature_of(item: Mapping[str, Any]) -> str:
    """`Name(type,…)` of an ABI entry."""
    return f"{item['name']}({','.join(type_of(part) for part in item['inputs'])})"


def type_of(parameter: Mapping[str, Any]) -> str:
    """A parameter's canonical type; structs as `(type,…)`."""
    kind: str = parameter["type"]
    if kind.startswith("tuple"):
        return f"({','.join(type_of(part) for part in parameter['components'])}){kind[5:]}"
    return kind


class ViewCodec:
    """How one view is asked and its answer read, from the ABI.

    Args:
        item: Its entry in the ABI. Arguments are of static types; a struct's fields are given as a tuple.
    """

    def __init__(self, item: Mapping[str, Any]) -> None:
        self.signature = signature_of(item)
        self._selector = keccak(self.signature.encode())[:4]
        self._inputs = [kind for part in item["inputs"] for kind in _words_of(part)]
        self._outputs = [{**part, "name": part.get("name") or str(i)} for i, part in enumerate(item["outputs"])]

    def ask(self, *arguments: object) -> str:
        """The call's data as `0x…`."""
        words = [_word_of(kind, value) for kind, value in zip(self._inputs, _flat(arguments), strict=True)]
        return f"0x{(self._selector + b''.join(words)).hex()}"

    def answer(self, data: bytes) -> Any:
        """The answer: a struct's or several values as a dict by name (or place), one value as itself."""
        values = _dynamic(self.signature, self._outputs)(data)
        if len(values) == 1:
            return values[0]
        return {part["name"]: value for part, value in zip(self._outputs, values, strict=True)}


def views_of(abi: Abi) -> dict[str, ViewCodec]:
    """The views of a contract by name; of overloaded ones the first."""
    views: dict[str, ViewCodec] = {}
    for item in abi:
        is_view = item.get("type") == "function" and item.get("stateMutability") in ("view", "pure")
        if is_view and all(_is_word(kind) for part in item["inputs"] for kind in _words_of(part)):
            views.setdefault(item["name"], ViewCodec(item))
    return views


def _words_of(part: Mapping[str, Any]) -> Iterator[str]:
    """Types of a parameter, of a struct those of its fields: static ones lie one after the other."""
    if part["type"] != "tuple":
        yield part["type"]
        return
    for inner in part["components"]:
        yield from _words_of(inner)


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, tuple):
            yield from _flat(value)
        else:
            yield value


def _word_of(kind: str, value: Any) -> bytes:
    if kind == "address":
        return bytes.fromhex(value[2:]).rjust(32, b"\0")
    if kind.startswith("bytes"):
        return bytes(value).ljust(32, b"\0")
    return int(value).to_bytes(32, "big", signed=kind.startswith("int"))


def _decoders_of(abi: Abi) -> dict[bytes, EventDecoder]:
    decoders = (_compile(item) for item in abi if item.get("type") == "event" and not item.get("anonymous"))
    return {decoder.topic: decoder for decoder in decoders}


def _compile(item: Mapping[str, Any]) -> EventDecoder:
    signature = signature_of(item)
    inputs: Sequence[Mapping[str, Any]] = item["inputs"]
    names = tuple(part.get("name") or f"arg{i}" for i, part in enumerate(inputs))
    indexed = [part for part in inputs if part.get("indexed")]
    plain = [part for part in inputs if not part.get("indexed")]
    static = all(_words(part) for part in plain)
    size = 32 * sum(_words(part) for part in plain) if static else 0

    builds: dict[bool, str] = {}
    for as_json in (False, True):
        entries, topic, word = [], 1, 0
        for name, part in zip(names, inputs, strict=True):
            if part.get("indexed"):
                source = _leaf(part["type"] if _is_word(part["type"]) else "bytes32", "t", topic, as_json)
                topic += 1
            elif static:
                source, word = _sliced(part, word, as_json)
            else:
                source = f"{'J' if as_json else ''}V[{word}]"
                word += 1
            entries.append(f"{name!r}: {source}")
        builds[as_json] = "{" + ", ".join(entries) + "}"

    topics_size = 32 * (1 + len(indexed))
    length = f"len(d) != {size}" if static else f"len(d) < {32 * len(plain)}"
    source = f"""
def decode(t, d):
    if len(t) != {topics_size}:
        raise MalformedLog(SIGNATURE, f"{{len(t) // 32}} topics, {topics_size // 32} expected")
    if {length}:
        raise MalformedLog(SIGNATURE, f"{{len(d)}} bytes of data, {size} expected")
    {"" if static else "V = dynamic(d)"}
    return {builds[False]}

def as_json(t, d):
    if len(t) != {topics_size}:
        raise MalformedLog(SIGNATURE, f"{{len(t) // 32}} topics, {topics_size // 32} expected")
    if {length}:
        raise MalformedLog(SIGNATURE, f"{{len(d)}} bytes of data, {size} expected")
    {"" if static else "JV = [jsonable(v, k) for v, k in zip(dynamic(d), KINDS)]"}
    return {builds[True]}
"""
    scope: dict[str, Any] = {
        "MalformedLog": MalformedLog,
        "SIGNATURE": signature,
        "KINDS": plain,
        "dynamic": _dynamic(signature, plain),
        "jsonable": _jsonable,
        "I": int.from_bytes,
        "U": _narrow(signature),
        "S": _signed(signature),
        "A": _Addresses(signature),
        "B": _bool(signature),
        "F": _fixed(signature),
    }
    # The source is made of names and numbers from the ABI; names are quoted by repr.
    exec(compile(source, f"<event {signature}>", "exec"), scope)  # noqa: S102
    return EventDecoder(item["name"], signature, keccak(signature.encode()), names, scope["decode"], scope["as_json"])


def _is_word(kind: str) -> bool:
    return kind not in ("bytes", "string") and not kind.startswith("tuple") and not kind.endswith("]")


def _words(part: Mapping[str, Any]) -> int:
    """Words that a static parameter takes; 0 when it is dynamic."""
    kind: str = part["type"]
    if array := re.fullmatch(r"(.+)\[(\d*)\]", kind):
        inner = _words({**part, "type": array[1]})
        return inner * int(array[2]) if array[2] else 0
    if kind == "tuple":
        inside = [_words(component) for component in part["components"]]
        return sum(inside) if all(inside) else 0
    return 0 if kind in ("bytes", "string") else 1


def _sliced(part: Mapping[str, Any], word: int, as_json: bool) -> tuple[str, int]:
    kind: str = part["type"]
    if array := re.fullmatch(r"(.+)\[(\d+)\]", kind):
        items = []
        for _ in range(int(array[2])):
            source, word = _sliced({**part, "type": array[1]}, word, as_json)
            items.append(source)
        inside = "".join(f"{item}, " for item in items)
        return (f"[{inside}]" if as_json else f"({inside})"), word
    if kind == "tuple":
        entries = []
        for i, component in enumerate(part["components"]):
            source, word = _sliced(component, word, as_json)
            entries.append(f"{component.get('name') or f'arg{i}'!r}: {source}")
        return "{" + ", ".join(entries) + "}", word
    return _leaf(kind, "d", word, as_json), word + 1


def _leaf(kind: str, where: str, word: int, as_json: bool) -> str:
    at = f"{where}[{32 * word}:{32 * word + 32}]"
    if kind == "address":
        return f"A[{at}]"
    if kind == "bool":
        return f"B({at})"
    if match := re.fullmatch(r"(u?)int(\d*)", kind):
        bits = int(match[2] or 256)
        number = f"I({at}, 'big')" if match[1] and bits == 256 else f"{'U' if match[1] else 'S'}({at}, {bits})"
        return f"str({number})" if as_json and bits > _EXACT_IN_JSON else number
    if match := re.fullmatch(r"bytes(\d+)", kind):
        fixed = at if match[1] == "32" else f"F({at}, {match[1]})"
        return f"'0x' + {fixed}.hex()" if as_json else fixed
    raise CarbonError(f"The ABI type {kind} is not supported in events.")


def _narrow(signature: str) -> Callable[[bytes, int], int]:
    def read(word: bytes, bits: int) -> int:
        value = int.from_bytes(word, "big")
        if value >> bits:
            raise MalformedLog(signature, f"{value} is no uint{bits}")
        return value

    return read


def _signed(signature: str) -> Callable[[bytes, int], int]:
    def read(word: bytes, bits: int) -> int:
        value = int.from_bytes(word, "big", signed=True)
        if not -(1 << bits - 1) <= value < 1 << bits - 1:
            raise MalformedLog(signature, f"{value} is no int{bits}")
        return value

    return read


_NOTHING_BEFORE = bytes(12)
_REMEMBERED = 20_000


class _Addresses(dict[bytes, str]):
    """Words to addresses, remembered: a market's accounts come again and again."""

    def __init__(self, signature: str) -> None:
        super().__init__()
        self._signature = signature

    def __missing__(self, word: bytes) -> str:
        if word[:12] != _NOTHING_BEFORE:
            raise MalformedLog(self._signature, f"0x{word.hex()} is no address")
        if len(self) > _REMEMBERED:
            self.clear()
        found = self[word] = checksummed(word[12:].hex())
        return found


def _bool(signature: str) -> Callable[[bytes], bool]:
    def read(word: bytes) -> bool:
        value = int.from_bytes(word, "big")
        if value > 1:
            raise MalformedLog(signature, f"{value} is no bool")
        return value == 1

    return read


def _fixed(signature: str) -> Callable[[bytes, int], bytes]:
    def read(word: bytes, size: int) -> bytes:
        if any(word[size:]):
            raise MalformedLog(signature, f"0x{word.hex()} is no bytes{size}")
        return word[:size]

    return read


def _dynamic(signature: str, parts: Sequence[Mapping[str, Any]]) -> Callable[[bytes], list[Any]]:
    """Data with lists or text: rare, so a library of others reads it."""
    types = [type_of(part) for part in parts]

    def read(data: bytes) -> list[Any]:
        from eth_abi.abi import decode
        from eth_abi.exceptions import DecodingError

        try:
            values = decode(types, data)
        except (DecodingError, UnicodeDecodeError, OverflowError) as error:
            raise MalformedLog(signature, str(error)) from None
        return [_named(value, part) for value, part in zip(values, parts, strict=True)]

    return read


def _named(value: Any, part: Mapping[str, Any]) -> Any:
    kind: str = part["type"]
    if array := re.fullmatch(r"(.+)\[\d*\]", kind):
        return tuple(_named(item, {**part, "type": array[1]}) for item in value)
    if kind == "tuple":
        return {
            component.get("name") or f"arg{i}": _named(item, component)
            for i, (item, component) in enumerate(zip(value, part["components"], strict=True))
        }
    return checksummed(value[2:].lower()) if kind == "address" else value


def _jsonable(value: Any, part: Mapping[str, Any]) -> Any:
    kind: str = part["type"]
    if array := re.fullmatch(r"(.+)\[\d*\]", kind):
        return [_jsonable(item, {**part, "type": array[1]}) for item in value]
    if kind == "tuple":
        return {
            name: _jsonable(item, component)
            for (name, item), component in zip(value.items(), part["components"], strict=True)
        }
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if match := re.fullmatch(r"u?int(\d*)", kind):
        return str(value) if int(match[1] or 256) > _EXACT_IN_JSON else value
    return value
