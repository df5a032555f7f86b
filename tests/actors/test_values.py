"""The SDK's sets of bits are the contracts'."""

import re
from enum import IntFlag
from pathlib import Path

import pytest

from carbon_sdk.actors.values import AllocationFinding, Capability, Restriction, Right

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"


@pytest.mark.parametrize(
    ("library", "mirror"), [("Rights", Right), ("Restrictions", Restriction), ("Capabilities", Capability)]
)
def test_bits__of_each_library__are_mirrored(library: str, mirror: type[IntFlag]) -> None:
    text = (CONTRACTS / "types" / "Accounts.sol").read_text()
    body = re.search(rf"library {library} \{{(.*?)\n\}}", text, re.DOTALL)
    assert body
    bits = {name: 1 << int(place) for name, place in re.findall(r"(\w+) = 1 << (\d+);", body[1])}
    assert bits
    assert {item.name: item.value for item in mirror} == bits
    assert mirror(sum(bits.values())) == ~mirror(0)


def test_findings__of_a_review__are_as_many_as_in_the_manual() -> None:
    text = (CONTRACTS / "allocation" / "IAllocator.sol").read_text()
    listed = re.search(r"FINDINGS of a review[^\n]*\n\n.*?\n\n", text, re.DOTALL)
    assert listed
    numbers = [int(number) for number in re.findall(r"// (\d+) ", listed[0])]
    assert [item.value for item in AllocationFinding] == [1 << number for number in numbers]
