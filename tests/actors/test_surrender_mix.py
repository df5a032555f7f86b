"""The cheapest mix of units, against all mixes there are."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carbon_sdk.actors.surrender_mix import Limit, Mix, Unit, cheapest_mix
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import InstrumentClass, InstrumentId


def unit(number: int, free: int, price: int | None, kind: InstrumentClass = InstrumentClass.ALLOWANCE) -> Unit:
    return Unit(InstrumentId.of(kind, 1, 2021, 0, number), free, price)


def brute_force(tonnes: int, units: list[Unit], limits: list[Limit]) -> tuple[int, int]:
    """Of all mixes the one that covers most and, of these, costs least: tonnes, worth."""
    best = (0, 0)
    for taken in product(*(range(one.free + 1) for one in units)):
        covered = sum(taken)
        counts = {one.instrument: amount for one, amount in zip(units, taken, strict=True)}
        if covered > tonnes or any(sum(counts[one] for one in limit.members) > limit.most for limit in limits):
            continue
        worth = sum(amount * (one.price or 0) for one, amount in zip(units, taken, strict=True))
        best = min(best, (-covered, worth))
    return -best[0], best[1]


@st.composite
def holdings(draw: st.DrawFn) -> tuple[int, list[Unit], list[Limit]]:
    units = [
        unit(number, draw(st.integers(0, 4)), draw(st.integers(1, 9)), draw(st.sampled_from(kinds)))
        for number in range(1, draw(st.integers(1, 5)) + 1)
    ]
    offsets = [one.instrument for one in units if one.instrument.kind is InstrumentClass.CREDIT]
    limits = [Limit(draw(st.integers(0, 6)), frozenset(offsets), "share of credits")]
    if len(offsets) > 1:
        limits.append(Limit(draw(st.integers(0, 4)), frozenset(offsets[:1]), "share of one origin"))
    return draw(st.integers(0, 14)), units, limits


kinds = [InstrumentClass.ALLOWANCE, InstrumentClass.CREDIT]


@pytest.mark.requirement("R-CMP-2")
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the first draw imports
@given(holdings())
def test_mix__small_holdings__equals_the_best_of_all_mixes(case):
    tonnes, units, limits = case
    mix = cheapest_mix(tonnes, units, limits)
    assert (mix.tonnes, mix.worth) == brute_force(tonnes, units, limits)
    assert mix.tonnes + mix.lacking == tonnes
    taken = dict(mix.lines)
    assert all(0 < taken[one.instrument] <= one.free for one in units if one.instrument in taken)
    assert all(sum(taken.get(one, 0) for one in limit.members) <= limit.most for limit in limits)


def test_mix__unit_without_a_price__comes_last():
    mix = cheapest_mix(5, [unit(1, 3, None), unit(2, 3, 900)])
    assert mix == Mix(((unit(2, 0, 0).instrument, 3), (unit(1, 0, 0).instrument, 2)), 5, 0, 2700, 2)


def test_mix__more_lines_than_an_application_takes__is_several_applications():
    mix = cheapest_mix(40, [unit(number, 2, number) for number in range(1, 21)])
    assert [len(lines) for lines in mix.applications()] == [16, 4]


@pytest.mark.parametrize(
    ("units", "limits", "words"),
    [
        ([unit(1, 1, 1), unit(1, 2, 1)], [], "each instrument once"),
        ([unit(1, -1, 1)], [], "never below nothing"),
        ([unit(1, 1, 1)], [Limit(-1, frozenset())], "below nothing"),
        (
            [unit(1, 1, 1)],
            [
                Limit(1, frozenset({unit(1, 0, 0).instrument, unit(2, 0, 0).instrument}), "one"),
                Limit(1, frozenset({unit(2, 0, 0).instrument, unit(3, 0, 0).instrument}), "other"),
            ],
            "cut across",
        ),
    ],
)
def test_mix__input_that_cannot_be__is_refused(units, limits, words):
    with pytest.raises(InputError, match=words):
        cheapest_mix(1, units, limits)
