"""Trading plans on a real chain, and the requirements of the market as one query (R-TRD-6)."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from carbon_sdk.actors.trading_plans import PrivatePlan
from carbon_sdk.audit.suite import contracts_of, open_store
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.errors import NotAsCommitted, PlanIsOpen
from carbon_sdk.contracts.generated.structs import TradingPlan
from carbon_sdk.errors import InputError, NotPermitted
from carbon_sdk.identifiers import Side
from carbon_sdk.market_data.plans import days_of
from carbon_sdk.market_data.release import MarketData
from tests.actors.conftest import Town, audited, key

YEAR = 2021


def published(floor: Town, tmp_path: Path) -> MarketData:
    """What anybody can compute, from a store that is read up to now."""
    store = open_store(tmp_path / "audit.sqlite")
    floor.scheme.histories(store)
    return MarketData(store, contracts_of(floor.scheme.deployment))


def test_plans__filed_opened_and_traded__are_compared_with_what_was_done(floor: Town, tmp_path: Path) -> None:
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    unit = floor.allowance
    assert trader.publish_trading_plan(unit, YEAR, to_buy=1_000, least_price=4000, greatest_price=5000).result == 1
    assert trader.publish_trading_plan(unit, YEAR, to_buy=2_000, least_price=4000, greatest_price=5050).result == 2
    private = works.file_private_trading_plan(
        unit, YEAR, quarter=1, to_sell=1_200, least_price=5000, greatest_price=6000, document="encrypted"
    )
    broker.publish_trading_plan(unit, YEAR, quarter=3, to_buy=5, least_price=1, greatest_price=2)
    works.sell(1, 1_500, 5100)
    trader.buy(1, 700, 5100)
    quote = works.list_quote(1, Side.SELL, 1_000, 5020).result
    trader.click(quote, 400)

    plans = {(one.plan.account, one.plan.quarter): one for one in published(floor, tmp_path).plans()}
    of_trader = plans[trader.account, 0]
    assert (of_trader.plan.version, of_trader.bought, of_trader.left_to_buy) == (2, 1_100, 900)
    assert of_trader.bought_outside == 700, "at 51.00"
    assert of_trader.paid == 700 * 5100 + 400 * 5020
    of_works = plans[works.account, 1]
    assert of_works.plan.terms is None
    assert (of_works.sold, of_works.left_to_sell) == (1_100, None)
    assert plans[broker.account, 3].bought == 0

    with pytest.raises(NotAsCommitted):
        works.open_trading_plan(PrivatePlan(private.period, 1, TradingPlan(0, 9, 1, 1, bytes(32)), private.salt))
    works.open_trading_plan(private)
    with pytest.raises(PlanIsOpen):
        works.open_trading_plan(private)
    opened = next(one for one in published(floor, tmp_path).plans(works.account))
    assert opened.plan.terms is not None
    assert opened.plan.document == private.plan.document
    assert (opened.left_to_sell, opened.beyond) == (100, (40_000, 0)), "it bought 40,000 t that it did not plan"
    assert audited(floor, tmp_path)["plans"] >= 15


def test_requirements__of_every_source__are_one_query_with_what_meets(floor: Town, tmp_path: Path) -> None:
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    unit = floor.allowance
    works.publish_trading_plan(unit, YEAR, to_sell=3_000, least_price=4900, greatest_price=6000)
    trader.publish_trading_plan(unit, YEAR, to_buy=1_000, least_price=4000, greatest_price=5000)
    broker.publish_trading_plan(unit, YEAR, to_buy=1_000, least_price=1000, greatest_price=1500)
    trader.publish_trading_plan(unit, YEAR, quarter=4, to_buy=9, least_price=1, greatest_price=9_000)
    works.sell(1, 200, 5500)
    trader.buy(1, 100, 4950)
    offer = works.list_quote(1, Side.SELL, 500, 5000).result
    named = broker.list_quote(1, Side.BUY, 500, 5010, named=[trader.account]).result
    block = works.propose_block(1, Side.SELL, trader.account, 10_000, 4990).result

    found = published(floor, tmp_path).requirements()
    assert found.day == date(2021, 1, 12)
    told = {(one.source, one.side, one.tonnes, one.least, one.greatest) for one in found.wants}
    assert told == {
        ("plan", Side.SELL, 3_000, 4900, 6000),
        ("plan", Side.BUY, 1_000, 4000, 5000),
        ("plan", Side.BUY, 1_000, 1000, 1500),
        ("book", Side.SELL, 200, 5500, 5500),
        ("book", Side.BUY, 100, 4950, 4950),
        ("quote", Side.SELL, 500, 5000, 5000),
        ("quote", Side.BUY, 500, 5010, 5010),
        ("block", Side.SELL, 10_000, 4990, 4990),
    }, "the fourth quarter's plan is not now"
    met = {(one.buyer.source, one.seller.source, one.tonnes, one.least, one.greatest) for one in found.matches}
    assert met == {
        ("plan", "plan", 1_000, 4900, 5000),
        ("plan", "quote", 500, 5000, 5000),
        ("plan", "block", 1_000, 4990, 4990),
        ("book", "plan", 100, 4950, 4950),
    }, "a quote that names the trader is not for the works"
    assert found.matches[0].tonnes == 1_000
    assert all(one.buyer.account != one.seller.account for one in found.matches)

    trader.click(offer)
    works.withdraw_block(block)
    broker.withdraw_quote(named)
    after = published(floor, tmp_path).requirements(unit)
    left = {(one.account, one.side): one.tonnes for one in after.wants if one.source == "plan"}
    assert left[trader.account, Side.BUY] == 500
    assert left[works.account, Side.SELL] == 2_500
    assert {one.source for one in after.wants} == {"plan", "book"}
    for name in ("works", "trader"):
        floor.registrar.set_owner(floor.company(name).account, 7, "one group")
    merged = published(floor, tmp_path).requirements()
    assert ("plan", "plan") not in {(one.buyer.source, one.seller.source) for one in merged.matches}


def test_plans__that_cannot_be_meant__are_refused_before_sending(floor: Town) -> None:
    trader = floor.company("trader")
    with pytest.raises(InputError, match="quarter"):
        trader.publish_trading_plan(floor.allowance, YEAR, quarter=5, to_buy=1, greatest_price=1)
    with pytest.raises(InputError, match="above"):
        trader.publish_trading_plan(floor.allowance, YEAR, to_buy=1, least_price=2, greatest_price=1)
    with pytest.raises(InputError, match="no account"):
        floor.company("stranger").file_private_trading_plan(floor.allowance, YEAR)
    with pytest.raises(NotPermitted):
        floor.scheme.company(floor.signer("stranger")).publish_trading_plan(floor.allowance, YEAR)


def test_days_of__years_and_quarters__are_whole() -> None:
    assert days_of(2021, 0) == (date(2021, 1, 1), date(2021, 12, 31))
    assert days_of(2024, 1) == (date(2024, 1, 1), date(2024, 3, 31))
    assert days_of(2021, 4) == (date(2021, 10, 1), date(2021, 12, 31))


def test_commands__file_show_compare_requirements__as_the_sdk(
    floor: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = floor.scheme.deployment.save(tmp_path / "deployment.json")
    where = ["--rpc", floor.scheme.chain.url, "--deployment", str(file)]
    store = ["--store", str(tmp_path / "store.sqlite")]

    def carbon(who: str, *words: str) -> str:
        monkeypatch.setenv("CARBON_TEST_KEY", "0x" + key(who)._key.secret.hex())  # type: ignore[attr-defined]
        assert run([*words[:2], *where, "--key-env", "CARBON_TEST_KEY", *words[2:]]) == 0, capsys.readouterr().err
        return capsys.readouterr().out

    prices = ("--least-price", "40.00", "--greatest-price", "50.00")
    carbon("trader", "trading-plan", "file", "UKA21", "2021", "--buy", "1000", *prices)
    secret = str(tmp_path / "plan.json")
    carbon("works", "trading-plan", "file", "UKA21", "2021", "--sell", "900", *prices, "--private", secret)
    arguments = ["trading-plan", "file", "UKA21", "2021", *where, "--private", secret]
    assert run(arguments) == 2, "it would overwrite what opens a plan"
    capsys.readouterr()
    assert run(["trading-plan", "show", *where, *store, "--sync", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert sorted(one["terms"] is None for one in said) == [False, True]
    carbon("works", "company", "open-trading-plan", secret)
    assert run(["trading-plan", "compare", floor.company("works").account, *where, *store, "--sync", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["left_to_sell"] == 900
    assert run(["trading-plan", "compare", *where, *store]) == 0
    assert "left to buy" in capsys.readouterr().out
    assert run(["market", "requirements", *where, *store, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [(one["tonnes"], one["least"], one["greatest"]) for one in said["matches"]] == [(900, 4000, 5000)]
    assert run(["market", "requirements", "--instrument", "UKA21", *where, *store]) == 0
    assert "What meets" in capsys.readouterr().out
