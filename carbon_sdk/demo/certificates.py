"""X.509 certificates of representatives and the two signatures that bring them to the chain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from carbon_sdk.chain.signers import Signer
from carbon_sdk.contracts.generated.structs import Attestation
from carbon_sdk.identifiers import Address
from carbon_sdk.identity.attestation import Credentials, Place, attest, domains_digest, possess

_SKEW = timedelta(minutes=5)


class Issuer:
    """A certification authority for one play: an X.509 root of its own, and a key that the chain knows.

    Args:
        signer: Key by which the authority is accredited.
        place: Where its signatures count.
        now: Unix seconds; certificates begin a little earlier.
        years: For which they are valid.
    """

    def __init__(self, signer: Signer, place: Place, now: int, years: int = 3) -> None:
        self._signer = signer
        self._place = place
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._from = datetime.fromtimestamp(now, UTC) - _SKEW
        self._until = self._from + timedelta(days=365 * years)
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Certification authority of the play")])
        self.root = self._certificate(self._name, self._key.public_key(), is_authority=True)

    @property
    def ends(self) -> int:
        """Unix seconds at which root and certificates end."""
        return int(self._until.timestamp())

    @property
    def name_digest(self) -> bytes:
        """Of its root."""
        return sha256(self.root.public_bytes(Encoding.DER)).digest()

    def issue(self, name: str, account: Address, signer: Signer) -> Credentials:
        """A certificate for the key that stands behind an account, with both signatures."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
        certificate = self._certificate(subject, ec.generate_private_key(ec.SECP256R1()).public_key(), signer.address)
        fingerprint = sha256(certificate.public_bytes(Encoding.DER)).digest()
        begins = int(self._from.timestamp())
        told = Attestation(fingerprint, account, signer.address, begins, self.ends, domains_digest(()))
        return Credentials(
            told, attest(self._place, self._signer, told), possess(self._place, signer, fingerprint, account)
        )

    def _certificate(
        self, subject: x509.Name, key: ec.EllipticCurvePublicKey, address: str = "", *, is_authority: bool = False
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._from)
            .not_valid_after(self._until)
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        )
        if address:
            names = [x509.UniformResourceIdentifier(f"ethereum:{address}")]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())
