"""What cannot be meant is said in one line that names the line, and no chain ever hears of it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from carbon_sdk.cli.main import run
from carbon_sdk.replay import ground
from tests.replay.conftest import HEAD, MADE_UP, table, transfers

ROW = ("1", "XX1", "2006-01-20", "10", "308.0", "399.0", "EUA2005", "", "5")


@pytest.fixture(autouse=True)
def _no_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a chain was started")

    monkeypatch.setattr(ground, "Anvil", refuse)
    monkeypatch.setattr(ground, "Chain", refuse)


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The error's one line."""
    assert run(["replay", "transfers", *arguments, "--json"]) == 2
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.count("\n") == 1
    return found.err


@pytest.mark.parametrize(
    ("column", "cell", "words"),
    [
        ("id", "", "id is empty"),
        ("transactionID", "", "transactionID is empty"),
        ("date", "20 January", "no date"),
        ("date", "1969-12-31", "between 1970"),
        ("date", "1970-01-01T00:30+01:00", "between 1970"),
        ("date", "9999-12-31", "between 1970"),
        ("date", "9999-12-31T23:00-02:00", "no date"),
        ("acquiringAccount_id", "x" * 61, "no name"),
        ("acquiringAccount_id", "a\u0007b", "no name"),
        ("transferringAccount_id", "", "transferringAccount_id is empty"),
        ("acquiringAccount_id", " ", "acquiringAccount_id is empty"),
        ("unitType_id", "RMU", "none of EUA2005"),
        ("unitType_id", "CER", "project's number"),
        ("project_id", "7", "of no project"),
        ("amount", "5.5", "whole number"),
        ("amount", "0", "whole number"),
        ("amount", "-5", "whole number"),
        ("amount", "1e6", "whole number"),
        ("amount", "٥", "whole number"),
        ("amount", str(2**64), "whole number"),
    ],
)
def test_transfers__cell_that_cannot_be_meant__named_by_its_line(column, cell, words, tmp_path, capsys):
    wrong = tuple(cell if name == column else value for name, value in zip(HEAD, ROW, strict=True))
    file = tmp_path / "wrong.csv"
    file.write_text(table([("0", *ROW[1:]), wrong, ("9", *ROW[1:])]))
    found = said(capsys, str(file))
    assert f"{file}:3: " in found
    assert words in found


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        ("", 1, "one column 'id'"),
        ("id,id\n1,2\n", 1, "there are 2"),
        (",".join(HEAD) + "\n", 1, "no row"),
        (table([ROW[:-1]]), 2, "8 cells"),
        (table([ROW, ROW]), 3, "stands in line 2"),
        (table([ROW]) + '2,"', 3, "no CSV"),
        (table([ROW]).encode() + b"2,\xff\n", 3, "not UTF-8"),
    ],
)
def test_transfers__file_that_is_no_such_table__named_by_its_line(content, line, words, tmp_path, capsys):
    file = tmp_path / "wrong.csv"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = said(capsys, str(file))
    assert f"{file}:{line}: " in found
    assert words in found


def test_transfers__standard_input_that_is_wrong__named(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"nothing\n")))
    assert "standard input:1: " in said(capsys, "-")


def test_transfers__no_file__is_said(tmp_path, capsys):
    assert "cannot be read" in said(capsys, str(tmp_path / "none.csv"))


@pytest.mark.parametrize("names", [(), ("a.csv", "b.csv")])
def test_transfers__zip_without_its_one_table__is_said(names, tmp_path, capsys):
    with zipfile.ZipFile(tmp_path / "wrong.zip", "w") as archive:
        for name in names:
            archive.writestr(name, transfers(MADE_UP))
        archive.writestr("note.txt", "nothing")
    assert f"it holds {len(names)}" in said(capsys, str(tmp_path / "wrong.zip"))


def test_transfers__broken_zip__is_said(tmp_path, capsys):
    (tmp_path / "wrong.zip").write_bytes(b"PK\x03\x04 and then nothing")
    assert "no zip" in said(capsys, str(tmp_path / "wrong.zip"))


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (("", "EUA2005", "", "5"), "account is empty"),
        (("1", "EUA2005", "", "5.0"), "whole number"),
        (("7", "EUA2005", "", "5"), "already"),
    ],
)
def test_openings__that_cannot_be_meant__named_by_their_line(cells, words, made_up, tmp_path, capsys):
    head = ("account", "unitType_id", "project_id", "amount")
    openings = tmp_path / "openings.csv"
    openings.write_text(table([("7", "EUA2005", "", "5"), cells], head))
    found = said(capsys, str(made_up), "--openings", str(openings))
    assert f"{openings}:3: " in found
    assert words in found


def test_transfers__of_more_than_a_cap_can_hold__are_refused(tmp_path, capsys):
    file = tmp_path / "wrong.csv"
    file.write_text(table([(n, *ROW[1:4], n, "399", "EUA2005", "", 2**63) for n in (1, 2)]))
    assert "a cap has at most" in said(capsys, str(file))


def test_folder__of_another_replay__is_refused(made_up, tmp_path, capsys):
    folder = tmp_path / "kept"
    folder.mkdir()
    (folder / "replay.json").write_text("{}")
    assert "no replay that can be read" in said(capsys, str(made_up), "--folder", str(folder))
    (folder / "replay.json").write_text(f'{{"format": 1, "replay": "00", "seed": "{"00" * 32}"}}')
    assert "another replay" in said(capsys, str(made_up), "--folder", str(folder))
    assert sorted(Path(item).name for item in folder.iterdir()) == ["replay.json"]
