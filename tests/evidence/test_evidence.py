"""Records: every field provable alone, nothing altered unnoticed, nobody else reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.errors import InputError
from carbon_sdk.evidence import EvidenceStore, Record, encryption_key, proves
from carbon_sdk.evidence.store import EvidenceAltered

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


def test_the_store__gives_records_to_recipients_only(tmp_path: Path) -> None:
    reader, other, stranger = LocalSigner.new(), LocalSigner.new(), LocalSigner.new()
    store = EvidenceStore(str(tmp_path / "evidence"))
    record = Record.of({"name": "Works Ltd", "statement.pdf": b"%PDF" * 1000})
    root = store.put(record, [encryption_key(reader), encryption_key(other)])
    assert store.get(root, reader).contents == record.contents
    assert store.get(root, other).proof("name").content == b"Works Ltd"
    with pytest.raises(InputError, match="not encrypted for"):
        store.get(root, stranger)
    with pytest.raises(InputError, match="no record"):
        store.get(bytes(32), reader)
    with pytest.raises(InputError, match="recipient"):
        store.put(record, [])
    with pytest.raises(InputError, match="public key"):
        store.put(record, [b"short"])
    assert b"Works Ltd" not in (tmp_path / "evidence" / f"{root.hex()}.json").read_bytes()


@pytest.mark.parametrize("place", range(0, 400, 25))
def test_the_store__altered_anywhere__does_not_give_another_record(tmp_path: Path, place: int) -> None:
    reader = LocalSigner.new()
    store = EvidenceStore(str(tmp_path))
    record = Record.of({"name": "Works Ltd"})
    root = store.put(record, [encryption_key(reader)])
    path = tmp_path / f"{root.hex()}.json"
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))
    with pytest.raises((EvidenceAltered, InputError)):
        store.get(root, reader)


def test_a_record__under_anothers_name__is_noticed(tmp_path: Path) -> None:
    reader = LocalSigner.new()
    store = EvidenceStore(str(tmp_path))
    one, two = (store.put(Record.of({"a": text}), [encryption_key(reader)]) for text in ("b", "c"))
    (tmp_path / f"{one.hex()}.json").write_bytes((tmp_path / f"{two.hex()}.json").read_bytes())
    with pytest.raises(EvidenceAltered):
        store.get(one, reader)


def test_the_store__in_memory__works_alike() -> None:
    reader = LocalSigner.new()
    store = EvidenceStore("memory://evidence")
    root = store.put(Record.of({"a": "b"}), [encryption_key(reader)])
    assert store.get(root, reader).contents == {"a": b"b"}
