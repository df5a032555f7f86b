"""Gas from receipts of a real anvil, on the deployment that production has: every proxy, role, certificate and fee.

The stage is the demonstration's: its scheme, its companies and their accounts. Each case begins from the same state
and is one transaction in a block of its own; where it leaves a voucher, that is the 4,097th of its series, the
market's or the desk's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

from carbon_sdk.actors.company import Company
from carbon_sdk.actors.registry_operator import RegistryOperator
from carbon_sdk.actors.settlement_bank import SettlementBank
from carbon_sdk.actors.values import Right
from carbon_sdk.audit.vouchers import Mountains, Voucher, VoucherKind
from carbon_sdk.chain.anvil import Anvil
from carbon_sdk.chain.calls import Act, Done
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.clock import Clock
from carbon_sdk.chain.sender import send_many
from carbon_sdk.chain.signers import LocalSigner, Signer
from carbon_sdk.contracts.generated import enums, structs
from carbon_sdk.contracts.generated.certificate_registry import CertificateRegistry
from carbon_sdk.contracts.generated.enums import Opinion, TimeInForce
from carbon_sdk.contracts.generated.events import AccountOpened, OrderPlaced, SurrenderExamined, Trade
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.voucher_book import VoucherBook
from carbon_sdk.demo import allocation, opening, registration, reporting
from carbon_sdk.demo.installations import load_installations
from carbon_sdk.demo.stage import Party, Stage
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.scheme_file import load_scheme
from carbon_sdk.identifiers import OrderId, Side, keccak
from carbon_sdk.identity.attestation import Credentials, Place
from carbon_sdk.identity.x509 import DevelopmentAuthority, Request

ROOT = Path(__file__).resolve().parent.parent
SCHEME = ROOT / "schemes" / "uk-ets.toml"
INSTALLATIONS = ROOT / "schemes" / "samples" / "installations.csv"

MARKET = 1
VOUCHERS = 4096
SWEEP = 255
LOT = 5  # tonnes of each order of a case
EACH = 10_000  # tonnes that everybody begins with; 100,000 smallest units of money for each
PRICE = 5_000  # ticks, where the vouchers are made
BASE = {Side.BUY: 4_980, Side.SELL: 4_985}  # best level of the cases, never used; all lie in one word of the bitmap
FAR = {Side.BUY: 1_100, Side.SELL: 14_000}  # both sides always have an order
INTRINSIC, ZERO_BYTE, BYTE = 21_000, 4, 16
GAS = 12_000_000

Tell = Callable[[str], None]


def measure(tell: Tell) -> dict[str, int]:
    """All cases, by name."""
    with _repeatable_keys(), Anvil(timestamp=opening.start_of(load_scheme(SCHEME))) as anvil:
        stage = opening.open_stage(Chain(anvil.url), load_scheme(SCHEME), load_installations(INSTALLATIONS), tell)
        found = {"register": register(stage)}
        registration.register_installations(stage)
        allocation.allocate(stage)
        allocation.put_up_for_sale(stage)
        allocation.deposit_money(stage)
        floor = Floor(stage)
        floor.fund()
        floor.give_up(VOUCHERS - 1)  # the desk's; one more comes before each of the measured acts
        found["surrender"] = floor.apart(surrender, stage)
        found |= floor.whole_transactions()
        floor.reach(VOUCHERS)
        tell(f"{VOUCHERS:,} vouchers issued; the cases begin")
        for resting, suffix in ((Side.BUY, ""), (Side.SELL, "_asks")):
            found |= {name + suffix: gas for name, gas in floor.orders(resting).items()}
        found["batch_requote"] = floor.requoting()
        found["voucher_verify"] = floor.verification()
    return found


@contextmanager
def _repeatable_keys() -> Iterator[None]:
    """The demonstration makes fresh keys; here they are the same each time, as an address's zero bytes cost less."""
    numbers = count(1)
    fresh = LocalSigner.new
    LocalSigner.new = classmethod(lambda cls: cls(keccak(b"benchmark key %d" % next(numbers))))  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        LocalSigner.new = fresh  # type: ignore[method-assign]


def execution(done: Done[Any], act: Act[Any]) -> int:
    """Gas of the execution alone."""
    zeros = act.data.count(0)
    return done.gas_used - INTRINSIC - zeros * ZERO_BYTE - (len(act.data) - zeros) * BYTE


@dataclass
class Floor:
    """The market, with everybody in it able to do both sides."""

    stage: Stage

    def __post_init__(self) -> None:
        self.clock = Clock(self.stage.chain)
        self.traders: list[Party] = self.stage.cast.companies
        self.ledger = self.stage.suite.contract(InstrumentLedger)
        self.leaves: list[Voucher] = []

    def fund(self) -> None:
        """Units from the treasury and money from the bank, for every company."""
        stage, units = self.stage, int(self.stage.units)
        treasury, bank = stage.cast.treasury, stage.cast.officers[Role.SETTLEMENT_BANK]
        paying = SettlementBank(stage.suite, bank)
        for n, one in enumerate(self.traders):
            stage.do(treasury.signer, stage.company(treasury).transfer.act(one.account, units, EACH))
            stage.do(bank, paying.record_deposit.act(one.account, EACH * 100_000, f"benchmark {n}"))

    def whole_transactions(self) -> dict[str, int]:
        """Acts outside of the market; each has been done once before by the same account."""
        stage, units = self.stage, self.stage.units
        one, other = self.traders[0], self.traders[1]
        treasury = stage.cast.treasury
        cancel = stage.company(one).cancel_voluntarily.act(units, 10, "beneficiary", "purpose", year=2021)
        stage.do(one.signer, cancel)
        issue = stage.regulator.issue_for_auction.act(treasury.account, stage.year, units, 1_000, "calendar of sales")
        return {
            "transfer": self.apart(lambda _: self.transfer(one, other), stage),
            "cancel_units": stage.do(one.signer, cancel).gas_used,
            "issue": stage.do(stage.cast.officers[Role.REGULATOR], issue).gas_used,
        }

    def transfer(self, giver: Party, receiver: Party) -> int:
        """To an account on the giver's list, which two representatives put there: what the rules let go directly."""
        stage, second = self.stage, LocalSigner.new()
        self.clock.fund(second.address)
        officer = RegistryOperator(stage.suite, stage.cast.officers[Role.REGISTRY_OPERATOR])
        stage.do(officer.signer, officer.add_representative.act(Right.APPROVE, credentials(stage, second, giver)))
        company = stage.company(giver)
        stage.do(giver.signer, company.trust.act(receiver.account))
        stage.do(second, Company(stage.suite, second).approve_trust.act(receiver.account))
        (entry,) = company.trusted_accounts()
        self.clock.travel_to(entry.since)
        act = company.transfer.act(receiver.account, stage.units, 10)
        if act.to != self.ledger.address:
            raise AssertionError("the transfer does not go directly")
        return stage.do(giver.signer, act).gas_used

    def apart(self, case: Callable[[Stage], int], stage: Stage) -> int:
        """A case that leaves nothing behind."""
        snapshot = self.clock.snapshot()
        try:
            return case(stage)
        finally:
            self.clock.revert(snapshot)
            stage.chain.forget_nonces()

    # ------------------------------------------------------------------------------------------------------- orders

    def order(self, party: Party, side: Side, tick: int, tonnes: int = LOT, *, takes: bool = False) -> Act[Any]:
        company = self.stage.company(party)
        say = company.buy if side is Side.BUY else company.sell
        rule = TimeInForce.IOC if takes else TimeInForce.GTC
        return say.act(MARKET, tonnes, tick, time_in_force=rule, most_makers=SWEEP)

    def do(self, acts: Sequence[tuple[Signer, Act[Any]]], batch: int = 1) -> list[Done[Any]]:
        found = []
        for outcome in send_many(self.stage.chain, acts, gas=GAS, batch=batch):
            if outcome.error is not None:
                raise outcome.error
            assert outcome.done is not None
            found.append(outcome.done)
        return found

    def give_up(self, vouchers: int) -> None:
        """Cancel tonne by tonne until the desk's series has that many vouchers."""
        acts = [
            (one.signer, self.stage.company(one).cancel_voluntarily.act(self.stage.units, 1, "beneficiary", "purpose"))
            for one in self.traders
        ]
        for n in range(0, vouchers, SWEEP):
            self.do([acts[k % len(acts)] for k in range(n, min(vouchers, n + SWEEP))], batch=SWEEP)

    def reach(self, vouchers: int) -> None:
        """Trade until the series has that many vouchers, and leave an order far off on both sides."""
        taker, *makers = self.traders
        done = 0
        while done < vouchers:
            more = min(SWEEP, vouchers - done)
            self.do(
                [
                    (party.signer, self.order(party, Side.SELL, PRICE, 1))
                    for party in (makers[n % len(makers)] for n in range(more))
                ],
                batch=SWEEP,
            )
            (swept,) = self.do([(taker.signer, self.order(taker, Side.BUY, PRICE, more, takes=True))])
            self._note(swept)
            done += more
        self.do([(makers[0].signer, self.order(makers[0], side, FAR[side])) for side in Side])

    def _note(self, done: Done[Any]) -> None:
        at = self.stage.chain.block(done.block).timestamp
        tick = self.stage.rules.market(self.stage.rules.file.markets[0])
        unit = tick.tick_mantissa * 10**tick.tick_exponent
        for event in done.all(Trade):
            sells = event.maker.side is Side.SELL
            self.leaves.append(
                Voucher(
                    VoucherKind.TRADE,
                    MARKET,
                    event.voucher,
                    event.order_of_day,
                    at,
                    self.stage.units,
                    event.quantity,
                    event.maker.tick * unit,
                    event.maker_account if sells else event.taker,
                    event.taker if sells else event.maker_account,
                    int(event.maker),
                )
            )

    def case(self, before: Sequence[tuple[Party, Act[Any]]], party: Party, act: Act[Any]) -> int:
        """Execution gas of one act after others, all of which leave nothing behind."""
        snapshot = self.clock.snapshot()
        try:
            self.do([(one.signer, former) for one, former in before])
            (done,) = self.do([(party.signer, act)])
            return execution(done, act)
        finally:
            self.clock.revert(snapshot)
            self.stage.chain.forget_nonces()

    def orders(self, resting: Side) -> dict[str, int]:
        """The cases of the market, with orders of one side resting and the other side's taking."""
        taking = Side.SELL if resting is Side.BUY else Side.BUY
        worse = -1 if resting is Side.BUY else 1
        taker, *makers = self.traders
        limit = (base := BASE[resting]) + 12 * worse

        def rest(n: int, tick: int = base) -> tuple[Party, Act[Any]]:
            return makers[n], self.order(makers[n], resting, tick)

        def take(tonnes: int, before: Sequence[tuple[Party, Act[Any]]]) -> int:
            return self.case(before, taker, self.order(taker, taking, limit, tonnes, takes=True))

        queue = [rest(n) for n in range(12)]
        levels = [rest(0, base + n * worse) for n in range(12)]
        of_ten = [rest(n, base + n * worse) for n in range(12)]
        emptied = [rest(0), rest(1, base + worse), (taker, self.order(taker, taking, base, LOT, takes=True))]
        twice = [(one, self.order(one, resting, base, 2 * LOT)) for one in makers[:3]]
        found = {
            "place_new_level": self.case(queue[:2], *rest(2, base + worse)),
            "place_existing_level": self.case(queue[:2], *rest(2)),
            "place_reused_level": self.case(emptied, *rest(2)),
            "take_1": take(LOT, queue),
            "take_10_levels": take(10 * LOT, levels),
            "take_10_levels_10_makers": take(10 * LOT, of_ten),
            "cancel_middle": self.afterwards(
                queue[:3], makers[1], lambda ids: self.stage.company(makers[1]).cancel.act(*ids)
            ),
            "replace_keep": self.afterwards(twice, makers[1], lambda ids: self.replacement(makers[1], ids, base)),
            "replace_new": self.afterwards(
                [*twice, rest(0, base + worse)], makers[1], lambda ids: self.replacement(makers[1], ids, base + worse)
            ),
        }
        found["take_per_maker"] = round((take(10 * LOT, queue) - found["take_1"]) / 9)
        found["trade"] = found["place_existing_level"] + found["take_1"]
        return found

    def afterwards(
        self, before: Sequence[tuple[Party, Act[Any]]], party: Party, form: Callable[[list[OrderId]], Act[Any]]
    ) -> int:
        """As `case`, where the act depends on where the orders of its party rest."""
        snapshot = self.clock.snapshot()
        try:
            placed = self.do([(one.signer, act) for one, act in before])
            act = form([_order_id(done) for (one, _), done in zip(before, placed, strict=True) if one is party])
            (done,) = self.do([(party.signer, act)])
            return execution(done, act)
        finally:
            self.clock.revert(snapshot)
            self.stage.chain.forget_nonces()

    def replacement(self, party: Party, ids: Sequence[OrderId], tick: int) -> Act[Any]:
        """Of its order of two lots by one of one."""
        (id_,) = ids
        return self.stage.company(party).replace.act(id_, LOT, tick)

    def requoting(self) -> int:
        """Both sides of one maker, each from a level where others are to one where others are, in one call."""
        _, maker, *others = self.traders
        old, new = BASE, {Side.BUY: BASE[Side.BUY] - 1, Side.SELL: BASE[Side.SELL] + 1}
        before = [
            (one, self.order(one, side, level[side]))
            for one, level in ((others[0], old), (maker, old), (others[0], new))
            for side in Side
        ]
        company = self.stage.company(maker)
        return self.afterwards(
            before,
            maker,
            lambda ids: company.requote.act(
                MARKET,
                bid=new[Side.BUY],
                bid_quantity=LOT,
                ask=new[Side.SELL],
                ask_quantity=LOT,
                replacing=ids,
            ),
        )

    def verification(self) -> int:
        """Of the oldest voucher, whose path is the longest, in a transaction so that there is a receipt."""
        mountains = Mountains([voucher.leaf() for voucher in self.leaves])
        oldest = self.leaves[0]
        asked = structs.Voucher(
            enums.VoucherKind(oldest.kind),
            oldest.series,
            oldest.index,
            oldest.order_of_day,
            oldest.at,
            oldest.instrument,
            oldest.quantity,
            oldest.price,
            oldest.sender,
            oldest.receiver,
            oldest.ref,
        )
        book = self.stage.suite.contract(VoucherBook)
        act = VoucherBook.VERIFY.act(book.address, asked, mountains.proof(0))
        (done,) = self.do([(self.traders[0].signer, act)])
        return execution(done, act)


def _order_id(done: Done[Any]) -> OrderId:
    return next(event.id for event in done.all(OrderPlaced))


def credentials(stage: Stage, signer: LocalSigner, party: Party) -> Credentials:
    """Of one more representative of a party's account."""
    issuer = DevelopmentAuthority(
        "Certification authority of the benchmark", now=datetime.fromtimestamp(stage.now, UTC)
    )
    place = Place(stage.chain.id, stage.suite.contract(CertificateRegistry).address)
    issued = issuer.issue(Request.made(signer, "second representative"), days=365)
    return issued.credentials(place, party.account, stage.cast.authority, signer)


def register(stage: Stage) -> int:
    """The dearest of the registry operator's approvals, certificates included, by which everybody gets an account."""
    before = stage.chain.block_number()
    registration.register_everybody(stage)
    opened = stage.chain.events(before + 1, "latest", stage.suite.addresses, [[AccountOpened.TOPIC]])
    receipts = stage.chain.receipts([item.transaction for item in opened])
    return max(receipt.gas_used for receipt in receipts if receipt)


def surrender(stage: Stage) -> int:
    """A company's second surrender: the application, which is examined at once, and its approval, which cancels."""
    year = stage.year
    stage.travel(opening.start_of(stage.rules) + 366 * 86_400)
    reporting.open_next_year(stage)
    reporting.report_and_verify(stage)
    company = stage.cast.companies[0]
    gas = 0
    for _ in range(2):
        filed = stage.do(company.signer, stage.company(company).apply_surrender.act([(stage.units, 10)]))
        examined = next(event for event in filed.events if isinstance(event, SurrenderExamined))
        if examined.opinion is not Opinion.FAVOURABLE:
            raise AssertionError(f"the surrender for {year} was examined as {examined.opinion.name}")
        approved = stage.do(stage.cast.officers[Role.REGULATOR], stage.regulator.approve_surrender.act(examined.id))
        gas = filed.gas_used + approved.gas_used
    return gas
