"""Histories in the store are what the fold says, whatever happened to the store on the way."""

from __future__ import annotations

import copy
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.events import CHAIN, CONTRACTS, MONEY, Market, blocks_of, fill, new_store
from carbon_sdk.audit import histories as module
from carbon_sdk.audit.accounts import FROZEN
from carbon_sdk.audit.decode import Abi, Decoders
from carbon_sdk.audit.events import Header, RawLog
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.histories import Histories, StoreMoved
from carbon_sdk.audit.indexer import Indexer
from carbon_sdk.audit.invariants import violations
from carbon_sdk.audit.state import State
from carbon_sdk.audit.statements import statement_of
from carbon_sdk.audit.store import Cursor, Store
from carbon_sdk.errors import InputError
from tests.audit.market_chain import MarketChain

ROOT = Path(__file__).parents[2]
BY_BYTES = {bytes.fromhex(at[2:]): name for at, name in CONTRACTS.items()}
Block = tuple[Header, list[RawLog]]


def require_equal(histories: Histories, state: State, lives: int = 60) -> None:
    """Lives, blocks, balances and what is bound, against a fold that kept everything in memory."""
    dice = random.Random(5)
    for instrument, issued in state.serials.issued.items():
        for serial in {1, issued, *(dice.randint(1, issued) for _ in range(lives))}:
            life = [station.movement for station in histories.life(instrument, serial)]
            assert life == state.serials.life_of(instrument, serial)
        with pytest.raises(InputError):
            histories.life(instrument, issued + 1)
    assert list(histories.differences(state)) == []
    require_same_holdings(histories, state)
    require_same_balances(histories, state)


def require_same_holdings(histories: Histories, state: State) -> None:
    want: dict[tuple[Any, int], list[tuple[str, int, int]]] = defaultdict(list)
    for (account, instrument), queue in state.serials.free.items():
        want[account, instrument] += [("free", block.first, block.end - 1) for block in queue.blocks]
    for (account, instrument, _), causes in state.serials.bound.items():
        for queue in causes.values():
            want[account, instrument] += [("bound", block.first, block.end - 1) for block in queue.blocks]
    for (account, instrument, _), queue in state.serials.offered.items():
        want[account, instrument] += [("in an order", block.first, block.end - 1) for block in queue.blocks]
    for (account, instrument), blocks in want.items():
        found = [(one.where, one.first, one.last) for one in histories.holdings(account, instrument)]
        free = [block for block in blocks if block[0] == "free"]
        assert [one for one in found if one[0] == "free"] == free  # in the order of their turn
        assert sorted(found) == sorted(blocks)


def require_same_balances(histories: Histories, state: State) -> None:
    accounts = {account for account, _ in state.ledger.balances}
    for account in accounts:
        statement = statement_of(histories, account)
        assert statement.adds_up
        parts = {part.instrument: part for part in statement.parts}
        for (whose, instrument), balance in state.ledger.balances.items():
            if whose != account:
                continue
            in_orders = state.book.in_orders.get((account, instrument), 0)
            part = parts.get(instrument)
            assert (part.closing if part else (0, 0)) == (balance + in_orders, in_orders)
            bound = sum(much for key, much in state.ledger.encumbered.items() if key[:2] == (account, instrument))
            frozen = state.ledger.frozen.get((account, instrument), 0)
            assert (sum(part.bound.values()), part.frozen) == (bound, frozen) if part else not (bound or frozen)
        for part in statement.parts:
            assert not [line for line in part.lines if line.act == "other"]  # every line has its reason


def folded(store: Store, contracts: Any = CONTRACTS, chain: int = CHAIN) -> State:
    return Fold(contracts).apply_all(store.events(chain))


def append(store: Store, blocks: list[Block]) -> None:
    last = blocks[-1][0]
    cursor = Cursor(1, last.number, last.hash, 0, -1)
    store.append(CHAIN, [header for header, _ in blocks], [log for _, logs in blocks for log in logs], BY_BYTES, cursor)


@pytest.fixture(scope="module")
def made() -> tuple[Store, State, Histories]:
    """A store of some thousand events, its fold, and its histories, made in many batches."""
    store = new_store(":memory:")
    fill(store, Market(seed=3, accounts=30), 8_000, per_block=20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BATCH", 300)
        histories = Histories(store)
        histories.catch_up()
    return store, folded(store), histories


def test_market__made_up__is_one_that_the_auditor_finds_nothing_wrong_with(made: Any) -> None:
    _, state, histories = made
    assert state.faults == []
    assert list(violations(state)) == []
    assert histories.faults == []
    names = {movement.act for journal in state.serials.journal.values() for movement in journal}
    assert names >= {"issued", "transferred", "forced", "traded", "offered", "returned", "bound", "released"}
    assert names >= {"surrendered", "cancelled"}


# @requirement R-AST-1
def test_life__of_many_units__as_the_fold_tells_it(made: Any) -> None:
    _, state, histories = made
    require_equal(histories, state)


def test_life__of_every_unit__ends_where_the_unit_is(made: Any) -> None:
    _, state, histories = made
    instrument = next(iter(state.serials.issued))
    for serial in range(1, state.serials.issued[instrument] + 1, 997):
        where, whose = state.serials.holder_of(instrument, serial)
        last = histories.life(instrument, serial)[-1].movement
        assert last.holder == whose
        assert (where == "cancelled") == (last.act in ("surrendered", "cancelled", "converted"))


def test_reference__of_what_has_a_voucher__is_its_code(made: Any) -> None:
    _, state, _ = made
    rules = state.vouchers.rules
    from carbon_sdk.audit.vouchers import code_of

    codes = {
        code_of(voucher, rules) for series in state.vouchers.series.values() for voucher in series.vouchers if voucher
    }
    told = {
        movement.reference.rpartition("voucher ")[2]
        for journal in state.serials.journal.values()
        for movement in journal
        if movement.act in ("traded", "surrendered", "cancelled")
    }
    assert told == codes


@pytest.mark.parametrize(("batch", "most_blocks"), [(1, 0), (50, 0), (500, 40), (10**9, 10**9)])
def test_catch_up__in_steps_of_any_size_and_with_any_memory__is_the_same(
    monkeypatch: pytest.MonkeyPatch, batch: int, most_blocks: int
) -> None:
    store = new_store(":memory:")
    fill(store, Market(seed=9, accounts=12), 1_500, per_block=8)
    monkeypatch.setattr(module, "_BATCH", batch)
    histories = Histories(store, most_blocks=most_blocks)
    assert histories.catch_up() == store.count(CHAIN)
    require_equal(histories, folded(store), lives=20)
    assert histories.catch_up() == 0


def test_catch_up__while_the_store_grows__goes_on_where_it_was(tmp_path: Path) -> None:
    where = str(tmp_path / "s.sqlite")
    blocks = list(blocks_of(Market(seed=4, accounts=15), 2_000, per_block=10))
    for start in range(0, len(blocks), 25):
        store = new_store(where)
        append(store, blocks[start : start + 25])
        Histories(store).catch_up()
        store.close()
    store = new_store(where)
    require_equal(Histories(store), folded(store))


def branches(seed: int) -> Iterator[list[Block]]:
    """The same beginning, another end each time."""
    market = Market(seed=seed, accounts=8)
    stem = list(blocks_of(market, 500, per_block=10))
    for other in range(3):
        grown = copy.deepcopy(market)
        grown._dice.seed(other)
        yield [*stem, *_grown(grown, stem[-1][0], 12, other)]


def _grown(market: Market, parent: Header, count: int, salt: int) -> Iterator[Block]:
    from carbon_sdk.identifiers import keccak

    previous = parent.hash
    for number in range(parent.number + 1, parent.number + 1 + count):
        header = Header(number, keccak(b"%d/%d" % (salt, number)), previous, parent.timestamp + 12 * number)
        logs: list[RawLog] = []
        for place in range(10):
            transaction = keccak(header.hash + bytes([place]))
            for told in market.act(header.timestamp):
                logs.append(RawLog(number, len(logs), place, transaction, *market.encoded(*told)))
        previous = header.hash
        yield header, logs


BRANCHES = [list(branches(seed)) for seed in (1, 2)]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 1),
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 12), st.booleans()), min_size=1, max_size=5),
    st.sampled_from((1, 40, 10**9)),
)
def test_catch_up__over_any_reorganisations__equals_a_fresh_store(
    seed: int, steps: list[tuple[int, int, bool]], batch: int
) -> None:
    known = BRANCHES[seed]
    stem = len(known[0]) - 12
    store = new_store(":memory:")
    append(store, known[0][:stem])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_BATCH", batch)
        histories = Histories(store)
        histories.catch_up()
        for branch, length, catches_up in steps:
            store.roll_back(CHAIN, known[0][stem - 1][0].number)
            if length:
                append(store, known[branch][stem : stem + length])
            if catches_up:
                histories.catch_up()
        histories.catch_up()
    require_equal(histories, folded(store), lives=6)


def test_catch_up__rolled_back_below_what_can_be_undone__begins_again() -> None:
    blocks = list(blocks_of(Market(seed=6, accounts=10), 1_000, per_block=10))
    store = new_store(":memory:")
    last = blocks[-1][0]
    cursor = Cursor(1, last.number, last.hash, last.number, last.number)  # all of it final, so they say
    store.append(CHAIN, [h for h, _ in blocks], [log for _, logs in blocks for log in logs], BY_BYTES, cursor)
    histories = Histories(store)
    histories.catch_up()
    with store.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(module.batches)).scalar() == 1
    store.roll_back(CHAIN, blocks[10][0].number)
    histories.catch_up()
    require_equal(histories, folded(store))


def test_catch_up__stopped_in_the_middle_of_a_batch__leaves_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_store(":memory:")
    fill(store, Market(seed=8, accounts=10), 1_200, per_block=10)
    monkeypatch.setattr(module, "_BATCH", 100)

    class Stopped(Exception):
        pass

    dice = random.Random(1)
    real = Histories._prune

    def sometimes(self: Histories, *rest: Any) -> None:
        if dice.random() < 0.5:
            raise Stopped
        real(self, *rest)

    monkeypatch.setattr(Histories, "_prune", sometimes)
    for _ in range(200):
        try:
            Histories(store).catch_up()
            break
        except Stopped:
            continue
    require_equal(Histories(store), folded(store))


def test_catch_up__killed__goes_on_where_it_was(tmp_path: Path) -> None:
    where = str(tmp_path / "s.sqlite")
    store = new_store(where)
    fill(store, Market(seed=8, accounts=20), 6_000)
    code = (
        "import sys; from benchmarks.events import new_store; from carbon_sdk.audit import histories as module;"
        "module._BATCH = 100; print('ready', flush=True);"
        f"module.Histories(new_store({where!r})).catch_up(lambda a, b: print(a, flush=True))"
    )
    running = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert running.stdout
    for _ in range(6):
        running.stdout.readline()
    os.kill(running.pid, signal.SIGKILL)
    running.wait()
    histories = Histories(store)
    with store.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.max(module.batches.c.batch))).scalar() >= 4
    assert 0 < histories.catch_up() < store.count(CHAIN)
    require_equal(histories, folded(store))


def test_catch_up__of_two_at_once__one_goes_on_and_nothing_is_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_store(":memory:")
    blocks = list(blocks_of(Market(seed=5, accounts=10), 900, per_block=10))
    append(store, blocks)
    first, second = Histories(store), Histories(store)
    begun = second._begin

    def slow() -> Any:
        writer = begun()
        first.catch_up()  # meanwhile
        monkeypatch.setattr(second, "_begin", begun)
        return writer

    monkeypatch.setattr(second, "_begin", slow)
    second.catch_up()
    require_equal(second, folded(store))


def test_catch_up__store_that_changes_all_the_time__is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    store = new_store(":memory:")
    append(store, list(blocks_of(Market(seed=5, accounts=5), 300, per_block=10)))
    histories = Histories(store)
    monkeypatch.setattr(histories, "_hash_of", lambda connection, number: bytes(32))
    with pytest.raises(StoreMoved):
        histories.catch_up()


def test_catch_up__logs_decoded_anew__are_taken_in() -> None:
    store = new_store(":memory:")
    blocks = list(blocks_of(Market(seed=7, accounts=8), 700, per_block=10))
    some = {at: name for at, name in BY_BYTES.items() if name != "OrderBook"}
    last = blocks[-1][0]
    store.append(
        CHAIN,
        [header for header, _ in blocks],
        [log for _, logs in blocks for log in logs],
        some,
        Cursor(1, last.number, last.hash, 0, -1),
    )
    histories = Histories(store)
    histories.catch_up()
    store.redecode(CHAIN, BY_BYTES)
    histories.catch_up()
    require_equal(histories, folded(store))
    before = store.decodings(CHAIN)
    store.redecode(CHAIN, BY_BYTES)
    assert store.decodings(CHAIN) == before  # nothing was different: nothing need be made again


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE unit_places SET last = first WHERE first <> last AND gone = 0",
        "UPDATE account_lines SET balance = '1'",
        "DELETE FROM account_lines WHERE act = 'bought'",
        "UPDATE account_bounds SET after = '7'",
        "DELETE FROM unit_places",
    ],
)
def test_differences__tables_altered__are_found_and_gone_when_made_anew(change: str) -> None:
    store = new_store(":memory:")
    append(store, list(blocks_of(Market(seed=2, accounts=6), 1_200, per_block=10)))
    histories, state = Histories(store), folded(store)
    histories.catch_up()
    assert list(histories.differences(state)) == []
    with store.engine.begin() as connection:
        connection.exec_driver_sql(change)
    assert list(histories.differences(state))
    histories.start_anew()
    histories.catch_up()
    require_equal(histories, state)


def test_issue__of_more_than_can_be_counted__is_a_fault_and_no_end() -> None:
    store, market = new_store(":memory:"), Market(accounts=2)
    blocks = list(blocks_of(market, 60, per_block=10))
    account, instrument = market.accounts[0], market.instruments[0]
    args = {"instrument": instrument, "account": account, "firstSerial": 1 << 95, "quantity": 1 << 96, "cause": 1}
    header = blocks[-1][0]
    blocks[-1][1].append(
        RawLog(header.number, 10**4, 99, bytes(32), *market.encoded("InstrumentLedger", "UnitsIssued", args))
    )
    append(store, blocks)
    histories = Histories(store)
    histories.catch_up()
    assert any("UnitsIssued" in fault for fault in histories.faults)
    assert any("UnitsIssued" in fault.what for fault in folded(store).faults)


def test_catch_up__empty_store__is_said() -> None:
    with pytest.raises(InputError, match="index first"):
        Histories(new_store(":memory:"), CHAIN).catch_up()


def test_life__of_no_serial__is_said(made: Any) -> None:
    _, _, histories = made
    for serial in (0, -1, 1 << 96):
        with pytest.raises(InputError, match="is no serial"):
            histories.life(MONEY, serial)


def test_traded__on_a_real_chain__equals_the_fold(chain: MarketChain, abis: dict[str, Abi]) -> None:
    store = Store(":memory:", Decoders(abis))
    indexer = Indexer(chain.rpc, store, chain.contracts)
    indexer.sync()
    histories = Histories(store)
    histories.catch_up()
    state = folded(store, chain.contracts, histories.chain)
    assert state.faults == []
    require_equal(histories, state)
    frozen = [key for key, amount in state.ledger.frozen.items() if amount]
    assert not frozen or FROZEN in histories.bound(*frozen[0], before=1 << 62)


def seconds(histories: Histories, state: Market, count: int = 100) -> list[float]:
    dice = random.Random(2)
    took = []
    for _ in range(count):
        instrument = dice.choice(state.instruments)
        serial = dice.randint(1, state.issued[instrument])
        began = time.perf_counter()
        assert histories.life(instrument, serial)[0].movement.act == "issued"
        took.append(time.perf_counter() - began)
    return took


def require_at_once(where: Path, events: int) -> None:
    """Lives, statements and the whole command on a store of so many events."""
    store, market = new_store(str(where)), Market()
    fill(store, market, events)
    histories = Histories(store)
    histories.catch_up()
    assert histories.faults == []
    assert sorted(seconds(histories, market, 500))[490] < 0.5
    began = time.process_time()
    assert statement_of(histories, market.accounts[7]).adds_up
    assert time.process_time() - began < 2
    command = [
        sys.executable,
        "-m",
        "carbon_sdk.cli",
        "serial",
        str(market.instruments[0]),
        "57",
        "--store",
        str(where),
    ]
    # As an installed command runs: its modules compiled. The first run compiles them, wherever this process may not.
    surroundings = {**os.environ, "PYTHONPYCACHEPREFIX": str(where.parent / "compiled")}
    surroundings.pop("PYTHONDONTWRITEBYTECODE", None)
    assert min(processor_time_of(command, surroundings) for _ in range(3)) < 1


def processor_time_of(command: list[str], surroundings: dict[str, str]) -> float:
    """Seconds of the processor that the command took, Python's start included: the machine may be busy with others."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT, env=surroundings)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_life__in_a_store_of_twenty_thousand_events__is_there_at_once(tmp_path: Path) -> None:
    require_at_once(tmp_path / "s.sqlite", 20_000)


@pytest.mark.full
def test_life__in_a_store_of_a_million_events__takes_less_than_a_second(tmp_path: Path) -> None:
    require_at_once(tmp_path / "s.sqlite", 1_000_000)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert most < 1_000_000  # kilobytes, whatever other tests of this process needed included
