"""The platform's confirmation keys as events tell them. Mirror of `contracts/market/TradeConfirmations.sol`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class ConfirmationKey:
    """For which trades a key speaks; Unix seconds.

    Attributes:
        since: From then on.
        until: Before then.
        revoked_since: Not for those from then on; 0: not revoked.
    """

    since: int
    until: int
    revoked_since: int = 0

    def why_not(self, at: int) -> str:
        """Why it cannot confirm a trade of a time; empty: it can."""
        if not self.since <= at < self.until:
            return f"confirms trades from {self.since} to before {self.until}, and this one is of {at}"
        if self.revoked_since and at >= self.revoked_since:
            return f"is revoked for trades from {self.revoked_since} on, and this one is of {at}"
        return ""
