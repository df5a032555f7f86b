"""What people write on the command line, made into what actors take; one converter for each type of parameter."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

import orjson

from carbon_sdk.actors.values import Digest, Moment
from carbon_sdk.deployment.misconduct import Misconduct
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, BlockMarketId, BoardId, InstrumentId, MarketId, OrderId, QuoteId, address
from carbon_sdk.units import Money, Quantity, Ticks, money, scaled

if TYPE_CHECKING:
    from carbon_sdk.actors.quotes import BlockMarketReader, BoardReader
    from carbon_sdk.actors.views import MarketReader
    from carbon_sdk.identity.attestation import Credentials
    from carbon_sdk.scheme import Scheme

MONEY_DECIMALS = 2
Given = Mapping[str, Any]
"""What was converted already, by parameter: a price needs its market."""
_MONEY = Union[Money, Quantity]  # noqa: UP007 -- compared with hints, which are unions
_BOARD, _BLOCK_MARKET, _QUOTE = Union[BoardId, int], Union[BlockMarketId, int], Union[QuoteId, int]  # noqa: UP007
_KIND = Union[Misconduct, int]  # noqa: UP007
_INSTRUMENT, _MARKET, _ORDER = Union[InstrumentId, int], Union[MarketId, int], Union[OrderId, int]  # noqa: UP007


def convert(scheme: Scheme, name: str, hint: Any, text: str, given: Given) -> Any:
    """One value.

    Args:
        scheme: Knows names of instruments and markets.
        name: Of the parameter, for errors.
        hint: Its type.
        text: As written.
        given: Parameters before it.

    Raises:
        InputError: It cannot be meant.
    """
    if Ticks in get_args(hint):
        return _market_of(scheme, given).ticks(text, _decimals(scheme, {}))
    if type(None) in get_args(hint):
        hint = Union[tuple(part for part in get_args(hint) if part is not type(None))]  # noqa: UP007
    if member := next((part for part in get_args(hint) if isinstance(part, type) and issubclass(part, IntEnum)), None):
        return _member(member, name, text)
    if hint == _MONEY:
        return money(text, _decimals(scheme, given), name=name)
    for known, reader in _READERS:
        if hint == known:
            return reader(scheme, name, text)
    if isinstance(hint, type) and issubclass(hint, IntFlag):
        return _flags(hint, name, text)
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return _member(hint, name, text)
    if get_origin(hint) in (Sequence, Iterable) and _is_simple(get_args(hint)[0]):
        return [convert(scheme, name, get_args(hint)[0], part.strip(), given) for part in text.split(",")]
    return _structured(name, hint, _json(name, text))


def _market_of(scheme: Scheme, given: Given) -> MarketReader | BoardReader | BlockMarketReader:
    """Whose ticks a price is in."""
    if "board" in given:
        return scheme.board(given["board"])
    if "block_market" in given:
        return scheme.block_market(given["block_market"])
    if "order" in given:
        return scheme.market(given["order"].market)
    return scheme.market(given["market"])


def placeholder(name: str, hint: Any) -> str:
    """What help shows in a value's place."""
    flat = [part for part in get_args(hint) if part is not type(None)] or [hint]
    if any(is_dataclass(part) for part in flat):
        return f"{name.upper()}.json"
    return name.upper()


def _is_simple(hint: Any) -> bool:
    plain = (int, bytes, str, Address, InstrumentId, OrderId, _ORDER)
    return hint in plain or (isinstance(hint, type) and issubclass(hint, IntEnum))


def _digest(scheme: Scheme, name: str, text: str) -> Digest:
    if not text.startswith("@"):
        return text
    return _content(name, Path(text[1:]))


def _content(name: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{name}: {path} cannot be read: {error.strerror}.") from None


def _moment(scheme: Scheme, name: str, text: str) -> Moment:
    return seconds_of(name, text)


def seconds_of(name: str, text: str) -> Moment:
    """A time as people write it. Raises InputError."""
    if re.fullmatch(r"\d+", text):
        return int(text)
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InputError(
            f"{name} {text!r} is no time: give 2022-03-31T23:59:59+01:00, or whole Unix seconds."
        ) from None


def _day(scheme: Scheme, name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{name} {text!r} is no civil day: give 2021-12-31.") from None


def _bytes(scheme: Scheme, name: str, text: str) -> bytes:
    if not re.fullmatch(r"0x([0-9a-fA-F]{2})*", text):
        raise InputError(f"{name} {text!r} is no 0x… text.")
    return bytes.fromhex(text[2:])


def _bool(scheme: Scheme, name: str, text: str) -> bool:
    if text.lower() not in ("yes", "no", "true", "false"):
        raise InputError(f"{name} is {text!r}: give yes or no.")
    return text.lower() in ("yes", "true")


def decimals_of(scheme: Scheme) -> int:
    """Of the main money."""
    return _decimals(scheme, {})


def _decimals(scheme: Scheme, given: Given) -> int:
    """Of the money that is meant, the main money unless one was given: those of the token that backs it."""
    from carbon_sdk.actors.token_money import backing_of
    from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger

    instrument = given.get("instrument") or scheme.contract(InstrumentLedger).main_money()
    backing = backing_of(scheme, instrument)
    return backing.decimals if int(backing.token, 16) else MONEY_DECIMALS


def _market(scheme: Scheme, name: str, text: str) -> MarketId:
    return scheme.market(int(text) if re.fullmatch(r"\d+", text) else text).number


def _board(scheme: Scheme, name: str, text: str) -> BoardId:
    return scheme.board(int(text) if re.fullmatch(r"\d+", text) else text).number


def _block_market(scheme: Scheme, name: str, text: str) -> BlockMarketId:
    return scheme.block_market(int(text) if re.fullmatch(r"\d+", text) else text).number


def instrument_of(scheme: Scheme, text: str) -> InstrumentId:
    """An instrument by its name, its readable form or its number. Raises InputError."""
    return _instrument(scheme, "instrument", text)


def _instrument(scheme: Scheme, name: str, text: str) -> InstrumentId:
    if text in scheme.deployment.instruments:
        return InstrumentId(scheme.deployment.instruments[text])
    if "/" not in text and not re.fullmatch(r"0x[0-9a-fA-F]+|[0-9]+", text):
        names = ", ".join(scheme.deployment.instruments)
        raise InputError(f"{text!r} is no instrument of {scheme.deployment.scheme}. Instruments are {names}.")
    return InstrumentId.parse(text)


def _kind(scheme: Scheme, name: str, text: str) -> int:
    """Of misconduct: a name, or a number."""
    return int(text) if re.fullmatch(r"[0-9]+", text) else int(_member(Misconduct, name, text))


def _units(scheme: Scheme, name: str, text: str) -> list[tuple[InstrumentId, int]]:
    found = []
    for part in text.split(","):
        instrument, equals, tonnes = part.partition("=")
        if not equals:
            raise InputError(f"{name} {part!r}: write instrument=tonnes, such as UKA21=1250.")
        found.append(
            (_instrument(scheme, name, instrument.strip()), scaled(tonnes.strip(), 0, name=name, unit="tonnes"))
        )
    return found


_READERS: tuple[tuple[Any, Callable[[Scheme, str, str], Any]], ...] = (
    (int, lambda scheme, name, text: scaled(text, 0, name=name)),
    (str, lambda scheme, name, text: text),
    (bool, _bool),
    (bytes, _bytes),
    (Digest, _digest),
    (Moment, _moment),
    (date, _day),
    (Quantity, lambda scheme, name, text: text),
    (Address, lambda scheme, name, text: address(text)),
    (InstrumentId, _instrument),
    (_INSTRUMENT, _instrument),
    (_MARKET, _market),
    (OrderId, lambda scheme, name, text: OrderId.parse(text)),
    (_ORDER, lambda scheme, name, text: OrderId.parse(text)),
    (_BOARD, _board),
    (_BLOCK_MARKET, _block_market),
    (_KIND, _kind),
    (_QUOTE, lambda scheme, name, text: QuoteId.parse(text)),
    (Role, lambda scheme, name, text: Role.parse(text)),
    (Union[Mapping[InstrumentId, int], Iterable[tuple[InstrumentId | int, int]]], _units),  # noqa: UP007
)


def _member(kind: type[IntEnum], name: str, text: str) -> IntEnum:
    found = kind.__members__.get(text.strip().upper().replace("-", "_"))
    if found is None:
        known = ", ".join(member.name.lower().replace("_", "-") for member in kind)
        raise InputError(f"{name} {text!r} is none of {known}.")
    return found


def _flags(kind: type[IntFlag], name: str, text: str) -> IntFlag:
    value = kind(0)
    for part in text.split(","):
        found = kind.__members__.get(part.strip().upper().replace("-", "_"))
        if found is None:
            known = ", ".join(label.lower().replace("_", "-") for label in kind.__members__)
            raise InputError(f"{name} {part!r} is none of {known}.")
        value |= found
    return value


def _json(name: str, text: str) -> Any:
    try:
        return orjson.loads(text if text.lstrip().startswith(("{", "[")) else _content(name, Path(text)))
    except orjson.JSONDecodeError as error:
        raise InputError(f"{name} is no JSON: {error}.") from None


def _structured(name: str, hint: Any, content: Any) -> Any:
    """JSON as dataclasses, with every field and no other."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        candidates = [part for part in parts if is_dataclass(part)] or [parts[0]]
        return _structured(name, candidates[0], content)
    if origin in (Sequence, tuple, list, Iterable):
        if not isinstance(content, list):
            raise InputError(f"{name} is no JSON list.")
        rows = [_structured(f"{name}[{n}]", parts[0], item) for n, item in enumerate(content)]
        return tuple(rows) if origin is tuple else rows
    if is_dataclass(hint) and isinstance(hint, type):
        return _object(name, hint, content)
    if isinstance(hint, type) and issubclass(hint, IntEnum) and isinstance(content, str):
        return _member(hint, name, content)
    if hint is bytes and isinstance(content, str):
        return _word(name, content)
    if hint is bool and isinstance(content, bool):
        return content
    if hint is InstrumentId and isinstance(content, str) and "/" in content:
        return InstrumentId.parse(content)
    if isinstance(content, (float, bool)) or not isinstance(content, (int, str)):
        raise InputError(f"{name} is {content!r}: give a whole number or text.")
    return int(content) if hint is int or hint is InstrumentId else content


def _object(name: str, hint: type, content: Any) -> Any:
    if not isinstance(content, dict):
        raise InputError(f"{name} is no JSON object.")
    hints = get_type_hints(hint)
    known = [item.name for item in fields(hint)]
    if unknown := [key for key in content if key not in known]:
        raise InputError(f"{name} has an unknown key {unknown[0]}; keys are {', '.join(known)}.")
    given = {key: _structured(f"{name}.{key}", hints[key], item) for key, item in content.items()}
    try:
        return hint(**given)
    except TypeError:
        missing = [key for key in known if key not in content]
        raise InputError(f"{name} lacks {missing[0] if missing else 'a key'}.") from None


def _word(name: str, text: str) -> bytes:
    """`0x…`, or a short ASCII name in 32 bytes."""
    if text.startswith("0x"):
        return _bytes(_NO_SCHEME, name, text)
    if not text.isascii() or len(text) > 32:
        raise InputError(f"{name} {text!r} is neither 0x… text nor a name of up to 32 ASCII characters.")
    return text.encode().ljust(32, b"\0")


_NO_SCHEME: Any = None


def bytes32_of(name: str, text: str) -> bytes:
    """32 bytes from `0x…` text. Raises InputError."""
    value = _bytes(_NO_SCHEME, name, text)
    if len(value) != 32:
        raise InputError(f"{name} has {len(value)} bytes: give 0x and 64 hexadecimal digits.")
    return value


def credentials_of(content: Any) -> Credentials:
    """What `carbon ca prove` wrote. Raises InputError."""
    from carbon_sdk.identity.attestation import Credentials

    found = _structured("credentials", Credentials, content)
    assert isinstance(found, Credentials)  # noqa: S101 -- made of it
    return found
