"""What can be said to a contract, before it is said: reads, acts and creations; and what it says back: events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Generic, TypeVar

from carbon_sdk.chain.abi import Codec, codec_of
from carbon_sdk.errors import MalformedData
from carbon_sdk.identifiers import Address, keccak

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound="Event")

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Function(Generic[T]):
    """One function of a contract's ABI: how to call it and what its answer means."""

    contract: str
    name: str
    signature: str
    selector: bytes
    arguments: Codec
    names: tuple[str, ...]
    result: Codec
    convert: Callable[[Any], T]

    @classmethod
    def of(
        cls,
        contract: str,
        signature: str,
        names: Sequence[str],
        outputs: Sequence[str],
        convert: Callable[[Any], T],
    ) -> Function[T]:
        """From canonical types; the selector is computed."""
        name, _, rest = signature.partition("(")
        arguments = codec_of(_types(rest[:-1]), names)
        selector = keccak(signature.encode())[:4]
        return cls(contract, name, signature, selector, arguments, tuple(names), codec_of(outputs), convert)

    def data(self, *arguments: object) -> bytes:
        """The call's input. Raises InputError where an argument does not fit."""
        return self.selector + self.arguments.encode(arguments, "")

    def on(self, to: Address, *arguments: object) -> View[T]:
        """This read, to be done later or in a batch (`Chain.read_many`)."""
        return View(to, self.data(*arguments), self)

    def act(self, to: Address, *arguments: object) -> Act[T]:
        """This call as an act, to be simulated or sent."""
        return Act(to, self.data(*arguments), self, arguments)

    def decoded(self, answer: bytes) -> T:
        """The answer's meaning. Raises MalformedData."""
        if not answer and self.result.size:
            raise MalformedData(
                f"Nothing answers {self.contract}.{self.name}: the address has no code, or another contract's. "
                "Check the deployment file and the chain."
            )
        return self.convert(self.result.decode(answer, 0))


@dataclass(frozen=True, slots=True)
class View(Generic[T_co]):
    """One read that has not been done yet."""

    to: Address
    data: bytes
    function: Function[T_co] = field(repr=False)

    def __str__(self) -> str:
        return f"{self.function.contract}.{self.function.name}"


@dataclass(frozen=True, slots=True)
class Act(Generic[T_co]):
    """One change that has not been made yet: `Sender.do` makes it, `Chain.simulate` tells what it would return.

    Attributes:
        to: The contract; None creates one.
        data: Input.
        function: What the data means; None for a bare call.
        arguments: As given, for messages.
        value: Native coin, in its smallest unit.
        gas: Limit; None lets the node estimate.
    """

    to: Address | None
    data: bytes = field(repr=False)
    function: Function[T_co] | None = field(default=None, repr=False)
    arguments: tuple[object, ...] = ()
    value: int = 0
    gas: int | None = None
    title: str = ""

    def __str__(self) -> str:
        if self.title:
            return self.title
        if self.function is None:
            return "a bare call"
        names = self.function.names
        shown = ", ".join(f"{name}={_brief(value)}" for name, value in zip(names, self.arguments, strict=False))
        return f"{self.function.contract}.{self.function.name}({shown})"


@dataclass(frozen=True, slots=True)
class Struct:
    """A Solidity struct: one frozen subclass for each; iterating gives its fields in order."""

    def __iter__(self) -> Iterator[object]:
        return (getattr(self, item.name) for item in fields(self))

    def as_dict(self) -> dict[str, object]:
        """Fields by name, in order."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(frozen=True, slots=True)
class Event:
    """What a contract recorded. One frozen subclass for each event, with its fields by name."""

    TOPIC: ClassVar[str] = ""
    SIGNATURE: ClassVar[str] = ""
    INDEXED: ClassVar[int] = 0

    def as_dict(self) -> dict[str, object]:
        """Fields by name, in the event's order."""
        return {item.name: getattr(self, item.name) for item in fields(self)}


@dataclass(frozen=True, slots=True)
class UnknownEvent(Event):
    """An event that no contract of this SDK declares."""

    topics: tuple[str, ...] = ()
    data: str = "0x"


@dataclass(frozen=True, slots=True)
class Logged(Generic[E]):
    """An event and where it stands.

    Attributes:
        event: What was recorded.
        address: The contract that recorded it.
        block: Number.
        index: Of the log in its block.
        transaction: Hash.
        position: Of the transaction in its block.
    """

    event: E
    address: Address
    block: int
    index: int
    transaction: str
    position: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the chain says of a mined transaction.

    Attributes:
        hash: Of the transaction.
        block: Number.
        block_hash: Of the block.
        position: Of the transaction in its block.
        sender: Who signed.
        to: The contract called; None for a creation.
        created: The contract created; None for a call.
        succeeded: False if it reverted.
        gas_used: Whole, intrinsic gas included.
        gas_price: Paid for each gas, in the native coin's smallest unit.
        logs: As the node gave them.
    """

    hash: str
    block: int
    block_hash: str
    position: int
    sender: Address
    to: Address | None
    created: Address | None
    succeeded: bool
    gas_used: int
    gas_price: int
    logs: tuple[Data, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Done(Generic[T_co]):
    """An act that the chain has recorded.

    Attributes:
        result: What the call returned when it was simulated just before it was sent; take what the chain recorded from
            `events` where somebody else's act may have come between.
        logged: Its events with their places, in order.
        receipt: From the node.
    """

    result: T_co
    logged: tuple[Logged[Event], ...]
    receipt: Receipt

    @property
    def events(self) -> tuple[Event, ...]:
        """Its events, in order."""
        return tuple(item.event for item in self.logged)

    @property
    def transaction_hash(self) -> str:
        """Of the transaction, `0x…`."""
        return self.receipt.hash

    @property
    def block(self) -> int:
        """Number of its block."""
        return self.receipt.block

    @property
    def gas_used(self) -> int:
        """Whole, intrinsic gas included."""
        return self.receipt.gas_used

    def all(self, kind: type[E]) -> tuple[E, ...]:
        """Its events of one kind, in order."""
        return tuple(event for event in self.events if isinstance(event, kind))

    def first(self, kind: type[E]) -> E:
        """Its first event of one kind.

        Raises:
            MalformedData: There is none: another version of the contract answered.
        """
        for event in self.events:
            if isinstance(event, kind):
                return event
        raise MalformedData(
            f"Transaction {self.transaction_hash} recorded no {kind.__name__}. "
            "Check that the contract's version is this SDK's."
        )

    def __iter__(self) -> Iterator[Event]:
        return iter(self.events)


def _types(inner: str) -> list[str]:
    from carbon_sdk.chain.abi import _split

    return _split(inner)


def _brief(value: object) -> str:
    text = f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
    return text if len(text) <= 70 else f"{text[:67]}…"
