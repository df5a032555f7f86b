#!/usr/bin/env python3
"""halmos proves of the ledger's code, for all inputs, what tests/contracts/proofs says; fails where it does not.

Those in LONG are made in the full run only (CARBON_FULL=1), or when their name is given.

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
FOLDER = ROOT / ".build/proofs"
ENVIRONMENT = os.environ | {
    "FOUNDRY_PROFILE": "proofs",
    "PATH": f"{ROOT / '.build/bin'}{os.pathsep}{os.environ['PATH']}",
}
OPTIONS = [
    *("--forge-build-out", ".build/proofs/out"),
    *("--loop", "4"),  # no loop of the proofs is longer; one that were would be an error
    *("--solver-timeout-branching", "100ms"),  # so that paths that cannot be are not followed
    *("--solver-timeout-assertion", "180s"),
]

LONG = {"check_safeBatchTransferFrom_sameIdTwice"}  # minutes for the solver, where the others take seconds


def checks() -> set[str]:
    """All functions that state something, by name."""
    text = "\n".join(path.read_text() for path in sorted(SOURCES.glob("*.sol")))
    return set(re.findall(r"function (check_\w+)\(", text))


def prove(names: list[str], report: Path) -> subprocess.Popen[str]:
    """Start halmos on some of them."""
    report.unlink(missing_ok=True)
    return subprocess.Popen(
        [
            str(ROOT / ".venv-audit/bin/halmos"),
            *OPTIONS,
            *("--match-test", f"^({'|'.join(names)})\\("),
            *("--json-output", str(report)),
        ],
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )


def main() -> None:
    word = sys.argv[1] if len(sys.argv) > 1 else ""
    everything = bool(word or os.environ.get("CARBON_FULL"))
    expected = sorted(name for name in checks() if word in name and (everything or name not in LONG))
    if not expected:
        sys.exit(f"proofs: none has {word!r} in its name")
    for command in (["make", "-s", ".build/stamps/audit"], [".build/bin/forge", "build", "--quiet"]):
        if status := subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=False).returncode:
            sys.exit(status)

    # Alternate ones, as those of one act take about as long as each other.
    halves = [half for half in (expected[::2], expected[1::2]) if half]
    reports = [FOLDER / f"halmos-{n}.json" for n in range(len(halves))]
    running = [prove(half, report) for half, report in zip(halves, reports, strict=True)]
    said = "\n".join(one.communicate()[0] for one in running)

    proved = set()
    for report in reports:
        if not report.exists():
            sys.exit(f"{said}\nproofs: halmos made no report")
        for results in json.loads(report.read_text())["test_results"].values():
            proved |= {one["name"].split("(")[0] for one in results if one["exitcode"] == 0}
    if missing := [name for name in expected if name not in proved]:
        plain = re.sub(r"\x1b\[[0-9;]*m", "", said)
        print("\n".join(line for line in plain.splitlines() if re.match(r"\[|Counterexample|    \w|WARN", line)))
        sys.exit(f"proofs: {len(missing)} of {len(expected)} not proved: {', '.join(missing)}")
    print(f"proofs: {len(expected)} properties of the ledger proved for all inputs")


if __name__ == "__main__":
    main()
