"""The years of registers through the contracts: a made-up one, and the published one."""

from __future__ import annotations

import csv
import io
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from carbon_sdk.cli.main import run
from carbon_sdk.replay import ground
from carbon_sdk.replay.ground import scheme_named
from carbon_sdk.replay.recorded_register import read_register, runs_of
from carbon_sdk.replay.register import Replayed, _Years, case_of, replay
from carbon_sdk.replay.source import Source

ROOT = Path(__file__).resolve().parents[2]
NAME = Path("shared") / "data" / "eu-ets" / "installation_years_sample.csv"
MADE_UP = """id,year,allocated,verified,surrendered,phase,status
plant,2005,100,90,90,one,open
plant,2006,0,110,100,one,open
plant,2007,,20.0,20,one,open
plant,2008,50,60,60,two,open
quiet,2005,10,Excluded,0,one,closed
quiet,2006,,5,,one,closed
gap,2005,7,7,7,one,open
gap,2007,7,Not Reported,7,one,open
"""


def replayed(text: str, **how: Any) -> Replayed:
    return replay(case_of(Source("register.csv", text.encode()), scheme_named("compliance")), lambda what: None, **how)


def figures(found: Replayed) -> list[tuple[str, int, int, int, int, str]]:
    counted = ("id", "year", "cumulative_verified", "cumulative_surrendered", "shortfall", "status")
    return [tuple(row[name] for name in counted) for row in found.as_json()["rows"]]  # type: ignore[misc]


EXPECTED = [
    ("plant", 2005, 90, 90, 0, "A"),
    ("plant", 2006, 200, 190, 10, "B"),
    ("plant", 2007, 220, 210, 10, "B"),
    ("plant", 2008, 60, 60, 0, "A"),
    ("quiet", 2005, 0, 0, 0, "EXCLUDED"),
    ("quiet", 2006, 5, 0, 5, "B"),
    ("gap", 2005, 7, 7, 0, "A"),
    ("gap", 2007, 7, 14, 0, "C"),
]


@pytest.mark.requirement("R-CMP-1", "R-CMP-4", "R-ALC-2")
def test_replay__made_up_register__tells_what_the_contracts_say_of_each_row():
    found = replayed(MADE_UP)
    assert figures(found) == EXPECTED
    content = found.as_json()
    assert content["confirmed"] is True
    assert {name: content["totals"][name] for name in ("allocated", "verified", "surrendered", "cancelled")} == {
        "allocated": 174, "verified": 292, "surrendered": 284, "cancelled": 284,
    }  # fmt: skip
    assert content["totals_of_events"] == {name: content["totals"][name] for name in content["totals_of_events"]}
    # A column that the result uses itself is kept under another name.
    assert (content["rows"][0]["given_status"], content["rows"][0]["phase"]) == ("open", "one")


def test_replay__without_phases__adds_up_over_all_years():
    found = replayed("year,id,surrendered,verified,allocated\n2008,x,1,2,0\n2007,x,3,3,4\n")
    assert figures(found) == [("x", 2008, 5, 4, 1, "B"), ("x", 2007, 3, 3, 0, "A")]
    assert "phase" not in found.as_json()["rows"][0]


def test_replay__on_a_chain_of_others__has_the_same_result(chain, keys):
    assert figures(replayed(MADE_UP, rpc=chain.url)) == EXPECTED


def test_replay__stopped_in_the_middle__goes_on_without_doubling(tmp_path, monkeypatch):
    reporting = _Years._report

    def report(self: _Years, year: int, figures: Any) -> None:
        reporting(self, year, figures)
        if year == 2006:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(_Years, "_report", report)
        with pytest.raises(KeyboardInterrupt):
            replayed(MADE_UP, folder=tmp_path)
    found = replayed(MADE_UP, folder=tmp_path)
    assert figures(found) == EXPECTED
    assert found.confirmed
    assert found.sent == 5  # of 2005 nothing is done again
    again = replayed(MADE_UP, folder=tmp_path)
    assert (figures(again), again.sent, again.gas) == (EXPECTED, 0, found.gas)


def test_runs__phase_that_comes_again__is_another_run():
    rows = read_register(
        Source("x", b"id,year,allocated,verified,surrendered,phase\nx,1,1,1,1,a\n".replace(b"x,1,", b"x,2001,"))
    )
    assert [run.name for run in runs_of(rows)] == ["x 2001"]
    text = "id,year,allocated,verified,surrendered,phase\n" + "".join(
        f"x,{2001 + n},0,1,1,{phase}\n" for n, phase in enumerate("aabba")
    )
    assert [run.name for run in runs_of(read_register(Source("x", text.encode())))] == ["x 2001", "x 2003", "x 2005"]


HEAD = "id,year,allocated,verified,surrendered\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ":1: "),
        ("id,year,allocated,verified\nx,2005,1,1\n", ":1: there must be one column 'surrendered'"),
        (HEAD, ":1: there is no row"),
        (HEAD + ",2005,1,1,1\n", ":2: id '' is no id"),
        (HEAD + "x,05,1,1,1\n", ":2: year '05'"),
        (HEAD + "x,2005,1,1,1\nx,2005,1,1,1\n", ":3: x has its 2005 in line 2 already"),
        (HEAD + "x,2005,-1,1,1\n", ":2: allocated '-1'"),
        (HEAD + "x,2005,1,1.5,1\n", ":2: verified '1.5'"),
        (HEAD + "x,2005,1,1,many\n", ":2: surrendered 'many'"),
        (HEAD + f"x,2005,1,{2**40},1\n", ":2: verified"),
        (HEAD.replace("\n", ",share\n") + "x,2005,1,1,1,1.5\n", ":2: share '1.5'"),
        (HEAD.replace("\n", ",credits\n") + "x,2005,1,1,1,2\n", ":2: credits 2 are more than the 1 t"),
        (HEAD + "x,2005,1,1\n", ":2: the row has 4 cells"),
        (HEAD + "x,2005,1,1,1\nx,2070,1,1,1\n", ":1: the years go from 2005 to 2070"),
        (HEAD.replace("\n", ",note,note\n") + "x,2005,1,1,1,a,b\n", ":1: there must be one column 'note'"),
    ],
)
def test_register__that_cannot_be_meant__is_said_with_its_line(text, words, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ground, "Anvil", None)  # no chain hears of it
    file = tmp_path / "register.csv"
    file.write_text(text)
    assert run(["replay", "register", str(file), "--json"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert f"register.csv{words}" in said.err


def test_command__register__prints_tables_or_one_document(tmp_path, capsys):
    file = tmp_path / "register.csv"
    file.write_text(HEAD + "x,2005,1,2,1\n")
    assert run(["replay", "register", str(file)]) == 0
    assert "1 rows of 1 installations, 1 accounts: 1 t allocated, 2 t verified" in capsys.readouterr().out
    assert run(["replay", "register", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"][0]["status"] == "B"


# WHAT WAS PUBLISHED

SHORT_WITH_CODE_A = 18
"""Rows of the register whose code is A although its own cumulatives fall short."""


@pytest.fixture(scope="session")
def published() -> Callable[[int | None], str]:
    """The published years, or those of the first installations; the test is skipped where they are not at hand."""
    file = next((folder / NAME for folder in ROOT.parents if (folder / NAME).is_file()), None)

    def rows(most: int | None = None) -> str:
        if file is None:
            pytest.skip("the published register is not beside the repository")
        lines = file.read_text().splitlines(keepends=True)
        ids = list(dict.fromkeys(line.split(",")[0] for line in lines[1:]))[:most]
        return "".join([lines[0], *(line for line in lines[1:] if line.split(",")[0] in set(ids))])

    return rows


def number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


def compared(found: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[str], list[str]]:
    """Rows that differ where the register's own sums agree; rows where they do not; rows of code A that are short."""
    sums: dict[tuple[str, str, str], int] = defaultdict(int)
    wrong, disagree, short = [], [], []
    for row in sorted(found, key=lambda one: (one["id"], one["year"])):
        name, agrees = f"{row['id']} {row['year']}", True
        for column, cumulative, mine in (
            ("VerifiedEmissions", "CumulativeVerifiedEmissions", "cumulative_verified"),
            ("UnitsSurrendered", "CumulativeSurrenderedUnits", "cumulative_surrendered"),
        ):
            place = (row["id"], row["phase"], column)
            sums[place] += number(row[column]) or 0
            if number(row[cumulative]) != sums[place]:
                agrees = False
            elif row[mine] != sums[place]:
                wrong.append(f"{name} {mine}: {row[mine]}, not {sums[place]}")
        if not agrees:
            disagree.append(name)
        elif row["ComplianceCode"] == "A" and row["shortfall"]:
            short.append(name)
    return wrong, disagree, short


@pytest.mark.requirement("R-CMP-1", "R-CMP-4")
def test_replay__first_published_installations__cumulatives_are_the_registers(published):
    content = replayed(published(25)).as_json()
    wrong, _, short = compared(content["rows"])
    assert wrong == []
    assert short == []
    assert content["confirmed"] is True


@pytest.mark.full
@pytest.mark.requirement("R-CMP-1", "R-CMP-4")
def test_replay__all_published_years__cumulatives_are_the_registers(published):
    text = published(None)
    content = replayed(text).as_json()
    wrong, disagree, short = compared(content["rows"])
    print("\n".join(["own sums disagree:", *disagree, "code A and short:", *short]))
    assert wrong == []
    assert content["confirmed"] is True
    assert len(content["rows"]) == 32_745
    assert len(registers_own(text)) == SHORT_WITH_CODE_A
    assert set(short) <= set(registers_own(text))
    assert content["speed"]["rows_per_second"] >= 50


def registers_own(text: str) -> list[str]:
    """Rows whose code is A although the register's own cumulatives fall short."""
    return [
        f"{row['id']} {row['year']}"
        for row in csv.DictReader(io.StringIO(text))
        if row["ComplianceCode"] == "A"
        and (given := number(row["CumulativeSurrenderedUnits"])) is not None
        and (owed := number(row["CumulativeVerifiedEmissions"])) is not None
        and given < owed
    ]
