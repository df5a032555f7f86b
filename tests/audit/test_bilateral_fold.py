"""Listed quotes and block trades, told by events alone: what adds up, and what is found where it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carbon_sdk.audit.bilateral import BLOCK_TRADE, QUOTE
from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.invariants import violations
from carbon_sdk.audit.state import State
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, QuoteId, Side, address

LEDGER, BOARD, BLOCKS = (address(bytes([i]) * 20) for i in (1, 2, 3))
CONTRACTS: dict[Address, str] = {LEDGER: "InstrumentLedger", BOARD: "QuoteBoard", BLOCKS: "BlockTrades"}
SELLER, BUYER, PLATFORM, OTHER = (address(bytes([i]) * 20) for i in (7, 8, 9, 10))
UNITS = InstrumentId.of(InstrumentClass.ALLOWANCE, 1, 2026)
MONEY = InstrumentId.of(InstrumentClass.MONEY, 1, series=826)
CAUSE = b"\1" * 32
SALE = QuoteId.of(1, Side.SELL, 50, 1)
ID = b"\x0b" * 32
NOW = 1_800_000_000
Told = tuple[Address, str, Mapping[str, Any]]


class Story:
    """Events in a row; each call of `act` is one transaction."""

    def __init__(self) -> None:
        self.fold = Fold(CONTRACTS)
        self._block = 0
        units = {"instrument": UNITS, "validUntil": 0, "terms": CAUSE}
        self.act((LEDGER, "InstrumentDefined", {**units, "instrument": MONEY}), (LEDGER, "InstrumentDefined", units))
        for account, instrument, quantity in ((SELLER, UNITS, 1000), (BUYER, MONEY, 1_000_000)):
            issued = {"instrument": instrument, "account": account, "firstSerial": 1, "quantity": quantity}
            self.act(
                (LEDGER, "UnitsIssued", {**issued, "cause": CAUSE}),
                (LEDGER, "TransferSingle", {"from": ZERO_ADDRESS, "to": account, "id": instrument, "value": quantity}),
            )
        fees = {"instrument": UNITS, "tickSize": 10, "lot": 5}
        board = {**fees, "leastLots": 2, "takerFee": 3, "makerFee": 2, "lowest": 10, "highest": 90}
        market = {**fees, "leastLots": 2, "buyerFee": 3, "sellerFee": 2, "opens": 0, "closes": 9, "weekdays": 1}
        self.act(
            (BOARD, "VoucherSeriesSet", {"series": 100}),
            (BOARD, "FeeAccountSet", {"account": PLATFORM}),
            (BOARD, "BoardOpened", {"board": 1, "instrument": UNITS, "terms": board}),
            (BLOCKS, "VoucherSeriesSet", {"series": 101}),
            (BLOCKS, "FeeAccountSet", {"account": PLATFORM}),
            (BLOCKS, "BlockMarketOpened", {"market": 1, "instrument": UNITS, "terms": {**market, "window": 60}}),
        )

    def act(self, *events: Told) -> State:
        self._block += 1
        for i, (at, name, args) in enumerate(events):
            position = Position(self._block, i, f"0x{self._block:064x}")
            self.fold.apply(Event(CONTRACTS[at], name, args, at, NOW + self._block, position))
        self.fold.close_transaction()
        return self.fold.state

    def found(self) -> list[str]:
        return [f"{name}: {said}" for name, said in violations(self.fold.state)]


def bound(account: Address, instrument: int, quantity: int, reason: int, cause: bytes) -> Told:
    args = {"account": account, "instrument": instrument, "reason": reason, "quantity": quantity, "cause": cause}
    return LEDGER, "Encumbered", args


def moved(sender: Address, to: Address, instrument: int, quantity: int, reason: int, cause: bytes) -> list[Told]:
    args = {"from": sender, "to": to, "instrument": instrument, "reason": reason, "quantity": quantity, "cause": cause}
    single = {"from": sender, "to": to, "id": instrument, "value": quantity}
    return [(LEDGER, "EncumberedMoved", args), (LEDGER, "TransferSingle", single)]


def listed(quantity: int = 40, **changes: object) -> list[Told]:
    args = {"id": SALE, "account": SELLER, "key": SELLER, "quantity": quantity, "leastFill": 10, "expires": 0}
    return [
        (BOARD, "QuoteListed", {**args, "named": (), **changes}),
        bound(SELLER, UNITS, quantity, QUOTE, int(SALE).to_bytes(32, "big")),
    ]


def clicked(quantity: int = 20, voucher: int = 0, **changes: object) -> list[Told]:
    cause = int(SALE).to_bytes(32, "big")
    cost, lots = quantity * 50 * 10, quantity // 5
    args = {"id": SALE, "account": SELLER, "taker": BUYER, "quantity": quantity, "voucher": voucher}
    return [
        (BOARD, "QuoteClicked", {**args, "orderOfDay": voucher + 1, **changes}),
        bound(BUYER, MONEY, cost + lots * 3, QUOTE, cause),
        *moved(SELLER, BUYER, UNITS, quantity, QUOTE, cause),
        *moved(BUYER, SELLER, MONEY, cost - lots * 2, QUOTE, cause),
        *moved(BUYER, PLATFORM, MONEY, lots * 5, QUOTE, cause),
    ]


def test_a_quote__listed_clicked_and_withdrawn__adds_up() -> None:
    story = Story()
    story.act(*listed())
    state = story.act(*clicked())
    assert story.found() == []
    assert state.ledger.balances[PLATFORM, MONEY] == state.quotes.fees == 20
    story.act(*clicked(10, 1))
    args = {"id": SALE, "account": SELLER, "open": 10, "end": 0, "cause": bytes(32)}
    released = {"account": SELLER, "instrument": UNITS, "reason": QUOTE, "quantity": 10}
    story.act((BOARD, "QuoteClosed", args), (LEDGER, "Released", {**released, "cause": int(SALE).to_bytes(32, "big")}))
    assert story.found() == []
    assert not state.quotes.open
    assert (state.quotes.clicks, state.quotes.volume) == (2, 30)


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (clicked()[:4] + clicked()[6:], "did not move"),  # the seller is not paid
        (clicked()[:6], "did not move"),  # the platform is not
        (clicked()[1:], "no click, block trade or award told of this delivery"),
        (clicked(5), "the least is 10"),
        (clicked(45), "had 40 tonnes open"),
        (clicked(taker=SELLER), "have one owner"),
        (clicked(account=OTHER), "is 0x07"),
        (clicked(voucher=3), "should have the number 0"),
    ],
    ids=["seller", "platform", "untold", "dust", "too much", "itself", "account", "voucher"],
)
def test_a_click__that_is_not_as_it_must_be__is_found(events: list[Told], said: str) -> None:
    story = Story()
    story.act(*listed())
    story.act(*events)
    assert any(said in line for line in story.found()), story.found()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"named": (OTHER, OTHER)}, "names an account twice"),
        ({"id": QuoteId.of(1, Side.SELL, 91, 1)}, "outside the band"),
        ({"id": QuoteId.of(1, Side.SELL, 50, 7)}, "should have the number 1"),
        ({"id": QuoteId.of(2, Side.SELL, 50, 1)}, "board 2 was never opened"),
        ({"quantity": 41}, "no positive multiple"),
    ],
)
def test_a_listing__that_is_not_as_it_must_be__is_found(changes: dict[str, object], said: str) -> None:
    story = Story()
    story.act(*listed(**changes))
    assert any(said in line for line in story.found()), story.found()


def test_a_quote__with_more_or_less_bound_than_it_offers__is_found() -> None:
    story = Story()
    story.act(listed()[0], bound(SELLER, UNITS, 39, QUOTE, int(SALE).to_bytes(32, "big")))
    assert any("quotes and proposals offer 40" in line for line in story.found())
    story = Story()
    story.act(bound(SELLER, UNITS, 1, BLOCK_TRADE, ID))
    assert any("quotes and proposals offer 0" in line for line in story.found())


def block(settle_at: int = 0) -> dict[str, Any]:
    sides = {"seller": SELLER, "buyer": BUYER, "offeredBy": 1, "market": 1, "tick": 50, "quantity": 100}
    return {**sides, "expires": NOW + 999, "settleAt": settle_at, "nonce": 4}


def told(name: str, settle_at: int = 0, **more: object) -> Told:
    return BLOCKS, name, {"id": ID, "seller": SELLER, "buyer": BUYER, "terms": block(settle_at), **more}


NONCE: Told = (BLOCKS, "NonceSpent", {"account": SELLER, "nonce": 4})


def settled(settle_at: int = 0) -> list[Told]:
    cost = 100 * 50 * 10
    return [
        told("BlockSettled", settle_at, voucher=0, orderOfDay=1),
        bound(BUYER, MONEY, cost + 20 * 3, BLOCK_TRADE, ID),
        *moved(SELLER, BUYER, UNITS, 100, BLOCK_TRADE, ID),
        *moved(BUYER, SELLER, MONEY, cost - 20 * 2, BLOCK_TRADE, ID),
        *moved(BUYER, PLATFORM, MONEY, 100, BLOCK_TRADE, ID),
    ]


def test_a_block__proposed_and_settled__adds_up() -> None:
    story = Story()
    story.act(NONCE, told("BlockProposed", key=SELLER), bound(SELLER, UNITS, 100, BLOCK_TRADE, ID))
    assert story.found() == []
    state = story.act(*settled())
    assert story.found() == []
    assert state.blocks.fees == state.ledger.balances[PLATFORM, MONEY] == 100
    story.act(*settled())
    assert any("was in the state 3" in line for line in story.found())


def test_a_block__agreed_for_later_and_failed__is_recorded() -> None:
    story = Story()
    story.act(NONCE, told("BlockConfirmed", NOW + 5, key=BUYER))
    assert story.found() == []
    failed = {"id": ID, "account": SELLER, "fault": 2}
    state = story.act(
        (BLOCKS, "SettlementFailed", failed), (BLOCKS, "BlockEnded", {"id": ID, "state": 4, "cause": bytes(32)})
    )
    assert story.found() == []
    assert state.blocks.failures[SELLER][:2] == (1, 0)
    story.act((BLOCKS, "SettlementFailed", {**failed, "account": OTHER}))
    assert any("agreed to no such block" in line for line in story.found())


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ([told("BlockConfirmed", NOW + 5, key=BUYER)], "spent no nonce"),
        ([NONCE, NONCE], "had spent the nonce"),
        ([NONCE, *settled(NOW + 999)], "settled before its time"),
        ([(BLOCKS, "BlockEnded", {"id": ID, "state": 4, "cause": CAUSE})], "neither proposed nor confirmed"),
        (
            [
                NONCE,
                told("BlockProposed", NOW + 5, key=SELLER),
                (BLOCKS, "BlockEnded", {"id": ID, "state": 4, "cause": CAUSE}),
            ],
            "failed without having been confirmed",
        ),
    ],
    ids=["no nonce", "nonce twice", "early", "ended", "not confirmed"],
)
def test_a_block__that_is_not_as_it_must_be__is_found(events: list[Told], said: str) -> None:
    story = Story()
    story.act(*events)
    assert any(said in line for line in story.found()), story.found()
