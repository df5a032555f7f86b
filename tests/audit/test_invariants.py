"""The list of invariants: each has a number of its own, and none is forgotten."""

from __future__ import annotations

import inspect
import re

from carbon_sdk.audit import invariants


def test_invariants__all_of_them__are_tried_and_numbered_once() -> None:
    told = {
        one
        for name, one in inspect.getmembers(invariants, inspect.isfunction)
        if one.__module__ == invariants.__name__ and (one.__doc__ or "").startswith("INV-")
    }
    assert set(invariants.ALL) == told
    assert len(invariants.ALL) == len(told)
    numbers = [int(re.match(r"INV-(\d+): ", one.__doc__ or "")[1]) for one in told]  # type: ignore[index]
    assert sorted(numbers) == list(range(1, len(told) + 1))
