from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from carbon_sdk.demo.installations import Installation, load_installations
from carbon_sdk.errors import InputError

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "schemes" / "samples" / "installations.csv"


@pytest.fixture
def edited(tmp_path: Path):
    """The sample with something replaced."""

    def edited(old: str, new: str, times: int = 1) -> Path:
        text = SAMPLE.read_text()
        assert old in text
        path = tmp_path / "installations.csv"
        path.write_text(text.replace(old, new, times))
        return path

    return edited


@pytest.fixture(scope="module")
def sample() -> tuple[Installation, ...]:
    return load_installations(SAMPLE)


def test_sample__has_real_installations_of_both_methods__that_are_long_and_short(sample):
    assert len(sample) >= 16
    assert {one.method for one in sample} == {"historical", "benchmark"}
    assert any(one.surplus > 0 for one in sample)
    assert any(one.surplus < 0 for one in sample)
    assert any(len(one.streams) == 2 for one in sample)


def test_sample__methods_applied_to_activity_data__give_the_published_emissions(sample):
    for one in sample:
        assert abs(one.emitted - one.verified * 1_000_000) < 500_000, one.name


def test_sample__formula_applied_to_levels__gives_the_published_allocation(sample):
    for one in sample:
        assert one.due == one.allocated, one.name


def test_load__figures_as_text__are_exact(sample):
    greengate = sample[0]
    assert greengate.number == "GB-1020"
    assert greengate.streams[0].data.numbers() == (46233289 * 10**15, 48 * 10**15, 561 * 10**17, 10**18, 0)
    assert greengate.level == Decimal("393634.9")
    assert greengate.inputs.factors == (82438204 * 10**10,)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (",permit,", ",licence,", 1, "column permit is missing"),
        ("allocated_tonnes\n", "allocated_tonnes,remark\n", 1, "column 'remark' is unknown"),
        (",124497,", ",-124497,", 2, "verified_tonnes -124497 is negative"),
        (",124497,", ",124497.5,", 2, "verified_tonnes 124497.5 is no whole number"),
        (",124497,", ",many,", 2, "verified_tonnes is 'many'"),
        ("46233.289", "-46233.289", 2, "activity_t -46233.289 is negative"),
        ("46233.289", "", 2, "activity_t is empty"),
        ("GB-731,", "GB-1020,", 3, "installation GB-1020 is already in line 2"),
        ("UK-W-IN-11738", "UK-E-IN-11531", 3, "permit UK-E-IN-11531 is already in line 2"),
        (",benchmark,float", ",grandfathering,float", 2, "allocation_method 'grandfathering' is unknown"),
        (",historical,,304070", ",benchmark,,304070", 8, "the benchmark method has a product"),
        (",124497,", ",124498,", 2, "the activity data give 124497 t, but verified_tonnes is 124498"),
        (",147001\n", ",147500\n", 2, "the allocation formula gives 147001 t, but allocated_tonnes is 147500"),
        (",147001\n", ",147001,7\n", 2, "more fields than the header"),
        ("0.82438204,147001\n", "0.82438204\n", 2, "fewer fields than the header"),
    ],
)
def test_load__something_wrong__is_said_with_file_and_line(edited, old, new, line, words):
    path = edited(old, new)
    with pytest.raises(InputError) as caught:
        load_installations(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_load__no_rows_or_no_file__is_an_error(tmp_path):
    path = tmp_path / "installations.csv"
    with pytest.raises(InputError, match="cannot be read"):
        load_installations(path)
    path.write_text(SAMPLE.read_text().splitlines()[0] + "\n")
    with pytest.raises(InputError, match=r":2: there is no installation"):
        load_installations(path)
