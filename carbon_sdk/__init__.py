"""A carbon emissions trading system on any EVM chain: deploy it, act in it, audit it.

    from carbon_sdk import connect

Everything public is in `__all__` below; each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carbon_sdk.actors.base import Actor
    from carbon_sdk.actors.bilateral import SignedBlock
    from carbon_sdk.actors.certification_authority import CertificationAuthority
    from carbon_sdk.actors.company import AccountHolder, Company, SourceStream
    from carbon_sdk.actors.disputes import ArbitrationOfficer
    from carbon_sdk.actors.maintenance import Maintainer, Operator
    from carbon_sdk.actors.market_rules import RiskOfficer
    from carbon_sdk.actors.observers import Arbitrator, Auditor, Public, RiskManager
    from carbon_sdk.actors.proponent import ProjectProponent
    from carbon_sdk.actors.registry_operator import RegistryOperator
    from carbon_sdk.actors.regulator import Regulator
    from carbon_sdk.actors.security_authority import SecurityAuthority
    from carbon_sdk.actors.services import PlatformOperator, ServiceManager, ServiceRegulator
    from carbon_sdk.actors.settlement_bank import SettlementBank
    from carbon_sdk.actors.values import Capability, Label, Restriction, Right
    from carbon_sdk.actors.verifier import Verifier
    from carbon_sdk.chain.anvil import Anvil
    from carbon_sdk.chain.calls import Act, Done, Event, Logged, Receipt, View
    from carbon_sdk.chain.chain import Chain
    from carbon_sdk.chain.clock import Clock
    from carbon_sdk.chain.endpoint import Endpoint, HttpEndpoint
    from carbon_sdk.chain.sender import Outcome, Sender, Submitted, send_many, submit_many
    from carbon_sdk.chain.signers import EnvironmentSigner, KeystoreSigner, LocalSigner, Signer, create_keystore
    from carbon_sdk.contracts.generated.enums import AccountKind, Conclusion, SelfTrade, TimeInForce
    from carbon_sdk.deployment.misconduct import Misconduct
    from carbon_sdk.deployment.model import Deployment
    from carbon_sdk.deployment.permissions import Role
    from carbon_sdk.errors import (
        CarbonError,
        DeploymentError,
        FloatRefused,
        InputError,
        NodeError,
        NoDeployment,
        NotConfirmed,
        NotPermitted,
        OutOfGas,
        Panicked,
        Refused,
        RevertedSilently,
        RevertedWithReason,
        RuleBroken,
        SignerError,
        TransportError,
    )
    from carbon_sdk.evidence.record import Record
    from carbon_sdk.evidence.vault import Vault
    from carbon_sdk.identifiers import (
        Address,
        BlockMarketId,
        BoardId,
        InstrumentClass,
        InstrumentId,
        MarketId,
        OrderId,
        Period,
        QuoteId,
        Side,
        VoucherCode,
        address,
    )
    from carbon_sdk.identity.attestation import Credentials
    from carbon_sdk.identity.x509 import DevelopmentAuthority
    from carbon_sdk.scheme import Scheme, connect
    from carbon_sdk.units import Grams, Money, Ticks, Tonnes, grams, money, ticks, tonnes

__version__ = "0.1.0"

_HOMES = {
    "actors.bilateral": ("SignedBlock",),
    "actors.certification_authority": ("CertificationAuthority",),
    "actors.company": (
        "AccountHolder",
        "Company",
        "SourceStream",
        "Submitted",
    ),
    "actors.maintenance": (
        "Maintainer",
        "Operator",
    ),
    "actors.disputes": ("ArbitrationOfficer",),
    "actors.market_rules": ("RiskOfficer",),
    "actors.observers": (
        "Arbitrator",
        "Auditor",
        "Public",
        "RiskManager",
    ),
    "actors.proponent": ("ProjectProponent",),
    "actors.registry_operator": ("RegistryOperator",),
    "actors.regulator": ("Regulator",),
    "actors.security_authority": ("SecurityAuthority",),
    "actors.services": (
        "PlatformOperator",
        "ServiceManager",
        "ServiceRegulator",
    ),
    "actors.settlement_bank": ("SettlementBank",),
    "actors.values": (
        "Capability",
        "Label",
        "Restriction",
        "Right",
    ),
    "actors.verifier": ("Verifier",),
    "deployment.misconduct": ("Misconduct",),
    "deployment.permissions": ("Role",),
    "contracts.generated.enums": (
        "AccountKind",
        "Conclusion",
        "SelfTrade",
        "TimeInForce",
    ),
    "evidence.record": ("Record",),
    "evidence.vault": ("Vault",),
    "identity.attestation": ("Credentials",),
    "identity.x509": ("DevelopmentAuthority",),
    "actors.base": ("Actor",),
    "chain.anvil": ("Anvil",),
    "chain.calls": ("Act", "Done", "Event", "Logged", "Receipt", "View"),
    "chain.chain": ("Chain",),
    "chain.clock": ("Clock",),
    "chain.endpoint": ("Endpoint", "HttpEndpoint"),
    "chain.sender": ("Outcome", "Sender", "Submitted", "send_many", "submit_many"),
    "chain.signers": ("EnvironmentSigner", "KeystoreSigner", "LocalSigner", "Signer", "create_keystore"),
    "deployment.model": ("Deployment",),
    "errors": (
        "CarbonError",
        "DeploymentError",
        "FloatRefused",
        "InputError",
        "NoDeployment",
        "NodeError",
        "NotConfirmed",
        "NotPermitted",
        "OutOfGas",
        "Panicked",
        "Refused",
        "RevertedSilently",
        "RevertedWithReason",
        "RuleBroken",
        "SignerError",
        "TransportError",
    ),
    "identifiers": (
        "Address",
        "BlockMarketId",
        "BoardId",
        "InstrumentClass",
        "InstrumentId",
        "MarketId",
        "OrderId",
        "Period",
        "QuoteId",
        "Side",
        "VoucherCode",
        "address",
    ),
    "scheme": ("Scheme", "connect"),
    "units": ("Grams", "Money", "Ticks", "Tonnes", "grams", "money", "ticks", "tonnes"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "AccountHolder",
    "AccountKind",
    "Act",
    "Actor",
    "Address",
    "Anvil",
    "ArbitrationOfficer",
    "Arbitrator",
    "Auditor",
    "BlockMarketId",
    "BoardId",
    "Capability",
    "CarbonError",
    "CertificationAuthority",
    "Chain",
    "Clock",
    "Company",
    "Conclusion",
    "Credentials",
    "Deployment",
    "DeploymentError",
    "DevelopmentAuthority",
    "Done",
    "Endpoint",
    "EnvironmentSigner",
    "Event",
    "FloatRefused",
    "Grams",
    "HttpEndpoint",
    "InputError",
    "InstrumentClass",
    "InstrumentId",
    "KeystoreSigner",
    "Label",
    "LocalSigner",
    "Logged",
    "Maintainer",
    "MarketId",
    "Misconduct",
    "Money",
    "NoDeployment",
    "NodeError",
    "NotConfirmed",
    "NotPermitted",
    "Operator",
    "OrderId",
    "OutOfGas",
    "Outcome",
    "Panicked",
    "Period",
    "PlatformOperator",
    "ProjectProponent",
    "Public",
    "QuoteId",
    "Receipt",
    "Record",
    "Refused",
    "RegistryOperator",
    "Regulator",
    "Restriction",
    "RevertedSilently",
    "RevertedWithReason",
    "Right",
    "RiskManager",
    "RiskOfficer",
    "Role",
    "RuleBroken",
    "Scheme",
    "SecurityAuthority",
    "SelfTrade",
    "Sender",
    "ServiceManager",
    "ServiceRegulator",
    "SettlementBank",
    "Side",
    "SignedBlock",
    "Signer",
    "SignerError",
    "SourceStream",
    "Submitted",
    "Ticks",
    "TimeInForce",
    "Tonnes",
    "TransportError",
    "Vault",
    "Verifier",
    "View",
    "VoucherCode",
    "address",
    "connect",
    "create_keystore",
    "grams",
    "money",
    "send_many",
    "submit_many",
    "ticks",
    "tonnes",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        value: object = getattr(import_module(f"carbon_sdk.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
