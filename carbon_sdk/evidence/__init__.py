"""Records of stakeholders and reports: committed to on the chain, kept encrypted elsewhere."""

from carbon_sdk.evidence.record import FieldProof, Record, proves
from carbon_sdk.evidence.store import EvidenceStore, encryption_key

__all__ = ["EvidenceStore", "FieldProof", "Record", "encryption_key", "proves"]
