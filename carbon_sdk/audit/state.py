"""What the events add up to: the auditor's own picture of every contract, made of plain numbers.

One dataclass for each folder of contracts. Nothing here asks the chain and nothing here judges: `fold` fills it in,
`invariants` judge it, `auditor` compares it with the contracts. `touched` remembers the last event that changed a
subject, so that a discrepancy can be told with its transaction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from carbon_sdk.audit.auctions import SealedSales
from carbon_sdk.audit.bilateral import Blocks, Deliveries, Quotes
from carbon_sdk.audit.conduct import Conduct, Plans
from carbon_sdk.audit.confirmation_keys import ConfirmationKey
from carbon_sdk.audit.credits import Credits
from carbon_sdk.audit.events import Event, Position
from carbon_sdk.audit.evidence import Evidence
from carbon_sdk.audit.market_rules import MarketRules
from carbon_sdk.audit.serials import Serials
from carbon_sdk.audit.setting import Setting
from carbon_sdk.audit.vouchers import CodingRules, Mountains, Voucher
from carbon_sdk.identifiers import ZERO_ADDRESS, Address, InstrumentClass, InstrumentId, OrderId, Side

Subject = tuple[object, ...]
"""What a figure is about, such as `("balance", account, instrument)`."""


class Fault(NamedTuple):
    """An event that contradicts those before it."""

    position: Position
    what: str

    def __str__(self) -> str:
        return f"{self.what}, by {self.position}"


# INSTRUMENTS


@dataclass(slots=True)
class Instrument:
    """One instrument.

    `issued` and `cancelled` are as told by UnitsIssued and UnitsCancelled, `minted` and `burned` by the transfers.
    """

    id: InstrumentId
    valid_until: int
    terms: bytes
    state: int = 1  # OPEN
    issued: int = 0
    cancelled: int = 0
    minted: int = 0
    burned: int = 0


@dataclass(frozen=True, slots=True)
class Eligibility:
    """What the ledger knows of an account; see `contracts/types/Accounts.sol`."""

    status: int = 0
    kind: int = 0
    restrictions: int = 0
    region: int = 0
    owner: int = 0
    certificate_until: int = 0
    lapsing: int = 0
    """Of the restrictions: those that end by themselves."""
    lapse_at: int = 0
    """Unix seconds; when they do."""

    def restrictions_at(self, now: int) -> int:
        """What is in force at a time; Unix seconds."""
        return self.restrictions & ~self.lapsing if now >= self.lapse_at else self.restrictions


@dataclass(frozen=True, slots=True)
class Representation:
    """What a key may do."""

    account: Address = ZERO_ADDRESS
    certificate_until: int = 0
    rights: int = 0


@dataclass(slots=True)
class Ledger:
    """InstrumentLedger."""

    instruments: dict[int, Instrument] = field(default_factory=dict)
    balances: dict[tuple[Address, int], int] = field(default_factory=dict)
    encumbered: dict[tuple[Address, int, int], int] = field(default_factory=dict)
    """By account, instrument and reason."""
    frozen: dict[tuple[Address, int], int] = field(default_factory=dict)
    escrow: dict[int, int] = field(default_factory=dict)
    """By instrument: what transfers gave to the book and it has not given back."""
    eligibility: dict[Address, Eligibility] = field(default_factory=dict)
    keys: dict[Address, Representation] = field(default_factory=dict)
    binders: dict[int, Address] = field(default_factory=dict)
    credit_issuer: Address = ZERO_ADDRESS
    rules: dict[int, int] = field(default_factory=dict)
    """Set of transaction types by instrument; that of 0: of instruments defined from now on."""
    direct: dict[tuple[Address, Address, int], int] = field(default_factory=dict)
    """By sender, receiver and set: since when transfers go directly; 0: no longer."""
    forced: int = 0
    """Forced transfers so far."""

    def encumbered_of(self, account: Address, instrument: int) -> int:
        """Bound units, all reasons together."""
        return sum(
            quantity
            for (holder, held, _), quantity in self.encumbered.items()
            if holder == account and held == instrument
        )

    def held(self) -> dict[int, int]:
        """By instrument: what all accounts hold."""
        total: dict[int, int] = defaultdict(int)
        for (_, instrument), quantity in self.balances.items():
            total[instrument] += quantity
        return total


@dataclass(slots=True)
class Withdrawal:
    """Money that was asked to be paid out."""

    account: Address
    amount: int
    payout: bytes
    requested_at: int
    state: int  # 1 requested, 2 paid, 3 rejected, 4 cancelled, 5 accepted by the bank
    instrument: int

    @property
    def is_open(self) -> bool:
        """Neither paid nor given back."""
        return self.state in (1, 5)


@dataclass(slots=True)
class InAndOut:
    """What came in and went out of one money, in its smallest unit."""

    deposited: int = 0
    withdrawn: int = 0


@dataclass(slots=True)
class Cash:
    """CashDesk."""

    moneys: dict[int, InAndOut] = field(default_factory=dict)
    """By instrument."""
    backings: dict[int, tuple[Address, int, bool]] = field(default_factory=dict)
    """Instrument → token, its decimals, whether it is stopped."""
    payout_addresses: dict[Address, tuple[Address, int]] = field(default_factory=dict)
    hold: int | None = None
    """Seconds; None: never told."""
    withdrawals: dict[int, Withdrawal] = field(default_factory=dict)
    references: set[bytes] = field(default_factory=set)
    payouts: dict[Address, tuple[bytes, int]] = field(default_factory=dict)
    deposits_of: dict[Address, int] = field(default_factory=dict)


# TRANSFERS BY RULES


class Move(NamedTuple):
    """Units that go from account to account."""

    giver: Address
    receiver: Address
    instrument: int
    quantity: int


@dataclass(slots=True)
class Trusted:
    """An entry of an account's list of trusted accounts."""

    key: Address = ZERO_ADDRESS
    state: int = 0  # 1 proposed, 2 added
    since: int = 0


@dataclass(slots=True)
class Transfer:
    """A transfer that was proposed."""

    giver: Address = ZERO_ADDRESS
    receiver: Address = ZERO_ADDRESS
    key: Address = ZERO_ADDRESS
    instrument: int = 0
    quantity: int = 0
    rules: int = 0
    kind: int = 0
    proposed_at: int = 0
    state: int = 1  # 1 proposed, 2 waiting, 3 completed, 4 cancelled, 5 refused, 6 expired, 7 reversed
    due_at: int = 0
    closed_at: int = 0


@dataclass(slots=True)
class Transfers:
    """TransferRules."""

    rules: dict[int, tuple[dict[str, int], ...]] = field(default_factory=dict)
    """Set → its types, by their fields."""
    calendar: dict[str, int] | None = None
    holidays: dict[int, bool] = field(default_factory=dict)
    """Civil day → whether it is a holiday, where that was ever told."""
    trust_rules: dict[str, int] | None = None
    opted_in: dict[Address, bool] = field(default_factory=dict)
    trusts: dict[tuple[Address, Address], Trusted] = field(default_factory=dict)
    transfers: dict[int, Transfer] = field(default_factory=dict)
    undirected: Counter[Move] = field(default_factory=Counter)
    """What the running transaction moved from account to account although the ledger was told of no direct transfer."""
    explained: Counter[Move] = field(default_factory=Counter)
    """What it moved by a transfer by rules, a reversal or by force."""

    def type_of(self, transfer: Transfer) -> dict[str, int]:
        """The type by which it was proposed; nothing where no event told it."""
        types = self.rules.get(transfer.rules, ())
        return types[transfer.kind] if transfer.kind < len(types) else {}


# BANKING


@dataclass(slots=True)
class BankingRule:
    """A rule by which units of one instrument become units of another."""

    source: int
    target: int
    opens: int
    closes: int
    terms: Mapping[str, int]
    """As they were set."""
    converted: int = 0
    lapsed: int = 0


@dataclass(slots=True)
class BankingAccount:
    """An account under a rule."""

    net_sales: int = 0
    held: int = 0
    converted: int = 0
    recorded: bool = False


@dataclass(slots=True)
class Banking:
    """Banking."""

    acts: int = 0
    rules: dict[int, BankingRule] = field(default_factory=dict)
    latest: dict[int, int] = field(default_factory=dict)
    """Instrument → its latest rule."""
    accounts: dict[tuple[int, Address], BankingAccount] = field(default_factory=dict)
    expected: dict[bytes, tuple[int, int, int]] = field(default_factory=dict)
    """Cause → from, to (0: lapsed), tonnes: what conversions and lapses say."""
    cancelled: dict[bytes, tuple[int, int]] = field(default_factory=dict)
    """Cause → instrument, tonnes: what the ledger says of these causes."""
    issued: dict[bytes, tuple[int, int]] = field(default_factory=dict)

    def tell(self, kept: dict[bytes, tuple[int, int]], cause: bytes, instrument: int, quantity: int) -> None:
        """Remember what the ledger did for the cause of a conversion or lapse, which is told before it."""
        if cause in self.expected:
            kept[cause] = (instrument, kept.get(cause, (instrument, 0))[1] + quantity)

    def room(self, rule: BankingRule, account: BankingAccount) -> int:
        """Tonnes that an account may still convert; as the contract counts them."""
        terms = rule.terms
        room = max(0, terms["most"] - rule.converted) if terms["most"] else 2**96 - 1
        if terms["bySales"]:
            limit = terms["base"] + account.net_sales * terms["multiplier"] // 10_000 if account.recorded else 0
            room = min(room, max(0, limit - account.converted))
        if terms["byHolding"]:
            room = min(room, max(0, account.held * terms["share"] // 10_000 - account.converted))
        return room


# PLEDGES AND ACTS OF THE AUTHORITY


@dataclass(slots=True)
class Lines:
    """Units of a pledge: one line an instrument, in the contract's order."""

    rows: list[tuple[int, int]] = field(default_factory=list)
    """Instrument and tonnes."""

    def add(self, instrument: int, quantity: int) -> None:
        """To its line, or as the last one."""
        for at, (known, held) in enumerate(self.rows):
            if known == instrument:
                self.rows[at] = (instrument, held + quantity)
                return
        self.rows.append((instrument, quantity))

    def remove(self, instrument: int, quantity: int) -> int:
        """From its line, whose place the last one takes when it is used up; returns how many were missing."""
        for at, (known, held) in enumerate(self.rows):
            if known == instrument:
                if held > quantity:
                    self.rows[at] = (instrument, held - quantity)
                    return 0
                self.rows[at] = self.rows[-1]
                self.rows.pop()
                return quantity - held
        return quantity


@dataclass(slots=True)
class Pledge:
    """A pledge; states and fields as of `IPledgeBook`."""

    pledgor: Address
    pledgee: Address
    receiver: Address
    due: int
    notice_period: int
    offer_until: int
    agreement: bytes
    offered_at: int
    state: int = 1  # OFFERED
    lines: Lines = field(default_factory=Lines)
    notice_at: int = 0
    exchanges: int = 0
    removed: Lines | None = None
    """Of the open exchange."""
    added: Lines | None = None
    amended_by: int = 0


@dataclass(slots=True)
class Pledges:
    """PledgeBook."""

    pledges: dict[int, Pledge] = field(default_factory=dict)
    least_notice: int = 0


@dataclass(slots=True)
class Dispute:
    """A dispute; kinds and states as of `IDisputeDesk`."""

    claimant: Address
    respondent: Address
    kind: int
    subject: int
    terms: dict[str, int]
    evidence_until: int
    until: int
    lines: list[dict[str, Any]]
    """Holder, frozen, instrument, award."""
    state: int = 1  # OPEN
    evidence: int = 1
    upheld: bool = False
    ruling: bytes = bytes(32)
    arbitrator: Address = ZERO_ADDRESS
    appeal_arbitrator: Address = ZERO_ADDRESS
    awarded: list[tuple[Address, Address, int, int]] = field(default_factory=list)
    """From, to, instrument and quantity that its execution is to move."""
    moved: list[tuple[Address, Address, int, int]] = field(default_factory=list)
    """The same, as the ledger told."""
    granted: bool = False
    """The authority reopened the disputed filing: a figure that follows is another act."""

    @property
    def stands(self) -> bool:
        """Open, ruled, appealed or final."""
        return self.state <= 4

    @property
    def bars_reversal(self) -> bool:
        """It stands, or its ruling has made good what was disputed."""
        return self.stands or (self.state == 5 and self.upheld)

    def other_side(self, holder: Address) -> Address:
        """The other party."""
        return self.respondent if holder == self.claimant else self.claimant


@dataclass(slots=True)
class Disputes:
    """DisputeDesk."""

    disputes: dict[int, Dispute] = field(default_factory=dict)
    terms: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class AuthorityAct:
    """An act of the authority; kinds and states as of `IAuthorityDesk`."""

    kind: int
    source: Address
    target: Address
    instrument: int
    quantity: int
    cause: bytes
    document: bytes
    reason: str
    officer: Address
    ordered_at: int
    confirm_by: int
    reverses: int
    bindings: tuple[tuple[int, int], ...]
    """Reason and number."""
    state: int = 1  # PROPOSED
    done_at: int = 0
    confirmed_by: Address = ZERO_ADDRESS
    reversed_by: int = 0


@dataclass(slots=True)
class Acts:
    """AuthorityDesk."""

    acts: dict[int, AuthorityAct] = field(default_factory=dict)
    rules: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Tonnes and money from which a second officer confirms, period, seconds of reversibility."""
    alone: dict[tuple[Address, bool], tuple[int, int]] = field(default_factory=dict)
    """By officer and whether in money: what it ordered alone, and until when that counts."""
    running: tuple[str, int] = ("", 0)
    """The transaction that does an act, and the act's number."""


# MARKET


@dataclass(slots=True)
class Order:
    """An open order."""

    id: OrderId
    account: Address
    open: int
    expires: int
    placed_at: Position


@dataclass(slots=True)
class Level:
    """The open orders of one price, in the order of priority."""

    total: int = 0
    orders: dict[int, Order] = field(default_factory=dict)


OPEN, HALTED, CLOSED, CALL, LOCKED, UNCROSSING, DOWNGRADED = range(1, 8)
"""States of a market, as `IOrderBook.MarketState` numbers them."""
LAST_TRADE, AVERAGE = 0, 1
"""Rules of a closing price, as `IOrderBook.ClosingRule` numbers them."""
MOST_TICK = 2**20 - 1


class MarketLimits(NamedTuple):
    """`IOrderBook.Limits`; 0: none."""

    most_lots: int = 0
    dynamic_permille: int = 0
    most_held: int = 0
    most_open: int = 0


class MarketConduct(NamedTuple):
    """`IOrderBook.Conduct`, as a market is opened."""

    band_basis_points: int = 0
    closing: int = LAST_TRADE
    interruption_minutes: int = 5
    resumption_minutes: int = 0
    choice: bool = False


@dataclass(slots=True)
class Market:
    """One market of the order book."""

    number: int
    instrument: int
    tick_size: int
    """Smallest units of money for each tick and tonne."""
    lot: int
    least_lots: int
    taker_fee: int
    """Smallest units of money for each lot."""
    maker_fee: int
    lowest: int
    highest: int
    state: int = 1  # OPEN
    until: int = 0
    """Unix seconds at which the state ends; 0: others end it."""
    last: int = 0
    trades: int = 0
    volume: int = 0
    turnover: int = 0
    fees: int = 0
    """Accrued and not collected."""
    day: int = 0
    """Civil day that the market is in, counted from 1970-01-01."""
    lots_today: int = 0
    turnover_today: int = 0
    """Ticks x lots."""
    close: int = 0
    """Of the last day that was closed, in ticks; 0: none yet."""
    limits: MarketLimits = field(default_factory=MarketLimits)
    conduct: MarketConduct = field(default_factory=MarketConduct)
    band_due: tuple[int, int] | None = None
    """After a day's close: the band that follows."""
    auction: int = 0
    """Price of the auction that is being executed, in ticks; 0: not fixed."""
    sides: dict[Side, dict[int, Level]] = field(default_factory=lambda: {Side.BUY: {}, Side.SELL: {}})
    generations: dict[tuple[Side, int], tuple[int, int]] = field(default_factory=dict)
    """By side and tick: generation and index that the next order will have."""

    def best(self, side: Side) -> int:
        """Best tick of a side; 0 where it is empty."""
        levels = self.sides[side]
        if not levels:
            return 0
        return max(levels) if side is Side.BUY else min(levels)

    def levels(self, side: Side) -> list[tuple[int, Level]]:
        """Levels from the best on."""
        return sorted(self.sides[side].items(), reverse=side is Side.BUY)

    def crossed(self) -> tuple[int, int] | None:
        """Best bid and best ask, where they cross."""
        bid, ask = self.best(Side.BUY), self.best(Side.SELL)
        return (bid, ask) if ask and bid >= ask else None

    def auction_price(self) -> tuple[int, int, int]:
        """Price in ticks, tonnes and surplus of a call auction of what rests; all 0 where nothing crosses (R-TRD-10).

        Of the prices that execute the most, those that leave the least on one side, and of these the nearest to the
        reference. Between two levels nothing changes: so of each such stretch its ends are looked at.
        """
        crossed = self.crossed()
        if crossed is None:
            return 0, 0, 0
        bids, asks = self.sides[Side.BUY], self.sides[Side.SELL]
        ticks = {tick + step for tick in (*bids, *asks) for step in (-1, 0, 1)}
        found: dict[int, tuple[int, int]] = {}
        for tick in ticks:
            if crossed[1] <= tick <= crossed[0]:
                bid = sum(level.total for at, level in bids.items() if at >= tick)
                ask = sum(level.total for at, level in asks.items() if at <= tick)
                found[tick] = min(bid, ask), abs(bid - ask)
        tonnes, surplus = max(found.values(), key=lambda one: (one[0], -one[1]))
        best = [tick for tick, one in found.items() if one == (tonnes, surplus)]
        low, high = min(best), max(best)
        anchor = self.last if self.lots_today or not self.close else self.close
        return min(max(anchor or (low + high) // 2, low), high), tonnes, surplus

    def closing_price(self) -> int:
        """What the day's closing price would be, in ticks."""
        if not self.lots_today:
            return self.close
        if self.conduct.closing == LAST_TRADE:
            return self.last
        return (2 * self.turnover_today + self.lots_today) // (2 * self.lots_today)

    def band_about(self, close: int) -> tuple[int, int]:
        """The band that the conduct's share gives about a close: lowest and highest tick."""
        share = self.conduct.band_basis_points
        return -(-close * (10_000 - share) // 10_000), min(close * (10_000 + share) // 10_000, MOST_TICK)

    def fee(self, per_lot: int, quantity: int) -> int:
        """What a quantity pays."""
        return quantity // self.lot * per_lot

    def escrow(self, order: OrderId, quantity: int) -> int:
        """What an order holds for `quantity` tonnes: the units, or their price and the maker's fee."""
        if order.side is Side.SELL:
            return quantity
        return quantity * order.tick * self.tick_size + self.fee(self.maker_fee, quantity)


@dataclass(slots=True)
class Book:
    """OrderBook."""

    markets: dict[int, Market] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    """Open orders by id."""
    closed: set[int] = field(default_factory=set)
    """Ids of orders that have left the book."""
    in_orders: dict[tuple[Address, int], int] = field(default_factory=dict)
    """By account and instrument: what open orders hold."""
    passed_over: dict[int, tuple[Position, OrderId]] = field(default_factory=dict)
    """Orders before which another traded in the running transaction: where, and which."""

    def unfairly_passed_over(self) -> Iterator[Fault]:
        """At a transaction's end: those that are still open."""
        for order, (position, other) in self.passed_over.items():
            if order in self.orders:
                what = f"order {other} traded before order {OrderId(order)}, which has the better price or came earlier"
                yield Fault(position, what)
        self.passed_over.clear()


# VOUCHERS


@dataclass(slots=True)
class Series:
    """One series of vouchers."""

    number: int
    issuer: Address
    mountains: Mountains = field(default_factory=Mountains)
    vouchers: list[Voucher | None] = field(default_factory=list)
    """None where no event told what a leaf attests."""
    day: int = -1
    order_of_day: int = 0


@dataclass(slots=True)
class Vouchers:
    """VoucherBook and the series of all issuers."""

    series: dict[tuple[Address, int], Series] = field(default_factory=dict)
    directory: dict[int, tuple[Address, int]] = field(default_factory=dict)
    """Series → issuer and the bits of its kinds."""
    rules: list[CodingRules] = field(default_factory=list)


# REGISTRY


@dataclass(slots=True)
class Application:
    """An application for an account."""

    key: Address
    account: Address
    status: int  # 1 filed, 2 returned, 3 refused, 4 withdrawn, 5 approved
    filed_at: int
    record: bytes


@dataclass(slots=True)
class Account:
    """An account of the registry."""

    application: int
    kind: int
    status: int
    capabilities: int
    region: int
    sector: int
    owner: int
    opened_at: int
    principal: Address
    certificate_until: int
    record: bytes
    authority_restrictions: int = 0
    compliance_restrictions: int = 0
    conduct_restrictions: int = 0
    conduct_lapse: tuple[int, int] = (0, 0)
    """Of these: what ends by itself, and when."""


@dataclass(slots=True)
class Certificate:
    """A certificate that was bound to a key."""

    account: Address
    key: Address
    signer: Address
    not_after: int
    revoked_at: int = 0
    current: bool = True


@dataclass(slots=True)
class Registry:
    """StakeholderRegistry and CertificateRegistry."""

    applications: dict[int, Application] = field(default_factory=dict)
    accounts: dict[Address, Account] = field(default_factory=dict)
    keys: dict[Address, tuple[Address, int, int]] = field(default_factory=dict)
    """Key → account, rights, Unix seconds until which its certificate holds."""
    certificates: dict[bytes, Certificate] = field(default_factory=dict)
    current_certificate: dict[Address, bytes] = field(default_factory=dict)
    accredited: dict[Address, tuple[int, int, int, int]] = field(default_factory=dict)
    """Signer → number, since, until, withdrawn at."""
    officers: dict[Address, int] = field(default_factory=dict)
    rules: tuple[int, int] = (0, 0)
    """Seconds within which a second one confirms a rotation, and of notice before a closing."""
    rotations: dict[Address, tuple[Address, int, Address]] = field(default_factory=dict)
    """Old key → new key, Unix seconds until which it can be confirmed, who asked; of those that wait."""
    closings: dict[Address, int] = field(default_factory=dict)
    """Account → Unix seconds from which on it can be closed; 0: stopped or done."""


# REPORTING


@dataclass(slots=True)
class Installation:
    """An installation."""

    account: Address
    permit: bytes
    region: int
    sector: int
    first_year: int
    last_year: int = 0
    plans: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Version → state (1 filed, 2 approved, 3 returned) and first year."""


@dataclass(slots=True)
class Filing:
    """An installation's year."""

    state: int = 0  # 0 open, 1 accepted, 2 determined
    version: int = 0
    accepted_version: int = 0
    grams: int = 0
    verifier: Address = ZERO_ADDRESS
    reported: int = 0
    late: bool = False
    opinions: dict[int, tuple[Address, int, int]] = field(default_factory=dict)
    """Report's version → verifier, verified grams, conclusion."""


@dataclass(slots=True)
class Reports:
    """Methodologies and EmissionReports."""

    methods: dict[tuple[bytes, int], int] = field(default_factory=dict)
    """(name, version) → 1 open, 2 closed."""
    installations: dict[int, Installation] = field(default_factory=dict)
    filings: dict[tuple[int, int], Filing] = field(default_factory=dict)
    """By installation and year."""
    deadlines: dict[int, int] = field(default_factory=dict)
    verifiers: dict[Address, int] = field(default_factory=dict)
    accepted: dict[tuple[Address, int], tuple[int, bool]] = field(default_factory=dict)
    """By account and year: grams, and whether every installation has a figure."""


# ALLOCATION


@dataclass(slots=True)
class Determination:
    """What is due to an installation for a year."""

    account: Address
    installation: int
    year: int
    part: int
    instrument: int
    quantity: int
    digest: bytes
    region: int
    state: int = 1  # 1 determined, 2 applied, 3 certified, 4 rejected, 5 superseded
    issued: int = 0


@dataclass(slots=True)
class Allocation:
    """Allocator."""

    caps: dict[int, tuple[int, int, int, int]] = field(default_factory=dict)
    """Year → total, free, auction, reserve."""
    issued: dict[int, list[int]] = field(default_factory=dict)
    """Year → issued of free, auction, reserve."""
    determinations: dict[int, Determination] = field(default_factory=dict)
    region_totals: dict[tuple[int, int], int] = field(default_factory=dict)
    certificates: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Determination → first serial, quantity of its latest certificate."""
    issued_under: dict[tuple[int, int, int], int] = field(default_factory=dict)
    """(installation, year, part) → issued."""


# COMPLIANCE


@dataclass(slots=True)
class Surrender:
    """An application to surrender."""

    account: Address
    lines: tuple[tuple[int, int], ...]
    """Instrument and quantity."""
    since: int
    """Unix seconds: in its state since then."""
    year: int = 0
    findings: int = 0
    opinion: int = 0
    state: int = 1  # 1 filed, 2 approved, 3 rejected, 4 withdrawn, 5 awaits a second representative, 6 reversed

    @property
    def tonnes(self) -> int:
        """Of all lines."""
        return sum(quantity for _, quantity in self.lines)


class Carried(NamedTuple):
    """The last assessment of an account."""

    year: int = 0
    shortfall: int = 0
    """Penalised then or before, and open."""
    counted: int = 0
    """Tonnes surrendered that it counted."""


@dataclass(slots=True)
class Obliged:
    """An account in compliance."""

    first_year: int
    last_year: int = 0
    emissions: dict[int, int] = field(default_factory=dict)
    """Tonnes by year; a year whose emissions are missing is not there."""
    excluded: set[int] = field(default_factory=set)
    surrendered: int = 0
    status: int = 0
    """As told by the last StatusChanged; 0 before any."""
    judged_in: int = 0
    """The open year when an act last had the account judged: until the next one its status stands as told."""
    restricted: tuple[bool, bool] = (False, False)
    """For a shortfall, for missing emissions."""
    at_deadline: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    """Year → status, emissions, surrendered when the deadline passed."""
    carried: Carried = field(default_factory=Carried)


@dataclass(slots=True)
class Penalty:
    """A penalty for one year."""

    tonnes: int
    """Newly short in that year: no earlier penalty was for them."""
    amount: int
    paid: int = 0


@dataclass(slots=True)
class Compliance:
    """ComplianceDesk."""

    current_year: int = 0
    scheme: int = 0
    series: int = 0
    utc_offset: int = 0
    rules: dict[int, dict[str, int]] = field(default_factory=dict)
    accounts: dict[Address, Obliged] = field(default_factory=dict)
    emissions: dict[tuple[Address, int], int] = field(default_factory=dict)
    """Known tonnes by account and year, enrolled or not."""
    surrenders: dict[int, Surrender] = field(default_factory=dict)
    assessed: dict[tuple[Address, int], int] = field(default_factory=dict)
    """Account and year → tonnes newly short, which a penalty is for."""
    penalties: dict[tuple[Address, int], Penalty] = field(default_factory=dict)
    cancelled_voluntarily: int = 0
    second_from: int = 0
    """Tonnes in one application from which a second representative endorses it; 0: never."""
    reversal_window: int = 0
    reissued: dict[int, list[tuple[Address, int, int]]] = field(default_factory=dict)
    """Application → account, instrument and quantity of each line that a reversal issued anew."""
    awaiting_vouchers: list[Voucher] = field(default_factory=list)
    """Acts of this transaction whose vouchers follow; index and order of the day are not known yet."""

    def judge(self, account: Address) -> int:
        """The account's status as of the year that is open: 0 not applicable, 1 A, 2 B, 3 C, 4 excluded."""
        one = self.accounts.get(account)
        if one is None:
            return 0
        due = self.years_due(one)
        if not due:
            return 0
        owed = [year for year in due if year not in one.excluded]
        if not owed:
            return 4
        if any(year not in one.emissions for year in owed):
            return 3
        return 2 if self.owed(one) > one.surrendered else 1

    def years_due(self, one: Obliged) -> range:
        """Years that came up: through the last one once it has begun, else through the year before the open one."""
        last = one.last_year if one.last_year and one.last_year <= self.current_year else self.current_year - 1
        return range(one.first_year, last + 1) if one.first_year else range(0)

    def owed(self, one: Obliged) -> int:
        """Tonnes of the years that came up and are not excluded."""
        return sum(one.emissions.get(year, 0) for year in self.years_due(one) if year not in one.excluded)


# GOVERNANCE


@dataclass(slots=True)
class Governance:
    """Authority, RuleBook, proxies."""

    grants: dict[tuple[int, Address], int] = field(default_factory=dict)
    """(role, account) → execution delay in seconds."""
    admins: dict[int, int] = field(default_factory=dict)
    guardians: dict[int, int] = field(default_factory=dict)
    functions: dict[tuple[Address, bytes], int] = field(default_factory=dict)
    """(contract, selector) → role."""
    closed: dict[Address, bool] = field(default_factory=dict)
    implementations: dict[Address, Address] = field(default_factory=dict)
    documents: dict[bytes, list[tuple[bytes, int]]] = field(default_factory=dict)
    """Topic → digest and effective time of each version."""


@dataclass(slots=True)
class Services:
    """ServiceRecords."""

    documents: dict[tuple[bytes, int], list[tuple[bytes, int]]] = field(default_factory=dict)
    """Service and kind → digest and effective time of each version."""
    releases: dict[int, tuple[Address, int, bytes, int]] = field(default_factory=dict)
    """Number → developer, version of its basis, digest, status: 1 proposed, 2 accepted, 3 refused, 4 withdrawn."""
    supplies: dict[int, tuple[Address, int, bytes]] = field(default_factory=dict)
    """Number → supporter, kind, digest."""


@dataclass(slots=True)
class State:
    """Everything that the events say.

    Attributes:
        contracts: Names of the contracts whose events are folded: of others nothing is known.
        main_money: The instrument that markets are against.
        last: Place of the last event that was folded.
        faults: Events that contradict those before them.
        passed_over: How many events of each name have no rule here.
    """

    contracts: frozenset[str] = frozenset()
    book_address: Address = ZERO_ADDRESS
    main_money: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    cash: Cash = field(default_factory=Cash)
    transfers: Transfers = field(default_factory=Transfers)
    banking: Banking = field(default_factory=Banking)
    pledges: Pledges = field(default_factory=Pledges)
    disputes: Disputes = field(default_factory=Disputes)
    acts: Acts = field(default_factory=Acts)
    book: Book = field(default_factory=Book)
    market_rules: MarketRules = field(default_factory=MarketRules)
    quotes: Quotes = field(default_factory=Quotes)
    blocks: Blocks = field(default_factory=Blocks)
    sealed: SealedSales = field(default_factory=SealedSales)
    conduct: Conduct = field(default_factory=Conduct)
    plans: Plans = field(default_factory=Plans)
    confirmation_keys: dict[Address, ConfirmationKey] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)
    deliveries: Deliveries = field(default_factory=Deliveries)
    vouchers: Vouchers = field(default_factory=Vouchers)
    registry: Registry = field(default_factory=Registry)
    reports: Reports = field(default_factory=Reports)
    allocation: Allocation = field(default_factory=Allocation)
    compliance: Compliance = field(default_factory=Compliance)
    governance: Governance = field(default_factory=Governance)
    services: Services = field(default_factory=Services)
    credits: Credits = field(default_factory=Credits)
    serials: Serials = field(default_factory=Serials)
    setting: Setting = field(default_factory=Setting)
    touched: dict[Subject, Position] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    passed_over: Counter[tuple[str, str]] = field(default_factory=Counter)
    last: Position | None = None
    timestamp: int = 0
    events: int = 0

    def touch(self, event: Event, *subject: object) -> None:
        """Remember that `event` changed `subject`."""
        self.touched[subject] = event.position

    def fault(self, event: Event, what: str) -> None:
        """Remember that `event` contradicts those before it."""
        self.faults.append(Fault(event.position, f"{event.contract}.{event.name}: {what}"))

    def position_of(self, account: Address, instrument: int) -> int:
        """Units that an account holds, bound ones and those that its orders offer included."""
        key = (account, instrument)
        return self.ledger.balances.get(key, 0) + self.book.in_orders.get(key, 0)

    def goes_directly(self, event: Event, giver: Address, receiver: Address, instrument: int) -> bool:
        """Whether the ledger alone may move units from account to account at the time of an event."""
        rules = self.ledger.rules.get(instrument, 0)
        return not rules or 0 < self.ledger.direct.get((giver, receiver, rules), 0) <= event.timestamp

    def moved_without_a_rule(self) -> Iterator[str]:
        """At a transaction's end: units that went from account to account, by no trade, though no rule let them."""
        moves = self.transfers
        if moves.undirected and "TransferRules" in self.contracts:
            left = Counter(Move(*one) for one in self.serials.direct_transfers())
            for move, count in (moves.undirected & left - moves.explained).items():
                what = f"{move.quantity} of {InstrumentId(move.instrument)}"
                yield f"{what} went from {move.giver} to {move.receiver} without a rule, {count} times"
        moves.undirected.clear()
        moves.explained.clear()

    def main_money_is_known(self) -> bool:
        """Whether an event or the caller told which instrument markets are against."""
        return self.main_money >> 80 == InstrumentClass.MONEY
