"""Evidence, told by events alone: what adds up, and what is found where one contradicts another. R-TRC-2"""

from __future__ import annotations

import pytest

from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.invariants import commitments_are_of_one_document
from carbon_sdk.identifiers import address

AT, OWNER, PARTY = (address(bytes([i]) * 20) for i in (1, 2, 3))
KEY = {"party": PARTY, "version": 1, "publicKey": b"k" * 32, "by": PARTY}
FILED = {"document": 1, "owner": OWNER, "subject": bytes(32), "office": 5, "commitment": b"1" * 32, "by": OWNER}
GRANTED = {"document": 1, "party": PARTY, "until": 100, "by": OWNER}
ASKED = {"request": 1, "document": 1, "party": PARTY, "purpose": b"p" * 32, "by": PARTY}
READ = {"document": 1, "version": 1, "party": PARTY, "by": PARTY}
Told = tuple[str, int, dict[str, object]]


def folded(*told: Told) -> Fold:
    fold = Fold({AT: "EvidenceRegistry"})
    for number, (name, time, args) in enumerate(told, 1):
        fold.apply(Event("EvidenceRegistry", name, args, AT, time, Position(number, 0, f"0x{number:064x}")))
    return fold


BEFORE: tuple[Told, ...] = (("EncryptionKeyRegistered", 1, KEY), ("DocumentFiled", 2, FILED))


def test_documents_and_grants__as_they_should_be__have_no_fault() -> None:
    fold = folded(
        *BEFORE,
        ("AccessRequested", 3, ASKED),
        ("AccessGranted", 4, GRANTED),
        ("AccessAnswered", 4, {"request": 1, "granted": True, "reasons": b"r" * 32, "by": OWNER}),
        ("DocumentRead", 99, READ),
        ("DocumentReplaced", 99, {"document": 1, "version": 2, "commitment": b"2" * 32, "by": OWNER}),
        ("AccessWithdrawn", 99, {"document": 1, "party": PARTY, "cause": b"c" * 32, "by": OWNER}),
        ("DocumentRead", 200, {**READ, "party": OWNER}),
        ("DocumentRead", 200, {**READ, "party": address(bytes(19) + b"\5")}),
    )
    assert fold.state.faults == []
    assert list(commitments_are_of_one_document(fold.state)) == []
    assert fold.state.evidence.readings[1, PARTY] == 1


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        (("EncryptionKeyRegistered", 3, {**KEY, "version": 3}), "comes after 1"),
        (("DocumentFiled", 3, {**FILED, "document": 3}), "comes after 1"),
        (("DocumentReplaced", 3, {"document": 1, "version": 3, "commitment": b"2" * 32}), "does not come next"),
        (("AccessGranted", 3, {**GRANTED, "party": OWNER}), "no encryption key"),
        (("AccessWithdrawn", 3, {"document": 1, "party": PARTY}), "had no access"),
        (("AccessRequested", 3, {**ASKED, "request": 2}), "comes after 0"),
        (("AccessAnswered", 3, {"request": 1, "granted": False}), "was not open"),
        (("DocumentRead", 3, READ), "without access"),
        (("DocumentRead", 3, {**READ, "version": 2, "party": OWNER}), "has no version"),
    ],
)
def test_an_event__that_contradicts_those_before__is_a_fault(told: Told, fault: str) -> None:
    (found,) = folded(*BEFORE, told).state.faults
    assert fault in found.what


def test_a_request__granted_without_a_grant__is_a_fault() -> None:
    answered = {"request": 1, "granted": True, "reasons": b"r" * 32, "by": OWNER}
    (found,) = folded(*BEFORE, ("AccessRequested", 3, ASKED), ("AccessAnswered", 4, answered)).state.faults
    assert "without a grant" in found.what


def test_commitments_and_keys__told_twice__break_the_invariant() -> None:
    twice = {**FILED, "document": 2}
    fold = folded(*BEFORE, ("DocumentFiled", 3, twice), ("EncryptionKeyRegistered", 3, {**KEY, "party": OWNER}))
    assert len(list(commitments_are_of_one_document(fold.state))) == 2
