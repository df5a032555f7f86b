"""Credits of other registries: what their issuance files say."""

from __future__ import annotations

from carbon_sdk.credits.issuances import Issuance, Unreadable, read_issuances

__all__ = ["Issuance", "Unreadable", "read_issuances"]
