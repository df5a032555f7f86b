"""Tokens and banking told by events alone: what cannot have happened is found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carbon_sdk.audit.banking_figures import figures_at
from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.invariants import violations
from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, address

LEDGER, DESK, BANKING = (address(bytes([i]) * 20) for i in (1, 2, 3))
CONTRACTS: dict[Address, str] = {LEDGER: "InstrumentLedger", DESK: "CashDesk", BANKING: "Banking"}
WORKS, WALLET, TOKEN = (address(bytes([i]) * 20) for i in (7, 8, 9))
OLD = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2025)
NEW = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2026)
USD = InstrumentId.of(InstrumentClass.MONEY, 1, series=840)
START = 1_800_000_000
TERMS = {
    "from": OLD,
    "to": NEW,
    "opens": START,
    "closes": START + 100,
    "lapses": True,
    "bySales": True,
    "byHolding": False,
    "multiplier": 15_000,
    "share": 0,
    "base": 10,
    "most": 0,
}

Said = tuple[Address, str, Mapping[str, Any]]


def cause(number: int) -> bytes:
    return bytes.fromhex(BANKING[2:]) + number.to_bytes(12, "big")


def issued(instrument: int, quantity: int, why: bytes, first: int = 1) -> list[Said]:
    about = {"instrument": instrument, "account": WORKS, "firstSerial": first, "quantity": quantity, "cause": why}
    moved = {"from": ZERO_ADDRESS, "to": WORKS, "id": instrument, "value": quantity}
    return [(LEDGER, "UnitsIssued", about), (LEDGER, "TransferSingle", moved)]


def cancelled(instrument: int, quantity: int, why: bytes) -> list[Said]:
    bound = {"account": WORKS, "instrument": instrument, "reason": 8, "quantity": quantity, "cause": why}
    about = {"instrument": instrument, "account": WORKS, "quantity": quantity, "cause": why}
    moved = {"from": WORKS, "to": ZERO_ADDRESS, "id": instrument, "value": quantity}
    return [
        (LEDGER, "Encumbered", bound),
        (LEDGER, "Released", bound),
        (LEDGER, "UnitsCancelled", about),
        (LEDGER, "TransferSingle", moved),
    ]


def converted(number: int, quantity: int, rule: int = 1, account: Address = WORKS) -> Said:
    args = {"id": number, "rule": rule, "account": account, "from": OLD, "to": NEW, "quantity": quantity}
    return BANKING, "UnitsConverted", args


class Story:
    """Events in a row; each call of `act` is one transaction, a second after the last."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        for instrument in (USD, OLD, NEW):
            self.act((LEDGER, "InstrumentDefined", {"instrument": instrument, "validUntil": 0, "terms": b""}))
        self.act(*issued(OLD, 100, b"\1" * 32))
        self.act((BANKING, "BankingRuleSet", {"rule": 1, "from": OLD, "to": NEW, "terms": TERMS, "document": b""}))

    def act(self, *said: Said, later: int = 0) -> None:
        block = len(self.events) + 1
        for index, (at, name, args) in enumerate(said):
            position = Position(block, index, f"0x{block:064x}")
            self.events.append(Event(CONTRACTS[at], name, args, at, START + block + later, position))

    def state(self) -> State:
        return Fold(CONTRACTS).apply_all(self.events)

    def wrong(self) -> list[str]:
        return [f"{name}: {what}" for name, what in violations(self.state())]


# @requirement R-AST-5 R-TRC-3
def test_conversions__as_the_contract_makes_them__are_in_order() -> None:
    story = Story()
    figures = {"rule": 1, "account": WORKS, "netSales": 20, "held": 100, "audit": b""}
    story.act((BANKING, "BankingFiguresRecorded", figures))
    story.act(converted(1, 40), *cancelled(OLD, 40, cause(1)), *issued(NEW, 40, cause(1)))
    lapsed = {"id": 2, "rule": 1, "account": WORKS, "instrument": OLD, "quantity": 60}
    story.act((BANKING, "UnitsLapsed", lapsed), *cancelled(OLD, 60, cause(2)), later=100)
    assert story.wrong() == []
    rule = story.state().banking.rules[1]
    assert (rule.converted, rule.lapsed) == (40, 60)


# @requirement R-AST-5 R-TRC-3
@pytest.mark.parametrize(
    ("said", "later", "words"),
    [
        ([converted(1, 11), *cancelled(OLD, 11, cause(1)), *issued(NEW, 11, cause(1))], 0, "may convert 10 t"),
        ([converted(1, 1, account=WALLET), *cancelled(OLD, 1, cause(1))], 0, "may convert 0 t"),
        ([converted(1, 5), *cancelled(OLD, 5, cause(1)), *issued(NEW, 5, cause(1))], 100, "is not open"),
        ([converted(2, 5), *cancelled(OLD, 5, cause(2)), *issued(NEW, 5, cause(2))], 0, "act 2 follows act 0"),
        ([converted(1, 5, rule=2), *cancelled(OLD, 5, cause(1))], 0, "rule 2 was never set"),
        ([converted(1, 5), *cancelled(OLD, 5, cause(1))], 0, "conversions_create_no_tonne"),
        ([converted(1, 5), *cancelled(OLD, 5, cause(1)), *issued(NEW, 6, cause(1))], 0, "conversions_create_no_tonne"),
        ([converted(1, 5), *issued(NEW, 5, cause(1))], 0, "conversions_create_no_tonne"),
        ([converted(1, 5), *cancelled(OLD, 5, cause(1))[:1]], 0, "bound for a conversion that is over"),
        (
            [(BANKING, "UnitsLapsed", {"id": 1, "rule": 1, "account": WORKS, "instrument": OLD, "quantity": 5})],
            0,
            "nothing lapses under rule 1 now",
        ),
    ],
)
def test_conversions__that_cannot_be__are_found(said: list[Said], later: int, words: str) -> None:
    story = Story()
    nothing_sold = {"rule": 1, "account": WORKS, "netSales": 0, "held": 0, "audit": b""}
    story.act((BANKING, "BankingFiguresRecorded", nothing_sold))
    story.act(*said, later=later)
    assert any(words in one for one in story.wrong()), story.wrong()


# @requirement R-TRD-8 R-TRC-3
def test_tokens__paid_to_another_address_or_not_minted__are_found() -> None:
    story = Story()
    story.act((DESK, "TokenBacked", {"instrument": USD, "token": TOKEN, "decimals": 6}))
    deposit = {"account": WORKS, "key": WALLET, "instrument": USD, "amount": 50}
    story.act((DESK, "TokensDeposited", deposit), *issued(USD, 50, b"\2" * 32))
    assert story.wrong() == []
    asked = {"id": 1, "account": WORKS, "key": WALLET, "amount": 20, "instrument": USD}
    payout = bytes(12) + bytes.fromhex(WALLET[2:])
    bound = {"account": WORKS, "instrument": USD, "reason": 2, "quantity": 20, "cause": bytes(31) + b"\1"}
    story.act((DESK, "WithdrawalRequested", {**asked, "payout": payout}), (LEDGER, "Encumbered", bound))
    assert story.wrong() == []
    paid = {"id": 1, "account": WORKS, "instrument": USD, "to": TOKEN, "amount": 20}
    story.act((DESK, "TokensPaid", paid))
    said = story.wrong()
    assert any("another address than was named" in one for one in said)
    assert any("bank_owes_what_the_ledger_has" in one for one in said)
    assert any("what_is_applied_for_is_bound" in one for one in said)


# @requirement R-TRD-8 R-TRC-3
@pytest.mark.parametrize(
    ("said", "words"),
    [
        (["WithdrawalPaid"], "was not accepted by the bank"),
        (["WithdrawalAccepted", "WithdrawalCancelled"], "was accepted by the bank already"),
        (["WithdrawalAccepted", "WithdrawalAccepted"], "was accepted by the bank already"),
        (["WithdrawalCancelled", "WithdrawalAccepted"], "was not open"),
    ],
)
def test_withdrawals__decided_out_of_turn__are_found(said: list[str], words: str) -> None:
    story = asked_for()
    for name in said:
        story.act((DESK, name, ABOUT))
    assert any(words in one for one in story.wrong()), story.wrong()


# @requirement R-TRD-8 R-TRC-3
def test_a_withdrawal__accepted__is_bound_until_it_is_decided() -> None:
    story = asked_for()
    story.act((DESK, "WithdrawalAccepted", {"id": 1, "account": WORKS}))
    assert story.wrong() == []
    assert story.state().cash.withdrawals[1].state == 5
    story.act((DESK, "WithdrawalRejected", {**ABOUT, "cause": b"\4" * 32}), (LEDGER, "Released", BOUND))
    assert story.wrong() == []


ABOUT = {"id": 1, "account": WORKS, "amount": 20, "bankReference": b"\3" * 32}
BOUND = {"account": WORKS, "instrument": USD, "reason": 2, "quantity": 20, "cause": bytes(31) + b"\1"}


def asked_for() -> Story:
    """Of money of the bank."""
    story = Story()
    deposit = {"account": WORKS, "instrument": USD, "amount": 50, "bankReference": b"\2" * 32}
    story.act((DESK, "DepositRecorded", deposit), *issued(USD, 50, b"\2" * 32))
    asked = {"id": 1, "account": WORKS, "key": WALLET, "amount": 20, "instrument": USD, "payout": b"\1" * 32}
    story.act((DESK, "WithdrawalRequested", asked), (LEDGER, "Encumbered", BOUND))
    assert story.wrong() == []
    return story


def test_figures__before_a_cut_off__count_nothing_after_it() -> None:
    story = Story()
    story.act((LEDGER, "TransferSingle", {"from": WORKS, "to": WALLET, "id": OLD, "value": 30}))
    cut_off = story.events[-1].timestamp + 1
    story.act((LEDGER, "TransferSingle", {"from": WORKS, "to": WALLET, "id": OLD, "value": 70}), later=10)
    assert [tuple(one) for one in figures_at(story.events, CONTRACTS, OLD, cut_off)] == [
        (WORKS, 30, 70),
        (WALLET, 0, 30),
    ]
