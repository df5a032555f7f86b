"""A credit's life by those who may say it: project, issue, offer, purchase, retirement, reversal, other registries."""

from __future__ import annotations

import contextlib
import csv
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from carbon_sdk.actors.credits import CreditRegistry, ImportReport
from carbon_sdk.actors.proponent import ProjectProponent
from carbon_sdk.actors.values import Label, Restriction
from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import (
    AccountKind,
    ExportState,
    OfferState,
    ProjectState,
    PurchaseState,
    Verdict,
)
from carbon_sdk.contracts.generated.errors import (
    BodyNotIndependent,
    BuyerMayNot,
    DesignRepeated,
    EntryUsed,
    ExportInState,
    InstrumentExists,
    MoreThanClaimed,
    OwnBufferFirst,
    PeriodTaken,
    RegistryNotAccepted,
    ReversalOwed,
    SerialsTaken,
    WrongCredit,
)
from carbon_sdk.contracts.generated.events import CreditsImported, CreditsIssued, PurchaseConfirmed, VoucherIssued
from carbon_sdk.credits import Issuance, Unreadable, read_issuances
from carbon_sdk.errors import InputError, NotPermitted, Refused
from carbon_sdk.identifiers import InstrumentClass, InstrumentId
from carbon_sdk.units import money
from tests.actors.conftest import Town, key

YEAR_2021 = date(2021, 1, 1), date(2021, 12, 31)
AFTER = 1_656_633_600  # 2022-07-01
SCOPE = 14
ROOT = Path(__file__).resolve().parents[2]
DATA = (
    [Path(os.environ["CARBON_DATA"])]
    if "CARBON_DATA" in os.environ
    else [up / "shared" / "data" for up in ROOT.parents]
)
FILES = next((folder / "voluntary" for folder in DATA if folder.is_dir()), ROOT / "nowhere")
"""Issuance files of registries: in `CARBON_DATA`, or in `shared/data` beside a folder that the repository lies in."""
NAMES = {"gold-standard": "GS", "american-carbon-registry": "ACR", "climate-action-reserve": "CAR"}


@pytest.fixture
def forest(town: Town) -> ProjectProponent:
    """A proponent, an accredited body, a buffer account, and money for the buyers; mid 2022."""
    town.open("forester", AccountKind.PROJECT_PROPONENT, owner=5)
    town.open("pool", AccountKind.GOVERNMENT)
    town.clock.travel_to(AFTER)
    regulator = town.regulator
    regulator.accredit_body(town.verifier().account, [SCOPE, 1], AFTER - 86400, 2_000_000_000, "accreditation")
    regulator.name_buffer_account(town.company("pool").account)
    for name in ("works", "trader"):
        town.bank.record_deposit(town.company(name).account, money("100000"), f"deposit of {name}")
    return town.scheme.project_proponent(key("forester"))


@pytest.fixture
def audited(town: Town, tmp_path: Path) -> Iterator[None]:
    """At the end an independent auditor finds the events and the contracts equal."""
    yield
    store = open_store(tmp_path / "audit.sqlite")
    indexer_of(town.scheme, store).sync()
    report = auditor_of(town.scheme, store).run()
    assert report.ok, report.lines()


def credit(town: Town, project: int, vintage: int) -> InstrumentId:
    unit = InstrumentId.of(InstrumentClass.CREDIT, town.allowance.scheme, vintage, project)
    with contextlib.suppress(InstrumentExists):
        town.scheme.service_manager(key("service-manager")).define_instrument(unit, "terms of credits")
    return unit


def registered(town: Town, forest: ProjectProponent, **terms: int) -> int:
    body = town.verifier()
    project = forest.list_project("design", "methodology 1.2", SCOPE, removal=True, reversible=True).result
    forest.engage_body(project, body.account)
    body.validate_project(project, "design", True, "validation statement")
    town.registrar.register_project(
        project, date(2021, 1, 1), date(2030, 12, 31), "decision", liable_until=AFTER + 1000, **terms
    )
    return project


def issued(town: Town, forest: ProjectProponent, tonnes: int = 1000) -> InstrumentId:
    project = registered(town, forest, buffer_basis_points=1500)
    report = forest.report_monitoring(project, *YEAR_2021, tonnes, "monitoring").result
    town.verifier().verify_reductions(project, report, tonnes, "verification statement")
    unit = credit(town, project, 2021)
    town.registrar.issue_credits(project, report, {unit: tonnes})
    return unit


def test_a_credits_life__from_project_to_retirement__is_told(
    town: Town, forest: ProjectProponent, audited: None
) -> None:
    body, registrar = town.verifier(), town.registrar
    project = forest.list_project("design", "methodology", SCOPE, region=1, removal=True, reversible=True).result
    assert forest.project(project).state is ProjectState.LISTED
    forest.amend_design(project, "better design", "methodology", SCOPE, removal=True, reversible=True)
    with pytest.raises(DesignRepeated):
        forest.amend_design(project, "design", "methodology", SCOPE)
    forest.engage_body(project, body.account)
    body.validate_project(project, "better design", False, "baseline not credible")
    body.validate_project(project, "better design", True, "validation statement")
    registrar.register_project(
        project,
        date(2021, 1, 1),
        date(2022, 12, 31),
        "decision",
        renewals=1,
        buffer_basis_points=1000,
        liable_until=2_000_000_000,
    )
    report = forest.report_monitoring(project, date(2021, 7, 1), date(2022, 6, 29), 1000, "monitoring").result
    with pytest.raises(PeriodTaken):
        forest.report_monitoring(project, date(2022, 6, 29), date(2022, 6, 30), 1, "monitoring")
    with pytest.raises(MoreThanClaimed):
        body.verify_reductions(project, report, 1001, "statement")
    body.verify_reductions(project, report, 900, "statement")
    old, new = credit(town, project, 2021), credit(town, project, 2022)
    done = registrar.issue_credits(project, report, [(old, 500), (new, 400)])
    assert [(one.quantity, one.buffered) for one in done.all(CreditsIssued)] == [(500, 50), (400, 40)]
    assert forest.project(project).buffered == 90
    assert forest.monitoring(project, report).verified == 900

    works = town.company("works")
    offer = forest.offer_credits(old, 300, money("12.50"), AFTER + 9000).result
    (open_offer,) = works.credit_offers()
    assert (open_offer.number, open_offer.instrument, open_offer.offer.left) == (offer, old, 300)
    purchase = works.apply_for_purchase(offer, 200).result
    assert [one.number for one in forest.purchases(offer)] == [purchase]
    assert forest.purchases(offer + 1) == ()
    sold = forest.confirm_purchase(purchase)
    assert sold.first(PurchaseConfirmed).quantity == 200
    voucher = sold.first(VoucherIssued)
    assert voucher.order_of_day == 1
    assert town.scheme.voucher(voucher.series, voucher.index).verify() is Verdict.VALID
    assert works.view.holding(old).free == 200
    assert forest.purchase(purchase).state is PurchaseState.CONFIRMED
    works.cancel_voluntarily(old, 200, "beneficiary", "carbon neutral event")
    registrar.renew_project(project, date(2024, 12, 31), 2_000_000_001, "renewed")
    registrar.close_project(project, "the end")
    assert forest.project(project).state is ProjectState.CLOSED


def test_a_project__refused_withdrawn_or_of_one_owner__issues_nothing(
    town: Town, forest: ProjectProponent, audited: None
) -> None:
    body = town.verifier()
    first, second, third = (forest.list_project(f"design {n}", "methodology", SCOPE).result for n in range(3))
    town.registrar.refuse_project(first, "not additional")
    forest.withdraw_project(second)
    town.registrar.set_owner(body.account, 5, "bought")
    with pytest.raises(BodyNotIndependent):
        forest.engage_body(third, body.account)
    town.registrar.set_owner(body.account, 0, "sold")
    forest.engage_body(third, body.account)
    town.regulator.dismiss_body(body.account, "misconduct")
    with pytest.raises(Refused):
        body.validate_project(third, "design 2", True, "statement")
    assert [one.project.state.name for one in forest.projects()] == ["REFUSED", "WITHDRAWN", "LISTED"]
    assert [one.number for one in forest.projects(ProjectState.LISTED)] == [third]


def test_reports__withdrawn_and_refused__free_their_days(town: Town, forest: ProjectProponent, audited: None) -> None:
    project = registered(town, forest)
    forest.withdraw_monitoring(project, forest.report_monitoring(project, *YEAR_2021, 9, "report").result)
    town.registrar.refuse_monitoring(project, forest.report_monitoring(project, *YEAR_2021, 9, "report").result, "late")
    third = forest.report_monitoring(project, *YEAR_2021, 9, "report").result
    town.verifier().verify_reductions(project, third, 0, "nothing credible")
    fourth = forest.report_monitoring(project, *YEAR_2021, 9, "report").result
    town.verifier().verify_reductions(project, fourth, 10, "statement", "the meter was slow")
    with pytest.raises(WrongCredit):
        town.registrar.issue_credits(project, fourth, {town.allowance: 10})
    town.registrar.issue_credits(project, fourth, {credit(town, project, 2021): 10})


def test_a_reversal__is_paid_from_the_buffer_the_others_and_the_proponent(
    town: Town, forest: ProjectProponent, audited: None
) -> None:
    first, second = issued(town, forest), issued(town, forest, 200)
    forest.report_reversal(first.project, 100, "fire")
    town.regulator.record_reversal(first.project, 100, "satellite image")
    with pytest.raises(ReversalOwed):
        town.registrar.release_buffer(first, 1)
    with pytest.raises(OwnBufferFirst):
        town.regulator.cancel_buffer(first.project, second, 1, "fire")
    town.regulator.cancel_buffer(first.project, first, 150, "fire")
    town.regulator.cancel_buffer(first.project, second, 10, "fire")
    forest.compensate(first.project, first, 40)
    assert forest.project(first.project).owed == 0
    town.clock.travel_to(AFTER + 2000)
    town.registrar.release_buffer(second, 20)
    assert town.company("pool").view.holding(second).balance == 0
    assert forest.view.holding(second).free == 190


def test_offers__reduced_withdrawn_removed_and_expired__give_everything_back(
    town: Town, forest: ProjectProponent, audited: None
) -> None:
    unit = issued(town, forest)
    works, trader = town.company("works"), town.company("trader")
    soon = AFTER + 5000
    one = forest.offer_credits(unit, 100, 500, soon, works.account).result
    with pytest.raises(NotPermitted):
        trader.apply_for_purchase(one, 1)
    forest.reduce_offer(one, 40)
    forest.withdraw_offer(one)
    two = forest.offer_credits(unit, 100, 500, soon).result
    works.withdraw_purchase(works.apply_for_purchase(two, 10).result)
    forest.decline_purchase(works.apply_for_purchase(two, 10).result, "known to us")
    town.regulator.remove_purchase(works.apply_for_purchase(two, 10).result, "court order")
    left = trader.apply_for_purchase(two, 10).result
    town.regulator.restrict(trader.account, Restriction.NO_TRADE, "under investigation")
    with pytest.raises(BuyerMayNot):
        forest.confirm_purchase(left)
    town.regulator.remove_offer(two, "complaint")
    works.release_purchase(left)
    three = forest.offer_credits(unit, 100, 500, soon).result
    last = works.apply_for_purchase(three, 10).result
    town.clock.travel_to(soon)
    trader.release_offer(three)
    trader.release_purchase(last)
    assert forest.view.holding(unit).free == 850
    for company in (works, trader):
        assert company.view.holding(town.scheme.deployment.instruments["GBP"]).free == money("100000")
    assert works.credit_offers() == ()
    assert town.scheme.contract(type(works._offers)).offer_of(three).state is OfferState.EXPIRED


def test_labels__required__decide_what_may_be_surrendered(town: Town, forest: ProjectProponent, audited: None) -> None:
    unit = issued(town, forest)
    town.regulator.set_required_labels(Label.COMPLIANCE, "rules")
    town.regulator.enrol(forest.account, 2021)
    assert forest._projects.may_surrender(int(unit)) is False
    town.regulator.set_labels(unit, Label.COMPLIANCE | Label.REMOVAL, "examined")
    assert forest.labels(unit) == Label.COMPLIANCE | Label.REMOVAL
    assert forest._projects.may_surrender(int(unit)) is True


def test_credits_of_another_registry__come_in_and_go_out_once(
    town: Town, forest: ProjectProponent, audited: None
) -> None:
    regulator, registrar, works = town.regulator, town.registrar, town.company("works")
    with pytest.raises(RegistryNotAccepted):
        registrar.enter_project("GS", "GS11236")
    regulator.accept_registry("GS", True, "agreement")
    number = registrar.enter_project("GS", "GS11236").result
    unit = credit(town, number, 2024)
    done = registrar.bring_in("GS", "GS11236", "30307", 2024, 100, 199, works.account, "statement")
    assert done.first(CreditsImported).first_serial == 1
    registrar.bring_in("GS", "GS11236", "30307", 2024, 1, 99, works.account, "statement")
    registrar.bring_in("GS", "GS11236", "30307", 2024, 200, 300, works.account, "statement")
    with pytest.raises(SerialsTaken) as caught:
        registrar.bring_in("GS", "GS11236", "30307", 2024, 150, 160, works.account, "statement")
    assert (caught.value.first, caught.value.last) == (100, 199)
    gone = works.request_export(unit, 50, "GS", "account there").result
    with pytest.raises(ExportInState):
        registrar.confirm_export(gone, "entry 1")
    registrar.accept_export(gone)
    with pytest.raises(ExportInState):
        works.cancel_export(gone)
    registrar.confirm_export(gone, "entry 1")
    back = works.request_export(unit, 50, "GS", "account there").result
    registrar.accept_export(back)
    with pytest.raises(EntryUsed):
        registrar.confirm_export(back, "entry 1")
    registrar.reject_export(back, "no such account")
    works.cancel_export(works.request_export(unit, 50, "GS", "account there").result)
    registrar.accept_export(works.request_export(unit, 20, "GS", "account there").result)
    assert works.export(gone).state is ExportState.CONFIRMED
    assert works.view.holding(unit).free == 230


def test_strangers__on_others_projects_and_offers__are_refused(town: Town, forest: ProjectProponent) -> None:
    unit = issued(town, forest)
    works = town.company("works")
    offer = forest.offer_credits(unit, 100, 500, AFTER + 5000).result
    purchase = works.apply_for_purchase(offer, 10).result
    town.regulator.accept_registry("GS", True, "agreement")
    export = forest.request_export(unit, 1, "GS", "there").result
    stranger = town.scheme.project_proponent(town.signer("stranger"))
    day = date(2022, 1, 1)
    for verb, arguments in (
        ("amend_design", (unit.project, "design", "methodology", SCOPE)),
        ("withdraw_project", (unit.project,)),
        ("engage_body", (unit.project, town.verifier().account)),
        ("report_monitoring", (unit.project, day, day, 1, "report")),
        ("withdraw_monitoring", (unit.project, 1)),
        ("report_reversal", (unit.project, 1, "fire")),
        ("compensate", (unit.project, unit, 1)),
        ("reduce_offer", (offer, 1)),
        ("withdraw_offer", (offer,)),
        ("confirm_purchase", (purchase,)),
        ("decline_purchase", (purchase, "cause")),
        ("apply_for_purchase", (offer, 1)),
        ("withdraw_purchase", (purchase,)),
        ("cancel_export", (export,)),
    ):
        for key_ in (stranger, town.scheme.project_proponent(key("trader"))):
            if verb == "apply_for_purchase" and key_ is not stranger:
                continue  # whoever has an account may
            with pytest.raises(NotPermitted):
                getattr(key_, verb)(*arguments)


def test_a_project__by_the_command_line__is_listed_and_sold(
    town: Town, forest: ProjectProponent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys
) -> None:
    file = tmp_path / "deployment.json"
    town.scheme.deployment.save(file)
    (tmp_path / "design.pdf").write_bytes(b"a design")
    where = ["--rpc", town.scheme.chain.endpoint.url, "--deployment", str(file), "--json"]

    def said(who: str, *arguments: object) -> Any:
        monkeypatch.setenv("CARBON_KEY", key(who).secret().hex())
        assert run([*map(str, arguments), *where]) == 0, capsys.readouterr().err
        return orjson.loads(capsys.readouterr().out)

    body, design = town.verifier().account, f"@{tmp_path / 'design.pdf'}"
    done = said("forester", "proponent", "list-project", design, "methodology", SCOPE, "--removal", "yes")
    assert done["result"] == 1
    said("forester", "proponent", "engage-body", 1, body)
    said("verifier", "verifier", "validate-project", 1, design, "yes", "statement")
    said("registry-operator", "registry", "register-project", 1, "2021-01-01", "2030-12-31", "decision")
    said("forester", "proponent", "report-monitoring", 1, "2021-01-01", "2021-12-31", 100, "report")
    said("verifier", "verifier", "verify-reductions", 1, 1, 90, "statement")
    unit = credit(town, 1, 2021)
    said("registry-operator", "registry", "issue-credits", 1, 1, f"{unit}=90")
    said("regulator", "regulator", "set-labels", unit, "compliance,removal", "examined")
    assert said("forester", "proponent", "labels", unit) == ["COMPLIANCE", "REMOVAL"]
    said("forester", "proponent", "offer-credits", unit, 50, "12.50", AFTER + 9000)
    assert [row["offer"]["left"] for row in said("works", "company", "credit-offers")] == [50]
    said("works", "company", "apply-for-purchase", 1, 20)
    said("forester", "proponent", "confirm-purchase", 1)
    assert town.company("works").view.holding(unit).free == 20
    assert forest.view.holding(town.scheme.deployment.instruments["GBP"]).free == money("250")


# ISSUANCE FILES


def imported(town: Town, file: Path, **how: bool) -> ImportReport:
    """As operators do it: once for the projects' numbers, the instruments, once more for the credits."""
    registrar, works = town.registrar, town.company("works")
    first = registrar.import_credits(str(file), works.account, **how)
    assert not first.tonnes_imported
    manager = town.scheme.service_manager(key("service-manager"))
    assert set(first.to_define) <= set(manager.define_credits(str(file), "terms of imported credits"))
    assert manager.define_credits(str(file), "terms of imported credits") == ()
    return registrar.import_credits(str(file), works.account, **how)


@pytest.mark.skipif(not FILES.is_dir(), reason="the registries' files are not here")
@pytest.mark.parametrize("name", NAMES)
def test_an_issuance_file__comes_in_whole_and_once(town: Town, audited: None, name: str) -> None:
    file, works = FILES / name / "issuances.csv", town.company("works")
    with pytest.raises(RegistryNotAccepted):
        town.registrar.import_credits(str(file), works.account)
    town.regulator.accept_registry(NAMES[name], True, "agreement")
    report = imported(town, file, as_issued=True)

    with file.open(encoding="utf-8-sig") as content:
        rows = list(csv.DictReader(content))
    column = {"GS": "Quantity", "ACR": "Total Credits Issued", "CAR": "Total Offset Credits Issued"}[NAMES[name]]
    unread = [row for row in report.rows if row.outcome == "unreadable"]
    said = sum(int(row[column]) for row in rows if not row.get("Serial Number", "").startswith("RW-"))
    assert len(report.rows) == len(rows) == 100
    assert len(unread) == (3 if name == "gold-standard" else 0)
    assert report.counts == {"imported": 100 - len(unread), **({"unreadable": 3} if unread else {})}
    assert report.tonnes_imported == report.tonnes_issued == said
    units = {row.instrument for row in report.rows if row.instrument}
    assert sum(works.view.holding(unit).free for unit in units) == said

    again = town.registrar.import_credits(str(file), works.account, as_issued=True)
    assert again.tonnes_imported == 0
    for row in again.rows:
        assert row.outcome == "unreadable" or (row.outcome == "refused" and row.note.startswith("SerialsTaken"))


@pytest.mark.skipif(not FILES.is_dir(), reason="the registries' files are not here")
def test_an_issuance_file__by_default__brings_in_what_circulates(town: Town, audited: None) -> None:
    file = FILES / "climate-action-reserve" / "issuances.csv"
    town.regulator.accept_registry("CAR", True, "agreement")
    report = imported(town, file)
    read = [row for row in read_issuances(file) if isinstance(row, Issuance)]
    assert report.tonnes_imported == sum(row.circulating for row in read) < report.tonnes_issued
    nothing = [row for row in report.rows if row.outcome == "nothing"]
    assert len(nothing) == sum(not row.circulating for row in read) == 15


GOLD = "Vintage,Quantity,GSID,Serial Number\n"


def test_rows__of_another_format__are_told_with_line_and_reason(tmp_path: Path) -> None:
    file = tmp_path / "issuances.csv"
    file.write_text(
        GOLD
        + "2024,19149,11236,GS1-1-UG-GS11236-16-2024-30307-1-19149\n"
        + "2024,19148,11236,GS1-1-UG-GS11236-16-2024-30307-1-19149\n"
        + "2023,19149,11236,GS1-1-UG-GS11236-16-2024-30307-1-19149\n"
        + "2024,19149,11237,GS1-1-UG-GS11236-16-2024-30307-1-19149\n"
        + "2019,3657,4823,RW-5-1463953-2-2-0-7014 - RW-5-1467609-2-2-0-7014\n"
        + "2024,many,11236,GS1-1-UG-GS11236-16-2024-30307-1-19149\n"
        + "2024,0,11236,GS1-1-UG-GS11236-16-2024-30307-2-1\n"
    )
    first, *others = read_issuances(file)
    assert isinstance(first, Issuance)
    assert (first.project, first.vintage, first.batch_text) == ("GS11236", 2024, "GS1-1-UG-16-30307")
    assert (first.first, first.last, first.tonnes) == (1, 19149, 19149)
    assert all(isinstance(row, Unreadable) for row in others)
    assert [row.line for row in others] == [3, 4, 5, 6, 7, 8]
    reasons = [row.reason for row in others if isinstance(row, Unreadable)]
    assert "19149" in reasons[0]
    assert "19148" in reasons[0]
    assert "2023" in reasons[1]
    assert "11237" in reasons[2]
    assert "RW-5" in reasons[3]
    assert "many" in reasons[4]
    file.write_text("a,b\n1,2\n")
    with pytest.raises(InputError, match="columns"):
        read_issuances(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_issuances(tmp_path / "nowhere.csv")


RESERVE = (
    "Date Issued,Project ID,Reduction/Removal,Vintage,Total Offset Credits Issued,"
    "Offset Credits Currently in Reserve Buffer Pool,Canceled\n"
)


def test_rows__of_one_issuance_without_serials__go_on_counting(tmp_path: Path) -> None:
    file = tmp_path / "issuances.csv"
    file.write_text(
        RESERVE
        + "12/31/2025,CAR1568,Removal,2025,100,30.0,\n"
        + "12/31/2025,CAR1568,Removal,2025,50,,5\n"
        + "12/31/2025,CAR1568,Reduction,2025,7,,8\n"
        + "12/31/25,CAR1568,Removal,2025,50,,\n"
        + "12/31/2025,VCS1,Removal,2025,50,,\n"
        + "12/31/2025,CAR1568,Removal,25,50,,\n"
        + "12/31/2025,CAR1568,Removal,2025,0,,\n"
        + "12/31/2025,CAR1568,Removal,2025,1.5,,\n"
    )
    rows = read_issuances(file)
    good = [row for row in rows if isinstance(row, Issuance)]
    assert [(row.first, row.last, row.circulating) for row in good] == [(1, 100, 70), (101, 150, 45)]
    assert [row.line for row in rows if isinstance(row, Unreadable)] == [4, 5, 6, 7, 8, 9]


def test_a_preview__sends_nothing(town: Town, tmp_path: Path) -> None:
    file = tmp_path / "issuances.csv"
    file.write_text(GOLD + "2024,19149,11236,GS1-1-UG-GS11236-16-2024-30307-1-19149\n")
    reader = CreditRegistry(town.scheme, key("stranger"))
    before = town.scheme.chain.block_number()
    report = reader.import_credits(str(file), town.company("works").account, preview=True)
    assert town.scheme.chain.block_number() == before
    assert report.counts == {"undefined": 1}
    town.regulator.accept_registry("GS", True, "agreement")
    with pytest.raises(NotPermitted, match="registry-operator"):
        CreditRegistry(town.scheme, town.signer("stranger")).import_credits(str(file), town.company("works").account)
