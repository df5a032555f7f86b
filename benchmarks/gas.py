"""Gas from receipts of a real chain: the deployed suite behind its proxies, one transaction a call, every check on.

Execution gas is the receipt's gas less 21,000 and less the gas of the call's data. All who act hold units and money
before and after, both sides of the book are filled, fees are charged, and the market's series has 4,096 vouchers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from carbon_sdk.actors.company import Company
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.calls import Act, Done
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.sender import send_many
from carbon_sdk.contracts.generated.compliance_desk import ComplianceDesk
from carbon_sdk.contracts.generated.enums import SelfTrade, TimeInForce
from carbon_sdk.contracts.generated.events import AccountOpened, OrderPlaced, SurrenderApplied, UnitsIssued
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.structs import Order
from carbon_sdk.contracts.generated.voucher_book import VoucherBook
from carbon_sdk.demo import allocation, opening, registration, reporting
from carbon_sdk.demo.installations import load_installations
from carbon_sdk.demo.stage import Party, Stage
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.identifiers import Address, Side
from carbon_sdk.scheme import Scheme

ROOT = Path(__file__).resolve().parents[1]
VOUCHERS = 4_096
SWEEP = 255
MONEY = 10**12  # pence for each account: more than anything here costs


def data_gas(data: bytes) -> int:
    """What a call's data costs: 4 for each zero byte, 16 for each other one."""
    zeros = data.count(0)
    return 4 * zeros + 16 * (len(data) - zeros)


class Bench:
    """One deployed market with its people, ready to be measured."""

    def __init__(self, chain: Chain) -> None:
        rules = load_scheme(ROOT / "schemes" / "uk-ets.toml")
        plants = load_installations(ROOT / "schemes" / "samples" / "installations.csv")
        self.whole: dict[str, int] = {}
        self.stage: Stage = opening.open_stage(chain, rules, plants, lambda line: None)
        self.chain = chain
        self._register()
        registration.register_installations(self.stage)
        allocation.allocate(self.stage)
        allocation.put_up_for_sale(self.stage)
        self._deposit()
        self.book = self.stage.suite.contract(OrderBook)
        self.makers: list[Party] = sorted(self.stage.cast.companies, key=self._units, reverse=True)[:8]
        self.taker = self.makers.pop()

    def _register(self) -> None:
        before = self.chain.block_number()
        registration.register_everybody(self.stage)
        opened = self.chain.events(before + 1, "latest", self.stage.suite.addresses, [[AccountOpened.TOPIC]])
        hashes = [item.transaction for item in opened]
        self.whole["register"] = max(receipt.gas_used for receipt in self.chain.receipts(hashes) if receipt)

    def _deposit(self) -> None:
        from carbon_sdk.actors.settlement_bank import SettlementBank

        bank = SettlementBank(self.stage.suite, self.stage.cast.officers[Role.SETTLEMENT_BANK])
        parties = [*self.stage.cast.companies, self.stage.cast.treasury]
        acts = [bank.record_deposit.act(one.account, MONEY, f"bench {n}") for n, one in enumerate(parties)]
        self.stage.by(Role.SETTLEMENT_BANK, acts)

    def _units(self, party: Party) -> int:
        return self.stage.suite.contract(InstrumentLedger).balance_of(party.account, int(self.stage.units))

    # ----------------------------------------------------------------------------------------------------- orders

    def order(self, side: Side, tick: int, quantity: int, rule: TimeInForce = TimeInForce.GTC) -> Act[Any]:
        """An order's act."""
        return self.book.place(Order(1, side, tick, quantity, 0, rule, SelfTrade.CANCEL_NEWEST, SWEEP, 0))

    def execution(self, party: Party, act: Act[Any]) -> tuple[int, Done[Any]]:
        """Execution gas of one act."""
        done = self.stage.do(party.signer, act)
        return done.gas_used - 21_000 - data_gas(act.data), done

    def many(self, acts: Iterator[tuple[Party, Act[Any]]]) -> None:
        """Acts in bulk that are only preparation."""
        for outcome in send_many(self.chain, ((party.signer, act) for party, act in acts), gas=12_000_000):
            if outcome.error:
                raise outcome.error

    def fill_series(self) -> None:
        """As many trades as the cases want behind them."""
        left = VOUCHERS - self.book.voucher_count(1)
        while left:
            size = min(SWEEP, left)
            self.many((self.makers[n % 7], self.order(Side.SELL, 4_500, 1)) for n in range(size))
            self.stage.do(self.taker.signer, self.order(Side.BUY, 4_500, size, TimeInForce.IOC))
            left -= size

    def cases(self) -> dict[str, int]:
        """The first table of the goals, and the whole transactions."""
        found: dict[str, int] = {}
        first, second = self.makers[0], self.makers[1]
        # Both sides stand, and the neighbouring ticks of the cases' levels are in use.
        for tick in (4_600, 4_602, 4_604):
            self.stage.do(first.signer, self.order(Side.SELL, tick, 50))
        self.stage.do(second.signer, self.order(Side.BUY, 4_000, 50))
        self.fill_series()

        found["place_new_level"], _ = self.execution(first, self.order(Side.SELL, 4_601, 10))
        found["place_existing_level"], _ = self.execution(second, self.order(Side.SELL, 4_601, 10))
        self.stage.do(first.signer, self.order(Side.SELL, 4_560, 10))
        self.stage.do(self.taker.signer, self.order(Side.BUY, 4_560, 10, TimeInForce.IOC))
        found["place_reused_level"], _ = self.execution(first, self.order(Side.SELL, 4_560, 10))
        self.stage.do(self.taker.signer, self.order(Side.BUY, 4_560, 10, TimeInForce.IOC))

        self._align(4_550)
        self.stage.do(second.signer, self.order(Side.SELL, 4_550, 5))
        found["take_1"], _ = self.execution(self.taker, self.order(Side.BUY, 4_550, 5, TimeInForce.IOC))
        found["trade"] = found["place_existing_level"] + found["take_1"]

        self._align(4_540)
        for n in range(10):
            self.stage.do(self.makers[n % 7].signer, self.order(Side.SELL, 4_540, 5))
        ten, _ = self.execution(self.taker, self.order(Side.BUY, 4_540, 50, TimeInForce.IOC))
        found["take_per_maker"] = (ten - found["take_1"]) // 9

        self._align(4_500)
        for n in range(10):
            self.stage.do(self.makers[n % 7].signer, self.order(Side.SELL, 4_501 + n, 5))
        found["take_10_levels"], _ = self.execution(self.taker, self.order(Side.BUY, 4_509, 50, TimeInForce.IOC))

        placed = [self.stage.do(first.signer, self.order(Side.SELL, 4_610, 5)).first(OrderPlaced).id for _ in range(3)]
        found["cancel_middle"], _ = self.execution(first, self.book.cancel(placed[1]))
        return found | self._whole() | self.whole

    def _align(self, tick: int) -> None:
        """An order of which 5 tonnes are left, at the best price; the next voucher's place costs what the 4,097th does.

        A level that a taker empties is taken from the book by the next taker: here nobody has just emptied one.
        """
        quantity = 25
        self.stage.do(self.makers[0].signer, self.order(Side.SELL, tick, quantity))
        while self.book.voucher_count(1) % 16 != 15:
            self.stage.do(self.taker.signer, self.order(Side.BUY, tick, 1, TimeInForce.IOC))
            quantity -= 1
        self.stage.do(self.taker.signer, self.order(Side.BUY, tick, quantity - 5, TimeInForce.IOC))

    def _whole(self) -> dict[str, int]:
        """Whole transactions, intrinsic gas included."""
        found: dict[str, int] = {}
        stage, units = self.stage, int(self.stage.units)
        ledger = stage.suite.contract(InstrumentLedger)
        source, target = self.makers[2], self.makers[3]
        move = ledger.safe_transfer_from(source.account, target.account, units, 5, b"")
        found["transfer"] = stage.do(source.signer, move).gas_used

        regulator = stage.regulator
        issue = regulator.issue_for_auction.act(stage.cast.treasury.account, stage.year, units, 1_000, b"\x01" * 32)
        done = stage.do(regulator.signer, issue)
        assert done.all(UnitsIssued)
        found["issue"] = done.gas_used

        company = Company(stage.suite, source.signer)
        cancel = company.cancel_voluntarily.act(units, 5, b"\x02" * 32, b"\x03" * 32)
        stage.do(source.signer, cancel)  # the first voucher of a series and the first of a day cost more
        found["cancel_units"] = stage.do(source.signer, cancel).gas_used

        reporting.open_next_year(stage)
        desk = stage.suite.contract(ComplianceDesk)
        sums = []
        for _ in range(2):  # the first is the account's first; the second, a returning user's, counts
            applied = stage.do(source.signer, desk.apply_surrender([units], [10]))
            approved = stage.do(regulator.signer, desk.approve_surrender(applied.first(SurrenderApplied).id))
            sums.append(applied.gas_used + approved.gas_used)
        found["surrender"] = sums[-1]
        found["voucher_verify"] = self._verification()
        return found

    def _verification(self) -> int:
        """Execution gas of the on-chain verification of the 4,097th voucher."""
        scheme = Scheme(self.chain, self.stage.suite.deployment)
        view = scheme.voucher(1, VOUCHERS)
        verify = VoucherBook.VERIFY.act(self.stage.suite.contract(VoucherBook).address, view.voucher, view.proof())
        anyone: Address = self.taker.signer.address
        return self.chain.estimate(verify, anyone) - 21_000 - data_gas(verify.data)


def measure() -> dict[str, int]:
    """All cases on a fresh chain."""
    rules = load_scheme(ROOT / "schemes" / "uk-ets.toml")
    with Anvil(timestamp=opening.start_of(rules)) as anvil:
        return Bench(Chain(anvil.url)).cases()
