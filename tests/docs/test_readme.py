"""The README's Python works as pasted."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT

Run = Callable[..., str]


KEPT = (
    "27 contracts deployed in",
    "all checks passed",
    "of the auction's part of the cap issued to the treasury",
    "equals the contracts' state",
    "is genuine, on the chain and offline",
)
"""Of lines that have a figure which a change of code may change: what must be in them."""


@pytest.fixture
def readme(blocks: Callable[[str], list[str]]) -> list[str]:
    found = blocks("README.md")
    assert len(found) == 2, "Each block of the README has its test here."
    return found


@pytest.fixture(scope="module")
def played(folder: Path) -> str:
    """What `carbon demo` printed; its record lies in the folder."""
    done = subprocess.run(
        [sys.executable, "-c", "from carbon_sdk.cli.main import main; main()", "demo"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "COLUMNS": "150"},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout + done.stderr


def test_block__after_the_demo__one_order_rests_and_one_is_refused(readme: list[str], run: Run, played: str) -> None:
    said = run(readme[0]).splitlines()
    assert said[0].startswith("0 t bought, 100 t in the book as order 1/buy/4500/")
    assert said[1].startswith("AccountRestricted(")


def test_block__that_deploys__files_an_application(readme: list[str], run: Run) -> None:
    assert "application 1:" in run(readme[1])


def test_what_the_demo_prints__as_the_readme_shows_it(played: str) -> None:
    """But for seconds, gas, the numbers of blocks, events and figures, and which voucher was tried."""
    shown = (ROOT / "README.md").read_text().partition("```text\n")[2].partition("```")[0].splitlines()
    for line in shown:
        said = line.split(" s  ", 1)[1]
        constant = next((part for part in KEPT if part in said), said)
        assert constant in played, said
