"""What the event store answers, and how fast: the life of a unit, an account's statement, and taking events in.

Wall time of this machine: told, not compared with a baseline.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.events import Market, fill, new_store
from carbon_sdk.audit.histories import Histories
from carbon_sdk.audit.statements import statement_of

EVENTS = 100_000
_LIVES = 200
_STATEMENTS = 20


def measure(tell: Callable[[str], None], events: int = EVENTS) -> dict[str, int]:
    """Figures by name; microseconds are medians.

    Args:
        tell: Told what is being done.
        events: In the store.
    """
    with tempfile.TemporaryDirectory() as folder:
        store, market = new_store(str(Path(folder) / "events.sqlite")), Market()
        tell(f"histories: {events:,} events")
        began = time.perf_counter()
        fill(store, market, events)
        stored = time.perf_counter() - began
        began = time.perf_counter()
        histories = Histories(store)
        histories.catch_up()
        taken = time.perf_counter() - began
        dice = random.Random(1)
        lives = [_timed(lambda: histories.life(*_unit(market, dice))) for _ in range(_LIVES)]
        accounts = dice.sample(market.accounts, _STATEMENTS)
        statements = [_timed(lambda whose=whose: statement_of(histories, whose)) for whose in accounts]
        store.close()
    return {
        "events": events,
        "stored_events_per_second": int(events / stored),
        "taken_in_events_per_second": int(events / taken),
        "life_microseconds": sorted(lives)[_LIVES // 2],
        "statement_microseconds": sorted(statements)[_STATEMENTS // 2],
    }


def _unit(market: Market, dice: random.Random) -> tuple[int, int]:
    instrument = dice.choice(market.instruments)
    return instrument, dice.randint(1, market.issued[instrument])


def _timed(act: Callable[[], object]) -> int:
    began = time.perf_counter()
    act()
    return int((time.perf_counter() - began) * 1_000_000)
