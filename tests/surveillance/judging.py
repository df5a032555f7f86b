"""What a scan found of what was planted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from carbon_sdk.identifiers import Address
from carbon_sdk.surveillance import EarlyWarning
from tests.surveillance.floor import Case


@dataclass(frozen=True)
class Judged:
    """Cases that a warning of their kind names; warnings of another kind of planted cases; false alarms."""

    planted: int
    found: tuple[Case, ...]
    further: tuple[EarlyWarning, ...]
    false: tuple[EarlyWarning, ...]

    @property
    def precision(self) -> int:
        """Of warnings that name a case, or nobody's: those that name one, in per cent."""
        return len(self.found) * 100 // max(len(self.found) + len(self.false), 1)

    @property
    def recall(self) -> int:
        """In per cent."""
        return len(self.found) * 100 // self.planted

    def __str__(self) -> str:
        kinds = Counter(case.kind.value for case in self.found)
        return (
            f"{len(self.found)} of {self.planted} cases found ({dict(sorted(kinds.items()))}), {len(self.false)} false "
            f"alarms, {len(self.further)} further warnings of planted cases; precision {self.precision} %, "
            f"recall {self.recall} %"
        )


def judge(cases: Sequence[Case], warnings: Iterable[EarlyWarning], names: Mapping[Address, str]) -> Judged:
    """A case is found by a warning of its kind, at its time, at least half of whose accounts are the case's.

    A warning of another kind that fits a case so is neither a find nor a false alarm: who corners a market moves
    closing prices, too.
    """
    found: dict[int, Case] = {}
    further, false = [], []
    for one in warnings:
        accused = {names[account] for account in one.accounts}
        fitting = [
            case
            for case in cases
            if 2 * len(accused & set(case.accounts)) >= len(accused)
            and one.since <= case.until
            and one.until >= case.since
        ]
        same = [case for case in fitting if case.kind is one.kind]
        found |= {id(case): case for case in same}
        if not fitting:
            false.append(one)
        elif not same:
            further.append(one)
    return Judged(len(cases), tuple(found.values()), tuple(further), tuple(false))
