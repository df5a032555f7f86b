"""Disputes and reversed surrenders on a chain: each scenario ends with an audit that finds no difference."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from carbon_sdk.actors.company import SourceStream
from carbon_sdk.actors.disputes import ArbitrationOfficer
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import Conclusion, DisputeState, Status, Verdict
from carbon_sdk.contracts.generated.errors import (
    DisputedAlready,
    EvidencePeriod,
    FilingDisputed,
    NotExecutable,
    SameArbitrator,
    SurrenderDisputed,
    SurrenderReversalTooLate,
)
from carbon_sdk.contracts.generated.events import SurrenderReversed, UnitsIssued
from carbon_sdk.contracts.generated.structs import DisputeTerms
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError, NotPermitted
from carbon_sdk.methods import Combustion, Process
from carbon_sdk.units import money
from tests.actors.conftest import YEAR, Town, audited, key

DAY = 86_400
REPORTED = 1_641_290_400  # 2022-01-04, 10:00 UTC
FUEL = Combustion("1234.5", "0.0385", "56.1", "0.995", "0.1")
CLINKER = Process("100", "0.525")
Sold = Callable[[str, int], None]


def arbitrator(town: Town, name: str = "arbitrator") -> ArbitrationOfficer:
    """The role's holder, or another one who gets the role."""
    signer = town.signer(name)
    if name != Role.ARBITRATOR.label:
        town.scheme.security_authority(key("administrator")).grant(Role.ARBITRATOR, signer.address)
    return town.scheme.arbitration_officer(signer)


def reported(town: Town) -> tuple[int, int]:
    """An installation of the works with an accepted report; its number and its tonnes."""
    works, verifier = town.company("works"), town.verifier()
    number = town.regulator.register_installation(works.account, "permit 1", 1, 35, YEAR).result
    plan = works.file_plan(number, YEAR, "plan", [SourceStream("combustion"), SourceStream("process")]).result
    town.regulator.approve_plan(number, plan)
    town.regulator.enrol(works.account, YEAR)
    town.regulator.accredit_verifier(verifier.account, 2_000_000_000, "accreditation")
    town.clock.travel_to(REPORTED)
    done = works.submit_report(number, YEAR, [(0, FUEL.inputs()), (1, CLINKER.inputs())], "activity data")
    works.engage_verifier(number, YEAR, verifier.account)
    verifier.verify(number, YEAR, 1, done.result.grams, Conclusion.POSITIVE, "opinion")
    town.regulator.accept(number, YEAR, 1)
    town.regulator.open_year(2022)
    return number, (done.result.grams + 500_000) // 1_000_000


# @requirement R-TRD-12
def test_a_trade__disputed_and_appealed__is_undone_by_entries_of_its_own(
    town: Town, sold: Sold, tmp_path: Path
) -> None:
    sold("works", 100)
    works, treasury, officer = town.company("works"), town.company("treasury"), arbitrator(town)
    paid = 100 * money("50")

    number = treasury.dispute_trade(1, 0, "sold by mistake", units=100).result
    other = works.dispute_trade(1, 0, "bought by mistake", money=paid).result

    seen = officer.dispute(number)
    assert (seen.lines[0].holder, seen.lines[0].frozen) == (works.account, 100)
    assert works.view.holding(town.allowance).free == 0
    works.submit_evidence(number, "order book")
    treasury.submit_evidence(number, "mail")
    with pytest.raises(EvidencePeriod):
        officer.rule(number, True, "ruling")
    with pytest.raises(DisputedAlready):
        treasury.dispute_trade(1, 0, "again", units=1)
    with pytest.raises(NotPermitted):
        works.dispute_trade(1, 0, "what the seller gave", units=1)
    town.clock.advance(20 * DAY + 10)
    officer.rule(number, False, "ruling")
    officer.rule(other, True, "ruling", [60 * money("50")])
    treasury.appeal_ruling(number, "grounds")
    with pytest.raises(SameArbitrator):
        officer.decide_appeal(number, True, "again")
    second = arbitrator(town, "second arbitrator")
    second.decide_appeal(number, True, "decision", [60])
    town.company("trader").execute_ruling(number)
    town.clock.advance(14 * DAY + 10)
    town.company("trader").execute_ruling(other)

    assert works.view.holding(town.allowance).free == 40
    assert treasury.view.holding(town.allowance).free == 60
    assert works.dispute(number).state is DisputeState.EXECUTED
    assert town.scheme.voucher(1, 0).verify() is Verdict.VALID
    assert [one.id for one in town.scheme.arbitrator.disputes(works.account)] == [number, other]
    with pytest.raises(NotExecutable):
        treasury.execute_ruling(number)
    assert audited(town, tmp_path)["disputes"] > 3


# @requirement R-TRD-12
def test_a_dispute__withdrawn_or_lapsed__frees_what_it_froze(town: Town, sold: Sold, tmp_path: Path) -> None:
    sold("works", 100)
    works, treasury = town.company("works"), town.company("treasury")
    first = treasury.dispute_trade(1, 0, "claim", units=30).result
    assert works.view.holding(town.allowance).free == 70
    treasury.withdraw_dispute(first)
    second = works.dispute_trade(1, 0, "claim", money=money("10")).result
    town.clock.advance(51 * DAY)
    town.company("trader").lapse_dispute(second)
    assert works.view.holding(town.allowance).free == 100
    assert [one.state.name for one in works.disputes()] == ["WITHDRAWN", "LAPSED"]
    town.regulator.set_dispute_terms(DisputeTerms(DAY, DAY, DAY, DAY, DAY))
    audited(town, tmp_path)


# @requirement R-TRD-12
def test_a_dispute__authority_takes_what_rests__audit_follows(town: Town, sold: Sold, tmp_path: Path) -> None:
    sold("works", 100)
    works, treasury = town.company("works"), town.company("treasury")
    number = treasury.dispute_trade(1, 0, "claim", units=100).result
    trader = town.company("trader").account
    town.regulator.force_transfer(
        works.account, trader, town.allowance, 30, "case", "order", "court order", disputes=[number]
    )
    assert works.dispute(number).lines[0].frozen == 70
    town.clock.advance(20 * DAY + 10)
    arbitrator(town).rule(number, True, "ruling")
    town.clock.advance(14 * DAY + 10)
    treasury.execute_ruling(number)
    assert treasury.view.holding(town.allowance).free == 70
    audited(town, tmp_path)


# @requirement R-TRD-12
def test_a_figure__disputed__rests_until_the_ruling_opens_the_filing(town: Town, tmp_path: Path) -> None:
    installation, owed = reported(town)
    works = town.company("works")
    number = works.dispute_report(installation, YEAR, "the factor is wrong").result
    with pytest.raises(FilingDisputed):
        works.dispute_report(installation, YEAR, "again")
    town.regulator.answer_dispute(number, "the verifier's working papers")
    assert works.position().emissions == owed
    town.clock.advance(20 * DAY + 10)
    arbitrator(town).rule(number, True, "ruling")
    town.regulator.appeal_ruling(number, "grounds")
    arbitrator(town, "second arbitrator").decide_appeal(number, True, "decision")
    works.execute_ruling(number)
    assert works.position().status is Status.C
    audited(town, tmp_path)


# @requirement R-TRD-12
def test_a_figure__disputed_and_reopened_by_the_authority__is_disputed_anew(town: Town, tmp_path: Path) -> None:
    installation, owed = reported(town)
    works = town.company("works")
    first = works.dispute_report(installation, YEAR, "the factor is wrong").result
    town.regulator.reopen(installation, YEAR, "granted")
    again = works.submit_report(
        installation, YEAR, [(0, FUEL.inputs()), (1, CLINKER.inputs())], "activity data", "another laboratory"
    )
    town.verifier().verify(installation, YEAR, 2, again.result.grams, Conclusion.POSITIVE, "opinion")
    town.regulator.accept(installation, YEAR, 2)
    second = works.dispute_report(installation, YEAR, "still wrong").result
    town.clock.advance(20 * DAY + 10)
    arbitrator(town).rule(first, True, "ruling")
    arbitrator(town).rule(second, False, "ruling")
    town.clock.advance(14 * DAY + 10)
    works.execute_ruling(first)
    assert works.position().emissions == owed
    works.execute_ruling(second)
    assert works.position().emissions == owed
    audited(town, tmp_path)


# @requirement R-CMP-1 R-TRD-12
def test_a_surrender__reversed_or_disputed__new_serials_for_cancelled_units(
    town: Town, sold: Sold, tmp_path: Path
) -> None:
    _, owed = reported(town)
    sold("works", owed)
    works = town.company("works")
    first = works.apply_surrender({town.allowance: owed}).result
    town.regulator.approve_surrender(first)
    done = town.regulator.reverse_surrender(first, "wrong account")
    assert done.first(SurrenderReversed).tonnes == owed
    assert done.first(UnitsIssued).first_serial == owed + 1
    assert works.position().status is Status.B
    second = works.apply_surrender({town.allowance: owed}).result
    town.regulator.approve_surrender(second)
    number = works.dispute_surrender(second, "we never applied").result
    with pytest.raises(SurrenderDisputed):
        works.dispute_surrender(second, "again")
    town.clock.advance(20 * DAY + 10)
    arbitrator(town).rule(number, True, "ruling")
    town.clock.advance(14 * DAY + 10)
    works.execute_ruling(number)
    assert works.view.holding(town.allowance).free == owed
    assert town.scheme.instrument("UKA21").outstanding() == owed
    third = works.apply_surrender({town.allowance: owed}).result
    town.regulator.approve_surrender(third)
    town.clock.advance(25 * 3600)
    with pytest.raises(SurrenderReversalTooLate):
        town.regulator.reverse_surrender(third, "cause")
    town.regulator.set_reversal_window(0)
    assert works.position().status is Status.A
    audited(town, tmp_path)


# @requirement R-TRD-12
def test_who_is_no_party__is_refused(town: Town, sold: Sold) -> None:
    sold("works", 100)
    number = town.company("treasury").dispute_trade(1, 0, "claim", units=100).result
    trader = town.company("trader")
    stranger = town.scheme.company(town.signer("stranger"))
    for one in (trader, stranger):
        for act in (
            lambda company: company.dispute_trade(1, 0, "claim", units=1),
            lambda company: company.submit_evidence(number, "evidence"),
            lambda company: company.withdraw_dispute(number),
        ):
            with pytest.raises(NotPermitted):
                act(one)
    for verb in (arbitrator(town).rule, arbitrator(town).decide_appeal):
        with pytest.raises(InputError):
            verb(number, 2, "ruling")  # type: ignore[arg-type]


def test_disputes__on_the_command_line(
    town: Town, sold: Sold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sold("works", 100)
    file = town.scheme.deployment.save(tmp_path / "deployment.json")
    where = ["--rpc", town.scheme.chain.endpoint.url, "--deployment", str(file), "--json"]

    def said(who: str, *words: str, code: int = 0):  # type: ignore[no-untyped-def]
        monkeypatch.setenv("CARBON_KEY", key(who).secret().hex())
        assert run([*words, *where]) == code, capsys.readouterr().err
        out = capsys.readouterr().out
        return json.loads(out) if out else None

    assert said("treasury", "company", "dispute-trade", "1", "0", "claim", "--units", "100")["result"] == 1
    said("works", "company", "submit-evidence", "1", "order book")
    town.clock.advance(20 * DAY + 10)
    said("works", "arbitrator", "rule", "1", "yes", "ruling", code=2)
    said("arbitrator", "arbitrator", "rule", "1", "yes", "ruling", "--awards", "25")
    town.clock.advance(14 * DAY + 10)
    said("trader", "company", "execute-ruling", "1")
    assert said("arbitrator", "arbitrator", "dispute", "1")["state"] == "EXECUTED"
    assert town.company("treasury").view.holding(town.allowance).free == 25
