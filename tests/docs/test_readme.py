"""The README's Python works as pasted."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.conftest import ROOT

Run = Callable[..., str]


CHANGING = re.compile(
    r"(?<=steps and )[\d,]+(?= gas)"
    r"|(?<=replay of )[\d,]+(?= events)"
    r"|(?<=at block )\d+"
    r"|[\d,]+(?= figures compared)"
    r"|(?<=vouchers written; )\S+"
)
"""Figures that many a change of code changes; all others are the README's to tell."""


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
    said = {CHANGING.sub("#", " ".join(line.split())) for line in played.splitlines()}
    said = {line.split(" s ", 1)[1] for line in said if " s " in line}
    for line in shown:
        assert CHANGING.sub("#", line.split(" s  ", 1)[1]) in said
