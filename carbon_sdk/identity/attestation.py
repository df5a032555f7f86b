"""What binds an X.509 certificate to a key on the chain: two EIP-712 signatures.

The certification authority's key signs an `Attestation` of the certificate; the representative's key signs the
`Possession` of it. Both stand for one chain and one CertificateRegistry only.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

from carbon_sdk.chain.signers import Signer, TypedData
from carbon_sdk.contracts.generated.structs import Attestation
from carbon_sdk.errors import InputError
from carbon_sdk.identifiers import Address

NAME, VERSION = "Carbon Certificates", "1"
_ATTESTATION = (
    ("fingerprint", "bytes32"),
    ("account", "address"),
    ("key", "address"),
    ("notBefore", "uint40"),
    ("notAfter", "uint40"),
    ("domains", "bytes32"),
)
_POSSESSION = (("fingerprint", "bytes32"), ("account", "address"))
_DOMAIN = (("name", "string"), ("version", "string"), ("chainId", "uint256"), ("verifyingContract", "address"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where signatures count.

    Attributes:
        chain_id: Of the chain (EIP-155).
        registry: The CertificateRegistry's address.
    """

    chain_id: int
    registry: Address


@dataclass(frozen=True, slots=True)
class Credentials:
    """A certificate ready to be bound: what is attested, and both signatures (65 bytes each)."""

    attestation: Attestation
    ca_signature: bytes
    possession_signature: bytes

    def __post_init__(self) -> None:
        for name in ("ca_signature", "possession_signature"):
            length = len(getattr(self, name))
            if length != 65:
                raise InputError(f"{name} has {length} bytes; a signature has 65.")


def attest(place: Place, authority: Signer, attestation: Attestation) -> bytes:
    """The certification authority's signature. Raises SignerError."""
    message: dict[str, object] = {
        "fingerprint": attestation.fingerprint,
        "account": attestation.account,
        "key": attestation.key,
        "notBefore": attestation.not_before,
        "notAfter": attestation.not_after,
        "domains": attestation.domains,
    }
    return authority.sign_typed_data(_typed(place, "Attestation", _ATTESTATION, message))


def possess(place: Place, representative: Signer, fingerprint: bytes, account: Address) -> bytes:
    """The representative's signature that the certificate is theirs. Raises SignerError."""
    message: dict[str, object] = {"fingerprint": fingerprint, "account": account}
    return representative.sign_typed_data(_typed(place, "Possession", _POSSESSION, message))


def domains_digest(domains: tuple[str, ...]) -> bytes:
    """Of the source domains that a certificate permits: SHA-256 of them, sorted, one a line; zero for none."""
    if not domains:
        return bytes(32)
    return sha256("\n".join(sorted({domain.lower() for domain in domains})).encode()).digest()


def _typed(place: Place, kind: str, fields: tuple[tuple[str, str], ...], message: dict[str, object]) -> TypedData:
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": type_} for name, type_ in _DOMAIN],
            kind: [{"name": name, "type": type_} for name, type_ in fields],
        },
        "primaryType": kind,
        "domain": {
            "name": NAME,
            "version": VERSION,
            "chainId": place.chain_id,
            "verifyingContract": place.registry,
        },
        "message": message,
    }
