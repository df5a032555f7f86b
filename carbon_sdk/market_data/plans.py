"""Trading plans as they were filed, and what their accounts did since (R-TRD-6).

for one in compare(store, contracts, account=company):
    print(one.version, one.bought, one.left_to_buy)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from carbon_sdk.audit.clearing import Settled, trades_between
from carbon_sdk.audit.conduct import FiledPlan, PlanKey, PlanTerms
from carbon_sdk.audit.fold import Fold
from carbon_sdk.audit.store import Store
from carbon_sdk.identifiers import Address, InstrumentId

_PLANS = tuple(("TradingPlans", name) for name in ("PlanPublished", "PlanCommitted", "PlanOpened"))
_QUARTER = 3  # months


@dataclass(frozen=True, slots=True)
class PlanView:
    """One version of a plan.

    Attributes:
        account: Whose.
        instrument: Of which units.
        year: Civil year.
        quarter: 1 to 4; 0: the whole year.
        version: From 1.
        filed_at: Unix seconds.
        terms: What it says; None while it is only committed to.
        document: Digest of the encrypted document; zeros: none.
    """

    account: Address
    instrument: InstrumentId
    year: int
    quarter: int
    version: int
    filed_at: int
    terms: PlanTerms | None
    document: bytes

    @property
    def days(self) -> tuple[date, date]:
        """First and last civil day of its period."""
        return days_of(self.year, self.quarter)


@dataclass(frozen=True, slots=True)
class PlanComparison:
    """A plan's latest version beside what its account did in the period. Tonnes; smallest units of money per tonne.

    Attributes:
        plan: As filed.
        bought, sold: By trades of all kinds.
        paid, received: For them, without fees.
        bought_outside, sold_outside: Of which at prices that the plan does not accept; 0 for a private plan.
        left_to_buy, left_to_sell: Of what was planned; None for a private plan.
    """

    plan: PlanView
    bought: int
    sold: int
    paid: int
    received: int
    bought_outside: int
    sold_outside: int
    left_to_buy: int | None
    left_to_sell: int | None

    @property
    def beyond(self) -> tuple[int, int]:
        """Tonnes bought and sold beyond the plan; nothing for a private plan."""
        terms = self.plan.terms
        if terms is None:
            return 0, 0
        return max(0, self.bought - terms.to_buy), max(0, self.sold - terms.to_sell)


def days_of(year: int, quarter: int) -> tuple[date, date]:
    """First and last civil day of a year (quarter 0) or a quarter."""
    if not quarter:
        return date(year, 1, 1), date(year, 12, 31)
    first = date(year, (quarter - 1) * _QUARTER + 1, 1)
    after = date(year + 1, 1, 1) if quarter == 4 else date(year, quarter * _QUARTER + 1, 1)
    return first, after - timedelta(days=1)


def plans_of(
    store: Store, contracts: Mapping[Address, str], account: Address | None = None, *, chain: int | None = None
) -> list[PlanView]:
    """Every version that was filed, by account and period; of one account, or of all."""
    fold = Fold(contracts, journal=False)
    state = fold.apply_all(store.events(store.only_chain() if chain is None else chain, events=_PLANS))
    return [
        _view(key, plan)
        for key, filed in sorted(state.plans.filed.items())
        for plan in filed
        if account in (None, key[0])
    ]


def latest(plans: list[PlanView]) -> list[PlanView]:
    """The latest version of each plan."""
    last = {(one.account, one.instrument, one.year, one.quarter): one for one in plans}
    return list(last.values())


def compare(
    store: Store, contracts: Mapping[Address, str], account: Address | None = None, *, chain: int | None = None
) -> Iterator[PlanComparison]:
    """Each plan's latest version beside what its account did, up to where the store was read."""
    number = store.only_chain() if chain is None else chain
    periods: dict[tuple[date, date], tuple[Settled, ...]] = {}
    for plan in latest(plans_of(store, contracts, account, chain=number)):
        if plan.days not in periods:
            periods[plan.days] = trades_between(store, number, *plan.days).trades
        yield compared(plan, periods[plan.days])


def compared(plan: PlanView, trades: tuple[Settled, ...]) -> PlanComparison:
    """One plan beside the trades of its period."""
    own = [one for one in trades if one.instrument == plan.instrument]
    bought = [one for one in own if one.buyer == plan.account]
    sold = [one for one in own if one.seller == plan.account]
    done = (sum(one.quantity for one in bought), sum(one.quantity for one in sold))
    terms = plan.terms
    outside = [sum(one.quantity for one in side if terms and not _accepts(terms, one)) for side in (bought, sold)]
    left = (max(0, terms.to_buy - done[0]), max(0, terms.to_sell - done[1])) if terms else (None, None)
    return PlanComparison(
        plan, *done, sum(one.cost for one in bought), sum(one.cost for one in sold), outside[0], outside[1], *left
    )


def _accepts(terms: PlanTerms, trade: Settled) -> bool:
    return terms.least_price <= trade.price <= terms.greatest_price


def _view(key: PlanKey, plan: FiledPlan) -> PlanView:
    account, instrument, year, quarter = key
    return PlanView(account, InstrumentId(instrument), year, quarter, plan.version, plan.at, plan.terms, plan.document)
