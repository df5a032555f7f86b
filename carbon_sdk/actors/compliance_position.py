"""Where an account stands in its obligation at this moment, and what it gave up for which year (R-CMP-2, R-CMP-4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from carbon_sdk.actors.surrender_mix import Limit, Mix, Unit, cheapest_mix
from carbon_sdk.actors.views import AccountView, Holding, MarketReader
from carbon_sdk.contracts.generated.compliance_desk import ComplianceDesk
from carbon_sdk.contracts.generated.enums import ApplicationState, Status, YearStage
from carbon_sdk.contracts.generated.events import SurrenderApplied
from carbon_sdk.contracts.generated.obligations import Obligations
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentClass, InstrumentId
from carbon_sdk.units import Money

AGAINST = 0xFF
"""Findings that speak against an application."""
SHARE_EXCEEDED = 1 << 4
"""The one of them that depends on how much is given, not on what."""


@dataclass(frozen=True, slots=True)
class CompliancePosition:
    """One account, in whole tonnes and smallest units of money.

    Attributes:
        account: Whose.
        block: As of which.
        year: That is open.
        status: As of the open year.
        emissions_to_date: Accepted emissions of all years that are not excluded, the open one included.
        owed: Of it, for the years that came up.
        surrendered: Ever.
        shortfall: Owed and not surrendered.
        missing_year: The earliest year that came up and whose emissions are missing; None: none.
        rules_of: The year by whose rules a surrender would be examined.
        credits_left: Tonnes of credits that these rules still allow.
        units: What it holds of each kind of unit.
        eligible: Of the free units, what may be surrendered now, with the market's prices.
        mix: The cheapest of them that cover the shortfall.
        bound: Tonnes in applications, pledges and other bindings.
        in_orders: Tonnes that its orders offer.
        lacking: Tonnes of the shortfall that nothing eligible and free covers.
        price: Of a tonne of the cheapest allowance that the rules accept; None: nobody has traded or offers one.
        cost: Of what is lacking, at that price; None without a price.
    """

    account: Address
    block: int
    year: int
    status: Status
    emissions_to_date: int
    owed: int
    surrendered: int
    shortfall: int
    missing_year: int | None
    rules_of: int
    credits_left: int
    units: tuple[Holding, ...]
    eligible: tuple[Unit, ...]
    mix: Mix
    bound: int
    in_orders: int
    lacking: int
    price: Money | None
    cost: Money | None

    @property
    def held(self) -> int:
        """Tonnes on the account, bound ones included."""
        return sum(one.balance for one in self.units)

    @property
    def free(self) -> int:
        """Tonnes that it may move."""
        return sum(one.free for one in self.units)


@dataclass(frozen=True, slots=True)
class SurrenderLine:
    """Units of an application.

    Attributes:
        application: Its number.
        applied_at: Block in which it was filed.
        state: Of it now.
        instrument: Of the units.
        tonnes: Whole.
    """

    application: int
    applied_at: int
    state: ApplicationState
    instrument: InstrumentId
    tonnes: int


@dataclass(frozen=True, slots=True)
class YearStatement:
    """One account and compliance year, in whole tonnes and smallest units of money.

    Attributes:
        account: Whose.
        year: Which.
        emissions: Known for the year.
        stage: How far the year has come.
        status: At the deadline; None before it.
        surrendered_by_deadline: Ever, when the deadline passed; None before it.
        credits: Applied for or surrendered by the year's rules.
        credit_limit: Of them, what the rules allow.
        penalty: Imposed.
        lines: What was applied for by the year's rules.
    """

    account: Address
    year: int
    emissions: int
    stage: YearStage
    status: Status | None
    surrendered_by_deadline: int | None
    credits: int
    credit_limit: int
    penalty: Money
    lines: tuple[SurrenderLine, ...]

    @property
    def surrendered(self) -> int:
        """Tonnes that were cancelled by the year's rules."""
        return sum(line.tonnes for line in self.lines if line.state is ApplicationState.APPROVED)

    @property
    def pending(self) -> int:
        """Tonnes whose application is not decided."""
        return sum(line.tonnes for line in self.lines if line.state is ApplicationState.FILED)


def market_prices(suite: Suite) -> dict[InstrumentId, Money]:
    """What a tonne of each traded instrument costs: the best offer, else the last trade; smallest units of money.

    Of several markets of one instrument the lowest counts.
    """
    book = suite.contract(OrderBook)
    found: dict[InstrumentId, Money] = {}
    for number in range(1, book.market_count() + 1):
        market = MarketReader(suite, number)
        now = market.now()
        ticks = now.best_ask or now.last
        if not ticks:
            continue
        price = market.money(ticks)
        known = found.get(market.instrument)
        found[market.instrument] = price if known is None else min(price, known)
    return found


def position_of(
    suite: Suite, account: Address, prices: Mapping[InstrumentId, int] | None = None, *, tonnes: int | None = None
) -> CompliancePosition:
    """Where an account stands now.

    Args:
        suite: The deployment.
        account: That is enrolled.
        prices: Of a tonne by instrument, in smallest units of money; they take the place of the market's.
        tonnes: That the proposed mix is to cover; None: the shortfall.

    Raises:
        InputError: The account has no obligation.
    """
    obligations, desk = suite.contract(Obligations), suite.contract(ComplianceDesk)
    position = obligations.position_of(account)
    if not position.first_year:
        raise InputError(f"{account} is not enrolled: it owes nothing. Name the account of an operator.")
    current = obligations.scheme_of().current_year
    basis = obligations.basis_of(account)
    units = tuple(
        one for one in AccountView(suite, account).holdings() if one.instrument.kind is not InstrumentClass.MONEY
    )
    known = dict(market_prices(suite)) | {one: Money(price) for one, price in (prices or {}).items()}
    wanted = list(dict.fromkeys([*(one.instrument for one in units), *known]))
    findings = suite.chain.read_many([desk.EXAMINE.on(desk.address, account, [int(one)], [1]) for one in wanted])
    accepted = {
        one for one, found in zip(wanted, findings, strict=True) if not found.findings & AGAINST & ~SHARE_EXCEEDED
    }
    eligible = tuple(
        Unit(one.instrument, one.free, known.get(one.instrument))
        for one in units
        if one.instrument in accepted and one.free
    )
    credits_left = max(0, basis.credit_limit - basis.credits)
    credit_units = frozenset(one.instrument for one in eligible if one.instrument.kind is InstrumentClass.CREDIT)
    due = position.shortfall if tonnes is None else tonnes
    mix = cheapest_mix(due, eligible, [Limit(credits_left, credit_units, "share of credits")])
    allowances = [price for one, price in known.items() if one in accepted and one.kind is InstrumentClass.ALLOWANCE]
    price = min(allowances, default=None)
    running = obligations.year_of(account, current).emissions
    open_counts = position.last_year == 0 or position.last_year > current
    return CompliancePosition(
        account,
        suite.chain.block_number(),
        current,
        position.status,
        position.emissions + (running if open_counts else 0),
        position.emissions,
        position.surrendered,
        position.shortfall,
        position.missing_year or None,
        basis.year,
        credits_left,
        units,
        eligible,
        mix,
        sum(one.encumbered for one in units),
        sum(one.in_orders for one in units),
        mix.lacking,
        price,
        None if price is None else Money(mix.lacking * price),
    )


def statement_of_year(suite: Suite, account: Address, year: int) -> YearStatement:
    """What an account owed for a year, what it gave up by that year's rules, and what followed."""
    obligations, desk = suite.contract(Obligations), suite.contract(ComplianceDesk)
    record, rules = obligations.year_of(account, year), obligations.rules_of(year)
    topics = [SurrenderApplied.TOPIC, None, f"0x{account[2:].lower():0>64}"]
    lines: list[SurrenderLine] = []
    for item in suite.chain.events(suite.deployment.block, addresses=[desk.address], topics=topics):
        if not isinstance(item.event, SurrenderApplied):
            continue
        found = desk.application_of(item.event.id)
        if found.application.year != year:
            continue
        lines += [
            SurrenderLine(
                item.event.id, item.block, found.application.state, InstrumentId(line.instrument), line.quantity
            )
            for line in found.lines
        ]
    passed = record.stage is not YearStage.OPEN
    return YearStatement(
        account,
        year,
        record.emissions,
        record.stage,
        record.status if passed else None,
        record.surrendered if passed else None,
        record.credits,
        record.emissions * rules.credit_share // 10_000,
        Money(record.penalty),
        tuple(lines),
    )
