"""TradeConfirmations: the keys with which the platform confirms trades."""

from __future__ import annotations

from carbon_sdk.audit.confirmation_keys import ConfirmationKey
from carbon_sdk.audit.events import Event
from carbon_sdk.audit.fold import needs_no_rule, on
from carbon_sdk.audit.state import State

_CONFIRMATIONS = "TradeConfirmations"

needs_no_rule(_CONFIRMATIONS, "EIP712DomainChanged")  # of the standard; never emitted here


@on(_CONFIRMATIONS, "ConfirmationKeyRegistered")
def _registered(state: State, event: Event) -> None:
    args = event.args
    if args["key"] in state.confirmation_keys:
        state.fault(event, f"{args['key']} was registered twice")
    if args["from"] >= args["until"]:
        state.fault(event, f"the period of {args['key']} ends before it begins")
    state.confirmation_keys[args["key"]] = ConfirmationKey(args["from"], args["until"])
    state.touch(event, "confirmation key", args["key"])


@on(_CONFIRMATIONS, "ConfirmationKeyRevoked")
def _revoked(state: State, event: Event) -> None:
    args = event.args
    known = state.confirmation_keys.get(args["key"])
    if known is None:
        state.fault(event, f"{args['key']} was never registered")
        return
    if args["since"] > event.timestamp or (known.revoked_since and args["since"] >= known.revoked_since):
        state.fault(event, f"{args['key']} cannot be revoked since {args['since']}")
    known.revoked_since = args["since"]
    state.touch(event, "confirmation key", args["key"])
