"""Records away from the chain: encrypted on this machine for named recipients, in any folder that fsspec can reach."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import orjson

from carbon_sdk.chain.signers import LocalSigner
from carbon_sdk.errors import CarbonError, InputError
from carbon_sdk.evidence.record import Record

FORMAT = "carbon-evidence/1"
_NONCE = 12


class EvidenceAltered(CarbonError):
    """What lies in the store is not what was committed to, or was damaged."""

    exit_code = 3


class EvidenceStore:
    """A folder of encrypted records, each named by its commitment.

    A record is encrypted once with a random AES-256-GCM key, and that key by ECIES (secp256k1) for each recipient.

    Args:
        url: A folder: a path, `memory://…`, `s3://…` or whatever fsspec knows.
    """

    def __init__(self, url: str) -> None:
        import fsspec

        self.url = url
        self._files, self._folder = fsspec.core.url_to_fs(url)

    def put(self, record: Record, recipients: Sequence[bytes]) -> bytes:
        """Encrypt and store a record; returns its commitment.

        Args:
            record: What to store.
            recipients: Public keys (33 or 65 bytes, see `encryption_key`) of those who may read it.

        Raises:
            InputError: There is no recipient, or one is no public key.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from ecies import encrypt

        if not recipients:
            raise InputError("Name at least one recipient: nobody could read the record.")
        key, nonce, root = secrets.token_bytes(32), secrets.token_bytes(_NONCE), record.root
        try:
            keys = {_name(public): encrypt(public, key).hex() for public in recipients}
        except (ValueError, TypeError):
            raise InputError("A recipient is no public key: give 33 or 65 bytes of secp256k1.") from None
        sealed = AESGCM(key).encrypt(nonce, record.as_bytes(), root)
        content = orjson.dumps({"format": FORMAT, "keys": keys, "nonce": nonce.hex(), "sealed": sealed.hex()})
        self._files.makedirs(self._folder, exist_ok=True)
        self._files.pipe_file(self._path(root), content)
        return root

    def get(self, root: bytes, reader: LocalSigner) -> Record:
        """Read a record with a recipient's key; it is checked against the commitment.

        Raises:
            InputError: There is none, or this key is no recipient's.
            EvidenceAltered: It is not what was committed to.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from ecies import decrypt

        found = self._read(root)
        wrapped = found["keys"].get(_name(encryption_key(reader)))
        if wrapped is None:
            raise InputError(f"The record 0x{root.hex()} was not encrypted for {reader.address}.")
        try:
            key = decrypt(reader.secret(), bytes.fromhex(wrapped))
            data = AESGCM(key).decrypt(bytes.fromhex(found["nonce"]), bytes.fromhex(found["sealed"]), root)
            record = Record.from_bytes(data)
        except (InvalidTag, ValueError):
            raise EvidenceAltered(f"The record 0x{root.hex()} was altered or damaged where it lies.") from None
        if record.root != root:
            raise EvidenceAltered(f"What lies as 0x{root.hex()} has the commitment 0x{record.root.hex()}.")
        return record

    def _read(self, root: bytes) -> dict[str, Any]:
        try:
            found = orjson.loads(self._files.cat_file(self._path(root)))
        except FileNotFoundError:
            raise InputError(f"There is no record 0x{root.hex()} in {self.url}.") from None
        except orjson.JSONDecodeError:
            raise EvidenceAltered(f"The record 0x{root.hex()} was altered or damaged where it lies.") from None
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise EvidenceAltered(f"What lies as 0x{root.hex()} is no encrypted record.")
        return found

    def _path(self, root: bytes) -> str:
        if len(root) != 32:
            raise InputError(f"A commitment has 32 bytes, not {len(root)}.")
        return f"{self._folder.rstrip('/')}/{root.hex()}.json"


def encryption_key(signer: LocalSigner) -> bytes:
    """The public key (33 bytes) under which a record is encrypted for the holder of a key."""
    from coincurve import PrivateKey

    public: bytes = PrivateKey(signer.secret()).public_key.format(compressed=True)
    return public


def _name(public: bytes) -> str:
    from coincurve import PublicKey

    return str(PublicKey(public).format(compressed=True).hex())
