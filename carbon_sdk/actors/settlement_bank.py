"""The bank behind the money on the ledger."""

from __future__ import annotations

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import Digest, digest, positive, year_of
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.cash_desk import CashDesk, ReconcileAnswer, ReconcileOfAnswer
from carbon_sdk.contracts.generated.obligations import Obligations
from carbon_sdk.contracts.generated.structs import Withdrawal
from carbon_sdk.identifiers import Address, InstrumentId
from carbon_sdk.units import Money, Quantity


class SettlementBank(Actor):
    """Whoever holds the settlement bank's role. Every verb raises NotPermitted for another key."""

    @verb
    def record_deposit(self, account: Address, amount: Money | Quantity, bank_reference: Digest) -> Act[None]:
        """Credit what the bank has received.

        Args:
            account: Whose it is.
            amount: Smallest units of the main money; `money("12.34")` makes them.
            bank_reference: The bank's, or its digest; used once, ever.
        """
        return self._desk.record_deposit(account, positive(amount, "amount"), digest(bank_reference, "bank_reference"))

    @verb
    def record_deposit_of(
        self, account: Address, instrument: InstrumentId | int, amount: Money | Quantity, bank_reference: Digest
    ) -> Act[None]:
        """Credit what the bank has received in any money that it backs.

        Args:
            account: Whose it is.
            instrument: Which money.
            amount: Smallest units.
            bank_reference: The bank's, or its digest; used once, ever.
        """
        reference = digest(bank_reference, "bank_reference")
        return self._desk.record_deposit_of(account, int(instrument), positive(amount, "amount"), reference)

    @verb
    def accept_withdrawal(self, withdrawal: int) -> Act[None]:
        """Say that a withdrawal is going to be paid; the account cannot take it back any more.

        Send the money only when this is final; then say that it was paid, or reject it where the money came back.

        Raises:
            RuleBroken: It was taken back or accepted already, or the account is restricted or its money frozen.
        """
        return self._desk.accept_withdrawal(positive(withdrawal, "withdrawal"))

    @verb
    def confirm_withdrawal(self, withdrawal: int, bank_reference: Digest) -> Act[None]:
        """Say that a withdrawal, accepted before, was paid out; its money leaves the ledger."""
        return self._desk.confirm_withdrawal(
            positive(withdrawal, "withdrawal"), digest(bank_reference, "bank_reference")
        )

    @verb
    def reject_withdrawal(self, withdrawal: int, cause: Digest) -> Act[None]:
        """Say that a withdrawal is not paid, accepted or not; its money is free again."""
        return self._desk.reject_withdrawal(positive(withdrawal, "withdrawal"), digest(cause, "cause"))

    @verb
    def record_penalty_paid(self, account: Address, year: int, bank_reference: Digest) -> Act[None]:
        """Say that the penalty of a year has arrived."""
        reference = digest(bank_reference, "bank_reference")
        return self.suite.contract(Obligations).record_penalty_paid(account, year_of(year), reference)

    def withdrawal(self, id: int) -> Withdrawal:  # noqa: A002 -- that is its name
        """One withdrawal."""
        return self._desk.withdrawal_of(positive(id, "id"))

    def reconcile(self) -> ReconcileAnswer:
        """Deposits less withdrawals against what is on the ledger, in smallest units."""
        return self._desk.reconcile()

    def reconcile_money(self, instrument: InstrumentId | int) -> ReconcileOfAnswer:
        """As `reconcile`, of any money; with the tokens that the desk has where a token backs it."""
        return self._desk.reconcile_of(int(instrument))

    @property
    def _desk(self) -> CashDesk:
        return self.suite.contract(CashDesk)
