#!/usr/bin/env python3
"""No deployed contract of contracts/ is over the EVM's limit, nor its creation code over EIP-3860's."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNTIME_LIMIT = 24_576
CREATION_LIMIT = 49_152
TELL_ABOVE = 20_000


def byte_count(code: dict[str, str]) -> int:
    return (len(code["object"]) - 2) // 2 if code["object"].startswith("0x") else len(code["object"]) // 2


def main() -> None:
    sources = {path.name: path for path in (ROOT / "contracts").rglob("*.sol")}
    sizes: dict[str, tuple[int, int]] = {}
    for artifact in (ROOT / ".build/forge/out").glob("*.sol/*.json"):
        if artifact.parent.name not in sources:
            continue
        content = json.loads(artifact.read_text())
        if "metadata" not in content:
            sys.exit(f"sizes: {artifact.relative_to(ROOT)} is not a full artifact: rm -r .build/forge && make build")
        source, name = next(iter(content["metadata"]["settings"]["compilationTarget"].items()))
        if source.startswith("contracts/") and (ROOT / source).exists():
            sizes[name] = byte_count(content["deployedBytecode"]), byte_count(content["bytecode"])

    for name, (runtime, creation) in sorted(sizes.items(), key=lambda item: -item[1][0]):
        if runtime > TELL_ABOVE or creation > CREATION_LIMIT:
            print(f"  {name}: {runtime:,} bytes, {RUNTIME_LIMIT - runtime:,} left")
    too_large = [
        name for name, (runtime, creation) in sizes.items() if runtime > RUNTIME_LIMIT or creation > CREATION_LIMIT
    ]
    if too_large:
        sys.exit(f"sizes: over the limit of {RUNTIME_LIMIT:,} bytes: {', '.join(too_large)}")
    largest = max(sizes.items(), key=lambda item: item[1], default=("none", (0, 0)))
    print(f"sizes: {len(sizes)} contracts, the largest is {largest[0]}: {largest[1][0]:,} of {RUNTIME_LIMIT:,} bytes")


if __name__ == "__main__":
    main()
