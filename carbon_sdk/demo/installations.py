"""The installations of a year, from a CSV file; `schemes/samples/README.md` says what the columns mean."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from carbon_sdk.contracts.generated.structs import Inputs
from carbon_sdk.errors import InputError
from carbon_sdk.methods.allocation import Term, compute_allocation, formula_inputs
from carbon_sdk.methods.emissions import Combustion, Process
from carbon_sdk.methods.fixed_point import DECIMALS, factor
from carbon_sdk.units import GRAMS_PER_TONNE, Grams, Tonnes, decimal_of, scaled, tonnes

TEXT = ("installation", "name", "permit", "region", "fuel", "process", "allocation_method", "product")
NUMBERS = ("sector", "published_for", "verified_tonnes", "allocated_tonnes")
BURNING = ("activity_t", "ncv_tj_per_t", "factor_tco2_per_tj", "oxidation")
MAKING = ("process_activity_t", "process_factor", "process_conversion")
ALLOCATION = ("level", "benchmark", "factors")
COLUMNS = (*TEXT, *NUMBERS, *BURNING, *MAKING, *ALLOCATION)
METHODS = ("historical", "benchmark")


@dataclass(frozen=True, slots=True)
class SourceStream:
    """One source stream and its activity data.

    Attributes:
        material: What is burnt or made.
        data: As the method takes them.
    """

    material: str
    data: Combustion | Process

    @property
    def method(self) -> str:
        """Name in the scheme: `combustion` or `process`."""
        return self.data.NAME


@dataclass(frozen=True, slots=True)
class Installation:
    """One line of the file.

    Attributes:
        line: In the file.
        number: Of the register, such as `GB-1020`.
        name: For people.
        permit: Of the installation.
        region: Name in the scheme.
        sector: NACE number.
        streams: Source streams, fuel first.
        verified: Published emissions of the year.
        method: `historical` or `benchmark`.
        subject: Whose level it is: `emissions` or a product.
        level: In tonnes of emissions or units of the product.
        inputs: Of the allocation formula.
        allocated: Published free allocation of the year.
    """

    line: int
    number: str
    name: str
    permit: str
    region: str
    sector: int
    streams: tuple[SourceStream, ...]
    verified: Tonnes
    method: str
    subject: str
    level: Decimal
    inputs: Inputs
    allocated: Tonnes

    @property
    def emitted(self) -> Grams:
        """What the methods compute from the activity data."""
        return Grams(sum(stream.data.grams() for stream in self.streams))

    @property
    def due(self) -> Tonnes:
        """What the allocation formula gives: exact, rounded once to the nearest tonne."""
        return compute_allocation((factor(self.level, "level"),), self.inputs)

    @property
    def surplus(self) -> int:
        """Tonnes allocated beyond the emissions; negative when units must be bought."""
        return self.due - self.verified


def load_installations(path: str | Path) -> tuple[Installation, ...]:
    """Read a file of installations and check it as a whole.

    Raises:
        InputError: In one line, with file and line: no such file, a missing or unknown column, a negative or fractional
            tonne, a number that is none, a duplicate installation or permit, an unknown method, figures that the
            methods do not give.
    """
    source = Path(path)
    try:
        with source.open(newline="", encoding="utf-8") as file:
            rows = csv.DictReader(file)
            _check_columns(source, rows.fieldnames or ())
            found = [_read(source, rows.line_num, row) for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(f"{source} cannot be read: {reason}.") from None
    if not found:
        raise InputError(f"{source}:2: there is no installation below the header.")
    _check_unique(source, found)
    return tuple(found)


def _check_columns(source: Path, given: Sequence[str]) -> None:
    if missing := [name for name in COLUMNS if name not in given]:
        raise InputError(f"{source}:1: column {missing[0]} is missing.")
    if unknown := [name for name in given if name not in COLUMNS]:
        raise InputError(f"{source}:1: column {unknown[0]!r} is unknown.")


def _read(source: Path, line: int, row: Mapping[str | None, str | list[str] | None]) -> Installation:
    where = f"{source}:{line}"
    if None in row or None in row.values():
        raise InputError(f"{where}: the line has {'more' if None in row else 'fewer'} fields than the header.")
    texts = {str(name): str(value).strip() for name, value in row.items()}
    try:
        return _installation(line, texts)
    except InputError as error:
        raise InputError(f"{where}: {error}") from None


def _installation(line: int, row: Mapping[str, str]) -> Installation:
    for name in ("installation", "name", "permit", "region", "fuel"):
        if not row[name]:
            raise InputError(f"{name} is empty.")
    method = row["allocation_method"]
    if method not in METHODS:
        raise InputError(f"allocation_method {method!r} is unknown. Methods are {', '.join(METHODS)}.")
    historical = method == "historical"
    if historical == bool(row["product"]) or historical == bool(row["benchmark"]):
        raise InputError(f"the {method} method has {'no' if historical else 'a'} product and benchmark.")
    term = Term() if historical else Term(row["product"], _number(row, "benchmark"))
    installation = Installation(
        line,
        row["installation"],
        row["name"],
        row["permit"],
        row["region"],
        scaled(row["sector"], 0, name="sector"),
        _streams(row),
        tonnes(row["verified_tonnes"], name="verified_tonnes"),
        method,
        term.subject,
        _number(row, "level"),
        formula_inputs((term,), [part.strip() for part in row["factors"].split(";") if part.strip()]),
        tonnes(row["allocated_tonnes"], name="allocated_tonnes"),
    )
    _check_figures(installation)
    return installation


def _streams(row: Mapping[str, str]) -> tuple[SourceStream, ...]:
    burning = SourceStream(row["fuel"], Combustion(*(_number(row, name) for name in BURNING)))
    if not row["process"]:
        if filled := [name for name in MAKING if row[name]]:
            raise InputError(f"{filled[0]} is given, but process is empty.")
        return (burning,)
    return burning, SourceStream(row["process"], Process(*(_number(row, name) for name in MAKING)))


def _number(row: Mapping[str, str], name: str) -> Decimal:
    """A decimal number of at most 18 places. Raises InputError, which names the column."""
    if not row[name]:
        raise InputError(f"{name} is empty.")
    return decimal_of(factor(row[name], name), DECIMALS)


def _check_figures(one: Installation) -> None:
    computed = (one.emitted * 2 + GRAMS_PER_TONNE) // (2 * GRAMS_PER_TONNE)
    if computed != one.verified:
        raise InputError(f"the activity data give {computed} t, but verified_tonnes is {one.verified}.")
    if abs(one.due - one.allocated) > 1:
        raise InputError(f"the allocation formula gives {one.due} t, but allocated_tonnes is {one.allocated}.")


def _check_unique(source: Path, found: Sequence[Installation]) -> None:
    for what in ("number", "permit", "name"):
        first: dict[str, int] = {}
        for one in found:
            value: str = getattr(one, what)
            if value in first:
                label = "installation" if what == "number" else what
                raise InputError(f"{source}:{one.line}: {label} {value} is already in line {first[value]}.")
            first[value] = one.line
