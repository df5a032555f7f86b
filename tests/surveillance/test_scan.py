"""The scan against what was planted among honest trades: how much is found, and how many are accused in error.

Seeds 16 to 20 were not looked at while detectors, thresholds and the floor were made.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from carbon_sdk.surveillance import EarlyWarning, Tape, WarningKind, load_thresholds, read_tape, scan
from tests.surveillance.book import CHAIN, account_of
from tests.surveillance.floor import Floor
from tests.surveillance.judging import Judged, judge
from tests.surveillance.on_chain import played

SEEDS = (16, 17, 18, 19, 20)


def scanned(floor: Floor, tape: Tape) -> tuple[EarlyWarning, ...]:
    needs = {account_of(name): tonnes for name, tonnes in floor.needs.items()}
    return scan(tape, load_thresholds(), needs=needs)


def judged(floor: Floor, warnings: Sequence[EarlyWarning]) -> Judged:
    return judge(floor.cases, warnings, {account_of(name): name for name in floor.kinds})


def proven(seed: int) -> Judged:
    floor = Floor(seed).run()
    assert (floor.placed, len(floor.cases)) == (10_000, 50)
    with floor.logs.store(":memory:") as store:
        tape = read_tape(store, CHAIN)
    began = time.monotonic()
    found = judged(floor, scanned(floor, tape))
    seconds = time.monotonic() - began
    print(f"\nseed {seed}: {found}; scanned in {seconds:.1f} s")
    assert seconds < 20  # about one; the machine may be busy
    return found


# @requirement R-TRD-10
def test_scan__10_000_orders_with_50_planted_cases__finds_45_and_accuses_10_in_error_at_most():
    found = proven(SEEDS[0])
    assert len(found.found) >= 45, str(found)
    assert len(found.false) <= 10, str(found)


@pytest.mark.full
@pytest.mark.parametrize("seed", SEEDS[1:])
def test_scan__of_other_seeds__finds_45_and_accuses_10_in_error_at_most(seed):
    found = proven(seed)
    assert len(found.found) >= 45, str(found)
    assert len(found.false) <= 10, str(found)


def essence(warnings: Sequence[EarlyWarning], names: dict[str, str]) -> list[tuple[object, ...]]:
    """What does not depend on addresses, transactions and blocks."""
    return sorted(
        (one.kind.value, one.score, tuple(sorted(names[account] for account in one.accounts)), one.since, one.until)
        for one in warnings
    )


def compared(floor: Floor, where: object) -> None:
    with floor.logs.store(":memory:") as plain:
        expected = scanned(floor, read_tape(plain, CHAIN))
    with played(floor, str(where)) as real:
        assert (real.trades, real.rejected) == (floor.trades, 0)
        accounts = {name: account for account, name in real.names.items()}
        needs = {accounts[name]: tonnes for name, tonnes in floor.needs.items()}
        warnings = scan(read_tape(real.store, real.chain), load_thresholds(), needs=needs)
        names = {account_of(name): name for name in floor.kinds}
        assert essence(warnings, real.names) == essence(expected, names)
        found = judge(floor.cases, warnings, real.names)
    print(f"\non the chain: {found}")
    assert len(found.found) * 10 >= len(floor.cases) * 8, str(found)


def test_scan__of_2_000_orders_that_the_contracts_executed__is_that_of_the_plain_book(tmp_path):
    compared(Floor(21, orders=2_000, each=2, days=14).run(), tmp_path / "audit.sqlite")


@pytest.mark.full
def test_scan__of_10_000_orders_that_the_contracts_executed__is_that_of_the_plain_book(tmp_path):
    compared(Floor(SEEDS[0]).run(), tmp_path / "audit.sqlite")


def test_scan__of_honest_traders_only__accuses_hardly_anybody():
    floor = Floor(31, orders=4_000, each=0, days=25).run()
    with floor.logs.store(":memory:") as store:
        warnings = scanned(floor, read_tape(store, CHAIN))
    assert len(warnings) <= 6, [one.summary for one in warnings]


def test_scan__by_kind_market_and_time__tells_only_these():
    floor = Floor(21, orders=2_000, each=2, days=14).run()
    with floor.logs.store(":memory:") as store:
        tape = read_tape(store, CHAIN)
        whole = scan(tape, load_thresholds())
        assert [one.score for one in whole] == sorted((one.score for one in whole), reverse=True)
        rings = scan(tape, load_thresholds(), kinds=[WarningKind.RING])
        assert list(rings) == [one for one in whole if one.kind is WarningKind.RING]
        assert scan(tape, load_thresholds(), market=2) == ()
        middle = sorted(one.until for one in whole)[len(whole) // 2]
        assert list(scan(tape, load_thresholds(), since=middle)) == [one for one in whole if one.until >= middle]
        early = read_tape(store, CHAIN, until=middle)
        assert early.last <= middle < tape.last
        assert all(one.until <= middle for one in scan(early, load_thresholds()))
        assert len({one.id for one in whole}) == len(whole)
