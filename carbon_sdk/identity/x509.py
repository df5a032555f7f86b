"""Real X.509 certificates over representatives' chain keys, and a development authority that issues them in one call.

A certificate's subject key is the secp256k1 key that signs transactions, so the certificate names the key itself. Who
verifies one needs the root, the issuing certificate and the revocation list; nothing here trusts the chain.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from carbon_sdk.chain.signers import Signer, TypedData
from carbon_sdk.chain.typed_data import typed_data_digest
from carbon_sdk.contracts.generated.structs import Attestation
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address, address, checksummed, keccak
from carbon_sdk.identity.attestation import Credentials, Place, attest, domains_digest, possess

_HASH = hashes.SHA256()
_REQUEST_FIELDS = (("commonName", "string"), ("domains", "string"))


class NotTrusted(InputError):
    """A certificate is not worth what it says; the message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a representative asks a certification authority for, with the proof that the key is theirs.

    Attributes:
        common_name: Of the representative.
        domains: Source domains that the certificate shall permit.
        public_key: Of the chain key: 65 bytes, uncompressed.
    """

    common_name: str
    domains: tuple[str, ...]
    public_key: bytes

    @classmethod
    def made(cls, signer: Signer, common_name: str, domains: tuple[str, ...] = ()) -> Request:
        """Ask with a key; its public part is recovered from its signature, so any signer will do.

        Raises:
            SignerError: The key could not be used.
            InputError: The name is empty.
        """
        if not common_name.strip():
            raise InputError("A certificate needs a name.")
        data = _request_data(common_name, domains)
        return cls(common_name, domains, recovered_key(data, signer.sign_typed_data(data), signer.address))

    @property
    def key(self) -> Address:
        """Address of the chain key."""
        return _address_of(self.public_key)

    @classmethod
    def signed(cls, signer: Signer, common_name: str, domains: tuple[str, ...] = ()) -> dict[str, object]:
        """A request as a file for a certification authority elsewhere: with the signature that proves the key."""
        request = cls.made(signer, common_name, domains)
        signature = signer.sign_typed_data(_request_data(common_name, domains))
        return {
            "common_name": common_name,
            "domains": list(domains),
            "key": request.key,
            "signature": f"0x{signature.hex()}",
        }

    @classmethod
    def read(cls, content: Mapping[str, object]) -> Request:
        """A request from such a file; its key is that of the signature. Raises InputError."""
        try:
            name, key = str(content["common_name"]), str(content["key"])
            domains = tuple(str(item) for item in _listed(content["domains"]))
            signature = bytes.fromhex(str(content["signature"]).removeprefix("0x"))
        except (KeyError, ValueError) as error:
            raise InputError(f"That is no request for a certificate: {error} is missing or malformed.") from None
        if len(signature) != 65 or signature[64] not in (27, 28):
            raise InputError("The request's signature has not 65 bytes that end with 27 or 28.")
        return cls(name, domains, recovered_key(_request_data(name, domains), signature, address(key)))


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with those above it.

    Attributes:
        leaf: The representative's certificate.
        chain: Issuing certificate, then the root.
    """

    leaf: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    @property
    def der(self) -> bytes:
        """The certificate's bytes."""
        return self.leaf.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        """The certificate and those above it, as text."""
        return b"".join(item.public_bytes(Encoding.PEM) for item in (self.leaf, *self.chain))

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate in DER; what the chain knows it by."""
        return sha256(self.der).digest()

    @property
    def key(self) -> Address:
        """Address of the chain key that the certificate is about."""
        return key_of(self.leaf)

    @property
    def domains(self) -> tuple[str, ...]:
        """Source domains that it permits."""
        return domains_of(self.leaf)

    def attestation(self, account: Address) -> Attestation:
        """What the certification authority signs for the chain."""
        return Attestation(
            self.fingerprint,
            account,
            self.key,
            int(self.leaf.not_valid_before_utc.timestamp()),
            int(self.leaf.not_valid_after_utc.timestamp()),
            domains_digest(self.domains),
        )

    def credentials(self, place: Place, account: Address, authority: Signer, representative: Signer) -> Credentials:
        """Both signatures in one place, where both keys are at hand. Raises SignerError, InputError."""
        if representative.address != self.key:
            raise InputError(f"The certificate is of {self.key}, not of {representative.address}.")
        attestation = self.attestation(account)
        return Credentials(
            attestation,
            attest(place, authority, attestation),
            possess(place, representative, self.fingerprint, account),
        )


class DevelopmentAuthority:
    """A root, an issuing certificate under it, and a revocation list, made in one call. Its keys live in memory.

    For development and tests. A scheme's real authority keeps its keys in hardware and sends certificates and lists;
    `verified` reads those as well.

    Args:
        name: Of the authority.
        now: When it begins; None: a minute ago.
        years: Its root lives so long.
    """

    def __init__(self, name: str = "Development Carbon CA", *, now: datetime | None = None, years: int = 10) -> None:
        self._since = now or datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=1)
        until = self._since + timedelta(days=365 * years)
        self._root_key = ec.generate_private_key(ec.SECP256R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        root_name, issuer_name = _name(f"{name} Root"), _name(f"{name} Issuing")
        span = (self._since, until)
        self.root = _authority(root_name, root_name, self._root_key.public_key(), self._root_key, span, 1)
        self.issuing = _authority(issuer_name, root_name, self._key.public_key(), self._root_key, span, 0)
        self._revoked: list[x509.RevokedCertificate] = []

    def save(self, folder: str | Path) -> None:
        """Write it into a folder that only its owner may read: certificates, keys (not encrypted), what was revoked."""
        target = Path(folder)
        target.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(target / "root.pem", self.root.public_bytes(Encoding.PEM))
        _write(target / "issuing.pem", self.issuing.public_bytes(Encoding.PEM))
        for name, key in (("root.key", self._root_key), ("issuing.key", self._key)):
            _write(target / name, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        _write(target / "revocations.pem", self.revocation_list().public_bytes(Encoding.PEM))

    @classmethod
    def load(cls, folder: str | Path) -> DevelopmentAuthority:
        """Read one that was saved. Raises InputError."""
        source = Path(folder)
        made = cls.__new__(cls)
        try:
            made.root = x509.load_pem_x509_certificate((source / "root.pem").read_bytes())
            made.issuing = x509.load_pem_x509_certificate((source / "issuing.pem").read_bytes())
            made._root_key = _private(source / "root.key")
            made._key = _private(source / "issuing.key")
            listed = x509.load_pem_x509_crl((source / "revocations.pem").read_bytes())
        except (OSError, ValueError) as error:
            raise InputError(f"{folder} holds no development authority: {error}.") from None
        made._since = made.root.not_valid_before_utc
        made._revoked = list(listed)
        return made

    @property
    def digest(self) -> bytes:
        """SHA-256 of the root in DER."""
        return sha256(self.root.public_bytes(Encoding.DER)).digest()

    def issue(self, request: Request, *, days: int = 365, now: datetime | None = None) -> Issued:
        """Issue a certificate over the key of a request.

        Args:
            request: Name, source domains, key.
            days: Validity, at least 1.
            now: When it begins; None: with the authority.

        Raises:
            InputError: It would outlive the authority, or the key is no point of the curve.
        """
        if days < 1:
            raise InputError(f"A certificate is valid for at least a day, not {days}.")
        since = now or self._since
        until = since + timedelta(days=days)
        if since < self._since or until > self.root.not_valid_after_utc:
            raise InputError("The certificate would be valid when its authority is not.")
        try:
            public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), request.public_key)
        except ValueError:
            raise InputError("The request's public key is no point of secp256k1.") from None
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(request.common_name))
            .issuer_name(self.issuing.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(until)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )
        if request.domains:
            names = x509.SubjectAlternativeName([x509.DNSName(item.lower()) for item in request.domains])
            builder = builder.add_extension(names, critical=False)
        return Issued(builder.sign(self._key, _HASH), (self.issuing, self.root))

    def revoke(
        self,
        certificate: Issued,
        reason: x509.ReasonFlags = x509.ReasonFlags.unspecified,
        *,
        now: datetime | None = None,
    ) -> None:
        """Put a certificate on the revocation list; the chain is told by `CertificationAuthority.revoke`."""
        builder = (
            x509.RevokedCertificateBuilder()
            .serial_number(certificate.leaf.serial_number)
            .revocation_date(now or datetime.now(UTC).replace(microsecond=0))
        )
        if reason is not x509.ReasonFlags.unspecified:
            builder = builder.add_extension(x509.CRLReason(reason), critical=False)
        self._revoked.append(builder.build())

    def revocation_list(self, *, now: datetime | None = None, days: int = 7) -> x509.CertificateRevocationList:
        """The signed list as of now, good for some days."""
        at = now or datetime.now(UTC).replace(microsecond=0)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.issuing.subject).last_update(at)
        builder = builder.next_update(at + timedelta(days=days))
        for item in self._revoked:
            builder = builder.add_revoked_certificate(item)
        return builder.sign(self._key, _HASH)


def verified(
    certificate: x509.Certificate,
    issuing: x509.Certificate,
    root: x509.Certificate,
    revocations: x509.CertificateRevocationList | None = None,
    *,
    now: datetime | None = None,
    domain: str | None = None,
    key: Address | None = None,
) -> Address:
    """Check a certificate: signatures up to the root, validity, what each may sign, revocation.

    Args:
        certificate: Of the representative.
        issuing: That signed it.
        root: That is trusted.
        revocations: The issuing authority's list; None skips it.
        now: As of when; None: now.
        domain: Source domain that it must permit: exactly, or by one label in the place of `*`; None skips it.
        key: Chain key that it must be about; None skips it.

    Returns:
        Address of the chain key that the certificate is about.

    Raises:
        NotTrusted: It is not worth what it says.
    """
    at = now or datetime.now(UTC)
    for item, above, name in ((root, root, "root"), (issuing, root, "issuing"), (certificate, issuing, "certificate")):
        try:
            item.verify_directly_issued_by(above)
        except (InvalidSignature, ValueError, TypeError):
            raise NotTrusted(f"The {name} was not signed by the one above it.") from None
        if not item.not_valid_before_utc <= at < item.not_valid_after_utc:
            raise NotTrusted(
                f"The {name} is valid from {item.not_valid_before_utc} until {item.not_valid_after_utc}, not at {at}."
            )
        if _is_authority(item) is (item is certificate):
            raise NotTrusted(f"The {name} says the contrary of whether it may sign certificates.")
    if revocations is not None:
        _check_revocation(certificate, issuing, revocations, at)
    if domain is not None and not permits(domains_of(certificate), domain):
        permitted = ", ".join(domains_of(certificate)) or "no source domain at all"
        raise NotTrusted(f"The certificate permits {permitted}, not {domain}.")
    found = key_of(certificate)
    if key is not None and found != key:
        raise NotTrusted(f"The certificate is about the key {found}, not about {key}.")
    return found


def check_attested(attestation: Attestation, certificate: x509.Certificate) -> None:
    """That an authority attested just what its certificate says; what an officer asks before approving credentials.

    Raises:
        NotTrusted: Fingerprint, key, validity or source domains differ.
    """
    expected = Issued(certificate, ()).attestation(attestation.account)
    for name, said in attestation.as_dict().items():
        found = expected.as_dict()[name]
        if said != found:
            raise NotTrusted(f"The attestation's {name} is {_text(said)}; the certificate's is {_text(found)}.")


def _text(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


def permits(domains: tuple[str, ...], domain: str) -> bool:
    """Whether a source domain is one of those that a certificate permits; a `*` stands for one whole first label."""
    asked = domain.rstrip(".").lower()
    parent = asked.partition(".")[2]
    return any(item.lower() == asked or (parent != "" and item.lower() == f"*.{parent}") for item in domains)


def key_of(certificate: x509.Certificate) -> Address:
    """Address of the chain key that a certificate is about. Raises NotTrusted for another kind of key."""
    public = certificate.public_key()
    if not isinstance(public, ec.EllipticCurvePublicKey) or not isinstance(public.curve, ec.SECP256K1):
        raise NotTrusted("The certificate is about another kind of key than the chain's.")
    return _address_of(public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


def domains_of(certificate: x509.Certificate) -> tuple[str, ...]:
    """Source domains that a certificate permits; none: nothing is said."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(names.get_values_for_type(x509.DNSName))


def recovered_key(data: TypedData, signature: bytes, expected: Address) -> bytes:
    """The public key (65 bytes) behind a signature over EIP-712 data. Raises InputError if it is another's."""
    from coincurve import PublicKey

    digest = typed_data_digest(data)
    compact = signature[:64] + bytes((signature[64] - 27,))
    public: bytes = PublicKey.from_signature_and_message(compact, digest, hasher=None).format(compressed=False)
    if _address_of(public) != expected:
        raise InputError(f"The signature is not of {expected}.")
    return public


def _check_revocation(
    certificate: x509.Certificate,
    issuing: x509.Certificate,
    revocations: x509.CertificateRevocationList,
    at: datetime,
) -> None:
    key = issuing.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not revocations.is_signature_valid(key):
        raise NotTrusted("The revocation list was not signed by the issuing authority.")
    until = revocations.next_update_utc
    if until is None or at >= until:
        raise NotTrusted(f"The revocation list was good until {until}. Get a newer one.")
    found = revocations.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if found is not None and found.revocation_date_utc <= at:
        raise NotTrusted(f"The certificate was revoked at {found.revocation_date_utc}.")


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _authority(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    span: tuple[datetime, datetime],
    below: int,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(span[0])
        .not_valid_after(span[1])
        .add_extension(x509.BasicConstraints(ca=True, path_length=below), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .sign(signer, _HASH)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _private(path: Path) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path} is a key of another kind")
    return key


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _address_of(public_key: bytes) -> Address:
    return checksummed(keccak(public_key[1:])[12:].hex())


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("domains")
    return value


def _request_data(common_name: str, domains: tuple[str, ...]) -> TypedData:
    return {
        "types": {
            "EIP712Domain": [{"name": "name", "type": "string"}, {"name": "version", "type": "string"}],
            "CertificateRequest": [{"name": name, "type": kind} for name, kind in _REQUEST_FIELDS],
        },
        "primaryType": "CertificateRequest",
        "domain": {"name": "Carbon Certificate Request", "version": "1"},
        "message": {"commonName": common_name, "domains": ",".join(domains)},
    }
