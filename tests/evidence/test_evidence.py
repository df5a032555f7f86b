"""Records: every field provable alone, nothing altered unnoticed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sdk.errors import InputError
from carbon_sdk.evidence import Record, proves

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
FIELDS = st.dictionaries(NAMES, st.binary(max_size=40), min_size=1, max_size=12)


@given(FIELDS)
def test_a_record__of_any_fields__proves_each_and_survives_storing(fields: dict[str, bytes]) -> None:
    record = Record.of(fields)
    for name in fields:
        proof = record.proof(name)
        assert proves(proof, record.root)
        assert not proves(replace(proof, content=proof.content + b"x"), record.root)
        assert not proves(replace(proof, name=proof.name + "x"), record.root)
        assert not proves(replace(proof, salt=bytes(32)), record.root)
    assert Record.from_bytes(record.as_bytes()).root == record.root
    assert Record(dict(reversed(record.contents.items())), record.salts).root == record.root


@given(FIELDS, FIELDS)
def test_a_proof__of_another_record__proves_nothing(one: dict[str, bytes], other: dict[str, bytes]) -> None:
    first, second = Record.of(one), Record.of(other)
    for name in one:
        assert not proves(first.proof(name), second.root)


def test_a_record__twice_of_the_same_fields__has_two_commitments() -> None:
    assert Record.of({"a": "b"}).root != Record.of({"a": "b"}).root


@pytest.mark.parametrize("bad", [b"", b"[]", b"{}", b'{"format":"x","fields":{}}', b'{"format":"carbon-record/1"}'])
def test_bytes__that_are_no_record__are_refused(bad: bytes) -> None:
    with pytest.raises(InputError):
        Record.from_bytes(bad)


def test_a_record__without_fields_or_names__is_refused() -> None:
    for bad in ({}, {"": "a"}, {"a\0": "b"}):
        with pytest.raises(InputError):
            Record.of(bad)
    with pytest.raises(InputError, match="no field"):
        Record.of({"a": "b"}).proof("c")
    with pytest.raises(InputError, match="salt"):
        Record({"a": b""}, {"a": b"short"})
