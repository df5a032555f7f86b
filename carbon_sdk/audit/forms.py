"""The form of certificates: canonical JSON whose every field is looked at before it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import address

Rule = Callable[[Any], str]
"""What is wrong with a value; empty when nothing is."""

_DECIMAL = re.compile(r"0|[1-9][0-9]{0,77}")


class Problem(NamedTuple):
    """One thing that is wrong with a certificate."""

    field: str
    """Such as `voucher.quantity` or `proof.siblings[2]`."""
    what: str

    def __str__(self) -> str:
        return f"{self.field}: {self.what}"


def canonical(document: Mapping[str, Any]) -> bytes:
    """JSON in its one form: keys sorted, no blanks, no floats."""
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


def wrong_form(where: str, document: Any, form: Mapping[str, Any]) -> Iterator[Problem]:
    """What is missing, unknown or of the wrong form.

    Args:
        where: Path of the document in the whole; empty for the whole.
        document: To be looked at.
        form: A rule or a form for each field.
    """
    if not isinstance(document, dict):
        yield Problem(where or "file", "no object")
        return
    prefix = f"{where}." if where else ""
    for name, rule in form.items():
        if name not in document:
            yield Problem(prefix + name, "missing")
        elif isinstance(rule, dict):
            yield from wrong_form(prefix + name, document[name], rule)
        elif said := rule(document[name]):
            yield Problem(prefix + name, said)
    for name in document:
        if name not in form:
            yield Problem(prefix + name, "unknown")


def whole(bits: int) -> Rule:
    """A whole number that is not negative."""

    def wrong(value: Any) -> str:
        if type(value) is not int or not 0 <= value < 1 << bits:
            return f"{value!r} is no whole number of {bits} bits"
        return ""

    return wrong


def text(pattern: re.Pattern[str], meaning: str) -> Rule:
    """A text that a pattern describes."""

    def wrong(value: Any) -> str:
        return "" if isinstance(value, str) and pattern.fullmatch(value) else f"{value!r} is no {meaning}"

    return wrong


def decimal(bits: int) -> Rule:
    """A whole number that may exceed 2^53, as decimal text."""

    def wrong(value: Any) -> str:
        sound = isinstance(value, str) and _DECIMAL.fullmatch(value) and int(value) < 1 << bits
        return "" if sound else f"{value!r} is no decimal text of {bits} bits"

    return wrong


def address_text(value: Any) -> str:
    """An address with its check sum."""
    try:
        return "" if isinstance(value, str) and address(value) == value else f"{value!r} is no address in EIP-55 form"
    except InputError as error:
        return str(error)


def list_of(inner: Rule, most: int = 64) -> Rule:
    """A list of values of one form."""

    def wrong(value: Any) -> str:
        if not isinstance(value, list) or len(value) > most:
            return f"no list of at most {most}"
        return next((f"[{i}] {said}" for i, item in enumerate(value) if (said := inner(item))), "")

    return wrong


HASH_TEXT = text(re.compile(r"0x[0-9a-f]{64}"), "32 bytes in lower-case hexadecimal")
BYTES_TEXT = text(re.compile(r"0x([0-9a-f]{2})*"), "bytes in lower-case hexadecimal")
