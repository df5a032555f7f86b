"""The conformance matrix has a row for every requirement and says nothing that is not so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts import print_conformance as conformance


def test_matrix__as_committed__has_nothing_wrong() -> None:
    assert list(conformance.findings(*conformance.load())) == []


def test_page__is_what_the_matrix_prints() -> None:
    assert conformance.PAGE.read_text() == conformance.page(), "Run scripts/print_conformance.py --write."


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"contracts": ("OrderBook.plaice",)}, "there is no OrderBook.plaice in the contracts"),
        ({"contracts": ("OrderBooks.place",)}, "there is no OrderBooks.place in the contracts"),
        ({"sdk": ("audit.vouchers.code_off",)}, "there is no carbon_sdk.audit.vouchers.code_off"),
        ({"sdk": ("audits.vouchers.code_of",)}, "there is no carbon_sdk.audits.vouchers.code_of"),
        ({"cli": ("frobnicate",)}, "there is no `carbon frobnicate`"),
        ({"tests": ("tests/docs/test_conformance.py::test_nothing",)}, "there is no test"),
        ({"tests": ("tests/contracts/market/Matching.t.sol::test_nothing",)}, "there is no test"),
        ({"tests": ("tests/nowhere.py::test_nothing",)}, "there is no test"),
        ({"tests": ()}, "done, but it names no test"),
        ({"partly": "half of it"}, "`partly` says that something is missing"),
        ({"status": "nearly"}, "status 'nearly' is none of done, planned"),
    ],
)
def test_findings__row_that_says_what_is_not_so__named(change: dict[str, object], said: str) -> None:
    at_most, rows = conformance.load()
    at = next(n for n, row in enumerate(rows) if row.status == "done")
    rows[at] = replace(rows[at], **change)  # type: ignore[arg-type]
    assert any(line.startswith(f"{rows[at].id}: ") and said in line for line in conformance.findings(at_most, rows))


def test_findings__row_missing_or_unknown__named() -> None:
    at_most, rows = conformance.load()
    last = rows.pop()
    found = list(conformance.findings(at_most, [*rows, replace(last, id="R-NEW-1")]))
    assert f"{last.id} has no row" in found
    assert "R-NEW-1 is no requirement" in found


def test_findings__one_more_planned__named() -> None:
    at_most, rows = conformance.load()
    assert any("no longer is" in line for line in conformance.findings(at_most - 1, rows))


def test_findings__one_fewer_planned__asks_to_lower_the_number() -> None:
    at_most, rows = conformance.load()
    assert any("lower planned_at_most" in line for line in conformance.findings(at_most + 1, rows))
