"""The years of a register as a CSV: what installations were allocated, emitted and surrendered."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from carbon_sdk.replay.operators import LONGEST_ID, MOST_TONNES, YEARS_JUDGED, short
from carbon_sdk.replay.source import Source

COLUMNS = ("id", "year", "allocated", "verified", "surrendered")
PHASE, SHARE, CREDITS = "phase", "share", "credits"
OPTIONAL = (PHASE, SHARE, CREDITS)
EU_NAMES = {
    "allocated": "AllowanceInAllocation",
    "verified": "VerifiedEmissions",
    "surrendered": "UnitsSurrendered",
    PHASE: "ETSPhase",
}
"""As the EU transaction log calls them; taken where a column has not our name."""
EXCLUDED = "excluded"
MISSING = frozenset({"", "not reported", "not calculated"})


@dataclass(frozen=True, slots=True)
class Row:
    """One installation in one year.

    Attributes:
        line: Of the file, from 1.
        id: Of the installation.
        year: Civil year.
        phase: In which cumulatives run; empty where the file has none.
        allocated: Tonnes, free of charge.
        verified: Tonnes; None: no figure.
        excluded: The installation owes nothing for the year.
        surrendered: Tonnes, for the year, credits included.
        share: Of the verified tonnes that is owed for.
        credits: Tonnes of the surrendered ones that are credits.
        further: Other columns of the file.
    """

    line: int
    id: str
    year: int
    phase: str
    allocated: int
    verified: int | None
    excluded: bool
    surrendered: int
    share: Decimal
    credits: int
    further: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """Rows of one installation in one phase, over which its figures add up.

    Attributes:
        rows: In order of years.
    """

    rows: tuple[Row, ...]

    @property
    def name(self) -> str:
        """Tells it from all others."""
        return f"{short(self.rows[0].id)} {self.first}"

    @property
    def first(self) -> int:
        """Its first year."""
        return self.rows[0].year

    @property
    def last(self) -> int:
        """Its last year."""
        return self.rows[-1].year

    @property
    def gaps(self) -> list[int]:
        """Years in between that have no row."""
        return sorted(set(range(self.first, self.last + 1)) - {row.year for row in self.rows})

    @property
    def lacking(self) -> int:
        """The least that lets every surrender happen beside what was allocated, in tonnes."""
        held = needed = 0
        for row in self.rows:
            held += row.allocated - (row.surrendered - row.credits)
            needed = max(needed, -held)
        return needed


def read_register(source: Source) -> list[Row]:
    """All rows, in the order of the file.

    Raises:
        MalformedCase: A row that cannot be meant, by its line.
    """
    head = source.head()
    names = {name: _named(name, head) for name in COLUMNS}
    phase = _named(PHASE, head)
    wanted = [*names.values(), *(name for name in (phase, SHARE, CREDITS) if name in head)]
    known = {name for name in wanted if name in COLUMNS or name in OPTIONAL}
    rows: list[Row] = []
    lines: dict[tuple[str, int], int] = {}
    for line, cells in source.table(wanted, every=True):
        id_, year = _id(source, line, cells[names["id"]]), _year(source, line, cells[names["year"]])
        if (earlier := lines.setdefault((id_, year), line)) != line:
            raise source.wrong(line, f"{id_} has its {year} in line {earlier} already.")
        said = cells[names["verified"]]
        excluded = said.lower() == EXCLUDED
        surrendered = _tonnes(source, line, names["surrendered"], cells[names["surrendered"]]) or 0
        credits_ = _tonnes(source, line, CREDITS, cells.get(CREDITS, "")) or 0
        if credits_ > surrendered:
            raise source.wrong(line, f"credits {credits_} are more than the {surrendered} t surrendered.")
        rows.append(
            Row(
                line,
                id_,
                year,
                cells.get(phase, ""),
                _tonnes(source, line, names["allocated"], cells[names["allocated"]]) or 0,
                None if excluded else _tonnes(source, line, names["verified"], said),
                excluded,
                surrendered,
                _share(source, line, cells.get(SHARE, "")),
                credits_,
                {name: cell for name, cell in cells.items() if name not in known},
            )
        )
    if not rows:
        raise source.wrong(1, "there is no row below the head.")
    first, last = min(row.year for row in rows), max(row.year for row in rows)
    if last - first + 2 > YEARS_JUDGED:
        raise source.wrong(1, f"the years go from {first} to {last}; at most {YEARS_JUDGED - 1} can be judged.")
    return rows


def runs_of(rows: Iterable[Row]) -> list[Run]:
    """Rows as they add up: of one installation, until its phase changes."""
    of_one: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        of_one[row.id].append(row)
    found: list[Run] = []
    for mine in of_one.values():
        mine.sort(key=lambda row: row.year)
        starts = [n for n, row in enumerate(mine) if n == 0 or row.phase != mine[n - 1].phase]
        found += [Run(tuple(mine[start:end])) for start, end in zip(starts, [*starts[1:], len(mine)], strict=True)]
    return found


def _named(name: str, head: Sequence[str]) -> str:
    other = EU_NAMES.get(name, name)
    return other if name not in head and other in head else name


def _id(source: Source, line: int, text: str) -> str:
    if not 0 < len(text) <= LONGEST_ID or not text.isprintable():
        raise source.wrong(line, f"id {text!r} is no id: 1 to {LONGEST_ID} printable characters.")
    return text


def _year(source: Source, line: int, text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{3}", text):
        raise source.wrong(line, f"year {text!r} is no civil year: write 2005.")
    return int(text)


def _share(source: Source, line: int, text: str) -> Decimal:
    if not re.fullmatch(r"([01](\.[0-9]{1,18})?)?", text) or Decimal(text or 1) > 1:
        raise source.wrong(line, f"share {text!r} is no decimal number from 0 to 1, such as 0.3.")
    return Decimal(text or 1)


def _tonnes(source: Source, line: int, name: str, text: str) -> int | None:
    """None where there is no figure."""
    if text.lower() in MISSING:
        return None
    if not re.fullmatch(r"[0-9]{1,13}(\.0+)?", text) or int(text.partition(".")[0]) > MOST_TONNES:
        raise source.wrong(line, f"{name} {text!r} is no whole number of tonnes up to {MOST_TONNES}.")
    return int(text.partition(".")[0])
