"""Issuance files of voluntary registries, row by row, as origins that the register can hold.

Three formats, told by their columns:

- Gold Standard: serials. `GS1-1-UG-GS11236-16-2024-30307-1-19149` is registry and version, country, project, product,
  vintage, issuance, first and last serial; the batch is all of it but project, vintage and range. The quantity must
  be the range's.
- American Carbon Registry and Climate Action Reserve: quantities, no serials. The batch is the digest of what tells one
  issuance from another there: reporting period, time of issue, reduction or removal. Serials then count the tonnes of
  the issuance from 1, those of a second row of the same issuance going on after the first's. What a registry withholds
  (in a buffer, cancelled) is the end of the range: `bring_in` takes it when it is released.

A row that cannot be read is told with its line and the reason; it never stops the others.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from pathlib import Path

from carbon_sdk.errors import InputError

_GOLD_STANDARD = re.compile(
    r"(GS\d+)-(\d+)-([A-Z]{2})-(GS[1-9]\d*)-(\d+)-(\d{4})-([1-9]\d*)-([1-9]\d*)-([1-9]\d*)", re.ASCII
)
_PROJECT = re.compile(r"[A-Z]{2,5}[1-9]\d{0,9}", re.ASCII)
_MOST = 2**64 - 1
_SPREADSHEET_TIME = "%m/%d/%Y %I:%M:%S %p"
_SPREADSHEET_DATE = "%m/%d/%Y"


@dataclass(frozen=True, slots=True)
class Issuance:
    """One row: what another registry issued.

    Attributes:
        line: Of the file, where the row ends.
        registry: Short name: GS, ACR, CAR.
        project: Its id there.
        vintage: Civil year.
        batch: 32 bytes that tell the issuance from others of the project and vintage.
        batch_text: What the batch is made of, for people.
        first, last: Serials there, or tonnes counted from 1.
        withheld: Tonnes at the end of the range that do not circulate there: in a buffer, cancelled, converted.
        has_serials: Whether the registry itself numbers units.
    """

    line: int
    registry: str
    project: str
    vintage: int
    batch: bytes
    batch_text: str
    first: int
    last: int
    withheld: int = 0
    has_serials: bool = True

    @property
    def tonnes(self) -> int:
        """Issued, as the file says."""
        return self.last - self.first + 1

    @property
    def circulating(self) -> int:
        """Issued and not withheld."""
        return self.tonnes - self.withheld


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that is none of the format's, and why."""

    line: int
    reason: str


Row = Mapping[str, str]


def read_issuances(path: str | Path) -> list[Issuance | Unreadable]:
    """Every row of an issuance file, in its order.

    Raises:
        InputError: The file cannot be read, or its columns are of no format that is known.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            read = _format_of(path, reader.fieldnames or ())
            return list(_continued(_row(read, reader.line_num, row) for row in reader))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}.") from None


def _format_of(path: str | Path, columns: Sequence[str]) -> Callable[[int, Row], Issuance]:
    for needed, read in _FORMATS:
        if needed <= set(columns):
            return read
    known = "; ".join(", ".join(sorted(needed)) for needed, _ in _FORMATS)
    raise InputError(f"{path} has the columns of no known registry's issuances. Needed are: {known}.")


def _row(read: Callable[[int, Row], Issuance], line: int, row: Row) -> Issuance | Unreadable:
    try:
        found = read(line, row)
    except _Wrong as wrong:
        return Unreadable(line, str(wrong))
    if found.withheld > found.tonnes:
        return Unreadable(line, f"{found.withheld} t do not circulate, of {found.tonnes} t issued")
    return found


def _continued(rows: Iterable[Issuance | Unreadable]) -> Iterator[Issuance | Unreadable]:
    """Rows of one batch without serials go on where the one before ended."""
    counted: dict[tuple[str, int, bytes], int] = {}
    for row in rows:
        if isinstance(row, Issuance) and not row.has_serials:
            key = (row.project, row.vintage, row.batch)
            before = counted.get(key, 0)
            counted[key] = before + row.tonnes
            yield replace(row, first=row.first + before, last=row.last + before)
        else:
            yield row


class _Wrong(Exception):
    """A row that cannot be meant."""


def _gold_standard(line: int, row: Row) -> Issuance:
    text = _cell(row, "Serial Number")
    match = _GOLD_STANDARD.fullmatch(text)
    if match is None:
        raise _Wrong(f"serial {text!r} is not of the form GS1-1-UG-GS11236-16-2024-30307-1-19149")
    version, account, country, project, product, vintage, issue, first, last = match.groups()
    said, ranged = _whole(row, "Quantity"), int(last) - int(first) + 1
    if ranged < 1:
        raise _Wrong(f"serials {first} to {last} are none")
    if said != ranged:
        raise _Wrong(f"quantity {said}, but serials {first} to {last} are {ranged}")
    if int(last) > _MOST:
        raise _Wrong(f"serial {last} is too large")
    if _cell(row, "Vintage") != vintage:
        raise _Wrong(f"vintage {_cell(row, 'Vintage')!r}, but {vintage} in the serial")
    if f"GS{_cell(row, 'GSID')}" != project:
        raise _Wrong(f"project {_cell(row, 'GSID')!r}, but {project} in the serial")
    batch = f"{version}-{account}-{country}-{product}-{issue}"
    return Issuance(line, "GS", project, int(vintage), _batch(batch), batch, int(first), int(last))


def _american_carbon_registry(line: int, row: Row) -> Issuance:
    begin, end = (_time(row, name, _SPREADSHEET_DATE)[:10] for name in ("ReportingPeriodBegin", "ReportingPeriodEnd"))
    issued = _time(row, "Date Issued (GMT)", _SPREADSHEET_TIME)
    kind = "removal" if _cell(row, "Verified Removal") == "Yes" else "reduction"
    withheld = sum(
        _whole(row, name, or_nothing=True)
        for name in ("Credits Issued to Buffer Pool", "Credits Transferred to Buffer Pool")
    )
    return _counted(
        line, "ACR", row, f"{begin}/{end} issued {issued} {kind}", _whole(row, "Total Credits Issued"), withheld
    )


def _climate_action_reserve(line: int, row: Row) -> Issuance:
    issued = _time(row, "Date Issued", _SPREADSHEET_DATE)[:10]
    kind = _cell(row, "Reduction/Removal").lower() or "reduction"
    withheld = sum(
        _whole(row, name, or_nothing=True)
        for name in (
            "Offset Credits Currently in Reserve Buffer Pool",
            "Offset Credits Intended for Compliance Buffer Pool",
            "Offset Credits Converted to VCUs",
            "Canceled for Compliance",
            "Canceled",
        )
    )
    return _counted(line, "CAR", row, f"issued {issued} {kind}", _whole(row, "Total Offset Credits Issued"), withheld)


def _counted(line: int, registry: str, row: Row, batch: str, tonnes: int, withheld: int) -> Issuance:
    project = _cell(row, "Project ID")
    if not _PROJECT.fullmatch(project) or not project.startswith(registry):
        raise _Wrong(f"project {project!r} is no id such as {registry}731")
    vintage = _cell(row, "Vintage")
    if not re.fullmatch(r"(19|20)\d\d", vintage, re.ASCII):
        raise _Wrong(f"vintage {vintage!r} is no civil year")
    if not 0 < tonnes <= _MOST:
        raise _Wrong(f"{tonnes} t issued")
    return Issuance(line, registry, project, int(vintage), _batch(batch), batch, 1, tonnes, withheld, has_serials=False)


def _batch(text: str) -> bytes:
    """The text itself where it fits into 32 bytes, else its digest."""
    content = text.encode("ascii")
    return content.ljust(32, b"\0") if len(content) <= 32 else sha256(content).digest()


def _cell(row: Row, name: str) -> str:
    return (row.get(name) or "").strip()


def _whole(row: Row, name: str, *, or_nothing: bool = False) -> int:
    """A whole number; spreadsheets write some as `108.0`."""
    text = _cell(row, name)
    if not text and or_nothing:
        return 0
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise _Wrong(f"{name} {text!r} is no number") from None
    if not number.is_finite() or number != number.to_integral_value() or not 0 <= number <= _MOST:
        raise _Wrong(f"{name} {text!r} is no whole number of tonnes")
    return int(number)


def _time(row: Row, name: str, form: str) -> str:
    """ISO 8601, so that one time is written in one way only."""
    text = _cell(row, name)
    try:
        return datetime.strptime(text, form).replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise _Wrong(f"{name} {text!r} is no time") from None


_FORMATS: tuple[tuple[frozenset[str], Callable[[int, Row], Issuance]], ...] = (
    (frozenset({"Serial Number", "GSID", "Quantity", "Vintage"}), _gold_standard),
    (
        frozenset({"Date Issued (GMT)", "ReportingPeriodBegin", "ReportingPeriodEnd", "Total Credits Issued"}),
        _american_carbon_registry,
    ),
    (
        frozenset({"Date Issued", "Project ID", "Reduction/Removal", "Total Offset Credits Issued"}),
        _climate_action_reserve,
    ),
)


def readable(rows: Sequence[Issuance | Unreadable]) -> Iterator[Issuance]:
    """The rows that could be read."""
    return (row for row in rows if isinstance(row, Issuance))
