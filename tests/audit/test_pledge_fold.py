"""Pledges and acts of the authority, told by events alone; what could not have happened is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.invariants import violations
from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, address

LEDGER, BOOK, DESK = (address(bytes([i]) * 20) for i in (1, 2, 3))
CONTRACTS: dict[Address, str] = {LEDGER: "InstrumentLedger", BOOK: "PledgeBook", DESK: "AuthorityDesk"}
WORKS, BANK, THIRD, OFFICER, SECOND = (address(bytes([i]) * 20) for i in (7, 8, 9, 10, 11))
UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2026)
START, DUE, NOTICE = 1_800_000_000, 1_800_001_000, 500
PLEDGE, TRANSFER, REVERSAL = 3, 2, 3

Told = tuple[Address, str, Mapping[str, Any]]


class Story:
    """Events in a row; each call of `act` is one transaction at its own time."""

    def __init__(self) -> None:
        self.fold = Fold(CONTRACTS)
        self._block = 0
        self.now = START
        self.act((BOOK, "LeastNoticeSet", {"seconds_": NOTICE}))
        rules = {"fromUnits": 50, "fromMoney": 50, "period": 100, "reversibleFor": 1000}
        self.act((DESK, "SecondOfficerRulesSet", {"rules": rules}))
        cause = b"\1" * 32
        issued = {"instrument": UNITS, "account": WORKS, "firstSerial": 1, "quantity": 90, "cause": cause}
        self.act(
            (LEDGER, "InstrumentDefined", {"instrument": UNITS, "validUntil": 0, "terms": cause}),
            (LEDGER, "UnitsIssued", issued),
            (LEDGER, "TransferSingle", {"from": ZERO_ADDRESS, "to": WORKS, "id": UNITS, "value": 90}),
        )

    def act(self, *events: Told) -> State:
        self._block += 1
        for i, (at, name, args) in enumerate(events):
            position = Position(self._block, i, f"0x{self._block:064x}")
            self.fold.apply(Event(CONTRACTS[at], name, args, at, self.now, position))
        self.fold.close_transaction()
        return self.fold.state

    def bound(self, name: str, quantity: int, **more: Any) -> Told:
        args = {"account": WORKS, "instrument": UNITS, "reason": PLEDGE, "quantity": quantity}
        return LEDGER, name, {**args, "cause": (1).to_bytes(32, "big"), **more}

    def pledge(self, quantity: int = 60) -> None:
        terms = {
            "pledgee": BANK,
            "receiver": THIRD,
            "due": DUE,
            "noticePeriod": NOTICE,
            "offerUntil": 0,
            "agreement": b"\2" * 32,
        }
        self.act(
            (
                BOOK,
                "PledgeOffered",
                {"id": 1, "pledgor": WORKS, "pledgee": BANK, "terms": terms, "units": units(quantity)},
            ),
            self.bound("Encumbered", quantity),
        )
        self.act((BOOK, "PledgeAccepted", {"id": 1}))

    def foreclose(self, quantity: int, receiver: Address = THIRD) -> State:
        moved = {"from": WORKS, "to": receiver, "instrument": UNITS, "reason": PLEDGE, "quantity": quantity}
        return self.act(
            (BOOK, "PledgeForeclosed", {"id": 1, "receiver": receiver, "units": units(quantity)}),
            (LEDGER, "EncumberedMoved", {**moved, "cause": (1).to_bytes(32, "big")}),
            (LEDGER, "TransferSingle", {"from": WORKS, "to": receiver, "id": UNITS, "value": quantity}),
        )

    def ordered(self, number: int, quantity: int, **more: Any) -> Told:
        args = {
            "id": number,
            "from": WORKS,
            "to": THIRD,
            "kind": TRANSFER,
            "instrument": UNITS,
            "quantity": quantity,
            "replaced": 0,
            "reverses": 0,
            "officer": OFFICER,
            "confirmBy": 0,
            "bindings": (),
            "warrant": {"cause": b"\3" * 32, "document": b"\4" * 32, "reason": "why"},
        }
        return DESK, "ActOrdered", {**args, **more}

    def done(self, number: int, by: Address = ZERO_ADDRESS) -> Told:
        return DESK, "ActDone", {"id": number, "confirmedBy": by}

    def forced(self, quantity: int, source: Address = WORKS, target: Address = THIRD) -> tuple[Told, Told]:
        moved = {"from": source, "to": target}
        return (
            (LEDGER, "TransferSingle", {**moved, "id": UNITS, "value": quantity}),
            (LEDGER, "ForcedTransfer", {**moved, "tokenId": UNITS, "amount": quantity}),
        )

    def found(self) -> list[str]:
        return [said for _, said in violations(self.fold.state)]


def units(quantity: int) -> tuple[dict[str, int], ...]:
    return ({"instrument": UNITS, "quantity": quantity},)


def test_a_pledge__foreclosed_in_time__moves_its_own_serials() -> None:
    story = Story()
    story.pledge()
    story.now = DUE + 1
    story.act((BOOK, "NoticeGiven", {"id": 1, "foreclosureFrom": DUE + 1 + NOTICE}))
    story.now += NOTICE
    state = story.foreclose(20)
    state = story.act(
        (BOOK, "PledgeReleased", {"id": 1, "units": units(40)}),
        (BOOK, "PledgeClosed", {"id": 1, "state": 6}),
        story.bound("Released", 40),
    )
    assert story.found() == []
    assert state.serials.holder_of(UNITS, 20) == ("held", THIRD)
    assert state.serials.holder_of(UNITS, 21) == ("held", WORKS)
    assert [item.act for item in state.serials.life_of(UNITS, 30)] == ["issued", "bound", "released"]


def test_foreclosure__before_the_notice_is_over_or_to_another__is_a_fault() -> None:
    story = Story()
    story.pledge()
    story.act((BOOK, "NoticeGiven", {"id": 1, "foreclosureFrom": 0}))
    story.foreclose(20, BANK)
    found = " ".join(story.found())
    assert "which is due at" in found
    assert "not to" in found
    assert "before its notice was over" in found


def test_an_exchange__accepted__changes_the_lines() -> None:
    story = Story()
    story.pledge()
    proposed = {"id": 1, "number": 1, "removed": units(60), "added": units(10)}
    story.act((BOOK, "ExchangeProposed", proposed), story.bound("Encumbered", 10))
    assert story.found() == []
    ended = (BOOK, "ExchangeEnded", {"id": 1, "number": 1, "accepted": True})
    story.act(ended, story.bound("Released", 60))
    assert story.found() == []
    assert story.fold.state.pledges.pledges[1].lines.rows == [(UNITS, 10)]


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ((BOOK, "PledgeAccepted", {"id": 2}), "unknown or over"),
        ((BOOK, "PledgeToppedUp", {"id": 1, "units": units(5)}), "pledged 65"),
        ((BOOK, "PledgeReleased", {"id": 1, "units": units(61)}), "has not so many"),
        ((BOOK, "PledgeClosed", {"id": 1, "state": 6}), "is closed with 1 lines"),
        ((BOOK, "ExchangeEnded", {"id": 1, "number": 1, "accepted": True}), "was not open"),
        ((BOOK, "ExchangeProposed", {"id": 1, "number": 7, "removed": (), "added": ()}), "out of turn"),
        ((BOOK, "PledgeTaken", {"id": 1, "act": 4, "instrument": UNITS, "quantity": 1}), "no act 4"),
        (
            (
                BOOK,
                "PledgeAmended",
                {"id": 1, "amendment": {"receiver": BANK, "due": DUE - 1, "agreement": b"\2" * 32}},
            ),
            "without a proposal",
        ),
    ],
)
def test_a_pledges_event__that_could_not_be__is_found(event: Told, words: str) -> None:
    story = Story()
    story.pledge()
    story.act(event)
    assert words in " ".join(story.found())


def test_a_forced_transfer__by_two_officers_and_reversed__is_all_right() -> None:
    story = Story()
    story.act(story.ordered(1, 60, confirmBy=START + 100))
    story.act(story.done(1, SECOND), *story.forced(60))
    back = {"kind": REVERSAL, "from": THIRD, "to": WORKS, "reverses": 1, "confirmBy": START + 100}
    story.act(story.ordered(2, 60, **back))
    state = story.act(story.done(2, SECOND), *story.forced(60, THIRD, WORKS))
    assert story.found() == []
    assert state.acts.acts[1].reversed_by == 2
    assert [item.act for item in state.serials.life_of(UNITS, 1)] == ["issued", "forced", "forced"]
    story.now += 1001
    story.act(story.ordered(3, 60, **back))
    assert "could not be reversed any more" in " ".join(story.found())
    story.act(story.done(3, SECOND), *story.forced(0, THIRD, WORKS))
    assert "reversed before" in " ".join(story.found())


def test_small_acts__of_one_officer__add_up_for_the_auditor_too() -> None:
    story = Story()
    for number in (1, 2):
        story.act(story.ordered(number, 20), story.done(number), *story.forced(20))
    assert story.found() == []
    story.act(story.ordered(3, 20), story.done(3), *story.forced(20))
    assert "needs a second officer" in " ".join(story.found())


@pytest.mark.parametrize(
    ("events", "words"),
    [
        (lambda s: s.forced(5), "1 forced transfers, 0 acts"),
        (lambda s: (s.ordered(1, 70), s.done(1), *s.forced(70)), "needs a second officer"),
        (lambda s: (s.ordered(1, 7, confirmBy=START + 100),), "without need"),
        (lambda s: (s.ordered(1, 70, confirmBy=START + 1), s.done(1, OFFICER), *s.forced(70)), "another officer"),
        (lambda s: (s.ordered(1, 70, confirmBy=START - 1), s.done(1, SECOND), *s.forced(70)), "another officer"),
        (lambda s: (s.done(1),), "was not open"),
        (lambda s: (s.ordered(5, 7),), "follows act 0"),
        (lambda s: (s.ordered(1, 7, kind=1, replaced=3),), "to have been frozen"),
    ],
)
def test_an_act__that_could_not_be__is_found(events: Any, words: str) -> None:
    story = Story()
    story.act(*events(story))
    assert words in " ".join(story.found())
