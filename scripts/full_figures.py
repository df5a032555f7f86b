#!/usr/bin/env python3
"""What `make test-full` saw, into benchmarks/full.json: how much was tested, how long it took, what things cost.

Called at the end of the full run with the folder of its reports. The file is committed, so that a change of any figure
shows in its history.
"""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "benchmarks" / "full.json"
SLOWEST = 10


def forge_figures(report: str) -> dict[str, object]:
    """Counts and seconds of the contract tests, from forge's last line."""
    found = re.search(
        r"Ran (\d+) test suites? in ([\d.]+)(m?s).*?: (\d+) tests passed, (\d+) failed, (\d+) skipped", report
    )
    if not found:
        sys.exit("full_figures: forge's report has no closing line")
    suites, time, unit, passed, failed, skipped = found.groups()
    milliseconds = round(float(time) * (1 if unit == "ms" else 1000))
    counts = {"suites": suites, "passed": passed, "failed": failed, "skipped": skipped}
    return {name: int(value) for name, value in counts.items()} | {"milliseconds": milliseconds}


def python_figures(report: Path) -> dict[str, object]:
    """Counts, seconds and the slowest of the Python tests, from pytest's JUnit report."""
    suite = next(ET.parse(report).getroot().iter("testsuite"))
    cases = sorted(suite.iter("testcase"), key=lambda case: -float(case.get("time", "0")))
    total, failed, errors, skipped = (int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped"))
    slowest = {
        f"{case.get('classname')}::{case.get('name')}": round(float(case.get("time", "0")) * 1000)
        for case in cases[:SLOWEST]
    }
    return {
        "passed": total - failed - errors - skipped,
        "failed": failed + errors,
        "skipped": skipped,
        "milliseconds": round(float(suite.get("time", "0")) * 1000),
        "slowest_in_milliseconds": slowest,
    }


def main(folder: str) -> None:
    reports = Path(folder)
    figures = {
        "contract_tests": forge_figures((reports / "forge.txt").read_text()),
        "python_tests": python_figures(reports / "pytest.xml"),
        "gas": json.loads((ROOT / "benchmarks" / "results.json").read_text())["gas"],
    }
    TARGET.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    print(f"full run: figures in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1])
