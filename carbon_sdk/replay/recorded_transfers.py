"""A register's transfers as the EU transaction log publishes them, and what accounts must have begun with.

One row is one block of serials; the blocks of one transaction number went together or not at all. So the rows of one
number between the same two accounts are one movement here, in the order of dates.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from carbon_sdk.identifiers import InstrumentClass, InstrumentId
from carbon_sdk.replay.source import Source

COLUMNS = (
    "id",
    "transactionID",
    "date",
    "transferringAccount_id",
    "acquiringAccount_id",
    "unitType_id",
    "project_id",
    "amount",
)
OPENING_COLUMNS = ("account", "unitType_id", "project_id", "amount")
MOST_ROWS = 1_000
"""In one transaction of the chain: nodes refuse those of more than 128 KiB."""
MOST_TONNES = 2**64 - 1
"""That can be issued under the cap of a year."""
_LONGEST_NAME, _LAST_YEAR = 60, 2100


@dataclass(frozen=True, slots=True)
class UnitType:
    """One kind of unit of the log.

    Attributes:
        vintage: First year of its period.
        series: Tells kinds of one vintage apart.
        registry: Of a credit: the registry from which it came; each project's units are an instrument of their own.
    """

    vintage: int
    series: int = 0
    registry: str = ""


UNIT_TYPES: Mapping[str, UnitType] = {
    "EUA2005": UnitType(2005),
    "EUA_2008": UnitType(2008),
    "AAU": UnitType(2008, 1),
    "CER": UnitType(2008, 2, "CDM"),
    "ERU": UnitType(2008, 3, "JI"),
}
REGISTRIES: Mapping[int, str] = {kind.series: kind.registry for kind in UNIT_TYPES.values() if kind.registry}
"""Where credits come from, by the series of their instruments."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row.

    Attributes:
        line: Of the file, from 1.
        id: The log's own number of the block.
        transaction: The log's number of the transaction.
        at: Milliseconds since 1970, UTC.
        sender, receiver: Accounts, as the log numbers them.
        unit_type: Such as `CER`.
        instrument: With the project's number of the log; the ledger's, for a project of another registry, is its own.
        tonnes: Whole.
    """

    line: int
    id: str
    transaction: str
    at: int
    sender: str
    receiver: str
    unit_type: str
    instrument: InstrumentId
    tonnes: int


@dataclass(frozen=True, slots=True)
class Movement:
    """Rows that go in one transaction.

    Attributes:
        rows: In the order of the file; at least one, all of one transaction number, one date and the same two accounts.
    """

    rows: tuple[Row, ...]

    @property
    def key(self) -> str:
        """Tells it from all others."""
        return f"move {self.rows[0].line}"

    @property
    def sender(self) -> str:
        """Whose units."""
        return self.rows[0].sender

    @property
    def receiver(self) -> str:
        """Who gets them."""
        return self.rows[0].receiver

    @property
    def at(self) -> int:
        """Unix seconds."""
        return self.rows[0].at // 1000


def read_rows(source: Source, scheme: int) -> list[Row]:
    """All rows, in the order of the file.

    Args:
        source: A CSV with the columns `COLUMNS`; others are passed over.
        scheme: Number of the scheme in the instruments' ids.

    Raises:
        MalformedCase: A row that cannot be meant, by its line.
    """
    rows: list[Row] = []
    lines: dict[str, int] = {}
    for line, cells in source.table(COLUMNS):
        for name in ("id", "transactionID"):
            if not cells[name]:
                raise source.wrong(line, f"{name} is empty.")
        if (earlier := lines.setdefault(cells["id"], line)) != line:
            raise source.wrong(line, f"id {cells['id']} stands in line {earlier} already.")
        rows.append(
            Row(
                line,
                cells["id"],
                cells["transactionID"],
                _milliseconds(source, line, cells["date"]),
                _account(source, line, cells, "transferringAccount_id"),
                _account(source, line, cells, "acquiringAccount_id"),
                cells["unitType_id"],
                _instrument(source, line, cells, scheme),
                _tonnes(source, line, cells["amount"]),
            )
        )
    if not rows:
        raise source.wrong(1, "there is no row below the head.")
    return rows


def read_openings(source: Source, scheme: int) -> dict[tuple[str, InstrumentId], int]:
    """What accounts begin with, from a CSV with the columns `OPENING_COLUMNS`. Raises MalformedCase."""
    found: dict[tuple[str, InstrumentId], int] = {}
    for line, cells in source.table(OPENING_COLUMNS):
        place = (_account(source, line, cells, "account"), _instrument(source, line, cells, scheme))
        if place in found:
            raise source.wrong(line, f"account {place[0]} has an opening in {cells['unitType_id']} already.")
        found[place] = _tonnes(source, line, cells["amount"])
    return found


def movements_of(rows: Iterable[Row], *, singly: bool = False) -> list[Movement]:
    """Rows as they go together, in the order of dates, and of the file where dates are the same.

    Args:
        rows: In the order of the file.
        singly: Every row alone.
    """
    together: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        together[row.line if singly else (row.transaction, row.at, row.sender, row.receiver)].append(row)
    found = [
        Movement(tuple(group[start : start + MOST_ROWS]))
        for group in together.values()
        for start in range(0, len(group), MOST_ROWS)
    ]
    return sorted(found, key=lambda one: (one.rows[0].at, one.rows[0].line))


def openings_of(movements: Sequence[Movement]) -> dict[tuple[str, InstrumentId], int]:
    """The least that everybody must have had: what it gives beyond what it got before."""
    held: dict[tuple[str, InstrumentId], int] = defaultdict(int)
    needed: dict[tuple[str, InstrumentId], int] = defaultdict(int)
    for movement in movements:
        for row in movement.rows:
            gives, gets = (row.sender, row.instrument), (row.receiver, row.instrument)
            if held[gives] < row.tonnes:
                needed[gives] += row.tonnes - held[gives]
                held[gives] = row.tonnes
            held[gives] -= row.tonnes
            held[gets] += row.tonnes
    return dict(needed)


def _account(source: Source, line: int, cells: Mapping[str, str], column: str) -> str:
    name = _number(cells[column])
    if not name:
        raise source.wrong(line, f"{column} is empty.")
    if len(name) > _LONGEST_NAME or not name.isprintable():
        raise source.wrong(line, f"{column} is no name of an account: at most {_LONGEST_NAME} printable characters.")
    return name


def _number(text: str) -> str:
    """The log's tables came through a column of decimals: account 308 is written `308.0`."""
    return text.removesuffix(".0") if re.fullmatch(r"[0-9]+\.0", text) else text


def _milliseconds(source: Source, line: int, text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise source.wrong(line, f"date {text!r} is no date: write 2006-01-20 07:01:15.") from None
    if not 1970 <= found.year <= _LAST_YEAR:
        raise source.wrong(line, f"date {text!r} is not between 1970 and {_LAST_YEAR}.")
    since = found - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def _instrument(source: Source, line: int, cells: Mapping[str, str], scheme: int) -> InstrumentId:
    name, project = cells["unitType_id"], _number(cells["project_id"])
    kind = UNIT_TYPES.get(name)
    if kind is None:
        raise source.wrong(line, f"unitType_id {name!r} is none of {', '.join(UNIT_TYPES)}.")
    if not kind.registry:
        if project:
            raise source.wrong(line, f"{name} is of no project, but project_id is {project}.")
        return InstrumentId.of(InstrumentClass.ALLOWANCE, scheme, kind.vintage, 0, kind.series)
    if not re.fullmatch(r"[0-9]{1,10}", project) or not 0 < int(project) < 2**32:
        raise source.wrong(line, f"project_id {project!r} is no project's number, which a {name} needs.")
    return InstrumentId.of(InstrumentClass.CREDIT, scheme, kind.vintage, int(project), kind.series)


def _tonnes(source: Source, line: int, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,20}", text) or not 0 < int(text) <= MOST_TONNES:
        raise source.wrong(line, f"amount {text!r} is no whole number of tonnes, of at least 1.")
    return int(text)
