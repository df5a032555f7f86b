"""A phase ends: some convert within a limit, the rest lapses, and the auditor agrees."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carbon_sdk.actors.banking import banking_standing, convertible
from carbon_sdk.audit.histories import Histories
from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import InstrumentState
from carbon_sdk.contracts.generated.errors import BankingLimitExceeded, BankingNotClosed, BankingNotOpen, DoesNotLapse
from carbon_sdk.contracts.generated.structs import BankingFigures
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import InstrumentId
from tests.actors.conftest import Town, key

NEXT = InstrumentId.parse("allowance/826/2022/0/0")
Sold = Callable[[str, int], None]


@pytest.fixture
def phase(town: Town, sold: Sold) -> int:
    """Units of 2021 in two accounts, and a rule into 2022: 10 t + 1.5 x net sales. Returns its number."""
    sold("works", 100)
    sold("trader", 60)
    town.scheme.service_manager(key("service-manager")).define_instrument(NEXT, "terms")
    now = town.clock.now()
    return town.regulator.set_banking_rule(
        town.allowance, NEXT, now, now + 1000, "regulation", lapses=True, base=10, multiplier=15_000
    ).result


# @requirement R-AST-5 R-AST-1 R-TRC-3
def test_the_end_of_a_phase__converts_within_limits_and_lets_the_rest_lapse(town: Town, phase: int) -> None:
    works, trader, regulator = town.company("works"), town.company("trader"), town.regulator
    accounts = [works.account, trader.account]
    offered = trader.sell(1, 15, 9000).result.id
    regulator.record_banking_figures(phase, [BankingFigures(works.account, 33, 100)], "audit")
    assert works.convertible(phase) == 59
    assert convertible(town.scheme, phase, trader.account) == 0
    with pytest.raises(BankingLimitExceeded):
        trader.convert(phase, 1)
    regulator.record_banking_figures(phase, [BankingFigures(trader.account, 0, 60)], "audit")
    assert convertible(town.scheme, phase, trader.account) == 10
    town.scheme.service_manager(key("service-manager")).set_instrument_state(town.allowance, InstrumentState.CLOSED)

    number = works.convert(phase, 50).result
    with pytest.raises(BankingLimitExceeded):
        works.convert(phase, 10)
    assert regulator.convert_for(phase, accounts).result == 19
    assert banking_standing(town.scheme, phase, works.account).converted == 59
    assert works.view.holding(NEXT).free == 59
    regulator.freeze(trader.account, town.allowance, 20, b"order", "a court says so")

    with pytest.raises(BankingNotClosed):
        regulator.lapse(phase, accounts)
    town.clock.advance(2000)
    with pytest.raises(BankingNotOpen):
        works.convert(phase, 1)
    assert regulator.lapse(phase, accounts).result == 41 + 15
    assert trader.view.holding(town.allowance).balance == 20
    regulator.freeze(trader.account, town.allowance, 0, b"order", "the court lifts it")
    assert regulator.lapse(phase, accounts).result == 20
    trader.cancel(offered)
    assert regulator.lapse(phase, accounts).result == 15
    rule = regulator.banking_rule(phase)
    assert (rule.converted, rule.lapsed) == (69, 91)
    assert town.scheme.instrument("UKA21").outstanding() == 0

    with open_store(":memory:") as store:
        indexer_of(town.scheme, store).sync()
        auditor = auditor_of(town.scheme, store)
        report = auditor.run()
        histories = Histories(store)
        histories.catch_up()
        told = histories.life(NEXT, 1)[0].movement
    assert report.ok, report.table()
    assert (number, told.act, told.first, told.size) == (1, "issued", 1, 50)
    assert told.reference == f"converted from {InstrumentId(town.allowance)}, conversion {number}"


# @requirement R-AST-5
def test_figures__from_the_events__are_what_was_sold_and_held(town: Town, phase: int) -> None:
    works, trader, treasury = town.company("works"), town.company("trader"), town.company("treasury")
    market = town.scheme.market(1)
    town.bank.record_deposit(trader.account, 1_000_000, "deposit for figures")
    works.sell(1, 30, market.ticks("50"))
    trader.buy(1, 20, market.ticks("50"))
    town.clock.advance(100)
    cut_off = town.clock.now()
    trader.sell(1, 1, 9000)
    figures = {one.account: one for one in town.regulator.banking_figures(town.allowance, cut_off)}
    assert figures == {
        works.account: BankingFigures(works.account, 0, 80),
        trader.account: BankingFigures(trader.account, 0, 80),
        treasury.account: BankingFigures(treasury.account, 160, 0),
    }
    town.regulator.record_banking_figures(phase, list(figures.values()), "audit")
    assert banking_standing(town.scheme, phase, treasury.account).net_sales == 160


def test_a_living_instrument__does_not_lapse(town: Town, phase: int) -> None:
    town.clock.advance(2000)
    with pytest.raises(DoesNotLapse):
        town.regulator.lapse(phase, [town.company("works").account])
    town.regulator.move_banking_window(phase, town.clock.now(), town.clock.now() + 500, "prolonged")
    town.regulator.record_banking_figures(phase, [BankingFigures(town.company("works").account, 0, 100)], "audit")
    town.company("works").convert(phase, 1)


def test_terms__that_cannot_be_meant__are_refused_before_anything_is_sent(town: Town, phase: int) -> None:
    with pytest.raises(InputError, match="closes before"):
        town.regulator.set_banking_rule(town.allowance, NEXT, 5, 5, "document")
    with pytest.raises(InputError, match="basis points"):
        town.regulator.set_banking_rule(town.allowance, NEXT, 1, 5, "document", share=10_001)
    with pytest.raises(InputError, match="no banking rule 9"):
        town.regulator.banking_rule(9)
    with pytest.raises(InputError, match="at least one account"):
        town.regulator.record_banking_figures(phase, [], "audit")


# @requirement R-AST-5
def test_the_command_line__sets_a_rule_and_converts(town: Town, sold: Sold, tmp_path, monkeypatch, capsys) -> None:
    sold("works", 100)
    town.scheme.service_manager(key("service-manager")).define_instrument(NEXT, "terms")
    deployment = tmp_path / "deployment.json"
    town.scheme.deployment.save(deployment)
    where = ["--rpc", town.scheme.chain.url, "--deployment", str(deployment), "--json"]
    now = town.clock.now()

    def command(who: str, *arguments: str) -> str:
        monkeypatch.setenv("CARBON_KEY", key(who).secret().hex())
        code = run([*arguments, *where])
        captured = capsys.readouterr()
        assert code == 0, captured.err
        return captured.out

    rule = ("regulator", "set-banking-rule", "UKA21", str(NEXT), str(now), str(now + 500), "the regulation")
    command("regulator", *rule, "--base", "10", "--multiplier", "15000", "--lapses", "yes")
    figures = f'[{{"account": "{town.company("works").account}", "net_sales": 20, "held": 100}}]'
    command("regulator", "regulator", "record-banking-figures", "1", figures, "the audit")
    assert command("works", "company", "convertible", "1").strip() == "40"
    command("works", "company", "convert", "1", "40")
    assert '"converted": 40' in command("regulator", "regulator", "banking-rule", "1")
    town.scheme.chain.forget_nonces()
