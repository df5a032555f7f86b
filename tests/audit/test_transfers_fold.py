"""Transfers by rules, told by events alone: what contradicts the rules is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.invariants import violations
from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, address

LEDGER, RULES = (address(bytes([i]) * 20) for i in (1, 2))
CONTRACTS: dict[Address, str] = {LEDGER: "InstrumentLedger", RULES: "TransferRules"}
WORKS, TRADER, KEY, OTHER = (address(bytes([i]) * 20) for i in (7, 8, 9, 10))
UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2026)
START = 1_800_000_000
LISTED, NOT_LISTED = 1, 2
Said = tuple[Address, str, Mapping[str, Any]]


def kind(counterparty: int, approvals: int = 1, delay: int = 0, **other: int) -> dict[str, int]:
    names = "fromKinds toKinds counterparty optIn approvals workingDays within forbidding delay cancellable reversible"
    found = dict.fromkeys(f"{names} expiry most mostPerDay".split(), 0)
    return {
        **found,
        "fromKinds": 6,
        "toKinds": 6,
        "counterparty": counterparty,
        "approvals": approvals,
        "delay": delay,
    } | other


class Story:
    """Events in a row; each call of `act` is one transaction, a second after the one before."""

    def __init__(self) -> None:
        self.fold = Fold(CONTRACTS)
        self._block = 0
        cause = b"\1" * 32
        types = (kind(LISTED), kind(NOT_LISTED, 2, 100, reversible=50))
        self.act((RULES, "RulesPublished", {"rules": 1, "types": types, "document": cause}))
        self.act((RULES, "TrustRulesSet", {"rules": {"approvals": 2, "workingDays": 0, "delay": 0}}))
        self.act((LEDGER, "InstrumentDefined", {"instrument": UNITS, "validUntil": 0, "terms": cause}))
        for account, number in ((WORKS, 1), (TRADER, 2)):
            given = {"status": 1, "kind": number, "restrictions": 0, "region": 0, "owner": 0, "certificateUntil": 2**40}
            self.act((LEDGER, "EligibilityChanged", {"account": account, "eligibility": given}))
        issued = {"instrument": UNITS, "account": WORKS, "firstSerial": 1, "quantity": 90, "cause": cause}
        self.act((LEDGER, "UnitsIssued", issued), self.moved(ZERO_ADDRESS, WORKS, 90))

    @property
    def now(self) -> int:
        return START + self._block

    def act(self, *events: Said, later: int = 1) -> State:
        self._block += later
        for i, (at, name, args) in enumerate(events):
            position = Position(self._block, i, f"0x{self._block:064x}")
            self.fold.apply(Event(CONTRACTS[at], name, args, at, self.now, position))
        self.fold.close_transaction()
        return self.fold.state

    def moved(self, sender: Address, receiver: Address, quantity: int) -> Said:
        return LEDGER, "TransferSingle", {"from": sender, "to": receiver, "id": UNITS, "value": quantity}

    def bound(self, name: str, number: int, quantity: int) -> Said:
        args: dict[str, Any] = {
            "instrument": UNITS,
            "reason": 5,
            "quantity": quantity,
            "cause": number.to_bytes(32, "big"),
        }
        return LEDGER, name, args | ({"from": WORKS, "to": TRADER} if name == "EncumberedMoved" else {"account": WORKS})

    def proposed(self, number: int, quantity: int = 40, **other: object) -> Said:
        args = {"id": number, "from": WORKS, "to": TRADER, "key": KEY, "instrument": UNITS, "quantity": quantity}
        return RULES, "TransferProposed", {**args, "rules": 1, "kind": 1, **other}

    def approved(self, number: int, key: Address = OTHER) -> Said:
        return RULES, "TransferApproved", {"id": number, "key": key, "dueAt": self.now + 1 + 100}

    def completed(self, number: int) -> Said:
        return RULES, "TransferCompleted", {"id": number, "by": OTHER}

    def told(self, name: str, **args: object) -> Said:
        return RULES, name, args


def complaints(story: Story) -> list[str]:
    return [what for _, what in violations(story.fold.state)]


def test_a_transfer__proposed_approved_completed_and_reversed__is_folded() -> None:
    story = Story()
    story.act(story.proposed(1), story.bound("Encumbered", 1, 40))
    assert complaints(story) == []
    story.act(story.approved(1))
    state = story.act(
        story.completed(1), story.bound("EncumberedMoved", 1, 40), story.moved(WORKS, TRADER, 40), later=100
    )
    assert complaints(story) == []
    assert state.transfers.transfers[1].state == 3
    assert state.serials.holder_of(UNITS, 40) == ("held", TRADER)
    reversed_ = story.told("TransferReversed", id=1, cause=b"\1" * 32)
    state = story.act(reversed_, story.moved(TRADER, WORKS, 40), later=50)
    assert complaints(story) == []
    assert state.ledger.balances[WORKS, UNITS] == 90


def test_units__bound_for_no_transfer__or_not_bound_for_one__are_found() -> None:
    story = Story()
    story.act(story.proposed(1), story.bound("Encumbered", 1, 39))
    assert any("40 of" in what and "39 are bound" in what for what in complaints(story))


@pytest.mark.parametrize(
    ("tell", "words"),
    [
        (lambda s: s.act(s.proposed(2)), "transfer 2 follows 0"),
        (lambda s: s.act(s.proposed(1, kind=2)), "no type 2"),
        (lambda s: s.act(s.proposed(1), s.approved(1, KEY)), "approved what it proposed itself"),
        (lambda s: s.act(s.proposed(1), s.completed(1)), "in state 1"),
        (lambda s: s.act(s.proposed(1), s.approved(1), s.completed(1)), "is due at"),
        (lambda s: s.act(s.completed(7)), "never proposed"),
        (lambda s: s.act(s.proposed(1), s.told("TransferRefused", id=1, key=OTHER), s.approved(1)), "in state 5"),
        (lambda s: s.act(s.told("RulesPublished", rules=3, types=(), document=b"")), "set 3 follows 1"),
        (lambda s: s.act(s.told("TrustAdded", account=WORKS, trusted=TRADER, key=OTHER, since=1)), "nobody proposed"),
        (lambda s: s.act(s.told("TrustRemoved", account=WORKS, trusted=TRADER, key=OTHER)), "does not stand"),
    ],
)
def test_events__that_contradict_the_rules__are_told(tell: Any, words: str) -> None:
    story = Story()
    tell(story)
    assert any(words in what for what in complaints(story)), complaints(story)


def test_a_reversal__after_its_window__is_told() -> None:
    story = Story()
    story.act(story.proposed(1), story.bound("Encumbered", 1, 40))
    story.act(story.approved(1))
    story.act(story.completed(1), story.bound("EncumberedMoved", 1, 40), story.moved(WORKS, TRADER, 40), later=100)
    story.act(story.told("TransferReversed", id=1, cause=b""), story.moved(TRADER, WORKS, 40), later=51)
    assert any("could be reversed until" in what for what in complaints(story))


def test_direct_transfers__without_a_rule__are_found() -> None:
    story = Story()
    proposed = story.told("TrustProposed", account=WORKS, trusted=TRADER, key=KEY)
    added = story.told("TrustAdded", account=WORKS, trusted=TRADER, key=OTHER, since=START + 500)
    direct = {"from": WORKS, "to": TRADER, "rules": 1, "since": START + 500}
    story.act(proposed, added, (LEDGER, "DirectTransfersSet", direct))
    assert complaints(story) == []
    story.act((LEDGER, "DirectTransfersSet", {**direct, "since": START}))  # earlier than the list says
    assert any("no rule says" in what for what in complaints(story))
    story.act((LEDGER, "DirectTransfersSet", direct))
    story.act(story.told("TrustRemoved", account=WORKS, trusted=TRADER, key=KEY))  # and the ledger was not told
    assert any("no rule says" in what for what in complaints(story))


def test_units__that_go_directly__need_a_rule() -> None:
    story = Story()
    story.act((LEDGER, "RulesAssigned", {"instrument": UNITS, "rules": 1}))
    story.act(story.moved(WORKS, TRADER, 5))
    assert any("5 of" in what and "without a rule" in what for what in complaints(story))


def test_units__moved_by_a_listing_or_by_force__have_a_rule() -> None:
    story = Story()
    story.act((LEDGER, "RulesAssigned", {"instrument": UNITS, "rules": 1}))
    forced = {"from": WORKS, "to": TRADER, "tokenId": UNITS, "amount": 5}
    story.act(story.moved(WORKS, TRADER, 5), (LEDGER, "ForcedTransfer", forced))
    since = story.now + 3
    story.act(
        story.told("TrustProposed", account=WORKS, trusted=TRADER, key=KEY),
        story.told("TrustAdded", account=WORKS, trusted=TRADER, key=OTHER, since=since),
        (LEDGER, "DirectTransfersSet", {"from": WORKS, "to": TRADER, "rules": 1, "since": since}),
    )
    story.act(story.moved(WORKS, TRADER, 5), later=5)
    assert complaints(story) == []
    story.act(story.moved(TRADER, WORKS, 5))
    assert len(complaints(story)) == 1


def test_a_listing__approved_by_its_own_key__is_told() -> None:
    story = Story()
    story.act(story.told("TrustProposed", account=WORKS, trusted=TRADER, key=KEY))
    story.act(story.told("TrustAdded", account=WORKS, trusted=TRADER, key=KEY, since=1))
    assert any("proposed itself" in what for what in complaints(story))
    story.act(story.told("TrustProposed", account=WORKS, trusted=TRADER, key=KEY))
    assert any("already" in what for what in complaints(story))
