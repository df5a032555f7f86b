"""Events, fold, invariants, auditor, vouchers: whoever audits does not lean on the code that acted.

from carbon_sdk.audit import Auditor, Decoders, Indexer, Store, load_abis
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carbon_sdk.audit.auditor import Auditor, ChainMovedOn
    from carbon_sdk.audit.bundles import BundleForged
    from carbon_sdk.audit.decode import Decoders, MalformedLog, load_abis
    from carbon_sdk.audit.events import Event, Position
    from carbon_sdk.audit.existence import CertificateForged, IssuedBlock
    from carbon_sdk.audit.filing import Filed, Opinion, file_report
    from carbon_sdk.audit.fold import Fold
    from carbon_sdk.audit.histories import Histories
    from carbon_sdk.audit.indexer import Indexer, NodeContradictsItself, Progress, Rpc
    from carbon_sdk.audit.report import AuditReport, Discrepancy, Violation
    from carbon_sdk.audit.state import State
    from carbon_sdk.audit.state_proofs import ProofInvalid
    from carbon_sdk.audit.statements import Statement, statement_of
    from carbon_sdk.audit.store import Cursor, Finding, Reorganisation, Store
    from carbon_sdk.audit.vouchers import Anchor, Mountains, Voucher, VoucherForged, VoucherKind
    from carbon_sdk.audit.watch import AuditWatch, Look

_HOMES = {
    "auditor": ("Auditor", "ChainMovedOn"),
    "bundles": ("BundleForged",),
    "decode": ("Decoders", "MalformedLog", "load_abis"),
    "events": ("Event", "Position"),
    "existence": ("CertificateForged", "IssuedBlock"),
    "filing": ("Filed", "Opinion", "file_report"),
    "fold": ("Fold",),
    "histories": ("Histories",),
    "indexer": ("Indexer", "NodeContradictsItself", "Progress", "Rpc"),
    "report": ("AuditReport", "Discrepancy", "Violation"),
    "state": ("State",),
    "state_proofs": ("ProofInvalid",),
    "statements": ("Statement", "statement_of"),
    "store": ("Cursor", "Finding", "Reorganisation", "Store"),
    "vouchers": ("Anchor", "Mountains", "Voucher", "VoucherForged", "VoucherKind"),
    "watch": ("AuditWatch", "Look"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Anchor",
    "AuditReport",
    "AuditWatch",
    "Auditor",
    "BundleForged",
    "CertificateForged",
    "ChainMovedOn",
    "Cursor",
    "Decoders",
    "Discrepancy",
    "Event",
    "Filed",
    "Finding",
    "Fold",
    "Histories",
    "Indexer",
    "IssuedBlock",
    "Look",
    "MalformedLog",
    "Mountains",
    "NodeContradictsItself",
    "Opinion",
    "Position",
    "Progress",
    "ProofInvalid",
    "Reorganisation",
    "Rpc",
    "State",
    "Statement",
    "Store",
    "Violation",
    "Voucher",
    "VoucherForged",
    "VoucherKind",
    "file_report",
    "load_abis",
    "statement_of",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
