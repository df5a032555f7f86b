#!/usr/bin/env python3
"""halmos proves of the ledger's code, for all inputs, what tests/contracts/proofs says; fails where it does not.

A proof that silently is not made would look like one that was: so what halmos says is compared with the `check_`
functions of the sources, each of which must be proved. None is vacuous: halmos fails where all paths revert.

    scripts/checks/proofs.py             all
    scripts/checks/proofs.py escrow      those whose name contains a word
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests/contracts/proofs"
REPORT = ROOT / ".build/proofs/halmos.json"
OPTIONS = [
    *("--forge-build-out", ".build/proofs/out"),
    *("--loop", "4"),  # no loop of the proofs is longer; one that were would be an error
    *("--solver-timeout-branching", "100ms"),  # so that paths that cannot be are not followed
    *("--solver-timeout-assertion", "180s"),
]


def checks() -> set[str]:
    """All functions that state something, by name."""
    text = "\n".join(path.read_text() for path in sorted(SOURCES.glob("*.sol")))
    return set(re.findall(r"function (check_\w+)\(", text))


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    expected = {name for name in checks() if word in name}
    if not expected:
        sys.exit(f"proofs: none has {word!r} in its name")
    if status := subprocess.run(["make", "-s", ".build/stamps/audit"], cwd=ROOT, check=False).returncode:
        sys.exit(status)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.unlink(missing_ok=True)
    done = subprocess.run(
        [
            ROOT / ".venv-audit/bin/halmos",
            *OPTIONS,
            *("--match-test", f"^check_.*{word}"),
            *("--json-output", REPORT),
        ],
        cwd=ROOT,
        env=os.environ
        | {"FOUNDRY_PROFILE": "proofs", "PATH": f"{ROOT / '.build/bin'}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if not REPORT.exists():
        sys.exit(f"{done.stdout}\n{done.stderr}\nproofs: halmos made no report")
    results = [one for each in json.loads(REPORT.read_text())["test_results"].values() for one in each]
    proved = {one["name"].split("(")[0] for one in results if one["exitcode"] == 0}
    if missing := sorted(expected - proved):
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)
        print("\n".join(line for line in said.splitlines() if re.match(r"\[|Counterexample|    \w|WARN", line)))
        sys.exit(f"proofs: {len(missing)} of {len(expected)} not proved: {', '.join(missing)}")
    print(f"proofs: {len(expected)} properties of the ledger proved for all inputs")


if __name__ == "__main__":
    main()
