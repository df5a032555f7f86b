"""A register's transfers, replayed: what moved, what was refused and why, what is left, and that all agree."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.chain import Chain
from carbon_sdk.cli.main import run
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.deployment.model import Deployment
from carbon_sdk.errors import TransportError
from carbon_sdk.identifiers import InstrumentClass, InstrumentId
from carbon_sdk.replay.books import Books
from carbon_sdk.replay.conveyor import Conveyor
from carbon_sdk.replay.ground import scheme_named
from carbon_sdk.replay.journal import Journal
from carbon_sdk.replay.recorded_transfers import MOST_ROWS, Movement, Row, movements_of, openings_of, read_rows
from carbon_sdk.replay.source import Source
from carbon_sdk.replay.transfers import Replayed, case_of, replay
from carbon_sdk.scheme import Scheme
from tests.replay.conftest import MADE_UP, ROOT, table, transfers

RULES = scheme_named("eu-ets-2005")


def quiet(what: str) -> None:
    pass


def replayed(content: str | bytes, *, openings: str = "", singly: bool = False, **where: object) -> Replayed:
    source = Source("transfers.csv", content if isinstance(content, bytes) else content.encode())
    begun = Source("openings.csv", openings.encode()) if openings else None
    return replay(case_of(source, RULES, openings=begun, singly=singly), quiet, **where)  # type: ignore[arg-type]


def agrees(found: Replayed) -> bool:
    """Conserved after every step, held as derived, confirmed by the auditor."""
    assert found.books.differences == []
    assert found.audit.ok, found.audit.summary()
    return found.equal and found.confirmed


# WHAT THE FILE MEANS


def test_movements__of_the_made_up_register__go_together_and_in_order():
    rows = read_rows(Source("transfers.csv", transfers(MADE_UP).encode()), 978)
    together = movements_of(rows)
    assert [[row.id for row in one.rows] for one in together] == [
        ["501", "502"], ["503"], ["504"], ["505"], ["507"], ["506", "508", "509"], ["510"], ["511"], ["512"],
    ]  # fmt: skip
    assert [[row.id for row in one.rows] for one in movements_of(rows, singly=True)][:3] == [["501"], ["502"], ["503"]]
    assert together[0].at == int(datetime(2006, 1, 20, 7, 1, 15, tzinfo=UTC).timestamp())
    assert together[5].rows[0].instrument == InstrumentId.of(InstrumentClass.CREDIT, 978, 2008, 77, 2)
    assert openings_of(together) == {
        ("1", InstrumentId.of(InstrumentClass.ALLOWANCE, 978, 2005)): 1040,
        ("1", InstrumentId.of(InstrumentClass.CREDIT, 978, 2008, 77, 2)): 12,
        ("4", InstrumentId.of(InstrumentClass.CREDIT, 978, 2008, 78, 2)): 8,
        ("4", InstrumentId.of(InstrumentClass.CREDIT, 978, 2008, 77, 3)): 3,
        ("1", InstrumentId.of(InstrumentClass.ALLOWANCE, 978, 2008, 0, 1)): 10**12,
        ("2", InstrumentId.of(InstrumentClass.ALLOWANCE, 978, 2008)): 1,
    }


def test_movements__of_more_rows_than_nodes_take__are_divided():
    rows = [("XX1", "2006-01-20", "1", "2", "EUA2005", "", 1)] * (MOST_ROWS + 1)
    found = movements_of(read_rows(Source("transfers.csv", transfers(rows).encode()), 978))
    assert [len(one.rows) for one in found] == [MOST_ROWS, 1]


EUA = InstrumentId.of(InstrumentClass.ALLOWANCE, 978, 2005)
CASES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 50), st.integers(0, 5)), max_size=30)


@settings(max_examples=200, deadline=None)
@given(CASES)
def test_openings__of_any_transfers__are_the_least_that_suffices(cases):
    rows = [
        Row(line, str(line), f"T{at}", at, str(sender), str(receiver), "EUA2005", EUA, tonnes)
        for line, (sender, receiver, tonnes, at) in enumerate(cases, 2)
    ]
    movements = movements_of(rows)
    least = openings_of(movements)

    def suffices(held: dict[str, int]) -> bool:
        for row in (row for movement in movements for row in movement.rows):
            if held.get(row.sender, 0) < row.tonnes:
                return False
            held[row.sender] -= row.tonnes
            held[row.receiver] = held.get(row.receiver, 0) + row.tonnes
        return True

    opened = {name: tonnes for (name, _), tonnes in least.items()}
    assert suffices(dict(opened))
    for name, tonnes in opened.items():
        assert not suffices({**opened, name: tonnes - 1})


# THROUGH THE CONTRACTS


# @requirement R-AST-3 transfers between registered accounts, by their representatives
def test_replay__made_up_register__all_moved_and_confirmed(tmp_path):
    found = replayed(transfers(MADE_UP), folder=tmp_path)
    assert agrees(found)
    content = found.as_json()
    assert content["transfers"] == {
        "rows": 12, "transactions": 9, "accepted": 12, "rejected": 0, "tonnes": 1_000_000_003_836,
    }  # fmt: skip
    assert content["by_unit_type"]["CER"] == {
        "rows": 3, "accepted": 3, "rejected": 0, "tonnes": 32, "tonnes_rejected": 0,
    }  # fmt: skip
    assert (content["accounts"], content["instruments"], content["rejected"]) == (4, 6, [])
    assert content["openings"] == {"holdings": 6, "tonnes": 1_000_000_001_064}
    assert content["holdings"] == {"compared": 14, "equal": True}
    assert content["gas"]["total"] > content["gas"]["transfers"] > 9 * 21_000
    assert content["speed"]["rows"] == 12
    with Anvil(tmp_path / "chain") as anvil:
        scheme = Scheme(Chain(anvil.url), Deployment.load(tmp_path / "deployment.json"))
        moves = [one for key, one in journal_of(tmp_path).items() if key.startswith("move ")]
        receipts = scheme.chain.receipts([one.hash for one in moves])
        assert len({receipt.sender for receipt in receipts}) == 4  # everybody signs for themselves
        assert [(r.block, r.position) for r in receipts] == sorted((r.block, r.position) for r in receipts)
        assert scheme.chain.block(receipts[-1].block).timestamp == int(datetime(2011, 1, 2, tzinfo=UTC).timestamp())
        held = {name: scheme.contract(InstrumentLedger).balance_of(at, EUA) for name, at in accounts_of(scheme).items()}
        assert held == {"1": 0, "2": 100, "3": 10, "4": 930}


def journal_of(folder: Path):
    return Journal.open(folder, bytes.fromhex(json.loads((folder / "replay.json").read_text())["replay"])).done


def accounts_of(scheme: Scheme) -> dict[str, str]:
    from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry

    registry = scheme.contract(StakeholderRegistry)
    return {str(number - 1): registry.account_of(number) for number in range(2, 6)}  # the first is the authority


def test_replay__every_row_alone__ends_the_same():
    found = replayed(transfers(MADE_UP), singly=True)
    assert agrees(found)
    assert found.as_json()["transfers"]["transactions"] == 12


OPENINGS = table(
    [
        ("1", "EUA2005", "", 1_039),  # one too few for the second transaction of three
        ("1", "CER", "77", 12),
        ("4", "CER", "78", 8),
        ("1", "AAU", "", 10**12),
        ("2", "EUA_2008", "", 1),
    ],
    ("account", "unitType_id", "project_id", "amount"),
)


# @requirement R-AST-3 what an account has not, it cannot give
def test_replay__overdrawn_rows__are_rejected_and_explained():
    found = replayed(transfers(MADE_UP), openings=OPENINGS)
    assert agrees(found)
    first, second, third, last = found.as_json()["rejected"]
    # 40 t of the remaining 39; so account 3 has too little for 930, and 4 nothing to send to itself.
    assert (first["id"], first["line"], first["transaction"], first["rows"]) == ("503", 4, "XX1", ["503"])
    assert first["error"] == "ERC1155InsufficientBalance"
    assert (first["arguments"]["balance"], first["arguments"]["needed"]) == (39, 40)
    assert first["account"] == "1"
    assert "ERC1155InsufficientBalance" in first["explanation"]
    assert (second["id"], second["arguments"]["balance"]) == ("505", 900)
    # All or nothing: 506 and 508 could have gone, but 509 could not.
    assert (third["id"], third["rows"]) == ("509", ["506", "508", "509"])
    number = InstrumentId.parse(third["instrument"]).project
    assert third["instrument"] == f"credit/978/2008/{number}/3"
    assert number >= 2**31  # a project of another registry
    assert last["id"] == "510"
    assert found.as_json()["by_unit_type"]["ERU"]["tonnes_rejected"] == 3
    assert undocumented(found.as_json()) == []


def undocumented(content: dict[str, Any]) -> list[str]:
    """Fields of the result that docs/replay.md does not have."""
    document = (ROOT / "docs" / "replay.md").read_text()
    parts = [content, content["rejected"][0], *content["by_unit_type"].values()]
    parts += [content[name] for name in ("transfers", "openings", "conservation", "holdings", "gas", "speed")]
    return sorted({name for part in parts for name in part if f"`{name}`" not in document})


def test_replay__books_that_lose_a_tonne__is_not_confirmed(monkeypatch):
    """What the comparisons are worth: they notice."""
    moving = Books.move

    def move(self: Books, sender: str | None, receiver: str, instrument: int, tonnes: int) -> None:
        moving(self, sender, receiver, instrument, tonnes - (tonnes == 930))  # type: ignore[arg-type]

    monkeypatch.setattr(Books, "move", move)
    found = replayed(transfers(MADE_UP))
    assert found.audit.ok
    assert not found.equal
    assert not found.confirmed
    content = found.as_json()
    assert content["confirmed"] is content["holdings"]["equal"] is False
    first = content["conservation"]["differences"][0]
    assert (first["instrument"], first["expected"], first["found"]) == ("allowance/978/2005/0/0", 11, 10)


def test_replay__supply_that_does_not_add_up__is_not_confirmed(monkeypatch):
    """A ledger that issued more than anybody holds: what it says of the supply is changed on its way here."""
    supplies = Books._supplies

    def more(self: Books, instruments: list[int], block: int) -> Iterable[tuple[int, int]]:
        return ((instrument, supply + 1) for instrument, supply in supplies(self, instruments, block))

    monkeypatch.setattr(Books, "_supplies", more)
    found = replayed(transfers(MADE_UP))
    assert not found.confirmed
    assert all(one.account is None and one.found == one.expected + 1 for one in found.books.differences)


def test_replay__on_a_chain_of_others__ends_the_same(chain: Chain):
    before = chain.block_number()
    found = replayed(transfers(MADE_UP), rpc=chain.url)
    assert agrees(found)
    assert found.as_json()["transfers"]["accepted"] == 12
    assert chain.block_number() > before
    chain.forget_nonces()


# THE COMMAND


def test_command__standard_input__one_document_and_nothing_else(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(transfers(MADE_UP[:2]).encode())))
    assert run(["replay", "transfers", "-", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["confirmed"] is True
    assert said.err == ""


def test_command__for_people__tells_what_was_rejected(made_up, tmp_path, capsys):
    (tmp_path / "openings.csv").write_text(OPENINGS)
    assert run(["replay", "transfers", str(made_up), "--openings", str(tmp_path / "openings.csv")]) == 0
    said = capsys.readouterr().out
    assert "Rejected: row 503 (line 4): ERC1155InsufficientBalance" in said
    assert "0 differ" in said
    assert "equals the contracts' state" in said


def test_command__on_a_terminal__tells_its_progress_there(made_up, monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert run(["replay", "transfers", str(made_up), "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["confirmed"] is True
    assert "5 accounts opened" in said.err
    assert "12 rows moved, 0 transactions rejected" in said.err


# STOPPED AND TAKEN UP


class Stopped(Exception):
    pass


def once(found: Replayed, folder: Path) -> None:
    """Everything was done once: gas and holdings are those of an undisturbed run, and no act has two lines."""
    assert agrees(found)
    assert found.as_json()["transfers"]["accepted"] == 12
    lines = [json.loads(line)["key"] for line in (folder / "done.jsonl").read_text().splitlines()]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("nth", [pytest.param(2, marks=pytest.mark.full), 7])
def test_replay__stopped_when_sent_and_not_noted__goes_on_without_doubling(nth, tmp_path, monkeypatch):
    """The worst moment: the chain has it, the journal does not."""
    landing, count = Journal.land, 0

    def land(self: Journal, landed: object) -> None:
        nonlocal count
        count += 1
        if count == nth:
            raise Stopped
        landing(self, landed)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "land", land)
        with pytest.raises(Stopped):
            replayed(transfers(MADE_UP), folder=tmp_path)
    once(replayed(transfers(MADE_UP), folder=tmp_path), tmp_path)


@pytest.mark.parametrize("nth", [pytest.param(3, marks=pytest.mark.full), 6])
def test_replay__stopped_when_signed_and_not_sent__goes_on(nth, tmp_path, monkeypatch):
    taking_off, count = Journal.take_off, 0

    def take_off(self: Journal, flying: object) -> None:
        nonlocal count
        taking_off(self, flying)  # type: ignore[arg-type]
        count += 1
        if count == nth:
            raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "take_off", take_off)
        with pytest.raises(Stopped):
            replayed(transfers(MADE_UP), folder=tmp_path)
    once(replayed(transfers(MADE_UP), folder=tmp_path), tmp_path)


def test_replay__stopped_on_a_chain_of_others__goes_on_there(tmp_path, monkeypatch, chain: Chain):
    landing, count = Journal.land, 0

    def land(self: Journal, landed: object) -> None:
        nonlocal count
        count += 1
        if count == 8:
            raise Stopped
        landing(self, landed)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "land", land)
        with pytest.raises(Stopped):
            replayed(transfers(MADE_UP), folder=tmp_path, rpc=chain.url)
    once(replayed(transfers(MADE_UP), folder=tmp_path, rpc=chain.url), tmp_path)
    assert (tmp_path / "replay.json").stat().st_mode & 0o077 == 0  # what its keys are made from


def test_replay__taken_up_when_done__sends_nothing(tmp_path):
    first = replayed(transfers(MADE_UP), folder=tmp_path)
    again = replayed(transfers(MADE_UP), folder=tmp_path)
    once(again, tmp_path)
    assert again.sent == 0
    assert again.gas == first.gas


def test_replay__whose_chain_was_lost__begins_anew(tmp_path, monkeypatch):
    """The chain's process was killed and wrote no state: what the journal says happened nowhere."""
    carrying, count = Conveyor.carry, 0

    def carry(self: Conveyor, *arguments: object) -> object:
        nonlocal count
        count += 1
        if count == 6:
            running = json.loads((tmp_path / "chain" / "running.json").read_text())
            os.kill(running["pid"], signal.SIGKILL)
        return carrying(self, *arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(Conveyor, "carry", carry)
        with pytest.raises(TransportError):
            replayed(transfers(MADE_UP), folder=tmp_path)
    once(replayed(transfers(MADE_UP), folder=tmp_path), tmp_path)


def test_command__killed_in_the_middle__goes_on_without_doubling(tmp_path):
    """By SIGKILL, which nobody can prepare for; then the same command again."""
    rows = [
        (f"XX{n}", f"2007-01-{1 + n // 60:02} 10:{n % 60:02}:00", str(n % 23), str((n + 1) % 23), "EUA2005", "", 10 + n)
        for n in range(400)
    ]
    file, folder = tmp_path / "transfers.csv", tmp_path / "kept"
    file.write_text(transfers(rows))
    command = [
        sys.executable,
        "-m",
        "carbon_sdk.cli",
        "replay",
        "transfers",
        str(file),
        "--json",
        "--folder",
        str(folder),
    ]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while running.poll() is None and not moved(folder):
            time.sleep(0.01)
    finally:
        running.kill()
        running.wait()
    assert 0 < moved(folder) < len(rows)
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["confirmed"] is True
    assert found["transfers"]["accepted"] == len(rows)
    assert 0 < found["speed"]["rows"] < len(rows)
    keys = [json.loads(line)["key"] for line in (folder / "done.jsonl").read_text().splitlines()]
    assert len(keys) == len(set(keys))


def moved(folder: Path) -> int:
    journal = folder / "done.jsonl"
    return journal.read_text().count('"move ') if journal.exists() else 0


# WHAT WAS PUBLISHED


def test_replay__first_published_transfers__all_moved_and_confirmed(published):
    found = replayed(published(500))
    assert agrees(found)
    assert found.as_json()["transfers"]["accepted"] == 500
    assert found.as_json()["accounts"] == 146


@pytest.mark.full
@pytest.mark.parametrize("singly", [False, True])
def test_replay__all_published_transfers__all_moved_and_confirmed(singly, published):
    found = replayed(published(), singly=singly)
    assert agrees(found)
    content = found.as_json()
    assert content["transfers"]["rows"] == content["transfers"]["accepted"] == 16_418
    assert content["transfers"]["tonnes"] == 5_962_790_911
    assert {name: counts["rows"] for name, counts in content["by_unit_type"].items()} == {
        "AAU": 592, "CER": 864, "ERU": 186, "EUA2005": 14_510, "EUA_2008": 266,
    }  # fmt: skip
    assert (content["accounts"], content["instruments"]) == (2_863, 467)
    assert content["speed"]["rows_per_second"] > 100


def test_movement__key__is_that_of_its_first_row():
    row = Row(7, "a", "T", 0, "1", "2", "EUA2005", EUA, 1)
    assert Movement((row,)).key == "move 7"
