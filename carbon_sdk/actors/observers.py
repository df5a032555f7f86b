"""Those who read only, and need no key: the public, auditors, risk managers, arbitrators."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from carbon_sdk.actors.conduct import CreditView, credit_of
from carbon_sdk.actors.disputes import DisputeView, dispute_of, disputes_of
from carbon_sdk.actors.markets import Market
from carbon_sdk.actors.quotes import BlockMarketReader, BlockOffer, BoardReader, block_of, failures_of
from carbon_sdk.actors.surveillance import MarketSurveillance
from carbon_sdk.actors.views import AccountView, InstrumentReader, MethodReader, VoucherReader
from carbon_sdk.chain.calls import Event, Logged
from carbon_sdk.chain.catalogue import decode_log
from carbon_sdk.contracts.generated.cash_desk import CashDesk, ReconcileAnswer
from carbon_sdk.contracts.generated.enums import Status
from carbon_sdk.contracts.generated.rule_book import CurrentAnswer, RuleBook
from carbon_sdk.contracts.generated.structs import Failures
from carbon_sdk.deployment.suite import Suite
from carbon_sdk.identifiers import Address, BlockMarketId, BoardId, InstrumentId, MarketId, VoucherCode, keccak
from carbon_sdk.units import Money, Tonnes


class Public:
    """Anybody."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite

    def account(self, address: Address) -> AccountView:
        """One account."""
        return AccountView(self.suite, address)

    def market(self, number: MarketId | int) -> Market:
        """One market. Raises InputError for a number that none has."""
        return Market(self.suite, number)

    def board(self, number: BoardId | int) -> BoardReader:
        """One board of listed quotes. Raises InputError for a number that none has."""
        return BoardReader(self.suite, number)

    def block_market(self, number: BlockMarketId | int) -> BlockMarketReader:
        """One market of block trades. Raises InputError for a number that none has."""
        return BlockMarketReader(self.suite, number)

    def block(self, block: bytes) -> BlockOffer:
        """One block trade by its id: terms and state. Raises InputError where nobody offered it on the chain."""
        return block_of(self.suite, block)

    def failures(self, account: Address) -> Failures:
        """Blocks that an account agreed to and did not settle."""
        return failures_of(self.suite, account)

    def credit_record(self, account: Address) -> CreditView:
        """An account's credit record: tier, score, restrictions, entries."""
        return credit_of(self.suite, account)

    def instrument(self, instrument: InstrumentId | int) -> InstrumentReader:
        """One instrument. Raises InputError for an id that is not defined."""
        return InstrumentReader(self.suite, instrument)

    def voucher(self, series: int, index: int) -> VoucherReader:
        """One voucher with its code and proof. Raises InputError where there is none."""
        return VoucherReader(self.suite, series, index)

    def method(self, name: str) -> MethodReader:
        """One method of computing emissions. Raises InputError for a name that none has."""
        return MethodReader(self.suite, name)

    def document(self, topic: str) -> CurrentAnswer:
        """Version and digest of the document in force on a topic; version 0: none."""
        return self.suite.contract(RuleBook).current(keccak(topic.encode()))

    def code_is_sound(self, code: VoucherCode | str) -> bool:
        """Whether a printed voucher code agrees with its check character; says nothing of the voucher itself."""
        from carbon_sdk.audit.vouchers import code_is_sound

        return code_is_sound(code)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.suite!r})"


class Auditor(Public):
    """Reads everything that was recorded; folds and invariants are in `carbon_sdk.audit`."""

    def events(self, first: int | None = None, last: int | None = None) -> Iterator[Logged[Event]]:
        """Every event of the suite between two blocks, both included, in order."""
        start = self.suite.deployment.block if first is None else first
        return self.suite.chain.events(start, "latest" if last is None else last, self.suite.addresses)

    def reconcile(self) -> ReconcileAnswer:
        """Deposits less withdrawals against the money on the ledger, in smallest units."""
        return self.suite.contract(CashDesk).reconcile()


@dataclass(frozen=True, slots=True)
class Exposure:
    """What an account owes and what it has.

    Attributes:
        account: Whose.
        status: Of compliance.
        shortfall: Tonnes that it owes beyond what it surrendered.
        allowances: Tonnes that it could surrender, those in orders included.
        money: Smallest units, free, bound or in orders.
        orders: Open orders.
    """

    account: Address
    status: Status
    shortfall: Tonnes
    allowances: Tonnes
    money: Money
    orders: int


class RiskManager(Public, MarketSurveillance):
    """Looks at what accounts owe and have, and for signs of abuse."""

    def exposure(self, account: Address) -> Exposure:
        """Of one account."""
        view = self.account(account)
        position = view.position()
        units = money = 0
        for holding in view.holdings():
            total = holding.balance + holding.in_orders
            if holding.instrument.vintage:
                units += total
            else:
                money += total
        orders = len(view.open_orders())
        return Exposure(account, position.status, Tonnes(position.shortfall), Tonnes(units), Money(money), orders)

    def short(self, accounts: Iterable[Address]) -> Iterator[Exposure]:
        """Those of some accounts that owe more than they have."""
        for account in accounts:
            found = self.exposure(account)
            if found.shortfall > found.allowances:
                yield found


class Arbitrator(Public):
    """Looks at what happened between two accounts, and at their disputes."""

    def dispute(self, id: int) -> DisputeView:  # noqa: A002 -- that is its name
        """One dispute as it stands."""
        return dispute_of(self.suite, id)

    def disputes(self, account: Address) -> tuple[DisputeView, ...]:
        """All disputes in which an account is a party."""
        return disputes_of(self.suite, account)

    def history(self, account: Address) -> Iterator[Logged[Event]]:
        """Every event of the suite that names an account, in order."""
        wanted = account[2:].lower()
        for item in self.suite.chain.logs(self.suite.deployment.block, addresses=self.suite.addresses):
            if any(wanted in topic for topic in item["topics"][1:]) or wanted in item["data"]:
                yield decode_log(item)

    def between(self, one: Address, other: Address) -> Iterator[Logged[Event]]:
        """Every event of the suite that names both accounts, in order."""
        wanted = other[2:].lower()
        for item in self.history(one):
            named = [value for value in item.event.as_dict().values() if isinstance(value, str)]
            if any(value[2:].lower() == wanted for value in named):
                yield item
