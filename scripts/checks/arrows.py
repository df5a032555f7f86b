#!/usr/bin/env python3
"""Imports go one way, in contracts/ and in carbon_sdk/; one that runs up, or a folder without a place, fails.

A part may import what stands in its set below and, through it, everything under that:

    types <- governance <- vouchers <- registry <- {instruments, reporting} <- {allocation, market, compliance}

    errors <- identifiers <- units <- chain <- contracts <- deployment <- {evidence, identity, methods, audit}
    errors <- credits
    {evidence, identity, methods, credits, audit} <- actors <- scheme <- {replay, demo} <- cli
    audit <- market_data <- {replay, demo}
    audit <- surveillance <- actors
    audit <- confirmations <- cli

errors lies lowest, as refusing a float or a malformed id is one. audit never imports actors: whoever audits does not
lean on the code that acted.
"""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

CONTRACTS: dict[str, set[str]] = {
    "types": set(),
    "governance": {"types"},
    "vouchers": {"governance"},
    "registry": {"vouchers"},
    "instruments": {"registry"},
    "reporting": {"registry"},
    "allocation": {"instruments", "reporting"},
    "market": {"instruments", "reporting"},
    "compliance": {"instruments", "reporting"},
}

# Across folders only interfaces (I*.sol), types/ and these, each for its reason.
SHARED: dict[str, str] = {
    "contracts/governance/Governed.sol": "what every stateful contract inherits",
    "contracts/vouchers/VoucherSeries.sol": "a library: each contract that concludes something keeps its own series",
}
LIBRARIES = ("@openzeppelin/contracts/", "@openzeppelin/contracts-upgradeable/")

SDK: dict[str, set[str]] = {
    "errors": set(),
    "identifiers": {"errors"},
    "units": {"identifiers"},
    "chain": {"units"},
    "contracts": {"chain"},
    "deployment": {"contracts"},
    "evidence": {"deployment"},
    "identity": {"deployment"},
    "methods": {"deployment"},
    "audit": {"deployment"},
    "market_data": {"audit"},
    "surveillance": {"audit"},
    "confirmations": {"audit"},
    "credits": {"errors"},
    "actors": {"evidence", "identity", "methods", "credits", "audit", "surveillance"},
    "scheme": {"actors"},
    "replay": {"scheme", "market_data"},
    "demo": {"scheme", "market_data"},
    "cli": {"replay", "demo", "confirmations"},
}

# (module, imported part): reason. An import inside a function counts like any other.
SDK_ALLOWED: dict[tuple[str, str], str] = {}


def below(parts: dict[str, set[str]], part: str) -> set[str]:
    """Everything that `part` may import, itself included."""
    seen, pending = set[str](), [part]
    while pending:
        if (current := pending.pop()) not in seen:
            seen.add(current)
            pending.extend(parts[current])
    return seen


def check_contracts() -> Iterator[str]:
    statement = re.compile(r"^\s*import\s[^;]*?[\"']([^\"']+)[\"']\s*;", re.MULTILINE)
    for path in sorted((ROOT / "contracts").rglob("*.sol")):
        source = path.relative_to(ROOT).as_posix()
        folder = source.split("/")[1]
        if folder not in CONTRACTS:
            yield f"{source}: folder `{folder}` has no place; give it one in scripts/checks/arrows.py"
            continue

        text = path.read_text()
        for found in statement.finditer(text):
            where, name = f"{source}:{text.count(chr(10), 0, found.start(1)) + 1}", found.group(1)
            if name.startswith(LIBRARIES):
                continue
            target = posixpath.normpath(posixpath.join(posixpath.dirname(source), name)) if name[0] == "." else name
            if not target.startswith("contracts/"):
                yield f"{where}: `{name}` is neither in contracts/ nor one of the pinned libraries"
                continue

            other, file = target.split("/")[1], posixpath.basename(target)
            if other == folder:
                continue
            if other not in below(CONTRACTS, folder):
                yield f"{where}: {folder} must not import {other} (`{file}`): the arrow runs up or across"
            elif not (other == "types" or re.match(r"I[A-Z]", file) or target in SHARED):
                yield f"{where}: across folders only interfaces, types and shared files: not `{file}` of {other}"


def imported(tree: ast.AST, module: list[str], is_package: bool) -> Iterator[tuple[int, str]]:
    """Every import in the file, at the top or inside a function, as (line, absolute dotted name)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            up = node.level - is_package
            base = module[: len(module) - up] if node.level else []
            full = [*base, *([node.module] if node.module else [])]
            for alias in node.names:
                yield node.lineno, ".".join([*full, alias.name])


def check_sdk() -> Iterator[str]:
    package = ROOT / "carbon_sdk"
    for path in sorted(package.rglob("*.py")):
        source = path.relative_to(ROOT)
        is_package = path.name == "__init__.py"
        module = [*source.parts[:-1], *([] if is_package else [path.stem])]
        if len(module) == 1:
            continue  # the list of public names looks at everything
        part = module[1]
        if part not in SDK:
            yield f"{source}: `{part}` has no place; give it one in scripts/checks/arrows.py"
            continue

        for line, name in imported(ast.parse(path.read_text()), module, is_package):
            top, _, rest = name.partition(".")
            if top == "ape":
                yield f"{source}:{line}: the SDK depends on web3, not on Ape"
            if top != "carbon_sdk":
                continue
            other = rest.partition(".")[0]
            exists = (package / other).is_dir() or (package / f"{other}.py").exists()
            if not exists:
                yield f"{source}:{line}: `{name}` comes from the list of public names; import from where it is defined"
            elif other not in SDK:
                yield f"{source}:{line}: `{other}` has no place; give it one in scripts/checks/arrows.py"
            elif other not in below(SDK, part) and (".".join(module), other) not in SDK_ALLOWED:
                yield f"{source}:{line}: {part} must not import {other}: the arrow runs up or across"


def main() -> None:
    wrong = [*check_contracts(), *check_sdk()]
    if wrong:
        sys.exit("\n".join(wrong))
    contracts, modules = (len(list((ROOT / d).rglob(f))) for d, f in (("contracts", "*.sol"), ("carbon_sdk", "*.py")))
    print(f"arrows: {contracts} Solidity files and {modules} Python modules import downwards only")


if __name__ == "__main__":
    main()
