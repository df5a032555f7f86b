"""What generated contract classes have in common, and the compiled artifacts that the wheel carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from importlib.resources import files
from typing import Any, ClassVar, Protocol, TypeVar

import orjson

from carbon_sdk.chain.abi import codec_of
from carbon_sdk.chain.calls import Act, Function, View
from carbon_sdk.errors import InputError, MalformedData
from carbon_sdk.identifiers import Address, keccak

T = TypeVar("T")
BlockTag = int | str


class Reader(Protocol):
    """Whatever can do a read: a chain."""

    def read(self, view: View[T], *, block: BlockTag = "latest") -> T:
        """Do one read."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract.

    Attributes:
        name: Of the contract.
        source: Its file in `contracts/`.
        abi: As the compiler wrote it, sorted.
        bytecode: What creates it, before constructor arguments.
        deployed_bytecode: What lies on the chain, with zeros for immutables.
        immutables: (start, length) of each place that its constructor fills.
        compiler: Version and settings.
    """

    name: str
    source: str
    abi: tuple[Mapping[str, Any], ...] = field(repr=False)
    bytecode: bytes = field(repr=False)
    deployed_bytecode: bytes = field(repr=False)
    immutables: tuple[tuple[int, int], ...] = field(repr=False)
    compiler: Mapping[str, Any] = field(repr=False)

    @property
    def code_hash(self) -> str:
        """Keccak-256 of the deployed code with zeros for immutables; the same for every instance of a version."""
        return "0x" + keccak(self.deployed_bytecode).hex()

    def hash_of(self, code: bytes) -> str:
        """Keccak-256 of code from a chain, with its immutables zeroed; equals `code_hash` if it is this contract."""
        blank = bytearray(code)
        for start, length in self.immutables:
            blank[start : start + length] = bytes(len(blank[start : start + length]))
        return "0x" + keccak(bytes(blank)).hex()


@lru_cache
def artifact(name: str) -> Artifact:
    """The compiled contract of that name.

    Raises:
        InputError: The SDK ships none.
    """
    try:
        content = orjson.loads((files("carbon_sdk.contracts") / "artifacts" / f"{name}.json").read_bytes())
    except FileNotFoundError:
        raise InputError(f"This SDK ships no contract {name}. Run `make build` if you have just written it.") from None
    return parse_artifact(content)


def parse_artifact(content: Mapping[str, Any]) -> Artifact:
    """An artifact from the JSON form in which the wheel has it."""
    if content.get("linkReferences"):
        raise InputError(f"{content['contract']} needs a linked library; the suite has none.")
    return Artifact(
        content["contract"],
        content["source"],
        tuple(content["abi"]),
        bytes.fromhex(content["bytecode"].removeprefix("0x")),
        bytes.fromhex(content["deployedBytecode"].removeprefix("0x")),
        tuple((start, length) for start, length in content["immutableReferences"]),
        content["compiler"],
    )


class Contract:
    """One contract at one address. Reads are done at once; what changes something is an Act, to be handed to a sender.

    Args:
        chain: Where to read; None if only acts are wanted.
        address: Of the contract.
    """

    NAME: ClassVar[str] = ""

    def __init__(self, chain: Reader | None, address: Address) -> None:
        self._chain = chain
        self.address = address

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and hash(other) == hash(self)

    def __hash__(self) -> int:
        return hash((type(self), self.address))

    def _read(self, function: Function[T], *arguments: object, block: BlockTag = "latest") -> T:
        if self._chain is None:
            raise InputError(f"{self!r} was made without a chain to read from.")
        return self._chain.read(function.on(self.address, *arguments), block=block)

    def _act(self, function: Function[T], *arguments: object, value: int = 0) -> Act[T]:
        return Act(self.address, function.data(*arguments), function, arguments, value)

    @classmethod
    def _creation(cls, kinds: Sequence[str], names: Sequence[str], values: Sequence[object]) -> Act[bytes]:
        code = artifact(cls.NAME).bytecode + codec_of(kinds, names).encode(values, "")
        return Act(None, code, title=f"create {cls.NAME}")


def contract_class(name: str) -> type[Contract]:
    """The generated class of a contract.

    Raises:
        InputError: The SDK has none of that name.
    """
    from carbon_sdk.contracts.generated import MODULES

    if name not in MODULES:
        raise InputError(f"This SDK knows no contract {name}.")
    found: type[Contract] = getattr(import_module(f"carbon_sdk.contracts.generated.{MODULES[name]}"), name)
    return found


def short_event(topic: str) -> MalformedData:
    """The error for a log whose data is too short."""
    return MalformedData(f"A log with topic {topic} has less data than its event. Another contract wrote it.")
