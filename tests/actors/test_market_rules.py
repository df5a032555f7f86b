"""Calendars, the downgrade and large positions on a real chain, by the SDK and the command line, audited at the end."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from carbon_sdk.actors.market_rules import AS_WEEKDAY, CLOSED_DAY, RiskOfficer, RulesReader
from carbon_sdk.actors.services import PlatformOperator, ServiceRegulator
from carbon_sdk.audit.suite import auditor_of, indexer_of, open_store
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.enums import AccountKind, MarketState, TimeInForce
from carbon_sdk.contracts.generated.errors import (
    AlreadyInMode,
    DayUnderWay,
    MarketNotOpen,
    OrdersLocked,
    PlatformDowngraded,
    PositionNotLarge,
    ReportNotOverdue,
)
from carbon_sdk.contracts.generated.structs import Session
from carbon_sdk.deployment.strict_toml import load
from carbon_sdk.errors import InputError, NotPermitted
from carbon_sdk.evidence.keys import Keyring
from carbon_sdk.evidence.record import Record
from carbon_sdk.evidence.vault import Vault
from carbon_sdk.identifiers import Side
from carbon_sdk.market_data.large_positions import due_reports, groups_of, large_positions
from tests.actors.conftest import YEAR, Town, key
from tests.actors.test_bilateral import audited, money, units
from tests.deployment.test_market_tables import SAMPLES, Calendars

HOUR, DAY = 3_600, 86_400
TUESDAY = date(2021, 1, 12)
WEDNESDAY = date(2021, 1, 13)
OPEN, CLOSED, DOWNGRADED = MarketState.OPEN, MarketState.CLOSED, MarketState.DOWNGRADED
MORNING_AND_AFTERNOON = (Session(1, 570, 690, OPEN), Session(1, 780, 900, OPEN))
WORKING_DAYS = (1, 1, 1, 1, 1, 0, 0)


@pytest.fixture
def floor(town: Town, sold: Callable[[str, int], None]) -> Town:
    """Units with the works, money with all, an account for fees; the morning of a Tuesday."""
    sold("works", 40_000)
    town.open("broker", AccountKind.TRADER)
    for name in ("trader", "broker", "works"):
        town.bank.record_deposit(town.company(name).account, 300_000_000, f"deposit of {name}")
    fees = town.open("platform", AccountKind.PLATFORM_OPERATOR)
    platform(town).set_quote_fee_account(fees)
    platform(town).set_block_fee_account(fees)
    town.clock.travel_to(moment(TUESDAY, 8))
    return town


def moment(day: date, hour: int, minute: int = 0) -> int:
    return (day - date(1970, 1, 1)).days * DAY + hour * HOUR + minute * 60


def supervisor(town: Town) -> ServiceRegulator:
    return town.scheme.service_regulator(key("service-regulator"))


def platform(town: Town) -> PlatformOperator:
    return town.scheme.platform_operator(key("platform-operator"))


def risk(town: Town) -> RiskOfficer:
    return town.scheme.risk_officer(key("risk-manager"))


def rules(town: Town) -> RulesReader:
    return town.scheme.market_rules


def calendar(town: Town) -> int:
    return supervisor(town).define_calendar("china", WORKING_DAYS, MORNING_AND_AFTERNOON).result


# CALENDARS


# @requirement R-TRD-10
def test_a_day__by_the_calendar__opens_pauses_and_closes(floor: Town, tmp_path: Path) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    number = calendar(floor)
    with pytest.raises(DayUnderWay):
        supervisor(floor).assign_calendar(1, number, TUESDAY)
    supervisor(floor).assign_calendar(1, number, WEDNESDAY)
    platform(floor).set_calendar_days(number, ["2021-01-14"])
    assert [one.from_minute for one in rules(floor).sessions(1, WEDNESDAY)] == [570, 780]
    assert rules(floor).sessions(1, date(2021, 1, 14)) == ()
    assert rules(floor).phase(1).until == moment(WEDNESDAY, 0), "open all Tuesday"
    works.sell(1, 10, 5100)

    floor.clock.travel_to(moment(WEDNESDAY, 9, 29))
    assert rules(floor).phase(1).state is CLOSED
    with pytest.raises(MarketNotOpen):
        trader.buy(1, 10, 5100)

    floor.clock.travel_to(moment(WEDNESDAY, 9, 30))
    assert trader.buy(1, 4, 5100).result.filled == 4
    resting = works.sell(1, 20, 5200).result.id

    floor.clock.travel_to(moment(WEDNESDAY, 12))
    with pytest.raises(MarketNotOpen):
        trader.buy(1, 5, 5100)
    works.reduce(resting, 5)  # what is open can be taken back in the pause

    floor.clock.travel_to(moment(WEDNESDAY, 13))
    assert trader.order(1, Side.BUY, 100, 5200, time_in_force=TimeInForce.IOC).result.filled == 21

    floor.clock.travel_to(moment(WEDNESDAY, 15))
    with pytest.raises(MarketNotOpen):
        works.sell(1, 5, 5100)
    floor.clock.travel_to(moment(date(2021, 1, 14), 10))
    with pytest.raises(MarketNotOpen):
        works.sell(1, 5, 5100)  # a holiday
    floor.clock.travel_to(moment(date(2021, 1, 15), 10))
    assert works.sell(1, 5, 5100).result.rested == 5
    assert units(floor, "trader") == 25
    checks = audited(floor, tmp_path)
    assert checks["calendars"] > 10


def test_calendars__read_and_refused(floor: Town) -> None:
    number = calendar(floor)
    found = rules(floor).calendar(number)
    assert found.name_ == b"china".ljust(32, b"\0")
    assert (found.week, found.sessions) == (WORKING_DAYS, MORNING_AND_AFTERNOON)
    assert len(rules(floor).calendars()) == number
    assert rules(floor).calendar_of_market(1).next == 1, "the scheme's, from the first day of trading on"
    assert rules(floor).day_type(number, TUESDAY) == 1
    platform(floor).set_calendar_days(number, ["2021-01-12"], CLOSED_DAY)  # no market has it yet
    assert rules(floor).day_type(number, TUESDAY) == 0
    platform(floor).set_calendar_days(number, ["2021-01-12"], AS_WEEKDAY)
    assert rules(floor).day_type(number, TUESDAY) == 1
    with pytest.raises(InputError, match="There is no calendar 7"):
        rules(floor).calendar(7)
    with pytest.raises(InputError, match="no civil day"):
        platform(floor).set_calendar_days(number, ["12.1.2021"])
    with pytest.raises(NotPermitted, match="service-regulator"):
        floor.scheme.service_regulator(key("risk-manager")).define_calendar("x", WORKING_DAYS, MORNING_AND_AFTERNOON)


# No cancelling in the last minute of a call.
# @requirement R-TRD-10
def test_a_call__that_ends_locked__takes_orders_and_gives_none_back(floor: Town, tmp_path: Path) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    (korea,) = (table for table in load(Calendars, SAMPLES)[0].calendars if table.name == "Korea")
    number = supervisor(floor).define_calendar(korea.name, korea.week_types, korea.sessions).result
    assert rules(floor).calendar(number).sessions == tuple(korea.sessions)
    supervisor(floor).assign_calendar(1, number, WEDNESDAY)

    floor.clock.travel_to(moment(WEDNESDAY, 10))
    resting = works.sell(1, 10, 5100).result.id
    floor.clock.travel_to(moment(WEDNESDAY, 11, 50))
    assert rules(floor).phase(1).state is MarketState.CALL
    asked = works.sell(1, 7, 5200).result.id
    bid = trader.buy(1, 5, 5000).result.id
    works.cancel(asked)
    floor.clock.travel_to(moment(WEDNESDAY, 11, 59))
    assert rules(floor).phase(1).state is MarketState.LOCKED
    late = works.sell(1, 6, 5300).result.id
    for actor, order in ((works, resting), (works, late), (trader, bid)):
        with pytest.raises(OrdersLocked):
            actor.cancel(order)
    with pytest.raises(OrdersLocked):
        works.reduce(resting, 1)
    floor.clock.travel_to(moment(WEDNESDAY, 12))
    works.cancel(resting)  # prices do not cross: the call ends without a trade, and the market is closed
    with pytest.raises(MarketNotOpen):
        trader.buy(1, 5, 5300)
    trader.cancel(bid)
    audited(floor, tmp_path)


@pytest.mark.parametrize("name", ["China national", "Korea", "Central Europe"])
def test_samples__days_of_real_markets__the_contract_takes_them(town: Town, name: str) -> None:
    (table,) = (one for one in load(Calendars, SAMPLES)[0].calendars if one.name == name)
    number = supervisor(town).define_calendar(table.name, table.week_types, table.sessions).result
    for _, day_type, days in table.marked():
        dates = [(date(1970, 1, 1) + timedelta(days=day)).isoformat() for day in days]
        platform(town).set_calendar_days(number, dates, day_type)
        assert {rules(town).day_type(number, date.fromisoformat(day)) for day in dates} == {day_type}
    found = rules(town).calendar(number)
    assert (list(found.week), list(found.sessions)) == (table.week_types, table.sessions)


def test_the_schemes_calendar__from_the_first_day_of_trading(floor: Town) -> None:
    works = floor.company("works")
    floor.clock.travel_to(moment(date(2021, 5, 19), 6, 59))
    with pytest.raises(MarketNotOpen):
        works.sell(1, 5, 5100)
    floor.clock.travel_to(moment(date(2021, 5, 19), 7))
    works.sell(1, 5, 5100)
    assert rules(floor).sessions(1, date(2021, 12, 24))[0].to_minute == 750
    assert rules(floor).sessions(1, date(2021, 12, 27)) == ()


# THE DOWNGRADE


# @requirement R-TRD-13
def test_downgrade__and_return__the_book_is_as_it_was(floor: Town, tmp_path: Path) -> None:
    works, trader, broker = (floor.company(name) for name in ("works", "trader", "broker"))
    market = floor.scheme.market(1)
    first = works.sell(1, 30, 5100).result.id
    works.sell(1, 20, 5100)
    works.sell(1, 10, 5200)
    trader.buy(1, 40, 5000)
    quote = works.list_quote(1, Side.SELL, 100, 5000).result
    proposed = works.propose_block(1, Side.SELL, trader.account, 10_000, 5000).result
    before = (market.depth(), works.view.open_orders(), trader.view.open_orders())
    with pytest.raises(NotPermitted, match="risk-manager"):
        floor.scheme.risk_officer(key("service-regulator")).downgrade("stress")
    risk(floor).downgrade("too many orders in block 7")
    with pytest.raises(AlreadyInMode):
        risk(floor).downgrade("again")

    assert rules(floor).downgraded_since() == floor.clock.now()
    assert rules(floor).phase(1).state is DOWNGRADED
    assert market.now().state is DOWNGRADED
    for refused, error in (
        (lambda: broker.buy(1, 5, 5100), MarketNotOpen),
        (lambda: broker.list_quote(1, Side.BUY, 100, 5000), PlatformDowngraded),
        (lambda: broker.click(quote), PlatformDowngraded),
        (lambda: trader.confirm_block(proposed), PlatformDowngraded),
        (lambda: works.propose_block(1, Side.SELL, trader.account, 10_000, 5000), PlatformDowngraded),
    ):
        with pytest.raises(error):
            refused()
    assert (market.depth(), works.view.open_orders(), trader.view.open_orders()) == before
    works.withdraw_block(proposed)
    floor.bank.record_deposit(broker.account, 100, "goes on")
    floor.regulator.enrol(works.account, YEAR)
    works.apply_surrender({floor.allowance: 10})
    floor.clock.travel_to(floor.clock.now() + 2 * HOUR)
    works.cancel(first)

    supervisor(floor).restore("it is over")
    assert rules(floor).downgraded_since() == 0
    assert market.now().state is OPEN
    assert broker.buy(1, 25, 5200).result.filled == 25, "twenty at 51.00, five at 52.00"
    broker.click(quote)
    assert [order.quantity for order in works.view.open_orders()] == [5]
    assert units(floor, "broker") == 125
    assert money(floor, trader.account) == 300_000_000 - 40 * 5000 - 40, "in the book, with the fee"
    checks = audited(floor, tmp_path)
    assert checks["downgrade"] >= 2


# LARGE POSITIONS


# @requirement R-TRD-10
def test_large_positions__by_account_and_by_owner__until_they_are_reported(floor: Town, tmp_path: Path) -> None:
    works, trader = floor.company("works"), floor.company("trader")
    officer = risk(floor)
    assert rules(floor).threshold(floor.allowance) == 4_000, "a tenth of what was issued"
    officer.set_position_terms(floor.allowance, tonnes=39_000, report_within=2 * DAY, valid_for=30 * DAY)
    works.sell(1, 1_500, 5100)
    works.sell(1, 500, 5200)
    works.buy(1, 5, 4000)
    with pytest.raises(PositionNotLarge) as caught:
        officer.note_position(works.account, floor.allowance, orders=[])
    assert caught.value.held == 38_000
    trader.note_position(works.account, floor.allowance)  # anyone may, and the orders are looked up
    duty = rules(floor).large_position(works.account, floor.allowance)
    assert duty.due == floor.clock.now() + 2 * DAY
    with pytest.raises(ReportNotOverdue):
        officer.flag_position(works.account, floor.allowance)
    trader.buy(1, 1_500, 5100)
    group = [works.account, trader.account]
    for account in group:
        floor.registrar.set_owner(account, 5, "one group")

    state = folded(floor, tmp_path)
    assert [(one.account, one.held, one.report) for one in large_positions(state)] == [(works.account, 38_500, "due")]
    assert [(one.owner, one.held, list(one.accounts)) for one in groups_of(state)] == [(5, 40_000, sorted(group))]

    floor.clock.travel_to(duty.due)
    officer.flag_position(works.account, floor.allowance)
    assert [one.report for one in due_reports(folded(floor, tmp_path))] == ["overdue"]
    vault, ring = Vault(tmp_path / "vault"), Keyring(tmp_path / "ring", "password")
    report = Record.of({"position": "38500 t", "purpose": "hedges production of 2021"})
    sealed = vault.seal(report.as_bytes())
    vault.let_in(sealed, floor.regulator.address, ring.new())
    works.report_position(floor.allowance, sealed.commitment)
    read = io.BytesIO()
    vault.open(vault.key_of(sealed.commitment, floor.regulator.address, ring), read)
    assert Record.from_bytes(read.getvalue()).root == report.root
    found = rules(floor).large_position(works.account, floor.allowance)
    assert (found.due, found.overdue, found.overdue_count) == (0, False, 1)
    assert list(due_reports(folded(floor, tmp_path))) == []
    checks = audited(floor, tmp_path)
    assert checks["large positions"] == 8


def folded(town: Town, tmp_path: Path):  # type: ignore[no-untyped-def]
    store = open_store(tmp_path / "positions.sqlite")
    indexer_of(town.scheme, store).sync()
    return auditor_of(town.scheme, store).fold()


# THE COMMAND LINE


def test_commands__calendar_downgrade_positions__as_the_sdk(
    floor: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = floor.scheme.deployment.save(tmp_path / "deployment.json")

    def carbon(who: str, *words: str) -> dict[str, object]:
        monkeypatch.setenv("CARBON_TEST_KEY", "0x" + key(who)._key.secret.hex())  # type: ignore[attr-defined]
        where = ["--rpc", floor.scheme.chain.url, "--deployment", str(file), "--json"]
        if who != "nobody":
            where += ["--key-env", "CARBON_TEST_KEY"]
        assert run([*words[:2], *where, *words[2:]]) == 0, capsys.readouterr().err
        found = json.loads(capsys.readouterr().out)
        assert isinstance(found, dict)
        return found

    sessions = tmp_path / "sessions.json"
    sessions.write_text('[{"day_type": 1, "from_minute": 570, "to_minute": 690, "state": "open"}]')
    week = tmp_path / "week.json"
    week.write_text("[1, 1, 1, 1, 1, 0, 0]")
    number = carbon("service-regulator", "supervision", "define-calendar", "mornings", "1,1,1,1,1,0,0", str(sessions))
    assert number["result"] == 2
    carbon("service-regulator", "supervision", "assign-calendar", "UKA21/GBP", "2", "2021-01-13")
    carbon("platform-operator", "platform", "set-calendar-days", "2", "2021-01-14,2021-01-15")
    assert [len(rules(floor).sessions(1, date(2021, 1, day))) for day in (13, 14, 15, 18)] == [1, 0, 0, 1]
    carbon("risk-manager", "risk", "downgrade", "stress")
    assert rules(floor).downgraded_since()
    carbon("service-regulator", "supervision", "restore", "over")
    carbon(
        "risk-manager",
        *("risk", "set-position-terms", "UKA21", "--tonnes", "1000", "--report-within", "60", "--valid-for", "60"),
    )
    works = floor.company("works").account
    carbon("trader", "risk", "note-position", works, "UKA21")
    found = carbon("nobody", "platform", "positions", "--store", str(tmp_path / "audit.sqlite"))
    assert [(one["account"], one["report"]) for one in found["accounts"]] == [(works, "due")]  # type: ignore[attr-defined]
    floor.clock.advance(60)
    carbon("trader", "risk", "flag-position", works, "UKA21")
    carbon("works", "company", "report-position", "UKA21", "the report")
    assert (
        carbon("nobody", "platform", "positions", "--due", "--store", str(tmp_path / "audit.sqlite"))["accounts"] == []
    )
