"""Those who change the contracts' code, and those who can take it back."""

from __future__ import annotations

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.i_governed_proxy import IGovernedProxy
from carbon_sdk.contracts.generated.instrument_ledger import InstrumentLedger
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import ZERO_ADDRESS, Address


class Maintainer(Actor):
    """Whoever holds the upgrader role. Every verb raises NotPermitted for another key."""

    @verb
    def upgrade(self, contract: str, implementation: Address, data: bytes = b"") -> Act[None]:
        """Give a contract of the suite new code; it remembers the old.

        Args:
            contract: Its name, such as `OrderBook`.
            implementation: Address of the new code.
            data: A call that the new code makes once, in the same transaction.

        Raises:
            InputError: There is no code at that address.
            RuleBroken: The new code could not be rolled back.
        """
        if not self.suite.chain.code(implementation):
            raise InputError(f"There is no code at {implementation}.")
        # Every contract behind a proxy has this function, with one signature.
        return InstrumentLedger(None, self.suite.deployment.address_of(contract)).upgrade_to_and_call(
            implementation, data
        )

    def previous(self, contract: str) -> Address | None:
        """The code that a roll-back would bring back; None: there was none before."""
        proxy = IGovernedProxy(self.suite.chain, self.suite.deployment.address_of(contract))
        found = proxy.previous_implementation()
        return None if found == ZERO_ADDRESS else found


class Operator(Actor):
    """Whoever holds the roll-back role. Every verb raises NotPermitted for another key."""

    @verb
    def roll_back(self, contract: str) -> Act[None]:
        """Give a contract its previous code back; what it has stored stays."""
        return IGovernedProxy(None, self.suite.deployment.address_of(contract)).rollback()
