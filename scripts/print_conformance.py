#!/usr/bin/env python3
"""Print docs/conformance.md from docs/conformance.toml, and check that what it names exists.

scripts/print_conformance.py            to standard output
scripts/print_conformance.py --write    into docs/conformance.md
scripts/print_conformance.py --check    what is wrong with the rows, a line each; fails if anything is
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from carbon_sdk.contracts.base import artifact

ROOT = Path(__file__).resolve().parents[1]
MATRIX = ROOT / "docs/conformance.toml"
PAGE = ROOT / "docs/conformance.md"

SECTIONS: dict[str, tuple[str, ...]] = {
    "Stakeholders and authority": (
        *(f"R-STK-{n}" for n in range(1, 9)),
        *(f"R-ACC-{n}" for n in range(1, 7)),
    ),
    "Identity and registration": (*(f"R-ID-{n}" for n in range(1, 8)), "R-SEC-1"),
    "Emission data reporting": tuple(f"R-MRV-{n}" for n in range(1, 11)),
    "Allocation": tuple(f"R-ALC-{n}" for n in range(1, 5)),
    "Assets": tuple(f"R-AST-{n}" for n in range(1, 7)),
    "Trading": tuple(f"R-TRD-{n}" for n in range(1, 15)),
    "Compliance": tuple(f"R-CMP-{n}" for n in range(1, 5)),
    "Vouchers": tuple(f"R-VCH-{n}" for n in range(1, 4)),
    "Trust, availability, interfaces": (
        *(f"R-TRC-{n}" for n in range(1, 4)),
        *(f"R-OPS-{n}" for n in range(1, 6)),
        "R-CHN-1",
        "R-API-1",
    ),
    "Data items": tuple(f"R-DAT-{letter}" for letter in "abcdefghijkl"),
    "Business functions": tuple(f"R-TBL-{n}" for n in range(1, 19)),
}
"""Every requirement id, where it stands on the page."""
IDS = tuple(id_ for ids in SECTIONS.values() for id_ in ids)
STATUSES = ("done", "planned")


@dataclass(frozen=True, slots=True)
class Row:
    """What does one requirement, or is to.

    Attributes:
        id: Stable.
        clause: Of the standard.
        asks: In our words.
        status: `done` or `planned`.
        partly: Of a planned row: what is there, and what is missing.
        contracts: Functions and events, `Contract.name`.
        sdk: Names below `carbon_sdk`.
        cli: Verbs, as one types them after `carbon`.
        tests: `path::name`.
    """

    id: str
    clause: str
    asks: str
    status: str
    partly: str = ""
    contracts: tuple[str, ...] = ()
    sdk: tuple[str, ...] = ()
    cli: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


def load(path: Path = MATRIX) -> tuple[int, list[Row]]:
    """How many rows may be planned, and the rows in the file's order."""
    document = tomllib.loads(path.read_text())
    at_most = document.pop("planned_at_most")
    lists = ("contracts", "sdk", "cli", "tests")
    rows = [
        Row(id=id_, **{key: tuple(value) if key in lists else value for key, value in table.items()})
        for id_, table in document.items()
    ]
    return at_most, rows


def findings(at_most: int, rows: list[Row]) -> Iterator[str]:
    """What is wrong, a line each."""
    found = [row.id for row in rows]
    yield from (f"{id_} has no row" for id_ in IDS if id_ not in found)
    yield from (f"{id_} is no requirement" for id_ in found if id_ not in IDS)
    planned = sum(row.status == "planned" for row in rows)
    if planned > at_most:
        yield f"{planned} rows are planned, planned_at_most is {at_most}: something that was done no longer is"
    if planned < at_most:
        yield f"{planned} rows are planned: lower planned_at_most to it"
    for row in rows:
        yield from (f"{row.id}: {what}" for what in _findings_of(row))


def _findings_of(row: Row) -> Iterator[str]:
    if row.status not in STATUSES:
        yield f"status {row.status!r} is none of {', '.join(STATUSES)}"
    if row.status == "done" and not (row.tests and (row.contracts or row.sdk)):
        yield "done, but it names no test, or nothing that does it"
    if row.status == "done" and row.id.startswith("R-TBL-") and not (row.sdk and row.cli):
        yield "done, but a function of Table 1 is a named SDK method and a CLI verb"
    if row.status == "done" and row.partly:
        yield "done, but `partly` says that something is missing"
    yield from (f"there is no {name} in the contracts" for name in row.contracts if not _in_contracts(name))
    yield from (f"there is no carbon_sdk.{name}" for name in row.sdk if not _in_sdk(name))
    yield from (f"there is no `carbon {verb}`" for verb in row.cli if not _in_cli(verb))
    yield from (f"there is no test {name}" for name in row.tests if not _in_tests(name))


def _in_contracts(name: str) -> bool:
    contract, _, member = name.partition(".")
    return member in _members(contract)


@cache
def _members(contract: str) -> frozenset[str]:
    """Functions and events of a contract's ABI; the proxy's are those of its interface."""
    names = {"GovernedProxy": ("GovernedProxy", "IGovernedProxy")}.get(contract, (contract,))
    found: set[str] = set()
    for name in names:
        path = ROOT / "carbon_sdk/contracts/artifacts" / f"{name}.json"
        if path.exists():
            found |= {item["name"] for item in artifact(name).abi if item["type"] in ("function", "event")}
    return frozenset(found)


def _in_sdk(name: str) -> bool:
    parts = name.split(".")
    for cut in range(len(parts), 0, -1):
        module = ".".join(("carbon_sdk", *parts[:cut]))
        try:
            found: object = import_module(module)
        except ModuleNotFoundError as error:
            if error.name != module and not module.startswith(f"{error.name}."):
                raise
            continue
        for attribute in parts[cut:]:
            if not hasattr(found, attribute):
                return False
            found = getattr(found, attribute)
        return True
    return False


def _in_cli(verb: str) -> bool:
    import click

    try:
        main = import_module("carbon_sdk.cli.main")
    except ModuleNotFoundError:
        return False
    command: click.Command | None = next(
        (
            getattr(main, name)
            for name in ("cli", "carbon", "main")
            if isinstance(getattr(main, name, None), click.Group)
        ),
        None,
    )
    for word in verb.split():
        if not isinstance(command, click.Group):
            return False
        command = command.get_command(click.Context(command), word)
    return command is not None


def _in_tests(name: str) -> bool:
    path, _, test = name.partition("::")
    return test in _tests_of(ROOT / path)


@cache
def _tests_of(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    text = path.read_text()
    if path.suffix == ".sol":
        return frozenset(re.findall(r"^\s*function\s+((?:test|invariant)\w*)", text, re.MULTILINE))
    names: set[str] = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{item.name}" for item in node.body if isinstance(item, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
    return frozenset(name for name in names if name.split("::")[-1].startswith("test"))


def page(rows: list[Row] | None = None) -> str:
    """The page as it should stand in docs/."""
    if rows is None:
        _, rows = load()
    return "\n".join(_lines({row.id: row for row in rows})) + "\n"


def _lines(rows: Mapping[str, Row]) -> Iterator[str]:
    done = sum(row.status == "done" for row in rows.values())
    yield "# Conformance with IEEE Std 3218-2022"
    yield ""
    yield "Printed from [conformance.toml](conformance.toml) by `scripts/print_conformance.py --write`; a test fails"
    yield "when the two differ, when something named here does not exist, or when the number of planned rows grows. A"
    yield "row is *done* when what it names does all that is asked; else it is *planned*, and says what is there."
    yield ""
    yield f"{done} of {len(rows)} are done."
    for section, ids in SECTIONS.items():
        yield ""
        yield f"## {section}"
        yield ""
        yield "| id | clause | asks | status | contracts | SDK | tests |"
        yield "|---|---|---|---|---|---|---|"
        for row in (rows[id_] for id_ in ids if id_ in rows):
            status = f"**{row.status}**" + (f"<br>{row.partly}" if row.partly else "")
            sdk = [*(f"`{name}`" for name in row.sdk), *(f"`carbon {verb}`" for verb in row.cli)]
            cells = (
                row.id,
                row.clause,
                row.asks,
                status,
                "<br>".join(f"`{name}`" for name in row.contracts),
                "<br>".join(sdk),
                "<br>".join(_linked(name) for name in row.tests),
            )
            yield f"| {' | '.join(cells)} |"


def _linked(test: str) -> str:
    path, _, name = test.partition("::")
    return f"[{name}](../{path})"


def main() -> None:
    at_most, rows = load()
    if "--check" in sys.argv[1:]:
        found = list(findings(at_most, rows))
        print("\n".join(found) or "conformance: every row is as it says")
        sys.exit(bool(found))
    if "--write" in sys.argv[1:]:
        PAGE.write_text(page(rows))
    else:
        print(page(rows), end="")


if __name__ == "__main__":
    main()
