"""A million events from anvil: as fast as at ten thousand, and hardly more memory (GOALS.md, `index_events`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.sdk import emit
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.chain import Chain

ROOT = Path(__file__).parents[2]
FEW = 10_000
MANY = 1_000_000 if os.environ.get("CARBON_FULL") else 60_000
CALLS_A_BLOCK = 4
"""Of 250 events each: blocks as full as a public chain's."""
LEAST_SHARE = 60
"""Of the rate at ten thousand events, in per cent: the machine does other things too."""

_INDEX = """
import json, sys, time
from pathlib import Path

from benchmarks.sdk import EMITTER
from carbon_sdk.audit.decode import Decoders
from carbon_sdk.audit.indexer import Indexer
from carbon_sdk.audit.store import Store
from carbon_sdk.audit.suite import suite_abis
from carbon_sdk.chain.endpoint import HttpEndpoint

url, file, to = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Store(file, Decoders(suite_abis())) as store:
    indexer = Indexer(HttpEndpoint(url), store, {EMITTER: "InstrumentLedger"})
    start = time.perf_counter_ns()
    done = indexer.sync(to)
    spent = time.perf_counter_ns() - start
    # Not getrusage: what it tells survives exec, so it may be the parent's.
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    peak = int(status["VmHWM"].split()[0])
    print(json.dumps([done.logs, spent, peak]))
"""


def indexed(url: str, file: Path, to: int) -> tuple[int, int, int]:
    """Logs read, nanoseconds, and the process's greatest memory in KiB."""
    done = subprocess.run(
        [sys.executable, "-c", _INDEX, url, str(file), str(to)], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    logs, spent, peak = json.loads(done.stdout)
    return logs, spent, peak


def test_index__many_events__as_fast_and_in_the_same_memory_as_few(tmp_path: Path) -> None:
    with Anvil(options=("--gas-limit", "1000000000")) as anvil:
        chain = Chain(anvil.url)
        last_of_few = emit(chain, FEW, CALLS_A_BLOCK)
        last = emit(chain, MANY - FEW, CALLS_A_BLOCK)
        few = indexed(anvil.url, tmp_path / "few.sqlite", last_of_few)
        many = indexed(anvil.url, tmp_path / "many.sqlite", last)
    assert (few[0], many[0]) == (FEW, MANY)
    assert many[2] * 10 <= few[2] * 12, f"{many[2]:,} KiB at {MANY:,} events, {few[2]:,} KiB at {FEW:,}"
    share = 100 * many[0] * few[1] // (few[0] * many[1])
    assert share >= LEAST_SHARE, f"{share} per cent of the rate at {FEW:,} events"
    print(f"{MANY:,} events: {many[2]:,} KiB and {share} per cent of the rate at {FEW:,}, which took {few[2]:,} KiB")
