"""Obligations, surrenders and their vouchers, told by events alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.invariants import violations
from carbon_sdk.audit.state import State
from carbon_sdk.audit.vouchers import Voucher, VoucherKind
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, address, keccak
from carbon_sdk.market_data.positions import positions_of

LEDGER, OBLIGATIONS, DESK = (address(bytes([i]) * 20) for i in (1, 2, 3))
CONTRACTS: dict[Address, str] = {LEDGER: "InstrumentLedger", OBLIGATIONS: "Obligations", DESK: "ComplianceDesk"}
WORKS = address(b"\7" * 20)
UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2026)
SURRENDER = 1


class Story:
    """Events in a row; each call of `act` is one transaction."""

    def __init__(self) -> None:
        self.fold = Fold(CONTRACTS)
        self._block = 0

    def act(self, *events: tuple[Address, str, Mapping[str, Any]]) -> State:
        self._block += 1
        for i, (at, name, args) in enumerate(events):
            position = Position(self._block, i, f"0x{self._block:064x}")
            self.fold.apply(Event(CONTRACTS[at], name, args, at, 1_800_000_000 + self._block, position))
        self.fold.close_transaction()
        return self.fold.state

    def begin(self) -> State:
        cause = b"\1" * 32
        self.act(
            (OBLIGATIONS, "SchemeSet", {"scheme": {"firstYear": 2025, "currentYear": 2026, "rounding": 0}}),
            (DESK, "DeskSetUp", {"setup": {"scheme": 1, "series": 100, "utcOffset": 0}}),
            (LEDGER, "InstrumentDefined", {"instrument": UNITS, "validUntil": 0, "terms": cause}),
            (
                LEDGER,
                "UnitsIssued",
                {"instrument": UNITS, "account": WORKS, "firstSerial": 1, "quantity": 90, "cause": cause},
            ),
            (LEDGER, "TransferSingle", {"from": ZERO_ADDRESS, "to": WORKS, "id": UNITS, "value": 90}),
        )
        return self.act((OBLIGATIONS, "Enrolled", {"account": WORKS, "firstYear": 2026, "lastYear": 0}))

    def status(self, before: int, after: int) -> tuple[Address, str, Mapping[str, Any]]:
        year = self.fold.state.compliance.current_year
        return OBLIGATIONS, "StatusChanged", {"account": WORKS, "year": year, "from": before, "to": after}

    def emissions(self, tonnes: int, *, known: bool = True) -> tuple[Address, str, Mapping[str, Any]]:
        args = {"account": WORKS, "year": 2026, "tonnes": tonnes, "known": known}
        return OBLIGATIONS, "ObligationChanged", args

    def apply_to_surrender(self, number: int, tonnes: int) -> None:
        args = {"account": WORKS, "instrument": UNITS, "reason": SURRENDER, "quantity": tonnes}
        self.act(
            (
                DESK,
                "SurrenderApplied",
                {"id": number, "account": WORKS, "key": WORKS, "instruments": (UNITS,), "quantities": (tonnes,)},
            ),
            (DESK, "SurrenderExamined", {"id": number, "year": 2026, "findings": 0, "opinion": 0}),
            (LEDGER, "Encumbered", {**args, "cause": number.to_bytes(32, "big")}),
        )

    def approve(self, number: int, tonnes: int, after: int) -> State:
        state = self.fold.state
        cause = number.to_bytes(32, "big")
        series = state.vouchers.series.get((DESK, 100))
        index = len(series.vouchers) if series else 0
        at = 1_800_000_000 + self._block + 1
        leaf = Voucher(
            VoucherKind.SURRENDER, 100, index, index + 1, at, UNITS, tonnes, 0, WORKS, ZERO_ADDRESS, number
        ).leaf()
        told = state.compliance.accounts[WORKS].status
        return self.act(
            (DESK, "SurrenderApproved", {"id": number, "account": WORKS, "tonnes": tonnes}),
            (DESK, "VoucherIssued", {"series": 100, "index": index, "orderOfDay": index + 1, "leaf": leaf}),
            *([self.status(told, after)] if after != told else []),
            (
                LEDGER,
                "Released",
                {"account": WORKS, "instrument": UNITS, "reason": SURRENDER, "quantity": tonnes, "cause": cause},
            ),
            (LEDGER, "UnitsCancelled", {"instrument": UNITS, "account": WORKS, "quantity": tonnes, "cause": cause}),
            (LEDGER, "TransferSingle", {"from": WORKS, "to": ZERO_ADDRESS, "id": UNITS, "value": tonnes}),
        )


def test_year__covered_in_two_steps__status_a_and_nothing_to_find() -> None:
    story = Story()
    story.begin()
    story.act(story.emissions(50))
    story.act((OBLIGATIONS, "YearOpened", {"year": 2027}))
    assert story.fold.state.compliance.judge(WORKS) == 2
    story.apply_to_surrender(1, 30)
    story.apply_to_surrender(2, 20)
    story.approve(2, 20, after=2)
    state = story.approve(1, 30, after=1)
    assert list(violations(state)) == []
    assert state.compliance.judge(WORKS) == 1
    assert state.serials.holder_of(UNITS, 1) == ("cancelled", WORKS)
    assert [b.first for b in state.serials.blocks_of(WORKS, UNITS)] == [51]
    assert [m.act for m in state.serials.life_of(UNITS, 40)] == ["issued", "bound", "surrendered"]
    (position,) = positions_of(state, {WORKS: "Works"})
    assert (position.owed, position.surrendered, position.held, position.status) == (50, 50, 40, "A")


def test_application__rejected_while_an_older_one_waits__gives_its_own_units_back() -> None:
    story = Story()
    story.begin()
    story.apply_to_surrender(1, 10)
    story.apply_to_surrender(2, 10)
    args = {"account": WORKS, "instrument": UNITS, "reason": SURRENDER, "quantity": 10}
    state = story.act(
        (DESK, "SurrenderRejected", {"id": 2, "account": WORKS, "reason": b"\5" * 32}),
        (LEDGER, "Released", {**args, "cause": b"\5" * 32}),
    )
    assert state.serials.holder_of(UNITS, 5) == ("bound", WORKS)
    assert state.serials.holder_of(UNITS, 15) == ("held", WORKS)
    assert list(violations(state)) == []


def test_status__as_before_the_year_opened__is_not_told_again() -> None:
    story = Story()
    story.begin()
    story.act((OBLIGATIONS, "YearOpened", {"year": 2027}))  # C, and nobody was told
    state = story.act(story.emissions(0), story.status(0, 1))
    assert list(violations(state)) == []
    story.act((OBLIGATIONS, "YearOpened", {"year": 2028}))  # 2027 is missing: C
    args = {"account": WORKS, "year": 2027, "tonnes": 0, "known": True}
    state = story.act((OBLIGATIONS, "ObligationChanged", args))  # A again, as was told last
    assert list(violations(state)) == []


def test_status__a_with_a_shortfall__found() -> None:
    story = Story()
    story.begin()
    story.act((OBLIGATIONS, "YearOpened", {"year": 2027}))
    state = story.act(story.emissions(50), story.status(0, 1))
    found = dict(violations(state))
    assert "status_a_never_with_a_shortfall" in found
    assert "its figures give 2" in found["no_event_contradicts_another"]


def test_surrender__without_its_voucher__found() -> None:
    story = Story()
    story.begin()
    story.apply_to_surrender(1, 10)
    state = story.act((DESK, "SurrenderApproved", {"id": 1, "account": WORKS, "tonnes": 10}))
    found = dict(violations(state))
    assert "got no voucher" in found["no_event_contradicts_another"]
    assert "every_surrender_and_cancellation_has_a_voucher" in found
    assert "what_was_given_up_ceased_to_exist" in found


def test_cancellation__voluntary__leaf_is_recomputed_from_its_event() -> None:
    story = Story()
    story.begin()
    beneficiary, purpose = b"\1" * 32, b"\2" * 32
    cause = keccak(beneficiary + purpose + (2021).to_bytes(32, "big"))
    args = {"account": WORKS, "instrument": UNITS, "quantity": 5}
    wrong = story.act(
        (LEDGER, "UnitsCancelled", {**args, "cause": cause}),
        (LEDGER, "TransferSingle", {"from": WORKS, "to": ZERO_ADDRESS, "id": UNITS, "value": 5}),
        (DESK, "VoluntarilyCancelled", {**args, "beneficiary": beneficiary, "purpose": purpose, "year": 2021}),
        (DESK, "VoucherIssued", {"series": 100, "index": 0, "orderOfDay": 1, "leaf": b"\0" * 32}),
    )
    assert any("not the hash of its voucher" in fault.what for fault in wrong.faults)
    issued = wrong.vouchers.series[DESK, 100].vouchers[0]
    assert issued
    assert (issued.kind, issued.quantity, issued.ref) == (VoucherKind.CANCELLATION, 5, int.from_bytes(cause, "big"))


def _frozen(year: int, owed: int) -> tuple[Address, str, Mapping[str, Any]]:
    args = {"account": WORKS, "year": year, "status": 2, "emissions": owed, "surrendered": 0, "awaiting": 0}
    return OBLIGATIONS, "StatusFrozen", args


def _assessed(year: int, owed: int, counted: int = 0) -> tuple[Address, str, Mapping[str, Any]]:
    args = {"account": WORKS, "year": year, "emissions": owed, "surrendered": counted}
    return OBLIGATIONS, "YearAssessed", args


def _penalty(year: int, tonnes: int, amount: int) -> tuple[Address, str, Mapping[str, Any]]:
    return OBLIGATIONS, "PenaltyImposed", {"account": WORKS, "year": year, "shortfall": tonnes, "amount": amount}


def _with_penalties() -> Story:
    story = Story()
    story.begin()
    rules = {"penaltyPerTonne": 100, "indexNumerator": 3, "indexDenominator": 2, "surrenderDeadline": 1}
    for year in (2026, 2027):
        story.act((OBLIGATIONS, "RulesSet", {"year": year, "rules": rules}))
    story.act(_frozen(2026, 10), _frozen(2027, 30))
    return story


def test_penalties__of_two_years__each_tonne_once() -> None:
    story = _with_penalties()
    story.act(_assessed(2026, 10), _penalty(2026, 10, 1500))
    state = story.act(_assessed(2027, 30, 15), _penalty(2027, 15, 2250))
    assert list(violations(state)) == []
    assert [penalty.tonnes for penalty in state.compliance.penalties.values()] == [10, 15]


def test_penalties__for_tonnes_penalised_before__found() -> None:
    story = _with_penalties()
    story.act(_assessed(2026, 10), _penalty(2026, 10, 1500))
    state = story.act(_assessed(2027, 30), _penalty(2027, 30, 4500))
    assert (
        "is penalised for 30 t of 2027; 20 t are newly short" in dict(violations(state))["no_event_contradicts_another"]
    )


def test_penalty__of_another_amount__found() -> None:
    story = _with_penalties()
    state = story.act(_assessed(2026, 10), _penalty(2026, 10, 1501))
    assert "the rules say 1500" in dict(violations(state))["no_event_contradicts_another"]


def test_penalty__not_imposed__found() -> None:
    state = _with_penalties().act(_assessed(2026, 10))
    assert "10 t newly short in 2026" in dict(violations(state))["penalties_are_in_the_credit_record"]


def test_assessment__before_an_earlier_year__found() -> None:
    state = _with_penalties().act(_assessed(2027, 30), _penalty(2027, 30, 4500))
    assert "for 2027 before 2026" in dict(violations(state))["no_event_contradicts_another"]
