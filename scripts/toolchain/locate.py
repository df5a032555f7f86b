#!/usr/bin/env python3
"""Finds the pinned forge, anvil, cast and solc, and links them into .build/bin, where everything calls them.

    python3 scripts/toolchain/locate.py           links all of them
    python3 scripts/toolchain/locate.py anvil     prints the path of one

The order: what CARBON_ANVIL (CARBON_FORGE, …) names; the user's own on the PATH, if it is the pinned version; npm's
native binary. Never node_modules/.bin: those wrappers exit 0 when tests fail and leave their child behind when killed.
The pins stand in package.json.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PINS: dict[str, str] = json.loads((ROOT / "package.json").read_text())["dependencies"]
VERSIONS = {tool: PINS[f"@foundry-rs/{tool}"] for tool in ("forge", "anvil", "cast")} | {"solc": PINS["solc"]}
SHIM = ROOT / "scripts/toolchain/solc.js"


def version_of(binary: str) -> str:
    """What the binary calls itself, or an empty text if it does not run."""
    try:
        answer = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""
    found = re.search(r"[Vv]ersion:? v?(\d+\.\d+\.\d+)", answer)
    return found.group(1) if found else ""


def from_npm(tool: str) -> Path:
    """The binary in npm's package for this platform; for solc the script that serves npm's WebAssembly build."""
    if tool == "solc":
        return SHIM
    system = {"windows": "win32"}.get(platform.system().lower(), platform.system().lower())
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    suffix = ".exe" if system == "win32" else ""
    return ROOT / f"node_modules/@foundry-rs/{tool}-{system}-{machine}/bin/{tool}{suffix}"


def locate(tool: str) -> Path:
    """The path of the pinned tool, or an exit with a sentence that says how to get it."""
    wanted = VERSIONS[tool]
    variable = f"CARBON_{tool.upper()}"

    if named := os.environ.get(variable):
        if (found := version_of(named)) != wanted:
            sys.exit(f"{variable}={named} is version {found or 'unknown'}; this suite is pinned to {tool} {wanted}")
        return Path(named).resolve()

    own = shutil.which(tool)
    if own and not Path(own).resolve().is_relative_to(ROOT) and version_of(own) == wanted:
        path = Path(own).resolve()
        if "node_modules" not in path.parts:
            return path

    path = from_npm(tool)
    if not path.exists():
        sys.exit(f"no {tool} {wanted} at {path.relative_to(ROOT)}: run `make setup`, or name one in {variable}")
    return path


def link(name: Path, path: Path | None) -> None:
    """Makes `name` point to `path`, or removes it."""
    if path is None:
        name.unlink(missing_ok=True)
    elif not (name.is_symlink() and name.resolve() == path):
        name.unlink(missing_ok=True)
        name.symlink_to(path)


def main() -> None:
    if sys.argv[1:]:
        for tool in sys.argv[1:]:
            if tool not in VERSIONS:
                sys.exit(f"{tool}: not one of {', '.join(VERSIONS)}")
            print(locate(tool))
        return

    folder = ROOT / ".build/bin"
    folder.mkdir(parents=True, exist_ok=True)
    found = {tool: locate(tool) for tool in VERSIONS}
    solc = found.pop("solc")
    for name, path in found.items():
        link(folder / name, path)

    # Forge and Ape call the script in either case, as it gives both the same settings; it calls the native one.
    link(folder / f"solc-v{VERSIONS['solc']}", SHIM)
    link(folder / "solc-native", solc if solc != SHIM else None)


if __name__ == "__main__":
    main()
