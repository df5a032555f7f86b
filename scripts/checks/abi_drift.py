#!/usr/bin/env python3
"""What the wheel ships (ABIs, bytecode, typed access) is what contracts/ generates now.

The generated files are committed, as `carbon deploy` works from the wheel without a compiler and a review should see an
ABI change. Repair: `make build`, and commit carbon_sdk/contracts.
"""

from __future__ import annotations

import filecmp
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATOR = ROOT / "scripts/generate_contracts.py"
SHIPPED = ROOT / "carbon_sdk/contracts"
IGNORED = ["__pycache__"]


def differences(committed: Path, fresh: Path) -> list[str]:
    """Names of files that differ or stand on one side only."""
    found: list[str] = []
    pending = [filecmp.dircmp(committed, fresh, ignore=IGNORED)]
    while pending:
        pair = pending.pop()
        _, differing, unreadable = filecmp.cmpfiles(pair.left, pair.right, pair.common_files, shallow=False)
        below = Path(pair.left).relative_to(committed)
        names = [*differing, *unreadable, *pair.left_only, *pair.right_only]
        found += [str(below / name) for name in names if not name.endswith(".pyc")]
        pending.extend(pair.subdirs.values())
    return sorted(found)


def tracked(folder: Path) -> set[str]:
    listed = subprocess.run(["git", "ls-files", folder], cwd=ROOT, capture_output=True, text=True, check=False)
    return set(listed.stdout.split())


def main() -> None:
    if not GENERATOR.exists():
        print("abi drift: no generator yet")
        return
    with tempfile.TemporaryDirectory() as folder:
        # The generator works on a tree; it gets one with the same sources and nothing generated in it.
        tree = Path(folder)
        shutil.copytree(ROOT / "scripts", tree / "scripts", ignore=shutil.ignore_patterns(*IGNORED))
        shutil.copytree(ROOT / "carbon_sdk", tree / "carbon_sdk", ignore=shutil.ignore_patterns(*IGNORED, "artifacts"))
        for name in (".build", ".venv", "contracts", "node_modules", "foundry.toml", "package.json", "pyproject.toml"):
            if (ROOT / name).exists():
                (tree / name).symlink_to(ROOT / name)
        done = subprocess.run(
            [ROOT / ".venv/bin/python", "scripts/generate_contracts.py"],
            cwd=tree,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"abi drift: the generator failed:\n{done.stdout}{done.stderr}")
        drifted = differences(SHIPPED, tree / "carbon_sdk/contracts")

    if drifted:
        listed = "\n  ".join(drifted)
        sys.exit(f"abi drift: not what contracts/ generates:\n  {listed}\nmake build, and commit carbon_sdk/contracts")
    files = [path for path in SHIPPED.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    known = tracked(SHIPPED)
    if known and (missing := [str(p.relative_to(ROOT)) for p in files if str(p.relative_to(ROOT)) not in known]):
        sys.exit("abi drift: generated but not committed: " + ", ".join(missing[:5]) + f" ({len(missing)} files)")
    print(f"abi drift: {len(files)} files of carbon_sdk/contracts as contracts/ generates them")


if __name__ == "__main__":
    main()
