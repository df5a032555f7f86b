"""Whoever may not, may not: every verb of every role is tried by a stranger's key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from carbon_sdk.actors.auctions import PreparedBid
from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.bilateral import SignedBlock
from carbon_sdk.actors.certification_authority import CertificationAuthority
from carbon_sdk.actors.company import AccountHolder, Company, SourceStream
from carbon_sdk.actors.disputes import ArbitrationOfficer
from carbon_sdk.actors.evidence import EvidenceHolder
from carbon_sdk.actors.maintenance import Maintainer, Operator
from carbon_sdk.actors.market_rules import RiskOfficer
from carbon_sdk.actors.proponent import ProjectProponent
from carbon_sdk.actors.registry_operator import RegistryOperator
from carbon_sdk.actors.regulator import Regulator
from carbon_sdk.actors.security_authority import SecurityAuthority
from carbon_sdk.actors.service_records import (
    RequirementsManager,
    ServiceDeveloper,
    Supporter,
    SystemDeveloper,
    TechnicalManager,
)
from carbon_sdk.actors.services import PlatformOperator, ServiceManager, ServiceRegulator
from carbon_sdk.actors.settlement_bank import SettlementBank
from carbon_sdk.actors.trading_plans import PrivatePlan
from carbon_sdk.actors.values import Capability, Label, Restriction, Right
from carbon_sdk.actors.verbs import verbs_of
from carbon_sdk.actors.verifier import Verifier
from carbon_sdk.contracts.generated.enums import (
    AccountKind,
    BusinessHours,
    ClosingRule,
    Conclusion,
    Counterparty,
    InstrumentState,
    Supply,
    TieRule,
    UnderSubscription,
    VoucherKind,
)
from carbon_sdk.contracts.generated.errors import UnknownCertificate
from carbon_sdk.contracts.generated.structs import (
    AuctionTerms,
    BankingFigures,
    BlockTerms,
    BlockTrade,
    BoardTerms,
    CodingRules,
    Conduct,
    DisputeTerms,
    MarketTerms,
    PlanPeriod,
    Rules,
    Sealed,
    TierTerms,
    TradingPlan,
    TransferType,
)
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import InputError, NotPermitted, Refused
from carbon_sdk.identifiers import Address, InstrumentId, OrderId, QuoteId, Side
from carbon_sdk.methods import Term, formula_inputs
from tests.actors.conftest import YEAR, Town, key
from tests.actors.test_evidence import VERBS as OF_A_DOCUMENT

SOMEBODY = Address("0x00000000000000000000000000000000000000AA")
UNIT = InstrumentId.parse("allowance/826/2021/0/0")
CREDIT = InstrumentId.parse("credit/826/2021/1/0")
DAY = date(2021, 12, 31)
NEXT = InstrumentId.parse("allowance/826/2022/0/0")
POUNDS = InstrumentId.parse("money/826/0/0/826")
LATER = 2_000_000_000
TERMS = MarketTerms(UNIT, 1, 0, 1, 1, 1, 1, 1000, 15000)
RULES = Rules(1_700_000_000, 1_710_000_000, 0, 0, 0, 1, 1, 10_000)
TRANSFERS = TransferType(2, 2, Counterparty.ANY, False, 1, 0, BusinessHours.IGNORED, 2, 0, 2**32 - 1, 0, 0, 0, 0)
ORDER = OrderId.of(1, Side.SELL, 5000, 0, 0)
QUOTE = QuoteId.of(1, Side.SELL, 5000, 1)
AUCTION = AuctionTerms(
    UNIT, 1, 20, 500, 2200, 10_000, 1, 20, 0, 10_000, 10_000, 5_000, 12_500, TieRule.TIME, UnderSubscription.PARTIAL,
    False, LATER, LATER + 1, LATER + 9, LATER + 9, bytes(32), bytes(32), bytes(32), b"1" * 32, 2, 3, bytes(32),
)  # fmt: skip
BID = PreparedBid(1, SOMEBODY, 1, 2500, 1_250_000, b"1" * 32, "", b"1" * 32, b"sealed")

BY_ROLE: Mapping[type[Actor], tuple[Role, Mapping[str, tuple[Any, ...]]]] = {
    SecurityAuthority: (
        Role.ADMINISTRATOR,
        {
            "grant": (Role.REGULATOR, SOMEBODY),
            "revoke": (Role.REGULATOR, SOMEBODY),
            "set_second_officer_rules": (1, 1, 1, 1),
            "appoint_reporter": (3, SOMEBODY),
            "set_guardian": (Role.REGULATOR, Role.SERVICE_REGULATOR),
            "set_role_admin": (Role.REGULATOR, Role.SERVICE_REGULATOR),
            "set_grant_delay": (Role.REGULATOR, 1),
            "set_account_rules": (1, 1),
        },
    ),
    Regulator: (
        Role.REGULATOR,
        {
            "publish": ("topic", "document", "uri"),
            "reverse_surrender": (1, "cause"),
            "set_reversal_window": (1,),
            "answer_dispute": (1, "evidence"),
            "appeal_ruling": (1, "grounds"),
            "set_dispute_terms": (DisputeTerms(1, 1, 1, 1, 1),),
            "set_coding_rules": (CodingRules(b"UK".ljust(8, b"\0"), b"TSCA", 0, LATER),),
            "register_method": ("name", SOMEBODY, "document"),
            "close_method": ("combustion", 1),
            "accredit_certification_authority": (SOMEBODY, "name", LATER),
            "withdraw_certification_authority": (SOMEBODY, "cause"),
            "revoke_certificates": ([b"1" * 32], 1),
            "accredit_verifier": (SOMEBODY, LATER, "document"),
            "withdraw_verifier": (SOMEBODY, "cause"),
            "set_materiality": (1, 500, 200),
            "register_installation": (SOMEBODY, "permit", 1, 1, YEAR),
            "set_installation_years": (1, YEAR, None, "cause"),
            "approve_plan": (1, 1),
            "return_plan": (1, 1, "reason"),
            "set_reporting_deadline": (YEAR, LATER),
            "accept": (1, YEAR, 1),
            "determine_emissions": (1, YEAR, 1, "cause"),
            "reopen": (1, YEAR, "cause"),
            "cancel_auction": (1, "cause"),
            "excuse_bid": (1, Sealed(1, SOMEBODY, 1, b"1" * 32), "cause"),
            "set_cap": (YEAR, 6, 1, 2, 3, "document"),
            "register_baseline": (1, "emissions", "1.5", YEAR, YEAR, "document"),
            "compute_baseline": (1, [YEAR]),
            "determine_allocation": (1, YEAR, UNIT, formula_inputs([Term()])),
            "approve_allocation": (1,),
            "reject_allocation": (1, "reason"),
            "issue_for_auction": (SOMEBODY, YEAR, UNIT, 1, "cause"),
            "set_year_rules": (YEAR, RULES),
            "open_year": (YEAR + 1,),
            "enrol": (SOMEBODY, YEAR),
            "set_first_year": (SOMEBODY, YEAR),
            "set_last_year": (SOMEBODY, None),
            "exclude": (SOMEBODY, YEAR, "cause"),
            "include": (SOMEBODY, YEAR, "cause"),
            "approve_surrender": (1,),
            "approve_surrenders": ([1],),
            "reject_surrender": (1, "reason"),
            "reject_surrenders": ([1], "reason"),
            "set_second_representative_from": (1,),
            "suspend": (SOMEBODY, "cause"),
            "reinstate": (SOMEBODY, "cause"),
            "restrict": (SOMEBODY, Restriction.ALL, "cause"),
            "set_capabilities": (SOMEBODY, Capability.REGISTRY, "cause"),
            "assign_region": (SOMEBODY, 1),
            "freeze": (SOMEBODY, UNIT, 1, "cause", "why"),
            "force_transfer": (SOMEBODY, SOMEBODY, UNIT, 1, "cause", "document", "reason"),
            "reverse_act": (1, "cause", "document", "reason"),
            "release_bound": (SOMEBODY, UNIT, 1, "cause", "document", "reason"),
            "confirm_act": (1,),
            "withdraw_act": (1, "cause"),
            "set_least_notice": (1,),
            "set_payout_delay": (1,),
            "publish_transfer_rules": ([TRANSFERS], "document"),
            "assign_transfer_rules": (1, [UNIT]),
            "set_calendar": ("10:00", "16:00"),
            "set_holidays": (["2021-12-27"],),
            "set_trust_rules": (1, 1),
            "set_opt_in": (SOMEBODY, True, "cause"),
            "stop_transfer": (1, "cause"),
            "reverse_transfer": (1, "cause"),
            "accredit_body": (SOMEBODY, [14], 0, LATER, "document"),
            "dismiss_body": (SOMEBODY, "cause"),
            "name_buffer_account": (SOMEBODY,),
            "record_reversal": (1, 1, "document"),
            "cancel_buffer": (1, CREDIT, 1, "cause"),
            "set_labels": (CREDIT, Label.CORSIA, "cause"),
            "set_required_labels": (Label.COMPLIANCE, "cause"),
            "remove_offer": (1, "cause"),
            "remove_purchase": (1, "cause"),
            "accept_registry": ("GS", True, "cause"),
            "back_with_token": (POUNDS, SOMEBODY, 6),
            "set_withdrawal_hold": (1,),
            "refuse_withdrawal": (1, "cause"),
            "set_banking_rule": (UNIT, NEXT, 1, LATER, "document"),
            "move_banking_window": (1, 1, LATER, "cause"),
            "record_banking_figures": (1, [BankingFigures(SOMEBODY, 1, 1)], "audit"),
            "convert_for": (1, [SOMEBODY]),
            "take_down_quote": (QUOTE, "cause"),
            "set_conduct_kind": (64, 1, 1),
            "set_credit_tiers": ([TierTerms(1, 0, 0), TierTerms(2, 0, 0), TierTerms(3, 0, 0)],),
            "decide_appeal": (SOMEBODY, 1, True, "reasons"),
        },
    ),
    RegistryOperator: (
        Role.REGISTRY_OPERATOR,
        {
            "return_for_correction": (1, "reasons"),
            "refuse": (1, "reasons"),
            "approve": (1, "credentials"),
            "add_representative": (Right.READ, "credentials"),
            "set_rights": (SOMEBODY, Right.READ),
            "remove_representative": (SOMEBODY, "cause"),
            "rotate_key": (SOMEBODY, "credentials"),
            "confirm_rotation": (SOMEBODY, "credentials"),
            "announce_closing": (SOMEBODY, "cause"),
            "close": (SOMEBODY, "cause"),
            "set_principal": (SOMEBODY,),
            "amend_record": (SOMEBODY, "record", "cause"),
            "set_owner": (SOMEBODY, 1, "cause"),
            "register_project": (1, DAY, DAY, "decision"),
            "refuse_project": (1, "reasons"),
            "renew_project": (1, DAY, LATER, "decision"),
            "close_project": (1, "cause"),
            "refuse_monitoring": (1, 1, "reasons"),
            "issue_credits": (1, 1, {CREDIT: 1}),
            "release_buffer": (CREDIT, 1),
            "enter_project": ("GS", "GS1"),
            "bring_in": ("GS", "GS1", "batch", YEAR, 1, 2, SOMEBODY, "document"),
            "accept_export": (1,),
            "confirm_export": (1, "entry"),
            "reject_export": (1, "cause"),
        },
    ),
    ServiceManager: (
        Role.SERVICE_MANAGER,
        {
            "define_instrument": (UNIT, "terms"),
            "set_instrument_state": (UNIT, InstrumentState.CLOSED),
            "open_market": (TERMS,),
            "open_board": (BoardTerms(UNIT, 1, 1, 1, 0, 0, 1, 2),),
            "open_block_market": (BlockTerms(UNIT, 1, 1, 1, 0, 0, 0, 0, 86_400, 127, 0, 0),),
            "register_voucher_series": (7, SOMEBODY, [VoucherKind.TRADE]),
            "set_utc_offset": (0,),
        },
    ),
    PlatformOperator: (
        Role.PLATFORM_OPERATOR,
        {
            "set_band": (1, 1, 2),
            "collect_fees": (1, SOMEBODY),
            "set_board_band": (1, 1, 2),
            "set_quote_fee_account": (SOMEBODY,),
            "register_confirmation_key": (SOMEBODY, 1_600_000_000, 1_700_000_000),
            "revoke_confirmation_key": (SOMEBODY, 1_600_000_000, "cause"),
            "set_reference": (1, 5000),
            "set_block_hours": (1, 0, 86_400, ["mon"]),
            "set_block_fee_account": (SOMEBODY,),
            "set_calendar_days": (1, ["2021-12-27"]),
        },
    ),
    RiskOfficer: (
        Role.RISK_MANAGER,
        {
            "downgrade": ("cause",),
            "set_position_terms": (UNIT,),
            "set_limits": (1,),
            "accuse": (SOMEBODY, 4, "evidence"),
            "withdraw_accusation": (1, "reasons"),
        },
    ),
    ServiceRegulator: (
        Role.SERVICE_REGULATOR,
        {
            "halt": (1,),
            "set_service_rules": ("order-book", "rules", "uri"),
            "resume": (1,),
            "set_conduct": (1, Conduct(500, ClosingRule.LAST, 5, 5, choice=False)),
            "stop_tokens": (POUNDS, "cause"),
            "resume_tokens": (POUNDS, "cause"),
            "halt_board": (1,),
            "resume_board": (1,),
            "halt_blocks": (1,),
            "resume_blocks": (1,),
            "confirm_accusation": (1, "reasons"),
            "dismiss_accusation": (1, "reasons"),
            "define_calendar": ("always", [0] * 7, []),
            "assign_calendar": (1, 1, DAY),
            "restore": ("cause",),
            "set_stress_rules": (),
        },
    ),
    SettlementBank: (
        Role.SETTLEMENT_BANK,
        {
            "record_deposit": (SOMEBODY, 1, "reference"),
            "record_deposit_of": (SOMEBODY, POUNDS, 1, "reference"),
            "accept_withdrawal": (1,),
            "confirm_withdrawal": (1, "reference"),
            "reject_withdrawal": (1, "cause"),
            "record_penalty_paid": (SOMEBODY, YEAR, "reference"),
        },
    ),
    RequirementsManager: (
        Role.REQUIREMENTS_MANAGER,
        {"publish_profile": ("order-book", "profile", "uri"), "decide_release": (1, True, "reasons")},
    ),
    TechnicalManager: (
        Role.TECHNICAL_MANAGER,
        {"publish_technical_scheme": ("order-book", "scheme", "uri"), "decide_release": (1, True, "reasons")},
    ),
    SystemDeveloper: (Role.SYSTEM_DEVELOPER, {"propose_release": ("order-book", "release", "uri")}),
    ServiceDeveloper: (Role.SERVICE_DEVELOPER, {"propose_release": ("order-book", "release", "uri")}),
    Supporter: (Role.SUPPORTER, {"record_supply": (Supply.TIME, 1, 2, "record", "uri")}),
    ArbitrationOfficer: (
        Role.ARBITRATOR,
        {"rule": (1, True, "ruling", [1]), "decide_appeal": (1, True, "ruling", [1])},
    ),
    Maintainer: (Role.UPGRADER, {"upgrade": ("OrderBook", "code")}),
    Operator: (Role.ROLLBACK, {"roll_back": ("OrderBook",)}),
}
ANYONE = {
    SecurityAuthority: {"renounce"},
    Regulator: {"freeze_status", "assess", "restrict_for_missing", "refresh", "lapse", "annul_block"},
    RegistryOperator: {"renew", "object_to_closing"},
    SystemDeveloper: {"withdraw_release"},
    ServiceDeveloper: {"withdraw_release"},
    PlatformOperator: {"turn", "uncross"},
    RiskOfficer: {"note_position", "flag_position", "refresh_credit", "extend_restrictions"},
}
BY_REPRESENTATION: Mapping[type[Actor], Mapping[str, tuple[Any, ...]]] = {
    Company: {
        "file_plan": (1, YEAR, "plan", [SourceStream("combustion")]),
        "submit_report": (1, YEAR, [(0, b"")], "data"),
        "engage_verifier": (1, YEAR, SOMEBODY),
        "order": (1, Side.BUY, 1, 5000),
        "buy": (1, 1, 5000),
        "sell": (1, 1, 5000),
        "buy_now": (1, 1),
        "sell_now": (1, 1),
        "cancel": (ORDER,),
        "reduce": (ORDER, 1),
        "replace": (ORDER, 1, 5000),
        "batch": ([ORDER], []),
        "requote": (1,),
        "pick": (ORDER, 1),
        "name_payout": ("bank account",),
        "withdraw": (1,),
        "withdraw_of": (POUNDS, 1),
        "name_payout_address": (SOMEBODY,),
        "convert": (1, 1),
        "apply_surrender": ({UNIT: 1},),
        "offer_pledge": (SOMEBODY, {UNIT: 1}, LATER, "agreement"),
        "cancel_voluntarily": (UNIT, 1, "beneficiary", "purpose"),
        "list_quote": (1, Side.SELL, 10, 5000),
        "announce_auction": (AUCTION,),
        "place_bid": (BID,),
        "change_bid": (1, BID, BID),
        "withdraw_bid": (1, BID),
        "cancel_block_nonce": (7,),
        "execute_block": (
            SignedBlock(BlockTrade(SOMEBODY, SOMEBODY, Side.BUY, 1, 5000, 10_000, 2**39, 0, 1), b"\1" * 65),
        ),
        "transfer": (SOMEBODY, UNIT, 1),
        "approve_transfer": (2,),
        "refuse_transfer": (2,),
        "cancel_transfer": (2,),
        "trust": (SOMEBODY,),
        "approve_trust": (SOMEBODY,),
        "distrust": (SOMEBODY,),
        "offer_credits": (CREDIT, 1, 1, LATER),
        "request_export": (CREDIT, 1, "GS", "there"),
        "publish_trading_plan": (UNIT, YEAR),
        "commit_trading_plan": (UNIT, YEAR, b"1" * 32),
        "open_trading_plan": (
            PrivatePlan(PlanPeriod(UNIT, YEAR, 0), 1, TradingPlan(1, 0, 1, 1, bytes(32)), b"1" * 32),
        ),
        "report_position": (UNIT, "report"),
    },
    ProjectProponent: {
        "list_project": ("design", "methodology", 14),
        "offer_credits": (CREDIT, 1, 1, LATER),
        "request_export": (CREDIT, 1, "GS", "there"),
    },
}
BY_ANYONE: Mapping[type[Actor], set[str]] = {
    Company: {
        "cancel_many",
        "evict",
        "complete_transfer",
        "expire_transfer",
        "update_direct",
        "pay_withdrawal",
        "expire_quote",
        "lapse_block",
        "settle_block",
        "open_own_bid",
        "open_bids",
        "disclose_reserve",
        "note_block_hash",
        "draw_seed",
        "rank_bids",
        "apportion_ties",
        "settle_awards",
        "give_back_collateral",
        "end_sealed_bid",
        "lapse_auction",
        "roll_unsold",
        "distribute_proceeds",
        "lapse_pledge_offer",
        "execute_ruling",
        "lapse_dispute",
        "note_position",
        "flag_position",
    },
    ProjectProponent: set(),
}
OF_SOMETHING: Mapping[type[Actor], set[str]] = {
    Company: {
        "apply_for_allocation",
        "cancel_withdrawal",
        "withdraw_surrender",
        "endorse_surrender",
        "call_off_auction",
        "take_unsold",
    },
    ProjectProponent: {
        "amend_design",
        "withdraw_project",
        "engage_body",
        "report_monitoring",
        "withdraw_monitoring",
        "report_reversal",
        "compensate",
    },
}
"""Verbs on a numbered thing of the key's own: tried with it in its own scenario."""
OF_CREDITS = {
    "reduce_offer",
    "withdraw_offer",
    "confirm_purchase",
    "decline_purchase",
    "apply_for_purchase",
    "withdraw_purchase",
    "release_offer",
    "release_purchase",
    "cancel_export",
}
"""On an offer, an application or an export, likewise."""
OF_A_PLEDGE: Mapping[str, tuple[Any, ...]] = {
    "withdraw_pledge_offer": (),
    "accept_pledge": (),
    "decline_pledge": (),
    "top_up_pledge": ({UNIT: 1},),
    "release_pledge": (),
    "propose_exchange": ({UNIT: 1}, {UNIT: 1}),
    "accept_exchange": (1,),
    "drop_exchange": (),
    "propose_amendment": (LATER, SOMEBODY, "agreement"),
    "accept_amendment": (LATER, SOMEBODY, "agreement"),
    "drop_amendment": (),
    "give_notice": (),
    "withdraw_notice": (),
    "foreclose": (),
}
"""Verbs on a pledge: what follows its number."""
OF_A_TOKEN = {"allow_tokens", "deposit_tokens", "deposit_tokens_with_permit"}
"""Verbs on a money that a token backs: who may is tried with one in test_token_money."""
OF_A_DISPUTE = {"submit_evidence", "withdraw_dispute", "appeal_ruling"}
OPENS_DISPUTES = {"dispute_trade", "dispute_transfer", "dispute_report", "dispute_surrender"}
"""Who is no party is tried in test_disputes."""
OF_A_QUOTE = {"click", "reduce_quote", "withdraw_quote"}
OF_A_BLOCK = {"propose_block", "confirm_block", "refuse_block", "withdraw_block"}


@pytest.mark.parametrize(
    ("kind", "verb"),
    [(kind, verb) for kind, (_, verbs) in BY_ROLE.items() for verb in verbs],
    ids=lambda x: getattr(x, "__name__", x),
)
def test_a_stranger__with_no_role__is_told_account_and_role(town: Town, kind: type[Actor], verb: str) -> None:
    role, verbs = BY_ROLE[kind]
    arguments = list(verbs[verb])
    if "credentials" in arguments:
        arguments[-1] = town.credentials("stranger", town.company("trader").account)
    if verb == "upgrade":
        arguments[-1] = town.scheme.deployment.contracts["OrderBook"].implementation
    stranger = kind(town.scheme, town.signer("stranger"))
    with pytest.raises(NotPermitted) as caught:
        getattr(stranger, verb)(*arguments)
    assert stranger.address in str(caught.value)
    assert role.label in str(caught.value)
    assert caught.value.transaction_hash is None


@pytest.mark.parametrize(
    ("kind", "verb"),
    [(kind, verb) for kind, verbs in BY_REPRESENTATION.items() for verb in verbs],
    ids=lambda x: getattr(x, "__name__", x),
)
def test_a_stranger__who_acts_for_no_account__is_refused(town: Town, kind: type[Actor], verb: str) -> None:
    works = town.company("works")
    town.regulator.register_installation(works.account, "permit", 1, 1, YEAR)
    town.regulator.issue_for_auction(town.company("treasury").account, YEAR, UNIT, 9, "calendar")
    town.company("treasury").sell(1, 5, 5000)
    town.bank.record_deposit(town.company("trader").account, 100_000, "deposit")
    town.company("trader").buy(1, 5, 4000)
    town.company("treasury").transfer(works.account, UNIT, 4)
    works.transfer(town.company("trader").account, UNIT, 4)
    stranger = kind(town.scheme, town.signer("stranger"))
    with pytest.raises(NotPermitted) as caught:
        getattr(stranger, verb)(*BY_REPRESENTATION[kind][verb])
    assert stranger.address in str(caught.value)


@pytest.mark.parametrize("verb", OF_A_PLEDGE)
def test_a_stranger__with_anothers_pledge__is_refused(town: Town, verb: str) -> None:
    works, trader = town.company("works"), town.company("trader")
    treasury = town.company("treasury")
    town.regulator.issue_for_auction(treasury.account, YEAR, UNIT, 9, "calendar")
    pledge = treasury.offer_pledge(trader.account, {UNIT: 5}, LATER, "agreement").result
    if verb not in ("withdraw_pledge_offer", "accept_pledge", "decline_pledge"):
        trader.accept_pledge(pledge)
    for key_ in (town.signer("stranger"), works.signer):
        with pytest.raises(NotPermitted):
            getattr(Company(town.scheme, key_), verb)(pledge, *OF_A_PLEDGE[verb])


def test_every_verb_of_every_role__is_tried() -> None:
    for kind, (_, verbs) in BY_ROLE.items():
        assert set(verbs_of(kind)) == set(verbs) | ANYONE.get(kind, set()), kind
    for kind, verbs in BY_REPRESENTATION.items():
        own = {*verbs_of(AccountHolder), *OF_SOMETHING[kind], *OF_CREDITS, *BY_ANYONE[kind]}
        if kind is Company:
            own |= {*OF_A_TOKEN, *OF_A_PLEDGE, *OF_A_QUOTE, *OF_A_BLOCK, *OF_A_DISPUTE, *OPENS_DISPUTES}
        assert set(verbs_of(kind)) == set(verbs) | own, kind


def test_quotes_and_blocks__of_others__are_not_a_strangers(town: Town, sold: Callable[[str, int], None]) -> None:
    sold("works", 20_000)
    town.clock.travel_to(1_610_452_800)  # noon of a Tuesday
    works, trader = town.company("works"), town.company("trader")
    quote = works.list_quote(1, Side.SELL, 100, 5000).result
    block = works.propose_block(1, Side.SELL, trader.account, 10_000, 5000).result
    stranger = Company(town.scheme, town.signer("stranger"))
    for act in (
        lambda one: one.click(quote),
        lambda one: one.reduce_quote(quote, 10),
        lambda one: one.withdraw_quote(quote),
        lambda one: one.confirm_block(block),
        lambda one: one.refuse_block(block),
        lambda one: one.withdraw_block(block),
        lambda one: Regulator(one.suite, one.signer).annul_block(block, "cause"),
    ):
        with pytest.raises(NotPermitted) as caught:
            act(stranger)
        assert stranger.address in str(caught.value)
    with pytest.raises(InputError, match="acts for no account"):
        stranger.propose_block(1, Side.SELL, trader.account, 10_000, 5000)
    for act in (
        lambda one: one.withdraw_quote(quote),
        lambda one: one.confirm_block(block),
        lambda one: one.withdraw_block(block),
    ):
        with pytest.raises(NotPermitted):
            act(town.company("treasury"))


def test_cancelling_many__of_others__leaves_them(town: Town) -> None:
    trader = town.company("trader")
    town.bank.record_deposit(trader.account, 600_000, "for one order")
    order = trader.buy(1, 100, 5000).result.id
    for other in (Company(town.scheme, town.signer("stranger")), town.company("works")):
        assert other.cancel_many([order]).result == (False,)
    assert trader.cancel_many([order]).result == (True,)


def test_an_opinion__by_one_who_was_not_engaged__is_refused(town: Town) -> None:
    town.regulator.register_installation(town.company("works").account, "permit", 1, 1, YEAR)
    for actor in (town.verifier("stranger"), town.verifier()):
        with pytest.raises(Refused):
            actor.verify(1, YEAR, 1, 1, Conclusion.POSITIVE, "opinion")


def test_revoking__by_another_authority__is_refused(town: Town) -> None:
    stranger = CertificationAuthority(town.scheme, town.signer("stranger"))
    with pytest.raises(NotPermitted):
        stranger.revoke(town.certificates["trader"].fingerprint)
    with pytest.raises(UnknownCertificate):
        stranger.revoke(b"1" * 32)


def test_every_verb_on_documents__is_tried() -> None:
    """Those on a document by a stranger, the others for an office by one who is not of it; both in test_evidence."""
    assert set(verbs_of(EvidenceHolder)) == {
        *OF_A_DOCUMENT,
        "register_encryption_key",
        "file_document",
        "request_access",
    }


def test_verbs__of_all_classes__have_a_manual() -> None:
    for kind in (*BY_ROLE, *BY_REPRESENTATION, Verifier, CertificationAuthority, EvidenceHolder):
        for name, verb in verbs_of(kind).items():
            assert verb.__doc__, f"{kind.__name__}.{name}"


def test_an_application__of_another_key__is_not_amended(town: Town) -> None:
    number = town.scheme.company(town.signer("applicant")).apply_for_account(AccountKind.TRADER, "record").result
    stranger = town.scheme.company(town.signer("stranger"))
    with pytest.raises(NotPermitted):
        stranger.amend_application(number, AccountKind.TRADER, "record")
    with pytest.raises(NotPermitted):
        stranger.withdraw_application(number)
    assert key("stranger").address == stranger.address
