from __future__ import annotations

import random
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sdk.audit.decode import Decoders
from carbon_sdk.audit.indexer import Indexer, NodeContradictsItself
from carbon_sdk.audit.store import Store, StoreDamaged, addresses, logs
from carbon_sdk.errors import NodeError
from tests.audit.fake_node import CONTRACTS, OTHER, FakeNode, transfer_log

CHAIN = 7
A, B = OTHER, "0x" + "11" * 20


def some_logs(dice: random.Random, most: int = 4) -> list[dict]:  # type: ignore[type-arg]
    return [transfer_log(A, B, 5, dice.randrange(10**30)) for _ in range(dice.randint(0, most))]


def filled(node: FakeNode, blocks: int, seed: int = 1, salt: str = "") -> None:
    dice = random.Random(seed)
    for i in range(blocks):
        node.mine(some_logs(dice), salt=f"{salt}{i}")


def told(store: Store) -> list[tuple[int, int, str]]:
    return [(e.position.block, e.position.log_index, str(e)) for e in store.events(CHAIN)]


def fresh(node: FakeNode, decoders: Decoders) -> list[tuple[int, int, str]]:
    store = Store(":memory:", decoders)
    Indexer(node, store, CONTRACTS).sync()
    return told(store)


@pytest.mark.parametrize("depth", [1, 2, 3, 5, 8, 17, 31, 32, 33, 64])
def test_sync__reorganisation__equals_a_store_that_never_saw_the_old_branch(decoders: Decoders, depth: int) -> None:
    node = FakeNode()
    filled(node, 100)
    store = Store(":memory:", decoders)
    indexer = Indexer(node, store, CONTRACTS)
    indexer.sync()

    node.fork(depth)
    filled(node, depth + 2, seed=depth, salt="other branch ")
    done = indexer.sync()

    assert told(store) == fresh(node, decoders)
    assert [one.depth for one in done.reorganisations] == [depth]
    assert [one.ancestor for one in store.reorganisations(CHAIN)] == [100 - depth]
    assert not list(store.verify(CHAIN, addresses(CONTRACTS)))


@given(
    forks=st.lists(st.tuples(st.integers(1, 64), st.integers(-3, 5), st.integers(0, 999)), max_size=5),
    window=st.sampled_from((1, 8, 128)),
    most_logs=st.sampled_from((3, 20, 10**9)),
)
@settings(max_examples=40, deadline=None)
def test_sync__any_forks_and_limits__equals_a_fresh_store(
    decoders: Decoders, forks: list[tuple[int, int, int]], window: int, most_logs: int
) -> None:
    node = FakeNode(most_logs=max(4, most_logs), most_blocks=50)
    filled(node, 90)
    store = Store(":memory:", decoders)
    indexer = Indexer(node, store, CONTRACTS, window=window, wanted_logs=20)
    indexer.sync()
    for depth, longer, seed in forks:
        node.fork(min(depth, len(node.blocks) - 1))
        filled(node, max(1, depth + longer), seed, salt=f"{seed} ")
        indexer.sync()

    assert told(store) == fresh(node, decoders)
    assert not list(store.verify(CHAIN))


def test_sync__fork_in_the_middle_of_a_range__nothing_of_the_old_branch_stays(decoders: Decoders) -> None:
    node = FakeNode()
    filled(node, 60)
    forked = False

    def fork_once(method: str, _parameters: object) -> None:
        nonlocal forked
        if method == "eth_getLogs" and not forked:
            forked = True
        elif method == "eth_getBlockByNumber" and forked and node.blocks[-1].number == 60:
            node.fork(10)
            filled(node, 12, seed=9, salt="new ")

    node.before = fork_once
    store = Store(":memory:", decoders)
    indexer = Indexer(node, store, CONTRACTS)
    indexer.sync()
    indexer.sync()  # the new branch is longer than the head that the first one saw

    assert told(store) == fresh(node, decoders)


def test_sync__stopped_anywhere__goes_on_as_if_it_had_not(decoders: Decoders, tmp_path: Path) -> None:
    node = FakeNode(most_blocks=7)
    filled(node, 80)
    expected = fresh(node, decoders)
    for stop_at in range(1, 40, 3):
        path = tmp_path / f"{stop_at}.sqlite"
        calls = 0

        def stop(_method: str, _parameters: object, stop_at: int = stop_at) -> None:
            nonlocal calls
            calls += 1
            if calls == stop_at:
                raise KeyboardInterrupt

        node.before = stop
        with Store(path, decoders) as store, pytest.raises(KeyboardInterrupt):
            Indexer(node, store, CONTRACTS).sync()
        node.before = lambda method, parameters: None
        with Store(path, decoders) as store:
            Indexer(node, store, CONTRACTS).sync()
            assert told(store) == expected


def test_sync__node_that_allows_little__adapts(decoders: Decoders) -> None:
    node = FakeNode(most_logs=5, most_blocks=3)
    filled(node, 50)
    generous = FakeNode()
    generous.blocks = node.blocks

    assert fresh(node, decoders) == fresh(generous, decoders)


def test_sync__one_block_is_too_much__says_so(decoders: Decoders) -> None:
    node = FakeNode(most_logs=1)
    node.mine([transfer_log(A, B, 5, 1), transfer_log(A, B, 5, 2)])
    with pytest.raises(NodeError, match="more than 1"):
        Indexer(node, Store(":memory:", decoders), CONTRACTS).sync()


def test_sync__log_of_another_block_than_its_header__refused(decoders: Decoders) -> None:
    node = FakeNode()
    filled(node, 20)
    node.changed = lambda log: {**log, "blockHash": "0x" + "22" * 32} if log["blockNumber"] == "0x9" else log
    with pytest.raises(NodeContradictsItself, match=r"another block hash|different block hashes"):
        Indexer(node, Store(":memory:", decoders), CONTRACTS).sync()


def test_sync__node_that_knows_a_block_before_its_logs__asks_again(decoders: Decoders) -> None:
    node = FakeNode()
    filled(node, 20)
    expected = fresh(node, decoders)
    first = True
    original = node.eth_getLogs

    def lagging(wanted):  # type: ignore[no-untyped-def]
        found = original(wanted)
        nonlocal first
        if first and "fromBlock" in wanted:
            first = False
            return [log for log in found if int(log["blockNumber"], 16) < 15]
        return found

    node.eth_getLogs = lagging  # type: ignore[method-assign]
    assert fresh(node, decoders) == expected


def test_events_view__marks_finality(decoders: Decoders) -> None:
    node = FakeNode()
    for i in range(10):
        node.mine([transfer_log(A, B, 5, i)])
    node.finalized = 4
    store = Store(":memory:", decoders)
    Indexer(node, store, CONTRACTS).sync()
    with store.engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT block_number, finality, args FROM events ORDER BY block_number")
        ).all()
    assert [row.finality for row in rows] == ["finalized"] * 4 + ["head"] * 6
    assert '"value":"3"' in rows[3].args


def test_sync__logs_of_strangers__left_out(decoders: Decoders) -> None:
    node = FakeNode()
    node.mine([transfer_log(A, B, 5, 1, at=OTHER), transfer_log(A, B, 5, 2)])
    assert [event[1] for event in fresh(node, decoders)] == [1]


@pytest.mark.parametrize("change", ["data", "args", "row", "added"])
def test_verify__row_changed__found_and_located(decoders: Decoders, change: str) -> None:
    node = FakeNode()
    for i in range(5):
        node.mine([transfer_log(A, B, 5, i), transfer_log(A, B, 5, i)])
    store = Store(":memory:", decoders)
    Indexer(node, store, CONTRACTS).sync()
    with store.engine.begin() as connection:
        row = connection.execute(sa.select(logs).where(logs.c.log_index == 1).offset(2).limit(1)).one()
        this = (logs.c.block == row.block) & (logs.c.log_index == 1)
        if change == "data":
            connection.execute(sa.update(logs).where(this).values(data=row.data[:-1] + b"\xff"))
        elif change == "args":
            connection.execute(sa.update(logs).where(this).values(args=row.args.replace('"2"', '"3"')))
        elif change == "row":
            connection.execute(sa.delete(logs).where(this))
        else:
            connection.execute(sa.insert(logs).values({**row._mapping, "log_index": 9}))

    findings = list(store.verify(CHAIN, addresses(CONTRACTS)))

    assert {finding.block for finding in findings} == {3}
    if change in ("data", "args"):
        assert any(finding.log_index == 1 and "decoded form" in finding.what for finding in findings)


def test_redecode__after_the_decoded_form_was_lost__as_before(decoders: Decoders) -> None:
    node = FakeNode()
    filled(node, 30)
    store = Store(":memory:", decoders)
    Indexer(node, store, CONTRACTS).sync()
    with store.engine.begin() as connection:
        connection.execute(sa.update(logs).values(args=None, kind=0))
    assert told(store) == []

    store.redecode(CHAIN, addresses(CONTRACTS))

    assert told(store) == fresh(node, decoders)
    assert not list(store.verify(CHAIN, addresses(CONTRACTS)))


def test_store__of_something_else__refused(decoders: Decoders, tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sa.create_engine(f"sqlite:///{path}").begin() as connection:
        connection.execute(sa.text("CREATE TABLE blocks (x INTEGER)"))
    with pytest.raises(StoreDamaged, match="something else"):
        Store(path, decoders)
