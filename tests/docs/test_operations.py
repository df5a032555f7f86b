"""The operation manual's Python does what the manual says."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carbon_sdk.deployment.permissions import Role
from tests.docs.conftest import Market

Run = Callable[..., str]


@pytest.fixture
def manual(blocks: Callable[[str], list[str]]) -> list[str]:
    found = blocks("docs/operations.md")
    assert len(found) == 3, "Each block of the manual has its test here."
    return found


def test_checks__of_a_fresh_deployment__find_nothing(manual: list[str], run: Run) -> None:
    assert run(manual[0]).strip() == "as it should be"


def test_upgrade__and_the_way_back(manual: list[str], run: Run, market: Market) -> None:
    keys = {
        "CARBON_UPGRADER": market.officers[Role.UPGRADER].secret().hex(),
        "CARBON_ROLLBACK": market.officers[Role.ROLLBACK].secret().hex(),
    }
    said = run(manual[1], BROKEN="yes", **keys).splitlines()
    assert said[0].startswith("upgraded; the way back leads to 0x")
    assert said[1] == "rolled back; the way back leads to None"
    assert run(manual[0]).strip() == "as it should be"


def test_audit__of_what_happened__is_ok(manual: list[str], run: Run) -> None:
    assert "equals the contracts' state" in run(manual[2])
