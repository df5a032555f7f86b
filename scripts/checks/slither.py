#!/usr/bin/env python3
"""slither on every contract: fails on any finding of medium impact or above, and if it did not look at all of them.

A finding that is right to leave is suppressed where it stands, `// slither-disable-next-line <detector>`, with the
reason in the line above. What slither gets wrong about the style of the whole suite is left out here, with the reason.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AUDIT = ROOT / ".build/audit"
REPORT = AUDIT / "slither.json"

# Detectors that are off:
OFF = {
    "uninitialized-local": "a local that starts at zero or false is the language's rule, and used as such",
    "incorrect-equality": "flags each test of a bit in a packed word; our rules equality-with-own-balance and "
    "timestamp-equality find the two cases that are faults",
    "divide-before-multiply": "divides first where that is the meaning: whole lots of a quantity that is a multiple of "
    "the lot, and calendar arithmetic; what is rounded goes through FixedPoint, and its rounding is tested",
}

SLOT_CONSTANTS = {"_STORAGE"}


def is_of_the_style(finding: dict[str, str]) -> bool:
    """Two patterns that slither misreads, and nothing wider."""
    if finding["check"].startswith("reentrancy"):
        # It takes the constant with the ERC-7201 slot for a state variable that the accessor `_s()` writes. What is
        # really written behind the accessor it does not see; our rule `write-after-token-call` and tests look there.
        variables = re.findall(r"\.(\w+) \([^)]*\) can be used in cross function", finding["description"])
        return bool(variables) and set(variables) <= SLOT_CONSTANTS
    if finding["check"] == "unused-return":
        # `(account,,) = f()` says at the place which results it leaves; one that is dropped silently is a fault.
        return "ignores return value by (" in finding["description"]
    return False


def contracts_in_build_info() -> int:
    sources = json.loads((AUDIT / "build-info/contracts.json").read_text())["output"].get("sources", {})
    return sum(node["nodeType"] == "ContractDefinition" for s in sources.values() for node in s["ast"]["nodes"])


def main() -> None:
    for command in (["make", "-s", ".build/stamps/audit"], ["node", "scripts/checks/lib/build_info.js"]):
        if status := subprocess.run(command, cwd=ROOT, check=False).returncode:
            sys.exit(status)
    expected = contracts_in_build_info()
    if expected == 0:
        print("slither: no contracts yet")
        return

    REPORT.unlink(missing_ok=True)
    # It reads our build info (--foundry-ignore-compile), so that it neither compiles nor cleans forge's folder.
    done = subprocess.run(
        [
            ROOT / ".venv-audit/bin/slither",
            ".",
            "--foundry-ignore-compile",
            *("--foundry-out-directory", AUDIT.relative_to(ROOT)),
            *("--filter-paths", "node_modules"),
            *("--exclude", ",".join(OFF)),
            *("--exclude-low", "--exclude-informational", "--exclude-optimization"),
            *("--json", REPORT),
        ],
        cwd=ROOT,
        env=os.environ | {"PATH": f"{ROOT / '.build/bin'}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    analysed = re.search(r"analyzed \((\d+) contracts", done.stderr)
    if not REPORT.exists() or not analysed or int(analysed.group(1)) != expected:
        sys.exit(f"{done.stderr}\nslither: analysed {analysed.group(1) if analysed else 0} of {expected} contracts")

    findings = json.loads(REPORT.read_text())["results"].get("detectors", [])
    left = [finding for finding in findings if not is_of_the_style(finding)]
    for finding in left:
        print(f"{finding['check']} ({finding['impact']}): {finding['description']}")
    if left:
        sys.exit(f"slither: {len(left)} findings")
    print(
        f"slither: {expected} contracts analysed, {len(findings)} misreadings of the style left out, none that stands"
    )


if __name__ == "__main__":
    main()
