"""The table of the standards' behaviours names tests that exist, and every line has one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "erc1155.md"
TESTS = ROOT / "tests" / "contracts" / "instruments"


def rows() -> list[tuple[str, str]]:
    """Behaviour and where it is shown, of the tables of behaviours."""
    found = []
    for line in PAGE.read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and cells[0] != "behaviour" and set(cells[0]) != {"-"}:
            found.append((cells[0], cells[2]))
    return found


def test_every_behaviour_is_shown_by_a_test() -> None:
    assert len(rows()) > 50
    assert [behaviour for behaviour, shown in rows() if not re.search(r"`test\w+`", shown)] == []


def test_every_test_that_is_named_exists() -> None:
    source = "\n".join(path.read_text() for path in TESTS.glob("*.t.sol"))
    written = set(re.findall(r"function (test\w+)\(", source))
    named = {name for _, shown in rows() for name in re.findall(r"`(test\w+)`", shown)}
    assert named - written == set()


def test_departures_are_explained() -> None:
    """A behaviour that we depart from stands in the table of departures too, in as many words as it needs."""
    section = PAGE.read_text().split("## Departures")[1].split("\n## ")[0]
    assert len(re.findall(r"^\| [^|]+ \| [^|]{20,} \|$", section, flags=re.MULTILINE)) >= 8
