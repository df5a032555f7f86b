"""Projects, offers and origins told by events alone: what must be true is, and what is not is named."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.invariants import violations
from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, address

LEDGER, PROJECTS, OFFERS, ORIGINS = (address(bytes([i]) * 20) for i in (1, 2, 3, 4))
CONTRACTS: dict[Address, str] = {
    LEDGER: "InstrumentLedger",
    PROJECTS: "CreditProjects",
    OFFERS: "CreditOffers",
    ORIGINS: "OriginRegister",
}
FORESTER, BODY, WORKS, POOL = (address(bytes([i]) * 20) for i in (5, 6, 7, 8))
UNIT = InstrumentId.of(InstrumentClass.CREDIT, 1, 2021, 1)
FOREIGN = InstrumentId.of(InstrumentClass.CREDIT, 1, 2021, 1 << 31)
WORD = b"\1" * 32
LISTING, BUFFER, EXPORT = 6, 9, 10
Told = tuple[Address, str, Mapping[str, Any]]


class Story:
    """Events in a row; each call of `act` is one transaction."""

    def __init__(self) -> None:
        self.fold = Fold(CONTRACTS)
        self._block = 0

    @property
    def state(self) -> State:
        return self.fold.state

    def act(self, *events: Told) -> None:
        self._block += 1
        for i, (at, name, args) in enumerate(events):
            position = Position(self._block, i, f"0x{self._block:064x}")
            self.fold.apply(Event(CONTRACTS[at], name, args, at, 1_800_000_000 + self._block, position))
        self.fold.close_transaction()

    def found(self) -> set[str]:
        """Names of the invariants that do not hold."""
        return {name for name, _ in violations(self.state)}


def units(instrument: int, account: Address, first: int, quantity: int) -> list[Told]:
    args = {"instrument": instrument, "account": account, "firstSerial": first, "quantity": quantity, "cause": WORD}
    move = {"from": ZERO_ADDRESS, "to": account, "id": instrument, "value": quantity}
    return [(LEDGER, "UnitsIssued", args), (LEDGER, "TransferSingle", move)]


def bound(account: Address, instrument: int, reason: int, quantity: int, name: str = "Encumbered") -> Told:
    args = {"account": account, "instrument": instrument, "reason": reason, "quantity": quantity, "cause": WORD}
    return LEDGER, name, args


@pytest.fixture
def story() -> Story:
    """A project with 100 t verified: 90 to the proponent, 10 in the buffer."""
    story = Story()
    for instrument in (UNIT, FOREIGN):
        story.act((LEDGER, "InstrumentDefined", {"instrument": instrument, "validUntil": 0, "terms": WORD}))
    design = {"document": WORD, "methodology": WORD, "region": 0, "scope": 14, "removal": True, "reversible": True}
    crediting = {"firstDay": 10, "lastDay": 900, "renewals": 0, "bufferShare": 1000, "liableUntil": 2_000_000_000}
    story.act(
        (PROJECTS, "BodyAccredited", {"body": BODY, "scopes": 1 << 14, "from": 0, "until": 2**40, "document": WORD}),
        (PROJECTS, "ProjectListed", {"project": 1, "proponent": FORESTER, "design": design}),
        (PROJECTS, "BodyEngaged", {"project": 1, "body": BODY}),
        (PROJECTS, "ProjectValidated", {"project": 1, "body": BODY, "favourable": True, "statement": WORD}),
        (
            PROJECTS,
            "ProjectRegistered",
            {"project": 1, "crediting": crediting, "bufferAccount": POOL, "decision": WORD},
        ),
    )
    story.act(reported(1, 10, 20), verified(1, 100))
    story.act(
        issued(1, 100, 10),
        *units(UNIT, FORESTER, 1, 90),
        *units(UNIT, POOL, 91, 10),
        bound(POOL, UNIT, BUFFER, 10),
    )
    assert story.found() == set()
    return story


def reported(report: int, first: int, last: int) -> Told:
    args = {"project": 1, "report": report, "firstDay": first, "lastDay": last, "claimed": 100, "document": WORD}
    return PROJECTS, "MonitoringReported", args


def verified(report: int, tonnes: int, body: Address = BODY, reason: bytes = bytes(32)) -> Told:
    args = {"project": 1, "report": report, "body": body, "verified": tonnes, "reason": reason, "statement": WORD}
    return PROJECTS, "ReductionsVerified", args


def issued(report: int, quantity: int, buffered: int) -> Told:
    args = {"project": 1, "report": report, "instrument": UNIT, "quantity": quantity, "buffered": buffered}
    return PROJECTS, "CreditsIssued", args


def faults(story: Story) -> str:
    return " ".join(fault.what for fault in story.state.faults)


def test_issue__of_more_than_was_verified__is_found(story: Story) -> None:
    story.act(reported(2, 21, 30), verified(2, 50))
    story.act(issued(2, 60, 6), *units(UNIT, FORESTER, 101, 54), *units(UNIT, POOL, 155, 6), bound(POOL, UNIT, 9, 6))
    assert story.found() == {"credits_are_what_was_verified"}


def test_units__that_no_report_is_behind__are_found(story: Story) -> None:
    story.act(*units(UNIT, FORESTER, 101, 1))
    assert story.found() == {"credits_come_from_reports_or_other_registries"}


def test_units__that_were_converted__are_known(story: Story) -> None:
    story.act((LEDGER, "BinderAppointed", {"reason": 8, "module": OFFERS}))
    told, (at, name, moved) = units(UNIT, FORESTER, 101, 1)
    story.act(told, (at, name, {**moved, "operator": OFFERS}))
    assert story.found() == set()


def test_days__reported_twice__are_found(story: Story) -> None:
    story.act(reported(2, 20, 25))
    assert story.found() == {"credits_are_what_was_verified", "no_event_contradicts_another"}


def test_verification__by_another_or_beyond_the_claim__is_found(story: Story) -> None:
    story.act(reported(2, 21, 30), verified(2, 101, body=WORKS))
    assert "was not engaged" in faults(story)
    assert "nothing says why" in faults(story)
    story.act((PROJECTS, "BodyDismissed", {"body": BODY, "cause": WORD}))
    story.act(reported(3, 31, 40), verified(3, 1))
    assert "is not accredited for scope 14" in faults(story)


def test_buffer__not_bound__is_found(story: Story) -> None:
    story.act(bound(POOL, UNIT, BUFFER, 4, "Released"))
    assert story.found() == {"buffers_are_bound"}


def test_reversal__paid_twice_or_released_before_its_time__is_found(story: Story) -> None:
    story.act((PROJECTS, "ReversalReported", {"project": 1, "tonnes": 101, "document": WORD}))
    story.act((PROJECTS, "BufferReleased", {"project": 1, "instrument": UNIT, "quantity": 11}))
    story.act((PROJECTS, "BufferCancelled", {"project": 1, "instrument": UNIT, "quantity": 102, "cause": WORD}))
    said = faults(story)
    for part in ("101 t are reversed of 100", "before its time", "1 t more than it owes", "more than it has"):
        assert part in said


def test_issue__while_a_reversal_is_owed__is_found(story: Story) -> None:
    story.act((PROJECTS, "ReversalReported", {"project": 1, "tonnes": 1, "document": WORD}))
    story.act(reported(2, 21, 30), verified(2, 50), issued(2, 50, 4))
    assert "owes 1 t" in faults(story)
    assert "not its share" in faults(story)


def offered(quantity: int, buyer: Address = ZERO_ADDRESS) -> Told:
    args = {"offer": 1, "seller": FORESTER, "instrument": UNIT, "buyer": buyer, "quantity": quantity}
    return OFFERS, "CreditsOffered", {**args, "price": 5, "expires": 2**40 - 1}


def confirmed(quantity: int) -> Told:
    args = {"purchase": 1, "offer": 1, "buyer": WORKS, "seller": FORESTER, "instrument": UNIT}
    return OFFERS, "PurchaseConfirmed", {**args, "quantity": quantity, "price": 5}


def test_offer__of_what_is_not_bound__is_found(story: Story) -> None:
    story.act(offered(50), bound(FORESTER, UNIT, LISTING, 40))
    assert story.found() == {"listings_are_bound"}


def test_purchase__without_a_voucher_or_not_as_applied_for__is_found(story: Story) -> None:
    story.act(offered(50, POOL), bound(FORESTER, UNIT, LISTING, 50))
    story.act((OFFERS, "PurchaseApplied", {"purchase": 1, "offer": 1, "buyer": WORKS, "quantity": 10}))
    story.act(confirmed(60))
    said = faults(story)
    for part in ("was made to", "10 t more than it had", "not what was applied for", "1 purchases got no voucher"):
        assert part in said
    story.act(confirmed(1))
    assert "purchase 1 was not open" in faults(story)


def imported(number: int, first: int, last: int) -> Told:
    origin = {"registry": WORD, "project": WORD, "batch": WORD, "vintage": 2021, "first": first, "last": last}
    args = {"id": number, "batchKey": WORD, "account": WORKS, "origin": origin, "instrument": FOREIGN}
    return ORIGINS, "CreditsImported", {**args, "firstSerial": 1, "document": WORD}


def test_serials__that_come_in_twice__are_found(story: Story) -> None:
    story.act(imported(1, 100, 199), *units(FOREIGN, WORKS, 1, 100))
    story.act(imported(2, 1, 99), *units(FOREIGN, WORKS, 101, 99))
    assert story.found() == set()
    story.act(imported(3, 199, 200), *units(FOREIGN, WORKS, 200, 2))
    assert story.found() == {"no_foreign_serial_came_in_twice"}


def test_exports__by_one_entry_or_not_bound__are_found(story: Story) -> None:
    story.act(imported(1, 1, 100), *units(FOREIGN, WORKS, 1, 100))
    args = {"account": WORKS, "instrument": FOREIGN, "quantity": 10, "registry": WORD, "destination": WORD}
    for number in (1, 2):
        story.act((ORIGINS, "ExportRequested", {**args, "id": number}), bound(WORKS, FOREIGN, EXPORT, 10))
    assert story.found() == set()
    for number in (1, 2):
        story.act((ORIGINS, "ExportAccepted", {"id": number}))
    assert story.found() == set()  # what is accepted stays bound
    for number in (1, 2):
        story.act((ORIGINS, "ExportConfirmed", {"id": number, "entry": WORD}))
    assert "confirmed another export before" in faults(story)
    assert {"exports_are_bound", "no_event_contradicts_another"} <= story.found()


@pytest.mark.parametrize(
    "acts", [("ExportConfirmed",), ("ExportAccepted", "ExportCancelled"), ("ExportAccepted", "ExportAccepted")]
)
def test_an_export__confirmed_or_taken_back_out_of_turn__is_found(story: Story, acts: tuple[str, ...]) -> None:
    story.act(imported(1, 1, 100), *units(FOREIGN, WORKS, 1, 100))
    args = {"account": WORKS, "instrument": FOREIGN, "quantity": 10, "registry": WORD, "destination": WORD}
    story.act((ORIGINS, "ExportRequested", {**args, "id": 1}), bound(WORKS, FOREIGN, EXPORT, 10))
    for act in acts:
        story.act((ORIGINS, act, {"id": 1, "entry": WORD} if act == "ExportConfirmed" else {"id": 1}))
    assert "export 1 stands at" in faults(story)
    story.act((ORIGINS, "ExportAccepted", {"id": 2}))
    assert "export 2 was never requested" in faults(story)


def test_a_design__that_was_given_before__is_found(story: Story) -> None:
    design = {"document": WORD, "methodology": WORD, "region": 0, "scope": 14, "removal": True, "reversible": True}
    story.act((PROJECTS, "ProjectListed", {"project": 2, "proponent": FORESTER, "design": design}))
    story.act((PROJECTS, "DesignAmended", {"project": 2, "design": {**design, "document": b"better"}}))
    assert story.found() == set()
    story.act((PROJECTS, "DesignAmended", {"project": 2, "design": design}))
    assert "project 2 was designed by" in faults(story)


def test_a_purchase__removed_by_the_authority__is_over(story: Story) -> None:
    story.act(offered(50, ZERO_ADDRESS), bound(FORESTER, UNIT, LISTING, 50))
    story.act((OFFERS, "PurchaseApplied", {"purchase": 1, "offer": 1, "buyer": WORKS, "quantity": 10}))
    story.act((OFFERS, "PurchaseRemoved", {"purchase": 1, "cause": WORD}))
    assert story.state.credits.purchases[1].state == 6
    assert faults(story) == ""
    story.act((OFFERS, "PurchaseRemoved", {"purchase": 1, "cause": WORD}))
    assert "purchase 1 was not open" in faults(story)
