"""`make bench`: measure, compare with the committed baseline, print beside the goals and the peers' figures.

python -m benchmarks            a case that costs more than the baseline fails
python -m benchmarks --update   what was measured becomes the baseline
"""

from __future__ import annotations

import sys
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from benchmarks.gas import measure

HERE = Path(__file__).resolve().parent
RESULTS, BASELINE = HERE / "results.json", HERE / "baseline.json"

GOALS = {
    "place_new_level": 84_000,
    "place_existing_level": 60_000,
    "place_reused_level": 42_000,
    "take_1": 68_000,
    "take_per_maker": 17_000,
    "take_10_levels": 245_000,
    "cancel_middle": 33_000,
    "trade": 125_000,
    "transfer": 55_000,
    "cancel_units": 90_000,
    "issue": 120_000,
    "register": 250_000,
    "surrender": 260_000,
    "voucher_verify": 60_000,
}
PEERS = {  # the same cases of public order books and carbon tokens, measured under the same conditions
    "place_new_level": "Clober 265,434 · Kuru 140,306 · GTE 337,619 · Tempo 205,432",
    "place_existing_level": "Clober 176,627 · Kuru 125,371 · GTE 269,289 · Tempo 183,089",
    "take_1": "Clober 246,121 · Kuru 101,914 · GTE 136,462 · Tempo 77,363",
    "take_per_maker": "Kuru 17,179 · GTE 42,837 · Tempo 34,722",
    "take_10_levels": "Kuru 309,571 · GTE 684,825 · Tempo 468,744",
    "cancel_middle": "Clober 126,260 · Kuru 53,924 · GTE 79,009 · Tempo 42,376",
    "trade": "Clober 422,748 · Kuru 227,285 · GTE 405,751 · Tempo 260,452",
    "transfer": "CMTAT 55,507 · T-REX 214,389",
    "cancel_units": "Toucan 477,522",
    "issue": "Toucan 814,037 · NetEmissions 327,445",
    "register": "T-REX 766,121",
}


def main() -> int:
    """Measure and compare; 1 when a case got worse."""
    gas = measure()
    RESULTS.write_bytes(orjson.dumps({"gas": gas, "sdk": {}}, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    known = orjson.loads(BASELINE.read_bytes())["gas"] if BASELINE.exists() else {}
    table = Table(title="Gas")
    for column in ("case", "measured", "baseline", "goal", "peers"):
        table.add_column(column, justify="left" if column in ("case", "peers") else "right")
    worse = []
    for name, goal in GOALS.items():
        measured, before = gas[name], known.get(name)
        if before is not None and measured > before:
            worse.append(f"{name} costs {measured:,}, {measured - before:,} more than the baseline")
        mark = "" if measured <= goal else f" +{measured - goal:,}"
        table.add_row(name, f"{measured:,}", f"{before:,}" if before else "", f"{goal:,}{mark}", PEERS.get(name, ""))
    Console(width=140).print(table)
    if "--update" in sys.argv[1:]:
        BASELINE.write_bytes(RESULTS.read_bytes() + b"\n")
        return 0
    for line in worse:
        print(line, file=sys.stderr)
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
