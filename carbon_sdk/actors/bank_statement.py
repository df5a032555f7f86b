"""Reconciliation with the bank's own statement: each reference and the totals of civil days, against the events.

lines = read_statement("2022-03-31.csv")
report = reconcile_with(suite, lines, date(2022, 3, 31), date(2022, 3, 31))
"""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from carbon_sdk.actors.values import digest
from carbon_sdk.audit.events import Event
from carbon_sdk.audit.suite import indexer_of, open_store
from carbon_sdk.contracts.generated.cash_desk import CashDesk
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.voucher_book import VoucherBook
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import CarbonError, InputError
from carbon_sdk.identifiers import InstrumentId
from carbon_sdk.units import Money, format_money, money

if TYPE_CHECKING:
    from rich.table import Table

_NOTHING = Money(0)
COLUMNS = ("reference", "amount", "kind", "date")
_EVENTS = {
    ("CashDesk", "DepositRecorded"),
    ("CashDesk", "WithdrawalRequested"),
    ("CashDesk", "WithdrawalPaid"),
    ("Obligations", "PenaltyPaid"),
}


class Entry(Enum):
    """What money came in or went out for."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    PENALTY = "penalty"


class Finding(Enum):
    """How the statement and the chain differ."""

    NOT_ON_CHAIN = "in the statement, not on the chain"
    NOT_IN_STATEMENT = "on the chain, not in the statement"
    AMOUNT = "another amount"
    KIND = "another kind"
    DAY = "another day"
    TWICE = "used twice"
    TOTAL = "the day's total differs"
    LEDGER = "the cash desk and the ledger differ"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the bank's statement.

    Attributes:
        reference: The bank's, or its digest as `0x…`.
        kind: What for.
        amount: Smallest units.
        day: Civil day of the booking.
        number: Line of the file, from 1; 0: of none.
    """

    reference: str
    kind: Entry
    amount: Money
    day: date
    number: int = 0


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the chain has under a reference.

    Attributes:
        reference: Digest.
        kind: What for.
        amount: Smallest units.
        day: Civil day of the block.
        transaction: Hash.
    """

    reference: bytes
    kind: Entry
    amount: Money
    day: date
    transaction: str


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference.

    Attributes:
        finding: Which.
        reference: As in the statement, else its digest; empty for totals.
        statement: What the statement says; empty where it says nothing.
        chain: What the chain says; empty where it says nothing.
    """

    finding: Finding
    reference: str
    statement: str
    chain: str


@dataclass(frozen=True, slots=True)
class Total:
    """A civil day's sum of one kind, in smallest units."""

    day: date
    kind: Entry
    statement: Money
    chain: Money


@dataclass(frozen=True, slots=True)
class StatementReport:
    """What a comparison found.

    Attributes:
        first, last: Civil days that were compared, both included.
        lines: Of the statement on these days.
        recorded: On the chain on these days.
        totals: By day and kind.
        differences: Every one of them.
        outstanding: What the bank must hold now, in smallest units.
    """

    first: date
    last: date
    lines: int
    recorded: int
    totals: tuple[Total, ...]
    differences: tuple[Difference, ...]
    outstanding: Money

    @property
    def ok(self) -> bool:
        """Nothing differs."""
        return not self.differences

    def tables(self, decimals: int = 2) -> Iterator[Table]:
        """For people: the totals, and the differences if there are any."""
        from rich.table import Table

        days = f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"
        totals = Table("day", "kind", "statement", "chain", title=f"Totals of {days}", title_justify="left")
        for row in self.totals:
            amounts = (format_money(row.statement, decimals), format_money(row.chain, decimals))
            totals.add_row(str(row.day), row.kind.value, *amounts)
        yield totals
        if self.differences:
            table = Table("difference", "reference", "statement", "chain", title="Differences", title_justify="left")
            for one in self.differences:
                table.add_row(one.finding.value, one.reference, one.statement, one.chain)
            yield table


def read_statement(path: str | Path, decimals: int = 2) -> list[Line]:
    """Read a statement: CSV with the columns reference, amount, kind and date, in any order.

    Args:
        path: Of the file. Amounts are in the main unit, kinds are deposit, withdrawal or penalty, dates as 2022-03-31.
        decimals: Of the currency.

    Raises:
        InputError: It cannot be read, or a line cannot be meant; file and line are named.
    """
    source = Path(path)
    try:
        text = source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{source} cannot be read as a statement: {error}.") from None
    rows = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    named = [name.strip().lower() for name in rows.fieldnames or ()]
    if sorted(named) != sorted(COLUMNS):
        raise InputError(f"{source}:1: the columns are {', '.join(named) or 'none'}; give {', '.join(COLUMNS)}.")
    rows.fieldnames = named
    try:
        return [_line(row, rows.line_num, decimals) for row in rows]
    except (CarbonError, ValueError, csv.Error) as error:
        raise InputError(f"{source}:{rows.line_num}: {error}") from None


def reconcile_with(
    suite: Suite,
    lines: Sequence[Line],
    first: date | None = None,
    last: date | None = None,
    *,
    instrument: InstrumentId | int | None = None,
    store: str | Path = ":memory:",
    utc_offset: int | None = None,
    decimals: int = 2,
) -> StatementReport:
    """Compare a statement with what the chain has.

    Args:
        suite: Of the scheme.
        lines: Of the statement; those of other days are known, but not compared.
        first: First civil day; None: the first of the statement.
        last: Last civil day; None: the last of the statement.
        instrument: The money; None: the main money, with which penalties are paid too.
        store: An event store, as `carbon audit run` keeps it; by default the events are read anew.
        utc_offset: Seconds east of UTC of the civil day; None: the scheme's, as in voucher codes.
        decimals: Of the money, for what is said of amounts.

    Raises:
        InputError: There is no day to compare.
    """
    days = [line.day for line in lines]
    if (first is None or last is None) and not days:
        raise InputError("The statement has no line: say which day it is of.")
    begin, end = first or min(days), last or max(days)
    if begin > end:
        raise InputError(f"The first day, {begin}, is after the last, {end}.")
    main = suite.contract(InstrumentLedger).main_money()
    number = main if instrument is None else int(instrument)
    offset = _offset(suite) if utc_offset is None else utc_offset
    with contextlib.closing(open_store(store)) as events:
        indexer_of(suite, events).sync()
        said = list(events.events(suite.chain.id, events=_EVENTS))
    recorded = list(recorded_of(said, number, main, offset))
    answer = suite.contract(CashDesk).reconcile_of(number)
    report = compare(lines, recorded, begin, end, Money(answer.outstanding), decimals)
    if answer.agrees:
        return report
    wrong = Difference(Finding.LEDGER, "", "", f"outstanding {format_money(answer.outstanding, decimals)}")
    differences = (*report.differences, wrong)
    return StatementReport(
        report.first, report.last, report.lines, report.recorded, report.totals, differences, report.outstanding
    )


def recorded_of(events: Iterable[Event], instrument: int, main: int, utc_offset: int) -> Iterator[Recorded]:
    """What events say of a money: deposits, paid withdrawals and, for the main money, penalties."""
    money_of: dict[int, int] = {}
    for event in events:
        args = event.args
        if event.name == "WithdrawalRequested":
            money_of[args["id"]] = args["instrument"]
            continue
        if event.name == "DepositRecorded":
            kind, paid_in = Entry.DEPOSIT, args["instrument"]
        elif event.name == "WithdrawalPaid":
            kind, paid_in = Entry.WITHDRAWAL, money_of.get(args["id"], main)
        else:
            kind, paid_in = Entry.PENALTY, main
        if paid_in == instrument:
            day = datetime.fromtimestamp(event.timestamp + utc_offset, UTC).date()
            yield Recorded(args["bankReference"], kind, Money(args["amount"]), day, event.position.transaction)


def compare(
    lines: Sequence[Line],
    recorded: Sequence[Recorded],
    first: date,
    last: date,
    outstanding: Money = _NOTHING,
    decimals: int = 2,
) -> StatementReport:
    """Compare lines with records; those outside the days only tell on which other day something stands."""
    by_reference: dict[bytes, list[Line]] = {}
    for line in lines:
        by_reference.setdefault(digest(line.reference, "reference"), []).append(line)
    known: dict[bytes, list[Recorded]] = {}
    for record in recorded:
        known.setdefault(record.reference, []).append(record)
    shown = _Shown(decimals)
    found: list[Difference] = []
    for reference in dict.fromkeys([*by_reference, *known]):
        said, has = by_reference.get(reference, []), known.get(reference, [])
        if any(first <= day <= last for day in (*(line.day for line in said), *(record.day for record in has))):
            found.extend(_differences(reference, said, has, shown))
    here = [line for line in lines if first <= line.day <= last]
    there = [record for record in recorded if first <= record.day <= last]
    totals = tuple(_totals(here, there, first, last))
    for row in totals:
        if row.statement != row.chain:
            name = f"{row.kind.value}s of {row.day}"
            found.append(Difference(Finding.TOTAL, name, shown.amount(row.statement), shown.amount(row.chain)))
    return StatementReport(first, last, len(here), len(there), totals, tuple(found), outstanding)


@dataclass(frozen=True, slots=True)
class _Shown:
    decimals: int

    def amount(self, value: int) -> str:
        return format_money(value, self.decimals)

    def line(self, line: Line) -> str:
        place = f" (line {line.number})" if line.number else ""
        return f"{line.kind.value} {self.amount(line.amount)} on {line.day}{place}"

    def record(self, record: Recorded) -> str:
        return f"{record.kind.value} {self.amount(record.amount)} on {record.day} ({record.transaction})"


def _differences(
    reference: bytes, said: Sequence[Line], has: Sequence[Recorded], shown: _Shown
) -> Iterator[Difference]:
    name = said[0].reference if said else f"0x{reference.hex()}"
    statement = "; ".join(map(shown.line, said))
    chain = "; ".join(map(shown.record, has))
    if len(said) > 1 or len(has) > 1:
        yield Difference(Finding.TWICE, name, statement, chain)
    if not said:
        yield Difference(Finding.NOT_IN_STATEMENT, name, "", chain)
    elif not has:
        yield Difference(Finding.NOT_ON_CHAIN, name, statement, "")
    elif len(said) == len(has) == 1:
        line, record = said[0], has[0]
        pairs: Mapping[Finding, bool] = {
            Finding.KIND: line.kind is record.kind,
            Finding.AMOUNT: line.amount == record.amount,
            Finding.DAY: line.day == record.day,
        }
        for finding, equal in pairs.items():
            if not equal:
                yield Difference(finding, name, statement, chain)


def _totals(here: Sequence[Line], there: Sequence[Recorded], first: date, last: date) -> Iterator[Total]:
    for number in range((last - first).days + 1):
        day = first + timedelta(number)
        for kind in Entry:
            said = sum(line.amount for line in here if (line.day, line.kind) == (day, kind))
            has = sum(record.amount for record in there if (record.day, record.kind) == (day, kind))
            if said or has or first == last:
                yield Total(day, kind, Money(said), Money(has))


def _line(row: Mapping[str | None, str | None], number: int, decimals: int) -> Line:
    texts = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if None in row:
        raise InputError("the line has more fields than columns.")
    if missing := [name for name, text in texts.items() if not text]:
        raise InputError(f"{missing[0]} is missing.")
    kinds = {kind.value: kind for kind in Entry}
    kind = kinds.get(texts["kind"].lower())
    if kind is None:
        raise InputError(f"kind {texts['kind']!r} is none of {', '.join(kinds)}.")
    try:
        day = date.fromisoformat(texts["date"])
    except ValueError:
        raise InputError(f"date {texts['date']!r} is no day: give 2022-03-31.") from None
    amount = money(texts["amount"], decimals)
    if not amount:
        raise InputError("the amount is 0.")
    digest(texts["reference"], "reference")
    return Line(texts["reference"], kind, amount, day, number)


def _offset(suite: Suite) -> int:
    """Of the coding rules that are in force: the civil day in voucher codes."""
    book = suite.contract(VoucherBook)
    version = book.coding_version_at(suite.chain.block().timestamp)
    return book.coding_rules(version).utc_offset
