"""Transfers of a made-up register, and the published ones where they lie beside the repository."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAD = (
    "id",
    "transactionID",
    "date",
    "transactionTypeMain_id",
    "transferringAccount_id",
    "acquiringAccount_id",
    "unitType_id",
    "project_id",
    "amount",
)
Cells = tuple[str, str, str, str, str, str, int]

# transaction, date, from, to, type, project, tonnes
MADE_UP: tuple[Cells, ...] = (
    ("XX1", "2006-01-20 07:01:15.731", "1.0", "2.0", "EUA2005", "", 500),
    ("XX1", "2006-01-20 07:01:15.731", "1.0", "2.0", "EUA2005", "", 500),
    ("XX1", "2006-01-20 07:01:15.731", "1.0", "3.0", "EUA2005", "", 40),
    # Within a second, and in one block: passed on at once, twice.
    ("XX2", "2006-01-20 07:01:15.800", "2.0", "3.0", "EUA2005", "", 900),
    ("XX3", "2006-01-20 07:01:15.900", "3.0", "4.0", "EUA2005", "", 930),
    # The file is not in the order of dates.
    ("XX5", "2009-05-04 12:00:00", "4.0", "1.0", "CER", "77.0", 12),
    ("XX4", "2008-05-04 12:00:00", "1.0", "4.0", "CER", "77.0", 12),
    ("XX5", "2009-05-04 12:00:00", "4.0", "1.0", "CER", "78.0", 8),
    ("XX5", "2009-05-04 12:00:00", "4.0", "1.0", "ERU", "77.0", 3),
    ("XX6", "2010-01-01", "4.0", "4.0", "EUA2005", "", 930),  # to itself
    ("XX7", "2011-01-01", "1.0", "2.0", "AAU", "", 1_000_000_000_000),
    ("XX8", "2011-01-02", "2.0", "1.0", "EUA_2008", "", 1),
)


def table(rows: Sequence[Sequence[object]], head: Sequence[str] = HEAD) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def transfers(rows: Sequence[Cells]) -> str:
    """A CSV as the register publishes it."""
    return table(
        [
            (number, transaction, date, 10, sender, receiver, kind, project, tonnes)
            for number, (transaction, date, sender, receiver, kind, project, tonnes) in enumerate(rows, 501)
        ]
    )


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    file = tmp_path / "transfers.csv"
    file.write_text(transfers(MADE_UP))
    return file


@pytest.fixture(scope="session")
def published() -> Callable[[int | None], bytes]:
    """The published transfers, or the first of them; the test is skipped where they are not at hand."""
    name = Path("shared") / "data" / "eu-ets" / "transfer_blocks_2005_2012.zip"
    file = next((folder / name for folder in ROOT.parents if (folder / name).is_file()), None)

    def rows(most: int | None = None) -> bytes:
        if file is None:
            pytest.skip("the published transfers are not beside the repository")
        with zipfile.ZipFile(file) as archive:
            content = archive.read(archive.namelist()[0])
        return content if most is None else b"".join(content.splitlines(keepends=True)[: most + 1])

    return rows
