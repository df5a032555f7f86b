"""Documents away from the chain, of any size: encrypted on this machine, with a key for each reader.

A version of a document is two kinds of file:

- `documents/<commitment>`: the content in chunks of 1 MiB, each sealed with AES-256-GCM under a content key that is
  this version's alone. The nonce counts the chunks and marks the last one, so that none can be left out, repeated or
  moved, and the end cannot be cut off.
- `keys/<commitment>/<party>-<public key>`: content key and salt, sealed for one reader by HPKE (RFC 9180: X25519,
  HKDF-SHA256, AES-256-GCM), bound to commitment and party.

The commitment is SHA-256 over a salt of 32 random bytes and the content. Letting somebody in writes one small file; the
content is never rewritten.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from carbon_sdk.errors import CarbonError, InputError
from carbon_sdk.identifiers import Address

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import Suite

    from carbon_sdk.evidence.keys import Keyring

MAGIC = b"carbon-document/1\n"
CHUNK = 1 << 20
_TAG, _KEY, _SALT = 16, 32, 32
Told = Callable[[int], object]
"""Told how many bytes of the content were done so far."""


class EvidenceAltered(CarbonError):
    """What lies in the vault is not what was committed to, or was damaged."""

    exit_code = 3


class NoAccess(CarbonError):
    """The chain says that this party may not read: nobody let it in, or no longer."""

    exit_code = 2


class NotAReader(CarbonError):
    """The document was not encrypted for any key of this ring."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a document's content key and salt are. Whoever has it reads this version, and only this one.

    Attributes:
        commitment: 32 bytes, for the chain.
        key: Of the content.
        salt: Of the commitment.
        size: Of the content, bytes; -1: not known.
    """

    commitment: bytes
    key: bytes = field(repr=False)
    salt: bytes = field(repr=False)
    size: int = -1


class Vault:
    """Encrypted documents in a folder.

    Args:
        url: A path, `memory://…`, `s3://…` or whatever fsspec knows.
    """

    def __init__(self, url: str | Path) -> None:
        import fsspec

        self.url = str(url)
        self._files, folder = fsspec.core.url_to_fs(self.url)
        self._folder = folder.rstrip("/")

    # CONTENT

    def seal(self, source: str | Path | bytes, progress: Told | None = None) -> Sealed:
        """Encrypt a document into the vault. It is read twice, and never held in memory whole.

        Args:
            source: A file's path, or the content itself.
            progress: Told the bytes that were written.

        Raises:
            InputError: There is no such file, or it changed while it was read.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        salt, key = secrets.token_bytes(_SALT), secrets.token_bytes(_KEY)
        commitment = _commitment(source, salt)
        cipher, again, size = AESGCM(key), sha256(salt), 0
        path = self._document(commitment)
        self._files.makedirs(self._parent(path), exist_ok=True)
        with self._files.open(path, "wb") as target:
            target.write(MAGIC)
            for number, (chunk, last) in enumerate(_marked(_chunks(source))):
                again.update(chunk)
                target.write(cipher.encrypt(_nonce(number, last), chunk, commitment))
                size += len(chunk)
                if progress:
                    progress(size)
        if again.digest() != commitment:
            self._files.rm(path)
            raise InputError(f"{source!s} changed while it was read. Put it again.")
        return Sealed(commitment, key, salt, size)

    def open(self, sealed: Sealed, target: IO[bytes], progress: Told | None = None) -> int:
        """Decrypt a version into a file; returns its size. Nothing counts until this returns.

        Raises:
            InputError: The vault has no such version.
            EvidenceAltered: It is not what was committed to.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        cipher, digest, size = AESGCM(sealed.key), sha256(sealed.salt), 0
        name = f"0x{sealed.commitment.hex()}"
        try:
            with self._files.open(self._document(sealed.commitment), "rb") as source:
                if source.read(len(MAGIC)) != MAGIC:
                    raise EvidenceAltered(f"What lies as {name} is no encrypted document.")
                for number, (chunk, last) in enumerate(_marked(_pieces(source, CHUNK + _TAG))):
                    plain = cipher.decrypt(_nonce(number, last), chunk, sealed.commitment)
                    digest.update(plain)
                    target.write(plain)
                    size += len(plain)
                    if progress:
                        progress(size)
        except FileNotFoundError:
            raise InputError(f"There is no document {name} in {self.url}.") from None
        except InvalidTag:
            raise EvidenceAltered(
                f"The document {name} was altered, cut off or damaged where it lies, {size:,} bytes from its start."
            ) from None
        if digest.digest() != sealed.commitment:
            raise EvidenceAltered(f"What lies as {name} has the commitment 0x{digest.hexdigest()}.")
        return size

    # READERS

    def let_in(self, sealed: Sealed, party: Address, public: bytes) -> None:
        """Give one reader the key of a version. Raises InputError for what is no public key."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

        try:
            recipient = X25519PublicKey.from_public_bytes(public)
            wrapped = _suite().encrypt(sealed.key + sealed.salt, recipient, info=_info(sealed.commitment, party))
        except ValueError:
            raise InputError(f"0x{public.hex()} is no X25519 public key.") from None
        path = f"{self._keys(sealed.commitment)}/{party.lower()}-{public.hex()}"
        self._files.makedirs(self._parent(path), exist_ok=True)
        self._files.pipe_file(path, wrapped)

    def shut_out(self, commitment: bytes, party: Address) -> int:
        """Remove a reader's key of a version; returns how many files went. What was read may have been kept."""
        gone = [path for path in self._listed(self._keys(commitment)) if _name(path).startswith(f"{party.lower()}-")]
        for path in gone:
            self._files.rm(path)
        return len(gone)

    def readers(self, commitment: bytes) -> list[Address]:
        """For whom there is a key of a version."""
        from carbon_sdk.identifiers import address

        return sorted({address(_name(path).split("-")[0]) for path in self._listed(self._keys(commitment))})

    def key_of(self, commitment: bytes, party: Address, ring: Keyring) -> Sealed:
        """A reader's own key of a version.

        Raises:
            NotAReader: There is none, or this ring has no private key to it.
            EvidenceAltered: It is damaged, or another's.
        """
        from cryptography.exceptions import InvalidTag

        tried = 0
        for path in self._listed(self._keys(commitment)):
            owner, _, public = _name(path).partition("-")
            if owner != party.lower():
                continue
            tried += 1
            private = ring.private(bytes.fromhex(public))
            if private is None:
                continue
            try:
                both = _suite().decrypt(self._files.cat_file(path), private, info=_info(commitment, party))
            except (InvalidTag, ValueError):
                raise EvidenceAltered(f"The key of {party} to 0x{commitment.hex()} was altered or damaged.") from None
            if len(both) != _KEY + _SALT:  # a longer salt could take in the beginning of a document
                raise EvidenceAltered(f"The key of {party} to 0x{commitment.hex()} has {len(both)} bytes, not 64.")
            return Sealed(commitment, both[:_KEY], both[_KEY:])
        had = "with a key that this ring lacks" if tried else "for others only"
        raise NotAReader(f"The document 0x{commitment.hex()} is encrypted {had}: {party} cannot read it here.")

    # PLACES

    def has(self, commitment: bytes) -> bool:
        """Whether the version lies here."""
        return bool(self._files.exists(self._document(commitment)))

    def holds(self, path: str) -> bool:
        """Whether there is such a file."""
        return bool(self._files.exists(self._within(path)))

    def paths(self) -> Iterator[tuple[str, int]]:
        """Every file, relative to the vault, with its size; in order."""
        found: dict[str, Any] = {}
        if self._files.exists(self._folder):
            found = self._files.find(self._folder, detail=True)
        for path, about in sorted(found.items()):
            yield path[len(self._files._strip_protocol(self._folder)) :].lstrip("/"), int(about["size"])

    def read(self, path: str) -> IO[bytes]:
        """A file as it lies, encrypted."""
        opened: IO[bytes] = self._files.open(self._within(path), "rb")
        return opened

    def write(self, path: str) -> IO[bytes]:
        """Replace a file as it lies. Raises InputError for a place outside of the vault."""
        whole = self._within(path)
        self._files.makedirs(self._parent(whole), exist_ok=True)
        opened: IO[bytes] = self._files.open(whole, "wb")
        return opened

    def remove(self, path: str) -> None:
        """Remove a file."""
        self._files.rm(self._within(path))

    def _within(self, path: str) -> str:
        if path.startswith("/") or "\\" in path or ".." in path.split("/"):
            raise InputError(f"{path!r} is no place in a vault.")
        return f"{self._folder}/{path}"

    def _document(self, commitment: bytes) -> str:
        if len(commitment) != 32:
            raise InputError(f"A commitment has 32 bytes, not {len(commitment)}.")
        return f"{self._folder}/documents/{commitment.hex()}"

    def _keys(self, commitment: bytes) -> str:
        return f"{self._folder}/keys/{commitment.hex()}"

    def _listed(self, folder: str) -> list[str]:
        try:
            return sorted(str(one) for one in self._files.ls(folder, detail=False))
        except FileNotFoundError:
            return []

    @staticmethod
    def _parent(path: str) -> str:
        return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def _suite() -> Suite:
    from cryptography.hazmat.primitives import hpke

    return hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)


def _info(commitment: bytes, party: Address) -> bytes:
    return MAGIC + commitment + bytes.fromhex(party[2:])


def _nonce(number: int, last: bool) -> bytes:
    """96 bits: chunk's number, and whether it is the last. The key is used for one version, so no nonce comes twice."""
    return struct.pack(">QxxxB", number, last)


def _commitment(source: str | Path | bytes, salt: bytes) -> bytes:
    digest = sha256(salt)
    for chunk in _chunks(source):
        digest.update(chunk)
    return digest.digest()


def _chunks(source: str | Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield from (source[at : at + CHUNK] for at in range(0, len(source), CHUNK))
        return
    try:
        with Path(source).open("rb") as file:
            yield from _pieces(file, CHUNK)
    except OSError as error:
        raise InputError(f"{source} cannot be read: {error.strerror}.") from None


def _pieces(file: IO[bytes], size: int) -> Iterator[bytes]:
    """Pieces of exactly this size, but the last: remote files may give less than was asked for."""
    held = b""
    while data := file.read(size - len(held)):
        held += data
        if len(held) == size:
            yield held
            held = b""
    if held:
        yield held


def _marked(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each with whether it is the last; an empty document is one empty piece."""
    before = next(pieces, b"")
    for piece in pieces:
        yield before, False
        before = piece
    yield before, True
