"""What custom errors and events mean: filled by whoever knows contracts, read by whoever talks to the chain.

The chain package stands below the contracts package, so it does not import it: `carbon_sdk.contracts` announces its
tables here, and they are loaded when the first error or event arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from carbon_sdk.chain.abi import Codec
from carbon_sdk.chain.calls import Data, Event, Logged, UnknownEvent
from carbon_sdk.errors import RuleBroken
from carbon_sdk.identifiers import checksummed

EventDecoder = Callable[[Sequence[str], str], Event]
ErrorEntry = tuple[type[RuleBroken], Codec]
_K = TypeVar("_K")
_V = TypeVar("_V")

EVENTS: dict[tuple[str, int], EventDecoder] = {}
"""By first topic and number of topics (two events of one signature may differ in what is indexed)."""
ERRORS: dict[bytes, ErrorEntry] = {}
"""By selector."""

_event_sources: list[Callable[[], Mapping[tuple[str, int], EventDecoder]]] = []
_error_sources: list[Callable[[], Mapping[bytes, ErrorEntry]]] = []


def announce(
    errors: Callable[[], Mapping[bytes, ErrorEntry]], events: Callable[[], Mapping[tuple[str, int], EventDecoder]]
) -> None:
    """Say where tables can be loaded from when they are needed."""
    _error_sources.append(errors)
    _event_sources.append(events)


def error_entry(selector: bytes) -> ErrorEntry | None:
    """The exception for a custom error's selector, and how to read its arguments."""
    _load(ERRORS, _error_sources)
    return ERRORS.get(selector)


def event_decoder(topic: str, topics: int) -> EventDecoder | None:
    """The decoder of an event by its first topic and number of topics."""
    _load(EVENTS, _event_sources)
    return EVENTS.get((topic, topics))


def decode_event(topics: Sequence[str], data: str) -> Event:
    """The event that a log is, or UnknownEvent."""
    decoder = event_decoder(topics[0], len(topics)) if topics else None
    return decoder(topics, data) if decoder else UnknownEvent(tuple(topics), data)


def decode_log(log: Data) -> Logged[Event]:
    """A log as the node gives it, decoded."""
    return Logged(
        decode_event(log["topics"], log["data"]),
        checksummed(log["address"][2:].lower()),
        int(log["blockNumber"], 16),
        int(log["logIndex"], 16),
        log["transactionHash"],
        int(log["transactionIndex"], 16),
    )


def _load(table: dict[_K, _V], sources: list[Callable[[], Mapping[_K, _V]]]) -> None:
    while sources:
        table.update(sources.pop()())
