"""Instructions through the order book: each is signed by its holder, and the book that is told is the chain's."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from carbon_sdk.actors.settlement_bank import SettlementBank
from carbon_sdk.audit.report import AuditReport
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.enums import AccountKind
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.deployment.scheme_file import SchemeRules
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import InstrumentId, Side, keccak
from carbon_sdk.replay.accounts import Party, open_accounts
from carbon_sdk.replay.confirmation import confirm
from carbon_sdk.replay.conveyor import Keyed
from carbon_sdk.replay.ground import Ground, Tell, open_ground
from carbon_sdk.replay.holdings import open_holdings
from carbon_sdk.replay.journal import Journal, digest_of
from carbon_sdk.replay.order_run import BookAt, Fill, OrderRun, Rejection
from carbon_sdk.replay.recorded_orders import MOST_TICK, Instruction, MarketRules, read_orders
from carbon_sdk.replay.source import MalformedCase, Source

TREASURY = "  issuing authority"
"""No account of a file has its name."""
DAY, LATEST_BIRTH = 86_400, 1_767_225_600
"""2026-01-01: where a case says nothing of time."""
MOST_MONEY = 2**96 - 1


@dataclass(frozen=True, slots=True)
class Case:
    """What is to be replayed, checked as a whole.

    Attributes:
        market: Its rules.
        instructions: In order.
        rules: The scheme, with a market as the case needs it.
        digest: Of all of it.
    """

    market: MarketRules
    instructions: Sequence[Instruction]
    rules: SchemeRules
    digest: bytes

    @property
    def instrument(self) -> InstrumentId:
        """What is traded."""
        return self.rules.instrument(self.rules.file.markets[0].instrument)

    @property
    def accounts(self) -> list[str]:
        """Everybody, in the order in which they first appear."""
        return list(dict.fromkeys(one.account for one in self.instructions if one.account))

    def openings(self) -> tuple[dict[str, int], dict[str, int]]:
        """Tonnes and smallest units of money by account: what all of its orders could cost together.

        Raises:
            MalformedCase: More than the ledger could hold.
        """
        units: dict[str, int] = defaultdict(int)
        money: dict[str, int] = defaultdict(int)
        side = {one.id: one.side for one in self.instructions if one.op in ("limit", "market")}
        prices = [one.price for one in self.instructions if one.op in ("limit", "replace")]
        highest = max(prices, default=Decimal(0))
        for one in self.instructions:
            if one.op not in ("limit", "market", "replace") or one.id not in side:
                continue
            if side[one.id] is Side.SELL:
                units[one.account] += one.quantity
            else:
                price = highest if one.op == "market" else one.price
                money[one.account] += int(price.scaleb(self.market.decimals)) * one.quantity
        if sum(money.values()) > MOST_MONEY or sum(units.values()) >= 2**64:
            raise MalformedCase("The orders together are worth more than the ledger can hold: give smaller quantities.")
        return units, money


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it.

    Attributes:
        case: That was replayed.
        trades: In order.
        book: At the end.
        rejections: In order.
        checkpoints: The book after so many instructions.
        gas: Of the instructions, whatever came of them; and of everything since the deployment.
        milliseconds: That this run spent on instructions; `sent` of them were sent in that time.
        sent: Transactions that this run sent.
        audit: The auditor's report.
    """

    case: Case
    trades: Sequence[Fill]
    book: BookAt
    rejections: Sequence[Rejection]
    checkpoints: Sequence[tuple[int, BookAt]]
    gas: Mapping[str, int]
    milliseconds: int
    sent: int
    audit: AuditReport

    def as_json(self, *, with_checkpoints: bool = False) -> dict[str, Any]:
        """The result in JSON's types; docs/replay.md says what each field is."""
        market = self.case.market
        content: dict[str, Any] = {
            "trades": [
                {"taker": one.taker, "maker": one.maker, "price": market.price(one.ticks), "quantity": one.quantity}
                for one in self.trades
            ],
            "book": self.book.as_json(market),
            "rejected": [{"id": one.instruction.id, "error": one.error} for one in self.rejections],
            "gas": dict(self.gas),
        }
        if with_checkpoints:
            content["checkpoints"] = [
                {"after": after, "book": book.as_json(market)} for after, book in self.checkpoints
            ]
        content["speed"] = {
            "instructions": self.sent,
            "milliseconds": self.milliseconds,
            "instructions_per_second": self.sent * 1000 // max(self.milliseconds, 1),
        }
        content["confirmed"] = self.audit.ok
        return content


def case_of(source: Source, base: SchemeRules) -> Case:
    """Read and check everything; nothing is sent.

    Args:
        source: The instructions.
        base: The scheme; its first market becomes the case's.

    Raises:
        MalformedCase: By its line.
    """
    market, instructions = read_orders(source)
    rules = _with_market(base, market)
    case = Case(market, instructions, rules, digest_of(source.content, rules.digest))
    case.openings()
    return case


def _with_market(base: SchemeRules, market: MarketRules) -> SchemeRules:
    """The scheme with money of enough decimals, and one market of the case's tick and lot over the widest band."""
    if not base.file.markets:
        raise InputError(f"The scheme {base.file.scheme.name} has no market. Name one that has.")
    decimals = max(market.decimals, base.file.money.decimals)
    tick = f"{market.book_tick:f}"
    table = base.file.markets[0].model_copy(
        update={
            "tick": tick,
            "lot": market.lot,
            "least_lots": 1,
            "taker_fee_per_lot": "0",
            "maker_fee_per_lot": "0",
            "calendar": None,
            "lowest_price": tick,
            "highest_price": f"{market.book_tick * MOST_TICK:f}",
        }
    )
    money = base.file.money.model_copy(update={"decimals": decimals})
    file = base.file.model_copy(update={"money": money, "markets": (table,)})
    return replace(base, file=file, digest=keccak(base.digest + f"{tick} {market.lot} {decimals}".encode()))


def replay(
    case: Case,
    tell: Tell,
    *,
    checkpoint: int = 0,
    folder: Path | None = None,
    rpc: str | None = None,
    payer: Signer | None = None,
) -> Replayed:
    """Run a case through the contracts.

    Args:
        case: What.
        tell: Told of progress, a line at a time.
        checkpoint: Look at the book after every so many instructions; 0: at the end only.
        folder: Keeps chain, journal and events, so that a run that was stopped goes on; None keeps nothing.
        rpc: Of a chain; None starts a fresh one, whose clock stands still but for `time`.
        payer: Pays for gas on a chain that is not local.

    Raises:
        InputError: The folder has another replay, nobody pays for gas, or a chain of others was to move its clock.
        ReplayStopped: The scheme does not allow what the case needs before the first instruction.
    """
    moments = [one.at for one in case.instructions if one.op == "time"]
    if rpc is not None and moments:
        raise InputError("The case moves the clock, which a chain of others does not. Run it without --rpc.")
    ends = [one.expires for one in case.instructions if one.expires]
    birth = max(min([*moments, *ends, LATEST_BIRTH + DAY]) - DAY, 1)
    journal = Journal.open(folder, case.digest)
    with open_ground(case.rules, journal, birth, tell, rpc=rpc, payer=payer, stands=True) as ground:
        units, money = case.openings()
        kinds = [(name, AccountKind.TRADER) for name in case.accounts]
        until = max([*moments, ground.chain.block().timestamp])
        parties = open_accounts(ground, [*kinds, (TREASURY, AccountKind.GOVERNMENT)], until)
        treasury = parties.pop(TREASURY)
        holdings = {(name, case.instrument): tonnes for name, tonnes in units.items() if tonnes}
        open_holdings(ground, parties, treasury, holdings, [case.instrument], {})
        _deposit(ground, parties, money)
        run = OrderRun(ground, case.market, case.instructions, parties, checkpoint)
        began = time.monotonic_ns()
        run.play()
        milliseconds = (time.monotonic_ns() - began) // 10**6
        book = run.look()
        rejections = sorted(run.rejections, key=lambda one: one.instruction.number)
        audit = confirm(ground)
        gas = {"total": run.gas, "with_openings": sum(one.gas_used for one in journal.done.values())}
        return Replayed(case, run.trades, book, rejections, run.checkpoints, gas, milliseconds, run.sent, audit)


def _deposit(ground: Ground, parties: Mapping[str, Party], money: Mapping[str, int]) -> None:
    bank = SettlementBank(ground.scheme, ground.officer(Role.SETTLEMENT_BANK))
    ground.conveyor.carry_alike(
        [
            Keyed(
                f"deposit {name}",
                bank.signer,
                bank.record_deposit.act(
                    parties[name].account, amount, keccak(b"deposit of the replay " + name.encode())
                ),
            )
            for name, amount in money.items()
            if amount
        ]
    )
