#!/usr/bin/env python3
"""Ape and forge make the same bytecode from contracts/: what was tested is what is deployed.

Both compile all of contracts/ at once, as the code that solc makes by way of its IR depends on which other sources are
compiled with it: after an incremental build a contract may differ from what a clean clone makes. The comparison takes
as long as a full compilation, and is therefore left out if nothing changed since it last succeeded.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APE = ROOT / ".build/__local__.json"
DONE = ROOT / ".build/stamps/bytecode"
SETTINGS = ("foundry.toml", "ape-config.yaml", "package-lock.json", "scripts/toolchain/solc.js")


def forge_code() -> dict[str, tuple[str, str]]:
    """Source and name to (creation, runtime), of everything below contracts/ that can be deployed."""
    found = {}
    for path in (ROOT / ".build/forge/out").glob("*.sol/*.json"):
        artifact = json.loads(path.read_text())
        if "metadata" not in artifact:
            continue
        source, name = next(iter(artifact["metadata"]["settings"]["compilationTarget"].items()))
        creation = artifact["bytecode"]["object"].removeprefix("0x")
        if source.startswith("contracts/") and (ROOT / source).exists() and creation:
            found[f"{source}:{name}"] = creation, artifact["deployedBytecode"]["object"].removeprefix("0x")
    return found


def ape_code() -> dict[str, tuple[str, str]]:
    ape = ROOT / ".venv/bin/ape"
    done = subprocess.run([ape, "compile", "--force"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"ape compile failed:\n{(done.stdout + done.stderr)[-3000:]}")
    found = {}
    for name, contract in json.loads(APE.read_text())["contractTypes"].items():
        creation = (contract.get("deploymentBytecode") or {}).get("bytecode", "0x").removeprefix("0x")
        runtime = (contract.get("runtimeBytecode") or {}).get("bytecode", "0x").removeprefix("0x")
        if creation and (ROOT / contract["sourceId"]).exists():  # Ape keeps what was deleted
            found[f"{contract['sourceId']}:{name}"] = creation, runtime
    return found


def main() -> None:
    forge = forge_code()
    if not forge:
        print("bytecode: no contracts yet")
        return
    sources = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "contracts").rglob("*.sol"))
    inputs = [(name, (ROOT / name).read_text()) for name in (*sources, *SETTINGS)]
    fingerprint = hashlib.sha256(json.dumps([inputs, forge], sort_keys=True).encode()).hexdigest()
    if DONE.exists() and DONE.read_text() == fingerprint:
        print(f"bytecode: {len(forge)} contracts, unchanged since forge and Ape agreed")
        return

    ape = ape_code()
    differing = sorted(name for name in forge.keys() | ape.keys() if forge.get(name) != ape.get(name))
    if differing:
        for name in differing:
            lengths = [len(code[name][1]) // 2 if name in code else None for code in (forge, ape)]
            print(f"  {name}: {lengths[0]} bytes by forge, {lengths[1]} by Ape")
        sys.exit(
            "bytecode: forge and Ape differ: compare the compiler settings of foundry.toml and ape-config.yaml, "
            "and that both are of these sources (make build)"
        )
    DONE.write_text(fingerprint)
    print(f"bytecode: {len(forge)} contracts, the same by forge and by Ape")


if __name__ == "__main__":
    main()
