"""The watch for stress on a real chain: measures from real blocks, thresholds, acting once, going on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from carbon_sdk.actors.watcher import Seen, StressWatcher
from carbon_sdk.chain.sender import send_many
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.contracts.generated.events import SettlementFailed
from carbon_sdk.contracts.generated.structs import StressRules
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Side
from tests.actors.conftest import Town, key
from tests.actors.test_market_rules import DAY, TUESDAY, moment, platform, risk, rules, supervisor


@pytest.fixture
def floor(town: Town, sold: Callable[[str, int], None]) -> Town:
    """Units with the works, money with the trader, an account for fees; noon of a Tuesday."""
    sold("works", 30_000)
    town.bank.record_deposit(town.company("trader").account, 300_000_000, "deposit")
    fees = town.open("platform", AccountKind.PLATFORM_OPERATOR)
    platform(town).set_quote_fee_account(fees)
    platform(town).set_block_fee_account(fees)
    town.clock.travel_to(moment(TUESDAY, 12))
    return town


def burst(town: Town, count: int) -> int:
    """So many orders in one block; its number."""
    works = town.company("works")
    acts = [(works.signer, works.sell.act(1, 10, 5100 + n)) for n in range(count)]
    with town.clock.by_hand() as clock:
        outcomes = list(send_many(town.scheme.chain, acts, gas=1_000_000, mine=clock.mine))
    (block,) = {outcome.done.block for outcome in outcomes if outcome.done is not None}
    assert len(outcomes) == count
    return block


def passed(seen: list[Seen]) -> list[tuple[int, str, int, int]]:
    return [(one.block, one.measure, one.value, one.threshold) for each in seen for one in each.excesses]


def test_watch__below_every_threshold__measures_and_does_nothing(floor: Town, tmp_path: Path) -> None:
    supervisor(floor).set_stress_rules(orders_in_block=4)
    block = burst(floor, 3)
    floor.company("trader").buy(1, 10, 5100)  # fills at once: an order too
    seen = list(StressWatcher(floor.scheme, tmp_path / "watch.json", officer=risk(floor)).catch_up())
    assert seen[0].measures.timestamp >= moment(TUESDAY, 0), "from the first block of the civil day"
    assert {one.measures.block: one.measures.orders for one in seen if one.measures.orders} == {
        block: 3,
        floor.scheme.chain.block_number(): 1,
    }
    assert seen[-1].version == 2, "the scheme's rules, then these"
    assert passed(seen) == []
    assert rules(floor).downgraded_since() == 0


# @requirement R-TRD-13
def test_watch__too_many_orders_in_a_block__limits_the_platform(floor: Town, tmp_path: Path) -> None:
    file = tmp_path / "watch.json"
    supervisor(floor).set_stress_rules(orders_in_block=4)
    watcher = StressWatcher(floor.scheme, file, officer=risk(floor))
    list(watcher.catch_up())
    block = burst(floor, 5)
    seen = list(watcher.catch_up())
    assert passed(seen) == [(block, "orders in a block", 5, 4)]
    assert [one.acted for one in seen if one.measures.block == block] != [None]
    assert rules(floor).downgraded_since() == floor.clock.now()
    assert [one.measures.downgraded for one in watcher.catch_up()] == [True]

    supervisor(floor).restore("over")
    again = StressWatcher(floor.scheme, file, officer=risk(floor))
    assert again.next_block == floor.scheme.chain.block_number()
    seen = list(again.catch_up())
    assert [one.measures.downgraded for one in seen] == [False]
    assert passed(seen) == [], "what was judged once is not judged again"
    assert rules(floor).downgraded_since() == 0
    assert len(floor.company("works").view.open_orders()) == 5, "the book is whole"


def test_watch__old_excess__told_and_not_acted_on(floor: Town, tmp_path: Path) -> None:
    supervisor(floor).set_stress_rules(orders_in_block=4)
    burst(floor, 4)
    floor.clock.advance(601)
    seen = list(StressWatcher(floor.scheme, officer=risk(floor)).catch_up())
    assert [measure for _, measure, _, _ in passed(seen)] == ["orders in a block"]
    assert all(one.acted is None for one in seen)
    assert rules(floor).downgraded_since() == 0


def test_watch__failed_settlements_of_the_day__counted_anew_after_a_return(floor: Town, tmp_path: Path) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    due = floor.clock.now() + DAY
    blocks = [
        trader.propose_block(1, Side.BUY, works.account, quantity, 5000, settle_at=due).result
        for quantity in (20_000, 45_000, 45_000)
    ]  # after the first, the works lack units for the others and the trader money
    for block in blocks:
        works.confirm_block(block)
    supervisor(floor).set_stress_rules(failures_in_day=1)
    floor.clock.travel_to(due)
    trader.settle_block(blocks[0])
    floor.clock.travel_to(due + DAY)
    watcher = StressWatcher(floor.scheme, tmp_path / "watch.json", officer=risk(floor))
    assert passed(list(watcher.catch_up())) == []
    done = trader.settle_block(blocks[1])
    assert [event.account for event in done.all(SettlementFailed)] == [works.account, trader.account]
    (seen,) = (one for one in watcher.catch_up() if one.excesses)
    assert str(seen.excesses[0]).startswith("failed settlements in a day 1 in block")
    assert seen.acted
    supervisor(floor).restore("over")
    list(watcher.catch_up())
    platform(floor).set_band(1, 1000, 15000)  # a block like any other
    assert [one.measures.failures for one in watcher.catch_up()] == [0]
    trader.settle_block(blocks[2])
    assert [one.measures.failures for one in watcher.catch_up()] == [1]
    assert rules(floor).downgraded_since() > 0, "another failure limits it again"


def test_watch__fullness_and_gap__over_whole_windows(floor: Town) -> None:
    supervisor(floor).set_stress_rules(fullness=1, window=3, gap=5_000)
    watcher = StressWatcher(floor.scheme, since=floor.scheme.chain.block_number())
    works = floor.company("works")
    for n in range(3):
        works.sell(1, 10, 5100 + n)
    seen = list(watcher.catch_up())
    heads = [floor.scheme.chain.block(one.measures.block) for one in seen]
    expected = sum(head.gas_used for head in heads[-3:]) * 10_000 // sum(head.gas_limit for head in heads[-3:])
    assert [one.measures.fullness for one in seen[:2]] == [0, 0], "no whole window yet"
    assert seen[-1].measures.fullness == expected > 0
    floor.clock.advance(5_000)
    assert passed(list(watcher.catch_up()))[-1][1:] == ("seconds between blocks", 5_000, 5_000)


def test_watch__chain_reorganised__goes_back_to_what_is_left(floor: Town, tmp_path: Path) -> None:
    supervisor(floor).set_stress_rules(orders_in_block=4)
    watcher = StressWatcher(floor.scheme, tmp_path / "watch.json")
    list(watcher.catch_up())
    snapshot = floor.clock.snapshot()
    burst(floor, 4)
    assert passed(list(watcher.catch_up()))
    floor.clock.revert(snapshot)
    floor.clock.advance(77)
    floor.clock.advance(78)
    seen = list(watcher.catch_up())
    assert [one.measures.orders for one in seen] == [0, 0]
    assert watcher.next_block == floor.scheme.chain.block_number() + 1


def test_watch__a_file_of_something_else__refused(floor: Town, tmp_path: Path) -> None:
    file = tmp_path / "watch.json"
    file.write_text("[]")
    with pytest.raises(InputError, match="no watcher's file"):
        StressWatcher(floor.scheme, file)
    list(StressWatcher(floor.scheme, tmp_path / "own.json").catch_up())
    content = json.loads((tmp_path / "own.json").read_text())
    file.write_text(json.dumps({**content, "chain": 1}))
    with pytest.raises(InputError, match="another deployment"):
        StressWatcher(floor.scheme, file)
    for one in content["seen"]:
        one["hash"] = "0x00"
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match="Begin anew"):
        list(StressWatcher(floor.scheme, file).catch_up())


# @requirement R-TRD-13
def test_command__watch_once_and_act__downgrades(
    floor: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    supervisor(floor).set_stress_rules(orders_in_block=4)
    block = burst(floor, 4)
    file = floor.scheme.deployment.save(tmp_path / "deployment.json")
    monkeypatch.setenv("CARBON_TEST_KEY", "0x" + key("risk-manager")._key.secret.hex())  # type: ignore[attr-defined]
    where = ["--rpc", floor.scheme.chain.url, "--deployment", str(file), "--once"]
    look = ["platform", "watch", *where, "--state", str(tmp_path / "look.json")]
    assert run(look) == 3
    assert f"passed: orders in a block 4 in block {block}, threshold 4" in capsys.readouterr().out
    assert rules(floor).downgraded_since() == 0, "without --act nothing is done"
    assert run([*look, "--all"]) == 0, "nothing is new"
    act = ["platform", "watch", *where, "--json", "--state", str(tmp_path / "act.json")]
    assert run([*act, "--act", "--key-env", "CARBON_TEST_KEY"]) == 3
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["measures"]["block"] for one in told] == [block]
    assert told[0]["acted"].startswith("0x")
    assert rules(floor).downgraded_since() > 0


def test_stress_rules__of_the_scheme__as_its_file_says(floor: Town) -> None:
    assert rules(floor).stress_rules() == (1, StressRules(2000, 20, 9500, 50, 0))
