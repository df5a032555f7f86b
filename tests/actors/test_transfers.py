"""Transfers between accounts, said by those who may say them, on a real chain; audited at the end."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import orjson
import pytest

from carbon_sdk.actors.company import Company
from carbon_sdk.actors.transfers import Transferred
from carbon_sdk.actors.values import Restriction, Right
from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import BusinessHours, Counterparty, TransferState, TrustState
from carbon_sdk.contracts.generated.errors import (
    AccountRestricted,
    AnotherKeyApproves,
    DayLimitExceeded,
    MissingRight,
    NoTransferType,
    NotTheGiver,
    NotUnderRules,
    ReversalWindowOver,
    TransferByRules,
    TransferInState,
    TransferNotDue,
    TransferTooLarge,
    TypeNoLongerApplies,
)
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.structs import TransferType
from carbon_sdk.contracts.generated.transfer_rules import TransferRules
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.deployment.transfer_tables import ALWAYS, TransfersTable, TransferTypeTable
from carbon_sdk.errors import InputError, NotPermitted
from carbon_sdk.identifiers import InstrumentId
from carbon_sdk.units import money
from tests.actors.conftest import ROOT, Town, key

MONDAY = 1_617_616_800 + 7 * 86_400  # 2021-04-12, ten in the morning
ANY = sum(1 << kind for kind in range(1, 11))
PLAIN = TransferType(ANY, ANY, Counterparty.ANY, False, 1, 0, BusinessHours.IGNORED, 2, 0, ALWAYS, 0, 0, 0, 0)
DONE = Transferred(0, TransferState.COMPLETED, 0)


@pytest.fixture
def works(town: Town, sold: Callable[[str, int], None]) -> Iterator[Company]:
    """A company with 1,000 t and three representatives, on a Monday morning; audited when the test is over."""
    account = town.company("works").account
    for name, rights in {
        "works second": Right.INITIATE | Right.APPROVE,
        "works initiator": Right.INITIATE,
        "works approver": Right.APPROVE,
    }.items():
        town.signer(name)
        town.registrar.add_representative(rights, town.credentials(name, account))
    sold("works", 1000)
    town.clock.travel_to(MONDAY)
    yield town.company("works")
    store = open_store(":memory:")
    indexer_of(town.scheme, store).sync()
    report = auditor_of(town.scheme, store).run()
    assert report.ok, report.lines()
    assert not report.passed_over
    assert {"transfer rules", "calendar"} <= set(report.checks)


def balance(town: Town, name: str) -> int:
    return town.company(name).view.holding(town.allowance).balance


@pytest.mark.requirement("R-AST-3", "R-ACC-2", "R-TBL-5")
def test_a_transfer__to_an_account_off_the_list__takes_two_people_and_a_day(town: Town, works: Company) -> None:
    trader, second = town.company("trader"), town.company("works second")
    found = works.transfer_type(trader.account, town.allowance)
    assert (found.direct, found.found.approvals) == (False, 2)
    done = works.transfer(trader.account, town.allowance, 400).result
    assert done.state is TransferState.PROPOSED
    assert done.due_at == 0
    assert works.view.holding(town.allowance).free == 600
    with pytest.raises(AnotherKeyApproves):
        works.approve_transfer(done.id)
    with pytest.raises(NotTheGiver):
        trader.approve_transfer(done.id)
    approved = second.approve_transfer(done.id).result
    assert approved.state is TransferState.WAITING
    assert approved.due_at == pytest.approx(MONDAY + 86_400, abs=60)
    assert town.registrar.complete_due() == ()
    with pytest.raises(TransferNotDue) as early:
        trader.complete_transfer(done.id)
    assert early.value.arguments["dueAt"] == town.registrar.pending_transfers()[0].record.due_at

    other = works.transfer(trader.account, town.allowance, 1).result
    second.approve_transfer(other.id)
    assert [item.id for item in works.transfers()] == [item.id for item in town.registrar.pending_transfers()] == [1, 2]
    town.clock.travel_to(approved.due_at + 3600)
    town.regulator.restrict(trader.account, Restriction.NO_RECEIPT, "inquiry")
    refused = town.registrar.complete_due()
    assert [item.id for item in refused] == [1, 2]
    assert all(item.refused for item in refused)
    town.regulator.restrict(trader.account, Restriction.NONE, "closed")
    assert [item.refused for item in town.registrar.complete_due()] == [None, None]
    assert balance(town, "trader") == 401
    assert works.transfers() == ()
    assert [item.record.state.name for item in works.transfers(pending=False)] == ["COMPLETED", "COMPLETED"]


@pytest.mark.requirement("R-AST-3")
def test_a_listing__takes_two_people_and_days__and_then_transfers_are_direct(town: Town, works: Company) -> None:
    trader = town.company("trader")
    works.trust(trader.account)
    (entry,) = works.trusted_accounts()
    assert (entry.account, entry.state, entry.since) == (trader.account, TrustState.PROPOSED, 0)
    with pytest.raises(AnotherKeyApproves):
        works.approve_trust(trader.account)
    town.company("works approver").approve_trust(trader.account)
    (entry,) = works.trusted_accounts()
    assert entry.since == pytest.approx(MONDAY + 2 * 86_400, abs=60)
    town.clock.travel_to(entry.since + 1)
    assert works.transfer_type(trader.account, town.allowance).direct
    assert works.transfer(trader.account, town.allowance, 10).result == DONE
    assert balance(town, "trader") == 10
    # A key that may only initiate proposes where another approves.
    proposed = town.company("works initiator").transfer(trader.account, town.allowance, 5).result
    assert proposed.state is TransferState.PROPOSED
    assert town.company("works approver").approve_transfer(proposed.id).result.state is TransferState.COMPLETED
    works.distrust(trader.account)
    assert works.trusted_accounts() == ()
    assert works.transfer(trader.account, town.allowance, 10).result.state is TransferState.PROPOSED
    ledger = town.scheme.contract(InstrumentLedger)
    with pytest.raises(TransferByRules):
        works._do(ledger.safe_transfer_from(works.account, trader.account, int(town.allowance), 1, b""))


def test_transfers__with_the_authority__need_no_list(town: Town, works: Company) -> None:
    treasury = town.company("treasury")
    town.regulator.restrict(works.account, Restriction.NO_TRANSFER, "allocated too much")
    returned = works.transfer(treasury.account, town.allowance, 7).result
    assert returned.state is TransferState.COMPLETED
    assert returned.id == 1
    with pytest.raises(AccountRestricted):
        works.transfer(town.company("trader").account, town.allowance, 7)
    town.regulator.restrict(works.account, Restriction.NONE, "returned")
    assert treasury.transfer(works.account, town.allowance, 2).result.id == 2
    treasury.update_direct(treasury.account, works.account, town.allowance)
    assert treasury.transfer(works.account, town.allowance, 2).result == DONE
    works.update_direct(works.account, treasury.account, town.allowance)
    assert works.transfer(treasury.account, town.allowance, 2).result == DONE
    # Told as direct; yet the ledger alone would not do it while transfers are restricted: the rules do.
    town.regulator.restrict(works.account, Restriction.NO_TRANSFER, "allocated too much")
    assert works.transfer(treasury.account, town.allowance, 1).result.id == 3
    town.regulator.restrict(works.account, Restriction.NONE, "returned")


def test_money__moves_between_accounts_of_one_owner_only(town: Town, works: Company) -> None:
    trader, pounds = town.company("trader"), InstrumentId(town.scheme.deployment.instruments["GBP"])
    town.bank.record_deposit(works.account, money("100"), "deposit 7")
    with pytest.raises(NoTransferType):
        works.transfer(trader.account, pounds, money("10"))
    town.registrar.set_owner(works.account, 7, "one group")
    town.registrar.set_owner(trader.account, 7, "one group")
    assert works.transfer(trader.account, pounds, money("10")).result.state is TransferState.COMPLETED
    assert trader.view.holding(pounds).balance == money("10")


def test_transfers__taken_back_refused_stopped_and_expired__free_the_units(town: Town, works: Company) -> None:
    trader, second = town.company("trader").account, town.company("works second")
    ids = [works.transfer(trader, town.allowance, 100).result.id for _ in range(4)]
    assert works.view.holding(town.allowance).free == 600
    works.cancel_transfer(ids[0])
    second.refuse_transfer(ids[1])
    second.approve_transfer(ids[2])
    town.regulator.stop_transfer(ids[2], "a court says so")
    town.clock.advance(31 * 86_400)
    town.company("trader").expire_transfer(ids[3])
    states = [item.record.state.name for item in works.transfers(pending=False)]
    assert states == ["CANCELLED", "REFUSED", "CANCELLED", "EXPIRED"]
    assert works.view.holding(town.allowance).free == 1000
    with pytest.raises(TransferInState):
        works.cancel_transfer(ids[0])


@pytest.mark.requirement("R-AST-3")
def test_rules__of_the_european_union__are_data(town: Town, works: Company) -> None:
    tables = tomllib.loads((Path(__file__).parent / "eu_transfers.toml").read_text())
    table = TransfersTable.model_validate(tables["transfers"])
    types = [TransferTypeTable.model_validate(item).type for item in tables["transfer_types"]]
    trader, second, regulator = town.company("trader"), town.company("works second"), town.regulator
    number = regulator.publish_transfer_rules(types, "the rules in words").result
    assert regulator.transfer_rules(number) == tuple(types)
    regulator.assign_transfer_rules(number, [town.allowance], later=True)
    regulator.set_calendar(
        f"{table.opens}", f"{table.closes}", weekdays=table.weekdays, utc_offset_seconds=table.utc_offset_seconds
    )
    assert town.scheme.contract(TransferRules).calendar_of() == table.calendar
    regulator.set_trust_rules(table.trust_approvals, table.trust_working_days)
    regulator.set_holidays([str(day) for day in table.holidays])

    # An operator sends to listed accounts only, unless it has opted out; then 26 hours, and at most two million.
    with pytest.raises(NoTransferType):
        works.transfer(trader.account, town.allowance, 100)
    regulator.set_opt_in(works.account, True, "asked for it")
    with pytest.raises(TransferTooLarge):
        works.transfer(trader.account, town.allowance, 2_000_001)
    first, other = (works.transfer(trader.account, town.allowance, 100).result for _ in range(2))
    due = second.approve_transfer(first.id).result.due_at
    assert due == pytest.approx(town.clock.now() + 26 * 3600, abs=60)
    second.approve_transfer(other.id)
    town.clock.travel_to(due + 60)
    trader.complete_transfer(first.id)
    regulator.set_opt_in(works.account, False, "asked for it")
    with pytest.raises(TypeNoLongerApplies):
        trader.complete_transfer(other.id)
    works.cancel_transfer(other.id)

    # A listing takes four working days, and a transfer to a listed account is done at once within hours.
    listed_at = town.clock.now()
    works.trust(trader.account)
    second.approve_trust(trader.account)
    (entry,) = works.trusted_accounts()
    assert entry.since == pytest.approx(listed_at + 6 * 86_400, abs=60)  # Tuesday to Monday
    town.clock.travel_to(entry.since)
    assert works.transfer(trader.account, town.allowance, 10).result.state is TransferState.COMPLETED
    town.clock.travel_to(MONDAY + 7 * 86_400 + 10 * 3600)  # in the evening
    late = works.transfer(trader.account, town.allowance, 10).result
    assert late.state is TransferState.WAITING
    assert late.due_at == MONDAY + 8 * 86_400 - 3600  # ten in the morning there
    town.clock.travel_to(late.due_at)
    assert [item.refused for item in town.registrar.complete_due()] == [None]


def test_rules__with_limits_and_reversals__hold(town: Town, works: Company) -> None:
    trader, regulator = town.company("trader"), town.regulator
    limited = replace(PLAIN, delay=3600, most_per_day=300)
    number = regulator.publish_transfer_rules([limited], "limited").result
    regulator.assign_transfer_rules(number, [town.allowance])
    works.transfer(trader.account, town.allowance, 200)
    with pytest.raises(DayLimitExceeded) as beyond:
        works.transfer(trader.account, town.allowance, 101)
    assert beyond.value.arguments["left"] == 100
    works.cancel_transfer(1)
    regulator.set_holidays(["2021-04-13"])

    reversible = replace(PLAIN, reversible=5 * 86_400)
    number = regulator.publish_transfer_rules([reversible], "reversible").result
    regulator.assign_transfer_rules(number, [town.allowance])
    moved = works.transfer(trader.account, town.allowance, 50).result
    assert moved.state is TransferState.COMPLETED
    regulator.reverse_transfer(moved.id, "sent to the wrong account")
    assert (balance(town, "works"), balance(town, "trader")) == (1000, 0)
    late = works.transfer(trader.account, town.allowance, 50).result
    town.clock.advance(6 * 86_400)
    with pytest.raises(ReversalWindowOver):
        regulator.reverse_transfer(late.id, "sent to the wrong account")
    regulator.assign_transfer_rules(0, [town.allowance])
    assert works.transfer(trader.account, town.allowance, 1).result == DONE
    with pytest.raises(InputError, match="under no rules"):
        works.update_direct(works.account, trader.account, town.allowance)
    with pytest.raises(NotUnderRules):
        works._do(town.scheme.contract(TransferRules).propose(trader.account, int(town.allowance), 1))
    regulator.set_holidays(["2021-04-13"], working=True)


def test_surrender_and_cancellation__of_what_is_not_waiting__wait_for_nothing(town: Town, works: Company) -> None:
    works.transfer(town.company("trader").account, town.allowance, 900)
    town.regulator.enrol(works.account, 2021)
    application = works.apply_surrender({town.allowance: 60}).result
    town.regulator.approve_surrender(application)
    works.cancel_voluntarily(town.allowance, 40, "someone, salted", "a purpose")
    holding = works.view.holding(town.allowance)
    assert (holding.balance, holding.free) == (900, 0)


def test_rights__of_each_representative__are_what_they_may_do(town: Town, works: Company) -> None:
    trader = town.company("trader").account
    for name, rights in {"dealer": Right.TRADE, "surrenderer": Right.SURRENDER, "reader": Right.READ}.items():
        town.signer(name)
        town.registrar.add_representative(rights, town.credentials(name, works.account))
        other = town.company(name)
        for act in (
            lambda other=other: other.transfer(trader, town.allowance, 1),
            lambda other=other: other.trust(trader),
        ):
            with pytest.raises(MissingRight):
                act()
    proposed = town.company("works initiator").transfer(trader, town.allowance, 1).result
    for name in ("works initiator", "dealer", "surrenderer", "reader"):
        with pytest.raises(NotPermitted):
            town.company(name).approve_transfer(proposed.id)
    with pytest.raises(NotPermitted):
        town.company("dealer").cancel_transfer(proposed.id)
    town.company("works approver").cancel_transfer(proposed.id)


@pytest.mark.requirement("R-AST-3")
def test_working_time__of_random_moments__is_pythons(town: Town, works: Company) -> None:
    """An independent reference: dates and times of Python's own calendar."""
    table = load_scheme(ROOT / "schemes" / "uk-ets.toml").file.transfers
    assert table is not None
    free = set(table.holidays)
    desk = town.scheme.contract(TransferRules)
    assert desk.calendar_of() == table.calendar

    def works_on(day: datetime) -> bool:
        return day.weekday() < 5 and day.date() not in free

    def opening(at: datetime) -> datetime:
        while not (works_on(at) and table.opens <= at.time() < table.closes):
            later = works_on(at) and at.time() < table.opens
            day = at.date() if later else at.date() + timedelta(days=1)
            at = datetime.combine(day, table.opens if later or works_on(datetime.combine(day, time())) else time(), UTC)
        return at

    def later(at: datetime, count: int) -> datetime:
        while count:
            at += timedelta(days=1)
            count -= works_on(at)
        return at

    chance = random.Random(2021)
    moments = [datetime.fromtimestamp(chance.randrange(1_609_459_200, 1_672_531_200), UTC) for _ in range(300)]
    counts = [chance.randrange(15) for _ in moments]
    stamps = [int(at.timestamp()) for at in moments]
    found = town.scheme.chain.read_many([TransferRules.NEXT_OPENING.on(desk.address, at) for at in stamps])
    assert found == [int(opening(at).timestamp()) for at in moments]
    found = town.scheme.chain.read_many(
        [TransferRules.AFTER_WORKING_DAYS.on(desk.address, *pair) for pair in zip(stamps, counts, strict=True)]
    )
    assert found == [int(later(*pair).timestamp()) for pair in zip(moments, counts, strict=True)]


def test_on_the_command_line__a_transfer_is_proposed_approved_and_completed(
    town: Town,
    works: Company,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    path = town.scheme.deployment.save(tmp_path / "deployment.json")
    where = ["--rpc", town.scheme.chain.endpoint.url, "--deployment", str(path), "--json"]

    def carbon(name: str, *words: str, code: int = 0):  # type: ignore[no-untyped-def]
        monkeypatch.setenv("CARBON_KEY", key(name).secret().hex())
        assert run([*words, *where]) == code, capsys.readouterr().err
        return orjson.loads(capsys.readouterr().out) if code == 0 else capsys.readouterr().err

    trader = str(town.company("trader").account)
    said = carbon("works", "company", "transfer", trader, "UKA21", "25")["result"]
    assert (said["id"], said["state"]) == (1, "PROPOSED")
    said = carbon("works second", "company", "approve-transfer", "1")["result"]
    assert said["state"] == "WAITING"
    assert "Wait until it is due" in carbon("works", "company", "complete-transfer", "1", code=3)
    town.clock.travel_to(said["due_at"] + 60)
    assert carbon("registry-operator", "registry", "complete-due") == [{"id": 1, "refused": None}]
    assert balance(town, "trader") == 25
    carbon("works", "company", "trust", trader)
    assert carbon("works", "company", "trusted-accounts")[0]["state"] == "PROPOSED"
    assert carbon("works", "company", "transfers", "--pending", "no")[0]["record"]["quantity"] == 25
    types = tmp_path / "types.json"
    fields = {**PLAIN.as_dict(), "counterparty": "same-owner", "within": "ignored"}
    types.write_bytes(orjson.dumps([fields]))
    assert carbon("regulator", "regulator", "publish-transfer-rules", str(types), "in words")["result"] == 3
    carbon("regulator", "regulator", "assign-transfer-rules", "3", "UKA21,GBP")
    assert "no-transfer" not in carbon("works", "company", "transfer", trader, "UKA21", "1", code=3)
    carbon("regulator", "regulator", "set-calendar", "09:00", "17:30", "--weekdays", "monday,tuesday")
    carbon("regulator", "regulator", "set-holidays", "2021-12-27,2021-12-28")


@pytest.mark.parametrize(
    ("say", "words"),
    [
        (lambda regulator: regulator.set_calendar("ten", "16:00"), "no time of the day"),
        (lambda regulator: regulator.set_calendar("10:00", "16:00", weekdays=["moonday"]), "no weekday"),
        (lambda regulator: regulator.set_holidays(["2021-13-01"]), "no date"),
        (lambda regulator: regulator.set_holidays(["1969-12-31"]), "before 1970"),
    ],
)
def test_what_cannot_be_meant__is_refused_before_anything_is_sent(town: Town, say, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=words):
        say(town.regulator)


def test_what_the_rules_refuse__is_told_with_advice(town: Town, works: Company) -> None:
    pounds = InstrumentId(town.scheme.deployment.instruments["GBP"])
    with pytest.raises(NoTransferType, match="account's list"):
        works.transfer(town.company("trader").account, pounds, 1)
