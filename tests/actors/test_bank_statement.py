"""The bank's own statement against the chain: every way in which they can differ, and none."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from carbon_sdk.actors.bank_statement import (
    Entry,
    Finding,
    Line,
    Recorded,
    compare,
    read_statement,
    reconcile_with,
)
from carbon_sdk.actors.values import digest
from carbon_sdk.cli.main import run
from carbon_sdk.errors import InputError
from carbon_sdk.units import Money, money
from tests.actors.conftest import Town

DAY = date(2022, 3, 31)
HEADER = "reference,amount,kind,date\n"


def line(reference: str, amount: int, kind: Entry = Entry.DEPOSIT, day: date = DAY) -> Line:
    return Line(reference, kind, Money(amount), day)


def record(reference: str, amount: int, kind: Entry = Entry.DEPOSIT, day: date = DAY) -> Recorded:
    return Recorded(digest(reference), kind, Money(amount), day, "0xabc")


def findings(lines: list[Line], recorded: list[Recorded]) -> list[Finding]:
    return [one.finding for one in compare(lines, recorded, DAY, DAY).differences]


# @requirement R-TRD-8
def test_equal_books__differ_in_nothing() -> None:
    report = compare(
        [line("a", 5), line("b", 3, Entry.WITHDRAWAL)], [record("b", 3, Entry.WITHDRAWAL), record("a", 5)], DAY, DAY
    )
    assert report.ok
    assert [(row.kind, row.statement, row.chain) for row in report.totals] == [
        (Entry.DEPOSIT, 5, 5),
        (Entry.WITHDRAWAL, 3, 3),
        (Entry.PENALTY, 0, 0),
    ]


# @requirement R-TRD-8
@pytest.mark.parametrize(
    ("lines", "recorded", "expected"),
    [
        ([line("a", 5)], [], [Finding.NOT_ON_CHAIN, Finding.TOTAL]),
        ([], [record("a", 5)], [Finding.NOT_IN_STATEMENT, Finding.TOTAL]),
        ([line("a", 5)], [record("a", 6)], [Finding.AMOUNT, Finding.TOTAL]),
        ([line("a", 5)], [record("a", 5, Entry.PENALTY)], [Finding.KIND, Finding.TOTAL, Finding.TOTAL]),
        ([line("a", 5)], [record("a", 5, day=DAY + timedelta(1))], [Finding.DAY, Finding.TOTAL]),
        ([line("a", 5, day=DAY - timedelta(1))], [record("a", 5)], [Finding.DAY, Finding.TOTAL]),
        ([line("a", 5), line("a", 5)], [record("a", 5)], [Finding.TWICE, Finding.TOTAL]),
        ([line("a", 5)], [record("a", 5), record("a", 5, Entry.PENALTY)], [Finding.TWICE, Finding.TOTAL]),
        ([line("a", 5), line("b", 6)], [record("a", 6), record("b", 5)], [Finding.AMOUNT, Finding.AMOUNT]),
        ([line("a", 5, day=DAY - timedelta(1))], [record("b", 5, day=DAY + timedelta(1))], []),
    ],
)
def test_books_that_differ__are_told_apart(
    lines: list[Line], recorded: list[Recorded], expected: list[Finding]
) -> None:
    assert findings(lines, recorded) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n", "1: the columns are a, b"),
        ("", "1: the columns are none"),
        (HEADER + "r,1.234,deposit,2022-03-31\n", "2: amount 1.234"),
        (HEADER + "r,0,deposit,2022-03-31\n", "2: the amount is 0"),
        (HEADER + "r,-5,deposit,2022-03-31\n", "2: amount -5 is negative"),
        (HEADER + "r,5,gift,2022-03-31\n", "2: kind 'gift'"),
        (HEADER + "r,5,deposit,31.3.2022\n", "2: date '31.3.2022'"),
        (HEADER + "r,5,deposit,2022-03-31\n,5,deposit,2022-03-31\n", "3: reference is missing"),
        (HEADER + "r,5,deposit,2022-03-31,x\n", "2: the line has more fields"),
        (HEADER + "0x12,5,deposit,2022-03-31\n", "2: reference 0x12"),
    ],
)
def test_a_statement_that_cannot_be_meant__is_refused_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "statement.csv"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_statement(file)
    assert f"statement.csv:{said}" in str(caught.value)


def test_a_statement__is_read_in_any_order_of_columns(tmp_path: Path) -> None:
    file = tmp_path / "statement.csv"
    file.write_text("\ufeffDate, Kind,Amount,Reference\r\n2022-03-31,Deposit,12.30,R 1\r\n", encoding="utf-8")
    assert read_statement(file) == [Line("R 1", Entry.DEPOSIT, Money(1230), DAY, 2)]
    with pytest.raises(InputError, match="cannot be read"):
        read_statement(tmp_path / "none.csv")


@pytest.fixture
def at_the_bank(town: Town) -> tuple[Town, str]:
    """Money in and out on the chain, and the statement that the bank should have of it."""
    trader = town.company("trader")
    town.bank.record_deposit(trader.account, money("100.50"), "in 1")
    town.bank.record_deposit(trader.account, money("20"), "in 2")
    trader.name_payout("bank account, salted")
    town.clock.advance(25 * 3600)
    number = trader.withdraw(money("50")).result
    town.bank.accept_withdrawal(number)
    town.bank.confirm_withdrawal(number, "out 1")
    now = datetime.fromtimestamp(town.clock.now(), UTC).date()
    before = now - timedelta(1)
    rows = f"in 1,100.50,deposit,{before}\nin 2,20.00,deposit,{before}\nout 1,50.00,withdrawal,{now}\n"
    return town, HEADER + rows


# @requirement R-TRD-8 R-TBL-12
def test_a_days_statement__against_the_chain__is_equal(at_the_bank: tuple[Town, str], tmp_path: Path) -> None:
    town, text = at_the_bank
    file = tmp_path / "statement.csv"
    file.write_text(text)
    lines = read_statement(file)
    report = reconcile_with(town.scheme, lines, store=tmp_path / "events.sqlite")
    assert report.ok, report.differences
    assert (report.lines, report.recorded, report.outstanding) == (3, 3, money("70.50"))
    one = reconcile_with(town.scheme, lines, lines[-1].day, lines[-1].day, store=tmp_path / "events.sqlite")
    assert (one.ok, one.lines) == (True, 1)
    with pytest.raises(InputError, match="no line"):
        reconcile_with(town.scheme, [])
    with pytest.raises(InputError, match="after the last"):
        reconcile_with(town.scheme, lines, lines[-1].day, lines[0].day)


# @requirement R-TRD-8 R-API-1
def test_the_command__tells_every_difference_and_exits_with_3(
    at_the_bank: tuple[Town, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    town, text = at_the_bank
    statement, deployment = tmp_path / "statement.csv", tmp_path / "deployment.json"
    town.scheme.deployment.save(deployment)
    where = ["--rpc", town.scheme.chain.url, "--deployment", str(deployment)]
    command = ["bank", "reconcile", "--statement", str(statement), *where]
    statement.write_text(text)
    assert run([*command, "--json"]) == 0
    assert orjson.loads(capsys.readouterr().out)["ok"] is True
    assert run(command) == 0
    assert "Equal." in capsys.readouterr().out
    statement.write_text(text.replace("in 2,20.00", "in 3,21.00"))
    assert run([*command, "--json"]) == 3
    found = orjson.loads(capsys.readouterr().out)
    assert found["ok"] is False
    assert [one["finding"] for one in found["differences"]] == ["NOT_ON_CHAIN", "NOT_IN_STATEMENT", "TOTAL"]
    assert run(command) == 3
    assert "3 differences." in capsys.readouterr().out
    assert run(["bank", "reconcile", *where, "--json"]) == 0
    assert run([*command, "--day", "yesterday"]) == 2
