from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sdk.errors import FloatRefused, InputError
from carbon_sdk.units import (
    decimal_of,
    format_grams,
    format_money,
    format_tonnes,
    grams_from_tonnes,
    money,
    ticks,
    tonnes,
)


@pytest.mark.parametrize(("given_", "whole"), [(5, 5), ("1_250", 1250), (Decimal("7.000"), 7), ("1e3", 1000), ("0", 0)])
def test_tonnes__whole_in_any_form__accepted(given_, whole):
    assert tonnes(given_) == whole


@pytest.mark.parametrize(
    "bad", ["1.5", Decimal("0.1"), -1, "-3", "ten", "NaN", "Infinity", "", True, None, [], "1e99", "1e-99999"]
)
def test_tonnes__not_a_whole_quantity__refused(bad):
    with pytest.raises(InputError):
        tonnes(bad)


@pytest.mark.parametrize("bad", [1.0, 0.5, float("nan")])
def test_quantity__float__refused_as_such(bad):
    for parse in (tonnes, grams_from_tonnes, money):
        with pytest.raises(FloatRefused, match="Decimal"):
            parse(bad)


def test_money__more_decimals_than_the_currency__refused():
    assert money("12.34") == 1234
    assert money(Decimal("0.5")) == 50
    assert money(7, 0) == 7
    with pytest.raises(InputError, match="2 decimals"):
        money("12.345")


def test_ticks__off_the_grid__refused():
    assert ticks("41.85", 5) == 837
    with pytest.raises(InputError, match=r"0\.05"):
        ticks("41.86", 5)


def test_formats():
    assert format_tonnes(1234567) == "1,234,567 t"
    assert format_grams(grams_from_tonnes("12345.678")) == "12,345.678 t"
    assert format_money(123456, 2, "GBP") == "1,234.56 GBP"
    assert format_money(-5) == "-0.05"
    assert format_money(5, 0) == "5"


@given(st.integers(0, 2**256 - 1), st.integers(0, 18))
def test_decimal__there_and_back__same(value, decimals):
    from carbon_sdk.units import scaled

    if value < 10**30:
        assert scaled(decimal_of(value, decimals), decimals) == value
