"""The event store in a real PostgreSQL: as in SQLite, killed anywhere, exported alike, backed up and restored."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from carbon_sdk.audit.decode import Decoders
from carbon_sdk.audit.export import copy, export
from carbon_sdk.audit.histories import Histories
from carbon_sdk.audit.indexer import Indexer
from carbon_sdk.audit.store import Store, StoreDamaged, addresses, logs
from carbon_sdk.errors import InputError
from tests.audit.fake_node import CONTRACTS, OTHER, FakeNode, transfer_log
from tests.audit.postgres import Cluster, cluster
from tests.audit.test_indexer import CHAIN, A, B, filled, fresh, told

ROOT = Path(__file__).parents[2]
DEPTHS = [*range(1, 65)]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Cluster]:
    with cluster() as running:
        yield running


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """A new, empty database each time it is called."""
    count = iter(range(1000))
    if request.param == "sqlite":
        return lambda: str(tmp_path / f"{next(count)}.sqlite")
    running: Cluster = request.getfixturevalue("postgres")
    return running.database


def exported(store: Store, form: str, event: str | None = None) -> bytes:
    to = io.BytesIO()
    export(store, CHAIN, to, form, event=event)
    return to.getvalue()


# R-OPS-5
def test_sync__reorganisations_of_every_depth__equal_a_store_that_never_saw_the_old_branch(
    place: Callable[[], str], decoders: Decoders
) -> None:
    node = FakeNode()
    filled(node, 80)
    with Store(place(), decoders) as store:
        indexer = Indexer(node, store, CONTRACTS)
        indexer.sync()
        for depth in DEPTHS:
            node.fork(depth)
            filled(node, depth + 1, seed=depth, salt=f"branch {depth} ")
            done = indexer.sync()
            assert [one.depth for one in done.reorganisations] == [depth]
        assert told(store) == fresh(node, decoders)
        assert [one.depth for one in store.reorganisations(CHAIN)] == DEPTHS
        assert not list(store.verify(CHAIN, addresses(CONTRACTS)))


_INDEXER = """
import random, sys, time
from pathlib import Path
sys.path.insert(0, {folder!r})
from fake_node import CONTRACTS, OTHER, FakeNode, transfer_log
from carbon_sdk.audit.decode import Decoders, load_abis
from carbon_sdk.audit.indexer import Indexer
from carbon_sdk.audit.store import Store

dice = random.Random(4)
node = FakeNode(most_blocks=3)
for i in range(150):
    node.mine([transfer_log(OTHER, "0x" + "11" * 20, 5, dice.randrange(10**30)) for _ in range(dice.randint(0, 4))])
node.before = lambda method, parameters: time.sleep(0.0005)
store = Store({where!r}, Decoders(load_abis(Path({abis!r}))))
print("begun", flush=True)
Indexer(node, store, CONTRACTS).sync()
print("done", flush=True)
"""


def test_index__killed_at_any_point__goes_on_and_equals_one_that_was_not(
    place: Callable[[], str], decoders: Decoders
) -> None:
    where = place()
    code = textwrap.dedent(_INDEXER).format(
        folder=str(Path(__file__).parent), where=where, abis=str(ROOT / "carbon_sdk" / "contracts" / "artifacts")
    )
    dice, kills, done = random.Random(11), 0, False
    for _ in range(40):
        process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(dice.uniform(0.005, 0.06))
        if kills < 6 and process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            kills += 1
        rest = process.stdout.read()
        process.wait()
        with Store(where, decoders) as store:
            assert not list(store.verify(CHAIN)), "what a kill left is whole"
        if "done" in rest:
            done = True
            break
    assert done
    assert kills >= 3
    dice = random.Random(4)
    node = FakeNode()
    for _ in range(150):
        node.mine([transfer_log(OTHER, B, 5, dice.randrange(10**30)) for _ in range(dice.randint(0, 4))])
    with Store(where, decoders) as store:
        assert told(store) == fresh(node, decoders)


def test_export__from_sqlite_and_postgres__is_the_same_byte_for_byte(
    postgres: Cluster, tmp_path: Path, decoders: Decoders
) -> None:
    node = FakeNode()
    filled(node, 120)
    node.mine([transfer_log(A, B, 5, 2**255 + 1)])
    with Store(tmp_path / "a.sqlite", decoders) as lite, Store(postgres.database(), decoders) as real:
        for i, store in enumerate((lite, real)):
            # Different histories of the databases: one of them read a branch that is gone.
            if i:
                other = FakeNode()
                other.blocks = node.blocks[:100]
                filled(other, 9, seed=5, salt="gone ")
                Indexer(other, store, CONTRACTS).sync()
            node.finalized = 90
            Indexer(node, store, CONTRACTS, wanted_logs=[20, 400][i]).sync()
        for form in ("csv", "parquet"):
            for event in (None, "InstrumentLedger.TransferSingle"):
                assert exported(lite, form, event) == exported(real, form, event)
        text = exported(lite, "csv", "InstrumentLedger.TransferSingle").decode()
        assert str(2**255 + 1) in text, "not a digit is lost"
        assert {line.split(",")[3] for line in text.splitlines()[1:]} == {"finalized", "head"}
        with pytest.raises(InputError, match=r"no event InstrumentLedger\.Nothing"):
            exported(lite, "csv", "InstrumentLedger.Nothing")


def test_parquet__read_back__has_the_rows_and_no_float(tmp_path: Path, decoders: Decoders) -> None:
    from pyarrow import parquet, types

    node = FakeNode()
    filled(node, 60)
    with Store(tmp_path / "a.sqlite", decoders) as store:
        Indexer(node, store, CONTRACTS).sync()
        content = exported(store, "parquet")
        table = parquet.read_table(io.BytesIO(content))
        assert table.num_rows == store.count(CHAIN)
        assert not any(types.is_floating(field.type) for field in table.schema)
        lines = exported(store, "csv").decode().splitlines()
        assert len(lines) == table.num_rows + 1
        assert lines[0].split(",") == table.column_names


def test_copy__backup_and_restore_to_a_point_in_time__then_reads_on(
    postgres: Cluster, tmp_path: Path, decoders: Decoders
) -> None:
    node = FakeNode()
    filled(node, 100)
    with (
        Store(postgres.database(), decoders) as source,
        Store(tmp_path / "backup.sqlite", decoders) as backup,
        Store(postgres.database(), decoders) as restored,
    ):
        Indexer(node, source, CONTRACTS).sync()
        assert copy(source, backup, CHAIN, until=40).number == 40
        assert copy(source, backup, CHAIN) == source.cursor(CHAIN)
        assert exported(backup, "csv") == exported(source, "csv")
        moment = 1_700_000_000 + 12 * 70 + 5
        reached = copy(backup, restored, CHAIN, until_time=moment)
        assert reached.number == 70
        assert told(restored) == [one for one in told(source) if one[0] <= 70]
        assert not list(restored.verify(CHAIN, addresses(CONTRACTS)))
        node.fork(50)  # the chain went another way since
        filled(node, 60, seed=3, salt="other ")
        Indexer(node, restored, CONTRACTS).sync()
        assert told(restored) == fresh(node, decoders)
        with pytest.raises(InputError, match="another branch or store"):
            copy(source, restored, CHAIN)


def test_copy__of_a_store_with_a_changed_row__stops_there(tmp_path: Path, decoders: Decoders) -> None:
    node = FakeNode()
    for i in range(9):
        node.mine([transfer_log(A, B, 5, i)])
    with Store(tmp_path / "a.sqlite", decoders) as source, Store(":memory:", decoders) as target:
        Indexer(node, source, CONTRACTS).sync()
        with source.engine.begin() as connection:
            third = sa.select(logs.c.block).order_by(logs.c.block).offset(2).limit(1).scalar_subquery()
            connection.execute(sa.update(logs).where(logs.c.block == third).values(data=bytes(64)))
        with pytest.raises(StoreDamaged, match="Block 3 was changed"):
            copy(source, target, CHAIN)


def test_redecode_and_histories__in_postgres__as_in_sqlite(
    postgres: Cluster, tmp_path: Path, decoders: Decoders
) -> None:
    node = FakeNode()
    filled(node, 40)
    with Store(postgres.database(), decoders) as store:
        Indexer(node, store, CONTRACTS).sync()
        with store.engine.begin() as connection:
            connection.execute(sa.update(logs).values(args=None, kind=0))
        store.redecode(CHAIN, addresses(CONTRACTS))
        assert told(store) == fresh(node, decoders)
        Histories(store, CHAIN).catch_up()
