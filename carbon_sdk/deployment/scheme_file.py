"""A scheme's rules as data: `schemes/*.toml`. Everything that a deployment sets comes from here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, Field, model_validator

from carbon_sdk.contracts.generated.enums import ClosingRule
from carbon_sdk.contracts.generated.structs import BlockTerms, BoardTerms, Conduct, Limits
from carbon_sdk.deployment.conduct import ConductTable
from carbon_sdk.deployment.confirmations import ConfirmationsTable
from carbon_sdk.deployment.market_tables import CalendarTable, ClockTime, LargePositionTable, StressTable
from carbon_sdk.deployment.strict_toml import Strict, load
from carbon_sdk.deployment.transfer_tables import TransfersTable, TransferTypeTable, sets_of
from carbon_sdk.errors import CarbonError, InputError
from carbon_sdk.identifiers import InstrumentClass, InstrumentId, keccak
from carbon_sdk.units import Money, money, scaled

_TICK_LIMIT = 2**24
_BOOK_MANTISSA_LIMIT = 2**10  # as the order book's words have room
_BOOK_TICK_LIMIT = 2**20
_BOOK_FEE_LIMIT = 2**14


def _amount(text: str) -> str:
    try:
        scaled(text, 18, name="amount")
    except CarbonError as error:
        raise ValueError(str(error)) from None
    return text


def _aware(time: datetime) -> datetime:
    if time.tzinfo is None:
        raise ValueError("give the offset from UTC, such as 2022-04-30T23:59:59+01:00")
    return time


Amount = Annotated[str, AfterValidator(_amount)]
Time = Annotated[datetime, AfterValidator(_aware)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
Tonnage = Annotated[int, Field(ge=0, lt=2**64)]
Year = Annotated[int, Field(ge=1, lt=2**16)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Share = Annotated[int, Field(ge=0, le=10_000)]
"""Basis points."""
TokenAddress = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]


class SchemeTable(Strict):
    """`[scheme]`."""

    name: Name
    title: Name
    number: Annotated[int, Field(ge=1, lt=2**16)]
    code: Annotated[str, Field(pattern=r"^[A-Z0-9]{1,8}$")]
    first_year: Year
    current_year: Year
    utc_offset_seconds: Annotated[int, Field(gt=-86400, lt=86400)]
    obligation_rounding: Literal["nearest", "down", "up"]
    regions: tuple[Name, ...] = Field(strict=False)

    def region(self, name: str) -> int:
        """The number of a region, from 1. Raises InputError."""
        if name not in self.regions:
            raise InputError(f"{name!r} is no region of {self.name}. Regions are {', '.join(self.regions)}.")
        return self.regions.index(name) + 1


class MoneyTable(Strict):
    """`[money]`."""

    name: Name
    iso_number: Annotated[int, Field(ge=0, lt=1000)]
    decimals: Annotated[int, Field(ge=0, le=18)]
    payout_delay_hours: Annotated[int, Field(ge=0, le=366 * 24)]
    token: TokenAddress | None = None
    """An ERC-20 that backs it one to one; None: the bank does."""
    token_hold_hours: Annotated[int, Field(ge=0, le=366 * 24)] = 0
    """How long a withdrawal of tokens waits before it is paid."""


class OtherMoneyTable(Strict):
    """`[[moneys]]`: settlement money beside the main money."""

    name: Name
    iso_number: Annotated[int, Field(ge=0, lt=2**16)]
    """ISO 4217, or a number from 1,000 on for what is no currency of a state."""
    decimals: Annotated[int, Field(ge=0, le=18)]
    token: TokenAddress | None = None


class InstrumentTable(Strict):
    """`[[instruments]]`."""

    name: Name
    kind: Literal["allowance", "credit"] = Field(alias="class")
    vintage: Year
    project: Annotated[int, Field(ge=0, lt=2**32)] = 0
    series: Annotated[int, Field(ge=0, lt=2**16)] = 0
    valid_until: Time | None = None


class MarketTable(Strict):
    """`[[markets]]`."""

    name: Name
    instrument: Name
    tick: Amount
    lot: Annotated[int, Field(ge=1, lt=2**16)]
    least_lots: Annotated[int, Field(ge=1, lt=2**8)]
    taker_fee_per_lot: Amount
    maker_fee_per_lot: Amount
    lowest_price: Amount
    highest_price: Amount
    calendar: Name | None = None
    """None: it trades all day."""
    calendar_from: date | None = None
    """Until that civil day it trades all day; None: from the beginning."""
    most_lots: Annotated[int, Field(ge=0, lt=2**48)] = 0
    """Of one order; below 128, and at most seven zeros. 0: no limit, as in the next three."""
    dynamic_permille: Annotated[int, Field(ge=0, lt=1000)] = 0
    """How far a price may be from the latest trade's, in tenths of a per cent; beyond, a call interrupts trading."""
    most_held: Annotated[int, Field(ge=0, lt=2**64)] = 0
    """Tonnes of the instrument that an account may hold after a purchase; below 256, and at most fifteen zeros."""
    most_open: Annotated[int, Field(ge=0, lt=2**16)] = 0
    """Open orders of an account."""
    band_basis_points: Annotated[int, Field(ge=0, lt=10_000)] = 0
    """The band of a day is so far about the close before it; 0: as it was set."""
    closing: Literal["last", "vwap"] = "last"
    interruption_minutes: Annotated[int, Field(ge=1, le=1440)] = 5
    resumption_minutes: Annotated[int, Field(ge=0, le=1440)] = 0
    """Length of the call with which a resumed market begins; 0: none."""
    choice: bool = False
    """Nothing is matched: who takes picks an order of the best five levels."""

    def limits(self) -> Limits:
        """What bounds the risk of an order or account."""
        return Limits(self.most_lots, self.dynamic_permille, self.most_held, self.most_open)

    def conduct(self) -> Conduct:
        """How the market goes about its day."""
        closing = ClosingRule[self.closing.upper()]
        return Conduct(self.band_basis_points, closing, self.interruption_minutes, self.resumption_minutes, self.choice)


class BoardTable(Strict):
    """`[[boards]]`: of listed quotes."""

    name: Name
    instrument: Name
    tick: Amount
    lot: Annotated[int, Field(ge=1, lt=2**24)]
    least_lots: Annotated[int, Field(ge=1, lt=2**16)]
    taker_fee_per_lot: Amount
    maker_fee_per_lot: Amount
    lowest_price: Amount
    highest_price: Amount


class BlockMarketTable(Strict):
    """`[[block_markets]]`: of block trades."""

    name: Name
    instrument: Name
    tick: Amount
    lot: Annotated[int, Field(ge=1, lt=2**24)]
    least_lots: Annotated[int, Field(ge=1, lt=2**32)]
    buyer_fee_per_lot: Amount
    seller_fee_per_lot: Amount
    band_basis_points: Annotated[int, Field(ge=0, lt=10_000)]
    reference_price: Amount
    opens: ClockTime
    closes: ClockTime
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, strict=False)]
    longest_delay_hours: Annotated[int, Field(ge=0, lt=4660)]
    settlement_window_hours: Annotated[int, Field(ge=0, lt=2**20)]

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> BlockMarketTable:
        if seconds_of(self.opens) >= seconds_of(self.closes):
            raise ValueError(f"it opens at {self.opens} and closes at {self.closes}: hours lie within one civil day")
        return self


class YearTable(Strict):
    """`[[years]]`."""

    year: Year
    cap_tonnes: Tonnage
    free_tonnes: Tonnage
    auction_tonnes: Tonnage
    reserve_tonnes: Tonnage
    reporting_deadline: Time
    surrender_deadline: Time
    penalty_per_tonne: Amount
    index: tuple[Annotated[int, Field(ge=0, lt=2**32)], Annotated[int, Field(ge=1, lt=2**32)]] = Field(strict=False)
    oldest_vintage: Annotated[int, Field(ge=0, lt=2**16)]
    newest_vintage: Annotated[int, Field(ge=0, lt=2**16)]
    credit_share_basis_points: Annotated[int, Field(ge=0, le=10_000)]

    @model_validator(mode="after")
    def _parts_fit(self) -> YearTable:
        parts = self.free_tonnes + self.auction_tonnes + self.reserve_tonnes
        if parts > self.cap_tonnes:
            raise ValueError(f"the parts add up to {parts} t, more than the cap of {self.cap_tonnes} t")
        if self.surrender_deadline <= self.reporting_deadline:
            raise ValueError("the surrender deadline must be after the reporting deadline")
        return self


class BankingTable(Strict):
    """`[[banking]]`: units of one instrument into units of another. Without a limit: as much as is held."""

    source: Name = Field(alias="from")
    target: Name = Field(alias="to")
    opens: Time
    closes: Time
    lapses: bool
    """What is left of an instrument that is closed or past its validity can lapse afterwards."""
    base_tonnes: Tonnage | None = None
    net_sales_basis_points: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    """Of what an account has sold net; with base_tonnes."""
    holding_basis_points: Share | None = None
    """Of what an account held at the cut-off."""
    total_tonnes: Tonnage = 0
    """Over all accounts; 0: no limit."""

    @model_validator(mode="after")
    def _holds(self) -> BankingTable:
        if self.opens >= self.closes:
            raise ValueError("the window must open before it closes")
        if (self.base_tonnes is None) != (self.net_sales_basis_points is None):
            raise ValueError("base_tonnes and net_sales_basis_points go together")
        return self


class VerificationTable(Strict):
    """`[verification]`."""

    threshold_tonnes: Tonnage
    below_basis_points: Annotated[int, Field(ge=0, le=10_000)]
    above_basis_points: Annotated[int, Field(ge=0, le=10_000)]


class PledgesTable(Strict):
    """`[pledges]`."""

    least_notice_hours: Annotated[int, Field(ge=0, lt=2**16)]


class DisputesTable(Strict):
    """`[disputes]`: how long each part of a dispute lasts."""

    open_days: Annotated[int, Field(ge=1, lt=2**15)] = 90
    evidence_days: Annotated[int, Field(ge=1, lt=2**15)] = 20
    ruling_days: Annotated[int, Field(ge=1, lt=2**15)] = 30
    appeal_days: Annotated[int, Field(ge=1, lt=2**15)] = 14
    execution_days: Annotated[int, Field(ge=1, lt=2**15)] = 30


class SurrenderTable(Strict):
    """`[surrender]`: how long after its approval the authority may reverse one; 0: never."""

    reversible_hours: Annotated[int, Field(ge=0, lt=2**16)] = 0


class AuthorityTable(Strict):
    """`[authority]`: when one officer is not enough, and until when a forced transfer can be reversed."""

    second_officer_from_tonnes: Tonnage
    second_officer_from_money: Amount
    confirm_within_hours: Annotated[int, Field(ge=1, lt=2**16)]
    reversible_days: Annotated[int, Field(ge=0, lt=2**16)]


class VouchersTable(Strict):
    """`[vouchers]`."""

    kinds: Annotated[str, Field(pattern=r"^[A-Z]{4}$")]
    desk_series: Annotated[int, Field(ge=2**24, lt=2**32 - 1)]
    board_series: Annotated[int, Field(ge=2**24, lt=2**32)] = 2**24 + 2
    block_series: Annotated[int, Field(ge=2**24, lt=2**32)] = 2**24 + 3
    auction_series: Annotated[int, Field(ge=2**24, lt=2**32)] = 2**24 + 5

    @property
    def offers_series(self) -> int:
        """Of purchases of credits that were offered: the one after the compliance desk's."""
        return self.desk_series + 1


LABELS = (
    "compliance",
    "voluntary-only",
    "corsia",
    "article-6-authorised",
    "removal",
    "core-carbon-principles",
    "co-benefits",
)
"""Of credits, in the order of their bits."""


class CreditsTable(Strict):
    """`[credits]`; may be left out."""

    required_labels: tuple[
        Literal["compliance", "corsia", "article-6-authorised", "removal", "core-carbon-principles", "co-benefits"], ...
    ] = Field(default=(), strict=False)

    @property
    def required_bits(self) -> int:
        """What a credit needs, all of it, to be surrendered."""
        return sum(1 << LABELS.index(label) for label in set(self.required_labels))


class MethodTable(Strict):
    """`[[methods]]`."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    contract: Name


class PolicyTable(Strict):
    """`[[policies]]`."""

    topic: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
    uri: Name


class SchemeFile(Strict):
    """A whole scheme file."""

    scheme: SchemeTable
    money: MoneyTable
    instruments: tuple[InstrumentTable, ...] = Field(strict=False)
    markets: tuple[MarketTable, ...] = Field(strict=False)
    boards: tuple[BoardTable, ...] = Field(default=(), strict=False)
    block_markets: tuple[BlockMarketTable, ...] = Field(default=(), strict=False)
    years: tuple[YearTable, ...] = Field(strict=False)
    verification: VerificationTable
    pledges: PledgesTable
    authority: AuthorityTable
    vouchers: VouchersTable
    credits: CreditsTable = Field(default_factory=CreditsTable)
    disputes: DisputesTable = Field(default_factory=DisputesTable)
    surrender: SurrenderTable = Field(default_factory=SurrenderTable)
    conduct: ConductTable = Field(default_factory=ConductTable)
    confirmations: ConfirmationsTable = Field(default_factory=ConfirmationsTable)
    methods: tuple[MethodTable, ...] = Field(strict=False)
    policies: tuple[PolicyTable, ...] = Field(strict=False)
    transfers: TransfersTable | None = None
    transfer_types: tuple[TransferTypeTable, ...] = Field((), strict=False)
    moneys: tuple[OtherMoneyTable, ...] = Field((), strict=False)
    banking: tuple[BankingTable, ...] = Field((), strict=False)
    calendars: tuple[CalendarTable, ...] = Field((), strict=False)
    stress: StressTable | None = None
    large_positions: tuple[LargePositionTable, ...] = Field((), strict=False)

    @model_validator(mode="after")
    def _hangs_together(self) -> SchemeFile:
        for what, names in (
            ("instruments", [item.name for item in self.instruments]),
            ("markets", [item.name for item in self.markets]),
            ("boards", [item.name for item in self.boards]),
            ("block_markets", [item.name for item in self.block_markets]),
            ("years", [str(item.year) for item in self.years]),
            ("methods", [item.name for item in self.methods]),
            ("policies", [item.topic for item in self.policies]),
            ("moneys", [self.money.name, *(item.name for item in self.moneys)]),
            ("moneys", [str(self.money.iso_number), *(str(item.iso_number) for item in self.moneys)]),
            ("moneys", [token.lower() for _, token, _ in self.backings()]),
            ("banking", [item.source for item in self.banking]),
            ("calendars", [item.name for item in self.calendars]),
            ("large_positions", [item.instrument for item in self.large_positions]),
        ):
            if twice := _first_twice(names):
                raise ValueError(f"{what} has {twice} twice")
        known = {item.name for item in self.instruments}
        of_markets = [(one.name, one.instrument) for one in self.markets]
        of_markets += [(one.name, one.instrument) for one in self.boards]
        of_markets += [(one.name, one.instrument) for one in self.block_markets]
        for name, instrument in of_markets:
            if instrument not in known:
                raise ValueError(f"market {name} is of instrument {instrument}, which is not defined")
        calendars = {item.name for item in self.calendars}
        if calendars and self.scheme.utc_offset_seconds % 60:
            raise ValueError(f"utc_offset_seconds {self.scheme.utc_offset_seconds} is no whole number of minutes")
        for market in self.markets:
            if market.calendar is not None and market.calendar not in calendars:
                raise ValueError(f"market {market.name} trades by calendar {market.calendar}, which is not defined")
            if market.calendar_from is not None and market.calendar is None:
                raise ValueError(f"market {market.name} has calendar_from and no calendar")
        for large in self.large_positions:
            if large.instrument not in known:
                raise ValueError(f"large_positions has instrument {large.instrument}, which is not defined")
        kinds = {item.name: item.kind for item in self.instruments}
        for rule in self.banking:
            for name in (rule.source, rule.target):
                if name not in kinds:
                    raise ValueError(f"banking is of instrument {name}, which is not defined")
            if rule.source == rule.target or kinds[rule.source] != kinds[rule.target]:
                raise ValueError(f"banking: {rule.source} cannot become {rule.target}")
        if self.scheme.current_year not in {item.year for item in self.years}:
            raise ValueError(f"years has no entry for the current year {self.scheme.current_year}")
        sets_of(self.transfers, self.transfer_types)
        if not any(item.topic == "registration-policy" for item in self.policies):
            raise ValueError("policies needs a registration-policy: applications name its version")
        return self

    def backings(self) -> list[tuple[str, str, int]]:
        """Moneys that stand for a token: name, token, decimals."""
        others = [(item.name, item.token, item.decimals) for item in self.moneys]
        every = [(self.money.name, self.money.token, self.money.decimals), *others]
        return [(name, token, decimals) for name, token, decimals in every if token]

    def year(self, number: int) -> YearTable:
        """The rules of one year. Raises InputError."""
        for item in self.years:
            if item.year == number:
                return item
        raise InputError(f"{self.scheme.name} has no rules for {number}.")


@dataclass(frozen=True, slots=True)
class MarketNumbers:
    """A market's terms in the contract's units.

    Attributes:
        tick_mantissa, tick_exponent: A tick is mantissa x 10^exponent smallest units per tonne.
        lot, least_lots: Tonnes, and lots of the smallest order.
        taker_fee, maker_fee: Per lot, in 10^exponent smallest units.
        lowest, highest: Ticks.
    """

    tick_mantissa: int
    tick_exponent: int
    lot: int
    least_lots: int
    taker_fee: int
    maker_fee: int
    lowest: int
    highest: int


@dataclass(frozen=True, slots=True)
class SchemeRules:
    """A scheme as read, with what follows from it.

    Attributes:
        file: As read.
        digest: Keccak-256 of the file.
        folder: Where it lies; policies are looked for there and in the folder above.
    """

    file: SchemeFile
    digest: bytes
    folder: Path

    @property
    def main_money(self) -> InstrumentId:
        """The settlement money."""
        return InstrumentId.of(InstrumentClass.MONEY, self.file.scheme.number, series=self.file.money.iso_number)

    def instrument(self, name: str) -> InstrumentId:
        """The id of an instrument by its name, the money included. Raises InputError."""
        if name == self.file.money.name:
            return self.main_money
        for other in self.file.moneys:
            if other.name == name:
                return InstrumentId.of(InstrumentClass.MONEY, self.file.scheme.number, series=other.iso_number)
        for item in self.file.instruments:
            if item.name == name:
                kind = InstrumentClass[item.kind.upper()]
                return InstrumentId.of(kind, self.file.scheme.number, item.vintage, item.project, item.series)
        raise InputError(f"{self.file.scheme.name} has no instrument {name!r}.")

    def amount(self, text: str, name: str = "amount") -> Money:
        """An amount of the scheme's money in smallest units. Raises InputError."""
        return money(text, self.file.money.decimals, name=name)

    def market(self, table: MarketTable) -> MarketNumbers:
        """A market's terms in the contract's units.

        Raises:
            InputError: A price or fee is no whole number of its unit, or too large for its field.
        """
        tick = self.amount(table.tick, f"{table.name}: tick")
        exponent = 0
        while tick >= _BOOK_MANTISSA_LIMIT and tick % 10 == 0 and exponent < 18:
            tick, exponent = Money(tick // 10), exponent + 1
        if not 0 < tick < _BOOK_MANTISSA_LIMIT:
            raise InputError(f"{table.name}: a tick of {table.tick} does not fit the order book.")

        def whole(text: str, unit: int, limit: int, name: str) -> int:
            number, rest = divmod(self.amount(text, f"{table.name}: {name}"), unit)
            if rest or number >= limit:
                raise InputError(f"{table.name}: {name} {text} is no whole number of its unit, or too large.")
            return number

        power = 10**exponent
        return MarketNumbers(
            tick,
            exponent,
            table.lot,
            table.least_lots,
            whole(table.taker_fee_per_lot, power, _BOOK_FEE_LIMIT, "taker_fee_per_lot"),
            whole(table.maker_fee_per_lot, power, _BOOK_FEE_LIMIT, "maker_fee_per_lot"),
            whole(table.lowest_price, tick * power, _BOOK_TICK_LIMIT, "lowest_price"),
            whole(table.highest_price, tick * power, _BOOK_TICK_LIMIT, "highest_price"),
        )

    def whole_ticks(self, text: str, tick: str, name: str) -> int:
        """A price in ticks. Raises InputError where it is no whole number of them, or too large."""
        number, rest = divmod(self.amount(text, name), self.amount(tick, name))
        if rest or not 0 < number < _TICK_LIMIT:
            raise InputError(f"{name} {text} is no whole number of ticks of {tick}, or too large.")
        return number

    def board(self, table: BoardTable) -> BoardTerms:
        """A board's terms in the contract's units. Raises InputError."""
        return BoardTerms(
            self.instrument(table.instrument),
            self.amount(table.tick),
            table.lot,
            table.least_lots,
            self.amount(table.taker_fee_per_lot),
            self.amount(table.maker_fee_per_lot),
            self.whole_ticks(table.lowest_price, table.tick, f"{table.name}: lowest_price"),
            self.whole_ticks(table.highest_price, table.tick, f"{table.name}: highest_price"),
        )

    def block_market(self, table: BlockMarketTable) -> BlockTerms:
        """A block market's terms in the contract's units. Raises InputError."""
        return BlockTerms(
            self.instrument(table.instrument),
            self.amount(table.tick),
            table.lot,
            table.least_lots,
            self.amount(table.buyer_fee_per_lot),
            self.amount(table.seller_fee_per_lot),
            table.band_basis_points,
            seconds_of(table.opens),
            seconds_of(table.closes),
            sum(1 << WEEKDAYS.index(day) for day in set(table.weekdays)),
            table.longest_delay_hours * 3600,
            table.settlement_window_hours * 3600,
        )

    def policy(self, table: PolicyTable) -> bytes:
        """The document of a policy. Raises InputError when it is not there."""
        for root in (self.folder, self.folder.parent):
            if (root / table.uri).is_file():
                return (root / table.uri).read_bytes()
        raise InputError(f"Policy {table.topic}: there is no file {table.uri} beside the scheme.")


def load_scheme(path: str | Path) -> SchemeRules:
    """Read a scheme file and check it as a whole.

    Raises:
        InputError: In one line, with file, line and key.
    """
    file, content = load(SchemeFile, path)
    rules = SchemeRules(file, keccak(content), Path(path).resolve().parent)
    for market in file.markets:
        rules.market(market)
    for board in file.boards:
        rules.board(board)
    for blocks in file.block_markets:
        rules.block_market(blocks)
        rules.whole_ticks(blocks.reference_price, blocks.tick, f"{blocks.name}: reference_price")
    for year in file.years:
        rules.amount(year.penalty_per_tonne, f"{year.year}: penalty_per_tonne")
    rules.amount(file.authority.second_officer_from_money, "authority: second_officer_from_money")
    for policy in file.policies:
        rules.policy(policy)
    return rules


def seconds_of(text: str) -> int:
    """Of the civil day, from `09:30`."""
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _first_twice(names: Iterable[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
