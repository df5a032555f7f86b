"""California's published compliance reports through the contracts, by the rules of schemes/california.toml."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carbon_sdk.deployment.scheme_file import SchemeRules, load_scheme
from carbon_sdk.replay.register import Replayed, case_of, replay
from carbon_sdk.replay.source import Source

ROOT = Path(__file__).resolve().parents[2]
DATA = Path("shared") / "data" / "california"
OBLIGATION = {
    "2013-2014": "2013-2014 Triennial Surrender Obligation",
    "2015-2017": "2015-2017 Full Compliance Period Surrender Obligation",
    "2018": "2018 Annual Surrender Obligation",
}
EMISSIONS = "2018 Emissions Obligation"
NOT_THIRTY_PER_CENT = {"CA1135", "CA1251", "CA1279"}
"""Whose published annual obligation of 2018 is not 30 % of its published emissions."""
FULFILLED_AND_SHORT = {"CA1850"}
"""Called fulfilled for 2013 and 2014 with 39,122 t of 45,261."""
Row = Mapping[str, str]


@pytest.fixture(scope="module")
def published() -> Callable[[str], list[Row]]:
    folder = next((above / DATA for above in ROOT.parents if (above / DATA).is_dir()), None)

    def rows(period: str) -> list[Row]:
        if folder is None:
            pytest.skip("California's reports are not beside the repository")
        with (folder / f"compliance_{period}.csv").open(newline="") as file:
            return [{name: cell.strip() for name, cell in row.items()} for row in csv.DictReader(file)]

    return rows


def scheme(*, credit_share: int | None = None) -> SchemeRules:
    rules = load_scheme(ROOT / "schemes" / "california.toml")
    if credit_share is None:
        return rules
    year = rules.file.years[0].model_copy(update={"credit_share_basis_points": credit_share})
    return replace(rules, file=rules.file.model_copy(update={"years": (year,)}))


def played(rows: Sequence[Row], year: int, owed: str, share: str, rules: SchemeRules) -> Replayed:
    head = "id,year,allocated,verified,surrendered,credits,share\n"
    lines = [
        f"{row['Entity ID']},{year},0,{row[owed]},{row['Total Instruments Surrendered']},"
        f"{row['Total Offsets Surrendered']},{share}\n"
        for row in rows
    ]
    return replay(case_of(Source("california.csv", (head + "".join(lines)).encode()), rules), lambda what: None)


def statuses_differ(rows: Sequence[Row], found: Sequence[Mapping[str, Any]]) -> set[str]:
    """Who is called fulfilled and is not A, or the other way round."""
    return {
        row["Entity ID"]
        for row, one in zip(rows, found, strict=True)
        if (row["Obligation Status"] == "Fulfilled") != (one["status"] == "A")
    }


@pytest.mark.requirement("R-CMP-1", "R-CMP-2", "R-CMP-4")
def test_2018__published_emissions__give_the_published_obligations_and_statuses(published):
    rows = published("2018")
    result = played(rows, 2018, EMISSIONS, "0.3", scheme())
    found = result.as_json()["rows"]
    differ = {
        row["Entity ID"]
        for row, one in zip(rows, found, strict=True)
        if one["cumulative_verified"] != int(row[OBLIGATION["2018"]])
    }
    assert differ == NOT_THIRTY_PER_CENT
    for row, one in zip(rows, found, strict=True):
        assert one["cumulative_verified"] == int(row[EMISSIONS]) * 3 // 10
        assert one["cumulative_surrendered"] == int(row["Total Allowances Surrendered"]) + int(
            row["Total Offsets Surrendered"]
        )
    assert statuses_differ(rows, found) <= NOT_THIRTY_PER_CENT
    assert result.confirmed


@pytest.mark.requirement("R-CMP-2", "R-CMP-4")
@pytest.mark.parametrize("period", ["2013-2014", "2015-2017"])
def test_periods__published_obligations__give_the_published_statuses(period, published):
    """These reports have what was given at the period's end only: the share of offsets cannot be judged from it."""
    rows = published(period)
    result = played(rows, int(period[-4:]), OBLIGATION[period], "1", scheme(credit_share=10_000))
    found = result.as_json()["rows"]
    for row, one in zip(rows, found, strict=True):
        assert int(row["Total Allowances Surrendered"]) + int(row["Total Offsets Surrendered"]) == int(
            row["Total Instruments Surrendered"]
        )
        assert one["cumulative_surrendered"] == int(row["Total Instruments Surrendered"])
        assert one["cumulative_verified"] == int(row[OBLIGATION[period]])
    marked = {row["Entity ID"] for row in rows if row["Obligation Status"].endswith("*")}
    assert statuses_differ(rows, found) == (FULFILLED_AND_SHORT if period == "2013-2014" else set()) | marked
    assert result.confirmed
