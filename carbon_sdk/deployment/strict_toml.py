"""TOML files with a strict shape: whatever is wrong is said in one line, with file, line and key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from carbon_sdk.errors import InputError

M = TypeVar("M", bound="Strict")

_HEADER = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")


class Strict(BaseModel):
    """A table of a file: no key too many, none of the wrong type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def load(model: type[M], path: str | Path) -> tuple[M, bytes]:
    """Read a file into its model; the bytes too, since their digest goes on-chain.

    Raises:
        InputError: There is no such file, it is no TOML, or it has another shape; file, line and key are named.
    """
    source = Path(path)
    try:
        content = source.read_bytes()
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}.") from None
    try:
        text = content.decode()
        tables = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{source} is not valid TOML: {error}.") from None
    try:
        return model.model_validate(tables), content
    except ValidationError as error:
        # A misspelt key is one too many and one missing: the first says more.
        first = min(error.errors(), key=lambda one: one["type"] != "extra_forbidden")
        location = tuple(first["loc"])
        key = ".".join(str(part) for part in location) or "the file"
        raise InputError(f"{source}:{line_of(text, location)}: {key}: {_what(first['type'], first['msg'])}") from None


def line_of(text: str, location: Sequence[int | str]) -> int:
    """The line (from 1) of a key, or of the nearest table around it."""
    wanted = [part for part in location if isinstance(part, str)]
    positions = {index: part for index, part in enumerate(location) if isinstance(part, int)}
    nth = positions.get(1, 0)
    table, seen, best = "", -1, 1
    for number, line in enumerate(text.splitlines(), 1):
        header = _HEADER.match(line)
        if header:
            table = header.group(1)
            if wanted and table == wanted[0]:
                seen += 1
                if seen == nth:
                    best = number
            continue
        inside = wanted and table == wanted[0] and seen == nth
        if inside and len(wanted) > 1 and re.match(rf"\s*{re.escape(wanted[1])}\s*=", line):
            return number
        if len(wanted) == 1 and not table and re.match(rf"\s*{re.escape(wanted[0])}\s*=", line):
            return number
    return best


def _what(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such key. Correct its spelling or remove it."
    if kind == "missing":
        return "this key is missing."
    return message.removeprefix("Value error, ").rstrip(".") + "."
