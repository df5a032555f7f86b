"""Trade confirmations: the platform's signed word to both parties of a trade (R-TRD-9), made, kept and verified.

confirmer = Confirmer(suite, signer, "confirmations", store)
for confirmed in confirmer.catch_up():
    print(confirmed.path)
problems = check(path.read_bytes(), Trust(chain, contract, platform, {key: ConfirmationKey(since, until)}))
"""

from __future__ import annotations

from carbon_sdk.audit.confirmation_keys import ConfirmationKey
from carbon_sdk.confirmations.paper import (
    Confirmation,
    ConfirmationForged,
    Root,
    Trust,
    check,
    made,
    parsed,
    verified,
)
from carbon_sdk.confirmations.process import Confirmed, Confirmer, KeyCannotConfirm, confirmed_trade

__all__ = [
    "Confirmation",
    "ConfirmationForged",
    "ConfirmationKey",
    "Confirmed",
    "Confirmer",
    "KeyCannotConfirm",
    "Root",
    "Trust",
    "check",
    "confirmed_trade",
    "made",
    "parsed",
    "verified",
]
