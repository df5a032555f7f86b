"""Account holders: companies with an obligation and those who only trade."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from carbon_sdk.actors.applications import FiledApplication, applications_of
from carbon_sdk.actors.auctions import AuctionSide
from carbon_sdk.actors.banking import BanksUnits
from carbon_sdk.actors.bilateral import BilateralTrader
from carbon_sdk.actors.conduct import ConductSubject
from carbon_sdk.actors.credits import CreditTrading
from carbon_sdk.actors.disputes import DisputeParty
from carbon_sdk.actors.market_rules import ReportsPositions
from carbon_sdk.actors.markets import MOST_MAKERS
from carbon_sdk.actors.orders import RearrangesOrders, order_of
from carbon_sdk.actors.pledges import PledgeSides
from carbon_sdk.actors.token_money import PaysInTokens
from carbon_sdk.actors.trading_plans import PlansTrades
from carbon_sdk.actors.transfers import TransferVerbs
from carbon_sdk.actors.values import Digest, Moment, Price, digest, label, moment, positive, whole, year_of
from carbon_sdk.actors.verbs import verb
from carbon_sdk.actors.views import AccountView, Holding, OpenOrder
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.allocator import Allocator
from carbon_sdk.contracts.generated.cash_desk import CashDesk
from carbon_sdk.contracts.generated.compliance_desk import ComplianceDesk, ExamineAnswer
from carbon_sdk.contracts.generated.emission_reports import EmissionReports, SubmitReportAnswer
from carbon_sdk.contracts.generated.enums import AccountKind, SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.rule_book import RuleBook
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.contracts.generated.structs import (
    Form,
    Placed,
    Position,
    Stream,
    StreamData,
    YearRecord,
)
from carbon_sdk.contracts.generated.verifications import Verifications
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentId, MarketId, OrderId, Side, keccak
from carbon_sdk.identity.attestation import Credentials, Place, possess
from carbon_sdk.units import Money, Quantity, Ticks, tonnes

REGISTRATION_POLICY = "registration-policy"


@dataclass(frozen=True, slots=True)
class SourceStream:
    """One source stream of a monitoring plan.

    Attributes:
        method: Its name, such as `combustion`.
        version: Of the method.
        tier: Accuracy tier of the scheme's rules; 0 where there are none.
    """

    method: str
    version: int = 1
    tier: int = 0


class AccountHolder(ConductSubject):
    """A representative's key, before and after its account is open. Every verb raises NotPermitted for a stranger's."""

    @property
    def account(self) -> Address:
        """The account for which this key acts. Raises InputError when there is none."""
        return self._own_account()

    @property
    def view(self) -> AccountView:
        """What anyone can read of this account."""
        return AccountView(self.suite, self.account)

    # BECOMING A STAKEHOLDER

    @verb
    def apply_for_account(
        self,
        kind: AccountKind,
        record: Digest,
        *,
        region: int = 0,
        sector: int = 0,
        owner: int = 0,
        reporting: bool | None = None,
        policy_version: int | None = None,
    ) -> Act[int]:
        """Apply for an account with this key; returns the application's number.

        Args:
            kind: What for.
            record: Commitment to the fields and documents of Table 2; see `carbon_sdk.evidence`.
            region: Number in the scheme; 0: none.
            sector: Number of the economic activity; public.
            owner: Number of the group of beneficial owners; 0: stands alone.
            reporting: Whether a reporting account is wanted; None: for an OPERATOR.
            policy_version: Of the registration policy that is accepted; None: the current one.

        Raises:
            RuleBroken: The key was used before, or the policy is not the current one.
        """
        return self._registry.apply_for_account(
            self._form(kind, record, region, sector, owner, reporting, policy_version)
        )

    @verb
    def amend_application(
        self,
        application: int,
        kind: AccountKind,
        record: Digest,
        *,
        region: int = 0,
        sector: int = 0,
        owner: int = 0,
        reporting: bool | None = None,
        policy_version: int | None = None,
    ) -> Act[None]:
        """Replace what was filed, before a decision or after a return. Arguments as of `apply_for_account`."""
        form = self._form(kind, record, region, sector, owner, reporting, policy_version)
        return self._registry.amend_application(positive(application, "application"), form)

    @verb
    def withdraw_application(self, application: int) -> Act[None]:
        """Take the application back; its key is not free again."""
        return self._registry.withdraw_application(positive(application, "application"))

    # THE ACCOUNT'S KEYS

    @verb
    def request_rotation(self, old_key: Address, new_key: Address) -> Act[None]:
        """Ask that a new key takes the place of one of the account's keys; the right INITIATE.

        Args:
            old_key: That acts for the account now, whoever's of its representatives.
            new_key: Never used before; it comes with its certificate when another representative confirms.

        Raises:
            RuleBroken: The rules let one officer of the registry rotate keys, or the new key was used before.
        """
        return self._registry.request_rotation(old_key, new_key)

    @verb
    def confirm_rotation(self, old_key: Address, credentials: Credentials) -> Act[None]:
        """Confirm and carry out a rotation that somebody else requested, in time; the right APPROVE."""
        return self._registry.confirm_rotation(
            old_key, credentials.attestation, credentials.ca_signature, credentials.possession_signature
        )

    def applications(self) -> tuple[FiledApplication, ...]:
        """What this key and its account applied for, each with its state, in the order in which it was filed.

        Accounts, allocations, surrenders, withdrawals of money, exports.
        """
        return applications_of(self.suite, self.address)

    def possess(self, fingerprint: bytes, account: Address) -> bytes:
        """Sign that a certificate is this key's, for an account; nothing is sent. 65 bytes."""
        return possess(self.place, self.signer, fingerprint, account)

    @property
    def place(self) -> Place:
        """Where this key's signatures count."""
        return Place(self.suite.chain.id, self.suite.deployment.address_of("CertificateRegistry"))

    def _form(
        self,
        kind: AccountKind,
        record: Digest,
        region: int,
        sector: int,
        owner: int,
        reporting: bool | None,
        policy_version: int | None,
    ) -> Form:
        version = policy_version
        if version is None:
            version = self.suite.contract(RuleBook).current(keccak(REGISTRATION_POLICY.encode())).version
        return Form(
            kind,
            whole(region, "region"),
            whole(sector, "sector"),
            kind is AccountKind.OPERATOR if reporting is None else reporting,
            whole(owner, "owner"),
            version,
            digest(record, "record"),
        )

    @property
    def _registry(self) -> StakeholderRegistry:
        return self.suite.contract(StakeholderRegistry)

    @property
    def _ledger(self) -> InstrumentLedger:
        return self.suite.contract(InstrumentLedger)


class Company(
    TransferVerbs,
    CreditTrading,
    BanksUnits,
    PaysInTokens,
    PledgeSides,
    DisputeParty,
    BilateralTrader,
    AuctionSide,
    PlansTrades,
    RearrangesOrders,
    ReportsPositions,
    AccountHolder,
):
    """A representative of an account that reports, trades and surrenders."""

    # REPORTING: the right REPORT

    @verb
    def file_plan(
        self, installation: int, from_year: int, document: Digest, streams: Sequence[SourceStream]
    ) -> Act[int]:
        """File the next version of a monitoring plan; returns the version.

        Args:
            installation: Its number.
            from_year: First year whose report follows it, once approved.
            document: The plan, or its digest.
            streams: One or more.
        """
        if not streams:
            raise InputError("A plan has at least one source stream.")
        rows = [Stream(label(item.method, "method"), item.version, item.tier) for item in streams]
        return self._reports.file_plan(
            installation, year_of(from_year, "from_year"), digest(document, "document"), rows
        )

    @verb
    def submit_report(
        self,
        installation: int,
        year: int,
        entries: Sequence[StreamData | tuple[int, bytes]],
        data: Digest,
        reason: Digest | None = None,
    ) -> Act[SubmitReportAnswer]:
        """Report a year, or amend the report; returns its version and its grams CO2e.

        Args:
            installation: Its number.
            year: Civil year.
            entries: Stream numbers from 0 with inputs (`carbon_sdk.methods`), in order, each stream at least once.
            data: Commitment to the activity data with their evidence.
            reason: Why it is amended; None for the first version, and only for it.
        """
        rows = [item if isinstance(item, StreamData) else StreamData(*item) for item in entries]
        why = bytes(32) if reason is None else digest(reason, "reason")
        return self._reports.submit_report(installation, year_of(year), rows, digest(data, "data"), why)

    @verb
    def engage_verifier(self, installation: int, year: int, verifier: Address) -> Act[None]:
        """Name the account that verifies the year; again, to change."""
        return self.suite.contract(Verifications).engage_verifier(installation, year_of(year), verifier)

    # ALLOCATION: the right INITIATE

    @verb
    def apply_for_allocation(self, determination: int) -> Act[int]:
        """Apply for the units of a determination; returns the findings, bits of `AllocationFinding`."""
        return self.suite.contract(Allocator).apply_for_allocation(positive(determination, "determination"))

    # TRADING: the right TRADE

    @verb
    def order(
        self,
        market: MarketId | int,
        side: Side,
        quantity: Quantity,
        price: Price,
        *,
        time_in_force: TimeInForce | str = TimeInForce.GTC,
        self_trade: SelfTrade | str = SelfTrade.CANCEL_NEWEST,
        expires: Moment = 0,
        latest: Moment = 0,
        most_makers: int = MOST_MAKERS,
    ) -> Act[Placed]:
        """Place an order; returns its id (0: nothing rests) and the tonnes filled and rested.

        Args:
            market: Its number.
            side: BUY or SELL.
            quantity: Whole tonnes, a multiple of the market's lot.
            price: Limit per tonne in the money's main unit (a Decimal or text), or in ticks of the market (a whole
                number). With a price in money the order is checked against the market first; see `Market.order`.
            time_in_force: GTC rests, IOC drops what does not fill at once, FOK fills all or nothing, POST_ONLY never
                takes. Also by name: "ioc".
            self_trade: What happens when it meets an order of the same owner; also by name.
            expires: Good till then (GTC and POST_ONLY); 0: until it is taken back.
            latest: The call does nothing after it; 0: any time.
            most_makers: Resting orders to look at, 1 to 255; beyond, the rest is dropped.

        Raises:
            InputError: The price is no whole number of ticks.
            RuleBroken: The market is halted, the price outside its band, too little free money or units.
        """
        priced = isinstance(price, (Decimal, str))
        return self._book.place(
            order_of(
                self.suite,
                market,
                side,
                quantity,
                price,
                time_in_force=time_in_force,
                self_trade=self_trade,
                expires=expires,
                latest=latest,
                most_makers=most_makers,
                account=self._ledger.representation_of(self.address).account if priced else None,
            )
        )

    @verb
    def buy(
        self,
        market: MarketId | int,
        quantity: Quantity,
        price: Price,
        *,
        time_in_force: TimeInForce | str = TimeInForce.GTC,
        self_trade: SelfTrade | str = SelfTrade.CANCEL_NEWEST,
        expires: Moment = 0,
        latest: Moment = 0,
        most_makers: int = MOST_MAKERS,
    ) -> Act[Placed]:
        """Place a limit order to buy; as `order`."""
        return self.order.act(
            market,
            Side.BUY,
            quantity,
            price,
            time_in_force=time_in_force,
            self_trade=self_trade,
            expires=expires,
            latest=latest,
            most_makers=most_makers,
        )

    @verb
    def sell(
        self,
        market: MarketId | int,
        quantity: Quantity,
        price: Price,
        *,
        time_in_force: TimeInForce | str = TimeInForce.GTC,
        self_trade: SelfTrade | str = SelfTrade.CANCEL_NEWEST,
        expires: Moment = 0,
        latest: Moment = 0,
        most_makers: int = MOST_MAKERS,
    ) -> Act[Placed]:
        """Place a limit order to sell; as `order`."""
        return self.order.act(
            market,
            Side.SELL,
            quantity,
            price,
            time_in_force=time_in_force,
            self_trade=self_trade,
            expires=expires,
            latest=latest,
            most_makers=most_makers,
        )

    @verb
    def buy_now(
        self,
        market: MarketId | int,
        quantity: Quantity,
        protection: Ticks | int | None = None,
        *,
        most_makers: int = MOST_MAKERS,
    ) -> Act[Placed]:
        """Market order: buy what there is up to the protection price in ticks (None: the band's highest)."""
        price = self._book.market_of(positive(market, "market")).terms.highest if protection is None else protection
        return self.order.act(market, Side.BUY, quantity, price, time_in_force=TimeInForce.IOC, most_makers=most_makers)

    @verb
    def sell_now(
        self,
        market: MarketId | int,
        quantity: Quantity,
        protection: Ticks | int | None = None,
        *,
        most_makers: int = MOST_MAKERS,
    ) -> Act[Placed]:
        """Market order: sell to what there is down to the protection price in ticks (None: the band's lowest)."""
        price = self._book.market_of(positive(market, "market")).terms.lowest if protection is None else protection
        return self.order.act(
            market, Side.SELL, quantity, price, time_in_force=TimeInForce.IOC, most_makers=most_makers
        )

    @verb
    def cancel(self, order: OrderId | int) -> Act[None]:
        """Take an open order back, also while the market is halted."""
        return self._book.cancel(OrderId(order))

    @verb
    def cancel_many(self, orders: Iterable[OrderId | int]) -> Act[tuple[bool, ...]]:
        """Take at most 64 orders back in one call; tells which were. Closed and others' orders are passed over."""
        return self._book.cancel_many([OrderId(order) for order in orders])

    @verb
    def reduce(self, order: OrderId | int, by: Quantity) -> Act[None]:
        """Make an open order smaller by whole tonnes; it keeps its place."""
        return self._book.reduce(OrderId(order), positive(tonnes(by, name="by"), "by"))

    @verb
    def pick(self, order: OrderId | int, quantity: Quantity, *, latest: Moment = 0) -> Act[int]:
        """Trade with an order of the best five levels, in a market by choice; the right TRADE.

        Args:
            order: Its id.
            quantity: Whole tonnes, a multiple of the market's lot, at most what is open of the order.
            latest: The call does nothing after it; 0: any time.

        Returns:
            The tonnes; 0: the order had expired or its account may not trade, and it left the book.

        Raises:
            MarketMatches: The market is not by choice.
            NotAmongBest: The order's price is not among the best five of its side.
            PickedOwnOrder: The order is of the same beneficial owner.
            PickBeyondBand: Its price is further from the latest trade's than prices may move at once.
        """
        return self._book.pick(OrderId(order), positive(tonnes(quantity), "quantity"), moment(latest, "latest"))

    @verb
    def evict(self, order: OrderId | int) -> Act[None]:
        """Take an expired order out of the book, anybody's; what it held goes back to its account. Anyone may."""
        return self._book.evict(OrderId(order))

    def open_orders(self, market: MarketId | int | None = None) -> tuple[OpenOrder, ...]:
        """This account's orders in the book, in the order in which they were placed; of one market or of all."""
        return self.view.open_orders(market)

    # MONEY: the rights INITIATE and APPROVE

    @verb
    def name_payout(self, commitment: Digest) -> Act[None]:
        """Name the bank account for payouts, by a salted commitment; it can be used after the scheme's delay."""
        return self._cash.set_payout(digest(commitment, "commitment"))

    @verb
    def withdraw(self, amount: Money | Quantity) -> Act[int]:
        """Ask for money to be paid out, in smallest units; it is bound. Returns the withdrawal's number."""
        return self._cash.request_withdrawal(positive(amount, "amount"))

    @verb
    def cancel_withdrawal(self, withdrawal: int) -> Act[None]:
        """Take back a withdrawal that the bank has not accepted, or whose tokens were not paid, yet."""
        return self._cash.cancel_withdrawal(positive(withdrawal, "withdrawal"))

    # SURRENDER AND CANCELLATION

    @verb
    def apply_surrender(self, units: Mapping[InstrumentId, int] | Iterable[tuple[InstrumentId | int, int]]) -> Act[int]:
        """Apply to surrender; the units are bound and examined at once. Returns the application's number.

        Args:
            units: Whole tonnes by instrument; the right SURRENDER is needed.

        Raises:
            RuleBroken: Not enrolled, too few free units, or too many undecided applications.
        """
        instruments, quantities = _lines(units)
        return self._desk.apply_surrender(instruments, quantities)

    @verb
    def endorse_surrender(self, application: int) -> Act[None]:
        """Endorse another representative's application; the right APPROVE. It counts from when it was made."""
        return self._desk.endorse_surrender(positive(application, "application"))

    @verb
    def withdraw_surrender(self, application: int) -> Act[None]:
        """Take an undecided application back; its units are free again."""
        return self._desk.withdraw_surrender(positive(application, "application"))

    @verb
    def cancel_voluntarily(
        self,
        instrument: InstrumentId | int,
        quantity: Quantity,
        beneficiary: Digest,
        purpose: Digest,
        *,
        year: int | None = None,
    ) -> Act[None]:
        """Cancel units for good, for someone's benefit; the rights INITIATE and APPROVE.

        Args:
            instrument: Which.
            quantity: Whole tonnes.
            beneficiary: Salted commitment to who takes the benefit.
            purpose: Of the cancellation, or its digest.
            year: Civil year whose emissions it answers for; None: none is named.
        """
        return self._desk.cancel_voluntarily(
            int(instrument),
            positive(tonnes(quantity), "quantity"),
            digest(beneficiary, "beneficiary"),
            digest(purpose, "purpose"),
            0 if year is None else year_of(year),
        )

    def examine(self, units: Mapping[InstrumentId, int] | Iterable[tuple[InstrumentId | int, int]]) -> ExamineAnswer:
        """What the examination would find now for these units."""
        return self._desk.examine(self.account, *_lines(units))

    # STANDING

    def position(self) -> Position:
        """Obligation, surrendered, shortfall and status, in tonnes."""
        return self.view.position()

    def year(self, year: int) -> YearRecord:
        """One compliance year: tonnes, penalty in smallest units, status at the deadline."""
        return self.view.year(year)

    def holdings(self) -> tuple[Holding, ...]:
        """What the account has: free, bound, frozen and in orders."""
        return self.view.holdings()

    @property
    def _reports(self) -> EmissionReports:
        return self.suite.contract(EmissionReports)

    @property
    def _book(self) -> OrderBook:
        return self.suite.contract(OrderBook)

    @property
    def _cash(self) -> CashDesk:
        return self.suite.contract(CashDesk)

    @property
    def _desk(self) -> ComplianceDesk:
        return self.suite.contract(ComplianceDesk)


def _lines(
    units: Mapping[InstrumentId, int] | Iterable[tuple[InstrumentId | int, int]],
) -> tuple[list[int], list[int]]:
    pairs = list(units.items() if isinstance(units, Mapping) else units)
    if not pairs:
        raise InputError("Give at least one instrument with its tonnes.")
    return [int(item) for item, _ in pairs], [positive(tonnes(amount), "quantity") for _, amount in pairs]
