"""The rules of the fold, one module for each folder of contracts."""

from __future__ import annotations


def load() -> None:
    """Declare all rules; doing it twice changes nothing."""
    from carbon_sdk.audit.rules import (  # noqa: F401 -- importing declares
        allocation,
        auctions,
        authority_acts,
        banking,
        bilateral,
        compliance,
        conduct,
        confirmations,
        disputes,
        evidence,
        governance,
        instruments,
        market,
        market_rules,
        offsets,
        pledges,
        registry,
        reporting,
        services,
        transfers,
        units,
        vouchers,
    )
