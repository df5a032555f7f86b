"""What a scan finds: a warning is no verdict. It names what was seen, how much, and what an officer can do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from hashlib import sha256

from carbon_sdk.identifiers import Address, InstrumentId, OrderId
from carbon_sdk.surveillance.tape import Deal, Resting


class WarningKind(Enum):
    """What a warning is of."""

    WASH = "wash"
    RING = "ring"
    SPOOFING = "spoofing"
    CLOSE = "close"
    CONCENTRATION = "concentration"


INDICATORS = {
    WarningKind.WASH: "MAR Annex I A(c): no change in beneficial ownership",
    WarningKind.RING: "MAR Annex I A(c), A(d): no change in beneficial ownership, positions reversed",
    WarningKind.SPOOFING: "MAR Annex I A(f): orders that change the picture of the market and are taken back",
    WarningKind.CLOSE: "MAR Annex I A(g): trading at the time at which the reference price is made",
    WarningKind.CONCENTRATION: "MAR Article 12(2)(a), Annex I A(b): a dominant position over the supply",
}
"""Kind → source."""


@dataclass(frozen=True, slots=True)
class TradeEvidence:
    """One trade.

    Attributes:
        at: Unix seconds.
        seller, buyer: Accounts.
        tonnes: How much.
        price: Smallest units of money per tonne.
        voucher: Code.
        transaction: Hash.
        block: Number.
    """

    at: int
    seller: Address
    buyer: Address
    tonnes: int
    price: int
    voucher: str
    transaction: str
    block: int


@dataclass(frozen=True, slots=True)
class OrderEvidence:
    """One order that rested.

    Attributes:
        order: Its id.
        account: Whose.
        at: Unix seconds of its placing.
        ended: Unix seconds at which it left the book; 0: it is in it.
        tonnes: When it came to rest.
        traded: Tonnes of it that traded.
        transaction: Hash of the placing.
        ended_by: Hash of the transaction with which it left; empty: it is in the book.
    """

    order: OrderId
    account: Address
    at: int
    ended: int
    tonnes: int
    traded: int
    transaction: str
    ended_by: str


@dataclass(frozen=True, slots=True)
class EarlyWarning:
    """One early warning.

    Attributes:
        kind: Of what.
        score: 0 to 100: how strongly the figures speak; not how likely guilt is.
        market: Number in the order book; 0: the trades were made elsewhere.
        instrument: What was traded.
        accounts: Concerned, the most active first.
        since, until: Unix seconds of the first and last piece of evidence.
        figures: What the score comes from, by name; units are in the names.
        summary: The same in a sentence.
        trades: Evidence, in order.
        orders: Evidence, in order.
    """

    kind: WarningKind
    score: int
    market: int
    instrument: InstrumentId
    accounts: tuple[Address, ...]
    since: int
    until: int
    figures: dict[str, int]
    summary: str
    trades: tuple[TradeEvidence, ...]
    orders: tuple[OrderEvidence, ...]

    @property
    def id(self) -> str:
        """The same for the same evidence, whenever the scan is made."""
        parts = (self.kind.value, str(self.market), *self.accounts, str(self.since), str(self.until))
        return f"{self.kind.value}-{sha256('/'.join(parts).encode()).hexdigest()[:10]}"

    @property
    def source(self) -> str:
        """The rule that names the indicator."""
        return INDICATORS[self.kind]

    def commands(self, folder: str = "") -> tuple[str, ...]:
        """What a risk manager sends, account by account, when the case is confirmed; another officer has to agree.

        Args:
            folder: Where the file with the evidence lies.
        """
        where = f"{folder}/{self.id}.json" if folder else f"{self.id}.json"
        return tuple(f"carbon risk accuse {one} MANIPULATION @{where}" for one in self.accounts)


def trade_evidence(deal: Deal) -> TradeEvidence:
    """A trade as evidence."""
    return TradeEvidence(
        deal.at,
        deal.seller,
        deal.buyer,
        deal.quantity,
        deal.price,
        deal.voucher,
        deal.position.transaction,
        deal.position.block,
    )


def order_evidence(order: Resting) -> OrderEvidence:
    """An order as evidence."""
    return OrderEvidence(
        order.id,
        order.account,
        order.at,
        order.ended_at,
        order.quantity,
        order.traded,
        order.position.transaction,
        order.ended_by,
    )


def score_of(*points: tuple[int, int]) -> int:
    """The sum of points, each with the most that it may add; at most 100."""
    return min(sum(max(0, min(value, most)) for value, most in points), 100)


def share(part: int, whole: int) -> int:
    """In basis points; 0 of nothing."""
    return part * 10_000 // whole if whole else 0


def percent(basis_points: int) -> str:
    """Basis points for people, in whole per cent."""
    return f"{(basis_points + 50) // 100} %"


def ranked(found: list[EarlyWarning]) -> list[EarlyWarning]:
    """The strongest first."""
    return sorted(found, key=lambda one: (-one.score, one.since, one.kind.value, one.accounts))
