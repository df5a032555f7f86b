"""Certification authorities: attest certificates, revoke them."""

from __future__ import annotations

from carbon_sdk.actors.base import Actor
from carbon_sdk.actors.values import whole
from carbon_sdk.actors.verbs import verb
from carbon_sdk.chain.calls import Act
from carbon_sdk.contracts.generated.certificate_registry import CertificateRegistry
from carbon_sdk.contracts.generated.structs import Accreditation, Attestation, Certificate
from carbon_sdk.identity.attestation import Place, attest


class CertificationAuthority(Actor):
    """The key by which an accredited certification authority is known on the chain."""

    def attest(self, attestation: Attestation) -> bytes:
        """Sign what a certificate says; nothing is sent. 65 bytes. Raises SignerError."""
        return attest(self.place, self.signer, attestation)

    @verb
    def revoke(self, fingerprint: bytes, reason: int = 0) -> Act[None]:
        """Revoke a certificate that this authority signed; its key acts no more. `reason`: RFC 5280, 5.3.1."""
        return self._registry.revoke(fingerprint, whole(reason, "reason"))

    def certificate(self, fingerprint: bytes) -> Certificate:
        """What the chain knows of a certificate."""
        return self._registry.certificate_of(fingerprint)

    def accreditation(self) -> Accreditation:
        """This authority's own; number 0: it was never accredited."""
        return self._registry.accreditation_of(self.address)

    @property
    def place(self) -> Place:
        """Where this authority's signatures count."""
        return Place(self.suite.chain.id, self._registry.address)

    @property
    def _registry(self) -> CertificateRegistry:
        return self.suite.contract(CertificateRegistry)
