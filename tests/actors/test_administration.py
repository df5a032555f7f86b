"""What the roles do outside the year: rules, products, roles, code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from carbon_sdk.actors.base import DryRun
from carbon_sdk.actors.company import SourceStream
from carbon_sdk.actors.values import digest, label, moment
from carbon_sdk.chain.sender import Sender
from carbon_sdk.contracts.generated.enums import InstrumentState, VoucherKind
from carbon_sdk.contracts.generated.errors import NotTheOwner
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.rule_book import RuleBook
from carbon_sdk.contracts.generated.structs import CodingRules, MarketTerms
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError, NotPermitted, Refused
from carbon_sdk.identifiers import InstrumentClass, InstrumentId
from carbon_sdk.methods import Combustion, Term, formula_inputs
from tests.actors.conftest import YEAR, Town, key


def test_the_regulator__publishes_registers_and_closes(town: Town) -> None:
    regulator = town.regulator
    assert regulator.publish("registration-policy", b"a new policy", "https://example.org").result == 2
    assert town.scheme.public.document("registration-policy").version == 2
    combustion = town.scheme.deployment.address_of("Combustion")
    assert regulator.register_method("combustion", combustion, "second edition").result == 2
    method = town.scheme.method("combustion")
    fuel = Combustion("1", "2", "3")
    assert method.compute(fuel.inputs()) == fuel.grams()
    regulator.close_method("combustion", 1)
    assert method.version(1).state.name == "CLOSED"
    regulator.set_materiality(10**12, 400, 100)
    rules = CodingRules(b"GB".ljust(8, b"\0"), b"TSCA", 0, town.clock.now() + 10)
    regulator.set_coding_rules(rules)
    regulator.set_cap(YEAR, 100, 50, 30, 20, "cap")
    regulator.set_reporting_deadline(YEAR, datetime(2022, 5, 1, tzinfo=UTC))
    regulator.assign_region(key("registry-operator").address, 2)
    with pytest.raises(NotPermitted):
        town.registrar.amend_record(town.company("trader").account, "record", "cause")


def test_the_regulator__ends_accreditations_and_revokes(town: Town) -> None:
    regulator, verifier = town.regulator, town.verifier()
    regulator.accredit_verifier(verifier.account, 2_000_000_000, "scope")
    assert verifier.accredited_until() == 2_000_000_000
    regulator.withdraw_verifier(verifier.account, "misconduct")
    assert verifier.accredited_until() == 0
    authority = town.scheme.certification_authority(town.ca)
    fingerprint = town.certificates["trader"].fingerprint
    found = authority.certificate(town.scheme.chain.read(_fingerprint_of(town)))
    assert found.signer == town.ca.address
    regulator.revoke_certificates([town.scheme.chain.read(_fingerprint_of(town))], 1)
    assert authority.certificate(town.scheme.chain.read(_fingerprint_of(town))).revoked_at
    regulator.withdraw_certification_authority(town.ca.address, "distrust")
    assert authority.accreditation().withdrawn_at
    assert len(fingerprint) == 32


def _fingerprint_of(town: Town):  # type: ignore[no-untyped-def]
    from carbon_sdk.contracts.generated.certificate_registry import CertificateRegistry

    at = town.scheme.deployment.address_of("CertificateRegistry")
    return CertificateRegistry.FINGERPRINT_OF.on(at, key("trader").address)


def test_the_regulator__returns_plans_rejects_allocations_and_changes_years(town: Town) -> None:
    regulator, works = town.regulator, town.company("works")
    installation = regulator.register_installation(works.account, "permit", 1, 35, YEAR).result
    plan = works.file_plan(installation, YEAR, "plan", [SourceStream("combustion")]).result
    regulator.return_plan(installation, plan, "no meters")
    regulator.register_baseline(installation, "cement clinker", "1000", 2017, 2020, "report")
    inputs = formula_inputs([Term("cement clinker", "0.693")], ["1"])
    first = regulator.determine_allocation(installation, YEAR, town.allowance, inputs).result
    assert first.quantity == 693
    with pytest.raises(NotTheOwner):
        town.company("trader").apply_for_allocation(first.id)
    regulator.reject_allocation(first.id, "no plan")
    regulator.enrol(works.account, YEAR)
    regulator.set_first_year(works.account, YEAR + 1)
    regulator.set_installation_years(installation, YEAR, YEAR, "closed down")


def test_surrenders__withdrawn_and_rejected__give_the_units_back(town: Town, sold: Callable[[str, int], None]) -> None:
    sold("works", 10)
    works, trader = town.company("works"), town.company("trader")
    town.regulator.enrol(works.account, YEAR)
    one = works.apply_surrender({town.allowance: 4}).result
    with pytest.raises(Refused):
        trader.withdraw_surrender(one)
    works.withdraw_surrender(one)
    two = works.apply_surrender([(town.allowance, 3)]).result
    town.regulator.reject_surrender(two, "nothing owed")
    three = works.apply_surrender([(town.allowance, 2)]).result
    town.regulator.reject_surrenders([three], "nothing owed")
    assert works.view.holding(town.allowance).free == 10
    four = works.apply_surrender([(town.allowance, 2)]).result
    town.regulator.approve_surrender(four)
    assert works.view.holding(town.allowance).balance == 8
    assert works.position().surrendered == 2


def test_the_service_manager__defines_opens_and_closes(town: Town) -> None:
    manager = town.scheme.service_manager(key("service-manager"))
    unit = InstrumentId.of(InstrumentClass.ALLOWANCE, 826, 2022)
    manager.define_instrument(unit, "terms of 2022")
    terms = replace(town.scheme.market(1).terms, instrument=unit)
    assert isinstance(terms, MarketTerms)
    number = manager.open_market(terms).result
    book = town.scheme.deployment.address_of("OrderBook")
    manager.register_voucher_series(number, book, [VoucherKind.TRADE])
    assert town.scheme.market(number).instrument == unit
    manager.set_instrument_state(unit, InstrumentState.CLOSED)
    assert town.scheme.instrument(unit).now().state is InstrumentState.CLOSED
    manager.set_utc_offset(0)
    with pytest.raises(InputError, match="no market"):
        town.scheme.market(9)
    with pytest.raises(InputError, match="UKA21/GBP"):
        town.scheme.market("UKA99/GBP")
    with pytest.raises(InputError, match="not defined"):
        town.scheme.instrument(InstrumentId.of(InstrumentClass.ALLOWANCE, 1))
    with pytest.raises(InputError, match="no voucher"):
        town.scheme.voucher(1, 0)
    with pytest.raises(InputError, match="no series"):
        town.scheme.voucher(99, 0)
    with pytest.raises(InputError, match="no method"):
        town.scheme.method("alchemy")


def test_roles__granted_revoked_and_laid_down__leave_a_history(town: Town) -> None:
    security = town.scheme.security_authority(key("administrator"))
    second = town.signer("second regulator")
    security.grant(Role.REGULATOR, second.address)
    assert security.members(Role.REGULATOR) == (key("regulator").address, second.address)
    town.scheme.regulator(second).publish("topic", "document", "uri")
    security.revoke(Role.REGULATOR, key("regulator").address)
    assert not security.holds(Role.REGULATOR, key("regulator").address)
    town.scheme.security_authority(second).renounce(Role.REGULATOR)
    changes = [(item.holder, item.granted) for item in security.history(Role.REGULATOR)]
    assert changes == [
        (key("regulator").address, True),
        (second.address, True),
        (key("regulator").address, False),
        (second.address, False),
    ]
    assert len(security.history()) > len(changes)


def test_code__upgraded_and_rolled_back__keeps_what_was_stored(town: Town) -> None:
    maintainer = town.scheme.maintainer(key("upgrader"))
    before = town.scheme.deployment.contracts["RuleBook"].implementation
    created = Sender(town.scheme.chain, key("upgrader")).do(RuleBook.creation()).receipt.created
    assert created is not None
    maintainer.upgrade("RuleBook", created)
    assert maintainer.previous("RuleBook") == before
    town.scheme.operator(key("rollback")).roll_back("RuleBook")
    assert town.scheme.public.document("registration-policy").version == 1
    with pytest.raises(InputError, match="no code"):
        maintainer.upgrade("RuleBook", key("nobody").address)


def test_a_dry_run__sends_nothing_and_says_what_would_be(town: Town) -> None:
    bank, account = town.bank, town.company("trader").account
    bank.dry_run = True
    before = town.scheme.chain.block_number()
    with pytest.raises(DryRun) as caught:
        bank.record_deposit(account, 5, "reference")
    assert caught.value.gas > 21_000
    assert town.scheme.chain.block_number() == before


def test_the_auditor__reads_every_event_in_order(town: Town) -> None:
    town.bank.record_deposit(town.company("trader").account, 5, "reference")
    places = [(item.block, item.index) for item in town.scheme.auditor.events()]
    assert places == sorted(places)
    assert len(places) > 100
    assert len(list(town.scheme.auditor.events(places[-1][0]))) < 10


def test_missing_emissions__restrict_trading(town: Town) -> None:
    works = town.company("works")
    town.regulator.register_installation(works.account, "permit", 1, 35, YEAR)
    town.regulator.enrol(works.account, YEAR)
    town.clock.travel_to(1_649_000_000)
    town.regulator.open_year(2022)
    town.regulator.restrict_for_missing(works.account, YEAR)
    assert works.position().restricted
    assert works.position().missing_year == YEAR


def test_year_rules__changed_before_the_deadline__hold(town: Town) -> None:
    from carbon_sdk.contracts.generated.obligations import Obligations

    obligations = town.scheme.contract(Obligations)
    rules = replace(obligations.rules_of(YEAR), penalty_per_tonne=1)
    town.regulator.set_year_rules(YEAR, rules)
    assert obligations.rules_of(YEAR) == rules
    assert isinstance(town.scheme.contract(OrderBook), OrderBook)


@pytest.mark.parametrize("bad", ["", "0x12", b"", "0x" + "g" * 64])
def test_a_digest__that_is_none__is_refused(bad: str | bytes) -> None:
    with pytest.raises(InputError):
        digest(bad)


def test_values__at_the_boundary__are_exact() -> None:
    assert digest(b"1" * 32) == b"1" * 32
    assert digest("0x" + "ab" * 32) == bytes.fromhex("ab" * 32)
    assert label("a") == b"a".ljust(32, b"\0")
    assert moment(datetime(1970, 1, 2, tzinfo=UTC)) == 86400
    for bad in (datetime(2021, 1, 1), -1, 1.5, datetime(2021, 1, 1, 0, 0, 0, 5, UTC)):  # noqa: DTZ001
        with pytest.raises(InputError):
            moment(bad)  # type: ignore[arg-type]
    with pytest.raises(InputError):
        label("é")
