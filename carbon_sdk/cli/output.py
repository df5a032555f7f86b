"""Everything that commands print: tables for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, Flag
from typing import TYPE_CHECKING, Any

import click
import orjson

from carbon_sdk.chain.calls import Done, Event
from carbon_sdk.identifiers import InstrumentId, OrderId, QuoteId

if TYPE_CHECKING:
    from rich.console import Console

_WIDE = 400
"""Columns of a table that is written to a file or another program."""
_SAFE = 2**53
"""Beyond it programs read a JSON number wrongly: such numbers are written as text."""


def plain(value: object) -> Any:
    """Anything that the SDK returns in JSON's types, without a float."""
    if isinstance(value, Flag):
        return [flag.name for flag in type(value) if flag in value]
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, (InstrumentId, OrderId, QuoteId)):
        return str(value)
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -_SAFE < value < _SAFE else str(value)
    if isinstance(value, (bytes, bytearray)):
        return f"0x{value.hex()}"
    if isinstance(value, (Decimal, date)):
        return str(value)
    return _composed(value)


def _composed(value: object) -> Any:
    if isinstance(value, Event):
        return {"event": type(value).__name__, **{name: plain(item) for name, item in value.as_dict().items()}}
    if isinstance(value, Done):
        return {
            "result": plain(value.result),
            "events": [plain(event) for event in value.events],
            "transaction": value.transaction_hash,
            "block": value.block,
            "gas_used": value.gas_used,
        }
    if is_dataclass(value):
        return {item.name: plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(item) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return {name: plain(getattr(value, name)) for name in value._fields}
    if isinstance(value, (Sequence, Iterator, set, frozenset)):
        return [plain(item) for item in value]
    return str(value)


def print_json(value: object) -> None:
    """One JSON document on standard output."""
    click.echo(orjson.dumps(plain(value), option=orjson.OPT_INDENT_2))


def show(value: object, as_json: bool) -> None:
    """Print what a command found."""
    content = plain(value)
    if as_json:
        click.echo(orjson.dumps(content, option=orjson.OPT_INDENT_2))
    elif isinstance(value, Done):
        _show_done(content)
    else:
        _show_any(content)


def print_rows(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A table with a title, however few rows there are."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDE
    console.print(f"\n{title}", style="bold", soft_wrap=True)
    if not rows:
        console.print("none")
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(str(name), overflow="fold")
    for row in rows:
        table.add_row(*(_brief(plain(item)) for item in row.values()))
    console.print(table)


def _show_done(content: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("event", "what it says", box=None, pad_edge=False)
    for event in content["events"]:
        said = ", ".join(f"{name} {_brief(item)}" for name, item in event.items() if name != "event")
        table.add_row(event["event"], said)
    console = Console()
    if content["result"] not in (None, []):
        console.print(f"Result: {_brief(content['result'])}", highlight=False)
    console.print(
        f"Done in block {content['block']}, {content['gas_used']:,} gas: {content['transaction']}", highlight=False
    )
    console.print(table)


def _show_any(content: Any) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    _show_part(console, "", content)


def _show_part(console: Console, title: str, content: Any) -> None:
    """A list of things as a table, one thing as lines; what has parts of its own follows under its name."""
    from rich.table import Table

    rows = content if isinstance(content, list) else [content]
    if not rows or not all(isinstance(row, dict) for row in rows):
        for row in rows:
            console.print(f"{title}: {_brief(row)}" if title else _brief(row), soft_wrap=True)
        return
    if len(rows) > 1:
        table = Table(*map(str, rows[0]), title=title or None, title_justify="left")
        for row in rows:
            table.add_row(*(_brief(item) for item in row.values()))
        console.print(table)
        return
    parts = {name: item for name, item in rows[0].items() if _has_parts(item)}
    width = max((len(name) for name in rows[0]), default=0)
    if title:
        console.print(f"\n{title}", style="bold")
    for name, item in rows[0].items():
        if name not in parts:
            console.print(f"{name:<{width}}  {_brief(item)}", soft_wrap=True)
    for name, item in parts.items():
        _show_part(console, name, item)


def _has_parts(item: Any) -> bool:
    return isinstance(item, dict) or (isinstance(item, list) and any(isinstance(part, dict) for part in item))


def _brief(item: Any) -> str:
    if isinstance(item, bool) or item is None:
        return {True: "yes", False: "no", None: "–"}[item]
    if isinstance(item, int):
        return f"{item:,}" if abs(item) >= 10_000 else str(item)  # years stay readable
    if isinstance(item, dict):
        return ", ".join(f"{name} {_brief(part)}" for name, part in item.items())
    if isinstance(item, list):
        return ", ".join(_brief(part) for part in item) or "–"
    return str(item)
