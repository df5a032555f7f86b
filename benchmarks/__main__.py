"""`make bench`: measure, write `results.json`, compare with `baseline.json`; `--update` makes them the baseline."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import day, histories, sdk
from benchmarks.figures import GAS, SLACK, WHOLE
from benchmarks.gas import measure

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results.json"
BASELINE = FOLDER / "baseline.json"


def main() -> int:
    """Exit code 1 when something costs more gas than before; speeds are told, as they depend on the machine."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=…", description=__doc__)
    parser.add_argument("--update", action="store_true", help="make the results the new baseline")
    options = parser.parse_args()

    known = json.loads(BASELINE.read_text()) if BASELINE.exists() else {"gas": {}, "sdk": {}}
    costs, speeds = dict(sorted(measure(_tell).items())), sdk.measure(_tell)
    results = {"gas": costs, "sdk": speeds, "histories": histories.measure(_tell), "day": day.measure(_tell)}
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    _print(costs, known["gas"])
    _print_speeds(speeds)
    for name, figure in {**results["histories"], **{f"day: {name}": n for name, n in results["day"].items()}}.items():
        sys.stdout.write(f"{name.replace('_', ' '):<32}{figure:>10,}\n")
    if options.update:
        BASELINE.write_text(json.dumps({"gas": costs, "sdk": {}}, indent=2) + "\n")  # wall time is no baseline
        return 0
    worse = regressions(costs, known["gas"])
    for line in worse:
        sys.stderr.write(line + "\n")
    return 1 if worse else 0


def regressions(now: dict[str, int], before: dict[str, int]) -> list[str]:
    """One line for each case that costs more than before, or is no longer measured."""
    lines = [f"bench: {name} is no longer measured" for name in before if name not in now]
    for name, gas in now.items():
        allowed = before.get(name, gas) + SLACK.get(name, 0)
        if gas > allowed:
            lines.append(
                f"bench: {name} costs {gas:,} gas, {gas - before[name]:,} more than before ({before[name]:,}). "
                "If that is meant, say why in the commit and run `make bench ARGS=--update`."
            )
    return lines


def _tell(line: str) -> None:
    sys.stderr.write(f"  {line}\n")


def _print(now: dict[str, int], before: dict[str, int]) -> None:
    sys.stdout.write(f"{'case':<32}{'gas':>10}{'before':>10}{'goal':>10}   others\n")
    for name, figure in GAS.items():
        if name not in now:
            continue
        goal = f"{figure.goal:,}" if figure.goal else ""
        reached = "" if figure.goal is None else " ✓" if now[name] <= figure.goal else " ·"
        former = f"{before[name]:,}" if name in before else ""
        title = f"{name} (whole)" if name in WHOLE else name
        sys.stdout.write(f"{title:<32}{now[name]:>10,}{former:>10}{goal:>10}{reached:<3}{figure.peers}\n")


def _print_speeds(now: dict[str, sdk.Result]) -> None:
    sys.stdout.write(f"\n{'case':<16}{'value':>10}{'beside':>10}{'ratio':>8}   goal\n")
    for name, speed in sdk.SPEEDS.items():
        found = now[name]
        mark = "✓" if speed.reached(found) else "·"
        sys.stdout.write(
            f"{name:<16}{found['value']:>10,}{found['reference']:>10,}{found['ratio']:>8} {mark} {speed.goal}: "
            f"{speed.meaning}, {speed.unit}; beside: {speed.reference}\n"
        )


if __name__ == "__main__":
    raise SystemExit(main())
