"""Trading plans: filed in public or by commitment, amended, opened; and what anyone can read of them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, digest, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act, Done
from carbon_sdk.contracts.generated.structs import PlanPeriod, TradingPlan
from carbon_sdk.contracts.generated.trading_plans import TradingPlans
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import InstrumentId
from carbon_sdk.units import Money, Quantity, tonnes

NO_DOCUMENT = bytes(32)


@dataclass(frozen=True, slots=True)
class PrivatePlan:
    """A plan that was committed to. Keep it: without the salt nobody can open it.

    Attributes:
        period: Instrument, year, quarter.
        version: Of the plan.
        plan: What it says.
        salt: 32 random bytes.
    """

    period: PlanPeriod
    version: int
    plan: TradingPlan
    salt: bytes


class PlansTrades(Actor):
    """Of an account's representative with the right TRADE."""

    @verb
    def publish_trading_plan(
        self,
        instrument: InstrumentId | int,
        year: int,
        *,
        quarter: int = 0,
        to_buy: Quantity = 0,
        to_sell: Quantity = 0,
        least_price: Money | Quantity = 0,
        greatest_price: Money | Quantity = 0,
        document: Digest = NO_DOCUMENT,
    ) -> Act[int]:
        """File a trading plan in public, or amend it; returns its version. It binds nobody.

        Args:
            instrument: Allowances or credits.
            year: Civil year.
            quarter: 1 to 4; 0: the whole year.
            to_buy: Whole tonnes.
            to_sell: Whole tonnes.
            least_price: The account accepts no less for a tonne, in smallest units of the main money …
            greatest_price: … and no more.
            document: The encrypted plan, or its digest.
        """
        period = plan_period(instrument, year, quarter)
        plan = trading_plan(to_buy, to_sell, least_price, greatest_price, document)
        return self.suite.contract(TradingPlans).publish_plan(period, plan)

    @verb
    def commit_trading_plan(
        self,
        instrument: InstrumentId | int,
        year: int,
        commitment: bytes,
        *,
        quarter: int = 0,
        document: Digest = NO_DOCUMENT,
    ) -> Act[int]:
        """File only the commitment to a plan; returns its version. `file_private_trading_plan` makes it.

        Args:
            instrument: Allowances or credits.
            year: Civil year.
            commitment: 32 bytes, as `TradingPlans.commitmentOf` computes them.
            quarter: 1 to 4; 0: the whole year.
            document: The encrypted plan, or its digest.
        """
        period = plan_period(instrument, year, quarter)
        return self.suite.contract(TradingPlans).commit_plan(
            period, digest(commitment, "commitment"), digest(document, "document")
        )

    def file_private_trading_plan(
        self,
        instrument: InstrumentId | int,
        year: int,
        *,
        quarter: int = 0,
        to_buy: Quantity = 0,
        to_sell: Quantity = 0,
        least_price: Money | Quantity = 0,
        greatest_price: Money | Quantity = 0,
        document: Digest = NO_DOCUMENT,
    ) -> PrivatePlan:
        """File a plan of which only a salted digest is on the chain. Keep what it returns.

        Arguments as of `publish_trading_plan`.

        Raises:
            InputError: The key acts for no account, or a value cannot be meant.
        """
        account = self._own_account()
        period = plan_period(instrument, year, quarter)
        plan = trading_plan(to_buy, to_sell, least_price, greatest_price, document)
        salt = secrets.token_bytes(32)
        commitment = self.suite.contract(TradingPlans).commitment_of(account, period, plan, salt)
        done: Done[int] = self.commit_trading_plan(
            instrument, year, commitment, quarter=quarter, document=plan.document
        )
        return PrivatePlan(period, done.result, plan, salt)

    @verb
    def open_trading_plan(self, filed: PrivatePlan) -> Act[None]:
        """Make a plan public that was committed to. Raises RuleBroken where it is not what was committed to."""
        return self.suite.contract(TradingPlans).open_plan(filed.period, filed.version, filed.plan, filed.salt)


def plan_period(instrument: InstrumentId | int, year: int, quarter: int) -> PlanPeriod:
    """Checked. Raises InputError."""
    if whole(quarter, "quarter") > 4:
        raise InputError(f"quarter is {quarter}: give 1 to 4, or 0 for the whole year.")
    return PlanPeriod(InstrumentId(instrument).checked(), positive(year, "year"), quarter)


def trading_plan(
    to_buy: Quantity,
    to_sell: Quantity,
    least_price: Money | Quantity,
    greatest_price: Money | Quantity,
    document: Digest,
) -> TradingPlan:
    """Checked. Raises InputError."""
    least, greatest = whole(least_price, "least_price"), whole(greatest_price, "greatest_price")
    if least > greatest:
        raise InputError(f"least_price {least} is above greatest_price {greatest}.")
    return TradingPlan(
        tonnes(to_buy, name="to_buy"), tonnes(to_sell, name="to_sell"), least, greatest, digest(document, "document")
    )
