"""Records of stakeholders and reports: committed to on the chain, kept encrypted elsewhere."""

from carbon_sdk.evidence.record import FieldProof, Record, proves

__all__ = ["FieldProof", "Record", "proves"]
