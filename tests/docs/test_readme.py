"""The README's Python works as pasted."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from carbon_sdk.chain.signers import LocalSigner
from tests.docs.conftest import NODE, Market

Run = Callable[..., str]


@pytest.fixture
def readme(blocks: Callable[[str], list[str]]) -> list[str]:
    found = blocks("README.md")
    assert len(found) == 2, "Each block of the README has its test here."
    return found


def test_block__that_deploys__files_an_application(readme: list[str], run: Run) -> None:
    assert "application 1:" in run(readme[0])


def test_block__that_connects__places_an_order(readme: list[str], run: Run, market: Market) -> None:
    assert NODE in readme[1]
    said = run(readme[1], CARBON_KEY=market.company.secret().hex())
    assert "0 t bought, 100 t in the book" in said
    assert "4185" in said


def test_block__that_connects_with_a_strangers_key__says_what_to_do(readme: list[str], run: Run) -> None:
    stranger = LocalSigner.new()
    assert f"NotARepresentative(key={stranger.address})" in run(readme[1], CARBON_KEY=stranger.secret().hex())
