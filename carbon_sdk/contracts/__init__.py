"""Typed access to every contract of the suite, generated from what the compiler says, with the bytecode.

`from carbon_sdk.contracts import artifact` for what the compiler made, and
`from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger` for one contract.
"""

from __future__ import annotations

from collections.abc import Mapping

from carbon_sdk.chain import catalogue
from carbon_sdk.contracts.base import Artifact, Contract, artifact, contract_class


def _errors() -> Mapping[bytes, catalogue.ErrorEntry]:
    from carbon_sdk.contracts.generated.errors import ERRORS

    return ERRORS


def _events() -> Mapping[tuple[str, int], catalogue.EventDecoder]:
    from carbon_sdk.contracts.generated.events import EVENTS

    return EVENTS


catalogue.announce(_errors, _events)

__all__ = ["Artifact", "Contract", "artifact", "contract_class"]
