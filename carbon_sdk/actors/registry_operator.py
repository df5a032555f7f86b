"""The registry's officers: who becomes a stakeholder, and whose keys act for them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from carbon_sdk.actors.credits import CreditRegistry
from carbon_sdk.actors.transfers import TransferRegistration
from carbon_sdk.actors.values import Digest, Right, digest, positive, whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.actors.views import AccountView
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.enums import ApplicationStatus
from carbon_sdk.contracts.generated.events import InstrumentDefined
from carbon_sdk.contracts.generated.stakeholder_registry import StakeholderRegistry
from carbon_sdk.contracts.generated.structs import IStakeholderRegistryApplication
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, InstrumentId
from carbon_sdk.identity.attestation import Credentials


@dataclass(frozen=True, slots=True)
class AccountApplication:
    """One application for an account.

    Attributes:
        id: Its number.
        account: The address that the account has, or will have.
        filed: What the registry knows of it.
    """

    id: int
    account: Address
    filed: IStakeholderRegistryApplication


class RegistryOperator(TransferRegistration, CreditRegistry):
    """An officer of the registry, on all regions or on one. Every verb raises NotPermitted for another key."""

    def application(self, id: int) -> AccountApplication:  # noqa: A002 -- that is its name
        """One application. Raises InputError for a number that none has."""
        found = self._registry.application_of(positive(id, "id"))
        if found.status is ApplicationStatus.NONE:
            raise InputError(f"There is no application {id}.")
        return AccountApplication(id, self._registry.account_of(id), found)

    def applications(self, status: ApplicationStatus | None = ApplicationStatus.FILED) -> Iterator[AccountApplication]:
        """Applications in order, those that wait for a decision or those of another status; None: all."""
        for number in range(1, self._registry.application_count() + 1):
            item = self.application(number)
            if status is None or item.filed.status is status:
                yield item

    @verb
    def return_for_correction(self, application: int, reasons: Digest) -> Act[None]:
        """Send an application back; the applicant amends or withdraws it."""
        return self._registry.return_for_correction(positive(application, "application"), digest(reasons, "reasons"))

    @verb
    def refuse(self, application: int, reasons: Digest) -> Act[None]:
        """Refuse an application."""
        return self._registry.refuse(positive(application, "application"), digest(reasons, "reasons"))

    @verb
    def approve(self, application: int, credentials: Credentials) -> Act[Address]:
        """Open the account, bind the certificate and give the applicant's key all rights; returns the account.

        Raises:
            RuleBroken: The credentials are of another account, key, chain or authority, or not valid now.
        """
        return self._registry.approve(
            positive(application, "application"),
            credentials.attestation,
            credentials.ca_signature,
            credentials.possession_signature,
        )

    @verb
    def add_representative(self, rights: Right, credentials: Credentials) -> Act[None]:
        """Let a key that was never used act for an account; both stand in the credentials."""
        return self._registry.add_representative(
            int(rights), credentials.attestation, credentials.ca_signature, credentials.possession_signature
        )

    @verb
    def set_rights(self, key: Address, rights: Right) -> Act[None]:
        """Replace the rights of a representative's key."""
        return self._registry.set_rights(key, int(rights))

    @verb
    def remove_representative(self, key: Address, cause: Digest) -> Act[None]:
        """From now on the key acts for nobody."""
        return self._registry.remove_representative(key, digest(cause, "cause"))

    @verb
    def rotate_key(self, old_key: Address, credentials: Credentials) -> Act[None]:
        """Let a new key take the place and rights of an old one; nothing that the account holds moves.

        Where the rules want two this is a request: another officer, or a representative of the account, confirms it.
        """
        return self._registry.rotate_key(
            old_key, credentials.attestation, credentials.ca_signature, credentials.possession_signature
        )

    @verb
    def confirm_rotation(self, old_key: Address, credentials: Credentials) -> Act[None]:
        """Carry out a rotation that somebody else requested, in time: the way back without a representative."""
        return self._registry.confirm_rotation_as_officer(
            old_key, credentials.attestation, credentials.ca_signature, credentials.possession_signature
        )

    @verb
    def renew(self, credentials: Credentials) -> Act[None]:
        """A new certificate for a key that represents an account. Anyone may bring it."""
        return self._registry.renew(credentials.attestation, credentials.ca_signature, credentials.possession_signature)

    @verb
    def set_principal(self, key: Address) -> Act[None]:
        """Let the account stand and fall with the certificate of this key."""
        return self._registry.set_principal(key)

    @verb
    def amend_record(self, account: Address, record: Digest, cause: Digest) -> Act[None]:
        """Replace the commitment to an account's fields and documents."""
        return self._registry.amend_record(account, digest(record, "record"), digest(cause, "cause"))

    @verb
    def set_owner(self, account: Address, owner: int, cause: Digest) -> Act[None]:
        """Put an account into a group of beneficial owners; 0: it stands alone."""
        return self._registry.set_owner(account, whole(owner, "owner"), digest(cause, "cause"))

    # CLOSING

    @verb
    def announce_closing(self, account: Address, cause: Digest) -> Act[None]:
        """Announce that an account will be closed: from now on it takes part in nothing.

        Raises:
            InputError: It still has something, or an open order; the message names it.
        """
        view = AccountView(self.suite, account)
        if held := [item for item in view.holdings() if item.balance or item.in_orders]:
            raise InputError(f"{account} still has {held[0].balance + held[0].in_orders} of {held[0].instrument}.")
        return self._registry.announce_closing(account, digest(cause, "cause"))

    @verb
    def object_to_closing(self, account: Address, instrument: InstrumentId | int) -> Act[None]:
        """Stop a closing by showing that the account has something. Anyone may."""
        return self._registry.object_to_closing(account, int(instrument))

    @verb
    def close(self, account: Address, cause: Digest) -> Act[None]:
        """Close an account for ever, after the notice, if it has nothing of any instrument that was defined."""
        return self._registry.close(account, self._instruments(), digest(cause, "cause"))

    def _instruments(self) -> list[InstrumentId]:
        at = self.suite.deployment.address_of("InstrumentLedger")
        logged = self.suite.chain.events(self.suite.deployment.block, "latest", [at], [InstrumentDefined.TOPIC])
        return [item.event.instrument for item in logged if isinstance(item.event, InstrumentDefined)]

    @property
    def _registry(self) -> StakeholderRegistry:
        return self.suite.contract(StakeholderRegistry)
