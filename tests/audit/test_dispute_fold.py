"""Disputes and reversed surrenders, told by events alone; what could not have happened is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.invariants import violations
from carbon_sdk.audit.state import State, Transfer
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, address

LEDGER, DESK, SURRENDERS, BANKING, REPORTS, RULES = (address(bytes([i]) * 20) for i in range(1, 7))
CONTRACTS: dict[Address, str] = {
    LEDGER: "InstrumentLedger",
    DESK: "DisputeDesk",
    SURRENDERS: "ComplianceDesk",
    BANKING: "Banking",
    REPORTS: "EmissionReports",
    RULES: "TransferRules",
}
SELLER, BUYER, THIRD, FIRST, SECOND = (address(bytes([i]) * 20) for i in (7, 8, 9, 10, 11))
UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2026)
START, DISPUTE = 1_800_000_000, 4
TERMS = {"openFor": 1000, "evidenceFor": 100, "ruleFor": 200, "appealFor": 50, "executeFor": 60}
ID = (1).to_bytes(32, "big")

Told = tuple[Address, str, Mapping[str, Any]]


class Story:
    """Events in a row; each call of `act` is one transaction at its own time. The buyer has 90 tonnes."""

    def __init__(self) -> None:
        self.fold = Fold(CONTRACTS)
        self._block = 0
        self.now = START
        cause = b"\1" * 32
        issued = {"instrument": UNITS, "account": BUYER, "firstSerial": 1, "quantity": 90, "cause": cause}
        self.act((DESK, "DisputeTermsSet", {"terms": TERMS}))
        self.act(
            (LEDGER, "InstrumentDefined", {"instrument": UNITS, "validUntil": 0, "terms": cause}),
            (LEDGER, "UnitsIssued", issued),
            (LEDGER, "TransferSingle", {"from": ZERO_ADDRESS, "to": BUYER, "id": UNITS, "value": 90}),
        )

    def act(self, *events: Told) -> State:
        self._block += 1
        for i, (at, name, args) in enumerate(events):
            position = Position(self._block, i, f"0x{self._block:064x}")
            self.fold.apply(Event(CONTRACTS[at], name, args, at, self.now, position))
        self.fold.close_transaction()
        return self.fold.state

    def opened(self, number: int = 1, frozen: int = 60) -> State:
        line = {"holder": BUYER, "frozen": frozen, "instrument": UNITS, "award": 0}
        args = {"id": number, "claimant": SELLER, "respondent": BUYER, "kind": 1, "subject": 7, "lines": (line,)}
        bound = {"account": BUYER, "instrument": UNITS, "reason": DISPUTE, "quantity": 60, "cause": ID}
        return self.act(
            (DESK, "DisputeOpened", {**args, "terms": TERMS, "statement": b"\2" * 32}), (LEDGER, "Encumbered", bound)
        )

    def ruled(self, award: int, *, by: Address = FIRST, on_appeal: bool = False, upheld: bool = True) -> State:
        until = self.now if on_appeal else self.now + TERMS["appealFor"]
        args = {"id": 1, "arbitrator": by, "onAppeal": on_appeal, "upheld": upheld, "awards": (award,), "until": until}
        return self.act((DESK, "RulingGiven", {**args, "document": b"\3" * 32}))

    def executed(self, moved: int, freed: int, to: Address = SELLER) -> State:
        sent = {"from": BUYER, "to": to, "instrument": UNITS, "reason": DISPUTE, "quantity": moved, "cause": ID}
        free = {"account": BUYER, "instrument": UNITS, "reason": DISPUTE, "quantity": freed, "cause": ID}
        return self.act(
            (DESK, "RulingExecuted", {"id": 1, "upheld": True}),
            (LEDGER, "EncumberedMoved", sent),
            (LEDGER, "TransferSingle", {"from": BUYER, "to": to, "id": UNITS, "value": moved}),
            (LEDGER, "Released", free),
        )

    def faults(self) -> str:
        return " | ".join(str(fault) for fault in self.fold.state.faults)

    def found(self) -> str:
        return " | ".join(said for _, said in violations(self.fold.state))


# @requirement R-TRD-12
def test_a_dispute__appealed_and_executed__is_sound() -> None:
    story = Story()
    story.opened()
    story.act((DESK, "EvidenceSubmitted", {"id": 1, "party": BUYER, "key": BUYER, "evidence": ID}))
    story.now += 101
    story.ruled(0, upheld=False)
    story.act((DESK, "RulingAppealed", {"id": 1, "party": SELLER, "grounds": ID, "until": story.now + 200}))
    story.ruled(40, by=SECOND, on_appeal=True)
    state = story.executed(40, 20)
    assert not story.faults()
    assert not story.found()
    assert (state.disputes.disputes[1].state, state.disputes.disputes[1].evidence) == (5, 3)


# @requirement R-TRD-12
def test_a_dispute__ended__frees_all() -> None:
    story = Story()
    story.opened()
    free = {"account": BUYER, "instrument": UNITS, "reason": DISPUTE, "quantity": 60, "cause": ID}
    story.act((DESK, "DisputeEnded", {"id": 1, "state": 6}), (LEDGER, "Released", free))
    assert not story.faults()
    assert not story.found()


@pytest.mark.parametrize(
    ("award", "moved", "to", "said"),
    [(40, 30, SELLER, "the ledger moved"), (40, 40, THIRD, "the ledger moved"), (70, 60, SELLER, "70 are awarded")],
)
def test_a_ruling__that_moves_something_else__is_found(award: int, moved: int, to: Address, said: str) -> None:
    story = Story()
    story.opened()
    story.now += 101
    story.ruled(award)
    story.now += 51
    story.executed(moved, 60 - moved, to)
    assert said in story.faults() + story.found()


def test_what_could_not_have_been__is_found() -> None:
    story = Story()
    story.opened(frozen=50)
    assert "disputed 50" in story.found()
    story.act((DESK, "EvidenceSubmitted", {"id": 1, "party": THIRD, "key": THIRD, "evidence": ID}))
    story.opened(2)
    story.ruled(10)
    story.executed(10, 40)
    story.act((DESK, "DisputedUnitsTaken", {"id": 2, "act": 9, "instrument": UNITS, "quantity": 1}))
    story.act((DESK, "RulingGiven", {**_ruling(), "id": 5}))
    faults = story.faults()
    for said in (
        "is no party",
        "disputed already",
        "out of its time",
        "before it stands",
        "no act 9",
        "unknown or over",
    ):
        assert said in faults, said


# @requirement R-TRD-12
def test_a_trade__disputed_by_each_side__is_sound() -> None:
    story = Story()
    args = {"kind": 1, "subject": 7, "lines": (), "terms": TERMS, "statement": ID}
    story.act((DESK, "DisputeOpened", {**args, "id": 1, "claimant": SELLER, "respondent": BUYER}))
    story.act((DESK, "DisputeOpened", {**args, "id": 2, "claimant": BUYER, "respondent": SELLER}))
    assert not story.faults()
    story.act((DESK, "DisputeEnded", {"id": 2, "state": 6}))
    story.act((DESK, "DisputeOpened", {**args, "id": 3, "claimant": BUYER, "respondent": SELLER}))
    assert "dispute 3 is about what is disputed already" in story.faults()


# @requirement R-TRD-12
@pytest.mark.parametrize("reopened", [True, False])
def test_a_figure__disputed_again__only_where_it_was_reopened(reopened: bool) -> None:
    story = Story()
    args = {"kind": 3, "subject": 9 << 16 | 2026, "lines": (), "terms": TERMS, "statement": ID}
    parties = {"claimant": BUYER, "respondent": ZERO_ADDRESS}
    story.act((DESK, "DisputeOpened", {**args, **parties, "id": 1}))
    if reopened:
        figure = {"installation": 9, "year": 2026, "account": BUYER, "grams": 0, "cause": ID}
        story.act((REPORTS, "EmissionsReopened", figure))
    story.act((DESK, "DisputeOpened", {**args, **parties, "id": 2}))
    assert ("disputed already" in story.faults()) is not reopened


# @requirement R-TRD-12
@pytest.mark.parametrize(
    ("state", "upheld", "bars"), [(1, False, True), (5, True, True), (5, False, False), (7, True, False)]
)
def test_a_transfer__reversed_and_disputed__is_found(state: int, upheld: bool, bars: bool) -> None:
    story = Story()
    args = {"id": 1, "kind": 2, "subject": 7, "claimant": SELLER, "respondent": BUYER, "lines": ()}
    story.act((DESK, "DisputeOpened", {**args, "terms": TERMS, "statement": ID}))
    one = story.fold.state.disputes.disputes[1]
    one.state, one.upheld = state, upheld
    story.fold.state.transfers.transfers[7] = Transfer(SELLER, BUYER, state=3, closed_at=story.now)
    story.act((RULES, "TransferReversed", {"id": 7, "cause": ID}))
    assert ("transfer 7 is reversed, and disputed in 1" in story.faults()) is bars


def test_an_appeal__decided_by_who_ruled_first__is_found() -> None:
    story = Story()
    story.opened()
    story.now += 101
    story.ruled(10)
    story.act((DESK, "RulingAppealed", {"id": 1, "party": SELLER, "grounds": ID, "until": story.now + 200}))
    story.ruled(20, on_appeal=True)
    assert "by who ruled first" in story.faults()


# @requirement R-CMP-1
@pytest.mark.parametrize(("quantity", "sound"), [(30, True), (31, False)])
def test_a_reversal__issues_what_was_cancelled(quantity: int, sound: bool) -> None:
    story = Story()
    story.act((SURRENDERS, "ReversalWindowSet", {"reversibleFor": 10}))
    story.act(
        (
            SURRENDERS,
            "SurrenderApplied",
            {"id": 1, "account": BUYER, "key": BUYER, "instruments": (UNITS,), "quantities": (30,)},
        )
    )
    story.fold.state.compliance.surrenders[1].state = 2
    story.now += 11
    story.act(
        (SURRENDERS, "SurrenderReversed", {"id": 1, "account": BUYER, "tonnes": 30, "cause": b"\5" * 32}),
        (BANKING, "UnitsReissued", {"application": 1, "account": BUYER, "instrument": UNITS, "quantity": quantity}),
    )
    assert "after the window" in story.faults()
    assert ("to be issued anew" not in story.found()) is sound


def _ruling() -> dict[str, Any]:
    return {"arbitrator": FIRST, "onAppeal": False, "upheld": True, "awards": (1,), "until": 0, "document": ID}
