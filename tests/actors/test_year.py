"""One compliance year, said by those who may say it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carbon_sdk.actors.company import SourceStream
from carbon_sdk.actors.values import AllocationFinding, Right
from carbon_sdk.chain.sender import send_many
from carbon_sdk.contracts.generated.enums import Conclusion, Status, Verdict
from carbon_sdk.contracts.generated.errors import MissingRight, WithdrawalNotAccepted, WithdrawalUnderway
from carbon_sdk.contracts.generated.events import (
    AccountOpened,
    AllocationCertified,
    DepositRecorded,
    ReportSubmitted,
    Trade,
    VoluntarilyCancelled,
    VoucherIssued,
)
from carbon_sdk.contracts.generated.obligations import Obligations
from carbon_sdk.deployment.misconduct import Misconduct
from carbon_sdk.errors import FloatRefused, InputError
from carbon_sdk.methods import Combustion, Process, Term, compute_allocation, formula_inputs
from carbon_sdk.units import money
from tests.actors.conftest import YEAR, Town, key

REPORTED = 1_641_290_400  # 2022-01-04, 10:00 UTC: the market is open
FUEL = Combustion("1234.5", "0.0385", "56.1", "0.995", "0.1")
CLINKER = Process("100", "0.525")
DESK_SERIES = 16777216


def installed(town: Town) -> int:
    works = town.company("works")
    number = town.regulator.register_installation(works.account, "permit 1", 1, 35, YEAR).result
    plan = works.file_plan(number, YEAR, "plan", [SourceStream("combustion"), SourceStream("process")]).result
    town.regulator.approve_plan(number, plan)
    town.regulator.enrol(works.account, YEAR)
    return number


def reported(town: Town, installation: int) -> int:
    """Report and verify; returns grams."""
    works, verifier = town.company("works"), town.verifier()
    town.regulator.accredit_verifier(verifier.account, 2_000_000_000, "accreditation")
    town.clock.travel_to(REPORTED)
    done = works.submit_report(installation, YEAR, [(0, FUEL.inputs()), (1, CLINKER.inputs())], "activity data")
    assert done.first(ReportSubmitted).entry_grams == (FUEL.grams(), CLINKER.grams())
    assert done.result.grams == FUEL.grams() + CLINKER.grams()
    works.engage_verifier(installation, YEAR, verifier.account)
    assert verifier.engaged_for(installation, YEAR) == verifier.account
    verifier.verify(installation, YEAR, 1, done.result.grams, Conclusion.POSITIVE, "opinion")
    return done.result.grams


def test_a_year__from_plan_to_voucher__ends_in_status_a(town: Town, sold: Callable[[str, int], None]) -> None:
    installation = installed(town)
    grams = reported(town, installation)
    town.regulator.accept(installation, YEAR, 1)
    town.regulator.open_year(2022)
    works = town.company("works")
    owed = (grams + 500_000) // 1_000_000
    assert works.position().emissions == owed

    town.regulator.register_baseline(installation, "emissions", "40.5", 2017, 2020, "baseline report")
    inputs = formula_inputs([Term()], ["0.95"])
    determined = town.regulator.determine_allocation(installation, YEAR, town.allowance, inputs).result
    assert determined.quantity == compute_allocation([40_500_000_000_000_000_000], inputs) == 38
    assert AllocationFinding(works.apply_for_allocation(determined.id).result) is AllocationFinding.NONE
    certified = town.regulator.approve_allocation(determined.id).first(AllocationCertified)
    assert certified.quantity == 38
    sold("works", owed - 38)

    (holding,) = [item for item in works.holdings() if item.instrument == town.allowance]
    assert holding.free == holding.balance == owed
    assert works.examine({town.allowance: owed}).opinion == 0
    application = works.apply_surrender({town.allowance: owed}).result
    done = town.regulator.approve_surrenders([application])
    assert works.position().status is Status.A
    assert works.position().shortfall == 0
    issued = done.first(VoucherIssued)
    voucher = town.scheme.voucher(issued.series, issued.index)
    assert voucher.verify() is Verdict.VALID
    assert town.scheme.public.code_is_sound(voucher.code)
    assert voucher.voucher.quantity == owed

    trade = town.scheme.voucher(1, 0)
    assert (trade.voucher.quantity, trade.voucher.price) == (owed - 38, money("50"))
    assert trade.verify() is Verdict.VALID
    assert trade.verify([bytes(32)]) is not Verdict.VALID


def test_assessment__with_a_shortfall__imposes_a_penalty_that_the_bank_sees_paid(town: Town) -> None:
    installation = installed(town)
    grams = reported(town, installation)
    town.regulator.accept(installation, YEAR, 1)
    works = town.company("works")
    town.clock.travel_to(1_652_000_000)  # May 2022
    town.regulator.open_year(2022)
    town.regulator.freeze_status(works.account, YEAR)
    town.regulator.assess(works.account, YEAR)
    owed = (grams + 500_000) // 1_000_000
    assert works.year(YEAR).penalty == owed * money("100")
    assert works.position().status is Status.B
    (entry,) = works.credit_record().entries
    assert entry.kind is Misconduct.MISSING_SURRENDER
    assert entry.reporter == works.suite.contract(Obligations).address
    assert entry.cause == YEAR.to_bytes(32, "big")
    assert town.scheme.risk_manager.exposure(works.account).shortfall == owed
    assert [item.account for item in town.scheme.risk_manager.short([works.account])] == [works.account]
    town.bank.record_penalty_paid(works.account, YEAR, "penalty 1")
    town.regulator.refresh([works.account])
    assert works.year(YEAR).stage.name == "PAID"


def test_a_report__reopened_and_determined__counts_as_determined(town: Town) -> None:
    installation = installed(town)
    reported(town, installation)
    town.regulator.accept(installation, YEAR, 1)
    town.regulator.reopen(installation, YEAR, "an error came up")
    works = town.company("works")
    entries = [(0, FUEL.inputs()), (1, CLINKER.inputs())]
    assert works.submit_report(installation, YEAR, entries, "better data", "correction").result.version == 2
    town.clock.travel_to(1_649_000_000)  # after the deadline
    town.regulator.open_year(2022)
    town.regulator.determine_emissions(installation, YEAR, 99_000_000, "estimate")
    assert works.position().emissions == 99
    town.regulator.compute_baseline(installation, [YEAR])
    town.regulator.exclude(works.account, YEAR, "excluded")
    assert works.position().emissions == 0
    town.regulator.include(works.account, YEAR, "included")
    town.regulator.set_last_year(works.account, 2025)
    assert works.position().last_year == 2025


def test_orders__of_every_kind__leave_the_book_as_expected(town: Town, sold: Callable[[str, int], None]) -> None:
    sold("works", 100)
    works, trader = town.company("works"), town.company("trader")
    town.bank.record_deposit(trader.account, money("10000"), "deposit 1")
    market = town.scheme.market("UKA21/GBP")
    fifty, sixty = market.ticks("50.00"), market.ticks("60.00")
    asked = works.sell(market.number, 40, sixty).result.id
    bid = trader.buy(market.number, 10, fifty).result.id
    assert market.best() == (fifty, sixty)
    assert [(item.price, item.quantity) for item in market.depth().asks] == [(sixty, 40)]
    works.reduce(asked, 10)
    assert [item.quantity for item in works.open_orders()] == [30]
    assert trader.buy_now(market.number, 5).all(Trade)[0].quantity == 5
    assert works.sell_now(market.number, 4).result.filled == 4
    assert [trade.quantity for trade in market.trades()] == [100, 5, 4]
    pounds = next(item for item in trader.holdings() if not item.instrument.vintage)
    assert pounds.in_orders >= 6 * money("50")
    trader.cancel(bid)
    assert trader.open_orders(1) == ()
    late = works.sell(1, 1, sixty, expires=town.clock.now() + 100).result.id
    town.clock.advance(200)
    trader.evict(late)
    town.scheme.service_regulator(key("service-regulator")).halt(1)
    assert market.now().state.name == "HALTED"
    works.cancel(asked)
    town.scheme.service_regulator(key("service-regulator")).resume(1)
    town.scheme.platform_operator(key("platform-operator")).set_band(1, 4000, 6000)
    town.scheme.platform_operator(key("platform-operator")).collect_fees(1, town.company("treasury").account)
    assert market.now().fees_accrued == 0


def test_money__in_and_out__reconciles(town: Town) -> None:
    trader = town.company("trader")
    done = town.bank.record_deposit(trader.account, money("100.50"), "deposit 1")
    assert done.first(DepositRecorded).amount == 10050
    trader.name_payout("bank account, salted")
    town.clock.advance(25 * 3600)
    first = trader.withdraw(money("50")).result
    second = trader.withdraw(money("20")).result
    third = trader.withdraw(money("10")).result
    with pytest.raises(WithdrawalNotAccepted):
        town.bank.confirm_withdrawal(first, "payment 1")
    town.bank.accept_withdrawal(first)
    with pytest.raises(WithdrawalUnderway):
        trader.cancel_withdrawal(first)
    assert trader.view.withdrawals()[0].state.name == "ACCEPTED"
    town.bank.confirm_withdrawal(first, "payment 1")
    town.bank.reject_withdrawal(second, "account closed")
    trader.cancel_withdrawal(third)
    assert town.bank.reconcile().agrees
    assert town.bank.reconcile().outstanding == 5050
    assert [item.state.name for item in trader.view.withdrawals()] == ["PAID", "REJECTED", "CANCELLED"]
    assert [item.amount for item in trader.view.deposits()] == [10050]
    assert town.scheme.auditor.reconcile() == town.bank.reconcile()
    assert town.bank.withdrawal(first).amount == money("50")
    town.regulator.set_payout_delay(0)


def test_voluntary_cancellation__leaves_a_voucher_that_verifies(town: Town, sold: Callable[[str, int], None]) -> None:
    sold("trader", 10)
    done = town.company("trader").cancel_voluntarily(
        town.allowance, 7, "someone, salted", "offsetting a flight", year=YEAR
    )
    assert done.first(VoluntarilyCancelled).year == YEAR
    issued = done.first(VoucherIssued)
    assert issued.series == DESK_SERIES
    assert town.scheme.voucher(issued.series, issued.index).verify() is Verdict.VALID
    assert town.scheme.instrument("UKA21").outstanding() == 3


def test_acts__handed_out__are_sent_in_bulk_and_do_the_same(town: Town) -> None:
    trader, works = town.company("trader"), town.company("works")
    deposit = town.bank.record_deposit
    acts = [
        (town.bank.signer, deposit.act(account, 100, f"bulk {n}")) for n, account in enumerate([trader.account] * 4)
    ]
    outcomes = list(send_many(town.scheme.chain, acts))
    assert [outcome.error for outcome in outcomes] == [None] * 4
    assert len(trader.view.deposits()) == 4
    assert works.buy.act(1, 5, 5000).function is not None
    assert deposit.rehearse(trader.account, 1, "rehearsed") is None
    assert len(trader.view.deposits()) == 4


def test_enforcement__restricts_freezes_moves_and_lifts(town: Town, sold: Callable[[str, int], None]) -> None:
    from carbon_sdk.actors.values import Capability, Restriction

    sold("trader", 10)
    trader, works, regulator = town.company("trader"), town.company("works"), town.regulator
    regulator.freeze(trader.account, town.allowance, 4, b"order", "a court says so")
    assert trader.view.holding(town.allowance).free == 6
    regulator.freeze(trader.account, town.allowance, 0, b"order", "the court lifts it")
    regulator.force_transfer(trader.account, works.account, town.allowance, 3, "case 1", "ruling 1", "Court order")
    assert works.view.holding(town.allowance).balance == 3
    regulator.restrict(trader.account, Restriction.NO_TRADE, "inquiry")
    assert Restriction(trader.view.eligibility().restrictions) is Restriction.NO_TRADE
    regulator.restrict(trader.account, Restriction.NONE, "closed")
    regulator.set_capabilities(trader.account, Capability.REGISTRY, "no trading")
    regulator.suspend(trader.account, "fraud")
    assert trader.view.record().status.name == "SUSPENDED"
    regulator.reinstate(trader.account, "cleared")
    assert list(town.scheme.arbitrator.between(trader.account, works.account))
    assert len(list(trader.view.movements())) >= 2


def test_registry__runs_the_whole_life_of_a_representative(town: Town) -> None:
    registrar, trader = town.registrar, town.company("trader")
    account = trader.account
    for name in ("second", "third", "fourth"):
        town.signer(name)
    registrar.add_representative(Right.READ | Right.TRADE, town.credentials("second", account))
    assert town.scheme.account(account).rights_of(key("second").address) == Right.READ | Right.TRADE
    with pytest.raises(MissingRight):
        town.company("second").name_payout("elsewhere")
    registrar.set_rights(key("second").address, Right.ALL)
    registrar.set_principal(key("second").address)
    assert trader.view.principal() == key("second").address
    registrar.rotate_key(key("trader").address, town.credentials("third", account))
    assert town.company("third").account == account
    town.pki.revoke(town.certificates["third"])
    town.scheme.certification_authority(town.ca).revoke(town.certificates["third"].fingerprint, 1)
    registrar.remove_representative(key("third").address, "left the company")
    registrar.amend_record(account, "new record", "moved")
    registrar.set_owner(account, 7, "bought")
    registrar.renew(town.credentials("second", account))
    with pytest.raises(InputError, match="acts for no account"):
        _ = town.company("third").account


def test_applications__are_amended_returned_refused_and_withdrawn(town: Town) -> None:
    from carbon_sdk.contracts.generated.enums import AccountKind, ApplicationStatus

    registrar = town.registrar
    applicants = [town.scheme.company(town.signer(f"applicant {n}")) for n in range(3)]
    ids = [item.apply_for_account(AccountKind.TRADER, "record").result for item in applicants]
    assert [item.id for item in registrar.applications()] == ids
    registrar.return_for_correction(ids[0], "unreadable")
    applicants[0].amend_application(ids[0], AccountKind.TRADER, "better record", sector=5)
    registrar.refuse(ids[1], "sanctioned")
    applicants[2].withdraw_application(ids[2])
    assert [item.id for item in registrar.applications(ApplicationStatus.REFUSED)] == [ids[1]]
    account = registrar.application(ids[0]).account
    done = registrar.approve(ids[0], town.credentials("applicant 0", account))
    assert done.first(AccountOpened).sector == 5


@pytest.mark.parametrize("bad", [1.5, "1.5", -1, "many", True])
def test_a_quantity__that_is_no_whole_number__is_refused_before_anything_is_sent(town: Town, bad: object) -> None:
    trader = town.company("trader")
    before = town.scheme.chain.block_number()
    with pytest.raises(InputError) as caught:
        trader.buy(1, bad, 5000)  # type: ignore[arg-type]
    assert isinstance(caught.value, FloatRefused) is isinstance(bad, float)
    assert caught.value.exit_code == 2
    assert town.scheme.chain.block_number() == before
