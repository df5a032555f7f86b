"""Whoever may not, may not: every verb of every role is tried by a stranger's key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.certification_authority import CertificationAuthority
from carbon_sdk.actors.company import AccountHolder, Company, SourceStream
from carbon_sdk.actors.maintenance import Maintainer, Operator
from carbon_sdk.actors.registry_operator import RegistryOperator
from carbon_sdk.actors.regulator import Regulator
from carbon_sdk.actors.security_authority import SecurityAuthority
from carbon_sdk.actors.services import PlatformOperator, ServiceManager, ServiceRegulator
from carbon_sdk.actors.settlement_bank import SettlementBank
from carbon_sdk.actors.values import Capability, Restriction, Right
from carbon_sdk.actors.verbs import verbs_of
from carbon_sdk.actors.verifier import Verifier
from carbon_sdk.contracts.generated.enums import (
    AccountKind,
    BusinessHours,
    Conclusion,
    Counterparty,
    InstrumentState,
    VoucherKind,
)
from carbon_sdk.contracts.generated.errors import UnknownCertificate
from carbon_sdk.contracts.generated.structs import CodingRules, MarketTerms, Rules, TransferType
from carbon_sdk.deployment.permissions import Role
from carbon_sdk.errors import NotPermitted, Refused
from carbon_sdk.identifiers import Address, InstrumentId, OrderId, Side
from carbon_sdk.methods import Term, formula_inputs
from tests.actors.conftest import YEAR, Town, key

SOMEBODY = Address("0x00000000000000000000000000000000000000AA")
UNIT = InstrumentId.parse("allowance/826/2021/0/0")
LATER = 2_000_000_000
TERMS = MarketTerms(UNIT, 1, 0, 1, 1, 1, 1, 1000, 15000)
RULES = Rules(1_700_000_000, 1_710_000_000, 0, 0, 0, 1, 1, 10_000)
TRANSFERS = TransferType(2, 2, Counterparty.ANY, False, 1, 0, BusinessHours.IGNORED, 2, 0, 2**32 - 1, 0, 0, 0, 0)
ORDER = OrderId.of(1, Side.SELL, 5000, 0, 0)

BY_ROLE: Mapping[type[Actor], tuple[Role, Mapping[str, tuple[Any, ...]]]] = {
    SecurityAuthority: (
        Role.ADMINISTRATOR,
        {"grant": (Role.REGULATOR, SOMEBODY), "revoke": (Role.REGULATOR, SOMEBODY)},
    ),
    Regulator: (
        Role.REGULATOR,
        {
            "publish": ("topic", "document", "uri"),
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
            "suspend": (SOMEBODY, "cause"),
            "reinstate": (SOMEBODY, "cause"),
            "restrict": (SOMEBODY, Restriction.ALL, "cause"),
            "set_capabilities": (SOMEBODY, Capability.REGISTRY, "cause"),
            "assign_region": (SOMEBODY, 1),
            "freeze": (SOMEBODY, UNIT, 1, "cause", "why"),
            "force_transfer": (SOMEBODY, SOMEBODY, UNIT, 1, "cause", "reason"),
            "set_payout_delay": (1,),
            "publish_transfer_rules": ([TRANSFERS], "document"),
            "assign_transfer_rules": (1, [UNIT]),
            "set_calendar": ("10:00", "16:00"),
            "set_holidays": (["2021-12-27"],),
            "set_trust_rules": (1, 1),
            "set_opt_in": (SOMEBODY, True, "cause"),
            "stop_transfer": (1, "cause"),
            "reverse_transfer": (1, "cause"),
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
            "set_principal": (SOMEBODY,),
            "amend_record": (SOMEBODY, "record", "cause"),
            "set_owner": (SOMEBODY, 1, "cause"),
        },
    ),
    ServiceManager: (
        Role.SERVICE_MANAGER,
        {
            "define_instrument": (UNIT, "terms"),
            "set_instrument_state": (UNIT, InstrumentState.CLOSED),
            "open_market": (TERMS,),
            "register_voucher_series": (7, SOMEBODY, [VoucherKind.TRADE]),
            "set_utc_offset": (0,),
        },
    ),
    PlatformOperator: (Role.PLATFORM_OPERATOR, {"set_band": (1, 1, 2), "collect_fees": (1, SOMEBODY)}),
    ServiceRegulator: (Role.SERVICE_REGULATOR, {"halt": (1,), "resume": (1,)}),
    SettlementBank: (
        Role.SETTLEMENT_BANK,
        {
            "record_deposit": (SOMEBODY, 1, "reference"),
            "confirm_withdrawal": (1, "reference"),
            "reject_withdrawal": (1, "cause"),
            "record_penalty_paid": (SOMEBODY, YEAR, "reference"),
        },
    ),
    Maintainer: (Role.UPGRADER, {"upgrade": ("OrderBook", "code")}),
    Operator: (Role.ROLLBACK, {"roll_back": ("OrderBook",)}),
}
ANYONE = {
    SecurityAuthority: {"renounce"},
    Regulator: {"freeze_status", "assess", "restrict_for_missing", "refresh"},
    RegistryOperator: {"renew"},
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
        "name_payout": ("bank account",),
        "withdraw": (1,),
        "apply_surrender": ({UNIT: 1},),
        "cancel_voluntarily": (UNIT, 1, "beneficiary", "purpose"),
        "transfer": (SOMEBODY, UNIT, 1),
        "approve_transfer": (2,),
        "refuse_transfer": (2,),
        "cancel_transfer": (2,),
        "trust": (SOMEBODY,),
        "approve_trust": (SOMEBODY,),
        "distrust": (SOMEBODY,),
    },
}
BY_ANYONE = {"evict", "complete_transfer", "expire_transfer", "update_direct"}
OF_SOMETHING = {"apply_for_allocation", "cancel_withdrawal", "withdraw_surrender", "amend_application"}
"""Verbs on a numbered thing of the key's own: who may is tried with the thing in test_administration."""


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


def test_every_verb_of_every_role__is_tried() -> None:
    for kind, (_, verbs) in BY_ROLE.items():
        assert set(verbs_of(kind)) == set(verbs) | ANYONE.get(kind, set()), kind
    for kind, verbs in BY_REPRESENTATION.items():
        own = {*verbs_of(AccountHolder), *BY_ANYONE, *OF_SOMETHING}
        assert set(verbs_of(kind)) == set(verbs) | own, kind


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


def test_verbs__of_all_classes__have_a_manual() -> None:
    for kind in (*BY_ROLE, Company, Verifier, CertificationAuthority):
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
