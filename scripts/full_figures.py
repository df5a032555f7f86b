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
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "benchmarks" / "full.json"
SLOWEST = 10


def milliseconds_of(seconds: str) -> int:
    """Whole milliseconds of seconds as a report writes them."""
    return int(Decimal(seconds) * 1000)


def forge_figures(report: str) -> dict[str, int]:
    """Counts of the contract tests, from forge's line for each suite."""
    suites = re.findall(r"Suite result: \w+\. (\d+) passed; (\d+) failed; (\d+) skipped", report)
    if not suites:
        sys.exit("full_figures: forge's report has no suite in it")
    passed, failed, skipped = (sum(int(suite[column]) for suite in suites) for column in range(3))
    return {"suites": len(suites), "passed": passed, "failed": failed, "skipped": skipped}


def python_figures(report: Path) -> dict[str, object]:
    """Counts, seconds and the slowest of the Python tests, from pytest's JUnit report."""
    suite = next(ET.parse(report).getroot().iter("testsuite"))
    cases = sorted(suite.iter("testcase"), key=lambda case: -milliseconds_of(case.get("time", "0")))
    total, failed, errors, skipped = (int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped"))
    slowest = {
        f"{case.get('classname')}::{case.get('name')}": milliseconds_of(case.get("time", "0"))
        for case in cases[:SLOWEST]
    }
    return {
        "passed": total - failed - errors - skipped,
        "failed": failed + errors,
        "skipped": skipped,
        "milliseconds": milliseconds_of(suite.get("time", "0")),
        "slowest_in_milliseconds": slowest,
    }


def main(folder: str) -> None:
    reports = Path(folder)
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text())
    figures = {
        "contract_tests": forge_figures((reports / "forge.txt").read_text()),
        "python_tests": python_figures(reports / "pytest.xml"),
        "gas": results["gas"],
        "sdk": results["sdk"],
    }
    TARGET.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n")
    print(f"full run: figures in {TARGET.relative_to(ROOT)}")


if __name__ == "__main__":
    main(sys.argv[1])
