"""A carbon emissions trading system on any EVM chain: deploy it, act in it, audit it.

    from carbon_sdk import connect

Everything public is in `__all__` below; each name is loaded when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carbon_sdk.actors.base import Actor
    from carbon_sdk.chain.anvil import Anvil
    from carbon_sdk.chain.calls import Act, Done, Event, Logged, Receipt, View
    from carbon_sdk.chain.chain import Chain
    from carbon_sdk.chain.clock import Clock
    from carbon_sdk.chain.endpoint import Endpoint, HttpEndpoint
    from carbon_sdk.chain.sender import Outcome, Sender, send_many
    from carbon_sdk.chain.signers import EnvironmentSigner, KeystoreSigner, LocalSigner, Signer, create_keystore
    from carbon_sdk.deployment.model import Deployment
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
    from carbon_sdk.identifiers import (
        Address,
        InstrumentClass,
        InstrumentId,
        MarketId,
        OrderId,
        Period,
        Side,
        VoucherCode,
        address,
    )
    from carbon_sdk.scheme import Scheme, connect
    from carbon_sdk.units import Grams, Money, Ticks, Tonnes, grams, money, ticks, tonnes

__version__ = "0.1.0"

_HOMES = {
    "actors.base": ("Actor",),
    "chain.anvil": ("Anvil",),
    "chain.calls": ("Act", "Done", "Event", "Logged", "Receipt", "View"),
    "chain.chain": ("Chain",),
    "chain.clock": ("Clock",),
    "chain.endpoint": ("Endpoint", "HttpEndpoint"),
    "chain.sender": ("Outcome", "Sender", "send_many"),
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
        "InstrumentClass",
        "InstrumentId",
        "MarketId",
        "OrderId",
        "Period",
        "Side",
        "VoucherCode",
        "address",
    ),
    "scheme": ("Scheme", "connect"),
    "units": ("Grams", "Money", "Ticks", "Tonnes", "grams", "money", "ticks", "tonnes"),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Act",
    "Actor",
    "Address",
    "Anvil",
    "CarbonError",
    "Chain",
    "Clock",
    "Deployment",
    "DeploymentError",
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
    "LocalSigner",
    "Logged",
    "MarketId",
    "Money",
    "NoDeployment",
    "NodeError",
    "NotConfirmed",
    "NotPermitted",
    "OrderId",
    "OutOfGas",
    "Outcome",
    "Panicked",
    "Period",
    "Receipt",
    "Refused",
    "RevertedSilently",
    "RevertedWithReason",
    "RuleBroken",
    "Scheme",
    "Sender",
    "Side",
    "Signer",
    "SignerError",
    "Ticks",
    "Tonnes",
    "TransportError",
    "View",
    "VoucherCode",
    "address",
    "connect",
    "create_keystore",
    "grams",
    "money",
    "send_many",
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
