"""The one deployment plan: what is created, wired, configured and handed over, in which order.

Both callers, `carbon deploy` and `ape run deploy`, lend it a chain and a key. The deployer is administrator while it
runs, so that nothing else needs a temporary role, and holds nothing at the end.

Order: authority, seed and proxies (all addresses are known then) · implementations, whose immutables are those
addresses · each proxy gets its implementation · what the scheme says · the permission matrix · roles, administrator
last · the deployer renounces.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from importlib.metadata import version as package_version
from pathlib import Path
from typing import Any

from carbon_sdk.chain.calls import Act
from carbon_sdk.chain.chain import Chain
from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.base import artifact
from carbon_sdk.contracts.generated.allocation_formula import AllocationFormula
from carbon_sdk.contracts.generated.allocator import Allocator
from carbon_sdk.contracts.generated.auction_clearing import AuctionClearing
from carbon_sdk.contracts.generated.authority import Authority
from carbon_sdk.contracts.generated.authority_desk import AuthorityDesk
from carbon_sdk.contracts.generated.banking import Banking
from carbon_sdk.contracts.generated.block_trades import BlockTrades
from carbon_sdk.contracts.generated.cash_desk import CashDesk
from carbon_sdk.contracts.generated.certificate_registry import CertificateRegistry
from carbon_sdk.contracts.generated.compliance_desk import ComplianceDesk
from carbon_sdk.contracts.generated.credit_offers import CreditOffers
from carbon_sdk.contracts.generated.credit_projects import CreditProjects
from carbon_sdk.contracts.generated.credit_record import CreditRecord
from carbon_sdk.contracts.generated.dispute_desk import DisputeDesk
from carbon_sdk.contracts.generated.emission_reports import EmissionReports
from carbon_sdk.contracts.generated.enums import ClosingRule, Reason, Rounding, VoucherKind
from carbon_sdk.contracts.generated.evidence_registry import EvidenceRegistry
from carbon_sdk.contracts.generated.governed_proxy import GovernedProxy
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.contracts.generated.market_auctions import MarketAuctions
from carbon_sdk.contracts.generated.market_operations import MarketOperations
from carbon_sdk.contracts.generated.market_rules import MarketRules
from carbon_sdk.contracts.generated.methodologies import Methodologies
from carbon_sdk.contracts.generated.obligations import Obligations
from carbon_sdk.contracts.generated.order_book import OrderBook
from carbon_sdk.contracts.generated.origin_register import OriginRegister
from carbon_sdk.contracts.generated.pledge_book import PledgeBook
from carbon_sdk.contracts.generated.quote_board import QuoteBoard
from carbon_sdk.contracts.generated.rule_book import RuleBook
from carbon_sdk.contracts.generated.sealed_auction import SealedAuction
from carbon_sdk.contracts.generated.seed import Seed
from carbon_sdk.contracts.generated.service_records import ServiceRecords
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.contracts.generated.structs import (
    BankingTerms,
    Cap,
    CodingRules,
    Conduct,
    DisputeTerms,
    Limits,
    MarketTerms,
    Materiality,
    Rules,
    Scheme,
    SecondOfficerRules,
    Setup,
    Siblings,
)
from carbon_sdk.contracts.generated.trade_confirmations import TradeConfirmations
from carbon_sdk.contracts.generated.trading_plans import TradingPlans
from carbon_sdk.contracts.generated.transfer_rules import TransferRules
from carbon_sdk.contracts.generated.verifications import Verifications
from carbon_sdk.contracts.generated.voucher_book import VoucherBook
from carbon_sdk.deployment.checks import check_all
from carbon_sdk.deployment.conduct import conduct_steps
from carbon_sdk.deployment.confirmations import confirmation_steps
from carbon_sdk.deployment.engine import Plan, Progress, Result, Situation, Step, carry_out, dry_run
from carbon_sdk.deployment.market_rules import market_rule_steps
from carbon_sdk.deployment.model import Compiler, Deployed, Deployment
from carbon_sdk.deployment.permissions import Role, permissions
from carbon_sdk.deployment.roles_file import RoleHolders
from carbon_sdk.deployment.scheme_file import (
    BankingTable,
    BlockMarketTable,
    BoardTable,
    InstrumentTable,
    MarketTable,
    MethodTable,
    OtherMoneyTable,
    SchemeRules,
)
from carbon_sdk.deployment.transfers import transfer_steps
from carbon_sdk.errors import DeploymentError, InputError
from carbon_sdk.identifiers import Address, InstrumentId, address, keccak
from carbon_sdk.units import GRAMS_PER_TONNE

MADE = "create"
"""Steps that create something: `create/<contract>` its proxy, `create/<contract> code` what runs in it."""

PROXIED: tuple[str, ...] = (
    "RuleBook",
    "CertificateRegistry",
    "StakeholderRegistry",
    "CreditRecord",
    "InstrumentLedger",
    "CashDesk",
    "TransferRules",
    "AuthorityDesk",
    "PledgeBook",
    "CreditProjects",
    "CreditOffers",
    "OriginRegister",
    "Banking",
    "Methodologies",
    "Verifications",
    "EmissionReports",
    "Allocator",
    "MarketRules",
    "OrderBook",
    "QuoteBoard",
    "BlockTrades",
    "TradingPlans",
    "TradeConfirmations",
    "SealedAuction",
    "Obligations",
    "ComplianceDesk",
    "VoucherBook",
    "ServiceRecords",
    "EvidenceRegistry",
    "DisputeDesk",
)
"""Every stateful contract but the authority."""

_PLAIN = ("Authority", "GovernedProxy", "MarketAuctions", "MarketOperations", "AuctionClearing")
"""What runs without a proxy of its own and decides what the others do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a deployment left.

    Attributes:
        deployment: For the file.
        result: Step by step.
        findings: Of the checks; empty when all is as it should be.
    """

    deployment: Deployment
    result: Result
    findings: tuple[str, ...]


def deploy(
    chain: Chain,
    signer: Signer,
    rules: SchemeRules,
    holders: RoleHolders,
    journal: str | Path | None,
    *,
    progress: Progress | None = None,
) -> Outcome:
    """Deploy, or go on where an earlier run stopped, and check what is there.

    Raises:
        DeploymentStopped: A step failed; run again to continue.
        DeploymentError: The journal is another plan's, or the checks found something: each finding is in the message.
        InputError: The deployer is to keep a role, which it must not.
    """
    plan = plan_of(rules, holders, signer.address)
    result = carry_out(plan, chain, signer, journal, progress=progress)
    deployment = _deployment(chain, signer, rules, result)
    findings = tuple(check_all(chain, deployment, holders.members))
    if findings:
        raise DeploymentError("The deployment is not as it should be: " + "; ".join(findings) + ".")
    return Outcome(deployment, result, findings)


def rehearse(
    chain: Chain, signer: Signer, rules: SchemeRules, holders: RoleHolders, journal: str | Path | None = None
) -> Result:
    """What `deploy` would do and what gas it would use, on a throw-away copy of the chain."""
    return dry_run(plan_of(rules, holders, signer.address), chain, signer, journal)


def plan_of(rules: SchemeRules, holders: RoleHolders, deployer: Address) -> Plan:
    """All steps for a scheme and its role holders. Raises InputError when the deployer is to keep a role."""
    kept = [role.label for role, members in holders.members.items() if deployer in members]
    if kept:
        raise InputError(f"The deployer {deployer} is to hold {', '.join(kept)}; deploy with a key that keeps no role.")
    steps = [*_creation(rules), *_configuration(rules), *_permissions(), *_handover(holders, deployer)]
    codes = b"".join(bytes.fromhex(artifact(name).code_hash[2:]) for name in (*_PLAIN, *PROXIED))
    digest = keccak(rules.digest + holders.digest + codes).hex()
    return Plan(digest, steps)


# ---------------------------------------------------------------------------------------------------------- creation


def _creation(rules: SchemeRules) -> Iterator[Step]:
    yield _create("Authority", lambda now: Authority.creation(now.deployer))
    yield _create("Seed", lambda now: Seed.creation())
    for name in PROXIED:
        yield _create(name, _proxy)
    yield _create("AllocationFormula", lambda now: AllocationFormula.creation())
    yield _create("MarketAuctions", _market_auctions(rules))
    yield _create("MarketOperations", _market_operations(rules))
    yield _create("AuctionClearing", _auction_clearing(rules))
    for method in rules.file.methods:
        yield _method_contract(method.contract)
    for name, code in _implementations(rules).items():
        yield _create(f"{name} code", code)
    for name, initialization in _initializations(rules).items():
        yield _install(name, initialization)


def _create(name: str, act: Callable[[Situation], Act[Any]]) -> Step:
    return Step(f"{MADE}/{name}", act)


def _method_contract(name: str) -> Step:
    creation: Act[bytes] = Act(None, artifact(name).bytecode, title=f"create {name}")
    return _create(name, lambda now: creation)


def _proxy(now: Situation) -> Act[bytes]:
    authority = _at(now, "Authority")
    birth = Seed(None, authority).initialize(authority).data
    return GovernedProxy.creation(_at(now, "Seed"), authority, birth)


def _market_auctions(rules: SchemeRules) -> Callable[[Situation], Act[bytes]]:
    """What the order book's other half hands on: code that the half knows, without a proxy."""
    money = rules.main_money
    return lambda now: MarketAuctions.creation(_at(now, "InstrumentLedger"), money)


def _market_operations(rules: SchemeRules) -> Callable[[Situation], Act[bytes]]:
    """The order book's other half: code that the book's own knows, without a proxy."""
    money, offset = rules.main_money, rules.file.scheme.utc_offset_seconds
    return lambda now: MarketOperations.creation(
        _at(now, "InstrumentLedger"), money, offset, _at(now, "MarketRules"), _at(now, "MarketAuctions")
    )


def _auction_clearing(rules: SchemeRules) -> Callable[[Situation], Act[bytes]]:
    """What the sealed auctions hand on: code that they know, without a proxy."""
    money, offset, series = rules.main_money, rules.file.scheme.utc_offset_seconds, rules.file.vouchers.auction_series
    return lambda now: AuctionClearing.creation(
        _at(now, "InstrumentLedger"), _at(now, "CreditRecord"), money, offset, series
    )


def _implementations(rules: SchemeRules) -> Mapping[str, Callable[[Situation], Act[bytes]]]:
    """What each contract's code is told of the others: addresses of proxies, immutable."""
    money, offset, number = rules.main_money, rules.file.scheme.utc_offset_seconds, rules.file.scheme.number
    return {
        "RuleBook": lambda now: RuleBook.creation(),
        "CertificateRegistry": lambda now: CertificateRegistry.creation(_at(now, "StakeholderRegistry")),
        "StakeholderRegistry": lambda now: StakeholderRegistry.creation(
            *_all(now, "RuleBook", "CertificateRegistry", "InstrumentLedger", "Obligations", "CreditRecord")
        ),
        "CreditRecord": lambda now: CreditRecord.creation(*_all(now, "StakeholderRegistry", "InstrumentLedger")),
        "InstrumentLedger": lambda now: InstrumentLedger.creation(
            Siblings(
                *_all(now, "StakeholderRegistry", "OrderBook", "CashDesk", "Allocator", "ComplianceDesk"),
                *_all(now, "TransferRules", "AuthorityDesk"),
            ),
            money,
        ),
        "CashDesk": lambda now: CashDesk.creation(_at(now, "InstrumentLedger")),
        "TransferRules": lambda now: TransferRules.creation(_at(now, "InstrumentLedger")),
        "AuthorityDesk": lambda now: AuthorityDesk.creation(_at(now, "InstrumentLedger")),
        "PledgeBook": lambda now: PledgeBook.creation(*_all(now, "InstrumentLedger", "AuthorityDesk")),
        "CreditProjects": lambda now: CreditProjects.creation(
            _at(now, "InstrumentLedger"), _at(now, "OriginRegister"), number
        ),
        "CreditOffers": lambda now: CreditOffers.creation(
            _at(now, "InstrumentLedger"), money, rules.file.vouchers.offers_series, offset, _at(now, "MarketRules")
        ),
        "OriginRegister": lambda now: OriginRegister.creation(
            _at(now, "InstrumentLedger"), _at(now, "CreditProjects"), number
        ),
        "Banking": lambda now: Banking.creation(*_all(now, "InstrumentLedger", "ComplianceDesk")),
        "Methodologies": lambda now: Methodologies.creation(),
        "Verifications": lambda now: Verifications.creation(*_all(now, "InstrumentLedger", "EmissionReports")),
        "EmissionReports": lambda now: EmissionReports.creation(
            *_all(now, "InstrumentLedger", "Methodologies", "Verifications", "Obligations", "DisputeDesk")
        ),
        "Allocator": lambda now: Allocator.creation(
            *_all(now, "InstrumentLedger", "EmissionReports", "AllocationFormula")
        ),
        "MarketRules": lambda now: MarketRules.creation(_at(now, "InstrumentLedger"), _at(now, "OrderBook"), offset),
        "OrderBook": lambda now: OrderBook.creation(_at(now, "InstrumentLedger"), money, _at(now, "MarketOperations")),
        "QuoteBoard": lambda now: QuoteBoard.creation(
            _at(now, "InstrumentLedger"), money, offset, rules.file.vouchers.board_series, _at(now, "MarketRules")
        ),
        "BlockTrades": lambda now: BlockTrades.creation(
            _at(now, "InstrumentLedger"),
            _at(now, "CreditRecord"),
            money,
            offset,
            rules.file.vouchers.block_series,
            _at(now, "MarketRules"),
        ),
        "TradingPlans": lambda now: TradingPlans.creation(_at(now, "InstrumentLedger")),
        "TradeConfirmations": lambda now: TradeConfirmations.creation(
            _at(now, "VoucherBook"), money, rules.file.confirmations.name(rules.file.scheme.code)
        ),
        "SealedAuction": lambda now: SealedAuction.creation(
            _at(now, "InstrumentLedger"),
            money,
            rules.file.vouchers.auction_series,
            *_all(now, "MarketRules", "AuctionClearing"),
        ),
        "Obligations": lambda now: Obligations.creation(
            *_all(now, "StakeholderRegistry", "EmissionReports", "ComplianceDesk", "CreditRecord")
        ),
        "ComplianceDesk": lambda now: ComplianceDesk.creation(
            *_all(now, "InstrumentLedger", "Obligations", "CreditProjects", "Banking", "DisputeDesk")
        ),
        "VoucherBook": lambda now: VoucherBook.creation(),
        "ServiceRecords": lambda now: ServiceRecords.creation(),
        "EvidenceRegistry": lambda now: EvidenceRegistry.creation(
            *_all(now, "InstrumentLedger", "StakeholderRegistry")
        ),
        "DisputeDesk": lambda now: DisputeDesk.creation(
            *_all(now, "InstrumentLedger", "AuthorityDesk", "VoucherBook", "TransferRules"),
            *_all(now, "EmissionReports", "ComplianceDesk"),
        ),
    }


def _initializations(rules: SchemeRules) -> Mapping[str, Callable[[Address], bytes]]:
    """What each contract is told once, in the transaction that gives its proxy the code."""
    file = rules.file
    setup = Setup(file.scheme.number, file.vouchers.desk_series, file.scheme.utc_offset_seconds)
    years = Scheme(file.scheme.first_year, file.scheme.current_year, Rounding[file.scheme.obligation_rounding.upper()])
    two = SecondOfficerRules(
        file.authority.second_officer_from_tonnes,
        rules.amount(file.authority.second_officer_from_money),
        file.authority.confirm_within_hours * 3600,
        file.authority.reversible_days * 86400,
    )
    materiality = Materiality(
        file.verification.threshold_tonnes * GRAMS_PER_TONNE,
        file.verification.below_basis_points,
        file.verification.above_basis_points,
    )
    coding = CodingRules(
        file.scheme.code.encode().ljust(8, b"\0"), file.vouchers.kinds.encode(), file.scheme.utc_offset_seconds, 0
    )
    disputes = DisputeTerms(
        *(
            days * 86400
            for days in (
                file.disputes.open_days,
                file.disputes.evidence_days,
                file.disputes.ruling_days,
                file.disputes.appeal_days,
                file.disputes.execution_days,
            )
        )
    )
    told: dict[str, Callable[[Address], bytes]] = {
        "InstrumentLedger": lambda at: InstrumentLedger(None, at).initialize(rules.digest).data,
        "CashDesk": lambda at: CashDesk(None, at).initialize(file.money.payout_delay_hours * 3600).data,
        "AuthorityDesk": lambda at: AuthorityDesk(None, at).initialize(two).data,
        "DisputeDesk": lambda at: DisputeDesk(None, at).initialize(disputes).data,
        "PledgeBook": lambda at: PledgeBook(None, at).initialize(file.pledges.least_notice_hours * 3600).data,
        "Verifications": lambda at: Verifications(None, at).initialize(materiality).data,
        "MarketRules": lambda at: MarketRules(None, at).initialize().data,
        "OrderBook": lambda at: OrderBook(None, at).initialize().data,
        "QuoteBoard": lambda at: QuoteBoard(None, at).initialize().data,
        "BlockTrades": lambda at: BlockTrades(None, at).initialize().data,
        "SealedAuction": lambda at: SealedAuction(None, at).initialize().data,
        "Obligations": lambda at: Obligations(None, at).initialize(years).data,
        "ComplianceDesk": lambda at: ComplianceDesk(None, at).initialize(setup).data,
        "VoucherBook": lambda at: VoucherBook(None, at).initialize(coding).data,
    }
    return {name: told.get(name, lambda at: b"") for name in PROXIED}


def _install(name: str, data: Callable[[Address], bytes]) -> Step:
    def act(now: Situation) -> Act[None]:
        proxy = _at(now, name)
        return InstrumentLedger(None, proxy).upgrade_to_and_call(_at(now, f"{name} code"), data(proxy))

    return Step(f"install/{name}", act)


# ----------------------------------------------------------------------------------------------------- configuration


def _configuration(rules: SchemeRules) -> Iterator[Step]:
    """What the scheme says. The deployer may: functions that have no role yet are the administrator's."""
    file = rules.file
    yield _binder(Reason.PLEDGE, "PledgeBook")
    yield _binder(Reason.DISPUTE, "DisputeDesk")
    yield _binder(Reason.LISTING, "CreditOffers")
    yield _binder(Reason.BUFFER, "CreditProjects")
    yield _binder(Reason.EXPORT, "OriginRegister")
    yield _binder(Reason.CONVERSION, "Banking")
    yield _binder(Reason.QUOTE, "QuoteBoard")
    yield _binder(Reason.BLOCK_TRADE, "BlockTrades")
    yield _binder(Reason.COLLATERAL, "SealedAuction")
    yield Step(
        "appoint/credit-issuer",
        lambda now: InstrumentLedger(None, _at(now, "InstrumentLedger")).appoint_credit_issuer(
            _at(now, "CreditProjects")
        ),
    )
    yield from conduct_steps(file.conduct, _on)
    for instrument in file.instruments:
        yield _instrument(rules, instrument)
    yield from transfer_steps(rules, _on)
    for other in file.moneys:
        yield _other_money(rules, other)
    for name, token, decimals in file.backings():
        yield _backing(rules.instrument(name), name, address(token), decimals)
    if file.money.token_hold_hours:
        yield _on("hold", "CashDesk", lambda at: CashDesk(None, at).set_hold(file.money.token_hold_hours * 3600))
    for rule in file.banking:
        yield _banking(rules, rule)
    if file.surrender.reversible_hours:
        window = file.surrender.reversible_hours * 3600
        yield _on(
            "surrender/reversal", "ComplianceDesk", lambda at: ComplianceDesk(None, at).set_reversal_window(window)
        )
    yield from market_rule_steps(rules, _on)
    for number, market in enumerate(file.markets, 1):
        yield from _market(rules, market, number)
        yield _series(number, "OrderBook", VoucherKind.TRADE)
    for board in file.boards:
        yield _board(rules, board)
    for number, blocks in enumerate(file.block_markets, 1):
        yield from _block_market(rules, blocks, number)
    yield _series(file.vouchers.board_series, "QuoteBoard", VoucherKind.TRADE)
    yield _series(file.vouchers.block_series, "BlockTrades", VoucherKind.TRADE)
    yield _series(file.vouchers.auction_series, "SealedAuction", VoucherKind.TRADE)
    yield _series(file.vouchers.desk_series, "ComplianceDesk", VoucherKind.SURRENDER, VoucherKind.CANCELLATION)
    yield _series(file.vouchers.offers_series, "CreditOffers", VoucherKind.TRADE)
    yield from confirmation_steps(file.confirmations, _on)
    if labels := file.credits.required_bits:
        yield _on(
            "labels", "CreditProjects", lambda at: CreditProjects(None, at).set_required_labels(labels, rules.digest)
        )
    for year in file.years:
        yield from _year(rules, year.year)
    yield _publish("scheme", sha256_of(rules.digest), f"keccak256:{rules.digest.hex()}")
    for policy in file.policies:
        yield _publish(policy.topic, sha256(rules.policy(policy)).digest(), policy.uri)
    for method in file.methods:
        yield _method(method)


def _on(key: str, name: str, act: Callable[[Address], Act[Any]]) -> Step:
    """A step that calls the contract `name`."""
    return Step(key, lambda now: act(_at(now, name)))


def _binder(reason: Reason, name: str) -> Step:
    return Step(
        f"appoint/{reason.name.lower()}",
        lambda now: InstrumentLedger(None, _at(now, "InstrumentLedger")).appoint_binder(reason, _at(now, name)),
    )


def _instrument(rules: SchemeRules, table: InstrumentTable) -> Step:
    until = _unix(table.valid_until) if table.valid_until else 0
    instrument = rules.instrument(table.name)
    return _on(
        f"instrument/{table.name}",
        "InstrumentLedger",
        lambda at: InstrumentLedger(None, at).define_instrument(instrument, until, rules.digest),
    )


def _other_money(rules: SchemeRules, table: OtherMoneyTable) -> Step:
    instrument = rules.instrument(table.name)
    return _on(
        f"instrument/{table.name}",
        "InstrumentLedger",
        lambda at: InstrumentLedger(None, at).define_instrument(instrument, 0, rules.digest),
    )


def _backing(instrument: InstrumentId, name: str, token: Address, decimals: int) -> Step:
    return _on(f"token/{name}", "CashDesk", lambda at: CashDesk(None, at).back_with_token(instrument, token, decimals))


def _banking(rules: SchemeRules, table: BankingTable) -> Step:
    terms = BankingTerms(
        rules.instrument(table.source),
        _unix(table.opens),
        _unix(table.closes),
        table.lapses,
        table.base_tonnes is not None,
        table.holding_basis_points is not None,
        table.net_sales_basis_points or 0,
        table.holding_basis_points or 0,
        rules.instrument(table.target),
        table.base_tonnes or 0,
        table.total_tonnes,
    )
    return _on(f"banking/{table.source}", "Banking", lambda at: Banking(None, at).set_rule(terms, rules.digest))


def _market(rules: SchemeRules, table: MarketTable, number: int) -> Iterator[Step]:
    numbers = rules.market(table)
    terms = MarketTerms(
        rules.instrument(table.instrument),
        numbers.tick_mantissa,
        numbers.tick_exponent,
        numbers.lot,
        numbers.least_lots,
        numbers.taker_fee,
        numbers.maker_fee,
        numbers.lowest,
        numbers.highest,
    )
    name, limits, conduct = f"market/{table.name}", table.limits(), table.conduct()
    yield _on(name, "OrderBook", lambda at: OrderBook(None, at).open_market(terms))
    if limits != Limits(0, 0, 0, 0):
        yield _on(f"{name}/limits", "OrderBook", lambda at: OrderBook(None, at).set_limits(number, limits))
    if conduct != Conduct(0, ClosingRule.LAST, 5, 0, False):  # as a market is opened
        yield _on(f"{name}/conduct", "OrderBook", lambda at: OrderBook(None, at).set_conduct(number, conduct))


def _board(rules: SchemeRules, table: BoardTable) -> Step:
    terms = rules.board(table)
    return _on(f"board/{table.name}", "QuoteBoard", lambda at: QuoteBoard(None, at).open_board(terms))


def _block_market(rules: SchemeRules, table: BlockMarketTable, number: int) -> Iterator[Step]:
    terms = rules.block_market(table)
    reference = rules.whole_ticks(table.reference_price, table.tick, "reference_price")
    name = f"block-market/{table.name}"
    yield _on(name, "BlockTrades", lambda at: BlockTrades(None, at).open_block_market(terms))
    yield _on(f"{name}/reference", "BlockTrades", lambda at: BlockTrades(None, at).set_reference(number, reference))


def _method(table: MethodTable) -> Step:
    name, document = table.name.encode().ljust(32, b"\0"), keccak(table.contract.encode())
    return Step(
        f"method/{table.name}",
        lambda now: Methodologies(None, _at(now, "Methodologies")).register(name, _at(now, table.contract), document),
    )


def sha256_of(digest: bytes) -> bytes:
    """The RuleBook wants SHA-256 digests; the scheme's file is known by its Keccak-256, which the document names."""
    return sha256(digest).digest()


def _year(rules: SchemeRules, number: int) -> Iterator[Step]:
    year = rules.file.year(number)
    penalty = rules.amount(year.penalty_per_tonne)
    desk = Rules(
        _unix(year.reporting_deadline),
        _unix(year.surrender_deadline),
        year.oldest_vintage,
        year.newest_vintage,
        year.credit_share_basis_points,
        year.index[0],
        year.index[1],
        penalty,
    )
    cap = Cap(year.cap_tonnes, year.free_tonnes, year.auction_tonnes, year.reserve_tonnes)
    deadline = desk.reporting_deadline
    yield _on(f"rules/{number}", "Obligations", lambda at: Obligations(None, at).set_rules(number, desk))
    yield _on(f"cap/{number}", "Allocator", lambda at: Allocator(None, at).set_cap(number, cap, rules.digest))
    yield _on(
        f"deadline/{number}", "EmissionReports", lambda at: EmissionReports(None, at).set_deadline(number, deadline)
    )


def _series(number: int, issuer: str, *kinds: VoucherKind) -> Step:
    bits = sum(1 << kind for kind in kinds)
    return Step(
        f"series/{number}",
        lambda now: VoucherBook(None, _at(now, "VoucherBook")).register_series(number, _at(now, issuer), bits),
    )


def _publish(topic: str, digest: bytes, uri: str) -> Step:
    return _on(
        f"publish/{topic}", "RuleBook", lambda at: RuleBook(None, at).publish(keccak(topic.encode()), digest, 0, uri)
    )


# ------------------------------------------------------------------------------------------------ permissions, roles


def _permissions() -> Iterator[Step]:
    """The matrix, one transaction for each contract and role."""
    for name in PROXIED:
        by_role: dict[Role, list[bytes]] = {}
        for line in permissions((name,)):
            by_role.setdefault(line.role, []).append(line.selector)
        by_role.pop(Role.ADMINISTRATOR, None)  # what every function has that stands nowhere
        for role, selectors in sorted(by_role.items()):
            yield _permit(name, role, tuple(selectors))
    for role in Role:
        if role is not Role.ADMINISTRATOR:
            yield _label(role)


def _permit(name: str, role: Role, selectors: tuple[bytes, ...]) -> Step:
    return Step(
        f"permit/{name}/{role.label}",
        lambda now: _authority(now).set_target_function_role(_at(now, name), selectors, int(role)),
    )


def _label(role: Role) -> Step:
    return Step(f"label/{role.label}", lambda now: _authority(now).label_role(int(role), role.name))


def _handover(holders: RoleHolders, deployer: Address) -> Iterator[Step]:
    others = [role for role in holders.members if role is not Role.ADMINISTRATOR]
    for role in [*others, Role.ADMINISTRATOR]:
        for holder in holders.members[role]:
            yield _grant(role, holder)
    yield Step("renounce/administrator", lambda now: _authority(now).renounce_role(int(Role.ADMINISTRATOR), deployer))


def _grant(role: Role, holder: Address) -> Step:
    return Step(f"grant/{role.label}/{holder}", lambda now: _authority(now).grant_role(int(role), holder, 0))


# ------------------------------------------------------------------------------------------------------------ helpers


def _at(now: Situation, name: str) -> Address:
    return now.address(f"{MADE}/{name}")


def _all(now: Situation, *names: str) -> tuple[Address, ...]:
    return tuple(_at(now, name) for name in names)


def _authority(now: Situation) -> Authority:
    return Authority(None, _at(now, "Authority"))


def _unix(time: datetime) -> int:
    return int(time.timestamp())


def _deployment(chain: Chain, signer: Signer, rules: SchemeRules, result: Result) -> Deployment:
    version = package_version("carbon-sdk")

    def entry(name: str, implementation: str | None = None) -> Deployed:
        return Deployed(
            address=result.addresses[f"{MADE}/{name}"],
            implementation=implementation,
            version=version,
            code_hash=artifact(name).code_hash,
        )

    names = [*PROXIED, *(step.key.split("/", 1)[1] for step in result.steps if step.key.startswith(f"{MADE}/"))]
    plain = [name for name in dict.fromkeys(names) if name not in PROXIED and not name.endswith(" code")]
    contracts = {name: entry(name) for name in plain}
    contracts |= {name: entry(name, result.addresses[f"{MADE}/{name} code"]) for name in PROXIED}
    file, made_by = rules.file, artifact("Authority").compiler
    return Deployment(
        chain_id=chain.id,
        scheme=file.scheme.name,
        scheme_digest="0x" + rules.digest.hex(),
        block=result.first_block,
        genesis=chain.block(0).hash,
        deployer=signer.address,
        revision=_revision(version),
        compiler=Compiler(
            version=made_by["version"],
            evm_version=made_by["evmVersion"],
            optimizer_runs=made_by["optimizer"]["runs"],
            via_ir=made_by["viaIR"],
        ),
        contracts=contracts,
        instruments={
            file.money.name: int(rules.main_money),
            **{item.name: int(rules.instrument(item.name)) for item in file.moneys},
            **{item.name: int(rules.instrument(item.name)) for item in file.instruments},
        },
        markets={table.name: number for number, table in enumerate(file.markets, 1)},
        boards={board.name: number for number, board in enumerate(file.boards, 1)},
        block_markets={blocks.name: number for number, blocks in enumerate(file.block_markets, 1)},
    )


def _revision(version: str) -> str:
    """Of the source tree that this module lies in; the package's version where there is none."""
    folder = Path(__file__).resolve().parent
    try:
        found = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return version
    return found.stdout.strip()
