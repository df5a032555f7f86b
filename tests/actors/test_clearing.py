"""Clearing statements and settlement figures of a day with trades of all kinds: equal to what the ledger moved."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from carbon_sdk.audit.clearing import Clearing, clearing_of, settlement_of, trades_of
from carbon_sdk.audit.histories import Histories
from carbon_sdk.audit.statements import statement_of
from carbon_sdk.audit.suite import open_store
from carbon_sdk.audit.taxes import Tax, TaxRule, load_taxes, taxes_of
from carbon_sdk.cli.main import run
from carbon_sdk.identifiers import Address, Side
from tests.actors.conftest import ROOT, Town

TODAY = date(2021, 1, 12)
NAMES = ("works", "trader", "broker", "treasury")


def traded(floor: Town) -> None:
    """The book, a quote and a block, in one civil day; besides, units that were no trade."""
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    works.sell(1, 3_000, 5100)
    trader.buy(1, 1_000, 5200)
    broker.buy(1, 500, 5100)
    quote = works.list_quote(1, Side.SELL, 1_000, 5020).result
    trader.click(quote, 400)
    purchase = broker.list_quote(1, Side.BUY, 300, 4990).result
    trader.click(purchase)
    block = works.propose_block(1, Side.SELL, broker.account, 10_000, 4800).result
    broker.confirm_block(block)
    floor.bank.record_deposit(trader.account, 777, "a deposit that is no trade")


@pytest.fixture
def day(floor: Town, tmp_path: Path) -> Histories:
    traded(floor)
    return floor.scheme.histories(open_store(tmp_path / "audit.sqlite"))


def statements(floor: Town, histories: Histories) -> dict[str, Clearing]:
    return {name: clearing_of(histories, floor.company(name).account, TODAY) for name in NAMES}


# @requirement R-TRD-8
def test_clearing__of_a_day_of_all_kinds_of_trades__is_what_the_ledger_moved(floor: Town, day: Histories) -> None:
    found = statements(floor, day)
    assert all(one.reconciles for one in found.values()), [one.findings for one in found.values()]
    trader = found["trader"]
    assert [(one.source, one.side, one.tonnes, one.price) for one in trader.trades] == [
        ("book", Side.BUY, 1_000, 5100),
        ("quote", Side.BUY, 400, 5020),
        ("quote", Side.SELL, 300, 4990),
    ]
    assert (trader.paid, trader.received) == (1_000 * 5100 + 400 * 5020, 300 * 4990)
    assert trader.units[0].bought == 1_400
    assert trader.units[0].sold == 300
    assert trader.units[0].closing == trader.units[0].opening + 1_100
    assert trader.money.other == 777
    assert trader.money.closing - trader.money.opening == trader.net_money + 777
    assert all(one.voucher.startswith("UK-T-20210112-") for one in trader.trades)
    assert len({one.voucher for one in trader.trades}) == 3
    assert found["works"].trades[-1].source == "block"
    assert found["works"].trades[-1].fee == 10 * 500
    platform = clearing_of(day, _fee_account(floor), TODAY)
    assert platform.fees_received == platform.net_money > 0
    assert platform.reconciles


# @requirement R-TRD-8
def test_taxes__by_rules_that_are_data__are_told_trade_by_trade(floor: Town, day: Histories) -> None:
    rules = load_taxes(ROOT / "schemes/samples/taxes.toml").rules
    found = {name: taxes_of(one, rules) for name, one in statements(floor, day).items()}
    trader = statements(floor, day)["trader"]
    in_book, listed, sold = trader.trades
    reverse, on_fees = (rule.name for rule in rules)
    assert found["trader"] == (
        Tax(reverse, listed.voucher, 400 * 5020, 400 * 5020 // 5),
        *(Tax(on_fees, one.voucher, one.fee, (one.fee * 2_000 + 5_000) // 10_000) for one in (in_book, listed, sold)),
    )
    assert [one.base for one in found["broker"] if one.rule == reverse] == [300 * 4990, 10_000 * 4800]
    assert all(one.rule == on_fees for one in found["works"]), "the buyer owes what is reversed"
    assert not taxes_of(trader, [rule.model_copy(update={"since": TODAY + timedelta(1)}) for rule in rules])
    assert not taxes_of(trader, [rule.model_copy(update={"until": TODAY}) for rule in rules])


@pytest.mark.parametrize(
    "wrong",
    [
        {"base": "fee", "owed_by": "buyer"},
        {"base": "units", "owed_by": "payer"},
        {"until": date(2021, 1, 1)},
        {"basis_points": 10_001},
        {"markets": ["bazaar"]},
        {"rate": 5},
    ],
)
def test_tax_rule__that_cannot_be__refused(wrong: dict[str, object]) -> None:
    fits = {"name": "a tax", "base": "units", "basis_points": 1, "owed_by": "seller", "since": date(2021, 1, 1)}
    assert TaxRule.model_validate(fits).markets
    with pytest.raises(ValueError, match="validation error"):
        TaxRule.model_validate({**fits, **wrong})


def test_settlement__over_all_accounts__nets_to_zero_plus_fees(floor: Town, day: Histories) -> None:
    found = settlement_of(day, TODAY)
    assert found.reconciles, found.findings
    assert [(one.source, one.trades, one.tonnes) for one in found.totals] == [
        ("block", 1, 10_000),
        ("book", 2, 1_500),
        ("quote", 2, 700),
    ]
    everybody = [*statements(floor, day).values(), clearing_of(day, _fee_account(floor), TODAY)]
    assert found.turnover == sum(one.paid for one in everybody) == sum(one.received for one in everybody)
    assert found.fees == sum(one.fees for one in everybody)
    assert sum(one.net_money for one in everybody) == -found.accrued
    assert found.accrued > 0, "fees of the book accrue"
    assert sum(part.bought - part.sold for one in everybody for part in one.units) == 0


def test_clearing__agrees_with_the_statement_of_the_account(floor: Town, day: Histories) -> None:
    for name, found in statements(floor, day).items():
        statement = statement_of(day, floor.company(name).account, TODAY, TODAY)
        parts = {part.instrument: part for part in statement.parts}
        for total in (*found.units, found.money):
            part = parts.get(total.instrument)
            if part is None:
                assert total.opening == total.closing == 0
                continue
            assert (part.opening.total, part.closing.total) == (total.opening, total.closing), name
            assert part.adds_up


def test_clearing__of_a_day_without_trades__is_empty_and_reconciles(floor: Town, day: Histories) -> None:
    found = clearing_of(day, floor.company("trader").account, date(2021, 1, 13))
    assert found.trades == found.units == ()
    assert found.reconciles
    assert found.net_money == 0
    assert settlement_of(day, date(2021, 1, 13)).trades == 0


def test_clearing__when_a_trade_is_not_told__says_what_the_ledger_moved_instead(
    floor: Town, day: Histories, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from carbon_sdk.audit import clearing

    whole = trades_of(day, TODAY)
    monkeypatch.setattr(clearing, "trades_of", lambda *_: replace(whole, trades=whole.trades[1:]))
    found = clearing_of(day, floor.company("trader").account, TODAY)
    assert not found.reconciles
    assert "by -2000000" in " ".join(found.findings) or len(found.findings) == 2
    assert not settlement_of(day, TODAY).reconciles


def test_commands__clearing_and_settlement__tell_tables_and_json(
    floor: Town, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    traded(floor)
    file = floor.scheme.deployment.save(tmp_path / "deployment.json")
    store = str(tmp_path / "store.sqlite")
    account = floor.company("trader").account
    where = ["--rpc", floor.scheme.chain.url, "--deployment", str(file), "--store", store]
    assert run(["account", "clearing", account, "--day", "2021-01-12", *where, "--sync", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["reconciles"] is True
    assert [one["source"] for one in said["trades"]] == ["book", "quote", "quote"]
    assert run(["account", "clearing", account, "--day", "2021-01-12", *where]) == 0
    assert "The ledger moved what the trades say." in capsys.readouterr().out
    assert run(["account", "settlement", "--day", "2021-01-12", *where, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["net_units"] == 0
    assert run(["account", "settlement", "--day", "2021-01-12", *where]) == 0
    assert "5 trades of 3 accounts" in capsys.readouterr().out
    assert run(["account", "clearing", account, "--day", "yesterday", *where]) == 2


def _fee_account(floor: Town) -> Address:
    from carbon_sdk.contracts.generated.block_trades import BlockTrades

    return floor.scheme.contract(BlockTrades).fee_account()
