"""A ring of wash trades, and spoofing, on a chain: found by the risk manager's verb among honest trades."""

from __future__ import annotations

import csv
import io
import json
from hashlib import sha256
from pathlib import Path

import pytest

from carbon_sdk.actors.company import Company
from carbon_sdk.audit.suite import open_store
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import AccountKind, SelfTrade, TimeInForce
from carbon_sdk.deployment.misconduct import Misconduct
from carbon_sdk.surveillance import WarningKind
from tests.actors.conftest import Town, key

RING = ("anna", "bert", "cora")


@pytest.fixture
def abused(floor: Town) -> Town:
    """Honest trades of works, trader and broker; three accounts pass 1,000 t round; the broker spoofs."""
    for name in (*RING, "spoofer"):
        account = floor.open(name, AccountKind.TRADER)
        floor.bank.record_deposit(account, 300_000_000, f"deposit of {name}")
    works, trader, spoofer = (floor.company(name) for name in ("works", "trader", "spoofer"))
    works.sell(1, 5_000, 5_100)
    works.sell(1, 5_000, 5_200)
    trader.buy(1, 2_000, 5_100)
    trader.buy(1, 3_000, 4_800)
    _first_to(floor, "anna", 1_000)
    _wait(floor, 3_600)

    for _ in range(2):
        for seller, buyer in zip(RING, (*RING[1:], RING[0]), strict=True):
            _hand_over(floor.company(seller), floor.company(buyer), 1_000, 5_000)
            _wait(floor, 120)

    _first_to(floor, "spoofer", 500)
    genuine = spoofer.sell(1, 500, 5_090).result.id
    shown = [spoofer.buy(1, 4_000, tick).result.id for tick in (5_040, 5_030, 5_020)]
    _wait(floor, 60)
    trader.buy(1, 500, 5_090)  # believes it
    assert not spoofer.cancel_many([genuine]).result[0], "it was filled"
    _wait(floor, 20)
    for order in shown:
        spoofer.cancel(order)
    return floor


def _first_to(floor: Town, name: str, tonnes: int) -> None:
    floor.company(name).buy(1, tonnes, 5_100, time_in_force=TimeInForce.IOC)


def _hand_over(seller: Company, buyer: Company, tonnes: int, tick: int) -> None:
    seller.sell(1, tonnes, tick)
    assert buyer.buy(1, tonnes, tick, self_trade=SelfTrade.ALLOW).result.filled == tonnes


def _wait(floor: Town, seconds: int) -> None:
    floor.clock.travel_to(floor.clock.now() + seconds)


# @requirement R-TRD-10
def test_scan__of_a_ring_and_a_spoofer_among_honest_trades__warns_of_both_and_of_nobody_else(
    abused: Town, tmp_path: Path
) -> None:
    accounts = {name: abused.company(name).account for name in (*RING, "spoofer")}
    with open_store(tmp_path / "audit.sqlite") as store:
        officer = abused.scheme.risk_officer(key("risk-manager"))
        found = {one.kind: one for one in officer.scan(store, (WarningKind.RING, WarningKind.SPOOFING))}
        assert set(found) == {WarningKind.RING, WarningKind.SPOOFING}
        ring, spoofing = found[WarningKind.RING], found[WarningKind.SPOOFING]
        assert set(ring.accounts) == {accounts[name] for name in RING}
        assert (ring.figures["trades"], ring.figures["tonnes"], ring.figures["net_tonnes"]) == (6, 6_000, 0)
        assert spoofing.accounts == (accounts["spoofer"],)
        assert spoofing.figures["tonnes_shown"] == 12_000
        assert spoofing.figures["tonnes_traded"] == 500
        assert len(spoofing.orders) == 3
        assert all(one.transaction.startswith("0x") for one in (*ring.trades, *spoofing.orders, *spoofing.trades))
        assert {one.price for one in ring.trades} == {5_000}
        assert all(one.voucher.startswith("UK-T-") for one in ring.trades)
        assert abused.scheme.risk_manager.scan(store, (WarningKind.RING,)) == (ring,)
        assert officer.scan(store, (WarningKind.RING,), since=ring.until + 1) == ()
        assert officer.scan(store, (WarningKind.RING,), until=ring.since) == ()


def test_command__scan__tells_what_to_send_and_that_enters_the_credit_record(
    abused: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = abused.scheme.deployment.save(tmp_path / "deployment.json")
    where = ["--rpc", abused.scheme.chain.url, "--deployment", str(file)]
    scan = ["risk", "scan", *where, "--store", str(tmp_path / "store.sqlite"), "--kind", "ring", "--kind", "spoofing"]
    folder = tmp_path / "evidence"
    assert run([*scan, "--evidence", str(folder), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert sorted(one["kind"] for one in said) == ["ring", "spoofing"]
    assert [one["score"] for one in said] == sorted((one["score"] for one in said), reverse=True)
    spoofing = next(one for one in said if one["kind"] == "spoofing")
    assert (spoofing["market"], spoofing["instrument"]) == ("UKA21/GBP", "UKA21")
    before = (folder / f"{spoofing['id']}.json").read_bytes()
    assert run([*scan, "--evidence", str(folder)]) == 0
    text = capsys.readouterr().out
    assert all(one["id"] in text and one["commands"][0] in text for one in said)
    assert (folder / f"{spoofing['id']}.json").read_bytes() == before, "its digest is the accusation's evidence"

    assert run([*scan, "--csv", "-"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["id"] for row in rows} == {one["id"] for one in said}
    assert all(row["transactions"].startswith("0x") for row in rows)
    assert run([*scan, "--least-score", "100", "--market", "1", "--since", "2030-01-01T00:00:00+00:00", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []

    # What the warning says is what an officer sends, and another confirms.
    monkeypatch.setenv("CARBON_KEY", sha256(b"actors/risk-manager").hexdigest())
    command = spoofing["commands"][0].split()[1:]
    assert run([*command, *where, "--json"]) == 0
    accusation = int(json.loads(capsys.readouterr().out)["result"])
    abused.scheme.service_regulator(key("service-regulator")).confirm_accusation(accusation, "heard")
    entry = abused.scheme.public.credit_record(abused.company("spoofer").account).entries[0]
    assert entry.kind == Misconduct.MANIPULATION


def test_command__scan_with_a_bad_file_of_thresholds__says_where(
    abused: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = abused.scheme.deployment.save(tmp_path / "deployment.json")
    bad = tmp_path / "thresholds.toml"
    bad.write_text("[wash]\nleast_trade = 3\n")
    where = ["--rpc", abused.scheme.chain.url, "--deployment", str(file), "--store", str(tmp_path / "s.sqlite")]
    assert run(["risk", "scan", *where, "--thresholds", str(bad)]) == 2
    assert f"{bad}:2: wash.least_trade" in capsys.readouterr().err
    assert run(["risk", "scan", *where, "--since", "yesterday"]) == 2
    assert "since 'yesterday' is no time" in capsys.readouterr().err


def test_scan__of_honest_trades__warns_of_nobody(floor: Town, tmp_path: Path) -> None:
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    works.sell(1, 3_000, 5_100)
    trader.buy(1, 1_000, 5_100)
    broker.buy(1, 1_000, 5_100)
    trader.buy(1, 1_000, 5_100)
    assert works.sell(1, 1_000, 5_110).result.id
    with open_store(tmp_path / "audit.sqlite") as store:
        kinds = [kind for kind in WarningKind if kind is not WarningKind.CONCENTRATION]
        assert floor.scheme.risk_manager.scan(store, kinds) == ()
