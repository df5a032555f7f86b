"""The keys with which the platform confirms trades: a mixin of its operator."""

from __future__ import annotations

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, Moment, digest, moment
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.trade_confirmations import TradeConfirmations
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address


class ConfirmsTrades(Actor):
    """Registers and revokes confirmation keys; signing is `carbon_sdk.confirmations`, which needs no role."""

    @verb
    def register_confirmation_key(self, key: Address, valid_from: Moment, valid_until: Moment) -> Act[None]:
        """Let a key confirm the trades of a period, once and for ever.

        Args:
            key: Its address.
            valid_from: Trades from then on; may lie in the past.
            valid_until: Trades before then.

        Raises:
            ConfirmationKeyExists: It has a period already.
        """
        since, until = moment(valid_from, "valid_from"), moment(valid_until, "valid_until")
        if since >= until:
            raise InputError(
                f"The key {key} would be valid from {valid_from} to {valid_until}: end it after it begins."
            )
        return self.suite.contract(TradeConfirmations).register_confirmation_key(key, since, until)

    @verb
    def revoke_confirmation_key(self, key: Address, since: Moment, cause: Digest) -> Act[None]:
        """Let a key not confirm trades from a time on any more; confirmations of earlier ones stay.

        Args:
            key: Its address.
            since: Up to now; when it may have fallen into other hands.
            cause: Why, or the digest of the document that says so.

        Raises:
            UnknownConfirmationKey: It was never registered.
            BadRevocation: The time is in the future, or not before that of an earlier revocation.
        """
        return self.suite.contract(TradeConfirmations).revoke_confirmation_key(
            key, moment(since, "since"), digest(cause, "cause")
        )
